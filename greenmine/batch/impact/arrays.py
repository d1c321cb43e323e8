"""One rule on columns: the nodes of `greenmine.scoring.rules`, each mine at once.

Points are whole numbers of a unit so small that every amount a rule can give is a multiple of it; `denominator` tells
how many units make a point. What each node does, and when a fact that is not recorded matters, is said in the scorer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import lcm
from typing import NamedTuple

import numpy as np

from greenmine.batch.impact.table import Array, FactsTable, column
from greenmine.i18n import gettext as _
from greenmine.scoring.rules import Award, Best, Count, Deductions, Defects, Flag, Met, Rule, Share, Sum


class Points(NamedTuple):
    """What a node gives each mine: units, whether a fact is missing, units of parts folded away."""

    units: Array
    missing: Array
    excluded: Array | int = 0


@dataclass(frozen=True)
class Entry:
    """What a table holds on one indicator.

    Attributes:
        table: the table.
        indicator: its id.
        scale: how many units make a point.
        component_na: the choice of that reading.
    """

    table: FactsTable
    indicator: str
    scale: int
    component_na: str

    def column(self, key: str) -> str:
        """Return the heading of a fact."""
        return column(self.indicator, key)

    def units(self, points: Fraction) -> int:
        """Return an amount of points in units; the scale makes it whole."""
        whole = points * self.scale
        if whole.denominator != 1:
            raise ArithmeticError(points)  # `denominator` has missed something
        return whole.numerator


def denominator(rule: Rule) -> int:
    """Return how many units make a point, so that whatever a rule gives is a whole number of units."""
    match rule:
        case Count():
            amounts = [rule.points, rule.unit]
        case Defects():
            amounts = [rule.points, rule.step]
        case Deductions():
            amounts = [rule.points, *(points for _key, points, _text in rule.items)]
        case _:
            amounts = [rule.points]
    inner: tuple[Rule, ...] = (rule.otherwise,) if isinstance(rule, Award) else getattr(rule, "of", ())
    own = lcm(*(amount.denominator for amount in amounts), *(denominator(part) for part in inner))
    return own * lcm(*(factor.denominator for factor in _fold_factors(rule))) if isinstance(rule, Sum) else own


def _fold_factors(rule: Sum) -> Iterable[Fraction]:
    """Yield by what the parts of a sum may be multiplied, where some of them do not exist."""
    parts = sum((part.points for part in rule.of), Fraction(0))
    absent = [part.points for part in rule.of if isinstance(part, Flag) and part.may_be_absent]
    lost = reduce(lambda sums, points: sums | {one + points for one in sums}, absent, {Fraction(0)})
    return (parts / (parts - one) for one in lost if one < parts)


def evaluate(rule: Rule, entry: Entry, absentable: frozenset[str]) -> Points:  # noqa: PLR0911 - one return a kind
    """Return what a rule gives each mine.

    Args:
        rule: a compiled rule.
        entry: what is recorded on the indicator.
        absentable: the keys of parts that may not exist.

    Raises:
        InputError: a cell is of another form, or says that a part holds that does not exist.
    """
    table, full = entry.table, entry.units(rule.points)
    match rule:
        case Met():
            return _given(table.truth(entry.column("met")), full)
        case Flag():
            return _flag(rule, entry, full, absentable)
        case Count():
            count, unit = table.count(entry.column(rule.key)), entry.units(rule.unit)
            return Points(np.minimum(np.clip(count, 0, -(-full // unit)) * unit, full), count < 0)
        case Share():
            return _given(table.reaches(entry.column(rule.key), rule.at_least), full)
        case Defects():
            count, step = table.count(entry.column("defects")), entry.units(rule.step)
            left = full - np.minimum(np.clip(count, 0, -(-full // step)) * step, full)
            return Points(np.where(count < 0, 0, left), count < 0)
        case Deductions():
            lost = [_given(table.truth(entry.column(key)), entry.units(points)) for key, points, _text in rule.items]
            left = np.maximum(full - _sum(lost), 0)
            return Points(left, _any_missing(lost) & (left > 0))
        case Award():
            holds = table.truth(entry.column(rule.unless))
            other = evaluate(rule.otherwise, entry, frozenset())
            units = np.where(holds == 1, other.units, np.where(holds == 0, full, 0))
            return Points(units, (holds < 0) | ((holds == 1) & other.missing))
        case Sum():
            parts = [evaluate(part, entry, absentable) for part in rule.of]
            units = np.minimum(_folded(rule, entry, parts), full)
            return Points(units, _any_missing(parts) & (units != full))
        case Best():
            branches = [evaluate(branch, entry, absentable) for branch in rule.of]
            units = reduce(np.maximum, (branch.units for branch in branches))
            return Points(units, _any_missing(branches) & (units != full))
    raise TypeError(rule)


def _given(holds: Array, full: int) -> Points:
    return Points((holds == 1) * full, holds < 0)


def _flag(rule: Flag, entry: Entry, full: int, absentable: frozenset[str]) -> Points:
    name = entry.column(rule.key)
    holds = entry.table.truth(name)
    given = _given(holds, full)
    if rule.key not in absentable:
        return given
    absent = entry.table.mentions(entry.column("absent"), rule.key)
    both = absent & (holds == 1)
    if both.any():
        raise entry.table.wrong(name, int(np.argmax(both)), _("false for a part that does not exist"))
    units = np.where(absent, full if entry.component_na == "award" else 0, given.units)
    return Points(units, given.missing & ~absent, absent * full if entry.component_na == "fold" else 0)


def _folded(rule: Sum, entry: Entry, outcomes: list[Points]) -> Array:
    """Return the parts of a sum together, folded over those that exist."""
    raw = _sum(outcomes)
    excluded = sum(outcome.excluded for outcome in outcomes)
    if isinstance(excluded, int):
        return raw
    parts = entry.units(sum((part.points for part in rule.of), Fraction(0)))
    for lost in np.unique(excluded):
        if 0 < lost < parts:
            raw = np.where(excluded == lost, raw * parts // (parts - lost), raw)  # exact: see `denominator`
    return raw


def _sum(outcomes: list[Points]) -> Array:
    return np.asarray(reduce(np.add, (outcome.units for outcome in outcomes)))


def _any_missing(outcomes: list[Points]) -> Array:
    return np.asarray(reduce(np.logical_or, (outcome.missing for outcome in outcomes)))
