"""The total: categories folded for what does not apply, then one number and a verdict.

说明一（三）: 经判定某项指标属于不涉及项的，按大类采用折合法计分. The default reading folds each category over its
applicable points; the other readings of the same sentence are here too, so that the report can say whether they agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from greenmine.scoring.indicator import Indicator, Result
from greenmine.scoring.rules import ZERO

ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Category:
    """One 一级指标 of a mine.

    Attributes:
        points: its standard points.
        applicable: points of its indicators that apply to the mine.
        awarded: points they were given.
        converted: points after folding; None while something in it is open.
        whole_na: whether every one of its indicators is not applicable.
    """

    id: str
    points: Fraction
    applicable: Fraction
    awarded: Fraction
    converted: Fraction | None
    whole_na: bool


def fold(
    categories: Mapping[str, Fraction], results: Sequence[tuple[Indicator, Result]], na_fold: str
) -> tuple[Category, ...]:
    """Fold the results of one mine by category.

    Args:
        categories: points of each category by id, in order.
        results: every indicator of the catalog with its result.
        na_fold: `category` folds within the category, `total` over all categories together, `full` gives
            not-applicable indicators full marks, `zero` none.

    Returns:
        The categories in order; with `total` the converted points already sum to the total.
    """
    applicable, awarded, not_applicable = (dict.fromkeys(categories, ZERO) for _ in range(3))
    open_categories = set()
    for indicator, result in results:
        key = indicator.category
        if result.status == "not_applicable":
            not_applicable[key] += indicator.points
        elif result.status != "not_in_block":
            applicable[key] += indicator.points
            awarded[key] += result.points
        if result.status == "not_assessed":
            open_categories.add(key)
    all_points, all_applicable = sum(categories.values(), ZERO), sum(applicable.values(), ZERO)
    folded = []
    for key, points in categories.items():
        converted: Fraction | None = None
        if applicable[key] and key not in open_categories:
            factor = {"category": points / applicable[key], "total": all_points / all_applicable}.get(na_fold, ONE)
            converted = awarded[key] * factor + (not_applicable[key] if na_fold == "full" else ZERO)
        folded.append(Category(key, points, applicable[key], awarded[key], converted, not applicable[key]))
    return tuple(folded)


def total_of(categories: Sequence[Category]) -> Fraction | None:
    """Return the exact total, or None while a category is open or needs a ruling."""
    total = ZERO
    for category in categories:
        if category.converted is None:
            return None
        total += category.converted
    return total


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
