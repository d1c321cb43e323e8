"""Templates of pages: every value that reaches one is made visible and escaped, for text comes from others."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from markupsafe import Markup

from greenmine import i18n
from greenmine.text import visible


def _shown(value: object) -> object:
    """Prepare the value of an expression for the page; nothing shows as nothing."""
    if value is None:
        return ""
    return value if isinstance(value, Markup | int) else visible(str(value))


def source_hash(text: str) -> str:
    """Return by what a page's policy (Content-Security-Policy) names the one style or script that it allows."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


class _Translated(Extension):
    """Puts a template's own sentences into it when it is compiled: `_("text")` becomes `"text"` in the language."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Return the tokens of a template with each constant call of `_` replaced by what it returns."""
        tokens = list(stream)
        place = 0
        while place < len(tokens):
            call = tokens[place : place + 4]
            if [token.type for token in call] == _CALL and call[0].value == "_":
                yield Token(call[2].lineno, "string", i18n.gettext(call[2].value))
                place += 4
            else:
                yield tokens[place]
                place += 1


_CALL = ["name", "lparen", "string", "rparen"]


def environment(folder: Path) -> Environment:
    """Return what renders the templates in a folder, in the language in use.

    A name that a template does not know is an error.
    """
    return _environment(folder, i18n.language())


@cache
def _environment(folder: Path, _language: str) -> Environment:
    made = Environment(
        loader=FileSystemLoader(folder),
        extensions=[_Translated],
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["_"] = i18n.gettext
    return made
