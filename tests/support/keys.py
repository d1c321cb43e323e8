"""Keys for tests: made with ssh-keygen and openssl, valid nowhere else."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from greenmine.archive.signers import NAMESPACES, PublicKey, read_public_key


def make_key(folder: Path, name: str, kind: str = "ed25519") -> Path:
    """Make a key pair without a passphrase; return the private key's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", f"{name} 演示", "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def public(key: Path) -> PublicKey:
    """Return the public part of a key that `make_key` made."""
    return read_public_key(key.with_name(f"{key.name}.pub"))


def allow(file: Path, principal: str, key: Path, namespaces: Iterable[str] = NAMESPACES, *options: str) -> Path:
    """Add a line to an allowed_signers file; return its path."""
    texts = ",".join([f'namespaces="{",".join(namespaces)}"', *options])
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as stream:
        stream.write(f"{principal} {texts} {public(key).text}\n")
    return file
