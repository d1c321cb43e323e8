"""Entering steps: all or none, on the disk, in turn; and into the archive, piece by piece."""

from __future__ import annotations

import datetime as dt
import errno
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from archives import make_archive
from programmes import draft, shipped

from greenmine.archive.layout import Archive
from greenmine.archive.pins import Pins
from greenmine.archive.recover import recover
from greenmine.archive.registers import journal_path
from greenmine.archive.store import Store
from greenmine.archive.verify import verify
from greenmine.errors import ArchiveError, IntegrityError, JournalError, UsageError
from greenmine.files import sha256_hex
from greenmine.programme.events import make_line, read_events
from greenmine.programme.recording import open_register, record, seal_register

NATIONAL = shipped("national-2024")
NOW = dt.datetime(2026, 11, 21, 9, tzinfo=dt.UTC)


def put(archive: Archive, mine: str, *steps: tuple[str, str], at: dt.datetime = NOW) -> int:
    drafts = [draft(NATIONAL, f"mine/{mine}", *step) for step in steps]
    return len(record(archive, NATIONAL, drafts, by="登记员", time=at))


def test_what_is_entered_is_read_again(tmp_path: Path) -> None:
    """Events come back as they were acknowledged, and a later time is never before an earlier one."""
    archive = make_archive(tmp_path)
    first = record(archive, NATIONAL, [draft(NATIONAL, "mine/A", "apply", "2024-05-06")], by="甲", time=NOW)
    put(archive, "B", ("apply", "2024-05-06"), at=NOW - dt.timedelta(days=1))
    opened = open_register(archive, NATIONAL)
    assert first[0] == opened.events[0]
    assert ["2026-11-21T09:00:00Z"] * 2 == [event.time for event in opened.events]
    assert {"mine/A": "applied", "mine/B": "applied"} == {
        name: one.state for name, one in opened.register.records.items()
    }


def test_of_several_steps_all_are_entered_or_none(tmp_path: Path) -> None:
    """The second step breaks a rule, so the first is not entered either; the message names step and clause."""
    archive = make_archive(tmp_path)
    with pytest.raises(JournalError, match=r"evaluate.*三（八）"):
        put(archive, "A", ("apply", "2024-05-06"), ("evaluate", "2024-05-07"))
    assert () == open_register(archive, NATIONAL).events


def test_the_day_that_has_come_is_that_in_china(tmp_path: Path) -> None:
    """八（十六）: draws are dated in China; from 16:00 UTC on it is the next day there, not before."""
    archive = make_archive(tmp_path)
    late = dt.datetime(2026, 11, 21, 16, tzinfo=dt.UTC)
    with pytest.raises(JournalError, match="2026-11-22"):
        put(archive, "A", ("apply", "2026-11-22"), at=late - dt.timedelta(minutes=1))
    assert 1 == put(archive, "A", ("apply", "2026-11-22"), at=late)


def test_a_step_of_a_day_to_come_is_not_entered(tmp_path: Path) -> None:
    """What is entered was done; tomorrow's steps, and years mistyped, are refused."""
    archive = make_archive(tmp_path)
    assert 1 == put(archive, "A", ("apply", "2026-11-21"))
    for day in ("2026-11-22", "2062-05-06"):
        with pytest.raises(JournalError, match=day):
            put(archive, "B", ("apply", day))


class FullDisk(Store):
    """Takes some bytes and no more."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, handle: int, data: bytes | memoryview, offset: int) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = super().write(handle, data[: self.room], offset)
        self.room -= taken
        return taken


@pytest.mark.parametrize("room", [0, 1, 300, 500])
def test_a_full_disk_leaves_the_register_as_it_was(tmp_path: Path, room: int) -> None:
    """Half a line, or one of two lines, is taken back; the next attempt succeeds."""
    archive = make_archive(tmp_path)
    put(archive, "A", ("apply", "2024-05-06"))
    before = journal_path(archive.root, NATIONAL.id).read_bytes()
    with pytest.raises(ArchiveError):
        put(Archive(tmp_path, FullDisk(room)), "B", ("apply", "2024-05-06"), ("review", "2024-05-07"))
    assert before == journal_path(archive.root, NATIONAL.id).read_bytes()
    assert 2 == put(archive, "B", ("apply", "2024-05-06"), ("review", "2024-05-07"))


def test_what_a_crash_left_is_cut_off_by_the_next_who_enters(tmp_path: Path) -> None:
    """The torn line was never acknowledged."""
    archive = make_archive(tmp_path)
    put(archive, "A", ("apply", "2024-05-06"))
    with journal_path(archive.root, NATIONAL.id).open("ab") as stream:
        stream.write(b'{"by":"x","dat')
    put(archive, "B", ("apply", "2024-05-06"))
    assert 2 == len(read_events(journal_path(archive.root, NATIONAL.id), NATIONAL.id))


def test_what_is_entered_together_is_cut_off_together(tmp_path: Path) -> None:
    """A crash in the middle of three steps leaves none of them, and the next who enters goes on from before."""
    archive = make_archive(tmp_path)
    put(archive, "A", ("apply", "2024-05-06"))
    path = journal_path(archive.root, NATIONAL.id)
    before = path.read_bytes()
    put(archive, "B", ("apply", "2024-05-06"), ("review", "2024-05-07"), ("entrust", "2024-05-08"))
    whole = path.read_bytes()
    ends = [number for number, byte in enumerate(whole, 1) if byte == ord("\n")]
    for end in (*ends[1:3], ends[1] + 5, ends[2] + 5):
        path.write_bytes(whole[:end])
        assert ["mine/A"] == [one.subject for one in read_events(path, NATIONAL.id)]
    assert 1 == put(archive, "C", ("apply", "2024-05-06"))
    assert path.read_bytes().startswith(before)
    assert ["mine/A", "mine/C"] == [one.subject for one in read_events(path, NATIONAL.id)]


def test_a_line_put_among_those_entered_together_is_told(tmp_path: Path) -> None:
    """Each says how many more follow; a chain that was made anew around a gap does not fit."""
    archive = make_archive(tmp_path)
    put(archive, "B", ("apply", "2024-05-06"), ("review", "2024-05-07"), ("entrust", "2024-05-08"))
    path = journal_path(archive.root, NATIONAL.id)
    first = path.read_bytes().splitlines(keepends=True)[0]
    step = draft(NATIONAL, "mine/X", "apply", "2024-05-09")
    more = make_line(step, 2, sha256_hex(first.rstrip(b"\n")), "2026-11-21T09:00:00Z", "x")
    path.write_bytes(first + more + b"\n")
    with pytest.raises(IntegrityError, match="more"):
        read_events(path, NATIONAL.id)


def test_many_enter_at_once_and_each_in_turn(tmp_path: Path) -> None:
    """Threads of this process and another process: every step is there once, the chain holds."""
    archive = make_archive(tmp_path)
    script = (
        "import sys, datetime as dt; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path; from programmes import draft, shipped\n"
        "from greenmine.archive.layout import Archive; from greenmine.programme.recording import record\n"
        "p = shipped('national-2024'); a = Archive.open(Path(sys.argv[2]))\n"
        "for n in range(20):\n"
        "    record(a, p, [draft(p, f'mine/X{n}', 'apply', '2024-05-06')], by='x', time=dt.datetime.now(dt.UTC))\n"
    )
    support = Path(__file__).parents[1] / "support"
    with subprocess.Popen([sys.executable, "-c", script, str(support), str(tmp_path)]) as other:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: put(archive, f"M{n}", ("apply", "2024-05-06")), range(20)))
        assert 0 == other.wait()
    assert {f"mine/{k}{n}" for k in "XM" for n in range(20)} == set(open_register(archive, NATIONAL).register.records)


def test_a_register_goes_into_the_archive_piece_by_piece(tmp_path: Path) -> None:
    """Each piece follows the one before it; nothing new makes no piece; the archive verifies."""
    archive = make_archive(tmp_path)
    with pytest.raises(UsageError):
        seal_register(archive, NATIONAL, NOW)
    put(archive, "A", ("apply", "2024-05-06"))
    first = seal_register(archive, NATIONAL, NOW)
    assert seal_register(archive, NATIONAL, NOW) is None
    put(archive, "A", ("review", "2024-05-07"), ("entrust", "2024-05-08"))
    second = seal_register(archive, NATIONAL, NOW)
    assert first is not None
    assert second is not None
    assert ["bags/register/national-2024/r1", "bags/register/national-2024/r2"] == [first.path, second.path]
    pieces = [(archive.place(one.path) / "data" / "events.jsonl").read_bytes() for one in (first, second)]
    assert b"".join(pieces) == journal_path(archive.root, NATIONAL.id).read_bytes()
    assert 3 == open_register(archive, NATIONAL).sealed
    assert () == verify(archive, Pins.of(archive.trust, own=True)).failures


def test_a_journal_that_was_shortened_after_sealing_is_refused(tmp_path: Path) -> None:
    """A chain cannot show that whole lines are missing at its end; the archive can."""
    archive = make_archive(tmp_path)
    put(archive, "A", ("apply", "2024-05-06"), ("review", "2024-05-07"))
    seal_register(archive, NATIONAL, NOW)
    path = journal_path(archive.root, NATIONAL.id)
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    for attempt in (
        lambda: open_register(archive, NATIONAL),
        lambda: put(archive, "B", ("apply", "2024-05-06")),
        lambda: seal_register(archive, NATIONAL, NOW),
    ):
        with pytest.raises(IntegrityError, match="register/national-2024/r1"):
            attempt()


def test_a_line_edited_after_sealing_is_told_as_that(tmp_path: Path) -> None:
    """Also where it is malformed now; such a line that was never sealed is bad input, as from any other hand."""
    archive = make_archive(tmp_path)
    put(archive, "A", ("apply", "2024-05-06"), ("review", "2024-05-07"))
    seal_register(archive, NATIONAL, NOW)
    path = journal_path(archive.root, NATIONAL.id)
    good = path.read_bytes()
    path.write_bytes(good + b"typed by hand\n")
    with pytest.raises(JournalError, match="3") as bad:
        open_register(archive, NATIONAL)
    assert 2 == bad.value.exit_status
    for edited in (good.replace(b'"mine/A"', b'"mine/B"', 1), good.replace(b'"by"', b'"By"', 1)):
        path.write_bytes(edited)
        for attempt in (lambda: open_register(archive, NATIONAL), lambda: put(archive, "C", ("apply", "2024-05-06"))):
            with pytest.raises(IntegrityError) as found:
                attempt()
            assert ("events.jsonl", 1) == (Path(found.value.file).name, found.value.exit_status)
        assert edited == path.read_bytes()


def test_a_piece_that_was_changed_is_told_by_whoever_reads_the_register(tmp_path: Path) -> None:
    """The file in the bag is named, not the journal, which is as it was."""
    archive = make_archive(tmp_path)
    put(archive, "A", ("apply", "2024-05-06"))
    sealed = seal_register(archive, NATIONAL, NOW)
    assert sealed is not None
    piece = archive.place(sealed.path) / "data" / "events.jsonl"
    piece.chmod(0o644)
    piece.write_bytes(piece.read_bytes().replace(b"mine/A", b"mine/B"))
    with pytest.raises(IntegrityError, match=r"register/national-2024/r1/data/events\.jsonl"):
        open_register(archive, NATIONAL)


def test_a_piece_that_is_not_in_the_ledger_after_a_crash_is_entered_by_recovery(tmp_path: Path) -> None:
    """The bag was moved to its place, and the machine stopped before the ledger was written."""
    archive = make_archive(tmp_path)
    put(archive, "A", ("apply", "2024-05-06"))
    seal_register(archive, NATIONAL, NOW)
    put(archive, "A", ("review", "2024-05-07"))
    ledger = archive.ledger.read_bytes()
    seal_register(archive, NATIONAL, NOW)
    archive.ledger.write_bytes(ledger)
    recover(archive)
    assert 2 == open_register(archive, NATIONAL).sealed
