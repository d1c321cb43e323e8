"""`greenmine register …`: the register of a programme (名录): apply, record, undo, show, rules, seal, export."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenmine.assessment.writer import now
from greenmine.cli import rules
from greenmine.cli.due import deadline_document
from greenmine.cli.entry import Entry, entering
from greenmine.cli.options import archive_option, archive_root, json_option, one_programme, parse_day, programme_option
from greenmine.cli.output import console, print_json, table
from greenmine.errors import CheckFailed, InputError, JournalError, UsageError, one_line, shown
from greenmine.i18n import gettext as _
from greenmine.text import inert, visible
from greenmine.workspace import Workspace

if TYPE_CHECKING:
    from greenmine.archive.layout import Archive
    from greenmine.programme.application import Examined
    from greenmine.programme.events import Draft, Event
    from greenmine.programme.programme import Programme
    from greenmine.programme.register import Record, Register


@click.group(
    "register",
    help=_(
        "Keep the register of a programme (名录): which step was taken about which mine, when, by whom, on which "
        "paper. A step that breaks a rule of the programme is refused with the rule and its clause.\n\n"
        "A subject is a mine's id, or agency/ID, assessor/ID, zone/ID."
    ),
)
def command() -> None:
    """Keep a register."""


def _fields(pairs: Iterable[str], option: str, known: Callable[[str], object]) -> dict[str, str]:
    """Return what KEY=VALUE arguments give."""
    found: dict[str, str] = {}
    for text in pairs:
        key, _equals, value = text.partition("=")
        if not known(key) or not value or key in found:
            expected = _("{option} {text}: expected KEY=VALUE, each key once and none that has an option of its own.")
            raise UsageError(expected.format(option=option, text=shown(text)))
        found[key] = value
    return found


def _enter(entry: Entry, drafts: Iterable[Draft]) -> None:
    """Enter steps and print what the register says then."""
    programme = entry.programme
    archive, events = entry.record(programme, drafts)
    _print_events(archive, programme, events, as_json=entry.as_json)


def _print_events(archive: Archive, programme: Programme, events: tuple[Event, ...], *, as_json: bool) -> None:
    from greenmine.programme.recording import open_register  # noqa: PLC0415 - late: help needs none of it

    if as_json:
        print_json({"programme": programme.id, "events": [event_document(event) for event in events]})
        return
    register = open_register(archive, programme).register
    for event in events:
        state = programme.state_title(register.get(event.subject).state)
        text = _("{number}: {subject}, {step}, {date}. Now: {state}").format(
            number=event.seq, subject=event.subject, step=step_title(programme, event), date=event.date, state=state
        )
        click.echo(one_line(text))


@command.command(
    "apply",
    help=_(
        "Enter a mine's application, if it is complete: the form in mine.yaml is filled in, and each material that the "
        "programme asks for is a file or folder of the mine (--material ID=PATH; “greenmine register rules” lists "
        "them). A licence that it asks for has to hold on the day by mine.yaml. The files' SHA-256 go into the "
        "register."
    ),
)
@click.argument("mine")
@click.option("--material", "materials", multiple=True, metavar="ID=PATH", help=_("Where a material is; repeat."))
@click.option("--step", default="", metavar="STEP", help=_("The step, where it is not the first application."))
@entering(office=False, document=False)
def apply_command(mine: str, *, materials: tuple[str, ...], step: str, entry: Entry) -> None:
    """Examine an application and enter it."""
    from greenmine.programme.application import examine  # noqa: PLC0415 - late: help needs none of it
    from greenmine.programme.events import Draft  # noqa: PLC0415 - likewise

    programme = entry.programme
    folder = Workspace.around(mine).mine_dir(mine)
    found = examine(programme, folder, _fields(materials, "--material", bool), entry.day)
    if not found.complete:
        _refuse(programme, found, as_json=entry.as_json)
    step = step or (programme.application.step if programme.application else "")
    office = entry.office or found.profile.name
    draft = Draft(f"mine/{found.profile.id}", step, entry.day, office, entry.document, details=found.details)
    _enter(entry, [draft])


def _refuse(programme: Programme, found: Examined, *, as_json: bool) -> None:
    """Say what an application lacks."""
    asked = programme.application.materials if programme.application else {}
    if as_json:
        ids = [name for name in asked if name not in found.materials]
        blank = [field.key for field in found.blank]
        print_json({"complete": False, "missing": ids, "blank": blank, "lapsed": dict(found.lapsed)})
        raise click.exceptions.Exit(CheckFailed.exit_status)
    lacks = [f"{one.title} ({programme.cited(one.clause)})" for one in found.missing]
    lacks += [f"{field.title} (mine.yaml: {field.key})" for field in found.blank]
    lacks += [
        f"{asked[name].title} ({programme.cited(asked[name].clause)}): {why}" for name, why in found.lapsed.items()
    ]
    text = _("{mine}: the application is not complete and was not entered. Missing: {what}.")
    raise CheckFailed(one_line(text.format(mine=found.profile.id, what="; ".join(lacks))))


@command.command(
    "record",
    help=_(
        "Enter a step about a subject. Which steps there are, from which states, and what each needs: “greenmine "
        "register rules”. With --file, the steps of a table (CSV with the columns subject, step, date, office, "
        "document, deadline, reason, trigger; any other column goes to the details): all of them are entered, or none."
    ),
)
@click.argument("subject", required=False, default="")
@click.argument("step", required=False, default="")
@click.option("--file", "file", type=click.Path(path_type=Path), metavar="CSV", help=_("The table of the steps."))
@click.option("--deadline", default="", metavar="DATE", help=_("Until when something has to be done."))
@click.option("--reason", default="", metavar="TEXT", help=_("Why."))
@click.option("--trigger", default="", metavar="ID", help=_("The ground of a removal."))
@click.option("--set", "details", multiple=True, metavar="KEY=VALUE", help=_("What else belongs to it; repeat."))
@entering(office=False, document=False)
def record_command(
    subject: str, step: str, *, file: Path | None, details: tuple[str, ...], entry: Entry, **given: str
) -> None:
    """Enter a step, or those of a table."""
    if (file is None) == (not subject or not step):
        raise UsageError(_("Name a subject and a step, or the table of the steps with --file."))
    from greenmine.programme.drafts import draft_of, is_detail, read_steps  # noqa: PLC0415 - late: help needs none

    if file is None:
        row = {"subject": subject, "step": step, "date": str(entry.day), "office": entry.office}
        row |= {"document": entry.document} | given | _fields(details, "--set", is_detail)
        row["deadline"] = given["deadline"] and str(parse_day(given["deadline"]))
        _enter(entry, [draft_of(row)])
        return
    steps = read_steps(file)
    try:
        _enter(entry, steps)
    except JournalError as bad:
        if not steps.row:
            raise
        place = _("row {row}, {subject}, {place}").format(row=steps.row, subject=bad.file, place=bad.place)
        raise InputError(file, place, expected=bad.expected, found=bad.found, hint=bad.hint) from None


@command.command(
    "undo",
    help=_("Take back the latest step of a subject, entered by mistake; both stay in the journal. DATE is its date."),
)
@click.argument("subject")
@click.argument("day", metavar="DATE")
@click.option("--reason", required=True, metavar="TEXT", help=_("Why it is taken back."))
@entering(document=None, date=False)
def undo_command(subject: str, day: str, *, reason: str, entry: Entry) -> None:
    """Take a step back."""
    from greenmine.programme.drafts import subject_of  # noqa: PLC0415 - late: help needs none of it
    from greenmine.programme.events import VOID, Draft  # noqa: PLC0415 - likewise

    _enter(entry, [Draft(subject_of(subject), VOID, parse_day(day), entry.office, reason=reason)])


@command.command(
    "show",
    help=_(
        "Show the register, or what it holds about SUBJECT: its steps and deadlines. With --on as of a past day, by "
        "what is known today."
    ),
)
@click.argument("subject", required=False, default="")
@click.option("--on", "on", default="", metavar="DATE", help=_("As of which day; today by default."))
@click.option("--list", "listed", default="", metavar="LIST", help=_("Only who is on this list."))
@click.option("--state", default="", metavar="STATE", help=_("Only who is in this state."))
@programme_option
@archive_option
@json_option
def show_command(
    subject: str, *, on: str, listed: str, state: str, name: str, root: Path | None, as_json: bool
) -> None:
    """Show the register or a record."""
    from greenmine.programme.drafts import subject_of  # noqa: PLC0415 - late: help needs none of it

    day = parse_day(on)
    programme, register, sealed = _opened(root, name, day)
    for given, known in ((listed, programme.lists), (state, programme.states)):
        if given and given not in known:
            text = _("There is no {name}: expected one of {names}.")
            raise UsageError(text.format(name=shown(given), names=", ".join(known)))
    if subject:
        _show_record(programme, register.get(subject_of(subject)), day, as_json=as_json)
        return
    chosen = [
        one
        for _subject, one in sorted(register.records.items())
        if (not listed or listed in one.lists) and (not state or one.state == state)
    ]
    if as_json:
        records = [record_document(one, day) for one in chosen]
        head = {"events": register.head[0], "sha256": register.head[1], "sealed": sealed}
        print_json({"programme": programme.id, "on": str(day), "journal": head, "records": records})
        return
    title = _("{programme}, as of {day}").format(programme=programme.title, day=day)
    columns = [_("subject"), _("name"), _("state"), _("since"), _("on the list")]
    console().print(table(title, columns, (cells(programme, one, day) for one in chosen)))
    counts = [f"{known.title} {len(register.listed(key))}" for key, known in programme.lists.items()]
    click.echo("; ".join(counts))
    if sealed < register.head[0]:
        text = _("{count} events are not in the archive yet: greenmine register seal.")
        click.echo(text.format(count=register.head[0] - sealed))


def _opened(root: Path | None, name: str, day: dt.date) -> tuple[Programme, Register, int]:
    from greenmine.archive.layout import Archive  # noqa: PLC0415 - late: help needs no archive
    from greenmine.programme.recording import open_register  # noqa: PLC0415 - likewise

    folder = archive_root(root)
    programme = one_programme(folder, name)
    opened = open_register(Archive(folder), programme)
    return programme, opened.register.as_of(day), opened.sealed


def cells(programme: Programme, record: Record, day: dt.date) -> list[str]:
    """Return the cells of a record in a table, as of a day."""
    from greenmine.programme.clocks import state_text  # noqa: PLC0415 - late: help needs none of it

    lists = ", ".join(programme.lists[one].title for one in record.lists)
    name = str(record.details.get("name", ""))
    subject = record.subject.removeprefix("mine/")
    return [subject, name, state_text(record, day), str(record.since or ""), lists]


def _show_record(programme: Programme, record: Record, day: dt.date, *, as_json: bool) -> None:
    from greenmine.programme.clocks import deadlines, status_text, title  # noqa: PLC0415 - late: help needs none of it

    running = deadlines(record, programme, day)
    if as_json:
        document = record_document(record, day) | {
            "events": [event_document(event) for event in record.events],
            "deadlines": [deadline_document(programme, one, day) for one in running],
        }
        print_json(document)
        return
    subject, name, state, _since, lists = cells(programme, record, day)
    heading = " ".join(filter(None, (subject, name, state, lists)))
    columns = [_("date"), _("step"), _("office"), _("document"), _("deadline"), _("Case"), _("clause")]
    rows = (
        [
            str(event.date),
            step_title(programme, event),
            event.office,
            event.document,
            str(event.deadline or ""),
            f"{event.trigger} {event.reason}".strip(),
            programme.steps[event.step].clause,
        ]
        for event in record.events
    )
    console().print(table(heading, columns, rows))
    if running:
        columns = [_("deadline"), _("from"), _("until"), _("met"), _("state")]
        lines = (
            [title(one, programme), str(one.started), str(one.due or ""), str(one.met or ""), status_text(one, day)]
            for one in running
        )
        console().print(table(_("Deadlines as of {day}").format(day=day), columns, lines))


def step_title(programme: Programme, event: Event) -> str:
    """Return the name of an event's step in the language in use."""
    step = programme.steps.get(event.step)
    return step.title if step else _("taken back")


def record_document(record: Record, day: dt.date) -> dict[str, Any]:
    """Return a record for a program, as of a day."""
    from greenmine.programme.clocks import ran_out  # noqa: PLC0415 - late: help needs none of it

    past = ran_out(record, day)
    return {
        "subject": record.subject,
        "state": record.state,
        "since": record.since and str(record.since),
        "ran_out": past and str(past.due),
        "lists": list(record.lists),
        "details": record.details,
    }


def event_document(event: Event) -> dict[str, Any]:
    """Return an event for a program: its line in the journal, with its digest."""
    document = {key: value for key, value in event._asdict().items() if value or key == "digest"}
    return document | {key: str(document[key]) for key in ("date", "deadline") if key in document}


command.add_command(rules.command)


@command.command(
    "seal",
    help=_(
        "Put what was entered since the last time into the archive, where the next checkpoint covers it: from then on "
        "nothing of it can be changed or left out unnoticed."
    ),
)
@programme_option
@archive_option
@json_option
def seal_command(name: str, *, root: Path | None, as_json: bool) -> None:
    """Seal the journal."""
    from greenmine.archive.layout import Archive  # noqa: PLC0415 - late: help needs no archive
    from greenmine.programme.recording import seal_register  # noqa: PLC0415 - likewise

    folder = archive_root(root)
    programme = one_programme(folder, name)
    sealed = seal_register(Archive.open(folder, create=True), programme, now())
    if as_json:
        print_json({"bag": sealed and sealed.path, "digest": sealed and sealed.digest})
    elif sealed is None:
        click.echo(_("Nothing new: the archive holds the register as it is."))
    else:
        text = _("sealed as {bag}, SHA-256 in the ledger: {digest}")
        click.echo(text.format(bag=sealed.path, digest=sealed.digest))


@command.command("export", help=_("Write the register, as of a day, as a table (CSV for spreadsheets)."))
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.csv")
@click.option("--on", "on", default="", metavar="DATE", help=_("As of which day; today by default."))
@programme_option
@archive_option
@json_option
def export_command(file: Path, *, on: str, name: str, root: Path | None, as_json: bool) -> None:
    """Write the register as a table."""
    from greenmine.files import write_atomic  # noqa: PLC0415 - only here

    day = parse_day(on)
    programme, register, _sealed = _opened(root, name, day)
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    columns = [_("subject"), _("name"), _("state"), _("since"), _("on the list"), _("last step"), _("document")]
    writer.writerow(columns)
    for _subject, one in sorted(register.records.items()):
        last = one.events[-1]
        row = [*cells(programme, one, day), step_title(programme, last), last.document]
        writer.writerow(inert(visible(cell)) for cell in row)
    write_atomic(file, stream.getvalue().encode("utf-8-sig"))
    if as_json:
        print_json({"programme": programme.id, "on": str(day), "file": str(file), "rows": len(register.records)})
        return
    click.echo(_("{count} rows in {file}").format(count=len(register.records), file=file))
