"""`greenmine index`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from archives import make_archive
from sealing import make_mine, prepare

from greenmine.cli.main import main


def test_index_and_portal_are_made_anew(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both files are there, the page in the language asked for; deleted, they come back the same."""
    archive = make_archive(workspace / "reports")
    prepare(archive, make_mine(workspace / "evidence")).sealed(archive)
    assert 0 == main(["index", "--lang", "en"])
    assert "1 records in reports/index.sqlite and reports/index.html\n" in capsys.readouterr().out.replace(
        f"{workspace}/", ""
    )
    page = archive.portal.read_bytes()
    assert b'<html lang="en">' in page
    archive.index.unlink()
    archive.portal.unlink()
    assert 0 == main(["--lang", "en", "index", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert (1, 3, [], page) == (found["records"], found["entries"], found["unreadable"], archive.portal.read_bytes())


def test_a_record_that_cannot_be_read_is_told(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit status is 1 and the message names the file; the page says it too."""
    archive = make_archive(workspace / "reports")
    prepare(archive, make_mine(workspace / "evidence")).sealed(archive)
    (archive.place("bags/assess/GM-0001/r1") / "data" / "score.json").unlink()
    assert 1 == main(["index", "--lang", "en"])
    assert "score.json" in capsys.readouterr().out
    assert "Records that cannot be read: 1" in archive.portal.read_text("utf-8")


def test_without_an_archive_there_is_nothing_to_index(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One message, exit status 2, and nothing written."""
    assert 2 == main(["index", "--lang", "en"])
    assert "no ledger" in capsys.readouterr().err
    assert [] == list((workspace / "reports").iterdir())
