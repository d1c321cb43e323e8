"""The chair: nothing acknowledged is lost, nothing is shown as saved that is not, and work goes on after a failure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from assessments import ASSESSMENT, journal_of
from writers import make_desk, make_folder, record, say, state

from greenmine.assessment import load_assessment, writer
from greenmine.workbook.desk import Desk

CARD = "indicator/4"
KILLS = 200
WRITERS, LINES = 10, 8
SUPPORT = Path(__file__).parents[1] / "support"


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", str(SUPPORT))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path)


def journal(folder: Path) -> Path:
    return journal_of(folder / "assessments" / ASSESSMENT)


def shown_is_recorded(desk: Desk, folder: Path) -> bool:
    found = load_assessment(folder, ASSESSMENT)
    return desk._now.record.entries == found.entries


def run(program: str, *arguments: object) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_two_hundred_kills_lose_nothing_that_was_acknowledged(folder: Path) -> None:
    """Killed at any moment, every acknowledged line is there, and the journal can be opened again."""
    told = run("import sys; from pathlib import Path; from writers import run_kills; "
               "print(run_kills(Path(sys.argv[1]), int(sys.argv[2])))", folder, KILLS)  # fmt: skip
    assert told >= KILLS / 2
    desk = make_desk(folder)
    assert record(desk, CARD, {"justification": "接着写"})["ok"]
    desk.close()


def test_ten_writers_at_once_lose_nothing_and_see_the_same(tmp_path: Path) -> None:
    """Each in a process with a seat of its own: all acknowledged lines are there, the fold is one."""
    folder = make_folder(tmp_path / "many", WRITERS)
    program = """
        import json, sys
        from pathlib import Path
        from writers import digest, folds, hammer
        folder, people = Path(sys.argv[1]), [f"E{n}" for n in range(1, int(sys.argv[2]) + 1)]
        told = hammer(folder, people, lambda number: number < int(sys.argv[3]))
        print(json.dumps([told, sorted(folds(folder, people)), digest(folder)]))
    """
    told, found, expected = run(program, folder, WRITERS, LINES)
    assert found == [expected]
    entries = load_assessment(folder, ASSESSMENT).entries
    for person in told:
        there = [entry.seq for entry in entries if entry.typed_by == person and entry.card != "assessment"]
        assert sorted(there) == told[person]
        assert len(there) == LINES


def test_a_full_disk_is_said_and_writing_goes_on_when_there_is_room(folder: Path) -> None:
    """Nothing of the line is left or shown; the next one is taken."""
    program = """
        import json, resource, sys
        from pathlib import Path
        from writers import make_desk, record, say, state
        desk = make_desk(Path(sys.argv[1]), lang="en")
        first = record(desk, "indicator/4", {"justification": "有空间"})
        path = desk._now.record.folder / "journal" / "E1.jsonl"
        before, hard = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 300, hard))
        full = record(desk, "indicator/4", {"justification": "满" * 1000})
        shown = state(desk, "indicator/4")["by"]["E1"]
        same = path.read_bytes() == before
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        after = record(desk, "indicator/4", {"justification": "又有空间"})
        print(json.dumps([first["ok"], full["error"]["kind"], shown, same, after["ok"]]))
    """
    assert run(program, folder) == [True, "disk", {"justification": "有空间"}, True, True]
    assert load_assessment(folder, ASSESSMENT).findings["indicators"]["4"]["justification"] == "又有空间"


def test_a_flush_that_fails_is_no_acknowledgement(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal is opened again by itself at the next record, and what is shown is what is there."""
    desk = make_desk(folder)
    assert record(desk, CARD, {"justification": "一"})["ok"]

    def fails(_handle: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(writer.os, "fsync", fails)
        assert record(desk, CARD, {"justification": "二"})["error"]["kind"] == "disk"
        assert shown_is_recorded(desk, folder)
    assert state(desk, CARD)["by"]["E1"]["justification"] == "一"
    assert record(desk, CARD, {"justification": "三"})["ok"]
    assert shown_is_recorded(desk, folder)
    desk.close()


def test_a_journal_that_another_program_replaced_is_noticed(folder: Path) -> None:
    """The line is not taken for saved; then the journal that is there is opened and written on."""
    desk = make_desk(folder)
    record(desk, CARD, {"justification": "一"})
    copy = journal(folder).read_bytes()
    record(desk, CARD, {"justification": "二"})
    journal(folder).unlink()
    journal(folder).write_bytes(copy)
    refused = say(
        desk, "record", card=CARD, author="E1", set={"evidence": ["a.pdf"]}, base=state(desk, CARD)["version"]
    )
    assert refused["error"]["kind"] == "disk"
    assert refused["changed"][CARD]["by"]["E1"] == {"justification": "一"}
    assert record(desk, CARD, {"justification": "三"})["ok"]
    assert shown_is_recorded(desk, folder)
    desk.close()


def test_a_journal_that_was_tampered_with_is_said_and_not_shown(folder: Path) -> None:
    """The heading has the reason; once the file is as it was, work goes on."""
    desk, other = make_desk(folder), make_desk(folder, "E2")
    record(desk, CARD, {"justification": "一"})
    record(desk, CARD, {"evidence": ["a.pdf"]})
    whole = journal(folder).read_bytes()
    say(other, "refresh")
    journal(folder).write_bytes(whole.replace("一".encode(), "二二".encode()))
    assert "journal" in say(other, "refresh")["heading"]["problem"]
    assert state(other, CARD)["by"]["E1"]["justification"] == "一"
    assert say(desk, "record", card=CARD, author="E1", set={"justification": "三"}, base="")["ok"] is False
    journal(folder).write_bytes(whole)
    assert say(other, "refresh")["heading"]["problem"] == ""
    assert record(desk, CARD, {"justification": "三"})["ok"]
    desk.close()
    other.close()


def test_a_folder_that_cannot_be_written_is_for_reading(folder: Path) -> None:
    """A file stands where the journals' folder would be: the desk opens, says why, and answers."""
    blocked = folder / "assessments" / ASSESSMENT / "journal"
    desk = make_desk(folder, "")
    blocked.symlink_to(folder)
    assert say(desk, "sit", who="E1")["error"]["kind"] == "refused"
    assert record(desk, CARD, {"justification": "一"})["error"]["kind"] == "read_only"
    blocked.unlink()
    if os.geteuid():  # root writes anywhere
        blocked.parent.chmod(0o555)
        assert say(desk, "sit", who="E1")["error"]["kind"] == "refused"
        blocked.parent.chmod(0o755)
    assert say(desk, "sit", who="E1")["ok"]
    desk.close()


def test_nobody_sits_where_taking_the_seat_could_not_be_recorded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the new person nor the one who sat there before writes under the other's name."""
    desk = make_desk(folder, "E2")

    def fails(_handle: int, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(writer, "_write", fails)
        reply = say(desk, "sit", who="E1")
    assert (reply["ok"], reply["heading"]["me"]) == (False, None)
    assert record(desk, CARD, {"justification": "一"}, author="E2")["error"]["kind"] == "read_only"
    assert say(desk, "sit", who="E1")["ok"]
    assert record(desk, CARD, {"justification": "一"})["ok"]
    assert load_assessment(folder, ASSESSMENT).entries[-1].typed_by == "E1"
    desk.close()
