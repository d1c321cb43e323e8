"""All mines of a table under one catalog: indicators, folding, totals, verdicts; the scorer's questions in its order.

A point is `scale` units. Where experts' points are averaged, a mine's points are further multiplied by a number of its
own, so that every mean is whole; where categories are folded, its total has a denominator of its own. So all numbers
are integers, and a total compares with the line as exactly as the scorer's fraction does.

An indicator that the catalog has and the table does not, or a claim that the catalog does not permit, is not assessed:
what was never asked is never invented.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, reduce
from math import lcm, prod
from typing import Any, Final

import numpy as np

from greenmine.batch.impact.arrays import Entry, Points, denominator, evaluate
from greenmine.batch.impact.scored import (
    FAIL,
    INCOMPLETE,
    INELIGIBLE,
    NO_EVIDENCE,
    NOT_APPLICABLE,
    NOT_ASSESSED,
    NOT_IN_BLOCK,
    PASS,
    SCORED,
    Results,
    Scored,
    Totals,
)
from greenmine.batch.impact.table import CLAIMS, Array, FactsTable, column, gate_column
from greenmine.errors import UsageError, shown
from greenmine.i18n import gettext as _
from greenmine.scoring.exact import exact
from greenmine.scoring.indicator import Indicator, compile_indicator

_PROVEN: Final = CLAIMS.index("proven")
_SAFE: Final = 2**62


@dataclass(frozen=True, eq=False)
class Register:
    """The mines of a table, held against a catalog.

    Attributes:
        document: the resolved catalog.
        table: the facts.
    """

    document: Mapping[str, Any]
    table: FactsTable
    _known: dict[tuple[str, str], Results] = field(default_factory=dict, repr=False)

    @cached_property
    def indicators(self) -> list[Indicator]:
        """The compiled indicators, in the catalog's order."""
        return [compile_indicator(entry) for entry in self.document["indicators"]]

    @cached_property
    def mandatory(self) -> Array:
        """Whether each indicator is mandatory, as a column."""
        return np.array([indicator.mandatory for indicator in self.indicators])[:, None]

    @cached_property
    def points(self) -> list[Fraction]:
        """The points of each category."""
        return [exact(entry["points"]) for entry in self.document["categories"]]

    @cached_property
    def category(self) -> list[int]:
        """The position of each indicator's category."""
        known = {entry["id"]: number for number, entry in enumerate(self.document["categories"])}
        return [known[indicator.category] for indicator in self.indicators]

    @cached_property
    def line(self) -> Fraction:
        """The line."""
        return exact(self.document["line"])

    @cached_property
    def scale(self) -> int:
        """How many units make a point."""
        rules = (denominator(rule) for indicator in self.indicators for rule in indicator.rules.values())
        amounts = (amount.denominator for amount in (*self.points, *(one.points for one in self.indicators)))
        return lcm(*rules, *amounts)

    @cached_property
    def multiplier(self) -> Array:
        """By what each mine's units are multiplied, so that the means of its experts are whole."""
        panels = [found for one in self.indicators if (found := self._experts(one)) is not None]
        counts = [np.where(found.of < 0, 1, found.count[found.of]) for found in panels]
        most = lcm(*(int(each) for found in panels for each in np.unique(found.count)))
        kind: type = np.int64 if most < 2**31 else object
        return reduce(np.lcm, (count.astype(kind) for count in counts), np.ones(len(self.table), kind))

    def full(self, indicator: Indicator) -> Array:
        """Return full marks of an indicator in units of each mine."""
        return np.asarray(self.multiplier * int(indicator.points * self.scale))

    @cached_property
    def block(self) -> Array:
        """The position of each mine's block.

        Raises:
            InputError: a mine is of an industry, or extracts in a way, that the catalog does not cover.
        """
        blocks = {industry: n for n, block in enumerate(self.document["blocks"]) for industry in block["industries"]}
        ways = frozenset(self.document["extractions"])
        found = self._covered("industry", lambda text: blocks.get(text, -1), sorted(blocks))
        self._covered("extraction", lambda text: set(text.split()) <= ways, sorted(ways))
        return found

    def _covered(self, heading: str, parse: Callable[[str], int], values: list[str]) -> Array:
        found = self.table.look_up(f"covered {values}", heading, parse, -1, kind=np.int64)
        doubtful = found < (heading == "extraction")
        if doubtful.any():
            raise self.table.wrong(
                heading, int(np.argmax(doubtful)), _("one of {values}").format(values=", ".join(values))
            )
        return found

    @cached_property
    def gates(self) -> Array:
        """Whether each prerequisite is met, prerequisite × mine: 1, 0, -1 where it is not assessed."""
        ids = [entry["id"] for entry in self.document["prerequisites"]]
        none = np.empty((0, len(self.table)), np.int8)
        return np.stack([self.table.truth(gate_column(key)) for key in ids]) if ids else none

    def readings(self, chosen: Mapping[str, str]) -> dict[str, str]:
        """Return the choice of every reading, the default where none is chosen.

        Raises:
            UsageError: the catalog knows no such reading or choice.
        """
        known = self.document["readings"]
        for name, choice in chosen.items():
            choices = known[name]["choices"] if name in known else ()
            if choice not in choices:
                text = _("{catalog} has no reading {name}={choice}: expected one of {choices}.")
                every = ", ".join(f"{key}={value}" for key, entry in known.items() for value in entry["choices"])
                ref = f"{self.document['id']}@{self.document['version']}"
                raise UsageError(text.format(catalog=ref, name=shown(name), choice=shown(choice), choices=every))
        return {name: chosen.get(name, entry["default"]) for name, entry in known.items()}

    def score(self, chosen: Mapping[str, str]) -> Scored:
        """Return all mines under a choice of readings; what the readings have in common is worked out once.

        Raises:
            UsageError: a reading or its choice is unknown.
            InputError: a cell of the table is of another form.
        """
        readings = self.readings(chosen)
        key = (readings["component_na"], readings["expert_split"])
        if key not in self._known:
            self._known[key] = self._results(*key)
        results = self._known[key]
        totals = self._fold(results, readings["na_fold"])
        lacking = self.mandatory & (results.status <= NO_EVIDENCE) & ~results.full
        reached = totals.numerator * self.line.denominator >= self.line.numerator * totals.denominator
        verdict = np.where(~lacking.any(axis=0) & reached.astype(bool), PASS, FAIL)
        verdict = np.where(totals.known & (self.gates >= 0).all(axis=0), verdict, INCOMPLETE)
        verdict = np.where((self.gates == 0).any(axis=0), INELIGIBLE, verdict)
        return Scored(self, readings, results, totals, lacking, verdict)

    def _experts(self, indicator: Indicator) -> Any:  # noqa: ANN401 - `Experts` or None
        return self.table.experts(column(indicator.id, "judgements"))

    # ---- one indicator -----------------------------------------------------------------------------------------------

    def _assess(self, indicator: Indicator, component_na: str, split: str) -> tuple[Array, Array, Array]:
        table, every = self.table, len(self.table)
        variant = self._variants(indicator)
        given = self._evaluated(indicator, table, component_na)
        units = _pick([each.units for each in given], variant) * self.multiplier
        missing = _pick([each.missing for each in given], variant)
        experts = self._experts(indicator)
        if experts is not None:
            joint, lost = self._joint(indicator, experts, variant, component_na, split)
            units, missing = np.where(experts.of < 0, units, joint), np.where(experts.of < 0, missing, lost)
        evidence = table.truth(column(indicator.id, "evidence")) == 1
        claim = table.claim(column(indicator.id, "not_applicable"))
        allowed = claim >= (_PROVEN if indicator.na_permitted else _PROVEN + 1)
        status = np.where(missing, NOT_ASSESSED, np.where(evidence, SCORED, NO_EVIDENCE))
        status = np.where(claim > 0, np.where(allowed & evidence, NOT_APPLICABLE, NOT_ASSESSED), status)
        status = np.where(variant < 0, NOT_APPLICABLE, status)
        blocks = [block["id"] for block in self.document["blocks"]]
        inside = self.block == blocks.index(indicator.block) if indicator.block else np.ones(every, bool)
        status = np.where(inside, status, NOT_IN_BLOCK)
        units = np.where(status == SCORED, units, 0)
        return units, status.astype(np.int8), (status == SCORED) & (units == self.full(indicator))

    def _variants(self, indicator: Indicator) -> Array:
        """Return which variant of the text is for each mine: positions in the sorted variants; -1 where none is."""
        if not indicator.by:
            return np.zeros(len(self.table), np.int64)
        self.block  # noqa: B018 - the mines are ones that the catalog covers
        of = [indicator.variants[name] for name in sorted(indicator.variants)]

        def first(cell: str) -> int:
            values = set(cell.split())
            return next((number for number, chosen_by in enumerate(of) if chosen_by & values), -1)

        heading = {"extraction": "extraction", "industry": "industry"}.get(indicator.by, "primary_extraction")
        return self.table.look_up(f"variants {of}", heading, first, -1, kind=np.int64)

    def _evaluated(self, indicator: Indicator, table: FactsTable, component_na: str) -> list[Points]:
        """Return what each variant's rule, in order of their names, gives each row of a table."""
        entry = Entry(table, indicator.id, self.scale, component_na)
        return [evaluate(rule, entry, rule.absentable) for _name, rule in sorted(indicator.rules.items())]

    def _joint(
        self,
        indicator: Indicator,
        experts: Any,  # noqa: ANN401 - `Experts`
        variant: Array,
        component_na: str,
        split: str,
    ) -> tuple[Array, Array]:
        """Return the experts' mean for 提升性, their vote on full marks for 约束性, and whether a fact is missing."""

        def together(each: list[Array]) -> Array:
            sums = [np.zeros(len(experts.count), np.int64) for _variant in each]
            for summed, values in zip(sums, each, strict=True):
                np.add.at(summed, experts.panel, values)
            return _pick([summed[experts.of] for summed in sums], variant)

        given = self._evaluated(indicator, experts.table, component_na)
        missing, count = together([each.missing for each in given]) > 0, experts.count[experts.of]
        if not indicator.mandatory:
            return together([each.units for each in given]) * (self.multiplier // count), missing
        full = together([each.units == int(indicator.points * self.scale) for each in given])
        agreed = 2 * full > count if split == "majority" else full == count
        return np.where(agreed, self.full(indicator), 0), missing

    # ---- folding -----------------------------------------------------------------------------------------------------

    def _results(self, component_na: str, split: str) -> Results:
        """Return what became of every indicator, added up by category."""
        every = (len(self.indicators), len(self.table))
        units, status, full = np.empty(every, self.multiplier.dtype), np.empty(every, np.int8), np.empty(every, bool)
        for number, indicator in enumerate(self.indicators):
            units[number], status[number], full[number] = self._assess(indicator, component_na, split)
        size = (len(self.points), len(self.table))
        awarded, excluded, open_ = np.zeros(size, units.dtype), np.zeros(size, np.int64), np.zeros(size, bool)
        for number, (category, indicator) in enumerate(zip(self.category, self.indicators, strict=True)):
            awarded[category] += units[number]
            excluded[category] += (status[number] == NOT_APPLICABLE) * int(indicator.points * self.scale)
            open_[category] |= status[number] == NOT_ASSESSED
        return Results(self, units, status, full, awarded, excluded, open_)

    def _fold(self, results: Results, na_fold: str) -> Totals:
        standard = [int(points * self.scale) for points in self.points]
        awarded, excluded, open_ = results.awarded, results.excluded, results.open
        points = np.array(standard)[:, None]
        applicable = points - excluded
        if na_fold == "category":
            share = np.gcd(points, applicable)
            plain = (excluded == 0) | (applicable == 0)
            times, by = np.where(plain, 1, points // share), np.where(plain, 1, applicable // share)
        elif na_fold == "total":
            every, applies = sum(standard), applicable.sum(axis=0)
            share = np.gcd(every, applies)
            times = np.where(applies > 0, every // share, 0)[None, :].repeat(len(standard), axis=0)
            by = np.where(applies > 0, applies // share, 1)[None, :]
        else:
            times = by = np.ones_like(applicable)
        kind: type = np.int64 if prod(int(each) for each in by.max(axis=1, initial=1)) < _SAFE else object
        common = np.lcm.reduce(by.astype(kind), axis=0)
        most = int(common.max(initial=1)) * int(self.multiplier.max(initial=1)) * max(sum(standard), self.scale)
        limit = most * (400 + 2 * (self.line.numerator + self.line.denominator))
        if limit >= _SAFE:
            common, awarded = common.astype(object), awarded.astype(object)
        weight = times * (common // by)
        numerator = (awarded * weight).sum(axis=0)
        if na_fold == "full":
            numerator = numerator + excluded.sum(axis=0) * self.multiplier
        closed = (applicable > 0) & ~open_
        denominator_ = common * self.multiplier * self.scale
        return Totals(numerator, denominator_, weight, np.asarray(closed.all(axis=0)), applicable == 0)


def _pick(each: list[Array], variant: Array) -> Array:
    """Return, for each mine, the value of its variant; of the only rule where there are no variants' own."""
    if len(each) == 1:
        return each[0]
    return np.asarray(np.stack(each)[variant.clip(0), np.arange(len(variant))])
