"""What a line of a journal may record: cards, their fields, and the shape of each field.

A card is one thing to be judged: `prerequisite/P1`, `indicator/2`, or `assessment` for remarks on the whole. A line
sets whole fields of its author's card and clears others. Which facts an indicator has is the catalog's business and is
settled by the scorer; here each field has the types that a scorer, a form and a report can rely on. The shapes belong
to the schema of the journal: they may be widened, never narrowed, or old journals could no longer be read.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from greenmine.assessment.values import (
    BadValue,
    below,
    check_choice,
    check_list,
    check_number,
    check_object,
    check_text,
)
from greenmine.errors import shown
from greenmine.i18n import gettext as _

PANEL: Final = "panel"
"""The author of what the panel records jointly."""

RESOLUTIONS: Final = ("mean", "finding")
"""How experts' own judgements become one: their mean (说明二（四）), or what the panel found."""

PERSONAL: Final = ("identity", "sign_off", "withdrawal")
"""Fields of the card `assessment` that a member records about nobody but that member."""

LONG: Final = 20_000
SHORT: Final = 2_000
ENTRIES: Final = 1_000
_VISIT: Final = ("by", "place", "seen", "on")
_CLAUSE_STATES: Final = ("met", "unmet", "not_applicable")

_ID: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_CARD: Final = re.compile(rf"(?:(prerequisite|indicator)/({_ID})|assessment)")
_AUTHOR: Final = re.compile(_ID)
_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_IDENTITY: Final = ("jupyterhub", "chosen")

Check = Callable[[object, str], None]


def split_card(card: str) -> tuple[str, str]:
    """Return the kind of a card (`prerequisite`, `indicator`, `assessment`) and the id it is of; "" for the last."""
    kind, _slash, name = card.partition("/")
    return kind, name


def check_card(card: object) -> str:
    """Return the name of a card.

    Raises:
        BadValue: it names none.
    """
    if not isinstance(card, str) or not _CARD.fullmatch(card):
        expected = _("a card: prerequisite/<id>, indicator/<id> or assessment")
        raise BadValue("card", expected, shown(card))
    return card


def is_person(text: object) -> bool:
    """Tell whether `text` may be an author's id: letters, digits, `.`, `_`, `-`, a letter or digit first."""
    return isinstance(text, str) and bool(_AUTHOR.fullmatch(text))


def check_payload(author: str, card: str, fields: object, clear: object) -> None:
    """Make sure that a line sets and clears fields of its card, each of the right shape.

    Args:
        author: whose card it is: a person's id or `panel`.
        card: the card.
        fields: what is set, by name of the field.
        clear: the names of the fields that are emptied.

    Raises:
        BadValue: a field is unknown for this kind of card, of the wrong shape, or both set and cleared; nothing
            is set or cleared.
    """
    known = _FIELDS[split_card(card)[0]]
    given = check_object(fields, "set")
    names = check_list(clear, "clear", ENTRIES)
    for place, name in [*(("set", name) for name in given), *(("clear", name) for name in names)]:
        if not isinstance(name, str) or name not in known:
            expected = _("one of the fields of {card}: {fields}").format(card=card, fields=", ".join(known))
            raise BadValue(place, expected, shown(name))
    if not given and not names:
        raise BadValue("set", _("a field to set or to clear"), _("none"))
    if len(set(names)) < len(names) or not given.keys().isdisjoint(names):
        raise BadValue("clear", _("each field once, in set or in clear"), shown(", ".join(names)))
    if author != PANEL and "resolution" in given:
        raise BadValue("set/resolution", _("the author panel"), shown(author), _("A resolution is the panel's."))
    own = next((name for name in PERSONAL if name in given), "")
    if author == PANEL and own:
        raise BadValue(f"set/{own}", _("a member as the author"), shown(author), _("Each member signs in person."))
    for name, value in given.items():
        known[name](value, f"set/{name}")


def _text(value: object, place: str) -> None:
    hint = _("To empty a field, name it in clear.")
    if value == "":
        raise BadValue(place, _("text"), shown(value), hint)
    check_text(value, place, LONG)


def _short(value: object, place: str) -> None:
    check_text(value, place, SHORT)


def _truth(value: object, place: str) -> None:
    if not isinstance(value, bool):
        raise BadValue(place, _("true or false"), shown(value))


def _true(value: object, place: str) -> None:
    if value is not True:
        raise BadValue(place, "true", shown(value), _("To withdraw it, name the field in clear."))


def _references(value: object, place: str) -> None:
    for number, reference in enumerate(check_list(value, place, ENTRIES), 1):
        _short(reference, below(place, number))


def _resolution(value: object, place: str) -> None:
    check_choice(value, place, RESOLUTIONS)


def _key(key: str, place: str) -> None:
    if not _KEY.fullmatch(key):
        raise BadValue(place, _("a key of small letters, digits and _"), shown(key))


def _words(value: Mapping[str, Any], place: str, but: Iterable[str]) -> None:
    """Check the keys of an object that have no fixed meaning: each holds text."""
    for key in value.keys() - set(but):
        _key(key, place)
        check_text(value[key], below(place, key), LONG)


def _visit(value: object, place: str) -> None:
    visit = check_object(value, place)
    if not visit:
        raise BadValue(place, ", ".join(_VISIT), _("nothing"))
    for key in ("place", "seen"):
        if key in visit:
            _text(visit[key], below(place, key))
    if "by" in visit:
        people = check_list(visit["by"], below(place, "by"), ENTRIES)
        if not people:
            raise BadValue(below(place, "by"), _("who was there"), _("nobody"))
        for number, person in enumerate(people, 1):
            _short(person, f"{place}/by/{number}")
    if "on" in visit:
        _day(visit["on"], below(place, "on"))
    _words(visit, place, _VISIT)


def _day(value: object, place: str) -> None:
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            dt.date.fromisoformat(value)
            return
    except ValueError:
        pass
    raise BadValue(place, _('a date such as "2024-04-15"'), shown(value))


def _not_applicable(value: object, place: str) -> None:
    claim = check_object(value, place)
    unknown = sorted(claim.keys() - {"reason", "citation"})
    if unknown:
        raise BadValue(place, "reason, citation", shown(unknown[0]))
    _text(claim.get("reason"), below(place, "reason"))
    if "citation" in claim:
        _text(claim["citation"], below(place, "citation"))


def _facts(value: object, place: str) -> None:
    facts = check_object(value, place)
    for key, fact in facts.items():
        _key(key, place)
        where = below(place, key)
        if key in _SHAPED:
            _SHAPED[key](fact, where)
        elif isinstance(fact, str):
            check_text(fact, where, LONG)
        elif not isinstance(fact, bool):
            check_number(fact, where)


def _defects(value: object, place: str) -> None:
    for number, entry in enumerate(check_list(value, place, ENTRIES), 1):
        where = below(place, number)
        defect = check_object(entry, where)
        check_text(defect.get("text"), below(where, "text"), LONG)
        if "evidence" in defect:
            _references(defect["evidence"], below(where, "evidence"))
        _words(defect, where, ("evidence",))


def _clauses(value: object, place: str) -> None:
    for key, state in check_object(value, place).items():
        check_text(key, place, SHORT)
        check_choice(state, below(place, key), _CLAUSE_STATES)


def _measured(value: object, place: str) -> None:
    measured = check_object(value, place)
    for key in ("value", "required"):
        check_number(measured.get(key), below(place, key))
    if "comparison" in measured:
        check_choice(measured["comparison"], below(place, "comparison"), ("at_least", "at_most"))
    if "minerals" in measured:
        minerals = check_list(measured["minerals"], below(place, "minerals"), ENTRIES)
        for number, entry in enumerate(minerals, 1):
            where = f"{place}/minerals/{number}"
            mineral = check_object(entry, where)
            for key in ("mining", "processing"):
                check_number(mineral.get(key), below(where, key))
            _words(mineral, where, ("mining", "processing"))
    _words(measured, place, ("value", "required", "comparison", "minerals"))


def _absent(value: object, place: str) -> None:
    for key, reason in check_object(value, place).items():
        _key(key, place)
        check_text(reason, below(place, key), LONG)


def _identity(value: object, place: str) -> None:
    """Check how it was settled who sits at a form: by the account of a JupyterHub, or by the person's own choice."""
    identity = check_object(value, place)
    check_choice(identity.get("source"), below(place, "source"), _IDENTITY)
    _words(identity, place, ("source",))


def _sign_off(value: object, place: str) -> None:
    """Check a sign-off: the pledge, the digests of what is signed, and an SSH signature where a key was used."""
    given = check_object(value, place)
    pledge = check_object(given.get("pledge"), below(place, "pledge"))
    for key in ("id", "text"):
        _text(pledge.get(key), below(place, f"pledge/{key}"))
    _words(pledge, below(place, "pledge"), ("id", "text"))
    found = check_object(given.get("digests"), below(place, "digests"))
    if not found:
        raise BadValue(below(place, "digests"), _("the digests of what is signed"), _("none"))
    for key, digest in found.items():
        _key(key, below(place, "digests"))
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise BadValue(f"{place}/digests/{key}", _("64 hexadecimal digits"), shown(digest))
    _words(given, place, ("pledge", "digests"))


def _withdrawal(value: object, place: str) -> None:
    withdrawal = check_object(value, place)
    _text(withdrawal.get("reason"), below(place, "reason"))
    _words(withdrawal, place, ("reason",))


_SHAPED: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "met": _truth,
        "defects": _defects,
        "clauses": _clauses,
        "measured": _measured,
        "absent": _absent,
        "note": _text,
    }
)
"""Facts with a shape of their own; any other is true or false, a number or text."""

_RECORD: Final[Mapping[str, Check]] = MappingProxyType(
    {"justification": _text, "evidence": _references, "site_visit": _visit}
)
"""The check record (检查记录), which every kind of card has."""

_FIELDS: Final[Mapping[str, Mapping[str, Check]]] = MappingProxyType(
    {
        "prerequisite": MappingProxyType({"met": _truth, **_RECORD}),
        "indicator": MappingProxyType(
            {
                "facts": _facts,
                "not_applicable": _not_applicable,
                "confirm_not_applicable": _true,
                "resolution": _resolution,
                **_RECORD,
            }
        ),
        "assessment": MappingProxyType(
            {"identity": _identity, "sign_off": _sign_off, "withdrawal": _withdrawal, **_RECORD}
        ),
    }
)
