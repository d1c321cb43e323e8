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
from typing import Any, Final, NamedTuple

from greenmine.assessment.values import BadValue
from greenmine.errors import shown
from greenmine.i18n import gettext as _
from greenmine.programme.calendar import end_of
from greenmine.programme.certificate import GRADE, check_grade
from greenmine.programme.events import VOID, Event, at_line
from greenmine.programme.parts import BEFORE, SAME, UNKNOWN, Clock, Step
from greenmine.programme.programme import Programme
from greenmine.programme.rectification import CLOSED, ITEMS, check_items

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


class _Rule(NamedTuple):
    """A step, prepared for being applied many times."""

    step: Step
    prefix: str
    sources: frozenset[str]
    fields: tuple[str, ...]
    details: tuple[str, ...]
    guards: tuple[Clock, ...]
    limits: tuple[Clock, ...]


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
        self._rules: Final = {name: _rule(programme, name, step) for name, step in programme.steps.items()}
        self._records: Final[dict[str, _Open]] = {}
        self._first: Final = programme.valid_from

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
            if state not in rule.sources or not event.subject.startswith(rule.prefix):
                raise self._out_of_turn(event, rule.step, state)
            self._check(event, record, rule)
            target = rule.step.to_state
            record.events.append(event)
            if target == SAME:
                record.states.append(state)
            elif target == BEFORE:
                record.states.append(settled(record.states, self.programme))
            else:
                record.states.append(target)
            self._records[event.subject] = record
        self.head = (event.seq, event.digest)

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

    # ---- rules -------------------------------------------------------------------------------------------------------

    def _out_of_turn(self, event: Event, step: Step, state: str) -> BadValue:
        where = self.programme.state_title
        if not event.subject.startswith(f"{step.subject}/"):
            return BadValue("subject", f"{step.subject}/…", shown(event.subject))
        expected = _("{step} only of who is: {states} ({rule})").format(
            step=step.title,
            states=", ".join(where(one) for one in step.from_states),
            rule=self.programme.cited(step.clause),
        )
        return BadValue("step", expected, _("{subject}: {state}").format(subject=event.subject, state=where(state)))

    def _check(self, event: Event, record: _Open, rule: _Rule) -> None:
        step = rule.step
        self._check_day(event, record)
        if step.listed and not lists_of(record.states, self.programme):
            rule_ = self.programme.cited(step.clause)
            raise BadValue("step", _("a mine on a list ({rule})").format(rule=rule_), _("one that is on none"))
        for key in rule.fields:
            if not getattr(event, key):
                raise self._lacks(step, key)
        for key in rule.details:
            if not event.details.get(key):
                raise self._lacks(step, f"details/{key}")
        if event.trigger:
            self._check_trigger(event)
        if event.deadline and event.deadline < event.date:
            raise BadValue("deadline", _("a day not before {day}").format(day=event.date), str(event.deadline))
        for clock in rule.guards:
            self._check_guard(event, record, clock)
        for clock in rule.limits:
            self._check_limit(event, clock)
        self._check_details(event, record, step)

    def _check_day(self, event: Event, record: _Open) -> None:
        if record.events and event.date < record.events[-1].date:
            last = record.events[-1]
            expected = _("a day not before {day}, that of {step}").format(
                day=last.date, step=self.programme.steps[last.step].title
            )
            hint = _("To enter it before, take back the later steps first.")
            raise BadValue("date", expected, str(event.date), hint)
        if self._first and event.date < self._first:
            expected = _("a day from {day} on, when {rule} was issued").format(
                day=self._first, rule=self.programme.document.name
            )
            raise BadValue("date", expected, str(event.date))

    def _lacks(self, step: Step, key: str) -> BadValue:
        expected = _("{key}, which {step} needs ({rule})").format(
            key=key.rpartition("/")[2], step=step.title, rule=self.programme.cited(step.clause)
        )
        return BadValue(key, expected, _("nothing"))

    def _check_trigger(self, event: Event) -> None:
        removal = self.programme.removal
        known = {**removal.triggers, **removal.grounds} if removal else {}
        if event.trigger not in known:
            rule = self.programme.cited(removal.clause) if removal else self.programme.document.name
            expected = _("a ground of removal out of {values} ({rule})").format(values=", ".join(known), rule=rule)
            raise BadValue("trigger", expected, shown(event.trigger))

    def _check_guard(self, event: Event, record: _Open, clock: Clock) -> None:
        """Refuse a step that is too early, or too late where the source says that it is not accepted."""
        rule = self.programme.cited(clock.clause)
        if clock.kind == "day":
            last = dt.date.fromisoformat(clock.day or "")
            if event.date.year == last.year and event.date > last:
                raise BadValue("date", _("a day not after {day} ({rule})").format(day=last, rule=rule), str(event.date))
            return
        started = next((one.date for one in reversed(record.events) if one.step in clock.starts), None)
        if started is not None and clock.length is not None and event.date < end_of(started, clock.length):
            first = end_of(started, clock.length)
            raise BadValue("date", _("a day from {day} on ({rule})").format(day=first, rule=rule), str(event.date))

    def _check_limit(self, event: Event, clock: Clock) -> None:
        """Refuse a deadline later than the source allows."""
        if event.deadline is None or clock.length is None:
            return
        last = end_of(event.date, clock.length)
        if event.deadline > last and not (clock.in_principle and event.reason):
            rule = self.programme.cited(clock.clause)
            hint = _("A later day needs a reason.") if clock.in_principle else ""
            expected = _("a day not after {day} ({rule})").format(day=last, rule=rule)
            raise BadValue("deadline", expected, str(event.deadline), hint)

    def _check_details(self, event: Event, record: _Open, step: Step) -> None:
        """Look into what an event says besides: whom it is entrusted to, what is to be put right, which grade."""
        details = event.details
        for name in parties(event):
            self._check_party(name, event.date)
        if step.to_state == BEFORE or ITEMS in details or CLOSED in details:
            check_items(event, record.events, self.programme)
        if step.outcome or GRADE in details:
            check_grade(event, record.events, self.programme)

    def _check_party(self, name: str, on: dt.date) -> None:
        """Refuse to entrust something to an agency or assessor that is excluded on that day."""
        known = self._records.get(name, _Open()).events
        end = excluded_until(self.programme, known, on)
        if end is not None:
            rule = self.programme.cited(self.programme.steps[known[-1].step].clause)
            until = str(end) if end != dt.date.max else _("further notice")
            agency = name.startswith("agency/")
            text = _("an agency that is not excluded ({rule})") if agency else _("nobody who is excluded ({rule})")
            found = _("{name}, excluded until {day}").format(name=name, day=until)
            raise BadValue("details/agency" if agency else "details/assessors", text.format(rule=rule), found)

    def _take_back(self, event: Event, record: _Open) -> None:
        last = record.events[-1] if record.events else None
        if last is None or last.date != event.date:
            expected = (
                _("the day of its latest step, {day}").format(day=last.date) if last else _("a step to take back")
            )
            raise BadValue("date", expected, str(event.date), _("Only the latest step can be taken back."))
        if not event.reason:
            raise BadValue("reason", _("why the step is taken back"), _("nothing"))
        record.events.pop()
        record.states.pop()


def _rule(programme: Programme, name: str, step: Step) -> _Rule:
    fields = tuple(key for key in step.needs if key in {"document", "deadline", "reason", "trigger"})
    clocks = programme.clocks.values()
    guards = tuple(one for one in clocks if name in one.ends and (one.kind == "earliest" or one.refuses))
    limits = tuple(one for one in clocks if name in one.starts and one.settable and one.kind == "limit")
    details = tuple(key for key in step.needs if key not in fields)
    return _Rule(step, f"{step.subject}/", frozenset(step.from_states), fields, details, guards, limits)


def parties(event: Event) -> tuple[str, ...]:
    """Return who took part in a step, as subjects of the register: `agency/<id>`, `assessor/<id>`."""
    agency, assessors = event.details.get("agency"), event.details.get("assessors", ())
    names = [f"agency/{agency}"] if agency else []
    return (*names, *(f"assessor/{one}" for one in (assessors if isinstance(assessors, list | tuple) else [assessors])))


def excluded_until(programme: Programme, events: Iterable[Event], day: dt.date) -> dt.date | None:
    """Return until when an agency or assessor is excluded on a day; None where it is not.

    Args:
        programme: whose clock of exclusion counts; where it sets no period the exclusion does not end by itself.
        events: those of the agency or assessor.
        day: the day in question.
    """
    party = programme.third_party
    if party is None or not party.excluded:
        return None
    length = programme.clocks[party.exclusion].length if party.exclusion else None
    ends = [
        end_of(event.date, length) if length else dt.date.max
        for event in events
        if event.date <= day and programme.steps[event.step].to_state == party.excluded
    ]
    return max((end for end in ends if end >= day), default=None)


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
