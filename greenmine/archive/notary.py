"""The notary: makes checkpoints, has them signed and stamped, and puts them in their place, whole.

A checkpoint speaks of the ledger as it was flushed while nobody wrote to it. It is signed and stamped in `staging/`,
which may take a while (a passphrase, a touch, an authority far away), while others go on sealing. Then, under the
ledger's lock, its folder is renamed into place, provided that nobody made another checkpoint meanwhile; otherwise the
work is done again. So checkpoints form one chain, and a folder is either there with all its files or not at all.

What was not at hand at first, a key or the authority, may be added to the *last* checkpoint later; once a checkpoint
follows, its digest is part of that one and nothing is added any more, but for witnesses' signatures.
"""

from __future__ import annotations

import datetime as dt
import secrets
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from greenmine.archive.checkpoint import (
    CHECKPOINT,
    FIRST,
    SIGNATURE,
    SUMS,
    TIMESTAMP,
    Checkpoint,
    StoredCheckpoint,
    check_ledger,
    head_of,
    latest,
    make_sums,
    read_checkpoint,
)
from greenmine.archive.layout import Archive
from greenmine.archive.ledger import Ledger
from greenmine.archive.lock import claim, exclusive, release
from greenmine.archive.signature import Trust, parse_signature, sign, verify
from greenmine.archive.signers import CHECKPOINT as NAMESPACE
from greenmine.archive.store import refused
from greenmine.archive.timestamp import Authority, request_stamp
from greenmine.errors import ArchiveError, CheckFailed, UsageError, shown
from greenmine.files import write_atomic
from greenmine.i18n import gettext as _

Clock = Callable[[], dt.datetime]

TRIES: Final = 20
"""How often a checkpoint is begun again because somebody else's came first."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Who signs checkpoints.

    Attributes:
        principal: the name in `allowed_signers`.
        key: the private key, or the public key where the private one is in an agent.
    """

    principal: str
    key: Path


def now() -> dt.datetime:
    """Return the time, in UTC."""
    return dt.datetime.now(dt.UTC)


def make_checkpoint(
    archive: Archive, *, operator: Operator | None = None, authority: Authority | None = None, clock: Clock = now
) -> StoredCheckpoint:
    """Return the checkpoint of the ledger as it is; make it, or add to it what it lacks.

    Args:
        archive: the archive.
        operator: who signs; nobody where it is not given.
        authority: who stamps the signature; nobody where it is not given.
        clock: what tells the time.

    Raises:
        ArchiveError: the ledger is empty, or the disk refuses the checkpoint.
        IntegrityError: the ledger does not continue the last checkpoint.
        UsageError: the key cannot sign, or the authority gives no stamp; nothing was stored.
    """
    for _try in range(TRIES):
        _set_aside(archive)
        ledger = Ledger(archive).settled().data
        before = latest(archive.root)
        if before is not None:
            check_ledger(ledger, before.checkpoint.head, archive.ledger)
        head = head_of(ledger)
        if not head.entries:
            raise ArchiveError(
                archive.ledger,
                expected=_("entries in the ledger"),
                found=_("an empty ledger"),
                hint=_("Seal a record."),
            )
        if before is not None and before.checkpoint.head == head:
            return _complete(archive, before, operator, authority)
        time = clock().astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        checkpoint = Checkpoint(
            origin=_origin(archive, before),
            head=head,
            prev=before.digest if before else FIRST,
            time=max(time, before.checkpoint.time) if before else time,
        )
        files = {CHECKPOINT: checkpoint.data}
        if operator is not None:
            files[SIGNATURE] = _sign(archive, checkpoint.data, operator)
            if authority is not None:
                files[TIMESTAMP] = _stamp(archive, files[SIGNATURE], authority)
        if _publish(archive, checkpoint, files, before):
            return read_checkpoint(archive.checkpoints / checkpoint.name)
    raise ArchiveError(archive.checkpoints, expected=_("one maker of checkpoints"), found=_("others, again and again"))


def _origin(archive: Archive, before: StoredCheckpoint | None) -> str:
    origin = archive.origin
    if before is not None and before.checkpoint.origin != origin:
        raise ArchiveError(
            archive.config,
            "origin",
            expected=_("{origin}, as in the checkpoints before").format(origin=before.checkpoint.origin),
            found=shown(origin),
            hint=_("An archive keeps its name."),
        )
    return origin


def _sign(archive: Archive, data: bytes, operator: Operator) -> bytes:
    """Return the operator's signature, after making sure that others will accept it."""
    signature = sign(data, operator.key, NAMESPACE)
    trust = Trust.of(archive.trust)
    if trust is not None:
        try:
            verify(
                data,
                parse_signature(signature, operator.key),
                principal=operator.principal,
                namespace=NAMESPACE,
                trust=trust,
                file=operator.key,
            )
        except CheckFailed as problem:
            hint = _("See: {command}").format(command="greenmine keys --help")
            raise UsageError(f"{problem} {hint}") from None
    return signature


def _stamp(archive: Archive, signature: bytes, authority: Authority) -> bytes:
    chain = archive.trust / "tsa-chain.pem"
    if not chain.is_file():
        text = _("{file} is needed: the certificates of the time stamp authority, from a source you trust.")
        raise UsageError(text.format(file=chain))
    return request_stamp(signature, authority, chain)


def _publish(
    archive: Archive, checkpoint: Checkpoint, files: dict[str, bytes], before: StoredCheckpoint | None
) -> bool:
    """Put a checkpoint in its place; tell whether it is there, which it is not where another came first."""
    folder = archive.staging / f"checkpoint-{checkpoint.name}.{secrets.token_hex(8)}"
    store = archive.store
    with refused(folder):
        store.make_folder(archive.checkpoints)
        store.make_folder(archive.staging)
        held: int | None = None
        try:
            store.make_folder(folder)
            held = _claimed(folder)
            if held is None:  # taken for a leftover by a recovery that came between the two
                return False
            for name, data in {**files, SUMS: make_sums(files)}.items():
                store.create(folder / name, data)
            store.sync(folder)
            with exclusive(archive.lock):
                current = latest(archive.root)
                if (current and current.digest) != (before and before.digest):
                    shutil.rmtree(folder)
                    return False
                store.rename(folder, archive.checkpoints / checkpoint.name)
                store.sync(archive.checkpoints)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        finally:
            release(-1 if held is None else held)
    return True


def _claimed(folder: Path) -> int | None:
    try:
        return claim(folder)
    except FileNotFoundError:
        return None


def _complete(
    archive: Archive, stored: StoredCheckpoint, operator: Operator | None, authority: Authority | None
) -> StoredCheckpoint:
    """Add signature and time stamp to the last checkpoint where it has none and they are at hand now."""
    files = {CHECKPOINT: stored.checkpoint.data}
    new: list[str] = []
    signature, timestamp = stored.signature, stored.timestamp
    if signature is None and operator is not None:
        signature = _sign(archive, stored.checkpoint.data, operator)
        new.append(SIGNATURE)
    if signature is not None:
        files[SIGNATURE] = signature
        if timestamp is None and authority is not None:
            timestamp = _stamp(archive, signature, authority)
            new.append(TIMESTAMP)
        if timestamp is not None:
            files[TIMESTAMP] = timestamp
    if not new:
        return stored
    with refused(stored.folder), exclusive(archive.lock):
        current = latest(archive.root)
        if current is None or (current.folder, current.digest) != (stored.folder, stored.digest):
            expected = _("the last checkpoint as it was")
            raise ArchiveError(stored.folder, expected=expected, found=_("one that was changed meanwhile"))
        for name in new:
            archive.store.create(stored.folder / name, files[name])
        archive.store.sync(stored.folder)
        write_atomic(stored.folder / SUMS, make_sums(files))  # from here on they count
    return read_checkpoint(stored.folder)


def _set_aside(archive: Archive) -> None:
    """Move out of the last checkpoint what a crash left there: files that its sums do not list yet.

    They were never acknowledged. Where the sums are not right for what they do list, nothing is touched: that is no
    crash, and reading the checkpoint will say so.
    """
    folders = sorted(archive.checkpoints.iterdir()) if archive.checkpoints.is_dir() else []
    if not folders or not (folders[-1] / SUMS).is_file():
        return
    folder, store = folders[-1], archive.store
    with refused(folder), exclusive(archive.lock):
        sums = (folder / SUMS).read_bytes()
        names = [path.name for path in folder.iterdir() if path.is_file() and not path.is_symlink()]
        listed = {name: (folder / name).read_bytes() for name in names if f"  {name}\n".encode() in sums}
        if make_sums(listed) != sums:
            return
        torn = f".{SUMS}."
        left = [
            name for name in names if name.startswith(torn) or (name in {SIGNATURE, TIMESTAMP} and name not in listed)
        ]
        if left:
            store.make_folder(archive.quarantine)
            place = Path(tempfile.mkdtemp(prefix=f"checkpoint-{folder.name}.", dir=archive.quarantine))
            for name in left:
                store.rename(folder / name, place / name)
            store.sync(folder)
