"""The register (名录): the events folded into the state of each mine, agency, assessor and zone.

`fold` takes events one by one and refuses the first that breaks a rule of the programme, with the rule and its clause.
A record keeps the events of one subject in the order of their dates, so that the state as of any past day can be looked
up, and is the same as what a replay up to that day gives.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

from greenmine.assessment.values import BadValue
from greenmine.errors import shown
from greenmine.i18n import gettext as _
from greenmine.programme.certificate import NUMBER, is_issue
from greenmine.programme.details import AGENCY, ASSESSORS, excluded_until, parties
from greenmine.programme.events import VOID, Event, at_line
from greenmine.programme.parts import BEFORE, SAME, UNKNOWN, Step
from greenmine.programme.programme import Programme
from greenmine.programme.rules import check_step, check_turn, rule_of

_date: Final = attrgetter("date")


@dataclass(frozen=True, slots=True)
class Record:
    """What the register holds about one subject.

    Attributes:
        subject: `mine/GM-0001`, `agency/<id>`, `assessor/<id>` or `zone/<id>`.
        events: those that count, in order of their dates.
        states: the state after each of them.
        programme: whose steps they are.
    """

    subject: str
    events: tuple[Event, ...]
    states: tuple[str, ...]
    programme: Programme = field(repr=False, compare=False)

    @property
    def id(self) -> str:
        """The id of the mine, agency, assessor or zone."""
        return self.subject.partition("/")[2]

    @property
    def state(self) -> str:
        """The id of the state; `none` where nothing is known."""
        return self.states[-1] if self.states else UNKNOWN

    @property
    def since(self) -> dt.date | None:
        """Since when it is in that state."""
        found = None
        for event, state in zip(reversed(self.events), reversed(self.states), strict=True):
            if state != self.state:
                break
            found = event.date
        return found

    @property
    def lists(self) -> tuple[str, ...]:
        """The ids of the lists it is on; where the state keeps them, those of the state before it."""
        return lists_of(self.states, self.programme)

    @property
    def details(self) -> dict[str, Any]:
        """What its events say besides: the latest of each key."""
        found: dict[str, Any] = {}
        for event in self.events:
            found.update(event.details)
        return found

    def as_of(self, day: dt.date) -> Record:
        """Return the record as it was at the end of a day."""
        count = bisect_right(self.events, day, key=_date)
        if count == len(self.events):
            return self
        return Record(self.subject, self.events[:count], self.states[:count], self.programme)


@dataclass(frozen=True, slots=True)
class Register:
    """A register as it is, or was.

    Attributes:
        programme: by whose rules it is kept.
        records: by subject.
        head: number and digest of the last event that was read; 0 and nothing where there is none.
    """

    programme: Programme = field(repr=False, compare=False)
    records: Mapping[str, Record]
    head: tuple[int, str] = field(default=(0, ""), compare=False)

    def get(self, subject: str) -> Record:
        """Return the record of a subject; an empty one where the register knows nothing of it."""
        return self.records.get(subject) or Record(subject, (), (), self.programme)

    def listed(self, name: str) -> tuple[Record, ...]:
        """Return the records of the mines on a list, by id."""
        return tuple(sorted((one for one in self.records.values() if name in one.lists), key=lambda one: one.id))

    def as_of(self, day: dt.date) -> Register:
        """Return the register as it was at the end of a day, by what is known today."""
        past = ((subject, record.as_of(day)) for subject, record in self.records.items())
        return Register(self.programme, {subject: record for subject, record in past if record.events}, self.head)


def settled(states: Iterable[str], programme: Programme) -> str:
    """Return the last of some states that is no interlude; `none` where there is none."""
    for state in reversed(tuple(states)):
        if state == UNKNOWN or not programme.states[state].interlude:
            return state
    return UNKNOWN


def lists_of(states: Iterable[str], programme: Programme) -> tuple[str, ...]:
    """Return the lists that a mine is on after going through some states."""
    for name in reversed(tuple(states)):
        if name == UNKNOWN:  # what was entered so far put it in no state
            continue
        state = programme.states[name]
        if not state.keeps and not state.interlude:
            return state.lists
    return ()


@dataclass
class _Open:
    """The record of a subject while events are taken."""

    events: list[Event] = field(default_factory=list)
    states: list[str] = field(default_factory=list)


class Fold:
    """A register to which events are added one by one.

    Args:
        programme: by whose rules.
    """

    def __init__(self, programme: Programme) -> None:
        self.programme: Final = programme
        self.head: tuple[int, str] = (0, "")
        self._rules: Final = {name: rule_of(programme, name) for name in programme.steps}
        self._records: Final[dict[str, _Open]] = {}
        self._numbers: Final[dict[str, str]] = {}

    def take(self, event: Event) -> None:
        """Add an event.

        Raises:
            BadValue: it breaks a rule; the message tells the rule, its clause and what is the case. Nothing is added.
        """
        record = self._records.get(event.subject) or _Open()
        if event.step == VOID:
            self._take_back(event, record)
        else:
            rule = self._rules.get(event.step)
            if rule is None:
                raise BadValue("step", _("one of {values}").format(values=", ".join(self._rules)), shown(event.step))
            state = self.state(event.subject)
            check_turn(event, rule, state, self.programme)
            if rule.step.listed and not lists_of(record.states, self.programme):
                cited = self.programme.cited(rule.step.clause)
                raise BadValue("step", _("a mine on a list ({rule})").format(rule=cited), _("one that is on none"))
            check_step(event, record.events, rule, self.programme)
            self._check_parties(event, record, rule.step)
            self._check_number(event)
            target = rule.step.to_state
            record.events.append(event)
            if target == SAME:
                record.states.append(state)
            elif target == BEFORE:
                record.states.append(settled(record.states, self.programme))
            else:
                record.states.append(target)
            self._records[event.subject] = record
            if NUMBER in event.details and is_issue(event, self.programme):
                self._numbers[event.details[NUMBER]] = event.subject
        self.head = (event.seq, event.digest)

    def events(self, subject: str) -> tuple[Event, ...]:
        """Return the events of a subject that count now."""
        record = self._records.get(subject)
        return tuple(record.events) if record else ()

    def state(self, subject: str) -> str:
        """Return the state that a subject is in now."""
        record = self._records.get(subject)
        return record.states[-1] if record and record.states else UNKNOWN

    def register(self) -> Register:
        """Return the register as it is now."""
        records = {
            subject: Record(subject, tuple(one.events), tuple(one.states), self.programme)
            for subject, one in self._records.items()
            if one.events
        }
        return Register(self.programme, records, self.head)

    def _check_parties(self, event: Event, record: _Open, step: Step) -> None:
        """Refuse to entrust something to who is excluded on that day, or to take over what they have done."""
        told = event.details
        if step.by_agency:
            entrusted: Mapping[str, Any] = next(
                (one.details for one in reversed(record.events) if AGENCY in one.details), {}
            )
            told = {**entrusted, **told}
            if told.get(AGENCY) != entrusted.get(AGENCY):
                rule = self.programme.cited(step.clause)
                expected = _("the agency that was entrusted, {name} ({rule})")
                expected = expected.format(name=entrusted.get(AGENCY, _("none")), rule=rule)
                raise BadValue(f"details/{AGENCY}", expected, shown(told[AGENCY]))
        for name in parties(told) if told else ():
            known = self._records.get(name, _Open()).events
            end = excluded_until(self.programme, known, event.date)
            if end is not None:
                rule = self.programme.cited(self.programme.steps[known[-1].step].clause)
                until = str(end) if end != dt.date.max else _("further notice")
                agency = name.startswith("agency/")
                text = _("an agency that is not excluded ({rule})") if agency else _("nobody who is excluded ({rule})")
                found = _("{name}, excluded until {day}").format(name=name, day=until)
                raise BadValue(f"details/{AGENCY if agency else ASSESSORS}", text.format(rule=rule), found)

    def _check_number(self, event: Event) -> None:
        """Refuse the number of another certificate."""
        number = event.details.get(NUMBER, "")
        owner = self._numbers.get(number)
        if owner is not None and (owner != event.subject or is_issue(event, self.programme)):
            found = _("{number}, which {subject} has").format(number=shown(number), subject=owner)
            raise BadValue(f"details/{NUMBER}", _("a number that no other certificate bears"), found)

    def _take_back(self, event: Event, record: _Open) -> None:
        last = record.events[-1] if record.events else None
        if last is None or last.date != event.date:
            expected = (
                _("the day of its latest step, {day}").format(day=last.date) if last else _("a step to take back")
            )
            found = str(event.date) if last else _("no step")
            raise BadValue("date", expected, found, _("Only the latest step can be taken back."))
        if not event.reason:
            raise BadValue("reason", _("why the step is taken back"), _("nothing"))
        gone = record.events.pop()
        record.states.pop()
        number = gone.details.get(NUMBER, "")
        issued = (one for one in record.events if is_issue(one, self.programme))
        if is_issue(gone, self.programme) and not any(one.details.get(NUMBER) == number for one in issued):
            self._numbers.pop(number, None)


def take_all(programme: Programme, events: Iterable[Event], file: object, on: dt.date | None = None) -> Fold:
    """Return what some events fold to, ready to take more.

    Raises:
        JournalError: see `fold`.
    """
    taken = Fold(programme)
    for event in events if on is None else _until(events, on):
        try:
            taken.take(event)
        except BadValue as bad:
            raise at_line(file, event.seq, bad) from None
    return taken


def _until(events: Iterable[Event], on: dt.date) -> Iterator[Event]:
    return (event for event in events if event.date <= on)


def fold(
    events: Iterable[Event], programme: Programme, on: dt.date | None = None, file: object = "events.jsonl"
) -> Register:
    """Return the register that some events make.

    Args:
        events: in the order in which they were entered.
        programme: by whose rules.
        on: the day as of which; by what is known today, the events dated until then. All where it is not given.
        file: what to call the journal in messages.

    Raises:
        JournalError: an event breaks a rule of the programme; the message names the line, the rule and its clause.
    """
    return take_all(programme, events, file, on).register()
