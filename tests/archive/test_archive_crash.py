"""Crashes: killed writers, power cuts, failing disks. What was acknowledged is there; the ledger always holds."""

from __future__ import annotations

import errno
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from crashes import Tracing, states, write_tree
from sealing import NOON, Parts, make_mine, prepare

from greenmine.archive.bag import check_payload, read_bag
from greenmine.archive.events import read_events
from greenmine.archive.layout import KINDS, Archive, assessment_bag
from greenmine.archive.ledger import Ledger, parse
from greenmine.archive.recover import recover
from greenmine.archive.redaction import draft_redaction, redact, removals
from greenmine.archive.seal import seal_assessment
from greenmine.archive.staging import SealedBag, seal_bag
from greenmine.archive.store import Store
from greenmine.errors import ArchiveError, GreenmineError

ROUNDS = 60
WRITERS = 4

KILLER = """
import os, random, signal, sys, time
from pathlib import Path
from greenmine.archive.layout import Archive, assessment_bag
from greenmine.archive.recover import recover
from greenmine.archive.staging import seal_bag

root, told, rounds, writers = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
chance = random.Random(1)

def work(writer):
    archive = Archive.open(root)
    said = os.open(told, os.O_WRONLY | os.O_APPEND)
    mine = f"GM-{writer}"
    while True:
        bag = assessment_bag(mine, max(archive.revisions(mine), default=0) + 1)
        sealed = seal_bag(archive, bag, lambda b: (b.add("a", os.urandom(3000)), b.add("b/c", bag.encode())) and None)
        os.write(said, f"{sealed.digest} {bag}\\n".encode())

for number in range(rounds):
    children = []
    for writer in range(writers):
        child = os.fork()
        if not child:
            try:
                work(writer)
            finally:
                os._exit(1)
        children.append(child)
    before = os.path.getsize(told)
    while os.path.getsize(told) == before:  # until one of them has sealed a record
        assert not os.waitpid(-1, os.WNOHANG)[0], "a writer gave up"
        time.sleep(0.002)
    time.sleep(chance.uniform(0, 0.1))
    if number % 7 == 3:
        recover(Archive.open(root))  # while everybody is writing
    for child in children:
        os.kill(child, signal.SIGKILL)
    statuses = [os.waitpid(child, 0)[1] for child in children]
    assert all(os.WIFSIGNALED(status) for status in statuses), statuses
"""


def whole(archive: Archive) -> dict[str, str]:
    """Return digest by bag of the ledger, after making sure that each bag it names is whole."""
    found = {}
    taken = removals(archive)
    for entry in parse(archive.ledger.read_bytes()).entries:
        bag = read_bag(archive.place(entry.bag), taken.absent(entry.bag))
        check_payload(bag)
        assert entry.digest == bag.digest
        found[entry.bag] = entry.digest
    return found


def explained(archive: Archive) -> None:
    """Make sure that every bag is in the ledger and everything that was moved away is told."""
    there = {path.relative_to(archive.root).as_posix() for kind in KINDS for path in archive.bags.glob(f"{kind}/*/*")}
    assert there == {entry.bag for entry in Ledger(archive).read()}
    assert [] == list(archive.staging.iterdir())
    told = {event["to"] for event in read_events(archive) if event["event"] == "quarantined"}
    assert {f"quarantine/{path.name}" for path in archive.quarantine.iterdir()} <= told


def test_killed_writers_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """Four writers are killed sixty times in the midst of sealing, now and then during a recovery."""
    archive = Archive.open(tmp_path / "reports", create=True)
    told = tmp_path / "told"
    told.touch()
    subprocess.run([sys.executable, "-c", KILLER, archive.root, told, str(ROUNDS), str(WRITERS)], check=True)
    done = recover(archive, lambda: NOON)
    assert recover(archive, lambda: NOON).idle
    said = [line.split(" ") for line in told.read_text().splitlines()]
    entries = Ledger(archive).read()
    sealed = {entry.bag: entry.digest for entry in entries}
    assert ROUNDS <= len(said)
    assert len(sealed) == len(entries)
    assert [] == [bag for digest, bag in said if sealed.get(bag) != digest]
    assert () == done.missing
    explained(archive)
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "ledger"], cwd=archive.root, check=True)
    whole(archive)


# ---- power cuts ------------------------------------------------------------------------------------------------------


Said = list[tuple[int, str, str]]
"""What was acknowledged: after how many calls, which bag, with what digest."""


def fill(text: str) -> Callable[..., None]:
    return lambda writer: writer.add("a.txt", text.encode()) and None


def seal_two(archive: Archive, said: Callable[[SealedBag], None]) -> None:
    for number in (1, 2):
        said(seal_bag(archive, assessment_bag("GM-2", number), fill(f"record {number}")))


def traced(
    root: Path, work: Callable[[Archive, Callable[[SealedBag], None]], None], deaf: str = ""
) -> tuple[Tracing, Said]:
    store = Tracing(root, deaf)
    said: Said = []
    archive = Archive.open(root, store=store)
    work(archive, lambda sealed: said.append((len(store.calls), sealed.path, sealed.digest)))
    return store, said


def violations(store: Tracing, said: Said, folder: Path) -> Iterator[str]:
    """Yield what does not hold in any state that a power cut at any moment may leave."""
    chance = random.Random(7)  # noqa: S311 - a sample, not a secret
    for moment in reversed(range(len(store.calls) + 1)):
        for tree in states(store, moment, chance):
            root = folder / "cut"
            write_tree(root, tree)
            archive = Archive(root)
            try:
                recover(archive, lambda: NOON)
                found = whole(archive)
                explained(archive)
                for bag, names in removals(archive).files.items():
                    assert not any((root / bag / name).exists() for name in names)
                if not recover(archive, lambda: NOON).idle:
                    yield f"{moment}: a second recovery finds something to do"
                lost = [bag for when, bag, digest in said if when <= moment and found.get(bag) != digest]
                if lost:
                    yield f"{moment}: lost {lost}"
            except (GreenmineError, AssertionError) as problem:
                yield f"{moment}: {problem}"
            shutil.rmtree(root)


@pytest.fixture
def begun(tmp_path: Path) -> Archive:
    """An archive with one sealed bag."""
    archive = Archive.open(tmp_path / "reports", create=True)
    seal_bag(archive, assessment_bag("GM-1", 1), fill("first"))
    return archive


def test_a_power_cut_at_any_moment_of_sealing_loses_nothing_acknowledged(begun: Archive, tmp_path: Path) -> None:
    """In every state the disk may be in, recovery makes the archive whole, and what was acknowledged is there."""
    store, said = traced(begun.root, seal_two)
    assert 2 == len(said)
    assert 40 < len(store.calls)
    assert [] == list(violations(store, said, tmp_path))


@pytest.mark.parametrize("deaf", ["fsync", "sync"])
def test_without_flushing_a_power_cut_does_harm(begun: Archive, tmp_path: Path, deaf: str) -> None:
    """The model notices when files, or folders, are not flushed: so it would notice a flush forgotten."""
    store, said = traced(begun.root, seal_two, deaf)
    assert "" != next(violations(store, said, tmp_path), "")


def test_a_power_cut_during_recovery_does_no_harm(begun: Archive, tmp_path: Path) -> None:
    """Cutting a torn line, entering an orphan and moving a leftover away can be interrupted anywhere."""
    seal_bag(begun, assessment_bag("GM-1", 2), fill("second"))
    first, second = begun.ledger.read_bytes().splitlines(keepends=True)
    begun.ledger.write_bytes(first + second[:50])
    (begun.place(assessment_bag("GM-1", 2)) / "data" / "a.txt").is_file()
    (begun.staging / "left").mkdir()
    kept = parse(first).entries[0]

    def work(archive: Archive, _said: Callable[[SealedBag], None]) -> None:
        recover(archive, lambda: NOON)

    store, _said = traced(begun.root, work)
    assert [] == list(violations(store, [(0, kept.bag, kept.digest)], tmp_path))


def test_a_power_cut_during_a_redaction_removes_all_or_nothing(tmp_path: Path) -> None:
    """Either the redaction is entered and recovery completes the removal, or the evidence is as it was."""
    archive = Archive.open(tmp_path / "reports", create=True)
    mine = make_mine(tmp_path / "evidence")
    parts = prepare(archive, mine)
    names = ["licences/note.txt", "2 设施/人员名单.txt"]
    drafted = draft_redaction(archive, parts.record.evidence.eid, names, reason="决定", by="甲", on=NOON)
    store, said = traced(archive.root, lambda traced, said: said(redact(traced, drafted)))
    assert [] == list(violations(store, said, tmp_path))
    place = archive.place(parts.record.evidence.bag) / "data/files"
    assert [False, False] == [(place / name).exists() for name in names]


# ---- failing disks ---------------------------------------------------------------------------------------------------


class Failing(Store):
    """A disk on which one call fails.

    Args:
        at: the number of the call, from 0.
        torn: whether half of a write is done before it fails.
        lasting: whether every later call fails as well.
    """

    def __init__(self, at: int, *, torn: bool = False, lasting: bool = False) -> None:
        self.at, self.torn, self.lasting, self.count = at, torn, lasting, 0

    def _hit(self) -> bool:
        self.count += 1
        return self.count == self.at + 1 or (self.lasting and self.count > self.at)

    def _fail(self) -> None:
        if self._hit():
            raise OSError(errno.EIO, "Input/output error")

    def open_new(self, path: Path) -> int:
        self._fail()
        return super().open_new(path)

    def write(self, handle: int, data: bytes | memoryview, offset: int) -> int:
        if self._hit():
            if self.torn:
                super().write(handle, bytes(data)[: len(data) // 2], offset)
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(handle, data, offset)

    def fsync(self, handle: int) -> None:
        self._fail()
        super().fsync(handle)

    def truncate(self, handle: int, size: int) -> None:
        self._fail()
        super().truncate(handle, size)

    def mkdir(self, path: Path) -> None:
        self._fail()
        super().mkdir(path)

    def rename(self, source: Path, target: Path) -> None:
        self._fail()
        super().rename(source, target)

    def sync(self, folder: Path) -> None:
        self._fail()
        super().sync(folder)

    def copy_range(self, source: int, target: int, offset: int, count: int) -> int:
        self._fail()
        return super().copy_range(source, target, offset, count)


@pytest.fixture
def prepared(tmp_path: Path) -> tuple[Archive, Path, Parts]:
    """An archive in which evidence and catalog are sealed and the assessment is not yet."""
    archive = Archive.open(tmp_path / "reports", create=True)
    mine = make_mine(tmp_path / "evidence")
    return archive, mine, prepare(archive, mine)


@pytest.mark.parametrize(("torn", "lasting"), [(False, False), (True, False), (True, True)])
def test_whichever_call_fails_the_archive_stays_whole(
    prepared: tuple[Archive, Path, Parts], tmp_path: Path, *, torn: bool, lasting: bool
) -> None:
    """One error in one message; no acknowledged loss, no corrupt ledger; after a recovery sealing goes on."""
    _archive, mine, parts = prepared
    number = failures = 0
    while True:
        root = tmp_path / f"copy{number}"
        shutil.copytree(tmp_path / "reports", root)
        store = Failing(number, torn=torn, lasting=lasting)
        acknowledged = None
        try:
            acknowledged = seal_assessment(Archive(root, store), parts.files, parts.record, parts.journals)
        except ArchiveError:
            failures += 1
        archive = Archive(root)
        found = whole(archive)
        recover(archive, lambda: NOON)
        assert found.items() <= whole(archive).items()
        explained(archive)
        if acknowledged is not None:
            assert acknowledged.digest == found[acknowledged.path]
        if number % 10 == 0:
            assert len(whole(archive)) + 1 == prepare(archive, mine).sealed(archive).entry.number
        shutil.rmtree(root)
        if store.count <= number:
            break
        number += 1
    assert 50 < number == failures


def test_whichever_call_fails_evidence_stays_unsealed_or_whole(tmp_path: Path) -> None:
    """Copying evidence may fail at any call; either it is in the ledger, whole, or it is not."""
    mine = make_mine(tmp_path / "evidence")
    number = 0
    while True:
        root = tmp_path / f"copy{number}"
        Archive.open(root, create=True)
        store = Failing(number)
        try:
            prepare(Archive(root, store), mine)
        except ArchiveError:
            assert store.count > number
        archive = Archive(root)
        whole(archive)
        recover(archive, lambda: NOON)
        explained(archive)
        prepare(archive, mine).sealed(archive)
        assert 3 == len(whole(archive))
        shutil.rmtree(root)
        if store.count <= number:
            break
        number += 1
    assert 40 < number
