"""Writing a journal: what is acknowledged is on disk, also when the process is killed or the disk is full."""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from assessments import ASSESSMENT, MINE, START, journal_of, make_assessment, make_mine, ticking, write

from greenmine import i18n
from greenmine.assessment import writer as writer_module
from greenmine.assessment.journal import MAX_LINE, read_journal
from greenmine.assessment.writer import JournalWriter
from greenmine.errors import JournalError

MET: dict[str, Any] = {"facts": {"met": True}}

ROUNDS = 20
"""How often a writer is killed."""

KILLED_WRITER = """
    import sys
    from pathlib import Path
    from greenmine.assessment.writer import JournalWriter
    path, person, seed = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    with JournalWriter(path, "GM-0009", "2026-selection", person) as journal:
        for number in range(100_000):
            text = "记" * (1 + (number * 977 + seed * 131) % 3000)
            entry = journal.append(person, f"indicator/{number % 49 + 1}", {"justification": text})
            sys.stdout.write(f"{entry.seq} {entry.digest}\\n")
            sys.stdout.flush()
"""

LIMITED_WRITER = """
    import json, resource, sys
    from pathlib import Path
    from greenmine.assessment.writer import JournalWriter
    from greenmine.errors import JournalError
    path = Path(sys.argv[1])
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    with JournalWriter(path, "GM-0009", "2026-selection", "E1") as journal:
        first = journal.append("E1", "indicator/1", {"justification": "有空间"}).seq
        before = path.read_bytes()
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 300, hard))
        try:
            journal.append("E1", "indicator/2", {"justification": "满" * 1000})
            message = ""
        except JournalError as problem:
            message = str(problem)
        same = path.read_bytes() == before
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        second = journal.append("E1", "indicator/2", {"justification": "又有空间"}).seq
    print(json.dumps({"first": first, "message": message, "same": same, "second": second}))
"""

FORKING_WRITER = """
    import os, sys
    from pathlib import Path
    from greenmine.assessment.writer import JournalWriter
    from greenmine.errors import JournalError
    with JournalWriter(Path(sys.argv[1]), "GM-0009", "2026-selection", "E1") as journal:
        child = os.fork()
        if not child:
            try:
                journal.append("E1", "indicator/1", {"justification": "二"})
            except JournalError:
                print("child: refused", flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        print("parent:", journal.append("E1", "indicator/1", {"justification": "一"}).seq)
"""


@pytest.fixture(autouse=True)
def _english(_language: None) -> None:
    i18n.use("en")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_assessment(make_mine(tmp_path))


def opened(folder: Path, person: str = "E1", **options: Any) -> JournalWriter:
    return JournalWriter(journal_of(folder, person), MINE, ASSESSMENT, person, **options)


def seqs(folder: Path, person: str = "E1") -> list[int]:
    return [entry.seq for entry in read_journal(journal_of(folder, person), MINE, ASSESSMENT, person)]


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class TestAppending:
    """One entry after the other."""

    def test_what_is_returned_is_what_is_on_disk(self, folder: Path) -> None:
        """An entry comes back only once another reader finds the same in the file."""
        with opened(folder, clock=ticking()) as journal:
            for number in range(1, 4):
                entry = journal.append("E1", f"indicator/{number}", MET)
                assert entry == read_journal(journal.path, MINE, ASSESSMENT, "E1")[-1]
                assert entry == journal.last
        assert [1, 2, 3] == seqs(folder)

    def test_each_line_is_flushed_and_so_is_the_folder_at_first(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Before `append` returns, the file was flushed with the line in it; the name was flushed before that."""
        flushed: list[tuple[int, int]] = []
        flush = os.fsync

        def watched(handle: int) -> None:
            flush(handle)
            status = os.fstat(handle)
            flushed.append((status.st_ino, status.st_size))

        monkeypatch.setattr(os, "fsync", watched)
        with opened(folder) as journal:
            at_first = {inode for inode, _size in flushed}
            flushed.clear()
            journal.append("E1", "indicator/1", MET)
            status = journal.path.stat()
            assert [(status.st_ino, status.st_size)] == flushed
        assert {path.stat().st_ino for path in (folder, folder / "journal", journal.path)} == at_first

    def test_a_journal_goes_on_where_it_ended(self, folder: Path) -> None:
        """Opening it again continues number and chain."""
        for number in range(3):
            write(folder, "E1", [("E1", "indicator/1", MET)], START + dt.timedelta(hours=number))
        assert [1, 2, 3] == seqs(folder)

    def test_time_never_goes_back(self, folder: Path) -> None:
        """A clock that was set back cannot put a later entry before an earlier one."""
        times = iter([START, START - dt.timedelta(days=1), START + dt.timedelta(seconds=1)])
        with opened(folder, clock=lambda: next(times)) as journal:
            found = [journal.append("E1", "indicator/1", MET).time for _number in range(3)]
        assert ["2026-06-11T09:00:00Z", "2026-06-11T09:00:00Z", "2026-06-11T09:00:01Z"] == found

    def test_the_default_clock_tells_utc(self, folder: Path) -> None:
        """Without a clock of its own the writer bears the time of the machine."""
        before = dt.datetime.now(dt.UTC)
        with opened(folder) as journal:
            moment = dt.datetime.fromisoformat(journal.append("E1", "indicator/1", MET).time)
        assert before - dt.timedelta(milliseconds=1) <= moment <= dt.datetime.now(dt.UTC)

    def test_tuples_and_floats_are_written_as_lists_and_numbers(self, folder: Path) -> None:
        """What a form hands over is kept as JSON."""
        with opened(folder) as journal:
            entry = journal.append(
                "E1", "indicator/36", {"facts": {"clean_transport_share": 0.1}, "evidence": ("a.pdf",)}
            )
        assert ["a.pdf"] == entry.set["evidence"]
        assert "0.1" == str(entry.set["facts"]["clean_transport_share"])

    @pytest.mark.parametrize(
        ("line", "place"),
        [
            (("E1", "indicator", MET), "card"),
            (("E 1", "indicator/1", MET), "author"),
            (("E1", "indicator/1", {"points": 2}), "set"),
            (("E1", "indicator/1", {}), "set"),
            (("E1", "indicator/1", MET, ("facts",)), "clear"),
            (("E1", "indicator/1", {"resolution": "mean"}), "set/resolution"),
            (("E1", "indicator/1", {"justification": "\ud800"}), "set/justification"),
            (("E1", "indicator/1", {"facts": {"patents": 2**53}}), "set/facts/patents"),
            (
                ("E1", "indicator/1", {"facts": {"clean_transport_share": 0.1 + 2e-17j}}),
                "set/facts/clean_transport_share",
            ),
            (("E1", "indicator/1", {"evidence": ["长" * 1000] * 400}), "set"),
        ],
    )
    def test_a_malformed_entry_is_refused_and_nothing_is_written(
        self, folder: Path, line: tuple[Any, ...], place: str
    ) -> None:
        """The message names the field; the journal stays as it was and can be written on."""
        with opened(folder) as journal:
            journal.append("E1", "indicator/1", MET)
            before = journal.path.read_bytes()
            with pytest.raises(JournalError) as caught:
                journal.append(*line)
            assert (place, before) == (caught.value.place, journal.path.read_bytes())
            assert 2 == journal.append("E1", "indicator/1", MET).seq

    def test_only_members_have_cards_where_they_are_known(self, folder: Path) -> None:
        """Given the panel's ids, an entry for anybody else is refused; the panel itself is an author."""
        with opened(folder, authors={"E1", "E2"}) as journal:
            assert ["E2", "panel"] == [journal.append(who, "indicator/1", MET).author for who in ("E2", "panel")]
            with pytest.raises(JournalError, match="E1, E2, panel"):
                journal.append("E3", "indicator/1", MET)

    def test_a_line_may_not_be_endless(self, folder: Path) -> None:
        """A line that a reader would refuse is not written."""
        with opened(folder) as journal, pytest.raises(JournalError, match=str(MAX_LINE)):
            journal.append("E1", "indicator/1", {"evidence": ["长" * 1000] * 400})

    def test_a_full_journal_is_not_written_on(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The size that a reader accepts is never exceeded."""
        with opened(folder) as journal:
            journal.append("E1", "indicator/1", MET)
            monkeypatch.setattr(writer_module, "MAX_JOURNAL", journal.path.stat().st_size + 100)
            with pytest.raises(JournalError, match="full"):
                journal.append("E1", "indicator/1", MET)
        assert [1] == seqs(folder)

    def test_threads_take_turns(self, folder: Path) -> None:
        """Entries appended from several threads come one after the other."""
        with opened(folder) as journal, ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: journal.append("E1", f"indicator/{number}", MET), range(1, 41)))
        assert list(range(1, 41)) == seqs(folder)


class TestOpening:
    """Who may write, and where."""

    def test_there_is_one_writer(self, folder: Path) -> None:
        """A second writer is refused while the first has the journal open, also from another process."""
        with opened(folder) as journal:
            journal.append("E1", "indicator/1", MET)
            with pytest.raises(JournalError, match="open for writing elsewhere"):
                opened(folder)
            process = start(KILLED_WRITER, journal_of(folder), "E1", 1)
            output, errors = process.communicate()
            assert ("", True) == (output, "JournalError" in errors)
            assert [1] == seqs(folder)
            assert 2 == journal.append("E1", "indicator/1", MET).seq
        with opened(folder) as journal:
            assert 3 == journal.append("E1", "indicator/1", MET).seq

    def test_reading_does_not_lose_the_lock(self, folder: Path) -> None:
        """A reader in the same process opens and closes the file; the writer stays the only one."""
        with opened(folder) as journal:
            journal.append("E1", "indicator/1", MET)
            read_journal(journal.path, MINE, ASSESSMENT, "E1")
            with pytest.raises(JournalError, match="one writer"):
                opened(folder)

    def test_a_writer_that_is_forgotten_lets_go(self, folder: Path) -> None:
        """A writer that nothing refers to any more closes its file."""
        opened(folder).append("E1", "indicator/1", MET)
        with opened(folder) as journal:
            assert 2 == journal.append("E1", "indicator/1", MET).seq

    def test_a_closed_journal_is_not_written(self, folder: Path) -> None:
        """After `close` there is nothing to append to; closing twice does no harm."""
        journal = opened(folder)
        journal.close()
        journal.close()
        with pytest.raises(JournalError, match="Open the journal again"):
            journal.append("E1", "indicator/1", MET)

    def test_a_forked_child_is_not_a_second_writer(self, folder: Path) -> None:
        """A child that inherited the open file can neither write to it nor take the lock away."""
        output, errors = start(FORKING_WRITER, journal_of(folder)).communicate()
        assert ("child: refused\nparent: 1\n", "") == (output, errors)
        assert [1] == seqs(folder)

    @pytest.mark.parametrize("person", ["panel", "E 1", "", "../E1", ".E1"])
    def test_a_person_has_an_id(self, folder: Path, person: str) -> None:
        """A journal is of a member; the panel as a whole types nothing."""
        with pytest.raises(JournalError):
            opened(folder, person)
        assert not (folder / "journal").exists()

    def test_the_file_bears_the_name_of_the_person(self, folder: Path) -> None:
        """A journal under another name would not be found again."""
        with pytest.raises(JournalError, match=r"E1\.jsonl"):
            JournalWriter(journal_of(folder, "E2"), MINE, ASSESSMENT, "E1")

    def test_the_folder_of_the_assessment_must_be_there(self, folder: Path) -> None:
        """A mistyped assessment does not come into being by writing to it."""
        with pytest.raises(JournalError, match="no such folder"):
            opened(folder.with_name("2026-other"))
        assert not folder.with_name("2026-other").exists()

    @pytest.mark.parametrize("name", ["journal/E1.jsonl", "journal", "."])
    def test_links_are_not_followed(self, folder: Path, tmp_path: Path, name: str) -> None:
        """Neither the file nor a folder above it may lead elsewhere: nothing outside is written."""
        outside = tmp_path / "outside"
        (outside / "journal").mkdir(parents=True)
        (outside / "E1.jsonl").touch()
        link, target = folder / name, outside
        if name == "journal/E1.jsonl":
            link.parent.mkdir()
            target = outside / "E1.jsonl"
        elif name == ".":
            link = folder.with_name("2026-linked")
        link.symlink_to(target)
        with pytest.raises(JournalError, match="symbolic link"):
            opened(link if name == "." else folder)
        assert b"" == (outside / "E1.jsonl").read_bytes()
        assert [] == list((outside / "journal").iterdir())

    def test_a_hard_link_is_not_written(self, folder: Path, tmp_path: Path) -> None:
        """A file that has another name elsewhere would be changed there too."""
        path = write(folder, "E1", [("E1", "indicator/1", MET)])
        (tmp_path / "copy").hardlink_to(path)
        with pytest.raises(JournalError, match="hard link"):
            opened(folder)

    def test_what_is_no_file_is_not_opened(self, folder: Path) -> None:
        """A pipe in the place of a journal makes nobody wait; a file in the place of its folder is named."""
        (folder / "journal").mkdir()
        os.mkfifo(journal_of(folder))
        with pytest.raises(JournalError, match="ordinary file"):
            opened(folder)
        journal_of(folder).unlink()
        (folder / "journal").rmdir()
        (folder / "journal").write_text("x")
        with pytest.raises(JournalError, match="can be written"):
            opened(folder)

    def test_a_journal_whose_chain_does_not_hold_is_refused(self, folder: Path) -> None:
        """Nothing is added to a journal that was tampered with, and nothing of it is changed."""
        path = write(folder, "E1", [("E1", "indicator/1", MET), ("E1", "indicator/2", MET), ("E1", "indicator/3", MET)])
        edited = path.read_bytes().replace(b"indicator/1", b"indicator/9")
        path.write_bytes(edited)
        with pytest.raises(JournalError, match="line 1"):
            opened(folder)
        assert edited == path.read_bytes()

    def test_a_journal_of_another_mine_is_refused(self, folder: Path, tmp_path: Path) -> None:
        """A copied folder does not carry its journals into another mine."""
        path = write(folder, "E1", [("E1", "indicator/1", MET)])
        other = make_assessment(make_mine(tmp_path, "GM-0010"))
        (other / "journal").mkdir()
        journal_of(other).write_bytes(path.read_bytes())
        with pytest.raises(JournalError, match="GM-0010"):
            JournalWriter(journal_of(other), "GM-0010", ASSESSMENT, "E1")


class TestCrash:
    """What is left after the worst moment."""

    def test_a_line_torn_at_any_place_is_cut_off_before_the_next(self, folder: Path) -> None:
        """However much of the last line is there, the journal goes on behind the line before it."""
        path = write(folder, "E1", [("E1", "indicator/1", MET), ("E1", "indicator/2", {"justification": "破损两处"})])
        whole = path.read_bytes()
        begin = whole.index(b"\n") + 1
        for end in range(begin, len(whole)):
            path.write_bytes(whole[:end])
            with opened(folder, clock=ticking()) as journal:
                if end < len(whole) - 1:
                    assert whole[:begin] == path.read_bytes()
                else:
                    assert whole == path.read_bytes()
                journal.append("E1", "indicator/3", MET)
            assert ([1, 2] if end < len(whole) - 1 else [1, 2, 3]) == seqs(folder)

    def test_nothing_acknowledged_is_lost_when_a_writer_is_killed(self, folder: Path) -> None:
        """Writers killed at any moment: each acknowledged line is there, in order, and the chain holds.

        A kill shows what a crash of the program leaves behind; that of the machine is the business of `fsync`.
        """
        chance = random.Random(20260611)  # noqa: S311 - moments of a kill, nothing secret
        path = journal_of(folder)
        acknowledged: list[str] = []
        for number in range(ROUNDS):
            with start(KILLED_WRITER, path, "E1", number) as process:
                assert process.stdout is not None
                lines = [process.stdout.readline() for _line in range(chance.randrange(1, 40))]
                process.send_signal(signal.SIGKILL)
                lines.extend(process.stdout)
            assert -signal.SIGKILL == process.returncode
            acknowledged.extend(line for line in lines if line.endswith("\n"))
        found = {f"{entry.seq} {entry.digest}\n" for entry in read_journal(path, MINE, ASSESSMENT, "E1")}
        assert len(acknowledged) >= ROUNDS
        assert [] == [line for line in acknowledged if line not in found]
        assert len(found) - len(acknowledged) <= ROUNDS

    def test_a_full_disk_takes_nothing_and_spoils_nothing(self, folder: Path) -> None:
        """An entry that does not fit is refused with the reason, the journal is as before, and later goes on."""
        process = start(LIMITED_WRITER, journal_of(folder))
        output, errors = process.communicate()
        assert "" == errors
        found = json.loads(output)
        assert (1, True, 2) == (found["first"], found["same"], found["second"])
        assert "文件过大" in found["message"]
        assert str(journal_of(folder)) in found["message"]
        assert [1, 2] == seqs(folder)


class TestFailingDisk:
    """A disk that fails to flush cannot be had for a test, so `fsync` is made to fail."""

    def fail(self, monkeypatch: pytest.MonkeyPatch, problem: BaseException) -> None:
        def fsync(_handle: int) -> None:
            monkeypatch.undo()
            raise problem

        monkeypatch.setattr(os, "fsync", fsync)

    def test_after_a_failed_flush_the_journal_must_be_opened_again(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The entry is refused and taken back, and so is each later one until somebody opens the journal anew."""
        journal = opened(folder)
        journal.append("E1", "indicator/1", MET)
        before = journal.path.read_bytes()
        self.fail(monkeypatch, OSError(errno.EIO, os.strerror(errno.EIO)))
        with pytest.raises(JournalError, match="not saved") as caught:
            journal.append("E1", "indicator/2", MET)
        assert (os.strerror(errno.EIO), True) == (caught.value.found, "Open the journal again" in caught.value.hint)
        assert before == journal.path.read_bytes()
        with pytest.raises(JournalError, match="closed"):
            journal.append("E1", "indicator/2", MET)
        with opened(folder) as again:
            assert 2 == again.append("E1", "indicator/2", MET).seq

    def test_an_interrupted_append_is_taken_back(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A kernel that is interrupted while it saves has not saved; the next entry takes the number."""
        with opened(folder) as journal:
            self.fail(monkeypatch, KeyboardInterrupt())
            with pytest.raises(KeyboardInterrupt):
                journal.append("E1", "indicator/1", MET)
            assert b"" == journal.path.read_bytes()
            assert 1 == journal.append("E1", "indicator/1", MET).seq

    def test_an_append_interrupted_in_the_middle_is_taken_back(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Half a line that was written before the interruption is cut off."""
        with opened(folder) as journal:
            journal.append("E1", "indicator/1", MET)
            before, write_ = journal.path.read_bytes(), os.write

            def half(handle: int, data: memoryview) -> int:
                monkeypatch.undo()
                write_(handle, data[: len(data) // 2])
                raise KeyboardInterrupt

            monkeypatch.setattr(os, "write", half)
            with pytest.raises(KeyboardInterrupt):
                journal.append("E1", "indicator/2", MET)
            assert before == journal.path.read_bytes()
            assert 2 == journal.append("E1", "indicator/2", MET).seq

    def test_what_cannot_even_be_taken_back_is_left_to_the_next_opening(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A disk that fails twice leaves a torn line; the journal must be opened again, which cuts it off."""
        journal = opened(folder)
        journal.append("E1", "indicator/1", MET)
        before, write_ = journal.path.read_bytes(), os.write

        def half(handle: int, data: memoryview) -> int:
            write_(handle, data[: len(data) // 2])
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        def fail(_handle: int, _size: int) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        with monkeypatch.context() as broken:
            broken.setattr(os, "write", half)
            broken.setattr(os, "ftruncate", fail)
            with pytest.raises(JournalError, match="Open the journal again"):
                journal.append("E1", "indicator/2", MET)
        assert len(before) < journal.path.stat().st_size
        with pytest.raises(JournalError, match="closed"):
            journal.append("E1", "indicator/2", MET)
        with opened(folder) as again:
            assert before == again.path.read_bytes()
            assert 2 == again.append("E1", "indicator/2", MET).seq

    def test_a_flush_that_fails_on_opening_is_an_error(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What cannot be brought to the disk is not built upon, and the lock is let go."""
        write(folder, "E1", [("E1", "indicator/1", MET)])
        self.fail(monkeypatch, OSError(errno.EIO, os.strerror(errno.EIO)))
        with pytest.raises(JournalError, match="can be written"):
            opened(folder)
        with opened(folder) as journal:
            assert 2 == journal.append("E1", "indicator/1", MET).seq


class TestOtherPrograms:
    """Programs that synchronise or edit folders do not know of the lock."""

    def test_a_file_that_was_replaced_is_not_written(self, folder: Path) -> None:
        """A line in a file without a name would be acknowledged and lost."""
        with opened(folder) as journal:
            journal.append("E1", "indicator/1", MET)
            content = journal.path.read_bytes()
            journal.path.rename(folder / "moved")
            journal.path.write_bytes(content)
            with pytest.raises(JournalError, match="another file of that name"):
                journal.append("E1", "indicator/1", MET)
        assert [1] == seqs(folder)

    def test_a_file_that_was_removed_is_not_written(self, folder: Path) -> None:
        """Saving says so instead of writing to a file that nobody will find."""
        with opened(folder) as journal:
            journal.path.unlink()
            with pytest.raises(JournalError, match="Nothing was saved"):
                journal.append("E1", "indicator/1", MET)

    @pytest.mark.parametrize("before", [0, 1])
    def test_a_file_that_another_program_wrote_to_is_not_written(self, folder: Path, before: int) -> None:
        """A line behind something foreign would break the chain."""
        with opened(folder) as journal:
            for _number in range(before):
                journal.append("E1", "indicator/1", MET)
            with journal.path.open("ab") as stream:
                stream.write(b"x")
            with pytest.raises(JournalError, match="another program changed"):
                journal.append("E1", "indicator/1", MET)
