"""What another version of the indicators changes for one mine, by cause.

Two scores of the same record are set side by side: by the catalog that it was made by, and by another to which the
facts were carried over. Each indicator that does not come out the same says why; so does the total.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Literal

from greenmine.catalog.mapping import MappingSet, cards_of

Cause = Literal["rule", "points", "kind", "na", "new_look", "new", "dropped"]
"""Why: the rule changed, the points, mandatory or not, what is not applicable; it needs a new look; it is new; gone."""

CAUSES: Final[tuple[Cause, ...]] = ("rule", "points", "kind", "na", "new_look", "new", "dropped")
_CENT: Final = Fraction(1, 100)


@dataclass(frozen=True)
class Side:
    """One indicator or prerequisite by one catalog.

    Attributes:
        status: of the score; of a prerequisite `met`, `unmet` or `not_assessed`.
        awarded: points as shown; None where there are none.
        points: of the indicator; empty for a prerequisite.
        kind: `mandatory`, `improvement` or `prerequisite`.
    """

    status: str
    awarded: str | None
    points: str
    kind: str


@dataclass(frozen=True)
class Delta:
    """One card that does not come out the same.

    Attributes:
        card: in the newer catalog, or in the older where it is dropped.
        name: what it is called there.
        before: by the older catalog; None where it is new.
        after: by the newer catalog; None where it is dropped.
        causes: why, at least one.
        reason: why it needs a new look, in Chinese and in English; empty elsewhere.
    """

    card: str
    name: str
    before: Side | None
    after: Side | None
    causes: tuple[Cause, ...]
    reason: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Deltas:
    """What changes for a mine.

    Attributes:
        cards: what does not come out the same, in the order of the newer catalog, what is dropped last.
        verdict: before and after.
        total: before and after; None where there is none.
        line: before and after.
    """

    cards: tuple[Delta, ...]
    verdict: tuple[str, str]
    total: tuple[str | None, str | None]
    line: tuple[str, str]

    @property
    def line_changed(self) -> bool:
        """Whether the line to reach is another one."""
        return self.line[0] != self.line[1]

    def by_cause(self) -> dict[str, int]:
        """Return how many cards each cause concerns, and 1 for `line` where the line changed."""
        counts: dict[str, int] = {cause: sum(cause in delta.causes for delta in self.cards) for cause in CAUSES}
        return {**counts, "line": int(self.line_changed)}

    def document(self) -> dict[str, Any]:
        """Return the comparison as JSON."""
        sides = ("before", "after")
        return {
            "verdict": dict(zip(sides, self.verdict, strict=True)),
            "total": dict(zip(sides, self.total, strict=True)),
            "line": dict(zip(sides, self.line, strict=True)),
            "causes": self.by_cause(),
            "cards": [
                {
                    "card": delta.card,
                    "name": delta.name,
                    "causes": list(delta.causes),
                    **{name: vars(side) for name in sides if (side := getattr(delta, name)) is not None},
                }
                for delta in self.cards
            ],
        }


def compare_scores(
    before: tuple[Mapping[str, Any], Mapping[str, Any]],
    after: tuple[Mapping[str, Any], Mapping[str, Any]],
    mapping: MappingSet,
) -> Deltas:
    """Return what changes from one score to another.

    Args:
        before: the older catalog, resolved, and the score by it.
        after: the newer catalog, resolved, and the score of the findings that were carried over.
        mapping: by which they were.
    """
    old, new = _sides(*before), _sides(*after)
    names = {card: entry["name"] for catalog in (before[0], after[0]) for card, entry in cards_of(catalog).items()}
    reasons = {
        f"indicator/{row['id']}": (row["reason"], row["reason_en"]) for row in after[1]["indicators"] if "reason" in row
    }
    found = [*_changed(old, new, mapping, names, reasons), *_dropped(old, new, mapping, names)]
    pairs = [(before[1][key], after[1][key]) for key in ("verdict", "total", "line")]
    return Deltas(tuple(found), *pairs)


def _sides(catalog: Mapping[str, Any], score: Mapping[str, Any]) -> dict[str, Side]:
    """Return what exists for the mine, by card."""
    met = {True: "met", False: "unmet", None: "not_assessed"}
    sides = {
        f"prerequisite/{row['id']}": Side(met[row["met"]], None, "", "prerequisite") for row in score["prerequisites"]
    }
    kinds = {entry["id"]: entry["kind"] for entry in catalog["indicators"]}
    for row in score["indicators"]:
        if row["status"] != "not_in_block":
            sides[f"indicator/{row['id']}"] = Side(row["status"], row["awarded"], row["points"], kinds[row["id"]])
    return sides


def _changed(
    old: Mapping[str, Side],
    new: Mapping[str, Side],
    mapping: MappingSet,
    names: Mapping[str, str],
    reasons: Mapping[str, tuple[str, str]],
) -> Iterator[Delta]:
    for card, after in new.items():
        sources = [link.from_ for link in mapping.sources(card) if link.from_ in old]
        before = old[str(sources[0])] if len(sources) == 1 else None
        causes = _causes(before, after) if sources else ("new",)
        if causes:
            reason = reasons.get(card, ("", "")) if "new_look" in causes or "new" in causes else ("", "")
            yield Delta(card, names[card], before, after, causes, reason)


def _causes(before: Side | None, after: Side) -> tuple[Cause, ...]:
    """Say why a card with a counterpart does not come out the same; nothing where it does."""
    if before is None or (after.status == "not_assessed" and before.status != "not_assessed"):
        return ("new_look",) if after.status == "not_assessed" else ("rule",)
    found: list[Cause] = []
    if before.points != after.points:
        found.append("points")
    if before.kind != after.kind:
        found.append("kind")
    if (before.status == "not_applicable") != (after.status == "not_applicable"):
        found.append("na")
    elif before.status != after.status or _shares_differ(before, after):
        found.append("rule")
    return tuple(cause for cause in CAUSES if cause in found)


def _shares_differ(before: Side, after: Side) -> bool:
    """Tell whether another share of the points was awarded, beyond what showing two decimals can hide."""
    if before.awarded is None or after.awarded is None:
        return before.awarded != after.awarded
    one, other = Fraction(before.points), Fraction(after.points)
    return abs(Fraction(before.awarded) * other - Fraction(after.awarded) * one) > (one + other) * _CENT / 2


def _dropped(
    old: Mapping[str, Side], new: Mapping[str, Side], mapping: MappingSet, names: Mapping[str, str]
) -> Iterator[Delta]:
    for card, before in old.items():
        if not any(link.to in new for link in mapping.targets(card)):
            yield Delta(card, names[card], before, None, ("dropped",))
