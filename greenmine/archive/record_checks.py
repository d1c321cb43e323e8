"""Checks of what is inside an assessment bag; see `greenmine.archive.checks`.

Record, place, findings, catalog, score and engine must speak of the same; what the record refers to must have been
entered before; the score must follow; the journals must lead, line by line, to the one that the record names, and the
findings must follow from them; the experts must have signed these very documents; the report must be harmless.
"""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final

from greenmine.archive.attest import SIGN_OFF, STATEMENT, check_sign_off, check_statement, members, principal_of
from greenmine.archive.bag import Bag, read_file, read_manifests
from greenmine.archive.checks import MALFORMED, Context, content, signed, unknown, unreadable
from greenmine.archive.engine import FILE_NAME as ENGINE
from greenmine.archive.engine import engine_digest
from greenmine.archive.layout import assessment_bag, catalog_bag, evidence_bag
from greenmine.archive.ledger import LedgerEntry
from greenmine.archive.page import check_inert
from greenmine.archive.pins import check_novalidate
from greenmine.archive.record import FILE_NAME as RECORD
from greenmine.archive.record import BagRef, Record, read_record
from greenmine.archive.refold import CATALOG, FINDINGS, MAPPING, PANEL, Handed, check_refold, refold
from greenmine.archive.seal import FILES, SUMS, check_payload
from greenmine.archive.selection import record_name
from greenmine.archive.signature import parse_signature, verify
from greenmine.archive.signers import FINDING
from greenmine.archive.verdicts import AUTHENTICITY, AVAILABILITY, SAFETY
from greenmine.assessment.journal import Owner, scan
from greenmine.errors import GreenmineError, IntegrityError, shown
from greenmine.i18n import gettext as _
from greenmine.scoring import Scorer, canonical

_ATTEST: Final = "data/attest/"
_EXPERT: Final = re.compile(r"expert-([A-Za-z0-9][A-Za-z0-9._-]*)\.sig")


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
    _remark_on_date(context, entry, record)
    with collector.check("record.score", bag.place("data/score.json")):
        _check_score(context, bag, record)
    with collector.check("record.journals", place):
        _check_journals(bag, record)
    _check_findings(context, bag, record)
    _check_statement(context, entry, bag, record)
    for name in sorted(name for name in bag.payload if name.endswith((".html", ".htm"))):
        with collector.check("report.inert", bag.place(name)):
            check_inert(content(bag, name), bag.place(name))


def _check_parts(entry: LedgerEntry, bag: Bag, record: Record) -> None:
    """Make sure that record, place, findings, catalog, score and engine speak of the same."""
    check_payload(bag)
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
    wanted: dict[str, tuple[Callable[[Any], object], object]] = {
        "findings.json": (lambda one: (one["mine"]["id"], one["assessment"]["id"]), (record.mine, record.assessment)),
        CATALOG: (lambda one: (one["id"], one["version"]), (record.catalog.id, record.catalog.version)),
        "score.json": (
            lambda one: (one["catalog"]["sha256"], one["readings"]),
            (record.catalog.sha256, record.readings),
        ),
    }
    for name, (said, agreed) in wanted.items():
        place = bag.place(f"data/{name}")
        try:
            seen = said(json.loads(content(bag, f"data/{name}"), parse_float=Decimal))
        except MALFORMED:
            raise unreadable(place) from None
        if seen != agreed:
            raise IntegrityError(place, expected=shown(agreed, 200), found=shown(seen, 200))


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
    latest = _latest(context, entry, record, place)
    if (record.supersedes.bag if record.supersedes else None) != latest:
        expected = latest or _("none: the assessment has no earlier record")
        found = record.supersedes.bag if record.supersedes else _("none")
        raise IntegrityError(place, "supersedes", expected=expected, found=found)


def _latest(context: Context, entry: LedgerEntry, record: Record, place: Path) -> str | None:
    """Return the latest earlier revision of the same assessment; the numbers of a mine's revisions have no gaps."""
    latest = None
    for number in range(1, record.revision):
        bag = assessment_bag(record.mine, number)
        known = context.entries.get(bag)
        if known is None or known.number >= entry.number:
            raise IntegrityError(
                place, "revision", expected=_("{bag} in the ledger before it").format(bag=bag), found="–"
            )
        other = context.archive.place(bag) / "data" / RECORD
        with suppress(GreenmineError):  # its own check says so
            if read_record(read_file(other), other).assessment == record.assessment:
                latest = bag
    return latest


def _remark_on_date(context: Context, entry: LedgerEntry, record: Record) -> None:
    """Remark where the time that a record says of itself does not lie between the stamps before and over it."""
    said = dt.datetime.fromisoformat(record.sealed_on)
    before, over = context.follows(entry.number), context.existed(entry.number)
    if (before is not None and said < before) or (over is not None and said > over):
        text = _("{record} says that it is of {time}; by the stamps it was sealed after {before} and by {over}.")
        first, last = (f"{time:%Y-%m-%dT%H:%M:%SZ}" if time else "–" for time in (before, over))
        told = text.format(record=record_name(entry.bag), time=record.sealed_on, before=first, over=last)
        context.collector.unproven(f"record.dated.{entry.bag}", AUTHENTICITY, told)


def _check_score(context: Context, bag: Bag, record: Record) -> None:
    """Make sure that our own scorer gives the score; of another version of it, that it gives the same result."""
    place = bag.place("data/score.json")
    names = ("findings.json", "catalog.resolved.json", "score.json")
    data = {name: content(bag, f"data/{name}") for name in names}
    try:
        findings, catalog, score = (json.loads(data[name], parse_float=Decimal) for name in names)
        again = canonical(Scorer(catalog).score(findings, record.readings))
    except GreenmineError as problem:
        raise unreadable(place, str(problem)) from None
    except MALFORMED:
        raise unreadable(place) from None
    own = record.engine.sha256 == engine_digest()
    if not own:
        text = _("The scorer in {record} is not this program's: do not run it before you have read it.")
        context.collector.note("score.engine", SAFETY, text.format(record=record_name(bag_name(context, bag))))
    if again == data["score.json"]:
        return
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
    except MALFORMED:
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


def _handed_in(evidence: Bag, name: str) -> bytes:
    place = evidence.place(f"data/{FILES}/{name}")
    if not os.path.lexists(place):
        raise FileNotFoundError(errno.ENOENT, "", str(place))
    return content(evidence, f"data/{FILES}/{name}")


def _check_findings(context: Context, bag: Bag, record: Record) -> None:
    """Check that the findings follow from the journals; remark where what it takes was removed from the evidence."""
    place = bag.place(f"data/{FINDINGS}")
    try:
        evidence = read_manifests(context.archive.place(record.evidence.bag), record.evidence.tagmanifest)
        handed = Handed.of(content(evidence, f"data/{SUMS}"), lambda name: _handed_in(evidence, name))
    except FileNotFoundError as problem:
        text = _("It was not checked that findings follow from journals: {file} was removed ({record} is the first).")
        name = context.collector.relative(problem.filename)
        said = text.format(file=name, record=record_name(bag_name(context, bag)))
        context.collector.unproven("record.findings.unchecked", AVAILABILITY, said)
        return
    except (GreenmineError, OSError, ValueError):  # the evidence's own check says so
        return
    with context.collector.check("record.findings", place):
        panel = content(bag, f"data/{PANEL}")
        journals = {person: content(bag, f"data/journals/{person}.jsonl") for person in record.journals}
        carried = None
        if f"data/{MAPPING}" in bag.payload:
            carried = content(bag, f"data/{MAPPING}"), content(bag, f"data/{CATALOG}")
        sealed = content(bag, f"data/{FINDINGS}")

        def make() -> bytes:
            return refold(record.mine, record.assessment, panel, journals, handed, carried=carried)

        check_refold(sealed, record, make, place)


def _check_statement(context: Context, entry: LedgerEntry, bag: Bag, record: Record) -> None:
    """Check the experts' statement and each signature; remark where somebody did not sign."""
    collector, name = context.collector, record_name(entry.bag)
    names = sorted(one.removeprefix(_ATTEST) for one in bag.payload if one.startswith(_ATTEST))
    if not any(one.endswith(".sig") for one in names):
        text = _("Records without experts' signatures: it is not proven who concluded what ({record} is the first).")
        collector.unproven("record.unsigned", AUTHENTICITY, text.format(record=name))
    if not names:
        return
    place = bag.place(f"{_ATTEST}{STATEMENT}")
    statement, people = b"", frozenset[str]()
    with collector.check("record.parts", place):
        people = members(content(bag, f"data/{PANEL}"), record.assessment, bag.place(f"data/{PANEL}"))
        statement = content(bag, f"{_ATTEST}{STATEMENT}")
        check_statement(statement, bag.payload, place)
    experts = set()
    for one in names:
        hit, off, file = _EXPERT.fullmatch(one), SIGN_OFF.fullmatch(one), bag.place(f"{_ATTEST}{one}")
        if off is not None and off[2] == "json":
            with collector.check("record.parts", file):
                _check_sign_off(bag, record, off[1], file)
        elif hit is not None or off is not None:
            expert, what = (hit[1], statement) if hit else (one.removeprefix("sign-off-").removesuffix(".sig"), b"")
            with collector.check("record.parts", file):
                what = what if hit else content(bag, f"{_ATTEST}sign-off-{expert}.json")
                if expert not in people:
                    raise IntegrityError(file, expected=_("the chair or an expert of the panel"), found=shown(expert))
                experts.add(expert)
            who = _Expert(expert, record, what, content(bag, f"{_ATTEST}{one}"), file)
            claimed = dt.datetime.fromisoformat(record.sealed_on)
            signed(context, entry, ("record.signature", file), partial(_expert_signature, context, who), claimed)
        elif one != STATEMENT:
            problem = IntegrityError(file, expected=_("no such file"), found=_("a file"))
            collector.fail("record.signature", problem, file)
    absent = sorted((record.journals.keys() & people) - experts)
    if absent and experts:
        text = _("Experts who recorded something and did not sign: {names} ({record} is the first such record).")
        collector.unproven("record.unsigned.some", AUTHENTICITY, text.format(names=", ".join(absent), record=name))


def _check_sign_off(bag: Bag, record: Record, expert: str, file: Path) -> None:
    """Check that what an expert's key signed off is what the bag holds."""
    content(bag, f"{_ATTEST}sign-off-{expert}.sig")
    parts = {
        "catalog": record.catalog.sha256,
        "score": bag.payload.get("data/score.json", ""),
        "evidence": record.evidence.eid,
        "panel": bag.payload.get(f"data/{PANEL}", ""),
    }
    try:
        findings = json.loads(content(bag, f"data/{FINDINGS}"), parse_float=Decimal)
        check_sign_off(content(bag, f"{_ATTEST}sign-off-{expert}.json"), expert, findings, parts, file)
    except MALFORMED:
        expected, found = _("the sign-off in the findings"), _("another one")
        raise IntegrityError(file, expected=expected, found=found) from None


@dataclass(frozen=True, slots=True)
class _Expert:
    """An expert's signature: whose it is said to be, over what, and the file it is in."""

    id: str
    record: Record
    statement: bytes
    signature: bytes
    file: Path


def _expert_signature(context: Context, who: _Expert, at: dt.datetime | None) -> object:
    signature, trust = parse_signature(who.signature, who.file), context.pins.trust
    if trust is None:
        check_novalidate(who.statement, signature, FINDING, who.file)
        raise unknown()
    name = principal_of(who.id, who.record)
    return verify(who.statement, signature, principal=name, namespace=FINDING, trust=trust, at=at, file=who.file)
