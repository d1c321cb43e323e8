"""Templates of pages: every value that reaches one is made visible and escaped, for text comes from others."""

from __future__ import annotations

import base64
import hashlib
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


def source_hash(text: str) -> str:
    """Return by what a page's policy (Content-Security-Policy) names the one style or script that it allows."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


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
