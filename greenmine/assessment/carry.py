"""Carrying findings over to another version of the indicators, as far as a mapping set allows.

What was recorded on a card of the older catalog is taken for its one counterpart in the newer where the two are `equal`
or `equivalent`. Everywhere else the entry says only why it was not carried over (`not_carried`), so that the indicator
comes out `not_assessed` and the verdict `incomplete`: nothing is invented. What the newer catalog would refuse, a claim
of not-applicable that it does not permit or facts of another kind, is not carried over either. Signatures stay with the
findings that were signed.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

from greenmine.catalog.mapping import CARRYING, Link, MappingSet, cards_of
from greenmine.errors import FindingsError
from greenmine.scoring import Scorer

GROUPS: Final = {"prerequisite": "prerequisites", "indicator": "indicators"}
KIND: Final = "rescore"
_SIGNED: Final = ("sign_off", "withdrawn")

Document = dict[str, Any]


def carry_over(findings: Mapping[str, Any], mapping: MappingSet, newer: Mapping[str, Any], scorer: Scorer) -> Document:
    """Return findings by the newer catalog.

    Args:
        findings: a document of schema `greenmine.findings/1`, by the older catalog.
        mapping: the mapping set between the two.
        newer: the newer catalog, resolved.
        scorer: that of the newer catalog.

    Returns:
        A copy of the same schema. Its assessment is of the kind `rescore` and says from which catalog and by which
        mapping set (`rescored`: `from`, `to`, `mapping`); each entry that is not carried over says why.

    Raises:
        FindingsError: what the findings say of the mine itself does not fit the newer catalog.
    """
    carried: Document = {key: copy.deepcopy(value) for key, value in findings.items() if key not in GROUPS.values()}
    head = {key: value for key, value in carried["assessment"].items() if key not in _SIGNED}
    rescored = {"from": mapping.from_, "to": mapping.to, "mapping": mapping.sha256}
    carried["assessment"] = {**head, "kind": KIND, "rescored": rescored}
    carried |= {group: {} for group in GROUPS.values()}
    for card in cards_of(newer):
        entry = _entry(findings, mapping, card)
        if entry is not None:
            group, name = _place(card)
            carried[group][name] = entry
    return _fitting(carried, scorer)


def _place(card: str) -> tuple[str, str]:
    kind, _slash, name = card.partition("/")
    return GROUPS[kind], name


def _entry(findings: Mapping[str, Any], mapping: MappingSet, card: str) -> Document | None:
    """Return what a card of the newer catalog takes over; None where nothing was recorded before."""
    sources = mapping.sources(card)
    if not sources:
        return _not_carried("new")
    if all(_found(findings, str(link.from_)) is None for link in sources):
        return None
    link = mapping.answer(card)
    if link is None:
        relations = {one.relation for one in sources}
        return _not_carried(relations.pop() if len(relations) == 1 and not relations & CARRYING else "shared", sources)
    entry = renamed(_found(findings, str(link.from_)) or {}, link.keys)
    if link.from_ != link.to:
        entry["carried_from"] = link.from_
    return entry


def renamed(entry: Mapping[str, Any], keys: Mapping[str, str]) -> Document:
    """Return a copy of an entry of findings with its facts, the experts' own included, under their newer names."""
    made = copy.deepcopy(dict(entry))
    for holder in (made, *made.get("judgements", ())):
        if "facts" in holder:
            holder["facts"] = _renamed(holder["facts"], keys)
    return made


def _found(findings: Mapping[str, Any], card: str) -> Mapping[str, Any] | None:
    group, name = _place(card)
    found: Mapping[str, Any] | None = findings[group].get(name)
    return found


def _renamed(facts: Mapping[str, Any], keys: Mapping[str, str]) -> Document:
    """Return facts under their newer names, those of parts that are absent included."""
    renamed = {keys.get(key, key): value for key, value in facts.items()}
    if isinstance(renamed.get("absent"), Mapping):
        renamed["absent"] = {keys.get(key, key): why for key, why in renamed["absent"].items()}
    return renamed


def _not_carried(relation: str, sources: tuple[Link, ...] = ()) -> Document:
    note: Document = {"relation": relation, "from": [link.from_ for link in sources]}
    rationale = [link.rationale for link in sources if link.rationale]
    return {"not_carried": {**note, **({"rationale": rationale} if rationale else {})}}


def _fitting(carried: Document, scorer: Scorer) -> Document:
    """Return the findings without the entries that the newer catalog refuses, each replaced by the reason."""
    while True:
        try:
            scorer.score(carried)
        except FindingsError as refused:
            group, _slash, rest = refused.place.partition("/")
            name = rest.partition("/")[0]
            if group != GROUPS["indicator"] or "not_carried" in carried[group].get(name, {"not_carried": ""}):
                raise
            source = carried[group][name].get("carried_from", f"indicator/{name}")
            carried[group][name] = {"not_carried": {"relation": "unfit", "from": [source]}}
        else:
            return carried
