"""Registers for tests: findings of many mines, of every kind there is, the same ones for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from cases import Document, rule_of

from greenmine.batch.impact.collect import facts_row
from greenmine.batch.impact.scored import STATUSES, VERDICTS, Scored
from greenmine.batch.impact.table import FactsTable
from greenmine.scoring import Scorer
from greenmine.scoring.exact import show

EXPERTS = ("E1", "E2", "E3", "E4", "E5")
SHARES = (0, 1, 0.5, 0.69, 0.7, 0.799999, 0.8, 1.0)


def random_facts(node: Mapping[str, Any], chance: random.Random, good: float = 0.8, lost: float = 0.02) -> Document:
    """Return facts for a rule node: mostly good ones, some missing, some parts said not to exist."""
    kind = node["kind"]
    if kind == "award":
        inner = random_facts(node["otherwise"], chance, good, lost)
        inner.pop("absent", None)
        return inner | ({node["unless"]: chance.random() > 0.5} if chance.random() > lost else {})
    if kind in ("sum", "best"):
        facts: Document = {}
        for child in node["of"]:
            inner = random_facts(child, chance, good, lost)
            absent = {**facts.get("absent", {}), **inner.get("absent", {})}
            facts |= inner | ({"absent": absent} if absent else {})
        return facts
    if kind == "deductions":
        return {one["key"]: chance.random() > good for one in node["of"] if chance.random() > lost}
    return {} if chance.random() < lost else _LEAVES[kind](node, chance, good)


def _met(node: Mapping[str, Any], chance: random.Random, good: float) -> Document:
    met = chance.random() < good
    fits = node.get("measure", "at_least") == "at_least"
    measured = {"value": chance.choice(("2", "1.5")) if met else "1", "required": "1.5", "source": "年报"}
    proof: Document = {"measured": measured} if fits and chance.random() < 0.2 else {}
    clauses = [clause["id"] for clause in node.get("clauses", ())]
    if clauses and chance.random() < 0.2:
        states = {clause: chance.choice(("met", "met", "not_applicable")) for clause in clauses}
        if not met:
            states |= {chance.choice(clauses): "unmet"} if chance.random() < 0.5 else {}
            states = states if "unmet" in states.values() else {clause: states[clause] for clause in clauses[1:]}
        proof |= {"clauses": states} if states else {}
    return {"met": met, **proof}


def _flag(node: Mapping[str, Any], chance: random.Random, good: float) -> Document:
    if node.get("may_be_absent") and chance.random() < 0.15:
        return {"absent": {node["key"]: "没有该设施"}, **({node["key"]: False} if chance.random() < 0.5 else {})}
    return {node["key"]: chance.random() < good}


def _defects(_node: Mapping[str, Any], chance: random.Random, good: float) -> Document:
    count = 0 if chance.random() < good else chance.choice((1, 2, 3, 30))
    return {"defects": [{"text": f"缺陷{number}"} for number in range(count)]}


_LEAVES: Mapping[str, Callable[[Mapping[str, Any], random.Random, float], Document]] = {
    "met": _met,
    "flag": _flag,
    "defects": _defects,
    "count": lambda node, chance, _good: {node["key"]: chance.choice((0, 1, 2, 3, 5, 10**30))},
    "share": lambda node, chance, _good: {node["key"]: chance.choice(SHARES)},
}


def random_mine(catalog: Mapping[str, Any], chance: random.Random, number: int = 0) -> Document:
    """Return the mine of a findings document: any industry, one or more ways of extraction."""
    industries = [industry for block in catalog["blocks"] for industry in block["industries"]]
    ways = chance.sample(catalog["extractions"], chance.choice((1, 1, 1, 2, 3)))
    return {
        "id": f"GM-{number:06}",
        "name": "演示矿山" if number % 7 else "=演示矿山",
        "industry": chance.choice(industries),
        "extraction": ways,
        "primary_extraction": chance.choice(ways),
    }


def random_findings(catalog: Mapping[str, Any], chance: random.Random, number: int = 0, good: float = 0.0) -> Document:
    """Return findings of a mine that the scorer accepts.

    Args:
        catalog: the resolved catalog.
        chance: where chance comes from.
        number: of the mine.
        good: the share of facts that are good; drawn where it is 0.
    """
    good = good or chance.choice((0.6, 0.9, 0.98, 1.0))
    lost = chance.choice((0.0, 0.0, 0.0, 0.01))
    mine = random_mine(catalog, chance, number)
    gates = {}
    for gate in catalog["prerequisites"]:
        if chance.random() > lost:
            gates[gate["id"]] = {"met": chance.random() > (1 - good) / 20} if chance.random() > lost else {}
    entries = {}
    for item in catalog["indicators"]:
        if chance.random() < lost / 2:
            continue
        entries[item["id"]] = _entry(item, mine, chance, good, lost)
    head = {"id": "2026-t", "date": "2026-06-30", "kind": "selection"}
    return {
        "schema": "greenmine.findings/1",
        "mine": mine,
        "assessment": head,
        "prerequisites": gates,
        "indicators": entries,
    }


def _entry(item: Mapping[str, Any], mine: Document, chance: random.Random, good: float, lost: float) -> Document:
    references = chance.choice(([], [" "])) if chance.random() > max(good, 0.97) else ["依据.pdf"]
    if chance.random() < (0.12 if item["not_applicable"]["permitted"] else 0.01):
        claim = {"reason": "本矿无此环节", "confirmed_by": "E2", "citation": "示例〔2025〕1号"}
        if item["not_applicable"]["permitted"] and chance.random() < 0.7:
            del claim["citation"]
        if chance.random() < lost:
            claim["confirmed_by"] = " "
        return {"not_applicable": claim, "evidence": references}
    try:
        node = rule_of(item, mine)
    except StopIteration:  # no variant is for this mine
        return {}
    if item["kind"] == "mandatory":
        good = 1 - (1 - good) / 10
    if chance.random() < 0.9:
        return {"facts": random_facts(node, chance, good, lost), "evidence": references}
    each = [
        {"by": by, "facts": random_facts(node, chance, good, lost), "evidence": references}
        for by in EXPERTS[: chance.randint(1, len(EXPERTS))]
    ]
    how = chance.choice(("", "mean", "finding"))
    if not how:
        return {"judgements": each, "evidence": []}
    return {"judgements": each, "resolution": how, "facts": random_facts(node, chance, good, lost)}


def same(scored: Scored, number: int, score: Document) -> bool:
    """Tell whether a mine's verdict, exact and printed total, statuses and exact points are the scorer's."""
    total = scored.total(number)
    if (score["verdict"], score["total_exact"], score["total"] or "") != (
        VERDICTS[scored.verdict[number]],
        None if total is None else str(total),
        scored.totals_shown[number],
    ):
        return False
    for position, row in enumerate(score["indicators"]):
        status = STATUSES[scored.results.status[position, number]]
        awarded = show(scored.awarded(position, number)) if row["awarded"] is not None else None
        if (row["status"], row["awarded"]) != (status, awarded):
            return False
    return True


def random_register(catalog: Mapping[str, Any], size: int, seed: int) -> list[Document]:
    """Return findings of many mines that the scorer accepts."""
    chance = random.Random(seed)  # noqa: S311 - a register for tests, not a secret
    return [random_findings(catalog, chance, number) for number in range(size)]


def table_of(register: list[Document], catalog: Mapping[str, Any]) -> FactsTable:
    """Return the table of facts of a register."""
    scorer = Scorer(catalog)
    ref = f"{catalog['id']}@{catalog['version']}"
    return FactsTable.of([facts_row(findings, "findings.json", scorer, ref) for findings in register])


def known_to(findings: Document, catalog: Mapping[str, Any]) -> Document:
    """Return findings without what another catalog does not know: ids, facts, claims it does not permit."""
    entries = {}
    for item in catalog["indicators"]:
        entry = findings["indicators"].get(item["id"])
        claim = (entry or {}).get("not_applicable")
        if entry is None or (
            claim and not item["not_applicable"]["permitted"] and not claim.get("citation", "").strip()
        ):
            continue
        entries[item["id"]] = entry
    gates = {gate["id"] for gate in catalog["prerequisites"]}
    kept = {key: value for key, value in findings["prerequisites"].items() if key in gates}
    return {**findings, "indicators": entries, "prerequisites": kept}
