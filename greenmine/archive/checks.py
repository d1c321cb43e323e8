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
from typing import Final

from greenmine.archive.bag import Bag, read_file
from greenmine.archive.endorsement import LINE, SIGNATURE, over, signed_entry
from greenmine.archive.layout import Archive, catalog_bag, evidence_bag
from greenmine.archive.ledger import LedgerEntry
from greenmine.archive.pins import Pins, Unproven, check_novalidate, dated
from greenmine.archive.record import read_document
from greenmine.archive.redaction import FILE_NAME as REDACTION
from greenmine.archive.redaction import Redaction
from greenmine.archive.seal import FILES, SUMS
from greenmine.archive.signature import parse_signature, verify_any
from greenmine.archive.signers import CATALOG
from greenmine.archive.signers import REDACTION as REDACTIONS
from greenmine.archive.signers import WITHDRAWAL as WITHDRAWALS
from greenmine.archive.sources import FOLDER, check_sources
from greenmine.archive.verdicts import AUTHENTICITY, INTEGRITY, Collector
from greenmine.archive.withdrawal import FILE_NAME as WITHDRAWAL
from greenmine.archive.withdrawal import read_withdrawal
from greenmine.errors import ArchiveError, IntegrityError, one_line, shown
from greenmine.files import canonical_json
from greenmine.i18n import gettext as _

MAX_DOCUMENT: Final = 256 * 1024 * 1024
"""The largest document that is read into memory, in bytes."""

_SUM: Final = re.compile(r"([0-9a-f]{64})  ([^\r\n]+)")
MALFORMED: Final = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
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
        follows: after when an entry is proven to have been entered, by its number; None where that is not proven.
    """

    archive: Archive
    entries: Mapping[str, LedgerEntry]
    payloads: Mapping[str, Mapping[str, str]]
    existed: Callable[[int], dt.datetime | None]
    pins: Pins
    collector: Collector
    follows: Callable[[int], dt.datetime | None] = lambda _number: None


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
    data = read_file(place, MAX_DOCUMENT)
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
    """Check that a catalog bag holds the catalog that its name tells, and that its sources still resolve to it."""
    name = "data/catalog.resolved.json"
    with context.collector.check("catalog.digest", bag.place(name)):
        data = content(bag, name)
        try:
            document = json.loads(data, parse_float=Decimal)
            found = catalog_bag(document["id"], document["version"], hashlib.sha256(data).hexdigest())
            same = canonical_json(document) == data
        except (*MALFORMED, ArchiveError):
            raise unreadable(bag.place(name)) from None
        if found != entry.bag:
            raise IntegrityError(bag.place(name), expected=entry.bag, found=one_line(found))
        if not same:
            raise IntegrityError(bag.place(name), expected=_("canonical JSON (RFC 8785)"), found=_("another form"))
    with context.collector.check("catalog.sources", bag.place(name)):
        ref = entry.bag.removeprefix("bags/catalog/").rpartition("-")[0].replace("/", "@", 1)
        prefix = f"data/{FOLDER}/"
        files = {one.removeprefix("data/"): content(bag, one) for one in bag.payload if one.startswith(prefix)}
        version = dict(bag.info).get("Bag-Software-Agent", "").removeprefix("greenmine ")
        check_sources(content(bag, name), files, ref, version, bag.place(name))
    if not over(entry.digest, context.entries):
        text = _("Catalogs that no authority signed: it is not proven whose rules they are ({bag} is the first).")
        context.collector.unproven("catalog.unsigned", AUTHENTICITY, text.format(bag=entry.bag))


def check_endorsement(context: Context, entry: LedgerEntry, bag: Bag) -> None:
    """Check that a signature bag holds a signature over a catalog that was entered before, and whose it is."""
    place = bag.place(f"data/{LINE}")
    names = {f"data/{LINE}", f"data/{SIGNATURE}"}
    with context.collector.check("catalog.digest", place):
        if bag.payload.keys() != names:
            strange = min(bag.payload.keys() ^ names)
            raise IntegrityError(bag.place(strange), expected=", ".join(sorted(names)), found=_("a file more or less"))
        before = (one for one in context.entries.values() if one.number < entry.number)
        signed_entry(content(bag, f"data/{LINE}"), entry.bag, before, place)
    work = partial(_catalog_signature, context, bag)
    signed(context, entry, ("catalog.signature", bag.place(f"data/{SIGNATURE}")), work)


def _catalog_signature(context: Context, bag: Bag, at: dt.datetime | None) -> object:
    file, data = bag.place(f"data/{SIGNATURE}"), content(bag, f"data/{LINE}")
    signature, trust = parse_signature(content(bag, f"data/{SIGNATURE}"), file), context.pins.trust
    if trust is None:
        check_novalidate(data, signature, CATALOG, file)
        raise unknown()
    return verify_any(data, signature, namespace=CATALOG, trust=trust, at=at, file=file)


def unreadable(place: Path, found: str = "") -> IntegrityError:
    """Return what to raise where a document cannot be taken apart."""
    return IntegrityError(
        place, expected=_("documents that can be scored"), found=shown(found, 200) if found else _("another form")
    )


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
        text = _("{bag} removed files on {day}, by order of {name}: {reason}")
        values = {"bag": entry.bag, "day": redaction.on[:10], "name": shown(redaction.by)}
        text = text.format(**values, reason=shown(redaction.reason, 300))
        collector.note(f"redaction.ordered.{entry.bag}", AUTHENTICITY, text)
    _check_order(context, entry, bag, REDACTION, REDACTIONS)
    if not _signatures(bag):
        text = _("{bag} is not signed: it is not proven who ordered the removal.").format(bag=entry.bag)
        collector.unproven(f"redaction.unsigned.{entry.bag}", AUTHENTICITY, text)


def check_withdrawal(context: Context, entry: LedgerEntry, bag: Bag) -> None:
    """Check that a withdrawal is about a record entered before, and who signed it; remark on the record."""
    collector, place = context.collector, bag.place(f"data/{WITHDRAWAL}")
    with collector.check("withdrawal.record", place):
        before = (one for one in context.entries.values() if one.number < entry.number)
        found = read_withdrawal(content(bag, f"data/{WITHDRAWAL}"), entry.bag, before, place)
        text = _("{record} was withdrawn on {day} by {name}: {reason}")
        values = {"record": found.record.bag, "day": found.on[:10], "name": shown(found.by)}
        text = text.format(**values, reason=shown(found.reason, 300))
        collector.note(f"record.withdrawn.{entry.bag}", AUTHENTICITY, text)
    _check_order(context, entry, bag, WITHDRAWAL, WITHDRAWALS)
    if not _signatures(bag):
        text = _("{bag} is not signed: it is not proven who withdrew the record.").format(bag=entry.bag)
        collector.unproven(f"withdrawal.unsigned.{entry.bag}", AUTHENTICITY, text)


def _signatures(bag: Bag) -> list[str]:
    return sorted(name for name in bag.payload if name.startswith("data/attest/"))


def _check_order(context: Context, entry: LedgerEntry, bag: Bag, document: str, namespace: str) -> None:
    """Check the signatures over the document of a removal or withdrawal, and that nothing else is in its bag."""
    check = f"{document.removesuffix('.json')}.signature"
    strange = sorted(bag.payload.keys() - {f"data/{document}", *_signatures(bag)})
    if strange:
        problem = IntegrityError(bag.place(strange[0]), expected=_("no further files"), found=_("a file"))
        context.collector.fail(check, problem, bag.place(strange[0]))
    for name in _signatures(bag):
        work = partial(_order_signature, context, bag, name, document, namespace)
        signed(context, entry, (check, bag.place(name)), work)


def _order_signature(  # noqa: PLR0917 - what a signature is about
    context: Context, bag: Bag, name: str, document: str, namespace: str, at: dt.datetime | None
) -> object:
    file, data = bag.place(name), content(bag, f"data/{document}")
    signature, trust = parse_signature(content(bag, name), file), context.pins.trust
    if trust is None:
        check_novalidate(data, signature, namespace, file)
        raise unknown()
    done = verify_any(data, signature, namespace=namespace, trust=trust, at=at, file=file)
    where = context.collector.relative(bag.path)
    text = _("{bag} is signed by {name}.").format(bag=where, name=shown(done.principal))
    context.collector.note(f"order.signed.{where}.{done.fingerprint}", AUTHENTICITY, text)
    return done


def unknown() -> Unproven:
    """Return what to raise where a signature holds and nobody knows whose it is."""
    return Unproven("signature.unknown", _("It was not checked whose the signatures are: no allowed_signers."))


def signed(
    context: Context,
    entry: LedgerEntry,
    where: tuple[str, Path],
    work: Callable[[dt.datetime | None], object],
    claimed: dt.datetime | None = None,
) -> None:
    """Check a signature as of the time that is proven for an entry.

    Args:
        context: keeps what does not hold.
        entry: the entry of the bag that the signature is in.
        where: the check, and the file to name.
        work: checks it as of a time; as of now where it is given none.
        claimed: when it is said to have been made: only then it may hold where no time is proven.
    """
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
