"""A page of a PDF as a picture. This file is run as a program of its own, never imported by the workbook.

    python -I raster.py PAGE WIDTH < file.pdf

A PDF may be made to harm its reader, and the renderer is native code. So it works in a process that can read the one
file it was given and write nothing but its answer, with little memory and little time, and dies alone. The answer is a
line, `WIDTH HEIGHT PAGES`, and behind it the picture, PNG or JPEG; or one word, why there is none.
"""

from __future__ import annotations

import io
import sys
from contextlib import suppress
from typing import Any, Final

MEMORY: Final = 1024 * 1024 * 1024
SECONDS: Final = 10
MAX_PIXELS: Final = 6_000_000
MAX_POINTS: Final = 20_000
"""The longest side of a page that is drawn, in points: seven metres."""

MAX_PNG: Final = 400_000
"""The largest PNG, in bytes; beyond it the page is a photo or a scan, which JPEG holds in less."""


def confine() -> None:
    """Give up memory, time and files, where the system knows such limits."""
    with suppress(ImportError):
        import resource  # noqa: PLC0415 - not on every system

        for limit, value in (
            (resource.RLIMIT_AS, MEMORY),
            (resource.RLIMIT_CPU, SECONDS),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_CORE, 0),
        ):
            with suppress(ValueError, OSError):  # a lower one is in force already
                resource.setrlimit(limit, (value, value))


def rendered(stream: Any, page: int, width: int) -> bytes:  # noqa: ANN401 - a binary stream
    """Return the answer: the picture of a page, or `encrypted`, `damaged` or `no_page`.

    Args:
        stream: the PDF, seekable.
        page: number of the page, from 1.
        width: of the picture, in pixels; less where the page is very high.
    """
    import pypdfium2  # type: ignore[import-untyped]  # noqa: PLC0415 - once the limits hold

    try:
        document = pypdfium2.PdfDocument(stream)
    except pypdfium2.PdfiumError as problem:
        encrypted = getattr(problem, "err_code", None) == pypdfium2.raw.FPDF_ERR_PASSWORD
        return b"encrypted" if encrypted else b"damaged"
    if not 1 <= page <= len(document):
        return b"no_page"
    try:
        leaf = document[page - 1]
        across, down = leaf.get_size()
        if not 1 <= min(across, down) <= max(across, down) <= MAX_POINTS:
            return b"damaged"
        scale = min(width / across, (MAX_PIXELS / across / down) ** 0.5)
        picture = leaf.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
    except pypdfium2.PdfiumError:
        return b"damaged"
    data = encoded(picture, "PNG")
    if len(data) > MAX_PNG:
        data = encoded(picture, "JPEG", quality=80)
    return f"{picture.width} {picture.height} {len(document)}\n".encode() + data


def encoded(picture: Any, kind: str, **options: int) -> bytes:  # noqa: ANN401 - Pillow is imported by the renderer
    """Return a picture as a file of its own."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def main() -> None:
    """Answer one request."""
    confine()
    try:
        answer = rendered(sys.stdin.buffer, int(sys.argv[1]), int(sys.argv[2]))
    except MemoryError:
        answer = b"damaged"
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
