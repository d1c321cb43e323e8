"""The index: a database of what is in the archive."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from archives import make_archive
from sealing import make_mine, prepare, record_something

from greenmine.archive.index import COLUMNS, Row, build_index, read_contents
from greenmine.archive.layout import Archive
from greenmine.errors import ArchiveError


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An archive with two records of a mine, the second in the place of the first, and one of another mine."""
    made = make_archive(tmp_path / "reports")
    first = make_mine(tmp_path)
    prepare(made, first).sealed(made)
    record_something(first, "2026-self", "E1", {"facts": {"living": True, "production": True}})
    prepare(made, first).sealed(made)
    prepare(made, make_mine(tmp_path, "GM-0002")).sealed(made)
    return made


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as database:
        return database.execute(query).fetchall()


def test_every_record_is_a_row_and_superseded_ones_name_their_successor(archive: Archive) -> None:
    """Mine, catalog, verdict, total, revision, digest and successor come from ledger and bags."""
    contents = read_contents(archive)
    assert ["GM-0001/r1", "GM-0001/r2", "GM-0002/r1"] == [row.record for row in contents.rows]
    assert ["bags/assess/GM-0001/r2", None, None] == [row.superseded_by for row in contents.rows]
    entries = {entry.bag: entry for entry in contents.entries}
    for row in contents.rows:
        assert (entries[row.bag].number, entries[row.bag].digest) == (row.number, row.digest)
    row = contents.rows[0]
    assert ("演示矿山", "2026-self", "self", "2026-06-30", "incomplete", None, True) == (
        *(row.name, row.assessment, row.kind, row.date, row.verdict, row.total, row.report),
    )


def test_the_database_holds_the_rows_and_what_they_were_made_of(archive: Archive) -> None:
    """Rows read back are the rows; the head names the ledger's digest; every table is strict."""
    contents = read_contents(archive)
    path = build_index(archive, contents)
    read = rows(path, f"SELECT {', '.join(COLUMNS)} FROM record ORDER BY number")  # noqa: S608 - names of ours
    assert contents.rows == tuple(
        Row(**dict(zip(COLUMNS, (*values[:-1], bool(values[-1])), strict=True))) for values in read
    )
    ledger = archive.ledger.read_bytes()
    head = ("greenmine.index/1", "greenmine/demo", ledger.count(b"\n"), len(ledger), hashlib.sha256(ledger).hexdigest())
    assert [head] == rows(path, "SELECT * FROM archive")
    assert [("assess", 3), ("catalog", 1), ("evidence", 2)] == rows(
        path, "SELECT kind, count(*) FROM bag GROUP BY kind"
    )
    assert [(1,)] == rows(
        path, "SELECT DISTINCT strict FROM pragma_table_list WHERE schema = 'main' AND name NOT GLOB 'sqlite_*'"
    )


def test_the_index_is_replaced_whole(archive: Archive) -> None:
    """Who has the old index open reads on in it; nothing else is left behind in the folder."""
    before = {path.name for path in archive.root.iterdir()}
    path = build_index(archive, read_contents(archive))
    with path.open("rb") as old:
        first = os.fstat(old.fileno()).st_ino
        build_index(archive, read_contents(archive))
        assert first != path.stat().st_ino
        assert b"SQLite format 3\x00" == old.read(16)
    assert before | {"index.sqlite"} == {path.name for path in archive.root.iterdir()}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("record.json", b"{}"),
        ("findings.json", b"[" * 100_000),
        ("score.json", b'{"verdict":1}'),
        ("score.json", b"\xff"),
    ],
)
def test_a_damaged_record_is_listed_and_does_not_hide_the_others(archive: Archive, name: str, content: bytes) -> None:
    """What cannot be read is named with the reason; all other records are there."""
    damaged = archive.place("bags/assess/GM-0001/r2") / "data" / name
    damaged.chmod(0o644)
    damaged.write_bytes(content)
    contents = read_contents(archive)
    assert ["GM-0001/r1", "GM-0002/r1"] == [row.record for row in contents.rows]
    (one,) = contents.unreadable
    assert ("bags/assess/GM-0001/r2", True) == (one.bag, name in one.reason)
    path = build_index(archive, contents)
    assert [(one.number, one.bag, one.reason)] == rows(path, "SELECT * FROM unreadable")


def test_a_link_in_a_bag_is_not_followed(archive: Archive, tmp_path: Path) -> None:
    """A score that is a symbolic link is unreadable, wherever it leads."""
    score = archive.place("bags/assess/GM-0002/r1") / "data" / "score.json"
    score.rename(tmp_path / "score.json")
    score.symlink_to(tmp_path / "score.json")
    assert ["bags/assess/GM-0002/r1"] == [one.bag for one in read_contents(archive).unreadable]


def test_a_folder_in_the_place_of_the_index_is_an_error_that_leaves_nothing(archive: Archive) -> None:
    """The error is a message; the temporary file is gone."""
    (archive.index / "x").mkdir(parents=True)
    with pytest.raises(ArchiveError, match=r"index\.sqlite"):
        build_index(archive, read_contents(archive))
    assert not list(archive.root.glob(".index*"))
