"""Rules: from the facts recorded on one indicator to its points.

A catalog writes each 评分说明 as a tree of nodes of a few kinds. `compile_rule` turns the tree into nodes that are
evaluated on plain facts; nothing in a catalog is ever run as code. Each kind is one class:

    met         符合得满分，不符合得 0 分, with optional clauses and a measured value that must agree
    flag        a yes/no part worth points            count   so many points for each, capped
    share       points from a threshold upwards       defects full marks less a step for each place found wanting
    deductions  full marks less named amounts         sum     the parts together, capped
    best        the better branch                     award   points given directly unless a condition holds

Evaluation never guesses: a key that is not recorded, and whose value could change the points, is reported as missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple, Protocol

from greenmine.errors import shown
from greenmine.i18n import gettext as _
from greenmine.scoring.exact import NotANumber, add, exact, show
from greenmine.scoring.facts import BadFact, Facts, boolean, clause_states, measured_fits
from greenmine.scoring.wording import Line, line

ZERO = Fraction(0)


class Outcome(NamedTuple):
    """What a node gives.

    Attributes:
        points: the points, exact.
        missing: fact keys that would have to be recorded before the points are certain.
        trace: where the points come from.
        excluded: points of parts that do not exist at the mine and are folded away (reading `component_na`).
    """

    points: Fraction
    missing: tuple[str, ...] = ()
    trace: tuple[Line, ...] = ()
    excluded: Fraction = ZERO


class Rule(Protocol):
    """A compiled node: its maximum, the fact keys it reads, and its evaluation."""

    @property
    def points(self) -> Fraction:
        """The most the node can give."""
        ...

    @property
    def keys(self) -> frozenset[str]:
        """The fact keys that the node reads."""
        ...

    @property
    def absentable(self) -> frozenset[str]:
        """The keys of parts that may not exist at a mine."""
        ...

    def evaluate(self, facts: Facts, component_na: str) -> Outcome:
        """Return the points for `facts` under a choice of the reading `component_na`."""
        ...


NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Met:
    """Full marks when met, else nothing (符合要求得…分，不符合得0分)."""

    points: Fraction
    measure: str
    clauses: Mapping[str, str]
    given: Mapping[bool, Outcome]
    keys: frozenset[str] = frozenset(("met", "clauses", "measured"))
    absentable: frozenset[str] = NONE

    def evaluate(self, facts: Facts, component_na: str) -> Outcome:  # noqa: ARG002 - one signature for all nodes
        """Give full marks or none; refuse a `met` that its clauses or measurement contradict."""
        met = boolean(facts, "met")
        if len(facts) == 1 and met is not None:
            return self.given[met]
        states = clause_states(facts)
        unmet = [key for key, state in states.items() if state == "unmet"]
        measured, fits = measured_fits(facts, self.measure)
        if met is None:
            return Outcome(ZERO, ("met",))
        refuted = bool(unmet) or fits is False
        proven = bool(states or measured) and not refuted and states.keys() >= self.clauses.keys()
        if (met and refuted) or (proven and not met):
            raise BadFact(
                "met",
                _("{value}, as the recorded clauses and measurement say").format(value=str(proven).lower()),
                str(met).lower(),
            )
        trace = [line("clause_unmet", clause=self.clauses.get(key, key)) for key in unmet]
        if measured:
            trace.append(measured)
        given = self.given[met]
        return Outcome(given.points, (), (*trace, *given.trace))


@dataclass(frozen=True, slots=True)
class Flag:
    """A part worth its points when the fact holds."""

    key: str
    points: Fraction
    text: str
    may_be_absent: bool
    given: Mapping[bool, Outcome]
    keys: frozenset[str]

    @property
    def absentable(self) -> frozenset[str]:
        """The key, where the part may not exist at a mine."""
        return self.keys if self.may_be_absent else NONE

    def evaluate(self, facts: Facts, component_na: str) -> Outcome:
        """Give the part's points when the fact holds; a part that does not exist is treated as the reading says."""
        holds = boolean(facts, self.key)
        if self.may_be_absent and self.key in facts.get("absent", ()):
            if holds:
                raise BadFact(self.key, _("false for a part that does not exist"), "true")
            points = self.points if component_na == "award" else ZERO
            trace = (line(f"part_absent_{component_na}", part=self.text, points=show(points)),)
            return Outcome(points, (), trace, self.points if component_na == "fold" else ZERO)
        if holds is None:
            return Outcome(ZERO, (self.key,))
        return self.given[holds]


@dataclass(frozen=True, slots=True)
class Count:
    """So many points for each thing counted, up to a cap."""

    key: str
    unit: Fraction
    points: Fraction
    text: str
    absentable: frozenset[str] = NONE

    @property
    def keys(self) -> frozenset[str]:
        """The one key."""
        return frozenset((self.key,))

    def evaluate(self, facts: Facts, component_na: str) -> Outcome:  # noqa: ARG002 - one signature for all nodes
        """Give min(cap, unit × count)."""
        if self.key not in facts:
            return Outcome(ZERO, (self.key,))
        count = facts[self.key]
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise BadFact(self.key, _("a whole number, 0 or more"), shown(count))
        points = min(self.points, self.unit * count)
        told = line(
            "count", part=self.text, count=count, unit=show(self.unit), cap=show(self.points), points=show(points)
        )
        return Outcome(points, (), (told,))


@dataclass(frozen=True, slots=True)
class Share:
    """All points from a threshold upwards, none below (达到70%)."""

    key: str
    at_least: Fraction
    points: Fraction
    text: str
    absentable: frozenset[str] = NONE

    @property
    def keys(self) -> frozenset[str]:
        """The one key."""
        return frozenset((self.key,))

    def evaluate(self, facts: Facts, component_na: str) -> Outcome:  # noqa: ARG002 - one signature for all nodes
        """Give the points when the share reaches the threshold exactly or exceeds it."""
        if self.key not in facts:
            return Outcome(ZERO, (self.key,))
        try:
            share = exact(facts[self.key])
        except NotANumber:
            share = Fraction(-1)
        if isinstance(facts[self.key], str) or not 0 <= share <= 1:
            raise BadFact(self.key, _("a number from 0 to 1"), shown(facts[self.key]))
        reached = share >= self.at_least
        points = self.points if reached else ZERO
        told = line(
            "share_reached" if reached else "share_missed",
            share=f"{Decimal(share.numerator * 100) / share.denominator:f}",
            at_least=show(self.at_least * 100),
            points=show(points),
        )
        return Outcome(points, (), (told,))


@dataclass(frozen=True, slots=True)
class Defects:
    """Full marks less a step for each entry, never below zero (发现一处不符合扣…分; 说明二（一）)."""

    step: Fraction
    points: Fraction
    keys: frozenset[str] = frozenset(("defects",))
    absentable: frozenset[str] = NONE

    def evaluate(self, facts: Facts, component_na: str) -> Outcome:  # noqa: ARG002 - one signature for all nodes
        """Take one step off for each entry of the list: an entry is one place or item found wanting."""
        if "defects" not in facts:
            return Outcome(ZERO, ("defects",))
        defects = facts["defects"]
        if not isinstance(defects, list | tuple):
            raise BadFact("defects", _("a list, one entry for each place or item found wanting"), shown(defects))
        for number, defect in enumerate(defects, 1):
            if not isinstance(defect, dict) or not isinstance(defect.get("text"), str) or not defect["text"].strip():
                raise BadFact(f"defects/{number}", _("an object with a text"), shown(defect))
            for key in ("where", "clause"):
                if not isinstance(defect.get(key, ""), str):
                    raise BadFact(f"defects/{number}/{key}", _("text"), shown(defect[key]))
        lost = min(self.points, self.step * len(defects))
        if not defects:
            return Outcome(self.points, (), (line("no_defects", points=show(self.points)),))
        told = line(
            "defects",
            count=len(defects),
            step=show(self.step),
            lost=show(lost),
            points=show(self.points - lost),
            full=show(self.points),
        )
        return Outcome(self.points - lost, (), (told,))


@dataclass(frozen=True, slots=True)
class Deductions:
    """Full marks less named amounts, never below zero."""

    items: tuple[tuple[str, Fraction, str], ...]
    points: Fraction
    absentable: frozenset[str] = NONE

    @property
    def keys(self) -> frozenset[str]:
        """One key for each named deduction."""
        return frozenset(key for key, _points, _text in self.items)

    def evaluate(self, facts: Facts, component_na: str) -> Outcome:  # noqa: ARG002 - one signature for all nodes
        """Take off each named amount whose fact holds."""
        lost, missing, trace = ZERO, [], []
        for key, points, text in self.items:
            holds = boolean(facts, key)
            if holds is None:
                missing.append(key)
            elif holds:
                lost += points
                trace.append(line("deduction", part=text, points=show(points)))
        left = max(ZERO, self.points - lost)
        trace.append(line("after_deductions", points=show(left), full=show(self.points)))
        return Outcome(left, tuple(missing) if left else (), tuple(trace))


@dataclass(frozen=True, slots=True)
class Sum:
    """The parts together, capped (最多增至该项总分; 说明二（一）)."""

    of: tuple[Rule, ...]
    points: Fraction
    keys: frozenset[str]
    absentable: frozenset[str]

    def evaluate(self, facts: Facts, component_na: str) -> Outcome:
        """Add the parts, fold away those that do not exist where the reading says so, and cap."""
        outcomes = [part.evaluate(facts, component_na) for part in self.of]
        raw = add(outcome.points for outcome in outcomes)
        trace = [told for outcome in outcomes for told in outcome.trace]
        excluded = add(outcome.excluded for outcome in outcomes if outcome.excluded)
        if excluded:
            parts = add(part.points for part in self.of)
            if excluded < parts:
                raw = raw * parts / (parts - excluded)
                trace.append(line("parts_folded", points=show(raw)))
        points = min(raw, self.points)
        if raw > self.points:
            trace.append(line("capped", points=show(points)))
        missing = () if points == self.points else tuple(key for outcome in outcomes for key in outcome.missing)
        return Outcome(points, missing, tuple(trace))


@dataclass(frozen=True, slots=True)
class Best:
    """The better of several branches; they do not add up."""

    of: tuple[Rule, ...]
    points: Fraction
    keys: frozenset[str]
    absentable: frozenset[str]

    def evaluate(self, facts: Facts, component_na: str) -> Outcome:
        """Give the points of the better branch, the earlier one where two are equal."""
        outcomes = [branch.evaluate(facts, component_na) for branch in self.of]
        number, best = max(enumerate(outcomes, 1), key=lambda item: (item[1].points, -item[0]))
        missing = () if best.points == self.points else tuple(key for outcome in outcomes for key in outcome.missing)
        return Outcome(best.points, missing, (*best.trace, line("branch", number=number, points=show(best.points))))


@dataclass(frozen=True, slots=True)
class Award:
    """Points given directly unless a condition holds (未列入…的企业本项直接得分); otherwise another rule."""

    unless: str
    text: str
    otherwise: Rule
    points: Fraction
    keys: frozenset[str]
    absentable: frozenset[str] = NONE

    def evaluate(self, facts: Facts, component_na: str) -> Outcome:
        """Award the points where the condition does not hold, else evaluate the other rule."""
        condition = boolean(facts, self.unless)
        other = self.otherwise.evaluate(facts, component_na)
        if condition is None:
            return Outcome(ZERO, (self.unless,))
        if condition:
            return other
        return Outcome(self.points, (), (line("award", part=self.text, points=show(self.points)),))


def _given(met: str, unmet: str, points: Fraction, **values: str) -> Mapping[bool, Outcome]:
    """Return the two outcomes of a fact that holds or does not, made once for all mines."""
    return {
        True: Outcome(points, (), (line(met, points=show(points), **values),)),
        False: Outcome(ZERO, (), (line(unmet, points="0", **values),)),
    }


def compile_rule(node: Mapping[str, Any], full: Fraction) -> Rule:  # noqa: PLR0911 - one return a kind
    """Return the compiled form of a rule node of a resolved catalog.

    Args:
        node: the node, as the catalog has it.
        full: the points of the indicator, used where the node does not name its own.

    Raises:
        KeyError, ValueError, TypeError: the node is not of a resolved catalog.
    """
    kind = node["kind"]
    points = exact(node.get("points", full))
    if kind == "met":
        clauses = {clause["id"]: clause["text"] for clause in node.get("clauses", ())}
        return Met(points, node.get("measure", "at_least"), clauses, _given("met", "unmet", points))
    if kind == "flag":
        key, text = node["key"], node.get("text", node["key"])
        given = _given("part_met", "part_unmet", points, part=text)
        return Flag(key, points, text, bool(node.get("may_be_absent", False)), given, frozenset((key,)))
    if kind == "count":
        return Count(node["key"], exact(node["unit"]), exact(node["cap"]), node.get("text", node["key"]))
    if kind == "share":
        return Share(node["key"], exact(node["at_least"]), points, node.get("text", node["key"]))
    if kind == "defects":
        return Defects(exact(node["step"]), points)
    if kind == "deductions":
        return Deductions(tuple((d["key"], exact(d["points"]), d["text"]) for d in node["of"]), points)
    if kind == "award":
        other = compile_rule(node["otherwise"], full)
        return Award(node["unless"], node.get("text", ""), other, points, other.keys | {node["unless"]})
    if kind in ("sum", "best"):
        of = tuple(compile_rule(child, full) for child in node["of"])
        keys = frozenset().union(*(child.keys for child in of))
        absentable = frozenset().union(*(child.absentable for child in of))
        return (Sum if kind == "sum" else Best)(of, points, keys, absentable)
    raise ValueError(kind)
