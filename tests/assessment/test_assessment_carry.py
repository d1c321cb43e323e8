"""Carrying findings over to another version: only what the mapping set allows, and nothing invented."""

from __future__ import annotations

import copy
import dataclasses
import json
from typing import Any

import pytest
from cases import full_findings, national, without
from hypothesis import given
from hypothesis import strategies as st

from greenmine.assessment.carry import carry_over
from greenmine.catalog import Catalog, load_catalog
from greenmine.catalog.mapping import CARRYING, Link, MappingSet, cards_of, load_mapping
from greenmine.errors import FindingsError
from greenmine.files import canonical_json
from greenmine.scoring import Scorer
from greenmine.workspace import Workspace, shared_dir

SHIPPED = Workspace(shared_dir())
OLDER, NEWER = (load_catalog(ref, SHIPPED) for ref in ("national@2024", "hypothetical@2027"))
MAPPING = load_mapping("", OLDER, NEWER, SHIPPED)
SCORER = Scorer(NEWER.document)
FULL = full_findings(national())


def carried(findings: dict[str, Any], mapping: MappingSet = MAPPING, newer: Catalog = NEWER) -> dict[str, Any]:
    return carry_over(findings, mapping, newer.document, Scorer(newer.document))


def relating(card: str, **changes: Any) -> MappingSet:
    """Return the shipped mapping set with the link from a card changed."""
    links = tuple(link.model_copy(update=changes) if link.from_ == card else link for link in MAPPING.links)
    return dataclasses.replace(MAPPING, links=links)


def status(score: dict[str, Any], indicator: str) -> str:
    return next(row["status"] for row in score["indicators"] if row["id"] == indicator)


def test_what_is_equal_or_equivalent_is_carried_as_it_was_recorded() -> None:
    """Facts, evidence, justification and visits are those of the record."""
    found = carried(FULL)
    for link in MAPPING.links:
        if link.relation in CARRYING and link.from_ and link.from_.startswith("indicator/"):
            name = link.from_.partition("/")[2]
            assert FULL["indicators"].get(name) == found["indicators"].get(name)
    assert {"from": OLDER.ref, "to": NEWER.ref, "mapping": MAPPING.sha256} == found["assessment"]["rescored"]
    assert "rescore" == found["assessment"]["kind"]


def test_what_was_split_merged_dropped_or_is_new_comes_out_not_assessed() -> None:
    """Each says why, and the verdict is incomplete, never invented."""
    score = SCORER.score(carried(FULL))
    assert "incomplete" == score["verdict"]
    reasons = {row["id"]: row.get("reason_en", "") for row in score["indicators"] if row["status"] == "not_assessed"}
    assert {
        "3-4": "to be looked at anew under this version: asks for more than 3, 4",
        "7-1": "to be looked at anew under this version: new in this version",
        "46-1": "to be looked at anew under this version: asks for part of 46",
        "46-2": "to be looked at anew under this version: asks for part of 46",
    } == reasons
    assert "prerequisite_not_assessed" in {reason["code"] for reason in score["reasons"]}


@pytest.mark.parametrize("relation", ["subset", "superset", "intersects", "undecided"])
def test_no_other_relation_carries_facts(relation: str) -> None:
    """The record stays where it was; the newer indicator is open."""
    found = carried(FULL, relating("indicator/40", relation=relation))
    assert {"relation": relation, "from": ["indicator/40"]} == found["indicators"]["40"]["not_carried"]
    assert "not_assessed" == status(SCORER.score(found), "40")


def test_one_record_does_not_answer_two_questions() -> None:
    """An indicator that is said to be equivalent to two newer ones answers neither of them."""
    links = (
        *MAPPING.links,
        Link(**{"from": "indicator/40", "to": "indicator/7-1"}, relation="equivalent", rationale="x"),
    )
    links = tuple(link for link in links if link.from_ or link.to != "indicator/7-1")
    found = carried(FULL, dataclasses.replace(MAPPING, links=links))
    assert "shared" == found["indicators"]["40"]["not_carried"]["relation"]
    assert "shared" == found["indicators"]["7-1"]["not_carried"]["relation"]


def test_facts_are_found_under_their_newer_names() -> None:
    """Renamed facts score as before; names that the newer indicator does not have are refused."""
    document = json.loads(json.dumps(NEWER.document).replace('"clean_transport_share"', '"clean_share"'))
    newer = dataclasses.replace(NEWER, document=document)
    mapping = relating("indicator/36", keys={"clean_transport_share": "clean_share"})
    found = carried(FULL, mapping, newer)
    assert {"clean_share": 1} == found["indicators"]["36"]["facts"]
    assert "scored" == status(Scorer(document).score(found), "36")
    unfit = carried(FULL, newer=newer)
    assert {"relation": "unfit", "from": ["indicator/36"]} == unfit["indicators"]["36"]["not_carried"]


def test_a_claim_that_the_newer_version_does_not_permit_is_not_carried() -> None:
    """It is open, with the reason, instead of refused as a whole or taken as proven."""
    document = copy.deepcopy(NEWER.document)
    cards_of(document)["indicator/13"]["not_applicable"].update({"permitted": False})  # type: ignore[attr-defined]
    newer = dataclasses.replace(NEWER, document=document)
    found = carried(without(FULL, "13"), newer=newer)
    assert "unfit" == found["indicators"]["13"]["not_carried"]["relation"]
    assert "not_applicable" in carried(without(FULL, "13"))["indicators"]["13"]


def test_signatures_stay_with_what_was_signed() -> None:
    """Experts signed the older findings; the newer ones bear no signature."""
    signed = copy.deepcopy(FULL)
    signed["assessment"] |= {"sign_off": [{"by": "E1"}], "withdrawn": [{"by": "E2"}]}
    assert {"sign_off", "withdrawn"}.isdisjoint(carried(signed)["assessment"])


def test_what_never_was_assessed_stays_so() -> None:
    """An indicator without a record is absent from the carried findings too."""
    findings = copy.deepcopy(FULL)
    del findings["indicators"]["40"]
    assert "40" not in carried(findings)["indicators"]


def test_a_note_of_another_form_is_refused() -> None:
    """Whoever writes findings by hand cannot hide an indicator behind a word of their own."""
    for note in ({"relation": "whatever", "from": []}, {"relation": "new", "from": "x"}, "new", {}):
        findings = {**FULL, "indicators": {**FULL["indicators"], "40": {"not_carried": note}}}
        with pytest.raises(FindingsError, match="indicators/40/not_carried"):
            Scorer(OLDER.document).score(findings)


@given(st.sets(st.sampled_from(sorted(FULL["indicators"]))))
def test_carrying_is_a_pure_function(missing: set[str]) -> None:
    """The same findings give the same bytes, and what was given is left as it was."""
    findings = {
        **FULL,
        "indicators": {name: FULL["indicators"][name] for name in FULL["indicators"] if name not in missing},
    }
    before = canonical_json(findings)
    assert canonical_json(carried(findings)) == canonical_json(carried(findings))
    assert before == canonical_json(findings)
