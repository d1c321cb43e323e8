"""Rules for panels, schema `greenmine.panel_rules/1`: who should sit on a panel, what they pledge, when they disagree.

A file in `parameters/panels/` holds each rule with the document and clause it stands in, and says where that document
was not at hand. A rule that is not fulfilled is a warning; only one that the file calls `required` stops the sign-off.
The file also tells which indicators belong to which specialty, so that an expert finds what is to be looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from greenmine.assessment.panel import AssessmentKind, Member, Panel
from greenmine.catalog.fields import Id, Note, Share, Strict, Text, True_
from greenmine.catalog.strict_yaml import load_yaml, problem, validate
from greenmine.errors import InputError, shown
from greenmine.i18n import gettext as _
from greenmine.i18n import language
from greenmine.workspace import Workspace

KIND: Final = "panels"
DEFAULT: Final = "national"

Level = Literal["senior", "intermediate", "junior"]
Ids = Annotated[tuple[Id, ...], Field(max_length=500)]


class _Sourced(Strict):
    """What stands in a document.

    Attributes:
        document: the document.
        clause: where in it.
        at_hand: whether the document itself was at hand when the rule was written down; else it is told from others.
        quote: its words.
    """

    document: Text
    clause: Text
    at_hand: True_ = True
    quote: Note = ""


class Pledge(_Sourced):
    """What a member pledges by signing off (真实性承诺)."""

    id: Id
    text: Text
    text_en: Text

    def said(self, lang: str) -> str:
        """Return its text in a language, `zh` or `en`."""
        return self.text if lang == "zh" else self.text_en


class Threshold(_Sourced):
    """From which spread of the experts' points on the panel has to rule: a share of the indicator's points."""

    spread: Share


class Rule(_Sourced):
    """A rule for the composition of a panel.

    Attributes:
        kind: what is counted: `size` members, `titles` of some levels, `specialties` covered, a `leader`, the leader's
            organisation (`leader_organisation`), declared `conflicts`.
        text: the rule in words.
        required: whether a panel that does not fulfil it cannot sign off.
        at_least: for `size` and `titles`: how many.
        share: for `titles`: which share of the members.
        levels: for `titles`: which levels count.
        of: for `specialties`: the ids of those to be covered.
    """

    id: Id
    kind: Literal["size", "titles", "specialties", "leader", "leader_organisation", "conflicts"]
    text: Text
    text_en: Text
    required: True_ = False
    at_least: Annotated[int, Field(strict=True, ge=1, le=200)] | None = None
    share: Share | None = None
    levels: Annotated[tuple[Level, ...], Field(max_length=3)] = ()
    of: Ids = ()

    @model_validator(mode="after")
    def _has_what_it_counts(self) -> Self:
        if self.kind == "size" and self.at_least is None:
            raise problem(_("the key {key}").format(key="at_least"), _("no such key"))
        if self.kind == "titles" and (not self.levels or (self.at_least is None) == (self.share is None)):
            raise problem(_("levels, and either at_least or share"), _("something else"))
        return self


class Specialty(Strict):
    """A specialty (专业), the words that name it, and what its experts look at."""

    id: Id
    name: Text
    name_en: Text
    also: Annotated[tuple[Text, ...], Field(max_length=50)] = ()
    indicators: Ids = ()
    prerequisites: Ids = ()

    def is_named_by(self, words: str) -> bool:
        """Tell whether a member's field of work is of this specialty: `生态修复` is of `生态`."""
        told = words.casefold()
        return any(name.casefold() in told for name in (self.name, self.name_en, *self.also))

    @property
    def cards(self) -> frozenset[str]:
        """The names of its cards."""
        prerequisites = {f"prerequisite/{name}" for name in self.prerequisites}
        return frozenset(prerequisites | {f"indicator/{name}" for name in self.indicators})


class PanelRules(Strict):
    """A whole file.

    Attributes:
        kinds: the kinds of assessments that the rules are for; a mine's self-assessment is held to none of them.
    """

    schema_: Annotated[Literal["greenmine.panel_rules/1"], Field(alias="schema")]
    id: Id
    name: Text
    name_en: Text
    kinds: Annotated[tuple[AssessmentKind, ...], Field(max_length=10)]
    pledge: Pledge
    disagreement: Threshold
    rules: Annotated[tuple[Rule, ...], Field(max_length=100)] = ()
    specialties: Annotated[tuple[Specialty, ...], Field(max_length=100)] = ()

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        for key in ("rules", "specialties"):
            ids = [one.id for one in getattr(self, key)]
            for number, one in enumerate(ids):
                if one in ids[:number]:
                    raise problem(_("an id of its own"), shown(one), at=(key, number, "id"))
        known = [one.id for one in self.specialties]
        for number, rule in enumerate(self.rules):
            unknown = next((name for name in rule.of if name not in known), None)
            if unknown is not None:
                expected = _("one of {values}").format(values=", ".join(known))
                raise problem(expected, shown(unknown), at=("rules", number, "of"))
        return self

    def cards_of(self, fields: Iterable[str]) -> frozenset[str]:
        """Return the cards that members with these fields of work look at."""
        words = tuple(fields)
        named = [one for one in self.specialties if any(one.is_named_by(word) for word in words)]
        return frozenset().union(*(one.cards for one in named))

    def specialties_of(self, card: str) -> tuple[str, ...]:
        """Return the names of the specialties that look at a card, in the language in use."""
        chinese = language() == "zh"
        return tuple(one.name if chinese else one.name_en for one in self.specialties if card in one.cards)


@dataclass(frozen=True, slots=True)
class PanelWarning:
    """A rule that a panel does not fulfil.

    Attributes:
        rule: the id of the rule.
        text: what is the matter, with the document and clause, in the language in use.
        required: whether the panel cannot sign off.
    """

    rule: str
    text: str
    required: bool


def load_panel_rules(rules_id: str = DEFAULT, workspace: Workspace | None = None) -> PanelRules:
    """Return the rules for panels with an id, the workspace's own file before the package's.

    Args:
        rules_id: the id, which is the name of the file without `.yaml`.
        workspace: where to look; the one around the working directory by default.

    Raises:
        InputError: there are none of that id, or the file is malformed.
    """
    files = (workspace or Workspace.find()).parameter_files(KIND)
    path = next((one for one in files if one.stem == rules_id), None)
    if path is None:
        known = ", ".join(sorted({one.stem for one in files})) or _("none")
        text = _("rules for panels: {ids}").format(ids=known)
        raise InputError(f"parameters/{KIND}", expected=text, found=shown(rules_id))
    document = load_yaml(path)
    rules = validate(PanelRules, document)
    if rules.id != rules_id:
        expected = _("the name of the file, {name}").format(name=shown(rules_id))
        raise InputError(path, document.place_of(("id",)), expected=expected, found=shown(rules.id))
    return rules


def panel_warnings(panel: Panel, rules: PanelRules) -> tuple[PanelWarning, ...]:
    """Return the rules that a panel does not fulfil, in the order of the file; none for kinds they are not for."""
    if panel.assessment.kind not in rules.kinds:
        return ()
    members = [member for member in panel.members if member.role != "scribe"]
    return tuple(
        PanelWarning(rule.id, _told(rule, fault), rule.required)
        for rule in rules.rules
        for fault in _faults(rule, panel, members, rules.specialties)
    )


def _told(rule: Rule, fault: str) -> str:
    text = rule.text if language() == "zh" else rule.text_en
    source = _("{document}, {clause}").format(document=rule.document, clause=rule.clause)
    if not rule.at_hand:
        source = _("{source}; not checked against the text, which was not at hand").format(source=source)
    return _("{rule} ({source}): {fault}").format(rule=text, source=source, fault=fault)


def _faults(rule: Rule, panel: Panel, members: Sequence[Member], known: Sequence[Specialty]) -> Iterator[str]:
    if rule.kind == "specialties":
        yield from _specialties(members, [one for one in known if one.id in rule.of])
    elif rule.kind == "conflicts":
        yield from _conflicts(panel.members)
    elif rule.kind == "size":
        yield from _size(rule, members)
    elif rule.kind == "titles":
        yield from _titles(rule, members)
    else:
        yield from _leader(rule, members)


def _size(rule: Rule, members: Sequence[Member]) -> Iterator[str]:
    if rule.at_least is not None and len(members) < rule.at_least:
        yield _("there are {count}").format(count=len(members))


def _titles(rule: Rule, members: Sequence[Member]) -> Iterator[str]:
    without = [member.name for member in members if member.title_level not in rule.levels]
    count = len(members) - len(without)
    if rule.at_least is not None and count < rule.at_least:
        yield _("there are {count}").format(count=count)
    if rule.share is not None and count < Fraction(Decimal(rule.share)) * len(members):
        yield _("not recorded of {names}").format(names=_listed(without))


def _specialties(members: Sequence[Member], known: Sequence[Specialty]) -> Iterator[str]:
    fields = [word for member in members for word in member.specialty]
    chinese = language() == "zh"
    absent = [
        one.name if chinese else one.name_en for one in known if not any(one.is_named_by(word) for word in fields)
    ]
    if absent:
        yield _("nobody stands for {names}").format(names=_listed(absent))


def _leader(rule: Rule, members: Sequence[Member]) -> Iterator[str]:
    chair = next((member for member in members if member.role == "chair"), None)
    if chair is None and rule.kind == "leader":
        yield _("there is none")
    elif chair is not None and not chair.organisation and rule.kind == "leader_organisation":
        yield _("the organisation of {name} is not recorded").format(name=chair.name)


def _conflicts(members: Sequence[Member]) -> Iterator[str]:
    for member in members:
        if member.conflicts:
            yield _("{name} declared: {conflicts}").format(name=member.name, conflicts=_listed(member.conflicts))


def _listed(items: Iterable[str]) -> str:
    return ("、" if language() == "zh" else ", ").join(items)
