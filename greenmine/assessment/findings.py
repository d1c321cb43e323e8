"""Reading `findings.json`: is it a document of that kind at all?

Only the envelope is looked at: that objects are objects and lists are lists, down to the fields of an entry. Which
indicators and facts there are, and whether they contradict each other, is for the scorer to say, which knows the
catalog. Fields that are not known here are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from greenmine.assessment.payload import RESOLUTIONS
from greenmine.assessment.values import BadValue, below, check_characters, check_choice, check_json
from greenmine.errors import FindingsError, shown
from greenmine.files import read_json
from greenmine.i18n import gettext as _

SCHEMA: Final = "greenmine.findings/1"

LIMIT: Final = 16 * 1024 * 1024
"""The largest file accepted, in bytes; a complete assessment takes some hundred thousand."""

Check = Callable[[object, str], None]


def read_findings(path: Path) -> dict[str, Any]:
    """Return the findings in a file.

    Args:
        path: the file; fractions in it come as exact `Decimal`.

    Raises:
        FindingsError: the file cannot be read, is too large, is not JSON, or is not of schema `greenmine.findings/1`;
            the message names the place, such as `indicators/2/facts`.
    """
    document = read_json(path, LIMIT, FindingsError)
    try:
        check_findings(document)
    except BadValue as bad:
        raise FindingsError(path, bad.place, expected=bad.expected, found=bad.found, hint=bad.hint) from None
    found: dict[str, Any] = document
    return found


def check_findings(document: object) -> None:
    """Make sure that a document has the shape of findings.

    Raises:
        BadValue: it has not.
    """
    check_json(document, exact=False)
    if not isinstance(document, Mapping):
        raise BadValue("", _("an object"), shown(document))
    if document.get("schema") != SCHEMA:
        raise BadValue("schema", SCHEMA, shown(document.get("schema")))
    for key in ("mine", "prerequisites", "indicators"):
        _object(document.get(key), key)
    if "assessment" in document:
        _object(document["assessment"], "assessment")
    for group in ("prerequisites", "indicators"):
        for name, entry in document[group].items():
            place = below(group, name)
            _object(entry, place)
            _fields(entry, place, _ENTRY)


def _fields(entry: Mapping[str, Any], place: str, checks: Mapping[str, Check]) -> None:
    for key, check in checks.items():
        if entry.get(key) is not None:
            check(entry[key], below(place, key))


def _object(value: object, place: str) -> None:
    if not isinstance(value, Mapping):
        raise BadValue(place, _("an object"), shown(value))


def _text(value: object, place: str) -> None:
    if not isinstance(value, str):
        raise BadValue(place, _("text"), shown(value))
    check_characters(value, place)


def _truth(value: object, place: str) -> None:
    if not isinstance(value, bool):
        raise BadValue(place, _("true or false"), shown(value))


def _references(value: object, place: str) -> None:
    if not isinstance(value, list):
        raise BadValue(place, _("a list of file references"), shown(value))
    for number, reference in enumerate(value, 1):
        _text(reference, below(place, number))


def _resolution(value: object, place: str) -> None:
    check_choice(value, place, RESOLUTIONS)


def _claim(value: object, place: str) -> None:
    _object(value, place)
    if isinstance(value, Mapping):
        _fields(value, place, _CLAIM)


def _judgements(value: object, place: str) -> None:
    if not isinstance(value, list):
        raise BadValue(place, _("a list"), shown(value))
    for number, judgement in enumerate(value, 1):
        where = below(place, number)
        _object(judgement, where)
        _text(judgement.get("by"), below(where, "by"))
        _fields(judgement, where, _JUDGEMENT)


_CLAIM: Final[Mapping[str, Check]] = MappingProxyType(dict.fromkeys(("reason", "confirmed_by", "citation"), _text))
_JUDGEMENT: Final[Mapping[str, Check]] = MappingProxyType(
    {"met": _truth, "facts": _object, "justification": _text, "evidence": _references}
)
_ENTRY: Final[Mapping[str, Check]] = MappingProxyType(
    {
        **_JUDGEMENT,
        "missing_evidence": _references,
        "site_visit": _object,
        "not_applicable": _claim,
        "resolution": _resolution,
        "judgements": _judgements,
    }
)
