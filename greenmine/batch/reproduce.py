"""Reproduction: make a record anew from what is archived of its inputs, and compare byte for byte.

    findings, catalog  ──► the scorer ──────────────────► score.json
    evidence, journals, ──► a temporary workspace ──► the notebook ──► findings, score, report.ipynb, report.html
    panel, catalog

The scorer and the notebook are those of whoever reproduces, never code that lies in the archive; that the archived
notebook holds the same cells shows in the comparison. The readings and the language are read from the archived
notebook's parameters as literals. The catalog is resolved again from its sealed sources; other parameters are taken
from the workspace and the package.

Whether the archive holds what was sealed is for verification to say; here each file that is used is held against its
bag and the bag against the ledger, so that nothing is reproduced from something else.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from greenmine.archive.bag import Bag
from greenmine.archive.engine import engine_digest
from greenmine.archive.layout import Archive
from greenmine.archive.record import FILE_NAME as RECORD
from greenmine.archive.record import Record, installed, read_record
from greenmine.archive.redaction import removals
from greenmine.archive.refold import MAPPING
from greenmine.batch.difference import Difference, first_difference
from greenmine.batch.notebook import ENGINE as NOTEBOOK_ENGINE
from greenmine.batch.notebook import NOTEBOOK, REPORT, read_notebook
from greenmine.batch.room import content, lay_out, open_record, read_parameters
from greenmine.batch.runner import NOTEBOOK as ASSESSMENT
from greenmine.batch.runner import produce
from greenmine.errors import GreenmineError, IntegrityError
from greenmine.files import parse_json
from greenmine.i18n import gettext as _
from greenmine.scoring import Scorer, canonical
from greenmine.workspace import Workspace

SCORE: Final = "score.json"
FINDINGS: Final = "findings.json"
CATALOG: Final = "catalog.resolved.json"
MADE: Final = (CATALOG, FINDINGS, SCORE, NOTEBOOK, REPORT)
"""What the notebook's run gives, in the order in which one thing follows from another."""

ENGINE: Final = "rescore.pyz"
RESCORE: Final = "rescore.ipynb"
"""The notebook of a record whose facts were recorded by another version of the indicators."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Software that is another than when the record was made: its name, the version then, and now (empty: none)."""

    name: str
    recorded: str
    installed: str


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What came of it.

    Attributes:
        record: how people call the record: `GM-0001/r1`.
        bag: its path.
        digest: what the ledger holds for it.
        compared: the files that were made anew.
        differences: the first place in each file that is not the same, causes before consequences.
        software: what is of another version than when the record was made.
        total: as recomputed; None where there is none.
        removed: those of the files that differ which are evidence that was removed lawfully.
    """

    record: str
    bag: str
    digest: str
    compared: tuple[str, ...]
    differences: tuple[Difference, ...]
    software: tuple[Changed, ...]
    total: str | None
    removed: frozenset[str] = frozenset()

    @property
    def explained(self) -> bool:
        """Whether only evidence that was removed lawfully, and the report that shows it, are not the same."""
        return bool(self.removed) and {one.file for one in self.differences} <= {NOTEBOOK, REPORT, *self.removed}

    @property
    def same(self) -> bool:
        """Whether every file came out byte for byte."""
        return not self.differences


def reproduce(
    archive: Archive,
    bag: str,
    *,
    workspace: Workspace | None = None,
    notebook: Path | None = None,
    score_only: bool = False,
    engine: str = NOTEBOOK_ENGINE,
    progress: bool = False,
) -> Reproduction:
    """Make a record anew and compare.

    Args:
        archive: the archive, or a copy of one; nothing is written to it.
        bag: the path of an assessment's bag.
        workspace: whose notebook and parameters are used; the one around the working directory by default.
        notebook: the notebook to run; that of the workspace that the record was made by, by default.
        score_only: recompute the score and leave the notebook out.
        engine: the papermill engine: `greenmine`, or `kernel` for the stock kernel.
        progress: whether to draw a progress bar on standard error.

    Raises:
        UsageError: the bag is no assessment in the ledger.
        IntegrityError: the archive is damaged where it is needed; verify it.
        InputError: the notebook cannot be read or is none.
    """
    source = open_record(archive, bag)
    if notebook is not None:
        read_notebook(notebook)
    record = read_record(content(source, RECORD), source.place(f"data/{RECORD}"))
    differences, total = _score(source, record)
    compared: tuple[str, ...] = (SCORE,)
    if not score_only:
        with tempfile.TemporaryDirectory(prefix="greenmine-") as scratch:
            room = Workspace(Path(scratch).resolve())
            differences += lay_out(archive, source, record, room, workspace or Workspace.find())
            own = ASSESSMENT if f"data/{MAPPING}" not in source.payload else RESCORE
            path = notebook or (workspace or Workspace.find()).notebook(own)
            differences += _run(source, record, room, path, engine=engine, progress=progress)
        compared = MADE
    kept = {one.file: one for one in reversed(differences)}
    taken = removals(archive).digests
    return Reproduction(
        record=f"{record.mine}/r{record.revision}",
        bag=bag,
        digest=source.digest,
        compared=compared,
        differences=tuple(one for one in dict.fromkeys(differences) if kept[one.file] == one),
        software=_changed(record),
        total=total,
        removed=frozenset(one.file for one in differences if one.archived in taken),
    )


def _score(bag: Bag, record: Record) -> tuple[list[Difference], str | None]:
    """Recompute the score from the archived findings and catalog; return where it differs, and the total."""
    archived = content(bag, SCORE)
    findings, catalog = (
        parse_json(content(bag, name).decode("utf-8", "replace"), bag.place(f"data/{name}"), IntegrityError)
        for name in (FINDINGS, CATALOG)
    )
    try:
        score = Scorer(catalog).score(findings, record.readings)
    except GreenmineError as problem:
        return [Difference(SCORE, "", _("a score"), str(problem))], None
    found = first_difference(SCORE, archived, canonical(score))
    return [found] if found else [], score["total"]


def _run(bag: Bag, record: Record, room: Workspace, notebook: Path, *, engine: str, progress: bool) -> list[Difference]:
    """Run the notebook in the temporary workspace; return where what it gives is not what is archived."""
    archived = {name: content(bag, name) for name in MADE}
    try:
        given = read_parameters(archived[NOTEBOOK], bag.place(f"data/{NOTEBOOK}"))
    except IntegrityError as problem:  # it was sealed so
        return [Difference(NOTEBOOK, "", problem.expected, problem.found)]
    try:
        _book, files = produce(
            record.mine,
            workspace=room,
            notebook=notebook,
            engine=engine,
            progress=progress,
            **{**given, "assessment": record.assessment, "catalog": f"{record.catalog.id}@{record.catalog.version}"},
        )
    except IntegrityError:
        raise
    except GreenmineError as problem:
        return [Difference(NOTEBOOK, "", _("a notebook that ran to its end"), str(problem))]
    found = (first_difference(name, archived[name], files[name]) for name in MADE)
    return [one for one in found if one]


def _changed(record: Record) -> tuple[Changed, ...]:
    now = installed()
    names = sorted(name for name in {*record.software, *now} if record.software.get(name) != now.get(name))
    changed = [Changed(name, record.software.get(name, ""), now.get(name, "")) for name in names]
    if record.engine.sha256 != engine_digest():
        changed.append(Changed(ENGINE, record.engine.sha256, engine_digest()))
    return tuple(changed)
