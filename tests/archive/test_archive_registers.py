"""Pieces of registers in the archive: one that does not follow is found, by Python and by stock tools."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
from pathlib import Path

import pytest
from archives import make_archive

from greenmine.archive.bag_writer import BagWriter
from greenmine.archive.layout import Archive
from greenmine.archive.pins import Pins
from greenmine.archive.registers import EVENTS, FILE_NAME, RULES, last_piece, origin, seal_piece
from greenmine.archive.staging import seal_bag
from greenmine.archive.verify import verify
from greenmine.errors import ArchiveError
from greenmine.files import canonical_json, sha256_hex

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
    """An archive with one piece of two lines."""
    made = make_archive(tmp_path / "reports")
    seal_piece(made, "demo", chained(2), rules=b"{}", before=None, time=NOW)
    return made


def script(archive: Archive) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(STOCK / "verify.sh"), "-a", str(archive.root)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_pieces_that_follow_each_other_verify(archive: Archive) -> None:
    """Lines 1 and 2, then 3 to 5."""
    before = last_piece(archive, "demo")
    assert before is not None
    seal_piece(archive, "demo", chained(3, 3, before.piece.head), rules=b"{}", before=before, time=NOW)
    assert () == verify(archive, Pins.of(archive.trust, own=True)).failures
    done = script(archive)
    assert 0 == done.returncode, done.stderr


def test_the_journal_is_checked_by_the_commands_of_the_instructions(archive: Archive, tmp_path: Path) -> None:
    """VERIFY.md: joined, compared, each line bound to the one before; the last digest is that of the last piece."""
    before = last_piece(archive, "demo")
    assert before is not None
    seal_piece(archive, "demo", chained(3, 3, before.piece.head), rules=b"{}", before=before, time=NOW)
    text = (STOCK / "VERIFY.md").read_text("utf-8").split("Checking a register")[1].split("\n## ")[0]
    commands = "\n".join(line[4:] for line in text.splitlines() if line.startswith("    "))
    journal = archive.root / "register" / "demo" / "events.jsonl"
    journal.parent.mkdir(parents=True)
    journal.write_bytes(chained(2) + chained(3, 3, before.piece.head) + b"more")
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
    failures = verify(archive, Pins.of(archive.trust, own=True)).failures
    assert ["register.chain"] == [one.check for one in failures]
    done = script(archive)
    assert 1 == done.returncode
    assert "bags/register/demo/r2/data/events.jsonl" in done.stderr
