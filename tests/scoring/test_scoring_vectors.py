"""The hand-checkable vectors of the field, exactly."""

from __future__ import annotations

from fractions import Fraction

import pytest
from cases import FOLDING_LOSSES, ROUNDING_LOSSES, Document, defects, full_findings, national, with_facts, without

from greenmine.errors import FindingsError
from greenmine.scoring import Scorer
from greenmine.scoring.rates import comprehensive_rate


@pytest.fixture(scope="module")
def catalog() -> Document:
    return national()


@pytest.fixture(scope="module")
def scorer(catalog: Document) -> Scorer:
    return Scorer(catalog)


def indicator(score: Document, key: str) -> Document:
    return next(row for row in score["indicators"] if row["id"] == key)


@pytest.fixture
def folding(catalog: Document) -> Document:
    return without(with_facts(full_findings(catalog, "gold"), FOLDING_LOSSES), "12", "13", "16", "18")


def test_category_folding_gives_79_10_and_fails(scorer: Scorer, folding: Document) -> None:
    """B1: 10.8 + 16 + 9 + 18.5 + 17 + 7.8 = 79.10, below the line."""
    score = scorer.score(folding)
    assert ["10.8", "16", "9", "18.5", "17", "7.8"] == [row["converted"] for row in score["categories"]]
    assert ("79.1", "791/10", "fail") == (score["total"], score["total_exact"], score["verdict"])
    assert ["below_line"] == [reason["code"] for reason in score["reasons"]]


def test_other_foldings_of_the_same_mine_flip_the_verdict(scorer: Scorer, folding: Document) -> None:
    """B1: 81.29 on the total, 82.60 with full marks, 75.60 with zero; the score says it is sensitive."""
    score = scorer.score(folding)
    rows = {
        row["choice"]: (row["total"], row["verdict"]) for row in score["sensitivity"] if row["reading"] == "na_fold"
    }
    assert {"total": ("81.29", "pass"), "full": ("82.6", "pass"), "zero": ("75.6", "fail")} == rows
    assert score["sensitive"] is True
    assert {"total": "75.6", "verdict": "fail"} == score["lower_bound"]


@pytest.mark.parametrize(
    ("choice", "total", "verdict"),
    [("category", "79.1", "fail"), ("total", "81.29", "pass"), ("full", "82.6", "pass"), ("zero", "75.6", "fail")],
)
def test_a_chosen_reading_is_the_one_that_decides(
    scorer: Scorer, folding: Document, choice: str, total: str, verdict: str
) -> None:
    """B1 under each reading chosen outright; the choice is printed in the score."""
    score = scorer.score(folding, {"na_fold": choice})
    assert (total, verdict, choice) == (score["total"], score["verdict"], score["readings"]["na_fold"])


def test_a_total_just_below_the_line_fails_and_never_prints_as_the_line(scorer: Scorer, catalog: Document) -> None:
    """B2: 15199/190 = 79.99473… fails and prints 79.99."""
    score = scorer.score(without(with_facts(full_findings(catalog), ROUNDING_LOSSES), "30"))
    assert ("15199/190", "79.99", "fail") == (score["total_exact"], score["total"], score["verdict"])


def test_one_mandatory_indicator_short_fails_a_mine_at_95_points(scorer: Scorer, catalog: Document) -> None:
    """B3: everything full except indicator 40."""
    score = scorer.score(with_facts(full_findings(catalog), {"40": {"met": False}}))
    assert ("95", "fail") == (score["total"], score["verdict"])
    assert [("mandatory_not_full", "40")] == [(r["code"], r["indicator"]) for r in score["reasons"]]


def test_marking_a_weak_indicator_not_applicable_raises_the_total(scorer: Scorer, catalog: Document) -> None:
    """B4: indicator 46 at zero gives 98, not applicable gives 100; the lower bound shows it."""
    zero = scorer.score(with_facts(full_findings(catalog), {"46": {"met": False}}))
    absent = scorer.score(without(full_findings(catalog), "46"))
    assert ("98", "100", "98") == (zero["total"], absent["total"], absent["lower_bound"]["total"])


def test_block_two_passes_at_exactly_80_and_fails_at_79_8(scorer: Scorer, catalog: Document) -> None:
    """B5: 17 mandatory at full (40 points) and 40 of 60 pass; 39.8 fail."""
    losses = {
        "1": {"living_area_unclear": True, "production_area_unclear": True},
        "2": defects(4),
        "4": defects(4),
        "5": defects(4),
        "6": defects(4),
        "21": {"met": False},
        "22": {"met": False},
    }
    findings = with_facts(full_findings(catalog, "aggregate", ("open_pit",)), losses)
    score = scorer.score(findings)
    assert ("80", "80", "pass") == (score["total"], score["total_exact"], score["verdict"])
    assert (45 - 5, 17, 17) == (
        score["counts"]["in_block"],
        score["counts"]["mandatory_in_block"],
        score["counts"]["mandatory_full"],
    )
    short = scorer.score(with_facts(findings, {"3": defects(1)}))
    assert ("79.8", "399/5", "fail") == (short["total"], short["total_exact"], short["verdict"])


@pytest.mark.parametrize(
    ("key", "facts", "points"),
    [
        ("26", {"annual_plan": True, "process_management": True, "certified": True}, "1"),
        ("44", {"patents": 5, "catalogue_entries": 1, "high_tech_certificate": True}, "2"),
        ("47", defects(6), "0"),
        ("1", {"living_area_unclear": True, "production_area_unclear": True}, "0"),
        ("20", {"treatment": False, "reuse": False, "municipal": True}, "2"),
    ],
)
def test_caps_floors_and_branches(scorer: Scorer, catalog: Document, key: str, facts: Document, points: str) -> None:
    """B6: additions are capped, deductions stop at zero, branches do not add up."""
    score = scorer.score(with_facts(full_findings(catalog), {key: facts}))
    assert points == indicator(score, key)["awarded"]


def experts(findings: Document, key: str, facts: list[Document]) -> Document:
    findings["indicators"][key] = {
        "resolution": "mean",
        "judgements": [{"by": f"E{n}", "facts": value, "justification": "意见"} for n, value in enumerate(facts, 1)],
        "evidence": ["a.pdf"],
    }
    return findings


def test_a_split_on_a_mandatory_indicator_fails_unless_the_majority_decides(scorer: Scorer, catalog: Document) -> None:
    """B7: four experts find indicator 40 full, one does not."""
    votes = [{"met": True}] * 4 + [{"met": False}]
    findings = experts(full_findings(catalog), "40", votes)
    unanimous = scorer.score(findings)
    majority = scorer.score(findings, {"expert_split": "majority"})
    assert ("fail", "0") == (unanimous["verdict"], indicator(unanimous, "40")["awarded"])
    assert ("pass", "5") == (majority["verdict"], indicator(majority, "40")["awarded"])
    assert unanimous["sensitive"] is True


def test_improvement_points_are_the_exact_mean_of_the_experts(scorer: Scorer, catalog: Document) -> None:
    """B7: 6, 6, 4, 8 and 6 points on indicator 9 give 6."""
    keys = ("drilling", "blasting", "loading", "dumping")
    votes = [{key: n < points // 2 for n, key in enumerate(keys)} for points in (6, 6, 4, 8, 6)]
    findings = experts(full_findings(catalog, "gold", ("open_pit",)), "9", votes)
    assert "6" == indicator(scorer.score(findings), "9")["awarded"]


def test_a_mean_that_is_no_decimal_stays_exact_in_the_total(scorer: Scorer, catalog: Document) -> None:
    """Three experts giving 8, 8 and 5 of 8 make 7 exactly; 8, 8 and 6 make 22/3."""
    base = {"low_disturbance": True, "goaf_disposal": True, "other_advanced": True}
    votes = [base, base, {**base, "other_advanced": False}]
    score = scorer.score(experts(full_findings(catalog), "9", votes))
    assert ("298/3", "99.33") == (score["total_exact"], score["total"])


def test_the_worked_comprehensive_rate_is_44_05_percent(scorer: Scorer, catalog: Document) -> None:
    """B8: (75·93 + 78·80 + 0)/3 = 44.05 %; a recorded rate that its minerals do not give is refused."""
    pairs = [(Fraction(75, 100), Fraction(93, 100)), (Fraction(78, 100), Fraction(80, 100)), (Fraction(0), Fraction(0))]
    assert Fraction(4405, 10000) == comprehensive_rate(pairs)
    minerals = [{"mining": a * 100, "processing": b * 100} for a, b in pairs]
    measured = {"value": "44.05", "required": "40", "source": "储量年报", "minerals": minerals}
    findings = with_facts(full_findings(catalog), {"15": {"met": True, "measured": measured}})
    assert "2" == indicator(scorer.score(findings), "15")["awarded"]
    measured["value"] = "44.06"
    with pytest.raises(FindingsError, match=r"44\.05"):
        scorer.score(findings)
