"""Cards: everything about one indicator or prerequisite in one place, ready for the page.

A card joins three documents that never refer to each other's inside: the official text (catalog), what the panel
recorded (findings), and what follows from both (score). It adds nothing of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from greenmine.i18n import gettext as _
from greenmine.i18n import language
from greenmine.workbook import words
from greenmine.workbook.exhibits import Citation, Exhibits
from greenmine.workbook.facts import WORDING, Facts, Row, in_words, plain

PHOTOS_A_CARD = 4

_ITEM = re.compile("(?=[①-⑳])")
_HAN = re.compile("[\u3400-\u9fff]")


@dataclass(frozen=True)
class Visit:
    """Who saw what, where and when (说明二（五）)."""

    by: str
    place: str
    seen: str
    on: str


@dataclass(frozen=True)
class Record:
    """A check record (检查记录): why, who saw what, and the evidence.

    Attributes:
        justification: the reason, in the panel's words.
        visit: the site visit; None where none is recorded.
        citations: the evidence.
        missing: references to files that are not there.
        photos: the photos among the evidence that no earlier card shows, at most `PHOTOS_A_CARD`.
        more_photos: how many further ones are left to the list of evidence.
    """

    justification: str
    visit: Visit | None
    citations: tuple[Citation, ...]
    missing: tuple[str, ...]
    photos: tuple[Citation, ...]
    more_photos: int


@dataclass(frozen=True)
class Opinion:
    """One expert's own judgement; `id` is what the record calls the expert, `by` the name with it."""

    id: str
    by: str
    facts: Facts
    justification: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True)
class Exemption:
    """Why an indicator is not applicable (不涉及项), and who confirmed it."""

    reason: str
    confirmed_by: str
    citation: str


@dataclass(frozen=True)
class Card:
    """One indicator (三级指标) of the mine's block.

    Attributes:
        criteria: the official 评分说明 in paragraphs; only the variants in use.
        status: the code of the score.
        reason: why the status is other than scored.
        facts: what was recorded by the panel or the one author; None where nothing was.
        opinions: the experts' own judgements.
        comparison: what they judged, side by side: each part or clause, and what each of them recorded on it.
        trace: where the points come from; official wording, which `criteria` has in full, is cut.
        warnings: what does not change points but should not pass unseen.
    """

    id: str
    name: str
    points: str
    awarded: str | None
    kind: str
    status: str
    reason: str
    criteria: tuple[tuple[str, ...], ...]
    methods: tuple[str, ...]
    basis: str
    current_edition: str
    facts: Facts | None
    record: Record | None
    opinions: tuple[Opinion, ...]
    comparison: tuple[tuple[Row, tuple[Row | None, ...]], ...]
    exemption: Exemption | None
    trace: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def full(self) -> bool:
        """Whether the indicator is at full marks."""
        return self.awarded == self.points


@dataclass(frozen=True)
class Section:
    """A 二级指标 and its cards."""

    id: str
    name: str
    points: str
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Category:
    """A 一级指标, its figures and its sections."""

    id: str
    name: str
    points: str
    applicable: str
    awarded: str
    converted: str | None
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Voice:
    """One expert's own opinion on a prerequisite; `met` is None where the expert recorded none."""

    by: str
    met: bool | None
    justification: str
    dissent: bool


@dataclass(frozen=True)
class Gate:
    """A prerequisite (先决条件).

    Attributes:
        met: what counts; None where it is open.
        voices: the experts' own opinions, where they were recorded one by one.
    """

    id: str
    name: str
    text: str
    met: bool | None
    record: Record | None
    warnings: tuple[str, ...]
    voices: tuple[Voice, ...] = ()

    @property
    def disputed(self) -> bool:
        """Whether the experts disagree and the panel has not ruled."""
        return self.met is None and len({voice.met for voice in self.voices} - {None}) > 1


class Deck:
    """All cards of one assessment.

    Args:
        catalog: the resolved catalog.
        findings: what was recorded.
        score: the score of both.
        exhibits: the numbered files.
        people: names by id of the panel's members.
    """

    def __init__(
        self,
        catalog: Mapping[str, Any],
        findings: Mapping[str, Any],
        score: Mapping[str, Any],
        exhibits: Exhibits,
        people: Mapping[str, str],
    ) -> None:
        self._findings = findings
        self._exhibits = exhibits
        self._people = people
        self._said = "" if language() == "zh" else "_en"
        self._warnings: dict[tuple[str, str], list[str]] = {}
        for warning in score["warnings"]:
            for key in ("indicator", "prerequisite"):
                if key in warning:
                    self._warnings.setdefault((key, warning[key]), []).append(warning[f"message{self._said}"])
        self._shown: set[tuple[str, object]] = set()  # photos, so that each is shown once
        self._rows = {row["id"]: row for row in score["indicators"]}
        self.gates = tuple(
            self._gate(entry, row["met"])
            for entry, row in zip(catalog["prerequisites"], score["prerequisites"], strict=True)
        )
        cards: dict[str, list[Card]] = {}
        for entry in catalog["indicators"]:
            if self._rows[entry["id"]]["status"] != "not_in_block":
                cards.setdefault(entry["section"], []).append(self._card(entry))
        self.categories = tuple(
            Category(
                **{key: row[key] for key in ("id", "name", "points", "applicable", "awarded", "converted")},
                sections=tuple(
                    Section(section["id"], section["name"], section["points"], tuple(cards[section["id"]]))
                    for section in catalog["sections"]
                    if section["category"] == row["id"] and section["id"] in cards
                ),
            )
            for row in score["categories"]
        )

    @property
    def cards(self) -> tuple[Card, ...]:
        """All cards in the order of the catalog."""
        return tuple(card for category in self.categories for section in category.sections for card in section.cards)

    def person(self, key: str) -> str:
        """Return a member's name and id; whoever is not of the panel, as recorded."""
        return f"{self._people[key]}（{key}）" if key in self._people else key

    def _gate(self, entry: Mapping[str, Any], met: bool | None) -> Gate:  # noqa: FBT001 - the value is the argument
        found = self._findings["prerequisites"].get(entry["id"])
        warnings = tuple(self._warnings.get(("prerequisite", entry["id"]), ()))
        return Gate(
            entry["id"], entry["name"], entry["text"], met, self._record(found), warnings, self._voices(found, met)
        )

    def _voices(self, found: Mapping[str, Any] | None, met: bool | None) -> tuple[Voice, ...]:  # noqa: FBT001 - as above
        return tuple(
            Voice(
                self.person(plain(each.get("by"))),
                each.get("met"),
                plain(each.get("justification")),
                met is not None and each.get("met") is not None and each["met"] != met,
            )
            for each in (found or {}).get("judgements", ())
        )

    def _card(self, entry: Mapping[str, Any]) -> Card:
        row = self._rows[entry["id"]]
        found = self._findings["indicators"].get(entry["id"], {})
        variants = tuple(row.get("variants", ()))
        rule = entry["rule"] if "rule" in entry else entry["rules"].get(variants[0] if variants else "")
        facts = found.get("facts")
        words_of = in_words(rule, facts, variants) if rule is not None and isinstance(facts, Mapping) else None
        opinions = tuple(self._opinion(each, rule, variants) for each in found.get("judgements", ()))
        claim = found.get("not_applicable")
        return Card(
            id=entry["id"],
            name=entry["name"],
            points=row["points"],
            awarded=row["awarded"],
            kind=row["kind"],
            status=row["status"],
            reason=row.get(f"reason{self._said}", ""),
            criteria=criteria_in_use(entry, variants),
            methods=tuple(entry["methods"]),
            basis=entry["basis"],
            current_edition=entry.get("current_edition", ""),
            facts=words_of,
            record=self._record(found),
            opinions=opinions,
            comparison=_compared([opinion.facts for opinion in opinions]),
            exemption=self._exemption(claim) if isinstance(claim, Mapping) else None,
            trace=tuple(_shorter(step) for step in row["trace" + self._said]),
            warnings=tuple(self._warnings.get(("indicator", entry["id"]), ())),
        )

    def _record(self, found: Mapping[str, Any] | None) -> Record | None:
        if not found:
            return None
        photos = {
            (citation.exhibit.item.sha256, citation.region): citation
            for citation in self._cited([*_references(found)])
            if citation.exhibit is not None and citation.exhibit.photo
        }
        new = {key: citation for key, citation in photos.items() if key not in self._shown}
        self._shown.update([*new][:PHOTOS_A_CARD])
        visit = found.get("site_visit")
        return Record(
            justification=plain(found.get("justification")),
            visit=self._visit(visit) if isinstance(visit, Mapping) else None,
            citations=self._cited(found.get("evidence")),
            missing=tuple(map(plain, found.get("missing_evidence", ()))),
            photos=tuple(new.values())[:PHOTOS_A_CARD],
            more_photos=max(0, len(new) - PHOTOS_A_CARD),
        )

    def _visit(self, visit: Mapping[str, Any]) -> Visit:
        by = visit.get("by", ())
        keys = [str(key) for key in by] if isinstance(by, list | tuple) else [plain(by)]
        everyone = len(self._people) > 1 and set(keys) == set(self._people)
        who = _("everyone") if everyone else words.listed([self._people.get(key, key) for key in keys])
        return Visit(who, *(plain(visit.get(key)) for key in ("place", "seen", "on")))

    def _cited(self, references: object) -> tuple[Citation, ...]:
        if not isinstance(references, list | tuple):
            return ()
        return tuple(self._exhibits.cite(str(reference)) for reference in dict.fromkeys(references))

    def _opinion(self, judgement: Mapping[str, Any], rule: Mapping[str, Any], variants: Sequence[str]) -> Opinion:
        return Opinion(
            id=str(judgement.get("by", "")),
            by=self.person(str(judgement.get("by", ""))),
            facts=in_words(rule, judgement.get("facts") or {}, variants),
            justification=plain(judgement.get("justification")),
            citations=self._cited(judgement.get("evidence")),
        )

    def _exemption(self, claim: Mapping[str, Any]) -> Exemption:
        return Exemption(
            reason=plain(claim.get("reason")),
            confirmed_by=self.person(plain(claim.get("confirmed_by"))),
            citation=plain(claim.get("citation")),
        )


def _compared(several: Sequence[Facts]) -> tuple[tuple[Row, tuple[Row | None, ...]], ...]:
    """Return each row that any of several authors recorded, with what each of them recorded on it."""
    tables = [{row.label: row for row in (*facts.rows, *facts.clauses)} for facts in several]
    labels = dict.fromkeys(label for table in tables for label in table)
    first = {label: next(table[label] for table in tables if label in table) for label in labels}
    return tuple((first[label], tuple(table.get(label) for table in tables)) for label in labels)


def _shorter(step: str) -> str:
    """Cut official wording, which stands in full above, to its beginning.

    A step is the wording of a part, a colon, and what follows from it. The wording is Chinese and may hold full-width
    colons, so the last one counts in a Chinese step and the first `: ` in an English one. An English beginning without
    any Chinese is the scorer's own sentence and stays whole.
    """
    wording, colon, said = step.rpartition("：") if language() == "zh" else step.partition(": ")
    official = language() == "zh" or _HAN.search(wording) is not None
    return f"{wording[:WORDING]}…{colon}{said}" if colon and official and len(wording) > WORDING + 2 else step


def criteria_in_use(entry: Mapping[str, Any], variants: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return the official text of the variants in use, each cut before ①②③ so that it can be read."""
    criteria = entry["criteria"]
    texts = [criteria] if isinstance(criteria, str) else [criteria[variant] for variant in variants]
    shared = entry.get("criteria_shared", "")
    if shared and texts and not texts[-1].endswith(shared):
        texts.append(shared)
    return tuple(tuple(part for part in _ITEM.split(text) if part) for text in texts)


def citing(findings: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return every evidence reference of the findings and the ids of the entries that cite it."""
    found: dict[str, list[str]] = {}
    for key in ("prerequisites", "indicators"):
        for name, entry in findings[key].items():
            for reference in dict.fromkeys(_references(entry)):
                found.setdefault(reference, []).append(name)
    return found


def _references(entry: Mapping[str, Any]) -> Iterator[str]:
    """Yield the evidence references of an entry: its own, its defects', its judgements' and their defects'."""
    for holder in (entry, *entry.get("judgements", ())):
        facts = holder.get("facts")
        defects = facts.get("defects", ()) if isinstance(facts, Mapping) else ()
        for place in (holder, *(defect for defect in defects if isinstance(defect, Mapping))):
            yield from map(str, place.get("evidence", ()))
