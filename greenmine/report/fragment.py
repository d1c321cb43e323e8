"""Fragments: the HTML of a notebook's output, read so strictly that it can be shown as it is.

An output is taken into a report only if it is built like the pieces of the workbook: tags, attributes and values from
short lists, written in one exact way, every tag closed in order, nothing that loads, links outside or runs. Anything
else (another library's table, a hand-made string, hostile markup) is no fragment and is shown escaped. The grammar is
a small part of HTML that every browser reads alike, so there is nothing to guess and nothing to sanitise.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

# What may contain what does not matter here: none of these elements loads, runs, or changes how the rest is read.
ELEMENTS = frozenset(
    (
        *("a", "article", "b", "blockquote", "caption", "code", "dd", "div", "dl", "dt", "em", "figcaption", "figure"),
        *("footer", "h1", "h2", "h3", "h4", "header", "li", "ol", "p", "section", "small", "span", "strong"),
        *("table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    )
)
VOID = frozenset(("br", "img"))
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,80}")
ATTRIBUTES = {
    "alt": re.compile(r"[^\"<>]*"),
    "aria-label": re.compile(r"[^\"<>]*"),
    "aria-labelledby": _NAME,
    "class": re.compile(r"[A-Za-z0-9_ -]*"),
    "colspan": re.compile(r"[1-9]\d?"),
    "height": re.compile(r"\d{1,4}"),
    "href": re.compile(rf"#{_NAME.pattern}"),
    "id": _NAME,
    "lang": re.compile(r"zh|zh-CN|en"),
    "rowspan": re.compile(r"[1-9]\d?"),
    "scope": re.compile(r"col|row|colgroup|rowgroup"),
    "src": re.compile(r"data:image/(?:jpeg|png);base64,[A-Za-z0-9+/]+={0,2}"),
    "style": re.compile(r"width:\d{1,3}(?:\.\d)?%"),
    "width": re.compile(r"\d{1,4}"),
}
_TAGS = ELEMENTS | VOID
_SHORT = 100
ROOTS = frozenset(("header", "section", "footer", "div", "p"))

_TOKEN = re.compile(
    r"""(?P<text>[^<>]+)"""
    r"""|<(?P<close>/)(?P<ended>[a-z][a-z0-9]*)>"""
    r"""|<(?P<tag>[a-z][a-z0-9]*)(?P<attributes>(?: [a-z-]+="[^"<>]*")*)>"""
)
_ATTRIBUTE = re.compile(r""" ([a-z-]+)="([^"<>]*)\"""")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Heading:
    """A heading of a fragment: its level, its id (may be empty) and its text."""

    level: int
    id: str
    text: str


@dataclass(frozen=True)
class Fragment:
    """A checked piece of HTML.

    Attributes:
        markup: the HTML as it came.
        root: the name of its first element.
        lang: the language of its first element; empty where it names none.
        headings: its headings in order.
    """

    markup: str
    root: str
    lang: str
    headings: tuple[Heading, ...]


def read_fragment(markup: str) -> Fragment | None:
    """Return the fragment that an output is, or None where it is not built like the workbook's pieces."""
    if _CONTROL.search(markup):
        return None
    reader = _Reader()
    position = 0
    for token in _TOKEN.finditer(markup):
        if token.start() != position or not reader.take(token):
            return None
        position = token.end()
    if position != len(markup) or reader.open or not reader.root:
        return None
    return Fragment(markup, reader.root, reader.lang, tuple(reader.headings))


class _Reader:
    """Follows the tags of a fragment, keeps what is open and collects headings."""

    def __init__(self) -> None:
        self.open: list[str] = []
        self.root = ""
        self.lang = ""
        self.headings: list[Heading] = []
        self._heading: list[str] | None = None
        self._heading_id = ""

    def take(self, token: re.Match[str]) -> bool:
        """Take one token; return whether it may stand here."""
        if token["text"] is not None:
            return self._text(token["text"])
        return self._close(token["ended"]) if token["close"] else self._open(token["tag"], token["attributes"])

    def _text(self, text: str) -> bool:
        if self._heading is not None:
            self._heading.append(html.unescape(text))
        return bool(self.open) or not text.strip()

    def _open(self, tag: str, attributes: str) -> bool:
        values = _few(attributes) if len(attributes) < _SHORT else _allowed(attributes)
        if tag not in _TAGS or values is None:
            return False
        if not self.open:
            if tag not in ROOTS:
                return False
            self.root, self.lang = self.root or tag, self.lang or values.get("lang", "")
        if tag in VOID:
            return True
        self.open.append(tag)
        if _level(tag):
            self._heading, self._heading_id = [], values.get("id", "")
        return True

    def _close(self, tag: str) -> bool:
        if not self.open or self.open.pop() != tag:
            return False
        if level := _level(tag):
            text = " ".join("".join(self._heading or ()).split())
            self.headings.append(Heading(level, self._heading_id, text))
            self._heading = None
        return True


def _allowed(attributes: str) -> Mapping[str, str] | None:
    """Return the attributes of a tag by name; None where one may not stand there."""
    pairs = _ATTRIBUTE.findall(attributes)
    values = dict(pairs)
    known = all(name in ATTRIBUTES and ATTRIBUTES[name].fullmatch(value) for name, value in values.items())
    return values if known and len(values) == len(pairs) else None


_few = lru_cache(4096)(_allowed)  # most tags come again and again


def _level(tag: str) -> int:
    return int(tag[1]) if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit() else 0  # noqa: PLR2004 - h1 … h4
