"""The allowed_signers file: read, written, refused."""

from __future__ import annotations

import datetime as dt
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keys import make_key, public

from greenmine import i18n
from greenmine.archive.signers import (
    NAMESPACES,
    PRINCIPAL,
    PublicKey,
    Signer,
    format_time,
    parse_public_key,
    parse_signers,
    read_public_key,
    read_signers,
)
from greenmine.errors import InputError

BLOB = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32)
KEY = PublicKey("ssh-ed25519", BLOB)
TIMES = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001 - hypothesis adds the zone

signers = st.builds(
    Signer,
    principals=st.lists(st.from_regex(PRINCIPAL, fullmatch=True), min_size=1, max_size=3).map(tuple),
    key=st.sampled_from([KEY, PublicKey("ssh-ed25519", BLOB, "演示 comment")]),
    namespaces=st.lists(st.sampled_from(NAMESPACES), unique=True, max_size=4).map(tuple),
    valid_after=st.none() | TIMES.map(lambda time: time.replace(microsecond=0)),
    valid_before=st.none() | TIMES.map(lambda time: time.replace(microsecond=0)),
    authority=st.booleans(),
    line=st.just(1),
)


@given(signers)
def test_a_line_written_is_read_again(signer: Signer) -> None:
    """Whatever a line says is read back from its text."""
    assert parse_signers(signer.text, "allowed_signers") == (signer,)


def test_the_fingerprint_is_that_of_ssh_keygen(tmp_path: Path) -> None:
    """A key's fingerprint is the one that `ssh-keygen -l` shows."""
    key = make_key(tmp_path, "key")
    shown = subprocess.run(["ssh-keygen", "-l", "-f", key], capture_output=True, text=True, check=True).stdout
    assert shown.split()[1] == public(key).fingerprint
    assert public(key).comment == "key 演示"


def test_comments_and_empty_lines_are_passed_over(tmp_path: Path) -> None:
    """Only lines with a key are signers, and each knows its number."""
    file = tmp_path / "allowed_signers"
    file.write_text(f"# trusted\n\n  \nE1 {KEY.text}\nE2 cert-authority {KEY.text} x\n", "utf-8")
    assert [(one.principals, one.line, one.authority) for one in read_signers(file)] == [
        (("E1",), 4, False),
        (("E2",), 5, True),
    ]


@pytest.mark.parametrize(
    "line",
    [
        f'E1 namespaces="a", valid-before="20270101Z" {KEY.text}',
        f"E1 no-such-option {KEY.text}",
        f'E1 namespaces="a"x {KEY.text}',
        f'E1 namespaces="a {KEY.text}',
        f'E1 valid-after="20261301" {KEY.text}',
        f'E1 valid-before="tomorrow" {KEY.text}',
        f"E1 valid-before {KEY.text}x=",
        "E1",
        "E1 ssh-ed25519",
        "E1 ssh-ed25519 AAAA",
        "E1 ssh-rsa AAAAC3NzaC1lZDI1NTE5",
        "E1 ssh-ed25519 not!base64",
    ],
)
def test_a_line_that_is_none_is_refused(line: str) -> None:
    """A malformed line ends in a message that names the file and the line."""
    i18n.use("en")
    with pytest.raises(InputError, match=r"^allowed_signers, line 2: expected "):
        parse_signers(f"# first\n{line}\n", "allowed_signers")


def test_a_private_key_is_not_taken_for_a_public_one(tmp_path: Path) -> None:
    """Naming the private key by mistake is told, and nothing of the key is shown."""
    i18n.use("en")
    key = make_key(tmp_path, "key")
    with pytest.raises(InputError, match=r"got a private key\. Name the file \*\.pub\.") as refused:
        read_public_key(key)
    assert not any(line in str(refused.value) for line in key.read_text("ascii").splitlines()[1:-1])


def test_a_time_is_written_in_utc() -> None:
    """Times are in UTC and end in Z, so that no machine's zone changes them."""
    time = dt.datetime(2026, 11, 21, 17, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    assert format_time(time) == "20261121090000Z"


def test_validity_begins_and_ends() -> None:
    """A key is valid from valid-after to valid-before, both included as with ssh-keygen; without them always."""
    begin, end = dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    second = dt.timedelta(seconds=1)
    signer = Signer(("E1",), KEY, (), begin, end)
    assert [signer.is_valid(at) for at in (begin - second, begin, end, end + second)] == [False, True, True, False]
    assert Signer(("E1",), KEY).is_valid(begin - second)


def test_a_key_without_namespaces_may_sign_anything() -> None:
    """As with ssh-keygen, a line that names no namespace is trusted for all."""
    assert Signer(("E1",), KEY).may_sign("greenmine-finding")
    assert not Signer(("E1",), KEY, ("greenmine-witness",)).may_sign("greenmine-finding")
    assert parse_public_key(KEY.text, "x") == KEY
