"""Pieces of registers in the archive: one that does not follow is found, by Python and by stock tools."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from archives import make_archive

from greenmine.archive.bag_writer import BagWriter
from greenmine.archive.layout import Archive
from greenmine.archive.pins import Pins
from greenmine.archive.registers import (
    EVENTS,
    FILE_NAME,
    RULES,
    journal_path,
    last_piece,
    origin,
    seal_piece,
)
from greenmine.archive.staging import seal_bag
from greenmine.archive.verdicts import Failure
from greenmine.archive.verify import verify
from greenmine.errors import ArchiveError
from greenmine.files import canonical_json, sha256_hex
from greenmine.i18n import gettext as _

NOW = dt.datetime(2026, 11, 21, 9, tzinfo=dt.UTC)
STOCK = Path(__file__).parents[2] / "greenmine" / "archive" / "stock"


def chained(count: int, first: int = 1, prev: str = origin("demo")) -> bytes:
    lines = []
    for number in range(first, first + count):
        lines.append(canonical_json({"seq": number, "prev": prev}))
        prev = sha256_hex(lines[-1])
    return b"".join(line + b"\n" for line in lines)


def head(lines: bytes) -> str:
    return sha256_hex(lines.splitlines()[-1])


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An archive with one piece of two lines, of which the journal has no more."""
    made = make_archive(tmp_path / "reports")
    seal_piece(made, "demo", chained(2), rules=b"{}", before=None, time=NOW)
    keep(made, chained(2))
    return made


def keep(archive: Archive, lines: bytes) -> Path:
    """Let the journal in use hold some lines."""
    journal = journal_path(archive.root, "demo")
    journal.parent.mkdir(parents=True, exist_ok=True)
    journal.write_bytes(lines)
    return journal


def failures(archive: Archive) -> tuple[Failure, ...]:
    return verify(archive, Pins.of(archive.trust, own=True)).failures


def script(archive: Archive) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(STOCK / "verify.sh"), "-a", str(archive.root)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_pieces_that_follow_each_other_verify(archive: Archive) -> None:
    """Lines 1 and 2, then 3 to 5."""
    before = last_piece(archive, "demo")
    assert before is not None
    seal_piece(archive, "demo", chained(3, 3, before.piece.head), rules=b"{}", before=before, time=NOW)
    keep(archive, chained(5))
    assert () == failures(archive)
    done = script(archive)
    assert 0 == done.returncode, done.stderr


def test_the_journal_is_checked_by_the_commands_of_the_instructions(archive: Archive, tmp_path: Path) -> None:
    """VERIFY.md: joined, compared, each line bound to the one before; the last digest is that of the last piece."""
    before = last_piece(archive, "demo")
    assert before is not None
    seal_piece(archive, "demo", chained(3, 3, before.piece.head), rules=b"{}", before=before, time=NOW)
    text = (STOCK / "VERIFY.md").read_text("utf-8").split("Checking a register")[1].split("\n## ")[0]
    commands = "\n".join(line[4:] for line in text.splitlines() if line.startswith("    "))
    journal = keep(archive, chained(2) + chained(3, 3, before.piece.head) + b"more")
    script = f"programme=demo\n{commands}".replace("/tmp/events", str(tmp_path / "joined"))  # noqa: S108 - of the text
    done = subprocess.run(["sh", "-c", script], cwd=archive.root, capture_output=True, text=True, check=False)
    last = last_piece(archive, "demo")
    assert last is not None
    assert (f"{last.piece.head}\n", "") == (done.stdout, done.stderr)
    journal.write_bytes(journal.read_bytes().replace(b'"seq":2', b'"seq":7'))
    done = subprocess.run(["sh", "-c", script], cwd=archive.root, capture_output=True, text=True, check=False)
    assert "differ" in done.stdout


def test_lines_that_do_not_follow_are_not_sealed(archive: Archive) -> None:
    """Bound to another line, of other numbers, or cut off."""
    before = last_piece(archive, "demo")
    assert before is not None
    follow = before.piece.head
    for lines in (chained(2), chained(2, 3), chained(2, 4, follow), chained(2, 3, follow)[:-1], b"\n", b"[]\n"):
        with pytest.raises(ArchiveError):
            seal_piece(archive, "demo", lines, rules=b"{}", before=before, time=NOW)


def test_a_forged_piece_is_found(archive: Archive) -> None:
    """A second piece, put into the ledger by hand, that rewrites what the first one holds."""
    before = last_piece(archive, "demo")
    assert before is not None
    lines = chained(3, 3)
    piece = json.loads((archive.place(before.ref.bag) / "data" / FILE_NAME).read_bytes())
    piece |= {"run": 2, "first": 3, "last": 5, "head": head(lines), "previous": before.ref.model_dump(mode="json")}
    files = {EVENTS: lines, FILE_NAME: canonical_json(piece), RULES: b"{}"}

    def fill(writer: BagWriter) -> None:
        for name, data in files.items():
            writer.add(name, data)

    seal_bag(archive, "bags/register/demo/r2", fill)
    keep(archive, chained(2) + lines)
    assert ["register.chain"] == [one.check for one in failures(archive)]
    done = script(archive)
    assert 1 == done.returncode
    assert "bags/register/demo/r2/data/events.jsonl" in done.stderr


# ---- the journal in use ----------------------------------------------------------------------------------------------


def test_a_journal_that_goes_on_after_what_was_sealed_verifies(archive: Archive) -> None:
    """Further lines are not sealed yet, nor is the beginning of one; nothing is said of them."""
    for further in (b"", b"[]\n", b'{"seq":', chained(2)):
        keep(archive, chained(2) + further)
        assert () == failures(archive)


def test_a_register_that_was_never_sealed_is_no_affair_of_the_archive(archive: Archive) -> None:
    """Whether it is there or not."""
    other = journal_path(archive.root, "other")
    other.parent.mkdir()
    other.write_bytes(b"anything")
    assert () == failures(archive)
    shutil.rmtree(other.parent)
    assert () == failures(archive)


@pytest.mark.parametrize("gone", ["register/demo/events.jsonl", "register/demo", "register"])
def test_a_sealed_register_whose_journal_is_gone_is_found(archive: Archive, gone: str) -> None:
    """The journal, its folder, or those of all registers: it is named, with the piece that it is in."""
    path = archive.root / gone
    path.unlink() if path.is_file() else shutil.rmtree(path)
    (found,) = failures(archive)
    assert ("register.journal", "register/demo/events.jsonl") == (found.check, found.file)
    assert "bags/register/demo/r1" in found.reason


def test_the_line_at_which_a_journal_departs_from_its_pieces_is_named(archive: Archive) -> None:
    """Edited, cut, cut within a line, its lines exchanged, emptied; in the first piece and in the second."""
    before = last_piece(archive, "demo")
    assert before is not None
    seal_piece(archive, "demo", chained(3, 3, before.piece.head), rules=b"{}", before=before, time=NOW)
    whole = chained(5)
    lines = [line + b"\n" for line in whole.split(b"\n")[:-1]]
    cases = {
        whole.replace(b'"seq":3', b'"seq":7'): (3, 2),
        whole.replace(b'"seq":3', b'"seq":33'): (3, 2),
        whole.replace(b'"seq":1', b'"seq":7'): (1, 1),
        whole[:-1] + b" \n": (5, 2),
        whole[:-1]: (5, 2),
        b"".join(lines[:4]): (5, 2),
        b"".join(lines[:2]): (3, 2),
        lines[0] + lines[1][:9]: (2, 1),
        b"".join([lines[1], lines[0], *lines[2:]]): (1, 1),
        b"".join([*lines[:3], b"\n", *lines[3:]]): (4, 2),
        b"": (1, 1),
    }
    for data, (number, piece) in cases.items():
        keep(archive, data)
        (found,) = failures(archive)
        assert ("register.journal", "register/demo/events.jsonl") == (found.check, found.file)
        assert found.reason.startswith(_("line {number}").format(number=number)), (data, found.reason)
        assert f"bags/register/demo/r{piece}" in found.reason
        assert sha256_hex(lines[number - 1][:-1]) in found.reason


def test_a_journal_replaced_by_something_else_is_found(archive: Archive, tmp_path: Path) -> None:
    """A link to the same lines elsewhere, and a folder: neither is the journal."""
    journal = journal_path(archive.root, "demo")
    journal.rename(tmp_path / "elsewhere")
    journal.symlink_to(tmp_path / "elsewhere")
    assert ["register.journal"] == [one.check for one in failures(archive)]
    journal.unlink()
    journal.mkdir()
    assert ["register.journal"] == [one.check for one in failures(archive)]


def test_a_piece_that_was_changed_is_not_held_against_the_journal(archive: Archive) -> None:
    """The piece's own file is named, once; the journal is as it was sealed."""
    piece = archive.place("bags/register/demo/r1") / "data" / EVENTS
    piece.chmod(0o644)
    piece.write_bytes(piece.read_bytes().replace(b'"seq":2', b'"seq":7'))
    assert [("bag.content", "bags/register/demo/r1/data/events.jsonl")] == [
        (one.check, one.file) for one in failures(archive)
    ]
