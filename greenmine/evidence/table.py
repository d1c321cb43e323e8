"""Tables that people make with a spreadsheet: CSV or the first sheet of a workbook, read row by row.

A CSV may be UTF-8 or GB18030, as the spreadsheet saved it, with commas, semicolons or tabs. Of a workbook the first
sheet is read, values only, and only after the archive has been found small. The first row that is not blank names the
columns, in English or Chinese, in any order. A mistake names file, row and column.
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
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, NoReturn

from greenmine.errors import EvidenceError, shown
from greenmine.i18n import gettext as _

MAX_BYTES: Final = 8 * 1024 * 1024
"""The largest table accepted, in bytes."""

MAX_ROWS: Final = 20_000
MAX_COLUMNS: Final = 32
MAX_CELL: Final = 1_000
"""The most rows, columns and characters in a cell accepted."""

MAX_MEMBERS: Final = 500
MAX_UNPACKED: Final = 64 * 1024 * 1024
MAX_RATIO: Final = 200
"""Limits on the archive that a workbook is: members, bytes unpacked, and how many times larger than packed."""

_SMALL_MEMBER: Final = 1024 * 1024  # below this the ratio says nothing: a sheet of blanks packs very well
_DAY: Final = re.compile(r"([0-9]{4})(?:-|/|\.|年)([0-9]{1,2})(?:-|/|\.|月)([0-9]{1,2})日?(?: 0?0:00(?::00)?)?")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # Unicode categories of what a reader would not see
_LONG_TERM: Final = ("长期", "永久", "long-term")

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
    return _limited(_xlsx_table(data, file) if name.lower().endswith(".xlsx") else _csv_table(data, file), file)


def _limited(table: Table, file: str) -> Table:
    for number, cells in table:
        if number > MAX_ROWS:
            raise EvidenceError(file, expected=_("at most {limit} rows").format(limit=MAX_ROWS), found=_("more"))
        yield number, cells


def read_lines(table: Table, names: Mapping[str, str], needed: Collection[str], file: str) -> Iterator[Line]:
    """Yield the lines of a table below the one that names the columns; blank ones are passed over.

    Args:
        table: as `read_table` returns it.
        names: the columns there may be, each by its English and its Chinese name.
        needed: those that have to be there.
        file: its path, for messages.

    Raises:
        EvidenceError: a column is unknown, missing or there twice, or the table is empty, malformed or too large.
    """
    columns: dict[str, int] | None = None
    for number, cells in table:
        if all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in cells):
            continue
        if columns is None:
            columns = _columns(cells, names, needed, number, file)
            continue
        line = Line(cells, columns, names, number, file)
        line.refuse_nameless()
        yield line
    if columns is None:
        raise EvidenceError(file, expected=_("a row with the names of the columns"), found=_("nothing"))


def _columns(
    cells: Sequence[Cell], names: Mapping[str, str], needed: Collection[str], number: int, file: str
) -> dict[str, int]:
    """Return which column is where, from the first row of a table."""
    known = {word: column for column, chinese in names.items() for word in (column, chinese)}
    place = _("row {row}").format(row=number)
    columns: dict[str, int] = {}
    for index, cell in enumerate(cells):
        word = str(cell).strip().lower() if cell is not None else ""
        if not word:
            continue
        column = known.get(word)
        if column is None:
            near = difflib.get_close_matches(word, known, n=1)
            every = ", ".join(f"{column} ({chinese})" for column, chinese in names.items())
            raise EvidenceError(
                file,
                place,
                expected=_("only the columns {columns}").format(columns=every),
                found=shown(str(cell)),
                hint=_("Did you mean {key}?").format(key=shown(near[0])) if near else "",
            )
        if column in columns:
            raise EvidenceError(file, place, expected=_("each column once"), found=shown(str(cell)))
        columns[column] = index
    missing = next((column for column in names if column in needed and column not in columns), None)
    if missing is not None:
        expected = _("a column {column}").format(column=f"{missing} ({names[missing]})")
        raise EvidenceError(file, place, expected=expected, found=shown(", ".join(str(cell or "") for cell in cells)))
    return columns


@dataclass(frozen=True)
class Line:
    """One row of a table, read by the names of its columns.

    Attributes:
        cells: what is in it.
        columns: which column is where.
        names: the columns there may be, each by its English and its Chinese name.
        number: of the row.
        file: the table's path, for messages.
    """

    cells: Sequence[Cell]
    columns: Mapping[str, int]
    names: Mapping[str, str]
    number: int
    file: str

    @property
    def place(self) -> str:
        """The row, in words."""
        return _("row {row}").format(row=self.number)

    def refuse_nameless(self) -> None:
        """Refuse what stands below a column without a name.

        Raises:
            EvidenceError: there is something.
        """
        for index, cell in enumerate(self.cells):
            if index not in self.columns.values() and cell is not None and str(cell).strip():
                place = _("row {row}, column {column}").format(row=self.number, column=index + 1)
                raise EvidenceError(
                    self.file, place, expected=_("nothing below a column without a name"), found=shown(str(cell))
                )

    def wrong(self, column: str, expected: str, found: str, hint: str = "") -> NoReturn:
        """Refuse what is in a column.

        Raises:
            EvidenceError: always; it names file, row and column.
        """
        names = f"{column} ({self.names[column]})"
        place = _("row {row}, column {column}").format(row=self.number, column=names)
        raise EvidenceError(self.file, place, expected=expected, found=found, hint=hint)

    def text(self, column: str, *, blanks: bool = False) -> str:
        """Return the text in a column; empty where there is none.

        Args:
            column: its English name.
            blanks: whether to keep blanks as they are: a file's name may hold any, other text is better off with plain
                ones.

        Raises:
            EvidenceError: it is a date, too long, or holds what a reader would not see.
        """
        cell = self._cell(column)
        if isinstance(cell, dt.date):
            cell = cell.date() if isinstance(cell, dt.datetime) else cell
            self.wrong(column, _("text"), _("the date {day}").format(day=cell), _("Format the column as text."))
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)
        text = "" if cell is None else str(cell).strip()
        if not blanks:
            text = " ".join(text.split())
        if len(text) > MAX_CELL:
            expected = _("at most {limit} characters").format(limit=MAX_CELL)
            self.wrong(column, expected, _("{count} characters").format(count=len(text)))
        if any(unicodedata.category(character) in _UNSEEN for character in text):
            self.wrong(column, _("text without control characters"), shown(text))
        return text

    def day(self, column: str, *, long_term: bool = False) -> dt.date | None:
        """Return the date in a column; None where there is none.

        Args:
            column: its English name.
            long_term: whether it may say 长期, which is None, too.

        Raises:
            EvidenceError: it is no date.
        """
        cell = self._cell(column)
        if isinstance(cell, dt.datetime):
            return cell.date()
        if isinstance(cell, dt.date):
            return cell
        text = self.text(column)
        if not text or (long_term and text in _LONG_TERM):
            return None
        if found := _DAY.fullmatch(text):
            try:
                return dt.date(*(int(part) for part in found.groups()))
            except ValueError:
                pass
        return self.wrong(column, _("a date such as 2024-04-15"), shown(text))

    def _cell(self, column: str) -> Cell:
        index = self.columns.get(column, len(self.cells))
        return self.cells[index] if index < len(self.cells) else None


# ---- CSV -------------------------------------------------------------------------------------------------------------


def _csv_table(data: bytes, file: str) -> Table:
    text = _decoded(data, file)
    first = text.lstrip().partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for number, cells in enumerate(reader, 1):
            yield number, _checked_width(cells, number, file)
    except csv.Error:
        place = _("line {line}").format(line=reader.line_num)
        found = _("quotation marks that do not match, or a cell that is too long")
        raise EvidenceError(file, place, expected=_("a table as CSV"), found=found) from None


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
