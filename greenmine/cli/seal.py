"""`greenmine seal MINE...`: put an assessment into the archive, or lay it out for the experts to sign."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from greenmine.cli.assess import shortest
from greenmine.cli.options import catalog_option, engine_option, readings_option
from greenmine.cli.output import for_each, print_json
from greenmine.errors import one_line
from greenmine.i18n import gettext as _
from greenmine.i18n import language
from greenmine.workspace import Workspace

if TYPE_CHECKING:
    from greenmine.batch.sealing import Sealed


@click.command(
    "seal",
    help=_(
        "Seal assessments: report, score, journals, catalog and evidence become a record in reports/ that is never "
        "changed again. With --draft an assessment is laid out for the experts to sign (greenmine sign) first."
    ),
)
@click.argument("mines", nargs=-1, required=True, metavar="MINE...")
@click.option("--assessment", metavar="ID", default="", help=_("The assessment: the latest by default."))
@click.option("--draft", is_flag=True, help=_("Only lay it out to be signed."))
@click.option("--reason", metavar="TEXT", default="", help=_("Why it takes the place of an earlier revision."))
@catalog_option
@readings_option
@engine_option
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON document a line, nothing else."))
def command(  # noqa: PLR0917 - click calls by name
    mines: tuple[str, ...],
    assessment: str,
    draft: bool,  # noqa: FBT001 - see above
    reason: str,
    catalog: str,
    readings: dict[str, str],
    engine: str,
    as_json: bool,  # noqa: FBT001 - see above
) -> None:
    """Seal each mine's assessment and say where it is; one that cannot be sealed does not keep the others from it."""
    from greenmine.batch.sealing import seal  # noqa: PLC0415 - late: help needs no notebooks

    def one(mine: str) -> None:
        sealed = seal(
            mine,
            workspace=Workspace.around(mine, writing=True),
            draft=draft,
            reason=reason,
            engine=engine,
            progress=sys.stderr.isatty(),
            assessment=assessment,
            catalog=catalog,
            readings=readings,
            lang=language(),
        )
        if as_json:
            print_json(as_document(sealed))
        else:
            click.echo("\n".join(one_line(text) for text in lines(sealed)))

    for_each(mines, one)


def as_document(sealed: Sealed) -> dict[str, Any]:
    """Return what came of sealing for a program."""
    return {
        "mine": sealed.mine,
        "assessment": sealed.assessment,
        "bag": sealed.bag,
        "digest": sealed.digest,
        "signed": list(sealed.signed),
        "new": sealed.new,
        "folder": str(sealed.folder.resolve()),
    }


def lines(sealed: Sealed) -> Iterator[str]:
    """Yield what came of sealing for a person."""
    values = {
        "mine": sealed.mine,
        "assessment": sealed.assessment,
        "bag": sealed.bag,
        "folder": shortest(sealed.folder),
    }
    if not sealed.bag:
        yield _("{mine}, {assessment}: laid out to be signed in {folder}").format(**values)
        return
    if sealed.new:
        yield _("{mine}, {assessment}: sealed as {bag}").format(**values)
    else:
        yield _("{mine}, {assessment}: sealed already as {bag}; nothing has changed").format(**values)
    yield _("SHA-256 in the ledger: {digest}").format(digest=sealed.digest)
    if sealed.signed:
        yield _("signed by: {names}").format(names=", ".join(sealed.signed))
    else:
        yield _("Signed by no expert: who concluded this is not proven.")
    yield _("report: {path}").format(path=shortest(sealed.report))
