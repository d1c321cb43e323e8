"""Checks of what is inside an audit's bag; see `greenmine.archive.checks`.

The frame must be all records in force of the state of the ledger that it names, the sample what seed and frame give,
the results one for each record drawn, and the conclusion what follows from them. What was found when the records were
examined is the word of who examined them; whoever doubts it verifies and reproduces the same records again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

from greenmine.archive.audits import (
    DRAW,
    FILE_NAME,
    FRAME,
    RESULTS,
    SEED,
    AuditRecord,
    Results,
    conclude,
    draw_text,
    frame_text,
)
from greenmine.archive.bag import Bag, read_file
from greenmine.archive.checks import Context, content
from greenmine.archive.index import read_row
from greenmine.archive.layout import audit_bag, kind_of
from greenmine.archive.ledger import LedgerEntry
from greenmine.archive.page import check_inert
from greenmine.archive.record import FILE_NAME as RECORD
from greenmine.archive.record import read_document, read_record
from greenmine.archive.sampling import draw_sample, sample_size, stratum_of
from greenmine.archive.selection import PREFIX
from greenmine.archive.verdicts import AUTHENTICITY
from greenmine.errors import GreenmineError, IntegrityError, UsageError, shown
from greenmine.i18n import gettext as _

_LINE: Final = re.compile(r"([A-Za-z0-9._-]+/r[1-9][0-9]*) ([0-9a-f]{64}) ([^ \n]+)")


def check_audit(context: Context, entry: LedgerEntry, bag: Bag) -> None:
    """Check that an audit's frame, draw and conclusion follow from the ledger, the seed and the results."""
    collector = context.collector
    audit: AuditRecord | None = None
    frame: Mapping[str, str] | None = None
    place = bag.place(f"data/{FILE_NAME}")
    with collector.check("audit.frame", place):
        audit = read_document(AuditRecord, content(bag, f"data/{FILE_NAME}"), place)
        if audit_bag(audit.audit, audit.run) != entry.bag:
            raise IntegrityError(place, "audit", expected=entry.bag, found=audit_bag(audit.audit, audit.run))
        frame = _frame(context, entry, bag, audit)
    if audit is None or frame is None:
        return
    with collector.check("audit.draw", bag.place(f"data/{DRAW}")):
        _check_draw(context, bag, audit, frame)
    with collector.check("audit.results", bag.place(f"data/{RESULTS}")):
        _check_results(bag, audit)
    for name in sorted(name for name in bag.payload if name.endswith((".html", ".htm"))):
        with collector.check("report.inert", bag.place(name)):
            check_inert(content(bag, name), bag.place(name))
    if audit.own_keys:
        text = _("{bag} believed the archive's own keys: against who runs it, it proves nothing.")
        collector.unproven(f"audit.own.{entry.bag}", AUTHENTICITY, text.format(bag=entry.bag))


def _frame(context: Context, entry: LedgerEntry, bag: Bag, audit: AuditRecord) -> Mapping[str, str]:
    """Return the stratum of each record of the frame, after making sure that it is the state of the ledger."""
    place, said = bag.place(f"data/{FRAME}"), audit.frame
    data = content(bag, f"data/{FRAME}")
    if hashlib.sha256(data).hexdigest() != said.sha256:
        raise IntegrityError(place, expected=said.sha256, found=hashlib.sha256(data).hexdigest())
    with context.archive.ledger.open("rb") as stream:
        ledger = stream.read(said.size)
    before = entry.number > said.entries and ledger.count(b"\n") == said.entries and ledger.endswith(b"\n")
    if not before or hashlib.sha256(ledger).hexdigest() != said.ledger:
        expected = _("a state of the ledger before the audit")
        raise IntegrityError(bag.place(f"data/{FILE_NAME}"), "frame", expected=expected, found=said.ledger)
    lines = [_LINE.fullmatch(line) for line in data.decode("utf-8", "replace").split("\n")[:-1]]
    found = [(hit[1], hit[2], hit[3]) for hit in lines if hit]
    if len(found) != len(lines) or frame_text(found) != data or len(found) != said.records:
        raise IntegrityError(place, expected=_("record, digest and stratum in each line, in order"), found=_("others"))
    entries = {one.bag: one for one in context.entries.values() if one.number <= said.entries}
    for name, digest, _stratum in found:
        known = entries.get(PREFIX + name)
        if known is None or known.digest != digest:
            raise IntegrityError(place, name, expected=known.digest if known else _("none"), found=digest)
    names = {PREFIX + name for name, _digest, _stratum in found}
    for one in entries:
        if kind_of(one) == "assess" and one not in names and one not in audit.unreadable:
            _check_superseded(context, one, entries, bag)
    for one in audit.unreadable:
        text = _("{bag} left out {record} as unreadable.").format(bag=entry.bag, record=one)
        context.collector.unproven(f"audit.unreadable.{entry.bag}", AUTHENTICITY, text)
    return {name: stratum for name, _digest, stratum in found}


def _check_superseded(context: Context, bag: str, entries: Mapping[str, LedgerEntry], audit: Bag) -> None:
    """Make sure that a record that is not in a frame was superseded by then."""
    prefix = f"{bag.rpartition('/')[0]}/"
    for other in entries:
        if other.startswith(prefix) and other != bag:
            place = context.archive.place(other) / "data" / RECORD
            try:
                record = read_record(read_file(place), place)
            except (GreenmineError, OSError):  # its own check says so
                continue
            if record.supersedes is not None and record.supersedes.bag == bag:
                return
    place = audit.place(f"data/{FRAME}")
    raise IntegrityError(place, expected=_("every record in force"), found=_("{bag} is not in it").format(bag=bag))


def _check_draw(context: Context, bag: Bag, audit: AuditRecord, frame: Mapping[str, str]) -> None:
    place = bag.place(f"data/{DRAW}")
    if content(bag, f"data/{SEED}") != audit.seed.encode():
        raise IntegrityError(bag.place(f"data/{SEED}"), expected=shown(audit.seed), found=_("another seed"))
    try:
        size = sample_size(len(frame), Fraction(audit.rate), Fraction(audit.confidence))
    except UsageError as problem:
        raise IntegrityError(bag.place(f"data/{FILE_NAME}"), expected=_("a sample"), found=str(problem)) from None
    drawn = draw_sample(list(frame.items()), audit.seed, size)
    if draw_text(drawn) != content(bag, f"data/{DRAW}"):
        raise IntegrityError(place, expected=_("the records that seed and frame give"), found=_("others"))
    for one in drawn:
        try:
            row, _record = read_row(context.archive, context.entries[PREFIX + one.record])
            stratum = stratum_of(row, audit.strata)
        except (GreenmineError, AttributeError):  # damaged since, which its own check says
            continue
        if stratum != one.stratum:
            raise IntegrityError(bag.place(f"data/{FRAME}"), one.record, expected=stratum, found=one.stratum)


def _check_results(bag: Bag, audit: AuditRecord) -> None:
    place = bag.place(f"data/{RESULTS}")
    results = read_document(Results, content(bag, f"data/{RESULTS}"), place)
    drawn: Sequence[str] = [line.split(" ")[1] for line in content(bag, f"data/{DRAW}").decode().splitlines()]
    if [one.record for one in results.examined] != drawn:
        raise IntegrityError(place, expected=_("a result for each record drawn, in order"), found=_("others"))
    for one in results.examined:
        if one.defective != (bool(one.failure) or (bool(one.difference) and not one.software)):
            raise IntegrityError(place, one.record, expected=_("the verdict that follows"), found=_("another"))
    if results != conclude(results.examined, audit.frame.records, Fraction(audit.confidence)):
        raise IntegrityError(place, expected=_("the conclusion that follows from the results"), found=_("another"))
