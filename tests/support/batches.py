"""Runs over many mines for tests: a workspace, the command as a process of its own, a cluster, and what was sealed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mines import make_mine

from greenmine.workspace import Workspace

PATIENCE = 240
"""Seconds after which a test that makes no progress gives up; nothing is told by how long something takes."""


def make_workspace(root: Path, count: int) -> Workspace:
    """Return a workspace with mines `M-01` … and the list of them, `list.csv`."""
    (root / "parameters").mkdir(parents=True)
    mines = [f"M-{number:02d}" for number in range(1, count + 1)]
    for mine in mines:
        make_mine(root / "evidence", mine=mine, photos=False)
    (root / "list.csv").write_text("\n".join(["mine", *mines, ""]), "utf-8")
    return Workspace(root)


def start(workspace: Workspace, *options: str) -> subprocess.Popen[str]:
    """Start `greenmine batch` on the list."""
    command = [sys.executable, "-m", "greenmine.cli", "batch", "list.csv", "--lang", "en", *options]
    return subprocess.Popen(
        command, cwd=workspace.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ.copy()
    )


def finish(process: subprocess.Popen[str]) -> str:
    """Wait for the end and return what was printed; the run is to succeed."""
    printed, _nothing = process.communicate(timeout=PATIENCE)
    assert 0 == process.returncode, printed
    return printed


def sealed(workspace: Workspace) -> list[str]:
    """Return the assessments in the ledger; a ledger that is being written counts as far as it goes."""
    ledger = workspace.reports / "ledger"
    lines = ledger.read_text("ascii", "replace").splitlines() if ledger.exists() else []
    bags = [line[66:].removesuffix("/tagmanifest-sha256.txt") for line in lines]
    return [bag for bag in bags if bag.startswith("bags/assess/")]


def each_once(workspace: Workspace, count: int) -> bool:
    """Tell whether every mine has one record, the first."""
    expected = {f"bags/assess/M-{number:02d}/r1": 1 for number in range(1, count + 1)}
    return expected == Counter(sealed(workspace))


def until(happened: Callable[[], bool], process: subprocess.Popen[str] | None = None) -> None:
    """Wait until something has happened; a process that should bring it about must not end before."""
    begun = time.monotonic()
    while not happened():
        assert time.monotonic() - begun < PATIENCE
        assert process is None or process.poll() is None or happened()
        time.sleep(0.005)


def children(process: int) -> list[int]:
    """Return the numbers of the processes that a process has started, and of theirs."""
    tasks = Path(f"/proc/{process}/task")
    try:
        found = [int(one) for task in tasks.iterdir() for one in (task / "children").read_text("ascii").split()]
    except OSError:
        return []
    return found + [grandchild for child in found for grandchild in children(child)]


def alive(process: int) -> bool:
    """Tell whether a process is there and more than a name that its parent has not read yet."""
    try:
        return " Z " not in Path(f"/proc/{process}/stat").read_text("ascii")
    except OSError:
        return False


def kill(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """Kill a process as `kill -9` does, and read what it left."""
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=PATIENCE)


class Cluster:
    """A dask scheduler and its workers, each a process."""

    def __init__(self, folder: Path, workers: int) -> None:
        self._file = folder / f"scheduler-{time.monotonic_ns()}.json"
        self._log = folder / "cluster.log"
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-show", "--no-dashboard")
        until(lambda: bool(self._told()))
        self.workers = [
            self._start("worker", "--nthreads", "1", "--no-nanny", "--no-dashboard") for _n in range(workers)
        ]

    def _start(self, kind: str, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", kind, *options, "--scheduler-file", str(self._file)]
        with self._log.open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=self._file.parent)

    @property
    def address(self) -> str:
        """Where the scheduler listens."""
        return str(self._told()["address"])

    def _told(self) -> dict[str, str]:
        """Return what the scheduler has written of itself; nothing while it has not, or not to the end."""
        try:
            return dict(json.loads(self._file.read_text("utf-8")))
        except (OSError, ValueError):
            return {}

    def close(self) -> None:
        """End all processes."""
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                kill(process)


@contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """Run a scheduler and workers for as long as the block."""
    running = Cluster(folder, workers)
    try:
        yield running
    finally:
        running.close()
