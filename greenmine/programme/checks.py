"""Checks: what the spot checks of those drawn gave, draw by draw."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from greenmine.archive.draws import outcome
from greenmine.archive.layout import draw_bag
from greenmine.errors import UsageError, shown
from greenmine.i18n import gettext as _
from greenmine.programme.draw import State, china_day
from greenmine.programme.drawn import DRAW
from greenmine.programme.parts import Draw
from greenmine.programme.register import Register


@dataclass(frozen=True, slots=True)
class Check:
    """A draw, and what the checks of those drawn gave.

    Attributes:
        name: the draw's id; empty where steps of the register are all there is.
        document: its bag, or the paper that the register names.
        on: when it was drawn.
        frame: how many mines it was drawn from; None where it is not in the archive.
        drawn: how many were drawn, key mines not counted.
        key: how many key mines are checked besides.
        replaced: how many mines were replaced.
        passed: the mines that passed.
        failed: those that did not.
        open: those that nothing is known of yet.
    """

    name: str
    document: str
    on: dt.date
    frame: int | None
    drawn: int
    key: int
    replaced: int
    passed: tuple[str, ...]
    failed: tuple[str, ...]
    open: tuple[str, ...]


def checks(register: Register, on: dt.date, drawings: Sequence[State]) -> tuple[Check, ...]:
    """Return what came of the draws until a day, the latest first.

    Args:
        register: as of the day.
        on: the day.
        drawings: those of the programme in the archive, drawn until then; what only the register knows is added.
    """
    rule = register.programme.draw
    if rule is None:
        return ()
    found = [_check(register, rule, state, on) for state in drawings]
    names = {state.frame.draw for state in drawings}
    by_hand: dict[tuple[dt.date, str], list[str]] = {}
    for record in register.records.values():
        for event in record.events:
            if event.step == rule.step and event.details.get(DRAW) not in names:
                by_hand.setdefault((event.date, event.document), []).append(record.id)
    for (day, document), mines in by_hand.items():
        results = _results(register, rule, mines, day)
        found.append(Check("", document, day, None, len(mines), 0, 0, *results))
    return tuple(sorted(found, key=lambda one: (one.on, one.document), reverse=True))


def demand_open(register: Register, state: State, mine: str) -> None:
    """Make sure that nothing is known yet of the check of a mine that was drawn, for then nobody takes its place.

    Raises:
        UsageError: the register says how it went.
    """
    rule = register.programme.draw
    if rule is None or state.draw is None:
        return
    passed, failed, _rest = _results(register, rule, [mine], state.day, state.frame.draw)
    if passed or failed:
        text = _("{mine} was checked already: by the register it has {result}. What came of a check stays.")
        result = _("passed") if passed else _("failed")
        raise UsageError(text.format(mine=shown(mine), result=result))


def _check(register: Register, rule: Draw, state: State, on: dt.date) -> Check:
    frame, made = state.frame, state.draw
    replaced = tuple(one for one in made.replacements if china_day(one.on) <= on) if made else ()
    mines = [one.record for one in outcome(frame, state.mines, state.seed, replaced).mines]
    results = _results(register, rule, [*mines, *frame.key_mines], state.day, frame.draw)
    return Check(
        frame.draw,
        draw_bag(frame.draw, len(replaced) + 2),
        state.day,
        sum(one.mines for one in frame.strata),
        len(mines),
        len(frame.key_mines),
        sum(not one.inspector for one in replaced),
        *results,
    )


def _results(
    register: Register, rule: Draw, mines: Iterable[str], day: dt.date, name: str = ""
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return who passed the check after a draw, who did not, and of whom nothing is known."""
    found: dict[str, list[str]] = {"passed": [], "failed": [], "": []}
    for mine in sorted(mines):
        said = ""
        events = register.get(f"mine/{mine}").events
        drawn = (one.date for one in events if one.step == rule.step and name and one.details.get(DRAW) == name)
        begin = next(drawn, day)  # of who replaces somebody: a later day than the draw's
        for event in events:
            if event.date < begin:
                continue
            if event.step == rule.step and event.date > begin:  # drawn again: what follows belongs to that
                break
            said = "passed" if event.step in rule.passed else "failed" if event.step in rule.failed else ""
            if said:
                break
        found[said].append(mine)
    return tuple(found["passed"]), tuple(found["failed"]), tuple(found[""])
