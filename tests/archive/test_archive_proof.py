"""Proofs for one party: made, read, and checked by the script that travels with them."""

from __future__ import annotations

import datetime as dt
import hashlib
import subprocess
import sys
from pathlib import Path
from time import sleep

import pytest
from archives import ORIGIN, add_entries, make_archive
from authority import TestAuthority
from hypothesis import given
from hypothesis import strategies as st
from keys import allow, make_key
from sealing import make_mine, prepare

from greenmine import i18n
from greenmine.archive.checkpoint import FIRST, Checkpoint, StoredCheckpoint, head_of
from greenmine.archive.layout import Archive
from greenmine.archive.merkle import inclusion_path
from greenmine.archive.notary import Operator, make_checkpoint
from greenmine.archive.proof import Proof, make_proof, parse_proof, write_proof
from greenmine.archive.signers import CHECKPOINT, WITNESS
from greenmine.archive.timestamp import Authority
from greenmine.archive.witness import witness
from greenmine.errors import CheckFailed, InputError, UsageError


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    make_key(folder, "operator")
    make_key(folder, "province")
    return folder


@pytest.fixture
def archive(tmp_path: Path, keys: Path) -> Archive:
    """An archive with one sealed assessment among others, signed and witnessed."""
    made = make_archive(tmp_path / "reports", 3)
    prepare(made, make_mine(tmp_path / "evidence")).sealed(made)
    add_entries(made, 2)
    allow(made.trust / "allowed_signers", "archive@demo", keys / "operator", [CHECKPOINT])
    allow(made.trust / "allowed_signers", "province@demo", keys / "province", [WITNESS])
    make_checkpoint(made, operator=Operator("archive@demo", keys / "operator"))
    witness(made.root, name="province@demo", key=keys / "province", memory=tmp_path / "memory", first=True)
    return made


BAG = "bags/assess/GM-0001/r1"


def script(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the script that travels with a proof, as its receiver does."""
    command = [sys.executable, "-I", str(folder / "check_proof.py"), str(folder / "record.tlog-proof")]
    return subprocess.run(
        [*command, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
        env={"PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "utf-8"},
    )


@pytest.fixture
def proven(tmp_path: Path, archive: Archive) -> Path:
    """The folder of a written proof."""
    proof, stored = make_proof(archive, BAG)
    return write_proof(proof, stored, tmp_path / "proof").parent


def test_the_receiver_checks_a_proof_with_the_script_alone(archive: Archive, proven: Path) -> None:
    """Line, record and signature hold, without the ledger."""
    trust = archive.trust / "allowed_signers"
    done = script(proven, "--bag", archive.place(BAG), "--signers", trust, "--operator", "archive@demo")
    assert (0, "") == (done.returncode, done.stderr)
    digest = hashlib.sha256((archive.place(BAG) / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
    assert f"  {digest}  {BAG}/tagmanifest-sha256.txt\n" in done.stdout
    assert "the record is what that line says" in done.stdout
    assert "the checkpoint is signed by" in done.stdout


def test_the_script_says_what_it_did_not_check(proven: Path) -> None:
    """Without allowed_signers nothing is claimed about who signed."""
    done = script(proven)
    assert 0 == done.returncode
    assert "NOT checked: who signed the checkpoint" in done.stdout
    assert f" in {ORIGIN} " in done.stdout


def test_stock_tools_accept_what_travels_with_a_proof(archive: Archive, proven: Path) -> None:
    """The commands in the instructions accept the signatures of operator and witness."""
    trust = archive.trust / "allowed_signers"
    for name, namespace, file in (
        ("archive@demo", CHECKPOINT, "checkpoint.sig"),
        ("province@demo", WITNESS, "witness-province@demo.sig"),
    ):
        command = f"ssh-keygen -Y verify -f {trust} -I {name} -n {namespace} -s {file} < checkpoint"
        assert 0 == subprocess.run(["sh", "-c", command], cwd=proven, check=False, capture_output=True).returncode
    assert "ssh-keygen -Y verify" in (proven / "README.md").read_text("utf-8")


def test_a_key_that_ended_since_counts_as_of_the_stamp(archive: Archive, keys: Path, tmp_path: Path) -> None:
    """Years later the proof still holds by its stamp; without the stamp's certificates it is unproven, never wrong."""
    tsa = TestAuthority(tmp_path / "tsa")
    (archive.trust / "tsa-chain.pem").write_bytes(tsa.chain.read_bytes())
    add_entries(archive, 1)
    make_checkpoint(
        archive, operator=Operator("archive@demo", keys / "operator"), authority=Authority(command=tsa.command)
    )
    folder = write_proof(*make_proof(archive, BAG), tmp_path / "stamped").parent
    end = dt.datetime.now(dt.UTC)
    soon = f'valid-before="{end:%Y%m%d%H%M%SZ}"'
    while dt.datetime.now(dt.UTC) <= end + dt.timedelta(seconds=1):  # ssh-keygen takes no other time for now
        sleep(0.1)
    signers = allow(tmp_path / "ended", "archive@demo", keys / "operator", [CHECKPOINT], soon)
    asked = ("--signers", signers, "--operator", "archive@demo")
    done = script(folder, *asked, "--tsa", tsa.chain)
    assert (0, True) == (done.returncode, "stamped" in done.stdout), done.stderr
    done = script(folder, *asked)
    assert (2, True) == (done.returncode, "give --tsa" in done.stderr)
    revoked = tmp_path / "revoked"
    revoked.write_bytes(keys.joinpath("operator.pub").read_bytes())
    assert 1 == script(folder, *asked, "--tsa", tsa.chain, "--revoked", revoked).returncode
    (folder / "checkpoint.sig.tsr").write_bytes(b"x")
    assert 1 == script(folder, *asked, "--tsa", tsa.chain).returncode


def test_what_cannot_be_checked_ends_with_2(archive: Archive, proven: Path) -> None:
    """A file that is not there, or an option without its other, is a mistake of who asks and no damage."""
    trust = archive.trust / "allowed_signers"
    for words in (
        ("--signers", "/no/such", "--operator", "archive@demo"),
        ("--signers", trust),
        ("--operator", "archive@demo"),
        ("--tsa", trust),
        ("--bag", "/no/such"),
    ):
        done = script(proven, *words)
        assert 2 == done.returncode, words
        assert "Traceback" not in done.stderr
    (proven / "record.tlog-proof").unlink()
    assert 2 == script(proven).returncode


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 9])
def test_every_line_of_a_ledger_can_be_proven(tmp_path: Path, count: int) -> None:
    """In ledgers of all shapes, each line's proof holds by the program and by the script."""
    archive = make_archive(tmp_path / "reports", count)
    make_checkpoint(archive)
    for at in range(count):
        proof, stored = make_proof(archive, f"bags/assess/GM-{at:06}/r1")
        assert proof.holds
        assert proof.index == at
        folder = write_proof(proof, stored, tmp_path / f"proof-{at}").parent
        assert 0 == script(folder).returncode


def changed_proofs(proven: Path) -> dict[str, bytes]:
    data = (proven / "record.tlog-proof").read_bytes()
    lines = data.split(b"\n")
    hash_line = lines[3]
    swapped = hash_line[:5] + (b"A" if hash_line[5:6] != b"A" else b"B") + hash_line[6:]
    return {
        "a hash changed": data.replace(hash_line, swapped),
        "a hash removed": data.replace(hash_line + b"\n", b""),
        "a hash added": data.replace(hash_line, hash_line + b"\n" + hash_line),
        "another place": data.replace(lines[2], b"index 0"),
        "a place outside": data.replace(lines[2], b"index 99"),
        "another size": data.replace(f"{ORIGIN}\n8".encode(), f"{ORIGIN}\n9".encode()),
        "another root": data.replace(lines[9][:-3], lines[9][:-7] + b"AAAA") if len(lines[9]) == 44 else b"",
        "another line": data.replace(lines[1], lines[1][:-8] + b"AAAAAAA="),
        "no proof": b"c2sp.org/tlog-proof@v2\n",
        "nothing": b"",
        "no text": b"\xff\xfe",
    }


@pytest.mark.parametrize(
    "name",
    [
        *("a hash changed", "a hash removed", "a hash added", "another place", "a place outside", "another size"),
        *("another root", "another line", "no proof", "nothing", "no text"),
    ],
)
def test_a_changed_proof_does_not_hold(proven: Path, name: str) -> None:
    """Whatever is changed in a proof, the script says no with status 1, and the program does not take it for good."""
    data = changed_proofs(proven)[name]
    file = proven / "record.tlog-proof"
    assert data != file.read_bytes()
    file.write_bytes(data)
    done = script(proven)
    assert 1 == done.returncode
    assert done.stderr.startswith("DOES NOT HOLD / 不通过: ")
    try:
        assert not parse_proof(data, file).holds
    except (InputError, CheckFailed):
        return


@pytest.mark.parametrize("change", ["payload", "manifest", "tagmanifest", "added", "removed", "tag", "link"])
def test_a_record_that_was_changed_is_not_the_one_proven(archive: Archive, proven: Path, change: str) -> None:
    """The script compares the record with the line down to every file."""
    bag = archive.place(BAG)
    victim = {
        "payload": bag / "data" / "score.json",
        "manifest": bag / "manifest-sha256.txt",
        "tagmanifest": bag / "tagmanifest-sha256.txt",
        "added": bag / "data" / "more.txt",
        "removed": bag / "data" / "record.json",
        "tag": bag / "more.txt",
        "link": bag / "data" / "score.json",
    }[change]
    if change == "removed":
        victim.unlink()
    elif change in {"added", "tag"}:
        victim.write_text("x")
    elif change == "link":
        victim.rename(bag.parent / "score.json")
        victim.symlink_to(bag.parent / "score.json")
    else:
        victim.chmod(0o644)
        victim.write_bytes(victim.read_bytes() + b" ")
    done = script(proven, "--bag", bag)
    assert 1 == done.returncode
    assert "DOES NOT HOLD" in done.stderr


def test_the_script_refuses_a_signature_of_somebody_else(proven: Path, keys: Path, tmp_path: Path) -> None:
    """A checkpoint that is signed by a key the receiver does not trust is refused."""
    trust = allow(tmp_path / "mine", "archive@demo", keys / "province", [CHECKPOINT])
    done = script(proven, "--signers", trust, "--operator", "archive@demo")
    assert 1 == done.returncode
    assert "the signature of the checkpoint" in done.stderr


def test_an_unsigned_checkpoint_is_said(tmp_path: Path) -> None:
    """Asked for a signature where there is none, the script says so."""
    archive = make_archive(tmp_path / "reports", 2)
    make_checkpoint(archive)
    folder = write_proof(*make_proof(archive, "bags/assess/GM-000001/r1"), tmp_path / "proof").parent
    (archive.trust / "allowed_signers").touch()
    done = script(folder, "--signers", archive.trust / "allowed_signers", "--operator", "x")
    assert (1, True) == (done.returncode, "the checkpoint is not signed" in done.stderr)


def test_a_record_without_checkpoint_is_not_proven_yet(archive: Archive) -> None:
    """A line that no checkpoint covers has no proof; the message says what to do."""
    i18n.use("en")
    add_entries(archive, 3)
    with pytest.raises(CheckFailed, match=r"no checkpoint covers line 9 of the ledger\. Run greenmine checkpoint\."):
        make_proof(archive, "bags/assess/GM-000008/r1")
    with pytest.raises(UsageError, match="is not in the ledger"):
        make_proof(archive, "bags/assess/GM-9999/r1")


def test_a_folder_in_use_is_not_written_to(tmp_path: Path, archive: Archive) -> None:
    """A proof goes into a folder of its own."""
    i18n.use("en")
    proof, stored = make_proof(archive, BAG)
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "x").touch()
    with pytest.raises(UsageError, match="is not empty"):
        write_proof(proof, stored, tmp_path / "used")


lines = st.lists(st.binary(min_size=1, max_size=40).map(bytes.hex), min_size=1, max_size=40)


@given(lines, st.data())
def test_a_proof_written_is_read_again(ledger: list[str], data: st.DataObject) -> None:
    """Whatever the ledger, a proof is read back from its text, and holds."""
    index = data.draw(st.integers(0, len(ledger) - 1))
    entries = [line.encode() for line in ledger]
    head = head_of(b"".join(line + b"\n" for line in entries))
    checkpoint = Checkpoint(ORIGIN, head, FIRST, "2026-11-21T09:00:00Z")
    proof = Proof(entries[index], index, inclusion_path(entries, index), checkpoint)
    assert proof == parse_proof(proof.data, "proof")
    assert proof.holds


def test_the_text_is_that_of_the_format(archive: Archive) -> None:
    """Header, extra, index, hashes, an empty line, the checkpoint, an empty line, signatures, in this order."""
    proof, stored = make_proof(archive, BAG)
    assert isinstance(stored, StoredCheckpoint)
    head, note, signatures = proof.data.decode().split("\n\n")
    first, extra, index, *hashes = head.split("\n")
    assert ("c2sp.org/tlog-proof@v1", f"index {proof.index}") == (first, index)
    assert extra.startswith("extra ")
    assert len(proof.path) == len(hashes)
    assert f"{note}\n" == stored.checkpoint.data.decode()
    assert [f"— {ORIGIN} ", "— province@demo "] == [one[: one.rindex(" ") + 1] for one in signatures.splitlines()]
    assert proof == parse_proof(proof.data, "proof")


def test_a_proof_is_small() -> None:
    """Among thirty thousand lines a proof has fifteen hashes and takes less than 1,500 bytes without signatures."""
    entries = [b"%064x  bags/assess/GM-%06d/r1/tagmanifest-sha256.txt" % (at, at) for at in range(30_000)]
    head = head_of(b"".join(line + b"\n" for line in entries))
    path = inclusion_path(entries, 12_345)
    proof = Proof(entries[12_345], 12_345, path, Checkpoint(ORIGIN, head, FIRST, "2026-11-21T09:00:00Z"))
    assert (15, True) == (len(path), len(proof.data) < 1500)
    assert proof.holds
