"""The ledger."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from surroundings import unmeasured

from greenmine import i18n
from greenmine.archive.layout import Archive, assessment_bag, redaction_bag
from greenmine.archive.ledger import Ledger, LedgerEntry, checkpointed, entry_line, parse
from greenmine.archive.store import Store
from greenmine.errors import ArchiveError, IntegrityError

ONE, TWO = "1" * 64, "2" * 64


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(Archive.open(tmp_path / "reports", create=True))


def bag(number: int) -> str:
    return assessment_bag("GM-0001", number)


def add_checkpoint(archive: Archive, entries: int, size: int) -> None:
    folder = archive.checkpoint_place(entries)
    folder.mkdir(parents=True)
    (folder / "checkpoint").write_text(f"greenmine/GD\n{entries}\nAAAA\nbytes {size}\nsha256 0\n")


def test_appended_bags_are_read_in_order(ledger: Ledger) -> None:
    """Each entry has its number, its digest, its path, and the line that stands for it."""
    first = ledger.append([(ONE, bag(1))])
    second = ledger.append([(TWO, bag(2)), (ONE, bag(3))])
    assert (LedgerEntry(1, ONE, "bags/assess/GM-0001/r1/tagmanifest-sha256.txt"),) == first
    assert (*first, *second) == ledger.read()
    assert [1, 2, 3] == [entry.number for entry in ledger.read()]
    assert ledger.archive.ledger.read_bytes() == b"".join(entry.line + b"\n" for entry in ledger.read())
    assert ledger.archive.ledger.stat().st_size == ledger.size
    assert second[0] == ledger.find(bag(2))
    assert ledger.find(bag(9)) is None


def test_a_torn_line_that_is_gone_is_not_remembered(ledger: Ledger) -> None:
    """What was read before is only what the file begins with now, and nothing behind it."""
    ledger.append([(ONE, bag(1))])
    whole = ledger.archive.ledger.read_bytes()
    ledger.archive.ledger.write_bytes(whole + b"\0")
    assert b"\0" == ledger.scan().torn
    ledger.archive.ledger.write_bytes(whole)
    assert b"" == ledger.scan().torn
    assert ledger.scan() is ledger.scan()


def test_a_line_edited_after_it_was_read_is_not_taken_from_memory(ledger: Ledger) -> None:
    """What was read once is believed only as long as the file still begins with it."""
    ledger.append([(ONE, bag(1)), (ONE, bag(2))])
    before = ledger.read()
    ledger.append([(ONE, bag(3))])
    assert before == ledger.read()[:2]
    data = ledger.archive.ledger.read_bytes()
    ledger.archive.ledger.write_bytes(TWO.encode() + data[64:])
    assert [TWO, ONE, ONE] == [entry.digest for entry in ledger.read()]
    ledger.archive.ledger.write_bytes(data[: len(data) // 3])
    assert before[:1] == ledger.read()
    assert ledger.find(bag(2)) is None


def test_a_bag_is_entered_once(ledger: Ledger) -> None:
    """Adding a bag again gives its entry; adding it with another digest is refused and names the line."""
    i18n.use("en")
    ledger.append([(ONE, bag(1)), (TWO, bag(11))])
    assert (1, 2) == tuple(entry.number for entry in ledger.append([(ONE, bag(1)), (TWO, bag(11))]))
    assert (3, 3, 1) == tuple(entry.number for entry in ledger.append([(ONE, bag(2)), (ONE, bag(2)), (ONE, bag(1))]))
    with pytest.raises(IntegrityError, match=r"line 1: .*changed after it was sealed"):
        ledger.append([(TWO, bag(1))])
    assert 3 == len(ledger.read())


@given(st.integers(1, 200))
def test_a_torn_line_is_not_read_and_is_cut_by_the_next_write(cut: int) -> None:
    """However much of a line a crash left, the entries before stand and the next one follows them."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Archive.open(Path(folder) / "reports", create=True))
        ledger.append([(ONE, bag(1))])
        long = entry_line(TWO, redaction_bag("ab" * 32, 2))
        torn = long[: min(cut, len(long) - 1)]
        with ledger.archive.ledger.open("ab") as stream:
            stream.write(torn)
        assert (1, torn) == (len(ledger.read()), ledger.scan().torn)
        ledger.append([(TWO, bag(3))])
        assert [bag(1), bag(3)] == [entry.bag for entry in ledger.read()]
        assert b"" == ledger.scan().torn


@pytest.mark.parametrize(
    "line",
    [
        b"x\n",
        b"\n",
        ONE.encode() + b" bags/assess/GM-0001/r2/tagmanifest-sha256.txt\n",
        ONE.encode() + b"  bags/assess/../r2/tagmanifest-sha256.txt\n",
        ONE.encode() + b"  bags/assess/GM-0001/r2/manifest-sha256.txt\n",
        ONE.upper().replace("1", "A").encode() + b"  bags/assess/GM-0001/r2/tagmanifest-sha256.txt\n",
        ONE.encode() + b"  bags/assess/GM-0001/r1/tagmanifest-sha256.txt\n",
        ONE.encode() + b"  bags/assess/GM-0001/r2/tagmanifest-sha256.txt\r\n",
        b"\0" * 40 + b"\n",
    ],
)
def test_a_line_of_another_form_is_named(ledger: Ledger, line: bytes) -> None:
    """An edited line, a path that leads elsewhere and a bag named twice are tampering, with the number of the line."""
    i18n.use("en")
    ledger.append([(ONE, bag(1))])
    with ledger.archive.ledger.open("ab") as stream:
        stream.write(line)
    with pytest.raises(IntegrityError, match="line 2"):
        ledger.read()
    assert 1 == IntegrityError.exit_status


def test_nothing_is_appended_behind_a_line_of_another_form(ledger: Ledger) -> None:
    """A last line that is none stops the ledger until somebody has looked."""
    i18n.use("en")
    ledger.append([(ONE, bag(1))])
    with ledger.archive.ledger.open("ab") as stream:
        stream.write(b"\0" * 50 + b"\n")
    before = ledger.archive.ledger.read_bytes()
    with pytest.raises(IntegrityError, match="line 2"):
        ledger.append([(TWO, bag(2))])
    assert before == ledger.archive.ledger.read_bytes()


def test_nothing_is_written_to_a_ledger_cut_below_its_checkpoint(ledger: Ledger) -> None:
    """A ledger shorter than what the last checkpoint covers was cut off by somebody."""
    i18n.use("en")
    ledger.append([(ONE, bag(1)), (TWO, bag(2))])
    size = ledger.size
    add_checkpoint(ledger.archive, 1, size // 2)
    add_checkpoint(ledger.archive, 2, size)
    assert size == checkpointed(ledger.archive)
    ledger.append([(ONE, bag(3))])
    for keep in (size - 1, size // 2, 0):
        os.truncate(ledger.archive.ledger, keep)
        with pytest.raises(IntegrityError, match="last checkpoint"):
            ledger.append([(ONE, bag(4))])
        assert keep == ledger.archive.ledger.stat().st_size


def test_a_checkpoint_that_says_nothing_stops_the_ledger(ledger: Ledger) -> None:
    """Without knowing what was proven nothing is cut and nothing is written."""
    add_checkpoint(ledger.archive, 1, 0)
    (ledger.archive.checkpoint_place(1) / "checkpoint").write_text("")
    with pytest.raises(IntegrityError):
        ledger.append([(ONE, bag(1))])
    (ledger.archive.checkpoint_place(1) / "checkpoint").unlink()
    with pytest.raises(IntegrityError):
        ledger.append([(ONE, bag(1))])


@pytest.mark.parametrize(("digest", "path"), [("x", bag(1)), (ONE, "bags/assess/../r1"), (ONE, "elsewhere\nx")])
def test_what_cannot_be_a_line_is_refused(ledger: Ledger, digest: str, path: str) -> None:
    """A digest or path of another form never reaches the file."""
    with pytest.raises(ArchiveError):
        ledger.append([(ONE, bag(1)), (digest, path)])
    assert 0 == ledger.size


def test_threads_append_one_after_another(ledger: Ledger) -> None:
    """Eight threads, each with its own opened ledger, lose nothing and number without gaps."""
    done: list[int] = []

    def work(writer: int) -> None:
        done.extend(ledger.append([(ONE, assessment_bag(f"GM-{writer}", n))])[0].number for n in range(1, 11))

    threads = [threading.Thread(target=work, args=(writer,)) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(range(1, 81)) == sorted(done)
    assert 80 == len(ledger.read())


class Failing(Store):
    """A disk on which one call fails, after doing part of its work or all of it."""

    def __init__(self, call: str, taken: int) -> None:
        self.call, self.taken, self.armed = call, taken, False

    def write(self, handle: int, data: bytes | memoryview, offset: int) -> int:
        if self.armed and self.call == "write":
            self.armed = False
            if self.taken:
                super().write(handle, bytes(data)[: self.taken], offset)
            raise OSError(28, "No space left on device")
        return super().write(handle, data, offset)

    def fsync(self, handle: int) -> None:
        if self.armed and self.call == "fsync":
            self.armed = False
            raise OSError(5, "Input/output error")
        super().fsync(handle)


@pytest.mark.parametrize(("call", "taken"), [("write", 0), ("write", 1), ("write", 70), ("write", 105), ("fsync", 0)])
def test_a_failed_append_leaves_the_ledger_as_it_was(tmp_path: Path, call: str, taken: int) -> None:
    """Whether writing or flushing fails, the error says so, nothing is added, and the next append follows on."""
    i18n.use("en")
    store = Failing(call, taken)
    ledger = Ledger(Archive.open(tmp_path / "reports", create=True, store=store))
    ledger.append([(ONE, bag(1))])
    before = ledger.archive.ledger.read_bytes()
    store.armed = True
    with pytest.raises(ArchiveError) as caught:
        ledger.append([(TWO, bag(2))])
    assert ("No space left" if call == "write" else "Input/output") in str(caught.value)
    assert before == ledger.archive.ledger.read_bytes()
    assert 2 == ledger.append([(TWO, bag(2))])[0].number


def test_a_file_size_limit_leaves_the_ledger_as_it_was(ledger: Ledger) -> None:
    """A real limit of the system, met in the middle of a line, ends in one message and an unchanged ledger."""
    ledger.append([(ONE, bag(1))])
    before = ledger.archive.ledger.read_bytes()
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from greenmine.archive.layout import Archive; from greenmine.archive.ledger import Ledger\n"
        "from greenmine.errors import ArchiveError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({len(before) + 30}, {len(before) + 30}))\n"
        f"try: Ledger(Archive.open(Path(sys.argv[1]))).append([('{TWO}', '{bag(2)}')])\n"
        "except ArchiveError: sys.exit(7)"
    )
    assert resource.RLIMIT_FSIZE is not None
    done = subprocess.run([sys.executable, "-c", code, str(ledger.archive.root)], env=unmeasured(), check=False)
    assert (7, before) == (done.returncode, ledger.archive.ledger.read_bytes())


def test_a_ledger_that_is_a_link_or_missing_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    """What stands for the ledger must be a file in its place."""
    path = ledger.archive.ledger
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(IntegrityError):
        ledger.read()
    with pytest.raises(ArchiveError):
        ledger.append([(ONE, bag(1))])
    path.unlink()
    with pytest.raises(ArchiveError):
        ledger.append([(ONE, bag(1))])


def test_what_is_settled_is_whole_and_flushed(ledger: Ledger) -> None:
    """A checkpoint speaks of whole lines only, though a torn one may stand behind them."""
    ledger.append([(ONE, bag(1))])
    with ledger.archive.ledger.open("ab") as stream:
        stream.write(b"torn")
    settled = ledger.settled()
    assert (1, b"torn") == (len(settled.entries), ledger.scan().torn)
    assert ledger.archive.ledger.read_bytes() == settled.data + b"torn"


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Whatever stands in the file, the answer is entries or one error that names the line."""
    try:
        scan = parse(data)
    except IntegrityError:
        return
    assert data == scan.data + scan.torn
    assert b"\n" not in scan.torn
