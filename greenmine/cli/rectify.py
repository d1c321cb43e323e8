"""`greenmine rectify`: order what a check found to be put right, close it with evidence, list what is open."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, TypeVar

import click
import yaml
from pydantic import BaseModel

from greenmine.archive.layout import Archive
from greenmine.catalog.strict_yaml import load_yaml, validate
from greenmine.cli.entry import Entry, entering
from greenmine.cli.options import (
    archive_option,
    archive_root,
    json_option,
    one_programme,
    parse_day,
    programme_option,
    record_bag,
)
from greenmine.cli.output import console, print_json, table
from greenmine.i18n import gettext as _
from greenmine.programme.details import DEADLINE_REASON
from greenmine.programme.events import Draft
from greenmine.programme.programme import Programme
from greenmine.programme.recording import open_register
from greenmine.programme.rectification import CLOSED, ITEMS, Closing, Order, close_step, items_of, order_step
from greenmine.programme.sealed import archived
from greenmine.programme.shortfalls import shortfalls

_Model = TypeVar("_Model", bound=BaseModel)


@click.group(
    "rectify",
    help=_(
        "What a check found becomes items, each with a measure, an owner and a day; somebody else closes each with "
        "evidence. A mine gets back to its list only when all are closed."
    ),
)
def command() -> None:
    """Hold the verbs below."""


@command.command(
    "draft",
    help=_(
        "Print a file of items for “greenmine rectify order”: what the sealed assessment RECORD found wanting. "
        "Measure, owner and day of each are left blank, to be filled in; what is not to be ordered is taken out."
    ),
)
@click.argument("assessed", metavar="RECORD")
@archive_option
def draft_command(assessed: str, *, root: Path | None) -> None:
    """Print the draft."""
    archive = Archive.open(archive_root(root), read_only=True)
    bag = record_bag(archive, assessed)
    documents = [archived(archive, bag, name) for name in ("findings.json", "score.json", "catalog.resolved.json")]
    blank = {"measure": "", "owner": "", "deadline": ""}
    items = [{"id": str(number), "finding": text, **blank} for number, text in enumerate(shortfalls(*documents), 1)]
    draft = {"schema": "greenmine.rectification/1", "deadline": "", "items": items}
    click.echo(yaml.safe_dump(draft, allow_unicode=True, sort_keys=False, width=1000), nl=False)


@command.command("order", help=_("Order MINE to put right the items in FILE (YAML, schema greenmine.rectification/1)."))
@click.argument("mine")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--reason", required=True, metavar="TEXT", help=_("Why: what the check found."))
@click.option("--ground", default="", metavar="ID", help=_("The ground of removal it falls under, if any."))
@click.option(
    "--deadline-reason",
    default="",
    metavar="TEXT",
    help=_("Why there is more time than the source gives in principle."),
)
@entering()
def order_command(mine: str, file: Path, *, reason: str, ground: str, deadline_reason: str, entry: Entry) -> None:
    """Enter the order."""
    order = _read(Order, file)
    programme = entry.programme
    record = open_register(Archive(archive_root(entry.root)), programme).register.get(f"mine/{mine}")
    details: dict[str, Any] = {ITEMS: [one.model_dump() for one in order.items]}
    if deadline_reason:
        details[DEADLINE_REASON] = deadline_reason
    given = (entry.day, entry.office, entry.document, parse_day(order.deadline), reason, ground, details)
    _enter(entry, programme, Draft(f"mine/{mine}", order_step(record), *given))


@command.command("close", help=_("Close the items in FILE (YAML, schema greenmine.closing/1): MINE stays on its list."))
@click.argument("mine")
@click.argument("file", type=click.Path(path_type=Path))
@entering()
def close_command(mine: str, file: Path, *, entry: Entry) -> None:
    """Enter the re-check."""
    closing = _read(Closing, file)
    programme = entry.programme
    state = open_register(Archive(archive_root(entry.root)), programme).register.get(f"mine/{mine}").state
    details = {CLOSED: [{**one.model_dump(), "evidence": list(one.evidence)} for one in closing.closed]}
    step = close_step(programme, state)
    _enter(entry, programme, Draft(f"mine/{mine}", step, entry.day, entry.office, entry.document, details=details))


@command.command("list", help=_("List the items of MINE, or of all mines, as they stand on a day."))
@click.argument("mine", default="")
@click.option("--date", "on", default="", metavar="DATE", help=_("As of this day; today by default."))
@programme_option
@archive_option
@json_option
def list_command(mine: str, *, on: str, name: str, root: Path | None, as_json: bool) -> None:
    """Print items."""
    programme = one_programme(archive_root(root), name)
    _show(Archive(archive_root(root)), programme, mine, parse_day(on), as_json=as_json)


def _enter(entry: Entry, programme: Programme, draft: Draft) -> None:
    archive, _events = entry.record(programme, [draft])
    _show(archive, programme, draft.subject.partition("/")[2], entry.day, as_json=entry.as_json)


def _read(model: type[_Model], file: Path) -> _Model:
    return validate(model, load_yaml(file))


def _show(archive: Archive, programme: Programme, mine: str, day: dt.date, *, as_json: bool) -> None:
    register = open_register(archive, programme).register
    records = [register.get(f"mine/{mine}")] if mine else sorted(register.records.values(), key=lambda one: one.subject)
    rows: list[dict[str, Any]] = [
        {
            "mine": known.id,
            "item": one.id,
            "finding": one.finding,
            "measure": one.measure,
            "owner": one.owner,
            "deadline": one.deadline.isoformat(),
            "status": one.status(day),
            "closed_by": one.closed_by or None,
            "closed_on": one.closed_on.isoformat() if one.closed_on else None,
            "evidence": list(one.evidence),
        }
        for known in records
        for one in items_of(known.as_of(day).events)
    ]
    if as_json:
        print_json({"programme": programme.id, "on": day.isoformat(), "items": rows})
        return
    words = {"closed": _("closed"), "late": _("closed late"), "open": _("open"), "overdue": _("overdue")}
    keys = ("mine", "item", "finding", "measure", "owner", "deadline")
    cells = [[*(row[key] for key in keys), words[row["status"]], "、".join(row["evidence"])] for row in rows]
    columns = [
        *(_("Mine"), _("Item"), _("What was found"), _("Measure"), _("Owner"), _("To be done until")),
        *(_("State"), _("Evidence")),
    ]
    title = _("Rectification on {day} ({programme})").format(day=day, programme=programme.title)
    console().print(table(title, columns, cells))
