"""Verification: is the archive, or a record in it, what it was when it was sealed, and was that right?

    ledger → checkpoints → signatures → bags, in order of the ledger → what lies around them

What is found first is what is wrong first in this order, in every run. All of an archive is looked at, or one record,
or a sample of records; with a record come the evidence, the catalog and the removals that it rests on. Of the ledger
and the checkpoints everything is looked at in any case, for that takes no time.

Nothing is written, so that a copy on a read-only medium can be verified. No code of the archive is run: scores are
computed by the scorer of whoever verifies.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from greenmine.archive.audit_checks import check_audit
from greenmine.archive.bag import INFO, Bag, hash_file, read_bag, read_file
from greenmine.archive.chain import check_kept, needed, proven, read_chain, read_ledger
from greenmine.archive.checks import (
    Context,
    check_catalog,
    check_endorsement,
    check_evidence,
    check_redaction,
    check_withdrawal,
)
from greenmine.archive.draw_checks import check_draw
from greenmine.archive.hashing import Hashed, Meter, Progress, ahead, start
from greenmine.archive.layout import Archive, evidence_bag, kind_of
from greenmine.archive.ledger import TAGMANIFEST, LedgerEntry
from greenmine.archive.pins import Pins, check_signatures, existed, follows, operators_of
from greenmine.archive.record import FILE_NAME as RECORD
from greenmine.archive.record import read_record
from greenmine.archive.record_checks import check_assessment
from greenmine.archive.redaction import read_redaction
from greenmine.archive.register_checks import check_journals, check_register
from greenmine.archive.selection import PREFIX, assessments, draw, find_bag, record_name
from greenmine.archive.surroundings import check_places, check_secrets, remark
from greenmine.archive.verdicts import AUTHENTICITY, Collector, Proven, Verification
from greenmine.errors import ArchiveError, GreenmineError, IntegrityError, UsageError
from greenmine.i18n import gettext as _

WORKERS: Final = min(32, os.cpu_count() or 1)
_OXUM: Final = re.compile(rb"^Payload-Oxum: ([0-9]{1,15})\.", re.MULTILINE)
_CHECKS: Final = {
    "evidence": check_evidence,
    "catalog": check_catalog,
    "signature": check_endorsement,
    "assess": check_assessment,
    "withdrawal": check_withdrawal,
    "redaction": check_redaction,
    "audit": check_audit,
    "draw": check_draw,
    "register": check_register,
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A draw of records.

    Attributes:
        count: how many.
        seed: from a public event, later than the checkpoint.
    """

    count: int
    seed: str


@dataclass(frozen=True)
class _Opened:
    """A bag whose tag files were read and whose payload is being hashed.

    Attributes:
        entry: its line in the ledger.
        bag: the bag, or why it does not hold.
        jobs: the hashes of its payload.
    """

    entry: LedgerEntry
    bag: Bag | GreenmineError
    jobs: tuple[Future[list[Hashed]], ...] = ()


@dataclass
class _Counts:
    bags: int = 0
    files: int = 0
    size: int = 0
    payloads: dict[str, Mapping[str, str]] = field(default_factory=dict)


def verify(
    archive: Archive,
    pins: Pins,
    *,
    records: Sequence[str] = (),
    sample: Sample | None = None,
    kept: Path | None = None,
    progress: Progress | None = None,
    workers: int = WORKERS,
) -> Verification:
    """Verify an archive, some of its records, or a sample of them.

    Args:
        archive: the archive, or a copy of one.
        pins: whose signatures and time stamps count.
        records: what to look at: a mine (its latest revision), `GM-0001/r2`, or the path of a bag. Everything where
            neither this nor `sample` is given.
        sample: draw the records to look at instead.
        kept: a checkpoint that an auditor was given earlier; the archive must continue it.
        progress: told how many bytes of how many have been hashed.
        workers: how many threads hash.

    Raises:
        ArchiveError: there is no archive.
        InputError: what was kept is no checkpoint.
        UsageError: the ledger names no such record, or a program that is needed is not there.
    """
    collector = Collector(archive.root)
    if not os.path.lexists(archive.ledger) and not archive.bags.is_dir() and not archive.checkpoints.is_dir():
        raise ArchiveError(
            archive.root,
            expected=_("an archive: a folder with a ledger"),
            found=_("no ledger"),
            hint=_("Seal a record."),
        )
    whole = not records and sample is None
    scan = read_ledger(archive, collector)
    if scan is None:
        return _result(archive, collector, whole=whole)
    entries = {entry.bag: entry for entry in scan.entries}
    asked = _asked(archive, scan.entries, records, sample, collector)
    with ThreadPoolExecutor(workers) as pool:
        stored = read_chain(archive, scan.data, collector)
        if kept is not None:
            check_kept(kept, scan.data, stored, collector)
        numbers = None if whole else [entry.number for entry in asked]
        attested = check_signatures(needed(stored, numbers), operators_of(stored), pins, collector, pool)
        far = proven(len(scan.entries), stored, attested, collector)
        _remark_on_trust(stored=bool(stored), pins=pins, collector=collector)
        scope = scan.entries if whole else _with_what_they_rest_on(archive, asked, entries)
        counts = _Counts()
        dates = partial(existed, attested), partial(follows, attested)
        context = Context(archive, entries, counts.payloads, dates[0], pins, collector, dates[1])
        _check_bags(context, scope, counts, pool, Meter(progress, _total(archive, scope) if progress else 0))
    if whole:
        check_places(archive, entries, collector)
        check_journals(archive, scan.entries, collector)
    check_secrets(archive, collector)
    remark(archive, collector)
    names = [record_name(entry.bag) for entry in (assessments(scope) if whole else asked)]
    return _result(
        archive, collector, whole=whole, names=names, seed=sample.seed if sample else "", counts=counts, far=far
    )


def _result(
    archive: Archive,
    collector: Collector,
    *,
    whole: bool,
    names: Sequence[str] = (),
    seed: str = "",
    counts: _Counts | None = None,
    far: Proven | None = None,
) -> Verification:
    counts = counts or _Counts()
    return Verification(
        archive=str(archive.root),
        records=tuple(names),
        whole=whole,
        seed=seed,
        bags=counts.bags,
        files=counts.files,
        size=counts.size,
        proven=far or Proven(),
        tallies=collector.tallies,
        failures=tuple(collector.failures),
        failed=collector.failed,
        remarks=collector.remarks,
    )


# ---- what to look at -------------------------------------------------------------------------------------------------


def _asked(
    archive: Archive,
    entries: Sequence[LedgerEntry],
    records: Sequence[str],
    sample: Sample | None,
    collector: Collector,
) -> tuple[LedgerEntry, ...]:
    """Return the entries that were asked for, in order of the ledger."""
    if sample is not None:
        known = {record_name(entry.bag): entry for entry in assessments(entries)}
        found = {known[name] for name in draw(known, sample.seed, sample.count)}
    else:
        found = set()
        for name in records:
            try:
                found.add(find_bag(entries, name))
            except UsageError:
                place = archive.root / PREFIX / name.strip("/")
                if kind_of(f"{PREFIX}{name.strip('/')}") != "assess" or not os.path.lexists(place):
                    raise
                problem = IntegrityError(
                    place, expected=_("only bags that the ledger names"), found=_("one that it does not name")
                )
                collector.fail("archive.places", problem, place)
    return tuple(sorted(found, key=lambda entry: entry.number))


def _with_what_they_rest_on(
    archive: Archive, asked: Sequence[LedgerEntry], entries: Mapping[str, LedgerEntry]
) -> tuple[LedgerEntry, ...]:
    """Return entries together with evidence and catalogs that they rest on, with what says more of these, in order."""
    found = {entry.bag for entry in asked}
    for entry in asked:
        if kind_of(entry.bag) == "assess":
            place = archive.place(entry.bag) / "data" / RECORD
            try:
                record = read_record(read_file(place), place)
            except (GreenmineError, OSError):  # its own check will say so
                continue
            found |= {ref.bag for ref in (record.catalog, record.evidence) if ref.bag in entries}
        elif kind_of(entry.bag) == "redaction":
            found |= {evidence_bag(entry.bag.split("/")[2])} & entries.keys()
    eids = {bag.rpartition("/")[2] for bag in found if kind_of(bag) == "evidence"}
    found |= {bag for bag in entries if kind_of(bag) == "redaction" and bag.split("/")[2] in eids}
    about = {entries[bag].digest for bag in found if kind_of(bag) in {"catalog", "assess"}}
    found |= {bag for bag in entries if kind_of(bag) in {"signature", "withdrawal"} and bag.split("/")[2] in about}
    return tuple(sorted((entries[bag] for bag in found), key=lambda entry: entry.number))


def _total(archive: Archive, scope: Sequence[LedgerEntry]) -> int:
    """Return how many bytes are to be hashed, as the bags themselves say: for a progress bar only."""
    total = 0
    for entry in scope:
        try:
            hit = _OXUM.search(read_file(archive.place(entry.bag) / INFO))
        except IntegrityError:
            continue
        total += int(hit[1]) if hit else 0
    return total


def _remark_on_trust(*, stored: bool, pins: Pins, collector: Collector) -> None:
    if not stored:
        text = _("There is no checkpoint: whoever runs the archive could have rewritten all of it.")
        collector.unproven("checkpoint.none", AUTHENTICITY, text)
    elif pins.own and (pins.trust or pins.authorities):
        text = _("Keys and certificates are the archive's own; give those you hold yourself with {option}.")
        collector.unproven("trust.own", AUTHENTICITY, text.format(option="--trust"))


# ---- bags ------------------------------------------------------------------------------------------------------------


def _check_bags(context: Context, scope: Sequence[LedgerEntry], counts: _Counts, pool: Executor, meter: Meter) -> None:
    absent, broken = _removed(context, scope)
    redacted = {bag for bag in absent if absent[bag]}
    opened = (_open(context.archive, entry, absent.get(entry.bag, frozenset()), pool, meter) for entry in scope)
    for one in ahead(opened):
        counts.bags += 1
        if one.entry.bag in broken:
            continue
        bag = _looked_into(context, one, counts)
        if bag is None:
            continue
        if one.entry.bag in redacted:
            counts.payloads[one.entry.bag] = bag.payload
        _CHECKS[kind_of(one.entry.bag)](context, one.entry, bag)


def _open(archive: Archive, entry: LedgerEntry, absent: frozenset[str], pool: Executor, meter: Meter) -> _Opened:
    """Read a bag's tag files and start to hash its payload."""
    try:
        bag = _sealed(archive, entry, absent)
    except GreenmineError as problem:
        return _Opened(entry, problem)
    return _Opened(entry, bag, start(pool, bag, meter))


def _sealed(archive: Archive, entry: LedgerEntry, absent: frozenset[str] = frozenset()) -> Bag:
    """Return the bag that the ledger names, after checking its tag files, from the ledger downwards.

    Raises:
        IntegrityError: it is not the one; the file that is not right is named.
    """
    place = archive.place(entry.bag)
    for folder in (archive.bags, place.parent.parent, place.parent, place):
        if folder.is_symlink():
            raise IntegrityError(folder, expected=_("a folder"), found=_("a symbolic link"))
    if not place.is_dir():
        raise IntegrityError(place, expected=_("a bag that the ledger names"), found=_("no such folder"))
    found, _size = hash_file(place / TAGMANIFEST)
    if found != entry.digest:
        expected = _("{digest}, as line {line} of the ledger says").format(digest=entry.digest, line=entry.number)
        hint = _("The bag was changed after it was sealed.")
        raise IntegrityError(place / TAGMANIFEST, expected=expected, found=found, hint=hint)
    return read_bag(place, absent)


def _looked_into(context: Context, one: _Opened, counts: _Counts) -> Bag | None:
    """Return a bag of which every file holds; None where one does not, which is kept."""
    collector = context.collector
    if isinstance(one.bag, GreenmineError):
        collector.fail("bag.sealed", one.bag, context.archive.place(one.entry.bag))
        return None
    collector.hold("bag.sealed")
    hashed = [found for job in one.jobs for found in job.result()]
    for found in hashed:
        counts.files += 1
        counts.size += found.size
        if found.problem is not None:
            collector.fail("bag.content", found.problem, one.bag.place(found.name))
    good = sum(found.problem is None for found in hashed)
    collector.hold("bag.content", good)
    return one.bag if good == len(hashed) else None


def _removed(context: Context, scope: Sequence[LedgerEntry]) -> tuple[dict[str, frozenset[str]], set[str]]:
    """Return the files that were removed lawfully, by evidence bag; and the redactions that do not hold."""
    files: dict[str, set[str]] = {}
    broken = set()
    for entry in scope:
        if kind_of(entry.bag) == "redaction":
            try:
                _sealed(context.archive, entry)
                redaction = read_redaction(context.archive, entry.bag, entry.digest)
            except (GreenmineError, OSError) as problem:
                context.collector.fail("bag.sealed", problem, context.archive.place(entry.bag))
                broken.add(entry.bag)
                continue
            files.setdefault(redaction.evidence.bag, set()).update(one.path for one in redaction.removed)
    return {bag: frozenset(names) for bag, names in files.items()}, broken
