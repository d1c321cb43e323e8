"""`greenmine overview`: how a programme stands on a day, against its targets; as tables or JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from greenmine.cli.options import archive_option, archive_root, json_option, one_programme, parse_day
from greenmine.cli.output import console, print_json, table
from greenmine.i18n import gettext as _

if TYPE_CHECKING:
    from rich.table import Table

    from greenmine.programme.overview import Overview

roster_option = click.option(
    "--roster",
    type=click.Path(path_type=Path),
    envvar="GREENMINE_ROSTER",
    metavar="FILE",
    help=_(
        "The mines that hold a licence and are in production (持证在产矿山名册), CSV or XLSX: id, name, city, mineral, "
        "size, producing and, if need be, licence_valid_until. Also from GREENMINE_ROSTER."
    ),
)
on_option = click.option("--on", "on", default="", metavar="DATE", help=_("As of which day; today by default."))


@click.command(
    "overview",
    help=_(
        "Tell how a programme stands on a day: which share of the mines that hold a licence and are in production "
        "meets the standard, against the targets of the source, by city and mineral; lists, what is due, spot checks "
        "and removals. Without a roster no share is worked out. “greenmine index” makes a page of it."
    ),
)
@click.argument("name", metavar="[PROGRAMME]", required=False, default="")
@roster_option
@on_option
@click.option("--within", type=click.IntRange(0, 36_600), default=30, show_default=True, help=_("Days to look ahead."))
@archive_option
@json_option
def command(name: str, *, roster: Path | None, on: str, within: int, root: Path | None, as_json: bool) -> None:
    """Print the overview."""
    from greenmine.archive.layout import Archive  # noqa: PLC0415 - late: help needs no archive
    from greenmine.programme.board import meaning, no_roster  # noqa: PLC0415 - likewise
    from greenmine.programme.overview import read_overview  # noqa: PLC0415 - likewise
    from greenmine.programme.roster import read_roster  # noqa: PLC0415 - likewise

    day = parse_day(on)
    rows = None if roster is None else read_roster(roster)
    folder = archive_root(root)
    found = read_overview(Archive(folder), one_programme(folder, name), day, rows, within)
    if as_json:
        print_json(found.document())
        return
    screen = console()
    for each in _tables(found):
        screen.print(each)
    if found.programme.targets:
        click.echo(no_roster() if found.roster is None else meaning())


def _tables(found: Overview) -> Iterator[Table]:
    programme = found.programme
    yield from _targets(found)
    rows = []
    for name, states in found.lists.items():
        rows.append([programme.lists[name].title, "", str(sum(states.values()))])
        rows += [["", programme.state_title(state), str(count)] for state, count in states.items()]
    rows += [[_("On no list"), programme.state_title(state), str(count)] for state, count in found.others.items()]
    title = _("{programme}, as of {day}").format(programme=programme.title, day=found.on)
    yield table(title, [_("List"), _("State"), _("Mines")], rows, [_("Mines")])
    yield from _due(found)
    if found.checks:
        rows = [
            [
                str(one.on),
                one.name or one.document,
                "–" if one.frame is None else str(one.frame),
                *map(str, (one.drawn, one.key, len(one.passed), len(one.failed), len(one.open))),
            ]
            for one in found.checks
        ]
        numbers = [
            *(
                _("Drawn from"),
                _("Drawn mines"),
                _("Key mines"),
                _("Check passed"),
                _("Check failed"),
                _("No result yet"),
            )
        ]
        yield table(_("Draws and their results"), [_("Drawn on"), _("Draw"), *numbers], rows, numbers)
    if found.grounds:
        rows = [[found.ground_title(ground), *map(str, counts)] for ground, counts in found.grounds.items()]
        numbers = [_("Removed"), _("Of these in {year}").format(year=found.on.year), _("Proposed")]
        yield table(_("Removals and proposals by ground"), [_("Ground"), *numbers], rows, numbers)


def _targets(found: Overview) -> Iterator[Table]:
    from greenmine.programme.board import outside_title, size_title  # noqa: PLC0415 - see `command`
    from greenmine.programme.overview import name_of  # noqa: PLC0415 - likewise
    from greenmine.scoring.exact import show  # noqa: PLC0415 - likewise

    numbers = [
        _("Licensed and producing"),
        _("Meet it"),
        _("Rectifying, not counted"),
        _("Missing"),
        _("Share that meets it"),
    ]
    for one in found.standings:
        groups = [("", one.whole), *((_("City"), each) for each in one.cities)]
        groups += [(_("Mineral"), each) for each in one.minerals]
        rows = [
            [
                by or _("All"),
                each.group,
                *map(str, (each.producing, each.meets, each.rectifying, each.missing)),
                f"{each.percent}%",
            ]
            for by, each in groups
        ]
        title = _("{size}: {share}% by {day} ({rule})").format(
            size=size_title(one.target.size),
            share=show(one.whole.target * 100),
            day=one.target.by,
            rule=found.programme.cited(one.target.clause),
        )
        yield table(title, [_("By"), _("Group"), *numbers], rows, numbers)
    if found.outside:
        rows = [[one.id, name_of(one), outside_title(why)] for one, why in found.outside]
        title = _("On a list and not counted: {count}").format(count=len(rows))
        yield table(title, [_("Mine"), _("Name"), _("Why")], rows)


def _due(found: Overview) -> Iterator[Table]:
    from greenmine.programme.clocks import status_text, title  # noqa: PLC0415 - see `command`

    counts = Counter((title(one, found.programme), status_text(one, found.on)) for one in found.deadlines)
    if counts:
        rows = [[what, state, str(count)] for (what, state), count in sorted(counts.items())]
        name = _("Due on {day} or within {count} days").format(day=found.on, count=found.within)
        yield table(name, [_("What"), _("State"), _("Count")], rows, [_("Count")])
