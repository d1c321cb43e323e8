"""`greenmine watch [MINE...]`: assess again what has changed, until it is stopped."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import click

from greenmine.cli.assess import as_document, lines
from greenmine.cli.options import catalog_option, readings_option
from greenmine.cli.output import print_json
from greenmine.errors import one_line
from greenmine.i18n import gettext as _
from greenmine.i18n import language
from greenmine.workspace import Workspace

if TYPE_CHECKING:
    from greenmine.batch.watch import Looked


@click.command(
    "watch",
    help=_(
        "Assess again what has changed in evidence/ since it was last assessed: material, lists, panels, journals.\n\n"
        "Looks every few seconds until it is stopped with Ctrl+C; with --once it looks once. What has not changed "
        "costs a listing of its folder. Reports go where greenmine assess puts them."
    ),
)
@click.argument("mines", nargs=-1, metavar="[MINE...]")
@click.option("--every", type=click.FloatRange(0.2, 86400), default=5.0, help=_("Seconds between two looks."))
@click.option("--once", is_flag=True, help=_("Look once and end."))
@catalog_option
@readings_option
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON document a line, nothing else."))
def command(  # noqa: PLR0917 - click calls by name
    mines: tuple[str, ...],
    every: float,
    once: bool,  # noqa: FBT001 - see above
    catalog: str,
    readings: dict[str, str],
    as_json: bool,  # noqa: FBT001 - see above
) -> None:
    """Look, assess what has changed, and wait; one mine that fails does not keep the others from it."""
    from greenmine.batch.watch import Watch  # noqa: PLC0415 - late: help needs no notebooks

    given: dict[str, Any] = {"assessment": "", "catalog": catalog, "readings": readings, "lang": language()}
    watch = Watch(Workspace.around(mines[0] if mines else "", writing=True), given, mines)
    status = 0
    try:
        while True:
            for seen in watch.look():
                _tell(seen, as_json=as_json)
                status = max(status, seen.problem.exit_status if seen.problem else 0)
            if once:
                break
            time.sleep(every)
    except KeyboardInterrupt:
        click.echo(_("Stopped."), err=True)
        status = 0
    if status:
        raise click.exceptions.Exit(status)


def _tell(seen: Looked, *, as_json: bool) -> None:
    if seen.problem is not None:
        click.echo(f"greenmine: {one_line(str(seen.problem))}", err=True)
    elif seen.assessed is None:
        return
    elif as_json:
        print_json(as_document(seen.assessed))
    else:
        click.echo("\n".join(lines(seen.assessed)))
    sys.stdout.flush()
