"""Rectification: what a check found wanting becomes items, each with measure, owner, day, and evidence when closed.

The step that orders a rectification lists the items in its details, the step that ends it closes them:

    items: [{id: "1", finding: …, measure: …, owner: …, deadline: "2026-10-31"}]
    closed: [{item: "1", by: …, date: "2026-10-20", evidence: ["bags/evidence/…"]}]

Whoever closes an item is somebody else than its owner. As long as one is open, a mine does not get back to its list.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field

from greenmine.assessment.values import BadValue
from greenmine.catalog.fields import Day, Strict, Text
from greenmine.errors import UsageError, shown
from greenmine.i18n import gettext as _
from greenmine.programme.details import ORDER
from greenmine.programme.events import Event
from greenmine.programme.parts import BEFORE, SAME, Step
from greenmine.programme.programme import Programme

if TYPE_CHECKING:
    from greenmine.programme.register import Record

ITEMS: Final = "items"
CLOSED: Final = "closed"
_ITEM: Final = ("id", "finding", "measure", "owner", "deadline")
_CLOSING: Final = ("item", "by", "date", "evidence")


@dataclass(frozen=True, slots=True)
class Item:
    """Something to be put right.

    Attributes:
        id: in its order.
        finding: what was found.
        measure: what has to be done.
        owner: who has to see to it.
        deadline: the last day.
        closed_on: when it was closed; None where it is open.
        closed_by: who found it done; not its owner.
        evidence: what shows that.
    """

    id: str
    finding: str
    measure: str
    owner: str
    deadline: dt.date
    closed_on: dt.date | None = None
    closed_by: str = ""
    evidence: tuple[str, ...] = ()

    def status(self, on: dt.date) -> Literal["closed", "late", "open", "overdue"]:
        """Return how it stands on a day: `late` where it was closed after its day."""
        if self.closed_on is not None and self.closed_on <= on:
            return "late" if self.closed_on > self.deadline else "closed"
        return "overdue" if self.deadline < on else "open"


def check_items(event: Event, before: Sequence[Event], programme: Programme) -> None:
    """Make sure that items are complete, and that all of them are closed by others before a rectification ends well.

    Args:
        event: about to be entered; its step is one of the programme.
        before: the events of its subject.
        programme: whose steps.

    Raises:
        BadValue: something is missing or not right; the message tells which item.
    """
    if ITEMS in event.details:
        for one in _read_items(event):
            place = f"details/{ITEMS}/{one.id}/deadline"
            if one.deadline < event.date:
                raise BadValue(place, _("a day not before {day}").format(day=event.date), str(one.deadline))
            if event.deadline and one.deadline > event.deadline:
                raise BadValue(place, _("a day not after {day}").format(day=event.deadline), str(one.deadline))
    items = items_of(before)
    if CLOSED in event.details:
        items = _closed(items, event)
        ordered = next((one.date for one in reversed(before) if ITEMS in one.details), event.date)
        early = next((one for one in items if one.closed_on and one.closed_on < ordered), None)
        if early is not None:
            expected = _("a day not before {day}").format(day=ordered)
            raise BadValue(f"details/{CLOSED}/{early.id}/date", expected, str(early.closed_on))
    still = [one.id for one in items if one.closed_on is None]
    if programme.steps[event.step].to_state == BEFORE and still:
        expected = _("every item closed, with evidence, by somebody else than its owner")
        raise BadValue(f"details/{CLOSED}", expected, _("open: {names}").format(names=", ".join(still)))


def items_of(events: Iterable[Event]) -> tuple[Item, ...]:
    """Return the items of the latest order among a mine's events, with what was closed since; none without an order."""
    items: tuple[Item, ...] = ()
    for event in events:
        if ITEMS in event.details:
            items = _read_items(event)
        if CLOSED in event.details:
            items = _closed(items, event)
    return items


def _read_items(event: Event) -> tuple[Item, ...]:
    found: dict[str, Item] = {}
    for place, entry in _entries(event, ITEMS, _ITEM):
        one = Item(**{**entry, "deadline": _day(entry["deadline"], f"{place}/deadline")})
        if one.id in found:
            raise BadValue(f"{place}/id", _("each id once"), shown(one.id))
        found[one.id] = one
    return tuple(found.values())


def _closed(items: Sequence[Item], event: Event) -> tuple[Item, ...]:
    """Return items with those closed that an event closes."""
    known = {one.id: one for one in items}
    for place, entry in _entries(event, CLOSED, _CLOSING):
        one = known.get(entry["item"])
        if one is None or one.closed_on is not None:
            names = ", ".join(one.id for one in known.values() if one.closed_on is None) or _("none")
            raise BadValue(f"{place}/item", _("one of {values}").format(values=names), shown(entry["item"]))
        if _plain(entry["by"]) == _plain(one.owner):
            raise BadValue(f"{place}/by", _("somebody else than the owner"), shown(entry["by"]))
        day = _day(entry["date"], f"{place}/date")
        if day > event.date:
            raise BadValue(f"{place}/date", _("a day not after {day}").format(day=event.date), str(day))
        known[one.id] = replace(one, closed_on=day, closed_by=entry["by"], evidence=tuple(entry["evidence"]))
    return tuple(known.values())


def _plain(name: str) -> str:
    """Return a name without what makes it look different: blanks, width, case."""
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()


def _entries(event: Event, key: str, fields: Sequence[str]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the entries of a list in an event's details, each with its place, after checking its keys."""
    found = event.details[key]
    if not isinstance(found, list | tuple) or not found:
        raise BadValue(f"details/{key}", _("a list"), shown(found))
    entries = []
    for number, entry in enumerate(found, 1):
        place = f"details/{key}/{number}"
        if not isinstance(entry, Mapping) or entry.keys() != set(fields):
            raise BadValue(place, _("the keys {names}").format(names=", ".join(fields)), shown(entry))
        for name in fields:
            value = entry[name]
            texts = value if name == "evidence" and isinstance(value, list | tuple) and value else [value]
            if not all(isinstance(text, str) and text.strip() for text in texts):
                raise BadValue(f"{place}/{name}", _("text"), shown(value))
        if "evidence" in fields and isinstance(entry["evidence"], str):
            raise BadValue(f"{place}/evidence", _("a list"), shown(entry["evidence"]))
        entries.append((place, entry))
    return entries


def _day(text: str, place: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise BadValue(place, _('a date such as "2024-04-15"'), shown(text)) from None


class _Entry(Strict):
    id: Text
    finding: Text
    measure: Text
    owner: Text
    deadline: Day


class _Closing(Strict):
    item: Text
    by: Text
    date: Day
    evidence: Annotated[tuple[Text, ...], Field(min_length=1, max_length=200)]


class Order(Strict):
    """A file of items (整改清单), schema `greenmine.rectification/1`.

    Attributes:
        schema_: `greenmine.rectification/1`.
        deadline: until when all has to be done.
        items: what has to be done.
    """

    schema_: Annotated[Literal["greenmine.rectification/1"], Field(alias="schema")]
    deadline: Day
    items: Annotated[tuple[_Entry, ...], Field(min_length=1, max_length=500)]


class Closing(Strict):
    """A file of closed items, schema `greenmine.closing/1`."""

    schema_: Annotated[Literal["greenmine.closing/1"], Field(alias="schema")]
    closed: Annotated[tuple[_Closing, ...], Field(min_length=1, max_length=500)]


def is_order(event: Event, programme: Programme) -> bool:
    """Tell whether an event orders a rectification."""
    return _orders(programme.steps[event.step], programme)


def _orders(step: Step, programme: Programme) -> bool:
    return "deadline" in step.needs and is_interlude(programme, step.to_state)


def order_of(events: Sequence[Event], programme: Programme) -> Event | None:
    """Return the order to rectify that a mine is under; None where it is under none."""
    last = next((event for event in reversed(events) if programme.steps[event.step].to_state != SAME), None)
    return last if last is not None and is_order(last, programme) else None


def check_order(event: Event, before: Sequence[Event], asked: str, programme: Programme) -> None:
    """Make sure that what holds only where something was not put right is not entered while there is time for it.

    Args:
        event: about to be entered.
        before: the events of its subject.
        asked: what has to have come of the order: `overdue`, `failed` or `either`.
        programme: whose steps.

    Raises:
        BadValue: there is no order, or there is time left and no re-check failed.
    """
    order = order_of(before, programme)
    since = before[before.index(order) + 1 :] if order else ()
    overdue = order is not None and order.deadline is not None and event.date > order.deadline
    failed = any(programme.steps[one.step].proposes for one in since)
    if {"overdue": overdue, "failed": failed, "either": overdue or failed or ORDER in event.details}[asked]:
        return
    words = {
        "overdue": _("an order to rectify whose last day has passed"),
        "failed": _("a re-check after the order to rectify that failed"),
        "either": _("an order to rectify whose last day has passed, or a re-check after it that failed"),
    }
    found = _("no order")
    if order is not None:
        text = _("ordered until {day}, a re-check failed") if failed else _("ordered until {day}, no failed re-check")
        found = text.format(day=order.deadline)
    hint = _("For another authority's order name its paper: {key}.").format(key=ORDER) if asked == "either" else ""
    raise BadValue("trigger" if event.trigger else "step", words[asked], found, hint)


def order_step(record: Record) -> str:
    """Return the step by which a rectification is ordered of a mine.

    Raises:
        UsageError: no step of the programme does that.
    """
    taken = {event.step for event in record.events}

    def fits(step: Step) -> bool:
        return (
            _orders(step, record.programme)
            and (not step.after or not taken.isdisjoint(step.after))
            and (not step.listed or bool(record.lists))
        )

    return _step(record.programme, record.state, fits)


def close_step(programme: Programme, state: str) -> str:
    """Return the step by which the rectification of a mine in a state ends well.

    Raises:
        UsageError: no step of the programme does that.
    """
    return _step(programme, state, lambda step: step.to_state == BEFORE)


def is_interlude(programme: Programme, state: str) -> bool:
    """Tell whether a state is one to be returned from."""
    return state in programme.states and programme.states[state].interlude


def _step(programme: Programme, state: str, fits: Callable[[Step], bool]) -> str:
    for name, step in programme.steps.items():
        if state in step.from_states and step.subject == "mine" and fits(step) and step.to_state != SAME:
            return name
    text = _("{programme} has no such step for a mine that is: {state}.")
    raise UsageError(text.format(programme=programme.id, state=programme.state_title(state)))
