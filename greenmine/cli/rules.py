"""`greenmine register rules`: what the source of a programme rules: steps, clocks, draws, grounds of removal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from greenmine.cli.options import archive_option, archive_root, json_option, one_programme, programme_option
from greenmine.cli.output import console, print_json, table
from greenmine.errors import one_line
from greenmine.i18n import gettext as _
from greenmine.i18n import language

if TYPE_CHECKING:
    from greenmine.programme.programme import Programme

Part = tuple[str, list[str], Iterable[list[str]]]
"""A table: its title, columns and rows."""


@click.command(
    "rules",
    help=_(
        "Show the rules of a programme: steps, who takes them and from which states, clocks, draws, grounds of removal "
        "and what is asked of third parties, each with its clause; and what its document names and does not contain."
    ),
)
@programme_option
@archive_option
@json_option
def command(name: str, *, root: Path | None, as_json: bool) -> None:
    """Show a programme."""
    from greenmine.programme.programme import as_document  # noqa: PLC0415 - late: help needs none of it

    programme = one_programme(archive_root(root), name)
    if as_json:
        print_json(as_document(programme))
        return
    click.echo(one_line(f"{programme.title} · {programme.document.name}"))
    for title, columns, rows in (*_procedure(programme), *_consequences(programme)):
        cells = list(rows)
        if cells:
            console().print(table(title, columns, cells))


def _procedure(programme: Programme) -> Iterator[Part]:
    steps = (
        [
            key,
            step.title,
            programme.actors[step.actor].title,
            ", ".join(programme.state_title(one) for one in step.from_states),
            ", ".join((*step.needs, *(programme.steps[one].title for one in step.after))),
            step.clause,
        ]
        for key, step in programme.steps.items()
    )
    yield _("Steps"), [_("step"), _("name"), _("who"), _("from"), _("needs"), _("clause")], steps
    clocks = (
        [one.title, one.length.text if one.length else one.day or _("as set by the document"), one.clause, one.note]
        for one in programme.clocks.values()
    )
    yield _("Clocks"), [_("name"), _("length"), _("clause"), _("how it is read")], clocks
    if programme.application:
        materials = ([key, one.title, one.clause] for key, one in programme.application.materials.items())
        yield _("Materials of an application"), ["ID", _("name"), _("clause")], materials


def _consequences(programme: Programme) -> Iterator[Part]:
    rule, removal, party = programme.draw, programme.removal, programme.third_party
    if rule:
        shares = rule.strata or dict.fromkeys(rule.lists, rule.ratio or "")
        rows = (
            [programme.lists[one].title if one in programme.lists else one, share, rule.clause, rule.note]
            for one, share in shares.items()
        )
        yield _("Draws"), [_("List or stratum"), _("At least"), _("clause"), _("how it is read")], rows
    if removal:
        grounds = ([key, one.text, one.clause] for key, one in {**removal.triggers, **removal.grounds}.items())
        yield _("Grounds of removal"), ["ID", _("the source's words"), _("clause")], grounds
    for title, found in (
        (_("What is asked of third parties"), party.duties if party else {}),
        (_("What excludes third parties"), party.prohibited if party else {}),
    ):
        texts = ([key, one.text if language() == "zh" else one.text_en, one.clause] for key, one in found.items())
        yield title, ["ID", _("name"), _("clause")], texts
    missing = ([one.what, one.clause, one.note] for one in programme.missing)
    yield _("Named in the document, but not contained in it"), ["", _("clause"), ""], missing
