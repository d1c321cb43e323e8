"""The index: what is in the archive, for looking things up; never evidence.

`read_rows` reads the ledger and, of each assessment bag in it, `record.json`, `findings.json` and `score.json`.
`build_index` writes that to `index.sqlite`, and `portal` makes a page of it. Both can be thrown away and made again;
nothing in the archive rests on them, and nothing here is verified. So a bag that cannot be read does not stop the
index: it is listed as unreadable, with the reason.

The database is made whole beside its place and then put there in one step; whoever has the old one open goes on
reading the old one. It is never written to, so that it needs no journal and may lie on a medium that is read-only.

    archive     one row: what the index was made of (entries and SHA-256 of the ledger)
    bag         every bag of the ledger
    record      every assessment
    unreadable  every assessment bag that could not be read
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from greenmine.archive.audits import FILE_NAME as AUDIT
from greenmine.archive.audits import RESULTS, AuditRecord, Results
from greenmine.archive.bag import read_file
from greenmine.archive.layout import Archive, kind_of
from greenmine.archive.ledger import Ledger, LedgerEntry
from greenmine.archive.record import FILE_NAME as RECORD
from greenmine.archive.record import Record, read_document, read_record
from greenmine.archive.store import refused
from greenmine.archive.withdrawal import withdrawn
from greenmine.errors import GreenmineError, IntegrityError, shown
from greenmine.files import sync_directory
from greenmine.i18n import gettext as _

FORMAT: Final = "greenmine.index/1"
MAX_BYTES: Final = 64 * 1024 * 1024
"""The largest file of a bag that the index reads."""

COLUMNS: Final = (
    *("number", "mine", "name", "assessment", "kind", "date", "revision", "catalog", "verdict", "total"),
    *("superseded_by", "withdrawn_by", "digest", "bag", "sealed_on", "report"),
)
_TABLES: Final = """
CREATE TABLE archive (format TEXT NOT NULL, origin TEXT NOT NULL, entries INTEGER NOT NULL, bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL) STRICT;
CREATE TABLE bag (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, digest TEXT NOT NULL,
  bag TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE record (number INTEGER PRIMARY KEY REFERENCES bag, mine TEXT NOT NULL, name TEXT NOT NULL,
  assessment TEXT NOT NULL, kind TEXT NOT NULL, date TEXT NOT NULL, revision INTEGER NOT NULL, catalog TEXT NOT NULL,
  verdict TEXT NOT NULL, total TEXT, superseded_by TEXT, withdrawn_by TEXT, digest TEXT NOT NULL,
  bag TEXT NOT NULL UNIQUE, sealed_on TEXT NOT NULL, report INTEGER NOT NULL, UNIQUE (mine, revision)) STRICT;
CREATE TABLE unreadable (number INTEGER PRIMARY KEY REFERENCES bag, bag TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
CREATE INDEX record_verdict ON record (verdict);
CREATE INDEX record_catalog ON record (catalog);
"""


@dataclass(frozen=True, slots=True)
class Row:
    """An assessment in the archive.

    Attributes:
        number: its line in the ledger.
        mine: id of the mine.
        name: of the mine, as its profile had it.
        assessment: id of the assessment.
        kind: the occasion, such as `third_party`.
        date: of the assessment.
        revision: of the mine's records.
        catalog: what was scored against, `ID@VERSION`.
        verdict: `pass`, `fail`, `ineligible` or `incomplete`.
        total: the points, a decimal string; None where there are none.
        superseded_by: the bag that took its place; None where none did.
        digest: what the ledger holds for it.
        bag: its path.
        sealed_on: when it was sealed, as the machine told.
        report: whether a report is in it.
        withdrawn_by: the bag that withdrew it; None where none did.
    """

    number: int
    mine: str
    name: str
    assessment: str
    kind: str
    date: str
    revision: int
    catalog: str
    verdict: str
    total: str | None
    superseded_by: str | None
    digest: str
    bag: str
    sealed_on: str
    report: bool
    withdrawn_by: str | None = None

    @property
    def in_force(self) -> bool:
        """Whether it was neither superseded nor withdrawn."""
        return self.superseded_by is None and self.withdrawn_by is None

    @property
    def record(self) -> str:
        """How people call it: `GM-0001/r1`."""
        return f"{self.mine}/r{self.revision}"


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An audit in the archive: its bag, when it was sealed, the seed, how many records were drawn and are defective."""

    bag: str
    digest: str
    sealed_on: str
    seed: str
    drawn: int
    defective: int
    most: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An assessment or audit bag that could not be read: its line in the ledger, its path, and why."""

    number: int
    bag: str
    reason: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What an archive holds.

    Attributes:
        origin: the archive's name.
        entries: the ledger's.
        size: of the ledger, in bytes.
        sha256: of the ledger.
        rows: the assessments, in order of the ledger.
        unreadable: those that could not be read, in order of the ledger.
        audits: the audits, in order of the ledger.
    """

    origin: str
    entries: tuple[LedgerEntry, ...]
    size: int
    sha256: str
    rows: tuple[Row, ...]
    unreadable: tuple[Unreadable, ...]
    audits: tuple[AuditRow, ...] = ()


def read_contents(archive: Archive) -> Contents:
    """Return what an archive holds, read from its ledger and bags.

    Raises:
        ArchiveError: the ledger cannot be read.
        IntegrityError: the ledger is malformed.
    """
    scan = Ledger(archive).scan()
    rows: list[Row] = []
    unreadable: list[Unreadable] = []
    audits: list[AuditRow] = []
    superseded: dict[str, str] = {}
    for entry in scan.entries:
        if kind_of(entry.bag) not in {"assess", "audit"}:
            continue
        try:
            if kind_of(entry.bag) == "audit":
                audits.append(_audit(archive, entry))
                continue
            row, record = read_row(archive, entry)
        except GreenmineError as problem:
            unreadable.append(Unreadable(entry.number, entry.bag, str(problem)))
            continue
        rows.append(row)
        if record.supersedes is not None:
            superseded[record.supersedes.bag] = entry.bag
    gone = withdrawn(scan.entries)
    return Contents(
        origin=archive.origin,
        entries=scan.entries,
        size=scan.size,
        sha256=hashlib.sha256(scan.data).hexdigest(),
        rows=tuple(
            replace(row, superseded_by=superseded.get(row.bag), withdrawn_by=gone.get(row.digest)) for row in rows
        ),
        unreadable=tuple(unreadable),
        audits=tuple(audits),
    )


def _audit(archive: Archive, entry: LedgerEntry) -> AuditRow:
    data = archive.place(entry.bag) / "data"
    audit = read_document(AuditRecord, read_file(data / AUDIT), data / AUDIT)
    results = read_document(Results, read_file(data / RESULTS), data / RESULTS)
    size = len(results.examined)
    return AuditRow(entry.bag, entry.digest, audit.sealed_on, audit.seed, size, results.defective, results.most)


def read_row(archive: Archive, entry: LedgerEntry) -> tuple[Row, Record]:
    """Return an assessment and its record, read from its bag.

    Raises:
        IntegrityError: a document cannot be read, or is about another bag.
    """
    data = archive.place(entry.bag) / "data"
    record = read_record(read_file(data / RECORD, MAX_BYTES), data / RECORD)
    if f"bags/assess/{record.mine}/r{record.revision}" != entry.bag:
        raise IntegrityError(data / RECORD, expected=entry.bag, found=f"{record.mine}/r{record.revision}")
    findings = _document(data / "findings.json")
    score = _document(data / "score.json")
    row = Row(
        number=entry.number,
        mine=record.mine,
        name=_text(findings, data / "findings.json", "mine", "name", default=""),
        assessment=record.assessment,
        kind=_text(findings, data / "findings.json", "assessment", "kind"),
        date=_text(findings, data / "findings.json", "assessment", "date"),
        revision=record.revision,
        catalog=f"{record.catalog.id}@{record.catalog.version}",
        verdict=_text(score, data / "score.json", "verdict"),
        total=_text(score, data / "score.json", "total", default="") or None,
        superseded_by=None,
        digest=entry.digest,
        bag=entry.bag,
        sealed_on=record.sealed_on,
        report=(data / "report.html").is_file(),
    )
    return row, record


def _document(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(read_file(path, MAX_BYTES))
    except (ValueError, RecursionError) as problem:
        raise IntegrityError(path, expected=_("JSON"), found=shown(str(problem))) from None
    if not isinstance(found, dict):
        raise IntegrityError(path, expected=_("JSON"), found=shown(found))
    return found


def _text(document: Mapping[str, Any], path: Path, *keys: str, default: str | None = None) -> str:
    """Return the text at a place in a document; the default where there is none, if there is a default."""
    found: Any = document
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    if found is None and default is not None:
        return default
    if not isinstance(found, str):
        raise IntegrityError(path, _("key {key}").format(key=".".join(keys)), expected=_("text"), found=shown(found))
    return found.encode("utf-8", "backslashreplace").decode()


def build_index(archive: Archive, contents: Contents) -> Path:
    """Write the index and put it in the place of the old one; return its path.

    Args:
        archive: the archive.
        contents: what it holds.

    Raises:
        ArchiveError: the disk refuses; the old index is then as it was.
    """
    target = archive.index
    with refused(target):
        handle, name = tempfile.mkstemp(dir=archive.root, prefix=f".{target.name}.", suffix=".tmp")
        os.close(handle)
        temporary = Path(name)
        try:
            _fill(temporary, contents)
            _flush(temporary)
            temporary.chmod(0o644)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_directory(archive.root)
    return target


def _fill(path: Path, contents: Contents) -> None:
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("PRAGMA journal_mode = OFF")  # it is thrown away if this fails
            database.execute("PRAGMA synchronous = OFF")  # flushed once, below
            database.executescript(f"BEGIN;{_TABLES}")
            head = (FORMAT, contents.origin, len(contents.entries), contents.size, contents.sha256)
            _insert(database, "archive", 5, [head])
            bags = ((entry.number, kind_of(entry.bag), entry.digest, entry.bag) for entry in contents.entries)
            _insert(database, "bag", 4, bags)
            _insert(database, "record", len(COLUMNS), _values(contents.rows))
            _insert(database, "unreadable", 3, ((one.number, one.bag, one.reason) for one in contents.unreadable))
            database.execute("COMMIT")
    except sqlite3.OperationalError as problem:  # a full disk; the database tells it in its own way
        raise OSError(None, str(problem)) from None


def _insert(database: sqlite3.Connection, table: str, width: int, rows: Iterable[tuple[object, ...]]) -> None:
    marks = ", ".join("?" * width)
    database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 - both are ours


def _values(rows: Iterable[Row]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        yield tuple(getattr(row, name) for name in COLUMNS)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
