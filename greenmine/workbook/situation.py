"""How an assessment stands at a moment: what was recorded, what follows from it, and what is still open.

Everything here is a pure function of the entries and of what does not change while people work (`Ground`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from greenmine.assessment.assessment import Assessment, read_again
from greenmine.assessment.disagreement import Disagreement, disagreements
from greenmine.assessment.earlier import Earlier
from greenmine.assessment.fold import Card, replay
from greenmine.assessment.journal import Entry
from greenmine.assessment.open_points import OpenPoint, open_points
from greenmine.assessment.payload import PERSONAL
from greenmine.assessment.rules import PanelRules
from greenmine.assessment.signoff import Signed, digests, signed
from greenmine.catalog import Catalog
from greenmine.evidence import Inventory
from greenmine.scoring import Scorer
from greenmine.workbook.chair import Key
from greenmine.workbook.journals import Journals

WHOLE: Final = "assessment"
"""The card of what is recorded on the assessment as a whole."""


@dataclass(frozen=True)
class Ground:
    """What does not change while people work.

    Attributes:
        folder: the mine's folder.
        catalog: the catalog.
        scorer: of it.
        rules: for the panel.
        earlier: the earlier assessments of the mine.
        readings: choices of readings that differ from the catalog's defaults.
    """

    folder: Path
    catalog: Catalog
    scorer: Scorer
    rules: PanelRules
    earlier: tuple[Earlier, ...]
    readings: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Situation:
    """How the assessment stands.

    Attributes:
        record: the assessment as it was read.
        cards: what is in force on each card.
        entries: the entries on each card, in the order in which they count.
        score: what follows from the findings.
        disagreements: by card.
        open: what stops the sign-off.
        signed: the sign-offs.
    """

    record: Assessment
    cards: Mapping[str, Card]
    entries: Mapping[str, tuple[Entry, ...]]
    score: Mapping[str, Any]
    disagreements: Mapping[str, Disagreement]
    open: tuple[OpenPoint, ...]
    signed: tuple[Signed, ...]

    def fields(self, card: str, author: str) -> dict[str, Any]:
        """Return what an author has in force on a card, but for what members record about themselves."""
        found = self.cards[card].fields.get(author, {}) if card in self.cards else {}
        return {name: value for name, value in found.items() if name not in PERSONAL}


def situation(
    ground: Ground, known: Assessment, inventory: Inventory, journals: Journals, before: Situation | None = None
) -> Situation:
    """Read the journals and return how the assessment stands.

    Args:
        ground: what does not change.
        known: the assessment as it was read before.
        inventory: the mine's files.
        journals: what reads journals.
        before: how it stood before, so that only what has changed since is compared.

    Raises:
        GreenmineError: a journal cannot be read, or holds what the catalog does not take.
    """
    record = read_again(known, inventory, journals)
    score = ground.scorer.score(record.findings, ground.readings, str(ground.folder))
    cards = replay(record.entries)
    entries: dict[str, list[Entry]] = {}
    for entry in record.entries:
        entries.setdefault(entry.card, []).append(entry)
    by_card = {card: tuple(found) for card, found in entries.items()}
    same = {card for card in cards if before is not None and before.entries.get(card) == by_card[card]}
    changed = {card: found for card, found in cards.items() if card not in same}
    names = {member.id: member.name for member in record.panel.members}
    apart = disagreements(record.findings, changed, ground.scorer, ground.rules, ground.readings, names=names)
    if before is not None:
        apart |= {card: found for card, found in before.disagreements.items() if card in same}
    document = ground.catalog.document
    return Situation(
        record=record,
        cards=cards,
        entries=by_card,
        score=score,
        disagreements=apart,
        open=open_points(record, score, document, rules=ground.rules, disagreements=apart),
        signed=_signed(ground, record, score, inventory),
    )


def to_sign(ground: Ground, record: Assessment, score: Mapping[str, Any], inventory: Inventory) -> dict[str, str]:
    """Return the digests of what would be signed."""
    return digests(record, ground.catalog.sha256, score, inventory.sha256)


def _signed(ground: Ground, record: Assessment, score: Mapping[str, Any], inventory: Inventory) -> tuple[Signed, ...]:
    if not record.findings["assessment"].get("sign_off"):
        return ()
    return signed(record.findings, record.panel, to_sign(ground, record, score, inventory))


# ---- versions of a card, and the way back ----------------------------------------------------------------------------


def version(entries: tuple[Entry, ...]) -> str:
    """Return the version of a card: the last line on it of each journal, as `E1:12,E2:4`; empty where there is none."""
    last: dict[str, int] = {}
    for entry in entries:
        last[entry.typed_by] = max(entry.seq, last.get(entry.typed_by, 0))
    return ",".join(f"{person}:{number}" for person, number in sorted(last.items()))


def newer(entries: tuple[Entry, ...], base: str) -> list[Entry]:
    """Return the entries that a version of their card does not hold.

    Raises:
        ValueError: `base` is no version.
    """
    known: dict[str, int] = {}
    for part in base.split(",") if base else ():
        person, colon, number = part.partition(":")
        if not colon or not number.isascii() or not number.isdigit() or len(number) > 15:  # noqa: PLR2004 - journals are shorter
            message = "no version"
            raise ValueError(message)
        known[person] = int(number)
    return [entry for entry in entries if entry.seq > known.get(entry.typed_by, 0)]


def before_latest(
    entries: tuple[Entry, ...], author: str, undos: frozenset[Key], made: frozenset[Key]
) -> dict[str, Any] | None:
    """Return what an author had on a card before the latest entry that is not undone; None where there is none.

    A journal does not say which lines undo another. Of lines of this session it is known; an older line is taken for
    one that undoes where it put back what stood before the line that it followed.

    Args:
        entries: the entries on the card, in the order in which they count.
        author: whose card it is.
        undos: which entries of this session undo another.
        made: all entries of this session.
    """
    current: dict[str, Any] = {}
    back: list[dict[str, Any]] = []
    for entry in entries:
        if entry.author != author:
            continue
        after = {**current, **{name: value for name, value in entry.set.items() if name not in PERSONAL}}
        for name in entry.clear:
            after.pop(name, None)
        key = (entry.typed_by, entry.seq)
        if back and (key in undos or (key not in made and after == back[-1])):
            back.pop()
        elif after != current:
            back.append(current)
        current = after
    return back[-1] if back else None
