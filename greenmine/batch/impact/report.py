"""Filing an impact: the notebook is run on a table of facts, and report, notebook and figures go into one folder.

    FOLDER/  report.html  report.ipynb  impact.json

Nothing is written on failure. The same inputs give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from greenmine.batch.impact.impact import Impact
from greenmine.batch.notebook import archived, read_notebook, run_notebook
from greenmine.batch.parameters import checked, declared
from greenmine.batch.publish import publish
from greenmine.batch.runner import REPORT
from greenmine.files import canonical_json
from greenmine.workspace import Workspace

NOTEBOOK = "portfolio.ipynb"


def file_report(
    impact: Impact, facts: Path, readings: Sequence[tuple[str, str]], folder: Path, *, workspace: Workspace, lang: str
) -> Path:
    """Run the notebook and file what it gives; return the report.

    Args:
        impact: what was scored from the table.
        facts: the table of facts.
        readings: name and choice; every way to fold what does not apply where there are none.
        folder: where to.
        workspace: whose notebook is run, and where catalogs are looked up.
        lang: the language of the report, `zh` or `en`.

    Raises:
        GreenmineError: the notebook could not be run to its end, or the folder cannot be written.
    """
    import nbformat  # noqa: PLC0415 - late: it takes a second

    from greenmine.report.exporter import to_html  # noqa: PLC0415 - late, as nbformat

    path = workspace.notebook(NOTEBOOK)
    source = read_notebook(path)
    given = {
        "facts": str(facts.resolve()),
        "catalogs": [str(one.path.resolve()) for one in impact.catalogs],
        "readings": [f"{name}={choice}" for name, choice in readings],
        "lang": lang,
    }
    values = checked(declared(source, path), given, path)
    ran = run_notebook(source, values, name=path.name, cwd=workspace.root, label=facts.name)
    record = archived(ran, {**values, "facts": facts.name, "catalogs": [one.ref for one in impact.catalogs]})
    notebook = nbformat.writes(record)  # type: ignore[no-untyped-call] # nbformat has types in part
    files = {
        "impact.json": canonical_json(impact.document()),
        "report.ipynb": f"{notebook}\n".encode(),
        REPORT: to_html(record).encode(),
    }
    publish(folder, files)
    return folder / REPORT
