"""A workbook handed down to a fork: the same where nothing changed, read anew where anything did."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from mines import make_mine

from greenmine.workbook import Workbook, handed_down
from greenmine.workbook.handed_down import handing_down, state_of
from greenmine.workspace import Workspace, shared_dir

ASKED = {"readings": {}, "lang": "zh"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mine whose files count as settled at once."""
    monkeypatch.setattr(handed_down, "SETTLED_NS", -10_000_000_000)
    return make_mine(tmp_path, photos=False)


def opened(folder: Path, **options: object) -> Workbook:
    """Open the workbook of the mine, as a notebook does."""
    asked = {"catalog": "national@2024", "workspace": Workspace(shared_dir()), **ASKED, **options}
    return Workbook.open(str(folder), "2026-test", **asked)  # type: ignore[arg-type] # by name


def as_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process take itself for a fork."""
    monkeypatch.setattr(os, "getpid", lambda: -1)


def test_a_fork_gets_what_was_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the same is asked for and no file changed, nothing is read again; elsewhere it is."""
    state = state_of(folder)
    book = opened(folder)
    with handing_down(book, state, **ASKED):
        assert opened(folder) is not book
        as_fork(monkeypatch)
        assert opened(folder) is book
        assert opened(folder, lang="en") is not book
        assert opened(folder, readings={"na_fold": "total"}) is not book
        assert opened(folder, catalog=str(shared_dir() / "parameters/catalogs/national-2024.yaml")) is book
    assert opened(folder) is not book


@pytest.mark.parametrize("name", ["LICENCES/LICENCE.TXT", "mine.yaml", "assessments/2026-test/journal/E1.jsonl", "NEW"])
def test_what_changed_since_is_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A file of the evidence, the profile, a journal, a new file: even where size and time of change were put back."""
    state = state_of(folder)
    book = opened(folder)
    path = folder / name
    if path.exists():
        before = path.stat()
        path.write_bytes(path.read_bytes())
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    else:
        path.write_text("new", "utf-8")
    as_fork(monkeypatch)
    with handing_down(book, state, **ASKED):
        assert opened(folder) is not book


def test_files_that_changed_just_now_are_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They could change once more without their times telling."""
    folder = make_mine(tmp_path, photos=False)
    (folder / "NEW").write_text("new", "utf-8")
    state = state_of(folder)
    book = opened(folder)
    as_fork(monkeypatch)
    with handing_down(book, state, **ASKED):
        assert not state
        assert opened(folder) is not book
