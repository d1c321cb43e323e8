"""The archive as a whole: whatever is done in whatever order, what was acknowledged stays and holds.

And what somebody tampers with on the way is found: copies are damaged, cut off and rewritten, with all that the
operator's key can do, and neither a verification nor the witness takes them for the archive.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from archives import add_entries
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from keys import allow, make_key
from sealing import NOON, make_mine, prepare

from greenmine import i18n
from greenmine.archive.bag import check_payload, read_bag
from greenmine.archive.checkpoint import latest
from greenmine.archive.events import read_events
from greenmine.archive.layout import KINDS, Archive
from greenmine.archive.ledger import Ledger
from greenmine.archive.notary import Operator, make_checkpoint
from greenmine.archive.pins import Pins
from greenmine.archive.record import BagRef
from greenmine.archive.recover import recover
from greenmine.archive.redaction import draft_redaction, redact, removals
from greenmine.archive.seal import current_revision
from greenmine.archive.signers import CHECKPOINT, WITNESS
from greenmine.archive.store import Store
from greenmine.archive.verdicts import Verification
from greenmine.archive.verify import verify
from greenmine.archive.withdrawal import withdraw, withdrawn
from greenmine.archive.witness import read_memory, witness
from greenmine.errors import ArchiveError, IntegrityError

MINES = ("GM-1", "GM-2")
SECRET = "licences/note.txt"  # noqa: S105 - the name of a file
OPERATOR = "archive@demo"
PROVINCE = "province@demo"


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
    """Seal, supersede, crash, tear, redact, withdraw, recover; checkpoint, witness, tamper, truncate."""

    @initialize(grown=st.booleans())
    def begin(self, *, grown: bool) -> None:
        """Begin with an empty archive, or with one that has a record, a checkpoint, and a witness who saw it."""
        i18n.use("en")
        self.folder = Path(tempfile.mkdtemp(prefix="greenmine-"))
        self.archive = Archive.open(self.folder / "reports", create=True)
        for mine in MINES:
            make_mine(self.folder / "evidence", mine)
        self.acknowledged: dict[str, str] = {}
        self.latest: dict[str, BagRef] = {}
        self.number = 0
        keys, trust = self.folder / "keys", self.folder / "pinned"
        signers = trust / "allowed_signers"
        allow(signers, OPERATOR, make_key(keys, "operator"), [CHECKPOINT])
        allow(signers, PROVINCE, make_key(keys, "witness"), [WITNESS])
        self.operator = Operator(OPERATOR, keys / "operator")
        self.pins = Pins.of(trust)
        self.memory, self.kept = self.folder / "memory", self.folder / "kept"
        self.copies = 0
        if grown:
            sealed = prepare(self.archive, self._folder(MINES[0])).sealed(self.archive)
            self.acknowledged[sealed.path] = sealed.digest
            self.latest[MINES[0]] = sealed.ref
            self._checkpoint()
            self._witness(self.archive, self.memory)

    def _checkpoint(self) -> None:
        made = make_checkpoint(self.archive, operator=self.operator)
        assert len(Ledger(self.archive).read()) == made.checkpoint.head.entries
        shutil.copyfile(made.folder / "checkpoint", self.kept)

    def _witness(self, archive: Archive, memory: Path) -> None:
        key = self.folder / "keys" / "witness"
        witness(archive.root, name=PROVINCE, key=key, memory=memory, first=not memory.exists())

    def _verified(self, archive: Archive) -> Verification:
        """Verify all of an archive, against the checkpoint that an auditor kept if there is one."""
        return verify(archive, self.pins, kept=self.kept if self.kept.exists() else None, workers=1)

    @contextmanager
    def _copy(self) -> Iterator[Archive]:
        """Make a copy that holds and may be written to: one in which a recovery has dealt with what crashes left."""
        self.copies += 1
        root = self.folder / f"copy-{self.copies}"
        shutil.copytree(self.archive.root, root)
        for path in root.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        copy = Archive(root)
        recover(copy, lambda: NOON)
        assert () == self._verified(copy).failures
        yield copy
        shutil.rmtree(root)

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

    @precondition(lambda self: self.latest)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        """Withdraw a mine's record, unless it is withdrawn; what is sealed next supersedes it."""
        ref = self.latest[data.draw(st.sampled_from(sorted(self.latest)))]
        if ref.tagmanifest not in withdrawn(Ledger(self.archive).read()):
            sealed = withdraw(self.archive, ref.bag, reason="决定", by="甲", on=NOON)
            self.acknowledged[sealed.path] = sealed.digest

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

    @precondition(lambda self: self.latest)
    @rule(at=st.none() | st.integers(0, 14))
    def checkpoint(self, at: int | None) -> None:
        """The operator signs how far the ledger is, and gives it to an auditor; or dies on the way."""
        if at is None:
            self._checkpoint()
            return
        child = os.fork()
        if not child:
            try:
                make_checkpoint(Archive(self.archive.root, Dying(at)), operator=self.operator)
            finally:
                os._exit(0)
        os.waitpid(child, 0)

    @rule()
    def witness(self) -> None:
        """A witness signs the last checkpoint, whatever was done since it looked last, and remembers it."""
        last = latest(self.archive.root)
        if last is None or PROVINCE in last.witnesses:
            return
        self._witness(self.archive, self.memory)
        seen = read_memory(self.memory)
        assert seen is not None
        assert (last.checkpoint.head.size, last.checkpoint.head.sha256) == (seen.size, seen.sha256)

    @precondition(lambda self: self.latest)
    @rule(kind=st.sampled_from(["flip", "remove", "add", "cut"]), data=st.data())
    def tamper(self, kind: str, data: st.DataObject) -> None:
        """A bit flipped, a file removed or added, a ledger cut short: in a copy it is found, wherever it is."""
        with self._copy() as copy:
            places = [copy.ledger, *copy.bags.rglob("*"), *copy.checkpoints.rglob("*")]
            files = sorted(path for path in places if path.is_file())
            if kind == "remove":  # that a witness has signed is told by its signature alone
                files = [path for path in files if not path.name.startswith("witness-")]
            path = copy.ledger if kind == "cut" else data.draw(st.sampled_from(files))
            content = path.read_bytes()
            if kind == "remove":
                path.unlink()
            elif kind == "add" and path != copy.ledger:
                path.with_name("added.txt").write_bytes(b"")
            elif kind == "flip" and content:
                bit = data.draw(st.integers(0, len(content) * 8 - 1))
                changed = bytearray(content)
                changed[bit // 8] ^= 1 << bit % 8
                path.write_bytes(changed)
            elif content:
                path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
            else:
                path.write_bytes(b"x")
            assert not self._verified(copy).holds

    @precondition(lambda self: self.latest)
    @rule(forked=st.booleans(), data=st.data())
    def truncate(self, *, forked: bool, data: st.DataObject) -> None:
        """The operator takes the last records back, perhaps enters others, and signs that: who kept anything sees it.

        Bags and checkpoints go with the lines, so that what is left says nothing of what is gone.
        """
        entries = Ledger(self.archive).read()
        told = int(self.kept.read_bytes().split(b"\n")[1]) if self.kept.exists() else 0
        remembered = read_memory(self.memory)
        seen = self.archive.ledger.read_bytes()[: remembered.size].count(b"\n") if remembered else 0
        if max(told, seen) < 2:  # one line has to be left
            return
        left = data.draw(st.integers(1, max(told, seen) - 1))
        with self._copy() as copy:
            for entry in Ledger(copy).read()[left:]:
                shutil.rmtree(copy.place(entry.bag))
            copy.ledger.write_bytes(b"".join(entry.line + b"\n" for entry in entries[:left]))
            for folder in copy.checkpoints.iterdir():
                if int(folder.name) > left:
                    shutil.rmtree(folder)
            if forked:
                add_entries(copy, len(entries) - left + 1)
            make_checkpoint(copy, operator=self.operator)
            if left < told:
                assert "checkpoint.kept" in {one.check for one in self._verified(copy).failures}
            if left < seen:
                before = self.memory.read_bytes()
                with pytest.raises(IntegrityError, match="as you saw it"):
                    self._witness(copy, self.memory)
                assert before == self.memory.read_bytes()

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
            assert () == self._verified(self.archive).failures
        for mine, ref in self.latest.items():
            found = current_revision(self.archive, mine, "2026-self")
            assert found is not None
            assert int(found.bag.rpartition("r")[2]) >= int(ref.bag.rpartition("r")[2])
        shutil.rmtree(self.folder)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=24, stateful_step_count=14)
