"""Watching: what has changed is assessed again, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from greenmine.batch.watch import WATCHED, Watch
from greenmine.cli.main import main
from greenmine.workspace import Workspace, shared_dir

SHIPPED = Workspace(shared_dir())
GIVEN = {"assessment": "", "catalog": "national@2024", "readings": {}, "lang": "zh"}
MINE = "GM-0005"


@pytest.fixture
def place(workspace: Path) -> Workspace:
    """A workspace with one demo mine."""
    shutil.copytree(SHIPPED.evidence / MINE, workspace / "evidence" / MINE)
    return Workspace(workspace)


def looked(watch: Watch) -> list[tuple[str, bool]]:
    """Look once; return the mines that had changed and whether each was assessed."""
    return [(seen.mine, seen.assessed is not None) for seen in watch.look()]


def touch(place: Workspace, text: str) -> None:
    """Hand in one more file."""
    (place.evidence / MINE / "说明.txt").write_text(text, "utf-8")


def test_what_has_not_changed_is_not_assessed_again(place: Workspace) -> None:
    """The first look assesses; the next does not; a watch that is started anew knows what was assessed."""
    watch = Watch(place, GIVEN)
    assert [(MINE, True)] == looked(watch)
    assert [] == looked(watch)
    assert [(MINE, False)] == looked(Watch(place, GIVEN))


def test_a_change_is_assessed_once_it_has_come_to_rest(place: Workspace) -> None:
    """While a file still grows nothing is run; when two looks find the same, it is."""
    watch = Watch(place, GIVEN)
    looked(watch)
    for text in ("一", "一二", "一二三"):
        touch(place, text)
        assert [] == looked(watch)
    assert [(MINE, True)] == looked(watch)
    assert "说明.txt" in (place.reports / MINE / "2026-selection" / "report.html").read_text("utf-8")


def test_new_times_without_new_content_run_nothing(place: Workspace) -> None:
    """The key of the job is over content."""
    watch = Watch(place, GIVEN)
    looked(watch)
    path = place.evidence / MINE / "mine.yaml"
    path.write_bytes(path.read_bytes())
    looked(watch)
    assert [(MINE, False)] == looked(watch)


def test_a_mine_that_cannot_be_assessed_is_told_and_tried_again_when_it_changes(place: Workspace) -> None:
    """The others are looked at all the same."""
    shutil.copytree(place.evidence / MINE, place.evidence / "GM-0099")
    bad = place.evidence / "GM-0099" / "mine.yaml"
    whole = bad.read_text("utf-8").replace(MINE, "GM-0099")
    bad.write_text("schema: greenmine.mine/1\n", "utf-8")
    watch = Watch(place, GIVEN)
    first = {seen.mine: seen.problem for seen in watch.look()}
    assert first[MINE] is None
    assert "mine.yaml" in str(first["GM-0099"])
    assert [] == looked(watch)
    bad.write_text(whole, "utf-8")
    assert [] == looked(watch)
    (again,) = watch.look()
    assert "GM-0099" == again.mine


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"[" * 5000])
def test_what_was_remembered_may_be_lost(place: Workspace, content: bytes) -> None:
    """Everything is assessed once more then."""
    looked(Watch(place, GIVEN))
    (place.root / WATCHED).write_bytes(content)
    assert [(MINE, True)] == looked(Watch(place, GIVEN))


def test_the_verb_looks_once_or_until_it_is_stopped(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopping it is no failure."""
    monkeypatch.chdir(place.root)
    assert 0 == main(["watch", "--once"])
    (place.root / WATCHED).unlink()
    words = [sys.executable, "-m", "greenmine.cli", "watch", "--every", "0.2", "--json"]
    with subprocess.Popen(words, cwd=place.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert MINE == json.loads(process.stdout.readline())["mine"]
        os.kill(process.pid, signal.SIGINT)
        assert 0 == process.wait(60)


def test_the_verb_names_what_is_not_there(
    place: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mine that is misspelt is bad input."""
    monkeypatch.chdir(place.root)
    assert 2 == main(["watch", "--once", "GM-0777"])
    assert "GM-0777" in capsys.readouterr().err
