"""An impact as a sheet: a row a mine, for each case the verdict, the total, the margin and what keeps the mine out.

Names come from the mines. In a sheet nothing of theirs is a formula, and what steers instead of shows is made visible.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from greenmine.batch.impact import words as named
from greenmine.batch.impact.impact import Impact
from greenmine.batch.impact.scored import VERDICTS
from greenmine.errors import UsageError, shown
from greenmine.files import write_atomic
from greenmine.i18n import gettext as _
from greenmine.text import inert, visible
from greenmine.workbook import words

Cell = str | Decimal | None


def write_sheet(impact: Impact, path: Path) -> None:
    """Write an impact as a sheet.

    Args:
        impact: the impact.
        path: where to; CSV or a workbook of a spreadsheet program by its suffix, `.csv` or `.xlsx`.

    Raises:
        UsageError: the suffix is neither.
        OSError: the disk refuses.
    """
    writers = {".csv": _csv, ".xlsx": _xlsx}
    if path.suffix.lower() not in writers:
        raise UsageError(_("{path}: expected a name that ends in .csv or .xlsx.").format(path=shown(str(path), 200)))
    write_atomic(path, writers[path.suffix.lower()](rows(impact)))


def rows(impact: Impact) -> Iterator[list[Cell]]:
    """Yield the rows of the sheet: headings, then the mines."""
    heads = [_("mine"), _("name"), _("industry")]
    for case in impact.cases:
        heads += [f"{what} ({case.label})" for what in (_("verdict"), _("total"), _("margin"), _("kept out by"))]
    yield [inert(head) for head in heads]
    columns: list[list[Cell]] = [
        [_safe(text) for text in impact.table.texts("mine")],
        [_safe(text) for text in impact.table.texts("name")],
        [words.industry(text) for text in impact.table.texts("industry")],
    ]
    for case in impact.cases:
        line = Decimal(case.catalog.line)
        totals = [Decimal(text) if text else None for text in case.scored.totals_shown]
        verdicts = [words.verdict(code) for code in VERDICTS]
        sets, of_mine = case.why(impact.every_row)
        causes = ["; ".join(named.cause(one, case.catalog) for one in each) for each in sets]
        columns += [
            [verdicts[code] for code in case.scored.verdict],
            list(totals),
            [None if total is None else total - line for total in totals],
            [causes[number] for number in of_mine],
        ]
    for row in zip(*columns, strict=True):
        yield list(row)


def _safe(text: str) -> str:
    return inert(visible(text))


def _csv(found: Iterator[list[Cell]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(found)
    return buffer.getvalue().encode("utf-8-sig")  # with the mark, or Excel reads it in another encoding


def _xlsx(found: Iterator[list[Cell]]) -> bytes:
    from openpyxl import Workbook  # noqa: PLC0415 - late: a sheet is rarely asked for

    book: Any = Workbook(write_only=True)
    sheet = book.create_sheet("impact")
    for row in found:
        sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
