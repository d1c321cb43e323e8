"""The stylesheet of the report, for every page that looks like it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from markupsafe import Markup

TEMPLATE = Path(__file__).parent / "templates" / "greenmine"

_SQUEEZES = (
    (re.compile(r"/\*.*?\*/", re.DOTALL), ""),
    (re.compile(r"[ \n]+"), " "),
    (re.compile(r"\.gm (?=\{)"), "body "),  # as in _compact: the class is not needed on our own page
    (re.compile(r"\.gm(?: |(?=[.:]))"), ""),
    (re.compile(r" ?([{};,]) ?"), r"\1"),
    (re.compile(r"(?<=[a-z-]): (?=[^{}]*\})"), ":"),
    (re.compile(r";\}"), "}"),
)


@cache
def stylesheet() -> Markup:
    """Return the stylesheet, on as few bytes as plain rules need."""
    text = "".join((TEMPLATE / name).read_text("utf-8") for name in ("page.css", "pieces.css"))
    for pattern, by in _SQUEEZES:
        text = pattern.sub(by, text)
    return Markup(text.strip())  # noqa: S704 - our own file
