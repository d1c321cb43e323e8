"""Shortfalls: what a sealed assessment found wanting, as the beginning of a list of items to be put right.

A check says what is wrong; what is to be done, by whom and until when, people have to decide. So the file that is
drafted lacks just that, and is not accepted before it is filled in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from greenmine.i18n import gettext as _


def shortfalls(findings: Mapping[str, Any], score: Mapping[str, Any], catalog: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what an assessment found wanting, a sentence each: prerequisites first, then indicators in their order.

    Args:
        findings: `findings.json`.
        score: `score.json`.
        catalog: `catalog.resolved.json`.
    """
    return (*_gates(findings, score, catalog), *_indicators(findings, score, catalog))


def _gates(findings: Mapping[str, Any], score: Mapping[str, Any], catalog: Mapping[str, Any]) -> Iterator[str]:
    names = {one["id"]: one["name"] for one in catalog["prerequisites"]}
    for gate in score["prerequisites"]:
        if gate["met"] is False:
            said = findings["prerequisites"].get(gate["id"], {}).get("justification", "")
            yield _told(gate["id"], names[gate["id"]], said or _("not met"))


def _indicators(findings: Mapping[str, Any], score: Mapping[str, Any], catalog: Mapping[str, Any]) -> Iterator[str]:
    names = {one["id"]: one["name"] for one in catalog["indicators"]}
    for one in score["indicators"]:
        found = findings["indicators"].get(one["id"], {})
        name = names[one["id"]]
        if one["status"] == "no_evidence":
            yield _told(one["id"], name, _("no evidence"))
        elif one["status"] == "scored" and Fraction(one["awarded"]) < Fraction(one["points"]):
            lost = _("{awarded} of {points} points").format(awarded=one["awarded"], points=one["points"])
            words = tuple(_defects(found)) or (found.get("justification") or lost,)
            yield from (_told(one["id"], name, text) for text in dict.fromkeys(words))


def _defects(found: Mapping[str, Any]) -> Iterator[str]:
    judgements: Iterable[Mapping[str, Any]] = (found, *found.get("judgements", ()))
    for judgement in judgements:
        for defect in judgement.get("facts", {}).get("defects", ()):
            where = defect.get("where", "")
            yield f"{defect['text']}（{where}）" if where else defect["text"]


def _told(number: str, name: str, text: str) -> str:
    return _("{number} {name}: {text}").format(number=number, name=name, text=text)
