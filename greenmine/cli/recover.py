"""`greenmine recover`: make the archive whole after a crash, and say what was done."""

from __future__ import annotations

from dataclasses import asdict

import click

from greenmine.archive.layout import Archive
from greenmine.archive.recover import Recovery, demand_all, recover
from greenmine.cli.output import print_json
from greenmine.errors import shown
from greenmine.i18n import gettext as _
from greenmine.workspace import Workspace


@click.command(
    "recover",
    help=_(
        "Make the archive in reports/ whole after a crash or a power cut.\n\n"
        "Remains of what was never acknowledged are cut off or moved to quarantine/; whole records that are not in the "
        "ledger are checked and entered. Whatever is done is told in events.jsonl. Doing it again does nothing."
    ),
)
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))
def command(*, as_json: bool) -> None:
    """Recover, and print what was done."""
    archive = Archive.open(Workspace.find().reports)
    done = recover(archive)
    if as_json:
        print_json(asdict(done))
    else:
        for line in told(done):
            click.echo(line)
    demand_all(archive, done)


def told(done: Recovery) -> list[str]:
    """Return what a recovery did, a line for each thing."""
    lines = [_("Nothing to do: the archive is whole.")] if done.idle and not done.missing else []
    if done.cut:
        lines.append(_("Cut off the ledger: {count} bytes that were never acknowledged.").format(count=done.cut))
    lines += [_("Entered in the ledger: {path}").format(path=path) for path in done.entered]
    lines += [
        _("Moved: {path} to {to}, because: {reason}").format(
            path=shown(one.path, 300), to=shown(one.to, 300), reason=one.reason
        )
        for one in done.quarantined
    ]
    lines += [_("Removed, as a redaction says: {path}").format(path=shown(path, 300)) for path in done.removed]
    lines += [_("Left alone, somebody is at work on it: {path}").format(path=path) for path in done.busy]
    return lines
