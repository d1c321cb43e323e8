"""Tallies: how far the targets of a source are reached, by a roster of mines and the lists of the register.

A mine meets the standard while it is on one of the programme's lists and is not being put right. The sources say that
mines which pass assessment, check and publication are entered in a list, and those that do not meet the standard are
removed from it (自然资规〔2024〕1号 四（九）、四（十）); who is ordered to rectify was found not to meet it
(绿色矿山建设工作机制 二（三）) and counts again once it is kept. Both numbers are told.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from operator import attrgetter
from typing import Any, Final, Literal

from greenmine.programme.parts import Target
from greenmine.programme.register import Record
from greenmine.programme.roster import Mine, Roster
from greenmine.scoring.exact import show_total

_PERCENT: Final = 100

Outside = Literal["absent", "idle", "lapsed"]
"""Why a mine on a list does not count: the roster lacks it, says that it stands still, or that its licence ran out."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Mines of one size, all of them or those of a city or mineral.

    Attributes:
        group: the city or mineral; empty for all.
        producing: how many hold a licence and are in production, by the roster.
        listed: how many of them are on a list.
        rectifying: how many of those are being put right.
        target: the share of those producing that has to meet the standard.
    """

    group: str
    producing: int
    listed: int
    rectifying: int
    target: Fraction

    @property
    def meets(self) -> int:
        """How many meet the standard."""
        return self.listed - self.rectifying

    @property
    def share(self) -> Fraction | None:
        """Which share meets it; None where there are no mines."""
        return Fraction(self.meets, self.producing) if self.producing else None

    @property
    def missing(self) -> int:
        """How many more would have to meet it, for the share to be reached."""
        return max(0, ceil(self.target * self.producing) - self.meets)

    @property
    def percent(self) -> str:
        """The share in percent, two decimals; one below the target never prints as the target."""
        return "–" if self.share is None else show_total(self.share * _PERCENT, self.target * _PERCENT)

    def document(self) -> dict[str, Any]:
        """Return the tally for a program."""
        return {
            "group": self.group,
            "producing": self.producing,
            "listed": self.listed,
            "rectifying": self.rectifying,
            "meets": self.meets,
            "share": None if self.share is None else str(self.share),
            "percent": None if self.share is None else self.percent,
            "missing": self.missing,
        }


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a target is reached: all mines of its size, and by city and mineral, most missing first."""

    target: Target
    whole: Tally
    cities: tuple[Tally, ...]
    minerals: tuple[Tally, ...]


def standings(
    targets: Sequence[Target], roster: Roster, mines: Mapping[str, Record], on: dt.date
) -> Iterator[Standing]:
    """Yield how far each target is reached.

    Args:
        targets: of the programme.
        roster: the mines that hold a licence and are in production.
        mines: the records of the register, by the mines' ids, as of the day.
        on: the day, on which their licences have to hold.
    """
    for target in targets:
        counted = [
            one for one in roster.mines.values() if one.size == target.size and one.producing and one.licensed(on)
        ]
        (whole,) = _tallies(counted, lambda _one: "", target, mines) or (Tally("", 0, 0, 0, Fraction(target.share)),)
        cities, minerals = (
            tuple(sorted(_tallies(counted, by, target, mines), key=lambda one: (-one.missing, one.group)))
            for by in (attrgetter("city"), attrgetter("mineral"))
        )
        yield Standing(target, whole, cities, minerals)


def _tallies(
    counted: Iterable[Mine], by: Callable[[Mine], str], target: Target, mines: Mapping[str, Record]
) -> list[Tally]:
    """Return the tallies of some mines, by what a function says of each."""
    producing, listed, rectifying = Counter[str](), Counter[str](), Counter[str]()
    for mine in counted:
        group = by(mine)
        producing[group] += 1
        record = mines.get(mine.id)
        if record is not None and record.lists:
            listed[group] += 1
            rectifying[group] += record.programme.states[record.state].interlude
    share = Fraction(target.share)
    return [Tally(name, count, listed[name], rectifying[name], share) for name, count in producing.items()]


def outside(roster: Roster, mines: Mapping[str, Record], on: dt.date) -> Iterator[tuple[Record, Outside]]:
    """Yield the mines on a list that are not among those that hold a licence and are in production."""
    for name, record in mines.items():
        if not record.lists:
            continue
        row = roster.mines.get(name)
        if row is None:
            yield record, "absent"
        elif not row.producing:
            yield record, "idle"
        elif not row.licensed(on):
            yield record, "lapsed"
