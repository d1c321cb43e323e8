"""Properties that hold for every mine, not for hand-picked ones."""

from __future__ import annotations

import copy
from fractions import Fraction
from typing import Any

import pytest
from cases import Document, defects, full_findings, national, rule_of, without
from hypothesis import given
from hypothesis import strategies as st

from greenmine.scoring import Scorer, canonical

CATALOG = national()
SCORER = Scorer(CATALOG)
MINES = [
    ("coal", ("underground",)),
    ("gold", ("open_pit", "underground")),
    ("cement_limestone", ("open_pit",)),
    ("aggregate", ("open_pit",)),
    ("oil_gas", ("oil_gas",)),
    ("geothermal", ("geothermal",)),
]
PERMITTED = [item["id"] for item in CATALOG["indicators"] if item["not_applicable"]["permitted"]]


def facts_of(node: dict[str, Any]) -> st.SearchStrategy[Document]:
    """Return a strategy for the complete facts of a rule node."""
    kind = node["kind"]
    if kind == "met":
        return st.fixed_dictionaries({"met": st.booleans()})
    if kind == "flag":
        return st.fixed_dictionaries({node["key"]: st.booleans()})
    if kind == "count":
        return st.fixed_dictionaries({node["key"]: st.integers(0, 8)})
    if kind == "share":
        return st.fixed_dictionaries({node["key"]: st.integers(0, 100).map(share_of)})
    if kind == "defects":
        return st.integers(0, 7).map(defects)
    if kind == "deductions":
        return st.fixed_dictionaries({item["key"]: st.booleans() for item in node["of"]})
    if kind == "award":
        return st.fixed_dictionaries({node["unless"]: st.booleans(), "met": st.booleans()})
    return st.tuples(*(facts_of(child) for child in node["of"])).map(
        lambda parts: {k: v for p in parts for k, v in p.items()}
    )


def share_of(percent: int) -> float:
    return percent / 100


@st.composite
def cases(draw: st.DrawFn) -> Document:
    """Draw complete findings of any mine: any facts, any not-applicable indicators the catalog permits."""
    industry, extraction = draw(st.sampled_from(MINES))
    findings = full_findings(CATALOG, industry, extraction)
    for item in CATALOG["indicators"]:
        entry = findings["indicators"].get(item["id"])
        if entry is not None:
            entry["facts"] = draw(facts_of(dict(rule_of(item, findings["mine"]))))
    for key in draw(st.lists(st.sampled_from(PERMITTED), max_size=6, unique=True)):
        if key in findings["indicators"]:
            findings = without(findings, key)
    return findings


def exact_total(findings: Document, **readings: str) -> Fraction:
    total = SCORER.score(findings, readings)["total_exact"]
    assert total is not None
    return Fraction(total)


def improved(facts: Document) -> list[Document]:
    """Return every way to make one fact one step better."""
    better = []
    for key, value in facts.items():
        if key == "defects" and value:
            better.append({**facts, key: value[1:]})
        elif key in ("living_area_unclear", "production_area_unclear", "listed") and value is True:
            better.append({**facts, key: False})
        elif isinstance(value, bool):
            if not value and key not in ("living_area_unclear", "production_area_unclear", "listed"):
                better.append({**facts, key: True})
        elif isinstance(value, int):
            better.append({**facts, key: value + 1})
        elif isinstance(value, float):
            better.append({**facts, key: 1})
    return better


@given(cases(), st.data())
def test_meeting_more_never_lowers_the_total(findings: Document, data: st.DataObject) -> None:
    """One fact made better gives at least as many points, under every folding."""
    keys = [key for key, entry in findings["indicators"].items() if improved(entry.get("facts", {}))]
    key = data.draw(st.sampled_from(keys)) if keys else None
    if key is None:
        return
    better = copy.deepcopy(findings)
    better["indicators"][key]["facts"] = data.draw(st.sampled_from(improved(findings["indicators"][key]["facts"])))
    fold = data.draw(st.sampled_from(["category", "total", "full", "zero"]))
    assert exact_total(better, na_fold=fold) >= exact_total(findings, na_fold=fold)


@given(cases(), st.randoms())
def test_the_order_of_entries_never_matters(findings: Document, random: Any) -> None:
    """Indicators, not-applicable ones among them, recorded in any order give the same bytes."""
    keys = list(findings["indicators"])
    random.shuffle(keys)
    shuffled = {**findings, "indicators": {key: findings["indicators"][key] for key in keys}}
    assert canonical(SCORER.score(findings)) == canonical(SCORER.score(shuffled))


@given(cases(), st.sampled_from([item["id"] for item in CATALOG["prerequisites"]]), st.booleans())
def test_a_failed_prerequisite_always_wins(findings: Document, key: str, incomplete: bool) -> None:  # noqa: FBT001
    """Whatever the points, and even with indicators open, the mine is ineligible and has no total."""
    changed = copy.deepcopy(findings)
    changed["prerequisites"][key]["met"] = False
    if incomplete:
        changed["indicators"].popitem()
    score = SCORER.score(changed)
    assert ("ineligible", None, None) == (score["verdict"], score["total"], score["total_exact"])


@given(cases(), st.sampled_from(PERMITTED))
def test_an_indicator_folded_at_full_equals_the_unfolded_total(findings: Document, key: str) -> None:
    """Not applicable under the reading `full` is worth what full marks are worth."""
    if key not in findings["indicators"]:
        return
    full = full_findings(CATALOG, findings["mine"]["industry"], tuple(findings["mine"]["extraction"]))
    scored = copy.deepcopy(findings)
    scored["indicators"][key] = full["indicators"][key]
    assert exact_total(scored, na_fold="full") == exact_total(without(findings, key), na_fold="full")


@given(cases())
def test_a_category_at_full_folds_to_its_points(findings: Document) -> None:
    """Where all that applies is full, folding gives the category its points, whatever is left out."""
    full = full_findings(CATALOG, findings["mine"]["industry"], tuple(findings["mine"]["extraction"]))
    folded = without(full, *(key for key, entry in findings["indicators"].items() if "not_applicable" in entry))
    assert Fraction(100) == exact_total(folded)


@given(cases())
def test_zero_is_the_lowest_folding_and_no_folding_leaves_0_to_100(findings: Document) -> None:
    """The lower bound is below every reading, and every total is a score out of 100."""
    totals = [exact_total(findings, na_fold=fold) for fold in ("category", "total", "full", "zero")]
    assert min(totals) == totals[3]
    assert all(0 <= total <= 100 for total in totals)


@given(cases())
def test_the_printed_total_never_crosses_the_line(findings: Document) -> None:
    """A total below 80 never prints as 80 or more, one at or above never as less."""
    score = SCORER.score(findings)
    assert (Fraction(score["total_exact"]) < 80) == (Fraction(score["total"]) < 80)


@given(cases())
def test_scoring_changes_nothing_it_was_given(findings: Document) -> None:
    """The scorer is pure: the findings are as they were."""
    before = copy.deepcopy(findings)
    SCORER.score(findings)
    assert before == findings


@given(cases(), st.sampled_from(["facts", "evidence"]), st.data())
def test_what_is_not_recorded_is_never_a_point(findings: Document, lost: str, data: st.DataObject) -> None:
    """An entry without facts is open and makes the verdict incomplete; one without evidence scores nothing."""
    changed = copy.deepcopy(findings)
    keys = [key for key, entry in changed["indicators"].items() if "facts" in entry]
    key = data.draw(st.sampled_from(keys))
    changed["indicators"][key].pop(lost)
    score = SCORER.score(changed)
    row = next(row for row in score["indicators"] if row["id"] == key)
    if row["status"] == "not_applicable":  # indicator 8 of a well: the catalog itself says so
        assert findings["mine"]["primary_extraction"] in ("oil_gas", "geothermal")
    elif lost == "facts":
        assert ("not_assessed", None, "incomplete") == (row["status"], row["awarded"], score["verdict"])
    else:
        assert ("no_evidence", "0") == (row["status"], row["awarded"])


@pytest.mark.parametrize(("industry", "extraction"), MINES)
def test_every_kind_of_mine_can_reach_100(industry: str, extraction: tuple[str, ...]) -> None:
    """Full marks everywhere are 100 points for each industry and way of extraction."""
    assert Fraction(100) == exact_total(full_findings(CATALOG, industry, extraction))
