"""Mapping sets: which question of one version of the indicators is which question of another.

A mapping set, schema `greenmine.mapping/1`, is a file `parameters/mappings/A--B.yaml`. Each of its mappings relates a
card of the older catalog (`indicator/3`, `prerequisite/P1`) to one of the newer, with a reason:

    equal       the same question, word for word; points, kind and steps may differ
    equivalent  another wording or threshold, the same facts answer it
    subset      the newer one asks for part of what the older one asked for
    superset    the newer one asks for more than the older one
    intersects  they overlap
    none        there is no counterpart: dropped, or new
    undecided   nobody has decided yet; as a draft leaves it

Facts are carried over along `equal` and `equivalent` only. Everything else is looked at anew by people. `draft_mapping`
writes what a comparison of the two catalogs can tell; a person completes it and puts a name to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import yaml
from pydantic import Field, model_validator

from greenmine.catalog.catalog import Catalog
from greenmine.catalog.fields import Day, Key, Note, Strict, Text
from greenmine.catalog.strict_yaml import YamlDocument, load_yaml, problem, validate
from greenmine.errors import CatalogError, UsageError, shown
from greenmine.files import canonical_json, sha256_hex
from greenmine.i18n import gettext as _
from greenmine.workspace import Workspace

SCHEMA: Final = "greenmine.mapping/1"
FOLDER: Final = "mappings"
CARRYING: Final = frozenset({"equal", "equivalent"})
"""The relations along which facts are carried over."""

_WORTH: Final = frozenset(("points", "step", "unit", "cap", "at_least", "text"))
"""What a rule says of points and thresholds, or to people; the facts that it reads do not depend on it."""

Relation = Literal["equal", "equivalent", "subset", "superset", "intersects", "none", "undecided"]
Ref = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}@[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Card = Annotated[str, Field(pattern=r"^(prerequisite|indicator)/[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class Link(Strict):
    """One card of the older catalog and one of the newer.

    Attributes:
        from_: the older card; None where the newer one is new.
        to: the newer card; None where the older one is dropped.
        relation: how they are related.
        keys: facts that are called otherwise now: older key → newer key.
        rationale: why; may be empty only for `equal` and `undecided`.
    """

    from_: Card | None = Field(default=None, alias="from")
    to: Card | None = None
    relation: Relation
    keys: dict[Key, Key] = Field(default_factory=dict)
    rationale: Note = ""

    @model_validator(mode="after")
    def _fits_its_relation(self) -> Self:
        if self.from_ is None and self.to is None:
            raise problem(_("a card in from, in to, or in both"), _("neither"))
        if self.relation != "undecided" and (self.from_ is None or self.to is None) != (self.relation == "none"):
            expected = _("none where a card has no counterpart, and only there")
            raise problem(expected, self.relation, at=("relation",))
        if self.relation not in ("equal", "undecided") and not self.rationale:
            raise problem(_("the reason"), _("nothing"), at=("rationale",))
        if self.keys and self.relation not in CARRYING:
            raise problem(_("keys only where facts are carried over"), self.relation, at=("keys",))
        return self


class MappingFile(Strict):
    """A whole mapping set.

    Attributes:
        from_: the older catalog, `ID@VERSION`.
        to: the newer one.
        author: who answers for it.
        made_on: the day it was completed.
        hypothetical: whether it is made up.
    """

    schema_: Annotated[Literal["greenmine.mapping/1"], Field(alias="schema")]
    from_: Ref = Field(alias="from")
    to: Ref
    author: Text
    made_on: Day
    hypothetical: Literal[True] | None = None
    mappings: tuple[Link, ...]


@dataclass(frozen=True)
class MappingSet:
    """A mapping set that covers both of its catalogs.

    Attributes:
        document: as JSON.
        path: the file it was read from.
        links: the mappings, in the order of the file.
    """

    document: dict[str, Any]
    path: Path
    links: tuple[Link, ...]

    @property
    def sha256(self) -> str:
        """SHA-256 of its RFC 8785 form, in hexadecimal."""
        return sha256_hex(canonical_json(self.document))

    @property
    def from_(self) -> str:
        """The older catalog, `ID@VERSION`."""
        return str(self.document["from"])

    @property
    def to(self) -> str:
        """The newer catalog, `ID@VERSION`."""
        return str(self.document["to"])

    @property
    def undecided(self) -> tuple[Link, ...]:
        """What nobody has decided yet; nothing is carried over there."""
        return tuple(link for link in self.links if link.relation == "undecided")

    def sources(self, card: str) -> tuple[Link, ...]:
        """Return the mappings that lead to a card of the newer catalog."""
        return tuple(link for link in self.links if link.to == card and link.from_ is not None)

    def targets(self, card: str) -> tuple[Link, ...]:
        """Return the mappings that lead from a card of the older catalog."""
        return tuple(link for link in self.links if link.from_ == card)

    def answer(self, card: str) -> Link | None:
        """Return the mapping along which a card of the newer catalog takes over what was recorded; None where none is.

        The older card has to be the only one that leads here, and has to lead nowhere else: one record answers one
        question.
        """
        sources = self.sources(card)
        if len(sources) != 1 or sources[0].relation not in CARRYING:
            return None
        return sources[0] if len(self.targets(str(sources[0].from_))) == 1 else None


def load_mapping(ref: str, older: Catalog, newer: Catalog, workspace: Workspace) -> MappingSet:
    """Return the mapping set between two catalogs, held against both.

    Args:
        ref: the path of a YAML file; empty for `parameters/mappings/A--B.yaml`, where A and B are `<id>-<version>`.
        older: the catalog that facts were recorded by.
        newer: the catalog to score them by.
        workspace: where mapping sets are looked up.

    Raises:
        UsageError: there is no such file.
        CatalogError: the file is malformed, is for other catalogs, names cards that they do not have, leaves some of
            theirs out, or calls `equal` what is not.
    """
    path = Path(ref) if ref else _find(older, newer, workspace)
    if not path.is_file():
        raise UsageError(_("There is no mapping set {path}.").format(path=shown(ref, 200)))
    document = load_yaml(path, CatalogError)
    found = validate(MappingFile, document, CatalogError)
    for key, stated, catalog in (("from", found.from_, older), ("to", found.to, newer)):
        if stated != catalog.ref:
            raise CatalogError(path, document.place_of((key,)), expected=catalog.ref, found=stated)
    _check_links(found, document, older, newer)
    return MappingSet(found.model_dump(mode="json", by_alias=True, exclude_none=True), path, found.mappings)


def identity(catalog: Catalog) -> MappingSet:
    """Return the mapping set from a catalog to itself: every card is equal to itself."""
    links = tuple(Link(**{"from": card}, to=card, relation="equal") for card in cards_of(catalog.document))
    document = {
        "schema": SCHEMA,
        "from": catalog.ref,
        "to": catalog.ref,
        "author": catalog.document["issuer"],
        "made_on": catalog.document["issued_on"],
        "mappings": [link.model_dump(mode="json", by_alias=True, exclude_none=True) for link in links],
    }
    return MappingSet(document, catalog.path, links)


def sealed_mapping(document: object, file: object) -> MappingSet:
    """Return the mapping set in a document that an archive holds.

    Raises:
        CatalogError: it is none.
    """
    if not isinstance(document, dict):
        raise CatalogError(file, expected=_("a mapping set"), found=shown(document))
    found = validate(MappingFile, YamlDocument(document, file), CatalogError)
    return MappingSet(found.model_dump(mode="json", by_alias=True, exclude_none=True), Path(str(file)), found.mappings)


def mapping_name(older: str, newer: str) -> str:
    """Return what the file of the mapping set between two catalogs, `ID@VERSION`, is called."""
    return f"{older.replace('@', '-', 1)}--{newer.replace('@', '-', 1)}.yaml"


def _find(older: Catalog, newer: Catalog, workspace: Workspace) -> Path:
    name = mapping_name(older.ref, newer.ref)
    found = next((path for path in workspace.parameter_files(FOLDER) if path.name == name), None)
    if found is None:
        text = _(
            "There is no mapping set from {older} to {newer}: expected parameters/{folder}/{name}. Draft one with "
            "“greenmine catalog diff {older} {newer} --mapping FILE” and complete it."
        )
        raise UsageError(text.format(older=older.ref, newer=newer.ref, folder=FOLDER, name=name))
    return found


def cards_of(catalog: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the prerequisites and indicators of a resolved catalog by the names of their cards, in its order."""
    groups = (("prerequisite", "prerequisites"), ("indicator", "indicators"))
    return {f"{kind}/{entry['id']}": entry for kind, key in groups for entry in catalog[key]}


def _check_links(found: MappingFile, document: YamlDocument, older: Catalog, newer: Catalog) -> None:
    before, after = cards_of(older.document), cards_of(newer.document)
    seen: set[tuple[str | None, str | None]] = set()
    for number, link in enumerate(found.mappings):
        at = ("mappings", number)
        for key, card, cards, catalog in (("from", link.from_, before, older), ("to", link.to, after, newer)):
            if card is not None and card not in cards:
                expected = _("a card of {catalog}").format(catalog=catalog.ref)
                raise CatalogError(document.file, document.place_of((*at, key)), expected=expected, found=card)
        pair = (link.from_, link.to)
        if pair in seen:
            expected, what = _("each pair of cards once"), f"{link.from_} → {link.to}"
            raise CatalogError(document.file, document.place_of(at), expected=expected, found=what)
        seen.add(pair)
        if (
            link.relation == "equal"
            and link.from_
            and link.to
            and not same_question(before[link.from_], after[link.to])
        ):
            raise CatalogError(
                document.file,
                document.place_of((*at, "relation")),
                expected=_("equivalent, with the reason: the wording is not the same"),
                found="equal",
            )
    for key, cards, catalog, named in (
        ("from", before, older, {link.from_ for link in found.mappings}),
        ("to", after, newer, {link.to for link in found.mappings}),
    ):
        missing = [card for card in cards if card not in named]
        if missing:
            expected = _("every card of {catalog} in {key}").format(catalog=catalog.ref, key=key)
            what = _("nothing on {cards}").format(cards=", ".join(missing[:10]))
            raise CatalogError(document.file, document.place_of(("mappings",)), expected=expected, found=what)


def same_question(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether two entries of catalogs ask the same, word for word, and of the same facts."""
    return all(one.get(key) == other.get(key) for key in ("text", "criteria", "criteria_shared", "variants")) and (
        asked(one) == asked(other)
    )


def asked(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the facts and clauses that the rules of an indicator read, sorted."""
    return tuple(sorted(set(_asked(entry.get("rule", entry.get("rules", {}))))))


def _asked(node: Any) -> Iterable[str]:  # noqa: ANN401 - any part of a rule
    if isinstance(node, dict):
        kind = node.get("kind")
        yield from (str(node[key]) for key in ("key", "unless") if key in node)
        if kind in ("met", "defects"):
            yield str(kind)
        if kind is None and "id" in node and "text" in node:
            yield f"{node['id']}: {node['text']}"
        for inner in node.values():
            yield from _asked(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _asked(inner)


def same_facts(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether two indicators read the same facts, in the same form, of the same mines, whatever they are worth."""
    if one.get("variants") != other.get("variants"):
        return False
    rules, others = ({"": entry["rule"]} if "rule" in entry else entry["rules"] for entry in (one, other))
    return {name: _form(rule) for name, rule in rules.items()} == {name: _form(rule) for name, rule in others.items()}


def _form(node: Any) -> Any:  # noqa: ANN401 - any part of a rule
    if isinstance(node, dict):
        return {key: _form(inner) for key, inner in node.items() if key not in _WORTH}
    return [_form(inner) for inner in node] if isinstance(node, list) else node


def draft_mapping(older: Catalog, newer: Catalog) -> str:
    """Return the file that a person completes: what is the same is `equal`, what is gone or new is `none`.

    What stands under the same id but asks otherwise is left `undecided`, and so is what is gone or new, for it may have
    been split or merged; the comparison cannot tell.
    """
    before, after = cards_of(older.document), cards_of(newer.document)
    links: list[dict[str, str]] = []
    for card, entry in before.items():
        same = card in after and same_question(entry, after[card])
        to = {"to": card} if card in after else {}
        links.append({"from": card, **to, "relation": "equal" if same else "undecided", "rationale": ""})
    links += [{"to": card, "relation": "undecided", "rationale": ""} for card in after if card not in before]
    document = {
        "schema": SCHEMA,
        "from": older.ref,
        "to": newer.ref,
        "author": _("(your name and office)"),
        "made_on": newer.document["issued_on"],
        "mappings": links,
    }
    head = _(
        "Draft from a comparison of {older} and {newer}. Decide on every “undecided”: equal, equivalent, subset, "
        "superset, intersects or none, and say why. Split or merge: one mapping for each pair of cards."
    ).format(older=older.ref, newer=newer.ref)
    return f"# {head}\n" + yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=120)
