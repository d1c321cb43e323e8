"""Recording: steps are entered in a register, under its lock, or refused with the rule that they break.

A journal belongs to many: who enters takes the lock, reads and folds what is there, tries the new steps on it, and only
then writes them, flushed to the disk before they are acknowledged. `open_register` reads without the lock. Both look
whether what the archive holds of the journal is still there as it was sealed.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from greenmine.archive.layout import Archive
from greenmine.archive.ledger import Ledger
from greenmine.archive.lock import exclusive
from greenmine.archive.record import time_text
from greenmine.archive.registers import (
    Sealed,
    check_journal,
    journal_path,
    last_piece,
    origin,
    seal_piece,
    sealed_lines,
)
from greenmine.archive.staging import SealedBag
from greenmine.archive.store import refused
from greenmine.assessment.values import BadValue
from greenmine.errors import JournalError, UsageError, shown
from greenmine.files import canonical_json
from greenmine.i18n import gettext as _
from greenmine.programme.calendar import day_at
from greenmine.programme.events import Draft, Event, Journal, make_line, parse_line, read_journal
from greenmine.programme.programme import Programme, as_document
from greenmine.programme.register import Fold, Register, fold, take_all
from greenmine.programme.rules import check_new

_OPEN: Final = (
    os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)


@dataclass(frozen=True)
class Opened:
    """A register with its journal.

    Attributes:
        register: the present state.
        events: all of them, in the order in which they were entered.
        path: the journal.
        sealed: up to which event the archive holds it; 0 where it holds none.
    """

    register: Register
    events: tuple[Event, ...]
    path: Path
    sealed: int


def open_register(archive: Archive, programme: Programme) -> Opened:
    """Return the register of a programme, checked against its rules and against what the archive holds of it.

    Raises:
        JournalError: the journal is malformed, or an event breaks a rule.
        IntegrityError: what was sealed is no longer in it, or a line was edited or is out of place.
    """
    path = journal_path(archive.root, programme.id)
    sealed = _check_sealed(archive, programme)
    journal = read_journal(path, programme.id)
    return Opened(fold(journal.events, programme, file=path), journal.events, path, sealed.piece.last if sealed else 0)


def record(
    archive: Archive,
    programme: Programme,
    drafts: Iterable[Draft] | Callable[[Register], Iterable[Draft]],
    *,
    by: str,
    time: dt.datetime,
    passed_over: list[JournalError] | None = None,
) -> tuple[Event, ...]:
    """Enter steps in a register; when this returns they are on the disk, all of them; else none is.

    Args:
        archive: in whose folder the register is.
        programme: by whose rules.
        drafts: the steps, in order; or what tells them from the register as it is, which nobody changes meanwhile.
        by: who enters them.
        time: when, with its zone; no event bears an earlier time than the one before it.
        passed_over: where given, a step that breaks a rule is put here and the others are entered.

    Raises:
        JournalError: a step breaks a rule (the message tells which, with its clause), is malformed or of a day to
            come in China, or the journal cannot be read.
        IntegrityError: what was sealed is no longer in the journal, or a line was edited or is out of place.
        ArchiveError: the disk is full or refuses something else; nothing was entered.
    """
    path = journal_path(archive.root, programme.id)
    with refused(path.parent):
        archive.store.make_folder(path.parent)
    with exclusive(path.parent / ".lock"):
        _check_sealed(archive, programme)
        journal = read_journal(path, programme.id)
        state = take_all(programme, journal.events, path)
        wanted = drafts(state.register()) if callable(drafts) else drafts
        fitting = _tried(state, wanted, by, time, passed_over)
        lines, events = _lines(journal, programme.id, fitting, by, time_text(time))
        if lines:
            _append(archive, path, journal.end, b"".join(lines))
    return tuple(events)


def _tried(
    state: Fold, drafts: Iterable[Draft], by: str, time: dt.datetime, passed_over: list[JournalError] | None
) -> list[Draft]:
    """Return the steps that can be entered, after trying them on the register."""
    seq, prev = state.head
    today = day_at(time)
    fitting = []
    for draft in drafts:
        try:
            line = make_line(draft, seq + 1, prev or origin(state.programme.id), time_text(time), by)
            event, _prev = parse_line(line)
            _refuse_ahead(event, today)
            check_new(event, state.events(event.subject), state.programme)
            state.take(event)
        except BadValue as bad:
            text = _("step {step}, {place}") if bad.place else _("step {step}")
            place = text.format(step=shown(draft.step), place=bad.place)
            problem = JournalError(draft.subject, place, expected=bad.expected, found=bad.found, hint=bad.hint)
            if passed_over is None:
                raise problem from None
            passed_over.append(problem)
            continue
        seq, prev = state.head
        fitting.append(draft)
    return fitting


def _lines(
    journal: Journal, programme: str, drafts: Sequence[Draft], by: str, time: str
) -> tuple[list[bytes], list[Event]]:
    """Return the lines and events of steps that are entered together."""
    last = journal.events[-1] if journal.events else None
    seq, prev = (last.seq, last.digest) if last else (0, origin(programme))
    now = max(time, last.time if last else "")
    lines, events = [], []
    for more, draft in zip(reversed(range(len(drafts))), drafts, strict=True):
        seq += 1
        line = make_line(draft, seq, prev, now, by, more)
        event, _prev = parse_line(line)
        prev = event.digest
        lines.append(line + b"\n")
        events.append(event)
    return lines, events


def _refuse_ahead(event: Event, today: dt.date) -> None:
    if event.date > today:
        expected = _("a day not after {day}, on which it is entered").format(day=today)
        raise BadValue("date", expected, str(event.date))


def _append(archive: Archive, path: Path, end: int, lines: bytes) -> None:
    """Write lines at the end of a journal, in place of what a crash left there."""
    with refused(path, _("Nothing was entered.")):
        handle = os.open(path, _OPEN, 0o644)
        try:
            archive.store.truncate(handle, end)
            try:
                archive.store.put(handle, lines, end)
                archive.store.fsync(handle)
            except OSError:
                os.ftruncate(handle, end)
                raise
            archive.store.sync(path.parent)
        finally:
            os.close(handle)


def seal_register(archive: Archive, programme: Programme, time: dt.datetime) -> SealedBag | None:
    """Put what was entered since the last time into the archive; None where there is nothing new.

    Args:
        archive: the archive whose register it is.
        programme: by whose rules the register is kept; they are sealed with it.
        time: when, with its zone.

    Raises:
        UsageError: the register is empty.
        JournalError: the journal is malformed, or an event breaks a rule.
        IntegrityError: what was sealed before is no longer in it, or a line was edited or is out of place.
        ArchiveError: the archive cannot take it.
    """
    path = journal_path(archive.root, programme.id)
    before = _check_sealed(archive, programme)
    journal = read_journal(path, programme.id)
    if not journal.events:
        text = _("The register of {programme} is empty: there is nothing to seal.")
        raise UsageError(text.format(programme=programme.id))
    fold(journal.events, programme, file=path)
    done = before.piece.last if before else 0
    if done == len(journal.events):
        return None
    rules = canonical_json(as_document(programme))
    lines = b"".join(line + b"\n" for line in path.read_bytes().split(b"\n")[done : len(journal.events)])
    return seal_piece(archive, programme.id, lines, rules=rules, before=before, time=time)


def _check_sealed(archive: Archive, programme: Programme) -> Sealed | None:
    """Return the last piece in the archive, after making sure that the journal still begins with all that was sealed.

    This comes before the journal is read, so that what was changed after sealing is told as that.
    """
    if not archive.ledger.is_file():
        return None
    check_journal(archive, programme.id, sealed_lines(archive, Ledger(archive).read(), programme.id))
    return last_piece(archive, programme.id)
