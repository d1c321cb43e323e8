"""`greenmine facts [PATH…] -o FILE`: the facts of many mines as one table."""

from __future__ import annotations

from pathlib import Path

import click

from greenmine.cli.options import archive_option, archive_root, catalog_option
from greenmine.errors import UsageError
from greenmine.i18n import gettext as _
from greenmine.workspace import Workspace


@click.command(
    "facts",
    help=_(
        "Write what points rest on, a row a mine, for “greenmine impact”: of the archive, or of the PATHs (findings "
        "files, mines' folders, ids of mines). Of a mine's records in force in the archive the one with the latest "
        "date of assessment is taken, and the mine's own assessment only where there is no other."
    ),
)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@archive_option
@catalog_option
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("The table: .parquet, or .csv in UTF-8."),
)
def command(paths: tuple[str, ...], root: Path | None, catalog: str, output: Path) -> None:
    """Write the table and say how large it is."""
    from greenmine.batch.impact.collect import facts_of_archive, facts_of_paths  # noqa: PLC0415 - late: numpy, pyarrow

    if paths:
        if root is not None:
            raise UsageError(_("Expected PATHs or --archive, not both."))
        from greenmine.catalog import load_catalog  # noqa: PLC0415 - late: not needed for the archive

        workspace = Workspace.around(paths[0])
        table = facts_of_paths(paths, load_catalog(catalog, workspace), workspace)
    else:
        from greenmine.archive.layout import Archive  # noqa: PLC0415 - late, as above

        table = facts_of_archive(Archive.open(archive_root(root), read_only=True))
    table.write(output)
    text = _("{file}: {mines} mines, {columns} columns")
    click.echo(text.format(file=output, mines=len(table), columns=len(table.names)))
