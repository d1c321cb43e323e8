"""`greenmine lab [MINE]`: the workbook in JupyterLab.

Without a mine the workspace's own notebook opens. With one, a copy opens in which the mine is filled in. The copy is
`reports/<mine>/workbook.ipynb`: a view that can be made again at any time, so it belongs neither to the evidence, which
is digested and sealed, nor into the folder of an assessment, which a new run replaces. A copy that is there is opened
as it is, for it may hold notes. Its kernels are told to show forms (`GREENMINE_LIVE`); everything else shows pieces.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from greenmine.errors import UsageError, shown
from greenmine.files import write_atomic
from greenmine.i18n import gettext as _
from greenmine.i18n import language
from greenmine.workspace import Workspace

NOTEBOOK = "assessment.ipynb"
COPY = "workbook.ipynb"
LIVE = "GREENMINE_LIVE"
"""Asks for forms; see `greenmine.workbook.book.LIVE`, which takes long to import."""


@click.command("lab", help=_("Open the workbook in JupyterLab, with a mine filled in where one is named."))
@click.argument("mine", required=False, metavar="[MINE]")
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[-- JUPYTERLAB OPTIONS]")
@click.option("--browser/--no-browser", default=True, help=_("Open the browser (default) or only print the address."))
@click.option("--port", type=click.IntRange(0, 65535), help=_("The port to listen on; a free one by default."))
def command(mine: str | None, options: tuple[str, ...], *, browser: bool, port: int | None) -> None:
    """Start JupyterLab in the workspace and wait until it is ended."""
    if mine is not None and mine.startswith("-"):  # after `--` and without a mine
        options, mine = (mine, *options), None
    workspace = Workspace.find()
    path = working_copy(workspace, mine)
    status = run([*words(workspace, path, browser=browser, port=port), *options], workspace)
    if status:
        raise click.exceptions.Exit(status)


def working_copy(workspace: Workspace, mine: str | None) -> Path:
    """Return the notebook to open, inside the workspace; it is made where it is not there.

    Raises:
        GreenmineError: there is no such mine, or the notebook cannot be read or written.
    """
    from greenmine.batch.notebook import read_notebook  # noqa: PLC0415 - late: help needs no notebooks

    source = workspace.notebook(NOTEBOOK)
    if mine is None:
        path = workspace.root / "notebooks" / NOTEBOOK
    else:
        folder = workspace.mine_dir(mine).resolve()
        path = workspace.reports / folder.name / COPY
    if path.is_file():
        return path
    notebook = read_notebook(source)
    if mine is not None:
        inside = folder.parent == workspace.evidence.resolve()
        fill_in(notebook, "mine", folder.name if inside else str(folder))
    _write(path, notebook)
    return path


def fill_in(notebook: Any, name: str, value: str) -> None:  # noqa: ANN401 - a notebook node
    """Change the default of a parameter in the parameters cell, and nothing else of the cell.

    Args:
        notebook: the notebook; it is changed.
        name: the parameter, of type `str`.
        value: its value.
    """
    from greenmine.batch.parameters import TAG  # noqa: PLC0415 - late, as above

    for cell in notebook.cells:
        if TAG not in cell.metadata.get("tags", ()):
            continue
        lines = [line.encode() for line in cell.source.split("\n")]  # Python counts columns in bytes
        for statement in ast.parse(cell.source).body:
            named = isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
            if named and statement.target.id == name and statement.value:
                at, line = statement.value, lines[statement.value.lineno - 1]
                text = json.dumps(value, ensure_ascii=False).encode()
                lines[at.lineno - 1] = line[: at.col_offset] + text + line[at.end_col_offset :]
        cell.source = b"\n".join(lines).decode()


def _write(path: Path, notebook: Any) -> None:  # noqa: ANN401
    import nbformat  # noqa: PLC0415 - late: it takes a second

    text = nbformat.writes(notebook)  # type: ignore[no-untyped-call] # nbformat has types in part
    try:
        write_atomic(path, f"{text}\n".encode())
    except OSError as problem:
        raise UsageError(
            _("{path} cannot be written: {reason}. Nothing was kept of it.").format(
                path=shown(str(path), limit=200), reason=problem.strerror or type(problem).__name__
            )
        ) from None


def words(workspace: Workspace, path: Path, *, browser: bool, port: int | None) -> list[str]:
    """Return the command line that starts JupyterLab on a notebook of the workspace."""
    address = f"/lab/tree/{quote(path.relative_to(workspace.root).as_posix())}"
    found = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={workspace.root}",
        f"--LabApp.default_url={address}",
    ]
    if not browser:
        found.append("--no-browser")
    if port is not None:
        found.append(f"--ServerApp.port={port}")
    return found


def settings() -> dict[str, str]:
    """Return what makes JupyterLab speak the language in use and ask no news site; a person's own settings go before.

    The folder holds defaults only (`labconfig/default_setting_overrides.json`), so nothing is written anywhere.
    """
    folder = files("greenmine") / "workbook" / "lab" / language()
    given = os.environ.get("JUPYTER_CONFIG_PATH")
    return {"JUPYTER_CONFIG_PATH": os.pathsep.join([str(folder), *([given] if given else [])])}


def run(command_line: list[str], workspace: Workspace) -> int:
    """Run a program in the workspace and return its exit status; an interrupt is for the program to answer."""
    environment = {**os.environ, **settings(), "GREENMINE_WORKSPACE": str(workspace.root), LIVE: "1"}
    with subprocess.Popen(command_line, cwd=workspace.root, env=environment) as process:  # noqa: S603 - our own words
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue
