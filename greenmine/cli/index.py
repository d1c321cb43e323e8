"""`greenmine index`: make the index and the portal of the archive anew."""

from __future__ import annotations

from pathlib import Path

import click

from greenmine.archive.index import build_index, read_contents
from greenmine.archive.layout import Archive
from greenmine.cli.options import archive_option, archive_root
from greenmine.cli.output import print_json
from greenmine.errors import CheckFailed, one_line
from greenmine.i18n import gettext as _


@click.command(
    "index",
    help=_(
        "Make index.sqlite and the page index.html of the archive anew, from the ledger and the bags. Both are for "
        "looking things up and can be deleted at any time. The page is in the language of --lang."
    ),
)
@archive_option
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON document, nothing else."))
def command(root: Path | None, *, as_json: bool) -> None:
    """Make both and say what is in them; a bag that cannot be read is told, and is the exit status."""
    from greenmine.archive.portal import build_portal  # noqa: PLC0415 - late: help needs no templates

    archive = Archive.open(archive_root(root))
    contents = read_contents(archive)
    index = build_index(archive, contents)
    portal = build_portal(archive, contents)
    if as_json:
        print_json(
            {
                "records": len(contents.rows),
                "entries": len(contents.entries),
                "unreadable": [{"bag": one.bag, "reason": one.reason} for one in contents.unreadable],
                "index": str(index.resolve()),
                "portal": str(portal.resolve()),
            }
        )
    else:
        text = _("{records} records in {index} and {portal}")
        click.echo(one_line(text.format(records=len(contents.rows), index=index, portal=portal)))
        for one in contents.unreadable:
            click.echo(one_line(_("cannot be read: {reason}").format(reason=one.reason)))
    if contents.unreadable:
        raise click.exceptions.Exit(CheckFailed.exit_status)
