"""Those drawn are entered in the register, each once: 自然资规〔2024〕1号 八（十六） 纳入随机抽查名单."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from archives import clock
from programmes import draft, shipped

from greenmine.archive.layout import Archive
from greenmine.archive.notary import make_checkpoint
from greenmine.errors import UsageError
from greenmine.programme.checks import checks, demand_open
from greenmine.programme.draw import Plan, State, freeze, listed, make_frame, read_draw, replace, run
from greenmine.programme.drawn import enter
from greenmine.programme.events import Event
from greenmine.programme.quota import of_year
from greenmine.programme.recording import open_register, record

NATIONAL = shipped("national-2024")
FROZEN = dt.datetime(2026, 6, 25, 1, tzinfo=dt.UTC)
DRAWN = dt.datetime(2026, 7, 1, 17, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 7, 6, 1, tzinfo=dt.UTC)
PLAN = {
    "schema": "greenmine.draw.plan/1",
    "draw": "2026-spot",
    "programme": "national-2024",
    "as_of": "2026-06-24",
    "event": "中国福利彩票双色球第2026075期",
    "event_at": "2026-07-01T21:15",
    "seed_like": "00 00 00",
    "key_mines": {"GM-0003": "群众举报"},
    "replacements": {"closed": "抽签后停产关闭"},
}


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An archive with 30 mines on the provincial list and a frame that a checkpoint fixed."""
    made = Archive.open(tmp_path / "reports", create=True)
    steps = [draft(NATIONAL, f"mine/GM-{number:04}", "carry_provincial", "2026-01-05") for number in range(30)]
    record(made, NATIONAL, steps, by="测试", time=FROZEN)
    plan = Plan.model_validate(PLAN)
    lists = listed(open_register(made, NATIONAL).register, dt.date(2026, 6, 24))
    freeze(made, *make_frame(plan, NATIONAL, lists, by="省厅", on=FROZEN), FROZEN)
    make_checkpoint(made, clock=clock(FROZEN))
    return made


def drawn(archive: Archive) -> State:
    return run(archive, "2026-spot", "03 08 11", by="省厅", on=DRAWN)


def entered(archive: Archive) -> list[Event]:
    return [event for event in open_register(archive, NATIONAL).events if event.step == "drawn"]


def test_drawn_and_key_mines_are_entered_with_the_bag_of_the_draw(archive: Archive) -> None:
    """八（十六）: ceil(10 % of 30) = 3 and the key mine; dated by the day in China, the bag is the document."""
    state = drawn(archive)
    steps, passed_over = enter(archive, NATIONAL, state, by="登记员", time=DRAWN)
    assert state.outcome is not None
    assert sorted(["GM-0003", *(one.record for one in state.outcome.mines)]) == [one.subject[5:] for one in steps]
    assert {(dt.date(2026, 7, 2), "省厅", "登记员", "bags/draw/2026-spot/r2")} == {
        (one.date, one.office, one.by, one.document) for one in steps
    }
    assert (4, ()) == (len(steps), passed_over)
    assert {"mine/GM-0003": "key"} == {one.subject: one.details["extra"] for one in steps if "extra" in one.details}
    assert "listed_provincial" == open_register(archive, NATIONAL).register.get(steps[0].subject).state


def test_entering_again_adds_what_is_missing_and_nothing_else(archive: Archive) -> None:
    """After an interruption, twice in a row, or by several people at once: each mine has one step."""
    state = drawn(archive)
    assert () == tuple(entered(archive))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _n: enter(archive, NATIONAL, state, by="登记员", time=DRAWN), range(8)))
    assert 4 == sum(len(steps) for steps, _passed_over in found)
    assert 4 == len({one.subject for one in entered(archive)}) == len(entered(archive))
    one = entered(archive)[-1]
    undo = draft(NATIONAL, one.subject, "void", one.date)
    record(archive, NATIONAL, [undo], by="登记员", time=DRAWN)
    steps, _passed_over = enter(archive, NATIONAL, read_draw(archive, "2026-spot"), by="登记员", time=LATER)
    assert [one.subject] == [step.subject for step in steps]


def exchanged(archive: Archive) -> tuple[State, Event]:
    """Draw, enter who is drawn, and replace the first of them; return the draw then, and the step of who came in."""
    state = drawn(archive)
    assert state.outcome is not None
    enter(archive, NATIONAL, state, by="登记员", time=DRAWN)
    first = state.outcome.mines[0].record
    state = replace(archive, "2026-spot", first, ground="closed", document="停产通知", by="省厅", on=LATER)
    (step,), _passed_over = enter(archive, NATIONAL, state, by="登记员", time=LATER)
    return state, step


def test_who_replaces_is_entered_on_the_day_of_the_replacement(archive: Archive) -> None:
    """The next ticket is checked too: its step names the bag of the replacement; when it was drawn stays."""
    state, step = exchanged(archive)
    assert (dt.date(2026, 7, 6), "bags/draw/2026-spot/r3") == (step.date, step.document)
    assert {"draw": "2026-spot", "extra": "replacement"} == step.details
    (share,) = of_year(open_register(archive, NATIONAL).register, 2026, dt.date(2026, 12, 31))
    assert (30, 3, 3, dt.date(2026, 7, 2)) == (share.mines, share.needed, share.drawn, share.reached)
    assert dt.date(2026, 7, 2) == state.day == read_draw(archive, "2026-spot").day


def test_a_mine_removed_since_the_frame_keeps_nobody_else_out(archive: Archive) -> None:
    """八（十七）: it is on no list any more; the rule is told, the others are entered."""
    state = drawn(archive)
    assert state.outcome is not None
    gone = state.outcome.mines[0].record
    removal = draft(NATIONAL, f"mine/{gone}", "remove", "2026-06-26")
    record(archive, NATIONAL, [removal], by="登记员", time=DRAWN)
    steps, passed_over = enter(archive, NATIONAL, state, by="登记员", time=DRAWN)
    assert 3 == len(steps)
    assert gone in str(passed_over[0])
    assert "八（十六）" in str(passed_over[0])


def test_who_comes_in_for_a_mine_that_is_on_no_list_counts_in_its_place(archive: Archive) -> None:
    """八（十六）: the removed one has no step, so that the year's share is reached with the next ticket."""
    state = drawn(archive)
    assert state.outcome is not None
    gone = state.outcome.mines[0].record
    record(archive, NATIONAL, [draft(NATIONAL, f"mine/{gone}", "remove", "2026-06-26")], by="登记员", time=DRAWN)
    enter(archive, NATIONAL, state, by="登记员", time=DRAWN)
    state = replace(archive, "2026-spot", gone, ground="closed", document="移出公告", by="省厅", on=LATER)
    (step,), _passed_over = enter(archive, NATIONAL, state, by="登记员", time=LATER)
    assert {"draw": "2026-spot"} == step.details
    (share,) = of_year(open_register(archive, NATIONAL).register, 2026, dt.date(2026, 12, 31))
    assert (29, 3, 3) == (share.mines, share.needed, share.drawn)


def test_who_came_in_for_another_is_not_replaced_after_its_check(archive: Archive) -> None:
    """一公开: what came of its check stays, and is what the draw tells of it."""
    state, step = exchanged(archive)
    mine = step.subject.partition("/")[2]
    demand_open(open_register(archive, NATIONAL).register, state, mine)
    failed = draft(NATIONAL, step.subject, "check_fail", "2026-07-10")
    record(archive, NATIONAL, [failed], by="登记员", time=LATER + dt.timedelta(days=7))
    found = open_register(archive, NATIONAL).register
    with pytest.raises(UsageError, match=mine):
        demand_open(found, state, mine)
    (check,) = checks(found, dt.date(2026, 8, 3), [state])
    assert (mine,) == check.failed


def test_what_is_not_drawn_is_not_entered_nor_where_there_is_no_step(archive: Archive) -> None:
    """A frame alone is no draw; a programme without the step has nothing to enter."""
    with pytest.raises(UsageError, match="2026-spot"):
        enter(archive, NATIONAL, read_draw(archive, "2026-spot"), by="登记员", time=DRAWN)
    assert NATIONAL.draw is not None
    bare = NATIONAL.model_copy(update={"draw": NATIONAL.draw.model_copy(update={"step": ""})})
    assert ((), ()) == enter(archive, bare, drawn(archive), by="登记员", time=DRAWN)
    assert [] == entered(archive)
