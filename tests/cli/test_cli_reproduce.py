"""`greenmine reproduce`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from archives import make_archive
from sealing import make_mine, prepare

from greenmine.archive.layout import Archive
from greenmine.archive.record import installed
from greenmine.cli.main import main


@pytest.fixture
def archive(workspace: Path) -> Archive:
    """An archive with one record, made with another version of a package."""
    made = make_archive(workspace / "reports")
    parts = prepare(made, make_mine(workspace / "evidence"))
    record = parts.record.model_copy(update={"software": {**installed(), "jinja2": "2.0"}})
    type(parts)(parts.files, record, parts.journals).sealed(made)
    return made


@pytest.mark.usefixtures("archive")
def test_a_score_that_comes_out_the_same_is_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    """It says what was compared, and which software is another."""
    assert 0 == main(["--lang", "en", "reproduce", "GM-0001", "--score-only"])
    out = capsys.readouterr().out
    assert "GM-0001/r1: made anew, the same byte for byte: score.json\n" in out
    assert f"jinja2: 2.0 when the record was made, {installed()['jinja2']} now\n" in out
    assert 0 == main(["--lang", "en", "reproduce", "GM-0001/r1", "--score-only", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert (True, ["score.json"], []) == (found["same"], found["compared"], found["differences"])
    assert ["jinja2"] == [one["name"] for one in found["software"]]


def test_a_record_that_is_not_there_or_damaged_is_one_message(
    archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2 for what is not there, 1 for what was changed; never a traceback."""
    assert 2 == main(["--lang", "en", "reproduce", "GM-0009"])
    assert "GM-0009" in capsys.readouterr().err
    score = archive.place("bags/assess/GM-0001/r1") / "data" / "score.json"
    score.chmod(0o644)
    score.write_bytes(b"{}")
    assert 1 == main(["--lang", "en", "reproduce", "GM-0001", "--score-only"])
    err = capsys.readouterr().err
    assert ("score.json" in err, 1) == (True, err.count("\n"))


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize("name", ["/no/such.ipynb", "panel.yaml", "."])
def test_a_notebook_that_is_none_is_a_mistake_of_who_asks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Status 2 with the file named; the record is not said to be another."""
    (tmp_path / "panel.yaml").write_text("members: []\n", "utf-8")
    assert 2 == main(["--lang", "en", "reproduce", "GM-0001", "--notebook", str(tmp_path / name)])
    out, err = capsys.readouterr()
    assert ("", 1, True) == (out, err.count("\n"), str(tmp_path / name) in err)
