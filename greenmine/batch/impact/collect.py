"""Where a table of facts comes from: records in the archive, mines' folders, findings files.

All are scored before they are taken in, by the catalog that they were recorded by, so that what is malformed or
contradicts itself is told here, by name, and the table holds nothing that the scorer would refuse.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from greenmine.archive.index import Row, read_contents
from greenmine.archive.layout import Archive
from greenmine.assessment import load_assessment
from greenmine.assessment.carry import KIND
from greenmine.assessment.findings import read_findings
from greenmine.batch.impact.cells import cells_of
from greenmine.batch.impact.table import FactsTable, column, gate_column
from greenmine.batch.room import recorded
from greenmine.catalog import Catalog
from greenmine.errors import FindingsError, UsageError
from greenmine.evidence import take_inventory
from greenmine.files import read_json
from greenmine.i18n import gettext as _
from greenmine.scoring import Scorer
from greenmine.workspace import Workspace

SELF: Final = "self"
"""The kind of a mine's own assessment."""


def facts_of_archive(archive: Archive) -> FactsTable:
    """Return the facts of one record of each mine in an archive, whatever the order in which they were sealed.

    Of a mine's records in force (neither superseded nor withdrawn) it is the one with the latest date of assessment,
    the mine's own assessment only where there is no other. Of several of one day it is the one whose assessment has the
    last id, then the last revision.

    Raises:
        ArchiveError: the archive, or one of these records, cannot be read.
        UsageError: there is no record in it.
    """
    contents = read_contents(archive)
    if contents.unreadable:
        first = contents.unreadable[0]
        raise UsageError(_("{bag} cannot be read: {reason}").format(bag=first.bag, reason=first.reason))
    by_mine: dict[str, list[Row]] = {}
    for row in contents.rows:
        if row.in_force:
            by_mine.setdefault(row.mine, []).append(row)
    if not by_mine:
        raise UsageError(_("{archive} holds no record of an assessment.").format(archive=archive.root))
    chosen = [rows[0] if len(rows) == 1 else max(rows, key=partial(_rank, archive)) for rows in by_mine.values()]
    return FactsTable.of(list(_rows(archive, chosen)), str(archive.root))


def _rank(archive: Archive, row: Row) -> tuple[bool, str, str, int]:
    """Return what puts a mine's records in order; one that was scored again is of the kind that it was recorded as."""
    kind = row.kind
    if kind == KIND:
        bag, _record = recorded(archive, row.bag)
        kind = read_findings(bag.place("data/findings.json"))["assessment"]["kind"]
    return kind != SELF, row.date, row.assessment, row.revision


def _rows(archive: Archive, records: Iterable[Row]) -> Iterator[dict[str, object]]:
    """Yield the facts of records, as people recorded them: not as they were carried over to another version since."""
    scorers: dict[str, Scorer] = {}
    for row in sorted(records, key=lambda row: row.mine):
        bag, record = recorded(archive, row.bag)
        if record.catalog.sha256 not in scorers:
            resolved = archive.place(record.catalog.bag) / "data" / "catalog.resolved.json"
            scorers[record.catalog.sha256] = Scorer(read_json(resolved))
        findings = read_findings(bag.place("data/findings.json"))
        name, catalog = f"{record.mine}/r{record.revision}", f"{record.catalog.id}@{record.catalog.version}"
        yield facts_row(findings, name, scorers[record.catalog.sha256], catalog, bag.digest)


def facts_of_paths(paths: Iterable[str], catalog: Catalog, workspace: Workspace) -> FactsTable:
    """Return the facts of mines' folders and findings files.

    Args:
        paths: a findings file, a mine's folder, or the id of a mine in the workspace, each; what is named twice is
            taken once.
        catalog: what they are recorded by.
        workspace: where ids are looked up.

    Raises:
        InputError: a folder or file cannot be read or does not fit the catalog.
        UsageError: there is no such mine, or two of them are the same one.
    """
    scorer = Scorer(catalog.document)
    places = {place.resolve(): place for place in (_place(path, workspace) for path in paths)}
    rows = [facts_row(_findings(place), str(place), scorer, catalog.ref) for place in places.values()]
    sources: dict[object, object] = {}
    for row in rows:
        one, other = sources.setdefault(row["mine"], row["source"]), row["source"]
        if one != other:
            text = _("{one} and {other} are both of {mine}: expected one of each mine.")
            raise UsageError(text.format(one=one, other=other, mine=row["mine"]))
    return FactsTable.of(rows, ", ".join(paths))


def _place(path: str, workspace: Workspace) -> Path:
    return Path(path) if Path(path).is_file() else workspace.mine_dir(path)


def _findings(place: Path) -> dict[str, Any]:
    if place.is_file():
        return read_findings(place)
    return load_assessment(place, None, take_inventory(place)).findings


def facts_row(
    findings: Mapping[str, Any], source: str, scorer: Scorer, catalog: str, digest: str = ""
) -> dict[str, object]:
    """Return the row of a findings document.

    Args:
        findings: schema `greenmine.findings/1`.
        source: where it comes from, also for messages.
        scorer: of the catalog that it was recorded by.
        catalog: the reference of that catalog.
        digest: of the record in the ledger; empty where it is in none.

    Raises:
        FindingsError: the document does not fit its schema or the catalog, or names no mine.
    """
    score = scorer.score(findings, file=source)
    mine, assessment = findings["mine"], findings.get("assessment", {})
    if "id" not in mine:
        raise FindingsError(source, "mine/id", expected=_("the mine's id"), found=_("nothing"))
    row: dict[str, object] = {
        "mine": mine["id"],
        "name": str(mine.get("name", "")),
        "industry": mine["industry"],
        "extraction": " ".join(mine["extraction"]),
        "primary_extraction": mine["primary_extraction"],
        **{key: assessment[key] for key in ("kind", "date", "anchor_date") if key in assessment},
        **({"assessment": assessment["id"]} if "id" in assessment else {}),
        "catalog": catalog,
        "source": source,
        "digest": digest or None,
        **{gate_column(gate["id"]): gate["met"] for gate in score["prerequisites"] if gate["met"] is not None},
    }
    for result in score["indicators"]:
        entry = findings["indicators"].get(result["id"])
        if entry is not None and result["status"] != "not_in_block":
            row |= {column(result["id"], key): value for key, value in cells_of(entry, result["status"])}
    return row
