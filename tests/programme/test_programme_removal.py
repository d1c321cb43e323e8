"""Proposals of removal: overdue rectification and reported grounds, with their clause and the deciding body."""

from __future__ import annotations

from typing import Any

import pytest
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
    for end in (("retain", "2026-09-28"), ("remove", "2026-10-08", {"trigger": "overdue"})):
        assert () == proposals(register(GANSU, LISTED, ORDER, end), day("2026-12-01"))


def test_the_source_that_sets_no_ground_of_its_own_is_quoted_as_it_is() -> None:
    """自然资规〔2024〕1号 四（十）and 晋自然资函〔2023〕738号 二（三）: mines that do not meet the standard."""
    (one,) = proposals(register(NATIONAL, LISTED, ORDER), day("2026-10-01"))
    assert ("standard", "不符合标准的矿山") == (one.ground, one.text)
    (one,) = proposals(register(SHANXI, LISTED, ORDER), day("2026-10-01"))
    assert "晋自然资函〔2023〕738号 二（三）" == one.rule


def test_a_ground_is_proposed_once_however_often_it_is_reported() -> None:
    """八（十七）: trigger 4, reported by two departments, is one case since the first, with the papers of both."""
    report = {"trigger": "4", "reason": "越界开采", "document": "函1", "details": {"evidence": ["执法文书.pdf"]}}
    again = {"trigger": "4", "reason": "再次越界", "document": "函2", "details": {"evidence": ["执法文书.pdf"]}}
    other = {"trigger": "2", "reason": "未缴罚款", "document": "函3"}
    steps = [("refer", "2026-03-02", report), ("refer", "2026-04-07", other), ("refer", "2026-05-06", again)]
    found = proposals(register(NATIONAL, LISTED, *steps), day("2026-06-01"))
    assert [("4", day("2026-03-02")), ("2", day("2026-04-07"))] == [(one.ground, one.since) for one in found]
    assert ("函1", "执法文书.pdf", "函2") == found[0].evidence
    assert all(word in found[0].reason for word in ("越界开采", "再次越界"))
    (one,) = proposals(register(NATIONAL, LISTED, steps[0]), day("2026-03-02"))
    assert found[0].reason.startswith(one.reason)


def test_an_overdue_order_and_a_failed_check_on_one_ground_are_one_case() -> None:
    """四（十）: 不符合标准的矿山: the day of the order has passed, and a later check failed."""
    failed = ("check_fail", "2026-10-12", {"document": "核查记录"})
    (one,) = proposals(register(NATIONAL, LISTED, ORDER, failed), day("2026-11-02"))
    assert ("standard", day("2026-10-01")) == (one.ground, one.since)
    assert ("整改通知1号", "核查记录") == one.evidence


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


REPORT = ("refer", "2026-03-02", {"trigger": "5", "reason": "较大事故"})


def test_a_ground_does_not_come_back_when_the_mine_is_listed_again() -> None:
    """四（十）: it was removed for it; what it was listed for again was looked into anew."""
    again = [
        ("apply", "2026-05-04"), ("review", "2026-05-05"), ("entrust", "2026-05-06"), ("evaluate", "2026-05-07"),
        ("verify", "2026-05-08"), ("publicise", "2026-05-11"), ("list_provincial", "2026-06-01"),
    ]  # fmt: skip
    found = register(NATIONAL, LISTED, REPORT, ("remove", "2026-04-01"), *again)
    assert ("provincial",) == found.get(MINE).lists
    assert () == proposals(found, day("2026-06-02"))


def test_an_accident_is_not_settled_by_a_sign_that_was_put_up() -> None:
    """八（十七）: only triggers about rectification, or the one that the order names, are settled by a re-check."""
    order = ("rectify", "2026-02-02", {"deadline": "2026-04-30", "reason": "标识牌缺失"})
    kept = (order, REPORT, ("retain", "2026-04-01"))
    assert ["5"] == [one.ground for one in proposals(register(NATIONAL, LISTED, *kept), day("2026-05-06"))]
    named = (REPORT, ("rectify", "2026-03-10", {"trigger": "5"}), ("retain", "2026-04-01"))
    assert () == proposals(register(NATIONAL, LISTED, *named), day("2026-05-06"))
    about = (("refer", "2026-01-12", {"trigger": "6"}), order, ("retain", "2026-04-01"))
    assert () == proposals(register(NATIONAL, LISTED, *about), day("2026-05-06"))


@pytest.mark.parametrize(
    ("programme", "ground", "rule"),
    [(NATIONAL, "standard", "四（十）"), (GANSU, "unmet", "二（三）"), (SHANXI, "1", "二（三）")],
)
def test_a_failed_re_check_is_proposed_before_the_day_has_passed(programme: Programme, ground: str, rule: str) -> None:
    """甘肃 整改不满足…的, 山西 核查结论为不合格的, 国家 不符合标准的: from the day of the check until it is decided."""
    failed = ("check_fail", "2026-08-17", {"reason": "排土场仍未覆盖", "document": "复核意见"})
    found = register(programme, LISTED, ORDER, failed)
    assert () == proposals(found, day("2026-08-16"))
    (one,) = proposals(found, day("2026-08-17"))
    assert (ground, ("复核意见",)) == (one.ground, one.evidence)
    assert one.rule.endswith(rule)
    removed = ("remove", "2026-09-01", {"trigger": ground})
    assert () == proposals(register(programme, LISTED, ORDER, failed, removed), day("2026-09-02"))


def test_who_checks_a_list_decides_on_it() -> None:
    """山西二（二）2: 市局负责市级绿色矿山的实地核查, the province the others."""
    for step, body in (("carry_municipal", "市级自然资源主管部门"), ("carry_provincial", "省自然资源厅")):
        found = register(SHANXI, (step, "2026-01-05"), ("check_fail", "2026-07-13", {"reason": "不合格"}))
        assert [body] == [one.decided_by for one in proposals(found, day("2026-07-13"))]


def test_a_failed_check_is_settled_by_an_order_to_rectify() -> None:
    """Time is given instead; once it has passed, the removal is proposed for that."""
    failed = ("check_fail", "2026-07-13", {"reason": "标识牌缺失", "document": "核查记录"})
    found = register(NATIONAL, LISTED, failed, ORDER)
    assert ["standard"] == [one.ground for one in proposals(found, day("2026-07-19"))]
    assert () == proposals(found, day("2026-09-30"))
    assert [("整改通知1号",)] == [one.evidence for one in proposals(found, day("2026-10-01"))]


def test_a_ground_that_needs_rectification_waits_for_it() -> None:
    """八（十七）, trigger 6: 且未按期整改到位的; before the day of the order has passed it is not proposed."""
    report = ("refer", "2026-07-01", {"trigger": "6", "reason": "未落实排污许可"})
    found = register(NATIONAL, LISTED, report, (*ORDER[:2], {**ORDER[2], "trigger": "6"}))
    assert () == proposals(found, day("2026-09-30"))
    assert {"6"} == {one.ground for one in proposals(found, day("2026-10-01"))}


def test_another_office_s_order_is_ground_enough() -> None:
    """八（十七）, trigger 6: what names the paper of another office is proposed, for the removal accepts it too."""
    details = {"order": "限期改正决定书"}
    report = ("refer", "2026-03-02", {"trigger": "6", "reason": "未落实排污许可", "details": details})
    assert ["6"] == [one.ground for one in proposals(register(NATIONAL, LISTED, report), day("2026-03-02"))]
    removed = ("remove", "2026-03-09", {"trigger": "6", "details": details})
    assert () == register(NATIONAL, LISTED, report, removed).get(MINE).lists


def test_what_is_overdue_is_proposed_on_the_ground_that_removes_for_it() -> None:
    """甘肃二（三）: an order may name 整改不满足, but a day that passed is 超期未完成整改."""
    named = (*ORDER[:2], {**ORDER[2], "trigger": "unmet"})
    (one,) = proposals(register(GANSU, LISTED, named), day("2026-10-01"))
    removed = ("remove", "2026-10-08", {"trigger": one.ground})
    assert () == register(GANSU, LISTED, named, removed).get(MINE).lists


def test_programmes_without_removal_propose_nothing() -> None:
    """A certificate is withdrawn, not removed from a list of the state."""
    ccacc = shipped("ccacc-2024")
    assert () == proposals(fold(story(ccacc, MINE, ("apply", "2026-01-05")), ccacc), day("2026-02-01"))
