"""Pictures: size, when and where a photo was taken and with what, and a fingerprint by which look-alikes are found.

The fingerprint is a perceptual hash of 256 bits: photos that were made smaller, saved again, brightened or turned keep
nearly the same one. `SAME_PHOTO` says how many bits may differ. A picture of one colour has no fingerprint, for it
would look like any other. Pictures are decoded at a fraction of their size where the format allows it, and those that
would take too much memory are not decoded at all.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO, Final

if TYPE_CHECKING:
    from PIL import Image

FORMATS: Final = ("JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP")
MAX_PIXELS: Final = 60_000_000
"""The largest picture that is decoded whole, in pixels."""

MAX_PIXELS_DRAFTED: Final = 170_000_000
"""The largest JPEG that is decoded at a fraction of its size, in pixels; Pillow itself refuses a little more."""

HASH_SIDE: Final = 16
_ENOUGH: Final = 8 * HASH_SIDE  # pixels a side, twice what is hashed: a quick way to make so few loses nothing
SAME_PHOTO: Final = 32
"""Photos whose fingerprints differ in at most this many of 256 bits are taken for the same picture."""

_FLAT: Final = 3.0  # standard deviation of brightness, of 255, below which a picture shows nothing
_MAX_TEXT: Final = 80
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_MAKE, _MODEL, _CHANGED, _TAKEN, _DIGITIZED = 0x010F, 0x0110, 0x0132, 0x9003, 0x9004
_ORIENTATION, _ON_ITS_SIDE = 0x0112, (5, 6, 7, 8)
_LATITUDE, _LONGITUDE = (1, 2), (3, 4)
_TIME: Final = re.compile(r"([0-9]{4})[:\-/]([0-9]{2})[:\-/]([0-9]{2})[ T]([0-9]{2}):([0-9]{2}):([0-9]{2})")
_PLACES: Final = Decimal("0.000001")  # a tenth of a metre


@dataclass(frozen=True)
class Photo:
    """What a picture's file says of it.

    Attributes:
        width: in pixels, as it is to be seen (turned upright).
        height: likewise.
        taken: when, by the camera's clock, in the time of the place; when it was digitized or last changed where the
            file says only that; None where it says nothing.
        latitude: degrees, north positive; None where unknown.
        longitude: degrees, east positive; None where unknown.
        camera: make and model; empty where unknown.
    """

    width: int
    height: int
    taken: dt.datetime | None = None
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    camera: str = ""


@dataclass(frozen=True)
class Picture:
    """A picture that was looked at.

    Attributes:
        photo: what its file says; None where it cannot be read.
        phash: its fingerprint in hexadecimal; None where it has none.
        too_large: whether it was not decoded for its size.
    """

    photo: Photo | None = None
    phash: str | None = None
    too_large: bool = False


def read_picture(stream: BinaryIO) -> Picture:
    """Return what a picture is; never fails, whatever the file holds.

    Args:
        stream: the file's bytes, opened for reading; it stays open. Warnings of the decoder should be silenced by the
            caller, for filters of warnings belong to the whole process.
    """
    from PIL import Image  # noqa: PLC0415 - late: a folder without pictures does not need it

    try:
        stream.seek(0)
        with Image.open(stream, formats=FORMATS) as opened:
            return _read(opened)
    except Image.DecompressionBombError:
        return Picture(too_large=True)
    except Exception:  # noqa: BLE001 - decoders raise whatever a broken or hostile file makes fail in them
        return Picture()


def distance(one: str, other: str) -> int:
    """Return in how many bits two fingerprints differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def _read(opened: Image.Image) -> Picture:
    width, height = opened.size
    exif = opened.getexif()
    fields = _fields(exif)
    if width * height > (MAX_PIXELS_DRAFTED if opened.format in ("JPEG", "MPO") else MAX_PIXELS):
        return Picture(_photo(width, height, fields, exif), too_large=True)
    opened.draft("L", (_ENOUGH, _ENOUGH))
    if opened.width * opened.height > MAX_PIXELS:
        return Picture(_photo(width, height, fields, exif), too_large=True)
    from PIL import ImageOps  # noqa: PLC0415 - late, see `read_picture`

    ImageOps.exif_transpose(opened, in_place=True)
    if fields.get(_ORIENTATION) in _ON_ITS_SIDE:
        width, height = height, width
    return Picture(_photo(width, height, fields, exif), _phash(opened))


def _phash(image: Image.Image) -> str | None:
    from PIL import ImageStat  # noqa: PLC0415 - late, see `read_picture`

    grey = image.convert("RGBA").convert("L") if image.mode in ("P", "PA", "LA") else image.convert("L")
    grey = grey.reduce(max(1, min(grey.size) // _ENOUGH))
    if ImageStat.Stat(grey).stddev[0] < _FLAT:
        return None
    import imagehash  # noqa: PLC0415 - late: scipy and numpy take a second

    return str(imagehash.phash(grey, hash_size=HASH_SIDE))


def _fields(exif: Image.Exif) -> dict[int, Any]:
    """Return the fields of the main and the Exif directory; the latter are right where both have one."""
    fields = dict(exif)
    with suppress(Exception):  # a broken directory leaves what the main one says
        fields.update(exif.get_ifd(_EXIF_IFD))
    return fields


def _photo(width: int, height: int, fields: Mapping[int, Any], exif: Image.Exif) -> Photo:
    taken = next((time for tag in (_TAKEN, _DIGITIZED, _CHANGED) if (time := _time(fields.get(tag)))), None)
    place: dict[int, Any] = {}
    with suppress(Exception):  # likewise
        place.update(exif.get_ifd(_GPS_IFD))
    latitude = _degrees(place, _LATITUDE, "S", 90)
    longitude = _degrees(place, _LONGITUDE, "W", 180)
    camera = _text(fields.get(_MAKE)), _text(fields.get(_MODEL))
    return Photo(
        width,
        height,
        taken,
        latitude if longitude is not None else None,
        longitude if latitude is not None else None,
        camera[1] if camera[1].startswith(camera[0]) else " ".join(part for part in camera if part),
    )


def _time(value: object) -> dt.datetime | None:
    found = _TIME.match(_text(value))
    try:
        return dt.datetime.fromisoformat("{}-{}-{}T{}:{}:{}".format(*found.groups())) if found else None
    except ValueError:
        return None


def _degrees(place: Mapping[int, Any], tags: tuple[int, int], negative: str, limit: int) -> Decimal | None:
    """Return a coordinate in decimal degrees; None where it is missing or none."""
    try:
        parts = [Fraction(part.numerator, part.denominator) for part in place[tags[1]]]
        degrees = sum(part / 60**power for power, part in enumerate(parts))
        side = _text(place[tags[0]]).upper()
    except Exception:  # noqa: BLE001 - the field may be of any type, with denominators of 0
        return None
    if not 0 <= degrees <= limit or side[:1] not in "NSEW":
        return None
    value = (Decimal(degrees.numerator) / Decimal(degrees.denominator)).quantize(_PLACES)
    return -value if side.startswith(negative) else value


def _text(value: object) -> str:
    """Return a text field as one harmless line."""
    if isinstance(value, str):
        with suppress(UnicodeError):  # Pillow reads such text as Latin-1, cameras write UTF-8
            value = value.encode("latin-1").decode()
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value if isinstance(value, str) else ""
    text = text.partition("\0")[0]
    return "".join(character for character in text if character.isprintable()).strip()[:_MAX_TEXT]
