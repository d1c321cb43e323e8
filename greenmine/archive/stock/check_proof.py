# ruff: noqa: T201, INP001, S603, S607 - it stands alone, speaks to people, and calls ssh-keygen and openssl by name
"""Check a proof that one line is in an archive's ledger, without the ledger. Python 3.8 or later, nothing else.

    python3 -I check_proof.py FILE.tlog-proof [--bag DIR]
        [--signers allowed_signers --operator NAME [--tsa tsa-chain.pem] [--revoked revoked.krl]]

The proof holds the line, its place, the hashes that lead from it to the root of the Merkle tree (RFC 6962), and the
checkpoint with that root (https://c2sp.org/tlog-proof). With --bag, the record in that folder is compared with the
line. With --signers, `ssh-keygen` checks who signed the checkpoint; get that file from somebody you trust, not together
with the proof. With --tsa, `openssl` checks the time stamp beside the proof, and the signature counts as of that time,
so that it still holds when the operator's key has ended since.

The exit status is 0 only if everything asked for holds; 1 if something does not; 2 if it could not be checked: a file
is missing, or a key has ended and nothing was given that proves when it signed.
"""

from __future__ import annotations

import argparse
import base64
import calendar
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NoReturn

PROOF = re.compile(
    r"c2sp\.org/tlog-proof@v1\nextra ([A-Za-z0-9+/=]+)\nindex (0|[1-9][0-9]*)\n((?:[A-Za-z0-9+/]{43}=\n)*)"
    r"\n((?:[^\n]+\n){3,})((?:\n(?:\u2014 [^\n ]+ [A-Za-z0-9+/=]+\n)+)?)"
)


def fail(text: str) -> NoReturn:
    """End with a message and status 1."""
    sys.exit(f"DOES NOT HOLD / 不通过: {text}")


def refuse(text: str) -> NoReturn:
    """End with a message and status 2."""
    print(f"CANNOT CHECK / 无法核验: {text}", file=sys.stderr)
    sys.exit(2)


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
    known = set(names)
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
        known.update(names)
    check_members(bag, known)


def check_members(bag: Path, known: set[str]) -> None:
    """Make sure that a bag holds no links, and no files but those that are known."""
    for folder, folders, files in os.walk(bag):
        for name in sorted(folders + files):
            path = Path(folder, name)
            place = path.relative_to(bag).as_posix()
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                fail(f"{place} is a link or something else")
            if name in files and place not in known:
                fail(f"{place} was added")


def stamped(signature: Path, stamp: Path, chain: str) -> str:
    """Let openssl check the time stamp over the signature; return its time as ssh-keygen reads it."""
    told = subprocess.run(["openssl", "ts", "-reply", "-in", str(stamp), "-text"], capture_output=True, check=False)
    hit = re.search(rb"^Time stamp: (\w+ +\d+ [\d:]+)(?:\.\d+)? (\d+ GMT)$", told.stdout, re.MULTILINE)
    if not hit:
        fail("the time stamp cannot be read")
    moment = time.strptime(f"{hit[1].decode()} {hit[2].decode()}", "%b %d %H:%M:%S %Y GMT")
    command = ["openssl", "ts", "-verify", "-data", str(signature), "-in", str(stamp), "-CAfile", chain]
    command += ["-attime", str(calendar.timegm(moment))]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        fail("the time stamp of the checkpoint")
    return time.strftime("%Y%m%d%H%M%SZ", moment)


def check_signature(checkpoint: str, signature: bytes, asked: argparse.Namespace) -> str:
    """Let ssh-keygen check the operator's signature; return as of when it counts, or an empty text for now."""
    text = base64.b64encode(signature).decode()
    wrapped = "\n".join(text[at : at + 70] for at in range(0, len(text), 70))
    command = ["ssh-keygen", "-Y", "verify", "-f", asked.signers, "-I", asked.operator, "-n", "greenmine-checkpoint"]
    command += ["-r", asked.revoked] if asked.revoked else []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "checkpoint.sig")
        path.write_bytes(f"-----BEGIN SSH SIGNATURE-----\n{wrapped}\n-----END SSH SIGNATURE-----\n".encode("ascii"))

        def holds(at: str) -> bool:
            when = [f"-Overify-time={at}"] if at else []
            done = subprocess.run([*command, *when, "-s", str(path)], input=checkpoint.encode(), check=False)
            return not done.returncode

        stamp = Path(asked.proof).with_name("checkpoint.sig.tsr")
        at = stamped(path, stamp, asked.tsa) if asked.tsa and stamp.is_file() else ""
        if holds(at):
            return at
        said = re.sub("[T:-]", "", checkpoint.split("\n")[6][5:])
        if not at and holds(said):
            refuse(
                "the key has ended since; give --tsa to prove when it signed / 密钥此后已失效，请用 --tsa 证明签名时间"
            )
    fail("the signature of the checkpoint")


def main() -> None:
    """Check what was asked for and say what holds."""
    parser = argparse.ArgumentParser(description="Check a proof that one line is in an archive's ledger.")
    parser.add_argument("proof")
    parser.add_argument("--bag", help="folder of the record")
    parser.add_argument("--signers", help="allowed_signers, from somebody you trust")
    parser.add_argument("--operator", help="whose signature is expected")
    parser.add_argument("--tsa", help="certificates of the time stamp authority, from somebody you trust")
    parser.add_argument("--revoked", help="list of revoked keys")
    asked = parser.parse_args()
    if bool(asked.signers) != bool(asked.operator) or ((asked.tsa or asked.revoked) and not asked.signers):
        parser.error("--signers and --operator go together, --tsa and --revoked with them")
    for name in (asked.proof, asked.signers, asked.tsa, asked.revoked):
        if name and not Path(name).is_file():
            refuse(f"there is no file {name}")
    if asked.bag and not Path(asked.bag).is_dir():
        refuse(f"there is no folder {asked.bag}")
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
    at = check_signature(checkpoint, found, asked)
    print(f"the checkpoint is signed by / 检查点签名人: {asked.operator}" + (f", stamped / 时间戳 {at}" if at else ""))


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        main()
    except (OSError, ValueError) as problem:
        fail(str(problem))
