"""Proofs for one party: that one record is in the ledger, without showing the ledger.

A proof is a text in the form of c2sp.org/tlog-proof: the place of the ledger line, the hashes that lead from it to
the root of the Merkle tree, and a checkpoint with that root. The line itself is its `extra` data. The checkpoint's SSH
signatures stand under it as lines of a signed note, of the type that the note format leaves to others (0xff); programs
that know only other types pass over them. `prove` puts the proof into a folder with the checkpoint's own files, for
`ssh-keygen` and `openssl`, and a short script that checks the proof with Python alone.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from greenmine.archive.checkpoint import (
    CHECKPOINT,
    SIGNATURE,
    TIMESTAMP,
    Checkpoint,
    StoredCheckpoint,
    check_ledger,
    parse_checkpoint,
    read_checkpoints,
)
from greenmine.archive.layout import Archive
from greenmine.archive.ledger import Ledger
from greenmine.archive.merkle import inclusion_path, verify_inclusion
from greenmine.archive.signature import parse_signature
from greenmine.errors import CheckFailed, InputError, UsageError, shown
from greenmine.files import write_atomic
from greenmine.i18n import gettext as _

FILE_NAME: Final = "record.tlog-proof"
SCRIPT: Final = "check_proof.py"
NOTE: Final = "PROOF.md"
MAX_PROOF: Final = 1_000_000
_STOCK: Final = Path(__file__).parent / "stock"
_OTHER: Final = b"\xffsshsig"
"""The type of the signatures: 0xff, which the note format leaves to others, and a name."""

_PROOF: Final = re.compile(
    r"c2sp\.org/tlog-proof@v1\nextra (?P<line>[A-Za-z0-9+/=]+)\nindex (?P<index>0|[1-9][0-9]{0,8})\n"
    r"(?P<path>(?:[A-Za-z0-9+/]{43}=\n)*)\n(?P<checkpoint>(?:[^\n]+\n)+)"
    r"(?P<signed>(?:\n(?:— [^\n ]+ [A-Za-z0-9+/=]+\n)+)?)"
)


@dataclass(frozen=True)
class Proof:
    """That a line is in a ledger.

    Attributes:
        line: the line of the ledger, without its end.
        index: its place, from 0.
        path: the hashes that lead to the root, the line's sibling first.
        checkpoint: the checkpoint with the root.
        signatures: name and signature file of the operator (under the archive's name) and of each witness.
    """

    line: bytes
    index: int
    path: tuple[bytes, ...]
    checkpoint: Checkpoint
    signatures: tuple[tuple[str, bytes], ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the line leads to the root of the checkpoint; who signed that is another question."""
        head = self.checkpoint.head
        return verify_inclusion(self.line, self.index, head.entries, self.path, head.root)

    @property
    def data(self) -> bytes:
        """The content of the file `.tlog-proof`."""
        parts = [
            "c2sp.org/tlog-proof@v1\n",
            f"extra {_base64(self.line)}\n",
            f"index {self.index}\n",
            *(f"{_base64(one)}\n" for one in self.path),
            "\n",
            self.checkpoint.data.decode(),
            *(["\n"] if self.signatures else []),
            *(f"— {name} {_base64(_note_signature(name, file))}\n" for name, file in self.signatures),
        ]
        return "".join(parts).encode()


def parse_proof(data: bytes, file: object) -> Proof:
    """Return the proof that a file holds; whether it holds good is for `Proof.holds` to say.

    Args:
        data: the file's content.
        file: what to call it in messages.

    Raises:
        InputError: it is not, to the byte, a proof that this program writes.
    """
    match = _PROOF.fullmatch(data[:MAX_PROOF].decode("utf-8", "replace"))
    try:
        if match is None:
            raise ValueError  # noqa: TRY301 - one message for whatever is wrong
        signed = [line.split(" ") for line in match["signed"].split("\n") if line]
        proof = Proof(
            line=base64.b64decode(match["line"], validate=True),
            index=int(match["index"]),
            path=tuple(base64.b64decode(one, validate=True) for one in match["path"].split()),
            checkpoint=parse_checkpoint(match["checkpoint"].encode(), file),
            signatures=tuple(
                (name, _armour(base64.b64decode(blob, validate=True)[4:])) for _dash, name, blob in signed
            ),
        )
        for _name, signature in proof.signatures:
            parse_signature(signature, file)
        if proof.data != data:
            raise ValueError  # noqa: TRY301
    except (ValueError, binascii.Error):
        text = shown(data[:120].decode("utf-8", "replace"), 120)
        expected = _("a proof in the form of c2sp.org/tlog-proof")
        raise InputError(file, expected=expected, found=text) from None
    return proof


def make_proof(archive: Archive, bag: str) -> tuple[Proof, StoredCheckpoint]:
    """Return the proof that a bag is in the ledger, and the checkpoint it leads to: the last one.

    Args:
        archive: the archive.
        bag: the bag's path, `bags/assess/GM-0001/r1` for instance.

    Raises:
        CheckFailed: no checkpoint covers the bag yet.
        IntegrityError: the ledger or a checkpoint does not hold.
        UsageError: the bag is not in the ledger.
    """
    scan = Ledger(archive).scan()
    entry = next((one for one in scan.entries if one.bag == bag), None)
    if entry is None:
        raise UsageError(_("{bag} is not in the ledger {file}.").format(bag=shown(bag, 200), file=archive.ledger))
    checkpoints = read_checkpoints(archive.root)
    if not checkpoints or checkpoints[-1].checkpoint.head.entries < entry.number:
        text = _("{bag} is not proven yet: no checkpoint covers line {line} of the ledger. Run {command}.")
        raise CheckFailed(text.format(bag=bag, line=entry.number, command="greenmine checkpoint"))
    stored = checkpoints[-1]
    check_ledger(scan.data, stored.checkpoint.head, archive.ledger)
    lines = [one.line for one in scan.entries[: stored.checkpoint.head.entries]]
    signatures = [(stored.checkpoint.origin, stored.signature)] if stored.signature else []
    proof = Proof(
        line=entry.line,
        index=entry.number - 1,
        path=inclusion_path(lines, entry.number - 1),
        checkpoint=stored.checkpoint,
        signatures=(*signatures, *stored.witnesses.items()),
    )
    return proof, stored


def write_proof(proof: Proof, stored: StoredCheckpoint, folder: Path) -> Path:
    """Write a proof, the checkpoint's files, the script that checks it, and instructions; return the proof's file.

    Args:
        proof: the proof.
        stored: its checkpoint.
        folder: a folder that is empty or not there.

    Raises:
        UsageError: the folder holds something.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(_("{folder} is not empty: expected a new folder.").format(folder=shown(str(folder), 200)))
    files = {
        CHECKPOINT: stored.checkpoint.data,
        **({SIGNATURE: stored.signature} if stored.signature else {}),
        **({TIMESTAMP: stored.timestamp} if stored.timestamp else {}),
        **{f"witness-{name}.sig": data for name, data in stored.witnesses.items()},
        SCRIPT: (_STOCK / SCRIPT).read_bytes(),
        "README.md": (_STOCK / NOTE).read_bytes(),
        FILE_NAME: proof.data,
    }
    for name, data in files.items():
        write_atomic(folder / name, data)
    return folder / FILE_NAME


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _blob(file: bytes) -> bytes:
    """Return what the armour of a signature file holds."""
    return base64.b64decode(b"".join(file.split(b"\n")[1:-2]))


def _armour(blob: bytes) -> bytes:
    text = _base64(blob)
    lines = "".join(f"{text[at : at + 70]}\n" for at in range(0, len(text), 70))
    return f"-----BEGIN SSH SIGNATURE-----\n{lines}-----END SSH SIGNATURE-----\n".encode()


def _note_signature(name: str, file: bytes) -> bytes:
    """Return a signature as a note holds it: four bytes that name the key, and the signature."""
    key = parse_signature(file, name).key
    return hashlib.sha256(name.encode() + b"\n" + _OTHER + key).digest()[:4] + _blob(file)
