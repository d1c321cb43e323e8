"""The total: categories folded for what does not apply, then one number and a verdict.

说明一（三）: 经判定某项指标属于不涉及项的，按大类采用折合法计分. The default reading folds each category over its
applicable points; the other readings of the same sentence are here too, so that the report can say whether they agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from greenmine.scoring.exact import add
from greenmine.scoring.indicator import Indicator, Result
from greenmine.scoring.rules import ZERO


class Tally(NamedTuple):
    """What one 一级指标 of a mine adds up to, before folding.

    Attributes:
        points: its standard points.
        applicable: points of its indicators that apply to the mine.
        awarded: points they were given.
        not_applicable: points of its indicators that do not apply.
        open: whether one of its indicators is not assessed.
    """

    id: str
    points: Fraction
    applicable: Fraction
    awarded: Fraction
    not_applicable: Fraction
    open: bool


def tally(categories: Mapping[str, Fraction], results: Sequence[tuple[Indicator, Result]]) -> tuple[Tally, ...]:
    """Add up the results of one mine by category.

    What applies is the category's points less what does not: the points of a mine's indicators sum to their category's,
    or the catalog would not have been accepted.

    Args:
        categories: points of each category by id, in order.
        results: every indicator of the catalog with its result.
    """
    awarded: dict[str, list[Fraction]] = {key: [] for key in categories}
    not_applicable: dict[str, list[Fraction]] = {key: [] for key in categories}
    opened = set()
    for indicator, result in results:
        key = indicator.category
        if result.status == "not_applicable":
            not_applicable[key].append(indicator.points)
        elif result.status == "not_assessed":
            opened.add(key)
        else:
            awarded[key].append(result.points)
    tallies = []
    for key, points in categories.items():
        left_out = add(not_applicable[key])
        tallies.append(Tally(key, points, points - left_out, add(awarded[key]), left_out, key in opened))
    return tuple(tallies)


def fold(tallies: Sequence[Tally], na_fold: str) -> tuple[Fraction | None, ...]:
    """Fold away what does not apply.

    Args:
        tallies: the categories of one mine.
        na_fold: `category` folds within the category, `total` over all categories together, `full` gives
            not-applicable indicators full marks, `zero` none.

    Returns:
        The points of each category after folding, in order, summing to the total; None where the category is open, or
        not applicable as a whole (0/0 is no score: a written ruling is needed).
    """
    closed = [tally.applicable and not tally.open for tally in tallies]
    if na_fold == "category":
        folded = [
            t.awarded * t.points / t.applicable if t.not_applicable and t.applicable else t.awarded for t in tallies
        ]
    elif na_fold == "total":
        points, applicable = add(tally.points for tally in tallies), add(tally.applicable for tally in tallies)
        folded = [tally.awarded * points / applicable if applicable else ZERO for tally in tallies]
    elif na_fold == "full":
        folded = [tally.awarded + tally.not_applicable for tally in tallies]
    else:
        folded = [tally.awarded for tally in tallies]
    return tuple(points if is_closed else None for points, is_closed in zip(folded, closed, strict=True))


def total_of(folded: Sequence[Fraction | None]) -> Fraction | None:
    """Return the exact total, or None while a category is open or needs a ruling."""
    closed = [points for points in folded if points is not None]
    return add(closed) if len(closed) == len(folded) else None


def verdict_of(prerequisites: Sequence[bool | None], total: Fraction | None, line: Fraction, *, mandatory: bool) -> str:
    """Return the verdict.

    Args:
        prerequisites: whether each is met; None where it is not assessed.
        total: the exact total; None while something is open.
        line: the 达标线, compared with the exact total.
        mandatory: whether every applicable mandatory indicator is at full marks (说明一（二）).

    Returns:
        `ineligible`, `incomplete`, `fail` or `pass`; a failed prerequisite always wins.
    """
    if False in prerequisites:
        return "ineligible"
    if None in prerequisites or total is None:
        return "incomplete"
    return "pass" if mandatory and total >= line else "fail"
