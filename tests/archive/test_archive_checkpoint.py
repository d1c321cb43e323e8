"""Checkpoints: one text each, bound to the ledger, to each other and to their folder."""

from __future__ import annotations

import base64
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from archives import ORIGIN, START, add_entries, clock, make_archive
from hypothesis import given
from hypothesis import strategies as st

from greenmine import i18n
from greenmine.archive.checkpoint import (
    FIRST,
    Checkpoint,
    Head,
    check_ledger,
    check_order,
    head_of,
    latest,
    make_sums,
    parse_checkpoint,
    read_checkpoint,
    read_checkpoints,
)
from greenmine.archive.notary import make_checkpoint
from greenmine.errors import IntegrityError

LEDGER = b"".join(b"%064x  bags/assess/GM-%d/r1/tagmanifest-sha256.txt\n" % (at, at) for at in range(5))
TEXT = b"""greenmine/demo
2
kdKFAeE9Tca0vHIZWRqnwjhxrA8L7XxdUfCH1VJ7Nzs=
bytes 2
sha256 9a271f2a916b0b6ee6cecb2426f0b3206ef074578be55d9bc94f6f3fe3ab86aa
prev 0000000000000000000000000000000000000000000000000000000000000000
time 2026-11-21T09:00:00Z
"""

checkpoints = st.builds(
    Checkpoint,
    origin=st.sampled_from(["greenmine/GD", "x", "a-b_c.d/e"]),
    head=st.builds(head_of, st.integers(0, 5).map(lambda count: b"".join(LEDGER.splitlines(keepends=True)[:count]))),
    prev=st.just(FIRST) | st.binary(min_size=32, max_size=32).map(bytes.hex),
    time=st.datetimes().map(lambda time: time.replace(microsecond=0).isoformat() + "Z"),
)


@given(checkpoints)
def test_a_checkpoint_written_is_read_again(checkpoint: Checkpoint) -> None:
    """Whatever a checkpoint says is read back from its text."""
    assert parse_checkpoint(checkpoint.data, "checkpoint") == checkpoint


@given(st.integers(0, len(TEXT) * 8 - 1))
def test_a_changed_bit_is_refused_or_another_checkpoint(at: int) -> None:
    """No two texts are the same checkpoint."""
    changed = bytearray(TEXT)
    changed[at // 8] ^= 1 << at % 8
    try:
        found = parse_checkpoint(bytes(changed), "checkpoint")
    except IntegrityError:
        return
    assert found != parse_checkpoint(TEXT, "checkpoint")
    assert found.data == bytes(changed)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"greenmine/demo", b"greenmine demo"),
        (b"greenmine/demo", b""),
        (b"\n2\n", b"\n02\n"),
        (b"\n2\n", b"\n-2\n"),
        (b"bytes 2", b"bytes  2"),
        (b"Nzs=", b"Nzt="),
        (b"Nzs=", b"Nz=="),
        (b"09:00:00Z", b"09:00:00"),
        (b"11-21", b"13-21"),
        (b"prev ", b"Prev "),
        (b"9a271f", b"9A271F"),
        (b"00Z\n", b"00Z"),
        (b"00Z\n", b"00Z\n\n"),
        (b"\n", b"\r\n"),
        (b"demo", b"\xff"),
    ],
)
def test_a_checkpoint_has_one_form_only(old: bytes, new: bytes) -> None:
    """A text that differs from the form by a blank, a zero or a case is refused, and the file is named."""
    i18n.use("en")
    assert old in TEXT
    with pytest.raises(IntegrityError, match=r"^9/checkpoint: expected the seven lines of a checkpoint"):
        parse_checkpoint(TEXT.replace(old, new), "9/checkpoint")


def test_a_head_says_lines_bytes_and_digest() -> None:
    """A head counts what `wc` counts and digests what `sha256sum` digests."""
    head = head_of(LEDGER)
    assert (5, len(LEDGER)) == (head.entries, head.size)
    summed = subprocess.run(["sha256sum"], input=LEDGER, capture_output=True, check=True).stdout
    assert summed[:64].decode() == head.sha256
    with pytest.raises(ValueError, match="no end"):
        head_of(LEDGER[:-1])


def test_a_ledger_that_goes_on_holds() -> None:
    """Lines after the checkpoint are no matter of the checkpoint."""
    for count in range(6):
        start = b"".join(LEDGER.splitlines(keepends=True)[:count])
        check_ledger(LEDGER + b"torn", head_of(start), "ledger")


@pytest.mark.parametrize(
    "change",
    [
        lambda ledger: ledger[:-1],
        lambda ledger: ledger[:-108],
        lambda ledger: ledger[:0],
        lambda ledger: ledger.replace(b"GM-1", b"GM-7"),
        lambda ledger: b"".join(reversed(ledger.splitlines(keepends=True))),
        lambda ledger: b"0" + ledger,
    ],
)
def test_a_ledger_that_was_changed_is_refused(change: object) -> None:
    """A ledger cut off, edited, reordered or moved no longer begins with what the checkpoint says."""
    i18n.use("en")
    assert callable(change)
    with pytest.raises(IntegrityError, match=r"^ledger: expected .*as at the checkpoint of 5 entries"):
        check_ledger(change(LEDGER), head_of(LEDGER), "ledger")


def test_a_root_or_count_that_does_not_fit_the_digest_is_refused() -> None:
    """A checkpoint whose own numbers contradict each other does not hold for any ledger."""
    i18n.use("en")
    head = head_of(LEDGER)
    for wrong in (
        Head(4, head.root, head.size, head.sha256),
        Head(5, bytes(32), head.size, head.sha256),
    ):
        with pytest.raises(IntegrityError, match="the same with other lines or another root"):
            check_ledger(LEDGER, wrong, "ledger")


def test_a_checkpoint_may_follow_only_what_it_continues() -> None:
    """Another archive, fewer lines or bytes, or an earlier time is not a continuation."""
    i18n.use("en")
    old = Checkpoint("a", head_of(LEDGER), FIRST, "2026-11-21T09:00:00Z")
    check_order(old, old, "new")
    half = head_of(b"".join(LEDGER.splitlines(keepends=True)[:3]))
    for new, place in (
        (Checkpoint("b", old.head, FIRST, old.time), "origin"),
        (Checkpoint("a", half, FIRST, old.time), "entries"),
        (Checkpoint("a", Head(6, bytes(32), 10, FIRST), FIRST, old.time), "bytes"),
        (Checkpoint("a", old.head, FIRST, "2026-11-21T08:59:59Z"), "time"),
    ):
        with pytest.raises(IntegrityError, match=f"^new, {place}: expected"):
            check_order(old, new, "new")


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    """An archive with three unsigned checkpoints."""
    archive = make_archive(tmp_path / "reports")
    for _round in range(3):
        add_entries(archive, 2)
        make_checkpoint(archive, clock=clock(START))
    return archive.root


def test_the_chain_can_be_followed_with_stock_tools(chain: Path) -> None:
    """Each checkpoint's prev is what `sha256sum` says of the sums of the one before; the sums check themselves."""
    found = read_checkpoints(chain)
    assert ["000000002", "000000004", "000000006"] == [one.folder.name for one in found]
    assert found[0].checkpoint.prev == FIRST
    for before, after in pairwise(found):
        done = subprocess.run(["sha256sum", before.folder / "checkpoint.sums"], capture_output=True, check=True)
        assert done.stdout[:64].decode() == after.checkpoint.prev
        subprocess.run(["sha256sum", "--strict", "-c", "checkpoint.sums"], cwd=after.folder, check=True, stdout=-3)
    assert ORIGIN == found[0].checkpoint.origin
    assert latest(chain) == found[-1]


@pytest.mark.parametrize("name", ["checkpoint", "checkpoint.sums"])
@pytest.mark.parametrize("entries", [2, 4, 6])
def test_a_changed_file_breaks_the_chain(chain: Path, name: str, entries: int) -> None:
    """One bit changed in any file of any checkpoint is noticed."""
    file = chain / "checkpoints" / f"{entries:09}" / name
    data = bytearray(file.read_bytes())
    data[-9] ^= 1
    file.chmod(0o644)
    file.write_bytes(data)
    with pytest.raises(IntegrityError) as failed:
        read_checkpoints(chain)
    assert file.parent.name in failed.value.file


def test_a_rewritten_checkpoint_is_noticed_by_the_next(chain: Path) -> None:
    """Whoever rewrites a checkpoint together with its sums breaks the chain all the same."""
    i18n.use("en")
    folder = chain / "checkpoints" / "000000004"
    data = (folder / "checkpoint").read_bytes().replace(b"T09:00:00Z", b"T09:00:01Z")
    for name, content in (("checkpoint", data), ("checkpoint.sums", make_sums({"checkpoint": data}))):
        (folder / name).chmod(0o644)
        (folder / name).write_bytes(content)
    assert read_checkpoint(folder).checkpoint.time.endswith("01Z")
    with pytest.raises(IntegrityError, match=r"000000006/checkpoint, prev: expected prev"):
        read_checkpoints(chain)


def test_a_removed_checkpoint_is_noticed(chain: Path) -> None:
    """A gap in the chain is noticed by the one after it."""
    (chain / "checkpoints" / "000000004").rename(chain / "gone")
    with pytest.raises(IntegrityError):
        read_checkpoints(chain)


@pytest.mark.parametrize("name", ["checkpoint.sig", "checkpoint.sig.tsr", "witness-.sig", "notes.txt", ".hidden"])
def test_a_file_that_does_not_belong_is_refused(chain: Path, name: str) -> None:
    """A file that the sums do not list, or of a name no checkpoint has, is refused by name."""
    folder = chain / "checkpoints" / "000000004"
    (folder / name).write_bytes(b"x")
    with pytest.raises(IntegrityError):
        read_checkpoint(folder)


def test_links_and_folders_in_a_checkpoint_are_refused(chain: Path) -> None:
    """Nothing but files lies in a checkpoint."""
    i18n.use("en")
    folder = chain / "checkpoints" / "000000002"
    data = (folder / "checkpoint").read_bytes()
    (folder / "checkpoint").unlink()
    (chain / "elsewhere").write_bytes(data)
    (folder / "checkpoint").symlink_to(chain / "elsewhere")
    with pytest.raises(IntegrityError, match="something that is not a file"):
        read_checkpoint(folder)
    (folder / "checkpoint").unlink()
    with pytest.raises(IntegrityError, match="000000002/checkpoint: expected a file, got no such file"):
        read_checkpoint(folder)


def test_a_checkpoint_in_another_folder_is_refused(chain: Path) -> None:
    """A checkpoint's folder bears its number of entries."""
    folders = chain / "checkpoints"
    (folders / "000000006").rename(folders / "000000007")
    with pytest.raises(IntegrityError):
        latest(chain)
    (folders / "000000007").rename(folders / "last")
    with pytest.raises(IntegrityError):
        latest(chain)


def test_a_file_too_large_is_not_read(chain: Path) -> None:
    """A file of a size that no checkpoint needs is refused before it is read."""
    i18n.use("en")
    folder = chain / "checkpoints" / "000000006"
    (folder / "witness-big.sig").write_bytes(bytes(300_000))
    with pytest.raises(IntegrityError, match="at most 262144 bytes"):
        read_checkpoint(folder)


def test_an_archive_without_checkpoints_has_none(tmp_path: Path) -> None:
    """Where nothing was proven yet there is nothing to read."""
    assert read_checkpoints(tmp_path) == ()
    assert latest(tmp_path) is None


def test_the_first_three_lines_are_a_tlog_checkpoint() -> None:
    """Origin, size and root stand where C2SP tlog-checkpoint wants them; no line is empty."""
    lines = Checkpoint("greenmine/demo", head_of(LEDGER), FIRST, "2026-11-21T09:00:00Z").data.decode().split("\n")
    assert ["greenmine/demo", "5"] == lines[:2]
    assert head_of(LEDGER).root == base64.b64decode(lines[2], validate=True)
    assert all(lines[:-1])
    assert lines[-1] == ""
