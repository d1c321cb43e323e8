"""The overview: how a programme stands on a day, for those who answer for it.

How many of the mines that hold a licence and are in production meet the standard, against the source's targets; the
lists, what is due, the draws and what came of them, removals by ground. All of it follows from the register, a roster
and the sealed draws; without a roster nobody knows how many mines there are, and no share is told.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from greenmine.archive.layout import Archive
from greenmine.programme.checks import Check, checks
from greenmine.programme.clocks import Deadline, due
from greenmine.programme.draw import State as Drawing
from greenmine.programme.draw import draws, read_draw
from greenmine.programme.parts import UNKNOWN, Target
from greenmine.programme.programme import Programme
from greenmine.programme.recording import open_register
from greenmine.programme.register import Record, Register
from greenmine.programme.removal import Proposal, proposals
from greenmine.programme.roster import Roster
from greenmine.programme.tally import Outside, Standing, outside, standings

MINE: Final = "mine/"


@dataclass(frozen=True, slots=True)
class Removed:
    """A mine that was removed from the lists: when, on which ground, on which paper."""

    mine: str
    name: str
    on: dt.date
    ground: str
    document: str


@dataclass(frozen=True)
class Overview:
    """How a programme stands on a day.

    Attributes:
        register: as it was at the end of the day; its head is that of the journal as it was read.
        sealed: up to which event the archive holds the journal.
        on: the day.
        within: how many days ahead was looked for what is due.
        roster: by which shares are told; None where none was given.
        standings: one for each target; none without a roster.
        outside: the mines on a list that no share counts, and why; none without a roster.
        lists: how many mines are on each list, by state.
        others: how many mines are on no list, by state.
        deadlines: what is due, overdue, or cannot be told.
        checks: the draws, the latest first.
        removed: who was removed, the latest first.
        proposed: who may have to be.
        draws: those in the archive that the checks rest on.
    """

    register: Register
    sealed: int
    on: dt.date
    within: int
    roster: Roster | None
    standings: tuple[Standing, ...]
    outside: tuple[tuple[Record, Outside], ...]
    lists: Mapping[str, Mapping[str, int]]
    others: Mapping[str, int]
    deadlines: tuple[Deadline, ...]
    checks: tuple[Check, ...]
    removed: tuple[Removed, ...]
    proposed: tuple[Proposal, ...]
    draws: tuple[Drawing, ...]

    @property
    def programme(self) -> Programme:
        """Whose."""
        return self.register.programme

    @property
    def grounds(self) -> dict[str, tuple[int, int, int]]:
        """Removals by ground: all, those of the day's year, and proposed ones; only grounds that there is one on."""
        all_ = Counter(one.ground for one in self.removed)
        year = Counter(one.ground for one in self.removed if one.on.year == self.on.year)
        open_ = Counter(one.ground for one in self.proposed)
        removal = self.programme.removal
        known = [*removal.triggers, *removal.grounds, ""] if removal else []
        return {name: (all_[name], year[name], open_[name]) for name in known if all_[name] or open_[name]}

    def ground_text(self, ground: str) -> str:
        """Return the source's words of a ground; empty where it names none."""
        removal = self.programme.removal
        found = {**removal.triggers, **removal.grounds}.get(ground) if removal else None
        return found.text if found else ""

    def ground_title(self, ground: str) -> str:
        """Return the number and the words of a ground, as a reader of the source knows it."""
        return f"{ground} {self.ground_text(ground)}" if ground.isdigit() else self.ground_text(ground) or "–"

    def document(self) -> dict[str, Any]:
        """Return the overview for a program."""
        programme, removal = self.programme, self.programme.removal
        clauses = {**removal.triggers, **removal.grounds} if removal else {}
        found = {one.target.size: one for one in self.standings}
        return {
            "programme": programme.id,
            "on": str(self.on),
            "journal": {
                "events": self.register.head[0],
                "sha256": self.register.head[1],
                "sealed": self.sealed,
            },
            "roster": self.roster
            and {"file": self.roster.file, "sha256": self.roster.sha256, "mines": len(self.roster.mines)},
            "targets": [_target_document(programme, one, found.get(one.size)) for one in programme.targets],
            "not_counted": [
                {"mine": one.id, "name": name_of(one), "lists": list(one.lists), "why": why}
                for one, why in self.outside
            ],
            "lists": [
                {"list": name, "mines": sum(states.values()), "states": dict(states)}
                for name, states in self.lists.items()
            ],
            "on_no_list": dict(self.others),
            "due": [
                {"clock": clock, "status": status, "count": count}
                for (clock, status), count in sorted(self.due_counts.items())
            ],
            "draws": [
                {
                    "draw": one.name or None,
                    "document": one.document,
                    "on": str(one.on),
                    "frame": one.frame,
                    "drawn": one.drawn,
                    "key_mines": one.key,
                    "replaced": one.replaced,
                    "passed": list(one.passed),
                    "failed": list(one.failed),
                    "open": list(one.open),
                }
                for one in self.checks
            ],
            "removals": [
                {
                    "ground": ground or None,
                    "text": self.ground_text(ground),
                    "rule": programme.cited(clauses[ground].clause) if ground in clauses else None,
                    "removed": counts[0],
                    "this_year": counts[1],
                    "proposed": counts[2],
                }
                for ground, counts in self.grounds.items()
            ],
            "removed": [
                {"mine": one.mine, "name": one.name, "on": str(one.on), "ground": one.ground, "document": one.document}
                for one in self.removed
            ],
        }

    @property
    def due_counts(self) -> Mapping[tuple[str, str], int]:
        """How many deadlines stand how, by clock and status."""
        return Counter((one.clock, one.status(self.on)) for one in self.deadlines)


def name_of(record: Record) -> str:
    """Return the name of a mine, as its application had it; empty where the register has none."""
    return str(record.details.get("name", ""))


def read_overview(
    archive: Archive, programme: Programme, on: dt.date, roster: Roster | None = None, within: int = 30
) -> Overview:
    """Return how a programme stands at the end of a day, by what an archive's folder holds.

    Args:
        archive: where register and draws are; it need not hold anything yet.
        programme: whose.
        on: the day.
        roster: see `overview`.
        within: see `overview`.

    Raises:
        JournalError: the register is malformed.
        IntegrityError: what was sealed of it, or a draw, is not what it was, or a line was edited or is out of place.
    """
    opened = open_register(archive, programme)
    drawings = [read_draw(archive, name) for name in draws(archive)] if archive.ledger.is_file() else []
    return overview(opened.register, on, roster=roster, drawings=drawings, within=within, sealed=opened.sealed)


def overview(
    register: Register,
    on: dt.date,
    *,
    roster: Roster | None = None,
    drawings: Iterable[Drawing] = (),
    within: int = 30,
    sealed: int = 0,
) -> Overview:
    """Return how a programme stands at the end of a day.

    Args:
        register: as it is now; it is looked at as of the day.
        on: the day.
        roster: the mines that hold a licence and are in production; it is taken as it is, not dated back.
        drawings: the draws in the archive; others than the programme's and later ones are passed over.
        within: how many days to look ahead for what is due.
        sealed: up to which event the archive holds the register's journal.
    """
    past = register.as_of(on)
    own = tuple(one for one in drawings if one.draw and one.frame.programme == register.programme.id and one.day <= on)
    mines = {one.id: one for subject, one in sorted(past.records.items()) if subject.startswith(MINE)}
    lists = {
        name: dict(sorted(Counter(one.state for one in mines.values() if name in one.lists).items()))
        for name in register.programme.lists
    }
    others = Counter(one.state for one in mines.values() if not one.lists)
    return Overview(
        register=past,
        sealed=sealed,
        on=on,
        within=within,
        roster=roster,
        standings=tuple(standings(register.programme.targets, roster, mines, on)) if roster else (),
        outside=tuple(outside(roster, mines, on)) if roster else (),
        lists=lists,
        others={name: others[name] for name in (*register.programme.states, UNKNOWN) if others[name]},
        deadlines=due(register, on, within),
        checks=checks(past, on, own),
        removed=_removed(mines.values(), register.programme),
        proposed=proposals(register, on),
        draws=own,
    )


def _target_document(programme: Programme, target: Target, found: Standing | None) -> dict[str, Any]:
    head = {"size": target.size, "target": target.share, "by": target.by, "rule": programme.cited(target.clause)}
    if found is None:
        return head | {"whole": None, "cities": None, "minerals": None}
    return head | {
        "whole": found.whole.document(),
        "cities": [one.document() for one in found.cities],
        "minerals": [one.document() for one in found.minerals],
    }


# ---- removals --------------------------------------------------------------------------------------------------------


def _removed(mines: Iterable[Record], programme: Programme) -> tuple[Removed, ...]:
    found = [
        Removed(record.id, name_of(record), event.date, event.trigger, event.document)
        for record in mines
        for event in record.events
        if "trigger" in programme.steps[event.step].needs
    ]
    return tuple(sorted(found, key=lambda one: (-one.on.toordinal(), one.mine)))
