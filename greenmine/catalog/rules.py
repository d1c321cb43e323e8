"""Rules: how a catalog writes an indicator's 评分说明 as a tree of nodes of a few kinds.

The set of kinds is closed and nothing in a catalog is ever evaluated as code. Every node has a maximum, `points`. Most
nodes name it; `met`, `defects`, `deductions` and `award` take the indicator's points (inside a `sum`: what the other
parts leave), where they name none. `resolve_rule` fills it in everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from greenmine.catalog.fields import Id, Key, Points, Share, Strict, Text, True_, decimal_text
from greenmine.catalog.strict_yaml import problem
from greenmine.catalog.words import RESERVED_FACTS
from greenmine.i18n import gettext as _

Place = tuple[str | int, ...]


def _own(key: str) -> str:
    if key in RESERVED_FACTS:
        raise problem(_("a fact key of its own"), _("{key}, which has a fixed meaning").format(key=key))
    return key


FactKey = Annotated[Key, AfterValidator(_own)]


class Clause(Strict):
    """One checkable requirement of a longer text."""

    id: Id
    text: Text
    variant: Key | None = None


class Met(Strict):
    """符合要求得满分，不符合得 0 分: fact `met`, with optional `clauses` and a `measured` value."""

    kind: Literal["met"]
    points: Points | None = None
    clauses: tuple[Clause, ...] = ()
    measure: Literal["at_least", "at_most"] | None = None


class Flag(Strict):
    """A part that gives its points when its fact holds; `may_be_absent`: a mine may not have such a facility at all."""

    kind: Literal["flag"]
    key: FactKey
    points: Points
    text: Text
    may_be_absent: True_ = False


class Count(Strict):
    """So many points for each thing counted, up to `cap`."""

    kind: Literal["count"]
    key: FactKey
    unit: Points
    cap: Points
    text: Text


class ShareRule(Strict):
    """All points when the share (0 to 1) reaches `at_least`, none below."""

    kind: Literal["share"]
    key: FactKey
    at_least: Share
    points: Points
    text: Text


class Defects(Strict):
    """Full marks less `step` for each entry of fact `defects`, not below 0."""

    kind: Literal["defects"]
    points: Points | None = None
    step: Points
    clauses: tuple[Clause, ...] = ()


class Deduction(Strict):
    """A named amount that is taken off when its fact holds."""

    key: FactKey
    points: Points
    text: Text


class Deductions(Strict):
    """Full marks less named amounts, not below 0."""

    kind: Literal["deductions"]
    points: Points | None = None
    of: Annotated[tuple[Deduction, ...], Field(min_length=1)]


class Sum(Strict):
    """The parts together, up to `cap`."""

    kind: Literal["sum"]
    of: Annotated[tuple[Rule, ...], Field(min_length=1)]
    cap: Points | None = None


class Best(Strict):
    """The better of several branches."""

    kind: Literal["best"]
    of: Annotated[tuple[Rule, ...], Field(min_length=2)]


class Award(Strict):
    """All points directly, unless the fact `unless` holds; then the rule `otherwise`."""

    kind: Literal["award"]
    unless: FactKey
    text: Text
    points: Points | None = None
    otherwise: Rule


Rule = Annotated[
    Met | Flag | Count | ShareRule | Defects | Deductions | Sum | Best | Award, Field(discriminator="kind")
]

for _recursive in (Sum, Best, Award):
    _recursive.model_rebuild()


def resolve_rule(rule: Rule, full: str, at: Place = ()) -> dict[str, Any]:
    """Return a rule as the plain document that is scored, with `points` in every node.

    Args:
        rule: a node.
        full: points for a node that names none, a decimal string.
        at: where the node is, for the message.

    Raises:
        PydanticCustomError: a part of a `sum` has nothing left to give.
    """
    match rule:
        case Sum():
            parts = _parts(rule, full, at)
            total = sum((Decimal(part["points"]) for part in parts), Decimal(0))
            points = decimal_text(total if rule.cap is None else min(total, Decimal(rule.cap)))
            return {"kind": "sum", "points": points, **_given(rule, "cap"), "of": parts}
        case Best():
            parts = [resolve_rule(part, full, (*at, "of", number)) for number, part in enumerate(rule.of)]
            return {"kind": "best", "points": decimal_text(max(Decimal(part["points"]) for part in parts)), "of": parts}
        case Award():
            points = rule.points or full
            otherwise = resolve_rule(rule.otherwise, points, (*at, "otherwise"))
            if Decimal(otherwise["points"]) > Decimal(points):
                expected = _("at most the {points} points that are awarded").format(points=points)
                raise problem(expected, otherwise["points"], at=(*at, "otherwise"))
            return {**_given(rule, "kind", "unless", "text"), "points": points, "otherwise": otherwise}
        case Count():
            return {**_given(rule), "points": rule.cap}
        case _:
            return {**_given(rule), "points": rule.points or full}


def _parts(rule: Sum, full: str, at: Place) -> list[dict[str, Any]]:
    """Resolve the parts of a sum; one that names no points gets what the others leave."""
    open_parts = [number for number, part in enumerate(rule.of) if getattr(part, "points", "") is None]
    if len(open_parts) > 1:
        number = open_parts[1]
        raise problem(_("points in all parts of a sum but one"), _("none"), at=(*at, "of", number))
    named = {
        number: resolve_rule(part, full, (*at, "of", number))
        for number, part in enumerate(rule.of)
        if number not in open_parts
    }
    for number in open_parts:
        left = Decimal(full) - sum((Decimal(part["points"]) for part in named.values()), Decimal(0))
        if left <= 0:
            found = _("the other parts, which leave nothing to this one")
            raise problem(
                _("parts that together give {points} points").format(points=full), found, at=(*at, "of", number)
            )
        named[number] = resolve_rule(rule.of[number], decimal_text(left), (*at, "of", number))
    return [named[number] for number in range(len(rule.of))]


def _given(rule: Strict, *names: str) -> dict[str, Any]:
    """Return the fields of a node that say something, in the order of its class: nothing empty, no `false`."""
    fields = rule.model_dump(mode="json", include=set(names) or None, exclude_defaults=True, exclude_none=True)
    return {name: value for name, value in fields.items() if value != []}


def fact_keys(rule: Rule, at: Place = ()) -> Iterator[tuple[str, Place]]:
    """Yield each fact key that a rule reads, and where it stands in the rule."""
    match rule:
        case Met():
            yield "met", at
        case Defects():
            yield "defects", at
        case Deductions():
            for number, deduction in enumerate(rule.of):
                yield deduction.key, (*at, "of", number, "key")
        case Sum() | Best():
            for number, part in enumerate(rule.of):
                yield from fact_keys(part, (*at, "of", number))
        case Award():
            yield rule.unless, (*at, "unless")
            yield from fact_keys(rule.otherwise, (*at, "otherwise"))
        case _:
            yield rule.key, (*at, "key")


def clauses(rule: Rule, at: Place = ()) -> Iterator[tuple[Clause, Place]]:
    """Yield each clause of a rule, and where it stands in the rule."""
    match rule:
        case Met() | Defects():
            for number, clause in enumerate(rule.clauses):
                yield clause, (*at, "clauses", number)
        case Sum() | Best():
            for number, part in enumerate(rule.of):
                yield from clauses(part, (*at, "of", number))
        case Award():
            yield from clauses(rule.otherwise, (*at, "otherwise"))
        case _:
            return
