"""Witnesses: they sign what continues, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from archives import ORIGIN, add_entries, make_archive
from keys import allow, make_key

from greenmine import i18n
from greenmine.archive.checkpoint import FIRST, Checkpoint, head_of, latest, make_sums
from greenmine.archive.layout import Archive
from greenmine.archive.notary import Operator, make_checkpoint
from greenmine.archive.signature import Trust
from greenmine.archive.signers import CHECKPOINT, WITNESS
from greenmine.archive.witness import Memory, Witnessed, check_witness, read_memory, witness
from greenmine.errors import CheckFailed, InputError, IntegrityError, UsageError


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    make_key(folder, "province")
    make_key(folder, "operator")
    return folder


@pytest.fixture
def archive(tmp_path: Path, keys: Path) -> Archive:
    """An archive with one checkpoint over three entries, which trusts operator and witness."""
    made = make_archive(tmp_path / "reports", 3)
    allow(made.trust / "allowed_signers", "archive@demo", keys / "operator", [CHECKPOINT])
    allow(made.trust / "allowed_signers", "province@demo", keys / "province", [WITNESS])
    make_checkpoint(made, operator=Operator("archive@demo", keys / "operator"))
    return made


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    return tmp_path / "witness" / "memory"


def look(archive: Archive, keys: Path, memory: Path, *, first: bool = False) -> Witnessed:
    return witness(archive.root, name="province@demo", key=keys / "province", memory=memory, first=first)


def trust(archive: Archive) -> Trust:
    found = Trust.of(archive.trust)
    assert found
    return found


def test_a_witness_signs_what_continues(archive: Archive, keys: Path, memory: Path) -> None:
    """Look after look, as the ledger grows, the witness signs and remembers; ssh-keygen accepts it."""
    assert look(archive, keys, memory, first=True).before is None
    for _round in range(2):
        add_entries(archive, 2)
        make_checkpoint(archive, operator=Operator("archive@demo", keys / "operator"))
        seen = read_memory(memory)
        done = look(archive, keys, memory)
        assert seen == done.before
        stored = latest(archive.root)
        assert stored is not None
        assert check_witness(stored, "province@demo", trust(archive)).principal == "province@demo"
        assert stored.unproven[-1:] != ("No witness: whoever runs the archive could still rewrite it.",)
    command = ["ssh-keygen", "-Y", "verify", "-f", archive.trust / "allowed_signers", "-I", "province@demo"]
    command += ["-n", "greenmine-witness", "-s", done.signature]
    assert 0 == subprocess.run(command, input=done.checkpoint.data, check=False, capture_output=True).returncode


def test_the_memory_is_what_head_and_sha256sum_compare(archive: Archive, keys: Path, memory: Path) -> None:
    """What the witness remembers can be compared with a ledger by hand."""
    look(archive, keys, memory, first=True)
    origin, size, digest = memory.read_text("ascii").splitlines()
    summed = subprocess.run(
        ["sh", "-c", f"head -c {size.split()[1]} ledger | sha256sum"], cwd=archive.root, capture_output=True, check=True
    )
    assert (ORIGIN, digest.split()[1]) == (origin, summed.stdout[:64].decode())


def rewrite(archive: Archive, ledger: bytes) -> None:
    """Rewrite an archive from the beginning, as its operator could: ledger, checkpoint and all sums."""
    archive.ledger.write_bytes(ledger)
    shutil.rmtree(archive.checkpoints)
    checkpoint = Checkpoint(ORIGIN, head_of(ledger), FIRST, "2026-11-21T09:00:00Z")
    folder = archive.checkpoints / checkpoint.name
    folder.mkdir(parents=True)
    (folder / "checkpoint").write_bytes(checkpoint.data)
    (folder / "checkpoint.sums").write_bytes(make_sums({"checkpoint": checkpoint.data}))


@pytest.mark.parametrize("kind", ["edited", "reordered", "cut", "emptied", "line removed and one added"])
def test_a_witness_does_not_sign_a_rewritten_ledger(archive: Archive, keys: Path, memory: Path, kind: str) -> None:
    """However cleverly an operator rewrites ledger and checkpoints, who has seen the old ones does not sign."""
    i18n.use("en")
    look(archive, keys, memory, first=True)
    remembered = memory.read_bytes()
    lines = archive.ledger.read_bytes().splitlines(keepends=True)
    changed = {
        "edited": b"".join(lines).replace(b"GM-000001", b"GM-000009") + lines[0].replace(b"GM-000000", b"GM-000007"),
        "reordered": b"".join(reversed(lines)),
        "cut": b"".join(lines[:-1]),
        "emptied": b"",
        "line removed and one added": b"".join([*lines[1:], lines[0].replace(b"GM-000000", b"GM-000008")]),
    }[kind]
    rewrite(archive, changed)
    with pytest.raises(IntegrityError, match=r"as you saw it.*Do not sign: the ledger was rewritten"):
        look(archive, keys, memory)
    assert remembered == memory.read_bytes()
    assert not list(archive.checkpoints.glob("*/witness-*"))


def test_a_ledger_behind_its_checkpoint_is_not_signed(archive: Archive, keys: Path, memory: Path) -> None:
    """A checkpoint that the ledger does not bear out is not signed, not even at the first look."""
    archive.ledger.write_bytes(archive.ledger.read_bytes()[:-5])
    with pytest.raises(IntegrityError):
        look(archive, keys, memory, first=True)
    assert not memory.exists()
    archive.ledger.unlink()
    with pytest.raises(InputError):
        look(archive, keys, memory, first=True)


def test_another_archive_is_not_taken_for_the_one_remembered(
    tmp_path: Path, archive: Archive, keys: Path, memory: Path
) -> None:
    """A memory of one archive does not serve another."""
    i18n.use("en")
    look(archive, keys, memory, first=True)
    other = make_archive(tmp_path / "other", 3)
    other.config.write_text("origin: greenmine/other\n", "utf-8")
    make_checkpoint(other)
    with pytest.raises(IntegrityError, match=f"expected {ORIGIN}, got greenmine/other. It is another archive."):
        look(other, keys, memory)


def test_the_first_look_has_to_be_said(archive: Archive, keys: Path, memory: Path) -> None:
    """A memory that is not found is no first look unless it is said to be one, and the other way round."""
    i18n.use("en")
    with pytest.raises(UsageError, match=r"There is no memory .*--first"):
        look(archive, keys, memory)
    look(archive, keys, memory, first=True)
    with pytest.raises(UsageError, match=f"remembers {ORIGIN}: it is not the first look"):
        look(archive, keys, memory, first=True)


def test_a_checkpoint_is_witnessed_once(archive: Archive, keys: Path, memory: Path) -> None:
    """A signature that is there is not written over."""
    i18n.use("en")
    done = look(archive, keys, memory, first=True)
    before = done.signature.read_bytes()
    with pytest.raises(UsageError, match="is there already: this checkpoint was witnessed"):
        look(archive, keys, memory)
    assert before == done.signature.read_bytes()


def test_a_witness_may_work_on_a_copy(tmp_path: Path, archive: Archive, keys: Path, memory: Path) -> None:
    """Ledger and checkpoints alone suffice; the signature can be carried back as a file."""
    copy = tmp_path / "copy"
    shutil.copytree(archive.checkpoints, copy / "checkpoints")
    shutil.copy(archive.ledger, copy)
    (tmp_path / "out").mkdir()
    done = witness(
        copy, name="province@demo", key=keys / "province", memory=memory, first=True, output=tmp_path / "out"
    )
    assert tmp_path / "out" / "witness-province@demo.sig" == done.signature
    shutil.copy(done.signature, archive.checkpoints / done.checkpoint.name)
    stored = latest(archive.root)
    assert stored is not None
    check_witness(stored, "province@demo", trust(archive))


def test_a_witness_can_check_the_operator_first(archive: Archive, keys: Path, memory: Path) -> None:
    """With an own copy of allowed_signers, a checkpoint that the operator did not sign is not witnessed."""
    i18n.use("en")
    known = trust(archive)
    arguments = {"name": "province@demo", "memory": memory, "trust": known, "first": True}
    with pytest.raises(CheckFailed, match=r"checkpoint\.sig: the signature does not hold for “somebody”"):
        witness(archive.root, key=keys / "province", operator="somebody", **arguments)
    rewrite(archive, archive.ledger.read_bytes())
    with pytest.raises(CheckFailed, match="the operator has not signed"):
        witness(archive.root, key=keys / "province", operator="archive@demo", **arguments)
    assert not memory.exists()


def test_a_witness_that_is_not_trusted_does_not_count(archive: Archive, keys: Path, memory: Path) -> None:
    """A signature under another's name, a missing one and one of the operator's own key are told apart."""
    i18n.use("en")
    witness(archive.root, name="auditor", key=keys / "province", memory=memory, first=True)
    witness(archive.root, name="archive@demo", key=keys / "operator", memory=memory)
    stored = latest(archive.root)
    assert stored is not None
    with pytest.raises(CheckFailed, match="belongs to “province@demo”"):
        check_witness(stored, "auditor", trust(archive))
    with pytest.raises(CheckFailed, match="may not sign greenmine-witness"):
        check_witness(stored, "archive@demo", trust(archive))
    with pytest.raises(CheckFailed, match="the witness has not signed"):
        check_witness(stored, "province@demo", trust(archive))


@pytest.mark.parametrize("text", ["", "x\n", "a\nbytes 01\nsha256 " + "0" * 64 + "\n", "a b\nbytes 1\nsha256 x\n"])
def test_a_memory_of_another_form_is_refused(archive: Archive, keys: Path, memory: Path, text: str) -> None:
    """A damaged memory is not taken for none."""
    memory.parent.mkdir()
    memory.write_text(text, "utf-8")
    with pytest.raises(InputError):
        look(archive, keys, memory)


def test_a_memory_written_is_read_again(memory: Path) -> None:
    """What is remembered is read back."""
    assert read_memory(memory) is None
    memory.parent.mkdir()
    memory.write_bytes(Memory("greenmine/demo", 7, "0" * 64).data)
    assert Memory("greenmine/demo", 7, "0" * 64) == read_memory(memory)


def test_a_memory_in_the_archive_is_refused(archive: Archive, keys: Path) -> None:
    """What the operator could rewrite is no memory."""
    i18n.use("en")
    with pytest.raises(UsageError, match="lies in the archive, where its operator could write"):
        look(archive, keys, archive.root / "memory", first=True)


def test_an_archive_without_checkpoint_has_nothing_to_witness(tmp_path: Path, keys: Path, memory: Path) -> None:
    """Without a checkpoint, and for a name that no file can bear, nothing is signed."""
    i18n.use("en")
    empty = make_archive(tmp_path / "empty", 1)
    with pytest.raises(UsageError, match="holds no checkpoint to sign"):
        look(empty, keys, memory, first=True)
    with pytest.raises(UsageError, match="is no name of a signer"):
        witness(empty.root, name="../x", key=keys / "province", memory=memory, first=True)
