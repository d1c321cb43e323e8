"""Facts in words: what was recorded on one indicator, as rows that a person reads.

The labels are the official wording that the catalog gives to each part of a rule; the values are what the panel
recorded. Nothing is judged here: points are the scorer's. A fact that the rule asks for and nobody recorded is shown as
such.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from greenmine.i18n import gettext as _
from greenmine.workbook import words

WORDING = 24
"""How much of official wording is repeated beside the full text, in characters."""


@dataclass(frozen=True)
class Row:
    """One fact.

    Attributes:
        label: what it is about; official wording where `official`.
        value: what was recorded.
        state: `good`, `bad`, `none` (does not apply) or `open` (not recorded); for the eye only.
        official: whether `label` is Chinese wording of the catalog.
        fault: whether `label` names what costs points, not what is required.
        told: whether the trace of the score says the same, with the points.
    """

    label: str
    value: str
    state: str
    official: bool = True
    fault: bool = False
    told: bool = False

    @property
    def short(self) -> str:
        """The label for a card, where the official text stands in full: a long one is cut to its beginning."""
        return f"{self.label[:WORDING]}…" if self.official and len(self.label) > WORDING + 2 else self.label


@dataclass(frozen=True)
class Defect:
    """One place or item found wanting, as recorded."""

    text: str
    where: str
    clause: str
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """All that was recorded on one indicator by one author.

    Attributes:
        rows: single facts.
        clauses: the clause table: the wording and the state of each clause.
        defects: the defects; None where the rule asks for none.
        note: a free remark.
    """

    rows: tuple[Row, ...] = ()
    clauses: tuple[Row, ...] = ()
    defects: tuple[Defect, ...] | None = None
    note: str = ""

    @property
    def beyond_trace(self) -> Facts:
        """What the trace of the score does not say already: so that nothing stands twice on the page."""
        return replace(self, rows=tuple(row for row in self.rows if not row.told), defects=self.defects or None)

    def __bool__(self) -> bool:
        return bool(self.rows or self.clauses or self.defects is not None or self.note)

    @property
    def every_clause_met(self) -> bool:
        """Whether every clause is recorded as met, so that the official text alone says which they are."""
        return all(row.state == "good" for row in self.clauses)


def plain(value: object) -> str:
    """Return a recorded value as text; numbers as they were written."""
    if isinstance(value, bool):
        return words.yes_no(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, list | tuple):
        return words.listed([plain(item) for item in value])
    if isinstance(value, Mapping):
        return words.listed([f"{key}: {plain(item)}" for key, item in value.items()])
    return "" if value is None else str(value)


def in_words(node: Mapping[str, Any], recorded: Mapping[str, Any], variants: Sequence[str] = ()) -> Facts:
    """Return recorded facts in words.

    Args:
        node: the rule of the indicator, as the resolved catalog has it.
        recorded: the facts, as `findings.json` has them.
        variants: the variants of the official text that apply to the mine.
    """
    leaves = tuple(_leaves(node, recorded))
    clauses = {
        clause["id"]: clause["text"]
        for leaf in leaves
        for clause in leaf.get("clauses", ())
        if clause.get("variant") in (None, *variants)
    }
    states = recorded.get("clauses")
    return Facts(
        rows=tuple(row for leaf in leaves for row in _rows(leaf, recorded)),
        clauses=_clause_rows(clauses, states) if isinstance(states, Mapping) and states else (),
        defects=_defects(recorded["defects"], clauses) if isinstance(recorded.get("defects"), list | tuple) else None,
        note=plain(recorded.get("note")),
    )


def _leaves(node: Mapping[str, Any], recorded: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the nodes that read facts, in the order of the text; not those that a direct award makes idle."""
    if node["kind"] in ("sum", "best"):
        for child in node["of"]:
            yield from _leaves(child, recorded)
        return
    yield node
    if node["kind"] == "award" and recorded.get(node["unless"]) is True:
        yield from _leaves(node["otherwise"], recorded)


def _rows(node: Mapping[str, Any], recorded: Mapping[str, Any]) -> Iterator[Row]:
    kind = node["kind"]
    if kind == "met":
        yield Row(_("Meets the requirements"), *_answer(recorded.get("met")), official=False, told=True)
        if isinstance(measured := recorded.get("measured"), Mapping):
            yield from _measured(measured)
    elif kind == "flag":
        absent = recorded.get("absent")
        if isinstance(absent, Mapping) and node["key"] in absent:
            reason = _("does not exist at this mine: {reason}").format(reason=plain(absent[node["key"]]))
            yield Row(node.get("text", node["key"]), reason, "none")
        else:
            yield Row(node.get("text", node["key"]), *_answer(recorded.get(node["key"])), told=True)
    elif kind == "award":
        value = recorded.get(node["unless"])
        state = "open" if value is None else "good"
        label = node.get("text", node["unless"])
        yield Row(label, _("not recorded") if value is None else words.yes_no(not value), state, told=not value)
    elif kind == "deductions":
        for part in node["of"]:
            value = recorded.get(part["key"])
            yield Row(part["text"], *_fault(value), fault=True, told=value is True)
    elif kind == "count":
        yield _number(node, recorded.get(node["key"]))
    elif kind == "share":
        yield _share(node, recorded.get(node["key"]))


def _answer(value: object) -> tuple[str, str]:
    """Return in words whether what is required holds, and its state."""
    if not isinstance(value, bool):
        return _("not recorded"), "open"
    return words.yes_no(value), "good" if value else "bad"


def _fault(value: object) -> tuple[str, str]:
    """Return in words whether something that costs points was found, and its state."""
    if not isinstance(value, bool):
        return _("not recorded"), "open"
    return (_("found"), "bad") if value else (_("not found"), "good")


def _number(node: Mapping[str, Any], value: object) -> Row:
    label = node.get("text", node["key"])
    if value is None:
        return Row(label, _("not recorded"), "open")
    return Row(label, plain(value), "good" if value else "bad", told=True)


def _share(node: Mapping[str, Any], value: object) -> Row:
    label = node.get("text", node["key"])
    if not isinstance(value, int | Decimal | float):
        return Row(label, _("not recorded"), "open")
    share = Decimal(str(value))
    percent = f"{(share * 100).normalize():f} %"
    return Row(label, percent, "good" if share >= Decimal(node["at_least"]) else "bad", told=True)


def _measured(measured: Mapping[str, Any]) -> Iterator[Row]:
    for key, label in (
        ("value", _("Measured value")),
        ("required", _("Required value")),
        ("source", _("Source of the values")),
        ("years", _("Years")),
        ("minerals", _("Worked out from")),
    ):
        if key in measured:
            yield Row(label, plain(measured[key]), "none", official=False)


def _clause_rows(texts: Mapping[str, str], states: Mapping[str, Any]) -> tuple[Row, ...]:
    rows = []
    for key in [*texts, *(key for key in states if key not in texts)]:
        code = states.get(key)
        state = {"met": "good", "unmet": "bad", "not_applicable": "none"}.get(str(code), "open")
        value = _("not recorded") if code is None else words.clause_state(str(code))
        rows.append(Row(texts.get(key, key), value, state))
    return tuple(rows)


def _defects(recorded: Sequence[Any], clauses: Mapping[str, str]) -> tuple[Defect, ...]:
    found = []
    for defect in recorded:
        if not isinstance(defect, Mapping):
            continue
        clause = plain(defect.get("clause"))
        evidence = defect.get("evidence")
        found.append(
            Defect(
                text=plain(defect.get("text")),
                where=plain(defect.get("where")),
                clause=clauses.get(clause, clause),
                evidence=tuple(map(str, evidence)) if isinstance(evidence, list | tuple) else (),
            )
        )
    return tuple(found)
