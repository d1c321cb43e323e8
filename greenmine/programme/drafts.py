"""Steps as people hand them in: a row of texts, or a table made with a spreadsheet, as drafts of events."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

from greenmine.errors import InputError, shown
from greenmine.evidence.table import Line, read_lines, read_table
from greenmine.files import refusal
from greenmine.i18n import gettext as _
from greenmine.programme.details import GROUPS, LISTS
from greenmine.programme.events import Draft

KINDS: Final = ("mine", "agency", "assessor", "zone")
COLUMNS: Final = {
    "subject": "对象",
    "step": "步骤",
    "date": "日期",
    "office": "办理单位",
    "document": "文书",
    "deadline": "期限",
    "reason": "理由",
    "trigger": "移出情形",
}
NEEDED: Final = ("subject", "step", "date", "office")
YEARS: Final = range(1900, 2200)

_DETAIL: Final = re.compile(rf"(?:(?:{'|'.join(GROUPS)})\.)?[a-z][a-z0-9_]{{0,63}}")
_BREAK: Final = re.compile(r"\s*[、，,；;]\s*")


@dataclass
class Steps:
    """The steps of a table, one after the other.

    Attributes:
        file: the table.
        drafts: the number of each row, and its step.
        row: the number of the row that was taken last; 0 before the first.
    """

    file: Path
    drafts: list[tuple[int, Draft]]
    row: int = 0

    def __iter__(self) -> Iterator[Draft]:
        """Yield the steps."""
        for row, draft in self.drafts:
            self.row = row
            yield draft


def subject_of(text: str) -> str:
    """Return a subject as the register names it: `GM-0001` is the mine `mine/GM-0001`."""
    return text if text.partition("/")[0] in KINDS and "/" in text else f"mine/{text}"


def is_detail(key: str) -> bool:
    """Tell whether a text may name a detail of a step: `agency`, `duties.pledge`; not what every step has anyway."""
    return bool(_DETAIL.fullmatch(key)) and key not in {*Draft._fields, *GROUPS}


def read_steps(file: Path) -> Steps:
    """Return the steps of a table: CSV or the first sheet of a workbook, with a column for each detail besides.

    Raises:
        InputError: it cannot be read, a column is missing or of no good, it has no row, or a cell is wrong.
    """
    try:
        with file.open("rb") as stream:
            steps = Steps(file, [(line.number, _step(line)) for line in _lines(stream, file)])
    except OSError as problem:
        raise InputError(file, expected=_("a readable file"), found=refusal(problem)) from None
    if not steps.drafts:
        raise InputError(file, expected=_("at least one step"), found=_("none"))
    return steps


def _lines(stream: Any, file: Path) -> Iterator[Line]:  # noqa: ANN401 - a file open for reading bytes
    """Yield the lines of a table, whose other columns are those of details."""
    rows = ((number, cells) for number, cells in read_table(stream, file.name, str(file)) if any(cells))
    head = next(rows, (1, ()))
    known = {*COLUMNS, *COLUMNS.values(), ""}
    more = [word for cell in head[1] if (word := str(cell or "").strip().lower()) not in known]
    for name in more:
        if not is_detail(name):
            expected = _("a column of a step, or the name of a detail such as agency or duties.pledge")
            raise InputError(file, _("row {row}").format(row=head[0]), expected=expected, found=shown(name))
    yield from read_lines(chain([head], rows), {**COLUMNS, **{name: name for name in more}}, NEEDED, str(file))


def _step(line: Line) -> Draft:
    days = {name: line.day(name) if name in line.columns else None for name in ("date", "deadline")}
    texts = {name: line.text(name) for name in line.columns if name not in days}
    if days["date"] is None or days["date"].year not in YEARS:
        line.wrong("date", _("a date such as 2024-04-15"), shown(line.text("date")))
    return draft_of(texts | {name: day.isoformat() for name, day in days.items() if day})


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
        details_of({key: value for key, value in cells.items() if key not in COLUMNS}),
    )


def details_of(cells: Mapping[str, str]) -> dict[str, Any]:
    """Return details from texts: those that are filled in, lists parted at commas, `duties.pledge` below `duties`."""
    found: dict[str, Any] = {}
    for key, text in cells.items():
        group, dot, name = key.partition(".")
        if text and dot:
            found.setdefault(group, {})[name] = text
        elif text:
            found[key] = [part for part in _BREAK.split(text) if part] if key in LISTS else text
    return found


def day_of(text: str) -> dt.date:
    """Return the day that a text such as `2024-04-15` names.

    Raises:
        ValueError: it names none, or none of `YEARS`; the text is the argument.
    """
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text or found.year not in YEARS:  # the year's week, or no hyphens
        raise ValueError(text)
    return found
