"""A run over a list: workers compute, this process seals, and what is sealed already is not done again.

    run list ──► checked rows ──► workers (pool.py) ──► this process ──► the archive
                                     └── key known: nothing to do     └── .greenmine/done.jsonl: the key, when sealed

A run that was killed is started again. The file of keys only saves work: where it is lost or a line short, a mine is
computed once more, and sealing finds the record there, the same. So every record is sealed exactly once. What it says
of a record counts only as long as that is the assessment's latest, the same, and not withdrawn.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from greenmine.archive.layout import Archive
from greenmine.archive.ledger import Ledger
from greenmine.archive.record import BagRef
from greenmine.archive.recover import resume
from greenmine.archive.seal import current_revision
from greenmine.archive.withdrawal import withdrawn
from greenmine.batch.job import Job, Outcome
from greenmine.batch.notebook import ENGINE, read_notebook
from greenmine.batch.parameters import Parameter, declared
from greenmine.batch.pool import Results, cluster, local
from greenmine.batch.process import USUAL, Limits
from greenmine.batch.runlist import Run
from greenmine.batch.runner import NOTEBOOK
from greenmine.batch.sealing import Sealed, seal_produced
from greenmine.errors import GreenmineError, IntegrityError, one_line, shown
from greenmine.files import read_json
from greenmine.i18n import gettext as _
from greenmine.workspace import Workspace

DONE: Final = Path(".greenmine", "done.jsonl")
"""Which job became which bag, under the workspace's folder; it may be deleted at any time."""


@dataclass(frozen=True)
class Finished:
    """What came of a row of a list.

    Attributes:
        run: the row.
        state: `sealed` now, `unchanged` since it was sealed, or `failed`.
        bag: path of the bag relative to the archive's root; empty where it failed.
        verdict: of the sealed score; empty where it failed.
        total: likewise; None where the score has none.
        failure: why it failed.
        exit_status: of the failure; 0 where there was none.
    """

    run: Run
    state: Literal["sealed", "unchanged", "failed"]
    bag: str = ""
    verdict: str = ""
    total: str | None = None
    failure: str = ""
    exit_status: int = 0


def notebook_parameters(workspace: Workspace) -> dict[str, Parameter]:
    """Return the parameters that the workbook declares."""
    path = workspace.notebook(NOTEBOOK)
    return declared(read_notebook(path), path)


def shard(runs: Sequence[Run], part: int, parts: int) -> tuple[Run, ...]:
    """Return one part of a list of so many, `part` from 1; a mine is in the same part whatever else the list holds."""
    return tuple(run for run in runs if int(hashlib.sha256(run.mine.encode()).hexdigest(), 16) % parts == part - 1)


def run_list(
    runs: Sequence[Run],
    workspace: Workspace,
    *,
    workers: int = 1,
    address: str = "",
    engine: str = ENGINE,
    limits: Limits = USUAL,
) -> Generator[Finished]:
    """Do the rows of a list and yield what came of each, as it is done.

    Args:
        runs: the rows, checked.
        workspace: whose mines; its `reports/` is the archive.
        workers: how many processes on this machine.
        address: of a dask scheduler, whose workers compute instead.
        engine: the papermill engine.
        limits: what each notebook may use.

    Raises:
        GreenmineError: the archive cannot be used, or the cluster is gone.
    """
    archive = Archive.open(workspace.reports, create=True)
    resume(archive)
    done = _Done(workspace.root / DONE, archive)
    root = workspace.root.resolve()
    jobs = [Job(run, root, done.key(run), engine, limits) for run in runs]
    backend: AbstractContextManager[Results] = cluster(jobs, address) if address else local(jobs, workers)
    with backend as results:
        for job, outcome in results:
            yield _finished(job.run, outcome, archive, done)


def _finished(run: Run, outcome: Outcome, archive: Archive, done: _Done) -> Finished:
    if outcome.failure:
        return Finished(run, "failed", failure=outcome.failure, exit_status=outcome.exit_status)
    made = outcome.made
    try:
        if made is None:
            bag, new = done.bag(run), False
            score = _sealed_score(archive, bag)
        else:
            sealed = seal_produced(archive, made.book, made.files, folded=made.folded, reason=run.reason)
            bag, new, score = sealed.bag, sealed.new, made.book.score
            done.add(run, outcome.key, sealed)
    except GreenmineError as problem:
        return Finished(run, "failed", failure=one_line(str(problem)), exit_status=problem.exit_status)
    return Finished(run, "sealed" if new else "unchanged", bag, score["verdict"], score["total"])


def _sealed_score(archive: Archive, bag: str) -> dict[str, Any]:
    """Return the score that was sealed in a bag."""
    path = archive.place(bag) / "data" / "score.json"
    score = read_json(path, error=IntegrityError)
    if not isinstance(score, dict) or not {"verdict", "total"} <= score.keys():
        raise IntegrityError(path, expected=_("a score"), found=shown(score))
    return score


class _Done:
    """The file of keys."""

    def __init__(self, file: Path, archive: Archive) -> None:
        self._file = file
        self._archive = archive
        self._known: dict[tuple[str, str], tuple[str, BagRef]] = {}
        self._withdrawn = withdrawn(Ledger(archive).read())
        try:
            lines = file.read_bytes().splitlines()
        except OSError:
            lines = []
        for line in lines:
            try:
                mine, assessment, key, bag, digest = json.loads(line)
                self._known[mine, assessment] = (key, BagRef(bag=bag, tagmanifest=digest))
            except (ValueError, TypeError):  # cut short by a crash
                continue

    def key(self, run: Run) -> str:
        """Return the key under which a row was sealed last; empty where it was not, or that is not in force."""
        key, ref = self._known.get((run.mine, run.assessment), ("", None))
        if ref is None or ref.tagmanifest in self._withdrawn:
            return ""
        try:
            return key if ref == current_revision(self._archive, run.mine, run.assessment) else ""
        except IntegrityError:  # its row says so when it is sealed
            return ""

    def bag(self, run: Run) -> str:
        """Return the bag that was sealed then."""
        return self._known[run.mine, run.assessment][1].bag

    def add(self, run: Run, key: str, sealed: Sealed) -> None:
        """Remember that a row is sealed."""
        self._file.parent.mkdir(exist_ok=True)
        line = json.dumps([run.mine, run.assessment, key, sealed.bag, sealed.digest], ensure_ascii=False)
        with self._file.open("ab") as stream:
            stream.write(f"{line}\n".encode())
