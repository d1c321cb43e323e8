"""Those drawn, in the register: the step that a programme has for it, for each mine once, whenever it is done.

A draw is sealed first and entered then. Which mines the register lacks is told under its lock from what it holds, so
that entering again, after an interruption or by two people at once, adds what is missing and nothing else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from typing import Final

from greenmine.archive.draws import outcome
from greenmine.archive.layout import Archive, draw_bag
from greenmine.errors import JournalError, UsageError, shown
from greenmine.i18n import gettext as _
from greenmine.programme.details import EXTRA, KEY_MINE, REPLACEMENT
from greenmine.programme.draw import State, china_day
from greenmine.programme.events import Draft, Event
from greenmine.programme.programme import Programme
from greenmine.programme.recording import record
from greenmine.programme.register import Register

DRAW: Final = "draw"
"""The detail of a step that names the draw."""


def enter(
    archive: Archive, programme: Programme, state: State, *, by: str, time: dt.datetime
) -> tuple[tuple[Event, ...], tuple[JournalError, ...]]:
    """Enter in the register who was drawn, key mines and replacements included; return the steps, and who has none.

    Args:
        archive: in whose folder the register is.
        programme: whose draw it is.
        state: the draw.
        by: who enters it.
        time: when, with its zone.

    Returns:
        The steps that were entered, of mines that had none for this draw; and for each mine that the register does not
        let be entered, because it was removed since for instance, the rule.

    Raises:
        UsageError: it was not drawn yet.
        JournalError: the register cannot be read.
        IntegrityError: what was sealed of it is no longer there.
        ArchiveError: the disk refuses; nothing was entered.
    """
    name = state.frame.draw
    if state.draw is None:
        raise UsageError(_("{name} was not drawn yet.").format(name=shown(name)))
    if programme.draw is None or not programme.draw.step:
        return (), ()
    step, made = programme.draw.step, state.draw
    passed_over: list[JournalError] = []

    def missing(register: Register) -> Iterator[Draft]:
        def known(mine: str) -> bool:
            events = register.get(f"mine/{mine}").events
            return any(event.step == step and event.details.get(DRAW) == name for event in events)

        never = {
            one.mine for one in made.replacements if not known(one.mine) and not register.get(f"mine/{one.mine}").lists
        }
        for mine, draft in _steps(state, step, never):
            if not known(mine):
                yield draft

    events = record(archive, programme, missing, by=by, time=time, passed_over=passed_over)
    return events, tuple(passed_over)


def _steps(state: State, step: str, never: Collection[str]) -> Iterator[tuple[str, Draft]]:
    """Yield each mine that is or was among those drawn and its step, dated by the draw or the replacement.

    Who replaces a mine that never was entered, being on no list any more, counts in its place.
    """
    if state.draw is None:
        return
    name = state.frame.draw
    done: set[str] = set()
    for count in range(len(state.draw.replacements) + 1):
        so_far = state.draw.replacements[:count]
        mines = [one.record for one in outcome(state.frame, state.mines, state.seed, so_far).mines]
        day = china_day(so_far[-1].on) if so_far else state.day
        for mine in sorted({*mines, *state.frame.key_mines} - done):
            done.add(mine)
            again = bool(so_far) and so_far[-1].mine not in never
            extra = KEY_MINE if mine in state.frame.key_mines else REPLACEMENT if again else ""
            details = {DRAW: name} | ({EXTRA: extra} if extra else {})
            yield mine, Draft(f"mine/{mine}", step, day, state.draw.by, draw_bag(name, count + 2), details=details)
