"""`kill -9` in the middle of a run: started again it finishes, and every record is sealed exactly once."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest
from batches import alive, children, cluster, each_once, finish, kill, make_workspace, sealed, start, until

from greenmine.archive.layout import Archive
from greenmine.archive.pins import Pins
from greenmine.archive.verify import verify
from greenmine.workspace import Workspace

COUNT = 16


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make_workspace(tmp_path / "w", COUNT)


def holds(workspace: Workspace) -> bool:
    """Tell whether every record is there once and the archive is whole."""
    archive = Archive.open(workspace.reports, read_only=True)
    return each_once(workspace, COUNT) and verify(archive, Pins.of(archive.trust, own=True)).first is None


@pytest.mark.parametrize("moment", [0, 1, 4])
def test_the_process_that_seals_can_be_killed(workspace: Workspace, moment: int) -> None:
    """Its workers end with it; the next run does only the rest."""
    killed = start(workspace, "--workers", "2")
    until(lambda: len(sealed(workspace)) >= moment if moment else len(children(killed.pid)) >= 3, killed)
    workers = children(killed.pid)
    kill(killed)
    until(lambda: not any(map(alive, workers)))
    before = sealed(workspace)
    printed = finish(start(workspace, "--workers", "2"))
    assert holds(workspace)
    assert before == sealed(workspace)[: len(before)]
    assert f"{COUNT} mines" in printed


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_worker_can_be_killed(workspace: Workspace, which: int) -> None:
    """Another takes its place and its mine; also the process of which the workers are forks."""
    run = start(workspace, "--workers", "2")
    until(lambda: len(sealed(workspace)) >= 1, run)
    os.kill(children(run.pid)[which], signal.SIGKILL)
    assert f"{COUNT} sealed" in finish(run)
    assert holds(workspace)


def test_parts_of_a_list_share_an_archive(workspace: Workspace) -> None:
    """Two runs side by side, each with its part."""
    for run in [start(workspace, "--workers", "1", "--shard", f"{part}/2") for part in (1, 2)]:
        finish(run)
    assert holds(workspace)


def test_the_same_list_can_be_run_twice_at_once(workspace: Workspace) -> None:
    """Whichever comes first seals; to the other the record is there, and nothing has failed."""
    printed = "".join(map(finish, [start(workspace, "--workers", "1") for _run in range(2)]))
    counts = [int(number) for number in re.findall(r"(\d+) (?:sealed|failed)", printed)]
    assert COUNT == sum(counts[::2])
    assert [0, 0] == counts[1::2]
    assert holds(workspace)


def test_a_cluster_computes_what_one_process_seals(workspace: Workspace, tmp_path: Path) -> None:
    """A real scheduler and two workers, of which one is killed."""
    with cluster(tmp_path) as running:
        run = start(workspace, "--cluster", running.address)
        until(lambda: len(sealed(workspace)) >= 1, run)
        kill(running.workers[0])
        assert f"{COUNT} sealed" in finish(run)
    assert holds(workspace)


def test_the_scheduler_can_be_killed(workspace: Workspace, tmp_path: Path) -> None:
    """The run says so and stops; with another scheduler it does the rest."""
    with cluster(tmp_path) as running:
        run = start(workspace, "--cluster", running.address)
        until(lambda: len(sealed(workspace)) >= 1, run)
        kill(running.scheduler)
        printed, _nothing = run.communicate(timeout=240)
        assert 2 == run.returncode
        assert "scheduler is gone" in printed
    with cluster(tmp_path) as running:
        finish(start(workspace, "--cluster", running.address))
    assert holds(workspace)
