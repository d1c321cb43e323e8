"""Facts: what a panel recorded on an indicator, read strictly.

A fact is a yes or no, a number, a list of defects, a clause's state; never a score. Whatever is of another type, out
of range or contradicts another fact is a `BadFact` naming the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from greenmine.errors import shown
from greenmine.i18n import gettext as _
from greenmine.scoring.exact import NotANumber, exact, show
from greenmine.scoring.rates import comprehensive_rate
from greenmine.scoring.wording import Line, line

Facts = Mapping[str, Any]
CLAUSE_STATES = ("met", "unmet", "not_applicable")


class BadFact(ValueError):  # noqa: N818 - it names the thing found
    """A recorded fact is of the wrong type, out of range, or contradicts another."""

    def __init__(self, key: str, expected: str, found: str) -> None:
        super().__init__(key, expected, found)
        self.key, self.expected, self.found = key, expected, found


def boolean(facts: Facts, key: str) -> bool | None:
    """Return a yes/no fact, or None where it is not recorded.

    Raises:
        BadFact: the value is neither true nor false.
    """
    value = facts.get(key)
    if value is None and key not in facts:
        return None
    if not isinstance(value, bool):
        raise BadFact(key, _("true or false"), shown(value))
    return value


def measured_fits(facts: Facts, direction: str) -> tuple[Line | None, bool | None]:
    """Compare the measured value with the required one.

    Args:
        facts: the facts of the indicator.
        direction: `at_least` or `at_most`, as the catalog says.

    Returns:
        The sentence for the trace and whether the value fits; two Nones where nothing was measured.

    Raises:
        BadFact: the record is malformed.
    """
    measured = facts.get("measured")
    if measured is None:
        return None, None
    if not isinstance(measured, dict):
        raise BadFact("measured", _("an object with value, required and source"), shown(measured))
    source = measured.get("source")
    if not isinstance(source, str) or not source.strip():
        raise BadFact("measured/source", _("the document that the figures are taken from"), shown(source))
    value, required = (_number(measured, key) for key in ("value", "required"))
    if "minerals" in measured:
        _check_minerals(measured, value)
    fits = value >= required if direction == "at_least" else value <= required
    code = f"measured_{direction}" if fits else f"measured_not_{direction}"
    return line(code, value=str(measured["value"]), required=str(measured["required"])), fits


def _check_minerals(measured: Facts, value: Fraction) -> None:
    """Refuse a comprehensive rate (in percent) that its own inputs, recorded beside it in percent, do not give."""
    minerals = measured["minerals"]
    if not isinstance(minerals, list | tuple) or not all(isinstance(mineral, dict) for mineral in minerals):
        raise BadFact("measured/minerals", _("a list of objects with mining and processing"), shown(minerals))
    try:
        pairs = [(_number(mineral, "mining") / 100, _number(mineral, "processing") / 100) for mineral in minerals]
        rate = comprehensive_rate(pairs) * 100
    except ValueError as problem:
        if isinstance(problem, BadFact):
            raise
        raise BadFact("measured/minerals", _("recoveries from 0 to 100 percent"), shown(minerals)) from None
    if show(rate) != show(value):
        raise BadFact("measured/value", _("{rate}, as the minerals give").format(rate=show(rate)), show(value))


def _number(measured: Facts, key: str) -> Fraction:
    if key not in measured:
        raise BadFact(f"measured/{key}", _("a number"), _("nothing"))
    try:
        return exact(measured[key])
    except NotANumber:
        raise BadFact(f"measured/{key}", _("a number"), shown(measured[key])) from None


def clause_states(facts: Facts) -> Mapping[str, str]:
    """Return the recorded state of each clause; none where no clause is recorded.

    Raises:
        BadFact: the record is malformed.
    """
    clauses = facts.get("clauses", {})
    if not isinstance(clauses, dict):
        raise BadFact("clauses", _("an object from clause to its state"), shown(clauses))
    for key, state in clauses.items():
        if state not in CLAUSE_STATES:
            raise BadFact(f"clauses/{key}", " | ".join(CLAUSE_STATES), shown(state))
    return clauses
