"""Whatever bytes stand in the place of what is signed, they are read or refused, never a defect of the program."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from archives import make_archive
from authority import TestAuthority
from hypothesis import given
from hypothesis import strategies as st
from keys import allow, make_key

from greenmine.archive.checkpoint import latest, parse_checkpoint, read_checkpoint
from greenmine.archive.layout import Archive
from greenmine.archive.notary import Operator, make_checkpoint
from greenmine.archive.proof import make_proof, parse_proof
from greenmine.archive.signature import Trust, parse_signature
from greenmine.archive.signers import CHECKPOINT, WITNESS, parse_public_key, parse_signers
from greenmine.archive.timestamp import Authority
from greenmine.archive.witness import check_witness, witness
from greenmine.errors import GreenmineError

WITNESS_FILE = "witness-province@demo.sig"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """An archive with one checkpoint that is signed, stamped by an authority that sends its root along, witnessed."""
    folder = tmp_path_factory.mktemp("archive")
    operator, province = make_key(folder, "operator"), make_key(folder, "province")
    tsa = TestAuthority(folder / "tsa", with_chain=True)
    made = make_archive(folder / "reports", 3)
    allow(made.trust / "allowed_signers", "archive@demo", operator, [CHECKPOINT])
    allow(made.trust / "allowed_signers", "province@demo", province, [WITNESS])
    (made.trust / "tsa-chain.pem").write_bytes(tsa.chain.read_bytes())
    make_checkpoint(made, operator=Operator("archive@demo", operator), authority=Authority(command=tsa.command))
    witness(made.root, name="province@demo", key=province, memory=folder / "memory", first=True)
    return made


def samples(archive: Archive) -> dict[str, bytes]:
    stored = latest(archive.root)
    assert stored is not None
    return {
        "checkpoint": stored.checkpoint.data,
        "signature": stored.signature or b"",
        "signers": (archive.trust / "allowed_signers").read_bytes(),
        "proof": make_proof(archive, "bags/assess/GM-000001/r1")[0].data,
    }


READERS: dict[str, Callable[[bytes], object]] = {
    "checkpoint": lambda data: parse_checkpoint(data, "x"),
    "signature": lambda data: parse_signature(data, "x"),
    "signers": lambda data: parse_signers(data.decode("utf-8", "replace"), "x"),
    "proof": lambda data: parse_proof(data, "x"),
}


def attempt(reader: str, data: bytes) -> None:
    """Read; a refusal has a message in one line."""
    said = "read"
    try:
        READERS[reader](data)
    except GreenmineError as refused:
        said = str(refused)
    assert said
    assert "\n" not in said


@pytest.mark.parametrize("reader", READERS)
@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(reader: str, data: bytes) -> None:
    """Random bytes never make a reader fail in another way than by its message."""
    attempt(reader, data)


@pytest.mark.parametrize("reader", READERS)
@given(data=st.data())
def test_any_damage_is_read_or_refused(archive: Archive, reader: str, data: st.DataObject) -> None:
    """Bytes taken out of, put into or changed in a good file never make a reader fail in another way."""
    good = samples(archive)[reader]
    start = data.draw(st.integers(0, len(good)))
    end = data.draw(st.integers(start, min(len(good), start + 8)))
    attempt(reader, good[:start] + data.draw(st.binary(max_size=8)) + good[end:])


@given(blob=st.binary(max_size=200))
def test_any_armour_is_read_or_refused(blob: bytes) -> None:
    """Whatever stands inside of well-formed armour or base64, the readers bear it."""
    text = base64.b64encode(b"SSHSIG\0\0\0\1" + blob).decode()
    lines = "".join(f"{text[at : at + 70]}\n" for at in range(0, len(text), 70))
    attempt("signature", f"-----BEGIN SSH SIGNATURE-----\n{lines}-----END SSH SIGNATURE-----\n".encode())
    attempt("signers", f"E1 ssh-ed25519 {base64.b64encode(blob).decode()}\n".encode())


@given(text=st.text(max_size=120))
def test_any_text_is_a_key_or_refused(text: str) -> None:
    """Whatever stands in the place of a public key, it is read or refused."""
    try:
        key = parse_public_key(text, "x.pub")
    except GreenmineError:
        return
    assert key.fingerprint.startswith("SHA256:")


def holds(archive: Archive, folder: Path) -> bool:
    """Tell whether a checkpoint's folder is whole and its witness's signature holds."""
    trust = Trust.of(archive.trust)
    assert trust is not None
    try:
        check_witness(read_checkpoint(folder), "province@demo", trust)
    except GreenmineError:
        return False
    return True


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("checkpoint", 200),
        ("checkpoint.sig", 200),
        ("checkpoint.sig.tsr", 1000),
        ("checkpoint.sums", 200),
        (WITNESS_FILE, 60),
    ],
)
def test_no_flipped_bit_of_a_checkpoint_goes_unnoticed(archive: Archive, name: str, count: int) -> None:
    """Not one flipped bit passes in any file of a checkpoint, not even where nobody signed it, as in time stamps."""
    folder = archive.checkpoints / "000000003"
    assert holds(archive, folder)
    good = (folder / name).read_bytes()
    (folder / name).chmod(0o644)
    source = random.Random(20261121)  # noqa: S311 - the same flips each run
    try:
        for at in source.sample(range(len(good) * 8), count):
            changed = bytearray(good)
            changed[at // 8] ^= 1 << at % 8
            (folder / name).write_bytes(changed)
            assert not holds(archive, folder), at
    finally:
        (folder / name).write_bytes(good)
    assert holds(archive, folder)
