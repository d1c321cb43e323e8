"""Notebooks and pages for tests: build executed notebooks, read pages as a strict reader would."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import nbformat

VOID = frozenset(("meta", "br", "img", "link", "input", "hr", "col", "wbr"))
_CELLS = frozenset(("td", "th", "p"))
_ROWS = _CELLS | {"tr"}
_BLOCKS = (
    "p",
    "dl",
    "table",
    "ul",
    "ol",
    "div",
    "section",
    "article",
    "blockquote",
    "h2",
    "h3",
    "h4",
    "figure",
    "footer",
)
CLOSES = {
    **{tag: frozenset(("p",)) for tag in _BLOCKS},
    **{tag: frozenset(("p", "dt", "dd")) for tag in ("dt", "dd")},
    **dict.fromkeys(("td", "th"), _CELLS),
    **{tag: _ROWS | {"thead", "tbody"} for tag in ("tbody", "tfoot")},
    "tr": _ROWS,
    "li": frozenset(("p", "li")),
}
"""What a tag closes by itself, as HTML has it."""

OMISSIBLE = frozenset(("td", "th", "tr", "thead", "tbody", "tfoot", "li", "dt", "dd", "p"))
HOSTILE = (
    "<script>window.pwned=1;alert(1)</script>",
    '"><img src=x onerror="window.pwned=1">',
    "<a href='javascript:window.pwned=1'>点我</a>",
    "javascript:window.pwned=1",
    '=cmd|"/C calc"!A0',
    "</td></tr></table></main><script src=//evil.example/x.js></script>",
    "{{ 7*7 }}{% raw %}${7*7}",
    "报告\u202egpj.exe\u202c\u200b\u0000\u001b[31m",
    "<svg/onload=window.pwned=1><style>@import 'http://evil.example'</style>",
    "&lt;script&gt;&#x3c;b&#x3e;",
)
"""Texts that harm where they are not escaped; all of them together go into every free field."""


def cell(*data: Any, tags: Iterable[str] = (), source: str = "book.piece()") -> Any:
    """Return a code cell with HTML outputs (text) or any outputs (nodes)."""
    outputs = [
        nbformat.v4.new_output("execute_result", data={"text/html": one, "text/plain": "<piece>"}, execution_count=1)
        if isinstance(one, str)
        else one
        for one in data
    ]
    return nbformat.v4.new_code_cell(source, outputs=outputs, metadata={"tags": list(tags)} if tags else {})


def notebook(*cells: Any) -> Any:
    """Return a notebook of such cells."""
    return nbformat.v4.new_notebook(cells=list(cells))


@dataclass
class Element:
    """An element of a page: its tag, its attributes, the elements around it, all text in it."""

    tag: str
    attributes: dict[str, str]
    inside: tuple[str, ...]
    text: str = ""


@dataclass
class Page(HTMLParser):
    """A page, read as a browser reads it where end tags are left out; fails where tags do not match.

    Attributes:
        markup: the page.
        elements: its elements, in order.
        spoken: all text by the language it is marked with.
    """

    markup: str
    elements: list[Element] = field(default_factory=list)
    spoken: dict[str, str] = field(default_factory=dict)
    _open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.markup)
        self.close()
        assert [] == self._open, "elements left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        while self._open and self._open[-1].tag in CLOSES.get(tag, ()):
            self._open.pop()
        element = Element(tag, {name: value or "" for name, value in attrs}, tuple(one.tag for one in self._open))
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:  # written <br/>
            return
        while self._open and self._open[-1].tag != tag and self._open[-1].tag in OMISSIBLE:
            self._open.pop()
        assert self._open, f"</{tag}> closes nothing"
        assert tag == self._open.pop().tag

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data
        lang = next((one.attributes["lang"] for one in reversed(self._open) if "lang" in one.attributes), "")
        self.spoken[lang] = self.spoken.get(lang, "") + data

    def all(self, *tags: str) -> list[Element]:
        """Return the elements with one of these tags, in order."""
        return [element for element in self.elements if element.tag in tags]

    @property
    def text(self) -> str:
        """All text of the body."""
        return self.all("body")[0].text


def assert_inert(page: Page) -> None:
    """Fail where a page could run, load or lead anywhere."""
    tags = {element.tag for element in page.elements}
    assert not tags & {
        "script",
        "iframe",
        "object",
        "embed",
        "link",
        "base",
        "form",
        "svg",
        "math",
        "template",
        "audio",
    }
    assert 1 == len(page.all("style"))
    for element in page.elements:
        for name, value in element.attributes.items():
            assert not name.startswith("on"), (element.tag, name)
            assert "javascript:" not in value or name in ("alt", "aria-label"), (element.tag, name, value)
            if name in ("src", "href", "action", "srcset", "data", "poster", "background"):
                assert value.startswith(("#", "data:image/jpeg;base64,", "data:image/png;base64,")), (name, value)
