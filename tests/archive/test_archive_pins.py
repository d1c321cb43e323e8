"""Who vouches for checkpoints: whose key a witness's is, what keys may sign, how names are matched; both verifiers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from audited import PROVINCE, Audited, build
from keys import allow, make_key, public

from greenmine.archive.keys import add_signer
from greenmine.archive.pins import Pins
from greenmine.archive.signature import sign
from greenmine.archive.signers import CHECKPOINT, WITNESS, Signer, parse_signers
from greenmine.errors import UsageError


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """The archive; no test changes it."""
    return build(tmp_path_factory.mktemp("audited"))


@pytest.fixture
def copy(sealed: Audited, tmp_path: Path) -> Audited:
    """A copy that may be changed."""
    return sealed.copy(tmp_path / "copy")


def script(one: Audited, pins: Path) -> subprocess.CompletedProcess[str]:
    command = ["sh", one.root / "verify.sh", "-t", pins]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def pinned(one: Audited, folder: Path, change: tuple[str, str]) -> Path:
    """Return a copy of what an auditor holds, with something else in `allowed_signers`."""
    folder.mkdir()
    (folder / "tsa-chain.pem").write_bytes((one.trust / "tsa-chain.pem").read_bytes())
    text = (one.trust / "allowed_signers").read_text("utf-8")
    assert change[0] in text
    (folder / "allowed_signers").write_text(text.replace(*change), "utf-8")
    return folder


def test_the_operators_own_key_is_no_witness(copy: Audited, tmp_path: Path) -> None:
    """A witness's signature by the key that signed a checkpoint counts for nothing, and both verifiers say so."""
    for folder in sorted(copy.archive.checkpoints.iterdir()):
        data = (folder / "checkpoint").read_bytes()
        (folder / f"witness-{PROVINCE}.sig").write_bytes(sign(data, copy.keys / "operator", WITNESS))
    pins = pinned(copy, tmp_path / "pins", ("", ""))
    allow(pins / "allowed_signers", PROVINCE, copy.keys / "operator", [WITNESS])
    result = copy.verify(pins=Pins.of(pins))
    assert () == result.failures
    assert (0, ()) == (result.proven.witnessed, result.proven.witnesses)
    assert f"witness.own.{PROVINCE}" in {one.code for one in result.remarks if one.unproven}
    done = script(copy, pins)
    assert 0 == done.returncode
    assert "witnessed 0" in done.stdout
    assert "no outside witness" in done.stdout
    (folder / f"witness-{PROVINCE}.sig").write_bytes(sign(b"else", copy.keys / "operator", WITNESS))
    assert [f"checkpoints/{folder.name}/witness-{PROVINCE}.sig"] == [one.file for one in copy.verify().failures]
    assert f"FAIL 不通过  checkpoints/{folder.name}/witness-{PROVINCE}.sig" in script(copy, pins).stderr


def test_a_key_is_not_listed_for_operator_and_witness(copy: Audited) -> None:
    """`keys add` refuses it in one line or in two, in any order."""
    key = public(make_key(copy.keys, "both"))
    with pytest.raises(UsageError):
        add_signer(copy.archive, Signer(("a@demo",), key, (CHECKPOINT, WITNESS)))
    add_signer(copy.archive, Signer(("a@demo",), key, (WITNESS,)))
    with pytest.raises(UsageError):
        add_signer(copy.archive, Signer(("b@demo",), key, (CHECKPOINT,)))


@pytest.mark.parametrize("option", ["", 'namespaces="greenmine-*" '])
def test_keys_that_may_sign_anything_are_remarked_on(sealed: Audited, tmp_path: Path, option: str) -> None:
    """A line without namespaces, or with a pattern for them, is named by both verifiers; nothing fails."""
    pins = pinned(sealed, tmp_path / "pins", ('namespaces="greenmine-witness" ', option))
    result = sealed.verify(pins=Pins.of(pins))
    assert () == result.failures
    (said,) = [one.text for one in result.remarks if one.code == "keys.anything"]
    assert PROVINCE in said
    done = script(sealed, pins)
    assert 0 == done.returncode
    (line,) = [line for line in done.stdout.splitlines() if "namespaces=" in line]
    assert line.endswith(f" {PROVINCE} ")
    assert "keys.anything" not in {one.code for one in sealed.verify().remarks}
    assert "namespaces=" not in script(sealed, sealed.trust).stdout


def test_a_witness_known_by_a_pattern_counts(sealed: Audited, tmp_path: Path) -> None:
    """A line for all names of a place is a line for the witness, in both verifiers."""
    pins = pinned(sealed, tmp_path / "pins", (f"{PROVINCE} ", "province@* "))
    count = sealed.verify(pins=Pins.of(pins)).proven.witnessed
    assert count
    assert f"witnessed {count}" in script(sealed, pins).stdout


@pytest.mark.parametrize(
    ("patterns", "name", "known"),
    [
        ("*@demo", "a@demo", True),
        ("?@demo", "ab@demo", False),
        ("[ab]@demo", "a@demo", False),
        ("*@demo,!a@demo", "a@demo", False),
        ("*@demo,!a@demo", "b@demo", True),
        ("!a@demo", "b@demo", False),
    ],
)
def test_names_are_matched_as_ssh_keygen_does(tmp_path: Path, patterns: str, name: str, *, known: bool) -> None:
    """Stars and question marks are patterns, an exclamation mark is all but, brackets are themselves."""
    file = allow(tmp_path / "allowed_signers", patterns, make_key(tmp_path, "k"), [WITNESS])
    (line,) = parse_signers(file.read_text("utf-8"), file)
    command = ["ssh-keygen", "-Y", "match-principals", "-f", file, "-I", name]
    assert (known, known) == (
        line.is_for(name),
        not subprocess.run(command, capture_output=True, check=False).returncode,
    )


@pytest.mark.parametrize("time", ["2026-99-99T14:00:00Z", "2026-02-30T14:00:00Z", "2026-11-21T25:00:00Z", "now"])
def test_an_impossible_time_in_a_checkpoint_is_found(copy: Audited, time: str) -> None:
    """Line 7 is a time of the calendar; both verifiers look, before they look at signatures."""
    folder = max(copy.archive.checkpoints.iterdir())
    data = (folder / "checkpoint").read_text("utf-8")
    changed = f"{data[: data.index('time ')]}time {time}\n"
    (folder / "checkpoint").write_text(changed, "utf-8")
    sums = (folder / "checkpoint.sums").read_bytes().splitlines(keepends=True)
    done = subprocess.run(["sha256sum", "checkpoint"], cwd=folder, capture_output=True, check=True)
    (folder / "checkpoint.sums").write_bytes(done.stdout + b"".join(sums[1:]))
    found = copy.verify().first
    assert found
    assert f"checkpoints/{folder.name}/checkpoint" == found.file
    assert f"FAIL 不通过  checkpoints/{folder.name}/checkpoint: line 7" in script(copy, copy.trust).stderr


@pytest.mark.parametrize("name", ["witness-国家@demo.sig", "witness-.sig", "witness-a b.sig", "note.txt"])
def test_nothing_else_lies_among_checkpoints(copy: Audited, name: str) -> None:
    """A file of another name, a witness's with letters that names of signers do not have too, is found by both."""
    folder = max(copy.archive.checkpoints.iterdir())
    shutil.copy(next(folder.glob("witness-*.sig")), folder / name)
    found = copy.verify().first
    assert found
    assert found.file.startswith(f"checkpoints/{folder.name}")
    assert f"FAIL 不通过  checkpoints/{folder.name}/{name}" in script(copy, copy.trust).stderr


def test_a_huge_file_among_checkpoints_is_refused_at_once(copy: Audited) -> None:
    """A signature of gigabytes is named without being read."""
    file = max(copy.archive.checkpoints.iterdir()) / "checkpoint.sig"
    with file.open("r+b") as stream:
        stream.truncate(5_000_000_000)
    name = file.relative_to(copy.root).as_posix()
    assert name in {one.file for one in copy.verify().failures}
    assert f"FAIL 不通过  {name}: it is larger" in script(copy, copy.trust).stderr
