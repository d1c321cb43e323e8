"""Doubts: what about an entry does not change its points but should not pass unseen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from greenmine.scoring.indicator import Indicator, Result


def doubts_about(indicator: Indicator, result: Result, entry: Mapping[str, Any]) -> list[str]:
    """Return the codes of the warnings about one entry of the findings."""
    if result.status == "not_in_block":
        return ["two_blocks"]
    if (
        result.status == "not_applicable"
        and entry.get("not_applicable")
        and (entry.get("facts") or entry.get("judgements"))
    ):
        return ["facts_beside_claim"]
    if result.status not in ("scored", "no_evidence"):
        return []
    codes = ["overruled"] if entry.get("judgements") and entry.get("resolution") == "finding" else []
    if indicator.on_site and not entry.get("site_visit"):
        codes.append("site_visit_missing")
    if not entry.get("justification") and not entry.get("judgements"):
        codes.append("justification_missing")
    if _same_defect_twice(entry.get("facts")):
        codes.append("same_defect_twice")
    return codes


def _same_defect_twice(facts: object) -> bool:
    defects = facts.get("defects") if isinstance(facts, dict) else None
    if not defects:
        return False
    places = [(defect.get("clause"), defect["text"], defect.get("where")) for defect in defects]
    return len(set(places)) < len(places)
