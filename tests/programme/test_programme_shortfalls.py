"""Shortfalls: what an assessment found wanting, as the beginning of a list of items."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from greenmine import i18n
from greenmine.assessment import load_assessment
from greenmine.catalog import load_catalog
from greenmine.programme.shortfalls import shortfalls
from greenmine.scoring import Scorer
from greenmine.workspace import Workspace, shared_dir

SHIPPED = Workspace(shared_dir())
CATALOG: dict[str, Any] = {
    "prerequisites": [{"id": "P1", "name": "证照"}, {"id": "P2", "name": "处罚"}],
    "indicators": [{"id": str(number), "name": f"指标{number}"} for number in range(1, 6)],
}


def scored(number: str, awarded: str, status: str = "scored") -> dict[str, str]:
    return {"id": number, "points": "2", "awarded": awarded, "status": status}


def test_each_defect_is_a_finding_of_its_own() -> None:
    """Prerequisites first; defects of all experts once each; else the justification or the points lost."""
    i18n.use("en")
    defect = {"text": "标识缺失", "where": "大门"}
    findings = {
        "prerequisites": {"P2": {"met": False, "justification": "处罚未执行"}},
        "indicators": {
            "1": {"judgements": [{"facts": {"defects": [defect, {"text": "破损"}]}}, {"facts": {"defects": [defect]}}]},
            "2": {"facts": {"met": False}, "justification": "未编制"},
            "3": {"facts": {}},
            "4": {},
        },
    }
    score = {
        "prerequisites": [{"id": "P1", "met": True}, {"id": "P2", "met": False}],
        "indicators": [
            *(scored("1", "1"), scored("2", "0"), scored("3", "1.5"), scored("4", "0", "no_evidence")),
            scored("5", "2"),
        ],
    }
    assert (
        "P2 处罚: 处罚未执行",
        "1 指标1: 标识缺失（大门）",
        "1 指标1: 破损",
        "2 指标2: 未编制",
        "3 指标3: 1.5 of 2 points",
        "4 指标4: no evidence",
    ) == shortfalls(findings, score, CATALOG)


@pytest.mark.parametrize("place", sorted(SHIPPED.evidence.glob("*/assessments/*")), ids=lambda path: path.name)
def test_the_demo_mines_have_a_finding_for_each_indicator_below_full_marks(place: Any) -> None:
    """Whatever loses points in the assessments that are shipped is in the list, and nothing else."""
    catalog = load_catalog("national@2024", SHIPPED).document
    findings = load_assessment(place.parent.parent, place.name).findings
    score = Scorer(catalog).score(findings)
    lost = {
        one["id"]
        for one in score["indicators"]
        if one["status"] == "no_evidence"
        or (one["status"] == "scored" and Fraction(one["awarded"]) < Fraction(one["points"]))
    }
    lost |= {one["id"] for one in score["prerequisites"] if one["met"] is False}
    assert lost == {text.partition(" ")[0] for text in shortfalls(findings, score, catalog)}
