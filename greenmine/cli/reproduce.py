"""`greenmine reproduce RECORD`: make a record anew from its archived inputs and compare byte for byte."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenmine.cli.options import archive_option, archive_root, engine_option, record_bag
from greenmine.cli.output import print_json
from greenmine.errors import CheckFailed, one_line
from greenmine.i18n import gettext as _

if TYPE_CHECKING:
    from greenmine.batch.reproduce import Changed, Reproduction


@click.command(
    "reproduce",
    help=_(
        "Make RECORD anew from what the archive holds of its inputs: recompute the score, run the notebook, and "
        "compare score, notebook and report byte for byte.\n\nRECORD is a mine (its last record), MINE/rN, or the "
        "path of a bag. The exit status is 0 where everything is the same and 1 where something is not; then the first "
        "place that differs is shown, and which software is of another version than when the record was made."
    ),
)
@click.argument("record", metavar="RECORD")
@click.option(
    "--notebook",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help=_("The notebook to run: the workspace's by default. What is archived is never run."),
)
@click.option("--score-only", is_flag=True, help=_("Recompute the score and leave the notebook out."))
@engine_option
@archive_option
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON document, nothing else."))
def command(
    record: str, *, notebook: Path | None, score_only: bool, engine: str, root: Path | None, as_json: bool
) -> None:
    """Reproduce a record and say what came of it."""
    from greenmine.archive.layout import Archive  # noqa: PLC0415 - late: help needs none of these
    from greenmine.batch.reproduce import reproduce  # noqa: PLC0415

    archive = Archive.open(archive_root(root), read_only=True)
    bag = record_bag(archive, record)
    progress = sys.stderr.isatty()
    done = reproduce(archive, bag, notebook=notebook, score_only=score_only, engine=engine, progress=progress)
    if as_json:
        print_json(as_document(done))
    else:
        for line in lines(done):
            click.echo(one_line(line))
    if not done.same and not done.explained:
        raise click.exceptions.Exit(CheckFailed.exit_status)


def as_document(done: Reproduction) -> dict[str, Any]:
    """Return what came of it for a program."""
    return {
        "record": done.record,
        "bag": done.bag,
        "digest": done.digest,
        "same": done.same,
        "compared": list(done.compared),
        "differences": [
            {"file": one.file, "place": one.place, "archived": one.archived, "now": one.now} for one in done.differences
        ],
        "software": [{"name": one.name, "recorded": one.recorded, "installed": one.installed} for one in done.software],
    }


def lines(done: Reproduction) -> Iterator[str]:
    """Yield what came of it for a person."""
    names = ", ".join(done.compared)
    if done.same:
        yield _("{record}: made anew, the same byte for byte: {names}").format(record=done.record, names=names)
    else:
        yield _("{record}: made anew, not the same").format(record=done.record)
        for one in done.differences:
            yield f"✗ {one}"
    for changed in done.software:
        yield _version(changed)
    if not done.same and not done.software:
        yield _("The software is that of the record, in all versions it names.")


def _version(changed: Changed) -> str:
    text = _("{name}: {recorded} when the record was made, {installed} now")
    recorded, installed = (value or _("not there") for value in (changed.recorded, changed.installed))
    return text.format(name=changed.name, recorded=recorded, installed=installed)
