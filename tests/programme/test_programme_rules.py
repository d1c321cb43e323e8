"""Rules for what is entered from now on; those for every event are tested with the register that folds them."""

from __future__ import annotations

from typing import Any

import pytest
from programmes import day, draft, entered, shipped, story

from greenmine import i18n
from greenmine.assessment.values import BadValue
from greenmine.programme.certificate import certificates
from greenmine.programme.parts import Band
from greenmine.programme.programme import Programme
from greenmine.programme.register import fold
from greenmine.programme.rules import check_new

CCACC = shipped("ccacc-2024")
MINE = "mine/GM-0001"
RECORD = "bags/assess/GM-0001/r1"
LINES = (
    Band(grade="AAAAA", at_least="90", document="示例细则（虚构）", clause="表1"),
    Band(grade="AAAA", at_least="80", document="示例细则（虚构）", clause="表1"),
)
BEFORE = (("apply", "2025-03-03"), ("accept", "2025-03-10"), ("form_team", "2025-03-11"), ("assess", "2025-03-28"))


def lined() -> Programme:
    """Return the programme with lines of grades that a workspace cites."""
    assert CCACC.certification is not None
    return CCACC.model_copy(update={"certification": CCACC.certification.model_copy(update={"bands": LINES})})


def issued(details: dict[str, Any], programme: Programme) -> None:
    """Enter a certificate as a new step."""
    events = story(programme, MINE, *BEFORE, ("certify", "2025-04-03", {"details": details}))
    check_new(events[-1], events[:-1], programme)


@pytest.mark.parametrize(("points", "grade"), [("91", "AAAAA"), ("8999/100", "AAAA"), ("80.00", "AAAA")])
def test_where_lines_are_cited_a_grade_follows_from_an_assessment(points: str, grade: str) -> None:
    """五: 按评价分值分为…两个等级."""
    issued({"record": RECORD, "points": points, "grade": grade}, lined())


@pytest.mark.parametrize(
    "details",
    [
        {"record": RECORD, "points": "8999/100", "grade": "AAAAA"},
        {"record": RECORD, "points": "79", "grade": "AAAA"},
        {"record": RECORD, "points": "many", "grade": "AAAA"},
        {"record": RECORD, "points": "80/0", "grade": "AAAA"},
        {"record": RECORD, "points": 91, "grade": "AAAAA"},
        {"record": RECORD, "points": "91"},
        {"record": RECORD, "grade": "AAAAA"},
        {"points": "91", "grade": "AAAAA"},
    ],
)
def test_a_grade_that_somebody_types_is_none(details: dict[str, Any]) -> None:
    """五: without an assessment, without its points, or another than they give."""
    i18n.use("en")
    with pytest.raises(BadValue, match="details"):
        issued(details, lined())


def test_lines_do_not_bind_certificates_of_before() -> None:
    """A workspace that cites them later can still read its register, undo and withdraw."""
    old = story(CCACC, MINE, *BEFORE, ("certify", "2025-04-03", {"details": {"grade": "AAAAA"}}))
    (one,) = certificates(fold(old, lined()).get(MINE), day("2025-05-06"))
    assert "AAAAA" == one.grade


def test_a_new_certificate_rests_on_a_new_assessment() -> None:
    """六4: 期满后申请复评; what the last one rested on is no re-assessment."""
    days = {"apply": "06-01", "accept": "06-08", "form_team": "06-09", "assess": "06-22", "certify": "07-01"}
    again = [
        (step, f"2026-{on}", {"details": {"record": "r1"}} if step == "certify" else {}) for step, on in days.items()
    ]
    first = (*BEFORE, ("certify", "2025-04-03", {"details": {"record": "r1"}}), ("withdraw", "2026-04-20"))
    events = story(CCACC, MINE, *first, *again)
    with pytest.raises(BadValue) as refused:
        check_new(events[-1], events[:-1], CCACC)
    assert "details/record" == refused.value.place
    other = events[-1]._replace(details={**events[-1].details, "record": "r2"})
    check_new(other, events[:-1], CCACC)


def test_an_application_names_each_material_and_none_twice() -> None:
    """四: 申报材料 are five; the form's own file is no atlas, by its SHA-256."""
    names = ("form", "self_assessment", "atlas", "self_score", "supports")
    files: dict[str, Any] = {
        name: {"path": f"{name}.pdf", "sha256": str(number) * 64} for number, name in enumerate(names)
    }
    wrong = [
        {"form": "x.pdf"},
        {**files, "more": "y.pdf"},
        {**files, "atlas": {"path": "copy.pdf", "sha256": "0" * 64}},
    ]
    for given in (files, *wrong):
        (event,) = entered([draft(CCACC, MINE, "apply", "2024-05-06", details={"materials": given})])
        assert "applied" == fold([event], CCACC).get(MINE).state
        if given is files:
            check_new(event, (), CCACC)
            continue
        with pytest.raises(BadValue) as refused:
            check_new(event, (), CCACC)
        assert refused.value.place.startswith("details/materials")
