"""Thumbnails: a photo made small, for the page.

The picture is decoded and encoded anew, so nothing but its pixels survives: no EXIF, no profile, no comment, nothing
appended. The same photo always gives the same bytes. Whatever a decoder does with a hostile file, the worst outcome is
that there is no thumbnail.
"""

from __future__ import annotations

import base64
import io
import warnings
from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from PIL import Image, ImageOps

from greenmine.evidence.locator import Region

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_PIXELS = 40_000_000
MAX_PIXELS_DRAFTED = 200_000_000  # of a JPEG that is decoded at a fraction of its size
QUALITIES = (68, 55, 42, 30)
AMPLE = 1.2
"""How many times as large as its thumbnail a photo is decoded at least."""


@dataclass(frozen=True)
class Thumbnail:
    """A small JPEG and its size in pixels."""

    data: bytes
    width: int
    height: int

    @property
    def address(self) -> str:
        """The picture as a `data:` address."""
        return f"data:image/jpeg;base64,{base64.b64encode(self.data).decode('ascii')}"


def thumbnail(data: bytes, side: int, limit: int, region: Region | None = None) -> Thumbnail | None:
    """Return a photo made small.

    Args:
        data: the bytes of a JPEG, PNG or WebP file.
        side: the longest side of the thumbnail, in pixels.
        limit: the largest size of the encoded thumbnail, in bytes; quality is lowered to meet it.
        region: the part of the picture to show; all of it by default.

    Returns:
        The thumbnail; None when the data is no such picture, is too large, or does not fit the limit.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a decoder's remarks about a damaged file are of no use here
            picture = _decoded(data, side, region)
    except Exception:  # noqa: BLE001 - decoders raise whatever they like on hostile files; there is just no thumbnail
        return None
    if picture is None:
        return None
    for quality in QUALITIES:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, optimize=True)
        if buffer.tell() <= limit:
            return Thumbnail(buffer.getvalue(), picture.width, picture.height)
    return None


def _decoded(data: bytes, side: int, region: Region | None) -> Image.Image | None:
    with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
        if opened.width * opened.height > MAX_PIXELS_DRAFTED:
            return None
        whole = opened.size
        share = AMPLE * side / _longest(region, whole)  # decoded at a fraction of its size where the format allows it
        opened.draft("RGB", (ceil(opened.width * share), ceil(opened.height * share)))
        if opened.width * opened.height > MAX_PIXELS:
            return None
        opened.load()
        ImageOps.exif_transpose(opened, in_place=True)
        picture: Image.Image = opened
        if region is not None:
            box = _box(region, picture.size, max(picture.size) / max(whole))
            if box is None:
                return None
            picture = picture.crop(box)
        opaque = picture.mode == "RGB" and "transparency" not in picture.info
        if not opaque:
            picture = picture.convert("RGBA")
    picture.thumbnail((side, side), Image.Resampling.HAMMING)  # made for shrinking, a third of the work
    clean = Image.new("RGB", picture.size, "white")
    clean.paste(picture, mask=None if opaque else picture.getchannel("A"))
    return clean


def _longest(region: Region | None, size: tuple[int, int]) -> int:
    """Return the longest side of what is shown, in pixels; the shorter guess where the picture may lie on its side."""
    if region is None:
        return max(size)
    boxes = [box for one in (size, size[::-1]) if (box := _box(region, one, 1))]
    return min((max(right - left, lower - upper) for left, upper, right, lower in boxes), default=max(size))


def _box(region: Region, size: tuple[int, int], scale: float) -> tuple[int, int, int, int] | None:
    """Return a region inside a picture as left, upper, right, lower pixels; None where it lies outside.

    Args:
        region: in per cent, or in pixels of the picture as it is stored.
        size: of the picture as it was decoded.
        scale: how large that is beside the stored one.
    """
    width, height = size
    across, down = (Decimal(width) / 100, Decimal(height) / 100) if region.percent else (Decimal(scale),) * 2
    left, upper = int(region.left * across), int(region.top * down)
    right = min(int((region.left + region.width) * across), width)
    lower = min(int((region.top + region.height) * down), height)
    return (left, upper, right, lower) if right > left and lower > upper else None
