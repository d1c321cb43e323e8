"""Journals that are read over and over: only what was added since is parsed again.

A form looks at the others' journals every few seconds. A journal whose size, times and inode are the same holds what it
held. One that only grew keeps the entries that were parsed; the lines after them are checked in the same way. Anything
else is read from the beginning, by `scan_file`, which says what is wrong with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from greenmine.assessment.journal import Entry, Owner, Reading, parse_line, scan_file
from greenmine.assessment.values import BadValue

Stamp = tuple[int, ...]


def stamp(path: Path) -> Stamp:
    """Return by what a changed file is told; nothing where there is none."""
    try:
        status = path.lstat()
    except OSError:
        return ()
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@dataclass(frozen=True)
class _Known:
    stamp: Stamp
    data: bytes
    reading: Reading


class Journals:
    """A reader of journals that remembers, for `load_assessment` and `read_again`."""

    def __init__(self) -> None:
        self._known: dict[tuple[Path, Owner], _Known] = {}

    def __call__(self, path: Path, owner: Owner) -> Reading:
        """Return what a journal holds.

        Raises:
            JournalError: as `scan_file` does.
        """
        before = stamp(path)  # taken first: what is added while reading is found the next time
        known = self._known.get((path, owner))
        if known is not None and known.stamp == before:
            return known.reading
        reading = _grown(path, owner, known, before) if known is not None else None
        if reading is None:
            reading = scan_file(path, owner)
        self._known[path, owner] = _Known(before, _beginning(path, reading.end), reading)
        return reading


def _beginning(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(size)
    except OSError:
        return b""


def _grown(path: Path, owner: Owner, known: _Known, now: Stamp) -> Reading | None:
    """Return what a journal holds that only grew by whole lines; None where it is to be read from the beginning."""
    if not now or now[:2] != known.stamp[:2] or known.reading.torn or known.reading.unended:
        return None
    data = _beginning(path, now[2])
    if len(data) != now[2] or not data.startswith(known.data) or not data.endswith(b"\n"):
        return None
    entries: list[Entry] = list(known.reading.entries)
    for line in data[len(known.data) :].split(b"\n")[:-1]:
        try:
            entry, prev = parse_line(line, owner.person)
        except BadValue:
            return None
        last = entries[-1] if entries else None
        if entry.seq != len(entries) + 1 or prev != (last.digest if last else owner.origin):
            return None
        if last and entry.order < last.order:
            return None
        entries.append(entry)
    return Reading(tuple(entries), len(data), 0, unended=False)
