"""Sizes of samples, draws, and what a sample tells."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from itertools import combinations
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenmine.archive.sampling import allocate, draw_sample, most_defective, sample_size
from greenmine.errors import UsageError

SURE = Fraction(95, 100)


@pytest.mark.parametrize(
    ("population", "sizes"),
    [(30_000, (59, 148, 297)), (1_000, (57, 138, 258)), (300, (54, 117, 189)), (60, (38, 57, 57))],
)
def test_sizes_are_those_of_the_exact_hypergeometric_distribution(population: int, sizes: tuple[int, ...]) -> None:
    """For shares of 5, 2 and 1 % at 95 %, from small registers and large ones."""
    assert sizes == tuple(sample_size(population, Fraction(share, 100), SURE) for share in (5, 2, 1))


@given(st.integers(1, 60), st.fractions("0.01", 1), st.fractions("0.5", "0.99"))
def test_a_size_is_enough_and_one_less_is_not(population: int, rate: Fraction, confidence: Fraction) -> None:
    """The chance to miss every defective record is at most the rest to certainty, and just so."""
    defective = max(1, int(population * rate))
    size = sample_size(population, rate, confidence)

    def missed(drawn: int) -> Fraction:
        return Fraction(comb(population - defective, drawn), comb(population, drawn))

    assert missed(size) <= 1 - confidence
    assert size == 1 or missed(size - 1) > 1 - confidence


@pytest.mark.parametrize(("population", "rate", "confidence"), [(0, 1, SURE), (5, 0, SURE), (5, 2, SURE), (5, 1, 1)])
def test_a_size_for_impossible_numbers_is_an_error(population: int, rate: int, confidence: Fraction) -> None:
    """No records, no share or certainty itself give no size."""
    with pytest.raises(UsageError):
        sample_size(population, Fraction(rate), Fraction(confidence))


@pytest.mark.parametrize(("size", "found"), [(3, 0), (3, 1), (4, 2), (6, 0), (6, 6), (1, 1)])
def test_the_bound_is_what_counting_all_samples_gives(size: int, found: int) -> None:
    """Among six records, the bound equals the one found by listing every sample of every number of defective ones."""
    likely = []
    for defective in range(found, 6 - (size - found) + 1):
        samples = list(combinations(range(6), size))
        few = sum(sum(one < defective for one in sample) <= found for sample in samples)
        if Fraction(few, len(samples)) > 1 - SURE:
            likely.append(defective)
    assert max(likely) == most_defective(6, size, found, SURE)


def test_a_clean_sample_of_the_size_leaves_less_than_the_share() -> None:
    """59 records without a defect out of 30,000: less than 5 % are defective."""
    assert most_defective(30_000, 59, 0, SURE) < 1_500
    assert most_defective(30_000, 58, 0, SURE) >= 1_500


@given(st.dictionaries(st.text(min_size=1), st.integers(1, 500), min_size=1), st.data())
def test_every_stratum_is_drawn_from_in_proportion(strata: dict[str, int], data: st.DataObject) -> None:
    """None is left out, none gives more than it has, and together they are at least as many as asked for."""
    population = sum(strata.values())
    size = data.draw(st.integers(1, population))
    counts = allocate(strata, size)
    assert strata.keys() == counts.keys()
    assert all(1 <= counts[name] <= strata[name] for name in strata)
    assert all(Fraction(counts[name], strata[name]) >= Fraction(size, population) for name in strata)


def test_the_draw_takes_the_smallest_tickets_of_each_stratum() -> None:
    """Tickets are the SHA-256 of seed, comma and name; the order of the frame does not matter."""
    frame = [(f"GM-{n:04}/r1", "pass" if n % 3 else "fail") for n in range(90)]
    drawn = draw_sample(frame, "4 2 6", 30)
    for stratum, count in (("fail", 10), ("pass", 20)):
        names = [name for name, of in frame if of == stratum]
        tickets = sorted((hashlib.sha256(f"4 2 6,{name}".encode()).hexdigest(), name) for name in names)
        assert tickets[:count] == [(one.ticket, one.record) for one in drawn if one.stratum == stratum]
    assert drawn == draw_sample(frame[::-1], "4 2 6", 30)
    assert drawn != draw_sample(frame, "4 2 7", 30)
    assert () == draw_sample([], "4 2 6", 30)
