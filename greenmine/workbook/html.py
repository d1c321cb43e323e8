"""Pieces of HTML: what every call of the notebook returns.

A piece is made by a Jinja template of this package, with autoescape always on, and is finished when it is returned: the
same piece shows in JupyterLab and in the archived report. Text comes from files that a mine handed in, so two things
happen to every value on its way into a template: characters that steer instead of show (controls, direction overrides,
zero-width ones) are made visible, then the HTML is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape

from greenmine import i18n
from greenmine.errors import UsageError, shown
from greenmine.i18n import gettext as _
from greenmine.pages import environment
from greenmine.text import visible

_HAN = "\u2e80-\u2fff\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff"
_CHINESE = re.compile(f"([{_HAN}](?:[^.:;]*[{_HAN}])?)")

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Html:
    """A finished piece of HTML that a notebook shows.

    Attributes:
        markup: the HTML, safe to show as it is.
        name: what the piece is, for the plain-text form.
        data: further representations by MIME type, JSON values; for programs that read the notebook.
    """

    markup: str
    name: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def _repr_html_(self) -> str:
        return self.markup

    def _repr_mimebundle_(self, **_kwargs: object) -> dict[str, Any]:
        """Return what IPython shows: the same on every machine and in every run."""
        return {"text/html": self.markup, "text/plain": repr(self), **self.data}

    def __repr__(self) -> str:
        return f"<greenmine: {self.name}>"


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Use a language (`zh` or `en`) for all messages inside the block.

    Raises:
        UsageError: the language is neither.
    """
    before = i18n.language()
    try:
        i18n.use(language)
    except ValueError:
        raise UsageError(
            _("There is no language {language}: expected one of {languages}.").format(
                language=shown(language), languages=", ".join(i18n.LANGUAGES)
            )
        ) from None
    try:
        yield
    finally:
        i18n.use(before)


def render(template: str, name: str, **values: object) -> Html:
    """Return the piece that a template gives, in the language in use.

    Args:
        template: the template's name without `.html.j2`.
        name: what the piece is.
        values: what the template shows.
    """
    values["lang"] = i18n.language()
    return Html(_environment(i18n.language()).get_template(f"{template}.html.j2").render(values).strip() + "\n", name)


def chinese_marked(text: str) -> Markup:
    """Return a sentence escaped, with the Chinese in an English one marked as Chinese.

    The scorer's English sentences quote official wording and the catalog's names.
    """
    plain = visible(text)
    if i18n.language() == "zh":
        return escape(plain)
    pieces = [escape(piece) for piece in _CHINESE.split(plain)]  # every second piece is Chinese
    return Markup("").join(
        Markup('<span lang="zh">{}</span>').format(piece) if number % 2 else piece
        for number, piece in enumerate(pieces)
    )


@cache
def compile_templates(language: str) -> None:
    """Compile all templates in a language now; a process that is forked many times does it once."""
    with speaking(language):
        templates = _environment(language)
        for name in templates.list_templates(extensions=["j2"]):
            templates.get_template(name)


@cache
def _environment(_language: str) -> Environment:
    made = environment(TEMPLATES)
    made.filters["chinese_marked"] = chinese_marked
    return made
