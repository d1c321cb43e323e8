"""Where a table of facts comes from: records in the archive, mines' folders, findings files.

All are scored before they are taken in, by the catalog that they were recorded by, so that what is malformed or
contradicts itself is told here, by name, and the table holds nothing that the scorer would refuse.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from greenmine.archive.index import Row, read_contents
from greenmine.archive.layout import Archive
from greenmine.assessment import load_assessment
from greenmine.assessment.findings import read_findings
from greenmine.batch.impact.table import MOST, FactsTable, column, gate_column
from greenmine.batch.room import recorded
from greenmine.catalog import Catalog
from greenmine.errors import FindingsError, UsageError
from greenmine.evidence import take_inventory
from greenmine.files import canonical_json, read_json
from greenmine.i18n import gettext as _
from greenmine.scoring import Scorer
from greenmine.workspace import Workspace

_PROOF = frozenset(("clauses", "measured", "note"))
"""Facts that prove others, or say something beside them; no points rest on them."""


def facts_of_archive(archive: Archive) -> FactsTable:
    """Return the facts of the latest record in force of each mine in an archive.

    Raises:
        ArchiveError: the archive, or one of these records, cannot be read.
        UsageError: there is no record in it.
    """
    latest: dict[str, Row] = {}
    contents = read_contents(archive)
    if contents.unreadable:
        first = contents.unreadable[0]
        raise UsageError(_("{bag} cannot be read: {reason}").format(bag=first.bag, reason=first.reason))
    for row in (row for row in contents.rows if row.in_force):
        if row.mine not in latest or latest[row.mine].revision < row.revision:
            latest[row.mine] = row
    if not latest:
        raise UsageError(_("{archive} holds no record of an assessment.").format(archive=archive.root))
    return FactsTable.of(list(_rows(archive, latest.values())), str(archive.root))


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
        paths: a findings file, a mine's folder, or the id of a mine in the workspace, each.
        catalog: what they are recorded by.
        workspace: where ids are looked up.

    Raises:
        InputError: a folder or file cannot be read or does not fit the catalog.
        UsageError: there is no such mine.
    """
    scorer = Scorer(catalog.document)
    rows = [facts_row(*_findings(path, workspace), scorer, catalog.ref) for path in paths]
    return FactsTable.of(rows, ", ".join(paths))


def _findings(path: str, workspace: Workspace) -> tuple[dict[str, Any], str]:
    if Path(path).is_file():
        return read_findings(Path(path)), path
    folder = workspace.mine_dir(path)
    return load_assessment(folder, None, take_inventory(folder)).findings, str(folder)


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
            row |= {column(result["id"], key): value for key, value in _entry(entry, result["status"])}
    return row


def _entry(entry: Mapping[str, Any], status: str) -> Iterator[tuple[str, object]]:
    judgements = entry.get("judgements") or ()
    claim = entry.get("not_applicable")
    if claim is not None:
        proven = all(str(claim.get(key, "")).strip() for key in ("reason", "confirmed_by"))
        cited = proven and bool(str(claim.get("citation", "")).strip())
        yield "not_applicable", "cited" if cited else "proven" if proven else "unproven"
        yield "evidence", _has_evidence([entry])
        return
    if status == "not_applicable":  # by the catalog itself; the facts were not looked at
        return
    yield "evidence", _has_evidence([entry, *judgements])
    if judgements and (entry.get("resolution") == "mean" or entry.get("facts") is None):
        each = [{"by": one["by"], "facts": dict(_facts(one.get("facts") or {}))} for one in judgements]
        yield "judgements", canonical_json(each).decode()
    else:
        yield from _facts(entry.get("facts") or {})


def _facts(facts: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for key, value in facts.items():
        if key in _PROOF:
            continue
        if key == "absent":
            yield key, " ".join(sorted(value))
        elif key == "defects":
            yield key, len(value)
        else:
            yield key, value if isinstance(value, bool) else min(value, MOST) if isinstance(value, int) else str(value)


def _has_evidence(entries: Iterable[Mapping[str, Any]]) -> bool:
    return any(reference.strip() for entry in entries for reference in entry.get("evidence") or ())
