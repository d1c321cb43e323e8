"""How many mines a spot check draws."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenmine.programme.quota import quota


@pytest.mark.parametrize(
    ("size", "ratio", "drawn"),
    [
        (112, Fraction(1, 10), 12),
        (51, Fraction(1, 5), 11),
        (10, Fraction(30, 100), 3),
        (20, Fraction(15, 100), 3),
        (40, Fraction(5, 100), 2),
        (0, Fraction(1, 10), 0),
        (1, Fraction(1, 100), 1),
    ],
)
def test_a_share_is_rounded_up_per_list_and_stratum(size: int, ratio: Fraction, drawn: int) -> None:
    """B9: ceil(0.10·112) = 12, ceil(0.20·51) = 11, 30/15/5 % of 10/20/40 are 3/3/2."""
    assert drawn == quota(size, ratio)


@given(st.integers(0, 100_000), st.fractions(Fraction(1, 1000), 1))
def test_a_quota_is_the_least_number_that_reaches_the_ratio(size: int, ratio: Fraction) -> None:
    """The quota reaches the ratio, and one fewer would not."""
    drawn = quota(size, ratio)
    assert drawn >= size * ratio
    assert size == 0 or drawn - 1 < size * ratio


@pytest.mark.parametrize(("size", "ratio"), [(-1, Fraction(1, 10)), (5, Fraction(0)), (5, Fraction(11, 10))])
def test_an_impossible_list_or_ratio_is_refused(size: int, ratio: Fraction) -> None:
    """A negative size, no ratio and more than everything are errors."""
    with pytest.raises(ValueError, match="Fraction"):
        quota(size, ratio)
