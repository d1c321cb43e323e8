"""One indicator: from what was recorded on it to its status and points.

The order of questions is the order of this module: does the indicator exist for this mine (block, variants)? is it
not applicable, with proof? are the facts complete? did the experts agree? is there evidence? Only then there are
points.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from greenmine.errors import FindingsError, shown
from greenmine.i18n import gettext as _
from greenmine.scoring.exact import add, exact, show
from greenmine.scoring.facts import BadFact, Facts
from greenmine.scoring.rules import ZERO, Outcome, Rule, compile_rule
from greenmine.scoring.wording import Line, line

SITE_METHOD = "查现场"
NOT_CARRIED = frozenset(("new", "subset", "superset", "intersects", "shared", "undecided", "unfit"))
FACT_EXTRAS = frozenset(("absent", "note"))


@dataclass(frozen=True, slots=True)
class Mine:
    """What of a mine decides which indicators apply."""

    industry: str
    extraction: tuple[str, ...]
    primary_extraction: str
    block: str


@dataclass(frozen=True, slots=True)
class Indicator:
    """A compiled indicator of a resolved catalog.

    Attributes:
        rules: by variant; the key is "" where one rule serves all.
        by: what chooses the variants: `extraction`, `primary_extraction`, `industry`, or "" where there are none.
        variants: the values that choose each variant.
        no_variant: why the indicator is not applicable when no variant is chosen.
    """

    id: str
    name: str
    category: str
    block: str
    points: Fraction
    kind: str
    on_site: bool
    na_permitted: bool
    rules: Mapping[str, Rule]
    by: str
    variants: Mapping[str, frozenset[str]]
    no_variant: str

    @property
    def mandatory(self) -> bool:
        """Whether the indicator is 约束性: it must be at full marks (说明一（二）)."""
        return self.kind == "mandatory"

    def chosen(self, mine: Mine) -> tuple[str, ...]:
        """Return the variants that apply to a mine, sorted; empty where the indicator has none."""
        if not self.by:
            return ()
        values = {mine.industry} if self.by == "industry" else {mine.primary_extraction}
        if self.by == "extraction":
            values = set(mine.extraction)
        return tuple(sorted(variant for variant, chosen_by in self.variants.items() if chosen_by & values))


class Result(NamedTuple):
    """What became of one indicator.

    Attributes:
        status: `scored`, `no_evidence`, `not_applicable`, `not_assessed` or `not_in_block`.
        points: exact points; zero unless `scored`.
        full: whether it counts as full marks.
        why: the reason for a status other than `scored`.
        trace: where the points come from.
    """

    status: str
    points: Fraction = ZERO
    full: bool = False
    why: Line | None = None
    trace: tuple[Line, ...] = ()


def compile_indicator(entry: Mapping[str, Any]) -> Indicator:
    """Return the compiled form of an indicator of a resolved catalog.

    Raises:
        KeyError, ValueError, TypeError: the entry is not of a resolved catalog.
    """
    points = exact(entry["points"])
    variants = entry.get("variants", {})
    nodes = entry["rules"] if "rules" in entry else {"": entry["rule"]}
    return Indicator(
        id=entry["id"],
        name=entry["name"],
        category=entry["category"],
        block=entry.get("block", ""),
        points=points,
        kind=entry["kind"],
        on_site=SITE_METHOD in entry["methods"],
        na_permitted=bool(entry["not_applicable"]["permitted"]),
        rules={variant: compile_rule(node, points) for variant, node in nodes.items()},
        by=variants.get("by", ""),
        variants={variant: frozenset(values) for variant, values in variants.get("of", {}).items()},
        no_variant=variants.get("none", ""),
    )


def assess(
    indicator: Indicator, mine: Mine, entry: Mapping[str, Any] | None, readings: Mapping[str, str], file: object
) -> Result:
    """Return the result of one indicator.

    Args:
        indicator: the compiled indicator.
        mine: the mine.
        entry: what `findings.json` holds for the indicator; None where it holds nothing.
        readings: the choice of every reading.
        file: name of the findings file, for messages.

    Raises:
        FindingsError: a fact is malformed or contradicts another, or not-applicable lacks the citation it needs.
    """
    if indicator.block not in ("", mine.block):
        return Result("not_in_block", why=line("not_in_block"))
    if indicator.by and not indicator.chosen(mine):
        if not indicator.no_variant:
            raise FindingsError(
                file,
                f"indicators/{indicator.id}",
                expected=_("a mine that one of the official texts of this indicator covers"),
                found=shown(", ".join((mine.industry, *mine.extraction))),
            )
        why = line("na_catalog", reason=indicator.no_variant)
        return Result("not_applicable", why=why, trace=(why,))
    if entry is None:
        return Result("not_assessed", why=line("not_recorded"))
    if entry.get("not_carried") is not None:
        return _not_carried(entry["not_carried"], f"indicators/{indicator.id}/not_carried", file)
    if entry.get("not_applicable") is not None:
        return _not_applicable(indicator, entry, file)
    return _scored(indicator, mine, entry, readings, file)


def _not_carried(note: object, place: str, file: object) -> Result:
    """Leave open what was recorded by another version of the indicators and does not answer this one."""
    relation = note.get("relation") if isinstance(note, dict) else None
    cards = note.get("from", []) if isinstance(note, dict) else None
    if relation not in NOT_CARRIED or not isinstance(cards, list) or not all(isinstance(card, str) for card in cards):
        expected = _("an object with relation ({choices}) and from").format(choices=" | ".join(sorted(NOT_CARRIED)))
        raise FindingsError(file, place, expected=expected, found=shown(note))
    how = line(f"carried_{relation}", cards=", ".join(card.rpartition("/")[2] for card in cards))
    return Result("not_assessed", why=line("not_carried", how=how))


def _not_applicable(indicator: Indicator, entry: Mapping[str, Any], file: object) -> Result:
    claim = entry["not_applicable"]
    place = f"indicators/{indicator.id}/not_applicable"
    if not isinstance(claim, dict):
        raise FindingsError(file, place, expected=_("an object with reason and confirmed_by"), found=shown(claim))
    texts: dict[str, str] = {}
    for key in ("reason", "confirmed_by", "citation"):
        value = claim.get(key, "")
        if not isinstance(value, str):
            raise FindingsError(file, f"{place}/{key}", expected=_("text"), found=shown(value))
        texts[key] = value.strip()
    if not indicator.na_permitted and not texts["citation"]:
        raise FindingsError(
            file,
            place,
            expected=_("a citation: the catalog does not permit not-applicable for this indicator"),
            found=_("no citation"),
            hint=_("Record facts, or cite the document that allows it."),
        )
    lacking = [
        code
        for code, there in (
            ("reason", texts["reason"]),
            ("evidence", _references(entry, f"indicators/{indicator.id}", file)),
            ("confirmation", texts["confirmed_by"]),
        )
        if not there
    ]
    if lacking:
        return Result("not_assessed", why=line("na_unproven", what=line(lacking[0])))
    why = line("na", reason=texts["reason"], by=texts["confirmed_by"])
    cited = (line("na_citation", citation=texts["citation"]),) if texts["citation"] else ()
    return Result("not_applicable", why=why, trace=(why, *cited))


def _references(entry: Mapping[str, Any], place: str, file: object) -> list[str]:
    """Return the evidence references of an entry that are more than blanks."""
    references = entry.get("evidence", [])
    if not isinstance(references, list | tuple) or not all(isinstance(reference, str) for reference in references):
        raise FindingsError(file, f"{place}/evidence", expected=_("a list of file references"), found=shown(references))
    return [reference for reference in references if reference.strip()]


def _scored(
    indicator: Indicator, mine: Mine, entry: Mapping[str, Any], readings: Mapping[str, str], file: object
) -> Result:
    place = f"indicators/{indicator.id}"
    chosen = indicator.chosen(mine)
    rule = indicator.rules[""] if "" in indicator.rules else indicator.rules[chosen[0]]
    judgements = _judgements(entry, place, file)
    resolution = entry.get("resolution")
    if resolution not in (None, "mean", "finding"):
        raise FindingsError(file, f"{place}/resolution", expected="mean | finding", found=shown(resolution))
    facts = entry.get("facts")
    if judgements and facts is not None and resolution is None:
        raise FindingsError(
            file,
            f"{place}/resolution",
            expected=_("mean or finding, where both facts and judgements are recorded"),
            found=_("nothing"),
        )
    evidence = bool(_references(entry, place, file))
    component_na = readings["component_na"]
    if judgements and (resolution == "mean" or facts is None):
        if resolution == "finding":
            raise FindingsError(file, f"{place}/facts", expected=_("the panel's facts"), found=_("nothing"))
        outcomes = []
        for number, judgement in enumerate(judgements, 1):
            where = f"{place}/judgements/{number}"
            evidence = bool(_references(judgement, where, file)) or evidence
            outcomes.append((judgement["by"], _evaluate(rule, judgement.get("facts"), component_na, where, file)))
        return _joint(indicator, outcomes, readings["expert_split"], evidence=evidence)
    outcome = _evaluate(rule, facts, component_na, place, file)
    for number, judgement in enumerate(judgements, 1):
        where = f"{place}/judgements/{number}"
        evidence = bool(_references(judgement, where, file)) or evidence
        _evaluate(rule, judgement.get("facts"), component_na, where, file)
    trace = (*outcome.trace, line("panel_finding", count=len(judgements))) if judgements else outcome.trace
    return _result(indicator, outcome.points, outcome.missing, trace, evidence=evidence)


def _judgements(entry: Mapping[str, Any], place: str, file: object) -> list[Mapping[str, Any]]:
    judgements = entry.get("judgements", [])
    if judgements == []:
        return []
    if not isinstance(judgements, list | tuple):
        raise FindingsError(file, f"{place}/judgements", expected=_("a list"), found=shown(judgements))
    seen: set[str] = set()
    for number, judgement in enumerate(judgements, 1):
        where = f"{place}/judgements/{number}"
        if not isinstance(judgement, dict):
            raise FindingsError(file, where, expected=_("an object with by and facts"), found=shown(judgement))
        by = judgement.get("by")
        if not isinstance(by, str) or not by.strip():
            raise FindingsError(file, f"{where}/by", expected=_("the expert's id"), found=shown(by))
        if by in seen:
            raise FindingsError(
                file,
                f"{where}/by",
                expected=_("one judgement of each expert"),
                found=_("{by} twice").format(by=shown(by)),
            )
        seen.add(by)
    return list(judgements)


def _evaluate(rule: Rule, facts: object, component_na: str, place: str, file: object) -> Outcome:
    if facts is None:
        facts = {}
    if not isinstance(facts, dict):
        raise FindingsError(file, f"{place}/facts", expected=_("an object of facts"), found=shown(facts))
    if not facts.keys() <= rule.keys:
        _check_keys(rule, facts, place, file)
    try:
        return rule.evaluate(facts, component_na)
    except BadFact as bad:
        raise FindingsError(file, f"{place}/facts/{bad.key}", expected=bad.expected, found=bad.found) from None


def _check_keys(rule: Rule, facts: Facts, place: str, file: object) -> None:
    """Refuse facts that the indicator does not have, and parts said to be absent that always exist."""
    unknown = [key for key in facts if key not in rule.keys and key not in FACT_EXTRAS]
    if unknown:
        raise FindingsError(
            file,
            f"{place}/facts/{unknown[0]}",
            expected=_("one of the facts of this indicator: {keys}").format(keys=", ".join(sorted(rule.keys))),
            found=shown(unknown[0]),
        )
    absent = facts.get("absent", {})
    if not isinstance(absent, dict) or any(
        key not in rule.absentable or not isinstance(why, str) or not why.strip() for key, why in absent.items()
    ):
        raise FindingsError(
            file,
            f"{place}/facts/absent",
            expected=_("an object from a part that may be absent ({keys}) to the reason").format(
                keys=", ".join(sorted(rule.absentable)) or "–"
            ),
            found=shown(absent),
        )


def _joint(indicator: Indicator, outcomes: list[tuple[str, Outcome]], split: str, *, evidence: bool) -> Result:
    """Join the experts' own outcomes: a mean for 提升性, a vote on full marks for 约束性 (说明二（四）)."""
    count = len(outcomes)
    missing = tuple(f"{by}: {key}" for by, outcome in outcomes for key in outcome.missing)
    trace: list[Line] = []
    for by, outcome in outcomes:
        trace.extend(outcome.trace)
        trace.append(line("expert", by=by, points=show(outcome.points)))
    if not indicator.mandatory:
        mean = add(outcome.points for _by, outcome in outcomes) / count
        trace.append(line("experts_mean", count=count, exact=str(mean), points=show(mean)))
        return _result(indicator, mean, missing, tuple(trace), evidence=evidence)
    full = sum(outcome.points == indicator.points for _by, outcome in outcomes)
    agreed = full * 2 > count if split == "majority" else full == count
    points = indicator.points if agreed else ZERO
    code = "experts_agree" if agreed else "experts_split" if full else ""
    if code:
        trace.append(line(code, full=full, count=count, choice=split, points=show(points)))
    return _result(indicator, points, missing, tuple(trace), evidence=evidence)


def _result(
    indicator: Indicator, points: Fraction, missing: tuple[str, ...], trace: tuple[Line, ...], *, evidence: bool
) -> Result:
    if missing:
        return Result("not_assessed", why=line("facts_missing", keys=", ".join(dict.fromkeys(missing))))
    if not evidence:
        why = line("no_evidence")
        return Result("no_evidence", why=why, trace=(*trace, why))
    return Result("scored", points, points == indicator.points, trace=trace)
