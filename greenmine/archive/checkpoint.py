"""Checkpoints: what the ledger was at a time, in a few lines that others can sign.

    greenmine/demo                     the archive
    12345                              lines of the ledger
    <base64>                           root of the Merkle tree over them, RFC 6962
    bytes 1246845                      the same lines in bytes …
    sha256 <hex>                       … and their digest, for `head -c 1246845 ledger | sha256sum`
    prev <hex>                         digest of `checkpoint.sums` of the checkpoint before; zeros for the first
    time 2026-11-21T09:00:00Z

The first three lines are a C2SP tlog-checkpoint, the others its extension lines. A checkpoint lies in a folder of its
own, `checkpoints/<lines in nine digits>/`, with the operator's signature (`checkpoint.sig`), a time stamp over that
signature (`checkpoint.sig.tsr`), `sha256sum` lines of these three (`checkpoint.sums`), and any number of witnesses'
signatures (`witness-<name>.sig`), which may come later.

`checkpoint.sums` is there because not every byte of a time stamp is signed by anybody: `openssl ts -verify` accepts one
flipped bit in seventy, one in four where the stamp brings its root certificate along. Nothing that is proven changes by
that, but with the sums it is noticed, and the next checkpoint fixes them for good.

This module reads and compares; `greenmine.archive.notary` makes.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from greenmine.archive.merkle import HASH_SIZE, tree_root
from greenmine.errors import IntegrityError, one_line, shown
from greenmine.files import sha256_hex
from greenmine.i18n import gettext as _

FOLDER: Final = "checkpoints"
CHECKPOINT: Final = "checkpoint"
SIGNATURE: Final = "checkpoint.sig"
TIMESTAMP: Final = "checkpoint.sig.tsr"
SUMS: Final = "checkpoint.sums"
FIRST: Final = "0" * 64
"""What `prev` is where there is no checkpoint before."""

ORIGIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
"""Names of archives: no blanks and no plus sign (C2SP signed notes), nothing that a shell or a path would take ill."""

MAX_FILE: Final = 256 * 1024
"""The largest file accepted in a checkpoint's folder, in bytes; a time stamp with its certificates takes some 6,000."""

_TEXT: Final = re.compile(
    r"(?P<origin>[^\n]+)\n(?P<entries>0|[1-9][0-9]{0,8})\n(?P<root>[A-Za-z0-9+/=]{44})\n"
    r"bytes (?P<size>0|[1-9][0-9]{0,14})\nsha256 (?P<sha256>[0-9a-f]{64})\nprev (?P<prev>[0-9a-f]{64})\n"
    r"time (?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)\n"
)
_WITNESS: Final = re.compile(r"witness-([A-Za-z0-9][A-Za-z0-9._@-]{0,127})\.sig")
_NAME: Final = re.compile(r"[0-9]{9}")


@dataclass(frozen=True, slots=True)
class Head:
    """What a checkpoint says of the ledger.

    Attributes:
        entries: number of lines.
        root: root of the Merkle tree over them.
        size: bytes they take, line feeds included.
        sha256: digest of these bytes, in hexadecimal.
    """

    entries: int
    root: bytes
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint.

    Attributes:
        origin: the archive's name.
        head: the ledger up to it.
        prev: digest of the sums of the checkpoint before; `FIRST` where there is none.
        time: when it was made, in UTC, as `2026-11-21T09:00:00Z`; the operator's word, unlike the time stamp's.
    """

    origin: str
    head: Head
    prev: str
    time: str

    @property
    def data(self) -> bytes:
        """The file's content: what is signed."""
        root = base64.b64encode(self.head.root).decode()
        return (
            f"{self.origin}\n{self.head.entries}\n{root}\nbytes {self.head.size}\nsha256 {self.head.sha256}\n"
            f"prev {self.prev}\ntime {self.time}\n"
        ).encode()

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"{self.head.entries:09}"


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A checkpoint in its folder, with what was signed about it. That signatures hold is not said by this.

    Attributes:
        folder: the folder.
        checkpoint: the checkpoint.
        signature: content of `checkpoint.sig`; None where the operator did not sign.
        timestamp: content of `checkpoint.sig.tsr`; None where there is no time stamp.
        sums: content of `checkpoint.sums`.
        witnesses: name of each witness → content of `witness-<name>.sig`, in order of the names.
    """

    folder: Path
    checkpoint: Checkpoint
    signature: bytes | None
    timestamp: bytes | None
    sums: bytes
    witnesses: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """What the next checkpoint names as `prev`."""
        return sha256_hex(self.sums)

    @property
    def unproven(self) -> tuple[str, ...]:
        """What nobody outside could be shown by this checkpoint, in sentences; nothing where all is there."""
        return (
            *([] if self.signature else [_("Not signed: it is not proven who made the checkpoint.")]),
            *([] if self.timestamp else [_("No time stamp: it is not proven when the checkpoint was made.")]),
            *([] if self.witnesses else [_("No witness: whoever runs the archive could still rewrite it.")]),
        )


def head_of(ledger: bytes) -> Head:
    """Return what a checkpoint says of a ledger, or of the beginning of one.

    Args:
        ledger: whole lines.

    Raises:
        ValueError: the last line has no end.
    """
    if ledger and not ledger.endswith(b"\n"):
        message = "the last line has no end"
        raise ValueError(message)
    lines = ledger.split(b"\n")[:-1]
    return Head(len(lines), tree_root(lines), len(ledger), sha256_hex(ledger))


def parse_checkpoint(data: bytes, file: object) -> Checkpoint:
    """Return the checkpoint that a file holds.

    Args:
        data: the file's content.
        file: what to call it in messages.

    Raises:
        IntegrityError: it is not, to the byte, a checkpoint that this program writes.
    """
    match = _TEXT.fullmatch(data.decode("utf-8", "replace"))
    try:
        if match is None or not ORIGIN.fullmatch(match["origin"]):
            raise ValueError  # noqa: TRY301 - one message for whatever is wrong
        root = base64.b64decode(match["root"], validate=True)
        dt.datetime.fromisoformat(match["time"])
        head = Head(int(match["entries"]), root, int(match["size"]), match["sha256"])
        found = Checkpoint(match["origin"], head, match["prev"], match["time"])
        if len(root) != HASH_SIZE or found.data != data:
            raise ValueError  # noqa: TRY301
    except (ValueError, binascii.Error):
        text = shown(data[:200].decode("utf-8", "replace"), 200)
        raise IntegrityError(file, expected=_("the seven lines of a checkpoint"), found=text) from None
    return found


def make_sums(files: Mapping[str, bytes]) -> bytes:
    """Return `sha256sum` lines of the files of a checkpoint, in the order checkpoint, signature, time stamp."""
    names = [name for name in (CHECKPOINT, SIGNATURE, TIMESTAMP) if name in files]
    return "".join(f"{sha256_hex(files[name])}  {name}\n" for name in names).encode()


def read_checkpoint(folder: Path) -> StoredCheckpoint:
    """Return the checkpoint in a folder.

    Raises:
        IntegrityError: a file is missing, was changed, or does not belong there.
    """
    found = {path.name: _read(path) for path in sorted(folder.iterdir())}
    for needed in (CHECKPOINT, SUMS):
        if needed not in found:
            raise IntegrityError(folder / needed, expected=_("a file"), found=_("no such file"))
    witnesses: dict[str, bytes] = {}
    for name, data in found.items():
        match = _WITNESS.fullmatch(name)
        if match:
            witnesses[match[1]] = data
        elif name not in {CHECKPOINT, SIGNATURE, TIMESTAMP, SUMS}:
            raise IntegrityError(folder / one_line(name), expected=_("no further files"), found=_("a file"))
    checkpoint = parse_checkpoint(found[CHECKPOINT], folder / CHECKPOINT)
    if folder.name != checkpoint.name:
        expected = _("the folder {name}").format(name=checkpoint.name)
        raise IntegrityError(folder / CHECKPOINT, expected=expected, found=folder.name)
    if TIMESTAMP in found and SIGNATURE not in found:
        raise IntegrityError(folder / SIGNATURE, expected=_("the signature that was stamped"), found=_("no such file"))
    _check_sums(folder, found)
    return StoredCheckpoint(
        folder, checkpoint, found.get(SIGNATURE), found.get(TIMESTAMP), found[SUMS], dict(sorted(witnesses.items()))
    )


def read_checkpoints(root: Path) -> tuple[StoredCheckpoint, ...]:
    """Return all checkpoints of an archive, the oldest first.

    Args:
        root: the archive's folder.

    Raises:
        IntegrityError: one of them does not hold, or does not continue the one before it.
    """
    found = tuple(read_checkpoint(folder) for folder in _folders(root))
    prev = FIRST
    for number, one in enumerate(found):
        if one.checkpoint.prev != prev:
            expected = _("prev {digest}, the digest of the checkpoint before").format(digest=prev)
            raise IntegrityError(one.folder / CHECKPOINT, "prev", expected=expected, found=one.checkpoint.prev)
        if number:
            check_order(found[number - 1].checkpoint, one.checkpoint, one.folder / CHECKPOINT)
        prev = one.digest
    return found


def latest(root: Path) -> StoredCheckpoint | None:
    """Return the last checkpoint of an archive; None where there is none.

    Raises:
        IntegrityError: it does not hold.
    """
    folders = _folders(root)
    return read_checkpoint(folders[-1]) if folders else None


def check_order(old: Checkpoint, new: Checkpoint, file: object) -> None:
    """Make sure that one checkpoint may follow another: same archive, no fewer lines or bytes, not earlier.

    Args:
        old: the earlier one.
        new: the later one.
        file: what to call the later one in messages.

    Raises:
        IntegrityError: it may not.
    """
    pairs = [
        ("origin", old.origin, new.origin, old.origin == new.origin),
        ("entries", old.head.entries, new.head.entries, old.head.entries <= new.head.entries),
        ("bytes", old.head.size, new.head.size, old.head.size <= new.head.size),
        ("time", old.time, new.time, old.time <= new.time),
    ]
    for place, before, after, good in pairs:
        if not good:
            expected = before if place == "origin" else _("{value} or more").format(value=before)
            raise IntegrityError(file, place, expected=str(expected), found=str(after))


def check_ledger(ledger: bytes, head: Head, file: object) -> None:
    """Make sure that a ledger begins with what a checkpoint says of it.

    Args:
        ledger: content of the ledger; it may go on after the checkpoint.
        head: what the checkpoint says.
        file: what to call the ledger in messages.

    Raises:
        IntegrityError: it was cut off, or lines before the checkpoint were changed.
    """
    if len(ledger) < head.size:
        expected = _("at least {size} bytes, as at the checkpoint of {entries} entries")
        raise IntegrityError(
            file,
            expected=expected.format(size=head.size, entries=head.entries),
            found=_("{size} bytes").format(size=len(ledger)),
        )
    start = ledger[: head.size]
    found = sha256_hex(start)
    if found != head.sha256 or (start and not start.endswith(b"\n")) or head_of(start) != head:
        expected = _("{sha256} for the first {size} bytes, as at the checkpoint of {entries} entries")
        raise IntegrityError(
            file,
            expected=expected.format(sha256=head.sha256, size=head.size, entries=head.entries),
            found=found if found != head.sha256 else _("the same with other lines or another root"),
        )


def _folders(root: Path) -> list[Path]:
    folder = root / FOLDER
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    for one in found:
        if not _NAME.fullmatch(one.name) or one.is_symlink() or not one.is_dir():
            expected = _("folders named by nine digits only")
            raise IntegrityError(folder, expected=expected, found=shown(one.name))
    return found


def _read(path: Path) -> bytes:
    if path.is_symlink() or not path.is_file():
        raise IntegrityError(path, expected=_("a file"), found=_("something that is not a file"))
    size = path.stat().st_size
    if size > MAX_FILE:
        expected = _("at most {limit} bytes").format(limit=MAX_FILE)
        raise IntegrityError(path, expected=expected, found=_("{size} bytes").format(size=size))
    return path.read_bytes()


def _check_sums(folder: Path, found: Mapping[str, bytes]) -> None:
    listed = {line[66:]: line[:64] for line in found[SUMS].decode("utf-8", "replace").splitlines()}
    for name in (CHECKPOINT, SIGNATURE, TIMESTAMP):
        digest = sha256_hex(found[name]) if name in found else None
        if listed.get(name) != digest:
            raise IntegrityError(
                folder / name,
                expected=listed.get(name) or _("no further files"),
                found=digest or _("no such file"),
                hint=_("See {sums}.").format(sums=SUMS),
            )
    if found[SUMS] != make_sums(found):
        raise IntegrityError(folder / SUMS, expected=_("one line for each file"), found=_("something else"))
