"""The list of evidence: `evidence.csv` or `evidence.xlsx`, one row for each file, made by the mine with a spreadsheet.

Column names are English or Chinese (`COLUMNS`), in any order; only `path` is needed. A CSV may be UTF-8 or GB18030, as
the spreadsheet saved it, with commas, semicolons or tabs. Of a workbook the first sheet is read, values only, and only
after the archive has been found small. A file that supports several indicators may stand on one row or on several,
which then must not contradict each other. A mistake names file, row and column.
"""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import io
import re
import unicodedata
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Final, NoReturn

from greenmine.errors import EvidenceError, shown
from greenmine.evidence.locator import path_key
from greenmine.evidence.supports import parse_ids
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

MAX_BYTES: Final = 8 * 1024 * 1024
"""The largest list accepted, in bytes."""

MAX_ROWS: Final = 20_000
MAX_COLUMNS: Final = 32
MAX_CELL: Final = 1_000
"""The most rows, columns and characters in a cell accepted."""

MAX_MEMBERS: Final = 500
MAX_UNPACKED: Final = 64 * 1024 * 1024
MAX_RATIO: Final = 200
"""Limits on the archive that a workbook is: members, bytes unpacked, and how many times larger than packed."""

_SMALL_MEMBER: Final = 1024 * 1024  # below this the ratio says nothing: a sheet of blanks packs very well
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DAY: Final = re.compile(r"([0-9]{4})(?:-|/|\.|年)([0-9]{1,2})(?:-|/|\.|月)([0-9]{1,2})日?(?: 0?0:00(?::00)?)?")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # Unicode categories of what a reader would not see
_LONG_TERM: Final = ("长期", "永久", "long-term")


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
    for row in _rows(read_table(stream, name, file), name, file):
        key = path_key(row.path)
        found[key] = _joined(found[key], row, file) if key in found else row
    return found


Cell = str | dt.date | int | float | bool | None
Table = Iterator[tuple[int, Sequence[Cell]]]


def read_table(stream: BinaryIO, name: str, file: str) -> Table:
    """Return the rows of a table made with a spreadsheet, each with its number.

    Args:
        stream: the table's bytes, open at their beginning.
        name: what the file is called; a workbook ends in `.xlsx`, everything else is CSV.
        file: its path, for messages.

    Raises:
        EvidenceError: the table is malformed or too large; some of it shows only while the rows are read.
    """
    data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise EvidenceError(file, expected=_("at most {limit} bytes").format(limit=MAX_BYTES), found=_("more"))
    return _xlsx_table(data, file) if name.lower().endswith(".xlsx") else _csv_table(data, file)


def _rows(table: Table, name: str, file: str) -> Iterator[Row]:
    columns: dict[str, int] | None = None
    for number, cells in table:
        if number > MAX_ROWS:
            raise EvidenceError(file, expected=_("at most {limit} rows").format(limit=MAX_ROWS), found=_("more"))
        if all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in cells):
            continue
        if columns is None:
            columns = _columns(cells, number, file)
            continue
        yield _Reader(cells, columns, number, name, file).row()
    if columns is None:
        raise EvidenceError(file, expected=_("a row with the names of the columns"), found=_("nothing"))


def _columns(cells: Sequence[Cell], number: int, file: str) -> dict[str, int]:
    """Return which column is where, from the first row of the list."""
    known = {word: column for column, chinese in COLUMNS.items() for word in (column, chinese)}
    place = _("row {row}").format(row=number)
    columns: dict[str, int] = {}
    for index, cell in enumerate(cells):
        word = str(cell).strip().lower() if cell is not None else ""
        if not word:
            continue
        column = known.get(word)
        if column is None:
            near = difflib.get_close_matches(word, known, n=1)
            raise EvidenceError(
                file,
                place,
                expected=_("only the columns {columns}").format(columns=_column_names()),
                found=shown(str(cell)),
                hint=_("Did you mean {key}?").format(key=shown(near[0])) if near else "",
            )
        if column in columns:
            raise EvidenceError(file, place, expected=_("each column once"), found=shown(str(cell)))
        columns[column] = index
    if "path" not in columns:
        expected = _("a column {column}").format(column=f"path ({COLUMNS['path']})")
        raise EvidenceError(file, place, expected=expected, found=shown(", ".join(str(cell or "") for cell in cells)))
    return columns


def _column_names() -> str:
    return ", ".join(f"{column} ({chinese})" for column, chinese in COLUMNS.items())


@dataclass(frozen=True)
class _Reader:
    """One row that is being read."""

    cells: Sequence[Cell]
    columns: Mapping[str, int]
    number: int
    name: str
    file: str

    def row(self) -> Row:
        for index, cell in enumerate(self.cells):
            if index not in self.columns.values() and cell is not None and str(cell).strip():
                place = _("row {row}, column {column}").format(row=self.number, column=index + 1)
                raise EvidenceError(
                    self.file, place, expected=_("nothing below a column without a name"), found=shown(str(cell))
                )
        return Row(
            path=self.path(),
            supports=self.supports(),
            title=self.text("title"),
            issuer=self.text("issuer"),
            issued_on=self.day("issued_on"),
            valid_until=self.day("valid_until"),
            place=_("{file}, {place}").format(file=self.name, place=_("row {row}").format(row=self.number)),
        )

    def cell(self, column: str) -> Cell:
        index = self.columns.get(column, len(self.cells))
        return self.cells[index] if index < len(self.cells) else None

    def wrong(self, column: str, expected: str, found: str, hint: str = "") -> NoReturn:
        names = f"{column} ({COLUMNS[column]})"
        place = _("row {row}, column {column}").format(row=self.number, column=names)
        raise EvidenceError(self.file, place, expected=expected, found=found, hint=hint)

    def text(self, column: str) -> str:
        cell = self.cell(column)
        if isinstance(cell, dt.date):
            cell = cell.date() if isinstance(cell, dt.datetime) else cell
            self.wrong(column, _("text"), _("the date {day}").format(day=cell), _("Format the column as text."))
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)
        text = "" if cell is None else str(cell).strip()
        if column != "path":  # a file's name may hold any blank, other text is better off with plain ones
            text = " ".join(text.split())
        if len(text) > MAX_CELL:
            expected = _("at most {limit} characters").format(limit=MAX_CELL)
            self.wrong(column, expected, _("{count} characters").format(count=len(text)))
        if any(unicodedata.category(character) in _UNSEEN for character in text):
            self.wrong(column, _("text without control characters"), shown(text))
        return text

    def path(self) -> str:
        text = self.text("path")
        path = path_key(text)
        if not text:
            self.wrong("path", _("the path of a file"), _("nothing"))
        if path.startswith("/") or path[1:2] == ":" or ".." in path.split("/"):
            self.wrong("path", _("a path inside the mine's folder"), shown(text))
        return path

    def supports(self) -> tuple[str, ...]:
        ids = parse_ids(self.text("supports"))
        bad = next((one for one in ids if not _ID.fullmatch(one)), None)
        if bad is not None:
            expected = _("ids of indicators or prerequisites, separated by ; , 、 or blanks")
            self.wrong("supports", expected, shown(bad))
        return ids

    def day(self, column: str) -> dt.date | None:
        cell = self.cell(column)
        if isinstance(cell, dt.datetime):
            return cell.date()
        if isinstance(cell, dt.date):
            return cell
        text = self.text(column)
        if not text or (column == "valid_until" and text in _LONG_TERM):
            return None
        if found := _DAY.fullmatch(text):
            try:
                return dt.date(*(int(part) for part in found.groups()))
            except ValueError:
                pass
        return self.wrong(column, _("a date such as 2024-04-15"), shown(text))


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


# ---- CSV -------------------------------------------------------------------------------------------------------------


def _csv_table(data: bytes, file: str) -> Table:
    text = _decoded(data, file)
    first = text.lstrip().partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for number, cells in enumerate(reader, 1):
            yield number, _checked_width(cells, number, file)
    except csv.Error as problem:
        place = _("line {line}").format(line=reader.line_num)
        raise EvidenceError(file, place, expected=_("a table as CSV"), found=str(problem)) from None


def _decoded(data: bytes, file: str) -> str:
    """Return the text of a CSV file: UTF-8 where it is that, else GB18030."""
    hint = _("Save the list as “CSV UTF-8”.")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data:
        raise EvidenceError(file, expected=_("text in UTF-8 or GB18030"), found=_("UTF-16 or no text"), hint=hint)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError as problem:
        place = _("byte {number}").format(number=problem.start + 1)
        found = _("bytes of another encoding")
        raise EvidenceError(file, place, expected=_("text in UTF-8 or GB18030"), found=found, hint=hint) from None


def _checked_width(cells: Sequence[Any], number: int, file: str) -> Sequence[Any]:
    """Return the cells of a row, which must not be more than a list has."""
    if any(cell not in (None, "") for cell in cells[MAX_COLUMNS:]):
        place = _("row {row}").format(row=number)
        expected = _("at most {limit} columns").format(limit=MAX_COLUMNS)
        raise EvidenceError(file, place, expected=expected, found=_("{count} columns").format(count=len(cells)))
    return cells[:MAX_COLUMNS]


# ---- XLSX ------------------------------------------------------------------------------------------------------------


def _xlsx_table(data: bytes, file: str) -> Table:
    _check_archive(data, file)
    import openpyxl  # noqa: PLC0415 - late: 0.2 s that most mines do not need

    if not openpyxl.DEFUSEDXML:
        raise EvidenceError(
            file,
            expected=_("a safe reader of workbooks (defusedxml)"),
            found=_("openpyxl without it"),
            hint=_("Save the list as “CSV UTF-8”."),
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions, which a list does not need
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what the file says of its own size is not to be believed
            rows = [
                _checked_width(cells, number, file)
                for number, cells in enumerate(sheet.iter_rows(max_row=MAX_ROWS + 1, values_only=True), 1)
            ]
    except EvidenceError:
        raise
    except Exception as problem:  # noqa: BLE001 - openpyxl raises whatever a malformed workbook makes fail in it
        cause: BaseException = problem
        while cause.__context__ is not None:
            cause = cause.__context__
        found = shown(f"{type(cause).__name__}: {cause}")
        raise EvidenceError(file, expected=_("a workbook (.xlsx)"), found=found) from None
    for number, cells in enumerate(rows, 1):
        yield number, [cell if isinstance(cell, dt.date | int | float | bool | None) else str(cell) for cell in cells]


def _check_archive(data: bytes, file: str) -> None:
    """Refuse an archive that is none, or that would unpack to more than a list needs."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError):
        raise EvidenceError(file, expected=_("a workbook (.xlsx)"), found=_("no such archive")) from None
    if len(members) > MAX_MEMBERS:
        expected = _("a workbook of at most {limit} parts").format(limit=MAX_MEMBERS)
        raise EvidenceError(file, expected=expected, found=_("{count} parts").format(count=len(members)))
    unpacked = 0
    for member in members:
        unpacked += member.file_size
        ratio = member.file_size / max(member.compress_size, 1)
        if unpacked > MAX_UNPACKED or (member.file_size > _SMALL_MEMBER and ratio > MAX_RATIO):
            raise EvidenceError(
                file,
                shown(member.filename),
                expected=_("a workbook that unpacks to at most {limit} bytes and {ratio} times its size").format(
                    limit=MAX_UNPACKED, ratio=MAX_RATIO
                ),
                found=_("{size} bytes").format(size=member.file_size),
            )
