"""All mines of a table under one catalog and one choice of readings: their totals, and what they say beside a verdict.

Numbers are whole and exact: each total is a numerator over a denominator of its own, see `register`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from greenmine.batch.impact.table import Array
from greenmine.scoring.exact import show

if TYPE_CHECKING:
    from greenmine.batch.impact.register import Register

STATUSES: Final = ("scored", "no_evidence", "not_applicable", "not_assessed", "not_in_block")
VERDICTS: Final = ("pass", "fail", "ineligible", "incomplete")
SCORED, NO_EVIDENCE, NOT_APPLICABLE, NOT_ASSESSED, NOT_IN_BLOCK = range(len(STATUSES))
PASS, FAIL, INELIGIBLE, INCOMPLETE = range(len(VERDICTS))

_CENTS: Final = 100


@dataclass(frozen=True, eq=False)
class Results:
    """What became of every indicator of every mine; the same for all ways to fold.

    Attributes:
        register: the catalog and the table.
        units: points, indicator × mine, in units of the mine.
        status: indicator × mine, positions in `STATUSES`.
        full: whether it is at full marks, indicator × mine.
        awarded: units of what was awarded, category × mine.
        excluded: what does not apply, category × mine; 1 / `scale` points each, whatever the mine's unit.
        open: whether an indicator is not assessed, category × mine.
    """

    register: Register
    units: Array
    status: Array
    full: Array
    awarded: Array
    excluded: Array
    open: Array

    @cached_property
    def counts(self) -> list[dict[str, int]]:
        """For each indicator, how many mines have which status, and how many are at full marks."""
        statuses = (np.bincount(row, minlength=len(STATUSES)).tolist() for row in self.status)
        each = zip(statuses, self.full.sum(axis=1).tolist(), strict=True)
        return [{**dict(zip(STATUSES, counts, strict=True)), "full": full} for counts, full in each]

    @cached_property
    def losses(self) -> list[dict[str, Any]]:
        """For each category, how many mines are open, need a ruling, are at full marks; and the mean of points lost."""
        register = self.register
        found = []
        for number, points in enumerate(register.points):
            left = int(points * register.scale) - self.excluded[number]
            closed = ~self.open[number] & (left > 0)
            lost = left * register.multiplier - self.awarded[number]
            found.append(
                {
                    "open": int(self.open[number].sum()),
                    "needs_ruling": int((left == 0).sum()),
                    "full": int((closed & (lost == 0)).sum()),
                    "lost": _mean(lost[closed], register.multiplier[closed], register.scale),
                }
            )
        return found


class Totals(NamedTuple):
    """The totals of all mines under one reading.

    Attributes:
        numerator: of the total.
        denominator: of the total, and of what follows.
        weight: category × mine: what a unit in the category adds to the numerator.
        known: whether there is a total: every category is closed.
        needs_ruling: category × mine: whether nothing in the category applies.
    """

    numerator: Array
    denominator: Array
    weight: Array
    known: Array
    needs_ruling: Array


@dataclass(frozen=True, eq=False)
class Scored:
    """All mines under one catalog and one choice of readings.

    Attributes:
        register: the catalog and the table.
        readings: the choice of every reading.
        results: of the indicators.
        totals: of the mines.
        lacking: whether a mandatory indicator is assessed, applies and is not at full marks: indicator × mine.
        verdict: of each mine, positions in `VERDICTS`.
    """

    register: Register
    readings: Mapping[str, str]
    results: Results
    totals: Totals
    lacking: Array
    verdict: Array

    def total(self, mine: int) -> Fraction | None:
        """Return the exact total of a mine by its row; None where there is none, as the scorer has it."""
        if self.verdict[mine] not in (PASS, FAIL):
            return None
        return Fraction(int(self.totals.numerator[mine]), int(self.totals.denominator[mine]))

    def awarded(self, indicator: int, mine: int) -> Fraction:
        """Return the exact points of an indicator by its position and a mine by its row."""
        register = self.register
        return Fraction(int(self.results.units[indicator, mine]), register.scale * int(register.multiplier[mine]))

    @cached_property
    def totals_shown(self) -> Array:
        """The totals as the scorer prints them; empty where there is none."""
        line, totals = self.register.line, self.totals
        cents = (2 * _CENTS * totals.numerator + totals.denominator) // (2 * totals.denominator)
        below = totals.numerator * line.denominator < line.numerator * totals.denominator
        crossed = below & (cents * line.denominator >= line.numerator * _CENTS)
        cents = np.where(crossed, _CENTS * totals.numerator // totals.denominator, cents)
        values, codes = np.unique(cents.astype(np.int64), return_inverse=True)
        texts = np.array([show(Fraction(int(value), _CENTS)) for value in values], object)[codes]
        return np.where(self.verdict <= FAIL, texts, "")

    @cached_property
    def margin(self) -> Array:
        """How many whole points each mine is above the line, rounded down; of use where there is a total."""
        return self._above_line(self.totals.numerator)

    @cached_property
    def margin_at_best(self) -> Array:
        """The same if all that is open were at full marks; of use unless nothing in a category applies."""
        return self._above_line(self._best)

    def _above_line(self, numerator: Array) -> Array:
        line, denominator_ = self.register.line, self.totals.denominator
        over = numerator * line.denominator - line.numerator * denominator_
        return np.asarray(over // (denominator_ * line.denominator)).astype(np.int64)

    @cached_property
    def _best(self) -> Array:
        register, totals = self.register, self.totals
        best = totals.numerator.copy()
        for number, indicator in enumerate(register.indicators):
            rows = np.flatnonzero(self.results.status[number] == NOT_ASSESSED)
            best[rows] += register.full(indicator)[rows] * totals.weight[register.category[number], rows]
        return np.asarray(best)

    @cached_property
    def may_pass(self) -> Array:
        """Whether a mine that is still to be assessed would pass if all that is open were met at full marks."""
        held = self.lacking.any(axis=0) | self.totals.needs_ruling.any(axis=0)
        return np.asarray((self.verdict == INCOMPLETE) & ~held & (self.margin_at_best >= 0))

    @cached_property
    def alone(self) -> Array:
        """Whether a failing mine would pass if only this indicator were at full marks: indicator × mine."""
        register, totals = self.register, self.totals
        found = np.zeros(self.results.full.shape, bool)
        lacking = self.lacking.sum(axis=0)
        rows = np.flatnonzero((self.verdict == FAIL) & (lacking <= 1))
        line = register.line
        need = line.numerator * totals.denominator[rows] - totals.numerator[rows] * line.denominator
        for number, indicator in enumerate(register.indicators):
            missing = register.full(indicator)[rows] - self.results.units[number, rows]
            gain = missing * totals.weight[register.category[number], rows] * line.denominator
            open_ = (self.results.status[number, rows] <= NO_EVIDENCE) & ~self.results.full[number, rows]
            found[number, rows] = open_ & (lacking[rows] == self.lacking[number, rows]) & (gain >= need)
        return found


def _mean(values: Array, multiplier: Array, scale: int) -> str | None:
    """Return the exact mean of values that are in units of each mine, printed as points; None of no values."""
    if not len(values):
        return None
    total = Fraction(0)
    for each in np.unique(multiplier):
        total += Fraction(int(values[multiplier == each].sum()), int(each) * scale)
    return show(total / len(values))
