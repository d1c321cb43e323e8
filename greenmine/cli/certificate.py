"""`greenmine certificate`: certificates in the register of a programme: grade, issue, surveillance, what is due."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenmine.archive.layout import Archive
from greenmine.cli.entry import Entry, entering
from greenmine.cli.options import archive_option, archive_root, json_option, parse_day, programme_option, record_bag
from greenmine.cli.output import console, print_json, table
from greenmine.errors import UsageError
from greenmine.i18n import gettext as _
from greenmine.programme.certificate import (
    GRADE,
    SOURCE,
    certificates,
    certifying,
    grade_of,
    issue,
    outcome_step,
)
from greenmine.programme.clocks import deadlines
from greenmine.programme.events import Draft
from greenmine.programme.programme import Programme, list_programmes, load_programme
from greenmine.programme.recording import open_register
from greenmine.programme.sealed import archived, withdrawn_records
from greenmine.workspace import Workspace

if TYPE_CHECKING:
    from greenmine.programme.certificate import Certificate
    from greenmine.programme.register import Record

OUTCOMES = ("keep", "upgrade", "downgrade", "withdraw")

on_option = click.option("--on", default="", metavar="DATE", help=_("As of this day; today by default."))


@click.group("certificate", help=_("Grades, certificates, surveillances: what the register says, and enter more."))
def command() -> None:
    """Hold the verbs below."""


@command.command("list", help=_("List all certificates as they stand on a day."))
@programme_option
@on_option
@archive_option
@json_option
def list_command(*, name: str, on: str, root: Path | None, as_json: bool) -> None:
    """Print all certificates."""
    programme, day = _programme(name), parse_day(on)
    certifying(programme)
    archive = Archive(archive_root(root))
    records = sorted(open_register(archive, programme).register.records.values(), key=lambda one: one.subject)
    _print(
        archive, programme, [(one, found) for one in records for found in certificates(one, day)], day, as_json=as_json
    )


@command.command("show", help=_("Show the certificates of MINE and what was decided about them."))
@click.argument("mine")
@programme_option
@on_option
@archive_option
@json_option
def show_command(mine: str, *, name: str, on: str, root: Path | None, as_json: bool) -> None:
    """Print the certificates of one mine."""
    programme, day = _programme(name), parse_day(on)
    certifying(programme)
    archive = Archive(archive_root(root))
    known = open_register(archive, programme).register.get(f"mine/{mine}")
    _print(archive, programme, [(known, found) for found in certificates(known, day)], day, as_json=as_json)


@command.command("grade", help=_("Tell the grade of a sealed assessment: RECORD is a mine or MINE/rN."))
@click.argument("assessed", metavar="RECORD")
@programme_option
@archive_option
@json_option
def grade_command(assessed: str, *, name: str, root: Path | None, as_json: bool) -> None:
    """Print a grade."""
    programme = _programme(name)
    certification = certifying(programme)
    archive = Archive.open(archive_root(root), read_only=True)
    bag = record_bag(archive, assessed)
    score = archived(archive, bag, "score.json")
    found = grade_of(certification, score)
    if as_json:
        document = {"record": bag, "verdict": score["verdict"], "total": score["total"]}
        print_json({**document, "grade": found.grade or None, "reason": found.reason})
        return
    click.echo(f"{found.grade}：{found.reason}" if found.grade else found.reason)


@command.command("issue", help=_("Issue a certificate on a sealed assessment of MINE; its score gives the grade."))
@click.argument("mine")
@click.option(
    "--record", "assessed", default="", metavar="RECORD", help=_("The assessment: the mine's last by default.")
)
@click.option("--number", required=True, metavar="TEXT", help=_("The number of the certificate."))
@entering(document=None)
def issue_command(mine: str, *, assessed: str, number: str, entry: Entry) -> None:
    """Enter the issue."""
    programme = _programme(entry.name)
    archive = Archive.open(archive_root(entry.root))
    bag = record_bag(archive, assessed or mine)
    score, findings = (archived(archive, bag, name) for name in ("score.json", "findings.json"))
    draft, grading = issue(programme, mine, bag, score, findings, number=number, on=entry.day, office=entry.office)
    _enter(entry, programme, draft)
    if not entry.as_json and not grading.grade:
        click.echo(grading.reason)


@command.command("surveillance", help=_("Enter what a surveillance of MINE decided about its certificate."))
@click.argument("mine")
@click.argument("outcome", type=click.Choice(OUTCOMES))
@click.option("--grade", default="", metavar="TEXT", help=_("The new grade, for upgrade and downgrade."))
@click.option("--grade-source", default="", metavar="TEXT", help=_("The document that the grade's line stands in."))
@click.option("--reason", default="", metavar="TEXT", help=_("Why; needed to withdraw."))
@entering()
def surveillance_command(mine: str, outcome: str, *, grade: str, grade_source: str, reason: str, entry: Entry) -> None:
    """Enter the outcome."""
    programme = _programme(entry.name)
    details = {key: value for key, value in ((GRADE, grade), (SOURCE, grade_source)) if value}
    step = outcome_step(programme, outcome)
    _enter(
        entry,
        programme,
        Draft(f"mine/{mine}", step, entry.day, entry.office, entry.document, None, reason, "", details),
    )


def _programme(name: str) -> Programme:
    """Return the programme that a person names, or the only one that certifies.

    Raises:
        UsageError: there is no such programme, or nothing was named and several certify, or none.
    """
    workspace = Workspace.find()
    if name:
        return load_programme(name, workspace)
    found = [one for one in list_programmes(workspace) if one.certification]
    if len(found) != 1:
        names = ", ".join(one.id for one in found) or _("none")
        raise UsageError(_("Name a programme with --programme: one of {names}.").format(names=names))
    return found[0]


def _enter(entry: Entry, programme: Programme, draft: Draft) -> None:
    """Enter a step and show the certificates of its mine as they are then."""
    archive, _events = entry.record(programme, [draft])
    known = open_register(archive, programme).register.get(draft.subject)
    found = [(known, one) for one in certificates(known, draft.date)]
    _print(archive, programme, found, draft.date, as_json=entry.as_json)


def _surveillance(known: Record, one: Certificate, programme: Programme, day: dt.date) -> dt.date | None:
    """Return until when the next surveillance of a certificate is due, or was."""
    clock = certifying(programme).surveillance
    waiting = (
        limit
        for limit in deadlines(known.as_of(day), programme, one.valid_until)
        if limit.clock == clock and limit.met is None and not limit.missed and limit.started >= one.issued
    )
    return next((limit.due for limit in waiting), None) if one.status == "valid" else None


def _print(
    archive: Archive, programme: Programme, found: list[tuple[Record, Certificate]], day: dt.date, *, as_json: bool
) -> None:
    gone = withdrawn_records(archive)
    rows: list[dict[str, Any]] = [
        {**_document(known, one, programme, day), "record_withdrawn": one.record in gone} for known, one in found
    ]
    if as_json:
        print_json({"programme": programme.id, "on": day.isoformat(), "certificates": rows})
        return
    states = {"valid": _("certificate valid"), "expired": _("expired"), "withdrawn": _("certificate withdrawn")}
    words = {
        "certify": _("certificate issued"),
        "keep": _("kept"),
        "upgrade": _("upgraded"),
        "downgrade": _("downgraded"),
        "withdraw": _("certificate withdrawn"),
    }
    cells = [
        [
            row["mine"],
            row["number"],
            row["grade"] or _("no grade determined"),
            f"{row['issued']} – {row['valid_until']}",
            states[row["status"]],
            row["surveillance_due"] or "–",
            "；".join(
                f"{one['date']} {words[one['outcome']]} {one['grade'] or ''}".rstrip() for one in row["decisions"]
            ),
        ]
        for row in rows
    ]
    columns = [
        *(_("Mine"), _("Certificate"), _("Grade"), _("Validity"), _("State")),
        *(_("Next surveillance until"), _("Decisions")),
    ]
    title = _("Certificates on {day} ({programme})").format(day=day, programme=programme.title)
    console().print(table(title, columns, cells))
    for row in rows:
        if row["record_withdrawn"]:
            text = _("{number}: the assessment that it rests on, {record}, is withdrawn.")
            click.echo(text.format(number=row["number"], record=row["record"]))


def _document(known: Record, one: Certificate, programme: Programme, day: dt.date) -> dict[str, Any]:
    due = _surveillance(known, one, programme, day)
    return {
        "mine": known.id,
        "number": one.number,
        "grade": one.grade or None,
        "issued": one.issued.isoformat(),
        "valid_until": one.valid_until.isoformat(),
        "status": one.status,
        "ended": one.ended.isoformat() if one.ended else None,
        "surveillance_due": due.isoformat() if due else None,
        "record": one.record or None,
        "decisions": [
            {
                "date": told.date.isoformat(),
                "outcome": told.outcome,
                "grade": told.grade or None,
                "document": told.document,
            }
            for told in one.decisions
        ],
    }
