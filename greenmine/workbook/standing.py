"""The state of each card and of the heading, as the front end shows them: pure functions of a `Situation`.

All values are JSON; numbers are decimal text; texts are in the language in use. The shapes are told at `card_states`
and `heading`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from greenmine.assessment.earlier import Earlier, differs, standing
from greenmine.assessment.fold import Card
from greenmine.assessment.journal import Entry
from greenmine.assessment.panel import Member
from greenmine.assessment.payload import PANEL, split_card
from greenmine.assessment.rules import panel_warnings
from greenmine.assessment.signoff import closed_by, complete
from greenmine.i18n import gettext as _
from greenmine.i18n import language
from greenmine.scoring.exact import add, show
from greenmine.workbook import words
from greenmine.workbook.comparison import result, said
from greenmine.workbook.sheet import told
from greenmine.workbook.situation import WHOLE, Ground, Situation, version

Document = dict[str, Any]


@dataclass(frozen=True)
class Seat:
    """Who sits at the forms.

    Attributes:
        me: the member's id; empty where nobody does.
        chosen: whether the person chose the seat; else an account of a JupyterHub settled it.
        read_only: why nothing can be recorded; empty where it can.
    """

    me: str = ""
    chosen: bool = True
    read_only: str = ""


def may_write_for(members: Iterable[Member], me: str) -> tuple[str, ...]:
    """Return for whom a member may record, as ids of members and `panel`.

    An expert records for none but the expert, the chair also for the panel, a scribe for everyone and the panel. Where
    there is no chair, any expert may enter what the panel found.
    """
    people = tuple(members)
    mine = next((member for member in people if member.id == me), None)
    if mine is None:
        return ()
    if mine.role == "scribe":
        return (*(member.id for member in people if member.role != "scribe"), PANEL)
    leads = mine.role == "chair" or all(member.role != "chair" for member in people)
    return (me, PANEL) if leads else (me,)


# ---- cards -----------------------------------------------------------------------------------------------------------


def card_states(
    ground: Ground, now: Situation, groups: Mapping[str, tuple[str, ...]], seat: Seat
) -> dict[str, Document]:
    """Return the state of every card, `assessment` included.

    Each holds:
        version: changes with every entry on the card; goes back as `base` of a record.
        by: by author, the fields in force; facts with numbers as text.
        changed: by author, {by, name, time} of the latest entry; last: the same of the latest of all, with `author`.
        score: {status, status_text, awarded, points, full, trace, reason, warnings}.
        judgements: [{by, name, points, full, met, claims}] where two members or more judged; spread, disagreed,
            ruled, dissent, disagreement (a sentence).
        na: {claims: [{by, name, reason, citation, confirmed_by}], may_confirm}.
        missing_evidence: references whose file is not there.
        evidence_by: `folder` where the files of the card's folder count because nothing is cited.
        earlier: [{assessment, kind, kind_text, date, status, result, awarded, facts: [{label, value}], differs}].
        open: what stops the sign-off, in sentences.
    """
    names = {member.id: member.name for member in now.record.panel.members}
    warnings = _warnings(now)
    rows = {f"indicator/{row['id']}": row for row in now.score["indicators"]}
    rows |= {f"prerequisite/{row['id']}": row for row in now.score["prerequisites"]}
    open_by: dict[str, list[str]] = {}
    for point in now.open:
        open_by.setdefault(point.card, []).append(point.text)
    kinds = {
        f"{kind[:-1]}/{e['id']}": e for kind in ("prerequisites", "indicators") for e in ground.catalog.document[kind]
    }
    states = {}
    for card in (*(card for group in groups.values() for card in group), WHOLE):
        folded = _folded(now, card)
        states[card] = {
            **_recorded(now, card, names),
            "score": _score(rows[card], warnings.get(card, [])) if card in rows else None,
            **_disagreement(now, card, names),
            "na": _na(now.cards.get(card), seat, names, may_write_for(now.record.panel.members, seat.me)),
            "missing_evidence": list(folded.get("missing_evidence", ())),
            "evidence_by": folded.get("evidence_by", ""),
            "earlier": [] if card == WHOLE else _earlier(ground.earlier, now, card, kinds[card]),
            "open": open_by.get(card, []),
        }
    return states


def _folded(now: Situation, card: str) -> Mapping[str, Any]:
    kind, name = split_card(card)
    if card == WHOLE:
        found: Mapping[str, Any] = now.record.findings["assessment"]
    else:
        found = now.record.findings[f"{kind}s"].get(name, {})
    return found


def _recorded(now: Situation, card: str, names: Mapping[str, str]) -> Document:
    entries = now.entries.get(card, ())
    authors = now.cards[card].fields if card in now.cards else {}
    by = {author: told(fields) for author in sorted(authors) if (fields := now.fields(card, author))}
    last = _who(entries[-1], names) | {"author": entries[-1].author} if entries else None
    changed = {entry.author: _who(entry, names) for entry in entries}
    return {"version": version(entries), "by": by, "changed": changed, "last": last}


def _who(entry: Entry, names: Mapping[str, str]) -> Document:
    return {"by": entry.typed_by, "name": names.get(entry.typed_by, entry.typed_by), "time": entry.time}


def _warnings(now: Situation) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for warning in now.score["warnings"]:
        for kind in ("indicator", "prerequisite"):
            if kind in warning:
                found.setdefault(f"{kind}/{warning[kind]}", []).append(_said(warning, "message"))
    for notice in now.record.warnings:
        found.setdefault(notice.place, []).append(notice.message)
    return found


def _said(entry: Mapping[str, Any], key: str) -> Any:  # noqa: ANN401 - text, or a list of texts
    return entry.get(key if language() == "zh" else f"{key}_en", "")


def _score(row: Mapping[str, Any], warnings: list[str]) -> Document:
    if "status" not in row:
        status = {True: "met", False: "unmet"}.get(row["met"], "not_assessed")
        text = words.clause_state(status) if row["met"] is not None else words.status(status)
        shared: Document = {"awarded": None, "points": None, "full": row["met"] is True, "trace": [], "reason": ""}
        return {"status": status, "status_text": text, **shared, "warnings": warnings}
    return {
        "status": row["status"],
        "status_text": words.status(row["status"]),
        "awarded": row["awarded"],
        "points": row["points"],
        "full": row["awarded"] is not None and row["awarded"] == row["points"],
        "trace": list(_said(row, "trace")),
        "reason": _said(row, "reason"),
        "warnings": warnings,
    }


def _disagreement(now: Situation, card: str, names: Mapping[str, str]) -> Document:
    found = now.disagreements.get(card)
    if found is None:
        nothing: Document = {"judgements": [], "spread": None, "disagreed": False, "ruled": False}
        return {**nothing, "dissent": [], "disagreement": ""}
    return {
        "judgements": [
            {
                "by": judge.by,
                "name": names.get(judge.by, judge.by),
                "points": None if judge.points is None else show(judge.points),
                "full": judge.full,
                "met": judge.met,
                "claims": judge.claims,
            }
            for judge in found.judges
        ],
        "spread": None if found.spread is None else show(found.spread),
        "disagreed": found.disagreed,
        "ruled": found.ruled,
        "dissent": list(found.dissent),
        "disagreement": found.text,
    }


def _na(card: Card | None, seat: Seat, names: Mapping[str, str], authors: tuple[str, ...]) -> Document:
    claims, may_confirm = [], False
    for author, entry in sorted(card.claims.items()) if card else ():
        assert card is not None  # noqa: S101 - for the type checker
        claim, confirmed_by = card.fields[author]["not_applicable"], card.confirmed_by(author)
        claims.append(
            {
                "by": author,
                "name": names.get(author, author),
                "reason": claim["reason"],
                "citation": claim.get("citation", ""),
                "confirmed_by": confirmed_by,
            }
        )
        others = seat.me not in (author, entry.typed_by) and seat.me in authors
        may_confirm = may_confirm or (confirmed_by is None and others and not seat.read_only)
    return {"claims": claims, "may_confirm": may_confirm}


def _earlier(earlier: tuple[Earlier, ...], now: Situation, card: str, entry: Mapping[str, Any]) -> list[Document]:
    present, found = standing(now.record.findings, now.score, card), []
    for one in earlier:
        then = one.standing(card)
        if then is None or one.panel is None or present is None:
            continue
        head = one.panel.assessment
        found.append(
            {
                "assessment": head.id,
                "kind": head.kind,
                "kind_text": words.assessment_kind(head.kind),
                "date": head.date,
                "status": then.status,
                "result": result(then),
                "awarded": then.awarded,
                "facts": [{"label": row.label, "value": row.value} for row in said(entry, then)],
                "differs": differs(then, present),
            }
        )
    return found


# ---- the heading -----------------------------------------------------------------------------------------------------


def heading(
    ground: Ground,
    now: Situation,
    states: Mapping[str, Document],
    groups: Mapping[str, tuple[str, ...]],
    seat: Seat,
    *,
    problem: str = "",
) -> Document:
    """Return the state of the heading.

    It holds: mine {id, name}, assessment {id, date, kind, kind_text}, catalog, me {id, name, role} or None, chosen,
    members, may_write_for, read_only (why, or empty), closed (why nothing more may be recorded, or empty), problem (why
    what is shown may be behind, or empty), groups [{group, title, done, total, points, awarded, converted}], done,
    total_cards, total (None while incomplete), so_far (the points awarded until then, nothing folded away), line,
    verdict, verdict_text, reasons (sentences), sensitive, sensitivity [{reading, choice, text, total, verdict,
    verdict_text, differs}], lists {unassessed, failing, mandatory, disagreed, no_evidence, problems, mine (my
    specialty), specialty {name: cards}}, panel_warnings, sign_off {open [{card, code, text}], pledge, signed [{by,
    name, time, valid, text}], complete}.
    """
    record, score, document = now.record, now.score, ground.catalog.document
    panel = record.panel
    head = panel.assessment
    me = next((member for member in panel.members if member.id == seat.me), None)
    progress = [
        _group(group, cards, states, next((row for row in score["categories"] if row["id"] == group), None))
        for group, cards in groups.items()
    ]
    return {
        "mine": {"id": record.mine.id, "name": record.mine.name},
        "assessment": {
            "id": head.id,
            "date": head.date,
            "kind": head.kind,
            "kind_text": words.assessment_kind(head.kind),
        },
        "catalog": f"{document['id']}@{document['version']}",
        "me": {"id": me.id, "name": me.name, "role": me.role} if me else None,
        "chosen": seat.chosen,
        "members": [
            {
                "id": member.id,
                "name": member.name,
                "role": member.role,
                "role_text": words.role(member.role),
                "specialty": list(member.specialty),
            }
            for member in panel.members
        ],
        "may_write_for": list(may_write_for(panel.members, seat.me)),
        "read_only": seat.read_only,
        "closed": closed_by(now.signed),
        "problem": problem,
        "groups": progress,
        "done": sum(group["done"] for group in progress),
        "total_cards": sum(group["total"] for group in progress),
        "total": score["total"],
        "so_far": None if score["total"] else show(add(Fraction(row["awarded"]) for row in score["categories"])),
        "line": score["line"],
        "verdict": score["verdict"],
        "verdict_text": words.verdict(score["verdict"]),
        "reasons": [_said(reason, "message") for reason in score["reasons"]],
        "sensitive": score["sensitive"],
        "sensitivity": [_sensitivity(row, score, document.get("reading_texts", {})) for row in score["sensitivity"]],
        "lists": _lists(ground, states, groups, me, score),
        "panel_warnings": [warning.text for warning in panel_warnings(panel, ground.rules)],
        "sign_off": {
            "open": [{"card": point.card, "code": point.code, "text": point.text} for point in now.open],
            "pledge": ground.rules.pledge.said(language()),
            "signed": [
                {"by": one.by, "name": one.name, "time": one.time, "valid": one.valid, "text": one.text}
                for one in now.signed
            ],
            "complete": complete(panel, now.signed),
        },
    }


def _group(
    group: str, cards: tuple[str, ...], states: Mapping[str, Document], row: Mapping[str, Any] | None
) -> Document:
    return {
        "group": group,
        "title": row["name"] if row else _("Prerequisites"),
        "done": sum(states[card]["score"]["status"] != "not_assessed" for card in cards),
        "total": len(cards),
        "points": row["points"] if row else None,
        "awarded": row["awarded"] if row else None,
        "converted": row["converted"] if row else None,
    }


def _sensitivity(row: Mapping[str, Any], score: Mapping[str, Any], texts: Mapping[str, Any]) -> Document:
    reading = texts.get(row["reading"], {})
    name = _said(reading, "name") or row["reading"]
    choice = _said(reading.get("choices", {}).get(row["choice"], {}), "text") or row["choice"]
    return {
        **row,
        "text": _("{reading}: {choice}").format(reading=name, choice=choice),
        "verdict_text": words.verdict(row["verdict"]),
        "differs": row["verdict"] != score["verdict"],
    }


def _lists(
    ground: Ground,
    states: Mapping[str, Document],
    groups: Mapping[str, tuple[str, ...]],
    me: Member | None,
    score: Mapping[str, Any],
) -> Document:
    cards = [card for group in groups.values() for card in group]
    status = {card: states[card]["score"]["status"] for card in cards}
    mandatory = {f"indicator/{row['id']}" for row in score["indicators"] if row["kind"] == "mandatory"}
    assessed = ("scored", "no_evidence")
    failing = {
        card
        for card in cards
        if status[card] == "unmet"
        or (card in mandatory and status[card] in assessed and not states[card]["score"]["full"])
    }
    specialties = {
        (one.name if language() == "zh" else one.name_en): [card for card in cards if card in one.cards]
        for one in ground.rules.specialties
    }
    own = ground.rules.cards_of(me.specialty) if me else frozenset()
    return {
        "unassessed": [card for card in cards if status[card] == "not_assessed"],
        "failing": [card for card in cards if card in failing],
        "mandatory": [card for card in cards if card in mandatory],
        "disagreed": [card for card in cards if states[card]["disagreed"]],
        "no_evidence": [card for card in cards if status[card] == "no_evidence"],
        "problems": [card for card in cards if card in failing or states[card]["open"]],
        "mine": [card for card in cards if card in own],
        "specialty": specialties,
    }
