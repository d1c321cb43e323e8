"""The page of an archive's registers, `overview.html`: the board of each, for people, beside the list of records.

It holds all it needs, loads nothing and runs nothing; its policy names its one style by the hash. The same registers,
draws, roster and day give the same bytes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from markupsafe import Markup

from greenmine import i18n
from greenmine.archive.layout import Archive
from greenmine.archive.store import refused
from greenmine.files import write_atomic
from greenmine.pages import environment, source_hash
from greenmine.programme.board import Board
from greenmine.programme.overview import Overview
from greenmine.report.style import stylesheet

TEMPLATES: Final = Path(__file__).parent / "templates"


def render_page(overviews: Sequence[Overview], problems: Mapping[str, str], *, origin: str, day: dt.date) -> str:
    """Return the page, in the language in use.

    Args:
        overviews: one for each register that could be read.
        problems: the programme of each that could not, and why.
        origin: the archive's name.
        day: of the overviews.
    """
    boards = [
        (one.programme, Board(one, i18n.language(), level=3, prefix=f"{one.programme.id}-", drawn=True).pieces())
        for one in overviews
    ]
    style = stylesheet()
    return (
        environment(TEMPLATES)
        .get_template("overview.html.j2")
        .render(
            boards=[(name, [Markup(one.markup) for one in pieces]) for name, pieces in boards],  # noqa: S704 - our own
            problems=sorted(problems.items()),
            origin=origin,
            day=day,
            lang=i18n.language(),
            style=style,
            style_hash=source_hash(style),
        )
    )


def build_page(archive: Archive, overviews: Sequence[Overview], problems: Mapping[str, str], day: dt.date) -> Path:
    """Write the page and put it in the place of the old one; return its path.

    Raises:
        ArchiveError: the disk refuses; the old page is then as it was.
    """
    page = render_page(overviews, problems, origin=archive.origin, day=day)
    with refused(archive.overview):
        write_atomic(archive.overview, page.encode())
    return archive.overview
