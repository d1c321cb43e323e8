"""Registers (名录), archived: the journal of a programme's register, piece by piece.

    bags/register/<programme>/r<N>/data/
      events.jsonl     the lines that were entered since the piece before
      register.json    which lines, the SHA-256 of the last one, the piece before
      programme.json   the rules by which the register was kept

Each line of a journal is bound to the one before it, across pieces too, so that the pieces one after the other are the
journal. The one in use, `register/<programme>/events.jsonl`, begins with them byte for byte; what follows is not sealed
yet. What a step means is the affair of `greenmine.programme`; here lines are lines.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from greenmine.archive.bag import read_file, read_manifests
from greenmine.archive.bag_writer import BagWriter
from greenmine.archive.layout import REGISTERS, Archive, register_bag
from greenmine.archive.ledger import Ledger, LedgerEntry
from greenmine.archive.record import BagRef, Digest, Frozen, Id, Nonce, Time, read_document, time_text, validated
from greenmine.archive.staging import SealedBag, seal_bag
from greenmine.errors import ArchiveError, IntegrityError, shown
from greenmine.files import sha256_hex
from greenmine.i18n import gettext as _
from greenmine.workspace import is_id

EVENT_SCHEMA: Final = "greenmine.register.event/1"
SCHEMA: Final = "greenmine.register/1"
FILE_NAME: Final = "register.json"
EVENTS: Final = "events.jsonl"
RULES: Final = "programme.json"
MAX_JOURNAL: Final = 512 * 1024 * 1024

_PREFIX: Final = "bags/register/"


class Piece(Frozen):
    """Which lines of a journal a bag holds.

    Attributes:
        schema_: `greenmine.register/1`.
        programme: whose register.
        run: the number of the piece, from 1.
        first: the number of its first line.
        last: that of its last one.
        head: SHA-256 of the last line.
        previous: the piece before; left out for the first.
        nonce: 16 random bytes, in hexadecimal.
        sealed_on: when, UTC, as told by this machine.
    """

    schema_: Literal["greenmine.register/1"] = Field(default=SCHEMA, alias="schema")
    programme: Id
    run: int = Field(ge=1, le=999_999_999)
    first: int = Field(ge=1)
    last: int = Field(ge=1)
    head: Digest
    previous: BagRef | None = None
    nonce: Nonce
    sealed_on: Time


@dataclass(frozen=True)
class Sealed:
    """The last piece of a register that is in the ledger."""

    piece: Piece
    ref: BagRef


def origin(programme: str) -> str:
    """Return what the first line of a programme's journal is bound to."""
    return sha256_hex(f"{EVENT_SCHEMA}\n{programme}".encode())


def journal_path(root: Path, programme: str) -> Path:
    """Return where the journal of a programme's register is in the archive's folder `root`."""
    if not is_id(programme):
        raise ValueError(programme)
    return root / REGISTERS / programme / EVENTS


def sealed_registers(entries: Iterable[LedgerEntry]) -> list[str]:
    """Return the ids of the programmes of whose registers the ledger names a piece, in order."""
    return sorted({entry.bag.split("/")[2] for entry in entries if entry.bag.startswith(_PREFIX)})


def pieces(entries: Iterable[LedgerEntry], programme: str) -> list[LedgerEntry]:
    """Return the entries of the pieces of a programme's register, in order of the ledger."""
    return [entry for entry in entries if entry.bag.startswith(f"{_PREFIX}{programme}/r")]


def last_piece(archive: Archive, programme: str) -> Sealed | None:
    """Return the last piece of a programme's register that is in the ledger; None where there is none.

    Raises:
        IntegrityError: the ledger or the piece is malformed.
    """
    entries = pieces(Ledger(archive).read(), programme)
    if not entries:
        return None
    place = archive.place(entries[-1].bag) / "data" / FILE_NAME
    piece = read_document(Piece, read_file(place), place)
    return Sealed(piece, BagRef(bag=entries[-1].bag, tagmanifest=entries[-1].digest))


def sealed_lines(archive: Archive, entries: Iterable[LedgerEntry], programme: str) -> Iterator[tuple[str, bytes]]:
    """Yield the path of each piece of a programme's register and the lines in it, in order.

    Args:
        archive: where.
        entries: the ledger's.
        programme: whose register.

    Raises:
        IntegrityError: a piece is not what was sealed; its file is named.
    """
    name = f"data/{EVENTS}"
    for entry in pieces(entries, programme):
        bag = read_manifests(archive.place(entry.bag), entry.digest)
        lines = read_file(bag.place(name), MAX_JOURNAL)
        found, stated = sha256_hex(lines), bag.payload.get(name, "")
        if found != stated:
            expected = _("content with the SHA-256 {digest}").format(digest=stated)
            raise IntegrityError(
                bag.place(name), expected=expected, found=found, hint=_("The file is not what was sealed.")
            )
        yield entry.bag, lines


def check_journal(archive: Archive, programme: str, sealed: Iterable[tuple[str, bytes]]) -> None:
    """Make sure that the journal of a programme's register, as it is in use, begins with what was sealed of it.

    Args:
        archive: in whose folder the journal is.
        programme: whose register.
        sealed: see `sealed_lines`; where there is nothing, nothing is looked at.

    Raises:
        IntegrityError: the journal is gone, cannot be read, or is another; the first line that differs is named.
    """
    path = journal_path(archive.root, programme)
    data, done, number = b"", 0, 1
    for bag, lines in sealed:
        if not done:
            data = _in_use(path, bag)
        if not data.startswith(lines, done):
            raise _difference(path, bag, number, lines, data[done:])
        done += len(lines)
        number += lines.count(b"\n")


def _in_use(path: Path, bag: str) -> bytes:
    try:
        return read_file(path, MAX_JOURNAL)
    except IntegrityError as problem:
        expected = _("the journal of a register that is sealed in {bag}").format(bag=bag)
        raise IntegrityError(path, expected=expected, found=problem.found, hint=_restore()) from None


def _difference(path: Path, bag: str, first: int, sealed: bytes, found: bytes) -> IntegrityError:
    """Return what to raise where lines are not those of a piece, of which the first bears the number `first`."""
    pairs = zip(io.BytesIO(sealed), chain(io.BytesIO(found), repeat(b"")), strict=False)
    number, line, other = next((at, *pair) for at, pair in enumerate(pairs, first) if pair[0] != pair[1])
    if other.endswith(b"\n"):
        what = sha256_hex(other[:-1])
    else:
        what = _("a line without its end") if other else _("no such line")
    digest = sha256_hex(line.removesuffix(b"\n"))
    return IntegrityError(
        path,
        _("line {number}").format(number=number),
        expected=_("the line with the SHA-256 {digest}, as sealed in {bag}").format(digest=digest, bag=bag),
        found=what,
        hint=_restore(),
    )


def _restore() -> str:
    return _("The journal was removed, edited, shortened or written anew. Restore it from the pieces in the archive.")


def seal_piece(
    archive: Archive, programme: str, lines: bytes, *, rules: bytes, before: Sealed | None, time: dt.datetime
) -> SealedBag:
    """Seal the lines that a register's journal has beyond its last piece.

    Args:
        archive: where.
        programme: the programme's id.
        lines: whole lines, at least one.
        rules: the programme as a JSON document.
        before: the last piece.
        time: when, with its zone.

    Raises:
        ArchiveError: the lines do not follow the last piece, somebody else sealed them meanwhile, or the archive
            cannot take them.
    """
    run = before.piece.run + 1 if before else 1
    first = before.piece.last + 1 if before else 1
    document = {
        "schema": SCHEMA,
        "programme": programme,
        "run": run,
        "first": first,
        "last": first + lines.count(b"\n") - 1,
        "head": sha256_hex(lines.removesuffix(b"\n").rpartition(b"\n")[2]),
        **({"previous": before.ref.model_dump(mode="json")} if before else {}),
        "nonce": secrets.token_hex(16),
        "sealed_on": time_text(time),
    }
    piece = validated(Piece, document, FILE_NAME, ArchiveError)
    try:
        check_lines(lines, piece, before.piece.head if before else origin(programme), EVENTS)
    except IntegrityError as problem:
        raise ArchiveError(
            problem.file, problem.place, expected=problem.expected, found=problem.found, hint=problem.hint
        ) from None

    def fill(writer: BagWriter) -> None:
        writer.add(EVENTS, lines)
        writer.add(FILE_NAME, piece.canonical())
        writer.add(RULES, rules)

    path = register_bag(programme, run)
    try:
        return seal_bag(archive, path, fill, [("Bagging-Date", piece.sealed_on[:10])])
    except FileExistsError:
        raise ArchiveError(
            archive.place(path),
            expected=_("a piece that is not sealed yet"),
            found=_("one that somebody else sealed"),
            hint=_("Seal again; if a run was cut short, run greenmine recover first."),
        ) from None


def check_lines(lines: bytes, piece: Piece, before: str, file: object) -> None:
    """Make sure that lines are those that a piece names, each bound to the one before it.

    Args:
        lines: `events.jsonl`.
        piece: which lines it should be.
        before: the digest that the first of them is bound to.
        file: what to call the lines in messages.

    Raises:
        IntegrityError: they are not.
    """
    *whole, tail = lines.split(b"\n")
    if tail or len(whole) != piece.last - piece.first + 1:
        expected = _("{count} whole lines").format(count=piece.last - piece.first + 1)
        raise IntegrityError(file, expected=expected, found=str(len(whole)))
    for number, line in enumerate(whole, piece.first):
        place = _("line {number}").format(number=number)
        try:
            document = json.loads(line)
            found = (document["seq"], document["prev"])
        except (ValueError, LookupError, TypeError, RecursionError):
            raise IntegrityError(file, place, expected=_("a line of a register"), found=shown(str(line))) from None
        if found != (number, before):
            raise IntegrityError(
                file, place, expected=f"{number}, {before}", found=shown(f"{found[0]}, {found[1]}", 100)
            )
        before = hashlib.sha256(line).hexdigest()
    if before != piece.head:
        raise IntegrityError(
            file, expected=_("a last line with the SHA-256 {digest}").format(digest=piece.head), found=before
        )
