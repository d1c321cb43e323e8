"""`greenmine rescore --catalog NEW [MINE...]`: score what is archived again by another version of the indicators."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenmine.cli.options import archive_option, archive_root
from greenmine.cli.output import console, print_json, table
from greenmine.cli.progress import interrupted, watched
from greenmine.i18n import gettext as _
from greenmine.workspace import Workspace

if TYPE_CHECKING:
    from greenmine.archive.layout import Archive
    from greenmine.batch.rescore import Outlook, Resealed
    from greenmine.batch.sealing import Sealed


@click.command(
    "rescore",
    help=_(
        "Score the records in force again by another version of the indicators, and seal new revisions.\n\n"
        "Facts carry over only where the mapping set parameters/mappings/OLD--NEW.yaml allows; the rest comes out not "
        "assessed. The older records stay. What is scored by NEW already is left out, so a run that was cut short is "
        "simply started again. With --dry-run nothing is run or written: only what would change is shown."
    ),
)
@click.argument("mines", nargs=-1, metavar="[MINE...]")
@click.option("--catalog", required=True, metavar="ID@VERSION", help=_("The newer version."))
@click.option("--dry-run", is_flag=True, help=_("Only show what would change."))
@click.option(
    "--again", is_flag=True, help=_("Also what was scored again by NEW already, after its mapping set was corrected.")
)
@click.option("--reason", default="", help=_("Why; that the version changed, by default."))
@click.option("--workers", type=click.IntRange(1, 256), help=_("Processes on this machine: one a processor."))
@archive_option
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON document a line, nothing else."))
def command(  # noqa: PLR0917 - click calls by name
    mines: tuple[str, ...],
    catalog: str,
    dry_run: bool,  # noqa: FBT001 - see above
    again: bool,  # noqa: FBT001 - see above
    reason: str,
    workers: int | None,
    root: Path | None,
    as_json: bool,  # noqa: FBT001 - see above
) -> None:
    """Show what changes for each mine and, unless it is a dry run, seal it; one that fails does not stop the others."""
    from greenmine.batch.rescore import look, records_in_force, reseal  # noqa: PLC0415 - late: help needs none of these
    from greenmine.catalog import load_catalog  # noqa: PLC0415

    workspace = Workspace.find()
    newer = load_catalog(catalog, workspace)
    archive = _opened(archive_root(root), read_only=dry_run)
    rows = records_in_force(archive, newer, mines, again=again)
    if dry_run:
        results = look(rows, archive, newer, workspace)
    else:
        results = reseal(rows, archive, newer, workspace, workers=workers or os.cpu_count() or 1, reason=reason)
    done: list[Resealed] = []
    cut_short = False
    with closing(results):
        try:
            for one in watched(results, len(rows), quiet=as_json):
                done.append(one)
                if as_json and one.seen is not None:
                    print_json(as_document(one.seen, one.sealed))
        except KeyboardInterrupt:
            cut_short = True
    for one in done:
        if one.failure:
            click.echo(f"greenmine: {one.row.record}: {one.failure}", err=True)
    if not rows and not as_json:
        text = _("Nothing to do: no record in force was scored by another version than {newer}.")
        click.echo(text.format(newer=newer.ref))
    elif not as_json:
        _print([(one.seen, one.sealed) for one in done if one.seen is not None], newer.ref)
    status = interrupted(len(done), len(rows)) if cut_short else max((one.exit_status for one in done), default=0)
    if status:
        raise click.exceptions.Exit(status)


def _opened(root: Path, *, read_only: bool) -> Archive:
    from greenmine.archive.layout import Archive  # noqa: PLC0415 - late, as above
    from greenmine.archive.recover import resume  # noqa: PLC0415

    archive = Archive.open(root, read_only=read_only)
    if not read_only:
        resume(archive)
    return archive


def as_document(seen: Outlook, sealed: Sealed | None) -> dict[str, Any]:
    """Return what came of one mine for a program."""
    document = {"record": seen.record, "mine": seen.mine, "assessment": seen.assessment, "from": seen.carried_from}
    return {**document, **seen.deltas.document(), **({"bag": sealed.bag, "digest": sealed.digest} if sealed else {})}


def _print(done: Sequence[tuple[Outlook, Sealed | None]], newer: str) -> None:
    from greenmine.workbook import words  # noqa: PLC0415 - late, as above

    if not done:
        return
    columns = [_("record"), _("before"), _("after"), _("why"), _("sealed as")]
    rows = [
        [
            seen.record,
            _result(seen, 0),
            _result(seen, 1),
            "；".join(f"{words.cause(cause)} {count}" for cause, count in seen.deltas.by_cause().items() if count),
            sealed.bag if sealed else "–",
        ]
        for seen, sealed in done
    ]
    console().print(table(_("Scored again by {newer}").format(newer=newer), columns, rows))
    for line in summary([seen for seen, _sealed in done]):
        click.echo(line)


def _result(seen: Outlook, side: int) -> str:
    from greenmine.workbook import words  # noqa: PLC0415 - late, as above

    total = seen.deltas.total[side]
    verdict = words.verdict(seen.deltas.verdict[side])
    return verdict if total is None else f"{verdict} {total}"


def summary(done: Sequence[Outlook]) -> Iterator[str]:
    """Yield how many mines went from which verdict to which, and how many each cause concerns."""
    from greenmine.workbook import words  # noqa: PLC0415 - late, as above

    for (before, after), count in sorted(Counter(seen.deltas.verdict for seen in done).items()):
        text = _("{before} → {after}: {count} mines")
        yield text.format(before=words.verdict(before), after=words.verdict(after), count=count)
    causes = Counter(cause for seen in done for cause, count in seen.deltas.by_cause().items() if count)
    for cause, count in causes.items():
        yield _("{cause}: {count} mines").format(cause=words.cause(cause), count=count)
