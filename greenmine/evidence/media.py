"""What a file is by its content, whatever its name says, and what can be known of it without trusting it.

The types that mines hand in are told by their first bytes here; the rest is asked of puremagic. A name that promises
one thing and holds another is a fault, as is a file that cannot be read. Faults are codes (`FAULTS`); the words for
them are in `greenmine.evidence.wording`. Nothing in a file is ever run or unpacked; of a zip archive only the table of
contents is read.
"""

from __future__ import annotations

import os
import re
import struct
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, Final

from greenmine.evidence.pdf import read_pdf
from greenmine.evidence.photo import Photo, read_picture

UNKNOWN: Final = "application/octet-stream"
EMPTY: Final = "application/x-empty"
ZIP: Final = "application/zip"
OLE: Final = "application/x-ole-storage"
PROGRAM: Final = "application/x-executable"
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."

FAULTS: Final = (
    "empty_file",
    "type_mismatch",
    "program",
    "pdf_unreadable",
    "pdf_encrypted",
    "pdf_restricted",
    "pdf_empty",
    "pdf_too_large",
    "picture_unreadable",
    "picture_too_large",
    "picture_unsupported",
)
"""What may be wrong with a file, as codes."""

_HEAD: Final = 4_096
_PDF_WITHIN: Final = 1_024  # readers accept that many bytes before the signature
_STRONG: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"{\\rtf", "application/rtf"),
    (b"\x7fELF", PROGRAM),
)
_WEAK: Final = ((b"BM", "image/bmp"), (b"MZ", PROGRAM), (b"\x1f\x8b", "application/gzip"))  # a text may begin like that
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_END_OF_ZIP: Final = struct.Struct("<4s4H2LH")
_LOCATOR: Final = 20  # bytes of the record before it that says the archive is of the large kind
_MAX_COMMENT: Final = 65_535
_MAX_CONTENTS: Final = 4 * 1024 * 1024  # bytes of the table of contents of a zip archive that is read
_BRANDS: Final = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
    b"msf1": "image/heic",
    b"avif": "image/avif",
    b"qt  ": "video/quicktime",
    b"M4A ": "audio/mp4",
}
_PARTS: Final = (
    ("word/", f"{_OFFICE}wordprocessingml.document"),
    ("xl/", f"{_OFFICE}spreadsheetml.sheet"),
    ("ppt/", f"{_OFFICE}presentationml.presentation"),
)
_HTML: Final = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|script|svg)\b", re.IGNORECASE | re.DOTALL
)
_TEXT: Final = "text/plain"
_PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/tiff", "image/webp", "image/gif", "image/bmp"})
_UNSUPPORTED: Final = frozenset({"image/heic", "image/avif"})
_PROMISES: Final = {
    ".pdf": ("application/pdf",),
    ".jpg": ("image/jpeg",),
    ".jpeg": ("image/jpeg",),
    ".png": ("image/png",),
    ".gif": ("image/gif",),
    ".bmp": ("image/bmp",),
    ".tif": ("image/tiff",),
    ".tiff": ("image/tiff",),
    ".webp": ("image/webp",),
    ".heic": ("image/heic",),
    ".docx": (_PARTS[0][1],),
    ".xlsx": (_PARTS[1][1],),
    ".pptx": (_PARTS[2][1],),
    ".doc": (OLE, "application/rtf", "text/html"),
    ".xls": (OLE, "text/html"),
    ".ppt": (OLE,),
    ".wps": (OLE,),
    ".et": (OLE,),
    ".zip": (ZIP,),
    ".rar": ("application/vnd.rar",),
    ".7z": ("application/x-7z-compressed",),
    ".txt": (_TEXT,),
    ".md": (_TEXT,),
    ".csv": (_TEXT,),
    ".html": ("text/html",),
    ".htm": ("text/html",),
    ".mp4": ("video/mp4", "video/quicktime"),
    ".mov": ("video/quicktime", "video/mp4"),
}
"""What the ends of names promise; those of other files promise nothing."""


@dataclass(frozen=True)
class Media:
    """What a file is found to be.

    Attributes:
        media_type: its type by content, such as `application/pdf`.
        pages: number of pages of a PDF; None for other files and where it cannot be read.
        encrypted: whether it is a PDF that needs a password.
        photo: what a picture's file says of it; None for other files and where it cannot be read.
        phash: the fingerprint of a picture; None where it has none.
        faults: what is wrong with it, codes out of `FAULTS`, in their order.
    """

    media_type: str
    pages: int | None = None
    encrypted: bool = False
    photo: Photo | None = None
    phash: str | None = None
    faults: tuple[str, ...] = ()


def inspect_file(stream: BinaryIO, path: str) -> Media:
    """Return what a file is; never fails, whatever the file holds.

    Args:
        stream: the file's bytes, opened for reading; it stays open.
        path: the file's name, for what its end promises.
    """
    stream.seek(0)
    head = stream.read(_HEAD)
    if not head:
        return Media(EMPTY, faults=("empty_file",))
    suffix = PurePosixPath(path).suffix.lower()
    media_type = content_type(stream, head, suffix)
    faults = []
    if media_type == PROGRAM:
        faults.append("program")
    elif media_type not in _PROMISES.get(suffix, (media_type,)):
        faults.append("type_mismatch")
    if media_type == _TEXT and suffix == ".csv":
        media_type = "text/csv"
    if media_type == "application/pdf":
        return _pdf(stream, faults)
    if media_type in _PICTURES:
        return _picture(stream, media_type, faults)
    if media_type in _UNSUPPORTED:
        faults.append("picture_unsupported")
    return Media(media_type, faults=_in_order(faults))


def content_type(stream: BinaryIO, head: bytes, suffix: str) -> str:
    """Return the type of a file by its content; `application/octet-stream` where it is not known.

    Args:
        stream: the file's bytes.
        head: its first bytes.
        suffix: the end of its name, which decides between types that look alike.
    """
    kind = _signed(head, _STRONG) or _contained(head)
    if kind == ZIP:
        return _zip_type(stream)
    if kind is not None:
        return kind
    if _is_text(head):
        return _text_type(head)
    return _signed(head, _WEAK) or _by_puremagic(head, suffix)


def _signed(head: bytes, signatures: tuple[tuple[bytes, str], ...]) -> str | None:
    return next((kind for signature, kind in signatures if head.startswith(signature)), None)


def _contained(head: bytes) -> str | None:
    """Return the type that stands a few bytes into a file."""
    if b"%PDF-" in head[:_PDF_WITHIN]:
        return "application/pdf"
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"AVI ": "video/x-msvideo", b"WAVE": "audio/wav"}.get(head[8:12])
    return _BRANDS.get(head[8:12], "video/mp4") if head[4:8] == b"ftyp" else None


def _zip_type(stream: BinaryIO) -> str:
    """Return whether a zip archive is a document of an office program; nothing is unpacked."""
    try:
        names = _zip_names(stream)
    except Exception:  # noqa: BLE001 - a broken archive fails in many ways; it is an archive all the same
        return ZIP
    if "[Content_Types].xml" in names:
        return next((kind for part, kind in _PARTS if any(name.startswith(part) for name in names)), ZIP)
    return ZIP


def _zip_names(stream: BinaryIO) -> list[str]:
    """Return the names in a zip archive; none where its table of contents is larger than an office document's."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _END_OF_ZIP.size - _MAX_COMMENT))
    tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    is_zip64 = tail[max(0, at - _LOCATOR) : at].startswith(b"PK\x06\x07")
    if at < 0 or is_zip64 or _END_OF_ZIP.unpack_from(tail, at)[5] > _MAX_CONTENTS:
        return []
    stream.seek(0)
    with zipfile.ZipFile(stream) as archive:
        return archive.namelist()


def _text_type(head: bytes) -> str:
    if head.startswith(b"#!"):
        return PROGRAM
    return "text/html" if _HTML.match(head.removeprefix(b"\xef\xbb\xbf")) else _TEXT


def _is_text(head: bytes) -> bool:
    """Tell whether bytes look like text in UTF-8, UTF-16 or GB18030; a character cut off at the end does not matter."""
    if head.startswith(_UTF_16):
        return True
    if any(byte < ord(" ") and byte not in b"\t\n\r\f\x1b" for byte in head):
        return False
    cuts = range(4) if len(head) == _HEAD else range(1)
    return any(_decodes(head[: len(head) - cut], encoding) for encoding in ("utf-8", "gb18030") for cut in cuts)


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _by_puremagic(head: bytes, suffix: str) -> str:
    import puremagic  # noqa: PLC0415 - late: most files are of the types above

    try:
        matches = puremagic.magic_string(head)
    except Exception:  # noqa: BLE001 - it raises several errors for what it does not know
        return UNKNOWN
    fitting = [match for match in matches if match.extension == suffix] or matches
    return next((match.mime_type for match in fitting if match.mime_type), UNKNOWN)


def _pdf(stream: BinaryIO, faults: list[str]) -> Media:
    found = read_pdf(stream)
    if found.too_large:
        faults.append("pdf_too_large")
    elif found.encrypted:
        faults.append("pdf_encrypted")
    elif found.pages is None:
        faults.append("pdf_unreadable")
    if found.restricted:
        faults.append("pdf_restricted")
    if found.empty:
        faults.append("pdf_empty")
    return Media("application/pdf", found.pages, encrypted=found.encrypted, faults=_in_order(faults))


def _picture(stream: BinaryIO, media_type: str, faults: list[str]) -> Media:
    found = read_picture(stream)
    if found.too_large:
        faults.append("picture_too_large")
    elif found.photo is None:
        faults.append("picture_unreadable")
    return Media(media_type, photo=found.photo, phash=found.phash, faults=_in_order(faults))


def _in_order(faults: list[str]) -> tuple[str, ...]:
    return tuple(fault for fault in FAULTS if fault in faults)
