"""`greenmine redact RECORD FILE…`: remove files from the evidence of a record, lawfully, and say so for good."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from greenmine.archive.bag import read_file
from greenmine.archive.layout import Archive, kind_of
from greenmine.archive.record import FILE_NAME as RECORD
from greenmine.archive.record import read_record
from greenmine.archive.redaction import copies, draft_redaction, redact
from greenmine.archive.signature import Trust, sign_trusted
from greenmine.archive.signers import REDACTION
from greenmine.cli.options import archive_option, archive_root, record_bag
from greenmine.cli.sign import ask
from greenmine.errors import UsageError, one_line, shown
from greenmine.i18n import gettext as _


@click.command(
    "redact",
    help=_(
        "Remove files from the evidence that RECORD rests on, as a law or a decision orders. They are deleted for "
        "good; a document that names them, who removed them and why is sealed, signed with --key, and everything else "
        "still verifies.\n\n"
        "RECORD is a mine (its last record) or MINE/rN; FILE is a path in the mine's folder."
    ),
)
@click.argument("record")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--reason", required=True, metavar="TEXT", help=_("The ground, such as the decision that orders it."))
@click.option("--by", required=True, metavar="NAME", help=_("Who is responsible."))
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("The private key of who is responsible; believed with: greenmine keys add … --for {purpose}.").format(
        purpose="redaction"
    ),
)
@click.option("--yes", is_flag=True, help=_("Do not ask whether the files are really to be deleted."))
@archive_option
def command(
    record: str, files: tuple[str, ...], *, reason: str, by: str, key: Path | None, yes: bool, root: Path | None
) -> None:
    """Seal the removal, remove the files, and say where else the same content is.

    Raises:
        UsageError: RECORD is no assessment, or the key is not trusted for removals.
    """
    archive = Archive.open(archive_root(root))
    bag = record_bag(archive, record)
    if kind_of(bag) != "assess":
        raise UsageError(_("{bag} is no assessment in the ledger.").format(bag=shown(bag, 200)))
    place = archive.place(bag) / "data" / RECORD
    eid = read_record(read_file(place), place).evidence.eid
    drafted = draft_redaction(archive, eid, files, reason=reason, by=by, on=dt.datetime.now(dt.UTC))
    attest = {}
    if key is not None:
        ask(key)
        signature, _who = sign_trusted(drafted.canonical(), key, REDACTION, Trust.of(archive.trust))
        attest["redaction.sig"] = signature.data
    if not yes:
        names = ", ".join(one.path.removeprefix("data/files/") for one in drafted.removed)
        text = _("Delete {names} from the archive for good?").format(names=names)
        click.confirm(one_line(text), abort=True, err=True)
    sealed = redact(archive, drafted, attest)
    click.echo(_("removed: {count} files, as {bag}").format(count=len(drafted.removed), bag=sealed.path))
    if not attest:
        click.echo(_("It is not signed: who ordered the removal is not proven."))
    text = _("The same content is still in {bag}: {file}")
    for one in drafted.removed:
        for other, name in copies(archive, one.sha256):
            click.echo(one_line(text.format(bag=other, file=shown(name, 300))))
