"""How many mines a spot check draws."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from programmes import day, draft, entered, shipped

from greenmine.programme.programme import Programme
from greenmine.programme.quota import of_year, quota
from greenmine.programme.register import Register, fold

NATIONAL = shipped("national-2024")
SHANXI = shipped("shanxi-2023")
LISTED = [(number, "carry_provincial", "2025-01-06") for number in range(21)]


def register(programme: Programme, *steps: tuple[Any, ...]) -> Register:
    """Return a register: (number of the mine, step, day, what else)."""
    drafts = [
        draft(programme, f"mine/GM-{number:04}", step, on, **(more[0] if more else {}))
        for number, step, on, *more in steps
    ]
    return fold(entered(drafts), programme)


def told(found: Register, year: int, on: str) -> dict[str, tuple[int, int | None, int, str | None]]:
    """Return mines, how many are needed and were drawn, and when that was reached, by list."""
    return {
        one.name: (one.mines, one.needed, one.drawn, one.reached and str(one.reached))
        for one in of_year(found, year, day(on))
    }


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


def test_each_year_asks_for_its_share_of_each_list() -> None:
    """八（十六）: 每年抽取不低于10%: three of 21, each year anew; when the third is drawn, the year's share is."""
    drawn = [(0, "drawn", "2025-03-03"), (1, "drawn", "2025-06-02"), (2, "drawn", "2025-09-01")]
    found = register(NATIONAL, *LISTED, *drawn)
    assert {"provincial": (21, 3, 2, None)} == told(found, 2025, "2025-08-31")
    assert {"provincial": (21, 3, 3, "2025-09-01")} == told(found, 2025, "2025-12-31")
    assert {"provincial": (21, 3, 0, None)} == told(found, 2026, "2026-11-21")
    assert {} == told(found, 2024, "2026-11-21")


def test_shanxi_asks_for_a_fifth_of_each_of_three_lists() -> None:
    """二（二）2: 国家级、省级、市级, 不少于20%."""
    carried = [(number, f"carry_{name}", "2023-09-04") for number, name in enumerate(("national", "provincial"))]
    more = [(number, "carry_municipal", "2023-09-04") for number in range(2, 53)]
    assert {"national": (1, 1), "provincial": (1, 1), "municipal": (51, 11)} == {
        name: one[:2] for name, one in told(register(SHANXI, *carried, *more), 2023, "2023-10-08").items()
    }


def test_a_list_is_counted_on_the_day_and_after_the_year_on_its_last() -> None:
    """八（十六）: who came since counts, who was removed does not; a mine drawn before its removal was drawn."""
    found = register(
        NATIONAL,
        *LISTED,
        (0, "drawn", "2025-03-03"),
        (0, "remove", "2025-04-01"),
        *((number, "carry_provincial", "2025-10-08") for number in range(21, 32)),
        (5, "remove", "2026-01-05"),
        (6, "remove", "2026-01-05"),
    )
    assert [(21, 3, 1), (20, 2, 1), (31, 4, 1)] == [
        told(found, 2025, on)["provincial"][:3] for on in ("2025-03-31", "2025-04-01", "2026-01-06")
    ]
    assert (29, 3, 0) == told(found, 2026, "2026-01-06")["provincial"][:3]


def test_a_mine_counts_once_a_year_on_the_list_it_was_drawn_from() -> None:
    """八（十六）, 按名录分别计算: drawn twice is one; drawn as a provincial mine is none of the national list."""
    promoted = [
        (0, step, f"2025-04-{number:02}")
        for number, step in enumerate(
            ("recommend", "argue", "check_national", "publicise_national", "list_national"), start=1
        )
    ]
    again = [(1, "drawn", "2025-03-03"), (1, "drawn", "2025-05-05")]
    found = register(NATIONAL, *LISTED, (0, "drawn", "2025-03-03"), *promoted, *again)
    expected = {"national": (1, 1, 0, None), "provincial": (20, 2, 2, "2025-03-03")}
    assert expected == told(found, 2025, "2025-12-31")


def test_key_mines_and_replacements_are_on_top() -> None:
    """八（十六）: a key mine is no part of the share, and who takes a place does not count beside who had it."""
    steps = [(n, "drawn", "2025-03-03", {"details": {"extra": why}}) for n, why in enumerate(("key", "replacement"))]
    assert {"provincial": (21, 3, 0, None)} == told(register(NATIONAL, *LISTED, *steps), 2025, "2025-12-31")


def test_a_rule_for_strata_or_without_a_step_is_told_as_that() -> None:
    """The register does not know strata; where there is no step, nothing can be counted."""
    assert NATIONAL.draw is not None
    strata = {"ratio": None, "per": "stratum", "strata": {"large": "0.3", "small": "0.05"}}
    for change, expected in ((strata, {"provincial": (21, None, 0, None)}), ({"step": ""}, {})):
        rule = NATIONAL.draw.model_copy(update=change)
        programme = NATIONAL.model_copy(update={"draw": rule})
        assert expected == told(register(programme, *LISTED), 2025, "2025-12-31")
