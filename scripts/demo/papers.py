"""Papers: PDF files with Chinese text, made with reportlab.

The face is the PDF standard Chinese face STSong-Light, which readers bring along, so a page weighs a few kilobytes and
its text can be copied and searched. A page is a list of blocks, laid out from top to bottom: a text, a heading, a
table, named fields, a plan of coloured areas or a seal. Every page carries the mark 演示.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

if TYPE_CHECKING:
    from collections.abc import Sequence

FACE = "STSong-Light"
_WIDTH, _HEIGHT = A4
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, _WIDTH - 64, _HEIGHT - 70, 70
_SIZE, _LEADING = 11, 18
_NEVER_FIRST = "，。、；：）》”！？％%"
_UNSHOWN = "·"  # has no shape in common substitutes of the face

Block = str | dict[str, Any]


def make_paper(paper: dict[str, Any]) -> bytes:
    """Return a PDF.

    Args:
        paper: `title`, `issuer`, `issued_on`, optionally `number` and `valid_until`, and `pages`, a list of lists of
            blocks. A block is a text, or `{h: heading}`, `{table: rows}`, `{fields: {name: value}}`,
            `{plan: [[label, x, y, w, h, colour], …]}` in percent of the drawing, or `{seal: name}`.

    Raises:
        ValueError: a text holds a character outside the face, or a page overflows.
    """
    pdfmetrics.registerFont(UnicodeCIDFont(FACE))
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A4, invariant=1, pageCompression=1)
    canvas.setTitle(paper["title"])
    canvas.setAuthor(paper["issuer"])
    canvas.setSubject("演示资料，内容纯属虚构")
    canvas.setCreator("scripts/make_demo.py")
    pages: list[list[Block]] = paper["pages"]
    for number, blocks in enumerate(pages, start=1):
        page = _Page(canvas, paper["title"])
        page.frame(number, len(pages))
        if number == 1:
            page.head(paper)
        for block in blocks:
            page.block(block)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def wrap(text: str, width: float, size: float) -> list[str]:
    """Break a text into lines of at most `width` points; closing punctuation never starts a line."""
    lines, line = [], ""
    for character in text:
        longer = line + character
        if character not in _NEVER_FIRST and pdfmetrics.stringWidth(longer, FACE, size) > width:
            lines.append(line)
            longer = character
        line = longer
    return [*lines, line]


class _Page:
    """One page being filled; `y` is where the next block begins."""

    def __init__(self, canvas: Canvas, name: str) -> None:
        self.canvas = canvas
        self.name = name
        self.y: float = _TOP

    def frame(self, number: int, count: int) -> None:
        """Draw the mark and the foot."""
        canvas = self.canvas
        canvas.saveState()
        canvas.translate(_WIDTH / 2, _HEIGHT / 2)
        canvas.rotate(40)
        canvas.setFillColor(HexColor("#eef1ee"))
        canvas.setFont(FACE, 150)
        canvas.drawCentredString(0, -50, "演示")
        canvas.restoreState()
        canvas.setFillColor(HexColor("#667066"))
        canvas.setFont(FACE, 9)
        canvas.drawString(_LEFT, 40, "演示资料，内容纯属虚构")
        canvas.drawRightString(_RIGHT, 40, f"第 {number} 页  共 {count} 页")

    def head(self, paper: dict[str, Any]) -> None:
        """Draw the title with number, issuer and dates."""
        self.canvas.setFillColor(HexColor("#202820"))
        for line in wrap(self._checked(paper["title"]), _RIGHT - _LEFT, 20):
            self.canvas.setFont(FACE, 20)
            self.canvas.drawCentredString(_WIDTH / 2, self.y, line)
            self.y -= 28
        details = [paper.get("number", ""), paper["issuer"], paper["issued_on"]]
        if "valid_until" in paper:
            details.append(f"有效期至 {paper['valid_until']}")
        self.canvas.setFont(FACE, 10)
        self.canvas.drawCentredString(_WIDTH / 2, self.y, self._checked("    ".join(filter(None, details))))
        self.canvas.setStrokeColor(HexColor("#7a9a7a"))
        self.canvas.line(_LEFT, self.y - 10, _RIGHT, self.y - 10)
        self.y -= 38

    def block(self, block: Block) -> None:
        """Draw one block and move down."""
        if isinstance(block, str):
            self._text(block)
        elif "h" in block:
            self.y -= 4
            self._text(block["h"], size=14, indent=0, colour="#1f5a36")
        elif "table" in block:
            self._table(block["table"])
        elif "fields" in block:
            self._table([[name, value] for name, value in block["fields"].items()], shares=(0.3, 0.7))
        elif "plan" in block:
            self._plan(block["plan"])
        else:
            self._seal(block["seal"])
        if self.y < _BOTTOM - _LEADING:
            raise ValueError(f"{self.name}: a page overflows")

    def _text(self, text: str, *, size: float = _SIZE, indent: float = 2 * _SIZE, colour: str = "#202820") -> None:
        self.canvas.setFillColor(HexColor(colour))
        pad = "　" * round(indent / size)
        for line in wrap(pad + self._checked(text), _RIGHT - _LEFT, size):
            self.canvas.setFont(FACE, size)
            self.canvas.drawString(_LEFT, self.y, line)
            self.y -= _LEADING * size / _SIZE
        self.y -= 4

    def _table(self, rows: Sequence[Sequence[object]], shares: Sequence[float] | None = None) -> None:
        """Draw a ruled table; without `shares` the columns are equally wide and the first row is its head."""
        columns = len(rows[0])
        parts = shares or [1 / columns] * columns
        widths = [(_RIGHT - _LEFT) * part for part in parts]
        canvas = self.canvas
        canvas.setStrokeColor(HexColor("#8a968a"))
        for number, row in enumerate(rows):
            cells = [wrap(self._checked(str(cell)), width - 10, 10) for cell, width in zip(row, widths, strict=True)]
            height = 8 + 14 * max(map(len, cells))
            x: float = _LEFT
            for lines, width in zip(cells, widths, strict=True):
                if (number == 0 and shares is None) or (shares is not None and x == _LEFT):
                    canvas.setFillColor(HexColor("#e3ede3"))
                    canvas.rect(x, self.y - height + 12, width, height, stroke=1, fill=1)
                else:
                    canvas.rect(x, self.y - height + 12, width, height, stroke=1, fill=0)
                canvas.setFillColor(HexColor("#202820"))
                canvas.setFont(FACE, 10)
                for n, line in enumerate(lines):
                    canvas.drawString(x + 5, self.y - 2 - 14 * n, line)
                x += width
            self.y -= height
        self.y -= 12

    def _plan(self, areas: Sequence[Sequence[Any]]) -> None:
        """Draw a plan: coloured areas with labels, a north arrow and a frame."""
        canvas, wide, high = self.canvas, _RIGHT - _LEFT, 330.0
        low = self.y - high
        canvas.setStrokeColor(HexColor("#506050"))
        canvas.rect(_LEFT, low, wide, high, stroke=1, fill=0)
        for label, x, y, w, h, colour in areas:
            left, bottom = _LEFT + wide * x / 100, low + high * (100 - y - h) / 100
            canvas.setFillColor(HexColor(colour))
            canvas.roundRect(left, bottom, wide * w / 100, high * h / 100, 6, stroke=1, fill=1)
            canvas.setFillColor(HexColor("#202820"))
            canvas.setFont(FACE, 10)
            canvas.drawCentredString(left + wide * w / 200, bottom + high * h / 200 - 4, self._checked(label))
        canvas.setFont(FACE, 10)
        canvas.drawString(_RIGHT - 22, self.y - 22, "北")
        canvas.line(_RIGHT - 17, self.y - 60, _RIGHT - 17, self.y - 28)
        self.y = low - 24

    def _seal(self, name: str) -> None:
        """Stamp a seal that is visibly none: a red ring around 演示."""
        canvas, x, y = self.canvas, _RIGHT - 70, self.y - 44
        canvas.setStrokeColor(HexColor("#b8382e"))
        canvas.setFillColor(HexColor("#b8382e"))
        canvas.setLineWidth(2)
        canvas.circle(x, y, 40, stroke=1, fill=0)
        canvas.setLineWidth(1)
        canvas.setFont(FACE, 18)
        canvas.drawCentredString(x, y - 6, "演示章")
        canvas.setFont(FACE, 10)
        canvas.drawRightString(x - 52, y - 4, self._checked(name))
        self.y = y - 58

    def _checked(self, text: str) -> str:
        """Return the text if the face can show it."""
        bad = [c for c in text if c in _UNSHOWN or not c.encode("gbk", "ignore")]
        if bad:
            raise ValueError(f"{self.name}: characters without a shape: {bad}")
        return text
