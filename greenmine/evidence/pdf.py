"""PDF files: how many pages, whether a password keeps readers out, whether anything is on the pages.

A PDF is a small program for its reader, and a hostile one can keep a reader busy for ever. pypdf is asked little (the
tree of pages, and the content of those that look blank), under its own limits, through a stream that ends the reading
when it takes too long, and whatever it raises is an answer: the file could not be read.
"""

from __future__ import annotations

import io
import logging
import os
import re
import time
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

MAX_SECONDS: Final = 20.0
"""How long one PDF may take; one of a thousand pages takes about a second."""

MAX_BYTES: Final = 256 * 1024 * 1024
"""The largest PDF looked into: to repair a broken one, pypdf takes all of it into memory."""

MAX_PAGES_LOOKED_AT: Final = 500
"""How many pages are looked at for something on them; a longer document is not taken for empty."""

_SHORT: Final = 2_048  # a packed content stream longer than this draws something; it need not be unpacked
_DRAWING: Final = re.compile(  # operators that leave a mark
    rb"(?:^|[\s\])>])(?:['\"]|(?:Tj|TJ|Do|BI|sh|S|s|f|F|f\*|B|B\*|b|b\*)(?=[\s%/\[(<]|$))"
)

logging.getLogger("pypdf").addHandler(logging.NullHandler())  # its remarks on broken files are not for our users


@dataclass(frozen=True)
class Pdf:
    """What a PDF is found to be.

    Attributes:
        pages: number of pages; None where it could not be read.
        encrypted: whether a password is needed to read it, as far as can be told.
        restricted: whether it is encrypted, but opens without password.
        empty: whether it has no page, or nothing on any.
        too_large: whether it was not looked into for its size.
    """

    pages: int | None = None
    encrypted: bool = False
    restricted: bool = False
    empty: bool = False
    too_large: bool = False


class _TooSlow(Exception):  # noqa: N818 - it is caught in this module and never shown
    """The reading of a file has taken as long as it may."""


class _Timed(io.BufferedReader):
    """A stream that ends the reading of a file when it takes too long."""

    def __init__(self, raw: Any, seconds: float) -> None:  # noqa: ANN401 - a raw file, or bytes in memory
        super().__init__(raw)
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        if time.monotonic() > self._end:
            raise _TooSlow

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self.check()  # a parser that goes round in circles seeks
        return super().seek(offset, whence)


def read_pdf(stream: BinaryIO) -> Pdf:
    """Return what a PDF is; never fails, whatever the file holds.

    Args:
        stream: the file's bytes, opened for reading; it stays open.
    """
    if stream.seek(0, os.SEEK_END) > MAX_BYTES:
        return Pdf(too_large=True)
    stream.seek(0)
    timed = _Timed(getattr(stream, "raw", stream), MAX_SECONDS)
    try:
        return _read(timed)
    except Exception:  # noqa: BLE001 - a broken or hostile file makes pypdf raise nearly anything
        return Pdf()
    finally:
        timed.detach()


def _read(timed: _Timed) -> Pdf:
    import pypdf  # noqa: PLC0415 - late: 0.1 s that a folder without PDF does not need
    from pypdf.errors import DependencyError  # noqa: PLC0415 - likewise

    try:
        reader = pypdf.PdfReader(timed)
        encrypted = reader.is_encrypted
        if encrypted and not reader.decrypt(""):
            return Pdf(encrypted=True)
        pages = list(reader.pages)
        return Pdf(pages=len(pages), restricted=encrypted, empty=_is_empty(pages, timed))
    except DependencyError:  # a cipher that needs another library: whether a password is needed cannot be told
        return Pdf(encrypted=True)


def _is_empty(pages: list[Any], timed: _Timed) -> bool:
    """Tell whether no page has anything on it; a page whose content cannot be read is not called empty."""
    try:
        return len(pages) <= MAX_PAGES_LOOKED_AT and all(_is_blank(page, timed) for page in pages)
    except Exception:  # noqa: BLE001 - see `read_pdf`; the pages are counted by now
        return False


def _is_blank(page: Any, timed: _Timed) -> bool:  # noqa: ANN401 - pypdf is imported late
    """Tell whether a page has no annotation and its content draws nothing."""
    if page.get("/Annots"):
        return False
    content = page.get("/Contents")
    content = content.get_object() if content is not None else None
    streams = content if isinstance(content, list) else [content] if content is not None else []
    for one in streams:
        timed.check()
        found = one.get_object()
        if len(getattr(found, "_data", b"")) > _SHORT or _DRAWING.search(found.get_data()):
            return False
    return True
