"""Third parties (第三方评估机构和评估人员): what is not proven of an assignment, and work of those excluded since.

An assignment is a step that names an agency (`details.agency`), and may name the assessors (`details.assessors`). The
step, or one after it, may name the proof of each duty of the source (`details.duties`: duty → the paper that shows it).
Whoever is excluded is refused when a step is entered; what they did before is listed here, to be looked at again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from greenmine.programme.details import AGENCY, DUTIES, excluded_until, parties
from greenmine.programme.programme import Programme
from greenmine.programme.register import Record, Register


@dataclass(frozen=True, slots=True)
class Flag:
    """Work of somebody who was excluded later.

    Attributes:
        subject: the mine.
        step: what they did: the id of the step.
        date: when.
        who: `agency/<id>` or `assessor/<id>`.
        excluded: when they were excluded.
        until: the last day of that; `date.max` where it has no end.
        reason: why.
        lists: the lists the mine is on now.
    """

    subject: str
    step: str
    date: dt.date
    who: str
    excluded: dt.date
    until: dt.date
    reason: str
    lists: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenDuty:
    """A duty of the source that nothing shows for an assignment: the mine, the step, its date, the agency, the duty."""

    subject: str
    step: str
    date: dt.date
    agency: str
    duty: str


def flags(register: Register, on: dt.date) -> tuple[Flag, ...]:
    """Return the work of agencies and assessors who are excluded on a day, by mine and date.

    Args:
        register: as it is; it is looked at as of the day.
        on: the day.
    """
    found: list[Flag] = []
    barred: dict[str, tuple[dt.date, dt.date, str]] = {}
    for record in register.records.values():
        if record.subject.startswith(("agency/", "assessor/")):
            past = record.as_of(on)
            until = excluded_until(register.programme, past.events, on)
            if until is not None:
                barred[record.subject] = (past.events[-1].date, until, past.events[-1].reason)
    for record in register.records.values():
        past = record.as_of(on)
        for event in past.events:
            for who in parties(event.details):
                if who in barred:
                    since, until, reason = barred[who]
                    found.append(Flag(record.subject, event.step, event.date, who, since, until, reason, past.lists))
    return tuple(sorted(found, key=lambda one: (one.subject, one.date, one.who)))


def open_duties(register: Register, on: dt.date) -> tuple[OpenDuty, ...]:
    """Return the duties that nothing shows for the latest assignment of each mine, by mine.

    Args:
        register: as it is; it is looked at as of the day.
        on: the day.
    """
    found = (one for record in register.records.values() for one in _open(record.as_of(on), register.programme))
    return tuple(sorted(found, key=lambda one: one.subject))


def _open(record: Record, programme: Programme) -> Iterator[OpenDuty]:
    first = next((n for n in reversed(range(len(record.events))) if AGENCY in record.events[n].details), None)
    if first is None or programme.third_party is None:
        return
    event = record.events[first]
    shown = {duty for one in record.events[first:] for duty in one.details.get(DUTIES, ())}
    for duty in programme.third_party.duties:
        if duty not in shown:
            yield OpenDuty(record.subject, event.step, event.date, event.details[AGENCY], duty)
