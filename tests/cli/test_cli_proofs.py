"""The verbs that prove: keys, sign, checkpoint, witness, prove."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from archives import add_entries, make_archive
from authority import TestAuthority
from keys import make_key, public
from sealing import make_mine, prepare

from greenmine.archive.attest import lay_draft, read_draft
from greenmine.archive.layout import Archive
from greenmine.cli.main import main


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    for name in ("operator", "province", "E1", "E2"):
        make_key(folder, name)
    return folder


@pytest.fixture
def archive(workspace: Path) -> Archive:
    return make_archive(workspace / "reports", 3)


def run(capsys: pytest.CaptureFixture[str], *arguments: object, status: int = 0) -> str:
    """Run a verb in English; return what it printed, or its message where it fails."""
    found = main(["--lang", "en", *map(str, arguments)])
    out, err = capsys.readouterr()
    assert (status, True) == (found, "Traceback" not in err), err
    return out if status == 0 else err


def test_from_keys_to_proof(archive: Archive, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Keys are added, experts sign, the record is sealed, fixed, witnessed and proven, all by the command line."""
    run(capsys, "keys", "add", "archive@demo", keys / "operator.pub", "--for", "checkpoint", "--from", "2026-01-01")
    run(capsys, "keys", "add", "province@demo", keys / "province.pub", "--for", "witness")
    run(capsys, "keys", "add", "E1@2026-self@GM-0001", keys / "E1.pub", "--for", "finding", "--until", "2099-12-31")
    assert f"{public(keys / 'E1').fingerprint}" in run(capsys, "keys", "list")

    parts = prepare(archive, make_mine(tmp_path / "evidence"))
    draft = lay_draft(archive, parts.record, parts.files)
    assert "not signed: E1, E2\n" in run(capsys, "sign", "GM-0001")
    said = run(capsys, "sign", "GM-0001", "--as", "E1", "--key", keys / "E1")
    assert "signed: E1\nnot signed: E2\n" in said
    parts.sealed(archive, attest=read_draft(draft).attest)

    tsa = TestAuthority(tmp_path / "tsa")
    (archive.trust / "tsa-chain.pem").write_bytes(tsa.chain.read_bytes())
    with tsa.serve() as url:
        archive.config.write_text(
            "schema: greenmine.archive/1\norigin: greenmine/demo\nwitnesses: [province@demo]\n"
            f'operator: {{principal: archive@demo, key: "{keys}/operator"}}\ntimestamp: {{url: "{url}"}}\n',
            "utf-8",
        )
        made = run(capsys, "checkpoint")
    assert "greenmine/demo: checkpoint over 6 entries" in made
    assert "signed by archive@demo" in made
    assert "Send it to the witnesses: province@demo" in made

    by = ["--name", "province@demo", "--key", keys / "province", "--memory", tmp_path / "memory"]
    pinned = ["--signers", archive.trust / "allowed_signers", "--operator", "archive@demo"]
    assert "It was the first look" in run(capsys, "witness", *by, *pinned, "--first")
    assert json.loads(run(capsys, "checkpoint", "--json"))["unproven"] == []

    told = run(capsys, "prove", "GM-0001", "--output", tmp_path / "proof")
    assert "bags/assess/GM-0001/r1: line 6 of 6" in told
    command = [sys.executable, "-I", tmp_path / "proof/check_proof.py", tmp_path / "proof/record.tlog-proof"]
    checks = ["--bag", archive.place("bags/assess/GM-0001/r1"), *pinned]
    assert 0 == subprocess.run([*command, *checks], check=False, capture_output=True).returncode


def test_without_keys_everything_works_and_says_what_is_not_proven(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No configuration at all: checkpoint and proof are made, and nothing is claimed that is not so."""
    archive.config.unlink()
    for told in (run(capsys, "checkpoint"), run(capsys, "prove", "GM-000001", "--output", tmp_path / "proof")):
        assert "Not signed: it is not proven who made the checkpoint." in told
        assert "No time stamp: it is not proven when the checkpoint was made." in told
        assert "No witness: whoever runs the archive could still rewrite it." in told
    listed = run(capsys, "keys", "list")
    assert "No operator in archive.yaml: checkpoints are not signed." in listed
    assert "No witnesses in archive.yaml" in listed
    found = json.loads(run(capsys, "checkpoint", "--json"))
    assert (3, False, None, []) == (found["entries"], found["signed"], found["timestamp"], found["witnesses"])
    assert json.loads(run(capsys, "keys", "list", "--json")) == []


def test_keys_end_and_are_revoked(archive: Archive, keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A key is named by its file or its fingerprint; the list shows its end and its revocation."""
    run(capsys, "keys", "add", "E1@a@b", keys / "E1.pub", "--for", "finding", "--for", "finding", "--for", "catalog")
    name = public(keys / "E1").fingerprint
    assert "ends at 2030-12-31T23:59:59Z: 1 lines changed" in run(capsys, "keys", "end", name, "--at", "2030-12-31")
    ended = run(capsys, "keys", "end", keys / "E1.pub", "--at", "2029-01-01T08:00:00+08:00")
    assert "ends at 2029-01-01T00:00:00Z: 1 lines changed" in ended
    run(capsys, "keys", "revoke", name)
    (found,) = json.loads(run(capsys, "keys", "list", "--json"))
    assert (["greenmine-finding", "greenmine-catalog"], "2029-01-01T00:00:00Z", True) == (
        found["namespaces"],
        found["valid_before"],
        found["revoked"],
    )
    assert "revoked" in run(capsys, "keys", "list", "--archive", archive.root)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["keys", "add", "E1", "nothing.pub", "--for", "finding"], "nothing.pub: expected a readable file"),
        (["keys", "add", "E*", "{keys}/E1.pub", "--for", "finding"], "is no name of a signer"),
        (["keys", "add", "E1", "{keys}/E1", "--for", "finding"], "got a private key"),
        (["keys", "add", "E1", "{keys}/E1.pub"], "--for"),
        (["keys", "add", "E1", "{keys}/E1.pub", "--for", "finding", "--until", "soon"], "“soon” is no time"),
        (["keys", "add", "E1", "{keys}/E1.pub", "--for", "finding", "--until", "2026-01-01T08:00:00"], "is no time"),
        (["keys", "add", "E1", "{keys}/E1.pub", "--for", "finding", "--until", "9999-12-31T"], "is no time"),
        (["keys", "end", "SHA256:abc"], "is not in allowed_signers"),
        (["keys", "revoke", "gone.pub"], "gone.pub: expected a readable file"),
        (["sign", "GM-0001"], "There is no draft to sign for “GM-0001”"),
        (["sign", "../x"], "There is no draft to sign"),
        (["sign", "GM-0001", "--as", "E1"], "--as and --key go together"),
        (["witness", "--name", "x", "--key", "{keys}/E1", "--memory", "m"], "There is no memory"),
        (["witness", "--name", "x", "--key", "{keys}/E1", "--memory", "m", "--signers", "s"], "go together"),
        (
            ["witness", "--name", "x", "--key", "{keys}/E1", "--memory", "m", "--signers", "s", "--operator", "o"],
            "There is no file s",
        ),
        (["prove", "GM-9"], "“GM-9” is not in the ledger"),
        (["prove", "../../etc"], "is not in the ledger"),
        (["checkpoint", "--archive", "nowhere"], "nowhere: expected an archive"),
    ],
)
@pytest.mark.usefixtures("archive")
def test_what_cannot_be_done_is_said_in_one_line(
    keys: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    """Every misuse ends with status 2 and one message that names what is wrong."""
    told = run(capsys, *(one.replace("{keys}", str(keys)) for one in arguments), status=2)
    assert said in told
    assert 1 == told.count("\n")


def test_a_record_without_checkpoint_ends_with_status_1(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    """That something is not proven yet is a check that does not hold."""
    assert "is not proven yet" in run(capsys, "prove", "GM-000001", status=1)
    assert archive.root.is_dir()


@pytest.mark.parametrize("name", ["GM-000002", "GM-000002/", "GM-000002/r1", "bags/assess/GM-000002/r1"])
def test_a_record_is_named_in_three_ways(
    archive: Archive, capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    """A mine stands for its last record in the ledger; a revision and a bag's path for themselves."""
    run(capsys, "checkpoint")
    archive.place("bags/assess/GM-000002/r1").mkdir(parents=True)
    archive.place("bags/assess/GM-000002/r2").mkdir(parents=True)  # not in the ledger
    assert "bags/assess/GM-000002/r1: line 3 of 3" in run(capsys, "prove", name, "--output", tmp_path / "proof")


def test_a_time_stamp_can_be_done_without_and_added_later(
    archive: Archive, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """While the authority is away a checkpoint is made without it; the next run adds the time stamp."""
    tsa = TestAuthority(tmp_path / "tsa")
    (archive.trust / "tsa-chain.pem").write_bytes(tsa.chain.read_bytes())
    text = f'origin: greenmine/demo\noperator: {{principal: archive@demo, key: "{keys}/operator"}}\ntimestamp: '
    archive.config.write_text(text + '{url: "http://127.0.0.1:9/"}\n', "utf-8")
    assert "cannot be reached" in run(capsys, "checkpoint", status=2)
    assert "No time stamp" in run(capsys, "checkpoint", "--no-timestamp")
    command = ", ".join(json.dumps(word) for word in tsa.command)
    archive.config.write_text(f"{text}{{command: [{command}]}}\n", "utf-8")
    assert "time stamp: 2" in run(capsys, "checkpoint")
    add_entries(archive, 1)
    assert "others cannot tell whose signature it is" in run(capsys, "checkpoint")


def test_the_witness_tells_of_a_rewritten_ledger(
    archive: Archive, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A ledger that does not begin as the witness saw it ends with status 1 and the advice not to sign."""
    by = ["--name", "province@demo", "--key", keys / "province", "--memory", tmp_path / "memory"]
    run(capsys, "checkpoint")
    run(capsys, "witness", archive.root, *by, "--first")
    memory = tmp_path / "memory"
    memory.write_text(memory.read_text().replace("sha256 ", "sha256 0")[:-2] + "\n")
    add_entries(archive, 1)
    run(capsys, "checkpoint")
    assert "Do not sign: the ledger was rewritten" in run(capsys, "witness", archive.root, *by, status=1)
