"""Steps as people hand them in: a row of texts, or a table of them (CSV), as drafts of events."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from greenmine.errors import InputError
from greenmine.files import read_text
from greenmine.i18n import gettext as _
from greenmine.programme.events import Draft

LIMIT: Final = 64 * 1024 * 1024
"""The largest table accepted, in bytes."""

KINDS: Final = ("mine", "agency", "assessor", "zone")
NEEDED: Final = ("subject", "step", "date", "office")


def subject_of(text: str) -> str:
    """Return a subject as the register names it: `GM-0001` is the mine `mine/GM-0001`."""
    return text if text.partition("/")[0] in KINDS and "/" in text else f"mine/{text}"


def read_table(file: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file of steps.

    Raises:
        InputError: it cannot be read, a column is missing, or a row has another number of cells.
    """
    reader = csv.DictReader(io.StringIO(read_text(file, LIMIT)), strict=True)
    try:
        rows = list(reader)
    except csv.Error:
        place = _("line {line}").format(line=reader.line_num)
        found = _("quotation marks that do not match, or a cell that is too long")
        raise InputError(file, place, expected=_("a table as CSV"), found=found) from None
    missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
    if missing:
        raise InputError(file, expected=_("the column {name}").format(name=missing[0]), found=_("none"))
    for number, row in enumerate(rows, 2):
        if None in row or None in row.values():
            place = _("row {number}").format(number=number)
            raise InputError(file, place, expected=_("as many cells as columns"), found=_("another number"))
    return rows


def draft_of(row: Mapping[str, str]) -> Draft:
    """Return the step that a row of texts means; what is no part of every step goes to its details.

    Raises:
        ValueError: a date is none; its text is the argument.
    """
    cells = {key: value.strip() for key, value in row.items()}
    return Draft(
        subject_of(cells["subject"]),
        cells["step"],
        day_of(cells["date"]),
        cells["office"],
        cells.get("document", ""),
        day_of(cells["deadline"]) if cells.get("deadline") else None,
        cells.get("reason", ""),
        cells.get("trigger", ""),
        {key: value for key, value in cells.items() if key not in Draft._fields and value},
    )


def day_of(text: str) -> dt.date:
    """Return the day that a text such as `2024-04-15` names.

    Raises:
        ValueError: it names none; the text is the argument.
    """
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:  # the year's week, or no hyphens
        raise ValueError(text)
    return found
