"""Audits of samples, archived: the draw, what came of each record, the executed notebook.

    bags/audit/<id>/r<N>/data/
      seed.txt      the seed of the draw, nothing else
      frame.txt     what was drawn from: record, digest in the ledger, stratum; one line each, in order of the records
      draw.txt      what was drawn: ticket, record, stratum; by stratum, the smallest ticket first
      audit.json    the state of the ledger that the frame is, fixed by a checkpoint; rate, confidence, strata
      results.json  of each record drawn whether it holds and comes out the same; what that says of all
      report.html  report.ipynb

Frame, seed and draw are plain lines, so that anybody can draw again with `sha256sum` and `sort` (see VERIFY.md).
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from greenmine.archive.bag_writer import BagWriter
from greenmine.archive.layout import Archive, audit_bag
from greenmine.archive.record import BagPath, Digest, Frozen, Id, Nonce, Text, Time, installed, time_text, validated
from greenmine.archive.sampling import Drawn, most_defective
from greenmine.archive.staging import SealedBag, seal_bag
from greenmine.errors import ArchiveError
from greenmine.workspace import is_id

SCHEMA: Final = "greenmine.audit/1"
RESULTS_SCHEMA: Final = "greenmine.audit.results/1"
FILE_NAME: Final = "audit.json"
RESULTS: Final = "results.json"
SEED: Final = "seed.txt"
FRAME: Final = "frame.txt"
DRAW: Final = "draw.txt"

Decimal_ = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}(\.[0-9]{1,12})?\z")]
RecordName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,128}/r[1-9][0-9]{0,8}\z")]
Said = Annotated[str, StringConstraints(max_length=4000)]


class Frame(Frozen):
    """What was drawn from.

    Attributes:
        entries: how many lines the ledger had: those of a checkpoint.
        size: how many bytes they take.
        ledger: SHA-256 of these.
        records: how many records were in force.
        sha256: of `frame.txt`.
    """

    entries: int = Field(ge=1)
    size: int = Field(ge=1, alias="bytes")
    ledger: Digest
    records: int = Field(ge=1)
    sha256: Digest


class AuditRecord(Frozen):
    """What an audit's bag is about.

    Attributes:
        schema_: `greenmine.audit/1`.
        audit: its id.
        run: how often an audit of this id was made, from 1.
        origin: the archive's name.
        frame: what was drawn from.
        unreadable: records that could not be read and are in no stratum.
        seed: of the draw.
        rate: the share of defective records that was to be noticed.
        confidence: with which probability.
        strata: what records were grouped by.
        own_keys: whether the keys believed were the archive's own.
        software: versions of what made the report.
        nonce: 16 random bytes, in hexadecimal.
        sealed_on: when, UTC, as told by this machine.
    """

    schema_: Literal["greenmine.audit/1"] = Field(default=SCHEMA, alias="schema")
    audit: Id
    run: int = Field(ge=1, le=999_999_999)
    origin: Text
    frame: Frame
    unreadable: tuple[BagPath, ...] = Field(default=(), strict=False)
    seed: Text
    rate: Decimal_
    confidence: Decimal_
    strata: tuple[Literal["catalog", "kind", "verdict"], ...] = Field(default=(), strict=False)
    own_keys: bool
    software: dict[Text, Text]
    nonce: Nonce
    sealed_on: Time


class Result(Frozen):
    """What came of a record of the sample.

    Attributes:
        record: its name.
        failure: what does not hold, first; empty where everything does.
        difference: what is not the same when it is made anew, first; empty where everything is.
        archived: the total in the archive; left out where there is none.
        now: the total as recomputed; left out where there is none.
        software: whether all that differs is the report, under software of other versions.
        defective: whether it counts as defective.
    """

    record: RecordName
    failure: Said
    difference: Said
    archived: Text | None = None
    now: Text | None = None
    software: bool
    defective: bool


class Results(Frozen):
    """What came of an audit.

    Attributes:
        schema_: `greenmine.audit.results/1`.
        examined: each record drawn, in the order of the draw.
        defective: how many are.
        most: how many of all records at most are, with the audit's confidence.
    """

    schema_: Literal["greenmine.audit.results/1"] = Field(default=RESULTS_SCHEMA, alias="schema")
    examined: tuple[Result, ...] = Field(strict=False)
    defective: int = Field(ge=0)
    most: int = Field(ge=0)


def conclude(examined: Sequence[Result], records: int, confidence: Fraction) -> Results:
    """Return what a sample says of all records.

    Args:
        examined: what came of each record drawn.
        records: how many there are in all.
        confidence: above 0 and below 1.
    """
    defective = sum(one.defective for one in examined)
    most = most_defective(records, len(examined), defective, confidence)
    return Results(examined=tuple(examined), defective=defective, most=most)


def frame_text(frame: Iterable[tuple[str, str, str]]) -> bytes:
    """Return `frame.txt`, from name, digest and stratum of each record."""
    return "".join(f"{' '.join(parts)}\n" for parts in sorted(frame)).encode()


def draw_text(drawn: Iterable[Drawn]) -> bytes:
    """Return `draw.txt`."""
    return "".join(f"{one.ticket} {one.record} {one.stratum}\n" for one in drawn).encode()


def seal_audit(
    archive: Archive, name: str, about: Mapping[str, object], files: Mapping[str, bytes], time: dt.datetime
) -> SealedBag:
    """Seal an audit as the next one of its id.

    Args:
        archive: where.
        name: the audit's id.
        about: the fields of `AuditRecord` besides those that are the same for every audit.
        files: `frame.txt`, `draw.txt`, `results.json`, the report and the notebook.
        time: when, with its zone.

    Raises:
        ArchiveError: the id or a field is of another form, or the archive cannot take it.
    """
    if not is_id(name):
        raise ArchiveError(FILE_NAME, "audit", expected="A-Z a-z 0-9 . _ -", found=name)
    while True:
        run = max(archive.audits(name), default=0) + 1
        document = {
            **about,
            "schema": SCHEMA,
            "audit": name,
            "run": run,
            "software": installed(),
            "nonce": secrets.token_hex(16),
            "sealed_on": time_text(time),
        }
        record = validated(AuditRecord, document, FILE_NAME, ArchiveError)
        payload = {**files, FILE_NAME: record.canonical(), SEED: record.seed.encode()}

        def fill(writer: BagWriter, payload: Mapping[str, bytes] = payload) -> None:
            for path, data in sorted(payload.items()):
                writer.add(path, data)

        try:
            return seal_bag(archive, audit_bag(name, run), fill, [("Bagging-Date", record.sealed_on[:10])])
        except FileExistsError:  # somebody else's came first
            continue
