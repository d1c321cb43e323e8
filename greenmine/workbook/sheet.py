"""The sheet of a form: what a group of cards says before anything is recorded: official text, rule, policy.

`page` returns what the front end shows as it is, in the language in use; `typed_facts` and `told` turn the numbers in
facts, which cross to the browser as decimal text, into what journals hold and back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from greenmine.assessment.rules import PanelRules
from greenmine.i18n import gettext as _
from greenmine.i18n import language
from greenmine.workbook import words
from greenmine.workbook.cards import criteria_in_use

PREREQUISITES: Final = "prerequisites"

_WHOLE_NUMBER: Final = re.compile(r"[0-9]{1,15}")
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")


def card_names(catalog: Mapping[str, Any], score: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the names of the cards of each group: the prerequisites, then each category's in the mine's block."""
    rows = {row["id"]: row for row in score["indicators"]}
    groups = {PREREQUISITES: tuple(f"prerequisite/{entry['id']}" for entry in catalog["prerequisites"])}
    for category in catalog["categories"]:
        groups[category["id"]] = tuple(
            f"indicator/{entry['id']}"
            for entry in catalog["indicators"]
            if entry["category"] == category["id"] and rows[entry["id"]]["status"] != "not_in_block"
        )
    return groups


def page(group: str, catalog: Mapping[str, Any], score: Mapping[str, Any], rules: PanelRules) -> dict[str, Any]:
    """Return the sheet of a group.

    Returns:
        group, title, lang and `cards`, each with: card, number, name, points (decimal text, None of a prerequisite),
        kind, kind_text, section {id, name}, criteria [{variant, label, paragraphs}], methods, basis, edition,
        guidance, rule (the node of the resolved catalog that applies, clauses of other variants left out; None where
        there is none), na {allowed, text, citation_needed}, specialty.
    """
    sheet: dict[str, Any] = {"group": group, "lang": language()}
    if group == PREREQUISITES:
        return {
            **sheet,
            "title": _("Prerequisites"),
            "cards": [_prerequisite(entry, rules) for entry in catalog["prerequisites"]],
        }
    rows = {row["id"]: row for row in score["indicators"]}
    sections = {section["id"]: section["name"] for section in catalog["sections"]}
    title = next(category["name"] for category in catalog["categories"] if category["id"] == group)
    cards = [
        _indicator(entry, tuple(rows[entry["id"]].get("variants", ())), sections, rules)
        for entry in catalog["indicators"]
        if entry["category"] == group and rows[entry["id"]]["status"] != "not_in_block"
    ]
    return {**sheet, "title": title, "cards": cards}


def _prerequisite(entry: Mapping[str, Any], rules: PanelRules) -> dict[str, Any]:
    card = f"prerequisite/{entry['id']}"
    return {
        "card": card,
        "number": entry["id"],
        "name": entry["name"],
        "points": None,
        "kind": "prerequisite",
        "kind_text": _("Prerequisite"),
        "section": {"id": "", "name": ""},
        "criteria": [{"variant": "", "label": "", "paragraphs": [entry["text"]]}],
        "methods": [],
        "basis": "",
        "edition": "",
        "guidance": entry.get("guidance", ""),
        "rule": {"kind": "met"},
        "na": {"allowed": False, "text": "", "citation_needed": False},
        "specialty": list(rules.specialties_of(card)),
    }


def _indicator(
    entry: Mapping[str, Any], variants: tuple[str, ...], sections: Mapping[str, str], rules: PanelRules
) -> dict[str, Any]:
    card, permitted = f"indicator/{entry['id']}", bool(entry["not_applicable"]["permitted"])
    labels = [*variants] if isinstance(entry["criteria"], Mapping) else [""]
    texts = criteria_in_use(entry, variants)
    labels += [""] * (len(texts) - len(labels))
    return {
        "card": card,
        "number": entry["id"],
        "name": entry["name"],
        "points": entry["points"],
        "kind": entry["kind"],
        "kind_text": words.kind(entry["kind"]),
        "section": {"id": entry["section"], "name": sections.get(entry["section"], "")},
        "criteria": [
            {"variant": variant, "label": words.extraction(variant) if variant else "", "paragraphs": list(text)}
            for variant, text in zip(labels, texts, strict=False)
        ],
        "methods": list(entry["methods"]),
        "basis": entry["basis"],
        "edition": entry.get("current_edition", ""),
        "guidance": entry.get("guidance", ""),
        "rule": rule_in_use(entry, variants),
        "na": {
            "allowed": permitted,
            "text": entry["not_applicable"].get("proof", ""),
            "citation_needed": not permitted,
        },
        "specialty": list(rules.specialties_of(card)),
    }


def rule_in_use(entry: Mapping[str, Any], variants: Sequence[str]) -> dict[str, Any] | None:
    """Return the rule of an indicator that applies, without the clauses of other variants; None where none does."""
    rule = entry.get("rule") or entry.get("rules", {}).get(variants[0] if variants else "")
    return None if rule is None else _narrowed(rule, variants)


def _narrowed(node: Mapping[str, Any], variants: Sequence[str]) -> dict[str, Any]:
    found = dict(node)
    if "clauses" in node:
        found["clauses"] = [clause for clause in node["clauses"] if clause.get("variant") in (None, *variants)]
    if node["kind"] in ("sum", "best"):
        found["of"] = [_narrowed(child, variants) for child in node["of"]]
    if "otherwise" in node:
        found["otherwise"] = _narrowed(node["otherwise"], variants)
    return found


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    children = node["of"] if node["kind"] in ("sum", "best") else ()
    for child in (*children, *([node["otherwise"]] if "otherwise" in node else [])):
        yield from _nodes(child)


def typed_facts(rule: Mapping[str, Any] | None, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts with the numbers that the rule counts or compares as numbers, not as text.

    Text that is no number is left as it is; the scorer says what is wrong with it.
    """
    typed = dict(facts)
    for node in _nodes(rule) if rule else ():
        value = facts.get(node.get("key", ""))
        if not isinstance(value, str):
            continue
        if node["kind"] == "count" and _WHOLE_NUMBER.fullmatch(value):
            typed[node["key"]] = int(value)
        elif node["kind"] == "share" and _NUMBER.fullmatch(value):
            typed[node["key"]] = Decimal(value)
    return typed


def told(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a recorded value with every number as decimal text."""
    if isinstance(value, Mapping):
        return {key: told(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [told(part) for part in value]
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return value
    return f"{Decimal(str(value)):f}"
