"""The roster (持证在产矿山名册): the mines that hold a licence and are in production, as a table that somebody cites.

No register knows how many mines there are beside those in it, so the targets of a source are measured against a roster
or not at all. A row a mine, CSV or XLSX, columns in English or Chinese (`COLUMNS`); only the last may be left out.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from greenmine.errors import InputError, shown
from greenmine.evidence.table import MAX_BYTES, Line, read_lines, read_table
from greenmine.files import refusal, sha256_hex
from greenmine.i18n import gettext as _
from greenmine.workspace import is_id

COLUMNS: Final = {
    "id": "矿山编号",
    "name": "矿山名称",
    "city": "市",
    "mineral": "矿种",
    "size": "生产规模",
    "producing": "是否在产",
    "licence_valid_until": "采矿许可证有效期至",
}
"""The columns, each by its English and its Chinese name."""

SIZES: Final = {"large": "大型", "medium": "中型", "small": "小型"}
_NEEDED: Final = tuple(COLUMNS)[:-1]
_TRUTH: Final = {
    "true": True,
    "1": True,
    "是": True,
    "在产": True,
    "false": False,
    "0": False,
    "否": False,
    "停产": False,
}
_MAX_ID: Final = 128


@dataclass(frozen=True, slots=True)
class Mine:
    """A row of a roster.

    Attributes:
        id: as the register names the mine.
        name: of the mine.
        city: the city or prefecture it is in.
        mineral: what it mines.
        size: `large`, `medium` or `small`.
        producing: whether it is in production.
        licence_until: the last day of its mining licence; None where the roster does not say.
    """

    id: str
    name: str
    city: str
    mineral: str
    size: str
    producing: bool
    licence_until: dt.date | None = None

    def licensed(self, day: dt.date) -> bool:
        """Tell whether its licence holds on a day, for all that the roster says."""
        return self.licence_until is None or day <= self.licence_until


@dataclass(frozen=True)
class Roster:
    """A roster as it was read.

    Attributes:
        file: its name, without its folder.
        sha256: of the file.
        mines: by id.
    """

    file: str
    sha256: str
    mines: Mapping[str, Mine]


def read_roster(path: Path) -> Roster:
    """Return the roster in a file.

    Args:
        path: a workbook ends in `.xlsx`, everything else is CSV.

    Raises:
        InputError: it cannot be read, is malformed, or names a mine twice; the message names row and column.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as problem:
        raise InputError(path, expected=_("a readable file"), found=refusal(problem)) from None
    mines: dict[str, Mine] = {}
    rows: dict[str, int] = {}
    for line in read_lines(read_table(io.BytesIO(data), path.name, str(path)), COLUMNS, _NEEDED, str(path)):
        mine = _mine(line)
        if mine.id in mines:
            line.wrong("id", _("each mine once"), _("the same as in row {number}").format(number=rows[mine.id]))
        mines[mine.id], rows[mine.id] = mine, line.number
    if not mines:
        raise InputError(path, expected=_("at least one mine"), found=_("nothing"))
    return Roster(path.name, sha256_hex(data), mines)


def _mine(line: Line) -> Mine:
    cells = {column: line.text(column) for column in _NEEDED}
    for column, text in cells.items():
        if not text:
            line.wrong(column, _("text"), _("nothing"))
    if not is_id(cells["id"]) or len(cells["id"]) > _MAX_ID:
        expected = _("the id of a mine: letters, digits, '.', '_' and '-'")
        line.wrong("id", expected, shown(cells["id"]), _("It has to be the one that the register uses."))
    size = next((size for size, name in SIZES.items() if cells["size"].lower() in {size, name}), "")
    if not size:
        words = ", ".join(f"{size} ({name})" for size, name in SIZES.items())
        line.wrong("size", _("one of {values}").format(values=words), shown(cells["size"]))
    producing = _TRUTH.get(cells["producing"].lower())
    if producing is None:
        line.wrong("producing", _("one of {values}").format(values=", ".join(_TRUTH)), shown(cells["producing"]))
    until = line.day("licence_valid_until", long_term=True)
    return Mine(cells["id"], cells["name"], cells["city"], cells["mineral"], size, producing, until)
