"""Witnesses: people outside who sign checkpoints, so that nobody inside can rewrite what they have seen.

A witness needs no trust in the archive and little work. It keeps, in a file of its own, how long the ledger was when it
last looked and what its digest was:

    greenmine/demo
    bytes 1246845
    sha256 <hex>

and signs a checkpoint only if the ledger still begins with exactly these bytes (`head -c 1246845 ledger | sha256sum`)
and continues with what the checkpoint says. So once a witness has signed, a ledger that was cut off, rewritten or shown
to others in another form cannot get that witness's signature again. The memory is written before the signature is
given away: a crash in between costs nothing but a second run. The first look has nothing to compare with, and has to be
asked for, so that a mistyped file name does not pass for it.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from greenmine.archive.checkpoint import (
    ORIGIN,
    Checkpoint,
    StoredCheckpoint,
    check_ledger,
    read_checkpoints,
)
from greenmine.archive.signature import Trust, Verified, parse_signature, sign, verify
from greenmine.archive.signers import CHECKPOINT, PRINCIPAL, WITNESS
from greenmine.errors import CheckFailed, InputError, IntegrityError, UsageError, shown
from greenmine.files import read_text, refusal, sha256_hex, write_atomic
from greenmine.i18n import gettext as _

_MEMORY: Final = re.compile(
    r"(?P<origin>[^\n]+)\nbytes (?P<size>0|[1-9][0-9]{0,14})\nsha256 (?P<sha256>[0-9a-f]{64})\n"
)
_LIMIT: Final = 4096


@dataclass(frozen=True, slots=True)
class Memory:
    """What a witness remembers of an archive.

    Attributes:
        origin: the archive's name.
        size: how many bytes of the ledger it has seen.
        sha256: their digest, in hexadecimal.
    """

    origin: str
    size: int
    sha256: str

    @property
    def data(self) -> bytes:
        """The file's content."""
        return f"{self.origin}\nbytes {self.size}\nsha256 {self.sha256}\n".encode()


@dataclass(frozen=True, slots=True)
class Witnessed:
    """What a witness did.

    Attributes:
        checkpoint: the checkpoint that was signed.
        signature: the file with the signature.
        before: what the witness remembered; None at the first look.
    """

    checkpoint: Checkpoint
    signature: Path
    before: Memory | None


def read_memory(path: Path) -> Memory | None:
    """Return what a witness remembers; None where there is no such file.

    Raises:
        InputError: the file is not one that `witness` wrote.
    """
    if not path.exists():
        return None
    text = read_text(path, _LIMIT)
    match = _MEMORY.fullmatch(text)
    if match is None or not ORIGIN.fullmatch(match["origin"]):
        expected = _("what a witness remembers: origin, bytes, sha256")
        raise InputError(path, expected=expected, found=shown(text))
    return Memory(match["origin"], int(match["size"]), match["sha256"])


def witness(
    root: Path,
    *,
    name: str,
    key: Path,
    memory: Path,
    first: bool = False,
    trust: Trust | None = None,
    operator: str = "",
    output: Path | None = None,
) -> Witnessed:
    """Sign the last checkpoint of an archive, if it continues what the witness has seen.

    Args:
        root: the archive's folder or a copy of it; `ledger` and `checkpoints/` suffice.
        name: the witness, as in `allowed_signers`; the file is called `witness-<name>.sig`.
        key: the witness's private key.
        memory: the file in which the witness remembers, outside of the archive; best on the witness's own machine.
        first: whether this is the first look, for which there is no memory yet.
        trust: the witness's own copy of `allowed_signers`, to check the operator's signature by; not checked without.
        operator: the operator's name in it.
        output: the folder that the signature is written to; the checkpoint's by default.

    Raises:
        CheckFailed: the operator's signature is missing or does not hold.
        IntegrityError: the archive does not continue what the witness has seen, or contradicts itself.
        UsageError: there is no memory and it is not the first look, or the other way round; it lies in the archive;
            the checkpoint is witnessed already; the key cannot sign.
    """
    if not PRINCIPAL.fullmatch(name):
        text = _("{name} is no name of a signer: expected letters, digits, '.', '_', '-' and '@'.")
        raise UsageError(text.format(name=shown(name)))
    if memory.resolve().is_relative_to(root.resolve()):
        text = _("{file} lies in the archive, where its operator could write: keep it elsewhere.")
        raise UsageError(text.format(file=shown(str(memory), 200)))
    before = read_memory(memory)
    _check_first(before, memory, first=first)
    stored, ledger = _last(root)
    checkpoint, head = stored.checkpoint, stored.checkpoint.head
    if before is not None:
        _check_memory(before, checkpoint, ledger, root / "ledger")
    check_ledger(ledger, head, root / "ledger")
    if trust is not None:
        _check_operator(stored, trust, operator)
    target = (output or stored.folder) / f"witness-{name}.sig"
    if target.exists():
        text = _("{file} is there already: this checkpoint was witnessed.")
        raise UsageError(text.format(file=shown(str(target), 200)))
    signature = sign(checkpoint.data, key, WITNESS)
    write_atomic(memory, Memory(checkpoint.origin, head.size, head.sha256).data)
    write_atomic(target, signature)
    return Witnessed(checkpoint, target, before)


def check_witness(stored: StoredCheckpoint, name: str, trust: Trust, at: dt.datetime | None = None) -> Verified:
    """Make sure that a witness signed a checkpoint.

    Args:
        stored: the checkpoint.
        name: the witness: the middle of the file's name, and the principal.
        trust: whose signatures count.
        at: when the signature is known to have existed; now where it is not given.

    Raises:
        CheckFailed: the witness did not, or is not trusted.
        IntegrityError: the file is no signature.
    """
    file = stored.folder / f"witness-{name}.sig"
    if name not in stored.witnesses:
        raise CheckFailed(_("{file}: the witness has not signed.").format(file=file))
    signature = parse_signature(stored.witnesses[name], file)
    data = stored.checkpoint.data
    return verify(data, signature, principal=name, namespace=WITNESS, trust=trust, at=at, file=file)


def _check_first(before: Memory | None, memory: Path, *, first: bool) -> None:
    if before is None and not first:
        text = _("There is no memory {file}. Is it the first look at this archive? Then say so with {option}.")
        raise UsageError(text.format(file=shown(str(memory), 200), option="--first"))
    if before is not None and first:
        text = _("{file} remembers {origin}: it is not the first look.")
        raise UsageError(text.format(file=shown(str(memory), 200), origin=before.origin))


def _last(root: Path) -> tuple[StoredCheckpoint, bytes]:
    """Return the last checkpoint and the ledger."""
    found = read_checkpoints(root)
    if not found:
        raise UsageError(_("{folder} holds no checkpoint to sign.").format(folder=shown(str(root), 200)))
    try:
        return found[-1], (root / "ledger").read_bytes()
    except OSError as problem:
        reason = refusal(problem)
        raise InputError(root / "ledger", expected=_("a readable file"), found=reason) from None


def _check_memory(before: Memory, checkpoint: Checkpoint, ledger: bytes, file: Path) -> None:
    """Make sure that an archive is the one that was seen before, and has only grown."""
    if checkpoint.origin != before.origin:
        raise IntegrityError(file, expected=before.origin, found=checkpoint.origin, hint=_("It is another archive."))
    hint = _("Do not sign: the ledger was rewritten after you saw it. Keep both copies and tell the authority.")
    if checkpoint.head.size < before.size or len(ledger) < before.size:
        size = min(checkpoint.head.size, len(ledger))
        expected = _("at least {size} bytes, as you saw it").format(size=before.size)
        raise IntegrityError(file, expected=expected, found=_("{size} bytes").format(size=size), hint=hint)
    found = sha256_hex(ledger[: before.size])
    if found != before.sha256:
        expected = _("{sha256} for the first {size} bytes, as you saw it")
        expected = expected.format(sha256=before.sha256, size=before.size)
        raise IntegrityError(file, expected=expected, found=found, hint=hint)


def _check_operator(stored: StoredCheckpoint, trust: Trust, operator: str) -> None:
    file = stored.folder / "checkpoint.sig"
    if stored.signature is None:
        raise CheckFailed(_("{file}: the operator has not signed.").format(file=file))
    signature = parse_signature(stored.signature, file)
    verify(stored.checkpoint.data, signature, principal=operator, namespace=CHECKPOINT, trust=trust, file=file)
