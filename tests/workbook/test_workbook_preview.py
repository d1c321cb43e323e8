"""Previews of pictures and PDF pages: what is shown, what is refused, and that no file can do harm."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pypdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mine_folders import make_mine, make_pdf, make_photo, make_workbook, put
from PIL import Image

from greenmine import i18n
from greenmine.errors import EvidenceError
from greenmine.evidence import take_inventory
from greenmine.workbook import preview as module
from greenmine.workbook import raster
from greenmine.workbook.preview import Preview, PreviewError, preview


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    module._made.clear()
    i18n.use("en")
    yield
    i18n.use("zh")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    mine = make_mine(tmp_path)
    put(mine / "照片.jpg", make_photo())
    put(mine / "设计.pdf", make_pdf("开采设计", "附图", "附表"))
    return mine


def shown(mine: Path, path: str, **wanted: int) -> Preview:
    return preview(take_inventory(mine), mine, path, **wanted)


def reason(mine: Path, path: str, **wanted: int) -> str:
    with pytest.raises(PreviewError) as caught:
        shown(mine, path, **wanted)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{path}: ")


def decoded(found: Preview) -> Image.Image:
    picture = Image.open(io.BytesIO(found.data))
    assert Image.MIME[picture.format or ""] == found.media_type
    assert (found.width, found.height) == picture.size
    return picture.convert("L")


def hostile(content: str, box: str = "0 0 595 842", stream: bytes = b"", more: str = "") -> bytes:
    """Return a PDF of one page, written by hand; the reader finds its objects by itself."""
    data = stream or content.encode()
    return (
        b"%PDF-1.7\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n"
        b"2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj\n"
        + f"3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents 4 0 R/Resources<<{more}>>>> endobj\n".encode()
        + f"4 0 obj <</Length {len(data)}{'/Filter/FlateDecode' if stream else ''}>> stream\n".encode()
        + data
        + b"\nendstream endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n"
    )


def test_a_picture_is_made_small(mine: Path) -> None:
    """It holds pixels only, and is never made larger than it is."""
    found = shown(mine, "照片.jpg", width=160)
    assert ("image/jpeg", 160, 120, 1, 1) == (found.media_type, found.width, found.height, found.page, found.pages)
    assert b"Exif" not in found.data
    decoded(found)
    assert 480 == shown(mine, "照片.jpg", width=2_000).width


def test_a_page_of_a_pdf_is_drawn(mine: Path) -> None:
    """The page that was asked for, with something on it, as wide as asked."""
    pages = [shown(mine, "设计.pdf", page=page, width=600) for page in (1, 2, 3)]
    assert [(600, 1, 3), (600, 2, 3), (600, 3, 3)] == [(one.width, one.page, one.pages) for one in pages]
    assert 3 == len({one.data for one in pages})
    assert all(decoded(one).getextrema()[0] < 128 for one in pages)


def test_the_width_is_held_within_limits(mine: Path) -> None:
    """Nobody asks for a picture of a gigabyte."""
    assert 2_000 == shown(mine, "设计.pdf", width=10**9).width
    assert 64 == shown(mine, "设计.pdf", width=-5).width


def test_a_scanned_page_comes_as_jpeg(mine: Path) -> None:
    """A page that is a photo would be large as PNG."""
    noise = Image.frombytes("RGB", (900, 1_200), os.urandom(900 * 1_200 * 3))
    buffer = io.BytesIO()
    noise.save(buffer, "PDF")
    put(mine / "扫描.pdf", buffer.getvalue())
    found = shown(mine, "扫描.pdf", width=1_000)
    assert "image/jpeg" == found.media_type
    decoded(found)


def test_what_was_shown_once_is_shown_from_memory(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No second process is started, and what is kept does not grow without end."""
    inventory = take_inventory(mine)
    first = preview(inventory, mine, "设计.pdf")
    monkeypatch.setattr(subprocess, "run", None)
    assert first is preview(inventory, mine, "设计.pdf")
    monkeypatch.setattr(module, "KEPT", 2)
    for width in range(100, 110):
        preview(inventory, mine, "照片.jpg", width=width)
    assert 2 == len(module._made)


def test_no_other_file_is_shown(mine: Path, tmp_path: Path) -> None:
    """Only what the inventory has, by its own path."""
    put(tmp_path / "secret.pdf", make_pdf("秘密"))
    for path in ("../secret.pdf", str(tmp_path / "secret.pdf"), "mine.yaml", "", "照片.jpg#page=1", "x\ny"):
        with pytest.raises(PreviewError, match="there is no such file"):
            shown(mine, path)


def test_a_file_that_was_changed_or_linked_since_is_not_shown(mine: Path, tmp_path: Path) -> None:
    """The bytes shown are those that were digested, and no link is followed."""
    inventory = take_inventory(mine)
    put(mine / "设计.pdf", make_pdf("另一份"))
    with pytest.raises(PreviewError, match="has changed since"):
        preview(inventory, mine, "设计.pdf")
    (mine / "照片.jpg").rename(tmp_path / "elsewhere.jpg")
    with pytest.raises(EvidenceError):
        preview(inventory, mine, "照片.jpg")
    (mine / "照片.jpg").symlink_to(tmp_path / "elsewhere.jpg")
    with pytest.raises(EvidenceError, match="symbolic link"):
        preview(inventory, mine, "照片.jpg")


def test_what_is_neither_picture_nor_pdf_is_named(mine: Path) -> None:
    """A table is not opened for a look."""
    put(mine / "台账.xlsx", make_workbook(["a"]))
    put(mine / "说明.txt", "一")
    assert "Only pictures and PDF files can be shown here; this is: Table (XLSX)." == reason(mine, "台账.xlsx")
    assert reason(mine, "说明.txt").endswith("this is: Text.")


def test_a_page_that_is_not_there_is_refused(mine: Path) -> None:
    """By its number, for pictures too."""
    for path, page in (("设计.pdf", 0), ("设计.pdf", 4), ("设计.pdf", -1), ("照片.jpg", 2)):
        assert f"There is no page {page}." == reason(mine, path, page=page)


def test_an_encrypted_pdf_says_so(mine: Path) -> None:
    """With the words the report uses for it, also where the inventory did not see it."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(make_pdf("密")))
    writer.encrypt("secret", algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    put(mine / "密.pdf", buffer.getvalue())
    assert "The PDF is encrypted; a PDF without password is needed." == reason(mine, "密.pdf")
    assert b"encrypted" == raster.rendered(io.BytesIO(buffer.getvalue()), 1, 100)


def test_damaged_files_say_so(mine: Path) -> None:
    """A PDF and a picture cut off early."""
    put(mine / "坏.pdf", b"%PDF-1.7\n" + bytes(500))
    put(mine / "坏.jpg", make_photo()[:300])
    assert "cannot be drawn" in reason(mine, "坏.pdf")
    assert "cannot be read" in reason(mine, "坏.jpg")


def test_a_file_too_large_is_not_read(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither picture nor PDF."""
    monkeypatch.setattr(module, "MAX_BYTES", 10)
    monkeypatch.setattr(module, "MAX_PHOTO_BYTES", 10)
    for path in ("设计.pdf", "照片.jpg"):
        assert "It is too large to be shown here." == reason(mine, path)


def test_a_page_of_odd_size_stays_within_limits(mine: Path) -> None:
    """A page a thousand times as high as wide gets a narrow picture; one without size, or kilometres wide, none."""
    put(mine / "高.pdf", hostile("0 0 9 9 re f", "0 0 14 14000"))
    found = shown(mine, "高.pdf", width=2_000)
    assert found.width * found.height <= raster.MAX_PIXELS * 1.02
    put(mine / "宽.pdf", hostile("0 0 9 9 re f", "0 0 9000000 9000000"))
    assert "cannot be drawn" in reason(mine, "宽.pdf")


def test_a_page_that_takes_for_ever_is_given_up(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A form that draws itself a million times over is ended, and the next page is drawn as ever."""
    busy = zlib.compress(b"0 0 500 800 re 0 0 400 700 re f*\n" * 3_000_000)
    put(mine / "慢.pdf", hostile("", stream=busy))
    inventory = take_inventory(mine)
    monkeypatch.setattr(module, "SECONDS", 0.5)
    with pytest.raises(PreviewError, match="takes too long"):
        preview(inventory, mine, "慢.pdf")
    monkeypatch.setattr(module, "SECONDS", 60.0)
    assert 3 == preview(inventory, mine, "设计.pdf").pages


def test_the_renderer_gives_up_memory_time_and_files() -> None:
    """Whatever is done to it, it cannot take more than a gigabyte, run on, or write a file."""
    program = (
        "import resource, runpy, sys; sys.argv = ['raster', '1', '100']\n"
        f"found = runpy.run_path({str(module._RASTER)!r}); found['confine']()\n"
        "print([resource.getrlimit(one)[0] for one in (resource.RLIMIT_AS, resource.RLIMIT_CPU,"
        " resource.RLIMIT_FSIZE, resource.RLIMIT_CORE)])\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert f"[{raster.MEMORY}, {raster.SECONDS}, 0, 0]" == done.stdout.strip()


@pytest.mark.parametrize("answer", [b"", b"10 10 1\n<script>", b"-1 10 1\n\xff\xd8\xff", b"x" * 99, b"10 10\n\x89PNG"])
def test_an_answer_that_is_none_is_not_shown(mine: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    """A renderer that was taken over can only say numbers and bring a picture."""
    monkeypatch.setattr(subprocess, "run", lambda *_args, **_more: subprocess.CompletedProcess([], 0, answer, b""))
    assert "cannot be drawn" in reason(mine, "设计.pdf")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_no_damage_to_a_pdf_raises_in_the_renderer(data: st.DataObject) -> None:
    """Bytes changed anywhere: a picture, or a word why not."""
    content = bytearray(hostile("0 0 9 9 re f"))
    for _number in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(9, len(content) - 1))] = data.draw(st.integers(0, 255))
    answer = raster.rendered(io.BytesIO(bytes(content)), 1, 64)
    assert answer in {b"encrypted", b"damaged", b"no_page"} or b"\x89PNG" in answer
