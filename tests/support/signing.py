"""Signing off in tests: what a member's form does, without the form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from greenmine.archive.signature import sign
from greenmine.archive.signers import FINDING
from greenmine.assessment import Assessment, load_assessment
from greenmine.assessment.disagreement import disagreements
from greenmine.assessment.fold import replay
from greenmine.assessment.open_points import OpenPoint, open_points
from greenmine.assessment.rules import load_panel_rules
from greenmine.assessment.signoff import Signed, digests, sign_off_fields, signed, statement
from greenmine.assessment.writer import Clock, now
from greenmine.catalog import load_catalog
from greenmine.evidence import take_inventory
from greenmine.scoring import Scorer
from greenmine.workspace import Workspace, shared_dir

PACKAGED = Workspace(shared_dir())
CATALOG = load_catalog("national@2024", PACKAGED)
SCORER = Scorer(CATALOG.document)
RULES = load_panel_rules(workspace=PACKAGED)


def read(mine: Path) -> tuple[Assessment, dict[str, Any], dict[str, str]]:
    """Return the latest assessment of a mine, its score, and the digests of what is signed."""
    inventory = take_inventory(mine)
    assessment = load_assessment(mine, None, inventory)
    score = SCORER.score(assessment.findings)
    return assessment, score, digests(assessment, CATALOG.sha256, score, inventory.sha256)


def signed_now(mine: Path) -> tuple[Signed, ...]:
    """Return the sign-offs of the latest assessment of a mine."""
    assessment, _score, current = read(mine)
    return signed(assessment.findings, assessment.panel, current)


def open_now(mine: Path) -> tuple[OpenPoint, ...]:
    """Return what is open in the latest assessment of a mine."""
    assessment, score, _digests = read(mine)
    found = disagreements(assessment.findings, replay(assessment.entries), SCORER, RULES)
    return open_points(assessment, score, CATALOG.document, rules=RULES, disagreements=found)


def record(mine: Path, person: str, card: str, *line: Any, author: str = "", clock: Clock = now) -> None:
    """Write one line to a member's journal."""
    with load_assessment(mine).writer(person, clock) as journal:
        journal.append(author or person, card, *line)


def sign_off(mine: Path, person: str, key: Path | None = None, clock: Clock = now) -> None:
    """Sign off the latest assessment of a mine as it is now, with a key where one is given."""
    assessment, _score, current = read(mine)
    fields, clear = sign_off_fields(RULES.pledge, current)
    if key is not None:
        text = statement(assessment.mine.id, assessment.id, person, fields["sign_off"])
        fields, clear = sign_off_fields(RULES.pledge, current, sign(text, key, FINDING).decode())
    record(mine, person, "assessment", fields, clear, clock=clock)
