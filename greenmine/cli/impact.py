"""`greenmine impact FACTS --catalog A --catalog B`: what a catalog or a reading would do to a register of mines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from greenmine.cli.options import parse_day, parse_readings
from greenmine.cli.output import console, print_json, table
from greenmine.cli.overview import on_option, roster_option
from greenmine.errors import UsageError
from greenmine.i18n import gettext as _
from greenmine.i18n import language
from greenmine.workspace import Workspace

if TYPE_CHECKING:
    from rich.table import Table

    from greenmine.batch.impact.impact import Impact

MOST = 20
"""How many causes, and how many mines, a table shows; the JSON and the sheet have them all."""


@click.command(
    "impact",
    help=_(
        "Score the mines of FACTS (made by “greenmine facts”) under each catalog and reading, and tell who passes, who "
        "drops out, who comes in, and which indicator decides. Nothing is changed."
    ),
)
@click.argument("facts", metavar="FACTS", type=click.Path(path_type=Path))
@click.option(
    "--catalog",
    "catalogs",
    multiple=True,
    required=True,
    metavar="ID@VERSION",
    help=_("A catalog, or the path of its file; may be repeated. Changes are told from the first to each other."),
)
@click.option(
    "--reading",
    "readings",
    multiple=True,
    metavar="NAME=CHOICE",
    help=_("A reading (口径) to score under; may be repeated. By default: every way to fold what does not apply."),
)
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON document, nothing else."))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("Also write a sheet, a row a mine: .csv or .xlsx."),
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help=_("Also run notebooks/portfolio.ipynb on it and file report, notebook and figures in this folder."),
)
@click.option(
    "--programme", default="", metavar="ID", help=_("With --report: also an overview of this programme's register.")
)
@roster_option
@on_option
def command(  # noqa: PLR0917 - click calls by name
    facts: Path,
    catalogs: tuple[str, ...],
    readings: tuple[str, ...],
    as_json: bool,  # noqa: FBT001 - click calls by name
    output: Path | None,
    report: Path | None,
    programme: str,
    roster: Path | None,
    on: str,
) -> None:
    """Print the impact."""
    from greenmine.batch.impact import words  # noqa: PLC0415 - late: numpy and pyarrow
    from greenmine.batch.impact.carry import passages  # noqa: PLC0415
    from greenmine.batch.impact.impact import Impact  # noqa: PLC0415
    from greenmine.batch.impact.sheet import write_sheet  # noqa: PLC0415
    from greenmine.batch.impact.table import FactsTable  # noqa: PLC0415
    from greenmine.catalog import load_catalog  # noqa: PLC0415

    if programme and report is None:
        raise UsageError(_("--programme is for the report: expected --report FOLDER too."))
    chosen = [pair for text in readings for pair in parse_readings((text,)).items()]
    workspace = Workspace.find()
    loaded = [load_catalog(ref, workspace) for ref in catalogs]
    read = FactsTable.read(facts)
    impact = Impact.of(read, loaded, chosen, passages(read, loaded, workspace))
    if output is not None:
        write_sheet(impact, output)
    filed = None
    if report is not None:
        from greenmine.batch.impact.report import file_report  # noqa: PLC0415 - late: it runs a notebook

        filed = file_report(
            impact,
            facts,
            chosen,
            report,
            workspace=workspace,
            lang=language(),
            programme=programme,
            roster=roster if programme else None,
            on=str(parse_day(on)) if programme else "",
        )
    if as_json:
        print_json(impact.document())
        return
    screen = console()
    for each in _tables(impact):
        screen.print(each)
    for note in words.notes(impact):
        click.echo(note)
    if filed is not None:
        click.echo(_("Report: {path}").format(path=filed))
    unread = impact.unread()
    if unread:
        click.echo(_("Columns that none of these catalogs reads: {names}").format(names=", ".join(unread)))


def _tables(impact: Impact) -> Iterator[Table]:
    from greenmine.batch.impact import words  # noqa: PLC0415 - late, as above
    from greenmine.workbook.words import verdict  # noqa: PLC0415

    codes = ("pass", "fail", "ineligible", "incomplete")
    numbers = [*(verdict(code) for code in codes), _("of these may pass"), _("verdict depends on the reading")]
    cases = [
        [
            case.catalog.ref,
            case.reading_label,
            *(str(count) for count in case.verdicts.values()),
            str(case.scored.may_pass.sum()),
            str(impact.sensitive(case.catalog).sum()),
        ]
        for case in impact.cases
    ]
    title = _("Impact on {count} mines").format(count=len(impact.table))
    yield table(title, [_("catalog"), _("reading"), *numbers], cases, right=numbers)
    if not impact.changes:
        return
    numbers = [_("drop out"), _("for certain"), _("come in")]
    rows = [
        [
            change.after.catalog.ref,
            change.after.reading_label,
            *(str(count) for count in (len(change.drops_out), change.certain.sum(), len(change.comes_in))),
        ]
        for change in impact.changes
    ]
    title = _("Changes from {catalog}").format(catalog=impact.catalogs[0].ref)
    yield table(title, [_("catalog"), _("reading"), *numbers], rows, right=numbers)
    for catalog in impact.catalogs[1:]:
        change = next(change for change in impact.changes if change.after.catalog is catalog)
        case = change.after.reading_label
        causes = [[words.cause(cause, catalog), str(count)] for cause, count in change.causes()[:MOST]]
        title = _("What decides under {catalog} ({reading})").format(catalog=catalog.ref, reading=case)
        yield table(title, [_("cause"), _("mines that drop out")], causes, right=[_("mines that drop out")])
        lost = change.document()["drops_out"]
        mines = [[one["mine"], one["total_before"] or "–", one["total_after"] or "–", _by(one)] for one in lost[:MOST]]
        title = _("Who drops out under {catalog} ({reading}): {count}").format(
            catalog=catalog.ref, reading=case, count=len(lost)
        )
        totals = [_("total before"), _("total after")]
        yield table(title, [_("mine"), *totals, _("kept out by")], mines, right=totals)


def _by(mine: dict[str, list[dict[str, str]]]) -> str:
    return " ".join(one["id"] or "–" for one in mine["by"])
