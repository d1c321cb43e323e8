"""`greenmine audit`: draw records, verify and reproduce each, and seal the audit in the archive."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenmine.cli.assess import shortest
from greenmine.cli.options import archive_option
from greenmine.cli.output import print_json
from greenmine.errors import CheckFailed, one_line
from greenmine.i18n import gettext as _
from greenmine.i18n import language

if TYPE_CHECKING:
    from greenmine.batch.auditing import Audited


@click.command(
    "audit",
    help=_(
        "Audit a sample of the records: draw, verify and reproduce each, say what that tells of all, and seal it.\n\n"
        "What is drawn from is fixed by a checkpoint; the seed comes from a public event after it, such as dice rolled "
        "at the meeting. Anybody can repeat the draw. Exit status 1: a record is defective."
    ),
)
@click.option(
    "--seed", required=True, metavar="TEXT", help=_("The seed of the draw: from a public event, such as dice.")
)
@click.option("--id", "name", default="", metavar="ID", help=_("What to call the audit: the day by default."))
@click.option("--checkpoint", default="", metavar="N", help=_("Draw from the first N entries: the last checkpoint's."))
@click.option("--rate", default="0.05", show_default=True, help=_("The share of defective records to be noticed."))
@click.option("--confidence", default="0.95", show_default=True, help=_("With which probability."))
@click.option(
    "--strata",
    default="verdict",
    show_default=True,
    metavar="NAME,...",
    help=_("What records are grouped by: catalog, kind, verdict."),
)
@click.option(
    "--trust",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help=_("Your own allowed_signers, revoked.krl and tsa-chain.pem; by default those in the archive."),
)
@archive_option
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON document, nothing else."))
def command(
    *,
    seed: str,
    name: str,
    checkpoint: str,
    rate: str,
    confidence: str,
    strata: str,
    trust: Path | None,
    root: Path | None,
    as_json: bool,
) -> None:
    """Make the audit and say what came of it."""
    from greenmine.batch.auditing import make_audit  # noqa: PLC0415 - late: help needs no notebooks

    done = make_audit(
        seed=seed,
        name=name,
        checkpoint=checkpoint,
        rate=rate,
        confidence=confidence,
        strata=[one for one in strata.split(",") if one],
        trust=trust,
        archive=root,
        lang=language(),
        progress=sys.stderr.isatty(),
    )
    if as_json:
        print_json(as_document(done))
    else:
        click.echo("\n".join(one_line(text) for text in lines(done)))
    if not done.holds:
        raise click.exceptions.Exit(CheckFailed.exit_status)


def as_document(done: Audited) -> dict[str, Any]:
    """Return what came of an audit for a program."""
    return {
        "bag": done.bag.path,
        "digest": done.bag.digest,
        "checkpoint": done.audit.head.entries,
        "frame": {"records": len(done.audit.rows), "sha256": done.audit.frame_digest},
        "seed": done.audit.seed,
        "drawn": [{"record": one.record, "stratum": one.stratum, "ticket": one.ticket} for one in done.audit.sample],
        "unreadable": [one.bag for one in done.audit.unreadable],
        **done.results.model_dump(mode="json", exclude={"schema_"}),
        "folder": str(done.folder.resolve()),
    }


def lines(done: Audited) -> Iterator[str]:
    """Yield what came of an audit for a person."""
    size = len(done.results.examined)
    yield _("sealed as {bag}, SHA-256 in the ledger: {digest}").format(bag=done.bag.path, digest=done.bag.digest)
    yield _("{found} of {size} records are defective.").format(found=done.results.defective, size=size)
    for one in done.results.examined:
        if one.defective:
            yield f"  {one.record}: {one.failure or one.difference}"
    for bag in done.audit.unreadable:
        yield _("cannot be read: {reason}").format(reason=bag.reason)
    text = _("With confidence {confidence}, at most {most} of all {count} records are defective.")
    yield text.format(
        confidence=f"{float(done.audit.confidence):.10g}", most=done.results.most, count=len(done.audit.rows)
    )
    yield _("report: {path}").format(path=shortest(done.folder / "data" / "report.html"))
