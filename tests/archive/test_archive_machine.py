"""The archive as a whole: whatever is done in whatever order, what was acknowledged stays and holds."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sealing import NOON, make_mine, prepare

from greenmine.archive.bag import check_payload, read_bag
from greenmine.archive.events import read_events
from greenmine.archive.layout import KINDS, Archive
from greenmine.archive.ledger import Ledger
from greenmine.archive.record import BagRef
from greenmine.archive.recover import recover
from greenmine.archive.redaction import draft_redaction, redact, removals
from greenmine.archive.seal import current_revision
from greenmine.archive.store import Store
from greenmine.errors import ArchiveError

MINES = ("GM-1", "GM-2")
SECRET = "licences/note.txt"  # noqa: S105 - the name of a file


class Dying(Store):
    """A store whose process ends, as if killed, when it is called for the so-manieth time."""

    def __init__(self, at: int) -> None:
        self.left = at

    def _die(self) -> None:
        self.left -= 1
        if self.left < 0:
            os._exit(9)

    def write(self, handle: int, data: bytes | memoryview, offset: int) -> int:
        if self.left <= 0:
            super().write(handle, bytes(data)[: len(data) // 2], offset)
        self._die()
        return super().write(handle, data, offset)

    def fsync(self, handle: int) -> None:
        self._die()
        super().fsync(handle)

    def sync(self, folder: Path) -> None:
        self._die()
        super().sync(folder)

    def rename(self, source: Path, target: Path) -> None:
        self._die()
        super().rename(source, target)

    def unlink(self, path: Path) -> None:
        self._die()
        super().unlink(path)


class Life(RuleBasedStateMachine):
    """Seal, supersede, crash, tear, redact, recover."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="greenmine-"))
        self.archive = Archive.open(self.folder / "reports", create=True)
        for mine in MINES:
            make_mine(self.folder / "evidence", mine)
        self.acknowledged: dict[str, str] = {}
        self.latest: dict[str, BagRef] = {}
        self.number = 0

    def _folder(self, mine: str) -> Path:
        return self.folder / "evidence" / mine

    def _change(self, mine: str) -> None:
        self.number += 1
        (self._folder(mine) / "licences" / "other.txt").write_text(f"{self.number}", "utf-8")

    @rule(mine=st.sampled_from(MINES), changed=st.booleans())
    def seal(self, mine: str, *, changed: bool) -> None:
        """Seal the next revision; if a crash left one that is not entered, recover first."""
        if changed:
            self._change(mine)
        try:
            sealed = prepare(self.archive, self._folder(mine)).sealed(self.archive)
        except ArchiveError:
            assert not recover(self.archive, lambda: NOON).idle
            sealed = prepare(self.archive, self._folder(mine)).sealed(self.archive)
        self.acknowledged[sealed.path] = sealed.digest
        self.latest[mine] = sealed.ref
        for entry in Ledger(self.archive).read():
            self.acknowledged[entry.bag] = entry.digest

    @rule(mine=st.sampled_from(MINES), at=st.integers(0, 110), changed=st.booleans())
    def crash(self, mine: str, at: int, *, changed: bool) -> None:
        """A process that seals dies on the way."""
        if changed:
            self._change(mine)
        child = os.fork()
        if not child:
            try:
                archive = Archive(self.archive.root, Dying(at))
                prepare(archive, self._folder(mine)).sealed(archive)
            finally:
                os._exit(0)
        os.waitpid(child, 0)

    @precondition(lambda self: self.latest)
    @rule(at=st.integers(0, 40), dies=st.booleans(), data=st.data())
    def redact(self, at: int, *, dies: bool, data: st.DataObject) -> None:
        """Remove a file from the evidence of a mine's record, and from the mine's folder; perhaps die on the way."""
        mine = data.draw(st.sampled_from(sorted(self.latest)))
        path = self._folder(mine) / SECRET
        if not path.exists():
            return
        eid = prepare(self.archive, self._folder(mine)).record.evidence.eid
        path.unlink()
        drafted = draft_redaction(self.archive, eid, [SECRET], reason="决定", by="甲", on=NOON)
        if not dies:
            redact(self.archive, drafted)
            assert not (self.archive.place(drafted.evidence.bag) / "data/files" / SECRET).exists()
            return
        child = os.fork()
        if not child:
            try:
                redact(Archive(self.archive.root, Dying(at)), drafted)
            finally:
                os._exit(0)
        os.waitpid(child, 0)

    @rule(torn=st.binary(min_size=1, max_size=60).filter(lambda data: b"\n" not in data))
    def tear(self, torn: bytes) -> None:
        """Something is left behind the last line of the ledger."""
        with self.archive.ledger.open("ab") as stream:
            stream.write(torn)

    @rule()
    def recover(self) -> None:
        """After a recovery everything is explained, and a second one finds nothing to do."""
        done = recover(self.archive, lambda: NOON)
        assert () == done.missing == done.busy
        assert recover(self.archive, lambda: NOON).idle
        root = self.archive.root
        there = {path.relative_to(root).as_posix() for kind in KINDS for path in (root / "bags").glob(f"{kind}/*/*")}
        assert there == {entry.bag for entry in Ledger(self.archive).read()}
        assert [] == list(self.archive.staging.iterdir())
        told = {event["to"] for event in read_events(self.archive) if event["event"] == "quarantined"}
        assert {f"quarantine/{path.name}" for path in self.archive.quarantine.iterdir()} <= told
        for bag, names in removals(self.archive).files.items():
            assert not any((self.archive.place(bag) / name).exists() for name in names)

    @invariant()
    def what_was_acknowledged_holds(self) -> None:
        """Every acknowledged bag is in the ledger once, and every bag in the ledger is whole."""
        if not hasattr(self, "archive"):
            return
        entries = Ledger(self.archive).read()
        assert self.acknowledged.items() <= {entry.bag: entry.digest for entry in entries}.items()
        taken = removals(self.archive)
        for entry in entries:
            bag = read_bag(self.archive.place(entry.bag), taken.absent(entry.bag))
            check_payload(bag)
            assert entry.digest == bag.digest

    def teardown(self) -> None:
        if not hasattr(self, "archive"):
            return
        recover(self.archive, lambda: NOON)
        if Ledger(self.archive).read():
            command = ["sha256sum", "--check", "--strict", "--quiet", "ledger"]
            subprocess.run(command, cwd=self.archive.root, check=True)
        for mine, ref in self.latest.items():
            found = current_revision(self.archive, mine, "2026-self")
            assert found is not None
            assert int(found.bag.rpartition("r")[2]) >= int(ref.bag.rpartition("r")[2])
        shutil.rmtree(self.folder)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=20, stateful_step_count=12)
