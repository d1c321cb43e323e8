"""Is a report a page that runs nothing and loads nothing?

An archived report must show the same in ten years, without a network, and do nothing to whoever opens it. It is read as
a browser reads it, and refused where it holds an element or attribute that runs, loads, sends or leads elsewhere. The
policy in its head, which forbids the same to browsers, must be there too.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

from greenmine.errors import IntegrityError, shown
from greenmine.i18n import gettext as _

FORBIDDEN: Final = frozenset(
    [
        "script",
        "iframe",
        "frame",
        "frameset",
        "object",
        "embed",
        "applet",
        "link",
        "base",
        "form",
        "portal",
        "fencedframe",
        "audio",
        "video",
        "source",
        "track",
        "template",
        "noscript",
        "foreignobject",
        "set",
        "animate",
        "use",
        "image",
    ]
)
"""Elements that run or load something, or that hide markup from a reader."""

_ADDRESSES: Final = frozenset(
    [
        "src",
        "href",
        "xlink:href",
        "action",
        "formaction",
        "srcset",
        "data",
        "poster",
        "background",
        "ping",
        "manifest",
        "cite",
        "longdesc",
        "usemap",
        "codebase",
        "archive",
        "lowsrc",
        "dynsrc",
    ]
)
_HARMLESS: Final = re.compile(r"#[^\s]*|data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*")
_STYLE: Final = re.compile(r"@import|expression\s*\(|-moz-binding|behavior\s*:|\\", re.IGNORECASE)
_URL: Final = re.compile(r"url\s*\(\s*[\"']?\s*([^\"')\s]*)", re.IGNORECASE)
_POLICY: Final = "default-src 'none'"


class _Reader(HTMLParser):
    """Reads a page up to the first thing that is refused."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.refused: tuple[int, str] | None = None
        self.policy = False
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in FORBIDDEN:
            self._refuse(f"<{tag}>")
        self._style = tag == "style"
        values = {name: value or "" for name, value in attrs}
        if tag == "meta" and "http-equiv" in values:
            kind = values["http-equiv"].lower()
            if kind == "content-security-policy" and _POLICY in values.get("content", ""):
                self.policy = True
            elif kind != "content-type":
                self._refuse(f"<meta http-equiv={kind}>")
        for name, value in attrs:
            self._look(tag, name, value or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "style":
            self._style = False

    def handle_data(self, data: str) -> None:
        if self._style:
            self._look_style(data)

    def handle_pi(self, data: str) -> None:
        self._refuse(f"<?{data[:20]}")

    def _look(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on") or name == "srcdoc":
            self._refuse(f"{tag} {name}")
        elif name in _ADDRESSES and not _HARMLESS.fullmatch(value.strip()):
            self._refuse(f"{tag} {name}={shown(value)}")
        elif name == "style":
            self._look_style(value)

    def _look_style(self, text: str) -> None:
        hit = _STYLE.search(text)
        if hit:
            self._refuse(hit.group())
        for address in _URL.finditer(text):
            if not address[1].startswith(("#", "data:image/")):
                self._refuse(shown(address.group()))

    def _refuse(self, what: str) -> None:
        if self.refused is None:
            self.refused = (self.getpos()[0], what)


def check_inert(data: bytes, file: object) -> None:
    """Make sure that a page runs nothing and loads nothing from elsewhere.

    Args:
        data: the page, UTF-8.
        file: what to call it in messages.

    Raises:
        IntegrityError: it does, could, or does not forbid it to browsers; the first place is named.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise IntegrityError(file, expected=_("UTF-8 text"), found=_("bytes of another encoding")) from None
    reader = _Reader()
    reader.feed(text)
    reader.close()
    if reader.refused is not None:
        line, what = reader.refused
        place = _("line {number}").format(number=line)
        raise IntegrityError(
            file, place, expected=_("a page that runs and loads nothing"), found=shown(what), hint=_("Do not open it.")
        )
    if not reader.policy:
        raise IntegrityError(file, expected=_("a page whose policy forbids to run and load"), found=_("no such policy"))
