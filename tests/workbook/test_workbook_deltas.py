"""What another version changes for one mine, by cause."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from cases import defects, full_findings, national, with_facts, without

from greenmine.assessment.carry import carry_over
from greenmine.catalog import load_catalog
from greenmine.catalog.mapping import cards_of, load_mapping
from greenmine.files import canonical_json
from greenmine.scoring import Scorer
from greenmine.workbook.deltas import Delta, Deltas, compare_scores
from greenmine.workspace import Workspace, shared_dir

SHIPPED = Workspace(shared_dir())
OLDER, NEWER = (load_catalog(ref, SHIPPED) for ref in ("national@2024", "hypothetical@2027"))
MAPPING = load_mapping("", OLDER, NEWER, SHIPPED)
FULL = full_findings(national())

Change = Callable[[dict[str, dict[str, Any]]], None]


def compared(findings: dict[str, Any], change: Change | None = None) -> Deltas:
    """Compare by the shipped catalogs; `change` edits the newer one's cards."""
    document = copy.deepcopy(NEWER.document)
    if change is not None:
        change(cards_of(document))  # type: ignore[arg-type]
    scorer = Scorer(document)
    after = scorer.score(carry_over(findings, MAPPING, document, scorer))
    return compare_scores((OLDER.document, Scorer(OLDER.document).score(findings)), (document, after), MAPPING)


def of(deltas: Deltas, card: str) -> Delta | None:
    return next((delta for delta in deltas.cards if delta.card == card), None)


def test_what_is_the_same_is_not_listed() -> None:
    """Of a mine at full marks only what was split, merged, dropped, is new or became mandatory is listed."""
    found = compared(FULL)
    assert {
        "prerequisite/P6": ("new",),
        "indicator/3-4": ("new_look",),
        "indicator/7-1": ("new",),
        "indicator/28": ("kind",),
        "indicator/46-1": ("new_look",),
        "indicator/46-2": ("new_look",),
        "indicator/7": ("dropped",),
    } == {delta.card: delta.causes for delta in found.cards}
    assert ("pass", "incomplete") == found.verdict
    assert ("80", "82") == found.line
    assert found.line_changed


def three_points(cards: dict[str, dict[str, Any]]) -> None:
    """Make an indicator worth more by the same rule."""
    cards["indicator/25"]["points"] = cards["indicator/25"]["rule"]["points"] = "3"


@pytest.mark.parametrize(
    ("findings", "change", "card", "causes"),
    [
        (with_facts(FULL, {"2": defects(1)}), None, "indicator/2", ("rule",)),
        (with_facts(FULL, {"36": {"clean_transport_share": 0.75}}), None, "indicator/36", ("rule",)),
        (with_facts(FULL, {"36": {"clean_transport_share": 0.85}}), None, "indicator/36", None),
        (FULL, three_points, "indicator/25", ("points",)),
        (
            without(FULL, "13"),
            lambda cards: cards["indicator/13"]["not_applicable"].update(permitted=False),
            "indicator/13",
            ("new_look",),
        ),
        (without(FULL, "13"), None, "indicator/13", None),
    ],
)
def test_each_cause_is_told_from_the_others(
    findings: dict[str, Any], change: Change | None, card: str, causes: tuple[str, ...] | None
) -> None:
    """The same facts under a stricter step or threshold, other points, a claim that is no longer permitted."""
    found = of(compared(findings, change), card)
    assert causes == (found.causes if found else None)


def test_what_needs_a_new_look_says_why_in_both_languages() -> None:
    """The reason is the score's own."""
    found = of(compared(FULL), "indicator/3-4")
    assert found is not None
    assert "原第 3, 4 项" in found.reason[0]
    assert "asks for more than" in found.reason[1]


def test_the_comparison_is_a_document() -> None:
    """It counts the causes and can be written as canonical JSON."""
    document = compared(FULL).document()
    assert {"rule": 0, "points": 0, "kind": 1, "na": 0, "new_look": 3, "new": 2, "dropped": 1, "line": 1} == document[
        "causes"
    ]
    assert canonical_json(document) == canonical_json(compared(FULL).document())
