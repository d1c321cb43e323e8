"""The runner: one assessment of one mine, from its folder to the files in `reports/`.

The inputs are read and scored first, here, so that bad input is told at once and by name. Then the notebook runs, reads
the same inputs on its own, and must come to the same digests; only then is anything written:

    reports/<mine>/<assessment>/  report.html  report.ipynb  score.json  findings.json  catalog.resolved.json

Nothing is written on failure. The same inputs give the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenmine.assessment.signoff import complete
from greenmine.batch.notebook import ENGINE, REPORT, archived, read_notebook, report_files, run_notebook
from greenmine.batch.parameters import checked, declared
from greenmine.batch.process import USUAL, Limits
from greenmine.batch.publish import publish
from greenmine.errors import NotebookError
from greenmine.i18n import gettext as _
from greenmine.workbook import Workbook
from greenmine.workbook.book import LIVE, RECORD_TYPE
from greenmine.workbook.handed_down import handing_down, state_of
from greenmine.workspace import Workspace

NOTEBOOK = "assessment.ipynb"
VARIABLE = "GREENMINE_WORKSPACE"


@dataclass(frozen=True)
class Assessed:
    """What came of an assessment.

    Attributes:
        mine: id of the mine.
        assessment: id of the assessment.
        findings: schema `greenmine.findings/1`.
        score: schema `greenmine.score/1`.
        folder: where the files are.
        book: what was read.
        files: the content of every file by its name.
    """

    mine: str
    assessment: str
    findings: dict[str, Any]
    score: dict[str, Any]
    folder: Path
    book: Workbook
    files: dict[str, bytes]

    @property
    def signed_off(self) -> bool:
        """Whether the chair and every expert have signed off what is here."""
        return complete(self.book.panel, self.book.signed)

    @property
    def report(self) -> Path:
        """The HTML report."""
        return self.folder / REPORT


def assess(
    mine: str,
    *,
    workspace: Workspace | None = None,
    notebook: Path | None = None,
    engine: str = ENGINE,
    progress: bool = False,
    **parameters: Any,  # noqa: ANN401 - checked against the notebook
) -> Assessed:
    """Assess a mine: run the notebook and put the report and what it rests on into `reports/`.

    Args:
        mine: the id of a mine in the workspace, or the path of a mine's folder.
        workspace: where to look and to write; the one around the working directory by default.
        notebook: the notebook; the workspace's `notebooks/assessment.ipynb` by default.
        engine: the papermill engine: `greenmine`, `kernel` for the stock kernel, or another that is installed.
        progress: whether to draw a progress bar on standard error.
        parameters: further parameters of the notebook: `assessment`, `catalog`, `readings`, `lang`.

    Raises:
        GreenmineError: a parameter, an input or the notebook is not as it should be; nothing is written then.
    """
    workspace = workspace or Workspace.find()
    book, files = produce(mine, workspace=workspace, notebook=notebook, engine=engine, progress=progress, **parameters)
    folder = workspace.reports / book.mine.id / book.id
    publish(folder, files)
    return Assessed(book.mine.id, book.id, book.findings, book.score, folder, book, files)


def produce(
    mine: str,
    *,
    workspace: Workspace,
    notebook: Path | None = None,
    engine: str = ENGINE,
    progress: bool = False,
    limits: Limits = USUAL,
    meanwhile: Callable[[Workbook], object] = lambda _book: None,
    **parameters: Any,  # noqa: ANN401 - checked against the notebook
) -> tuple[Workbook, dict[str, bytes]]:
    """Run the notebook on a mine and return what was read, and the content of every file of the result by its name.

    Args and errors are those of `assess`, and `limits` what the notebook may use, and `meanwhile` what to do with what
    was read while it runs; nothing is written.
    """
    path = notebook or workspace.notebook(NOTEBOOK)
    source = read_notebook(path)
    values = checked(declared(source, path), {"mine": mine, **parameters}, path)
    state = state_of(workspace.mine_dir(values["mine"]))
    book = Workbook.open(**{**values, "workspace": workspace, "live": False})
    values |= {"mine": str(book.folder.resolve()), "assessment": book.id}
    book.digests  # noqa: B018 - once, for the notebook as well
    asked = {name: values[name] for name in ("readings", "lang", "carried_from") if name in values}
    with _surroundings(workspace), handing_down(book, state, **asked):
        ran = run_notebook(
            source,
            values,
            name=path.name,
            cwd=workspace.root,
            engine=engine,
            progress=progress,
            label=book.mine.id,
            limits=limits,
            meanwhile=lambda: meanwhile(book),
        )
    told = {**values, "mine": book.mine.id, "catalog": book.catalog.ref}
    record = archived(ran, told)
    _same_inputs(record, book, path.name)
    return book, _files(book, record)


@contextmanager
def _surroundings(workspace: Workspace) -> Iterator[None]:
    """Name the workspace to what runs meanwhile, which shows pieces even where it was started from live forms."""
    own = {VARIABLE: str(workspace.root.resolve()), LIVE: "0"}
    before = {name: os.environ.get(name) for name in own}
    os.environ.update(own)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _same_inputs(record: Any, book: Workbook, name: str) -> None:  # noqa: ANN401 - a notebook node
    """See that the notebook came to what was read before it ran."""
    told = [
        output.data[RECORD_TYPE]
        for cell in record.cells
        for output in cell.get("outputs", ())
        if RECORD_TYPE in output.data
    ]
    if not told:
        raise NotebookError(name, "", _("no cell shows the provenance (book.provenance())"))
    for digests in told:
        differing = sorted(key for key, digest in book.digests.items() if digests.get(key) != digest)
        if differing:
            raise NotebookError(
                name,
                "",
                _("the inputs changed while it ran ({names}); run it again").format(names=", ".join(differing)),
            )


def _files(book: Workbook, record: Any) -> dict[str, bytes]:  # noqa: ANN401
    """Return the content of every file of the result; the JSON files have the digests that the report prints."""
    return {
        "catalog.resolved.json": book.catalog.canonical,
        "findings.json": book.documents["findings"],
        "score.json": book.documents["score"],
        **report_files(record),
    }
