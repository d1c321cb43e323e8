"""Recovery: make the archive whole after a crash, without losing anything and without a word unsaid.

1. What a crash tore off at the end of the ledger is cut off. A line with zero bytes in it is what a power cut leaves
   where a write never reached the disk; it is cut off with all that follows, for whatever was sealed there is entered
   again in the next step. Anything else that is wrong with the ledger did not come about by a crash, and stops here.
2. A bag at its place that is not in the ledger is checked, every file of it. If it holds and what it refers to is in
   the ledger, it is entered; else it goes to `quarantine/`.
3. What is left in `staging/`, and what lies where only bags may lie, goes to `quarantine/`.
4. Files that a sealed redaction names and that are still there are removed.

Bags that somebody is at work on are left alone. Doing it again does nothing. Each step is told in `events.jsonl` before
it is taken.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from greenmine.archive.audits import FILE_NAME as AUDIT
from greenmine.archive.audits import AuditRecord
from greenmine.archive.bag import Bag, check_payload, read_bag
from greenmine.archive.draws import FILE_NAME as DRAW
from greenmine.archive.draws import FRAME, Draw, Frame
from greenmine.archive.endorsement import LINE, signed_entry
from greenmine.archive.events import add_event
from greenmine.archive.layout import KINDS, Archive, assessment_bag, audit_bag, draw_bag, kind_of, register_bag
from greenmine.archive.ledger import Ledger, LedgerEntry, Writer, parse
from greenmine.archive.lock import claim, release
from greenmine.archive.record import FILE_NAME as RECORD
from greenmine.archive.record import read_document, read_record
from greenmine.archive.redaction import carry_out, read_redaction, sealed_redactions
from greenmine.archive.registers import FILE_NAME as REGISTER
from greenmine.archive.registers import Piece
from greenmine.archive.seal import SUMS, current_revision
from greenmine.archive.staging import flush_above
from greenmine.archive.store import refused
from greenmine.archive.withdrawal import FILE_NAME as WITHDRAWAL
from greenmine.archive.withdrawal import read_withdrawal
from greenmine.errors import ArchiveError, IntegrityError, one_line
from greenmine.i18n import gettext as _

Clock = Callable[[], dt.datetime]

_BUSY: Final = -2
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Quarantined:
    """Something that was moved to `quarantine/`.

    Attributes:
        path: where it was, relative to the root.
        to: where it is, relative to the root.
        reason: why.
    """

    path: str
    to: str
    reason: str


@dataclass(frozen=True)
class Recovery:
    """What a recovery did.

    Attributes:
        cut: how many bytes were cut off the ledger.
        entered: bags that were entered in the ledger.
        quarantined: what was moved away.
        removed: files that a redaction had left to be removed, relative to the root.
        busy: what somebody is at work on, relative to the root.
        missing: bags that the ledger names and that are not there; no crash does that.
    """

    cut: int = 0
    entered: tuple[str, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    removed: tuple[str, ...] = ()
    busy: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def idle(self) -> bool:
        """Whether there was nothing to do."""
        return not (self.cut or self.entered or self.quarantined or self.removed)


@dataclass
class _Work:
    """A recovery under way."""

    archive: Archive
    writer: Writer
    clock: Clock
    cut: int = 0
    entered: list[str] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)

    def tell(self, event: str, **fields: str | int) -> None:
        add_event(self.archive, event, self.clock(), **fields)


def now() -> dt.datetime:
    """Return the time, in UTC."""
    return dt.datetime.now(dt.UTC)


def recover(archive: Archive, clock: Clock = now) -> Recovery:
    """Make an archive whole after a crash.

    Args:
        archive: the archive.
        clock: what tells the time for the events.

    Raises:
        ArchiveError: the disk refuses something; what was done so far stands, and recovery can be tried again.
        IntegrityError: the ledger is not what a crash leaves: it was edited, or cut below a checkpoint.
    """
    with refused(archive.root, _("Make room and try again.")), Ledger(archive).locked() as writer:
        work = _Work(archive, writer, clock)
        _mend_ledger(work)
        _enter_orphans(work)
        _clear_staging(work)
        _finish_redactions(work)
        missing = tuple(entry.bag for entry in _entries(work) if not archive.place(entry.bag).is_dir())
    return Recovery(
        work.cut, tuple(work.entered), tuple(work.quarantined), tuple(work.removed), tuple(work.busy), missing
    )


def resume(archive: Archive) -> None:
    """Make an archive whole before a run writes to it, so that a run which was cut short is simply started again.

    Args:
        archive: the archive.

    Raises:
        ArchiveError: see `recover`.
        IntegrityError: likewise; or a bag is missing.
    """
    demand_all(archive, recover(archive))


def demand_all(archive: Archive, done: Recovery) -> None:
    """Raise IntegrityError where a bag that the ledger names is missing."""
    if done.missing:
        expected, hint = _("a bag that the ledger names"), _("Restore it from a copy of the archive.")
        raise IntegrityError(archive.place(done.missing[0]), expected=expected, found=_("no such folder"), hint=hint)


def _entries(work: _Work) -> tuple[LedgerEntry, ...]:
    return parse(work.writer.data, work.archive.ledger).entries


def _mend_ledger(work: _Work) -> None:
    data = work.writer.data
    hole = data.find(b"\0")
    end = len(data) if hole < 0 else data.rfind(b"\n", 0, hole) + 1
    parse(data[:end], work.archive.ledger)
    surplus = len(data) + len(work.writer.torn) - end
    if surplus:
        work.writer.check_floor(end)
        work.tell("cut", bytes=surplus, at=end)
        work.writer.cut(end)
        work.cut = surplus


def _enter_orphans(work: _Work) -> None:
    for place in _strays(work.archive):
        _quarantine(work, place, _("only bags may be here"))
    entered = {entry.bag for entry in _entries(work)}
    for path in _bags(work.archive):
        if path not in entered:
            _enter(work, path)


def _enter(work: _Work, path: str) -> None:
    """Enter a bag that is not in the ledger, or move it away, unless its maker is at work."""
    place = work.archive.place(path)
    handle = _claim(place)
    if handle == _BUSY:
        work.busy.append(path)
        return
    try:
        try:
            digest = _checked(work, path)
        except ArchiveError as problem:
            _quarantine(work, place, str(problem))
            return
        flush_above(work.archive, place)
        work.tell("entered", path=path, tagmanifest=digest)
        work.writer.append([(digest, path)])
        work.entered.append(path)
    finally:
        release(handle)


def _claim(place: Path) -> int:
    """Claim a folder; -1 where there is nothing to claim, `_BUSY` where its maker is at work.

    Raises:
        FileNotFoundError: its maker has moved it to its place, or removed it, since it was listed.
    """
    if not stat.S_ISDIR(place.lstat().st_mode):
        return -1
    handle = claim(place)
    return _BUSY if handle is None else handle


def _checked(work: _Work, path: str) -> str:
    """Return the digest of a bag that holds and whose references are in the ledger.

    Raises:
        ArchiveError: it does not hold, is at a wrong place, or refers to what is not in the ledger.
    """
    archive = work.archive
    bag = read_bag(archive.place(path))
    check_payload(bag)
    if ("External-Identifier", path) not in bag.info:
        raise IntegrityError(bag.path, expected=path, found=dict(bag.info).get("External-Identifier", _("none")))
    _root, kind, group, name = path.split("/")
    if kind == "evidence" and bag.payload.get(f"data/{SUMS}") != name:
        raise IntegrityError(bag.path, expected=name, found=bag.payload.get(f"data/{SUMS}", _("none")))
    if kind == "catalog":
        found = bag.payload.get("data/catalog.resolved.json", "")
        if not name.endswith(f"-{found[:12]}") or not found:
            raise IntegrityError(bag.path, expected=name, found=found or _("none"))
    if kind == "signature":
        place = bag.place(f"data/{LINE}")
        signed_entry(place.read_bytes() if place.is_file() else b"", path, _entries(work), place)
    if kind == "audit":
        _check_audit(bag, path)
    if kind in {"draw", "register"}:
        (_check_draw if kind == "draw" else _check_piece)(work, bag, path)
    if kind == "assess":
        _check_record(work, path, group)
    if kind in {"redaction", "withdrawal"}:
        _check_order(work, bag, path)
    return bag.digest


def _check_order(work: _Work, bag: Bag, path: str) -> None:
    """Make sure that what a removal or a withdrawal is about is in the ledger."""
    if kind_of(path) == "withdrawal":
        place = bag.place(f"data/{WITHDRAWAL}")
        read_withdrawal(place.read_bytes() if place.is_file() else b"", path, _entries(work), place)
        return
    ref = read_redaction(work.archive, path, bag.digest).evidence
    if (ref.bag, ref.tagmanifest) not in {(entry.bag, entry.digest) for entry in _entries(work)}:
        raise IntegrityError(bag.path, expected=_("a bag in the ledger"), found=ref.bag)


def _check_audit(bag: Bag, path: str) -> None:
    place = bag.place(f"data/{AUDIT}")
    audit = read_document(AuditRecord, place.read_bytes() if place.is_file() else b"", place)
    if path != audit_bag(audit.audit, audit.run):
        raise IntegrityError(place, expected=path, found=audit_bag(audit.audit, audit.run))


def _check_draw(work: _Work, bag: Bag, path: str) -> None:
    """Make sure that a bag of a draw is where it says, and that its frame is in the ledger."""
    first = path.endswith("/r1")
    place = bag.place(f"data/{FRAME if first else DRAW}")
    data = place.read_bytes() if place.is_file() else b""
    if first:
        found = draw_bag(read_document(Frame, data, place).draw, 1)
    else:
        draw = read_document(Draw, data, place)
        found = draw_bag(draw.draw, draw.run)
        if (draw.frame.bag, draw.frame.tagmanifest) not in {(entry.bag, entry.digest) for entry in _entries(work)}:
            raise IntegrityError(place, expected=_("a bag in the ledger"), found=draw.frame.bag)
    if path != found:
        raise IntegrityError(place, expected=path, found=found)


def _check_piece(work: _Work, bag: Bag, path: str) -> None:
    """Make sure that a piece of a register is where it says, and that the piece before it is in the ledger."""
    place = bag.place(f"data/{REGISTER}")
    piece = read_document(Piece, place.read_bytes() if place.is_file() else b"", place)
    if register_bag(piece.programme, piece.run) != path:
        raise IntegrityError(place, expected=path, found=register_bag(piece.programme, piece.run))
    ref = piece.previous
    if ref and (ref.bag, ref.tagmanifest) not in {(entry.bag, entry.digest) for entry in _entries(work)}:
        raise IntegrityError(place, expected=_("a bag in the ledger"), found=ref.bag)


def _check_record(work: _Work, path: str, mine: str) -> None:
    """Make sure that a record is the next one of its mine, and that what it refers to is in the ledger."""
    place = work.archive.place(path) / "data" / RECORD
    record = read_record(place.read_bytes() if place.is_file() else b"", place)
    entries = {entry.bag: entry.digest for entry in _entries(work)}
    if path != assessment_bag(record.mine, record.revision):
        raise IntegrityError(place, expected=path, found=assessment_bag(record.mine, record.revision))
    for ref in (record.catalog, record.evidence, record.supersedes):
        if ref is not None and entries.get(ref.bag) != ref.tagmanifest:
            raise IntegrityError(place, expected=_("a bag in the ledger"), found=ref.bag)
    before = [assessment_bag(mine, number) for number in range(1, record.revision)]
    lacking = next((bag for bag in before if bag not in entries), None)
    if lacking:
        raise IntegrityError(place, expected=_("{bag} in the ledger").format(bag=lacking), found=_("none"))
    if current_revision(work.archive, mine, record.assessment) != record.supersedes:
        raise IntegrityError(place, expected=_("a record that follows the latest one"), found=_("another one"))


def _bags(archive: Archive) -> list[str]:
    """Return the paths of all bags, those first that others may refer to."""
    found = [path for _place, path in _looked_at(archive) if path]
    return sorted(found, key=_order)


def _order(path: str) -> tuple[int, str, int, str]:
    _root, kind, group, name = path.split("/")
    number = int(name[1:]) if kind in {"assess", "redaction"} else 0
    return KINDS.index(kind), group, number, name


def _strays(archive: Archive) -> list[Path]:
    """Return what lies where only bags, and the folders they are in, may lie."""
    return sorted(place for place, path in _looked_at(archive) if not path)


def _looked_at(archive: Archive) -> Iterator[tuple[Path, str]]:
    """Yield every place where a bag may be with its path, and every stray with an empty path."""
    for kind in _children(archive.bags):
        if not _folder(kind) or kind.name not in KINDS:
            yield kind, ""
            continue
        for group in _children(kind):
            if not _folder(group):
                yield group, ""
                continue
            for place in _children(group):
                path = f"bags/{kind.name}/{group.name}/{place.name}"
                yield place, path if kind_of(path) and _folder(place) else ""


def _children(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def _folder(place: Path) -> bool:
    return place.is_dir() and not place.is_symlink()


def _clear_staging(work: _Work) -> None:
    for place in _children(work.archive.staging):
        try:
            handle = _claim(place)
        except FileNotFoundError:
            continue
        if handle == _BUSY:
            work.busy.append(place.relative_to(work.archive.root).as_posix())
            continue
        try:
            _quarantine(work, place, _("left behind by a crash before it was sealed"))
        finally:
            release(handle)


def _quarantine(work: _Work, place: Path, reason: str) -> None:
    archive = work.archive
    path = place.relative_to(archive.root).as_posix()
    name = _UNSAFE.sub("-", path)[:200]
    target, number = archive.quarantine / name, 1
    while os.path.lexists(target):
        number += 1
        target = archive.quarantine / f"{name}.{number}"
    to = target.relative_to(archive.root).as_posix()
    work.tell("quarantined", path=one_line(path), to=to, reason=reason)
    archive.store.rename(place, target)
    archive.store.sync(archive.quarantine)
    archive.store.sync(place.parent)
    work.quarantined.append(Quarantined(path, to, reason))


def _finish_redactions(work: _Work) -> None:
    for _path, redaction in sealed_redactions(work.archive):
        folder = work.archive.place(redaction.evidence.bag)
        for one in redaction.removed:
            if os.path.lexists(folder / one.path):
                path = f"{redaction.evidence.bag}/{one.path}"
                work.tell("removed", path=one_line(path))
                work.removed.append(path)
        carry_out(work.archive, redaction)
