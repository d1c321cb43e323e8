"""Mines' folders for tests: real PDFs, photos, workbooks and lists, made small."""

from __future__ import annotations

import io
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pypdf
from openpyxl import Workbook
from PIL import Image, ImageDraw
from PIL.TiffImagePlugin import IFDRational
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen import canvas

PROFILE = """\
schema: greenmine.mine/1
id: {id}
name: 演示煤矿（演示）
mining_licence_number: C0000002026010000000000
licence_holder: 演示煤业有限公司
credit_code: 91000000DEM0000019
address: 演示省演示市演示县
economic_type: 有限责任公司
employees: 860
main_mineral: 煤
extraction_text: 地下开采
production_scale: 120万吨/年
area_km2: "12.5"
contact:
  legal_representative: 演示甲
  person: 演示乙
  address: 演示省演示市演示县
  email: demo@example.org
  telephone: "000-0000000"
  fax: "000-0000001"
  mobile: "00000000000"
  postcode: "000000"
introduction:
  environment: 环境
  development: 开采
  utilisation: 利用
  saving: 节能
  innovation: 创新
  management: 管理
filled_on: "2026-03-01"
industry: coal
extraction: [underground]
primary_extraction: underground
demonstration: true
licences:
  - {{kind: mining, name: 采矿许可证, number: C01, issuer: 演示厅, valid_from: "2021-01-01", valid_until: "2030-12-31"}}
  - {{kind: safety, name: 安全许可证, number: A01, issuer: 演示局, valid_from: "2024-01-01", valid_until: "2027-01-01"}}
  - {{kind: business, name: 营业执照, number: B01, issuer: 演示局, valid_from: "2005-01-01", valid_until: 长期}}
"""


def put(path: Path, content: bytes | str) -> Path:
    """Write a file, making its folders; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def make_mine(parent: Path, name: str = "GM-1", changes: Iterable[tuple[str, str]] = ()) -> Path:
    """Make a mine's folder with a complete profile, in which each text of `changes` is replaced by its new one."""
    text = PROFILE.format(id=name)
    for old, new in changes:
        assert old in text, f"{old} is not in the profile"
        text = text.replace(old, new, 1)
    put(parent / name / "mine.yaml", text)
    return parent / name


def make_pdf(*pages: str) -> bytes:
    """Return a PDF with a line of Chinese text on each page; a page whose text is empty is left blank."""
    if "STSong-Light" not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    stream = io.BytesIO()
    paper = canvas.Canvas(stream, invariant=True)
    for text in pages:
        if text:
            paper.setFont("STSong-Light", 14)
            paper.drawString(72, 720, text)
        paper.showPage()
    paper.save()
    return stream.getvalue()


def encrypt(pdf: bytes, password: str, owner: str = "owner") -> bytes:
    """Return a PDF encrypted with a user's password; with an empty one everybody can open it."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf))
    writer.encrypt(password, owner, algorithm="RC4-128")
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def paint(seed: int, size: tuple[int, int] = (480, 360)) -> Image.Image:
    """Return a picture of coloured shapes; two seeds give two pictures nobody would take for one."""
    dice = random.Random(seed)  # noqa: S311 - pictures, not secrets
    image = Image.new("RGB", size, tuple(dice.randrange(256) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    width, height = size
    for _ in range(24):
        left, top = dice.randrange(width), dice.randrange(height)
        box = (left, top, left + dice.randrange(20, width // 2), top + dice.randrange(20, height // 2))
        colour = tuple(dice.randrange(256) for _ in range(3))
        dice.choice((draw.rectangle, draw.ellipse))(box, fill=colour)
    return image


def make_photo(
    seed: int = 1,
    taken: str = "2026:06:11 09:12:00",
    place: tuple[float, float] | None = (39.8123, 102.3041),
    **options: Any,
) -> bytes:
    """Return a JPEG with time, place and camera in its EXIF block.

    Args:
        seed: which picture.
        taken: the time it was taken; empty for none.
        place: degrees north and east; None for none.
        options: of Pillow's JPEG writer.
    """
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "演示".encode(), "演示 相机".encode()
    if taken:
        exif.get_ifd(0x8769)[0x9003] = taken
    if place:
        north, east = place
        sides = {1: "N" if north >= 0 else "S", 3: "E" if east >= 0 else "W"}
        exif.get_ifd(0x8825).update({**sides, 2: _degrees(abs(north)), 4: _degrees(abs(east))})
    return saved(paint(seed), exif=exif, **options)


def _degrees(value: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    """Return degrees, minutes and hundredths of seconds, as cameras write them."""
    return IFDRational(int(value)), IFDRational(int(value * 60 % 60)), IFDRational(round(value * 3600 % 60 * 100), 100)


def saved(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """Return a picture as a file's bytes."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def make_workbook(*rows: Sequence[Any]) -> bytes:
    """Return an XLSX file with one sheet."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
