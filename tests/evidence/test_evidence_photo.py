"""Pictures: time, place and camera, fingerprints of look-alikes, and that nothing in one can stop the reader."""

from __future__ import annotations

import datetime as dt
import io
import struct
import zlib
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mine_folders import make_photo, paint, saved
from PIL import Image, ImageDraw, ImageEnhance
from PIL.TiffImagePlugin import IFDRational

from greenmine.evidence import photo
from greenmine.evidence.photo import SAME_PHOTO, Photo, Picture, distance, read_picture

pytestmark = pytest.mark.filterwarnings("ignore")  # of decoders; whoever takes an inventory silences them

TAKEN = dt.datetime(2026, 6, 11, 9, 12)  # noqa: DTZ001 - a camera's local time


def read(data: bytes) -> Picture:
    return read_picture(io.BytesIO(data))


def with_exif(main: dict[int, Any], inner: dict[int, Any] | None = None, gps: dict[int, Any] | None = None) -> bytes:
    exif = Image.Exif()
    exif.update(main)
    if inner is not None:
        exif.get_ifd(0x8769).update(inner)
    if gps is not None:
        exif.get_ifd(0x8825).update(gps)
    return saved(paint(1), exif=exif)


def said(data: bytes) -> Photo:
    found = read(data).photo
    assert found is not None
    return found


def test_a_photo_says_when_where_and_with_what_it_was_taken() -> None:
    """Size, time, degrees to a tenth of a metre, and the camera with its make once."""
    expected = Photo(480, 360, TAKEN, Decimal("39.812300"), Decimal("102.304100"), "演示 相机")
    assert expected == said(make_photo())


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "GIF", "BMP"])
def test_other_pictures_are_read_too(kind: str) -> None:
    """A picture without such notes has a size and a fingerprint."""
    found = read(saved(paint(1), kind))
    assert Photo(480, 360) == found.photo
    assert found.phash is not None


def test_south_and_west_are_negative() -> None:
    """The sides of the globe give the sign."""
    found = said(make_photo(place=(-33.5, -70.25)))
    assert (Decimal("-33.5"), Decimal("-70.25")) == (found.latitude, found.longitude)


def test_the_time_of_taking_goes_before_later_ones() -> None:
    """First the time it was taken, then that of digitizing, then that of the last change."""
    times = {0x9003: "2026:06:11 09:12:00", 0x9004: "2026:06:12 00:00:00"}
    changed = {0x0132: "2026:06:13 00:00:00"}
    assert [11, 12, 13] == [
        time.day
        for inner in (times, {0x9004: times[0x9004]}, {})
        if (time := said(with_exif(changed, inner)).taken) is not None
    ]


def test_a_time_in_the_main_directory_is_found() -> None:
    """Some programs write it there."""
    assert TAKEN == said(with_exif({0x9003: "2026:06:11 09:12:00"})).taken


@pytest.mark.parametrize("text", ["", "    :  :     :  :  ", "0000:00:00 00:00:00", "2026:13:01 00:00:00", "yesterday"])
def test_a_time_that_is_none_is_unknown(text: str) -> None:
    """Cameras whose clock was never set write such things."""
    assert None is said(with_exif({}, {0x9003: text})).taken


@pytest.mark.parametrize(
    "gps",
    [
        {},
        {1: "N", 2: (IFDRational(91), IFDRational(0), IFDRational(0))},
        {1: "N", 2: (IFDRational(1), IFDRational(0), IFDRational(0))},
        {1: "N", 2: (IFDRational(1, 0), IFDRational(0), IFDRational(0)), 3: "E", 4: (IFDRational(1),) * 3},
        {1: "?", 2: (IFDRational(1),) * 3, 3: "E", 4: (IFDRational(1),) * 3},
        {1: "N", 2: (), 3: "E", 4: ()},
        {1: "N", 3: "E"},
    ],
)
def test_a_place_that_is_none_is_unknown(gps: dict[int, Any]) -> None:
    """Half a place, one off the globe and one divided by nothing are no place."""
    found = said(with_exif({}, {}, gps))
    assert (None, None) == (found.latitude, found.longitude)


def test_the_camera_is_one_short_visible_line() -> None:
    """Whatever was written there, line ends, controls and all."""
    assert "Acme X1" == said(with_exif({0x010F: "Acme", 0x0110: "X1"})).camera
    hostile = said(with_exif({0x010F: "a\nb\x07\u202e" + "c" * 500})).camera
    assert ("ab", 80, True) == (hostile[:2], len(hostile), hostile.isprintable())


def test_a_photo_on_its_side_has_the_size_it_is_seen_in() -> None:
    """The note that says how the camera was held is heeded."""
    assert (360, 480) == ((found := said(with_exif({0x0112: 6}))).width, found.height)


# ---- look-alikes -----------------------------------------------------------------------------------------------------


def fingerprint(data: bytes) -> str:
    found = read(data).phash
    assert found is not None
    return found


def brightened(image: Image.Image) -> bytes:
    return saved(ImageEnhance.Brightness(image).enhance(1.15))


def stamped(image: Image.Image) -> bytes:
    image = image.copy()
    ImageDraw.Draw(image).text((300, 340), "2026-06-11 GM-2", fill="white")
    return saved(image)


LOOK_ALIKES = {
    "saved again": lambda image: saved(image, quality=30),
    "smaller": lambda image: saved(image.resize((240, 180))),
    "as forwarded": lambda image: saved(image.resize((360, 270)), quality=50),
    "as PNG": lambda image: saved(image, "PNG"),
    "grey": lambda image: saved(image.convert("L")),
    "brighter": brightened,
    "stamped": stamped,
    "trimmed": lambda image: saved(image.crop((3, 2, 477, 358))),
    "held otherwise": lambda image: saved(image.transpose(Image.Transpose.ROTATE_90), exif=_held(6)),
}


def _held(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize("change", LOOK_ALIKES)
@pytest.mark.parametrize("seed", range(6))
def test_look_alikes_have_nearly_the_same_fingerprint(change: str, seed: int) -> None:
    """What is done to a photo to hand it in twice does not hide it."""
    image = paint(seed)
    assert distance(fingerprint(saved(image)), fingerprint(LOOK_ALIKES[change](image))) <= SAME_PHOTO


def test_different_pictures_have_different_fingerprints() -> None:
    """No two of forty pictures are taken for the same, with room to spare."""
    prints = [fingerprint(saved(paint(seed))) for seed in range(40)]
    assert min(distance(one, other) for one, other in combinations(prints, 2)) > 2 * SAME_PHOTO


def test_a_picture_of_one_colour_has_no_fingerprint() -> None:
    """It would look like any other of its kind."""
    assert None is read(saved(Image.new("RGB", (400, 300), "white"))).phash


@given(st.text("0123456789abcdef", min_size=64, max_size=64), st.text("0123456789abcdef", min_size=64, max_size=64))
def test_distance_is_the_number_of_bits_that_differ(one: str, other: str) -> None:
    """It is the same in both directions and nothing only between equals."""
    bits = sum(a != b for a, b in zip(f"{int(one, 16):0256b}", f"{int(other, 16):0256b}", strict=True))
    assert bits == distance(one, other) == distance(other, one)


# ---- hostile files ---------------------------------------------------------------------------------------------------


def png(width: int, height: int, data: bytes = b"") -> bytes:
    """Return a PNG that says it has this size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0\x08\0\0\0", b"BM" + bytes(60), make_photo()[:400]],
)
def test_a_broken_picture_says_nothing(data: bytes) -> None:
    """Damage gives an answer, and no error."""
    assert Picture() == read(data)


def test_a_picture_cut_off_says_nothing() -> None:
    """A file that ends too early is damaged, though its head can be read."""
    data = saved(paint(1), "PNG")
    assert Picture() == read(data[: len(data) // 2])


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_a_picture_that_would_fill_the_memory_is_not_decoded(width: int, height: int) -> None:
    """A few bytes can claim to be a picture of gigabytes."""
    found = read(png(width, height))
    assert (True, None) == (found.too_large, found.phash)


def test_a_picture_over_our_own_limit_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its size is told, it has no fingerprint; a JPEG of that size still has one, for it is decoded smaller."""
    monkeypatch.setattr(photo, "MAX_PIXELS", 300_000)
    assert Picture(Photo(800, 600), too_large=True) == read(saved(paint(1, (800, 600)), "PNG"))
    large = saved(paint(1, (1200, 900)))
    assert None is not read(large).phash
    monkeypatch.setattr(photo, "MAX_PIXELS_DRAFTED", 1_000_000)
    assert Picture(Photo(1200, 900), too_large=True) == read(large)


def test_a_broken_exif_block_leaves_the_picture() -> None:
    """What cannot be read of the notes is unknown; the picture is still one."""
    data = make_photo()
    at = data.index(b"Exif\0\0")
    found = read(data[: at + 14] + b"\xff" * 60 + data[at + 74 :])
    assert found.photo is not None
    assert (480, 360, None) == (found.photo.width, found.photo.height, found.photo.latitude)


GOOD = make_photo()


@given(st.binary(min_size=1, max_size=60), st.integers(2, len(GOOD)))
def test_any_bytes_in_a_picture_give_an_answer(noise: bytes, at: int) -> None:
    """Nothing makes the reader fail."""
    found = read(GOOD[:at] + noise + GOOD[at + len(noise) :])
    assert found.photo is None or found.photo.width > 0
