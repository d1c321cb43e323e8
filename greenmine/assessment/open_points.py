"""What is still open: the list with which a sign-off is refused.

Each point names its card and says in a sentence what is missing, so that a form can lead there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from greenmine.assessment.assessment import Assessment
from greenmine.assessment.disagreement import Disagreement
from greenmine.assessment.rules import PanelRules, panel_warnings
from greenmine.i18n import gettext as _
from greenmine.i18n import language

NOTICES: Final = ("torn_line", "needs_ruling", "finding_without_facts")
"""Notices of `load_assessment` that stop a sign-off."""

DOUBTS: Final = ("site_visit_missing", "prerequisite_without_evidence")
"""Warnings of the score that stop a sign-off; a missing site visit changes no points but has to be recorded."""


@dataclass(frozen=True, slots=True)
class OpenPoint:
    """Something that is still open.

    Attributes:
        card: where; empty where it is about the whole.
        code: what kind of thing it is.
        text: what is missing, in the language in use.
    """

    card: str
    code: str
    text: str


def open_points(
    assessment: Assessment,
    score: Mapping[str, Any],
    catalog: Mapping[str, Any],
    *,
    rules: PanelRules,
    disagreements: Mapping[str, Disagreement],
) -> tuple[OpenPoint, ...]:
    """Return what is open, in the order of the catalog; what is about the whole comes last.

    Args:
        assessment: the assessment as it was read.
        score: what follows from it, schema `greenmine.score/1`.
        catalog: the resolved catalog.
        rules: for the panel.
        disagreements: as `greenmine.assessment.disagreement` found them.
    """
    found = [
        *_prerequisites(assessment.findings, score),
        *_indicators(assessment.findings, score),
        *_doubts(score),
        *(OpenPoint(one.card, "disagreement", one.text) for one in disagreements.values() if one.needs_ruling),
        *_notices(assessment),
        *(OpenPoint("", "panel", one.text) for one in panel_warnings(assessment.panel, rules) if one.required),
    ]
    order = [
        *(f"prerequisite/{entry['id']}" for entry in catalog["prerequisites"]),
        *(f"indicator/{entry['id']}" for entry in catalog["indicators"]),
    ]
    place = {card: number for number, card in enumerate(order)}
    disputed = {point.card for point in found if point.code == "disagreement"}
    elsewhere = {f"indicator/{row['id']}" for row in score["indicators"] if row["status"] == "not_in_block"}
    kept = [
        point
        for point in found
        if point.card not in elsewhere and (point.code != "needs_ruling" or point.card not in disputed)
    ]
    return tuple(sorted(dict.fromkeys(kept), key=lambda point: place.get(point.card, len(place))))


def _message(entry: Mapping[str, Any], key: str = "message") -> str:
    return str(entry.get(key if language() == "zh" else f"{key}_en", ""))


def _prerequisites(findings: Mapping[str, Any], score: Mapping[str, Any]) -> Iterator[OpenPoint]:
    for row in score["prerequisites"]:
        card = f"prerequisite/{row['id']}"
        if row["met"] is None:
            yield OpenPoint(card, "not_assessed", _("The prerequisite has not been assessed."))
        yield from _missing(card, findings["prerequisites"].get(row["id"], {}))


def _indicators(findings: Mapping[str, Any], score: Mapping[str, Any]) -> Iterator[OpenPoint]:
    """Yield what is not assessed or rests on nothing; where a prerequisite failed no indicator has to be assessed."""
    for row in score["indicators"]:
        card, entry = f"indicator/{row['id']}", findings["indicators"].get(row["id"], {})
        if row["status"] == "not_assessed" and (entry or score["verdict"] != "ineligible"):
            yield OpenPoint(card, "not_assessed", _message(row, "reason"))
        elif row["status"] == "no_evidence" and not _explained(entry):
            text = _("No evidence is cited, so it counts 0 points. Cite some, or give the reason why there is none.")
            yield OpenPoint(card, "no_evidence", text)
        yield from _missing(card, entry)


def _explained(entry: Mapping[str, Any]) -> bool:
    return bool(entry.get("justification")) or any(one.get("justification") for one in entry.get("judgements", ()))


def _missing(card: str, entry: Mapping[str, Any]) -> Iterator[OpenPoint]:
    for reference in entry.get("missing_evidence", ()):
        yield OpenPoint(card, "missing_evidence", _("{file} is cited and not in the folder.").format(file=reference))


def _doubts(score: Mapping[str, Any]) -> Iterator[OpenPoint]:
    for warning in score["warnings"]:
        if warning["code"] in DOUBTS:
            kind = "indicator" if "indicator" in warning else "prerequisite"
            yield OpenPoint(f"{kind}/{warning[kind]}", warning["code"], _message(warning))
    for reason in score["reasons"]:
        if reason["code"] == "category_needs_ruling":
            yield OpenPoint("", reason["code"], _message(reason))


def _notices(assessment: Assessment) -> Iterator[OpenPoint]:
    for notice in assessment.warnings:
        if notice.code in NOTICES:
            about = "" if notice.code == "torn_line" else notice.place
            yield OpenPoint(about, notice.code, notice.message)
