"""Templates of pages: every value that reaches one is made visible and escaped, for text comes from others."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from greenmine.i18n import gettext as _
from greenmine.text import visible


def _shown(value: object) -> object:
    """Prepare the value of an expression for the page; nothing shows as nothing."""
    if value is None:
        return ""
    return value if isinstance(value, Markup | int) else visible(str(value))


@cache
def environment(folder: Path) -> Environment:
    """Return what renders the templates in a folder; a name that a template does not know is an error."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["_"] = _
    return made
