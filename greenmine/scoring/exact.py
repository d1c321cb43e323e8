"""Exact numbers: decimal text to fractions and back. No float ever takes part in a verdict."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import lcm

_CENT = 100


class NotANumber(ValueError):  # noqa: N818 - it names what the value is
    """The value is not a finite number, or is absurdly long."""


def exact(value: object) -> Fraction:
    """Return the exact value of an integer, a `Decimal`, a decimal string, or a float as it was written.

    Raises:
        NotANumber: the value is none of these, or is not finite.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal | Fraction):
        raise NotANumber(value)
    text = repr(value) if isinstance(value, float) else str(value)
    if len(text) > 40 or "_" in text:  # noqa: PLR2004 - longer than any measurement; keeps 1e999999999 out
        raise NotANumber(value)
    try:
        return Fraction(value) if isinstance(value, Fraction | int) else _parse(text)
    except (ValueError, ZeroDivisionError, OverflowError, ArithmeticError):
        raise NotANumber(value) from None


@lru_cache(maxsize=4096)
def _parse(text: str) -> Fraction:
    number = Decimal(text)
    if not number.is_finite() or abs(number.adjusted()) > 30:  # noqa: PLR2004 - see above
        raise NotANumber(text)
    return Fraction(number)


def add(values: Iterable[Fraction]) -> Fraction:
    """Return the exact sum of `values`, over one common denominator: several times faster than one by one."""
    ratios = [value.as_integer_ratio() for value in values]
    common = lcm(*(denominator for _numerator, denominator in ratios))
    return Fraction(sum(numerator * (common // denominator) for numerator, denominator in ratios), common)


def _decimal(cents: int) -> str:
    sign, cents = ("-", -cents) if cents < 0 else ("", cents)
    whole, rest = divmod(cents, _CENT)
    return f"{sign}{whole}" if rest == 0 else f"{sign}{whole}.{rest:02d}".rstrip("0")


def show(value: Fraction) -> str:
    """Return `value` in decimal, rounded half up to two places, without trailing zeros: `10.8`, `79.99`, `12`."""
    return _show(value.as_integer_ratio())


@lru_cache(maxsize=8192)
def _show(ratio: tuple[int, int]) -> str:  # integers hash several times faster than a fraction does
    numerator, denominator = ratio
    return _decimal((2 * _CENT * numerator + denominator) // (2 * denominator))


def show_total(value: Fraction, line: Fraction) -> str:
    """Return a total as `show` does, but never at or above the line when the exact value is below it."""
    shown = show(value)
    if value < line <= Fraction(shown):
        return _decimal(value.numerator * _CENT // value.denominator)
    return shown
