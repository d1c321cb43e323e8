"""Never weaker than the base: what is found, what is refused, and what a citation allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenmine.catalog.weaker import softenings
from greenmine.errors import CatalogError

if TYPE_CHECKING:
    from conftest import Bench

MANDATORY_LESS = """\
{op: exclude, at: indicators/6, reason: x}
{op: set, at: indicators/5/points, value: "6"}
{op: set, at: indicators/5/rule, value: {kind: met}}"""

VARIANT_LESS = """\
{op: exclude, at: indicators/8/variants/of/lime, reason: x}
{op: exclude, at: indicators/8/criteria/lime, reason: x}
{op: set, at: indicators/8/variants/none, value: x}"""

OTHER_SCALE = """\
{op: set, at: scale, value: "40"}
{op: set, at: categories/1/points, value: "20"}
{op: set, at: categories/2/points, value: "20"}
{op: set, at: sections/1.1/points, value: "14"}
{op: set, at: indicators/2/points, value: "12"}
{op: set, at: indicators/2/rule/step, value: "1"}
{op: set, at: indicators/1/rule/of/living/points, value: "1"}
{op: set, at: indicators/1/rule/of/production/points, value: "3"}
{op: set, at: sections/2.1/points, value: "20"}
{op: set, at: sections/2.2/points, value: "20"}
{op: set, at: indicators/5/points, value: "14"}
{op: set, at: indicators/5/rule, value: {kind: met}}
{op: set, at: indicators/8/points, value: "20"}"""

# operations of a profile that is weaker, and where and how
WEAKER: dict[str, tuple[str, str, str]] = {
    "a lower line": ('{op: set, at: line, value: "15.9"}', "line", "line_lowered"),
    "a gate less": ("{op: exclude, at: prerequisites/P2, reason: x}", "prerequisites/P2", "prerequisite_dropped"),
    "a gate replaced": (
        "{op: set, at: prerequisites/P2, value: {id: P9, name: x, text: x}}",
        "prerequisites/P2",
        "prerequisite_dropped",
    ),
    "a mandatory indicator less": (
        MANDATORY_LESS,
        "indicators/6",
        "mandatory_dropped",
    ),
    "a mandatory indicator made an improvement": (
        "{op: set, at: indicators/6/kind, value: improvement}",
        "indicators/6/kind",
        "mandatory_made_improvement",
    ),
    "a permission more": (
        "{op: set, at: indicators/6/not_applicable, value: {permitted: true, proof: x}}",
        "indicators/6/not_applicable/permitted",
        "not_applicable_permitted",
    ),
    "a variant less": (
        VARIANT_LESS,
        "indicators/8/variants/none",
        "not_applicable_permitted",
    ),
    "a part that may be absent": (
        "{op: set, at: indicators/7/rule/of/certificate/may_be_absent, value: true}",
        "indicators/7/rule/of/certificate/may_be_absent",
        "part_may_be_absent",
    ),
    "a clause less": (
        "{op: exclude, at: indicators/3/rule/clauses/a, reason: x}",
        "indicators/3/rule/clauses/a",
        "clause_dropped",
    ),
    "no clauses": (
        "{op: exclude, at: indicators/3/rule/clauses, reason: x}",
        "indicators/3/rule/clauses",
        "clause_dropped",
    ),
    "no measure": (
        "{op: exclude, at: indicators/3/rule/measure, reason: x}",
        "indicators/3/rule/measure",
        "measure_dropped",
    ),
    "a measure turned round": (
        "{op: set, at: indicators/3/rule/measure, value: at_most}",
        "indicators/3/rule/measure",
        "measure_dropped",
    ),
    "a lower step": (
        '{op: set, at: indicators/2/rule/step, value: "0.4"}',
        "indicators/2/rule/step",
        "threshold_lowered",
    ),
    "a lower deduction": (
        '{op: set, at: indicators/1/rule/of/living/points, value: "0.4"}',
        "indicators/1/rule/of/living/points",
        "threshold_lowered",
    ),
    "a lower share": (
        '{op: set, at: indicators/4/rules/other/at_least, value: "0.65"}',
        "indicators/4/rules/other/at_least",
        "threshold_lowered",
    ),
    "more for each": (
        '{op: set, at: indicators/7/rule/of/patents/unit, value: "1"}',
        "indicators/7/rule/of/patents/unit",
        "threshold_lowered",
    ),
    "another scale with the same line": (
        OTHER_SCALE,
        "line",
        "line_lowered",
    ),
}


@pytest.mark.parametrize("name", WEAKER)
def test_a_weaker_profile_is_refused_and_found_by_lint(bench: Bench, name: str) -> None:
    """Loading refuses it at the operation's line; examining it tells where and how it is weaker."""
    operations, at, code = WEAKER[name]
    bench.profile(operations)
    error = bench.failure("tailored@1", CatalogError)
    assert isinstance(error, CatalogError)
    assert "nothing weaker than small@1, or a citation" in error.expected
    assert error.place.endswith(f"key {at}")
    found = {(one.at, one.code) for one in bench.examine().softened if one.level == "weaker"}
    assert (at, code) in found


@pytest.mark.parametrize("name", sorted(set(WEAKER) - {"another scale with the same line"}))
def test_a_citation_allows_it_and_stays_visible(bench: Bench, name: str) -> None:
    """The operation that cites a document is allowed; the resolved catalog shows citation and softening."""
    operations, _at, code = WEAKER[name]
    bench.profile(
        operations.replace("}\n{op", ", citation: 演示〔2025〕1号 第三条}\n{op")[:-1]
        + ", citation: 演示〔2025〕1号 第三条}"
    )
    catalog = bench.load("tailored@1")
    marked = [entry for entry in catalog.document["operations"] if "weaker" in entry]
    assert code in {name for entry in marked for name in entry["weaker"]}
    assert {entry["citation"] for entry in marked} == {"演示〔2025〕1号 第三条"}
    assert not any(one.refused for one in catalog.softened)


STRICTER = {
    "a higher line": '{op: set, at: line, value: "17"}',
    "a gate more": "{op: add, at: prerequisites, value: {id: P3, name: x, text: x}}",
    "an improvement made mandatory": "{op: set, at: indicators/5/kind, value: mandatory}",
    "a permission less": "{op: set, at: indicators/3/not_applicable, value: {permitted: false}}",
    "a higher step": '{op: set, at: indicators/2/rule/step, value: "1"}',
    "a higher share": '{op: set, at: indicators/4/rules/other/at_least, value: "0.75"}',
    "a higher deduction": '{op: set, at: indicators/1/rule/of/living/points, value: "0.6"}',
    "less for each": '{op: set, at: indicators/7/rule/of/patents/unit, value: "0.25"}',
    "a clause more": "{op: add, at: indicators/3/rule/clauses, value: {id: c, text: x}}",
    "a line that rises again": '{op: set, at: line, value: "1"}\n{op: set, at: line, value: "16"}',
    "another name": "{op: set, at: indicators/2/name, value: x}",
}


@pytest.mark.parametrize("name", STRICTER)
def test_a_stricter_profile_is_not_refused(bench: Bench, name: str) -> None:
    """What is as strict or stricter needs no citation; only the outcome of all operations counts."""
    bench.profile(STRICTER[name])
    assert [one for one in bench.load("tailored@1").softened if one.level == "weaker"] == []


VARIANTS = "variants_changed"
REVIEWED = {
    "{op: set, at: indicators/2/criteria, value: 一处扣 0.5 分，从宽。}": "text_changed",
    "{op: set, at: prerequisites/P2/text, value: x}": "text_changed",
    "{op: set, at: indicators/3/not_applicable/proof, value: x}": "text_changed",
    "{op: set, at: indicators/8/rule, value: {kind: defects, step: '10'}}": "rule_changed",
    "{op: set, at: readings/expert_split/default, value: majority}": "reading_changed",
    "{op: exclude, at: indicators/1, reason: x}\n{op: set, at: indicators/2/points, value: '4'}": "improvement_dropped",
    "{op: set, at: indicators/8/variants/of, value: {stone: [cement_limestone], lime: [aggregate]}}": VARIANTS,
    "{op: set, at: blocks/B/industries, value: [cement_limestone, aggregate]}": "scope_changed",
}


@pytest.mark.parametrize("operations", REVIEWED)
def test_what_takes_a_person_to_judge_is_listed_but_not_refused(bench: Bench, operations: str) -> None:
    """Changed texts, formulas, readings and scopes are listed for review."""
    bench.profile(operations)
    found = {(one.level, one.code) for one in bench.load("tailored@1").softened}
    assert ("review", REVIEWED[operations]) in found


def test_a_lower_line_needs_a_citation(bench: Bench) -> None:
    """说明一（四）: a province may move the national line; below 80 only with the document that allows it."""
    lower = '{op: set, at: line, value: "79.9"}'
    bench.profile(lower, extends="national@2024")
    error = bench.failure("tailored@1")
    assert "expected nothing weaker than national@2024, or a citation, got the line falls from 80 to 79.9" in str(error)
    bench.profile(lower[:-1] + ", citation: 演示省〔2025〕1号 第三条}", extends="national@2024")
    assert bench.load("tailored@1").line == "79.9"
    assert bench.load("tailored@1").document["operations"][0]["weaker"] == ["line_lowered"]


def test_a_profile_of_a_refused_profile_is_refused(bench: Bench) -> None:
    """Softening cannot hide behind a second profile."""
    bench.profile('{op: set, at: line, value: "15"}')
    bench.profile('{op: set, at: line, value: "18"}', name="city", extends="tailored@1")
    assert "tailored-1.yaml" in str(bench.failure("city@1"))


def test_the_citation_has_to_stand_on_the_operation_that_softens(bench: Bench) -> None:
    """A citation elsewhere in the profile allows nothing."""
    bench.profile("""
{op: set, at: line, value: "15"}
{op: set, at: line_source, value: x, citation: 演示〔2025〕1号}
""")
    assert "line 11, key line" in str(bench.failure("tailored@1"))


@given(st.integers(1, 200), st.integers(1, 200))
def test_a_line_is_weaker_exactly_when_it_is_lower(before: int, after: int) -> None:
    """Lines are compared as numbers, not as text: “9” is lower than “80”."""
    base, tailored = ({"scale": "200", "line": str(line)} for line in (before, after))
    operations = [{"op": "set", "at": "line", "value": str(after)}]
    codes = [one.code for one in softenings(base, tailored, operations)]
    assert codes == (["line_lowered"] if after < before else [])
