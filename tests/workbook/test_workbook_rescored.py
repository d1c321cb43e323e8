"""A mine's record scored again by another version of the indicators."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from greenmine.errors import CatalogError, UsageError
from greenmine.files import canonical_json
from greenmine.workbook import Workbook
from greenmine.workspace import Workspace, shared_dir

SHIPPED = Workspace(shared_dir())
AGAIN = {"catalog": "hypothetical@2027", "carried_from": "national@2024", "workspace": SHIPPED}


def test_a_mine_is_scored_again_from_the_facts_of_its_panel() -> None:
    """Before is what the older catalog gives; after is incomplete until somebody looks at what is new."""
    before = Workbook.open("GM-0002", catalog="national@2024", workspace=SHIPPED)
    book = Workbook.open("GM-0002", **AGAIN)
    assert book.rescored is not None
    assert book.changes is not None
    assert before.score == book.rescored.before
    assert (before.score["verdict"], "incomplete") == book.changes.verdict
    assert "rescore" == book.findings["assessment"]["kind"]


def test_the_report_lists_what_changes_and_why() -> None:
    """Each row names the indicator, both sides and the cause; a made-up version says so."""
    markup = Workbook.open("GM-0002", **AGAIN, lang="en").deltas().markup
    assert "rule changed" in markup
    assert "1.5 / 2" in markup
    assert "Hypothetical version" in markup
    assert "hypothetical@2027" in markup


def test_a_record_by_the_same_version_says_that_nothing_was_carried_over() -> None:
    """The piece is a sentence, not an empty table."""
    book = Workbook.open("GM-0002", catalog="national@2024", workspace=SHIPPED, lang="en")
    assert book.changes is None
    assert "nothing was carried over" in book.deltas().markup


def test_without_a_mapping_set_nothing_is_scored(workspace: Path) -> None:
    """Two versions that nobody has related are not compared."""
    shutil.copytree(SHIPPED.evidence / "GM-0002", workspace / "evidence" / "GM-0002")
    text = (SHIPPED.root / "parameters/catalogs/examples/hypothetical-2027.yaml").read_text("utf-8")
    (workspace / "parameters" / "catalogs").mkdir(exist_ok=True)
    own = workspace / "parameters" / "catalogs" / "other-1.yaml"
    own.write_text(text.replace('id: hypothetical\nversion: "2027"', 'id: other\nversion: "1"'), "utf-8")
    with pytest.raises(UsageError, match=r"national-2024--other-1\.yaml"):
        Workbook.open("GM-0002", **{**AGAIN, "catalog": "other@1", "workspace": Workspace(workspace)})


def test_a_mapping_set_that_is_for_other_catalogs_is_refused(workspace: Path) -> None:
    """Its head is held against both catalogs."""
    shutil.copytree(SHIPPED.evidence / "GM-0002", workspace / "evidence" / "GM-0002")
    name = "national-2024--hypothetical-2027.yaml"
    text = (SHIPPED.root / "parameters/mappings/examples" / name).read_text("utf-8")
    (workspace / "parameters/mappings/examples").mkdir(parents=True)
    (workspace / "parameters/mappings/examples" / name).write_text(
        text.replace("to: hypothetical@2027", "to: x@1"), "utf-8"
    )
    with pytest.raises(CatalogError, match="x@1"):
        Workbook.open("GM-0002", **{**AGAIN, "workspace": Workspace(workspace)})


def test_scoring_again_gives_the_same_bytes_in_either_language() -> None:
    """Findings and score hold no words of the language in use."""
    chinese, english = (Workbook.open("GM-0003", **AGAIN, lang=lang) for lang in ("zh", "en"))
    assert canonical_json(chinese.findings) == canonical_json(english.findings)
    assert chinese.digests == english.digests
