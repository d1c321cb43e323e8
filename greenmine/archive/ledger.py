"""The ledger: an append-only text, one line per sealed bag, in the format that `sha256sum -c` reads.

    <sha256 of the bag's tagmanifest-sha256.txt>  <path of the bag>/tagmanifest-sha256.txt

`Ledger.read` takes no lock and may look at a copy. Writing is done by a `Writer`, which holds the archive's lock:

1. what is behind the last line end was torn off by a crash, was never acknowledged, and is cut off;
2. the new lines are written behind the last one and flushed; only then does `append` return.

Nothing is ever cut below what the last checkpoint covers; a ledger shorter than that was tampered with and is not
written to. If writing fails (a full disk), what was written is taken back. If flushing fails, nobody can say what is on
the disk; what was written is taken back and the failure is reported, it is not tried again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from greenmine.archive.layout import BAG, Archive, kind_of
from greenmine.archive.lock import exclusive
from greenmine.archive.store import refused
from greenmine.errors import ArchiveError, IntegrityError, shown
from greenmine.files import refusal
from greenmine.i18n import gettext as _

TAGMANIFEST: Final = "tagmanifest-sha256.txt"
MAX_BYTES: Final = 1 << 30
"""The largest ledger read: ten million entries."""

_LINE: Final = re.compile(rf"(?P<digest>[0-9a-f]{{64}})  (?P<bag>{BAG})/tagmanifest-sha256\.txt\n".encode())
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_BYTES: Final = re.compile(rb"^bytes ([0-9]{1,12})$", re.MULTILINE)
_CHECKPOINT: Final = re.compile(r"[0-9]{9}")
_OPEN: Final = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A line of the ledger.

    Attributes:
        number: of the line, from 1.
        digest: SHA-256 of the bag's tag manifest, in hexadecimal.
        path: of the tag manifest, relative to the root, with `/`.
    """

    number: int
    digest: str
    path: str

    @property
    def bag(self) -> str:
        """The path of the bag."""
        return self.path.rpartition("/")[0]

    @property
    def line(self) -> bytes:
        """The line without its end."""
        return f"{self.digest}  {self.path}".encode()


@dataclass(frozen=True)
class Scan:
    """What a ledger's file holds.

    Attributes:
        entries: the lines, in order.
        data: the bytes of all whole lines.
        torn: what is behind the last line end: the remains of a write cut short, or one that is under way.
        lines: number of the line of each bag, by its path.
    """

    entries: tuple[LedgerEntry, ...]
    data: bytes = field(repr=False)
    torn: bytes = b""
    lines: Mapping[str, int] = field(default_factory=dict, repr=False, compare=False)

    @property
    def size(self) -> int:
        """How many bytes the whole lines have."""
        return len(self.data)

    def find(self, bag: str) -> LedgerEntry | None:
        """Return the entry of a bag; None where there is none."""
        return self.entries[self.lines[bag] - 1] if bag in self.lines else None

    def under(self, prefix: str) -> list[LedgerEntry]:
        """Return the entries of the bags whose path begins so, in order."""
        return [self.entries[number - 1] for bag, number in self.lines.items() if bag.startswith(prefix)]


_NOTHING: Final = Scan((), b"")


def entry_line(digest: str, bag: str) -> bytes:
    """Return the line, with its end, of a bag.

    Raises:
        ArchiveError: the digest or the path is of another form.
    """
    if not _DIGEST.fullmatch(digest):
        raise ArchiveError(bag, expected=_("64 hexadecimal digits"), found=shown(digest))
    if not kind_of(bag):
        raise ArchiveError(bag, expected=_("the path of a bag"), found=shown(bag))
    return f"{digest}  {bag}/{TAGMANIFEST}\n".encode()


def parse(data: bytes, file: object = "ledger", before: Scan | None = None) -> Scan:
    """Return what the bytes of a ledger hold.

    Args:
        data: all bytes, or the first so many of them.
        file: the name to give in messages.
        before: what an earlier call returned; where the ledger has only grown since, what it found is kept.

    Raises:
        IntegrityError: a line is not of the form, or names a bag that an earlier line named; the message names it.
    """
    if before and data == before.data and not before.torn:
        return before
    end = data.rfind(b"\n") + 1
    known = before if before and data.startswith(before.data) else _NOTHING
    entries, lines, place = list(known.entries), dict(known.lines), known.size
    while place < end:
        number = len(entries) + 1
        found = _LINE.match(data, place, end)
        if not found:
            line = data[place : data.index(b"\n", place)].decode("utf-8", "backslashreplace")
            raise _bad(file, number, _("a digest, two spaces and the path of a bag's tag manifest"), shown(line, 120))
        bag = found["bag"].decode()
        if bag in lines:
            raise _bad(file, number, _("each bag once"), _("{bag}, as in line {line}").format(bag=bag, line=lines[bag]))
        lines[bag] = number
        entries.append(LedgerEntry(number, found["digest"].decode(), f"{bag}/{TAGMANIFEST}"))
        place = found.end()
    return Scan(tuple(entries), data[:end], data[end:], lines)


def _bad(file: object, number: int, expected: str, found: str) -> IntegrityError:
    hint = _("The ledger was edited, or the disk is damaged; compare it with a copy.")
    return IntegrityError(file, _("line {number}").format(number=number), expected=expected, found=found, hint=hint)


def checkpointed(archive: Archive) -> int:
    """Return how many bytes of the ledger the last checkpoint covers; 0 where there is none.

    Raises:
        IntegrityError: the last checkpoint does not say.
    """
    if not archive.checkpoints.is_dir():
        return 0
    names = [path.name for path in archive.checkpoints.iterdir() if _CHECKPOINT.fullmatch(path.name)]
    if not names:
        return 0
    path = archive.checkpoints / max(names) / "checkpoint"
    try:
        found = _BYTES.search(path.read_bytes()[:4096])
    except OSError as problem:
        raise IntegrityError(path, expected=_("a checkpoint"), found=refusal(problem)) from None
    if not found:
        raise IntegrityError(path, expected=_("a line “bytes N”"), found=_("no such line"))
    return int(found[1])


_REMEMBERED: Final = 8
_memory: dict[Path, Scan] = {}  # what was parsed last; only lines that the ledger still begins with are taken from it


@dataclass(frozen=True)
class Ledger:
    """The ledger of an archive.

    Attributes:
        archive: whose it is.
    """

    archive: Archive

    def scan(self) -> Scan:
        """Return what the ledger holds now; a line that is being written is in `torn`.

        Raises:
            ArchiveError: it cannot be read.
            IntegrityError: it is malformed.
        """
        path = self.archive.ledger
        try:
            if path.is_symlink() or not path.is_file():
                raise IntegrityError(path, expected=_("a ledger"), found=_("something that is not a file"))
            if path.stat().st_size > MAX_BYTES:
                expected = _("at most {limit} bytes").format(limit=MAX_BYTES)
                raise ArchiveError(path, expected=expected, found=_("more"))
            data = path.read_bytes()
        except OSError as problem:
            raise ArchiveError(path, expected=_("a readable file"), found=refusal(problem)) from None
        return self._parsed(data)

    def _parsed(self, data: bytes) -> Scan:
        scan = parse(data, self.archive.ledger, _memory.get(self.archive.ledger))
        if len(_memory) >= _REMEMBERED:
            _memory.clear()
        _memory[self.archive.ledger] = scan
        return scan

    def read(self) -> tuple[LedgerEntry, ...]:
        """Return the entries, in order.

        Raises:
            ArchiveError: the ledger cannot be read.
            IntegrityError: it is malformed.
        """
        return self.scan().entries

    @property
    def size(self) -> int:
        """How many bytes the whole lines have."""
        return self.scan().size

    def find(self, bag: str) -> LedgerEntry | None:
        """Return the entry of a bag; None where it is not in the ledger."""
        return self.scan().find(bag)

    def append(self, bags: Sequence[tuple[str, str]]) -> tuple[LedgerEntry, ...]:
        """Add bags that are at their place and flushed; return their entries, which are on the disk.

        A bag that is in the ledger already is not added again.

        Args:
            bags: of each, the digest of its tag manifest and its path.

        Raises:
            ArchiveError: the disk is full or a path is of another form; nothing was added.
            IntegrityError: the ledger was tampered with, or names one of the bags with another digest.
        """
        with self.locked() as writer:
            return writer.append(bags)

    def settled(self) -> Scan:
        """Return what the ledger holds, flushed, while nobody writes: what a checkpoint may speak of.

        Raises:
            ArchiveError: it cannot be read or flushed.
            IntegrityError: it is malformed or was cut below the last checkpoint.
        """
        with self.locked() as writer:
            writer.flush()
            return self._parsed(writer.data)

    @contextmanager
    def locked(self) -> Iterator[Writer]:
        """Hold the lock; yield the writer.

        Raises:
            ArchiveError: the ledger cannot be opened.
            IntegrityError: it was cut below the last checkpoint.
        """
        with refused(self.archive.ledger), exclusive(self.archive.lock):
            handle = os.open(self.archive.ledger, _OPEN)
            try:
                yield Writer(self.archive, handle)
            finally:
                os.close(handle)


class Writer:
    """Who holds the lock of the ledger.

    Attributes:
        data: the bytes of the ledger's whole lines.
        torn: what was behind them when the lock was taken; cut off before the first line is written.
    """

    def __init__(self, archive: Archive, handle: int) -> None:
        self._archive = archive
        self._store = archive.store
        self._handle = handle
        held = os.fstat(handle).st_size
        self._floor = checkpointed(archive)
        content = _read_all(handle, held)
        end = content.rfind(b"\n") + 1
        self.data, self.torn = content[:end], content[end:]
        self.check_floor(end)

    def check_floor(self, end: int) -> None:
        """Make sure that the last checkpoint covers no more than the first `end` bytes.

        Raises:
            IntegrityError: it does.
        """
        if end < self._floor:
            raise IntegrityError(
                self._archive.ledger,
                expected=_("at least the {count} bytes that the last checkpoint covers").format(count=self._floor),
                found=_("{size} bytes").format(size=end),
                hint=_("The ledger was cut off; restore it from a copy."),
            )

    def append(self, bags: Sequence[tuple[str, str]]) -> tuple[LedgerEntry, ...]:
        """Add bags as `Ledger.append` does."""
        known = [self._known(digest, bag) for digest, bag in bags]
        new = dict.fromkeys((digest, bag) for (digest, bag), entry in zip(bags, known, strict=True) if entry is None)
        if not new:
            self.flush()  # what is found may have been written by somebody who died before flushing it
            return tuple(entry for entry in known if entry)
        self._check_last()
        lines = b"".join(entry_line(digest, bag) for digest, bag in new)
        self.cut(len(self.data))
        try:
            self._store.put(self._handle, lines, len(self.data))
            self._store.fsync(self._handle)
        except BaseException:
            with suppress(OSError):
                self._store.truncate(self._handle, len(self.data))
                self._store.fsync(self._handle)
            raise
        number = self.data.count(b"\n")
        self.data += lines
        added = {
            bag: LedgerEntry(number + count, digest, f"{bag}/{TAGMANIFEST}")
            for count, (digest, bag) in enumerate(new, 1)
        }
        return tuple(entry or added[bag] for entry, (_digest, bag) in zip(known, bags, strict=True))

    def cut(self, size: int) -> None:
        """Cut the ledger off behind its first `size` bytes, where it is longer, and flush it.

        Raises:
            IntegrityError: the last checkpoint covers more.
        """
        self.check_floor(size)
        if os.fstat(self._handle).st_size != size:
            self._store.truncate(self._handle, size)
            self._store.fsync(self._handle)
        self.data, self.torn = self.data[:size], b""

    def flush(self) -> None:
        """Flush the ledger to the disk."""
        self._store.fsync(self._handle)

    def _check_last(self) -> None:
        """Refuse to go on behind a line that is none; `greenmine recover` looks at all of them."""
        start = self.data.rfind(b"\n", 0, -1) + 1
        if self.data and not _LINE.fullmatch(self.data, start):
            parse(self.data, self._archive.ledger)

    def _known(self, digest: str, bag: str) -> LedgerEntry | None:
        """Return the entry of a bag that is in the ledger.

        Raises:
            IntegrityError: it is there with another digest.
        """
        line = entry_line(digest, bag)
        place = self.data.find(line[64:])
        if place < 0:
            return None
        number = self.data.count(b"\n", 0, place) + 1
        stated = self.data[max(0, place - 64) : place].decode("utf-8", "backslashreplace")
        if stated != digest:
            raise IntegrityError(
                self._archive.ledger,
                _("line {number}").format(number=number),
                expected=_("the digest {digest} of {bag}").format(digest=digest, bag=bag),
                found=stated,
                hint=_("The bag was changed after it was sealed."),
            )
        return LedgerEntry(number, digest, f"{bag}/{TAGMANIFEST}")


def _read_all(handle: int, size: int) -> bytes:
    os.lseek(handle, 0, os.SEEK_SET)
    parts = []
    while size > 0 and (part := os.read(handle, size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
