"""The portal: `index.html`, one page that lists every record of the archive, for people.

It holds all it needs and loads nothing. Without a script it shows everything, hides superseded and withdrawn records on
request and is searched with the browser; one small script, named by its hash in the page's policy, adds a search field.
It is made from what `index` reads, says of which state of the ledger, and proves nothing: that is for `greenmine
verify`. The same archive gives the same bytes.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from markupsafe import Markup

from greenmine import i18n
from greenmine.archive.index import Contents
from greenmine.archive.layout import Archive
from greenmine.archive.store import refused
from greenmine.files import write_atomic
from greenmine.i18n import gettext as _
from greenmine.pages import environment, source_hash

TEMPLATES: Final = Path(__file__).parent / "templates"
VERDICTS: Final = ("pass", "fail", "ineligible", "incomplete")


def verdict_name(code: str) -> str:
    """Name a verdict in a word or two, in the language in use; one that is not known is shown as it is."""
    return {"pass": _("Pass"), "fail": _("Fail"), "ineligible": _("Not eligible"), "incomplete": _("Incomplete")}.get(
        code, code
    )


def render_portal(contents: Contents, overview: str = "") -> str:
    """Return the page, in the language in use.

    Args:
        contents: what the archive holds, as `read_contents` returns it.
        overview: the name of the page on the registers, beside this one; empty where there is none.
    """
    style, script = _resource("portal.css"), _resource("portal.js")
    return (
        environment(TEMPLATES)
        .get_template("portal.html.j2")
        .render(
            contents=contents,
            overview=overview,
            rows=sorted(contents.rows, key=lambda row: (row.mine, -row.revision)),
            superseded=sum(row.superseded_by is not None for row in contents.rows),
            withdrawn=sum(row.withdrawn_by is not None for row in contents.rows),
            lang=i18n.language(),
            verdict_name=verdict_name,
            verdicts=VERDICTS,
            style=Markup(style),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
            style_hash=source_hash(style),
            script_hash=source_hash(script),
        )
    )


def build_portal(archive: Archive, contents: Contents, *, overview: bool = False) -> Path:
    """Write the page and put it in the place of the old one; return its path.

    Args:
        archive: the archive.
        contents: what it holds.
        overview: whether there is a page on its registers to refer to.

    Raises:
        ArchiveError: the disk refuses; the old page is then as it was.
    """
    with refused(archive.portal):
        page = render_portal(contents, archive.overview.name if overview else "")
        write_atomic(archive.portal, page.encode())
    return archive.portal


@cache
def _resource(name: str) -> str:
    return (TEMPLATES / name).read_text("utf-8")
