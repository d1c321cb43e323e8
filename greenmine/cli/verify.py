"""`greenmine verify [RECORD…]`: is what is in the archive what was sealed, and was it right?

The report follows the four aspects of archivists: 真实性、完整性、可用性、安全性. The exit status is 0 when everything
holds, also where something is not proven; 1 when something does not hold; 2 when there is nothing to verify.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from greenmine.cli.options import archive_option, archive_root
from greenmine.cli.output import print_json
from greenmine.errors import CheckFailed, UsageError, one_line, shown
from greenmine.i18n import gettext as _

if TYPE_CHECKING:
    from greenmine.archive.hashing import Progress
    from greenmine.archive.verdicts import Proven, Verification

MOST = 20
"""How many failures of an aspect are listed."""


@click.command(
    "verify",
    help=_(
        "Verify the archive, or the records named, or a sample of them.\n\n"
        "RECORD is a mine (its last record), MINE/rN, or the path of a bag. Nothing is written and nothing of the "
        "archive is run. Exit status 1: something does not hold; the first file that does not is named."
    ),
)
@click.argument("records", metavar="[RECORD]...", nargs=-1)
@click.option("--sample", type=click.IntRange(min=1), metavar="N", help=_("Verify N records drawn by --seed."))
@click.option("--seed", metavar="TEXT", help=_("The seed of the draw: from a public event, such as dice."))
@click.option(
    "--trust",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help=_("Your own allowed_signers, revoked.krl and tsa-chain.pem; by default those in the archive."),
)
@click.option(
    "--kept",
    type=click.Path(path_type=Path, exists=True),
    metavar="FILE",
    help=_("A checkpoint you were given earlier; the archive must continue it."),
)
@archive_option
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON document, nothing else."))
def command(
    records: tuple[str, ...],
    *,
    sample: int | None,
    seed: str | None,
    trust: Path | None,
    kept: Path | None,
    root: Path | None,
    as_json: bool,
) -> None:
    """Verify, and print what was found."""
    from greenmine.archive.layout import Archive  # noqa: PLC0415 - late: help needs none of these
    from greenmine.archive.pins import Pins  # noqa: PLC0415
    from greenmine.archive.verify import Sample, verify  # noqa: PLC0415

    if (sample is None) != (seed is None) or (sample is not None and records):
        raise UsageError(_("Expected RECORD, or --sample together with --seed, or neither."))
    if seed is not None and not seed.isprintable():
        raise UsageError(_("--seed {seed}: expected a line of text.").format(seed=shown(seed)))
    archive = Archive(archive_root(root))
    pins = Pins.of(archive.trust if trust is None else trust, own=trust is None)
    drawn = None if sample is None or seed is None else Sample(sample, seed)
    with _progress() as progress:
        result = verify(archive, pins, records=records, sample=drawn, kept=kept, progress=progress)
    if as_json:
        print_json(result.document())
    else:
        for line in lines(result):
            click.echo(one_line(line) if line.strip() == line else f"  {one_line(line)}")
    if not result.holds:
        raise click.exceptions.Exit(CheckFailed.exit_status)


@contextmanager
def _progress() -> Iterator[Progress | None]:
    """Show a bar on standard error while files are hashed, where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 - late: only a terminal needs it
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(_("verifying"), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=max(done, total))


def lines(result: Verification) -> list[str]:
    """Return what a person reads: what was looked at, the verdict, the four aspects; what is indented is a detail."""
    from greenmine.archive.verdicts import ASPECTS, aspect_title, check_title, state_title  # noqa: PLC0415 - late, see `command`

    found = [_scope(result), _verdict(result)]
    for aspect in ASPECTS:
        tallies = [tally for tally in result.tallies if tally.aspect == aspect]
        failures = [one for one in result.failures if one.aspect == aspect]
        remarks = [one for one in result.remarks if one.aspect == aspect]
        state = state_title(result.state(aspect))
        found.append(_("{aspect}: {state}").format(aspect=aspect_title(aspect), state=state))
        for tally in tallies:
            mark = "✗" if tally.failed else "✓"
            count = f"{tally.held}/{tally.held + tally.failed}" if tally.failed else str(tally.held)
            found.append(f"  {mark} {check_title(tally.check)} ({count})")
        found += [f"  ✗ {one.file}: {one.reason}" for one in failures[:MOST]]
        if len(failures) > MOST:
            found.append("  " + _("… and {count} more").format(count=len(failures) - MOST))
        found += [f"  {'?' if one.unproven else '·'} {one.text}" for one in remarks]
    found.append(_far(result.proven))
    return found


def _scope(result: Verification) -> str:
    if result.whole:
        text = _("{archive}: everything, {records} records in {bags} bags, {files} files, {size} bytes.")
    else:
        text = _("{archive}: {names}; {bags} bags, {files} files, {size} bytes.")
    scope = text.format(
        archive=result.archive,
        records=len(result.records),
        names=_names(result.records),
        bags=result.bags,
        files=f"{result.files:,}",
        size=f"{result.size:,}",
    )
    drawn = _("Drawn with the seed {seed}.").format(seed=shown(result.seed)) if result.seed else ""
    return f"{scope} {drawn}".rstrip()


def _names(records: Sequence[str]) -> str:
    return ", ".join(records[:MOST]) + (f" … ({len(records)})" if len(records) > MOST else "")


def _verdict(result: Verification) -> str:
    first = result.first
    if first is None:
        return _("It holds.")
    text = _("IT DOES NOT HOLD ({count}). The first file that does not: {file}: {reason}")
    return text.format(count=result.failed, file=first.file, reason=first.reason)


def _far(proven: Proven) -> str:
    """Return how far the archive is proven, in one line."""
    text = _("Of {entries} entries proven: signed {signed}, stamped {stamped}, witnessed {witnessed}.")
    return text.format(
        entries=proven.entries,
        signed=proven.signed,
        stamped=f"{proven.stamped} ({proven.stamped_at})" if proven.stamped_at else "0",
        witnessed=f"{proven.witnessed} ({', '.join(proven.witnesses)})" if proven.witnesses else "0",
    )
