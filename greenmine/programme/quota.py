"""Quotas: how many mines a spot check must draw from a list or stratum, and how many a year did.

The sources ask for a share of the mines in each year. A year is one of the calendar; its share is that of the mines on
the list on the day asked, and on 31 December once the year has passed. Only the register is looked at, so that draws
made elsewhere and entered by hand count like those made here.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from operator import attrgetter
from typing import Any, Final

from greenmine.programme.details import EXTRA
from greenmine.programme.register import Record, Register, lists_of

_date: Final = attrgetter("date")


def quota(size: int, ratio: Fraction) -> int:
    """Return how many of `size` mines must be drawn at a ratio of at least `ratio` (每年抽取不低于10%).

    The share is rounded up, so that it never falls below the ratio, and a list that is not empty gives at least one.
    Key mines are added on top; they are not part of the quota. Source: 自然资规〔2024〕1号 (十六) for the ratio.

    Args:
        size: number of mines in the list or stratum, 0 or more.
        ratio: the least share, above 0 and at most 1.

    Raises:
        ValueError: the size is negative or the ratio out of range.
    """
    if size < 0 or not 0 < ratio <= 1:
        raise ValueError((size, ratio))
    return -(-size * ratio.numerator // ratio.denominator)


@dataclass(frozen=True, slots=True)
class Yearly:
    """How many mines of a list have to be drawn in a year, and how many were.

    Attributes:
        name: the list.
        year: the year of the calendar.
        mines: how many are on the list.
        needed: how many of them have to be drawn; None where the rule has ratios for strata, which the register does
            not know.
        drawn: how many were, while they were on the list; key mines and replacements are not counted.
        reached: when enough were; None where they were not.
    """

    name: str
    year: int
    mines: int
    needed: int | None
    drawn: int
    reached: dt.date | None

    def document(self) -> dict[str, Any]:
        """Return it for a program."""
        return {
            "list": self.name,
            "year": self.year,
            "mines": self.mines,
            "needed": self.needed,
            "drawn": self.drawn,
        }


def of_year(register: Register, year: int, on: dt.date) -> tuple[Yearly, ...]:
    """Return what a year asks of each list that the programme draws from, and what was drawn of it.

    Args:
        register: as it is; it is looked at as of the day, or as of the end of the year where that is over.
        year: the year, not one to come.
        on: the day.

    Returns:
        One for each list that there is a mine on; none where the programme draws nobody, or enters no step for it.
    """
    rule = register.programme.draw
    if rule is None or not rule.step:
        return ()
    first, last = dt.date(year, 1, 1), min(on, dt.date(year, 12, 31))
    sizes: Counter[str] = Counter()
    drawn: dict[str, list[dt.date]] = {name: [] for name in register.programme.lists}
    for whole in register.records.values():
        record = whole.as_of(last)
        sizes.update(record.lists)
        for name, day in _drawn(record, rule.step, first):
            drawn[name].append(day)
    found = []
    for name in rule.lists:
        if sizes[name]:
            days = sorted(drawn[name])
            needed = quota(sizes[name], Fraction(rule.ratio)) if rule.ratio else None
            reached = days[needed - 1] if needed is not None and needed <= len(days) else None
            found.append(Yearly(name, year, sizes[name], needed, len(days), reached))
    return tuple(found)


def _drawn(record: Record, step: str, first: dt.date) -> tuple[tuple[str, dt.date], ...]:
    """Return the lists of which a mine was drawn since a day, each with when it first was."""
    found: dict[str, dt.date] = {}
    start = bisect_left(record.events, first, key=_date)
    for number, event in enumerate(record.events[start:], start + 1):
        if event.step == step and EXTRA not in event.details:
            for name in lists_of(record.states[:number], record.programme):
                found.setdefault(name, event.date)
    return tuple(found.items())
