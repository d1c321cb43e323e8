"""Comparison with earlier assessments (前后评价对照): what came out differently, card by card, in words.

Each side is scored by the same catalog and readings. What both recorded alike is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from greenmine.assessment.earlier import Earlier, Standing, differs, standing
from greenmine.i18n import gettext as _
from greenmine.workbook import words
from greenmine.workbook.facts import Facts, in_words, plain


@dataclass(frozen=True)
class Said:
    """One thing that was recorded; `official` tells whether the label is Chinese wording of the catalog."""

    label: str
    value: str
    official: bool = False


@dataclass(frozen=True)
class Side:
    """How a card came out: points or status, and what was recorded."""

    result: str
    said: tuple[Said, ...]


@dataclass(frozen=True)
class Difference:
    """A card that came out differently then and now."""

    id: str
    name: str
    anchor: str
    then: Side
    now: Side


@dataclass(frozen=True)
class Compared:
    """An earlier assessment beside the present one.

    Attributes:
        id: its id.
        kind: its kind; empty where it cannot be read.
        date: the day it was made for.
        verdict: its verdict by the present catalog.
        total: its total; None where it has none.
        differences: the cards that came out differently, in the order of the catalog.
        alike: how many cards came out the same.
        open: how many cards are still open on either side.
    """

    id: str
    kind: str = ""
    date: str = ""
    verdict: str = ""
    total: str | None = None
    differences: tuple[Difference, ...] = ()
    alike: int = 0
    open: int = 0


def compared(
    earlier: Iterable[Earlier], catalog: Mapping[str, Any], findings: Mapping[str, Any], score: Mapping[str, Any]
) -> tuple[Compared, ...]:
    """Return each earlier assessment beside the present one.

    Args:
        earlier: the earlier ones, as `earlier_assessments` returns them.
        catalog: the resolved catalog.
        findings: of the present assessment.
        score: of the present assessment.
    """
    return tuple(_compared(one, catalog, findings, score) for one in earlier)


def _compared(
    one: Earlier, catalog: Mapping[str, Any], findings: Mapping[str, Any], score: Mapping[str, Any]
) -> Compared:
    if one.panel is None:
        return Compared(one.id)
    found, alike, still_open = [], 0, 0
    for card, entry in _cards(catalog):
        then, now = one.standing(card), standing(findings, score, card)
        if then is None or now is None or now.status == "not_in_block":
            continue
        if differs(then, now):
            found.append(_difference(card, entry, then, now))
        elif "not_assessed" in (then.status, now.status):
            still_open += 1
        else:
            alike += 1
    head = one.panel.assessment
    verdict, total = one.score["verdict"], one.score["total"]
    return Compared(one.id, head.kind, head.date, verdict, total, tuple(found), alike, still_open)


def _cards(catalog: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for entry in catalog["prerequisites"]:
        yield f"prerequisite/{entry['id']}", entry
    for entry in catalog["indicators"]:
        yield f"indicator/{entry['id']}", entry


def _difference(card: str, entry: Mapping[str, Any], then: Standing, now: Standing) -> Difference:
    before, after = said(entry, then), said(entry, now)
    anchor = f"p-{entry['id']}" if card.startswith("prerequisite/") else f"i-{entry['id']}"
    return Difference(
        entry["id"],
        entry["name"],
        anchor,
        Side(result(then), tuple(one for one in before if one not in after)),
        Side(result(now), tuple(one for one in after if one not in before)),
    )


def result(one: Standing) -> str:
    """Return how a card stands in a few words: its points, or its status."""
    if one.status in ("met", "unmet"):
        return words.clause_state(one.status)
    if one.status == "scored":
        return _("{awarded} of {points} points").format(awarded=one.awarded, points=one.points)
    return words.status(one.status)


def said(entry: Mapping[str, Any], one: Standing) -> tuple[Said, ...]:
    """Return what was recorded on a card, in words.

    Args:
        entry: the indicator or prerequisite of the resolved catalog.
        one: how the card stands.
    """
    claim = one.entry.get("not_applicable")
    if isinstance(claim, Mapping):
        return (Said(_("Not applicable"), plain(claim.get("reason"))),)
    found: list[Said] = []
    rule = entry.get("rule") or entry.get("rules", {}).get(one.variants[0] if one.variants else "")
    if rule is not None:
        if one.facts is not None:
            found += _facts(in_words(rule, one.facts, one.variants))
        else:
            for judgement in one.entry.get("judgements", ()):
                by = plain(judgement.get("by"))
                rows = _facts(in_words(rule, judgement.get("facts") or {}, one.variants))
                found += [Said(f"{by} · {row.label}", row.value, row.official) for row in rows]
    if one.entry.get("justification"):
        found.append(Said(_("Reason"), plain(one.entry["justification"])))
    return tuple(found)


def _facts(facts: Facts) -> list[Said]:
    rows = [Said(row.short, row.value, row.official) for row in (*facts.rows, *facts.clauses)]
    rows += [
        Said(_("Found wanting"), " · ".join(part for part in (defect.text, defect.where) if part))
        for defect in facts.defects or ()
    ]
    if facts.defects == ():
        rows.append(Said(_("Found wanting"), _("nothing")))
    if facts.note:
        rows.append(Said(_("Note"), facts.note))
    return rows
