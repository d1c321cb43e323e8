"""Profiles: what operations do, where they fail, and what they leave visible."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from greenmine.catalog import load_catalog
from greenmine.catalog.model import CatalogFile
from greenmine.catalog.profile import ProfileFile, apply
from greenmine.catalog.strict_yaml import YamlDocument, validate
from greenmine.errors import CatalogError
from greenmine.workspace import Workspace

if TYPE_CHECKING:
    from conftest import Bench


def indicators(document: dict[str, Any]) -> dict[str, Any]:
    return {entry["id"]: entry for entry in document["indicators"]}


def test_operations_are_done_in_order(bench: Bench) -> None:
    """Each operation works on what those before it left."""
    bench.profile("""
{op: set, at: line, value: "17"}
{op: set, at: line, value: "18"}
{op: add, at: prerequisites, value: {id: P3, name: 红线, text: 不在红线内。}}
{op: set, at: prerequisites/P3/text, value: 不在生态保护红线内。}
""")
    document = bench.load("tailored@1").document
    assert document["line"] == "18"
    assert document["prerequisites"][-1] == {"id": "P3", "name": "红线", "text": "不在生态保护红线内。"}


def test_a_profile_states_its_own_identity(bench: Bench) -> None:
    """Title, issuer, document and dates are the profile's; the base's source and end do not apply to it."""
    bench.profile("")
    document = bench.load("tailored@1").document
    assert [document[key] for key in ("id", "version", "title", "issuer")] == [
        *("tailored", "1", "演示省评价指标", "演示省")
    ]
    assert (document["issued_on"], document["effective_from"]) == ("2025-01-01", "2025-02-01")
    assert not {"effective_to", "source_sha256"} & set(document)


def test_provenance_stays_in_the_resolved_catalog(bench: Bench) -> None:
    """The resolved profile names what it was derived from, by digest, and every operation."""
    bench.profile('{op: set, at: line, value: "17", reason: 从严}')
    document = bench.load("tailored@1").document
    assert document["derived_from"] == [{"id": "small", "version": "1", "sha256": bench.load().sha256}]
    expected = {"profile": "tailored@1", "op": "set", "at": "line", "value": "17", "reason": "从严"}
    assert document["operations"] == [expected]


def test_a_profile_may_extend_a_profile(bench: Bench) -> None:
    """Operations and provenance of both are kept, the nearest base last."""
    bench.profile('{op: set, at: line, value: "17"}')
    bench.profile('{op: set, at: indicators/2/rule/step, value: "1"}', name="city", extends="tailored@1")
    document = bench.load("city@1").document
    assert document["line"] == "17"
    assert indicators(document)["2"]["rule"]["step"] == "1"
    assert [base["id"] for base in document["derived_from"]] == ["small", "tailored"]
    assert [entry["profile"] for entry in document["operations"]] == ["tailored@1", "city@1"]


def test_all_ways_to_name_a_place(bench: Bench) -> None:
    """Places go by ids, fact keys, variants, texts of plain lists and numbers."""
    bench.profile("""
{op: set, at: categories/1/name, value: 甲一}
{op: set, at: sections/1.1/name, value: 甲二}
{op: set, at: categories/2/sections/2.1/indicators/5/name, value: 甲三}
{op: set, at: indicators/4/rules/open_pit/of/drilling/text, value: 甲四}
{op: set, at: indicators/5/rule/of/#1/of/reuse/text, value: 甲五}
{op: set, at: indicators/3/criteria/open_pit, value: 甲六}
{op: exclude, at: indicators/1/methods/查资料, reason: 只看现场}
{op: set, at: readings/na_fold/default, value: total}
{op: set, at: indicators/1/guidance, value: 甲七}
{op: set, at: notes/说明一/text, value: 甲八}
{op: exclude, at: indicators/2/guidance, reason: 不需要}
{op: set, at: indicators/3/rule/clauses/a/text, value: 甲九}
""")
    document = bench.load("tailored@1").document
    found = indicators(document)
    assert document["categories"][0]["name"] == "甲一"
    assert document["sections"][0]["name"] == "甲二"
    assert found["5"]["name"] == "甲三"
    assert found["4"]["rules"]["open_pit"]["of"][0]["text"] == "甲四"
    assert found["5"]["rule"]["of"][0]["of"][1]["text"] == "甲五"
    assert found["3"]["criteria"]["open_pit"] == "甲六"
    assert found["1"]["methods"] == ["查现场"]
    assert document["readings"]["na_fold"]["default"] == "total"
    assert found["1"]["guidance"] == "甲七"
    assert document["notes"][0]["text"] == "甲八"
    assert "guidance" not in found["2"]
    assert found["3"]["rule"]["clauses"][0]["text"] == "甲九"


def test_an_indicator_may_be_excluded_and_its_points_given_to_others(bench: Bench) -> None:
    """Weights may move as long as everything sums up again."""
    bench.profile("""
{op: exclude, at: indicators/1, reason: 本省不设}
{op: set, at: indicators/2/points, value: "4"}
""")
    document = bench.load("tailored@1").document
    assert "1" not in indicators(document)
    assert indicators(document)["2"]["rule"]["points"] == "4"


def test_an_indicator_may_be_added_to_a_section(bench: Bench) -> None:
    """A new indicator is an entry of its section like any other."""
    new = (
        "{id: '9', name: 新, points: '1', kind: improvement, methods: [查现场], basis: '', criteria: 新,"
        " rule: {kind: met}, not_applicable: {permitted: false}}"
    )
    bench.profile(f"""
{{op: add, at: sections/1.1/indicators, value: {new}}}
{{op: set, at: indicators/2/points, value: "1"}}
""")
    assert indicators(bench.load("tailored@1").document)["9"]["points"] == "1"


# what is wrong: (operations, line in the profile's file, key, expected, found)
CASES: dict[str, tuple[str, int, str, str, str]] = {
    "no such place": ('{op: set, at: lines/1, value: "17"}', 11, "operations/#1/at", "one of schema", "“lines”"),
    "no such indicator": (
        "{op: set, at: indicators/99/name, value: x}",
        11,
        "operations/#1/at",
        "1, 2, 3",
        "“indicators/99/name”",
    ),
    "no such section": (
        "{op: set, at: sections/9.9/name, value: x}",
        11,
        "operations/#1/at",
        "1.1, 1.2",
        "sections/9.9",
    ),
    "no id": ("{op: set, at: indicators, value: x}", 11, "operations/#1/at", "indicators/ID/…", "“indicators”"),
    "nothing below": ("{op: set, at: line/x, value: x}", 11, "operations/#1/at", "nothing below", "“x”"),
    "nothing to exclude": (
        "{op: exclude, at: indicators/1/guidance, reason: x}",
        11,
        "operations/#1/at",
        "one of id, name",
        "“guidance”",
    ),
    "no list to add to": (
        "{op: add, at: indicators/1, value: x}",
        11,
        "operations/#1/at",
        "a list to add to",
        "indicators/1",
    ),
    "an id": ('{op: set, at: indicators/1/id, value: "9"}', 11, "operations/#1/at", "may change", "an id"),
    "its own identity": ("{op: set, at: title, value: x}", 11, "operations/#1/at", "that is extended", "“title”"),
    "an exclusion without reason": (
        "{op: exclude, at: prerequisites/P2}",
        11,
        "operations/#1/reason",
        "“reason”",
        "no such key",
    ),
    "an unknown operation": (
        "{op: delete, at: prerequisites/P2}",
        11,
        "operations/#1",
        "set, add, exclude",
        "“delete”",
    ),
    "an unknown key": ("{op: set, at: line, valeu: '17'}", 11, "operations/#1/valeu", "value", "“valeu”"),
    "a number": ("{op: set, at: line, value: 17}", 11, "operations/#1/value", "in quotes", "the number 17"),
    "a number inside": (
        "{op: set, at: prerequisites/P1, value: {id: [x, 5]}}",
        11,
        "operations/#1/value/id/#2",
        "in quotes",
        "5",
    ),
    "a value of another kind": (
        "{op: set, at: indicators/1/methods, value: 查资料}",
        11,
        "categories/1/sections/1.1/indicators/1/methods",
        "a list",
        "查资料",
    ),
    "an unknown key in the catalog": (
        "{op: set, at: indicators/1/colour, value: red}",
        11,
        "colour",
        "only the keys",
        "colour",
    ),
    "points that do not sum up": (
        '{op: set, at: indicators/2/points, value: "3"}',
        11,
        "categories/1/sections/1.1/points",
        "5, the sum",
        "4",
    ),
    "an exclusion that leaves a hole": (
        "{op: exclude, at: indicators/1, reason: x}",
        11,
        "categories/1/sections/1.1/points",
        "2, the sum",
        "4",
    ),
    "a rule that is worth another sum": (
        "{op: exclude, at: indicators/4/rules/open_pit/of/drilling, reason: x}",
        11,
        "indicators/4/rules/open_pit",
        "2 points",
        "1",
    ),
    "an unknown reading": (
        "{op: set, at: readings/na_fold/default, value: none}",
        11,
        "readings/na_fold/default",
        "category",
        "none",
    ),
    "all readings less": (
        "{op: exclude, at: readings, reason: x}",
        10,
        "readings",
        "na_fold, expert_split, component_na",
        "none",
    ),
    "what an earlier one broke": (
        "{op: set, at: categories, value: x}\n{op: set, at: indicators/1/name, value: x}",
        12,
        "operations/#2/at",
        "the schema",
        "an earlier operation",
    ),
    "the catalogs of a cycle": ("", 9, "extends", "does not extend this one", "→"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_done_names_the_operation(bench: Bench, name: str) -> None:
    """A message names the profile's file, the operation's line and the place."""
    operations, line, key, expected, found = CASES[name]
    if "cycle" in name:
        bench.profile("", name="other", extends="tailored@1")
        path = bench.profile("", extends="other@1")
        path = path.with_name("other-1.yaml")  # the file whose base closes the circle
    else:
        path = bench.profile(operations)
    error: Any = bench.failure("tailored@1")
    assert error.file == str(path)
    assert error.place.startswith(f"line {line}, key ")
    assert error.place.endswith(key)
    assert expected in error.expected
    assert found in error.found


def test_a_base_that_is_not_there_is_named(bench: Bench) -> None:
    """What a profile extends must be a catalog or profile of the workspace."""
    bench.profile("", extends="nothing@1")
    assert "key extends: expected a catalog that is there, got “nothing@1”" in str(bench.failure("tailored@1"))


def test_a_base_named_by_a_path_is_refused(bench: Bench) -> None:
    """A profile extends by reference, so that it means the same on every machine."""
    bench.profile("", extends="../catalogs/small-1.yaml")
    assert "key extends" in str(bench.failure("tailored@1"))


def test_a_shipped_example_is_labelled_and_holds_together(repository: Path) -> None:
    """An example says in its title, issuer and document, and by its mark, that it is made up."""
    for ref in ("example-province@2025", "hypothetical@2027"):
        catalog = load_catalog(ref, Workspace(repository))
        assert catalog.hypothetical
        assert all("假设" in catalog.document[key] for key in ("title", "issuer", "document"))
        assert catalog.document["derived_from"][0]["id"] == "national"


def test_what_extends_a_hypothetical_catalog_is_hypothetical(bench: Bench) -> None:
    """A profile inherits the mark, and no operation takes it off; a catalog without it says nothing of it."""
    path = bench.profile("")
    path.write_text(path.read_text("utf-8").replace("title:", "hypothetical: true\ntitle:"), "utf-8")
    bench.profile("", name="city", extends="tailored@1")
    assert [False, True, True] == [bench.load(ref).hypothetical for ref in ("small@1", "tailored@1", "city@1")]
    bench.profile("{op: set, at: hypothetical, value: false}", name="city", extends="tailored@1")
    assert "which a profile states of itself or cannot change" in str(bench.failure("city@1"))


HERE = Path(__file__).parent
TREE: dict[str, Any] = yaml.safe_load((HERE / "small.yaml").read_text("utf-8"))
READINGS: dict[str, Any] = yaml.safe_load(
    (HERE.parents[1] / "parameters" / "readings" / "national.yaml").read_text("utf-8")
)
STEPS = [
    *("indicators", "sections", "categories", "prerequisites", "notes", "readings", "line", "blocks", "P1", "1", "2")
]
STEPS += [
    *("1.1", "3", "rule", "rules", "of", "clauses", "variants", "points", "#1", "#9", "id", "", "na_fold", "methods")
]
OPERATIONS = st.fixed_dictionaries(
    {
        "op": st.sampled_from(["set", "add", "exclude"]),
        "at": st.lists(st.sampled_from(STEPS), min_size=1, max_size=5).map("/".join).filter(bool),
        "value": st.sampled_from(["x", "1", [], {}, {"id": "x"}, [{"id": "x"}], True]),
    }
)


@given(st.lists(OPERATIONS, min_size=1, max_size=4))
def test_whatever_the_operations_they_are_done_or_refused(operations: list[dict[str, Any]]) -> None:
    """No operations make anything but a catalog, or one CatalogError; the base is never touched."""
    for operation in operations:
        if operation["op"] == "exclude":
            operation.update(reason="x")
            operation.pop("value")
    head = {key: TREE[key] for key in ("id", "version", "title", "issuer", "document", "issued_on", "effective_from")}
    data = {"schema": "greenmine.profile/1", **head, "extends": "small@1", "operations": operations}
    document = YamlDocument(data, "f.yaml")
    before = yaml.safe_dump([TREE, READINGS])
    try:
        tree, _readings = apply(validate(ProfileFile, document, CatalogError), document, TREE, READINGS)
        validate(CatalogFile, tree, CatalogError)
    except CatalogError as error:
        assert str(error).isprintable()  # noqa: PT017 - either outcome is right; this one has a property
    assert yaml.safe_dump([TREE, READINGS]) == before
