"""Signatures made and checked by the real ssh-keygen."""

from __future__ import annotations

import base64
import datetime as dt
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from keys import allow, make_key, public

from greenmine import i18n
from greenmine.archive import tools
from greenmine.archive.signature import Signature, Trust, find_principals, parse_signature, sign, verify, verify_any
from greenmine.archive.signers import CHECKPOINT, FINDING, WITNESS
from greenmine.errors import CheckFailed, InputError, IntegrityError, UsageError

AT = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
DATA = b"greenmine/demo\n1\n"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("keys")
    return {name: make_key(folder, name) for name in ("operator", "stranger")}


@pytest.fixture
def trust(tmp_path: Path, keys: dict[str, Path]) -> Trust:
    window = ('valid-after="20260101000000Z"', 'valid-before="20270101000000Z"')
    return Trust(allow(tmp_path / "allowed_signers", "archive@demo", keys["operator"], [CHECKPOINT], *window))


@pytest.fixture
def signature(keys: dict[str, Path]) -> Signature:
    return parse_signature(sign(DATA, keys["operator"], CHECKPOINT), "checkpoint.sig")


def reason(
    trust: Trust,
    signature: Signature,
    *,
    data: bytes = DATA,
    principal: str = "archive@demo",
    namespace: str = CHECKPOINT,
    at: dt.datetime = AT,
) -> str:
    """Return why a signature does not hold, in English."""
    i18n.use("en")
    with pytest.raises(CheckFailed) as failed:
        verify(data, signature, principal=principal, namespace=namespace, trust=trust, at=at, file="checkpoint.sig")
    assert failed.value.exit_status == 1
    return str(failed.value).removeprefix(f"checkpoint.sig: the signature does not hold for “{principal}”: ")


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_signature_of_any_key_holds(tmp_path: Path, kind: str) -> None:
    """What a trusted key signs is verified: by whom, for what, with which key."""
    key = make_key(tmp_path, "key", kind)
    trust = Trust(allow(tmp_path / "allowed_signers", "archive@demo", key))
    found = parse_signature(sign(DATA, key, CHECKPOINT), "sig")
    held = verify(DATA, found, principal="archive@demo", namespace=CHECKPOINT, trust=trust, file="sig")
    assert ("archive@demo", CHECKPOINT) == (held.principal, held.namespace)
    assert public(key).fingerprint == held.fingerprint
    assert held == verify_any(DATA, found, namespace=CHECKPOINT, trust=trust, file="sig")


def test_ssh_keygen_itself_accepts_the_signature(tmp_path: Path, trust: Trust, signature: Signature) -> None:
    """The stock command of the instructions says Good."""
    (tmp_path / "checkpoint.sig").write_bytes(signature.data)
    command = ["ssh-keygen", "-Y", "verify", "-f", str(trust.allowed_signers), "-I", "archive@demo", "-n", CHECKPOINT]
    options = ["-Overify-time=20260601000000Z", "-s", str(tmp_path / "checkpoint.sig")]
    done = subprocess.run([*command, *options], input=DATA, capture_output=True, check=False)
    assert (0, b'Good "greenmine-checkpoint" signature') == (done.returncode, done.stdout[:37])


def test_changed_data_is_refused(trust: Trust, signature: Signature) -> None:
    """A signature does not hold for other bytes."""
    said = reason(trust, signature, data=DATA + b"\n")
    assert said == "the signed content or the signature was changed."


def test_another_namespace_is_refused(trust: Trust, signature: Signature) -> None:
    """A signature made for one purpose does not serve another."""
    assert (
        reason(trust, signature, namespace=WITNESS)
        == "it was made for greenmine-checkpoint, not for greenmine-witness."
    )


def test_a_namespace_the_key_is_not_trusted_for_is_refused(trust: Trust, keys: dict[str, Path]) -> None:
    """A key trusted for checkpoints signs no findings."""
    found = parse_signature(sign(DATA, keys["operator"], FINDING), "sig")
    assert reason(trust, found, namespace=FINDING).endswith("may not sign greenmine-finding.")


def test_another_principal_is_refused(trust: Trust, signature: Signature) -> None:
    """A good signature of one person does not count as another's."""
    assert reason(trust, signature, principal="E1").endswith("belongs to “archive@demo”.")


def test_an_unknown_key_is_refused(trust: Trust, keys: dict[str, Path]) -> None:
    """A key that is not in allowed_signers signs for nobody."""
    found = parse_signature(sign(DATA, keys["stranger"], CHECKPOINT), "sig")
    expected = f"the key ssh-ed25519 {public(keys['stranger']).fingerprint} is not in {trust.allowed_signers}."
    assert reason(trust, found) == expected
    assert find_principals(found, trust, AT) == ()
    with pytest.raises(CheckFailed, match="is nobody's who is trusted: the key ssh-ed25519"):
        verify_any(DATA, found, namespace=CHECKPOINT, trust=trust, at=AT, file="sig")


@pytest.mark.parametrize(("year", "held"), [(2025, False), (2026, True), (2027, False)])
def test_a_key_counts_while_it_is_valid(trust: Trust, signature: Signature, year: int, *, held: bool) -> None:
    """A signature counts when it was made inside the key's validity, and only then."""
    at = AT.replace(year=year)
    if held:
        verify(DATA, signature, principal="archive@demo", namespace=CHECKPOINT, trust=trust, at=at, file="sig")
        assert find_principals(signature, trust, at) == ("archive@demo",)
    else:
        assert reason(trust, signature, at=at).endswith(f"was not valid at {year}-06-01T00:00:00Z.")
        assert find_principals(signature, trust, at) == ()


def test_a_revoked_key_is_refused(tmp_path: Path, trust: Trust, signature: Signature, keys: dict[str, Path]) -> None:
    """A key on the revocation list signs nothing any more, whatever the time."""
    krl = tmp_path / "revoked.krl"
    subprocess.run(["ssh-keygen", "-q", "-k", "-f", krl, f"{keys['operator']}.pub"], check=True, capture_output=True)
    assert reason(Trust(trust.allowed_signers, krl), signature).endswith("is revoked.")


def test_one_key_may_have_several_names(tmp_path: Path, keys: dict[str, Path], signature: Signature) -> None:
    """Each of the principals of a line is found."""
    trust = Trust(allow(tmp_path / "several", "E1@2026,E7@2027", keys["operator"]))
    assert find_principals(signature, trust) == ("E1@2026", "E7@2027")


def test_a_damaged_trust_file_is_the_reason_given(tmp_path: Path, signature: Signature) -> None:
    """Where allowed_signers itself is broken, the message names its line."""
    file = tmp_path / "allowed_signers"
    file.write_text('archive@demo namespaces="a", valid-before="20270101Z" ssh-ed25519 AAAA\n', "utf-8")
    assert f"{file}, line 1: expected" in reason(Trust(file), signature)


def changes(data: bytes) -> list[bytes]:
    """Return a signature file changed in ways that ssh-keygen lets pass, among others."""
    blob = bytearray(base64.b64decode(b"".join(data.split(b"\n")[1:-2])))
    zero = blob.copy()
    zero[9] = 0  # the version, 1
    text = base64.b64encode(bytes(blob))
    return [
        data + b"\n",
        data + b"remark\n",
        b"\n" + data,
        data.rstrip(b"\n"),
        data.replace(b"\n", b"\r\n"),
        data.replace(b"BEGIN", b"BEGIM"),
        b"-----BEGIN SSH SIGNATURE-----\n" + text + b"\n-----END SSH SIGNATURE-----\n",
        data.replace(text[:60], text[:30] + b" " + text[30:60]),
        data.replace(text[:70], base64.b64encode(bytes(zero))[:70]),
        b"",
        b"\xff",
        b"-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n",
        data * 400,
    ]


@pytest.mark.parametrize("number", range(13))
def test_a_signature_has_one_form_only(signature: Signature, number: int) -> None:
    """Whatever is added around the armour, wrapped otherwise or put into an unsigned field, the file is refused."""
    changed = changes(signature.data)[number]
    assert changed != signature.data
    with pytest.raises(IntegrityError):
        parse_signature(changed, "sig")


def check(data: bytes, trust: Trust) -> None:
    """Check a signature file as a verifier does."""
    found = parse_signature(data, "sig")
    verify(DATA, found, principal="archive@demo", namespace=CHECKPOINT, trust=trust, at=AT, file="sig")


def test_no_flipped_bit_goes_unnoticed(trust: Trust, signature: Signature) -> None:
    """Of 300 flips of one bit in a signature file each is refused, by its form or by ssh-keygen."""
    source = random.Random(20261121)  # noqa: S311 - the same flips each run
    for at in source.sample(range(len(signature.data) * 8), 300):
        flipped = bytearray(signature.data)
        flipped[at // 8] ^= 1 << at % 8
        with pytest.raises((IntegrityError, CheckFailed)):
            check(bytes(flipped), trust)


def test_a_missing_key_is_said(tmp_path: Path) -> None:
    """A key that is not there ends in a message that names it."""
    i18n.use("en")
    with pytest.raises(UsageError, match=r"There is no key “.*nobody”"):
        sign(DATA, tmp_path / "nobody", CHECKPOINT)


def test_a_file_that_is_no_key_is_said(tmp_path: Path) -> None:
    """A file that is no key ends in a message that names it and gives ssh-keygen's reason."""
    i18n.use("en")
    (tmp_path / "key").write_text("no key\n")
    (tmp_path / "key").chmod(0o600)
    with pytest.raises(UsageError, match="cannot sign: ssh-keygen says"):
        sign(DATA, tmp_path / "key", CHECKPOINT)


def test_a_missing_program_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: dict[str, Path]) -> None:
    """Without OpenSSH the message names the package to install."""
    i18n.use("en")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=r"ssh-keygen is needed and not there\. Install the package openssh-client\."):
        sign(DATA, keys["operator"], CHECKPOINT)


def test_a_program_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that does not end is stopped and named."""
    i18n.use("en")
    program = tmp_path / "sleeper"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(UsageError, match=r"sleeper did not end within 0\.2 seconds"):
        tools.run(["sleeper"], timeout=0.2)


def test_a_program_that_cannot_be_started_is_said(tmp_path: Path) -> None:
    """A file that is no program is named with the system's reason."""
    i18n.use("en")
    program = tmp_path / "empty"
    program.write_bytes(b"\x7fELF")
    program.chmod(0o755)
    with pytest.raises(UsageError, match=r"cannot be started: Exec format error"):
        tools.run([str(program)])


def test_trust_is_what_the_folder_holds(tmp_path: Path) -> None:
    """A folder without allowed_signers trusts nobody; a revocation list counts as soon as it is there."""
    assert Trust.of(tmp_path) is None
    (tmp_path / "allowed_signers").touch()
    assert Trust.of(tmp_path) == Trust(tmp_path / "allowed_signers")
    (tmp_path / "revoked.krl").write_text("x\n")
    with pytest.raises(InputError, match=r"revoked\.krl"):
        Trust.of(tmp_path)
    key = make_key(tmp_path, "old")
    shutil.copy(key.with_name("old.pub"), tmp_path / "revoked.krl")
    assert Trust.of(tmp_path) == Trust(tmp_path / "allowed_signers", tmp_path / "revoked.krl")
