"""docs/performance.md: each benchmark writes the section that bears its name, and leaves the others as they are."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
HEAD = """# Performance

Written by `make bench`, each section by the benchmark that it names. Absolute times belong to the machine; ratios are
measured side by side in one run, medians of several.
"""


def machine() -> str:
    """Return what the figures were measured on: cores and Python."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def write_section(title: str, text: str, page: Path = PAGE) -> None:
    """Write a section of the page, in place of the one with the same title.

    Args:
        title: its heading.
        text: what it says, Markdown.
        page: the file; made where it is not there.
    """
    head, *sections = re.split(r"^## ", page.read_text("utf-8") if page.is_file() else HEAD, flags=re.MULTILINE)
    known = dict(section.split("\n", 1) for section in sections)
    known[title] = f"\n{text.strip()}\n\n"
    body = "".join(f"## {name}\n{content}" for name, content in sorted(known.items()))
    page.write_text(f"{head.rstrip()}\n\n{body.rstrip()}\n", "utf-8")
