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
_ELEMENTS = ELEMENTS | VOID
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4}
_SHORT = 100
ROOTS = frozenset(("header", "section", "footer", "div", "p"))

_PARTS = re.compile(r"(<[^<>]*>)")
_TAG = re.compile(r"""</(?P<ended>[a-z][a-z0-9]*)>|<(?P<tag>[a-z][a-z0-9]*)(?P<attributes>(?: [a-z-]+="[^"<>]*")*)>""")
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


@dataclass(frozen=True, slots=True)
class _Tag:
    """A tag that may stand in a fragment: its element, whether it ends it, its attributes by name."""

    name: str
    ends: bool
    values: Mapping[str, str]


def read_fragment(markup: str) -> Fragment | None:
    """Return the fragment that an output is, or None where it is not built like the workbook's pieces."""
    if _CONTROL.search(markup):
        return None
    texts, tags = (parts := _PARTS.split(markup))[::2], parts[1::2]
    if any("<" in text or ">" in text for text in texts):
        return None
    reader = _Reader()
    for text, source in zip(texts, tags, strict=False):
        tag = _few(source) if len(source) < _SHORT else _tag(source)
        if tag is None or not reader.text(text) or not reader.tag(tag):
            return None
    if not reader.text(texts[-1]) or reader.open or not reader.root:
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

    def text(self, text: str) -> bool:
        """Take a text; return whether it may stand here."""
        if self._heading is not None:
            self._heading.append(html.unescape(text))
        return bool(self.open) or not text.strip()

    def tag(self, tag: _Tag) -> bool:
        """Take a tag; return whether it may stand here."""
        name = tag.name
        if tag.ends:
            return self._end(tag)
        if not self.open:
            if name not in ROOTS:
                return False
            self.root, self.lang = self.root or name, self.lang or tag.values.get("lang", "")
        if name not in VOID:
            self.open.append(name)
            if name in _HEADINGS:
                self._heading, self._heading_id = [], tag.values.get("id", "")
        return True

    def _end(self, tag: _Tag) -> bool:
        if not self.open or self.open.pop() != tag.name:
            return False
        if tag.name in _HEADINGS:
            text = " ".join("".join(self._heading or ()).split())
            self.headings.append(Heading(_HEADINGS[tag.name], self._heading_id, text))
            self._heading = None
        return True


def _tag(source: str) -> _Tag | None:
    """Return a tag; None where it may not stand in a fragment."""
    found = _TAG.fullmatch(source)
    if found is None:
        return None
    if found["ended"]:
        return _Tag(found["ended"], ends=True, values={})
    pairs = _ATTRIBUTE.findall(found["attributes"])
    values = dict(pairs)
    known = all(name in ATTRIBUTES and ATTRIBUTES[name].fullmatch(value) for name, value in values.items())
    if found["tag"] not in _ELEMENTS or not known or len(values) != len(pairs):
        return None
    return _Tag(found["tag"], ends=False, values=values)


_few = lru_cache(4096)(_tag)  # most tags come again and again
