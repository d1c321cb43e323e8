"""`greenmine due`: what is due or overdue on a day, and why; as a table, JSON or an iCalendar file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenmine.cli.options import archive_option, archive_root, json_option, parse_day, programmes
from greenmine.cli.output import console, print_json, table
from greenmine.errors import CheckFailed, IntegrityError, one_line
from greenmine.i18n import gettext as _
from greenmine.workspace import Workspace

if TYPE_CHECKING:
    from greenmine.programme.clocks import Deadline
    from greenmine.programme.programme import Programme


@click.command(
    "due",
    help=_(
        "Tell what is due or overdue on a day, and why: by which clause, since when. Of all registers, or of one. What "
        "cannot be told, because the public holidays of a year are not known, is told as that. Exit status 1: a "
        "register is not what was sealed; what is due in the others is told."
    ),
)
@click.option("--on", "on", default="", metavar="DATE", help=_("The day; today by default."))
@click.option("--within", type=click.IntRange(0, 36_600), default=30, show_default=True, help=_("Days to look ahead."))
@click.option("--programme", "name", default="", metavar="ID", help=_("Only this programme's register."))
@click.option(
    "--calendar", "file", type=click.Path(path_type=Path), metavar="FILE.ics", help=_("Write an iCalendar file too.")
)
@archive_option
@json_option
def command(*, on: str, within: int, name: str, file: Path | None, root: Path | None, as_json: bool) -> None:
    """List what is due."""
    day = parse_day(on)
    folder = archive_root(root)
    found, problems = _due(folder, programmes(folder, name, Workspace.find()), day, within)
    if file is not None:
        _write(file, found, day)
    if as_json:
        print_json(
            {
                "on": str(day),
                "within": within,
                "due": [deadline_document(*one, day) for one in found],
                "unreadable_registers": [{"programme": one, "reason": why} for one, why in problems.items()],
            }
        )
    else:
        _print(found, day, within)
        if file is not None:
            click.echo(_("calendar: {file}").format(file=file))
        for reason in problems.values():
            click.echo(one_line(_("cannot be read: {reason}").format(reason=reason)))
    if problems:
        raise click.exceptions.Exit(CheckFailed.exit_status)


def _due(
    folder: Path, asked: Iterable[Programme], day: dt.date, within: int
) -> tuple[list[tuple[Programme, Deadline]], dict[str, str]]:
    """Return what is due by the registers that are what was sealed, and what is wrong with each of the others."""
    from greenmine.archive.layout import Archive  # noqa: PLC0415 - late: help needs no archive
    from greenmine.programme.clocks import due  # noqa: PLC0415 - likewise
    from greenmine.programme.recording import open_register  # noqa: PLC0415 - likewise

    found, problems = [], {}
    for programme in asked:
        try:
            register = open_register(Archive(folder), programme).register
        except IntegrityError as problem:
            problems[programme.id] = str(problem)
        else:
            found += [(programme, one) for one in due(register, day, within)]
    return sorted(found, key=lambda one: one[1].due or dt.date.min), problems


def _print(found: Iterable[tuple[Programme, Deadline]], day: dt.date, within: int) -> None:
    from greenmine.programme.clocks import status_text, title, why  # noqa: PLC0415 - late: help needs none of it

    rows = (
        [
            str(one.due or ""),
            status_text(one, day),
            one.subject.removeprefix("mine/"),
            title(one, programme),
            why(one, programme),
        ]
        for programme, one in found
    )
    columns = [_("until"), _("state"), _("subject"), _("what"), _("why")]
    console().print(table(_("Due on {day} or within {count} days").format(day=day, count=within), columns, rows))


def _write(file: Path, found: list[tuple[Programme, Deadline]], day: dt.date) -> None:
    from greenmine.files import write_atomic  # noqa: PLC0415 - only here
    from greenmine.programme.agenda import agenda  # noqa: PLC0415 - only here

    write_atomic(file, agenda(found, day))
    left = sum(one.due is None for _programme, one in found)
    if left:
        click.echo(_("{count} deadlines without a day are not in the calendar.").format(count=left), err=True)


def deadline_document(programme: Programme, deadline: Deadline, on: dt.date) -> dict[str, Any]:
    """Return a deadline for a program."""
    from greenmine.programme.clocks import title, why  # noqa: PLC0415 - late: help needs none of it

    return {
        "programme": programme.id,
        "subject": deadline.subject,
        "clock": deadline.clock,
        "title": title(deadline, programme),
        "started": str(deadline.started),
        "due": deadline.due and str(deadline.due),
        "met": deadline.met and str(deadline.met),
        "status": deadline.status(on),
        "why": why(deadline, programme),
        "rests_on": deadline.rests_on,
        "draw": deadline.draw and deadline.draw.document(),
    }
