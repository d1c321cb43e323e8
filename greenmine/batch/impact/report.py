"""Filing an impact: the notebook is run on a table of facts, and report, notebook and figures go into one folder.

    FOLDER/  report.html  report.ipynb  impact.json

Nothing is written on failure. The same inputs give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from greenmine.batch.impact.impact import Impact
from greenmine.batch.notebook import REPORT, archived, read_notebook, report_files, run_notebook
from greenmine.batch.parameters import checked, declared
from greenmine.batch.publish import publish
from greenmine.files import canonical_json
from greenmine.workspace import Workspace

NOTEBOOK = "portfolio.ipynb"


def file_report(
    impact: Impact,
    facts: Path,
    readings: Sequence[tuple[str, str]],
    folder: Path,
    *,
    workspace: Workspace,
    lang: str,
    programme: str = "",
    roster: Path | None = None,
    on: str = "",
) -> Path:
    """Run the notebook and file what it gives; return the report.

    Args:
        impact: what was scored from the table.
        facts: the table of facts.
        readings: name and choice; every way to fold what does not apply where there are none.
        folder: where to.
        workspace: whose notebook is run, and where catalogs are looked up.
        lang: the language of the report, `zh` or `en`.
        programme: whose register the report gives an overview of; empty for none.
        roster: the mines that hold a licence and are in production.
        on: the day of the overview; it has to be told where there is a programme, for the report to be repeatable.

    Raises:
        GreenmineError: the notebook could not be run to its end, or the folder cannot be written.
    """
    path = workspace.notebook(NOTEBOOK)
    source = read_notebook(path)
    given = {
        "facts": str(facts.resolve()),
        "catalogs": [str(one.path.resolve()) for one in impact.catalogs],
        "readings": [f"{name}={choice}" for name, choice in readings],
        "programme": programme,
        "roster": str(roster.resolve()) if roster else "",
        "on": on,
        "lang": lang,
    }
    values = checked(declared(source, path), given, path)
    ran = run_notebook(source, values, name=path.name, cwd=workspace.root, label=facts.name)
    names = {"facts": facts.name, "roster": roster.name if roster else ""}
    record = archived(ran, {**values, **names, "catalogs": [one.ref for one in impact.catalogs]})
    publish(folder, {"impact.json": canonical_json(impact.document()), **report_files(record)})
    return folder / REPORT
