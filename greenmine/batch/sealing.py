"""Sealing an assessment: what the runner made, with the evidence and the catalog it rests on, becomes a record.

    produce (notebook → files) ──► draft in inbox/, signed by the experts ──► bag + ledger line
                               └────────── or straight, without signatures ──┘

Sealing what is sealed already changes nothing: where findings, catalog, evidence, readings and report are the same as
in the latest revision, that revision is returned, unless it is withdrawn and a reason is given. Anything else is a new
revision and needs a reason. Where another run seals a revision of the mine meanwhile, all this is looked at once more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenmine.archive.attest import Draft, drop_draft, find_drafts, lay_draft, make_statement, read_draft, sign_offs
from greenmine.archive.layout import Archive
from greenmine.archive.ledger import Ledger
from greenmine.archive.record import FILE_NAME as RECORD
from greenmine.archive.record import BagRef, Record, draft_record, journal_heads
from greenmine.archive.refold import MAPPING
from greenmine.archive.seal import (
    ConflictError,
    current_revision,
    next_revision,
    seal_assessment,
    seal_catalog,
    seal_evidence,
    wait_for_others,
)
from greenmine.archive.withdrawal import withdrawn
from greenmine.assessment import load_assessment
from greenmine.assessment.assessment import Assessment
from greenmine.batch.notebook import REPORT
from greenmine.batch.runner import Assessed, produce
from greenmine.errors import UsageError
from greenmine.files import canonical_json
from greenmine.i18n import gettext as _
from greenmine.workbook import Workbook
from greenmine.workspace import Workspace

STATEMENT = "statement.sums"
EARLIER = "earlier"
"""The folder with panel and journals of earlier assessments of the mine, with which the report compares."""

SAME = ("findings.json", "catalog.resolved.json", "score.json", REPORT)
"""What has to be the same for an assessment to count as sealed already."""

TRIES = 3
"""How often others may come first."""

Clock = Callable[[], dt.datetime]


@dataclass(frozen=True)
class Sealed:
    """What came of sealing.

    Attributes:
        mine: id of the mine.
        assessment: id of the assessment.
        bag: path of the bag relative to the archive's root; empty while it waits as a draft.
        folder: the bag, or the draft.
        digest: what the ledger holds for it; empty while it waits as a draft.
        signed: ids of the experts whose signatures are in it.
        new: whether it was sealed now; false where it was sealed already.
    """

    mine: str
    assessment: str
    bag: str
    folder: Path
    digest: str
    signed: tuple[str, ...]
    new: bool

    @property
    def report(self) -> Path:
        """The HTML report."""
        return self.folder / "data" / REPORT


def now() -> dt.datetime:
    """Return the present time in UTC."""
    return dt.datetime.now(dt.UTC)


def seal(
    mine: str,
    *,
    workspace: Workspace | None = None,
    draft: bool = False,
    reason: str = "",
    clock: Clock = now,
    progress: bool = False,
    **parameters: Any,  # noqa: ANN401 - checked against the notebook
) -> Sealed:
    """Seal an assessment of a mine, or lay it out for the experts to sign.

    Args:
        mine: the id of a mine in the workspace, or the path of a mine's folder.
        workspace: where to look; its `reports/` is the archive, made where it is none yet.
        draft: only lay it out in `inbox/`; sealing later takes the draft with the signatures it has then.
        reason: why it takes the place of an earlier revision; needed where there is one.
        clock: tells the time of sealing.
        progress: whether to draw a progress bar on standard error.
        parameters: further parameters of the notebook: `assessment`, `catalog`, `readings`, `lang`.

    Raises:
        UsageError: a reason is missing, or a draft waits already.
        GreenmineError: an input, the notebook or the archive is not as it should be; nothing is sealed then.
    """
    workspace = workspace or Workspace.find()
    archive = Archive.open(workspace.reports, create=True)
    folder = workspace.mine_dir(mine)
    assessment = load_assessment(folder, parameters.get("assessment") or None)
    waiting = _waiting(archive, assessment)
    if waiting is not None:
        if draft:
            text = _("A draft of {assessment} waits already: {folder}. Sign it, seal it, or remove it.")
            raise UsageError(text.format(assessment=assessment.id, folder=waiting.folder))
        return _sealed_draft(archive, waiting, assessment)
    book, files = produce(mine, workspace=workspace, progress=progress, **{**parameters, "assessment": assessment.id})
    return _sealed(archive, book, files, assessment, draft=draft, reason=reason, time=clock())


def seal_signed(
    done: Assessed, *, workspace: Workspace | None = None, reason: str = "", clock: Clock = now
) -> Sealed | None:
    """Seal what was assessed where the chair and every expert have signed it off.

    Args:
        done: what `assess` returned.
        workspace: where it was assessed.
        reason: why it takes the place of an earlier revision; needed where there is one.
        clock: tells the time of sealing.

    Returns:
        What came of it; None where not everybody has signed off, or a draft waits for other signatures.

    Raises:
        UsageError: a reason is missing.
        GreenmineError: the archive is not as it should be, or a signature does not hold; nothing is sealed then.
    """
    if not done.signed_off:
        return None
    archive = Archive.open((workspace or Workspace.find()).reports, create=True)
    assessment = load_assessment(done.book.folder, done.assessment)
    if _waiting(archive, assessment) is not None:
        return None
    return _sealed(archive, done.book, dict(done.files), assessment, draft=False, reason=reason, time=clock())


def seal_produced(
    archive: Archive,
    book: Workbook,
    files: dict[str, bytes],
    *,
    folded: str = "",
    reason: str = "",
    evidence: BagRef | None = None,
    over: str = "",
    clock: Clock = now,
) -> Sealed:
    """Seal what another process produced, or the draft of it that waits, with its signatures.

    Args:
        archive: where.
        book: what was read.
        files: the content of every file by its name.
        folded: the `grounds` of findings that the other process folded again; others are folded here.
        reason: why it takes the place of an earlier revision; needed where there is one.
        evidence: the sealed evidence that it rests on; the mine's folder is sealed where it is not given.
        over: the bag that it may take the place of; whichever is the latest where it is not given.
        clock: tells the time of sealing.

    Raises:
        UsageError: a reason is missing, a draft of another content waits, or another revision was sealed meanwhile.
        GreenmineError: the archive is not as it should be, or a signature does not hold; nothing is sealed then.
    """
    waiting = _waiting(archive, book.record)
    if waiting is not None:
        if any(waiting.files.get(name) != files[name] for name in SAME):
            text = _("A draft of {assessment} with another content waits: {folder}. Seal it, or remove it.")
            raise UsageError(text.format(assessment=book.id, folder=waiting.folder))
        return _sealed_draft(archive, waiting, book.record)
    return _sealed(
        archive,
        book,
        files,
        book.record,
        draft=False,
        reason=reason,
        time=clock(),
        folded=folded,
        evidence=evidence,
        over=over,
    )


def _sealed(
    archive: Archive,
    book: Workbook,
    files: dict[str, bytes],
    assessment: Assessment,
    *,
    draft: bool,
    reason: str,
    time: dt.datetime,
    folded: str = "",
    evidence: BagRef | None = None,
    over: str = "",
    tries: int = TRIES,
) -> Sealed:
    """Seal what the notebook gave, or lay it out as a draft."""
    files["panel.yaml"] = (assessment.folder / "panel.yaml").read_bytes()
    files |= {f"{EARLIER}/{one.id}/{name}": data for one in book.earlier for name, data in one.files.items()}
    if book.rescored is not None:
        files[MAPPING] = canonical_json(book.rescored.mapping.document)
    attest = sign_offs(book.findings, [one.by for one in book.signed if one.valid])
    revision, earlier = next_revision(archive, book.mine.id, book.id)
    if over and (earlier is None or earlier.bag != over):
        text = _("Somebody sealed another revision of {mine} meanwhile: {bag}. Start again.")
        raise UsageError(text.format(mine=book.mine.id, bag=earlier.bag if earlier else _("none")))
    if earlier is not None:
        again = reason and earlier.tagmanifest in withdrawn(Ledger(archive).read())
        if _same(archive, earlier, files) and not again:
            place = archive.place(earlier.bag)
            return Sealed(book.mine.id, book.id, earlier.bag, place, earlier.tagmanifest, _signers(place), new=False)
        if not reason:
            text = _(
                "{mine}, {assessment} is sealed as {bag} and has changed since: say why with --reason, or in the "
                "column “reason” of a run list."
            )
            if tries < TRIES:
                text = _("Another run has just sealed {mine}, {assessment} with another content: {bag}.")
            raise UsageError(text.format(mine=book.mine.id, assessment=book.id, bag=earlier.bag))
    evidence = evidence or seal_evidence(archive, book.folder, book.inventory).ref
    record = _record(archive, book, assessment, revision, evidence, earlier=earlier, reason=reason, time=time)
    if draft:
        laid = lay_draft(archive, record, files, attest)
        return Sealed(book.mine.id, book.id, "", laid, "", (), new=True)
    attest[STATEMENT] = make_statement({**files, "record.json": record.canonical()})
    try:
        bag = seal_assessment(archive, files, record, _journals(assessment, record), attest, folded=folded)
    except ConflictError:
        if tries == 1:
            raise
        wait_for_others(archive, book.mine.id)
        return _sealed(
            archive,
            book,
            files,
            assessment,
            draft=draft,
            reason=reason,
            time=time,
            folded=folded,
            evidence=evidence,
            over=over,
            tries=tries - 1,
        )
    place = archive.place(bag.path)
    return Sealed(book.mine.id, book.id, bag.path, place, bag.digest, _signers(place), new=True)


def _waiting(archive: Archive, assessment: Assessment) -> Draft | None:
    for folder in find_drafts(archive, assessment.mine.id):
        draft = read_draft(folder)
        if draft.record.assessment == assessment.id:
            return draft
    return None


def _sealed_draft(archive: Archive, draft: Draft, assessment: Assessment) -> Sealed:
    record = draft.record
    try:
        bag = seal_assessment(archive, draft.files, record, _journals(assessment, record), draft.attest).ref
        new = True
    except ConflictError:  # of a run that was cut short, or of another one, this very draft may be sealed already
        wait_for_others(archive, record.mine)
        there, new = current_revision(archive, record.mine, record.assessment), False
        if there is None or (archive.place(there.bag) / "data" / RECORD).read_bytes() != record.canonical():
            raise
        bag = there
    with suppress(FileNotFoundError):
        drop_draft(draft)
    place = archive.place(bag.bag)
    return Sealed(record.mine, assessment.id, bag.bag, place, bag.tagmanifest, _signers(place), new=new)


def _record(
    archive: Archive,
    book: Workbook,
    assessment: Assessment,
    revision: int,
    evidence: BagRef,
    *,
    earlier: BagRef | None,
    reason: str,
    time: dt.datetime,
) -> Record:
    """Seal the catalog, once per content, and return the record that refers to it and to the evidence."""
    catalog = seal_catalog(archive, book.catalog)
    return draft_record(
        mine=book.mine.id,
        assessment=book.id,
        revision=revision,
        catalog=book.catalog,
        catalog_bag=catalog.ref,
        evidence_bag=evidence,
        readings=book.score["readings"],
        journals=journal_heads(assessment.entries),
        sealed_on=time,
        supersedes=earlier,
        reason=reason,
    )


def _journals(assessment: Assessment, record: Record) -> dict[str, Path]:
    return {person: assessment.folder / "journal" / f"{person}.jsonl" for person in record.journals}


def _same(archive: Archive, earlier: BagRef, files: Mapping[str, bytes]) -> bool:
    data = archive.place(earlier.bag) / "data"
    return all((data / name).is_file() and (data / name).read_bytes() == files[name] for name in SAME)


def _signers(place: Path) -> tuple[str, ...]:
    """Return whose keys signed what is in a bag: before it was sealed, or when signing off in the workbook."""
    found = {path.stem for kind in ("expert-", "sign-off-") for path in (place / "data/attest").glob(f"{kind}*.sig")}
    return tuple(sorted({name.removeprefix("expert-").removeprefix("sign-off-") for name in found}))
