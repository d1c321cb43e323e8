"""Drawing who is checked by whom (双随机、一公开): freeze the frame, wait for a public event, draw, replace on record.

1. `make_frame` takes the lists from the register as of a day, counts quotas by the programme's rule and a plan, and
   `freeze` seals that; a checkpoint then fixes it.
2. The plan names a public event after that, a lottery draw or dice at a meeting. What comes of it is the seed.
3. `run` draws, once; `replace` lets the next ticket come in, on a ground that the plan declared.

Nobody can choose who is drawn: whoever fixes the frame does not know the seed yet, and a frame is drawn from only once.
The files and how to repeat the draw with `sha256sum` and `sort` are described in `greenmine.archive.draws`.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from greenmine.archive.bag import MAX_TAG_FILE, check_payload, read_file, read_manifests
from greenmine.archive.checkpoint import check_ledger, read_checkpoints
from greenmine.archive.draws import (
    FILE_NAME,
    FRAME,
    FRAME_SCHEMA,
    MAX_SEED,
    MINES,
    SCHEMA,
    SEED,
    Draw,
    Frame,
    FrameMine,
    Outcome,
    Replacement,
    check_frame,
    frame_files,
    is_like,
    new_nonce,
    outcome,
    parse_mines,
    seal_draw,
)
from greenmine.archive.layout import Archive, draw_bag, kind_of
from greenmine.archive.ledger import Ledger, LedgerEntry
from greenmine.archive.record import read_document, time_text, validated
from greenmine.archive.staging import SealedBag
from greenmine.errors import ArchiveError, UsageError, shown
from greenmine.i18n import gettext as _
from greenmine.programme.calendar import CHINA, day_at
from greenmine.programme.parts import Draw as Rule
from greenmine.programme.plan import Plan
from greenmine.programme.programme import Programme
from greenmine.programme.quota import quota
from greenmine.programme.register import Register

OLDEST: Final = dt.timedelta(days=92)
"""How much older than the event the lists may be: a quarter of a year, so that they are present ones."""


@dataclass(frozen=True)
class State:
    """How a draw stands.

    Attributes:
        frame: what it is made by.
        mines: whom it is drawn from.
        framed: the frame's entry in the ledger.
        draw: what it was made with, the last replacement included; None where it is not drawn yet.
        seed: of the draw; empty where it is not drawn yet.
        outcome: who is drawn; None where it is not drawn yet.
        drawn_at: when it was drawn, UTC; empty where it is not drawn yet.
    """

    frame: Frame
    mines: tuple[FrameMine, ...]
    framed: LedgerEntry
    draw: Draw | None = None
    seed: str = ""
    outcome: Outcome | None = None
    drawn_at: str = ""

    @property
    def day(self) -> dt.date:
        """The day, in China, on which it was drawn.

        Raises:
            ValueError: it is not drawn yet.
        """
        return china_day(self.drawn_at)


def make_frame(
    plan: Plan, programme: Programme, lists: Mapping[str, str], *, by: str, on: dt.datetime
) -> tuple[Frame, tuple[FrameMine, ...]]:
    """Return the frame of a draw: the mines of each list or stratum, and how many of them are to be drawn.

    Args:
        plan: what was decided.
        programme: whose rule it follows.
        lists: mine → the list it is on, of those that the rule names.
        by: who is responsible.
        on: now, with its zone.

    Raises:
        UsageError: the programme has no draws, a list is empty, a mine or person of the plan is unknown, the plan asks
            for less than the rule, its lists are of a day to come or long gone, or its event is over.
    """
    rule = programme.draw
    if rule is None or plan.programme != programme.id:
        text = _("The programme {programme} has no rule for draws.")
        raise UsageError(text.format(programme=shown(programme.id)))
    if plan.at <= on:
        text = _("The event that gives the seed, {event}, is over: name one that is still to come.")
        raise UsageError(text.format(event=shown(plan.event)))
    if plan.as_of > str(day_at(on)):
        text = _("The lists of {day} are not known yet: name a day that has come.")
        raise UsageError(text.format(day=plan.as_of))
    if day_at(plan.at) - dt.date.fromisoformat(plan.as_of) > OLDEST:
        text = _(
            "The lists of {day} are more than {count} days older than the event that gives the seed: name a later day."
        )
        raise UsageError(text.format(day=plan.as_of, count=OLDEST.days))
    groups = _groups(plan, rule, lists)
    _check_names(plan, lists)
    mines = tuple(
        FrameMine(mine, name, mine in plan.key_mines) for name, (members, _share) in groups.items() for mine in members
    )
    document = {
        "schema": FRAME_SCHEMA,
        "draw": plan.draw,
        "programme": programme.id,
        "rule": programme.cited(rule.clause),
        "as_of": plan.as_of,
        "event": plan.event,
        "event_at": time_text(plan.at),
        "seed_like": plan.seed_like,
        "strata": [
            {"name": name, "mines": len(members), "ratio": share, "quota": quota(len(members), Fraction(share))}
            for name, (members, share) in groups.items()
        ],
        "key_mines": dict(plan.key_mines),
        "team": plan.team,
        "inspectors": dict(plan.inspectors),
        "conflicts": [one.model_dump() for one in plan.conflicts],
        "replacements": dict(plan.replacements),
        "by": by,
        "nonce": new_nonce(),
        "on": time_text(on),
    }
    return validated(Frame, document, FRAME, ArchiveError), mines


def listed(register: Register, day: dt.date, lists: Collection[str] = ()) -> dict[str, str]:
    """Return the mines on the lists that a programme draws from on a day: mine → list, the first of those it is on.

    Args:
        register: as it is; it is looked at as of the day.
        day: the day.
        lists: only these; all of the rule's where it is empty.

    Raises:
        UsageError: a list is none of the rule's.
    """
    rule = register.programme.draw
    if rule is None:
        return {}
    for name in lists:
        if name not in rule.lists:
            text = _("No list that is drawn from is called {name}: expected one of {names}.")
            raise UsageError(text.format(name=shown(name), names=", ".join(rule.lists)))
    found: dict[str, str] = {}
    past = register.as_of(day)
    for name in lists or rule.lists:
        for record in past.listed(name):
            found.setdefault(record.id, name)
    return found


def _groups(plan: Plan, rule: Rule, lists: Mapping[str, str]) -> dict[str, tuple[list[str], str]]:
    """Return the mines and the ratio of each list, or of each stratum of each list."""
    if (plan.strata and rule.per == "list") or (plan.ratio and rule.per == "stratum"):
        text = _("The rule has ratios for {names}, and the plan names others ({clause}).")
        names = ", ".join(rule.strata) or _("whole lists")
        raise UsageError(text.format(names=names, clause=rule.clause))
    if plan.ratio and rule.ratio and Fraction(plan.ratio) < Fraction(rule.ratio):
        text = _("The plan draws {share} of the mines, and the rule asks for at least {least} ({clause}).")
        raise UsageError(text.format(share=plan.ratio, least=rule.ratio, clause=rule.clause))
    groups: dict[str, tuple[list[str], str]] = {}
    for mine, name in sorted(lists.items(), key=lambda one: (one[1], one[0])):
        if rule.per == "list":
            groups.setdefault(name, ([], plan.ratio or rule.ratio or ""))[0].append(mine)
            continue
        stratum = plan.strata.get(mine, "")
        if stratum not in rule.strata:
            text = _("{mine} is in the stratum {stratum}: expected one of {names}.")
            known = ", ".join(rule.strata)
            raise UsageError(text.format(mine=shown(mine), stratum=shown(stratum), names=known))
        groups.setdefault(f"{name}+{stratum}", ([], rule.strata[stratum]))[0].append(mine)
    if not groups:
        raise UsageError(_("No mine is on a list that is drawn from on {day}.").format(day=plan.as_of))
    return groups


def _check_names(plan: Plan, lists: Mapping[str, str]) -> None:
    strange = sorted({*plan.key_mines, *(one.mine for one in plan.conflicts)} - lists.keys())
    if strange:
        text = _("{mine} is on no list that is drawn from on {day}.")
        raise UsageError(text.format(mine=shown(strange[0]), day=plan.as_of))
    unknown = sorted({one.inspector for one in plan.conflicts} - plan.inspectors.keys())
    if unknown:
        text = _("The conflicts name {inspector}, who is not among the inspectors.")
        raise UsageError(text.format(inspector=shown(unknown[0])))
    barred = Counter(mine for mine, _who in {(one.mine, one.inspector) for one in plan.conflicts})
    mine, count = max(sorted(barred.items()), key=lambda one: one[1], default=(min(lists), 0))
    if len(plan.inspectors) - count < plan.team:
        text = _("For {mine} only {count} inspectors are without a conflict, and {size} are needed.")
        raise UsageError(text.format(mine=mine, count=len(plan.inspectors) - count, size=plan.team))


def freeze(archive: Archive, frame: Frame, mines: tuple[FrameMine, ...], on: dt.datetime) -> SealedBag:
    """Seal a frame; what is drawn from is fixed once a checkpoint covers it.

    Raises:
        UsageError: there is a draw of this id.
        ArchiveError: the archive cannot take it.
    """
    check_frame(frame, mines)
    try:
        return seal_draw(archive, frame.draw, 1, frame_files(frame, mines), on)
    except FileExistsError:
        text = _("There is a draw {name} already: a frame is fixed once. Call the new one otherwise.")
        raise UsageError(text.format(name=shown(frame.draw))) from None


def draws(archive: Archive) -> tuple[str, ...]:
    """Return the ids of the draws in the ledger, in its order."""
    frames = (entry.bag.split("/") for entry in Ledger(archive).read() if kind_of(entry.bag) == "draw")
    return tuple(name for _bags, _kind, name, run_ in frames if run_ == "r1")


def read_draw(archive: Archive, name: str) -> State:
    """Return how a draw stands, with what frame, seed and replacements give.

    Raises:
        UsageError: there is no such draw.
        IntegrityError: a file of it is not as it was sealed; `greenmine verify` tells more.
    """
    entries = {entry.bag: entry for entry in Ledger(archive).read()}
    framed = entries.get(draw_bag(name, 1))
    if framed is None:
        raise UsageError(_("There is no draw {name} in the archive.").format(name=shown(name)))
    folders: list[Path] = []
    while entry := entries.get(draw_bag(name, len(folders) + 1)):
        sealed = read_manifests(archive.place(entry.bag), entry.digest)
        check_payload(sealed)
        folders.append(sealed.path / "data")
    frame = read_document(Frame, read_file(folders[0] / FRAME, MAX_TAG_FILE), folders[0] / FRAME)
    mines = parse_mines(read_file(folders[0] / MINES, MAX_TAG_FILE))
    if len(folders) == 1:
        return State(frame, mines, framed)
    seed = read_file(folders[-1] / SEED, MAX_TAG_FILE).decode()
    first, draw = (
        read_document(Draw, read_file(folder / FILE_NAME, MAX_TAG_FILE), folder / FILE_NAME)
        for folder in (folders[1], folders[-1])
    )
    return State(frame, mines, framed, draw, seed, outcome(frame, mines, seed, draw.replacements), first.on)


def run(archive: Archive, name: str, seed: str, *, by: str, on: dt.datetime) -> State:
    """Draw, and seal what came of it.

    Args:
        archive: where the frame is.
        name: the draw's id.
        seed: what the public event gave.
        by: who is responsible.
        on: now, with its zone.

    Raises:
        UsageError: there is no such frame, it was drawn from already, the event is still to come, the seed is not
            written as the frame says, or no checkpoint fixed the frame before the event.
        IntegrityError: frame or ledger are not as they were fixed.
    """
    state = read_draw(archive, name)
    if state.draw is not None:
        text = _("{name} was drawn on {day}: a frame is drawn from only once. Another draw needs a new frame.")
        raise UsageError(text.format(name=shown(name), day=state.day))
    if on < dt.datetime.fromisoformat(state.frame.event_at):
        text = _("The event that gives the seed, {event}, is on {time}.")
        raise UsageError(text.format(event=shown(state.frame.event), time=china_time(state.frame.event_at)))
    if not seed or len(seed) > MAX_SEED or not seed.isprintable() or seed != seed.strip():
        raise UsageError(_("A draw needs a seed, a line of text, from the public event."))
    if not is_like(seed, state.frame.seed_like):
        text = _("The frame fixed how the seed is written, like {example}, and {seed} is written otherwise.")
        raise UsageError(text.format(example=shown(state.frame.seed_like), seed=shown(seed)))
    for one in read_checkpoints(archive.root):
        fixed = one.checkpoint
        if fixed.head.entries >= state.framed.number and fixed.time < state.frame.event_at:
            check_ledger(archive.ledger.read_bytes(), fixed.head, archive.ledger)
            return _sealed(archive, state, seed, (), (fixed.head.entries, fixed.time), by, on)
    text = _(
        "No checkpoint fixed the frame of {name} before {time}: it could have been changed when the seed was known. "
        "Freeze it anew under another id with an event to come, and run greenmine checkpoint before that."
    )
    raise UsageError(text.format(name=shown(name), time=china_time(state.frame.event_at)))


def replace(
    archive: Archive,
    name: str,
    mine: str,
    *,
    inspector: str = "",
    ground: str,
    document: str,
    by: str,
    on: dt.datetime,
) -> State:
    """Let the next ticket take the place of a mine, or of an inspector of a mine, and seal that.

    Args:
        archive: where the draw is.
        name: the draw's id.
        mine: who was drawn.
        inspector: whom it is about, where an inspector is replaced and not the mine.
        ground: the id of the ground, of those that the frame declared.
        document: the paper that shows it.
        by: who is responsible.
        on: now, with its zone.

    Raises:
        UsageError: it was not drawn yet, who is replaced was not drawn, the ground was not declared, or nobody is left.
    """
    state = read_draw(archive, name)
    if state.draw is None:
        raise UsageError(_("{name} was not drawn yet.").format(name=shown(name)))
    given = {"mine": mine, "inspector": inspector, "ground": ground, "document": document, "on": time_text(on)}
    one = validated(Replacement, given, FILE_NAME, ArchiveError)
    fixed = (state.draw.checkpoint, state.draw.fixed_at)
    return _sealed(archive, state, state.seed, (*state.draw.replacements, one), fixed, by, on)


def _sealed(  # noqa: PLR0917 - what a draw is made with
    archive: Archive,
    state: State,
    seed: str,
    replaced: tuple[Replacement, ...],
    fixed: tuple[int, str],
    by: str,
    on: dt.datetime,
) -> State:
    found = outcome(state.frame, state.mines, seed, replaced)
    document = {
        "schema": SCHEMA,
        "draw": state.frame.draw,
        "run": len(replaced) + 2,
        "frame": {"bag": state.framed.bag, "tagmanifest": state.framed.digest},
        "checkpoint": fixed[0],
        "fixed_at": fixed[1],
        "replacements": [one.model_dump() for one in replaced],
        "by": by,
        "nonce": new_nonce(),
        "on": time_text(on),
    }
    draw = validated(Draw, document, FILE_NAME, ArchiveError)
    files = {FILE_NAME: draw.canonical(), SEED: seed.encode(), **found.files}
    try:
        seal_draw(archive, draw.draw, draw.run, files, on)
    except FileExistsError:
        text = _("Somebody else drew or replaced at the same time: look at {name} first.")
        raise UsageError(text.format(name=shown(draw.draw))) from None
    return State(state.frame, state.mines, state.framed, draw, seed, found, state.drawn_at or draw.on)


def china_day(time: str) -> dt.date:
    """Return the day in China of a point in time, as the archive writes it."""
    return day_at(dt.datetime.fromisoformat(time))


def china_time(time: str) -> str:
    """Return a point in time, as the archive writes it, as a reader in China does."""
    return dt.datetime.fromisoformat(time).astimezone(CHINA).strftime("%Y-%m-%d %H:%M (UTC+8)")
