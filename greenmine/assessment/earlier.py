"""Earlier assessments of the same mine, read beside the present one: a self-assessment, a panel's, a spot check.

They are scored by the catalog and the readings of the present one, so that what differs comes from what people found.
Nothing of them is ever changed, and one that cannot be read is said to be so: it does not keep anybody from working.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from greenmine.assessment.assessment import FOLDER, JOURNALS, Finder, load_assessment
from greenmine.assessment.panel import FILE_NAME, Panel
from greenmine.assessment.payload import split_card
from greenmine.errors import GreenmineError, JournalError
from greenmine.files import refusal
from greenmine.i18n import gettext as _
from greenmine.scoring import Scorer
from greenmine.workspace import is_id

_OPEN: Final = ("not_assessed", "not_in_block")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a card stood in one assessment.

    Attributes:
        status: the status of an indicator; `met`, `unmet` or `not_assessed` of a prerequisite.
        awarded: its points as the score shows them; None where there are none.
        points: the points it can earn; None of a prerequisite.
        facts: the facts that were recorded; None where nobody's stand alone.
        entry: all that the findings hold on the card.
        variants: the variants of the official text that applied.
    """

    status: str
    awarded: str | None = None
    points: str | None = None
    facts: Mapping[str, Any] | None = None
    entry: Mapping[str, Any] = field(default_factory=dict)
    variants: tuple[str, ...] = ()


@dataclass(frozen=True)
class Earlier:
    """An earlier assessment.

    Attributes:
        id: its id.
        panel: its head and who made it; None where it cannot be read.
        findings: what they recorded; empty where it cannot be read.
        score: what follows from it by the present catalog; empty where it cannot be read.
        problem: why it cannot be read; else empty.
        files: what was read: `panel.yaml` and the journals, by path in its folder.
    """

    id: str
    panel: Panel | None = None
    findings: Mapping[str, Any] = field(default_factory=dict)
    score: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)

    def standing(self, card: str) -> Standing | None:
        """Return how a card stood; None where the assessment cannot be read or has no such card."""
        return standing(self.findings, self.score, card) if self.score else None


def standing(findings: Mapping[str, Any], score: Mapping[str, Any], card: str) -> Standing | None:
    """Return how a card stands by findings and their score; None where the score has no such card."""
    kind, name = split_card(card)
    group = "prerequisites" if kind == "prerequisite" else "indicators"
    row = next((row for row in score[group] if row["id"] == name), None)
    if row is None:
        return None
    entry = findings[group].get(name, {})
    if kind == "prerequisite":
        return Standing({True: "met", False: "unmet"}.get(row["met"], "not_assessed"), entry=entry)
    return Standing(
        status=row["status"],
        awarded=row["awarded"],
        points=row["points"],
        facts=entry.get("facts"),
        entry=entry,
        variants=tuple(row.get("variants", ())),
    )


def differs(one: Standing, other: Standing) -> bool:
    """Tell whether a card came out differently; what is still open on either side is no difference."""
    if one.status in _OPEN or other.status in _OPEN:
        return False
    return (one.status, one.awarded) != (other.status, other.awarded)


def earlier_assessments(
    mine_dir: Path,
    panel: Panel,
    scorer: Scorer,
    *,
    inventory: Finder | None = None,
    readings: Mapping[str, str] | None = None,
) -> tuple[Earlier, ...]:
    """Return the assessments of a mine before the present one, the latest first; those that cannot be read come last.

    Args:
        mine_dir: the folder of the mine.
        panel: the panel of the present assessment; earlier is what has an earlier date, or on one day the lower id.
        scorer: of the catalog of the present assessment.
        inventory: the files of the mine.
        readings: choices of readings that differ from the catalog's defaults.
    """
    here = (dt.date.fromisoformat(panel.assessment.date), panel.id)
    found = [_read(mine_dir, name, scorer, inventory, readings) for name in _names(mine_dir) if name != panel.id]
    read = [(_when(one.panel), one) for one in found if one.panel is not None]
    before = sorted(((when, one) for when, one in read if when < here), key=lambda pair: pair[0], reverse=True)
    return (*(one for _when_, one in before), *(one for one in found if one.panel is None))


def _when(panel: Panel) -> tuple[dt.date, str]:
    return dt.date.fromisoformat(panel.assessment.date), panel.id


def _names(mine_dir: Path) -> list[str]:
    folder = mine_dir / FOLDER
    try:
        return sorted(path.name for path in folder.iterdir() if is_id(path.name) and not path.name.startswith("."))
    except OSError:
        return []


def _read(
    mine_dir: Path, name: str, scorer: Scorer, inventory: Finder | None, readings: Mapping[str, str] | None
) -> Earlier:
    try:
        read = load_assessment(mine_dir, name, inventory)
        score = scorer.score(read.findings, readings, f"{FOLDER}/{name}")
        return Earlier(name, read.panel, read.findings, score, files=_files(read.folder, read.panel))
    except GreenmineError as problem:
        return Earlier(name, problem=str(problem))


def _files(folder: Path, panel: Panel) -> dict[str, bytes]:
    """Return panel and journals as they are."""
    names = [FILE_NAME, *(f"{JOURNALS}/{person}.jsonl" for person in sorted(panel.people))]
    try:
        return {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}
    except OSError as problem:
        raise JournalError(folder, expected=_("a readable file"), found=refusal(problem)) from None
