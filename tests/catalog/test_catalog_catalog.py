"""Finding and loading catalogs, the resolved form and its digest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from greenmine.catalog import digest, list_catalogs, load_catalog
from greenmine.catalog.catalog import CatalogFile, ReadingsFile
from greenmine.catalog.resolve import resolve
from greenmine.errors import UsageError
from greenmine.files import canonical_json
from greenmine.scoring import Scorer
from greenmine.workspace import Workspace

if TYPE_CHECKING:
    from conftest import Bench

HERE = Path(__file__).parent
SMALL: dict[str, Any] = yaml.safe_load((HERE / "small.yaml").read_text("utf-8"))
READINGS: dict[str, Any] = yaml.safe_load(
    (HERE.parents[1] / "parameters" / "readings" / "national.yaml").read_text("utf-8")
)


def nulls(value: object) -> bool:
    if isinstance(value, dict):
        return any(nulls(inner) for inner in value.values())
    return value is None or (isinstance(value, list) and any(nulls(inner) for inner in value))


def test_a_catalog_is_found_by_reference_and_by_path(bench: Bench) -> None:
    """`ID@VERSION` and the path of the file give the same catalog."""
    path = bench.workspace.root / "parameters" / "catalogs" / "small-1.yaml"
    by_ref, by_path = bench.load("small@1"), bench.load(str(path))
    assert (by_ref.ref, by_ref.line, by_ref.title) == ("small@1", "16", "演示评价指标")
    assert by_path == by_ref


def test_an_unknown_catalog_is_a_usage_error_that_lists_the_others(bench: Bench) -> None:
    """The message tells which catalogs there are."""
    error = bench.failure("smal@1", UsageError)
    assert "There is no catalog “smal@1”" in str(error)
    assert "small@1" in str(error)


def test_a_catalog_in_a_file_of_another_name_is_told_how_to_name_it(bench: Bench) -> None:
    """What the list shows can be got at: the message names the file and the name it must have."""
    path = bench.workspace.root / "parameters" / "catalogs" / "small-1.yaml"
    other = path.rename(path.with_name("small.yaml"))
    assert "small@1" in {entry.catalog.ref for entry in list_catalogs(bench.workspace) if entry.catalog}
    error = str(bench.failure("small@1", UsageError))
    assert f"{other} holds it" in error
    assert "Name the file small-1.yaml" in error


@pytest.mark.parametrize("ref", ["", "nowhere.yaml", "small", "small@", "../small@1", "small@1@2"])
def test_what_is_no_reference_is_a_usage_error(bench: Bench, ref: str) -> None:
    """A reference has an id, an at sign and a version, or is the path of a file that is there."""
    if ref:
        assert "There is no catalog" in str(bench.failure(ref, UsageError))
    else:
        with pytest.raises(UsageError):
            bench.load(ref)


def test_a_file_named_after_another_catalog_is_refused(bench: Bench) -> None:
    """Id and version in the file are those in its name."""
    bench.changed(('version: "1"', 'version: "2"'))
    assert "expected small@1, as the file is named, got small@2" in str(bench.failure())


def test_the_readings_file_is_checked_too(bench: Bench) -> None:
    """A fault in the readings names the readings file, line and key."""
    path = bench.workspace.root / "parameters" / "readings" / "national.yaml"
    text = path.read_text("utf-8")
    cases = {
        ("default: strict", "default: lenient"): ("readings/component_na/default", "strict, fold, award", "lenient"),
        ("  expert_split:", "  expert_splits:"): ("readings/expert_splits", "expert_split", "expert_splits"),
        ("      zero:", "      naught:"): ("readings/na_fold/choices/naught", "zero", "naught"),
        ("id: national", "id: other"): ("id", "national, as the file is named", "“other”"),
        ("    default: unanimous\n", ""): ("readings/expert_split/default", "the key “default”", "no such key"),
    }
    for (old, new), (key, expected, found) in cases.items():
        path.write_text(text.replace(old, new), "utf-8")
        error: Any = bench.failure()
        assert error.file == str(path)
        assert error.place.endswith(f"key {key}")
        assert expected in error.expected
        assert found in error.found
    path.write_text(text[: text.index("  component_na:")], "utf-8")
    assert "the readings component_na" in str(bench.failure())


def test_the_list_tells_what_cannot_be_used_and_why(bench: Bench) -> None:
    """A broken file stays in the list, with its message, and does not hide the others."""
    broken = bench.write("schema: x\n", "catalogs/broken-1.yaml")
    listed = {entry.path: entry for entry in list_catalogs(bench.workspace)}
    assert listed[broken].catalog is None
    assert "expected one of greenmine.catalog/1, greenmine.profile/1, got “x”" in listed[broken].problem
    assert "small@1" in {entry.catalog.ref for entry in listed.values() if entry.catalog}
    assert "national@2024" in {entry.catalog.ref for entry in listed.values() if entry.catalog}


def test_the_workspaces_own_catalog_comes_before_the_packages(bench: Bench) -> None:
    """Who edits a copy of the national catalog scores by the copy."""
    text = (HERE.parents[1] / "parameters" / "catalogs" / "national-2024.yaml").read_text("utf-8")
    packaged = bench.load("national@2024")
    own = bench.write(text.replace('line: "80"', 'line: "81"'), "catalogs/national-2024.yaml")
    assert (bench.load("national@2024").path, bench.load("national@2024").line) == (own, "81")
    assert packaged.line == "80"


def test_the_resolved_form_names_parents_and_leaves_out_what_is_absent(bench: Bench) -> None:
    """Lists are flat, entries name their parents, numbers are decimal strings, nothing is null."""
    document = bench.load().document
    indicators = {entry["id"]: entry for entry in document["indicators"]}
    assert document["schema"] == "greenmine.catalog.resolved/1"
    assert document["sections"][2] == {"id": "2.1", "name": "丙", "category": "2", "points": "10", "block": "A"}
    assert [indicators["5"][key] for key in ("category", "section", "block")] == ["2", "2.1", "A"]
    assert "block" not in indicators["1"]
    assert indicators["2"]["points"] == "2"
    assert indicators["3"]["variants"]["none"] == "无对应评分说明"
    assert indicators["4"]["rules"]["open_pit"]["points"] == "2"
    assert document["readings"]["na_fold"] == {"default": "category", "choices": ["category", "total", "full", "zero"]}
    assert document["reading_texts"]["na_fold"]["choices"]["zero"]["text_en"]
    assert "expected" not in document
    assert not nulls(document)


def test_the_digest_is_that_of_the_canonical_form_and_of_the_scorer(bench: Bench) -> None:
    """Catalog, `sha256sum` of its JSON, and scorer agree on the digest."""
    catalog = bench.load()
    assert catalog.sha256 == digest(json.loads(canonical_json(catalog.document)))
    assert Scorer(catalog.document)._identity["sha256"] == catalog.sha256


def test_the_shipped_national_catalog_is_as_its_own_words_say(repository: Path) -> None:
    """评价指标共 49 项, 约束性指标共 20 项, 100 分, 80 分."""
    document = load_catalog("national@2024", Workspace(repository)).document
    indicators = document["indicators"]
    assert len(indicators) == 49
    assert sum(entry["kind"] == "mandatory" for entry in indicators) == 20
    assert (document["line"], document["scale"], len(document["prerequisites"])) == ("80", "100", 5)
    assert len(document["sections"]) == 23


def shuffled(value: Any, order: Any) -> Any:
    """Return a document with the keys of all its mappings in another order."""
    if isinstance(value, dict):
        keys = order.draw(st.permutations(list(value)))
        return {key: shuffled(value[key], order) for key in keys}
    return [shuffled(entry, order) for entry in value] if isinstance(value, list) else value


@given(st.data())
def test_the_order_of_keys_never_reaches_the_digest(data: Any) -> None:
    """A catalog whose keys stand in another order is the same catalog."""
    plain, other = (
        resolve(CatalogFile.model_validate(tree), ReadingsFile.model_validate(READINGS))
        for tree in (SMALL, {key: SMALL[key] for key in data.draw(st.permutations(list(SMALL)))})
    )
    blocks = shuffled(SMALL["blocks"], data)
    third = resolve(CatalogFile.model_validate({**SMALL, "blocks": blocks}), ReadingsFile.model_validate(READINGS))
    assert digest(plain) == digest(other) == digest(third)


def test_a_catalog_is_read_again_when_a_file_has_changed(bench: Bench) -> None:
    """Its own, or one that it rests on; else what was read before is taken."""
    path = bench.workspace.root / "parameters" / "catalogs" / "small-1.yaml"
    before = bench.load("small@1")
    assert bench.load("small@1").document is before.document
    path.write_text(path.read_text("utf-8").replace("演示评价指标", "另一评价指标"), "utf-8")
    assert "另一评价指标" == bench.load("small@1").title
    path.unlink()
    bench.failure("small@1", UsageError)
