"""Proposals of removal: which mines on the lists there is a ground against, who decides, and on what papers.

A proposal decides nothing. It comes from what the register holds: a rectification whose day has passed, a failed check,
a matter that a department reported with a ground of the source. Grounds that hold only where nothing was put right in
time are proposed only then. A mine is proposed once on each ground, however often it was reported, with all papers.
What was decided on is not proposed any more: the mine was off its lists since, a later step dismisses the ground
(`details.dismissed`), or it was found put right, if the ground is about that.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from operator import attrgetter

from greenmine.i18n import gettext as _
from greenmine.programme.clocks import deadlines
from greenmine.programme.details import DISMISSED, EVIDENCE, ORDER
from greenmine.programme.parts import BEFORE, SAME, Removal, Trigger
from greenmine.programme.programme import Programme
from greenmine.programme.rectification import is_interlude, is_order, items_of, order_of
from greenmine.programme.register import Record, Register, lists_of


@dataclass(frozen=True, slots=True)
class Proposal:
    """That a mine may have to be removed.

    Attributes:
        subject: the mine.
        lists: which lists it is on.
        ground: the id of the ground; empty where the source names none for the case.
        text: the source's words of the ground.
        rule: its clause, with the document.
        since: since when there is a case, the first one.
        reason: what is the case; all of them where there are several.
        evidence: the papers that show it.
        decided_by: the deciding body, in the language in use.
    """

    subject: str
    lists: tuple[str, ...]
    ground: str
    text: str
    rule: str
    since: dt.date
    reason: str
    evidence: tuple[str, ...]
    decided_by: str


def proposals(register: Register, on: dt.date) -> tuple[Proposal, ...]:
    """Return the removals that a register gives cause for on a day, by day and mine.

    Args:
        register: as it is; it is looked at as of the day.
        on: the day.
    """
    programme = register.programme
    if programme.removal is None:
        return ()
    found: list[Proposal] = []
    for whole in register.records.values():
        record = whole.as_of(on)
        if record.lists:
            cases = (_overdue, _reported)
            found += _by_ground(one for case in cases for one in case(record, programme, programme.removal, on))
    return tuple(sorted(found, key=lambda one: (one.since, one.subject, one.ground)))


def _by_ground(cases: Iterable[Proposal]) -> Iterator[Proposal]:
    """Yield one proposal of a mine for each ground: since the first case, with the reasons and papers of all."""
    grouped: dict[str, list[Proposal]] = {}
    for one in sorted(cases, key=attrgetter("since")):
        grouped.setdefault(one.ground, []).append(one)
    for same in grouped.values():
        reasons = dict.fromkeys(one.reason for one in same)
        papers = dict.fromkeys(paper for one in same for paper in one.evidence)
        yield replace(same[0], reason=_("; ").join(reasons), evidence=tuple(papers))


def _overdue(record: Record, programme: Programme, removal: Removal, on: dt.date) -> Iterator[Proposal]:
    """Yield a proposal for a rectification that is not done in time."""
    order = order_of(record.events, programme)
    if order is None or not is_interlude(programme, record.state):
        return
    running = (one for one in deadlines(record, programme, on) if one.started == order.date)
    due = next((one.due for one in running if one.due and one.status(on) == "overdue"), None)
    if due is None:
        return
    ground, trigger = _ground(removal, order.trigger)
    still = ", ".join(one.id for one in items_of(record.events) if one.closed_on is None)
    reason = _("ordered to rectify until {day}, and not found to be put right").format(day=due)
    if still:
        reason = _("{reason}; open items: {names}").format(reason=reason, names=still)
    since = due + dt.timedelta(days=1)
    yield _proposal(record, programme, ground, trigger, since, reason, (order.document,))


def _ground(removal: Removal, named: str) -> tuple[str, Trigger | None]:
    """Return the ground for what was not put right: the one the order names, else the source's for that, else none."""
    known = {**removal.triggers, **removal.grounds}
    fits = named and known[named].rectification != "failed"
    name = (named if fits else "") or next(
        (key for key, one in removal.grounds.items() if one.rectification in {"overdue", "either"}), ""
    )
    name = name or next(iter(removal.grounds), "")
    return name, known.get(name)


def _reported(record: Record, programme: Programme, removal: Removal, on: dt.date) -> Iterator[Proposal]:
    """Yield a proposal for each ground that was reported, or that a failed check states, and not decided on since."""
    known = {**removal.triggers, **removal.grounds}
    for number, event in enumerate(record.events):
        step = programme.steps[event.step]
        name = event.trigger or step.proposes
        if name not in known or step.to_state != SAME or _settled(record, number, name, removal):
            continue
        waits = known[name].rectification and not step.proposes and ORDER not in event.details
        if waits and not any(_overdue(record, programme, removal, on)):
            continue  # there is time left to put it right
        papers = (event.document, *event.details.get(EVIDENCE, ()))
        reason = _("{office}: {reason}").format(office=event.office, reason=event.reason)
        yield _proposal(record, programme, name, known[name], event.date, reason, papers)


def _settled(record: Record, number: int, name: str, removal: Removal) -> bool:
    """Tell whether a ground that the event of a number reports was decided on by a later one."""
    programme = record.programme
    about_rectification = name in removal.grounds or bool(removal.triggers[name].rectification)
    failed = bool(programme.steps[record.events[number].step].proposes)
    ordered = ""
    for place, event in enumerate(record.events):
        step = programme.steps[event.step]
        if is_order(event, programme):
            ordered = event.trigger
            if failed and place > number:  # time was given instead
                return True
        if place > number:
            if event.details.get(DISMISSED) == name or not lists_of(record.states[: place + 1], programme):
                return True
            if step.to_state == BEFORE and (about_rectification or ordered == name):
                return True
    return False


def _proposal(  # noqa: PLR0917 - what a proposal tells
    record: Record,
    programme: Programme,
    ground: str,
    trigger: Trigger | None,
    since: dt.date,
    reason: str,
    papers: tuple[str, ...],
) -> Proposal:
    removal = programme.removal
    clause = trigger.clause if trigger else removal.clause if removal else ""
    usual = (trigger.decided_by if trigger else "") or (removal.decided_by if removal else "")
    bodies = (removal.by_list.get(name, usual) for name in record.lists) if removal else ()
    body = "、".join(dict.fromkeys(programme.actors[one].title for one in bodies))
    return Proposal(
        record.subject,
        record.lists,
        ground,
        trigger.text if trigger else "",
        programme.cited(clause),
        since,
        reason,
        tuple(paper for paper in papers if paper),
        body,
    )
