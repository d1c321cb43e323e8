"""Photos: a painted scene, the mark 演示, a caption in EXIF with time, place and camera.

The mark is drawn from two bitmaps kept here, so that no font has to be installed.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw, ImageFont
from PIL.TiffImagePlugin import IFDRational

from demo import scenes_land, scenes_works
from demo.brush import Brush

if TYPE_CHECKING:
    from collections.abc import Callable

SCENES: dict[str, Callable[[Brush], None]] = {
    "bare": scenes_land.bare,
    "board": scenes_works.board,
    "control_room": scenes_works.control_room,
    "gallery": scenes_works.gallery,
    "garden": scenes_land.garden,
    "monitor": scenes_works.monitor,
    "pit": scenes_land.pit,
    "plant": scenes_works.plant,
    "pond": scenes_land.pond,
    "restored": scenes_land.restored,
    "road": scenes_land.road,
    "roadway": scenes_works.roadway,
    "shaft": scenes_works.shaft,
    "store": scenes_works.store,
    "tailings": scenes_land.tailings,
    "treatment": scenes_works.treatment,
    "village": scenes_land.village,
    "washbay": scenes_works.washbay,
    "wellhead": scenes_works.wellhead,
}
"""What a photo can show, by name."""

# 演 and 示: 24 rows of 24 dots each, a row as a hexadecimal number
_MARK_FIRST = (
    "000000 000000 000000 180600 1c0300 0ffffc 01fffc 01800c 01800c 007ff0 707ff0 380300 "
    "18fff8 00c718 00c308 00c718 04fff8 0cc308 0cc308 0cfff8 181040 1818e0 307078 31e01c"
)
_MARK_SECOND = (
    "000000 000000 000000 000000 0ffff0 1ffff8 000000 000000 000000 000000 3ffffe 7ffffe "
    "001800 001800 001800 061860 0e1860 0c1830 1c1838 181818 30180c 70180c 20180c 01f800"
)
_DOTS = 24
_QUALITY = 68
_CAMERA = "演示相机"
_MAKE, _MODEL, _DESCRIPTION, _TIME = 0x010F, 0x0110, 0x010E, 0x0132
_EXIF, _GPS, _TIME_ORIGINAL, _OFFSET_ORIGINAL = 0x8769, 0x8825, 0x9003, 0x9011


def make_photo(photo: dict[str, Any], place: tuple[str, str]) -> bytes:
    """Return a JPEG.

    Args:
        photo: `scene` (a key of `SCENES`), `seed`, `light`, `caption` and `taken` ("2026-06-11 09:12:00").
        place: latitude and longitude in degrees, decimal strings, north and east.
    """
    brush = Brush(str(photo["seed"]), photo.get("light", "noon"))
    SCENES[photo["scene"]](brush)
    picture = brush.image.reduce(2)
    _stamp(picture, photo["taken"])
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=_QUALITY, optimize=True, exif=_exif(photo, place))
    return stream.getvalue()


def _stamp(picture: Image.Image, taken: str) -> None:
    """Draw the time of the photo and the mark 演示 into the lower right corner."""
    draw = ImageDraw.Draw(picture)
    left, top = picture.width - 2 * _DOTS - 142, picture.height - _DOTS - 10
    draw.rectangle([left - 8, top - 4, picture.width, picture.height], fill=(20, 24, 28))
    draw.text((left, top + 7), taken[:16], fill=(236, 236, 226), font=ImageFont.load_default_imagefont())
    for n, rows in enumerate((_MARK_FIRST, _MARK_SECOND)):
        for y, row in enumerate(rows.split()):
            for x in range(_DOTS):
                if int(row, 16) >> (_DOTS - 1 - x) & 1:
                    draw.point((left + 128 + n * _DOTS + x, top + y), fill=(250, 214, 80))


def _exif(photo: dict[str, Any], place: tuple[str, str]) -> bytes:
    """Return the EXIF block with caption, camera, time (UTC+8) and place."""
    taken = photo["taken"].replace("-", ":")
    exif = Image.Exif()
    exif[_MAKE] = _CAMERA.encode()
    exif[_MODEL] = _CAMERA.encode()
    exif[_DESCRIPTION] = (photo["caption"] + "（演示）").encode()
    exif[_TIME] = taken
    exif.get_ifd(_EXIF).update({_TIME_ORIGINAL: taken, _OFFSET_ORIGINAL: "+08:00"})
    exif.get_ifd(_GPS).update({1: "N", 2: _degrees(place[0]), 3: "E", 4: _degrees(place[1])})
    return exif.tobytes()


def _degrees(decimal: str) -> tuple[IFDRational, IFDRational, IFDRational]:
    """Return degrees, minutes and hundredths of seconds of a decimal degree as EXIF rationals."""
    whole, _, part = decimal.partition(".")
    hundredths = int(part.ljust(6, "0")[:6]) * 360_000 // 1_000_000
    return IFDRational(int(whole)), IFDRational(hundredths // 6000), IFDRational(hundredths % 6000, 100)
