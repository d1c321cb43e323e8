"""Tables with bars: the pieces of reports on many mines.

A bar is a plain box beside plain text, so that every figure can be read, searched, printed and copied; a target is a
line across it. In a page whose policy allows no `style` the box is a drawing.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from greenmine.workbook.html import Html, render


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table.

    Attributes:
        cells: text, the first one its heading.
        share: how long its bar is, percent with one decimal; empty where the table has no bars.
        label: what stands beside the bar; the share by default.
        own: whether it is set apart.
        mark: where a line crosses the bar, as `share`; empty for none.
    """

    cells: tuple[str, ...]
    share: str = ""
    label: str = ""
    own: bool = False
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: caption, headings, rows; whether each row ends in a bar; whether its second column is of dates."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    bars: bool = True
    dated: bool = False


def piece(
    name: str,
    id_: str,
    title: str,
    *parts: str | Table,
    root: str = "section",
    stamp: str = "",
    level: int = 2,
    drawn: bool = False,
) -> Html:
    """Return a piece: a heading, then sentences, then tables.

    Args:
        name: what the piece is, for its plain-text form.
        id_: of the heading.
        title: the heading.
        parts: sentences and tables.
        root: the element around it: `header`, `section` or `footer`.
        stamp: a warning below the heading; empty for none.
        level: of the heading; a header's is 1.
        drawn: whether bars are drawings instead of boxes.
    """
    lines = [part for part in parts if isinstance(part, str)]
    tables = [part for part in parts if isinstance(part, Table)]
    values = {"id": id_, "title": title, "lines": lines, "tables": tables, "root": root, "stamp": stamp}
    return render("tables", name, **values, level=level, drawn=drawn)


def percent(part: Fraction, whole: Fraction) -> str:
    """Return a share in percent with one decimal, as a bar's width takes it."""
    return f"{float(part / whole * 100) if whole else 0:.1f}"
