"""Clocks: what is due when, and why; worked out from the events of a record, never stored.

A deadline begins with a step and is met by another. Where a clock stands still, or a year's holidays are not known,
there is no day to name, and the deadline says why instead.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from greenmine.errors import UsageError
from greenmine.i18n import gettext as _
from greenmine.programme.calendar import Pause, end_of
from greenmine.programme.events import Event
from greenmine.programme.parts import Clock
from greenmine.programme.programme import Programme
from greenmine.programme.quota import Yearly, of_year
from greenmine.programme.register import Record, Register, settled
from greenmine.scoring.exact import show

Status = Literal["overdue", "unknown", "due", "stopped", "open", "met", "late", "missed"]

DOCUMENT: Final = "document"
"""What stands for the clock where the programme's own document runs out."""

DRAW: Final = "draw"
"""What stands for the clock where a share of a list is to be drawn in a year."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something that is to be done by a day, or holds until then.

    Attributes:
        subject: whom it is about; the programme's id where it is the document itself that runs out, `list/<id>` where
            mines of a list are to be drawn.
        clock: the id of the clock, or `document`, or `draw`.
        started: when it began.
        due: the last day; None where it cannot be told.
        met: when it was met, or ended; None where it was not.
        missed: whether it was never met and cannot be any more: what it was about has ended.
        problem: why there is no last day: the clock stands still, or a calendar is missing.
        stopped: whether it stands still.
        rests_on: the document of the step that it began with, where it names one.
        was_set: whether the step that it began with set the last day.
        draw: for `draw`: how many have to be drawn, and were.
    """

    subject: str
    clock: str
    started: dt.date
    due: dt.date | None
    met: dt.date | None = None
    missed: bool = False
    problem: str = ""
    stopped: bool = False
    rests_on: str = ""
    was_set: bool = False
    draw: Yearly | None = None

    def status(self, on: dt.date) -> Status:
        """Return how it stands on a day: `due` on its last, `overdue` after it, `late` where it was met too late."""
        if self.missed:
            return "missed"
        if self.met is not None:
            return "late" if self.due and self.met > self.due else "met"
        if self.due is None:
            return "stopped" if self.stopped else "unknown"
        return "overdue" if self.due < on else "due" if self.due == on else "open"


def deadlines(record: Record, programme: Programme, on: dt.date) -> tuple[Deadline, ...]:
    """Return the deadlines of a record as they stand on a day, met ones included, in the order in which they began.

    Args:
        record: as of that day (`Record.as_of`).
        programme: whose clocks.
        on: the day; of periods that come again and again, those that have begun until then are told.
    """
    found: list[Deadline] = []
    for name, clock in programme.clocks.items():
        if clock.kind == "day":
            found += _of_day(name, clock, record, on)
        elif clock.kind != "earliest":
            for run in _runs(clock, record):
                found += _of_run(name, clock, run, record, on)
    return tuple(sorted(found, key=lambda one: (one.started, one.clock)))


def due(register: Register, on: dt.date, within: int = 0) -> tuple[Deadline, ...]:
    """Return what is due or overdue on a day, what cannot be told, and what runs out within some days.

    Args:
        register: as it is; it is looked at as of the day.
        on: the day.
        within: how many days ahead to look.

    Returns:
        Those not met, by day; those without a day come first. The document's own validity is among them, and the share
        of each list that is to be drawn in this year, and was not in the year before.
    """
    last = on + dt.timedelta(days=within)
    programme = register.programme
    found = [*_of_document(programme), *_of_draws(register, on)]
    for record in register.records.values():
        past = record.as_of(on)
        if past.events:
            found += deadlines(past, programme, on)
    wanted = (one for one in found if one.met is None and not one.missed and (one.due is None or one.due <= last))
    return tuple(sorted(wanted, key=lambda one: (one.due or dt.date.min, one.subject, one.clock)))


def why(deadline: Deadline, programme: Programme) -> str:
    """Return why something is due, in words: what, since when, for how long, by which clause."""
    if deadline.clock == DOCUMENT:
        length, clause = programme.document.validity, programme.document.clause
        text = _("in force for {length} from {day}")
        words = text.format(length=length.text if length else "", day=deadline.started)
    elif deadline.draw and programme.draw:
        clause = programme.draw.clause
        text = _("at least {percent}% a year of the {count} mines on the list, rounded up")
        percent = show(Fraction(programme.draw.ratio or 0) * 100)
        words = text.format(percent=percent, count=deadline.draw.mines) if programme.draw.ratio else _("every year")
    else:
        clock = programme.clocks[deadline.clock]
        clause = clock.clause
        text = _("the day set on {day}") if deadline.was_set or not clock.length else _("{length} from {day}")
        if clock.kind == "day":
            text = _("the day that the source names")
        words = text.format(length=clock.length.text if clock.length else "", day=deadline.started)
    told = _("{words} ({rule})").format(words=words, rule=programme.cited(clause))
    return f"{told} {deadline.problem}".strip()


def title(deadline: Deadline, programme: Programme) -> str:
    """Return what a deadline is about, in the language in use."""
    if deadline.clock == DOCUMENT:
        return _("validity of {document}").format(document=programme.document.name)
    if one := deadline.draw:
        text = _("spot checks of {year}, {list}: {drawn} of {needed} mines drawn")
        if one.needed is None:
            text = _("spot checks of {year}, {list}")
        return text.format(year=one.year, list=programme.lists[one.name].title, drawn=one.drawn, needed=one.needed)
    return programme.clocks[deadline.clock].title


def status_text(deadline: Deadline, on: dt.date) -> str:
    """Return how a deadline stands on a day, in words."""
    words = {
        "overdue": _("overdue"),
        "unknown": _("cannot be told"),
        "due": _("due today"),
        "stopped": _("stopped"),
        "open": _("running"),
        "met": _("met"),
        "late": _("met too late"),
        "missed": _("missed"),
    }
    return words[deadline.status(on)]


def ran_out(record: Record, on: dt.date) -> Deadline | None:
    """Return the validity that a record's state rests on, where it has run out on a day; None where it has not.

    The state itself stays what the events say until another step is entered.
    """
    programme = record.programme
    found = [
        one
        for one in deadlines(record, programme, on)
        if (clock := programme.clocks[one.clock]).kind == "validity"
        and any(programme.steps[step].to_state == record.state for step in clock.starts)
    ]
    if not found or found[-1].due is None or found[-1].due >= on:
        return None
    return found[-1] if found[-1].met in {None, found[-1].due} else None


def state_text(record: Record, on: dt.date) -> str:
    """Return the state of a record in words, and that what it rests on has run out, where it has on that day."""
    state, past = record.programme.state_title(record.state), ran_out(record, on)
    if past is None:
        return state
    text = _("{state} ({what} until {day}, run out)")
    return text.format(state=state, what=title(past, record.programme), day=past.due)


def _of_document(programme: Programme) -> Iterator[Deadline]:
    begin, length = programme.valid_from, programme.document.validity
    if begin and length:
        yield Deadline(programme.id, DOCUMENT, begin, end_of(begin, length))


def _of_draws(register: Register, on: dt.date) -> Iterator[Deadline]:
    """Yield what is to be drawn of each list by the end of the year, and what was to be in the year before."""
    for year in (on.year - 1, on.year):
        for one in of_year(register, year, on):
            first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
            if one.needed is not None:
                yield Deadline(f"list/{one.name}", DRAW, first, last, one.reached, draw=one)
            elif year == on.year:
                problem = _("The rule has ratios for strata, and the register does not say which mine is in which.")
                yield Deadline(f"list/{one.name}", DRAW, first, None, problem=problem, draw=one)


class _Run(NamedTuple):
    """From the event that starts a clock to the one that ends it, if one does."""

    start: Event
    first: int
    end: Event | None = None
    anew: bool = False


def _runs(clock: Clock, record: Record) -> list[_Run]:
    """Return how often a clock ran; one that is started while it runs begins anew."""
    runs: list[_Run] = []
    for number, event in enumerate(record.events):
        running = bool(runs) and runs[-1].end is None
        if running and event.step in clock.ends:
            runs[-1] = runs[-1]._replace(end=event)
        if event.step in clock.starts:
            if running and runs[-1].end is None:
                runs[-1] = runs[-1]._replace(end=event, anew=True)
            runs.append(_Run(event, number))
    return runs


def _of_run(name: str, clock: Clock, run: _Run, record: Record, on: dt.date) -> Iterator[Deadline]:
    if clock.kind == "every":
        yield from _periods(name, clock, run, record, on)
        return
    if run.anew:  # what was set before no longer counts
        return
    met = run.end.date if run.end else None
    begin, told = run.start.date, run.start.document
    was_set = clock.settable and run.start.deadline is not None
    pauses, since = _pauses(clock, run, record)
    last, problem = None, ""
    try:
        last = run.start.deadline if was_set else end_of(begin, clock.length, pauses) if clock.length else None
    except UsageError as unknown:
        problem = str(unknown)
    stopped = since is not None and met is None and (last is None or last > since)
    if stopped:
        last, problem = None, _("It stands still since {day}.").format(day=since)
    elif clock.kind == "validity" and not clock.ends and last and last < on:
        met = last  # it ends by itself
    if last is not None or problem:
        yield Deadline(
            record.subject,
            name,
            begin,
            last,
            met,
            problem=problem,
            stopped=stopped,
            rests_on=told,
            was_set=was_set,
        )


def _pauses(clock: Clock, run: _Run, record: Record) -> tuple[list[Pause], dt.date | None]:
    """Return when a clock stood still during a run, and since when it does now."""
    pauses: list[Pause] = []
    since: dt.date | None = None
    if clock.stops_during:
        for event, state in zip(record.events[run.first :], record.states[run.first :], strict=True):
            stopped = state in clock.stops_during
            if stopped and since is None:
                since = event.date
            elif since is not None and not stopped:
                pauses.append((since, event.date))
                since = None
            if event is run.end:
                break
    return pauses, since


def _periods(name: str, clock: Clock, run: _Run, record: Record, on: dt.date) -> Iterator[Deadline]:
    """Yield a deadline for each period of a run that has begun."""
    length = clock.length
    if length is None:
        return
    within = record.programme.clocks[clock.within].length if clock.within else None
    last = end_of(run.start.date, within) if within else dt.date.max
    over = run.end.date if run.end else None
    done = [event.date for event in record.events[run.first + 1 :] if event.step in clock.done_by]
    done = [day for day in done if over is None or day <= over]
    count = 1
    begin = run.start.date
    while begin < last and begin <= on:
        end = end_of(run.start.date, length.times(count))
        if over is not None and over < end and not any(begin < day <= end for day in done):
            return  # it ended before the period did
        met = next((day for day in done if day > begin), None)
        missed = met is None and (over is not None or last < on)
        yield Deadline(record.subject, name, begin, end, met, missed=missed, rests_on=run.start.document)
        count, begin = count + 1, end


def _of_day(name: str, clock: Clock, record: Record, on: dt.date) -> Iterator[Deadline]:
    """Yield the deadline of a day of the calendar, if it is for the record."""
    last = dt.date.fromisoformat(clock.day or "")
    programme = record.programme
    begin = max(dt.date(last.year, 1, 1), programme.valid_from or dt.date.min)
    if clock.starts:
        begins = [event.date for event in record.events if event.step in clock.starts and event.date.year == last.year]
        concerned, now = bool(begins), True
        begin = begins[0] if begins else begin
    else:
        concerned, now = (
            settled(one.states, programme) in clock.starts_in and bool(one.lists)
            for one in (record.as_of(last), record)
        )
    if concerned and begin <= on:
        met = next((event.date for event in record.events if event.step in clock.ends and event.date >= begin), None)
        yield Deadline(record.subject, name, begin, last, met, missed=met is None and not now)
