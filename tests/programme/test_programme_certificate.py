"""Certificates: grades from cited lines only, validity, surveillance, withdrawal, re-assessment at expiry."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from programmes import day, draft, entered, shipped, story
from pydantic import ValidationError

from greenmine import i18n
from greenmine.errors import JournalError
from greenmine.programme.certificate import certificates, grade_of
from greenmine.programme.events import VOID
from greenmine.programme.parts import Band, Certification
from greenmine.programme.register import fold

CCACC = shipped("ccacc-2024")
MINE = "mine/GM-0001"
LINES = (
    Band(grade="AAAAA", at_least="90", document="示例细则（虚构）", clause="表1"),
    Band(grade="AAAA", at_least="80", document="示例细则（虚构）", clause="表1"),
)


def score(total: str, verdict: str = "pass") -> dict[str, Any]:
    """Return what of a score decides on the grade."""
    return {"verdict": verdict, "total": total, "total_exact": total}


CERTIFIED = (
    ("apply", "2025-03-03"),
    ("accept", "2025-03-10"),
    ("form_team", "2025-03-11"),
    ("assess", "2025-03-28"),
    ("certify", "2025-04-03", {"details": {"certificate": "GM-CERT-1", "grade": "AAAAA"}}),
)


def test_without_cited_lines_no_grade_is_given() -> None:
    """中煤协认证综合〔2024〕1号 五 names two grades and no line: 未提供分级线，不作等级判定."""
    assert CCACC.certification is not None
    assert () == CCACC.certification.bands
    i18n.use("en")
    found = grade_of(CCACC.certification, score("99"))
    assert ("", "No lines between grades are given: no grade is determined.") == (found.grade, found.reason)


@pytest.mark.parametrize(
    ("total", "verdict", "grade"),
    [
        ("90", "pass", "AAAAA"),
        ("8999/100", "pass", "AAAA"),
        ("80", "pass", "AAAA"),
        ("7999/100", "pass", ""),
        ("95", "fail", ""),
        ("95", "incomplete", ""),
    ],
)
def test_cited_lines_give_the_highest_grade_reached(total: str, verdict: str, grade: str) -> None:
    """The exact total counts, each line belongs to its grade, and who fails has none."""
    assert CCACC.certification is not None
    lined = CCACC.certification.model_copy(update={"bands": LINES[::-1]})
    found = grade_of(lined, score(total, verdict))
    assert grade == found.grade
    assert not grade or "示例细则（虚构）" in found.reason


def test_a_score_of_any_denominator_has_its_grade() -> None:
    """五: the exact total counts, whatever panels and folding made of it."""
    assert CCACC.certification is not None
    lined = CCACC.certification.model_copy(update={"bands": LINES})
    exact = {"verdict": "pass", "total": "95.00", "total_exact": "1900000019/20000000"}
    assert "AAAAA" == grade_of(lined, exact).grade


def test_a_number_is_used_once_and_free_again_when_its_issue_was_taken_back() -> None:
    """六2: a number names one certificate, also of one mine; a step that only mentioned it keeps nothing."""
    first = (*CERTIFIED[:-2], ("assess", "2025-03-28", {"details": {"certificate": "C-1"}}))
    issue = ("certify", "2025-04-03", {"details": {"certificate": "C-1"}})
    days = {"apply": "06-01", "accept": "06-08", "form_team": "06-09", "assess": "06-22"}
    again = (("withdraw", "2026-04-20"), *((step, f"2026-{on}") for step, on in days.items()))
    i18n.use("en")
    with pytest.raises(JournalError, match="no other certificate bears"):
        fold(story(CCACC, MINE, *first, issue, *again, ("certify", "2026-07-01", issue[2])), CCACC)
    void = (VOID, "2025-04-03", {"reason": "误登"})
    assert "certified" == fold(story(CCACC, MINE, *first, issue, void, issue), CCACC).get(MINE).state


def test_a_programme_whose_issue_asks_for_no_number_tells_the_paper() -> None:
    """A programme of one's own may know no numbers."""
    steps = {**CCACC.steps, "certify": CCACC.steps["certify"].model_copy(update={"needs": ("document",)})}
    own = CCACC.model_copy(update={"steps": steps})
    plain = ("certify", "2025-04-03", {"document": "发证文件"})
    record = fold(story(own, MINE, *CERTIFIED[:-1], plain), own).get(MINE)
    assert ["发证文件"] == [one.number for one in certificates(record, day("2025-05-06"))]


def test_a_certificate_holds_for_three_years() -> None:
    """六4: issued on 2025-04-03 it holds until 2028-04-03, whether or not its expiry is entered."""
    record = fold(story(CCACC, MINE, *CERTIFIED), CCACC).get(MINE)
    (one,) = certificates(record, day("2028-04-03"))
    assert ("GM-CERT-1", "AAAAA", day("2025-04-03"), day("2028-04-03"), "valid") == (
        (one.number, one.grade, one.issued, one.valid_until, one.status)
    )
    assert "expired" == certificates(record, day("2028-04-04"))[0].status
    assert () == certificates(record, day("2025-04-02"))


def test_surveillances_keep_downgrade_and_upgrade() -> None:
    """六4: 保持、升降级; the grade is that of the last decision on any day."""
    steps = (
        ("keep", "2026-03-30"),
        ("downgrade", "2027-03-30"),
        ("upgrade", "2028-01-10", {"details": {"grade": "AAAAA"}}),
    )
    record = fold(story(CCACC, MINE, *CERTIFIED, *steps), CCACC).get(MINE)
    (one,) = certificates(record, day("2028-02-01"))
    assert [("certify", "AAAAA"), ("keep", "AAAAA"), ("downgrade", "AAAA"), ("upgrade", "AAAAA")] == [
        (decision.outcome, decision.grade) for decision in one.decisions
    ]
    assert "AAAA" == certificates(record, day("2027-12-31"))[0].grade


def test_a_withdrawn_certificate_ends_and_another_may_follow() -> None:
    """六4: 撤销; the mine applies anew, and both certificates are told."""
    days = {"apply": "06-01", "accept": "06-08", "form_team": "06-09", "assess": "06-22", "certify": "07-01"}
    again = [(step, f"2026-{on}") for step, on in days.items()]
    record = fold(story(CCACC, MINE, *CERTIFIED, ("withdraw", "2026-04-20"), *again), CCACC).get(MINE)
    first, second = certificates(record, day("2026-08-01"))
    assert ("withdrawn", day("2026-04-20")) == (first.status, first.ended)
    assert ("valid", "") == (second.status, second.grade)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ((("downgrade", "2026-03-30", {"details": {"grade": "AAAAA"}}),), "a grade below AAAAA"),
        ((("upgrade", "2026-03-30", {"details": {"grade": "AAAAA"}}),), "a grade above AAAAA"),
        ((("downgrade", "2026-03-30", {"details": {"grade": "AAA"}}),), "one of AAAAA, AAAA"),
        ((("keep", "2026-03-30", {"details": {"grade": "AAAA", "grade_source": "x"}}),), "no other grade than AAAAA"),
        ((("announce", "2025-05-06", {"details": {"grade": "AAAA", "grade_source": "x"}}),), "no other grade"),
        ((("expire", "2028-04-03"),), "a day after 2028-04-03"),
        ((("keep", "2028-04-04"),), "a day not after 2028-04-03"),
    ],
)
def test_a_grade_that_does_not_follow_is_refused(steps: tuple[Any, ...], message: str) -> None:
    """An upgrade goes up, a downgrade goes down, and there are the grades that the source names."""
    i18n.use("en")
    with pytest.raises(JournalError, match=message):
        fold(story(CCACC, MINE, *CERTIFIED, *steps), CCACC)


def test_a_certificate_without_a_grade_goes_neither_up_nor_down() -> None:
    """五: where no grade was determined, there is none to raise or lower."""
    i18n.use("en")
    steps = (*CERTIFIED[:4], ("certify", "2025-04-03"), ("downgrade", "2026-03-30"))
    with pytest.raises(JournalError, match="no grade was determined"):
        fold(story(CCACC, MINE, *steps), CCACC)


@pytest.mark.parametrize(
    "lines",
    [
        [("AAA", "90")],
        [("AAAAA", "90"), ("AAAAA", "80")],
        [("AAAAA", "80"), ("AAAA", "90")],
        [("AAAA", "80"), ("AAAAA", "80")],
    ],
)
def test_lines_that_do_not_rise_with_the_grades_are_refused(lines: list[tuple[str, str]]) -> None:
    """A grade that the source does not name, one with two lines, a higher one from fewer points."""
    i18n.use("en")
    assert CCACC.certification is not None
    bands = [{"grade": grade, "at_least": line, "document": "示例", "clause": "1"} for grade, line in lines]
    with pytest.raises(ValidationError, match=r"one of AAAAA, AAAA|line"):
        Certification.model_validate({**CCACC.certification.model_dump(), "bands": bands})


def test_a_grade_without_a_cited_line_is_refused() -> None:
    """五: the notice gives no line, so that a grade needs the document its line stands in."""
    i18n.use("en")
    given = [draft(CCACC, MINE, *one[:2]) for one in CERTIFIED]
    last = given[-1]._replace(details={"certificate": "C-1", "grade": "AAAAA"})
    with pytest.raises(JournalError, match="the document that its line stands in"):
        fold(entered([*given[:-1], last]), CCACC)


def test_programmes_without_certification_have_no_certificates() -> None:
    """A list is not a certificate."""
    national = shipped("national-2024")
    record = fold(story(national, MINE, ("carry_provincial", "2024-05-06")), national).get(MINE)
    assert () == certificates(record, dt.date(2025, 1, 1))
