"""Time stamps by the real openssl, from an authority made for the test."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest
from authority import TestAuthority

from greenmine import i18n
from greenmine.archive import tools
from greenmine.archive.timestamp import MAX_REPLY, Authority, read_stamp, request_stamp, verify_stamp
from greenmine.errors import CheckFailed, UsageError

DATA = b"-----BEGIN SSH SIGNATURE-----\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    return TestAuthority(tmp_path_factory.mktemp("tsa") / "one")


@pytest.fixture(scope="module")
def stamp(authority: TestAuthority) -> bytes:
    return request_stamp(DATA, Authority(command=authority.command), authority.chain)


def printer(data: str) -> Authority:
    """Return an authority that answers each query with the same bytes."""
    return Authority(command=(sys.executable, "-c", f"import sys; sys.stdout.buffer.write({data})"))


def test_an_authority_is_asked_over_http(authority: TestAuthority) -> None:
    """A stamp from an address holds, and says the time now."""
    before = dt.datetime.now(dt.UTC).replace(microsecond=0)
    with authority.serve() as url:
        reply = request_stamp(DATA, Authority(url=url), authority.chain)
    said = verify_stamp(DATA, reply, authority.chain, "tsr")
    assert before <= said.time <= dt.datetime.now(dt.UTC)
    assert said.policy.startswith(("1.2.3.4.1", "tsa_policy1"))
    assert said.serial.startswith("0x")


def test_openssl_itself_accepts_the_stamp(tmp_path: Path, authority: TestAuthority, stamp: bytes) -> None:
    """The stock command of the instructions says OK."""
    (tmp_path / "sig").write_bytes(DATA)
    (tmp_path / "tsr").write_bytes(stamp)
    command = ["openssl", "ts", "-verify", "-data", tmp_path / "sig", "-in", tmp_path / "tsr", "-CAfile"]
    done = subprocess.run([*command, authority.chain], capture_output=True, check=False)
    assert (0, b"Verification: OK\n") == (done.returncode, done.stdout)


def test_a_stamp_is_for_its_bytes_only(authority: TestAuthority, stamp: bytes) -> None:
    """A stamp does not hold for other bytes."""
    i18n.use("en")
    with pytest.raises(CheckFailed, match=r"^x\.tsr: the time stamp does not hold: the stamp is for other bytes\.$"):
        verify_stamp(DATA + b"\n", stamp, authority.chain, "x.tsr")


def test_a_stamp_of_another_authority_is_refused(tmp_path: Path, stamp: bytes) -> None:
    """A stamp that does not lead to the pinned certificate does not hold."""
    i18n.use("en")
    other = TestAuthority(tmp_path / "other")
    with pytest.raises(CheckFailed, match="does not lead to one that is trusted"):
        verify_stamp(DATA, stamp, other.chain, "tsr")
    with pytest.raises(UsageError, match="sent no time stamp that holds"):
        request_stamp(DATA, Authority(command=other.command), tmp_path / "one.pem")


def test_a_stamp_outlives_its_certificate(tmp_path: Path) -> None:
    """A stamp is checked as of its own time: it still holds when the authority's certificate has expired since."""
    short = TestAuthority(tmp_path / "short", days=1)
    reply = request_stamp(DATA, Authority(command=short.command), short.chain)
    with tools.files({"data": DATA, "reply": reply}) as folder:
        command = ["openssl", "ts", "-verify", "-data", f"{folder}/data", "-in", f"{folder}/reply", "-CAfile"]
        later = str(int(dt.datetime.now(dt.UTC).timestamp()) + 2 * 86400)
        assert tools.run([*command, str(short.chain), "-attime", later]).status != 0
    verify_stamp(DATA, reply, short.chain, "tsr")


def test_words_around_the_token_do_not_set_the_time(authority: TestAuthority, stamp: bytes) -> None:
    """The time is read from the signed token: a status text that pretends another one is not listened to."""
    text = b"x\nTime stamp: Jan  1 00:00:00 2001 GMT\n"
    status = b"\x02\x01\x00" + b"\x30" + bytes([len(text) + 2]) + b"\x0c" + bytes([len(text)]) + text
    token = stamp[9:]  # behind the headers of the reply and its status
    inner = b"\x30" + bytes([len(status)]) + status + token
    changed = b"\x30\x82" + len(inner).to_bytes(2, "big") + inner
    with tools.files({"reply": changed}) as folder:
        shown = tools.run(["openssl", "ts", "-reply", "-in", f"{folder}/reply", "-text"]).output
    assert b"\nTime stamp: Jan  1 00:00:00 2001 GMT\n" in shown
    assert read_stamp(stamp, "tsr") == verify_stamp(DATA, changed, authority.chain, "tsr")


@pytest.mark.parametrize("reply", [b"", b"no stamp", b"\x30\x00", b"\xff" * 100])
def test_what_is_no_stamp_is_refused(authority: TestAuthority, reply: bytes) -> None:
    """Bytes that are no reply end in a message that names the file."""
    i18n.use("en")
    with pytest.raises(CheckFailed, match=r"^x\.tsr is no time stamp: "):
        verify_stamp(DATA, reply, authority.chain, "x.tsr")


def test_a_changed_signature_is_refused(authority: TestAuthority, stamp: bytes) -> None:
    """A flipped bit in the authority's signature, at the end of the stamp, is noticed."""
    with pytest.raises(CheckFailed):
        verify_stamp(DATA, stamp[:-1] + bytes([stamp[-1] ^ 1]), authority.chain, "tsr")


def test_the_answer_to_another_query_is_refused(authority: TestAuthority, stamp: bytes) -> None:
    """An authority that replays an old stamp is found out by the number in the query."""
    i18n.use("en")
    with pytest.raises(UsageError, match="it answers another query"):
        request_stamp(DATA, printer(repr(stamp)), authority.chain)


def test_too_long_an_answer_is_refused(authority: TestAuthority) -> None:
    """An answer larger than any stamp is not read to its end."""
    i18n.use("en")
    with pytest.raises(UsageError, match=f"more than {MAX_REPLY} bytes"):
        request_stamp(DATA, printer(f"b'x' * {MAX_REPLY + 1}"), authority.chain)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Authority(url="http://127.0.0.1:9/"), "cannot be reached: "),
        (Authority(url="file:///etc/passwd"), "expected http:// or https://"),
        (Authority(command=("no-such-program-here",)), "is needed and not there"),
        (Authority(command=(sys.executable, "-c", "raise SystemExit('closed today')")), "closed today"),
    ],
)
def test_an_authority_that_cannot_be_asked_is_said(authority: TestAuthority, asked: Authority, said: str) -> None:
    """Whatever keeps the authority from answering is in the message."""
    i18n.use("en")
    with pytest.raises(UsageError, match=said):
        request_stamp(DATA, asked, authority.chain)


def test_a_wrong_address_is_said(authority: TestAuthority) -> None:
    """An address where no authority answers is named with the server's reason."""
    i18n.use("en")
    with authority.serve() as url, pytest.raises(UsageError, match=r"cannot be reached: “Not Found”"):
        request_stamp(DATA, Authority(url=url + "/nothing"), authority.chain)
