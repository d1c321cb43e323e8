"""Proposals of removal: overdue rectification and reported grounds, with their clause and the deciding body."""

from __future__ import annotations

from typing import Any

from programmes import day, shipped, story

from greenmine.programme.programme import Programme
from greenmine.programme.register import Register, fold
from greenmine.programme.removal import proposals

NATIONAL = shipped("national-2024")
GANSU = shipped("gansu")
SHANXI = shipped("shanxi-2023")
MINE = "mine/GM-0007"
LISTED = ("carry_provincial", "2026-01-05")
ORDER = ("rectify", "2026-07-20", {"deadline": "2026-09-30", "document": "整改通知1号"})


def register(programme: Programme, *steps: Any) -> Register:
    """Return the register of one mine."""
    return fold(story(programme, MINE, *steps), programme)


def test_an_overdue_rectification_is_proposed_for_removal() -> None:
    """绿色矿山建设工作机制 二（三）: 超期未完成整改的，按程序移出; from the day after the last."""
    found = register(GANSU, LISTED, ORDER)
    assert () == proposals(found, day("2026-09-30"))
    (one,) = proposals(found, day("2026-10-01"))
    assert ("overdue", day("2026-10-01"), ("provincial",), ("整改通知1号",)) == (
        (one.ground, one.since, one.lists, one.evidence)
    )
    assert "经复核超期未完成整改" == one.text
    assert "二（三）" in one.rule
    assert "省自然资源厅会同其他绿色矿山共建部门" == one.decided_by


def test_a_rectification_that_ended_is_not_proposed() -> None:
    """Kept, or removed already: there is nothing to propose."""
    for end in (("retain", "2026-09-28"), ("remove", "2026-10-08")):
        assert () == proposals(register(GANSU, LISTED, ORDER, end), day("2026-12-01"))


def test_the_source_that_sets_no_ground_of_its_own_is_quoted_as_it_is() -> None:
    """自然资规〔2024〕1号 四（十）and 晋自然资函〔2023〕738号 二（三）: mines that do not meet the standard."""
    (one,) = proposals(register(NATIONAL, LISTED, ORDER), day("2026-10-01"))
    assert ("standard", "不符合标准的矿山") == (one.ground, one.text)
    (one,) = proposals(register(SHANXI, LISTED, ORDER), day("2026-10-01"))
    assert "晋自然资函〔2023〕738号 二（三）" == one.rule


def test_a_department_reports_a_ground() -> None:
    """八（十七）: trigger 4, reported by a department, is proposed with its words until the mine is removed."""
    report = ("refer", "2026-03-02", {"trigger": "4", "reason": "越界开采", "details": {"evidence": ["执法文书.pdf"]}})
    found = register(NATIONAL, LISTED, report)
    (one,) = proposals(found, day("2026-03-02"))
    assert ("4", "违法开采特别是越界开采、擅自改变开采方式的") == (one.ground, one.text)
    assert "执法文书.pdf" in one.evidence
    assert () == proposals(found, day("2026-03-01"))
    dismissed = ("refer", "2026-03-20", {"reason": "查无实据", "details": {"dismissed": "4"}})
    assert () == proposals(register(NATIONAL, LISTED, report, dismissed), day("2026-04-01"))
    assert () == proposals(register(NATIONAL, LISTED, report, ("remove", "2026-04-01")), day("2026-04-02"))


def test_a_ground_that_needs_rectification_waits_for_it() -> None:
    """八（十七）, trigger 6: 且未按期整改到位的; before the day of the order has passed it is not proposed."""
    report = ("refer", "2026-07-01", {"trigger": "6", "reason": "未落实排污许可"})
    found = register(NATIONAL, LISTED, report, (*ORDER[:2], {**ORDER[2], "trigger": "6"}))
    assert () == proposals(found, day("2026-09-30"))
    assert {"6"} == {one.ground for one in proposals(found, day("2026-10-01"))}


def test_programmes_without_removal_propose_nothing() -> None:
    """A certificate is withdrawn, not removed from a list of the state."""
    ccacc = shipped("ccacc-2024")
    assert () == proposals(fold(story(ccacc, MINE, ("apply", "2026-01-05")), ccacc), day("2026-02-01"))
