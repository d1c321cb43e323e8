"""Tallies: 自然资规〔2024〕1号 一（三）, 90 % of large and 80 % of medium mines by the end of 2028."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from programmes import day, draft, entered, shipped

from greenmine.programme.register import Record, fold
from greenmine.programme.roster import Mine, Roster
from greenmine.programme.tally import Standing, Tally, outside, standings

NATIONAL = shipped("national-2024")
ON = day("2028-12-31")


def mine(number: int, size: str = "large", **fields: Any) -> Mine:
    given_ = {"city": "甲市", "mineral": "煤", "producing": True, **fields}
    return Mine(f"GM-{number:04}", f"演示矿山{number}", size=size, **given_)


def roster(*mines: Mine) -> Roster:
    return Roster("名册.csv", "ab" * 32, {one.id: one for one in mines})


def records(*steps: tuple[int, str, str]) -> dict[str, Record]:
    """Return the records of mines after some steps."""
    found = fold(entered(draft(NATIONAL, f"mine/GM-{n:04}", step, on) for n, step, on in steps), NATIONAL)
    return {one.id: one for one in found.records.values()}


def standing(mines: dict[str, Record], *rows: Mine) -> Standing:
    (large, _medium) = standings(NATIONAL.targets, roster(*rows), mines, ON)
    return large


def listed(count: int) -> list[tuple[int, str, str]]:
    return [(number, "carry_provincial", "2025-01-06") for number in range(count)]


def test_nine_of_ten_large_mines_reach_the_target() -> None:
    """一（三）: 90 % of ten is nine, of eleven ten: 9.9 is rounded up."""
    found = standing(records(*listed(9)), *(mine(number) for number in range(10)))
    assert (Fraction(9, 10), 0, "90") == (found.whole.share, found.whole.missing, found.whole.percent)
    found = standing(records(*listed(9)), *(mine(number) for number in range(11)))
    assert (Fraction(9, 11), 1, "81.82") == (found.whole.share, found.whole.missing, found.whole.percent)


def test_large_and_medium_mines_have_their_own_targets_and_small_ones_none() -> None:
    """一（三）: 90 % and 80 %; for small mines the provinces see to it themselves."""
    rows = [mine(0), mine(1, "medium"), mine(2, "medium"), mine(3, "small")]
    large, medium = standings(NATIONAL.targets, roster(*rows), records((1, "carry_national", "2025-01-06")), ON)
    assert ("large", 1, 0, Fraction(9, 10)) == (
        *(large.target.size, large.whole.producing, large.whole.meets, large.whole.target),
    )
    assert ("medium", 2, 1, Fraction(4, 5)) == (
        *(medium.target.size, medium.whole.producing, medium.whole.meets, medium.whole.target),
    )


def test_who_is_ordered_to_rectify_is_on_the_list_and_does_not_meet_the_standard() -> None:
    """四（十）, 八（十七）: found wanting; kept after the re-check it counts again, removed it is on no list."""
    rows = [mine(0), mine(1), mine(2)]
    steps = [*listed(3), (0, "rectify", "2028-06-01")]
    whole = standing(records(*steps), *rows).whole
    assert (3, 1, 2) == (whole.listed, whole.rectifying, whole.meets)
    whole = standing(records(*steps, (0, "retain", "2028-08-01")), *rows).whole
    assert (3, 0, 3) == (whole.listed, whole.rectifying, whole.meets)
    whole = standing(records(*steps, (0, "remove", "2028-09-03")), *rows).whole
    assert (2, 0, 2) == (whole.listed, whole.rectifying, whole.meets)


def test_only_mines_with_a_licence_that_are_in_production_count() -> None:
    """一（三）: 持证在产; a listed mine that does not count is named with the reason."""
    rows = [mine(0), mine(1, producing=False), mine(2, licence_until=ON - dt.timedelta(days=1))]
    rows.append(mine(3, licence_until=ON))
    register = records(*listed(5))
    assert (2, 2) == (standing(register, *rows).whole.producing, standing(register, *rows).whole.meets)
    found = [(one.id, why) for one, why in outside(roster(*rows), register, ON)]
    assert [("GM-0001", "idle"), ("GM-0002", "lapsed"), ("GM-0004", "absent")] == found


def test_cities_and_minerals_come_with_most_missing_first() -> None:
    """Each is measured for itself, so that what they miss may be more than what all of them miss."""
    rows = [mine(0, city="甲市"), mine(1, city="乙市"), mine(2, city="乙市", mineral="铁"), mine(3, city="丙市")]
    found = standing(records((0, "carry_provincial", "2025-01-06"), (3, "carry_national", "2025-01-06")), *rows)
    assert [("乙市", 2, 2), ("丙市", 1, 0), ("甲市", 1, 0)] == [
        (one.group, one.producing, one.missing) for one in found.cities
    ]
    assert [("煤", 3, 1), ("铁", 1, 1)] == [(one.group, one.producing, one.missing) for one in found.minerals]


def test_without_mines_there_is_no_share() -> None:
    """Nothing is divided by nothing."""
    whole = standing({}).whole
    assert (None, "–", 0) == (whole.share, whole.percent, whole.missing)


def test_a_share_below_the_target_never_prints_as_the_target() -> None:
    """89.999 % is 89.99 %."""
    assert "89.99" == Tally("", 100_000, 89_999, 0, Fraction(9, 10)).percent


@given(st.integers(1, 500), st.data())
def test_what_is_missing_is_just_enough(producing: int, data: st.DataObject) -> None:
    """With the missing ones the target is reached, with one less it is not."""
    listed_ = data.draw(st.integers(0, producing))
    rectifying = data.draw(st.integers(0, listed_))
    tally = Tally("", producing, listed_, rectifying, Fraction(data.draw(st.integers(1, 100)), 100))
    assert tally.meets + tally.missing >= tally.target * producing
    assert not tally.missing or tally.meets + tally.missing - 1 < tally.target * producing
