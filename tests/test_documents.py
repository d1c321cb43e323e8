"""The documents for users show what the program really takes."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from keys import make_key
from sealing import make_mine, prepare

from greenmine.archive.config import read_config
from greenmine.archive.layout import Archive
from greenmine.assessment import load_assessment
from greenmine.batch.run import notebook_parameters
from greenmine.batch.runlist import read_list
from greenmine.catalog import load_catalog
from greenmine.cli.main import main
from greenmine.evidence import read_profile, take_inventory
from greenmine.scoring import Scorer
from greenmine.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent


def example(language: str, guide: str = "mine-folder.md") -> str:
    """Return the one code block of a language in a guide, that for mines by default."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", (ROOT / "docs" / guide).read_text("utf-8"), re.DOTALL)
    return str(found)


def test_example_profile_is_valid(tmp_path: Path) -> None:
    """The mine.yaml in the guide for mines can be copied as it stands; no field of the form is left out."""
    folder = tmp_path / "GM-0101"
    folder.mkdir()
    (folder / "mine.yaml").write_text(example("yaml"), "utf-8")
    profile = read_profile(folder)
    optional = {"demonstration", "annual_review"}
    assert [] == [name for name, value in profile if name not in optional and value in ("", None, ())]
    assert [] == [name for part in (profile.contact, profile.introduction) for name, value in part if not value]


def test_example_list_is_valid(tmp_path: Path) -> None:
    """The evidence.csv in the guide for mines can be copied as it stands, and every file in it supports something."""
    folder = tmp_path / "GM-0101"
    rows = list(csv.DictReader(io.StringIO(example("csv"))))
    for row in rows:
        (folder / row["路径"]).parent.mkdir(parents=True)
        (folder / row["路径"]).write_bytes(b"x")
    (folder / "mine.yaml").write_text(example("yaml"), "utf-8")
    (folder / "evidence.csv").write_text(example("csv"), "gb18030")
    found = {item.path: item.supports for item in take_inventory(folder).items}
    assert {"环评/环评批复.pdf": ("P1", "29", "34", "35"), "08 开采方式/开采设计.pdf": ("8", "9")} == found


def test_example_panel_and_journal_are_valid(tmp_path: Path) -> None:
    """The panel.yaml and the program in the guide for assessors run as they stand, and what they record is scored."""
    folder = tmp_path / "evidence" / "GM-0101"
    panel = folder / "assessments" / "2026-selection"
    panel.mkdir(parents=True)
    (folder / "mine.yaml").write_text(example("yaml"), "utf-8")
    (panel / "panel.yaml").write_text(example("yaml", "panel.md"), "utf-8")
    for path in re.findall(r'"evidence": \["([^"#]+)', example("python", "panel.md")):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(b"x")
    subprocess.run([sys.executable, "-c", example("python", "panel.md")], cwd=tmp_path, check=True)
    assessment = load_assessment(folder, "2026-selection", take_inventory(folder))
    assert ["E1", "E2"] == [member.id for member in assessment.panel.members]
    catalog = load_catalog("national@2024", Workspace(ROOT)).document
    rows = {row["id"]: row for row in Scorer(catalog).score(assessment.findings)["indicators"]}
    assert "0.8" == rows["3"]["awarded"]
    assert "not_applicable" == rows["12"]["status"]


def test_guide_for_assessors_names_every_kind_of_rule() -> None:
    """The table of facts has each kind that the official catalog uses."""
    document = load_catalog("national@2024", Workspace(ROOT)).document
    guide = (ROOT / "docs" / "panel.md").read_text("utf-8")
    assert [] == [kind for kind in sorted(kinds(document["indicators"])) if f"`{kind}`" not in guide]


def kinds(node: object) -> set[str]:
    """Return the kinds of all rules in a resolved catalog."""
    if isinstance(node, list):
        return set().union(*(kinds(inner) for inner in node))
    if not isinstance(node, dict):
        return set()
    own = {str(rule["kind"]) for rule in (node.get("rule"), node.get("otherwise")) if isinstance(rule, dict)}
    parts = {str(part["kind"]) for part in node.get("of", ()) if isinstance(part, dict) and "kind" in part}
    return own | parts | kinds(list(node.values()))


@pytest.mark.parametrize("language", ["csv", "yaml"])
def test_example_run_list_is_valid(tmp_path: Path, language: str) -> None:
    """The lists in the guide to many mines can be run as they stand."""
    file = tmp_path / f"list.{language}"
    file.write_text(example(language, "batch.md"), "utf-8")
    workspace = Workspace(ROOT)
    runs = read_list(file, notebook_parameters(workspace), workspace, {"catalog": "national@2024"})
    assert ["GM-0001", "GM-0002"] == [run.mine for run in runs]


def test_the_archive_is_set_up_as_the_guide_says(workspace: Path) -> None:
    """archive.yaml and the commands in the guide for operators can be copied as they stand."""
    config = workspace / "reports" / "archive.yaml"
    config.parent.mkdir(exist_ok=True)
    config.write_text(example("yaml", "archive.md"), "utf-8")
    found = read_config(Archive(config.parent))
    assert (("province@demo",), "http://tsa.example/tsr") == (found.witnesses, found.authority and found.authority.url)
    config.write_text(
        re.sub("timestamp: .*", "", example("yaml", "archive.md")), "utf-8"
    )  # the time is asked of nobody
    archive = Archive.open(config.parent, create=True)
    prepare(archive, make_mine(workspace / "evidence")).sealed(archive)
    for name in ("operator", "province", "E1", "office"):
        make_key(workspace / "keys", name)
    commands = [line.split() for line in example("sh", "archive.md").splitlines()]
    assert "ssh-keygen" == commands[0][0]
    for command in commands[1:]:
        assert "greenmine" == command[0]
        assert 0 == main(command[1:]), command
