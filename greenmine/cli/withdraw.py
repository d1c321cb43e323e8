"""`greenmine withdraw RECORD`: say for good that a sealed record is not to be relied on any more."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from greenmine.archive.layout import Archive
from greenmine.archive.signature import Trust
from greenmine.archive.withdrawal import withdraw
from greenmine.cli.options import archive_option, archive_root, record_bag
from greenmine.cli.sign import ask
from greenmine.i18n import gettext as _


@click.command(
    "withdraw",
    help=_(
        "Withdraw a sealed record: it stays as it is, and a document that names it, who withdrew it and why is sealed, "
        "signed with --key. Verification, index and list of records show it as withdrawn. A later revision takes its "
        "place.\n\n"
        "RECORD is a mine (its last record) or MINE/rN."
    ),
)
@click.argument("record")
@click.option("--reason", required=True, metavar="TEXT", help=_("The ground, such as the decision that orders it."))
@click.option("--by", required=True, metavar="NAME", help=_("Who is responsible."))
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("The private key of who is responsible; believed with: greenmine keys add … --for {purpose}.").format(
        purpose="withdrawal"
    ),
)
@archive_option
def command(record: str, *, reason: str, by: str, key: Path | None, root: Path | None) -> None:
    """Seal the withdrawal."""
    archive = Archive.open(archive_root(root))
    bag = record_bag(archive, record)
    if key is not None:
        ask(key)
    now = dt.datetime.now(dt.UTC)
    sealed = withdraw(archive, bag, reason=reason, by=by, on=now, key=key, trust=Trust.of(archive.trust))
    click.echo(_("withdrawn: {record}, as {bag}").format(record=bag, bag=sealed.path))
    if key is None:
        click.echo(_("It is not signed: who withdrew the record is not proven."))
