"""Findings for tests: every indicator at full marks, and named losses from there."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from greenmine.catalog import load_catalog
from greenmine.workspace import Workspace, shared_dir

Document = dict[str, Any]

NATIONAL = "national@2024"
EVIDENCE = ["evidence.pdf"]
VISIT = {"by": ["E1"], "place": "采场", "seen": "现场情况", "on": "2026-06-11"}


def national() -> Document:
    """Return the resolved national catalog."""
    return dict(load_catalog(NATIONAL, Workspace(shared_dir())).document)


def full_facts(node: Mapping[str, Any]) -> Document:
    """Return facts that give a rule node all its points."""
    kind = node["kind"]
    if kind == "met":
        return {"met": True}
    if kind == "flag":
        return {node["key"]: True}
    if kind == "count":
        return {node["key"]: 10}
    if kind == "share":
        return {node["key"]: 1}
    if kind == "defects":
        return {"defects": []}
    if kind == "deductions":
        return {item["key"]: False for item in node["of"]}
    if kind == "award":
        return {node["unless"]: False}
    facts: Document = {}
    for child in node["of"]:
        facts.update(full_facts(child))
    return facts


def rule_of(indicator: Mapping[str, Any], mine: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the rule node that scores an indicator for a mine."""
    if "rule" in indicator:
        node: Mapping[str, Any] = indicator["rule"]
        return node
    variants = indicator["variants"]
    value = mine["industry"] if variants["by"] == "industry" else mine["primary_extraction"]
    chosen = next(variant for variant, values in variants["of"].items() if value in values)
    rule: Mapping[str, Any] = indicator["rules"][chosen]
    return rule


def full_findings(
    catalog: Mapping[str, Any], industry: str = "coal", extraction: tuple[str, ...] = ("underground",)
) -> Document:
    """Return findings in which a mine has every prerequisite met and every indicator of its block at full marks."""
    mine = {
        "id": "GM-T",
        "name": "演示矿山",
        "industry": industry,
        "extraction": list(extraction),
        "primary_extraction": extraction[0],
    }
    block = next(block["id"] for block in catalog["blocks"] if industry in block["industries"])
    entry = {"justification": "查阅资料，符合", "evidence": list(EVIDENCE), "site_visit": VISIT}
    return {
        "schema": "greenmine.findings/1",
        "mine": mine,
        "assessment": {"id": "t", "date": "2026-06-30", "anchor_date": "2026-03-01", "kind": "selection"},
        "prerequisites": {
            item["id"]: {"met": True, "justification": "查验证照", "evidence": list(EVIDENCE)}
            for item in catalog["prerequisites"]
        },
        "indicators": {
            item["id"]: {"facts": full_facts(rule_of(item, mine)), **copy.deepcopy(entry)}
            for item in catalog["indicators"]
            if item.get("block", block) == block
        },
    }


def defects(count: int) -> Document:
    """Return facts with so many different defects."""
    return {"defects": [{"text": f"缺陷{n}", "where": f"位置{n}", "evidence": ["photo.jpg"]} for n in range(count)]}


def with_facts(findings: Document, facts: Mapping[str, Document]) -> Document:
    """Return findings in which some indicators have other facts."""
    changed = copy.deepcopy(findings)
    for key, value in facts.items():
        changed["indicators"][key]["facts"] = {**changed["indicators"][key]["facts"], **value}
    return changed


def without(findings: Document, *indicators: str) -> Document:
    """Return findings in which some indicators are not applicable, with all the proof that needs."""
    changed = copy.deepcopy(findings)
    for key in indicators:
        changed["indicators"][key] = {
            "not_applicable": {"reason": "本矿无此环节", "confirmed_by": "E2"},
            "justification": "查阅设计",
            "evidence": list(EVIDENCE),
        }
    return changed


# The losses of the two hand-checkable mines; the figures are theirs.
FOLDING_LOSSES: dict[str, Document] = {
    "1": {"living_area_unclear": True},
    "3": defects(1),
    "7": defects(1),
    "9": {"low_disturbance": False},
    "11": defects(1),
    "14": {"met": False},
    "17": {"reuse": False},
    "19": {"clean_process": False, "recycling": False},
    "20": {"reuse": False, "municipal": False},
    "26": {"process_management": False, "certified": False},
    "36": {"clean_transport_share": 0.5},
    "42": {"certified": False},
    "43": {"special_research": False, "investment": False},
    "44": {"patents": 2, "catalogue_entries": 0, "high_tech_certificate": False},
    "45": defects(1),
    "46": {"met": False},
    "47": defects(1),
}
ROUNDING_LOSSES: dict[str, Document] = {
    "1": {"production_area_unclear": True},
    "2": defects(2),
    "4": defects(1),
    "5": defects(2),
    "6": defects(1),
    "9": {"low_disturbance": False},
    "11": defects(2),
    "14": {"met": False},
    "17": {"topsoil": False},
    "19": {"recycling": False},
    "20": {"reuse": False, "municipal": False},
    "28": {"met": False},
    "42": {"certified": False, "supervision": False},
    "44": {"patents": 2, "catalogue_entries": 0, "high_tech_certificate": False},
    "47": defects(2),
}
