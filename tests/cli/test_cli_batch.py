"""`greenmine batch` on the demonstration mines as they are shipped, and what it says when something is not right."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import nbformat
import pytest
from batches import PATIENCE, each_once, finish, make_workspace, sealed, start, until

from greenmine.batch.runner import NOTEBOOK
from greenmine.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
MINES = {
    "GM-0001": ("pass", "93.24"),
    "GM-0002": ("pass", "84.67"),
    "GM-0003": ("fail", "95"),
    "GM-0004": ("fail", "79.66"),
    "GM-0005": ("ineligible", None),
}


@pytest.fixture
def office(workspace: Path) -> Path:
    """A workspace with all demonstration mines and the list of them."""
    for mine in MINES:
        shutil.copytree(ROOT / "evidence" / mine, workspace / "evidence" / mine)
    (workspace / "list.csv").write_text("\n".join(["mine", *MINES, ""]), "utf-8")
    return workspace


@pytest.mark.usefixtures("office")
def test_the_demonstration_mines_are_run_sealed_verified_and_reproduced(capsys: pytest.CaptureFixture[str]) -> None:
    """The archive holds, every record is made anew to the byte, and a second run finds all of it there."""

    def printed(*words: str) -> list[Any]:
        assert 0 == main(words), capsys.readouterr().err
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    for state in ("sealed", "unchanged"):
        found = printed("batch", "list.csv", "--json", "--workers", "2")
        rows = {one["row"]: (one["mine"], one["state"], one["verdict"], one["total"]) for one in found}
        expected = {row: (mine, state, *score) for row, (mine, score) in enumerate(MINES.items(), 2)}
        assert expected == rows
    [verified] = printed("verify", "--json")
    assert verified["holds"]
    for mine in MINES:
        [made] = printed("reproduce", mine, "--json")
        assert (f"{mine}/r1", True, []) == (made["record"], made["same"], made["differences"])
        assert {"report.html", "report.ipynb", "score.json"} <= set(made["compared"])


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("part", ["１/2", "1/２", "١/٢", "1/2\n", " 1/2", "+1/2", "1/2/3", "2/1", "0/0", ""])
def test_a_part_of_a_list_is_two_plain_numbers(part: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Digits of other scripts, signs and blanks are refused, for the mines would be shared out by a guess."""
    assert 2 == main(["batch", "list.csv", "--shard", part])
    printed, err = capsys.readouterr()
    assert ("", 1) == (printed, err.count("\n"))
    assert "--shard" in err


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_run_that_is_interrupted_says_what_stays(tmp_path: Path, options: tuple[str, ...]) -> None:
    """What was done so far is summed up, and the next run does the rest."""
    workspace = make_workspace(tmp_path / "w", 6)
    go = tmp_path / "go"
    notebook = nbformat.read(workspace.notebook(NOTEBOOK), 4)
    wait = f"while mine.endswith('M-03') and not pathlib.Path({str(go)!r}).exists(): time.sleep(0.05)"
    notebook.cells.append(nbformat.v4.new_code_cell(f"import pathlib, time\n{wait}", id="wait"))
    (workspace.root / "notebooks").mkdir()
    nbformat.write(notebook, workspace.root / "notebooks" / NOTEBOOK)
    run = start(workspace, "--workers", "2", *options)
    until(lambda: len(sealed(workspace)) >= 2, run)
    run.send_signal(signal.SIGINT)
    printed, _nothing = run.communicate(timeout=PATIENCE)
    assert 130 == run.returncode, printed
    *before, last = printed.splitlines()
    assert last.startswith("greenmine: interrupted: ")
    assert "of 6 mines done" in last
    documents = [json.loads(line) for line in before] if options else []
    assert (0 < len(documents) < 6) if options else ("unchanged, 0 failed" in before[-1])
    go.touch()
    assert "6 mines" in finish(start(workspace, "--workers", "2"))
    assert each_once(workspace, 6)
