"""Every place where the official text can be read in more than one way, and the reading that is chosen.

The names of these tests stand in docs/readings.md beside the text they settle.
"""

from __future__ import annotations

import copy

import pytest
from cases import Document, defects, full_findings, national, with_facts, without

from greenmine.errors import FindingsError
from greenmine.scoring import Scorer

CATALOG = national()
SCORER = Scorer(CATALOG)
COAL = full_findings(CATALOG)


def row(findings: Document, key: str, **readings: str) -> Document:
    score = SCORER.score(findings, readings)
    return next(row for row in score["indicators"] if row["id"] == key)


def awarded(findings: Document, key: str, **readings: str) -> str | None:
    points: str | None = row(findings, key, **readings)["awarded"]
    return points


def of_mine(industry: str, *extraction: str) -> Document:
    return full_findings(CATALOG, industry, extraction)


def test_a_whole_category_not_applicable_needs_a_written_ruling() -> None:
    """0/0 is no score: the verdict stays open, with the reason, and nothing is shared out among the others."""
    keys = [item["id"] for item in CATALOG["indicators"] if item["category"] == "6"]
    findings = without(COAL, *keys)
    for key in keys:
        findings["indicators"][key]["not_applicable"]["citation"] = "专家组讨论稿"
    score = SCORER.score(findings)
    assert ("incomplete", None) == (score["verdict"], score["total"])
    assert [("category_needs_ruling", "6")] == [(reason["code"], reason["category"]) for reason in score["reasons"]]


def test_a_mandatory_indicator_not_applicable_is_left_out_of_the_full_marks_test_and_counted() -> None:
    """20 mandatory, 19 applicable, 19 full: the mine passes."""
    score = SCORER.score(without(COAL, "30"))
    counts = score["counts"]
    assert (20, 19, 19) == (counts["mandatory_in_block"], counts["mandatory_applicable"], counts["mandatory_full"])
    assert "pass" == score["verdict"]


def test_indicators_of_the_other_block_do_not_exist_for_a_mine() -> None:
    """They are neither zero nor not applicable: nothing is folded for them."""
    score = SCORER.score(COAL)
    other = [row["id"] for row in score["indicators"] if row["status"] == "not_in_block"]
    assert ["21", "22", "23", "24"] == other
    assert ["18", "18"] == [score["categories"][2][key] for key in ("applicable", "converted")]
    assert 45 == score["counts"]["in_block"]


@pytest.mark.parametrize(
    ("industry", "block"), [("nonmetal", "1"), ("cement_limestone", "2"), ("dimension_stone", "2"), ("gold", "1")]
)
def test_the_industry_decides_the_block(industry: str, block: str) -> None:
    """Exactly one block is scored, the one of the main mineral on the licence."""
    score = SCORER.score(of_mine(industry, "open_pit"))
    blocks = {item["id"]: item.get("block") for item in CATALOG["indicators"]}
    scored = {blocks[row["id"]] for row in score["indicators"] if row["status"] == "scored"}
    assert {None, block} == scored


def test_the_primary_extraction_chooses_the_text_of_extraction_technology() -> None:
    """Where a mine works both ways, the present main way is scored, and points are not added up."""
    underground = of_mine("gold", "underground", "open_pit")
    assert ["underground"] == row(underground, "9")["variants"]
    with pytest.raises(FindingsError, match="drilling"):
        SCORER.score(with_facts(underground, {"9": {"drilling": True}}))


def test_every_method_in_use_must_conform_and_all_faces_are_pooled() -> None:
    """Both texts of the extraction method apply, and defects of all faces count together."""
    findings = of_mine("gold", "open_pit", "underground")
    assert ["open_pit", "underground"] == row(findings, "8")["variants"]
    assert ["open_pit", "underground"] == row(findings, "11")["variants"]
    assert "0" == awarded(with_facts(findings, {"11": defects(7)}), "11")


@pytest.mark.parametrize("way", ["oil_gas", "geothermal", "mineral_water"])
def test_the_extraction_method_has_no_text_for_wells_and_category_two_folds_over_15(way: str) -> None:
    """Indicator 8 is not applicable by the catalog itself, whatever was recorded; nobody needs to prove it."""
    findings = of_mine(way, way)
    del findings["indicators"]["8"]
    score = SCORER.score(with_facts(findings, {"11": defects(3)}))
    eight = next(row for row in score["indicators"] if row["id"] == "8")
    assert ("not_applicable", "不涉及：无对应评分说明") == (eight["status"], eight["reason"])
    assert ("15", "12", "16") == tuple(score["categories"][1][key] for key in ("applicable", "awarded", "converted"))


def test_each_entry_is_one_place_and_identical_entries_are_pointed_out() -> None:
    """The scorer counts entries; two that are the same to the letter give a warning."""
    twice = {"defects": [{"text": "标牌缺失", "where": "井口"}] * 2}
    score = SCORER.score(with_facts(COAL, {"2": twice}))
    assert "1" == next(row["awarded"] for row in score["indicators"] if row["id"] == "2")
    assert [("same_defect_twice", "2")] == [(w["code"], w["indicator"]) for w in score["warnings"]]


@pytest.mark.parametrize(("key", "count"), [("2", 5), ("3", 6), ("7", 3), ("11", 6), ("45", 5), ("47", 6)])
def test_deductions_stop_at_zero_and_are_not_carried_over(key: str, count: int) -> None:
    """最多扣完该项分值: the indicator is at zero, the others keep their points."""
    score = SCORER.score(with_facts(COAL, {key: defects(count)}))
    points = next(row["points"] for row in score["indicators"] if row["id"] == key)
    assert "0" == next(row["awarded"] for row in score["indicators"] if row["id"] == key)
    assert float(score["total"]) == 100 - float(points)


@pytest.mark.parametrize(
    ("living", "production", "points"),
    [(False, False, "2"), (True, False, "1.5"), (False, True, "0.5"), (True, True, "0")],
)
def test_functional_zones_have_two_named_deductions_only(living: bool, production: bool, points: str) -> None:  # noqa: FBT001
    """扣0.5 and 扣1.5, together 2."""
    facts = {"living_area_unclear": living, "production_area_unclear": production}
    assert points == awarded(with_facts(COAL, {"1": facts}), "1")


def test_six_clauses_of_company_culture_end_at_zero() -> None:
    """Six times 0.2 is more than the one point there is."""
    clauses = next(item for item in CATALOG["indicators"] if item["id"] == "47")["rule"]["clauses"]
    assert 6 == len(clauses)
    assert ("0.8", "0") == tuple(awarded(with_facts(COAL, {"47": defects(n)}), "47") for n in (1, 6))


def test_no_central_platform_at_all_is_zero() -> None:
    """Four or more systems missing take all points."""
    assert ("1.5", "0", "0") == tuple(awarded(with_facts(COAL, {"45": defects(n)}), "45") for n in (1, 4, 5))


@pytest.mark.parametrize(
    ("plan", "management", "certified", "points"),
    [(True, False, False, "0.5"), (True, True, False, "1"), (False, False, True, "1"), (True, True, True, "1")],
)
def test_energy_management_adds_up_to_one_point(plan: bool, management: bool, certified: bool, points: str) -> None:  # noqa: FBT001
    """得分不超过1分: additive, then capped."""
    facts = {"annual_plan": plan, "process_management": management, "certified": certified}
    assert points == awarded(with_facts(COAL, {"26": facts}), "26")


@pytest.mark.parametrize(
    ("team", "investment", "special", "points"),
    [(True, False, False, "0.5"), (True, True, False, "1"), (True, True, True, "1"), (False, False, False, "0")],
)
def test_research_gives_at_most_one_point(team: bool, investment: bool, special: bool, points: str) -> None:  # noqa: FBT001
    """三 × 0.5, 最多得1分."""
    facts = {"team": team, "investment": investment, "special_research": special}
    assert points == awarded(with_facts(COAL, {"43": facts}), "43")


@pytest.mark.parametrize(
    ("patents", "entries", "certificate", "points"),
    [
        (0, 0, False, "0"),
        (1, 0, False, "0.5"),
        (9, 0, False, "2"),
        (1, 1, False, "1.5"),
        (0, 5, False, "2"),
        (0, 0, True, "2"),
    ],
)
def test_innovation_has_sub_caps_within_two_points(patents: int, entries: int, certificate: bool, points: str) -> None:  # noqa: FBT001
    """min(2, min(2, 0.5·patents) + min(2, entries) + 2·certificate)."""
    facts = {"patents": patents, "catalogue_entries": entries, "high_tech_certificate": certificate}
    assert points == awarded(with_facts(COAL, {"44": facts}), "44")


@pytest.mark.parametrize(
    ("treatment", "reuse", "municipal", "points"),
    [(True, True, False, "2"), (True, False, False, "1"), (True, False, True, "2"), (True, True, True, "2")],
)
def test_domestic_sewage_takes_the_better_branch(treatment: bool, reuse: bool, municipal: bool, points: str) -> None:  # noqa: FBT001
    """① and ② are alternatives; they never add up beyond the indicator."""
    facts = {"treatment": treatment, "reuse": reuse, "municipal": municipal}
    assert points == awarded(with_facts(COAL, {"20": facts}), "20")


def test_no_topsoil_is_a_direct_award_and_no_tailings_pond_follows_the_reading() -> None:
    """无表土的，直接得1分; for the pond the text has no award: 0 by default, folded or awarded under the others."""
    facts = {"reuse": False, "topsoil": True, "tailings": False, "absent": {"tailings": "无尾矿库"}}
    findings = with_facts(COAL, {"17": facts})
    points = [awarded(findings, "17", component_na=choice) for choice in ("strict", "fold", "award")]
    assert ["1", "1.33", "1.5"] == points
    rows = {
        row["choice"]: row["total"] for row in SCORER.score(findings)["sensitivity"] if row["reading"] == "component_na"
    }
    assert {"fold": "99.33", "award": "99.5"} == rows


def test_a_mine_without_a_concentrator_keeps_the_other_parts_of_waste_water() -> None:
    """不达标不得分 zeroes the part it stands in; where no waste water arises at all the indicator is not applicable."""
    facts = {"treatment": True, "clean_process": True, "recycling": False, "absent": {"recycling": "无选厂"}}
    findings = with_facts(COAL, {"19": facts})
    assert ["2", "3", "3"] == [awarded(findings, "19", component_na=c) for c in ("strict", "fold", "award")]
    assert "not_applicable" == row(without(COAL, "19"), "19")["status"]


def test_a_mine_not_on_the_key_list_is_awarded_the_point_and_nothing_is_folded() -> None:
    """未列入…本项直接得分: scored at full, not not-applicable."""
    unlisted = row(with_facts(COAL, {"32": {"listed": False}}), "32")
    assert ("scored", "1") == (unlisted["status"], unlisted["awarded"])
    assert "0" == awarded(with_facts(COAL, {"32": {"listed": True, "met": False}}), "32")


@pytest.mark.parametrize(("share", "points"), [(0.7, "1"), ("0.7", None), (0.6999, "0"), (1, "1"), (0, "0")])
def test_clean_transport_counts_from_exactly_70_percent(share: object, points: str | None) -> None:
    """达到70%得1分: no proportional marks; the share is a number."""
    findings = with_facts(COAL, {"36": {"clean_transport_share": share}})
    if points is None:
        with pytest.raises(FindingsError, match="clean_transport_share"):
            SCORER.score(findings)
    else:
        assert points == awarded(findings, "36")


@pytest.mark.parametrize("key", ["21", "22"])
def test_indicators_without_a_scale_are_full_or_zero(key: str) -> None:
    """21, 22 and 46 state no partial marks."""
    findings = of_mine("aggregate", "open_pit")
    assert ("5", "0") == tuple(awarded(with_facts(findings, {key: {"met": m}}), key) for m in (True, False))
    assert "0" == awarded(with_facts(COAL, {"46": {"met": False}}), "46")


def test_missing_full_recycling_costs_that_part_only() -> None:
    """不达标不得分 stands in ②: ① keeps its 2 points."""
    findings = with_facts(of_mine("aggregate", "open_pit"), {"23": {"treatment": True, "recycling": False}})
    assert "2" == awarded(findings, "23")


def test_a_measured_rate_must_agree_with_met() -> None:
    """Value, requirement and source are recorded; a rate below the requirement cannot be met."""
    below = {"met": True, "measured": {"value": "79.9", "required": "80", "source": "储量年报"}}
    with pytest.raises(FindingsError, match="indicators/10/facts/met"):
        SCORER.score(with_facts(COAL, {"10": below}))
    turned = {"met": True, "measured": {**below["measured"], "comparison": "at_most"}}
    with pytest.raises(FindingsError, match="indicators/10/facts/met"):
        SCORER.score(with_facts(COAL, {"10": turned}))  # the direction is the catalog's, not the record's
    reached = {"met": True, "measured": {"value": 80, "required": "80", "source": "储量年报"}}
    assert "2" == awarded(with_facts(COAL, {"10": reached}), "10")


def test_energy_per_unit_is_measured_downwards() -> None:
    """For unit energy the value must not exceed the limit; clauses for the mean and the yearly fall both count."""
    over = {"met": True, "measured": {"value": "3.2", "required": "3.0", "source": "能耗台账"}}
    with pytest.raises(FindingsError, match="indicators/27/facts/met"):
        SCORER.score(with_facts(COAL, {"27": over}))
    rising = {"met": True, "clauses": {"能耗逐年降低": "unmet"}}
    with pytest.raises(FindingsError, match="indicators/27/facts/met"):
        SCORER.score(with_facts(COAL, {"27": rising}))


def test_a_documented_prediction_of_no_acid_water_is_compliance() -> None:
    """Indicator 30 is full with the prediction and zero without it; both 29 and 30 may be not applicable with proof."""
    assert ("1", "0") == tuple(awarded(with_facts(COAL, {"30": {"met": m}}), "30") for m in (True, False))
    assert "not_applicable" == row(without(COAL, "29"), "29")["status"]


def test_one_unmet_clause_fails_a_mandatory_indicator() -> None:
    """No clause is too small: with any clause unmet the indicator is not met."""
    clauses = {
        clause["id"]: "met" for clause in next(i for i in CATALOG["indicators"] if i["id"] == "35")["rule"]["clauses"]
    }
    last = list(clauses)[-1]
    unmet = {**clauses, last: "unmet"}
    with pytest.raises(FindingsError, match="indicators/35/facts/met"):
        SCORER.score(with_facts(COAL, {"35": {"met": True, "clauses": unmet}}))
    score = SCORER.score(with_facts(COAL, {"35": {"met": False, "clauses": unmet}}))
    assert "fail" == score["verdict"]
    with pytest.raises(FindingsError, match="indicators/35/facts/met"):
        SCORER.score(with_facts(COAL, {"35": {"met": False, "clauses": clauses}}))
    partly = {"met": False, "clauses": {last: "met"}}  # what was not recorded may be what is not met
    assert "0" == awarded(with_facts(COAL, {"35": partly}), "35")


def test_no_raw_ore_processing_is_not_applicable_only_with_proof() -> None:
    """12 and 13 without reason, evidence or a second person are open, not applicable with all three."""
    claim = {"reason": "原矿直接销售", "confirmed_by": "E2"}
    for lacking in ({"reason": ""}, {"confirmed_by": ""}):
        findings = without(COAL, "12")
        findings["indicators"]["12"]["not_applicable"] = {**claim, **lacking}
        assert "not_assessed" == row(findings, "12")["status"]
    unproven = without(COAL, "12")
    unproven["indicators"]["12"]["evidence"] = []
    assert "not_assessed" == row(unproven, "12")["status"]
    assert "incomplete" == SCORER.score(unproven)["verdict"]


def test_no_evidence_is_no_points_even_where_points_are_deducted() -> None:
    """缺少支撑材料或证明材料不得分: full marks are earned, not a default."""
    findings = with_facts(COAL, {"2": defects(0)})
    findings["indicators"]["2"]["evidence"] = []
    assert ("no_evidence", "0") == tuple(row(findings, "2")[key] for key in ("status", "awarded"))
    findings["indicators"]["2"]["evidence"] = ["  "]
    assert "no_evidence" == row(findings, "2")["status"]


@pytest.mark.parametrize("facts", [{"score": 1.3}, {"points": "2"}, {"met": True, "awarded": 2}])
def test_a_score_cannot_be_typed(facts: Document) -> None:
    """Only facts are recorded; a number of points is no fact."""
    findings = copy.deepcopy(COAL)
    findings["indicators"]["46"]["facts"] = facts
    with pytest.raises(FindingsError, match="indicators/46/facts"):
        SCORER.score(findings)


def test_an_average_is_taken_per_indicator_before_folding() -> None:
    """Means come first, then the category is folded; not applicable is decided once, never averaged."""
    findings = without(COAL, "46")
    votes = [
        {"team": True, "investment": True, "special_research": False},
        dict.fromkeys(("team", "investment", "special_research"), False),
    ]
    findings["indicators"]["43"] = {
        "judgements": [{"by": f"E{n}", "facts": facts} for n, facts in enumerate(votes)],
        "evidence": ["a.pdf"],
    }
    score = SCORER.score(findings)
    assert "0.5" == next(row["awarded"] for row in score["indicators"] if row["id"] == "43")
    assert "11.4" == score["categories"][5]["converted"]


def test_the_line_and_the_gates_are_those_of_the_catalog() -> None:
    """A province's line of 85 and an added gate decide where its catalog is used."""
    province = {
        **CATALOG,
        "line": "85",
        "prerequisites": [*CATALOG["prerequisites"], {"id": "P6", "name": "实施方案已评审", "text": "…"}],
    }
    findings = with_facts(
        COAL,
        {
            "46": {"met": False},
            "9": {"goaf_disposal": False, "low_disturbance": False, "other_advanced": False},
            "11": defects(5),
            "28": {"met": False},
        },
    )
    assert ("83", "pass") == tuple(SCORER.score(findings)[key] for key in ("total", "verdict"))
    findings["prerequisites"]["P6"] = {"met": True, "evidence": ["a.pdf"]}
    assert "fail" == Scorer(province).score(findings)["verdict"]
    findings["prerequisites"]["P6"]["met"] = False
    assert "ineligible" == Scorer(province).score(findings)["verdict"]


@pytest.mark.parametrize("value", ["not_applicable", "yes", 1, []])
def test_a_prerequisite_is_met_or_not(value: object) -> None:
    """合格 or 不合格: an exempted permit is recorded as met with its legal citation, never as a third thing."""
    findings = copy.deepcopy(COAL)
    findings["prerequisites"]["P1"]["met"] = value
    with pytest.raises(FindingsError, match="prerequisites/P1/met"):
        SCORER.score(findings)


def test_counts_say_how_many_indicators_apply() -> None:
    """Never n of 49: applicable of the 45 or 40 of the block, and the not-applicable ones apart."""
    counts = SCORER.score(without(COAL, "16", "18"))["counts"]
    assert (45, 43, 2) == (counts["in_block"], counts["applicable"], counts["not_applicable"])


@pytest.mark.parametrize("key", ["1", "9", "10", "25", "28", "38", "49"])
def test_not_applicable_beyond_the_permitted_ones_needs_a_citation(key: str) -> None:
    """Without a citation the document is refused; with one the indicator is folded and the lower bound shows it."""
    findings = without(COAL, key)
    with pytest.raises(FindingsError, match=f"indicators/{key}/not_applicable"):
        SCORER.score(findings)
    findings["indicators"][key]["not_applicable"]["citation"] = "自治区补充规定第三条（示例）"
    score = SCORER.score(findings)
    points = next(row["points"] for row in score["indicators"] if row["id"] == key)
    assert ("100", str(100 - int(points))) == (score["total"], score["lower_bound"]["total"])


def test_an_open_indicator_makes_the_verdict_incomplete() -> None:
    """Unassessed is never zero: no total is given, and the reason names the indicator."""
    findings = copy.deepcopy(COAL)
    del findings["indicators"]["25"]
    score = SCORER.score(findings)
    assert ("incomplete", None) == (score["verdict"], score["total"])
    assert [("not_assessed", "25")] == [(r["code"], r["indicator"]) for r in score["reasons"]]
