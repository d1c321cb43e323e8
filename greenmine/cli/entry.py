"""What verbs share that enter a step in a register: their options, and the entering."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenmine.assessment.writer import now
from greenmine.cli.options import archive_option, archive_root, json_option, one_programme, parse_day, programme_option
from greenmine.i18n import gettext as _

if TYPE_CHECKING:
    from greenmine.archive.layout import Archive
    from greenmine.programme.events import Draft, Event
    from greenmine.programme.programme import Programme

Verb = Callable[..., None]


@dataclass(frozen=True)
class Entry:
    """What a step is entered with.

    Attributes:
        office: who took it.
        document: the paper it rests on.
        on: when, as it was given.
        by: who enters it.
        name: the programme, as it was given.
        root: the archive's folder, as it was given.
        as_json: whether to print JSON.
    """

    office: str
    document: str
    on: str
    by: str
    name: str
    root: Path | None
    as_json: bool

    @property
    def day(self) -> dt.date:
        """The day on which it was taken; today where nothing is said."""
        return parse_day(self.on)

    @property
    def programme(self) -> Programme:
        """Whose register it goes into."""
        return one_programme(archive_root(self.root), self.name)

    def archive(self) -> Archive:
        """Return the archive, made where there is none."""
        from greenmine.archive.layout import Archive  # noqa: PLC0415 - late: help needs no archive

        return Archive.open(archive_root(self.root), create=True)

    def record(self, programme: Programme, drafts: Iterable[Draft]) -> tuple[Archive, tuple[Event, ...]]:
        """Enter steps; return the archive and what was entered."""
        from greenmine.programme.recording import record  # noqa: PLC0415 - see `archive`

        archive = self.archive()
        return archive, record(archive, programme, drafts, by=self.by, time=now())


def entering(*, office: bool = True, document: bool | None = True, date: bool = True) -> Callable[[Verb], Verb]:
    """Give a verb the options of a step, which it gets as one argument, `entry`.

    Args:
        office: whether the office has to be named.
        document: whether the paper has to be named; None for a verb that has no such option.
        date: whether there is an option for the day.
    """
    who, when = _("Who did it: the office or person."), _("When it was done; today by default.")
    paper, enters = _("The paper it rests on: its number."), _("Who enters it, also from GREENMINE_BY.")
    options = [click.option("--office", required=office, default=None if office else "", metavar="TEXT", help=who)]
    if document is not None:
        needed = None if document else ""
        options.append(click.option("--document", required=document, default=needed, metavar="TEXT", help=paper))
    if date:
        options.append(click.option("--date", "on", default="", metavar="DATE", help=when))
    options.append(click.option("--by", required=True, envvar="GREENMINE_BY", metavar="NAME", help=enters))
    options += (programme_option, archive_option, json_option)

    def give(verb: Verb) -> Verb:
        @functools.wraps(verb)
        def with_entry(**given: Any) -> None:  # noqa: ANN401 - what click parses
            told = {one.name: given.pop(one.name, "") for one in fields(Entry)}
            verb(entry=Entry(**told), **given)

        return functools.reduce(lambda made, option: option(made), reversed(options), with_entry)

    return give
