"""The list of evidence: `evidence.csv` or `evidence.xlsx`, one row for each file, made by the mine with a spreadsheet.

It is read as every table is (`greenmine.evidence.table`); of its columns (`COLUMNS`) only `path` is needed. A file that
supports several indicators may stand on one row or on several, which then must not contradict each other.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Final

from greenmine.errors import EvidenceError, shown
from greenmine.evidence.locator import path_key
from greenmine.evidence.supports import parse_ids
from greenmine.evidence.table import Line, read_lines, read_table
from greenmine.i18n import gettext as _

FILE_NAMES: Final = ("evidence.csv", "evidence.xlsx")
COLUMNS: Final = {
    "path": "路径",
    "supports": "支撑指标",
    "title": "标题",
    "issuer": "出具单位",
    "issued_on": "出具日期",
    "valid_until": "有效期至",
}
"""The columns, each by its English and its Chinese name."""

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Row:
    """What a list says of one file.

    Attributes:
        path: relative to the mine's folder, with `/`, as typed.
        supports: ids of indicators and prerequisites, each once.
        title: what the file is.
        issuer: who issued it.
        issued_on: when.
        valid_until: the last day it is valid; None where it names none or says 长期.
        place: where it says so: file and row.
    """

    path: str
    supports: tuple[str, ...] = ()
    title: str = ""
    issuer: str = ""
    issued_on: dt.date | None = None
    valid_until: dt.date | None = None
    place: str = ""


def read_listing(stream: BinaryIO, name: str, file: str) -> dict[str, Row]:
    """Return the rows of a list by the `path_key` of their files, in the order of the list.

    Args:
        stream: the list's bytes, open at their beginning.
        name: `evidence.csv` or `evidence.xlsx`.
        file: the list's path, for messages.

    Raises:
        EvidenceError: the list is malformed or too large; the message names row and column.
    """
    found: dict[str, Row] = {}
    for line in read_lines(read_table(stream, name, file), COLUMNS, ("path",), file):
        row = _row(line, name)
        key = path_key(row.path)
        found[key] = _joined(found[key], row, file) if key in found else row
    return found


def _row(line: Line, name: str) -> Row:
    return Row(
        path=_path(line),
        supports=_supports(line),
        title=line.text("title"),
        issuer=line.text("issuer"),
        issued_on=line.day("issued_on"),
        valid_until=line.day("valid_until", long_term=True),
        place=_("{file}, {place}").format(file=name, place=line.place),
    )


def _path(line: Line) -> str:
    text = line.text("path", blanks=True)
    path = path_key(text)
    if not text:
        line.wrong("path", _("the path of a file"), _("nothing"))
    if path.startswith("/") or path[1:2] == ":" or ".." in path.split("/"):
        line.wrong("path", _("a path inside the mine's folder"), shown(text))
    return path


def _supports(line: Line) -> tuple[str, ...]:
    ids = parse_ids(line.text("supports"))
    bad = next((one for one in ids if not _ID.fullmatch(one)), None)
    if bad is not None:
        expected = _("ids of indicators or prerequisites, separated by ; , 、 or blanks")
        line.wrong("supports", expected, shown(bad))
    return ids


def _joined(one: Row, other: Row, file: str) -> Row:
    """Return what two rows say of the same file; what both say must be the same."""
    merged: dict[str, Any] = {"supports": tuple(dict.fromkeys(one.supports + other.supports))}
    for column in ("title", "issuer", "issued_on", "valid_until"):
        first, second = getattr(one, column), getattr(other, column)
        if first and second and first != second:
            expected = _("{value}, as said before of the same file").format(value=shown(str(first)))
            names = f"{column} ({COLUMNS[column]})"
            place = _("{place}, column {column}").format(
                place=other.place.partition(", ")[2] or other.place, column=names
            )
            raise EvidenceError(file, place, expected=expected, found=shown(str(second)))
        merged[column] = first or second
    return replace(one, **merged)
