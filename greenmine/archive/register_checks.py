"""Checks of what is inside the bags of a register; see `greenmine.archive.checks`.

Each piece must follow the one before it in the ledger, and each line the line before it. The journal in use must be
there and begin with the pieces. What was entered after the last one is not in the archive yet: nothing is said of it.
"""

from __future__ import annotations

from collections.abc import Collection

from greenmine.archive.bag import Bag, read_file
from greenmine.archive.checks import Context, content
from greenmine.archive.layout import Archive, register_bag
from greenmine.archive.ledger import LedgerEntry
from greenmine.archive.record import read_document
from greenmine.archive.registers import (
    EVENTS,
    FILE_NAME,
    Piece,
    check_journal,
    check_lines,
    journal_path,
    origin,
    sealed_lines,
    sealed_registers,
)
from greenmine.archive.verdicts import Collector
from greenmine.errors import GreenmineError, IntegrityError
from greenmine.i18n import gettext as _


def check_register(context: Context, entry: LedgerEntry, bag: Bag) -> None:
    """Check that a piece of a register follows the one before it, line by line."""
    place = bag.place(f"data/{FILE_NAME}")
    with context.collector.check("register.chain", place):
        piece = read_document(Piece, content(bag, f"data/{FILE_NAME}"), place)
        if register_bag(piece.programme, piece.run) != entry.bag:
            raise IntegrityError(place, expected=entry.bag, found=register_bag(piece.programme, piece.run))
        before = _before(context, entry, piece)
        check_lines(content(bag, f"data/{EVENTS}"), piece, before, bag.place(f"data/{EVENTS}"))


def _before(context: Context, entry: LedgerEntry, piece: Piece) -> str:
    """Return what the first line of a piece has to be bound to."""
    place = context.archive.place(entry.bag) / "data" / FILE_NAME
    ref = piece.previous
    if piece.run == 1:
        if ref is not None or piece.first != 1:
            raise IntegrityError(place, "previous", expected=_("none"), found=ref.bag if ref else str(piece.first))
        return origin(piece.programme)
    path = register_bag(piece.programme, piece.run - 1)
    known = context.entries.get(path)
    if (
        ref is None
        or known is None
        or (ref.bag, ref.tagmanifest) != (path, known.digest)
        or known.number > entry.number
    ):
        raise IntegrityError(
            place, "previous", expected=_("the piece before, in the ledger"), found=ref.bag if ref else ""
        )
    data = context.archive.place(path) / "data" / FILE_NAME
    previous = read_document(Piece, read_file(data), data)
    if piece.first != previous.last + 1:
        raise IntegrityError(place, "first", expected=str(previous.last + 1), found=str(piece.first))
    return previous.head


def check_journals(archive: Archive, entries: Collection[LedgerEntry], collector: Collector) -> None:
    """Check that each register that the ledger knows has its journal, and that this begins with what was sealed of it.

    Args:
        archive: the archive.
        entries: the ledger's.
        collector: keeps what does not hold.
    """
    for programme in sealed_registers(entries):
        try:
            sealed = list(sealed_lines(archive, entries, programme))
        except GreenmineError:  # a piece that does not hold: its own check says so
            continue
        with collector.check("register.journal", journal_path(archive.root, programme)):
            check_journal(archive, programme, sealed)
