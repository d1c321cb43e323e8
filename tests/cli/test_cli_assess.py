"""`greenmine assess` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mines import ASSESSMENT, MINE, make_mine

from greenmine.cli.main import main


@pytest.fixture
def mine(workspace: Path) -> Path:
    return make_mine(workspace / "evidence", photos=False)


@pytest.mark.usefixtures("mine")
def test_verdict_total_and_the_reports_path_are_printed(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And the report is there."""
    assert 0 == main(["assess", MINE])
    printed = capsys.readouterr().out
    path = Path("reports", MINE, ASSESSMENT, "report.html")
    for words in (MINE, "达标", "95.07", "80", str(path)):
        assert words in printed
    assert (workspace / path).is_file()


def test_a_mine_that_fails_is_assessed_all_the_same(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit status says that the assessment was done; `--json` is one line a mine, alone on standard output."""
    panel = mine / "assessments" / ASSESSMENT / "journal"
    for journal in panel.iterdir():
        journal.unlink()
    assert 0 == main(["assess", str(mine), "--json", "--lang", "en"])
    out, err = capsys.readouterr()
    [line] = out.splitlines()
    document = json.loads(line)
    assert ("incomplete", None, "") == (document["verdict"], document["total"], err)
    assert 'lang="en"' in Path(document["report"]).read_text("utf-8")


@pytest.mark.parametrize("verb", ["assess", "seal"])
def test_without_a_workspace_nothing_is_written(
    verb: str, mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mine's folder that lies in no workspace is refused from a folder that is none, and no reports/ is made."""
    alone = tmp_path / "alone" / MINE
    alone.parent.mkdir()
    mine.rename(alone)
    monkeypatch.chdir(alone.parent)
    assert 2 == main([verb, str(alone)])
    assert "greenmine init" in capsys.readouterr().err
    assert [alone] == list(alone.parent.iterdir())


@pytest.mark.usefixtures("mine")
def test_one_mine_that_cannot_be_assessed_does_not_keep_the_others(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is named on standard error, and the exit status is that of the failure."""
    assert 2 == main(["assess", "GM-NONE", MINE, "--reading", "na_fold=zero"])
    out, err = capsys.readouterr()
    assert 1 == len(err.splitlines())
    assert "GM-NONE" in err
    assert "94.1" in out
    assert (workspace / "reports" / MINE / ASSESSMENT / "report.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["GM-NONE"], "GM-NONE"),
        ([MINE, "--assessment", "none"], "none"),
        ([MINE, "--assessment", "../x"], "../x"),
        ([MINE, "--catalog", "none@1"], "none"),
        ([MINE, "--reading", "na_fold"], "na_fold"),
        ([MINE, "--reading", "na_fold=guess"], "guess"),
        ([MINE, "--lang", "fr"], "fr"),
        ([], "MINE"),
    ],
)
@pytest.mark.usefixtures("mine")
def test_bad_input_is_one_message_and_nothing_is_written(
    workspace: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], word: str
) -> None:
    """Exit status 2, no traceback."""
    assert 2 == main(["assess", *arguments])
    out, err = capsys.readouterr()
    assert ("", 1) == (out, len(err.splitlines()))
    assert word in err
    assert [] == list((workspace / "reports").iterdir())


@pytest.mark.usefixtures("mine")
def test_either_engine_gives_the_same_report(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Byte for byte; a third is refused."""
    report = workspace / "reports" / MINE / ASSESSMENT / "report.html"
    pages = []
    for engine in ("greenmine", "kernel"):
        assert 0 == main(["assess", MINE, "--engine", engine])
        pages.append(report.read_bytes())
    assert pages[0] == pages[1]
    assert 2 == main(["assess", MINE, "--engine", "other"])
    assert "--engine" in capsys.readouterr().err
