"""Keys: added, ended, revoked; ssh-keygen takes the files as they are."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from archives import make_archive
from keys import make_key, public

from greenmine import i18n
from greenmine.archive.keys import add_signer, end_signer, revoke, revoked_keys, signers
from greenmine.archive.layout import Archive
from greenmine.archive.signature import Trust, parse_signature, sign, verify
from greenmine.archive.signers import CHECKPOINT, FINDING, WITNESS, PublicKey, Signer
from greenmine.errors import CheckFailed, UsageError

BEGIN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
END = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
AT = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("keys")
    return {name: make_key(folder, name) for name in ("E1", "E2")}


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return make_archive(tmp_path / "reports")


def holds(archive: Archive, key: Path, at: dt.datetime = AT) -> bool:
    """Tell whether ssh-keygen accepts a finding that E1 signed with a key."""
    trust = Trust.of(archive.trust)
    assert trust is not None
    signature = parse_signature(sign(b"data", key, FINDING), "sig")
    try:
        verify(b"data", signature, principal="E1@2026@M", namespace=FINDING, trust=trust, at=at, file="sig")
    except CheckFailed:
        return False
    return True


def test_an_added_key_is_believed_while_it_is_valid(archive: Archive, keys: dict[str, Path]) -> None:
    """What is written is what ssh-keygen takes: from the beginning to the end of the key's time."""
    assert signers(archive) == ()
    add_signer(archive, Signer(("E1@2026@M",), public(keys["E1"]), (FINDING,), BEGIN, END))
    assert [False, True, False] == [holds(archive, keys["E1"], at) for at in (BEGIN - SECOND, AT, END + SECOND)]
    assert [("E1@2026@M",)] == [one.principals for one in signers(archive)]


def test_lines_written_by_hand_stay(archive: Archive, keys: dict[str, Path]) -> None:
    """Adding and ending keys leaves comments and other lines as they are."""
    file = archive.trust / "allowed_signers"
    hand = f"# by hand\n\nboss@*  {public(keys['E2']).text} pattern\n"
    file.write_text(hand, "utf-8")
    add_signer(archive, Signer(("E1@2026@M",), public(keys["E1"]), (FINDING,)))
    assert 1 == end_signer(archive, public(keys["E1"]), END)
    assert file.read_text("utf-8").startswith(hand)
    assert [None, END] == [one.valid_before for one in signers(archive)]


def test_an_ended_key_keeps_what_it_signed_before(archive: Archive, keys: dict[str, Path]) -> None:
    """Signatures made before the end count, later ones do not; an earlier end is kept."""
    add_signer(archive, Signer(("E1@2026@M",), public(keys["E1"]), (FINDING,), BEGIN))
    assert 1 == end_signer(archive, public(keys["E1"]), AT)
    assert [True, False] == [holds(archive, keys["E1"], at) for at in (AT, AT + SECOND)]
    assert 0 == end_signer(archive, public(keys["E1"]), END)
    assert [AT] == [one.valid_before for one in signers(archive)]


def test_a_revoked_key_loses_everything(archive: Archive, keys: dict[str, Path]) -> None:
    """A revoked key's signatures do not count whatever their time; another key's do; a second revocation adds to it."""
    for name in ("E1", "E2"):
        add_signer(archive, Signer(("E1@2026@M",), public(keys[name]), (FINDING,)))
    assert revoked_keys(archive) == frozenset()
    revoke(archive, [public(keys["E1"])])
    assert {public(keys["E1"]).fingerprint} == revoked_keys(archive)
    assert [False, True] == [holds(archive, keys[name]) for name in ("E1", "E2")]
    revoke(archive, [public(keys["E2"])])
    assert 2 == len(revoked_keys(archive))


@pytest.mark.parametrize(
    ("principal", "namespaces", "window", "said"),
    [
        ("*", (FINDING,), (None, None), "no name of a signer"),
        ("E1,E2", (FINDING,), (None, None), "no name of a signer"),
        ("-E1", (FINDING,), (None, None), "no name of a signer"),
        ("专家", (FINDING,), (None, None), "no name of a signer"),
        ("E1", (), (None, None), "nothing to be signed"),
        ("E1", ("file",), (None, None), "“file” is nothing to be signed"),
        ("E1", (FINDING,), (None, None), "no name of an expert"),
        ("E1@2026-self", (FINDING,), (None, None), "no name of an expert"),
        ("E1@2026-self@", (WITNESS, FINDING), (None, None), "no name of an expert"),
        ("E1@2026-self@GM-0001@x", (FINDING,), (None, None), "no name of an expert"),
        ("E1@2026@M", (FINDING,), (END, BEGIN), "cannot become invalid before"),
    ],
)
def test_a_line_nobody_could_check_is_not_added(  # noqa: PLR0917 - the parameters of the test
    archive: Archive,
    keys: dict[str, Path],
    principal: str,
    namespaces: tuple[str, ...],
    window: tuple[dt.datetime | None, dt.datetime | None],
    said: str,
) -> None:
    """Patterns, unknown purposes, experts of no panel and times turned round are refused; nothing is written."""
    i18n.use("en")
    with pytest.raises(UsageError, match=said):
        add_signer(archive, Signer((principal,), public(keys["E1"]), namespaces, *window))
    assert not (archive.trust / "allowed_signers").exists()


def test_a_key_is_added_once(archive: Archive, keys: dict[str, Path]) -> None:
    """The same key for the same person a second time is refused with the line; for another person it is not."""
    i18n.use("en")
    add_signer(archive, Signer(("E1@2026@M",), public(keys["E1"]), (FINDING,)))
    with pytest.raises(UsageError, match="of E1@2026@M is there already, in line 1"):
        add_signer(archive, Signer(("E1@2026@M",), public(keys["E1"]), (CHECKPOINT,)))
    add_signer(archive, Signer(("E1@2027@M",), public(keys["E1"]), (FINDING,)))
    assert 2 == len(signers(archive))


def test_a_key_that_is_not_there_cannot_end(archive: Archive, keys: dict[str, Path]) -> None:
    """Ending an unknown key, or one before its beginning, is refused."""
    i18n.use("en")
    with pytest.raises(UsageError, match="is not in allowed_signers"):
        end_signer(archive, public(keys["E1"]), AT)
    add_signer(archive, Signer(("E1@2026@M",), public(keys["E1"]), (FINDING,), AT))
    with pytest.raises(UsageError, match="cannot become invalid before"):
        end_signer(archive, public(keys["E1"]), BEGIN)


def test_a_damaged_revocation_list_is_not_replaced(archive: Archive, keys: dict[str, Path]) -> None:
    """Where the list that is there cannot be read, nothing is written over it."""
    (archive.trust / "revoked.krl").write_bytes(b"SSHKRL\n\0damaged")
    with pytest.raises(UsageError, match="ssh-keygen"):
        revoke(archive, [public(keys["E1"])])
    assert b"SSHKRL\n\0damaged" == (archive.trust / "revoked.krl").read_bytes()


def test_what_is_no_key_cannot_be_revoked(archive: Archive) -> None:
    """ssh-keygen's own no is passed on."""
    with pytest.raises(UsageError, match="ssh-keygen"):
        revoke(archive, [PublicKey("ssh-ed25519", b"\0\0\0\x0bssh-ed25519")])
    assert not (archive.trust / "revoked.krl").exists()
