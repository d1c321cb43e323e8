"""References to evidence: a file, and where in it.

    licences/采矿许可证.pdf             the whole file
    环评/批复.pdf#page=3                a page, counted from 1
    photo.jpg#xywh=10,20,300,400        a part of a picture: left, top, width, height in pixels
    photo.jpg#xywh=percent:5,5,20,20    the same in percent of the picture

File names may hold `#` themselves. So the whole text is taken as a file's name where there is such a file; else it is
split at the last `#` when what follows is a locator.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

_PAGE: Final = re.compile(r"page=([1-9][0-9]{0,5})")
_NUMBER: Final = r"([0-9]{1,7}(?:\.[0-9]{1,6})?)"
_REGION: Final = re.compile(rf"xywh=(percent:|pixel:)?{_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER}")
_WHOLE: Final = Decimal(100)


@dataclass(frozen=True)
class Region:
    """A rectangle of a picture, in pixels or in percent of its sides."""

    left: Decimal
    top: Decimal
    width: Decimal
    height: Decimal
    percent: bool = False

    def inside(self, width: int, height: int) -> bool:
        """Tell whether the rectangle lies inside a picture of `width` × `height` pixels."""
        across, down = (_WHOLE, _WHOLE) if self.percent else (Decimal(width), Decimal(height))
        return self.left + self.width <= across and self.top + self.height <= down

    def __str__(self) -> str:
        numbers = ",".join(f"{number:f}" for number in (self.left, self.top, self.width, self.height))
        return f"xywh={'percent:' if self.percent else ''}{numbers}"


@dataclass(frozen=True)
class Reference:
    """A file and the place in it that a reference names.

    Attributes:
        path: relative to the mine's folder, with `/`.
        page: page of a document, from 1; None for the whole.
        region: part of a picture; None for the whole.
    """

    path: str
    page: int | None = None
    region: Region | None = None

    def __str__(self) -> str:
        locator = f"page={self.page}" if self.page is not None else str(self.region) if self.region else ""
        return f"{self.path}#{locator}" if locator else self.path


def parse_locator(text: str) -> int | Region | None:
    """Return the page or region that the part after `#` names; None where it names neither."""
    if page := _PAGE.fullmatch(text):
        return int(page[1])
    if found := _REGION.fullmatch(text):
        left, top, width, height = (Decimal(number) for number in found.groups()[1:])
        if width and height:
            return Region(left, top, width, height, percent=found[1] == "percent:")
    return None


def parse_reference(text: str, is_file: Callable[[str], bool] = lambda _path: False) -> Reference:
    """Return what a reference names.

    Args:
        text: the reference as recorded.
        is_file: tells whether a path names a file; a text that does has no locator.

    Returns:
        The reference; without locator, and the whole text as path, where there is none or it is malformed.
    """
    path, _sign, rest = text.rpartition("#")
    located = parse_locator(rest) if path and not is_file(text) else None
    if located is None:
        return Reference(text)
    return Reference(path, page=located) if isinstance(located, int) else Reference(path, region=located)


def path_key(path: str) -> str:
    """Return the form in which two spellings of one path are equal: composed accents, `/` between folders.

    A list typed on one system names files that came from another; no name in a mine's folder holds a backslash.
    """
    return unicodedata.normalize("NFC", path.replace("\\", "/")).removeprefix("./")
