"""Draws for spot checks (双随机、一公开), archived: the frozen frame, the draw after a public seed, replacements.

    bags/draw/<id>/r1/data/
      frame.json       rules, quotas, the public event that gives the seed, grounds on which a mine may be replaced
      mines.txt        whom is drawn from: mine, stratum, `key` or `-`; one line each, sorted
      inspectors.txt   who may be sent, one line each, sorted
      conflicts.txt    who may not be sent where: mine, inspector; sorted; the reasons are in frame.json
    bags/draw/<id>/r2/data/        r3, r4 …: after a replacement
      draw.json        the frame, the checkpoint that fixed it, all replacements so far
      seed.txt         the seed, nothing else
      drawn.txt        ticket, mine, stratum; by stratum, the smallest ticket first
      teams.txt        ticket, inspector, mine; by mine, the smallest ticket first

A mine's ticket is the SHA-256 of `SEED,MINE`, that of an inspector for a mine that of `SEED,inspector,MINE,PERSON`;
of each stratum the smallest are taken, up to its quota, and for each mine the smallest of those without a conflict. Key
mines are not drawn: they are checked besides. Who is replaced is left out, so that the next ticket comes in.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from string import digits
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from greenmine.archive.audits import Decimal_, draw_text
from greenmine.archive.bag_writer import BagWriter
from greenmine.archive.layout import Archive, draw_bag
from greenmine.archive.record import BagRef, Frozen, Id, Nonce, Text, Time, time_text
from greenmine.archive.sampling import Drawn
from greenmine.archive.selection import ticket
from greenmine.archive.staging import SealedBag, seal_bag
from greenmine.errors import UsageError, shown
from greenmine.i18n import gettext as _

FRAME_SCHEMA: Final = "greenmine.draw.frame/1"
SCHEMA: Final = "greenmine.draw/1"
FRAME, MINES, INSPECTORS, CONFLICTS = "frame.json", "mines.txt", "inspectors.txt", "conflicts.txt"
FILE_NAME, SEED, DRAWN, TEAMS = "draw.json", "seed.txt", "drawn.txt", "teams.txt"

KEY: Final = "key"
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_+]{1,128}\z")]
MAX_SEED: Final = 500
"""The most characters in a seed."""
SeedLike = Annotated[str, StringConstraints(max_length=MAX_SEED, pattern=r"^(\S.*)?[0-9](.*\S)?$")]
"""How a seed is written: a line with a digit; what has none would be known beforehand."""


class Stratum(Frozen):
    """What is drawn from for itself: a list, or a group of mines of a list.

    Attributes:
        name: of the stratum.
        mines: how many mines it has, key mines included.
        ratio: at least this share of them has to be drawn.
        quota: how many that is: rounded up.
    """

    name: Name
    mines: int = Field(ge=1)
    ratio: Decimal_
    quota: int = Field(ge=1)

    @model_validator(mode="after")
    def _rounded_up(self) -> Self:
        if not self.quota - 1 < self.mines * Fraction(self.ratio) <= self.quota <= self.mines:
            raise ValueError("the quota is not the share rounded up")
        return self


class Conflict(Frozen):
    """Who is not to be sent where, and why."""

    mine: Id
    inspector: Id
    reason: Text


class Frame(Frozen):
    """What a draw is made by, fixed before its seed is known.

    Attributes:
        schema_: `greenmine.draw.frame/1`.
        draw: the id of the draw.
        programme: whose rule it follows.
        rule: the clause that sets the ratios.
        as_of: the day as of which the lists were taken from the register.
        event: the public event that will give the seed.
        event_at: when that takes place, UTC.
        seed_like: how the seed is written, an example: each digit of it stands for a digit.
        strata: what is drawn from, and how many.
        key_mines: key mine → why it is checked in any case.
        team: how many inspectors are drawn for each mine.
        inspectors: id → name and office.
        conflicts: who is not to be sent where.
        replacements: the grounds on which a mine or an inspector may be replaced, by id.
        by: who is responsible.
        nonce: 16 random bytes, in hexadecimal.
        on: when it was drafted, UTC, as told by this machine.
    """

    schema_: Literal["greenmine.draw.frame/1"] = Field(default=FRAME_SCHEMA, alias="schema")
    draw: Id
    programme: Id
    rule: Text
    as_of: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\z")]
    event: Text
    event_at: Time
    seed_like: SeedLike
    strata: tuple[Stratum, ...] = Field(strict=False, min_length=1)
    key_mines: dict[Id, Text] = Field(default_factory=dict)
    team: int = Field(ge=0, le=20)
    inspectors: dict[Id, Text] = Field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = Field(default=(), strict=False)
    replacements: dict[Id, Text] = Field(default_factory=dict)
    by: Text
    nonce: Nonce
    on: Time


class Replacement(Frozen):
    """A mine, or the inspector of a mine, that was replaced by who comes next.

    Attributes:
        mine: which.
        inspector: who; empty where the mine itself was replaced.
        ground: the id of the ground, of those declared in the frame.
        document: the paper that shows it.
        on: when, UTC.
    """

    mine: Id
    inspector: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{0,128}\z")] = ""
    ground: Id
    document: Text
    on: Time


class Draw(Frozen):
    """What a draw was made with, beside its frame.

    Attributes:
        schema_: `greenmine.draw/1`.
        draw: its id.
        run: the number of its bag: 2 for the draw itself, one more for each replacement.
        frame: the bag of the frame.
        checkpoint: the number of entries of the one that fixed the frame.
        fixed_at: when that was made, as it says.
        replacements: all so far.
        by: who is responsible.
        nonce: 16 random bytes, in hexadecimal.
        on: when it was made, UTC, as told by this machine.
    """

    schema_: Literal["greenmine.draw/1"] = Field(default=SCHEMA, alias="schema")
    draw: Id
    run: int = Field(ge=2, le=999_999_999)
    frame: BagRef
    checkpoint: int = Field(ge=1)
    fixed_at: Time
    replacements: tuple[Replacement, ...] = Field(default=(), strict=False)
    by: Text
    nonce: Nonce
    on: Time


@dataclass(frozen=True, slots=True)
class FrameMine:
    """A line of `mines.txt`: a mine, its stratum, and whether it is a key mine."""

    mine: str
    stratum: str
    key: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a draw.

    Attributes:
        mines: those drawn, by stratum, in order of their tickets; `record` is the mine.
        teams: the inspectors of every mine that is checked, key mines included; `record` is the inspector, `stratum`
            the mine.
    """

    mines: tuple[Drawn, ...]
    teams: tuple[Drawn, ...]

    @property
    def files(self) -> dict[str, bytes]:
        """The files that tell it."""
        return {DRAWN: draw_text(self.mines), TEAMS: draw_text(self.teams)}


def draw_mines(
    mines: Iterable[FrameMine], quotas: Mapping[str, int], seed: str, out: Collection[str] = ()
) -> tuple[Drawn, ...]:
    """Return the mines drawn: of each stratum those with the smallest tickets.

    Args:
        mines: the frame; key mines are passed over, for they are checked besides.
        quotas: how many of each stratum; all of them where there are no more.
        seed: from a public event after the frame was fixed.
        out: mines that were replaced.
    """
    groups: dict[str, list[Drawn]] = {name: [] for name in sorted(quotas)}
    for one in mines:
        if not one.key and one.mine not in out:
            groups[one.stratum].append(Drawn(one.mine, one.stratum, ticket(seed, one.mine)))
    return tuple(one for name, group in groups.items() for one in sorted(group, key=_by_ticket)[: quotas[name]])


def draw_teams(
    mines: Iterable[str],
    inspectors: Iterable[str],
    barred: Collection[tuple[str, str]],
    seed: str,
    size: int,
) -> tuple[Drawn, ...]:
    """Return the inspectors drawn for each mine, of those who may be sent there.

    Args:
        mines: those to be checked.
        inspectors: who may be sent anywhere at all.
        barred: mine and inspector: conflicts of interest and replaced inspectors, left out before the draw.
        seed: that of the draw; tickets are kept apart from those of mines by a word.
        size: how many for each mine.

    Raises:
        UsageError: too few are left for a mine.
    """
    people, found = sorted(inspectors), []
    for mine in sorted(mines):
        pool = [
            Drawn(who, mine, ticket(seed, f"inspector,{mine},{who}")) for who in people if (mine, who) not in barred
        ]
        if len(pool) < size:
            text = _("For {mine} only {count} inspectors are without a conflict, and {size} are needed.")
            raise UsageError(text.format(mine=mine, count=len(pool), size=size))
        found += sorted(pool, key=_by_ticket)[:size]
    return tuple(found)


def _by_ticket(one: Drawn) -> tuple[str, str]:
    return one.ticket, one.record


def is_like(seed: str, example: str) -> bool:
    """Tell whether a seed is written as an example of it: a digit where that has one, else the same character."""
    return len(seed) == len(example) and all(
        one == like or (one in digits and like in digits) for one, like in zip(seed, example, strict=True)
    )


def outcome(frame: Frame, mines: Iterable[FrameMine], seed: str, replaced: Iterable[Replacement] = ()) -> Outcome:
    """Return what frame, seed and replacements give.

    Raises:
        UsageError: a replacement is of who is not drawn or on a ground that was not declared, or too few are left.
    """
    listed, quotas = tuple(mines), {one.name: one.quota for one in frame.strata}
    out: set[str] = set()
    barred = {(one.mine, one.inspector) for one in frame.conflicts}

    def state() -> Outcome:
        drawn = draw_mines(listed, quotas, seed, out)
        checked = [*(one.record for one in drawn), *frame.key_mines]
        return Outcome(drawn, draw_teams(checked, frame.inspectors, barred, seed, frame.team))

    found = state()
    for one in replaced:
        _check_replacement(frame, found, one)
        if one.inspector:
            barred.add((one.mine, one.inspector))
        else:
            out.add(one.mine)
        before, found = found, state()
        if len(found.mines) < len(before.mines):
            raise UsageError(_("There is no mine left to take the place of {mine}.").format(mine=one.mine))
    return found


def _check_replacement(frame: Frame, found: Outcome, one: Replacement) -> None:
    if one.ground not in frame.replacements:
        text = _("{ground} is no ground declared before the draw: expected one of {names}.")
        names = ", ".join(frame.replacements) or _("none")
        raise UsageError(text.format(ground=shown(one.ground), names=names))
    if one.inspector and (one.inspector, one.mine) not in {(who.record, who.stratum) for who in found.teams}:
        text = _("{inspector} was not drawn for {mine}.")
        raise UsageError(text.format(inspector=shown(one.inspector), mine=shown(one.mine)))
    if not one.inspector and one.mine not in {mine.record for mine in found.mines}:
        raise UsageError(_("{mine} was not drawn at random, so that nobody takes its place.").format(mine=one.mine))


# ---- files -----------------------------------------------------------------------------------------------------------


def mines_text(mines: Iterable[FrameMine]) -> bytes:
    """Return `mines.txt`."""
    return "".join(sorted(f"{one.mine} {one.stratum} {KEY if one.key else '-'}\n" for one in mines)).encode()


def parse_mines(data: bytes) -> tuple[FrameMine, ...]:
    """Return what `mines.txt` says.

    Raises:
        ValueError: a line is of another form, or they are in another order.
    """
    found = []
    for line in data.decode().splitlines():
        mine, stratum, key = line.split(" ")
        found.append(FrameMine(mine, stratum, key == KEY))
    if mines_text(found) != data:
        raise ValueError(MINES)
    return tuple(found)


def frame_files(frame: Frame, mines: Iterable[FrameMine]) -> dict[str, bytes]:
    """Return the files of a frame's bag."""
    conflicts = sorted(f"{one.mine} {one.inspector}\n" for one in frame.conflicts)
    return {
        FRAME: frame.canonical(),
        MINES: mines_text(mines),
        INSPECTORS: "".join(f"{who}\n" for who in sorted(frame.inspectors)).encode(),
        CONFLICTS: "".join(conflicts).encode(),
    }


def check_frame(frame: Frame, mines: Iterable[FrameMine]) -> None:
    """Make sure that rules and mines of a frame agree.

    Raises:
        ValueError: they do not; the message names what.
    """
    listed = tuple(mines)
    counts: dict[str, int] = {}
    for one in listed:
        counts[one.stratum] = counts.get(one.stratum, 0) + 1
    if len({one.mine for one in listed}) != len(listed):
        raise ValueError("mines")
    if counts != {one.name: one.mines for one in frame.strata}:
        raise ValueError("strata")
    if {one.mine for one in listed if one.key} != frame.key_mines.keys():
        raise ValueError("key_mines")
    if not {one.inspector for one in frame.conflicts} <= frame.inspectors.keys():
        raise ValueError("conflicts")


def seal_draw(archive: Archive, name: str, run: int, files: Mapping[str, bytes], on: dt.datetime) -> SealedBag:
    """Seal one bag of a draw.

    Args:
        archive: where.
        name: the draw's id.
        run: the bag's number.
        files: its payload.
        on: when.

    Raises:
        FileExistsError: there is such a bag.
        ArchiveError: the archive cannot take it.
    """

    def fill(writer: BagWriter) -> None:
        for path, data in sorted(files.items()):
            writer.add(path, data)

    return seal_bag(archive, draw_bag(name, run), fill, [("Bagging-Date", time_text(on)[:10])])


def new_nonce() -> str:
    """Return 16 random bytes, in hexadecimal."""
    return secrets.token_hex(16)
