"""Sealing: evidence, catalogs and assessments become bags that are never changed again.

Evidence is sealed once per content: the bag's name is the digest of the manifest of what was handed in. Files are
copied, and the digest of the copy must be the one that the inventory took; a folder that changed since is refused. A
catalog is sealed once per content too. An assessment is small: it refers to both by digest, and before it is sealed the
score is computed anew from the very bytes that go into the bag.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from greenmine.archive.attest import STATEMENT, check_statement
from greenmine.archive.bag import Bag, read_manifests
from greenmine.archive.bag_writer import BagWriter
from greenmine.archive.crate import FILE_NAME as CRATE
from greenmine.archive.crate import crate_metadata
from greenmine.archive.engine import FILE_NAME as ENGINE
from greenmine.archive.engine import build_engine, engine_digest
from greenmine.archive.layout import Archive, assessment_bag, catalog_bag, evidence_bag
from greenmine.archive.ledger import Ledger
from greenmine.archive.lock import wait_for
from greenmine.archive.record import FILE_NAME as RECORD
from greenmine.archive.record import BagRef, Record, read_record
from greenmine.archive.redaction import Removals, removals
from greenmine.archive.refold import CATALOG, FINDINGS, MAPPING, PANEL, Handed, check_refold, grounds, refold, up_to
from greenmine.archive.sources import read_sources
from greenmine.archive.staging import SealedBag, adopt, seal_bag
from greenmine.catalog import Catalog
from greenmine.errors import ArchiveError, EvidenceError, GreenmineError, IntegrityError, shown
from greenmine.evidence.folder import Entry, opened, walk
from greenmine.evidence.inventory import ASSESSMENTS, Inventory, is_litter
from greenmine.files import refusal
from greenmine.i18n import gettext as _
from greenmine.scoring import Scorer, canonical

SUMS: Final = "evidence.sums"
"""The manifest of what was handed in, in the format of `sha256sum`; its own digest names the bag."""

FILES: Final = "files"
"""The folder with the files that were handed in."""

NEEDED: Final = (CATALOG, FINDINGS, PANEL, "report.html", "report.ipynb", "score.json")
"""What whoever seals an assessment hands over; `MAPPING` too where findings were carried over, and `_EARLIER`."""

_WRITTEN: Final = (RECORD, ENGINE, CRATE)
_EARLIER: Final = re.compile(
    r"earlier/[A-Za-z0-9_][A-Za-z0-9._-]*/(?:panel\.yaml|journal/[A-Za-z0-9][A-Za-z0-9._-]*\.jsonl)"
)
"""Panel and journals of earlier assessments of the mine, with which the report compares."""
_SIGNED: Final = re.compile(r"attest/[A-Za-z0-9_][A-Za-z0-9._-]{0,100}")


class ConflictError(ArchiveError):
    """Somebody else has sealed a revision of the mine since the next one was chosen, or is just doing so."""


def seal_evidence(archive: Archive, mine_dir: Path, inventory: Inventory) -> SealedBag:
    """Seal what a mine has handed in; once per content.

    Args:
        archive: where.
        mine_dir: the mine's folder.
        inventory: what `take_inventory` found in it.

    Returns:
        The bag; one sealed before if it is of the same content.

    Raises:
        EvidenceError: the folder has changed since the inventory was taken, or holds a file that was removed from the
            archive by a redaction.
        ArchiveError: the archive cannot take it.
        IntegrityError: a bag of this content is there and damaged.
    """
    path = evidence_bag(inventory.sha256)
    taken = removals(archive)
    there = adopt(archive, path, taken.absent(path))
    if there is not None:
        return there
    wanted = dict(_sums(inventory.manifest))
    entries = {entry.path: entry for entry in walk(mine_dir) if _handed_in(entry)}
    _refuse_removed(mine_dir, wanted, taken)
    changed = sorted(wanted.keys() ^ entries.keys())
    if changed:
        raise _changed(mine_dir, changed[0])

    def fill(writer: BagWriter) -> None:
        writer.add(SUMS, inventory.manifest.encode())
        for name, digest in wanted.items():
            with opened(mine_dir, entries[name]) as stream:
                copied = writer.copy(f"{FILES}/{name}", stream.fileno())
            if copied != digest:
                raise _changed(mine_dir, name)

    try:
        return seal_bag(archive, path, fill)
    except FileExistsError:  # sealed by somebody else meanwhile
        return _adopted(archive, path, taken.absent(path))


def _adopted(archive: Archive, path: str, absent: frozenset[str] = frozenset()) -> SealedBag:
    found = adopt(archive, path, absent)
    if found is None:
        raise ArchiveError(archive.place(path), expected=_("a bag that stays"), found=_("no such file"))
    return found


def _handed_in(entry: Entry) -> bool:
    return not entry.path.startswith(f"{ASSESSMENTS}/") and not is_litter(entry.path)


def _sums(manifest: str) -> list[tuple[str, str]]:
    """Return name and digest of each line of a manifest."""
    return [(line[66:], line[:64]) for line in manifest.split("\n") if line]


def _changed(mine_dir: Path, name: str) -> EvidenceError:
    return EvidenceError(
        f"{mine_dir.as_posix()}/{name}",
        expected=_("the file as it was when the inventory was taken"),
        found=_("another one"),
        hint=_("Take the inventory again."),
    )


def _refuse_removed(mine_dir: Path, wanted: Mapping[str, str], taken: Removals) -> None:
    for name, digest in wanted.items():
        if digest in taken.digests:
            raise EvidenceError(
                f"{mine_dir.as_posix()}/{name}",
                expected=_("no file that was removed from the archive"),
                found=_("the one that {bag} removed").format(bag=taken.digests[digest]),
                hint=_("Take it out of the folder."),
            )


def seal_catalog(archive: Archive, catalog: Catalog) -> SealedBag:
    """Seal a resolved catalog and every file it was made of; once per content.

    Raises:
        ArchiveError: the archive cannot take it.
        IntegrityError: a bag of this catalog is there and damaged.
    """
    path = catalog_bag(catalog.id, catalog.version, catalog.sha256)
    there = adopt(archive, path)
    if there is not None:
        return there

    files = read_sources(catalog)

    def fill(writer: BagWriter) -> None:
        for name, data in files.items():
            writer.add(name, data)

    try:
        return seal_bag(archive, path, fill)
    except FileExistsError:
        return _adopted(archive, path)


def seal_assessment(
    archive: Archive,
    files: Mapping[str, bytes],
    record: Record,
    journals: Mapping[str, Path],
    attest: Mapping[str, bytes] | None = None,
    *,
    folded: str = "",
) -> SealedBag:
    """Seal an assessment as the revision that its record says.

    Args:
        archive: where.
        files: `findings.json`, `catalog.resolved.json`, `score.json`, and what else belongs to it: the report, the
            notebook, the panel.
        record: what it is about.
        journals: the journal of each person that the record names; it is kept up to the line the record names.
        attest: the experts' statement and signatures, by file name.
        folded: the `grounds` of findings that are known to follow from them; others are folded again.

    Raises:
        ConflictError: the revision is there already, or is not the next one: somebody else sealed one meanwhile.
        ArchiveError: the parts do not agree with each other or with the archive, or the archive cannot take it.
        IntegrityError: the ledger was tampered with, or the disk failed.
    """
    lines = {
        f"journals/{person}.jsonl": up_to(record.journals.get(person, ""), path)
        for person, path in sorted(journals.items())
    }
    if record.journals.keys() != journals.keys():
        names = ", ".join(sorted(record.journals.keys() ^ journals.keys()))
        raise _unfit("journals", _("the journals that the record names"), names)
    signed = {f"attest/{name}": data for name, data in (attest or {}).items()}
    payload = {**files, **lines, **signed, RECORD: record.canonical(), ENGINE: build_engine()}
    _check_names(files, signed)
    _check_parts(files, record)
    _check_statement(signed.get(f"attest/{STATEMENT}"), payload)
    _check_references(archive, record)
    _check_findings(archive, files, record, lines, folded)
    payload[CRATE] = crate_metadata(record, payload)

    def fill(writer: BagWriter) -> None:
        for name, data in sorted(payload.items()):
            writer.add(name, data)

    path = assessment_bag(record.mine, record.revision)
    try:
        return seal_bag(archive, path, fill, [("Bagging-Date", record.sealed_on[:10])])
    except FileExistsError:
        raise ConflictError(
            archive.place(path),
            expected=_("a revision that is not sealed yet"),
            found=_("revision {number}").format(number=record.revision),
            hint=_("Take the next revision; if a run was cut short, run greenmine recover first."),
        ) from None


def _unfit(place: str, expected: str, found: str) -> ArchiveError:
    return ArchiveError(RECORD, place, expected=expected, found=found)


def _check_names(files: Mapping[str, bytes], signed: Mapping[str, bytes]) -> None:
    for name in NEEDED:
        if name not in files:
            raise ArchiveError(name, expected=_("a file that every assessment has"), found=_("no such file"))
    strange = [name for name in files if name not in {*NEEDED, MAPPING} and not _EARLIER.fullmatch(name)]
    strange += [name for name in signed if not _SIGNED.fullmatch(name)]
    if strange:
        expected = _("one of {values}").format(values=", ".join((*NEEDED, MAPPING)))
        raise ArchiveError(shown(strange[0]), expected=expected, found=shown(strange[0]))


def check_payload(bag: Bag) -> None:
    """Make sure that an assessment bag has the files that every one has, and none that has no place in it.

    Raises:
        IntegrityError: it does not; the file is named.
    """
    names = {name.removeprefix("data/") for name in bag.payload}
    needed = {*NEEDED, *_WRITTEN}
    for name in sorted(needed - names):
        raise IntegrityError(
            bag.place(f"data/{name}"), expected=_("a file that every assessment has"), found=_("no such file")
        )
    for name in sorted(names - needed - {MAPPING}):
        elsewhere = name.startswith(("attest/", "journals/"))  # of these there are checks of their own
        if not elsewhere and not _EARLIER.fullmatch(name):
            raise IntegrityError(bag.place(f"data/{name}"), expected=_("no such file"), found=_("a file"))


def _check_parts(files: Mapping[str, bytes], record: Record) -> None:
    """Make sure that record, findings, catalog, engine and score belong together."""
    found = hashlib.sha256(files["catalog.resolved.json"]).hexdigest()
    if found != record.catalog.sha256:
        raise _unfit("catalog", record.catalog.sha256, found)
    if engine_digest() != record.engine.sha256:
        raise _unfit("engine", engine_digest(), record.engine.sha256)
    try:
        catalog, scorer = _scorer(files["catalog.resolved.json"])
        findings, score = (json.loads(files[name], parse_float=Decimal) for name in ("findings.json", "score.json"))
        named = (findings["mine"]["id"], findings["assessment"]["id"], catalog["id"], catalog["version"])
        readings: dict[str, Any] = score["readings"]
    except (ValueError, LookupError, TypeError, RecursionError) as problem:
        raise ArchiveError(
            "findings.json", expected=_("documents that can be scored"), found=shown(str(problem))
        ) from None
    stated = (record.mine, record.assessment, record.catalog.id, record.catalog.version)
    if named != stated:
        raise _unfit("mine", ", ".join(map(str, named)), ", ".join(stated))
    if readings != record.readings:
        raise _unfit("readings", shown(readings, 200), shown(record.readings, 200))
    try:
        again = canonical(scorer().score(findings, record.readings))
    except GreenmineError as problem:
        raise ArchiveError("findings.json", expected=_("documents that can be scored"), found=str(problem)) from None
    if again != files["score.json"]:
        raise ArchiveError(
            "score.json", expected=_("the score that follows from findings and catalog"), found=_("another one")
        )


@lru_cache(4)
def _scorer(catalog: bytes) -> tuple[dict[str, Any], Callable[[], Scorer]]:
    """Return a resolved catalog, and what makes its scorer, once; many assessments are sealed by the same catalog."""
    document = json.loads(catalog, parse_float=Decimal)
    return document, cache(lambda: Scorer(document))


def _check_findings(
    archive: Archive, files: Mapping[str, bytes], record: Record, journals: Mapping[str, bytes], folded: str
) -> None:
    """Make sure that the findings follow from journals, panel and evidence as they are sealed."""
    bag = read_manifests(archive.place(record.evidence.bag), record.evidence.tagmanifest)
    people = {person: journals[f"journals/{person}.jsonl"] for person in record.journals}
    try:
        handed = Handed.of(
            bag.place(f"data/{SUMS}").read_bytes(), lambda name: bag.place(f"data/{FILES}/{name}").read_bytes()
        )
    except FileNotFoundError:  # removed lawfully
        return
    try:
        carried = (files[MAPPING], files[CATALOG]) if MAPPING in files else None
        if folded == grounds(files[FINDINGS], files[PANEL], people, handed.manifest, carried):
            return

        def make() -> bytes:
            return refold(record.mine, record.assessment, files[PANEL], people, handed, carried=carried)

        check_refold(files[FINDINGS], record, make, FINDINGS)
    except IntegrityError as problem:
        hint = problem.hint or _("Assess again.")
        raise ArchiveError(FINDINGS, problem.place, expected=problem.expected, found=problem.found, hint=hint) from None


def _check_statement(statement: bytes | None, payload: Mapping[str, bytes]) -> None:
    """Make sure that what the experts signed is what goes into the bag."""
    if statement is None:
        return
    digests = {f"data/{name}": hashlib.sha256(data).hexdigest() for name, data in payload.items()}
    try:
        check_statement(statement, digests, Path("data/attest", STATEMENT))
    except IntegrityError as problem:
        raise ArchiveError(problem.file, problem.place, expected=problem.expected, found=problem.found) from None


def _check_references(archive: Archive, record: Record) -> None:
    """Make sure that catalog, evidence and the revision that is superseded are in the ledger."""
    ledger = Ledger(archive).scan()
    for place, ref in (("catalog", record.catalog), ("evidence", record.evidence), ("supersedes", record.supersedes)):
        entry = ledger.find(ref.bag) if ref else None
        if ref and (entry is None or entry.digest != ref.tagmanifest):
            raise _unfit(place, _("a bag in the ledger"), f"{ref.bag} ({entry.digest if entry else _('none')})")
    if record.catalog.bag != catalog_bag(record.catalog.id, record.catalog.version, record.catalog.sha256):
        raise _unfit("catalog", _("the bag of this catalog"), record.catalog.bag)
    if record.evidence.bag != evidence_bag(record.evidence.eid):
        raise _unfit("evidence", _("the bag of this evidence"), record.evidence.bag)
    for number in range(1, record.revision):
        if not ledger.find(assessment_bag(record.mine, number)):
            raise ConflictError(
                archive.place(assessment_bag(record.mine, number)),
                expected=_("a revision in the ledger, before the next is sealed"),
                found=_("none"),
                hint=_("Wait for who is sealing it, or run greenmine recover."),
            )
    current = current_revision(archive, record.mine, record.assessment)
    if current != record.supersedes:
        expected = current.bag if current else _("none: the assessment has no record yet")
        found = record.supersedes.bag if record.supersedes else _("none")
        raise ConflictError(RECORD, "supersedes", expected=expected, found=found)


def current_revision(archive: Archive, mine: str, assessment: str) -> BagRef | None:
    """Return the latest sealed revision of an assessment; None where it has none.

    Raises:
        IntegrityError: the ledger or a record is malformed.
    """
    latest: tuple[int, BagRef] | None = None
    for entry in Ledger(archive).scan().under(f"bags/assess/{mine}/r"):
        place = archive.place(entry.bag) / "data" / RECORD
        try:
            found = read_record(place.read_bytes(), place)
        except OSError as problem:
            raise IntegrityError(place, expected=_("a readable file"), found=refusal(problem)) from None
        if found.assessment == assessment and (latest is None or latest[0] < found.revision):
            latest = (found.revision, BagRef(bag=entry.bag, tagmanifest=entry.digest))
    return latest[1] if latest else None


def next_revision(archive: Archive, mine: str, assessment: str) -> tuple[int, BagRef | None]:
    """Return the number of a mine's next revision, and the revision that it would supersede, if any.

    Raises:
        IntegrityError: the ledger or a record is malformed.
    """
    return max(archive.revisions(mine), default=0) + 1, current_revision(archive, mine, assessment)


def wait_for_others(archive: Archive, mine: str) -> None:
    """Wait until who is sealing the latest revision of a mine has entered it in the ledger, or is gone."""
    for number in archive.revisions(mine)[-1:]:
        wait_for(archive.place(assessment_bag(mine, number)))
