"""Options that several verbs share."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from greenmine.errors import UsageError, shown
from greenmine.i18n import gettext as _
from greenmine.workspace import Workspace

if TYPE_CHECKING:
    from greenmine.archive.layout import Archive
    from greenmine.programme.programme import Programme

DEFAULT_CATALOG = "national@2024"


def parse_readings(choices: tuple[str, ...]) -> dict[str, str]:
    """Return the readings chosen by `NAME=CHOICE` arguments.

    Raises:
        UsageError: an argument is not of that form, or a reading is chosen twice.
    """
    chosen: dict[str, str] = {}
    for text in choices:
        name, equals, choice = text.partition("=")
        if not equals or not name or not choice:
            raise UsageError(_("--reading {text}: expected NAME=CHOICE.").format(text=shown(text)))
        if name in chosen:
            raise UsageError(_("--reading {name}: the reading is chosen twice.").format(name=shown(name)))
        chosen[name] = choice
    return chosen


catalog_option = click.option(
    "--catalog",
    default=DEFAULT_CATALOG,
    show_default=True,
    metavar="ID@VERSION",
    help=_("The catalog to score against, or the path of its file."),
)

readings_option = click.option(
    "--reading",
    "readings",
    multiple=True,
    metavar="NAME=CHOICE",
    callback=lambda _context, _parameter, value: parse_readings(value),
    help=_("Choose a reading (口径) other than the catalog's default; may be repeated."),
)

engine_option = click.option(
    "--engine",
    type=click.Choice(("greenmine", "kernel")),
    default="greenmine",
    show_default=True,
    help=_("What runs the notebook: a fork of this program within limits, or the stock Jupyter kernel."),
)

archive_option = click.option(
    "--archive",
    "root",
    type=click.Path(path_type=Path),
    default=None,
    metavar="DIR",
    help=_("The archive's folder: reports/ of the workspace by default."),
)


def archive_root(root: Path | None) -> Path:
    """Return the archive's folder: the one asked for, else `reports/` of the workspace."""
    return Workspace.find().reports if root is None else root


def record_bag(archive: Archive, text: str) -> str:
    """Return the path of the bag that a person means by RECORD.

    Args:
        archive: the archive.
        text: `GM-0001` (its last record in the ledger), `GM-0001/r2`, or the path of a bag, `bags/assess/GM-0001/r2`.

    Raises:
        UsageError: the ledger has no such bag.
    """
    from greenmine.archive.ledger import Ledger  # noqa: PLC0415 - late: few verbs need the archive

    bags = [entry.bag for entry in Ledger(archive).read()]
    given = text.rstrip("/")
    of_mine = [bag for bag in bags if bag.startswith(f"bags/assess/{given}/r")]
    last = max(of_mine, key=lambda bag: int(bag.rpartition("/r")[2]), default="")
    known = next((bag for bag in (given, f"bags/assess/{given}", last) if bag in bags), None)
    if known is None:
        message = _("{record} is not in the ledger {file}: expected a mine, MINE/rN or the path of a bag.")
        raise UsageError(message.format(record=shown(text), file=archive.ledger))
    return known


programme_option = click.option(
    "--programme", "name", default="", metavar="ID", help=_("The programme; the only register's by default.")
)
json_option = click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))


def parse_day(text: str) -> dt.date:
    """Return the day that a person names; today, in China, where nothing is said.

    Raises:
        UsageError: it is no date.
    """
    from greenmine.programme.calendar import today  # noqa: PLC0415 - late: few verbs need dates
    from greenmine.programme.drafts import day_of  # noqa: PLC0415 - likewise

    try:
        return day_of(text) if text else today()
    except ValueError:
        expected = _("{text} is no date: expected one such as 2024-04-15.")
        raise UsageError(expected.format(text=shown(text))) from None


def kept_registers(archive: Path) -> list[str]:
    """Return the ids of the programmes of which the archive's folder has a register, or the ledger knows one.

    A register that was sealed and whose journal is gone is one of them, so that whoever reads it is told.
    """
    from greenmine.archive.layout import REGISTERS, Archive  # noqa: PLC0415 - late: few verbs need registers
    from greenmine.archive.ledger import Ledger  # noqa: PLC0415 - likewise
    from greenmine.archive.registers import EVENTS, sealed_registers  # noqa: PLC0415 - likewise

    ledger = Ledger(Archive(archive))
    sealed = sealed_registers(ledger.read()) if ledger.archive.ledger.is_file() else []
    return sorted({path.parent.name for path in (archive / REGISTERS).glob(f"*/{EVENTS}")}.union(sealed))


def programmes(archive: Path, name: str, workspace: Workspace) -> tuple[Programme, ...]:
    """Return the programme that a person names, or those of which the archive's folder or ledger has a register.

    Raises:
        UsageError: there is no such programme, or nothing was named and there is no register.
    """
    from greenmine.programme.programme import list_programmes, load_programme  # noqa: PLC0415 - late: few verbs need it

    if name:
        return (load_programme(name, workspace),)
    kept = kept_registers(archive)
    if not kept:
        known = ", ".join(one.id for one in list_programmes(workspace))
        text = _("There is no register yet: name its programme with --programme, one of {names}.")
        raise UsageError(text.format(names=known))
    return tuple(load_programme(one, workspace) for one in kept)


def one_programme(archive: Path, name: str) -> Programme:
    """Return the programme that a person names, or that of the only register in the archive's folder.

    Raises:
        UsageError: there is no such programme, or nothing was named and there is not just one register.
    """
    found = programmes(archive, name, Workspace.find())
    if len(found) > 1:
        text = _("There are several registers: choose one with --programme, one of {names}.")
        raise UsageError(text.format(names=", ".join(one.id for one in found)))
    return found[0]
