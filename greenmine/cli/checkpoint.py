"""`greenmine checkpoint`: fix the ledger as it is, signed and time-stamped as configured."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import click

from greenmine.archive.checkpoint import StoredCheckpoint
from greenmine.archive.config import Config, read_config
from greenmine.archive.layout import Archive
from greenmine.archive.notary import make_checkpoint
from greenmine.archive.signature import Trust
from greenmine.archive.timestamp import Stamp, read_stamp
from greenmine.cli.options import archive_option, archive_root
from greenmine.cli.output import print_json
from greenmine.i18n import gettext as _


@click.command(
    "checkpoint",
    help=_(
        "Fix the ledger as it is, so that nothing before can be changed unnoticed.\n\n"
        "The operator's key and the time stamp authority are those of archive.yaml. What is not configured is not "
        "proven, which is said. A signature or time stamp that was missing is added to the last checkpoint as long as "
        "no other follows."
    ),
)
@archive_option
@click.option(
    "--no-timestamp", "unstamped", is_flag=True, help=_("Do without the time stamp authority, which may be away.")
)
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))
def command(*, root: Path | None, unstamped: bool, as_json: bool) -> None:
    """Make a checkpoint, or complete the last one, and print it."""
    archive = Archive.open(archive_root(root))
    config = read_config(archive)
    if config.operator is not None:
        text = _("Signing with {key}: type its passphrase or touch the hardware key, if asked.")
        click.echo(text.format(key=config.operator.key), err=True)
    made = make_checkpoint(archive, operator=config.operator, authority=None if unstamped else config.authority)
    stamp = read_stamp(made.timestamp, made.folder / "checkpoint.sig.tsr") if made.timestamp else None
    if as_json:
        print_json(as_document(made, stamp, config))
    else:
        click.echo("\n".join(lines(made, stamp, config)))
        if made.signature is not None and Trust.of(archive.trust) is None:
            click.echo(
                "  " + _("Nobody's keys are listed yet (greenmine keys add): others cannot tell whose signature it is.")
            )


def as_document(made: StoredCheckpoint, stamp: Stamp | None, config: Config) -> dict[str, Any]:
    """Return a checkpoint for a program."""
    checkpoint = made.checkpoint
    return {
        "folder": str(made.folder),
        "origin": checkpoint.origin,
        "entries": checkpoint.head.entries,
        "root": base64.b64encode(checkpoint.head.root).decode(),
        "bytes": checkpoint.head.size,
        "sha256": checkpoint.head.sha256,
        "prev": checkpoint.prev,
        "time": checkpoint.time,
        "signed": made.signature is not None,
        "timestamp": stamp.time.strftime("%Y-%m-%dT%H:%M:%SZ") if stamp else None,
        "witnesses": list(made.witnesses),
        "missing_witnesses": missing(made, config),
        "unproven": list(made.unproven),
    }


def lines(made: StoredCheckpoint, stamp: Stamp | None, config: Config) -> list[str]:
    """Return what a person reads of a checkpoint."""
    checkpoint, head = made.checkpoint, made.checkpoint.head
    found = [
        _("{origin}: checkpoint over {count} entries, {time}").format(
            origin=checkpoint.origin, count=head.entries, time=checkpoint.time
        ),
        "  " + _("folder: {path}").format(path=made.folder),
        "  "
        + _("SHA-256 of the first {size} bytes of the ledger: {digest}").format(size=head.size, digest=head.sha256),
    ]
    if config.operator is not None and made.signature is not None:
        found.append("  " + _("signed by {principal}").format(principal=config.operator.principal))
    if stamp is not None:
        found.append("  " + _("time stamp: {time}").format(time=stamp.time.strftime("%Y-%m-%dT%H:%M:%SZ")))
    found += ["  " + _("witnessed by {name}").format(name=name) for name in made.witnesses]
    found += [f"  {text}" for text in made.unproven]
    waiting = missing(made, config)
    if waiting:
        found.append("  " + _("Send it to the witnesses: {names}").format(names=", ".join(waiting)))
    return found


def missing(made: StoredCheckpoint, config: Config) -> list[str]:
    """Return the witnesses that are expected and have not signed."""
    return [name for name in config.witnesses if name not in made.witnesses]
