"""Options that several verbs share."""

from __future__ import annotations

import click

from greenmine.errors import UsageError, shown
from greenmine.i18n import gettext as _

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
