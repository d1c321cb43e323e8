"""`greenmine witness`: countersign an archive's last checkpoint, if it continues what the witness has seen."""

from __future__ import annotations

from pathlib import Path

import click

from greenmine.archive.signature import Trust
from greenmine.archive.witness import witness
from greenmine.cli.options import archive_root
from greenmine.errors import UsageError
from greenmine.i18n import gettext as _

_PATH = click.Path(path_type=Path)


@click.command(
    "witness",
    help=_(
        "Sign the last checkpoint of the archive in DIR (or a copy: ledger and checkpoints/ suffice), if the ledger "
        "begins with exactly what was there when you last looked.\n\n"
        "What you have seen is kept in the memory file; keep it where the archive's operator cannot write."
    ),
)
@click.argument("root", metavar="[DIR]", required=False, type=_PATH)
@click.option("--name", required=True, help=_("Your name in allowed_signers."))
@click.option("--key", required=True, type=_PATH, metavar="FILE", help=_("Your private key."))
@click.option("--memory", required=True, type=_PATH, metavar="FILE", help=_("Where you remember what you have seen."))
@click.option("--first", is_flag=True, help=_("It is the first look: there is no memory yet."))
@click.option(
    "--signers", type=_PATH, metavar="FILE", help=_("Your own copy of allowed_signers, to check the operator.")
)
@click.option("--operator", default="", metavar="NAME", help=_("The operator's name in it."))
@click.option(
    "--output", type=_PATH, metavar="DIR", help=_("Where the signature goes: beside the checkpoint by default.")
)
def command(
    root: Path | None,
    *,
    name: str,
    key: Path,
    memory: Path,
    first: bool,
    signers: Path | None,
    operator: str,
    output: Path | None,
) -> None:
    """Sign, and say what for.

    Raises:
        UsageError: one of `--signers` and `--operator` is given without the other.
    """
    if (signers is None) != (not operator):
        raise UsageError(_("--signers and --operator go together."))
    if signers is not None and not signers.is_file():
        raise UsageError(_("There is no file {path}.").format(path=signers))
    done = witness(
        archive_root(root),
        name=name,
        key=key,
        memory=memory,
        first=first,
        trust=Trust(signers) if signers is not None else None,
        operator=operator,
        output=output,
    )
    head = done.checkpoint.head
    click.echo(
        _("{origin}: you have signed {count} entries, {size} bytes.").format(
            origin=done.checkpoint.origin, count=head.entries, size=head.size
        )
    )
    if done.before is None:
        click.echo("  " + _("It was the first look: changes before it would not be noticed."))
    else:
        click.echo("  " + _("The first {size} bytes are those you saw last time.").format(size=done.before.size))
    if signers is None:
        click.echo("  " + _("The operator's signature was not checked (--signers)."))
    click.echo("  " + _("signature: {path}").format(path=done.signature))
