"""`greenmine prove RECORD`: a proof that a record is in the ledger, for somebody who does not hold the ledger."""

from __future__ import annotations

from pathlib import Path

import click

from greenmine.archive.layout import Archive
from greenmine.archive.proof import make_proof, write_proof
from greenmine.cli.options import archive_option, archive_root, record_bag
from greenmine.i18n import gettext as _


@click.command(
    "prove",
    help=_(
        "Write a proof that RECORD is in the ledger, for one party, into a new folder.\n\n"
        "RECORD is a mine (its last record), MINE/rN, or the path of a bag. The folder holds the proof, the checkpoint "
        "it leads to, and a short script that checks it with Python alone, without the ledger."
    ),
)
@click.argument("record", metavar="RECORD")
@click.option("--output", type=click.Path(path_type=Path), metavar="DIR", help=_("The folder: proof-… by default."))
@archive_option
def command(record: str, *, output: Path | None, root: Path | None) -> None:
    """Write a proof and say how to check it."""
    archive = Archive.open(archive_root(root), read_only=True)
    bag = record_bag(archive, record)
    proof, stored = make_proof(archive, bag)
    folder = output or Path("proof-" + "-".join(bag.split("/")[2:]))
    made = write_proof(proof, stored, folder)
    text = _("{bag}: line {line} of {count}, proven by {path}")
    click.echo(text.format(bag=bag, line=proof.index + 1, count=stored.checkpoint.head.entries, path=made))
    for line in stored.unproven:
        click.echo(f"  {line}")
    click.echo("  " + _("to check: {command}").format(command=f"python3 -I {folder / 'check_proof.py'} {made}"))
