"""Sheets: XLSX workbooks, and evidence lists as CSV.

A workbook is a ZIP archive; it is packed again in order of the names, uncompressed and with one fixed date, so that the
same rows give the same bytes whatever the clock and the compressor.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LIST_COLUMNS = ("path", "supports", "title", "issuer", "issued_on", "valid_until")
LIST_COLUMNS_ZH = ("路径", "支撑指标", "标题", "出具单位", "出具日期", "有效期至")
_MADE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)
_ZIP_DATE = (2026, 1, 1, 0, 0, 0)
_WIDE = ord("⺀")


def make_workbook(sheets: Iterable[dict[str, Any]]) -> bytes:
    """Return an XLSX file.

    Args:
        sheets: each with `name` and `rows`; the first row is the head.
    """
    book = Workbook()
    book.remove(book.active)  # type: ignore[arg-type]  # a new workbook has a worksheet
    book.properties.creator = "演示"
    book.properties.created = _MADE
    for sheet in sheets:
        page = book.create_sheet(sheet["name"])
        for row in sheet["rows"]:
            page.append(row)
        for cell in page[1]:
            cell.font = Font(bold=True)
            cell.fill = PatternFill("solid", fgColor="E3EDE3")
            cell.alignment = Alignment(wrap_text=True, vertical="center")
        page.freeze_panes = "A2"
        for column in page.columns:
            widest = max(_width(cell.value) for cell in column)
            page.column_dimensions[column[0].column_letter].width = min(48, widest + 2)
    stream = io.BytesIO()
    book.save(stream)
    return _packed(stream.getvalue())


def _width(value: object) -> int:
    return sum(2 if ord(c) >= _WIDE else 1 for c in str(value if value is not None else ""))


def _packed(data: bytes) -> bytes:
    """Return the archive with fixed dates, in order of the names."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as target:
        for name in sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            member = source.read(name)
            if name == "docProps/core.xml":
                member = _fixed_date(member)
            info = zipfile.ZipInfo(name, _ZIP_DATE)
            info.external_attr = 0o644 << 16
            target.writestr(info, member)
    return stream.getvalue()


def _fixed_date(core: bytes) -> bytes:
    """Return the core properties with the time of saving replaced by the fixed date."""
    head, _, rest = core.partition(b"<dcterms:modified")
    opening, _, tail = rest.partition(b">")
    _, _, tail = tail.partition(b"<")
    return head + b"<dcterms:modified" + opening + b">" + f"{_MADE:%Y-%m-%dT%H:%M:%SZ}<".encode() + tail


def make_list(columns: Sequence[str], rows: Iterable[Sequence[str]], encoding: str) -> bytes:
    """Return an evidence list as CSV in `encoding`, as a spreadsheet saves it."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return stream.getvalue().encode(encoding)
