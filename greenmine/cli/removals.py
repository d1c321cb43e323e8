"""`greenmine removals`: proposals of removal, with clause and deciding body; what excluded third parties did."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from greenmine.archive.layout import Archive
from greenmine.cli.options import archive_option, archive_root, json_option, one_programme, parse_day, programme_option
from greenmine.cli.output import console, print_json, table
from greenmine.i18n import gettext as _
from greenmine.i18n import language
from greenmine.programme.recording import open_register
from greenmine.programme.removal import proposals
from greenmine.programme.third_party import flags, open_duties

if TYPE_CHECKING:
    from greenmine.programme.programme import Programme
    from greenmine.programme.removal import Proposal
    from greenmine.programme.third_party import Flag, OpenDuty


@click.command(
    "removals",
    help=_(
        "List which mines there is a ground against for removal from the lists, with the source's words, the papers "
        "and who decides; and what agencies or assessors did who were excluded since. Nothing is decided by this."
    ),
)
@click.option("--on", default="", metavar="DATE", help=_("As of this day; today by default."))
@programme_option
@archive_option
@json_option
def command(*, on: str, name: str, root: Path | None, as_json: bool) -> None:
    """Print proposals and flags."""
    day = parse_day(on)
    programme = one_programme(archive_root(root), name)
    register = open_register(Archive(archive_root(root)), programme).register
    found, past = proposals(register, day), flags(register, day)
    if as_json:
        document = {
            "programme": programme.id,
            "on": day.isoformat(),
            "proposals": [
                {
                    "mine": one.subject.partition("/")[2],
                    "lists": list(one.lists),
                    "ground": one.ground or None,
                    "text": one.text,
                    "rule": one.rule,
                    "since": one.since.isoformat(),
                    "reason": one.reason,
                    "evidence": list(one.evidence),
                    "decided_by": one.decided_by,
                }
                for one in found
            ],
            "excluded_third_parties": [
                {
                    "mine": one.subject.partition("/")[2],
                    "step": one.step,
                    "date": one.date.isoformat(),
                    "who": one.who,
                    "excluded": one.excluded.isoformat(),
                    "until": None if one.until == dt.date.max else one.until.isoformat(),
                    "reason": one.reason,
                    "lists": list(one.lists),
                }
                for one in past
            ],
            "open_duties": [
                {"mine": one.subject.partition("/")[2], "step": one.step, "agency": one.agency, "duty": one.duty}
                for one in open_duties(register, day)
            ],
        }
        print_json(document)
        return
    _print_proposals(found, programme, day)
    _print_parties(past, open_duties(register, day), programme)


def _print_proposals(found: Sequence[Proposal], programme: Programme, day: dt.date) -> None:
    rows = [
        [
            one.subject.partition("/")[2],
            f"{one.ground} {one.text}".strip(),
            one.rule,
            one.since.isoformat(),
            one.reason,
            "、".join(one.evidence),
            one.decided_by,
        ]
        for one in found
    ]
    columns = [_("Mine"), _("Ground"), _("Cited clause"), _("Since"), _("Case"), _("Papers"), _("Deciding body")]
    title = _("Proposals of removal on {day} ({programme})").format(day=day, programme=programme.title)
    console().print(table(title, columns, rows))


def _print_parties(past: Sequence[Flag], duties: Sequence[OpenDuty], programme: Programme) -> None:
    if past:
        cells = [
            [one.subject.partition("/")[2], programme.steps[one.step].title, str(one.date), one.who, str(one.excluded)]
            for one in past
        ]
        columns = [_("Mine"), _("Step taken"), _("Taken on"), _("Agency or assessor"), _("Excluded on")]
        console().print(table(_("Work of those who were excluded since"), columns, cells))
    party = programme.third_party
    if duties and party:
        texts = {name: duty.text if language() == "zh" else duty.text_en for name, duty in party.duties.items()}
        clauses = {name: duty.clause for name, duty in party.duties.items()}
        cells = [
            [one.subject.partition("/")[2], one.agency, texts[one.duty], programme.cited(clauses[one.duty])]
            for one in duties
        ]
        columns = [_("Mine"), _("Agency"), _("Duty that nothing shows"), _("Cited clause")]
        console().print(table(_("Third parties: what is not proven"), columns, cells))
