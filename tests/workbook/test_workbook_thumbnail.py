"""Photos made small."""

from __future__ import annotations

import base64
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mines import photo
from PIL import Image

from greenmine.evidence.locator import Region
from greenmine.workbook.thumbnail import Thumbnail, thumbnail


def decoded(small: Thumbnail | None) -> tuple[bytes, Image.Image]:
    assert small is not None
    data = base64.b64decode(small.address.removeprefix("data:image/jpeg;base64,"))
    return data, Image.open(io.BytesIO(data))


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def test_a_thumbnail_is_small_and_holds_nothing_but_pixels() -> None:
    """No EXIF, no comment, no profile of the original is left in it."""
    data, picture = decoded(thumbnail(photo(1), 200, 10_000))
    assert (200, 150) == picture.size
    assert len(data) <= 10_000
    assert b"SECRET" in photo(1)
    assert b"SECRET" not in data
    assert {"jfif", "jfif_version", "jfif_unit", "jfif_density"} >= set(picture.info)


def test_the_same_photo_gives_the_same_bytes() -> None:
    """Two runs agree, and two photos differ."""
    assert thumbnail(photo(1), 200, 10_000) == thumbnail(photo(1), 200, 10_000)
    assert thumbnail(photo(1), 200, 10_000) != thumbnail(photo(2), 200, 10_000)


def test_quality_yields_to_the_limit() -> None:
    """A noisy picture is encoded with less quality; one that never fits has no thumbnail."""
    noise = encoded(Image.effect_noise((400, 300), 90).convert("RGB"))
    sizes = {len(decoded(thumbnail(noise, 200, limit))[0]) for limit in (30_000, 10_000)}
    assert 2 == len(sizes)
    assert thumbnail(noise, 200, 500) is None


def test_a_photo_is_turned_upright() -> None:
    """EXIF orientation is applied before EXIF is dropped."""
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(Image.new("RGB", (400, 200)), "JPEG", exif=exif)
    assert (100, 200) == decoded(thumbnail(data, 200, 10_000))[1].size


def test_transparency_becomes_white() -> None:
    """What is see-through on screen is paper on paper."""
    data = encoded(Image.new("RGBA", (50, 50), (0, 0, 0, 0)))
    assert (255, 255, 255) == decoded(thumbnail(data, 50, 10_000))[1].getpixel((25, 25))


@pytest.mark.parametrize(
    ("region", "size"),
    [
        (Region(Decimal(0), Decimal(0), Decimal(50), Decimal(50), percent=True), (100, 75)),
        (Region(Decimal(320), Decimal(0), Decimal(320), Decimal(480)), (67, 100)),
        (Region(Decimal(600), Decimal(440), Decimal(500), Decimal(500)), (40, 40)),
    ],
)
def test_a_region_is_cut_out(region: Region, size: tuple[int, int]) -> None:
    """In percent or in pixels, as far as it lies in the picture of 640 by 480."""
    assert size == decoded(thumbnail(photo(1), 100, 10_000, region))[1].size


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("percent", [False, True])
def test_a_region_of_a_photo_that_is_decoded_small_is_the_same_place(orientation: int, percent: bool) -> None:  # noqa: FBT001
    """A photo of many pixels is never decoded whole; the region is told in those that it has, as it is seen."""
    large = Image.new("RGB", (4000, 3000), (20, 20, 200))
    large.paste((200, 20, 20), (3000, 2000, 4000, 3000))  # on its side it is seen at the lower left
    exif = Image.Exif()
    exif[0x0112] = orientation
    numbers = {1: (3000, 2000, 1000, 1000), 6: (0, 3000, 1000, 1000)}[orientation]
    if percent:
        sides = {1: (4000, 3000), 6: (3000, 4000)}[orientation] * 2
        numbers = tuple(Decimal(100 * number) / side for number, side in zip(numbers, sides, strict=True))
    shown = decoded(thumbnail(encoded(large, "JPEG", exif=exif), 200, 20_000, Region(*map(Decimal, numbers), percent)))[
        1
    ]
    assert shown.size == (200, 200)
    assert all(abs(part - wanted) < 20 for part, wanted in zip(shown.getpixel((100, 100)), (200, 20, 20), strict=True))
    assert shown.getpixel((190, 10))[0] > 150


def test_a_region_outside_the_picture_has_no_thumbnail() -> None:
    """Nothing is shown rather than something else."""
    assert thumbnail(photo(1), 100, 10_000, Region(Decimal(900), Decimal(900), Decimal(10), Decimal(10))) is None


def test_a_picture_too_large_to_decode_has_no_thumbnail() -> None:
    """A small file may promise a billion pixels."""
    assert thumbnail(encoded(Image.new("1", (30_000, 2_000))), 100, 10_000) is None


@given(st.binary(max_size=200), st.integers(0, 3000))
def test_hostile_bytes_have_no_thumbnail_and_do_no_harm(junk: bytes, cut: int) -> None:
    """Torn and made-up pictures give a thumbnail or none, never an error."""
    for data in (junk, b"\xff\xd8\xff" + junk, b"\x89PNG\r\n\x1a\n" + junk, photo(1)[:cut] + junk):
        small = thumbnail(data, 50, 4_000)
        assert small is None or small.address.startswith("data:image/jpeg;base64,")
