"""The rectification list (整改清单): what would have to change, made of what was recorded.

Four sources, in this order of weight: prerequisites not met; mandatory indicators not at full marks; defects,
deductions and missing parts of improvement indicators; evidence that is missing or in doubt and indicators still to be
assessed. Every entry says what is wrong in the recorded words; nothing is summed up into phrases a mine cannot act on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from greenmine.i18n import gettext as _
from greenmine.workbook.cards import Card, Deck, Gate, Record
from greenmine.workbook.facts import Facts

MUST, SHOULD, SUPPLY = "must", "should", "supply"


@dataclass(frozen=True)
class Task:
    """One line of the list.

    Attributes:
        weight: `must` (the mine cannot meet the standard without it), `should` (it costs points) or `supply` (material
            or an assessment is missing).
        concerns: the indicator or prerequisite, by id and name.
        anchor: where in the report the card is.
        nature: what kind of thing `what` is.
        what: what was found, as recorded, or the requirement that is not met.
        official: whether `what` is official wording of the catalog.
        where: the place, where one was recorded.
        absent: whether `where` is a file that is not there.
    """

    weight: str
    concerns: str
    anchor: str
    nature: str
    what: str
    official: bool = False
    where: str = ""
    absent: bool = False


def tasks(deck: Deck, warnings: Iterable[tuple[str, str]] = ()) -> tuple[Task, ...]:
    """Return the rectification list.

    Args:
        deck: the cards of the assessment.
        warnings: of the evidence: the place and what is the matter, each.
    """
    found = [*_gates(deck.gates), *(task for card in deck.cards for task in _card(card))]
    absent = {task.where.partition("#")[0] for task in found if task.absent}
    said = {task.what for task in found if task.weight == SUPPLY}
    found += [
        Task(SUPPLY, place, "", _("Evidence to be clarified"), message)
        for place, message in warnings
        if place.partition("#")[0] not in absent and message not in said  # what stands there already
    ]
    return tuple(task for weight in (MUST, SHOULD, SUPPLY) for task in found if task.weight == weight)


def _gates(gates: Iterable[Gate]) -> Iterator[Task]:
    for gate in gates:
        concerns, anchor = f"{gate.id} {gate.name}", f"p-{gate.id}"
        if gate.met is False:
            yield Task(MUST, concerns, anchor, *_said(gate.record, gate.text))
        elif gate.disputed:
            what = _("The members disagree on whether this prerequisite is met; the panel has to rule.")
            yield Task(SUPPLY, concerns, anchor, _("To be assessed"), what)
        elif gate.met is None:
            yield Task(SUPPLY, concerns, anchor, _("To be assessed"), _("The prerequisite has not been assessed."))
        yield from _missing(gate.record, concerns, anchor)


def _card(card: Card) -> Iterator[Task]:
    concerns, anchor = f"{card.id} {card.name}", f"i-{card.id}"
    weight = MUST if card.kind == "mandatory" else SHOULD
    if card.status == "not_assessed":
        yield Task(SUPPLY, concerns, anchor, _("To be assessed"), card.reason)
    elif card.status == "no_evidence":
        yield Task(weight, concerns, anchor, _("Evidence lacking"), card.reason)
    yield from _missing(card.record, concerns, anchor)
    if card.status != "scored" or card.full:
        return
    seen: set[tuple[str, str]] = set()
    for facts in (card.facts, *(opinion.facts for opinion in card.opinions)):
        for task in _shortfalls(facts, weight, concerns, anchor) if facts else ():
            if (task.what, task.where) not in seen:
                seen.add((task.what, task.where))
                yield task
    absent = card.facts is not None and any(row.state == "none" and row.official for row in card.facts.rows)
    if not seen and not absent:  # nothing can be put right where a facility does not exist
        yield Task(weight, concerns, anchor, *_said(card.record, "".join("".join(text) for text in card.criteria)))


def _said(record: Record | None, requirement: str) -> tuple[str, str, bool]:
    """Return nature, text and whether it is official: the recorded reason, else the requirement itself."""
    if record and record.justification:
        return _("Finding"), record.justification, False
    return _("Requirement not met"), requirement, True


def _missing(record: Record | None, concerns: str, anchor: str) -> Iterator[Task]:
    for reference in record.missing if record else ():
        what = _("The file is not in the folder.")
        yield Task(SUPPLY, concerns, anchor, _("Evidence lacking"), what, where=reference, absent=True)


def _shortfalls(facts: Facts, weight: str, concerns: str, anchor: str) -> Iterator[Task]:
    for defect in facts.defects or ():
        yield Task(weight, concerns, anchor, _("Finding"), defect.text, where=defect.where)
    for row in (*facts.clauses, *facts.rows):
        if row.state == "bad" and row.official:
            nature = _("Finding") if row.fault else _("Requirement not met")
            yield Task(weight, concerns, anchor, nature, row.label, official=True)
