"""Exact numbers."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenmine.scoring.exact import NotANumber, exact, show, show_total


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("0.1", Fraction(1, 10)),
        (0.1, Fraction(1, 10)),
        (Decimal("79.995"), Fraction(15999, 200)),
        (3, Fraction(3)),
        ("1e2", Fraction(100)),
        (Fraction(1, 3), Fraction(1, 3)),
    ],
)
def test_a_number_is_taken_as_it_was_written(value: object, number: Fraction) -> None:
    """A float stands for its shortest decimal, not for its binary value."""
    assert number == exact(value)


@pytest.mark.parametrize("value", ["", "x", "1_0", "nan", "inf", float("nan"), True, None, [], "1e999999999", "9" * 50])
def test_what_is_not_a_finite_number_is_refused(value: object) -> None:
    """Text, booleans, infinities and absurdly long or large numbers are not numbers."""
    with pytest.raises(NotANumber):
        exact(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(27, 2), "13.5"),
        (Fraction(1, 3), "0.33"),
        (Fraction(1, 200), "0.01"),
        (Fraction(12), "12"),
        (Fraction(-1, 3), "-0.33"),
        (Fraction(0), "0"),
    ],
)
def test_numbers_show_two_places_half_up_without_trailing_zeros(value: Fraction, text: str) -> None:
    """10.80 is 10.8, 12.00 is 12, 0.005 is 0.01."""
    assert text == show(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(79996, 1000), "79.99"),
        (Fraction(15199, 190), "79.99"),
        (Fraction(80), "80"),
        (Fraction(79994, 1000), "79.99"),
        (Fraction(799999999, 10000000), "79.99"),
    ],
)
def test_a_failing_total_never_shows_as_the_line(value: Fraction, text: str) -> None:
    """79.996 would round to 80.00; it shows 79.99."""
    assert text == show_total(value, Fraction(80))


@given(st.fractions(0, 100), st.decimals(1, 100, places=3).map(Fraction))
def test_what_is_shown_is_on_the_same_side_of_the_line(value: Fraction, line: Fraction) -> None:
    """For any line with up to two places, the shown total compares with it as the exact one does."""
    line = Fraction(round(line * 100), 100)
    assert (value < line) == (Fraction(show_total(value, line)) < line)


@given(st.decimals(-1000, 1000, places=2))
def test_showing_two_places_loses_nothing(value: Decimal) -> None:
    """A number of two places comes back from its text."""
    assert exact(value) == exact(show(exact(value)))
