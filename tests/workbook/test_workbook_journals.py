"""Journals read over and over: the same entries as read from the beginning, and the same faults."""

from __future__ import annotations

from pathlib import Path

import pytest
from assessments import ASSESSMENT, MINE, make_assessment, make_mine, write

from greenmine.assessment.journal import Owner, scan_file
from greenmine.errors import JournalError
from greenmine.workbook import journals as module
from greenmine.workbook.journals import Journals

OWNER = Owner(MINE, ASSESSMENT, "E1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = make_assessment(make_mine(tmp_path))
    return write(folder, "E1", [("E1", f"indicator/{n}", {"justification": f"第 {n} 行"}) for n in range(1, 6)])


def test_what_was_added_is_parsed_and_nothing_else(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unchanged journal is not opened; a longer one is not read from the beginning."""
    whole, read = path.read_bytes(), Journals()
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2]))
    assert len(read(path, OWNER).entries) == 2
    monkeypatch.setattr(module, "scan_file", None)  # whoever calls it now fails
    assert len(read(path, OWNER).entries) == 2
    with path.open("ab") as stream:
        stream.write(b"".join(lines[2:]))
    assert read(path, OWNER) == scan_file(path, OWNER)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace("第 1 行".encode(), "第 9 行".encode()),
        lambda data: data + data.splitlines(keepends=True)[-1],
        lambda data: data + b'{"author":"E1"}\n',
        lambda data: data.splitlines(keepends=True)[-1],
        lambda data: data[: len(data) // 2],
        lambda data: data + b'{"author":"E1","card":"ind',
        lambda data: data[:-1],
        lambda _data: b"",
    ],
)
def test_any_other_change_is_read_from_the_beginning(path: Path, change: object) -> None:
    """The entries or the error are those of a first reading."""
    read, data = Journals(), path.read_bytes()
    read(path, OWNER)
    path.write_bytes(change(data))  # type: ignore[operator]
    try:
        expected: object = scan_file(path, OWNER)
    except JournalError as problem:
        expected = str(problem)
    try:
        found: object = read(path, OWNER)
    except JournalError as problem:
        found = str(problem)
    assert found == expected
    path.write_bytes(data)
    assert read(path, OWNER) == scan_file(path, OWNER)


def test_a_journal_that_was_made_a_link_is_refused(path: Path, tmp_path: Path) -> None:
    """Even where the link leads to the very same lines."""
    read = Journals()
    read(path, OWNER)
    other = tmp_path / "elsewhere.jsonl"
    other.write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(other)
    with pytest.raises(JournalError):
        read(path, OWNER)
