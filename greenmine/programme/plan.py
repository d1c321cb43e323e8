"""The plan of a draw: a YAML file, schema `greenmine.draw.plan/1`, made before the seed is known."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from greenmine.archive.draws import SeedLike
from greenmine.archive.record import Text
from greenmine.catalog.fields import Day, Id, Key, Share, Strict
from greenmine.catalog.strict_yaml import load_yaml, validate
from greenmine.errors import CatalogError, shown
from greenmine.i18n import gettext as _
from greenmine.programme.calendar import CHINA

_POINT: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?$"
Texts = Annotated[dict[Id, Text], Field(max_length=5000)]


class Barred(Strict):
    """An inspector who is not to be sent to a mine, and why (利害关系、回避)."""

    mine: Id
    inspector: Id
    reason: Text


class Plan(Strict):
    """What a draw is to be made by: a file, made before the seed is known.

    Attributes:
        schema_: `greenmine.draw.plan/1`.
        draw: what to call the draw.
        programme: whose rule it follows.
        as_of: the day as of which the lists are taken from the register, at most 92 days before the event.
        event: the public event that will give the seed, in words.
        event_at: when that takes place; China's time where it names no zone.
        seed_like: how the seed will be written, an example such as `03 08 11`: each digit of it stands for a digit.
        lists: the lists to draw from, where not from all of the rule's.
        ratio: more than the rule asks for.
        strata: mine → stratum, where the rule sets ratios for strata.
        key_mines: mine → why it is checked in any case.
        team: how many inspectors are drawn for each mine.
        inspectors: id → name and office.
        conflicts: who is not to be sent where.
        replacements: grounds on which a mine or an inspector may be replaced, by id.
    """

    schema_: Annotated[Literal["greenmine.draw.plan/1"], Field(alias="schema")]
    draw: Id
    programme: Id
    as_of: Day
    event: Text
    event_at: Annotated[str, Field(pattern=_POINT)]
    seed_like: SeedLike
    lists: Annotated[tuple[Key, ...], Field(max_length=20)] = ()
    ratio: Share | None = None
    strata: dict[Id, Key] = Field(default_factory=dict)
    key_mines: Texts = Field(default_factory=dict)
    team: Annotated[int, Field(strict=True, ge=0, le=20)] = 0
    inspectors: Texts = Field(default_factory=dict)
    conflicts: Annotated[tuple[Barred, ...], Field(max_length=50_000)] = ()
    replacements: Texts = Field(default_factory=dict)

    @property
    def at(self) -> dt.datetime:
        """When the event takes place."""
        found = dt.datetime.fromisoformat(self.event_at)
        return found if found.tzinfo else found.replace(tzinfo=CHINA)


def load_plan(path: Path) -> Plan:
    """Return the plan in a YAML file.

    Raises:
        CatalogError: the file does not hold together.
    """
    document = load_yaml(path, CatalogError)
    plan = validate(Plan, document, CatalogError)
    try:
        plan.at.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        place = document.place_of(("event_at",))
        raise CatalogError(path, place, expected=_("a point in time"), found=shown(plan.event_at)) from None
    return plan
