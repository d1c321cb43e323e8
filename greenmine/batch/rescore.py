"""Scoring an archive again by another version of the indicators.

    sealed findings ──► mapping set ──► scorer ──► what would change, in milliseconds a mine (`outlook`)
    sealed evidence, journals, panel ──► a room ──► notebooks/rescore.ipynb ──► a new revision (`reseal`)

Facts are taken from the record in which they were recorded, so that scoring again twice does not carry over twice. The
older records stay as they are; the new revision supersedes the one in force and says by which version, and from which.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from greenmine.archive.index import Row, read_contents
from greenmine.archive.layout import Archive
from greenmine.batch.notebook import ENGINE
from greenmine.batch.reproduce import FINDINGS, RESCORE
from greenmine.batch.room import add_parameters, content, lay_out, parameters_of, recorded
from greenmine.batch.runner import NOTEBOOK as ASSESSMENT
from greenmine.batch.runner import produce
from greenmine.batch.sealing import Clock, Sealed, now, seal_produced
from greenmine.catalog import Catalog
from greenmine.errors import CatalogError, IntegrityError, UsageError
from greenmine.files import parse_json
from greenmine.i18n import gettext as _
from greenmine.scoring import Scorer
from greenmine.workbook.deltas import Deltas, compare_scores
from greenmine.workbook.rescored import rescore
from greenmine.workspace import Workspace

KEPT: Final = ("readings", "lang")
"""The parameters of the older notebook that hold for the newer one too."""


@dataclass(frozen=True)
class Outlook:
    """What another version changes for one record.

    Attributes:
        record: how people call the record in force: `GM-0001/r1`.
        mine: id of the mine.
        assessment: id of the assessment.
        carried_from: the catalog that the facts were recorded by, `ID@VERSION`.
        deltas: what changes, by cause, from the score by that catalog.
    """

    record: str
    mine: str
    assessment: str
    carried_from: str
    deltas: Deltas


def records_in_force(archive: Archive, catalog: Catalog, mines: Sequence[str] = ()) -> tuple[Row, ...]:
    """Return the records that another version would supersede, in order of the mines.

    Args:
        archive: the archive.
        catalog: the newer version; what was scored by it already is left out.
        mines: only these; all of them where it is empty.

    Raises:
        UsageError: a mine has no record.
        IntegrityError: the ledger or a record is malformed.
    """
    contents = read_contents(archive)
    if contents.unreadable:
        first = contents.unreadable[0]
        raise IntegrityError(archive.place(first.bag), expected=_("a record"), found=first.reason)
    known = {row.mine for row in contents.rows}
    unknown = [mine for mine in mines if mine not in known]
    if unknown:
        raise UsageError(_("The archive holds no record of {mine}.").format(mine=", ".join(unknown)))
    rows = [row for row in contents.rows if row.in_force and (not mines or row.mine in mines)]
    return tuple(sorted((row for row in rows if row.catalog != catalog.ref), key=lambda row: (row.mine, row.revision)))


def outlook(archive: Archive, row: Row, catalog: Catalog, workspace: Workspace) -> Outlook:
    """Return what another version changes for a record; nothing is run or written.

    Args:
        archive: the archive.
        row: the record in force.
        catalog: the newer version.
        workspace: where the older catalog and the mapping set are looked up.

    Raises:
        GreenmineError: the record is damaged, a mapping set is missing, or the workspace's catalog of that name is
            another than the record's.
    """
    bag, record = recorded(archive, row.bag)
    findings = parse_json(
        content(bag, FINDINGS).decode("utf-8", "replace"), bag.place(f"data/{FINDINGS}"), IntegrityError
    )
    carried_from = f"{record.catalog.id}@{record.catalog.version}"
    again = rescore(findings, carried_from, catalog, workspace=workspace, readings=record.readings)
    if again.older.sha256 != record.catalog.sha256:
        expected = _("the catalog that {record} was scored by, SHA-256 {digest}")
        digest = record.catalog.sha256
        raise CatalogError(
            again.older.path, expected=expected.format(record=row.record, digest=digest), found=again.older.sha256
        )
    scorer = Scorer(catalog.document)
    known = {name: choice for name, choice in record.readings.items() if name in scorer.defaults}
    sides = (again.older.document, again.before), (catalog.document, scorer.score(again.findings, known))
    return Outlook(row.record, row.mine, row.assessment, carried_from, compare_scores(*sides, again.mapping))


def reseal(
    archive: Archive,
    row: Row,
    catalog: Catalog,
    *,
    workspace: Workspace,
    engine: str = ENGINE,
    reason: str = "",
    clock: Clock = now,
    progress: bool = False,
) -> Sealed:
    """Run the notebook on what the archive holds of a record, by another version, and seal the new revision.

    Args:
        archive: the archive.
        row: the record in force.
        catalog: the newer version.
        workspace: where the newer catalog, the mapping set and the notebook are looked up.
        engine: what runs the notebook.
        reason: why; that the version changed, by default.
        clock: tells the time of sealing.
        progress: whether to draw a progress bar on standard error.

    Raises:
        GreenmineError: the record is damaged, the mapping set is missing, or the notebook fails; nothing is sealed.
    """
    bag, record = recorded(archive, row.bag)
    carried_from = f"{record.catalog.id}@{record.catalog.version}"
    reason = reason or _("Scored again: {older} → {newer}").format(older=carried_from, newer=catalog.ref)
    given = {name: value for name, value in parameters_of(bag).items() if name in KEPT}
    notebook = ASSESSMENT if carried_from == catalog.ref else RESCORE  # back to the version that the facts are of
    if notebook == RESCORE:
        given["carried_from"] = carried_from
    with tempfile.TemporaryDirectory(prefix="greenmine-") as scratch:
        room = Workspace(Path(scratch).resolve())
        lay_out(archive, bag, record, room, workspace)
        add_parameters(workspace, room)
        book, files = produce(
            record.mine,
            workspace=room,
            notebook=workspace.notebook(notebook),
            engine=engine,
            progress=progress,
            **given,
            assessment=record.assessment,
            catalog=catalog.ref,
        )
        return seal_produced(archive, book, files, reason=reason, clock=clock)
