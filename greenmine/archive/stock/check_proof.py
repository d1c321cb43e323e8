# ruff: noqa: T201, INP001, S603 - it stands alone, speaks to people, and calls ssh-keygen by its name
"""Check a proof that one line is in an archive's ledger, without the ledger. Python 3.8 or later, nothing else.

    python3 -I check_proof.py FILE.tlog-proof [--bag DIR] [--signers allowed_signers --operator NAME]

The proof holds the line, its place, the hashes that lead from it to the root of the Merkle tree (RFC 6962), and the
checkpoint with that root (https://c2sp.org/tlog-proof). With --bag, the record in that folder is compared with the
line. With --signers, `ssh-keygen` checks who signed the checkpoint; get that file from somebody you trust, not together
with the proof. The exit status is 0 only if everything asked for holds.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

PROOF = re.compile(
    r"c2sp\.org/tlog-proof@v1\nextra ([A-Za-z0-9+/=]+)\nindex (0|[1-9][0-9]*)\n((?:[A-Za-z0-9+/]{43}=\n)*)"
    r"\n((?:[^\n]+\n){3,})((?:\n(?:\u2014 [^\n ]+ [A-Za-z0-9+/=]+\n)+)?)"
)


def fail(text: str) -> NoReturn:
    """End with a message and status 1."""
    sys.exit(f"DOES NOT HOLD / 不成立: {text}")


def decode(text: str) -> bytes:
    """Return what base64 stands for."""
    return base64.b64decode(text, validate=True)


def root_of(line: bytes, index: int, size: int, hashes: list[bytes]) -> bytes:
    """Return the root that a line and its hashes lead to (RFC 9162, 2.1.3.2)."""
    if index >= size:
        fail("the line is not within the checkpoint")
    root, last, rest = hashlib.sha256(b"\0" + line).digest(), size - 1, list(hashes)
    while last:
        if index % 2 or index < last:
            if not rest:
                fail("hashes are missing")
            other = rest.pop(0)
            root = hashlib.sha256(b"\1" + (other + root if index % 2 else root + other)).digest()
        index, last = index // 2, last // 2
    if rest:
        fail("there are hashes too many")
    return root


def check_bag(bag: Path, digest: str) -> None:
    """Compare a bag with the digest in the line: tag manifest, manifest, every file, and no others."""
    names = {"tagmanifest-sha256.txt": digest}
    for manifest in ("", "tagmanifest-sha256.txt", "manifest-sha256.txt"):
        if manifest:
            lines = (bag / manifest).read_bytes().decode("utf-8").split("\n")[:-1]
            names = {line[66:]: line[:64] for line in lines}
        for name, stated in names.items():
            if ".." in name.split("/") or not name or Path(name).is_absolute() or not (bag / name).is_file():
                fail(f"{name} is not there")
            found = hashlib.sha256()
            with (bag / name).open("rb") as stream:
                for chunk in iter(lambda: stream.read(1 << 20), b""):
                    found.update(chunk)
            if found.hexdigest() != stated:
                fail(f"{name} is not what {manifest or 'the ledger'} says")
    there = {path.relative_to(bag).as_posix() for path in (bag / "data").rglob("*") if not path.is_dir()}
    for name in sorted(there - set(names)):
        fail(f"{name} was added")


def check_signature(checkpoint: str, signature: bytes, signers: str, operator: str) -> None:
    """Let ssh-keygen check the operator's signature."""
    text = base64.b64encode(signature).decode()
    wrapped = "\n".join(text[at : at + 70] for at in range(0, len(text), 70))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "checkpoint.sig")
        path.write_text(f"-----BEGIN SSH SIGNATURE-----\n{wrapped}\n-----END SSH SIGNATURE-----\n", encoding="ascii")
        command = ["ssh-keygen", "-Y", "verify", "-f", signers, "-I", operator, "-n", "greenmine-checkpoint"]
        if subprocess.run([*command, "-s", str(path)], input=checkpoint.encode(), check=False).returncode:
            fail("the signature of the checkpoint")


def main() -> None:
    """Check what was asked for and say what holds."""
    parser = argparse.ArgumentParser(description="Check a proof that one line is in an archive's ledger.")
    parser.add_argument("proof")
    parser.add_argument("--bag", help="folder of the record")
    parser.add_argument("--signers", help="allowed_signers, from somebody you trust")
    parser.add_argument("--operator", default="", help="whose signature is expected")
    asked = parser.parse_args()
    shape = PROOF.fullmatch(Path(asked.proof).read_bytes()[:1_000_000].decode("utf-8"))
    if not shape:
        fail("not a proof in the form of c2sp.org/tlog-proof@v1")
    line, index, checkpoint = decode(shape[1]), int(shape[2]), shape[4]
    origin, size, root = checkpoint.split("\n")[:3]
    if root_of(line, index, int(size), [decode(one) for one in shape[3].split()]) != decode(root):
        fail("the line does not lead to the root of the checkpoint")
    print(f"line {index + 1} of {size} in {origin} / 台账第 {index + 1} 条，共 {size} 条:")
    print("  " + line.decode("utf-8", "backslashreplace"))
    if asked.bag:
        check_bag(Path(asked.bag), line[:64].decode("ascii"))
        print(f"the record is what that line says / 档案与该条一致: {asked.bag}")
    if not asked.signers:
        print("NOT checked: who signed the checkpoint (--signers) / 未核验检查点由谁签名")
        return
    signed = [one.split(" ") for one in shape[5].split("\n") if one]
    found = next((decode(blob)[4:] for _dash, name, blob in signed if name == origin), b"")
    if not found:
        fail("the checkpoint is not signed")
    check_signature(checkpoint, found, asked.signers, asked.operator)
    print(f"the checkpoint is signed by / 检查点签名人: {asked.operator}")


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        main()
    except (OSError, ValueError) as problem:
        fail(str(problem))
