"""`greenmine batch LIST`: run the workbook on many mines and seal what it gives."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenmine.cli.options import catalog_option, engine_option, readings_option
from greenmine.cli.output import console, print_json, table
from greenmine.cli.progress import interrupted, watched
from greenmine.errors import GreenmineError, UsageError, shown
from greenmine.i18n import gettext as _
from greenmine.i18n import language
from greenmine.workspace import Workspace

if TYPE_CHECKING:
    from greenmine.batch.run import Finished


def _parts(_context: click.Context, _parameter: click.Parameter, text: str | None) -> tuple[int, int]:
    found = re.fullmatch("([0-9]{1,9})/([0-9]{1,9})", "1/1" if text is None else text)
    part, parts = map(int, found.groups()) if found else (0, 0)
    if not 1 <= part <= parts:
        raise UsageError(_("--shard {text}: expected i/n such as 2/8, with i from 1 to n.").format(text=shown(text)))
    return part, parts


@click.command(
    "batch",
    help=_(
        "Run the workbook on the mines of LIST and seal what it gives.\n\nLIST is a table (.csv, .xlsx) or YAML with a "
        "row for each mine: mine, assessment, catalog, readings, lang, reason. All of it is checked before anything "
        "starts. A mine that fails does not stop the others. A run that was cut short is simply started again: it does "
        "only the rest."
    ),
)
@click.argument("file", metavar="LIST", type=click.Path(path_type=Path, dir_okay=False))
@catalog_option
@readings_option
@engine_option
@click.option("--workers", type=click.IntRange(1, 256), help=_("Processes on this machine: one a processor."))
@click.option("--cluster", metavar="ADDRESS", default="", help=_("Compute on a dask cluster: tcp://HOST:PORT."))
@click.option(
    "--shard", metavar="I/N", callback=_parts, help=_("Do only part I of N; another scheduler does the rest.")
)
@click.option("--timeout", type=click.IntRange(1), metavar="SECONDS", help=_("For each mine: 300 by default."))
@click.option("--memory", type=click.IntRange(256), metavar="MIB", help=_("For each mine: 4096 by default."))
@click.option("--quiet", is_flag=True, help=_("Print failures only."))
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON document a line, nothing else."))
def command(
    *,
    file: Path,
    catalog: str,
    readings: dict[str, str],
    engine: str,
    workers: int | None,
    cluster: str,
    shard: tuple[int, int],
    timeout: int | None,
    memory: int | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Do the rows of a list and say which failed and why."""
    from greenmine.batch.warm import warm_up  # noqa: PLC0415 - late: help needs no notebooks

    if engine == "kernel" and (timeout or memory):
        raise UsageError(_("--timeout and --memory hold for the engine greenmine; stock kernels have no such limits."))
    workers = workers or os.cpu_count() or 1
    warm_up(0 if cluster else workers)  # they get ready while the list is checked
    from greenmine.batch import run  # noqa: PLC0415
    from greenmine.batch.process import MIB, USUAL  # noqa: PLC0415
    from greenmine.batch.runlist import read_list  # noqa: PLC0415

    limits = replace(USUAL, seconds=timeout or USUAL.seconds, memory=memory * MIB if memory else USUAL.memory)
    workspace = Workspace.around(str(file), writing=True)
    defaults = {"catalog": catalog, "readings": readings, "lang": language()}
    runs = run.shard(read_list(file, run.notebook_parameters(workspace), workspace, defaults), *shard)
    results = run.run_list(runs, workspace, workers=workers, address=cluster, engine=engine, limits=limits)
    finished: list[Finished] = []
    stopped: BaseException | None = None
    with closing(results):
        try:
            for one in watched(results, len(runs), quiet=quiet or as_json):
                finished.append(one)
                if as_json:
                    print_json(as_document(one))
        except (KeyboardInterrupt, GreenmineError) as problem:
            stopped = problem
    if not as_json and (finished or stopped is None):
        _summary(finished, quiet=quiet)
    status = max((one.exit_status for one in finished), default=0)
    if isinstance(stopped, KeyboardInterrupt):
        status = interrupted(len(finished), len(runs))
    elif stopped is not None:
        raise stopped
    if status:
        raise click.exceptions.Exit(status)


def _summary(finished: Sequence[Finished], *, quiet: bool) -> None:
    failures = sorted((one for one in finished if one.state == "failed"), key=lambda one: one.run.number)
    if failures:
        rows = [(str(one.run.number), one.run.mine, one.run.assessment, one.failure) for one in failures]
        heads = (_("Row"), _("Mine"), _("Assessment"), _("Why"))
        console().print(table(_("Failed"), heads, rows, right=[_("Row")]))
    if not quiet:
        states = Counter(one.state for one in finished)
        text = _("{count} mines: {sealed} sealed, {unchanged} unchanged, {failed} failed")
        click.echo(
            text.format(
                count=len(finished), sealed=states["sealed"], unchanged=states["unchanged"], failed=states["failed"]
            )
        )


def as_document(one: Finished) -> dict[str, Any]:
    """Return what came of a row for a program."""
    return {
        "row": one.run.number,
        "mine": one.run.mine,
        "assessment": one.run.assessment,
        "state": one.state,
        "bag": one.bag,
        "verdict": one.verdict,
        "total": one.total,
        "failure": one.failure,
    }
