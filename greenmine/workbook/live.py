"""The style of the pieces inside JupyterLab.

The archive's stylesheet is part of the installable template. A notebook that is open in JupyterLab has no such
template, so it gets the same rules for the pieces, and takes the colours of JupyterLab's theme.
"""

from __future__ import annotations

from importlib.resources import files

_THEME = files("greenmine") / "workbook" / "templates" / "live.css"
_PIECES = files("greenmine") / "report" / "templates" / "greenmine" / "pieces.css"


def live_style() -> str:
    """Return the rules that the pieces need in JupyterLab."""
    return _THEME.read_text("utf-8") + _PIECES.read_text("utf-8")
