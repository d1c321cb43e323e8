"""Checks of what is inside a bag, for each kind of bag, once its files have been found to be what was sealed.

The digests in ledger and manifests say that nothing was changed since; these checks say that what was sealed was right
in itself: record, ledger and file names agree, the experts signed these very documents, the score follows from the
findings, the report is harmless. They hold also against somebody who made ledger and manifests anew.

A document is read once: the bytes that are looked into are those whose digest was compared.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final

from greenmine.archive.attest import STATEMENT, check_attestations, check_statement
from greenmine.archive.bag import Bag
from greenmine.archive.engine import FILE_NAME as ENGINE
from greenmine.archive.engine import engine_digest
from greenmine.archive.layout import Archive, assessment_bag, catalog_bag, evidence_bag
from greenmine.archive.ledger import LedgerEntry
from greenmine.archive.page import check_inert
from greenmine.archive.pins import Pins, Unproven, check_novalidate, dated
from greenmine.archive.record import FILE_NAME as RECORD
from greenmine.archive.record import BagRef, Record, read_document, read_record
from greenmine.archive.redaction import FILE_NAME as REDACTION
from greenmine.archive.redaction import Redaction
from greenmine.archive.seal import FILES, SUMS
from greenmine.archive.selection import record_name
from greenmine.archive.signature import parse_signature, verify_any
from greenmine.archive.signers import FINDING, NAMESPACES
from greenmine.archive.verdicts import AUTHENTICITY, AVAILABILITY, INTEGRITY, Collector
from greenmine.assessment.journal import Owner, scan
from greenmine.errors import ArchiveError, CheckFailed, GreenmineError, IntegrityError, one_line, shown
from greenmine.files import canonical_json
from greenmine.i18n import gettext as _
from greenmine.scoring import Scorer, canonical

MAX_DOCUMENT: Final = 256 * 1024 * 1024
"""The largest document that is read into memory, in bytes."""

_SUM: Final = re.compile(r"([0-9a-f]{64})  ([^\r\n]+)")
_MALFORMED: Final = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""What a document of another form may raise in whoever takes it apart."""


@dataclass(frozen=True)
class Context:
    """What the checks of a bag look at beside the bag.

    Attributes:
        archive: the archive.
        entries: the ledger: entry by bag.
        payloads: digest of each payload file of the evidence bags that were read, by bag.
        existed: since when an entry is proven to exist, by its number; None where that is not proven.
        pins: whose signatures count.
        collector: keeps what does not hold.
    """

    archive: Archive
    entries: Mapping[str, LedgerEntry]
    payloads: Mapping[str, Mapping[str, str]]
    existed: Callable[[int], dt.datetime | None]
    pins: Pins
    collector: Collector


def content(bag: Bag, name: str) -> bytes:
    """Return the content of a payload file.

    Args:
        bag: the bag.
        name: its path in the bag (`data/…`).

    Raises:
        IntegrityError: the bag has no such file, or it is not what the manifest says, or it is too large.
    """
    place = bag.place(name)
    if name not in bag.payload:
        raise IntegrityError(place, expected=_("a file that every bag of this kind has"), found=_("no such file"))
    with place.open("rb") as stream:
        data = stream.read(MAX_DOCUMENT + 1)
    if len(data) > MAX_DOCUMENT:
        expected = _("at most {limit} bytes").format(limit=MAX_DOCUMENT)
        raise IntegrityError(place, expected=expected, found=_("more"))
    found = hashlib.sha256(data).hexdigest()
    if found != bag.payload[name]:
        expected = _("content with the SHA-256 {digest}").format(digest=bag.payload[name])
        raise IntegrityError(place, expected=expected, found=found)
    return data


# ---- evidence and catalogs -------------------------------------------------------------------------------------------


def check_evidence(context: Context, entry: LedgerEntry, bag: Bag) -> None:
    """Check that an evidence bag holds what its name is the digest of."""
    place = bag.place(f"data/{SUMS}")
    with context.collector.check("evidence.list", place):
        data = content(bag, f"data/{SUMS}")
        digest = hashlib.sha256(data).hexdigest()
        if evidence_bag(digest) != entry.bag:
            raise IntegrityError(place, expected=entry.bag.rpartition("/")[2], found=digest)
        listed: dict[str, str] = {}
        for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n")[:-1], 1):
            hit = _SUM.fullmatch(line)
            if not hit:
                where = _("line {number}").format(number=number)
                raise IntegrityError(place, where, expected=_("a digest, two spaces and a name"), found=shown(line))
            listed[f"data/{FILES}/{hit[2]}"] = hit[1]
        sealed = {name: stated for name, stated in bag.payload.items() if name != f"data/{SUMS}"}
        if listed != sealed:
            wrong = min(name for name in listed.keys() | sealed.keys() if listed.get(name) != sealed.get(name))
            raise IntegrityError(
                bag.place(wrong),
                expected=_("what {file} says").format(file=SUMS),
                found=_("another file") if wrong in listed and wrong in sealed else _("a file more or less"),
            )
    if bag.absent:
        text = _("Removed lawfully from {bag}: {count} files.").format(bag=entry.bag, count=len(bag.absent))
        context.collector.note(f"evidence.removed.{entry.bag}", INTEGRITY, text)


def check_catalog(context: Context, entry: LedgerEntry, bag: Bag) -> None:
    """Check that a catalog bag holds the catalog that its name tells."""
    name = "data/catalog.resolved.json"
    with context.collector.check("catalog.digest", bag.place(name)):
        data = content(bag, name)
        try:
            document = json.loads(data, parse_float=Decimal)
            found = catalog_bag(document["id"], document["version"], hashlib.sha256(data).hexdigest())
            same = canonical_json(document) == data
        except (*_MALFORMED, ArchiveError) as problem:
            raise _unreadable(bag.place(name), problem) from None
        if found != entry.bag:
            raise IntegrityError(bag.place(name), expected=entry.bag, found=one_line(found))
        if not same:
            raise IntegrityError(bag.place(name), expected=_("canonical JSON (RFC 8785)"), found=_("another form"))


def _unreadable(place: Path, problem: Exception) -> IntegrityError:
    return IntegrityError(place, expected=_("documents that can be scored"), found=shown(str(problem), 200))


# ---- redactions ------------------------------------------------------------------------------------------------------


def check_redaction(context: Context, entry: LedgerEntry, bag: Bag) -> None:
    """Check that a redaction names files that were in the evidence, and who signed it."""
    collector = context.collector
    place = bag.place(f"data/{REDACTION}")
    with collector.check("redaction.files", place):
        data = content(bag, f"data/{REDACTION}")
        redaction = read_document(Redaction, data, place)
        ref = redaction.evidence
        known = context.entries.get(ref.bag)
        if known is None or known.digest != ref.tagmanifest or known.number >= entry.number:
            raise IntegrityError(place, "evidence", expected=_("evidence entered before"), found=ref.bag)
        if entry.bag.split("/")[2] != ref.bag.rpartition("/")[2]:
            raise IntegrityError(place, "evidence", expected=entry.bag.split("/")[2], found=ref.bag)
        payload = context.payloads.get(ref.bag)
        for one in redaction.removed if payload is not None else ():
            if payload is not None and payload.get(one.path) != one.sha256:
                raise IntegrityError(
                    place, expected=payload.get(one.path, _("a file of the evidence")), found=shown(one.path)
                )
            if payload is not None and (context.archive.place(ref.bag) / one.path).exists():
                text = _("{file} is removed by {bag} and still there: run greenmine recover.")
                text = text.format(file=shown(one.path, 200), bag=entry.bag)
                collector.note(f"redaction.pending.{entry.bag}", INTEGRITY, text)
    signatures = sorted(name for name in bag.payload if name.startswith("data/attest/"))
    for name in signatures:
        _signed(
            context,
            entry,
            ("redaction.signature", bag.place(name)),
            partial(_redaction_signature, context, bag, name),
        )
    if not signatures:
        text = _("{bag} is not signed: it is not proven who ordered the removal.").format(bag=entry.bag)
        collector.unproven(f"redaction.unsigned.{entry.bag}", AUTHENTICITY, text)


def _redaction_signature(context: Context, bag: Bag, name: str, at: dt.datetime | None) -> object:
    file, data = bag.place(name), content(bag, f"data/{REDACTION}")
    signature = parse_signature(content(bag, name), file)
    if signature.namespace not in NAMESPACES:
        raise CheckFailed(_("{file}: a signature for something else.").format(file=file))
    if context.pins.trust is None:
        check_novalidate(data, signature, signature.namespace, file)
        raise _unknown()
    trust = context.pins.trust
    return verify_any(data, signature, namespace=signature.namespace, trust=trust, at=at, file=file)


def _unknown() -> Unproven:
    return Unproven("signature.unknown", _("It was not checked whose the signatures are: no allowed_signers."))


def _signed(
    context: Context,
    entry: LedgerEntry,
    where: tuple[str, Path],
    work: Callable[[dt.datetime | None], object],
    claimed: dt.datetime | None = None,
) -> None:
    """Check signatures as of the time that is proven for an entry."""
    text = _("A key that signed {bag} is not valid any more, and no time stamp proves that it was when it signed.")
    text = text.format(bag=entry.bag)
    try:
        with context.collector.check(*where):
            at = context.existed(entry.number)
            if claimed is None:
                work(at)
            else:
                dated(work, at, claimed, text)
    except Unproven as problem:
        context.collector.unproven(problem.code, AUTHENTICITY, str(problem))


# ---- assessments -----------------------------------------------------------------------------------------------------


def check_assessment(context: Context, entry: LedgerEntry, bag: Bag) -> None:
    """Check that an assessment bag agrees with the ledger and with itself."""
    collector = context.collector
    record: Record | None = None
    place = bag.place(f"data/{RECORD}")
    with collector.check("record.parts", place):
        record = read_record(content(bag, f"data/{RECORD}"), place)
        _check_parts(entry, bag, record)
    if record is None:
        return
    with collector.check("record.references", place):
        _check_references(context, entry, record, place)
    with collector.check("record.score", bag.place("data/score.json")):
        _check_score(context, bag, record)
    with collector.check("record.journals", place):
        _check_journals(bag, record)
    _check_statement(context, entry, bag, record)
    for name in sorted(name for name in bag.payload if name.endswith((".html", ".htm"))):
        with collector.check("report.inert", bag.place(name)):
            check_inert(content(bag, name), bag.place(name))


def _check_parts(entry: LedgerEntry, bag: Bag, record: Record) -> None:
    """Make sure that record, place, findings, catalog, score and engine speak of the same."""
    place = bag.place(f"data/{RECORD}")
    if assessment_bag(record.mine, record.revision) != entry.bag:
        found = assessment_bag(record.mine, record.revision)
        raise IntegrityError(place, "mine", expected=entry.bag, found=found)
    if ("External-Identifier", entry.bag) not in bag.info:
        raise IntegrityError(bag.path / "bag-info.txt", expected=entry.bag, found=_("another identifier"))
    stated = {
        "data/catalog.resolved.json": record.catalog.sha256,
        f"data/{ENGINE}": record.engine.sha256,
    }
    for name, digest in stated.items():
        if bag.payload.get(name) != digest:
            found = bag.payload.get(name, _("no such file"))
            expected = _("{digest}, as the record says").format(digest=digest)
            raise IntegrityError(bag.place(name), expected=expected, found=found)
    try:
        findings, catalog, score = (
            json.loads(content(bag, f"data/{name}"), parse_float=Decimal)
            for name in ("findings.json", "catalog.resolved.json", "score.json")
        )
        seen = {
            "findings.json": (findings["mine"]["id"], findings["assessment"]["id"]),
            "catalog.resolved.json": (catalog["id"], catalog["version"]),
            "score.json": (score["catalog"]["sha256"], score["readings"]),
        }
    except _MALFORMED as problem:
        raise _unreadable(bag.place("data/findings.json"), problem) from None
    wanted = {
        "findings.json": (record.mine, record.assessment),
        "catalog.resolved.json": (record.catalog.id, record.catalog.version),
        "score.json": (record.catalog.sha256, record.readings),
    }
    for name, agreed in wanted.items():
        if seen[name] != agreed:
            raise IntegrityError(bag.place(f"data/{name}"), expected=shown(agreed, 200), found=shown(seen[name], 200))


def _check_references(context: Context, entry: LedgerEntry, record: Record, place: Path) -> None:
    references: tuple[tuple[str, BagRef | None], ...] = (
        ("catalog", record.catalog),
        ("evidence", record.evidence),
        ("supersedes", record.supersedes),
    )
    for name, ref in references:
        known = context.entries.get(ref.bag) if ref is not None else None
        if ref is not None and (known is None or known.digest != ref.tagmanifest or known.number >= entry.number):
            found = f"{ref.bag} ({known.digest if known else _('none')})"
            expected = _("a bag entered in the ledger before, {digest}").format(digest=ref.tagmanifest)
            raise IntegrityError(place, name, expected=expected, found=found)
    if record.catalog.bag != catalog_bag(record.catalog.id, record.catalog.version, record.catalog.sha256):
        raise IntegrityError(place, "catalog", expected=_("the bag of this catalog"), found=record.catalog.bag)
    if record.evidence.bag != evidence_bag(record.evidence.eid):
        raise IntegrityError(place, "evidence", expected=_("the bag of this evidence"), found=record.evidence.bag)
    if record.supersedes is not None:
        prefix, _slash, number = record.supersedes.bag.rpartition("/r")
        if prefix != entry.bag.rpartition("/r")[0] or int(number) >= record.revision:
            expected = _("an earlier revision of the mine")
            raise IntegrityError(place, "supersedes", expected=expected, found=record.supersedes.bag)


def _check_score(context: Context, bag: Bag, record: Record) -> None:
    """Make sure that our own scorer gives the score; of another version of it, that it gives the same result."""
    place = bag.place("data/score.json")
    names = ("findings.json", "catalog.resolved.json", "score.json")
    data = {name: content(bag, f"data/{name}") for name in names}
    try:
        findings, catalog, score = (json.loads(data[name], parse_float=Decimal) for name in names)
        again = canonical(Scorer(catalog).score(findings, record.readings))
    except (*_MALFORMED, GreenmineError) as problem:
        raise _unreadable(place, problem) from None
    if again == data["score.json"]:
        return
    own = record.engine.sha256 == engine_digest()
    if own or _result(json.loads(again)) != _result(score):
        hint = "" if own else _("It was scored by version {version}.").format(version=shown(record.engine.version))
        raise IntegrityError(
            place,
            expected=_("the score that follows from findings and catalog"),
            found=_("another one"),
            hint=hint,
        )
    text = _("{record} was scored by another version; this one gives the same result in another form.")
    context.collector.note("score.form", AVAILABILITY, text.format(record=record_name(bag_name(context, bag))))


def bag_name(context: Context, bag: Bag) -> str:
    """Return the path of a bag relative to the archive's root."""
    return context.collector.relative(bag.path)


def _result(score: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return what of a score decides something."""
    try:
        points = [(one["id"], one["status"], one["awarded"]) for one in score["indicators"]]
        return score["verdict"], score["total"], score["total_exact"], score["line"], score["readings"], points
    except _MALFORMED:
        return None


def _check_journals(bag: Bag, record: Record) -> None:
    sealed = {name for name in bag.payload if name.startswith("data/journals/")}
    wanted = {f"data/journals/{person}.jsonl" for person in record.journals}
    if sealed != wanted:
        name = min(sealed ^ wanted)
        expected = _("the journals that the record names")
        raise IntegrityError(bag.place(name), expected=expected, found=_("a file more or less"))
    for person, head in record.journals.items():
        file = bag.place(f"data/journals/{person}.jsonl")
        data = content(bag, f"data/journals/{person}.jsonl")
        reading = scan(data, file, Owner(record.mine, record.assessment, person))
        last = reading.entries[-1].digest if reading.entries else _("none")
        if reading.torn or last != head:
            raise IntegrityError(
                file, expected=_("{digest} as its last line, as the record says").format(digest=head), found=last
            )


def _check_statement(context: Context, entry: LedgerEntry, bag: Bag, record: Record) -> None:
    """Check the experts' statement and signatures; remark where somebody did not sign."""
    collector, name = context.collector, record_name(entry.bag)
    prefix = "data/attest/"
    signed = {one[len(f"{prefix}expert-") : -len(".sig")] for one in bag.payload if one.startswith(f"{prefix}expert-")}
    if not any(one.startswith(prefix) for one in bag.payload):
        text = _("Records without experts' signatures: it is not proven who concluded what ({record} is the first).")
        collector.unproven("record.unsigned", AUTHENTICITY, text.format(record=name))
        return
    claimed = dt.datetime.fromisoformat(record.sealed_on)
    work = partial(_experts, context, bag, record)
    _signed(context, entry, ("record.signature", bag.place(f"{prefix}{STATEMENT}")), work, claimed)
    absent = sorted(record.journals.keys() - signed)
    if absent:
        text = _("Experts who recorded something and did not sign: {names} ({record} is the first such record).")
        collector.unproven("record.unsigned.some", AUTHENTICITY, text.format(names=", ".join(absent), record=name))


def _experts(context: Context, bag: Bag, record: Record, at: dt.datetime | None) -> object:
    if context.pins.trust is not None:
        return check_attestations(bag, record, context.pins.trust, at)
    place = bag.place(f"data/attest/{STATEMENT}")
    statement = content(bag, f"data/attest/{STATEMENT}")
    check_statement(statement, bag.payload, place)
    for name in sorted(name for name in bag.payload if name.startswith("data/attest/") and name.endswith(".sig")):
        check_novalidate(statement, parse_signature(content(bag, name), bag.place(name)), FINDING, bag.place(name))
    raise _unknown()
