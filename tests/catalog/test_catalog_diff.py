"""What changed between two catalogs, and how much it matters."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenmine.catalog.diff import compare, diff_document

if TYPE_CHECKING:
    from conftest import Bench

# operations of a profile: the changes they make, as (place, change, level)
CASES: dict[str, set[tuple[str, str, str]]] = {
    '{op: set, at: line, value: "17"}': {("line", "changed", "major")},
    '{op: set, at: indicators/2/rule/step, value: "1"}': {("indicators/2/rule/step", "changed", "major")},
    "{op: set, at: indicators/6/kind, value: improvement, citation: x}": {("indicators/6/kind", "changed", "major")},
    "{op: set, at: indicators/3/not_applicable, value: {permitted: false}}": {
        ("indicators/3/not_applicable/permitted", "changed", "major"),
        ("indicators/3/not_applicable/proof", "removed", "wording"),
    },
    "{op: set, at: indicators/2/criteria, value: x}": {("indicators/2/criteria", "changed", "wording")},
    "{op: set, at: indicators/3/criteria/open_pit, value: x}": {
        ("indicators/3/criteria/open_pit", "changed", "wording")
    },
    "{op: set, at: indicators/2/guidance, value: x}": {("indicators/2/guidance", "changed", "wording")},
    "{op: add, at: indicators/2/methods, value: 查资料}": {("indicators/2/methods", "changed", "wording")},
    "{op: set, at: indicators/2/rule/clauses/2/text, value: x}": {
        ("indicators/2/rule/clauses/2/text", "changed", "wording")
    },
    "{op: add, at: indicators/2/rule/clauses, value: {id: '3', text: x}}": {
        ("indicators/2/rule/clauses/3", "added", "major")
    },
    "{op: add, at: prerequisites, value: {id: P3, name: x, text: x}}": {("prerequisites/P3", "added", "major")},
    "{op: set, at: prerequisites/P1/text, value: x}": {("prerequisites/P1/text", "changed", "wording")},
    "{op: set, at: readings/na_fold/default, value: total}": {("readings/na_fold/default", "changed", "major")},
    "{op: set, at: readings/na_fold/quote, value: x}": {("reading_texts/na_fold/quote", "changed", "wording")},
    "{op: set, at: indicators/8/rule, value: {kind: defects, step: '10'}}": {("indicators/8/rule", "changed", "major")},
    "{op: set, at: blocks/A/name, value: x}": {("blocks/A/name", "changed", "wording")},
}
IDENTITY = {"title", "issuer", "document", "issued_on", "effective_from", "effective_to", "source_sha256"}


@pytest.mark.parametrize("operation", CASES)
def test_each_change_is_found_once_with_its_weight(bench: Bench, operation: str) -> None:
    """A change is found where it was made, and is major only when scores may change."""
    bench.profile(operation)
    changes = compare(bench.load().document, bench.load("tailored@1").document)
    found = {(one.at, one.change, one.level) for one in changes if one.at not in IDENTITY}
    assert found == CASES[operation]
    assert {one.level for one in changes if one.at in IDENTITY} == {"wording"}


def test_weights_that_move_are_major_at_every_level(bench: Bench) -> None:
    """Points of indicators and rules are found where they stand."""
    bench.profile("""
{op: exclude, at: indicators/1, reason: x}
{op: set, at: indicators/2/points, value: "4"}
""")
    changes = compare(bench.load().document, bench.load("tailored@1").document)
    found = {one.at: (one.change, one.before, one.after) for one in changes if one.level == "major"}
    assert found["indicators/1"][0] == "removed"
    assert found["indicators/2/points"] == ("changed", "2", "4")
    assert found["indicators/2/rule/points"] == ("changed", "2", "4")
    assert len(found) == 3


def test_the_document_of_a_comparison_counts_and_identifies(bench: Bench) -> None:
    """The JSON form names both catalogs by digest and counts the changes."""
    bench.profile('{op: set, at: line, value: "17"}')
    a, b = bench.load(), bench.load("tailored@1")
    document = diff_document(a.document, b.document, (a.sha256, b.sha256))
    assert document["a"] == {"id": "small", "version": "1", "sha256": a.sha256}
    assert document["b"]["id"] == "tailored"
    assert document["summary"] == {"major": 1, "wording": 7}
    line = {"at": "line", "change": "changed", "level": "major", "before": "16", "after": "17"}
    assert line in document["changes"]
    assert json.loads(json.dumps(document)) == document


NAMES = st.sampled_from(["id", "key", "kind", "points", "text", "of", "name", "rule", "indicators"])
TREES = st.recursive(
    st.sampled_from(["a", "b", "1", "2"]) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, TREES, max_size=4), st.dictionaries(NAMES, TREES, max_size=4))
def test_a_comparison_turned_round_finds_the_same_places(a: dict[str, Any], b: dict[str, Any]) -> None:
    """Whatever the documents: equal ones have no changes, and both directions agree."""
    there, back = compare(a, b), compare(b, a)
    turned = {"added": "removed", "removed": "added", "changed": "changed"}
    assert {(one.at, turned[one.change]) for one in there} == {(one.at, one.change) for one in back}
    assert compare(a, copy.deepcopy(a)) == ()
