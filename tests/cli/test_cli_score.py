"""`greenmine score`."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from cases import FOLDING_LOSSES, Document, full_findings, national, with_facts, without

from greenmine.cli.main import main
from greenmine.scoring import Scorer, canonical

ROOT = Path(__file__).parents[2]


def written(folder: Path, name: str, findings: Document) -> str:
    path = folder / name
    path.write_text(json.dumps(findings, ensure_ascii=False), encoding="utf-8")
    return str(path)


def folding() -> Document:
    return without(with_facts(full_findings(national(), "gold"), FOLDING_LOSSES), "12", "13", "16", "18")


def test_json_is_one_canonical_document_a_line(workspace: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Nothing else is printed, and the bytes are those of the scorer."""
    first, second = folding(), full_findings(national())
    paths = [written(workspace, "a.json", first), written(workspace, "b.json", second)]
    assert 0 == main(["score", *paths, "--json"])
    scorer = Scorer(national())
    out, err = capfdbinary.readouterr()
    assert [canonical(scorer.score(first)), canonical(scorer.score(second))] == out.splitlines()
    assert b"" == err


def test_a_person_reads_verdict_total_reasons_and_sensitivity(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In Chinese by default, and completely in English."""
    path = written(workspace, "a.json", folding())
    assert 0 == main(["score", path])
    chinese = capsys.readouterr().out
    assert all(part in chinese for part in ("不达标", "79.1", "达标线 80", "结论对口径敏感", "na_fold=total"))
    assert 0 == main(["score", path, "--lang", "en"])
    english = capsys.readouterr().out.replace("演示矿山", "")
    assert all(part in english for part in ("does not meet the standard", "79.1", "depends on the reading"))
    assert not re.search("[\u4e00-\u9fff]", english)


def test_a_reading_can_be_chosen(workspace: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """The choice decides the verdict and is printed in the score."""
    path = written(workspace, "a.json", folding())
    assert 0 == main(["score", path, "--json", "--reading", "na_fold=total"])
    score = json.loads(capfdbinary.readouterr().out)
    assert ("81.29", "pass", "total") == (score["total"], score["verdict"], score["readings"]["na_fold"])


def test_one_bad_file_does_not_keep_the_others_from_being_scored(
    workspace: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """The good ones are printed, the bad one gets its message, the exit status is 2."""
    good = written(workspace, "good.json", full_findings(national()))
    bad = written(workspace, "bad.json", {"schema": "other"})
    assert 2 == main(["score", bad, good, "--json"])
    out, err = capfdbinary.readouterr()
    assert (1, 1) == (len(out.splitlines()), len(err.splitlines()))
    assert b"bad.json" in err


def test_a_hostile_name_cannot_write_to_the_terminal(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Escape sequences and line breaks in a mine's name are made visible."""
    findings = full_findings(national())
    findings["mine"]["name"] = "\x1b[31m红\n达标"
    assert 0 == main(["score", written(workspace, "a.json", findings)])
    out = capsys.readouterr().out
    assert 1 == len(out.splitlines())
    assert "\x1b" not in out


def test_a_mine_is_scored_from_its_folder_by_id_or_path(
    workspace: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Both give the same line."""
    shutil.copytree(ROOT / "evidence" / "GM-0003", workspace / "evidence" / "GM-0003")
    assert 0 == main(["score", "GM-0003", "evidence/GM-0003", "--json"])
    one, other = capfdbinary.readouterr().out.splitlines()
    assert one == other
    assert ("95", "fail") == tuple(json.loads(one)[key] for key in ("total", "verdict"))


def test_evidence_that_is_not_there_counts_as_none_from_a_folder(
    workspace: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """With every file of its evidence gone a mine has no evidence, though the journals still name the files."""
    mine = workspace / "evidence" / "GM-0003"
    shutil.copytree(ROOT / "evidence" / "GM-0003", mine)
    for folder in mine.iterdir():
        if folder.is_dir() and folder.name != "assessments":
            shutil.rmtree(folder)
    (mine / "evidence.xlsx").unlink(missing_ok=True)
    assert 0 == main(["score", "GM-0003", "--json"])
    score = json.loads(capfdbinary.readouterr().out)
    statuses = {row["status"] for row in score["indicators"]}
    assert statuses <= {"no_evidence", "not_in_block", "not_assessed"}
    assert 0 == score["counts"]["mandatory_full"]


def test_a_catalog_may_be_named_by_file(workspace: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """A path in place of ID@VERSION."""
    path = written(workspace, "a.json", full_findings(national()))
    catalog = ROOT / "parameters" / "catalogs" / "national-2024.yaml"
    assert 0 == main(["score", path, "--json", "--catalog", str(catalog)])
    assert "pass" == json.loads(capfdbinary.readouterr().out)["verdict"]


def test_a_requirement_that_was_lowered_is_shown_with_its_citation(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A profile that is weaker by a document says so wherever it is scored."""
    (workspace / "lower-1.yaml").write_text(
        'schema: greenmine.profile/1\nid: lower\nversion: "1"\ntitle: 示例\nissuer: 示例\ndocument: 示例\n'
        'issued_on: "2025-01-01"\neffective_from: "2025-03-01"\nextends: national@2024\noperations:\n'
        '  - {op: set, at: line, value: "70", citation: 示例〔2025〕1号（假设）第二条}\n',
        encoding="utf-8",
    )
    path = written(workspace, "a.json", folding())
    assert 0 == main(["score", path, "--catalog", "lower-1.yaml"])
    out = capsys.readouterr().out
    assert all(part in out for part in ("达标线 70", "line", "示例〔2025〕1号（假设）第二条"))
    assert 0 == main(["score", path, "--catalog", "lower-1.yaml", "--json"])
    (softened,) = json.loads(capsys.readouterr().out)["softened"]
    assert ("line", "示例〔2025〕1号（假设）第二条") == (softened["at"], softened["citation"])


def test_the_verdict_does_not_depend_on_the_working_directory(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """A mine's folder is scored by the parameters of its own workspace, wherever one stands."""
    shutil.copytree(ROOT / "evidence" / "GM-0005", workspace / "evidence" / "GM-0005")
    own = (ROOT / "parameters" / "catalogs" / "national-2024.yaml").read_text("utf-8")
    (workspace / "parameters" / "catalogs").mkdir()
    changed = own.replace('\nline: "80"\n', '\nline: "81"\n')
    (workspace / "parameters" / "catalogs" / "national-2024.yaml").write_text(changed, "utf-8")
    seen = []
    for place in (workspace, workspace / "evidence" / "GM-0005", tmp_path):
        monkeypatch.chdir(place)
        assert 0 == main(["score", str(workspace / "evidence" / "GM-0005"), "--json"])
        seen.append(capfdbinary.readouterr().out)
    assert seen == [seen[0]] * 3
    assert "81" == json.loads(seen[0])["line"]
