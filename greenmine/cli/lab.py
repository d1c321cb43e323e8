"""`greenmine lab [MINE]`: the workbook in JupyterLab.

Without a mine the workspace's own notebook opens. With one, a copy opens in which the mine is filled in. The copy is
`reports/<mine>/workbook.ipynb`: a view that can be made again at any time, so it belongs neither to the evidence, which
is digested and sealed, nor into the folder of an assessment, which a new run replaces. A copy that is there is opened
as it is, for it may hold notes. Its kernels are told to show forms (`GREENMINE_LIVE`); everything else shows pieces.
With `--as` it is `workbook-<member>.ipynb`, so that members who share a folder do not share a notebook, and their seat
is taken (`GREENMINE_SEAT`); with `--key` the member's key signs (`GREENMINE_KEY`).
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from greenmine.errors import UsageError, shown
from greenmine.files import refusal, write_atomic
from greenmine.i18n import gettext as _
from greenmine.i18n import language
from greenmine.workspace import Workspace, is_id

NOTEBOOK = "assessment.ipynb"
COPY = "workbook.ipynb"
LIVE = "GREENMINE_LIVE"
SEAT = "GREENMINE_SEAT"
"""What asks for forms, and who sits at them; `greenmine.workbook` has the same two, but takes long to import."""


@click.command("lab", help=_("Open the workbook in JupyterLab, with a mine filled in where one is named."))
@click.argument("mine", required=False, metavar="[MINE]")
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[-- JUPYTERLAB OPTIONS]")
@click.option("--as", "member", default="", metavar="ID", help=_("Your id in the panel: opens a workbook of your own."))
@click.option("--key", type=click.Path(path_type=Path), metavar="FILE", help=_("Your private key."))
@click.option("--browser/--no-browser", default=True, help=_("Open the browser (default) or only print the address."))
@click.option("--port", type=click.IntRange(0, 65535), help=_("The port to listen on; a free one by default."))
def command(
    mine: str | None, options: tuple[str, ...], member: str, key: Path | None, *, browser: bool, port: int | None
) -> None:
    """Start JupyterLab in the workspace and wait until it is ended.

    Raises:
        UsageError: `--as` holds no id, or names no mine.
    """
    from greenmine.batch.signing import VARIABLE  # noqa: PLC0415 - late: help needs none of it

    if mine is not None and mine.startswith("-"):  # after `--` and without a mine
        options, mine = (mine, *options), None
    if member and (mine is None or not is_id(member) or member.startswith(".")):
        raise UsageError(_("--as {id}: expected a mine, and the id of a member of its panel.").format(id=shown(member)))
    workspace = Workspace.find()
    path = working_copy(workspace, mine, member)
    told = {SEAT: member} | ({VARIABLE: str(key.absolute())} if key else {})
    status = run([*words(workspace, path, browser=browser, port=port), *options], workspace, told)
    if status:
        raise click.exceptions.Exit(status)


def working_copy(workspace: Workspace, mine: str | None, member: str = "") -> Path:
    """Return the notebook to open, a member's own where one is named; it is made where it is not there.

    Raises:
        GreenmineError: there is no such mine, or the notebook cannot be read or written.
    """
    from greenmine.batch.notebook import read_notebook  # noqa: PLC0415 - late: help needs no notebooks

    source = workspace.notebook(NOTEBOOK)
    if mine is None:
        path = workspace.root / "notebooks" / NOTEBOOK
    else:
        folder = workspace.mine_dir(mine).resolve()
        copy = Path(COPY)
        path = workspace.reports / folder.name / (copy.with_stem(f"{copy.stem}-{member}") if member else copy)
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
                path=shown(str(path), limit=200), reason=refusal(problem)
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


def run(command_line: list[str], workspace: Workspace, told: Mapping[str, str] | None = None) -> int:
    """Run a program in the workspace and return its exit status; an interrupt is for the program to answer.

    Args:
        command_line: the program and its arguments.
        workspace: where.
        told: further environment variables.
    """
    environment = {**os.environ, **settings(), "GREENMINE_WORKSPACE": str(workspace.root), LIVE: "1", **(told or {})}
    with subprocess.Popen(command_line, cwd=workspace.root, env=environment) as process:  # noqa: S603 - our own words
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue
