"""Verifying the spine of an archive: its ledger and the checkpoints over it.

The ledger is read once; for all checkpoints together it is hashed once, digest and Merkle root side by side. Each
checkpoint must be whole, continue the one before, and say what the ledger begins with. Who signed them is the affair of
`greenmine.archive.pins`.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Final

from greenmine.archive.bag import hash_file
from greenmine.archive.checkpoint import (
    CHECKPOINT,
    FIRST,
    MAX_FILE,
    SUMS,
    Head,
    StoredCheckpoint,
    check_ledger,
    check_order,
    parse_checkpoint,
    read_checkpoint,
)
from greenmine.archive.layout import Archive
from greenmine.archive.ledger import Ledger, Scan
from greenmine.archive.merkle import EMPTY_ROOT, leaf_hash, node_hash
from greenmine.archive.pins import Attested
from greenmine.archive.verdicts import INTEGRITY, Collector, Proven
from greenmine.errors import InputError, IntegrityError, shown
from greenmine.files import refusal
from greenmine.i18n import gettext as _

TRIES: Final = 10
PAUSE: Final = 0.05

_NAME: Final = re.compile(r"[0-9]{9}")


def read_ledger(archive: Archive, collector: Collector) -> Scan | None:
    """Return what the ledger holds; None where it is not well formed, which is kept as a failure.

    A line that is being written this moment is waited for.
    """
    with collector.check("ledger.form", archive.ledger):
        ledger = Ledger(archive)
        scan = ledger.scan()
        for _try in range(TRIES):
            if not scan.torn:
                break
            time.sleep(PAUSE)
            scan = ledger.scan()
        if scan.torn:
            raise IntegrityError(
                archive.ledger,
                _("line {number}").format(number=len(scan.entries) + 1),
                expected=_("a whole line"),
                found=shown(scan.torn[:100].decode("utf-8", "backslashreplace"), 100),
                hint=_("If a run was cut short, run greenmine recover."),
            )
        return scan
    return None


def read_chain(archive: Archive, ledger: bytes, collector: Collector) -> tuple[StoredCheckpoint, ...]:
    """Return the checkpoints that hold against each other and against the ledger, the oldest first.

    Args:
        archive: the archive.
        ledger: all whole lines of its ledger.
        collector: keeps what does not hold.
    """
    whole = _chain(archive, collector)
    heads = heads_of(ledger, [one.checkpoint.head.size for one in whole])
    good = []
    for one in whole:
        failed = collector.failed
        with collector.check("checkpoint.ledger", archive.ledger):
            head = one.checkpoint.head
            if heads.get(head.size) != head:
                check_ledger(ledger, head, archive.ledger)
                raise IntegrityError(  # pragma: no cover - `check_ledger` and `heads_of` agree
                    archive.ledger, expected=_("what the checkpoint says"), found=_("something else")
                )
        if failed == collector.failed:
            good.append(one)
    return tuple(good)


def _chain(archive: Archive, collector: Collector) -> list[StoredCheckpoint]:
    place = archive.checkpoints
    if not place.is_dir() or place.is_symlink():
        if os.path.lexists(place):
            kind = _("something that is not a folder")
            collector.fail("checkpoint.form", IntegrityError(place, expected=_("a folder"), found=kind), place)
        return []
    before: StoredCheckpoint | None = None
    prev: str | None = FIRST
    whole: list[StoredCheckpoint] = []
    for folder in sorted(place.iterdir()):
        one: StoredCheckpoint | None = None
        with collector.check("checkpoint.form", folder):
            if not _NAME.fullmatch(folder.name) or folder.is_symlink() or not folder.is_dir():
                raise IntegrityError(folder, expected=_("folders named by nine digits only"), found=shown(folder.name))
            one = read_checkpoint(folder)
            if prev is not None and one.checkpoint.prev != prev:
                expected = _("prev {digest}, the digest of the checkpoint before").format(digest=prev)
                raise IntegrityError(folder / CHECKPOINT, "prev", expected=expected, found=one.checkpoint.prev)
            if before is not None:
                check_order(before.checkpoint, one.checkpoint, folder / CHECKPOINT)
            whole.append(one)
        if one is not None:
            before, prev = one, one.digest
        else:  # the next one still says what this one's sums were
            prev = _digest(folder / SUMS)
    return whole


def _digest(path: Path) -> str | None:
    try:
        return hash_file(path)[0]
    except IntegrityError:
        return None


def heads_of(ledger: bytes, sizes: Iterable[int]) -> dict[int, Head]:
    """Return what checkpoints over the first so many bytes say, for several sizes, in one pass over the ledger.

    Args:
        ledger: whole lines.
        sizes: numbers of bytes; those that do not end a line, or are too large, are left out of the answer.
    """
    digest, entries, place = hashlib.sha256(), 0, 0
    peaks: list[tuple[int, bytes]] = []
    found: dict[int, Head] = {}
    for size in sorted(set(sizes)):
        if size > len(ledger) or (size and ledger[size - 1] != ord("\n")):
            continue
        part = ledger[place:size]
        digest.update(part)
        for line in part.split(b"\n")[:-1]:
            width, peak = 1, leaf_hash(line)
            while peaks and peaks[-1][0] == width:
                peak = node_hash(peaks.pop()[1], peak)
                width *= 2
            peaks.append((width, peak))
            entries += 1
        place = size
        root = peaks[-1][1] if peaks else EMPTY_ROOT
        for _width, peak in reversed(peaks[:-1]):
            root = node_hash(peak, root)
        found[size] = Head(entries, root, size, digest.hexdigest())
    return found


def check_kept(kept_file: Path, ledger: bytes, stored: Sequence[StoredCheckpoint], collector: Collector) -> None:
    """Make sure that the archive continues a checkpoint that an auditor was given earlier, and still holds it.

    Args:
        kept_file: the checkpoint, or the folder it is in.
        ledger: all whole lines of the ledger.
        stored: the archive's checkpoints.
        collector: keeps what does not hold.

    Raises:
        InputError: what was kept is no checkpoint.
    """
    file = kept_file / CHECKPOINT if kept_file.is_dir() else kept_file
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_FILE)
    except OSError as problem:
        raise InputError(file, expected=_("a readable file"), found=refusal(problem)) from None
    try:
        kept = parse_checkpoint(data, file)
    except IntegrityError as problem:  # it is the auditor's own file that is not right
        raise InputError(file, expected=problem.expected, found=problem.found) from None
    with collector.check("checkpoint.kept", collector.root / "ledger"):
        check_ledger(ledger, kept.head, collector.root / "ledger")
        same = [one for one in stored if one.checkpoint.name == kept.name]
        if [kept] != [one.checkpoint for one in same]:
            place = collector.root / "checkpoints" / kept.name / CHECKPOINT
            found = _("another one") if same else _("no such file")
            raise IntegrityError(place, expected=_("the checkpoint that the auditor kept"), found=found)


def needed(stored: Sequence[StoredCheckpoint], numbers: Collection[int] | None) -> tuple[StoredCheckpoint, ...]:
    """Return the checkpoints whose signatures matter: the last, and the first stamped one over each entry.

    Args:
        stored: all checkpoints, the oldest first.
        numbers: of the entries that are looked at; None where all are, and so all checkpoints.
    """
    if numbers is None:
        return tuple(stored)
    wanted = {stored[-1].checkpoint.name} if stored else set()
    for number in numbers:
        over = [one for one in stored if one.checkpoint.head.entries >= number]
        if over:
            wanted.add(next((one for one in over if one.timestamp is not None), over[0]).checkpoint.name)
    return tuple(one for one in stored if one.checkpoint.name in wanted)


def proven(
    entries: int, stored: Sequence[StoredCheckpoint], attested: Sequence[Attested], collector: Collector
) -> Proven:
    """Return how far the archive is proven, and remark on what is not.

    Args:
        entries: how many the ledger has.
        stored: the checkpoints that hold.
        attested: what holds of their signatures.
        collector: keeps the remark.
    """
    covered = max((one.checkpoint.head.entries for one in stored), default=0)
    signed = max((one.entries for one in attested if one.signed), default=0)
    stamps = {one.entries: one.stamped for one in attested if one.signed and one.stamped is not None}
    stamped = max(stamps, default=0)
    witnessed = max((one.entries for one in attested if one.witnesses), default=0)
    if covered < entries:
        text = _("{count} entries after the last checkpoint are not yet proven ({first} to {last}).")
        collector.unproven(
            "entries.after", INTEGRITY, text.format(count=entries - covered, first=covered + 1, last=entries)
        )
    return Proven(
        entries=entries,
        checkpoint=covered,
        signed=signed,
        stamped=stamped,
        stamped_at=stamps[stamped].strftime("%Y-%m-%dT%H:%M:%SZ") if stamps else "",
        witnessed=witnessed,
        witnesses=tuple(sorted({name for one in attested if one.entries == witnessed for name in one.witnesses})),
    )
