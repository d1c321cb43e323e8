"""Disagreement: what each expert's own judgement would earn, how far the experts are apart, and whether it is settled.

Each judgement is scored alone, by the scorer, as if its author were the only one. Experts' points on an improvement
indicator are averaged (说明二（四）), and the panel has to rule only where they lie far apart; a mandatory indicator or
a prerequisite has no mean, so that one dissent is enough. A ruling settles a disagreement and never hides it: who
dissents stays named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final

from greenmine.assessment.fold import Card
from greenmine.assessment.payload import PANEL, split_card
from greenmine.assessment.rules import PanelRules
from greenmine.errors import FindingsError
from greenmine.i18n import gettext as _
from greenmine.scoring import Scorer
from greenmine.scoring.exact import exact, show

_UNSEEN: Final = ("-",)
"""Stands for evidence: here only the facts are looked at."""


@dataclass(frozen=True, slots=True)
class Judge:
    """One member's own judgement.

    Attributes:
        by: the member's id.
        points: what the facts would earn alone; None where some are missing or they cannot be read.
        full: whether that is full marks; None as `points`.
        met: of a prerequisite: whether the member found it met.
        claims: whether the member claims that the indicator is not applicable.
    """

    by: str
    points: Fraction | None = None
    full: bool | None = None
    met: bool | None = None
    claims: bool = False


@dataclass(frozen=True, slots=True)
class Disagreement:
    """How the members stand to one card.

    Attributes:
        card: the card.
        judges: each member's judgement, in order of their ids.
        spread: how far the points lie apart; None where fewer than two have points.
        disagreed: whether they disagree so that the panel has to rule.
        dissent: who differs from what counts, or from the others: the ids.
        ruled: whether the panel has ruled, with a reason.
        text: what is the matter, in the language in use; empty where nothing is.
    """

    card: str
    judges: tuple[Judge, ...]
    spread: Fraction | None
    disagreed: bool
    dissent: tuple[str, ...]
    ruled: bool
    text: str

    @property
    def needs_ruling(self) -> bool:
        """Whether the panel still has to rule."""
        return self.disagreed and not self.ruled


def disagreements(
    findings: Mapping[str, Any],
    cards: Mapping[str, Card],
    scorer: Scorer,
    rules: PanelRules,
    readings: Mapping[str, str] | None = None,
    *,
    names: Mapping[str, str] | None = None,
) -> dict[str, Disagreement]:
    """Return how the members stand to each card that more than one of them judged.

    Args:
        findings: the findings, schema `greenmine.findings/1`; what mine they are of decides the points.
        cards: what is in force on each card, as `replay` returns it.
        scorer: of the catalog.
        rules: from which spread on the panel has to rule.
        readings: choices of readings that differ from the catalog's defaults.
        names: what members are called in the sentences, by id; by their ids where it is not given.
    """
    judged = {name: judges for name, card in cards.items() if len(judges := _judges(name, card)) > 1}
    points = _points(findings, cards, judged, scorer, readings)
    found = {name: _standing(name, cards[name], judged[name], points, rules) for name in judged}
    return {name: replace(one, text=_text(one, names or {})) for name, one in found.items()}


def _judges(name: str, card: Card) -> list[str]:
    """Return the members who judged a card, in order of their ids."""
    keys = {"prerequisite": ("met",), "indicator": ("facts", "not_applicable")}.get(split_card(name)[0], ())
    return [author for author in card.people if any(key in card.fields[author] for key in keys)]


Points = Mapping[tuple[str, str], tuple[Fraction, Fraction, str] | None]
"""By card and member: points, points of the indicator, kind; None where they cannot be told."""


def _points(
    findings: Mapping[str, Any],
    cards: Mapping[str, Card],
    judged: Mapping[str, list[str]],
    scorer: Scorer,
    readings: Mapping[str, str] | None,
) -> Points:
    """Score each member's own facts: all at once, and one by one where some of them cannot be read."""
    found: dict[tuple[str, str], tuple[Fraction, Fraction, str] | None] = {}
    for person in sorted({PANEL, *(person for judges in judged.values() for person in judges)}):
        own = {
            split_card(name)[1]: {"facts": cards[name].fields[person]["facts"], "evidence": _UNSEEN}
            for name in judged
            if "facts" in cards[name].fields.get(person, {})
        }
        for rows in _alone(findings, own, scorer, readings):
            for name, row in rows.items():
                known = row is not None and row["awarded"] is not None
                told = (exact(row["awarded"]), exact(row["points"]), row["kind"]) if row and known else None
                found[f"indicator/{name}", person] = told
    return found


def _alone(
    findings: Mapping[str, Any], own: Mapping[str, Any], scorer: Scorer, readings: Mapping[str, str] | None
) -> Iterable[dict[str, dict[str, Any] | None]]:
    head = {"schema": findings["schema"], "mine": findings["mine"], "prerequisites": {}}
    try:
        score = scorer.score({**head, "indicators": own}, readings)
        yield {row["id"]: row for row in score["indicators"] if row["id"] in own}
    except FindingsError:
        if len(own) == 1:
            yield dict.fromkeys(own)
        else:
            for name, entry in own.items():
                yield from _alone(findings, {name: entry}, scorer, readings)


def _standing(name: str, card: Card, people: list[str], points: Points, rules: PanelRules) -> Disagreement:
    joint = card.fields.get(PANEL, {})
    reasoned = "justification" in joint
    if split_card(name)[0] == "prerequisite":
        voices = tuple(Judge(person, met=card.fields[person]["met"]) for person in people)
        minority = _minority({one.by: bool(one.met) for one in voices}, joint.get("met"))
        return _made(name, voices, None, minority, disagreed=bool(minority), ruled="met" in joint and reasoned)
    told = {person: points.get((name, person)) for person in people}
    judges = tuple(
        Judge(
            person,
            points=one[0] if (one := told[person]) else None,
            full=one[0] == one[1] if one else None,
            claims="not_applicable" in card.fields[person],
        )
        for person in people
    )
    ruled = reasoned and bool(joint.keys() & {"facts", "not_applicable"})
    claiming = {judge.by for judge in judges if judge.claims and "facts" not in card.fields[judge.by]}
    if claiming and len(claiming) < len(judges):
        minority = _minority({judge.by: judge.by not in claiming for judge in judges}, _applies(joint))
        return _made(name, judges, _spread(judges), minority, disagreed=True, ruled=ruled)
    known = [one for one in told.values() if one]
    if known and known[0][2] == "mandatory":
        full = {judge.by: bool(judge.full) for judge in judges if judge.full is not None}
        joint_points = points.get((name, PANEL))
        minority = _minority(full, joint_points[0] == joint_points[1] if joint_points else None)
        return _made(name, judges, _spread(judges), minority, disagreed=bool(minority), ruled=ruled)
    spread = _spread(judges)
    apart = spread is not None and bool(spread) and spread >= exact(rules.disagreement.spread) * known[0][1]
    far = _far(judges) if apart else ()
    ruled = ruled or (reasoned and "resolution" in joint)
    return _made(name, judges, spread, far, disagreed=apart, ruled=ruled)


def _applies(joint: Mapping[str, Any]) -> bool | None:
    """Return whether the panel ruled that an indicator applies; None where it did not rule."""
    return False if "not_applicable" in joint else True if "facts" in joint else None


def _spread(judges: Iterable[Judge]) -> Fraction | None:
    known = [judge.points for judge in judges if judge.points is not None]
    return max(known) - min(known) if len(known) > 1 else None


def _minority(words: Mapping[str, bool], ruling: bool | None) -> tuple[str, ...]:  # noqa: FBT001 - the value is the argument
    """Return who dissents: from the ruling where there is one, else the fewer; of equal parts, who says no."""
    if len(set(words.values())) < 2 and ruling is None:  # noqa: PLR2004 - yes and no
        return ()
    yes = sum(words.values())
    counts = ruling if ruling is not None else yes * 2 >= len(words)
    return tuple(person for person, word in words.items() if word is not counts)


def _far(judges: Iterable[Judge]) -> tuple[str, ...]:
    """Return whose points lie farthest from the mean."""
    known = {judge.by: judge.points for judge in judges if judge.points is not None}
    mean = sum(known.values(), Fraction(0)) / len(known)
    most = max(abs(points - mean) for points in known.values())
    return tuple(person for person, points in known.items() if abs(points - mean) == most)


def _made(
    card: str,
    judges: tuple[Judge, ...],
    spread: Fraction | None,
    dissent: tuple[str, ...],
    *,
    disagreed: bool,
    ruled: bool,
) -> Disagreement:
    return Disagreement(card, judges, spread, disagreed, dissent, ruled, "")


def _text(found: Disagreement, names: Mapping[str, str]) -> str:
    if not found.disagreed:
        return ""
    one = _("{name}: {judgement}")
    said = _("; ").join(
        one.format(name=names.get(judge.by, judge.by), judgement=_said(judge)) for judge in found.judges
    )
    if found.ruled:
        return _("The members disagreed ({judgements}); the panel has ruled.").format(judgements=said)
    return _("The members disagree ({judgements}); the panel has to rule, with its reason.").format(judgements=said)


def _said(judge: Judge) -> str:
    """Return one judgement in a few words."""
    if judge.met is not None:
        return _("met") if judge.met else _("not met")
    if judge.points is None:
        return _("not applicable") if judge.claims else _("not assessed")
    return _("{points} points").format(points=show(judge.points))
