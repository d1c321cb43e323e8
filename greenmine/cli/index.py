"""`greenmine index`: make the index, the portal and the page on the registers of the archive anew."""

from __future__ import annotations

from pathlib import Path

import click

from greenmine.archive.index import build_index, read_contents
from greenmine.archive.layout import Archive
from greenmine.cli.options import archive_option, archive_root, kept_registers, parse_day
from greenmine.cli.output import print_json
from greenmine.cli.overview import on_option, roster_option
from greenmine.errors import CheckFailed, GreenmineError, one_line
from greenmine.i18n import gettext as _
from greenmine.workspace import Workspace


@click.command(
    "index",
    help=_(
        "Make index.sqlite and the page index.html of the archive anew, from the ledger and the bags, and "
        "overview.html where there are registers. They are for looking things up and can be deleted at any time. Pages "
        "are in the language of --lang."
    ),
)
@roster_option
@on_option
@archive_option
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON document, nothing else."))
def command(roster: Path | None, *, on: str, root: Path | None, as_json: bool) -> None:
    """Make them and say what is in them; what cannot be read is told, and is the exit status."""
    from greenmine.archive.portal import build_portal  # noqa: PLC0415 - late: help needs no templates

    archive = Archive.open(archive_root(root))
    contents = read_contents(archive)
    page, problems = _overview(archive, roster, on)
    index = build_index(archive, contents)
    portal = build_portal(archive, contents, overview=page is not None)
    if as_json:
        print_json(
            {
                "records": len(contents.rows),
                "entries": len(contents.entries),
                "unreadable": [{"bag": one.bag, "reason": one.reason} for one in contents.unreadable],
                "index": str(index.resolve()),
                "portal": str(portal.resolve()),
                "overview": page and str(page.resolve()),
                "unreadable_registers": [{"programme": name, "reason": why} for name, why in problems.items()],
            }
        )
    else:
        text = _("{records} records in {index} and {portal}")
        click.echo(one_line(text.format(records=len(contents.rows), index=index, portal=portal)))
        if page is not None:
            click.echo(one_line(_("registers in {page}").format(page=page)))
        for reason in (*(one.reason for one in contents.unreadable), *problems.values()):
            click.echo(one_line(_("cannot be read: {reason}").format(reason=reason)))
    if contents.unreadable or problems:
        raise click.exceptions.Exit(CheckFailed.exit_status)


def _overview(archive: Archive, roster: Path | None, on: str) -> tuple[Path | None, dict[str, str]]:
    """Make the page on the registers, if there are any; return its path, and why some could not be read."""
    names = kept_registers(archive.root)
    if not names:
        return None, {}
    from greenmine.programme.overview import read_overview  # noqa: PLC0415 - late: many archives have no register
    from greenmine.programme.overview_page import build_page  # noqa: PLC0415 - likewise
    from greenmine.programme.programme import load_programme  # noqa: PLC0415 - likewise
    from greenmine.programme.roster import read_roster  # noqa: PLC0415 - likewise

    day, space = parse_day(on), Workspace.find()
    rows = None if roster is None else read_roster(roster)
    found, problems = [], {}
    for name in names:
        try:
            found.append(read_overview(archive, load_programme(name, space), day, rows))
        except GreenmineError as problem:
            problems[name] = str(problem)
    return build_page(archive, found, problems, day), problems
