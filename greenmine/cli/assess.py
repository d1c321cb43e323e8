"""`greenmine assess MINE...`: run the workbook on a mine and put its report and its score into `reports/`.

A mine that does not meet the standard is a result, not a failure: the exit status says whether the assessment was done.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenmine.cli.options import catalog_option, engine_option, readings_option
from greenmine.cli.output import for_each, print_json
from greenmine.errors import one_line
from greenmine.i18n import gettext as _
from greenmine.i18n import language
from greenmine.workspace import Workspace

if TYPE_CHECKING:
    from greenmine.batch.runner import Assessed
    from greenmine.batch.sealing import Sealed


@click.command(
    "assess",
    help=_(
        "Assess mines: run the workbook, write report and score. MINE is an id or a folder.\n\n"
        "What the chair and every expert have signed off is sealed, too."
    ),
)
@click.argument("mines", nargs=-1, required=True, metavar="MINE...")
@click.option("--assessment", metavar="ID", default="", help=_("The assessment: the latest by default."))
@catalog_option
@readings_option
@engine_option
@click.option("--reason", metavar="TEXT", default="", help=_("Why it takes the place of an earlier revision."))
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON document a line, nothing else."))
def command(  # noqa: PLR0917 - click calls by name
    mines: tuple[str, ...],
    assessment: str,
    catalog: str,
    readings: dict[str, str],
    engine: str,
    reason: str,
    as_json: bool,  # noqa: FBT001 - see above
) -> None:
    """Assess each mine and say what came of it; one that cannot be assessed does not keep the others from it."""
    from greenmine.batch.runner import assess  # noqa: PLC0415 - late: help needs no notebooks

    def one(mine: str) -> None:
        workspace = Workspace.around(mine, writing=True)
        done = assess(
            mine,
            workspace=workspace,
            engine=engine,
            progress=sys.stderr.isatty(),
            assessment=assessment,
            catalog=catalog,
            readings=readings,
            lang=language(),
        )
        if not as_json:
            click.echo("\n".join(lines(done)))
        sealed = _sealed(done, workspace, reason)
        if as_json:
            print_json({**as_document(done), **({"sealed": sealed.bag} if sealed else {})})
        elif sealed:
            click.echo("\n".join(f"  {one_line(text)}" for text in sealed_lines(sealed)))

    for_each(mines, one)


def _sealed(done: Assessed, workspace: Workspace, reason: str) -> Sealed | None:
    """Seal what is signed off by everybody."""
    if not done.signed_off:
        return None
    from greenmine.batch.sealing import seal_signed  # noqa: PLC0415 - late: most assessments are not sealed

    return seal_signed(done, workspace=workspace, reason=reason)


def sealed_lines(sealed: Sealed) -> Iterator[str]:
    """Yield what came of sealing for a person."""
    from greenmine.cli.seal import lines as seal_lines  # noqa: PLC0415 - late: it imports from here

    yield _("The chair and every expert have signed off.")
    yield from seal_lines(sealed)


def as_document(done: Assessed) -> dict[str, Any]:
    """Return what came of an assessment for a program."""
    score = done.score
    return {
        "mine": done.mine,
        "assessment": done.assessment,
        "catalog": f"{score['catalog']['id']}@{score['catalog']['version']}",
        "verdict": score["verdict"],
        "total": score["total"],
        "line": score["line"],
        "sensitive": score["sensitive"],
        "report": str(done.report.resolve()),
    }


def lines(done: Assessed) -> Iterator[str]:
    """Yield what came of an assessment for a person."""
    from greenmine.cli.score import lines as score_lines  # noqa: PLC0415 - late, with the scorer

    for number, text in enumerate(score_lines(done.findings, done.score)):
        yield f"  {one_line(text)}" if number else one_line(text)
    yield "  " + _("report: {path}").format(path=one_line(shortest(done.report)))


def shortest(path: Path) -> str:
    """Return a path relative to the working directory where it lies in it."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith(os.pardir) else relative
