"""The history of a card in words: who changed what, when, from what to what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from greenmine.assessment.journal import Entry
from greenmine.assessment.payload import PANEL
from greenmine.i18n import gettext as _
from greenmine.text import visible
from greenmine.workbook import words
from greenmine.workbook.facts import in_words, plain


def history(
    entries: Iterable[Entry], rule: Mapping[str, Any] | None, variants: Sequence[str], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the entries on a card, the latest first.

    Args:
        entries: the entries, in the order in which they count.
        rule: of the indicator; None where there is none.
        variants: of the official text that apply.
        names: of the members.

    Returns:
        Of each entry: seq, time, by, by_name (whose card), typed_by, typed_by_name, and changes: [{field, before,
        after}], texts; an empty text stands for nothing.
    """
    told, state = [], dict[str, dict[str, Any]]()
    everyone = {**names, PANEL: _("The panel")}
    for entry in entries:
        before = state.get(entry.author, {})
        after = {name: value for name, value in {**before, **entry.set}.items() if name not in entry.clear}
        state[entry.author] = after
        old, new = dict(_said(before, rule, variants)), dict(_said(after, rule, variants))
        told.append(
            {
                "seq": entry.seq,
                "time": entry.time,
                "by": entry.author,
                "by_name": everyone.get(entry.author, entry.author),
                "typed_by": entry.typed_by,
                "typed_by_name": everyone.get(entry.typed_by, entry.typed_by),
                "changes": [
                    {"field": field, "before": visible(old.get(field, "")), "after": visible(new.get(field, ""))}
                    for field in {**old, **new}
                    if old.get(field, "") != new.get(field, "")
                ],
            }
        )
    return told[::-1]


def _said(
    fields: Mapping[str, Any], rule: Mapping[str, Any] | None, variants: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Yield what is recorded: the name of a field or fact, and its value in words."""
    for name, value in fields.items():
        if name == "facts" and rule is not None:
            yield from _facts(value, rule, variants)
        elif name == "site_visit":
            for key, part in value.items():
                yield f"{_('Site visit')} · {_VISIT().get(key, key)}", plain(part)
        elif name == "not_applicable":
            yield _("Not applicable"), value["reason"]
            if "citation" in value:
                yield _("Citation"), value["citation"]
        elif name in ("sign_off", "withdrawal", "identity"):
            yield (
                _FIELDS()[name],
                {"sign_off": value.get("pledge", {}).get("text", "")}.get(
                    name, value.get("reason", value.get("source", ""))
                ),
            )
        else:
            yield _FIELDS().get(name, name), _resolution(value) if name == "resolution" else plain(value)


def _facts(facts: Mapping[str, Any], rule: Mapping[str, Any], variants: Sequence[str]) -> Iterator[tuple[str, str]]:
    found = in_words(rule, facts, variants)
    for row in (*found.rows, *found.clauses):
        if row.state != "open":
            yield row.label, row.value
    if found.defects is not None:
        defects = [" · ".join(part for part in (one.text, one.where, one.clause) if part) for one in found.defects]
        yield _("Found wanting"), words.listed(defects) or _("nothing")
    if found.note:
        yield _("Note"), found.note


def _resolution(code: str) -> str:
    return {"mean": _("The mean of the experts counts"), "finding": _("The panel's own finding counts")}.get(code, code)


def place_in_words(place: str) -> tuple[str, str]:
    """Return what people call the field that a place in a message is in, `set/facts/defects`, and the rest of it."""
    name, _slash, rest = place.removeprefix("set/").partition("/")
    field = {**_FIELDS(), "site_visit": _("Site visit"), "not_applicable": _("Not applicable")}.get(name)
    parts = {**_VISIT(), "reason": _("Reason"), "citation": _("Citation")}
    return (field, parts.get(rest, rest)) if field else (_("message"), place)


def _VISIT() -> dict[str, str]:  # noqa: N802 - a table in the language in use
    return {"by": _("Who"), "place": _("Where"), "seen": _("What was seen"), "on": _("When")}


def _FIELDS() -> dict[str, str]:  # noqa: N802 - a table in the language in use
    return {
        "met": _("Meets the requirements"),
        "facts": _("Facts"),
        "justification": _("Reason"),
        "evidence": _("Evidence"),
        "confirm_not_applicable": _("Confirms that it is not applicable"),
        "resolution": _("Resolution"),
        "identity": _("Seat taken"),
        "sign_off": _("Signed off"),
        "withdrawal": _("Sign-off withdrawn"),
    }
