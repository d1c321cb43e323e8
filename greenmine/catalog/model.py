"""The catalog file, schema `greenmine.catalog/1`: what it may hold, and that it holds together.

The tree is categories (一级指标) → sections (二级指标) → indicators (三级指标), with points at every level. A section
may belong to one block; blocks are mutually exclusive halves of a category, chosen by the mine's industry. Checked when
the file is read: the points of the parts sum to those of the whole at every level and for every block; a rule can give
exactly its indicator's points; ids and fact keys are unique; each way of extraction or industry has one variant of a
text, or the catalog says what it means that it has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from greenmine.catalog.fields import Day, Id, Key, Note, Points, Sha256, Strict, Text, True_, decimal_text
from greenmine.catalog.rules import Place, Rule, clauses, fact_keys, resolve_rule
from greenmine.catalog.strict_yaml import problem
from greenmine.catalog.words import Extraction, Industry, Kind, VariantBy
from greenmine.errors import shown
from greenmine.i18n import gettext as _


class Block(Strict):
    """One of several mutually exclusive parts of the catalog, and the industries it is for."""

    id: Id
    name: Text
    industries: Annotated[tuple[Industry, ...], Field(min_length=1)]


class Prerequisite(Strict):
    """A gate (先决条件): a mine that does not meet it is not scored."""

    id: Id
    name: Text
    text: Text


class Paragraph(Strict):
    """A paragraph of the official explanations (说明)."""

    clause: Text
    text: Text


class NotApplicable(Strict):
    """Whether an indicator may be recorded as not applicable (不涉及项), and the proof it then needs."""

    permitted: True_
    proof: Text | None = None

    @model_validator(mode="after")
    def _proof_goes_with_permission(self) -> Self:
        if self.permitted and self.proof is None:
            raise problem(_("the proof that is needed"), _("no such key"), at=("proof",))
        if not self.permitted and self.proof is not None:
            raise problem(_("no proof, for nothing is permitted"), shown(self.proof), at=("proof",))
        return self


class Variants(Strict):
    """Which of several texts applies to a mine.

    `by` says what decides: every way of extraction in use, the primary one, or the industry. `of` maps a variant to the
    values it is for; `none` is the reason why the indicator is not applicable where there is no variant.
    """

    by: VariantBy
    of: Annotated[dict[Key, Annotated[tuple[Extraction | Industry, ...], Field(min_length=1)]], Field(min_length=1)]
    none: Text | None = None


class Indicator(Strict):
    """A 三级指标."""

    id: Id
    name: Text
    points: Points
    kind: Kind
    methods: Annotated[tuple[Text, ...], Field(min_length=1)]
    basis: Note
    current_edition: Text | None = None
    criteria: Text | dict[Key, Text]
    criteria_shared: Text | None = None
    variants: Variants | None = None
    rule: Rule | None = None
    rules: Annotated[dict[Key, Rule], Field(min_length=1)] | None = None
    not_applicable: NotApplicable
    guidance: Text | None = None

    @model_validator(mode="after")
    def _texts_fit_variants(self) -> Self:
        if isinstance(self.criteria, str):
            for name in ("variants", "criteria_shared"):
                if getattr(self, name) is not None:
                    raise problem(_("a text for each variant"), _("one text"), at=("criteria",))
            return self
        if self.variants is None:
            raise problem(_("the key {key}").format(key="“variants”"), _("no such key"), at=("criteria",))
        _same_names(self.criteria, self.variants.of, "criteria")
        return self

    @model_validator(mode="after")
    def _one_rule_or_one_a_variant(self) -> Self:
        if (self.rule is None) == (self.rules is None):
            found = _("neither") if self.rule is None else _("both")
            raise problem(_("one of the keys “rule” and “rules”"), found, at=() if self.rule is None else ("rules",))
        if self.rules is not None:
            if self.variants is None or self.variants.by == "extraction":
                expected = _("one “rule”, for it is not exactly one variant that applies to a mine")
                raise problem(expected, _("rules by variant"), at=("rules",))
            _same_names(self.rules, self.variants.of, "rules")
        return self

    @model_validator(mode="after")
    def _rules_hold_together(self) -> Self:
        for rule, at in self.placed_rules():
            found = resolve_rule(rule, self.points, at)["points"]
            if found != self.points:
                expected = _("a rule that can give the indicator's {points} points").format(points=self.points)
                raise problem(expected, _("one that can give {points}").format(points=found), at=at)
            _unique(fact_keys(rule, at))
            _unique((clause.id, (*place, "id")) for clause, place in clauses(rule, at))
            for clause, place in clauses(rule, at):
                if clause.variant is not None and (self.variants is None or clause.variant not in self.variants.of):
                    raise problem(_("a variant of the indicator"), shown(clause.variant), at=(*place, "variant"))
        return self

    def placed_rules(self) -> list[tuple[Rule, Place]]:
        """Return each rule of the indicator and the keys it stands under."""
        if self.rules is not None:
            return [(rule, ("rules", name)) for name, rule in self.rules.items()]
        return [(self.rule, ("rule",))] if self.rule is not None else []


class Section(Strict):
    """A 二级指标."""

    id: Id
    name: Text
    points: Points
    block: Id | None = None
    indicators: Annotated[tuple[Indicator, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _indicators_sum_to_points(self) -> Self:
        total = _total(self.indicators)
        if total != self.points:
            raise problem(_("{sum}, the sum of its indicators").format(sum=total), self.points, at=("points",))
        return self


class Category(Strict):
    """A 一级指标."""

    id: Id
    name: Text
    points: Points
    sections: Annotated[tuple[Section, ...], Field(min_length=1)]


class Expected(Strict):
    """Counts that the catalog states of itself, so that an omission is noticed."""

    indicators: Annotated[int, Field(strict=True, ge=1)]
    mandatory: Annotated[int, Field(strict=True, ge=0)]


class CatalogFile(Strict):
    """A whole catalog file."""

    schema_: Annotated[Literal["greenmine.catalog/1"], Field(alias="schema")]
    id: Id
    version: Id
    title: Text
    issuer: Text
    document: Text
    issued_on: Day
    effective_from: Day
    effective_to: Day | None = None
    hypothetical: Literal[True] | None = None
    language: Literal["zh", "en"]
    source_sha256: Sha256 | None = None
    scale: Points = "100"
    line: Points
    line_source: Text
    readings: Id
    expected: Expected | None = None
    not_applicable_rule: Text
    extractions: Annotated[tuple[Extraction, ...], Field(min_length=1)]
    blocks: Annotated[tuple[Block, ...], Field(min_length=1)]
    prerequisites: tuple[Prerequisite, ...]
    notes: tuple[Paragraph, ...] = ()
    categories: Annotated[tuple[Category, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        _unique((entry, ("extractions", n)) for n, entry in enumerate(self.extractions))
        _unique((block.id, ("blocks", n, "id")) for n, block in enumerate(self.blocks))
        _unique(
            (industry, ("blocks", n, "industries", m))
            for n, block in enumerate(self.blocks)
            for m, industry in enumerate(block.industries)
        )
        _unique((gate.id, ("prerequisites", n, "id")) for n, gate in enumerate(self.prerequisites))
        _unique((category.id, ("categories", n, "id")) for n, category in enumerate(self.categories))
        _unique((section.id, (*at, "id")) for section, at in self.placed_sections())
        _unique((indicator.id, (*at, "id")) for indicator, _section, at in self.placed_indicators())
        return self

    @model_validator(mode="after")
    def _dates_are_in_order(self) -> Self:
        if self.effective_to is not None and self.effective_to < self.effective_from:
            expected = _("a date not before {date}").format(date=self.effective_from)
            raise problem(expected, self.effective_to, at=("effective_to",))
        return self

    @model_validator(mode="after")
    def _points_sum_up(self) -> Self:
        known = [block.id for block in self.blocks]
        for section, at in self.placed_sections():
            if section.block is not None and section.block not in known:
                raise problem(_("one of {values}").format(values=", ".join(known)), section.block, at=(*at, "block"))
        for block in known:
            for number, category in enumerate(self.categories):
                total = _total(section for section in category.sections if section.block in {None, block})
                if total != category.points:
                    expected = _("{sum}, the sum of its sections in block {block}").format(sum=total, block=block)
                    raise problem(expected, category.points, at=("categories", number, "points"))
        total = _total(self.categories)
        if total != self.scale:
            expected = _("categories that sum to {scale} points").format(scale=self.scale)
            raise problem(expected, total, at=("categories",))
        if Decimal(self.line) > Decimal(self.scale):
            raise problem(_("at most {points}").format(points=self.scale), self.line, at=("line",))
        return self

    @model_validator(mode="after")
    def _variants_cover_all(self) -> Self:
        for indicator, section, at in self.placed_indicators():
            if indicator.variants is not None:
                industries = [i for b in self.blocks if section.block in {None, b.id} for i in b.industries]
                domain = industries if indicator.variants.by == "industry" else self.extractions
                _covers(indicator.variants, domain, (*at, "variants"))
        return self

    @model_validator(mode="after")
    def _counts_are_as_stated(self) -> Self:
        if self.expected is not None:
            indicators = [indicator for indicator, _section, _at in self.placed_indicators()]
            mandatory = sum(indicator.kind == "mandatory" for indicator in indicators)
            for name, count in (("indicators", len(indicators)), ("mandatory", mandatory)):
                stated = getattr(self.expected, name)
                if stated != count:
                    expected = _("the number in the file, {count}").format(count=count)
                    raise problem(expected, str(stated), at=("expected", name))
        return self

    def placed_sections(self) -> list[tuple[Section, Place]]:
        """Return each section and its place in the file."""
        return [
            (section, ("categories", n, "sections", m))
            for n, category in enumerate(self.categories)
            for m, section in enumerate(category.sections)
        ]

    def placed_indicators(self) -> list[tuple[Indicator, Section, Place]]:
        """Return each indicator, its section and its place in the file."""
        return [
            (indicator, section, (*at, "indicators", n))
            for section, at in self.placed_sections()
            for n, indicator in enumerate(section.indicators)
        ]


def _total(parts: Iterable[Indicator | Section | Category]) -> str:
    return decimal_text(sum((Decimal(part.points) for part in parts), Decimal(0)))


def _unique(names: Iterable[tuple[str, Place]]) -> None:
    seen = set()
    for name, at in names:
        if name in seen:
            raise problem(_("a name used once"), _("{name} a second time").format(name=shown(name)), at=at)
        seen.add(name)


def _same_names(texts: Mapping[str, object], variants: Mapping[str, object], key: str) -> None:
    if set(texts) != set(variants):
        expected = _("one for each variant: {names}").format(names=", ".join(variants))
        raise problem(expected, ", ".join(texts), at=(key,))


def _covers(variants: Variants, domain: Sequence[str], at: Place) -> None:
    """Check that each value of `domain` has one variant, or that the catalog says what it means that it has none."""
    placed = [(value, (*at, "of", name, n)) for name, values in variants.of.items() for n, value in enumerate(values)]
    _unique(placed)
    for value, place in placed:
        if value not in domain:
            raise problem(_("one of {values}").format(values=", ".join(domain)), value, at=place)
    left = [value for value in domain if value not in {value for value, _place in placed}]
    if left and variants.none is None:
        expected = _("a variant for {values}, or the key “none” with the reason").format(values=", ".join(left))
        raise problem(expected, _("neither"), at=(*at, "of"))
    if not left and variants.none is not None:
        raise problem(_("no such key, for each value has a variant"), shown(variants.none), at=(*at, "none"))
