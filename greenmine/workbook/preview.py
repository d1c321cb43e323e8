"""Previews: a picture made small, or one page of a PDF as a picture, to look at beside the card.

What is shown is made from the very bytes that the inventory digested; a file that has changed since is not shown. A
PDF is rendered in a process of its own (`raster.py`), which may harm nobody but itself. Where there is nothing to
show, the reason is said in a sentence.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from greenmine.errors import GreenmineError, one_line
from greenmine.evidence import Inventory, Item
from greenmine.evidence.folder import look, opened
from greenmine.evidence.pdf import MAX_BYTES
from greenmine.evidence.wording import sentence
from greenmine.files import refusal
from greenmine.i18n import gettext as _
from greenmine.workbook import words
from greenmine.workbook.exhibits import MAX_PHOTO_BYTES, PHOTO_TYPES
from greenmine.workbook.thumbnail import thumbnail

PDF: Final = "application/pdf"
WIDTHS: Final = (64, 2_000)
SECONDS: Final = 20.0
"""How long one page may take before its process is ended."""

MAX_ANSWER: Final = 32 * 1024 * 1024
KEPT: Final = 64
"""How many previews are kept in memory."""

_RASTER: Final = Path(__file__).with_name("raster.py")
_SIZES: Final = re.compile(rb"([0-9]{1,5}) ([0-9]{1,5}) ([0-9]{1,9})")
_KINDS: Final = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_made: OrderedDict[tuple[str, int, int], Preview] = OrderedDict()
_lock = threading.Lock()
_turn = threading.BoundedSemaphore(max(1, (os.cpu_count() or 2) // 2))


class PreviewError(GreenmineError):
    """There is no preview of a file; the message says why."""


@dataclass(frozen=True)
class Preview:
    """A picture of a file, or of one page of it.

    Attributes:
        media_type: `image/png` or `image/jpeg`.
        width: in pixels.
        height: in pixels.
        page: number of the page, from 1.
        pages: how many pages there are; 1 for a picture.
        data: the picture.
    """

    media_type: str
    width: int
    height: int
    page: int
    pages: int
    data: bytes


def preview(inventory: Inventory, mine_dir: Path, path: str, page: int = 1, width: int = 1_000) -> Preview:
    """Return what a file of the inventory looks like.

    Args:
        inventory: the mine's files.
        mine_dir: the mine's folder.
        path: of the file, as the inventory has it.
        page: number of the page of a PDF, from 1.
        width: of the picture, in pixels; held within `WIDTHS`, and never more than a picture has.

    Raises:
        PreviewError: there is nothing to show: no such file or page, neither picture nor PDF, encrypted, damaged, too
            large, or changed since the inventory was taken.
        EvidenceError: the file is gone, or is not an ordinary file any more.
    """
    item = inventory.find(path)
    if item is None or item.path != path:
        raise PreviewError(_("{path}: there is no such file.").format(path=one_line(path)))
    width = min(max(width, WIDTHS[0]), WIDTHS[1])
    key = (item.sha256, page, width)
    with _lock:
        if key in _made:
            _made.move_to_end(key)
            return _made[key]
    made = _make(item, mine_dir, page, width)
    with _lock:
        _made[key] = made
        while len(_made) > KEPT:
            _made.popitem(last=False)
    return made


def _make(item: Item, mine_dir: Path, page: int, width: int) -> Preview:
    is_pdf = item.media_type == PDF
    if not is_pdf and item.media_type not in PHOTO_TYPES:
        what = words.media_type(item.media_type)
        raise _none(item, _("Only pictures and PDF files can be shown here; this is: {type}.").format(type=what))
    if item.encrypted:
        raise _none(item, sentence("pdf_encrypted", {}))
    if item.size > (MAX_BYTES if is_pdf else MAX_PHOTO_BYTES):
        raise _none(item, _("It is too large to be shown here."))
    if page < 1 or page > (item.pages or page if is_pdf else 1):
        raise _no_page(item, page)
    with opened(mine_dir, look(mine_dir, item.path)) as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != item.sha256:  # type: ignore[arg-type]
            raise _none(item, _("It has changed since the folder was opened; open the folder again."))
        stream.seek(0)
        if is_pdf:
            return _rendered(item, stream, page, width)
        small = thumbnail(stream.read(), width, MAX_ANSWER)
    if small is None:
        raise _none(item, sentence("picture_unreadable", {}))
    return Preview("image/jpeg", small.width, small.height, 1, 1, small.data)


def _rendered(item: Item, stream: BinaryIO, page: int, width: int) -> Preview:
    """Return a page, rendered by a process that is given nothing but the open file."""
    command = [sys.executable, "-I", str(_RASTER), str(page), str(width)]
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    try:
        with _turn:
            done = subprocess.run(  # noqa: S603 - our own program; page and width are numbers
                command, stdin=stream, capture_output=True, timeout=SECONDS, env=kept, check=False
            )
    except subprocess.TimeoutExpired:
        raise _none(item, _("The page takes too long to be drawn.")) from None
    except OSError as problem:
        raise _none(item, refusal(problem)) from None
    head, _end, data = done.stdout[:MAX_ANSWER].partition(b"\n")
    kind = next((kind for start, kind in _KINDS.items() if data.startswith(start)), None)
    sizes = _SIZES.fullmatch(head)
    if sizes and kind:
        return Preview(kind, int(sizes[1]), int(sizes[2]), page, int(sizes[3]), data)
    if head == b"no_page":
        raise _no_page(item, page)
    if head == b"encrypted":
        raise _none(item, sentence("pdf_encrypted", {}))
    raise _none(item, _("The page cannot be drawn: it is damaged, or asks for too much memory or time."))


def _no_page(item: Item, page: int) -> PreviewError:
    return _none(item, _("There is no page {page}.").format(page=page))


def _none(item: Item, reason: str) -> PreviewError:
    return PreviewError(one_line(f"{item.path}: {reason}"))
