"""Scoring an archive again by another version of the indicators.

    sealed findings ──► mapping set ──► scorer ──► what would change, in milliseconds a mine (`outlook`)
    sealed evidence, journals, panel ──► a room ──► notebooks/rescore.ipynb ──► a new revision (`reseal`)
                                         └── of many records side by side, in workers; this process seals

Facts are taken from the record in which they were recorded, so that scoring again twice does not carry over twice. The
older records stay as they are; the new revision supersedes the one in force and says by which version, and from which.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Final

from greenmine.archive.index import Row, read_contents
from greenmine.archive.layout import Archive
from greenmine.archive.record import BagRef
from greenmine.archive.redaction import removals
from greenmine.assessment.carry import KIND
from greenmine.batch.job import Made, Outcome, attempted, make
from greenmine.batch.pool import local
from greenmine.batch.reproduce import FINDINGS, RESCORE
from greenmine.batch.room import add_parameters, content, lay_out, parameters_of, recorded
from greenmine.batch.runner import NOTEBOOK as ASSESSMENT
from greenmine.batch.sealing import Sealed, seal_produced
from greenmine.catalog import Catalog, load_catalog
from greenmine.errors import CatalogError, GreenmineError, IntegrityError, UsageError, one_line
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
        deltas: what changes, by cause, from the score by that catalog; verdict and total are at first those of the
            record in force.
    """

    record: str
    mine: str
    assessment: str
    carried_from: str
    deltas: Deltas


def records_in_force(
    archive: Archive, catalog: Catalog, mines: Sequence[str] = (), *, again: bool = False
) -> tuple[Row, ...]:
    """Return the records that another version would supersede, in order of the mines.

    Args:
        archive: the archive.
        catalog: the newer version; what was scored by it already is left out.
        mines: only these; all of them where it is empty.
        again: whether what was scored again by it is not left out, for its mapping set may have been corrected.

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
    rows = [row for row in rows if row.catalog != catalog.ref or (again and row.kind == KIND)]
    return tuple(sorted(rows, key=lambda row: (row.mine, row.revision)))


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
    deltas = compare_scores(*sides, again.mapping)
    deltas = replace(deltas, verdict=(row.verdict, deltas.verdict[1]), total=(row.total, deltas.total[1]))
    return Outlook(row.record, row.mine, row.assessment, carried_from, deltas)


@dataclass(frozen=True)
class Rescoring:
    """A record that is to be scored again, as a worker is told.

    Attributes:
        row: the record in force.
        archive: the archive's folder.
        root: the workspace's folder.
        catalog: the newer version.
        room: a folder for it alone; what is to be sealed refers to files in it.
    """

    work: ClassVar[str] = "greenmine.batch.rescore:do"
    row: Row
    archive: Path
    root: Path
    catalog: str
    room: Path


@dataclass(frozen=True)
class Again(Outcome):
    """What came of it.

    Attributes:
        seen: what the newer version changes; None where it failed.
        evidence: the sealed evidence that it rests on, as the record did.
    """

    seen: Outlook | None = None
    evidence: BagRef | None = None


def do(job: Rescoring) -> Iterator[Again]:
    """Score a record again and yield what came of it."""
    yield attempted(lambda: _done(job), Again)


def _done(job: Rescoring) -> Again:
    archive, workspace = Archive.open(job.archive, read_only=True), Workspace(job.root)
    catalog = load_catalog(job.catalog, workspace)
    seen = outlook(archive, job.row, catalog, workspace)
    shutil.rmtree(job.room, ignore_errors=True)  # of a process that died
    job.room.mkdir()
    made, evidence = _made(archive, job.row, catalog, workspace, job.room)
    mapping = made.book.rescored.mapping if made.book.rescored else None
    if mapping is not None and mapping.undecided:
        expected, hint = _("a mapping set that a person has completed"), _("With --dry-run you can look at it before.")
        found = _("{count} undecided").format(count=len(mapping.undecided))
        raise CatalogError(mapping.path, expected=expected, found=found, hint=hint)
    return Again(made=made, seen=seen, evidence=evidence)


@dataclass(frozen=True)
class Resealed:
    """What came of scoring a record again.

    Attributes:
        row: the record.
        seen: what the newer version changes; None where it failed.
        sealed: the new revision; None where it failed, or where nothing was to be sealed.
        failure: why it failed.
        exit_status: of the failure; 0 where there was none.
    """

    row: Row
    seen: Outlook | None = None
    sealed: Sealed | None = None
    failure: str = ""
    exit_status: int = 0


def look(rows: Sequence[Row], archive: Archive, catalog: Catalog, workspace: Workspace) -> Generator[Resealed]:
    """Yield what another version changes for each record; nothing is run or written."""
    for row in rows:
        try:
            found = Resealed(row, outlook(archive, row, catalog, workspace))
        except GreenmineError as problem:
            found = _failed(row, problem)
        yield found


def _failed(row: Row, problem: GreenmineError) -> Resealed:
    return Resealed(row, failure=one_line(str(problem)), exit_status=problem.exit_status)


def reseal(
    rows: Sequence[Row], archive: Archive, catalog: Catalog, workspace: Workspace, *, workers: int = 1, reason: str = ""
) -> Generator[Resealed]:
    """Score records again, seal the new revisions, and yield what came of each, as it is done.

    Args:
        rows: the records in force.
        archive: the archive.
        catalog: the newer version.
        workspace: where the newer catalog, the mapping sets and the notebook are looked up.
        workers: how many processes; this one seals.
        reason: why; that the version changed, by default.

    Raises:
        UsageError: the workspace calls another catalog so.
    """
    known = load_catalog(catalog.ref, workspace)
    if known.sha256 != catalog.sha256:
        text = _("{file} is not what the workspace calls {ref}: put it into parameters/catalogs/ to seal by it.")
        raise UsageError(text.format(file=catalog.path, ref=catalog.ref))
    with tempfile.TemporaryDirectory(prefix="greenmine-") as scratch:
        rooms = Path(scratch).resolve()
        jobs = [
            Rescoring(row, archive.root.resolve(), workspace.root.resolve(), catalog.ref, rooms / str(number))
            for number, row in enumerate(rows)
        ]
        with local(jobs, workers) as results:
            for job, outcome in results:
                yield _resealed(archive, job.row, outcome, catalog, reason)
                shutil.rmtree(job.room, ignore_errors=True)


def _resealed(archive: Archive, row: Row, outcome: Outcome, catalog: Catalog, reason: str) -> Resealed:
    if not isinstance(outcome, Again) or outcome.made is None:
        return Resealed(row, failure=outcome.failure, exit_status=outcome.exit_status)
    try:
        text = _("Scored again: {older} → {newer}") if row.catalog != catalog.ref else _("Scored again by {newer}")
        reason = reason or text.format(older=row.catalog, newer=catalog.ref)
        made = outcome.made
        sealed = seal_produced(
            archive, made.book, made.files, folded=made.folded, reason=reason, evidence=outcome.evidence, over=row.bag
        )
        return Resealed(row, outcome.seen, sealed)
    except GreenmineError as problem:
        return _failed(row, problem)


def _made(archive: Archive, row: Row, catalog: Catalog, workspace: Workspace, folder: Path) -> tuple[Made, BagRef]:
    """Run the notebook in a room made of what the archive holds of a record; return the evidence it rests on, too."""
    bag, record = recorded(archive, row.bag)
    carried_from = f"{record.catalog.id}@{record.catalog.version}"
    given = {name: value for name, value in parameters_of(bag).items() if name in KEPT}
    notebook = ASSESSMENT if carried_from == catalog.ref else RESCORE  # back to the version that the facts are of
    if notebook == RESCORE:
        given["carried_from"] = carried_from
    room = Workspace(folder)
    taken = removals(archive).digests
    for one in lay_out(archive, bag, record, room, workspace):
        if one.archived not in taken:
            file, hint = archive.place(record.evidence.bag) / "data" / one.file, _("Verify the record.")
            raise IntegrityError(file, expected=one.archived, found=one.now, hint=hint)
    add_parameters(workspace, room)
    made = make(
        record.mine,
        workspace=room,
        notebook=workspace.notebook(notebook),
        **given,
        assessment=record.assessment,
        catalog=catalog.ref,
    )
    return made, record.evidence
