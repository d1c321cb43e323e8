"""The overview: lists, due dates, draws and their results, removals, as of any day."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from programmes import NAMES, day, draft, entered, shipped, walk

from greenmine.programme.overview import Overview, overview
from greenmine.programme.register import Register, fold
from greenmine.programme.roster import Mine, Roster

NATIONAL = shipped("national-2024")
LISTED = [
    *((number, "carry_provincial", "2026-01-05") for number in range(4)),
    *((number, "carry_national", "2026-01-05") for number in range(4, 6)),
]


def register(*steps: tuple[Any, ...]) -> Register:
    """Return a register: (number of the mine, step, day, what else)."""
    drafts = [draft(NATIONAL, f"mine/GM-{n:04}", step, on, **(more[0] if more else {})) for n, step, on, *more in steps]
    return fold(entered(drafts), NATIONAL)


def roster(count: int) -> Roster:
    rows = [
        Mine(
            f"GM-{n:04}",
            f"演示矿山{n}",
            ("甲市", "乙市")[n % 2],
            "煤",
            ("large", "medium")[n % 3 > 0],
            producing=n != 7,
        )
        for n in range(count)
    ]
    return Roster("名册.csv", "ab" * 32, {one.id: one for one in rows})


def see(found: Register, on: str, **given_: Any) -> Overview:
    return overview(found, day(on), **given_)


def test_each_list_tells_the_states_of_its_mines() -> None:
    """四（九）: a mine counts on its highest list only, and while it is rectifying on the one it was on."""
    found = see(
        register(*LISTED, (0, "recommend", "2026-02-02"), (4, "rectify", "2026-02-03"), (5, "remove", "2026-02-04")),
        "2026-03-01",
    )
    expected = {"provincial": {"listed_provincial": 3, "recommended": 1}, "national": {"rectifying": 1}}
    assert expected == found.lists
    assert {"removed": 1} == found.others
    assert {"provincial": {"listed_provincial": 4}, "national": {"listed_national": 2}} == see(
        found.register, "2026-02-01"
    ).lists


def test_without_a_roster_no_share_is_told() -> None:
    """Nobody knows how many mines there are beside those in the register."""
    found = see(register(*LISTED), "2026-03-01")
    assert ((), ()) == (found.standings, found.outside)
    document = found.document()
    assert document["roster"] is None
    assert [("large", "0.9", None), ("medium", "0.8", None)] == [
        (one["size"], one["target"], one["whole"]) for one in document["targets"]
    ]


def test_with_a_roster_shares_are_told_exactly() -> None:
    """一（三）: of mines 0, 3, 6 (large) two are listed; of 1, 2, 4, 5, 8 (medium) four, and 7 stands still."""
    found = see(register(*LISTED), "2026-03-01", roster=roster(9)).document()
    large, medium = (one["whole"] for one in found["targets"])
    assert ("2/3", "66.67", 1) == (large["share"], large["percent"], large["missing"])
    assert ("4/5", "80", 0) == (medium["share"], medium["percent"], medium["missing"])
    assert "自然资规〔2024〕1号 一（三）" == found["targets"][0]["rule"]
    assert [("甲市", 2), ("乙市", 1)] == [(one["group"], one["producing"]) for one in found["targets"][0]["cities"]]


def test_what_came_of_those_drawn_is_told_draw_by_draw() -> None:
    """八（十六）, 八（十七）: the first result after the draw counts, until the mine is drawn again."""
    first, second = {"document": "抽查名单1"}, {"document": "抽查名单2"}
    found = register(
        *LISTED,
        *((number, "drawn", "2026-03-02", first) for number in range(4)),
        (0, "check_pass", "2026-04-01"),
        (1, "rectify", "2026-04-01"),
        (1, "retain", "2026-05-06"),
        (2, "remove", "2026-04-03"),
        (3, "drawn", "2026-09-01", second),
        (3, "check_pass", "2026-09-08"),
    )
    checks = see(found, "2026-12-31").checks
    assert [("抽查名单2", 1), ("抽查名单1", 4)] == [(one.document, one.drawn) for one in checks]
    assert (("GM-0003",), (), ()) == (checks[0].passed, checks[0].failed, checks[0].open)
    assert (("GM-0000",), ("GM-0001", "GM-0002"), ("GM-0003",)) == (checks[1].passed, checks[1].failed, checks[1].open)
    (before,) = see(found, "2026-03-31").checks
    assert ((), (), 4) == (before.passed, before.failed, len(before.open))


def test_removals_are_counted_by_ground() -> None:
    """八（十七）: each ground with its words; what is proposed beside what was done, this year beside all."""
    found = register(
        *LISTED,
        (0, "remove", "2026-03-02", {"trigger": "2"}),
        (1, "remove", "2027-03-02", {"trigger": "2"}),
        (2, "refer", "2027-03-03", {"trigger": "4"}),
        (3, "rectify", "2027-01-04", {"deadline": "2027-02-01"}),
    )
    seen = see(found, "2027-04-01")
    assert {"2": (2, 1, 0), "4": (0, 0, 1), "standard": (0, 0, 1)} == seen.grounds
    assert [("GM-0001", "2"), ("GM-0000", "2")] == [(one.mine, one.ground) for one in seen.removed]
    assert "2 受到行政处罚后在履行期限内未执行到位的" == seen.ground_title("2")
    assert "不符合标准的矿山" == seen.ground_title("standard")
    assert {"2": (1, 1, 0)} == see(found, "2026-12-31").grounds


def test_what_is_due_is_counted_by_clock_and_status() -> None:
    """The clocks of greenmine due, no others."""
    found = register(*LISTED, (0, "rectify", "2026-03-02", {"deadline": "2026-04-01"}))
    assert {("rectification", "overdue"): 1} == see(found, "2026-05-01").due_counts
    assert {("rectification", "open"): 1} == see(found, "2026-03-20").due_counts
    assert {} == see(found, "2026-03-20", within=3).due_counts


def test_the_share_of_the_year_is_told_for_each_list() -> None:
    """八（十六）: 每年抽取不低于10%: one of each list by 31 December; of the provincial one it was drawn."""
    found = see(register(*LISTED, (0, "drawn", "2026-03-02")), "2026-12-02").deadlines
    assert [("list/national", 2, 1, 0)] == [
        (one.subject, one.draw.mines, one.draw.needed, one.draw.drawn) for one in found if one.draw
    ]
    assert {("draw", "overdue"): 1} == see(register(*LISTED, (0, "drawn", "2026-03-02")), "2027-01-04").due_counts


@given(
    st.sampled_from(NAMES),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40), st.integers(0, 90)), max_size=40),
    st.integers(0, 1500),
)
def test_the_overview_of_a_past_day_is_that_of_the_events_until_then(
    name: str, choices: list[tuple[int, int, int]], after: int
) -> None:
    """Nothing later is told; and every mine of the register is counted once."""
    programme = shipped(name)
    events = walk(programme, choices)
    on = dt.date(2024, 5, 6) + dt.timedelta(days=after)
    found = overview(fold(events, programme), on, within=0)
    past = overview(fold(events, programme, on), on, within=0)
    assert found.document() | {"journal": None} == past.document() | {"journal": None}
    states = Counter(one.state for one in past.register.records.values() if one.subject.startswith("mine/"))
    told = Counter(found.others)
    for one in found.lists.values():
        told.update(one)
    assert states == told
