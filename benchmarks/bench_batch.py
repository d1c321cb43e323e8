"""How fast many mines are done: `greenmine batch` beside papermill and nbconvert, on the same notebook and mines.

Run `make bench`, or `bench_batch.py MINES ROUNDS` for other sizes. From parameters to sealed HTML: sealing, which the
others do not do, is included. Absolute times belong to the machine; the ratios are measured side by side in one run.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

import papermill
from mines import make_mine
from nbconvert.exporters import HTMLExporter
from performance import machine, write_section

from greenmine.batch.runner import NOTEBOOK
from greenmine.workspace import Workspace

MINES = 200
ROUNDS = 3
SHELL = 2
LOOP = 5
SHELL_NAME = "`papermill` and `jupyter nbconvert` from the shell"
LOOP_NAME = "papermill and nbconvert in a loop, stock kernels"
BIN = Path(sys.executable).parent
printed: list[str] = []


def seconds(work: Callable[[], object]) -> float:
    """Return how long `work` takes."""
    begin = perf_counter()
    work()
    return perf_counter() - begin


def call(*command: object, cwd: Path) -> str:
    """Run a program that must succeed, and return what it prints."""
    environment = {**os.environ, "GREENMINE_WORKSPACE": str(cwd)}
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=cwd, env=environment, check=True, capture_output=True, text=True).stdout


def by_shell(workspace: Workspace, mines: list[str], folder: Path) -> None:
    """Make reports as a shell script would."""
    source = workspace.notebook(NOTEBOOK)
    for mine in mines:
        ran = folder / f"{mine}.ipynb"
        call(BIN / "papermill", source, ran, "-p", "mine", mine, "--no-progress-bar", cwd=workspace.root)
        call(BIN / "jupyter", "nbconvert", "--to", "html", "--template", "lab", ran, cwd=workspace.root)


def by_loop(workspace: Workspace, mines: list[str], folder: Path) -> None:
    """Make reports as a Python script would: papermill with stock kernels, then nbconvert, one mine after another."""
    os.environ["GREENMINE_WORKSPACE"] = str(workspace.root)
    exporter = HTMLExporter(template_name="lab")  # type: ignore[no-untyped-call] # nbconvert has types in part
    for mine in mines:
        ran = folder / f"{mine}.ipynb"
        given = {"mine": mine}
        papermill.execute_notebook(workspace.notebook(NOTEBOOK), ran, given, cwd=workspace.root, progress_bar=False)
        page, _resources = exporter.from_filename(str(ran))
        ran.with_suffix(".html").write_text(page, "utf-8")


def by_batch(workspace: Workspace, count: int, workers: int) -> float:
    """Do the list with so many workers, into a new archive; return how long it took."""
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder, "w")
        room.mkdir()
        for name in ("parameters", "evidence", "list.csv"):
            (room / name).symlink_to(workspace.root / name)
        command = (BIN / "greenmine", "batch", "list.csv", "--lang", "en", "--workers", workers)
        took = seconds(lambda: printed.append(call(*command, cwd=room)))
    assert f"{count} sealed, 0 unchanged, 0 failed" in printed[-1], printed[-1]  # noqa: S101 - or nothing was measured
    return took


def main() -> None:
    """Measure, print a table and write it into the documentation."""
    count, rounds = (int(word) for word in (*sys.argv[1:], *(str(MINES), str(ROUNDS))[len(sys.argv[1:]) :]))
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "w")
        (root / "parameters").mkdir(parents=True)
        mines = [f"M-{number:05d}" for number in range(1, count + 1)]
        for mine in mines:
            make_mine(root / "evidence", mine=mine)
        (root / "list.csv").write_text("\n".join(["mine", *mines, ""]), "utf-8")
        workspace = Workspace(root)
        shell, loop, all_cores, one_core = [], [], [], []
        for _round in range(rounds):
            shell.append(seconds(lambda: by_shell(workspace, mines[:SHELL], Path(folder))) / SHELL)
            loop.append(seconds(lambda: by_loop(workspace, mines[:LOOP], Path(folder))) / LOOP)
            all_cores.append(by_batch(workspace, count, cores) / count)
            one_core.append(by_batch(workspace, count, 1) / count)
    taken = {
        SHELL_NAME: statistics.median(shell),
        LOOP_NAME: statistics.median(loop),
        f"`greenmine batch`, {cores} workers, with sealing": statistics.median(all_cores),
        "`greenmine batch`, 1 worker, with sealing": statistics.median(one_core),
    }
    best, single = statistics.median(all_cores), statistics.median(one_core)
    what_is_measured = (
        f"`benchmarks/bench_batch.py`: {count} mines from parameters to sealed HTML, start included, "
        f"medians of {rounds} ({machine()})."
    )
    aims = (
        f"Aims: 80 times the shell with all workers (found: {taken[SHELL_NAME] / best:.0f}), 20 times the loop with "
        f"one (found: {taken[LOOP_NAME] / single:.0f}). Workers share the cores with the process that seals."
    )
    lines = [
        what_is_measured,
        "",
        "| what | a mine | times as long as with all workers | … as with one |",
        "|---|---|---|---|",
        *(f"| {what} | {took:.3f} s | {took / best:.1f} | {took / single:.1f} |" for what, took in taken.items()),
        "",
        aims,
    ]
    print("\n".join(lines))
    write_section("Batch", "\n".join(lines))


if __name__ == "__main__":
    main()
