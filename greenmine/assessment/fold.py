"""From what people recorded to `findings.json`: one pure function of the entries, the panel and the mine.

`replay` takes the entries of all journals in their order and keeps, for each card and author, the fields in force.
`fold` then makes one entry of each card. What the panel recorded jointly stands before what its members recorded; where
several members recorded facts and the panel did not, each one's judgement is kept and the mean decides. Nobody's
record is dropped: what does not stand at the top of an entry stands in its `judgements`, `claims`, `remarks` or
`further_site_visits`.

The result depends on the entries alone, not on the order in which they are handed in.
"""

from __future__ import annotations

import copy
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from greenmine.assessment.journal import Entry
from greenmine.assessment.panel import Panel
from greenmine.assessment.payload import PANEL, PERSONAL, split_card

FINDINGS_SCHEMA: Final = "greenmine.findings/1"

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A person's word that an indicator is not applicable, and the claims that were in force when it was given."""

    entry: Entry
    claims: Mapping[str, Entry]


@dataclass
class Card:
    """What is in force on one card.

    Attributes:
        fields: by author, the value of each field that is set.
        claims: by author, the entry that set `not_applicable` to the value in force.
        confirmations: by author, the confirmation in force, in the order they were given.
        signing: by member, the sign-off or the withdrawal in force, as findings tell it.
        mentioned: every evidence reference ever given, in order of first mention.
    """

    fields: dict[str, Document] = field(default_factory=dict)
    claims: dict[str, Entry] = field(default_factory=dict)
    confirmations: dict[str, Confirmation] = field(default_factory=dict)
    signing: dict[str, Document] = field(default_factory=dict)
    mentioned: dict[str, None] = field(default_factory=dict)

    def take(self, entry: Entry) -> None:
        """Take one more entry into account."""
        own = self.fields.setdefault(entry.author, {})
        before = own.get("not_applicable")
        mine = entry.author == entry.typed_by
        own.update({name: value for name, value in entry.set.items() if mine or name not in PERSONAL})
        for name in entry.clear:
            if mine or name not in PERSONAL:
                own.pop(name, None)
        self.mentioned.update(dict.fromkeys(entry.set.get("evidence", ())))
        if mine:
            self._sign(entry, own)
        if "not_applicable" not in own:
            self.claims.pop(entry.author, None)
        elif own["not_applicable"] != before:  # a changed reason is a new claim, to be confirmed anew
            self.claims[entry.author] = entry
        if "confirm_not_applicable" not in own:
            self.confirmations.pop(entry.author, None)
        elif "confirm_not_applicable" in entry.set:
            self.confirmations.pop(entry.author, None)  # so that the order is that of the last word
            self.confirmations[entry.author] = Confirmation(entry, dict(self.claims))

    def _sign(self, entry: Entry, own: Document) -> None:
        head = {"by": entry.author, "time": entry.time}
        if "sign_off" in entry.set:
            identity = {"identity": own["identity"]} if "identity" in own else {}
            self.signing[entry.author] = {**head, **entry.set["sign_off"], **identity}
        elif "withdrawal" in entry.set:
            self.signing[entry.author] = {**head, "reason": entry.set["withdrawal"]["reason"]}
        elif not own.keys() & {"sign_off", "withdrawal"}:
            self.signing.pop(entry.author, None)

    def confirmed_by(self, author: str) -> str | None:
        """Return who confirmed the claim of `author`; None where nobody did whose word counts."""
        claim = self.claims[author]
        for confirmation in self.confirmations.values():
            if confirmation.claims.get(author) is claim and counts(claim, confirmation.entry):
                return person(confirmation.entry)
        return None

    @property
    def people(self) -> list[str]:
        """The members who have something on the card, in order of their ids."""
        return sorted(author for author, fields in self.fields.items() if fields and author != PANEL)


def person(entry: Entry) -> str:
    """Return the person whose word an entry is: its author, or whoever typed it for the panel."""
    return entry.typed_by if entry.author == PANEL else entry.author


def counts(claim: Entry, confirmation: Entry) -> bool:
    """Tell whether a confirmation is another person's than the claim (说明一（三）; four eyes).

    Neither who claimed nor who typed the claim can confirm it, and whoever claimed cannot type another's confirmation.
    A scribe may type both for two others.
    """
    return person(confirmation) not in (claim.author, claim.typed_by) and confirmation.typed_by != claim.author


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries of several journals in the order in which they count: time, who typed, number."""
    return sorted(entries, key=lambda entry: entry.order)


def replay(entries: Iterable[Entry]) -> dict[str, Card]:
    """Return what is in force on each card, by the name of the card, sorted."""
    cards: dict[str, Card] = {}
    for entry in in_order(entries):
        cards.setdefault(entry.card, Card()).take(entry)
    return {name: cards[name] for name in sorted(cards) if any(cards[name].fields.values())}


def fold(entries: Iterable[Entry], panel: Panel, mine: Mapping[str, Any]) -> Document:
    """Return the findings that follow from the entries of all journals.

    Args:
        entries: the entries, in any order.
        panel: the panel; its head becomes `assessment`.
        mine: what becomes `mine`: id, name, industry, extraction, primary_extraction.

    Returns:
        A document of schema `greenmine.findings/1`. The same entries always give the same document.
    """
    findings: Document = {
        "schema": FINDINGS_SCHEMA,
        "mine": copy.deepcopy(dict(mine)),
        "assessment": panel.assessment.model_dump(),
        "prerequisites": {},
        "indicators": {},
    }
    for name, card in replay(entries).items():
        kind, identity = split_card(name)
        if kind == "prerequisite":
            findings["prerequisites"][identity] = _prerequisite(card)
        elif kind == "indicator":
            findings["indicators"][identity] = _indicator(card)
        else:
            findings["assessment"].update(_record(card, _voice(card, [*card.people]), []))
            findings["assessment"].update(_signatures(card))
    return findings


# ---- the kinds of cards ----------------------------------------------------------------------------------------------


def _prerequisite(card: Card) -> Document:
    """Fold a prerequisite: the panel's word, else that of its members if they are of one mind.

    Members who disagree leave `met` open: the verdict then waits for the panel's ruling.
    """
    judges = [author for author in card.people if "met" in card.fields[author]]
    ruled = "met" in card.fields.get(PANEL, {})
    words = {card.fields[author]["met"] for author in ([PANEL] if ruled else judges)}
    several = judges if ruled or len(judges) > 1 else []
    folded: Document = {"met": words.pop()} if len(words) == 1 else {}
    if several:
        folded["judgements"] = [_judgement(author, card.fields[author], "met") for author in several]
    return {**folded, **_record(card, _voice(card, judges), several)}


def _indicator(card: Card) -> Document:
    """Fold an indicator: the panel's facts or claim, else the one member's, else everyone's judgement."""
    judges = [author for author in card.people if "facts" in card.fields[author]]
    joint = card.fields.get(PANEL, {})
    claimant = _claimant(card)
    ruled = "facts" in joint or claimant == PANEL
    others = [author for author in judges if author != claimant]
    several = judges if ruled or len(judges) > 1 or (claimant is not None and others) else []
    folded: Document = {}
    if "facts" in joint:
        folded["facts"] = once(joint["facts"])
    elif judges and not several:
        folded["facts"] = once(card.fields[judges[0]]["facts"])
    if several:
        folded["judgements"] = [_judgement(author, card.fields[author], "facts") for author in several]
        if "facts" in joint:
            folded["resolution"] = joint.get("resolution", "finding")
        elif claimant is None:
            folded["resolution"] = "mean"
    if claimant is not None:
        folded["not_applicable"] = _claim(card, claimant)
    claims = [_claim(card, author) for author in sorted(card.claims) if author != claimant]
    if claims:
        folded["claims"] = claims
    return {**folded, **_record(card, _voice(card, [claimant] if claimant else judges), several)}


def _claimant(card: Card) -> str | None:
    """Return whose claim of not-applicable stands: the panel's, else a confirmed one, else the first.

    Where the panel recorded facts and no claim, it ruled that the indicator applies.
    """
    if PANEL in card.claims:
        return PANEL
    if not card.claims or "facts" in card.fields.get(PANEL, {}):
        return None
    authors = sorted(card.claims)
    return next((author for author in authors if card.confirmed_by(author)), authors[0])


def _claim(card: Card, author: str) -> Document:
    claim: Document = {**card.fields[author]["not_applicable"], "by": author}
    confirmed_by = card.confirmed_by(author)
    if confirmed_by is not None:
        claim["confirmed_by"] = confirmed_by
    return claim


def _judgement(author: str, fields: Mapping[str, Any], key: str) -> Document:
    """Return one expert's own judgement."""
    value = fields[key]
    judgement: Document = {"by": author, key: once(value) if key == "facts" else value}
    if "justification" in fields:
        judgement["justification"] = fields["justification"]
    if fields.get("evidence"):
        judgement["evidence"] = list(dict.fromkeys(fields["evidence"]))
    return judgement


def _signatures(card: Card) -> Document:
    """Return who signed off and who withdrew, in order of the ids."""
    signing = [copy.deepcopy(card.signing[author]) for author in sorted(card.signing)]
    found = {
        "sign_off": [one for one in signing if "digests" in one],
        "withdrawn": [one for one in signing if "digests" not in one],
    }
    return {key: value for key, value in found.items() if value}


# ---- the check record ------------------------------------------------------------------------------------------------


def _voice(card: Card, first: Sequence[str]) -> str | None:
    """Return whose justification stands at the top: the panel's, else that of the one whose record decides."""
    if "justification" in card.fields.get(PANEL, {}):
        return PANEL
    spoken = [author for author in card.people if "justification" in card.fields[author]]
    return next((author for author in (*first[:1], *spoken) if author in spoken), None)


def _record(card: Card, voice: str | None, judged: Sequence[str]) -> Document:
    """Fold the check record of a card.

    Args:
        card: the card.
        voice: whose justification stands at the top.
        judged: whose justification stands in `judgements`; the panel's alone may stand at the top then.
    """
    record: Document = {}
    if judged and voice != PANEL:
        voice = None
    if voice is not None:
        record["justification"] = card.fields[voice]["justification"]
    remarks = [
        {"by": author, "justification": card.fields[author]["justification"]}
        for author in card.people
        if author != voice and author not in judged and "justification" in card.fields[author]
    ]
    if remarks:
        record["remarks"] = remarks
    cited = {reference for fields in card.fields.values() for reference in fields.get("evidence", ())}
    if cited:
        record["evidence"] = [reference for reference in card.mentioned if reference in cited]
    visits = [
        card.fields[author]["site_visit"]
        for author in (PANEL, *card.people)
        if "site_visit" in card.fields.get(author, {})
    ]
    different = [visit for number, visit in enumerate(visits) if visit not in visits[:number]]
    if different:
        record["site_visit"] = copy.deepcopy(different[0])
    if different[1:]:
        record["further_site_visits"] = copy.deepcopy(different[1:])
    return record


# ---- one finding, one place ------------------------------------------------------------------------------------------


def once(facts: Mapping[str, Any]) -> Document:
    """Return facts in which a defect recorded twice by one author counts once.

    One finding is one place and one clause; the same clause found wanting at the same place again is the same finding
    (reading of 一处 in items 2-7, 11, 45, 47). Without a clause the text decides, without a place both do. Of the later
    record its evidence is kept, and its text in `also` where it differs.
    """
    found = copy.deepcopy(dict(facts))
    if "defects" in found:
        found["defects"] = _merged(found["defects"])
    return found


def repeated(facts: Mapping[str, Any]) -> int:
    """Return how many entries of the list of defects `once` takes for repetitions."""
    defects = facts.get("defects", ())
    return len(defects) - len({_identity(defect) for defect in defects})


def _merged(defects: Sequence[Document]) -> list[Document]:
    merged: dict[tuple[str, ...], Document] = {}
    for defect in defects:
        kept = merged.setdefault(_identity(defect), defect)
        if kept is defect:
            continue
        evidence = [*kept.get("evidence", ()), *defect.get("evidence", ())]
        if evidence:
            kept["evidence"] = list(dict.fromkeys(evidence))
        if defect["text"] not in (kept["text"], *kept.get("also", ())):
            kept["also"] = [*kept.get("also", ()), defect["text"]]
    return list(merged.values())


def _identity(defect: Mapping[str, Any]) -> tuple[str, ...]:
    text, where, clause = (_plain(defect.get(key, "")) for key in ("text", "where", "clause"))
    if not where:
        return ("", clause, text)
    return (where, "clause", clause) if clause else (where, "text", text)


def _plain(text: str) -> str:
    """Return text without what two ways of typing it differ in: width of characters, blanks."""
    return " ".join(unicodedata.normalize("NFKC", text).split())
