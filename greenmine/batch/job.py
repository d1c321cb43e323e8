"""A job: one row of a run list, as a worker does it. Workers only compute; one process seals what they made.

The key of a job is a digest of everything that its record follows from: the evidence and what is recorded of the mine,
the resolved catalog, the notebook, the parameters, and the code with the versions that decide what bytes a report has.
A job whose key is known to be sealed is not done again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from greenmine.archive.engine import engine_digest
from greenmine.archive.record import installed, journal_heads
from greenmine.archive.refold import PANEL, Handed, grounds, refold, up_to
from greenmine.assessment.assessment import FOLDER
from greenmine.batch.notebook import ENGINE
from greenmine.batch.process import USUAL, Limits, unhurried
from greenmine.batch.runlist import Run
from greenmine.batch.runner import NOTEBOOK, produce
from greenmine.catalog import load_catalog
from greenmine.errors import EvidenceError, GreenmineError, one_line
from greenmine.evidence import recent_inventory
from greenmine.files import canonical_json, refusal, sha256_hex
from greenmine.i18n import LANGUAGES
from greenmine.i18n import gettext as _
from greenmine.workbook import Workbook
from greenmine.workbook.html import compile_templates
from greenmine.workspace import Workspace


@dataclass(frozen=True)
class Job:
    """A row of a list, as a worker is told.

    Attributes:
        run: the row of the list.
        root: the workspace's folder, the same for all workers.
        sealed: the key under which the job is sealed already; empty where it is not.
        engine: the papermill engine.
        limits: what the notebook may use.
    """

    work: ClassVar[str] = "greenmine.batch.job:do"
    run: Run
    root: Path
    sealed: str = ""
    engine: str = ENGINE
    limits: Limits = USUAL


@dataclass(frozen=True)
class Made:
    """What a worker made.

    Attributes:
        book: what was read.
        files: the content of every file by its name.
        folded: the `grounds` of the findings, folded again as who seals would have to; empty where that failed.
    """

    book: Workbook
    files: dict[str, bytes]
    folded: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of a job.

    Attributes:
        key: the key of the job; empty where it failed before it had one.
        made: what was made; None where it failed or was sealed already.
        failure: why it failed; empty where it did not.
        exit_status: of the failure.
    """

    key: str = ""
    made: Made | None = None
    failure: str = ""
    exit_status: int = 0


Kind = TypeVar("Kind", bound=Outcome)


def do(job: Job) -> Iterator[Outcome]:
    """Do a job and yield what came of it; nothing that a mine can do makes it fail otherwise."""
    yield attempted(lambda: _done(job), Outcome)


def attempted(work: Callable[[], Kind], kind: type[Kind]) -> Kind:
    """Return what came of some work, of which any failure is an outcome as well."""
    try:
        return work()
    except GreenmineError as problem:
        return kind(failure=one_line(str(problem)), exit_status=problem.exit_status)
    except Exception as problem:  # noqa: BLE001 - a defect shows in one mine and leaves the others alone
        text = _("the program failed: {kind}: {text}").format(kind=type(problem).__name__, text=problem)
        return kind(failure=one_line(text), exit_status=GreenmineError.exit_status)


def _done(job: Job) -> Outcome:
    workspace, run = Workspace(job.root), job.run
    key = job_key(workspace, run)
    if key == job.sealed:
        return Outcome(key)
    return Outcome(key, make(run.mine, workspace=workspace, engine=job.engine, limits=job.limits, **run.parameters))


def make(mine: str, **options: Any) -> Made:  # noqa: ANN401 - those of `produce`
    """Run the notebook on a mine, with the options of `produce`, and fold its findings again meanwhile."""
    compile_templates(options.get("lang", LANGUAGES[0]))  # before the fork
    folded: list[str] = []
    with unhurried():
        book, files = produce(mine, meanwhile=lambda book: folded.append(_folded(book)), **options)
    return Made(book, files, *folded)


def _folded(book: Workbook) -> str:
    """Fold again what will be sealed and return by what it is known; nothing where it has changed meanwhile."""
    folder, manifest = book.record.folder, book.inventory.manifest
    try:
        heads = journal_heads(book.record.entries)
        journals = {person: up_to(head, folder / "journal" / f"{person}.jsonl") for person, head in heads.items()}
        panel = (folder / PANEL).read_bytes()
        handed = Handed.of(manifest.encode(), lambda name: (book.folder / name).read_bytes())
        carried = None
        if book.rescored is not None:
            carried = canonical_json(book.rescored.mapping.document), book.catalog.canonical
        again = refold(book.mine.id, book.id, panel, journals, handed, carried=carried)
    except (GreenmineError, OSError):  # who seals says what is the matter
        return ""
    same = all(f"{sha256_hex(data)}  {name}\n" in manifest for name, data in handed.files.items())
    return grounds(again, panel, journals, manifest, carried) if same and again == book.documents["findings"] else ""


def job_key(workspace: Workspace, run: Run) -> str:
    """Return the key of a job, a SHA-256.

    Raises:
        GreenmineError: the mine's folder or the catalog cannot be read.
    """
    folder = workspace.mine_dir(run.mine)
    recorded = (path for path in sorted((folder / FOLDER).rglob("*")) if path.is_file())
    follows_from: dict[str, Any] = {
        "run": [run.mine, dict(run.parameters)],
        "evidence": recent_inventory(folder).sha256,
        "recorded": {path.relative_to(folder).as_posix(): _digest(path) for path in recorded},
        "catalog": load_catalog(run.parameters["catalog"], workspace).sha256,
        "notebook": _digest(workspace.notebook(NOTEBOOK)),
        "code": _code(),
    }
    return sha256_hex(canonical_json(follows_from))


@cache
def _code() -> list[Any]:
    return [engine_digest(), installed()]


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as problem:  # it may be gone since it was listed
        raise EvidenceError(path, expected=_("a readable file"), found=refusal(problem)) from None
