"""What a mine hands in for an indicator counts where the panel cites nothing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from greenmine.assessment import JournalWriter, load_assessment
from greenmine.evidence import take_inventory

ROOT = Path(__file__).parents[2]
MINE = "GM-0005"
FIELDS = {"facts": {"defects": []}, "justification": "现场查看（演示）"}


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A demonstration mine with an empty journal and one file in the folder of indicator 2."""
    folder = tmp_path / MINE
    shutil.copytree(ROOT / "evidence" / MINE, folder)
    for path in (folder / "assessments").glob("*/journal/*.jsonl"):
        path.unlink()
    for path in folder.glob("02*"):
        shutil.rmtree(path)
    (folder / "02 配套设施").mkdir()
    (folder / "02 配套设施" / "说明.txt").write_text("配套设施说明（演示）", encoding="utf-8")
    for name in ("evidence.csv", "evidence.xlsx"):
        (folder / name).unlink(missing_ok=True)
    return folder


def recorded(mine: Path, fields: dict[str, Any]) -> dict[str, Any]:
    assessment = min((mine / "assessments").iterdir())
    with JournalWriter(assessment / "journal" / "E1.jsonl", MINE, assessment.name, "E1") as journal:
        journal.append("E1", "indicator/2", fields)
    entry: dict[str, Any] = load_assessment(mine, None, take_inventory(mine)).findings["indicators"]["2"]
    return entry


def test_files_in_a_numbered_folder_support_the_indicator_without_a_list(mine: Path) -> None:
    """Where nothing is cited they are its evidence, and the findings say where it comes from."""
    entry = recorded(mine, FIELDS)
    assert (["02 配套设施/说明.txt"], "folder") == (entry["evidence"], entry["evidence_by"])


def test_what_the_panel_cites_goes_before_what_lies_in_the_folder(mine: Path) -> None:
    """A citation stands alone, and a file that is cited and missing is not replaced by another."""
    entry = recorded(mine, {**FIELDS, "evidence": ["mine.yaml", "nowhere.pdf"]})
    assert [] == [entry[key] for key in ("evidence_by",) if key in entry]
    assert (["mine.yaml", "nowhere.pdf"], []) == (entry["missing_evidence"], entry["evidence"])


def test_what_nobody_recorded_is_not_assessed_however_much_was_handed_in(mine: Path) -> None:
    """A folder full of files makes no entry."""
    assert {} == load_assessment(mine, None, take_inventory(mine)).findings["indicators"]
