"""Rules: what a step has to keep to, by itself and after what was done about the same subject before.

Whatever is refused is refused with the rule that it breaks and its clause. What needs other records than the subject's,
such as who is excluded, is looked into by `greenmine.programme.register`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from greenmine.assessment.values import BadValue
from greenmine.errors import shown
from greenmine.i18n import gettext as _
from greenmine.programme.calendar import end_of
from greenmine.programme.certificate import GRADE, NUMBER, check_basis, check_grade
from greenmine.programme.details import DEADLINE_REASON, check_forms, check_materials
from greenmine.programme.events import Event
from greenmine.programme.parts import BEFORE, Clock, Step
from greenmine.programme.programme import Programme
from greenmine.programme.rectification import CLOSED, ITEMS, check_items, check_order


class Rule(NamedTuple):
    """A step, prepared for being applied many times.

    Attributes:
        step: the step.
        prefix: what its subjects begin with.
        sources: the states it may be taken in.
        details: which of what it needs are details.
        guards: the clocks that it has to wait for, or that it may not come after.
        limits: the clocks to whose length a deadline that it sets has to keep.
        first: from when on it may be taken: when the document was issued.
    """

    step: Step
    prefix: str
    sources: frozenset[str]
    details: frozenset[str]
    guards: tuple[Clock, ...]
    limits: tuple[Clock, ...]
    first: dt.date | None


def rule_of(programme: Programme, name: str) -> Rule:
    """Return the rule of the step of a name."""
    step = programme.steps[name]
    clocks = programme.clocks.values()
    around = [one for one in clocks if name in one.ends and (one.kind == "earliest" or one.refuses)]
    around += [programme.clocks[one.within] for one in clocks if name in one.done_by and one.within]
    return Rule(
        step,
        f"{step.subject}/",
        frozenset(step.from_states),
        frozenset(step.needs).difference(Event._fields),
        guards=tuple(around),
        limits=tuple(one for one in clocks if name in one.starts and one.settable and one.kind == "limit"),
        first=None if step.before_issue else programme.valid_from,
    )


def check_turn(event: Event, rule: Rule, state: str, programme: Programme) -> None:
    """Make sure that a step may be taken about who is in a state.

    Raises:
        BadValue: it may not; the message names the states in which it may.
    """
    if not event.subject.startswith(rule.prefix):
        raise BadValue("subject", f"{rule.prefix}…", shown(event.subject))
    if state not in rule.sources:
        where, step = programme.state_title, rule.step
        expected = _("{step} only of who is: {states} ({rule})").format(
            step=step.title, states=", ".join(map(where, step.from_states)), rule=programme.cited(step.clause)
        )
        raise BadValue("step", expected, _("{subject}: {state}").format(subject=event.subject, state=where(state)))


def check_step(event: Event, before: Sequence[Event], rule: Rule, programme: Programme) -> None:
    """Make sure that a step keeps to its rule.

    Args:
        event: about to be entered.
        before: the events of its subject.
        rule: of its step.
        programme: whose rule it is.

    Raises:
        BadValue: it does not; the message tells which rule, and its clause.
    """
    _check_day(event, before, rule.first, programme)
    _check_needs(event, rule, programme)
    if rule.step.once or rule.step.after:
        _check_taken(event, before, rule.step, programme)
    if event.trigger:
        _check_trigger(event, before, programme)
    if rule.step.rectification:
        check_order(event, before, rule.step.rectification, programme)
    if event.deadline and event.deadline < event.date:
        raise BadValue("deadline", _("a day not before {day}").format(day=event.date), str(event.deadline))
    for clock in rule.guards:
        _check_clock(event, before, clock, programme)
    for clock in rule.limits:
        _check_limit(event, clock, programme)
    if event.details:
        check_forms(event, programme)
    if rule.step.to_state == BEFORE or ITEMS in event.details or CLOSED in event.details:
        check_items(event, before, programme)
    if rule.step.outcome or GRADE in event.details or NUMBER in event.details:
        check_grade(event, before, programme)


def check_new(event: Event, before: Sequence[Event], programme: Programme) -> None:
    """Make sure that a step keeps to what binds only what is entered from now on; a register stays readable.

    Args:
        event: about to be entered; whether it may be is for others to say.
        before: the events of its subject.
        programme: whose rules.

    Raises:
        BadValue: it does not.
    """
    if event.step in programme.steps:
        check_materials(event, programme)
        check_basis(event, before, programme)


def _check_day(event: Event, before: Sequence[Event], first: dt.date | None, programme: Programme) -> None:
    if before and event.date < before[-1].date:
        last = before[-1]
        expected = _("a day not before {day}, that of {step}")
        expected = expected.format(day=last.date, step=programme.steps[last.step].title)
        hint = _("To enter it before, take back the later steps first.")
        raise BadValue("date", expected, str(event.date), hint)
    if first and event.date < first:
        expected = _("a day from {day} on, when {rule} was issued")
        raise BadValue("date", expected.format(day=first, rule=programme.document.name), str(event.date))


def _check_needs(event: Event, rule: Rule, programme: Programme) -> None:
    for key in rule.step.needs:
        if not (event.details.get(key) if key in rule.details else getattr(event, key)):
            cited = programme.cited(rule.step.clause)
            expected = _("{key}, which {step} needs ({rule})").format(key=key, step=rule.step.title, rule=cited)
            raise BadValue(f"details/{key}" if key in rule.details else key, expected, _("nothing"))


def _check_taken(event: Event, before: Sequence[Event], step: Step, programme: Programme) -> None:
    """Refuse a second time of what is taken only once, and what has to come after another step and does not."""
    if step.once and any(one.step == event.step for one in before):
        raise BadValue("step", _("{step} once").format(step=step.title), _("it is entered already"))
    _check_after(event, before, step.after, step.clause, programme)


def _check_after(
    event: Event, before: Sequence[Event], steps: Sequence[str], clause: str, programme: Programme
) -> None:
    if steps and not any(one.step in steps for one in before):
        names = ", ".join(programme.steps[name].title for name in steps)
        expected = _("{step} before ({rule})").format(step=names, rule=programme.cited(clause))
        raise BadValue("step", expected, programme.steps[event.step].title)


def _check_trigger(event: Event, before: Sequence[Event], programme: Programme) -> None:
    removal = programme.removal
    known = {**removal.triggers, **removal.grounds} if removal else {}
    if event.trigger not in known:
        rule = programme.cited(removal.clause) if removal else programme.document.name
        expected = _("a ground of removal out of {values} ({rule})").format(values=", ".join(known), rule=rule)
        raise BadValue("trigger", expected, shown(event.trigger))
    if programme.draw and event.step in programme.draw.passed:
        step = programme.steps[event.step]
        raise BadValue("trigger", _("none for {step}").format(step=step.title), shown(event.trigger))
    if removal is None or "trigger" not in programme.steps[event.step].needs:
        return
    if known[event.trigger].rectification:
        check_order(event, before, known[event.trigger].rectification, programme)
    if event.trigger in removal.triggers:
        _check_after(event, _on_list(before, programme), removal.after, removal.clause, programme)


def _on_list(events: Sequence[Event], programme: Programme) -> Sequence[Event]:
    """Return the events since a mine came on a list the last time, from none."""
    begin, was = 0, False
    for number, event in enumerate(events):
        state = programme.states.get(programme.steps[event.step].to_state)
        if state is not None and not state.keeps and not state.interlude:
            if state.lists and not was:
                begin = number
            was = bool(state.lists)
    return events[begin:]


def _check_clock(event: Event, before: Sequence[Event], clock: Clock, programme: Programme) -> None:
    """Refuse what is too early, or too late where the source says that it is not accepted or holds no longer."""
    rule = programme.cited(clock.clause)
    started = next((one.date for one in reversed(before) if one.step in clock.starts), None)
    end = end_of(started, clock.length) if started is not None and clock.length is not None else None
    if clock.kind == "day":  # of the year that the source names, and of no other
        last = dt.date.fromisoformat(clock.day or "")
        end = last if event.date.year == last.year else None
    if end is not None and clock.kind == "earliest" and event.date <= end:
        raise BadValue("date", _("a day after {day} ({rule})").format(day=end, rule=rule), str(event.date))
    if end is not None and clock.kind != "earliest" and event.date > end:
        raise BadValue("date", _("a day not after {day} ({rule})").format(day=end, rule=rule), str(event.date))


def _check_limit(event: Event, clock: Clock, programme: Programme) -> None:
    """Refuse a deadline later than the source allows."""
    if event.deadline is None or clock.length is None:
        return
    last = end_of(event.date, clock.length)
    if event.deadline > last and not (clock.in_principle and event.details.get(DEADLINE_REASON)):
        hint = _("A later day needs a reason of its own, {key}.").format(key=DEADLINE_REASON)
        expected = _("a day not after {day} ({rule})").format(day=last, rule=programme.cited(clock.clause))
        raise BadValue("deadline", expected, str(event.deadline), hint if clock.in_principle else "")
