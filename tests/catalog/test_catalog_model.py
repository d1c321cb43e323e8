"""What a catalog file may hold: each thing that does not hold together names file, line and key."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from greenmine.catalog.model import CatalogFile
from greenmine.catalog.strict_yaml import YamlDocument, validate
from greenmine.errors import CatalogError, InputError

if TYPE_CHECKING:
    from conftest import Bench

# what is wrong: (what to replace, by what, line, key, words of expected, words of found)
CASES: dict[str, tuple[str, str, int, str, str, str]] = {
    "an unknown schema": ("catalog/1", "catalog/9", 1, "schema", "greenmine.catalog/1", "catalog/9"),
    "a missing key": ("line_source: 说明一\n", "", 1, "line_source", "the key “line_source”", "no such key"),
    "an unknown key": ("guidance: 一处一条。", "guidence: x", 59, "…/2/guidence", "guidance", "“guidence”"),
    "a version that is a number": ('version: "1"', "version: 1", 3, "version", "text", "the number 1"),
    "points that are a number": ('points: "2.0"', "points: 2", 51, "…/2/points", "quotes", "the number 2"),
    "points that are a fraction": ('points: "2.0"', "points: 2.5", 51, "…/2/points", "quotes", "the number 2.5"),
    "points that are no number": ('points: "2.0"', 'points: "two"', 51, "…/2/points", "decimal number", "“two”"),
    "points below zero": ('points: "2.0"', 'points: "-2"', 51, "…/2/points", "decimal number", "“-2”"),
    "points of zero": ('points: "2.0"', 'points: "0.0"', 51, "…/2/points", "above 0", "0"),
    "an id with a space": ("id: small", "id: small one", 2, "id", "the form", "“small one”"),
    "a date that does not exist": ('"2024-02-01"', '"2024-02-30"', 8, "effective_from", "calendar", "2024-02-30"),
    "a date in another order": ('"2024-02-01"', '"01.02.2024"', 8, "effective_from", "a date such as", "01.02.2024"),
    "dates out of order": ('"2029-01-31"', '"2023-01-31"', 9, "effective_to", "not before 2024-02-01", "2023-01-31"),
    "a digest that is none": ('source_sha256: "00', 'source_sha256: "zz', 11, "source_sha256", "the form", "zz"),
    "an unknown language": ("language: zh", "language: fr", 10, "language", "zh, en", "“fr”"),
    "an unknown extraction": ("underground, geothermal]\nb", "moon]\nb", 18, "extractions/#2", "open_pit", "“moon”"),
    "an unknown industry": ("[coal, geothermal]", "[coal, tea]", 20, "blocks/A/industries/#2", "coal", "“tea”"),
    "an industry in two blocks": (
        "[coal, geothermal]",
        "[coal, aggregate]",
        21,
        "blocks/B/industries/#1",
        "once",
        "aggregate",
    ),
    "a prerequisite twice": ("{id: P2,", "{id: P1,", 24, "prerequisites/P1/id", "once", "“P1” a second time"),
    "a category twice": ('  - id: "2"\n    name: 第二类', '  - id: "1"\n    name: 第二类', 96, "…/1/id", "once", "“1”"),
    "a section twice": ('id: "1.2"', 'id: "1.1"', 60, "…/1.1/id", "once", "“1.1”"),
    "an indicator twice": ('id: "4"', 'id: "3"', 78, "…/3/id", "once", "“3”"),
    "a section's points": (
        'name: 甲\n        points: "4"',
        'name: 甲\n        points: "5"',
        34,
        "categories/1/sections/1.1/points",
        "4, the sum of its indicators",
        "5",
    ),
    "a category's points": (
        'name: 第一类\n    points: "10"',
        'name: 第一类\n    points: "11"',
        30,
        "categories/1/points",
        "10, the sum of its sections",
        "11",
    ),
    "a block that is not there": ("block: B", "block: C", 147, "…/2.2/block", "A, B", "C"),
    "a block without its section": ("block: B", "block: A", 98, "categories/2/points", "20, the sum", "10"),
    "another scale": ('scale: "20"', 'scale: "30"', 27, "categories", "sum to 30 points", "20"),
    "a line above the scale": ('line: "16"', 'line: "21"', 13, "line", "at most 20", "21"),
    "a count that is not stated": ("indicators: 8", "indicators: 9", 16, "expected/indicators", "8", "9"),
    "a mandatory count": ("mandatory: 2}", "mandatory: 3}", 16, "expected/mandatory", "2", "3"),
    "a kind that is none": (
        "kind: mandatory\n            methods: [查资料]",
        "kind: obligatory\n            methods: [查资料]",
        124,
        "…/6/kind",
        "mandatory",
        "obligatory",
    ),
    "a permission without proof": (
        "{permitted: true, proof: 证明}",
        "{permitted: true}",
        120,
        "…/5/not_applicable",
        "proof",
        "no such key",
    ),
    "proof without permission": (
        "{permitted: false}\n            guidance",
        "{permitted: false, proof: x}\n            guidance",
        58,
        "…/2/not_applicable/proof",
        "no proof",
        "x",
    ),
    "a permission in words": (
        "{permitted: true, proof: 证明}",
        '{permitted: "true", proof: x}',
        120,
        "…/5/not_applicable/permitted",
        "true or false",
        "“true”",
    ),
    "variants without texts": (
        "criteria: {stone: 砂石, lime: 灰岩}",
        "criteria: 一样",
        156,
        "…/8/criteria",
        "each variant",
        "one text",
    ),
    "texts without variants": (
        "            variants: {by: industry, of: {stone: [aggregate], lime: [cement_limestone]}}\n",
        "",
        156,
        "…/8/criteria",
        "variants",
        "no such key",
    ),
    "texts of other variants": (
        "{stone: 砂石, lime: 灰岩}",
        "{stone: 砂石, clay: 粘土}",
        156,
        "…/8/criteria",
        "stone, lime",
        "stone, clay",
    ),
    "a variant left out": (
        "lime: [cement_limestone]",
        "lime: [coal]",
        157,
        "…/8/variants/of/lime/#1",
        "aggregate, cement_limestone",
        "coal",
    ),
    "an industry without variant": (
        "[cement_limestone]}}",
        "[aggregate]}}",
        157,
        "…/8/variants/of/lime/#1",
        "once",
        "aggregate",
    ),
    "an extraction without variant": (
        "              none: 无对应评分说明\n",
        "",
        74,
        "…/3/variants/of",
        "geothermal",
        "neither",
    ),
    "a reason without need": (
        "other: [underground, geothermal]}",
        "other: [underground, geothermal]}\n              none: x",
        88,
        "…/4/variants/none",
        "no such key",
        "x",
    ),
    "no rule": (
        "            rule: {kind: award, unless: listed, text: 未列入, otherwise: {kind: met}}\n",
        "",
        121,
        "…/6",
        "“rule”",
        "neither",
    ),
    "rules where several variants apply": (
        "by: primary_extraction",
        "by: extraction",
        88,
        "…/4/rules",
        "one “rule”",
        "by variant",
    ),
    "rules of other variants": (
        "              other: {kind: share",
        "              others: {kind: share",
        88,
        "…/4/rules",
        "open_pit, other",
        "others",
    ),
    "an unknown kind of rule": (
        "{kind: met}\n            not_applicable: {permitted: false}\n",
        "{kind: magic}\n            not_applicable: {permitted: false}\n",
        158,
        "…/8/rule",
        "met",
        "“magic”",
    ),
    "a rule without a kind": (
        "{kind: met}\n            not_applicable: {permitted: false}\n",
        '{points: "10"}\n            not_applicable: {permitted: false}\n',
        158,
        "…/8/rule",
        "kind",
        "a mapping",
    ),
    "an unknown key of a rule": (
        "{kind: flag, key: municipal,",
        "{kind: flag, keys: municipal,",
        119,
        "…/5/rule/of/#2/keys",
        "only the keys",
        "keys",
    ),
    "a rule that is worth less": (
        'key: municipal, points: "4"',
        'key: municipal, points: "5"',
        112,
        "…/5/rule",
        "4 points",
        "5",
    ),
    "a rule of a variant that is worth less": (
        'at_least: "0.7", points: "2"',
        'at_least: "0.7", points: "1"',
        94,
        "…/4/rules/other",
        "2 points",
        "1",
    ),
    "a share above one": ('at_least: "0.7"', 'at_least: "70"', 94, "…/4/rules/other/at_least", "at most 1", "70"),
    "a fact key twice": ("key: certificate", "key: pond", 143, "…/7/rule/of/pond/key", "once", "pond"),
    "a fact key with a fixed meaning": (
        "key: certificate",
        "key: met",
        143,
        "…/7/rule/of/met/key",
        "of its own",
        "met",
    ),
    "a fact key in capitals": (
        "key: certificate",
        "key: Certificate",
        143,
        "…/7/rule/of/Certificate/key",
        "the form",
        "Certificate",
    ),
    "a clause twice": ('{id: "2", text: 整洁}', '{id: "1", text: 整洁}', 57, "…/2/rule/clauses/1/id", "once", "“1”"),
    "a clause of no variant": (
        "variant: open_pit}",
        "variant: moon}",
        76,
        "…/3/rule/clauses/a/variant",
        "a variant",
        "moon",
    ),
    "an award above its points": (
        "otherwise: {kind: met}",
        'otherwise: {kind: met, points: "3"}',
        128,
        "…/6/rule/otherwise",
        "at most the 2",
        "3",
    ),
    "two open parts of a sum": (
        '{kind: flag, key: blasting, points: "1", text: 爆破}',
        '{kind: met}\n                  - {kind: defects, step: "1"}',
        94,
        "…/4/rules/open_pit/of/#3",
        "points in all parts",
        "none",
    ),
    "a part with nothing left": (
        '{kind: flag, key: drilling, points: "1", text: 钻孔}',
        '{kind: met}\n                  - {kind: flag, key: x, points: "1", text: x}',
        92,
        "…/4/rules/open_pit/of/#1",
        "together give 2",
        "nothing",
    ),
    "an absence in words": (
        "may_be_absent: true",
        'may_be_absent: "yes"',
        142,
        "…/7/rule/of/pond/may_be_absent",
        "true or false",
        "yes",
    ),
    "no readings of that name": ("readings: national", "readings: local", 15, "readings", "national", "“local”"),
    "empty text": ("name: 第一类", 'name: "  "', 29, "categories/1/name", "at least 1", "“  ”"),
    "no methods": ("methods: [查资料, 查现场]", "methods: []", 40, "…/1/methods", "at least 1", "a list of 0"),
    "text for a list": ("methods: [查资料, 查现场]", "methods: 查资料", 40, "…/1/methods", "a list", "查资料"),
    "a list for a mapping": (
        "notes:\n  - {clause: 说明一, text: 总分不低于 16 分。}",
        "notes:\n  - [说明一]",
        26,
        "notes/#1",
        "a mapping",
        "a list of 1",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_does_not_hold_together_names_file_line_and_key(bench: Bench, name: str) -> None:
    """Each fault is one message with file, line, key, what was expected and what came."""
    old, new, line, key, expected, found = CASES[name]
    path = bench.changed((old, new))
    error = bench.failure()
    assert isinstance(error, InputError)
    assert error.file == str(path)
    place, _comma, at = error.place.partition(", key ")
    assert place == f"line {line}"
    assert at.endswith(key.removeprefix("…"))
    assert expected in error.expected
    assert found in error.found
    assert str(error).isprintable()


def test_the_small_catalog_holds_together(bench: Bench) -> None:
    """What the cases change is right before it is changed."""
    assert bench.load().ref == "small@1"


def test_a_fault_is_a_catalog_error_in_chinese_too(bench: Bench) -> None:
    """The message does not depend on the language to be one line."""
    bench.changed(('line: "16"', "line: 16"))
    assert isinstance(bench.failure(), CatalogError)


TREE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "small.yaml").read_text("utf-8"))


def places(value: object, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path of everything in a document."""
    entries: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        entries = list(value.items())
    elif isinstance(value, list):
        entries = list(enumerate(value))
    return [place for key, inner in entries for place in [(*at, key), *places(inner, (*at, key))]]


ANYTHING = st.sampled_from(
    [None, True, 5, "", "x", "0.5", "1", [], ["x"], {}, {"kind": "met"}, {"id": "x"}, [{}], [[]]]
)


@given(st.sampled_from(places(TREE)), ANYTHING, st.booleans())
def test_whatever_stands_anywhere_is_read_or_refused(at: tuple[str | int, ...], value: object, drop: bool) -> None:  # noqa: FBT001 - drawn
    """A catalog with anything at all in any place is accepted or refused with a place, never a crash."""
    tree = copy.deepcopy(TREE)
    holder: Any = tree
    for step in at[:-1]:
        holder = holder[step]
    if drop:
        del holder[at[-1]]
    else:
        holder[at[-1]] = value
    try:
        validate(CatalogFile, YamlDocument(tree, "f.yaml"), CatalogError)
    except CatalogError as error:
        assert error.place.startswith("第 1 行")  # noqa: PT017 - either outcome is right; this one has a property
