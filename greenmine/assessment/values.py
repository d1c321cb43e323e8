"""Values as people and programs hand them in: is this text, a number, a list that every later step can hold?

JSON can carry what the steps after it cannot: half a character, a number with a million digits, nesting without end.
Such a value is refused where it comes in, as a `BadValue` that names the place; whoever reads the file adds its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from greenmine.errors import shown
from greenmine.i18n import gettext as _

MAX_DEPTH: Final = 16
"""The deepest nesting of lists and objects accepted; what is recorded needs five levels."""

MAX_NUMBER: Final = 2**53 - 1
"""The largest whole number that every reader of JSON takes for the same (RFC 8785)."""

MAX_DIGITS: Final = 40
_SMALLEST: Final = -30

_OBJECTS: Final = (dict, Mapping)  # the plain one first: it is told at once
_NESTED: Final = (*_OBJECTS, list, tuple)
_NO_CHARACTER: Final = re.compile("[\0\ud800-\udfff]")
_NUMBER_TEXT: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")


class BadValue(ValueError):  # noqa: N818 - it names the thing found
    """A value is of the wrong type, or cannot be kept as it is.

    Args:
        place: where it is below the thing checked, as `facts/defects/1/text`; may be empty.
        expected: what should have been there.
        found: what was there.
        hint: what to do about it; may be empty.
    """

    def __init__(self, place: str, expected: str, found: str, hint: str = "") -> None:
        super().__init__(place, expected, found, hint)
        self.place, self.expected, self.found, self.hint = place, expected, found, hint


def below(place: str, part: object) -> str:
    """Return the place of a part of the value at `place`."""
    return f"{place}/{part}" if place else str(part)


def check_json(value: object, place: str = "", *, exact: bool = True, depth: int = MAX_DEPTH) -> None:
    """Make sure that a value can be written as canonical JSON and read back as the same.

    Args:
        value: any value.
        place: where it is, for the message.
        exact: whether each fraction must come back digit for digit; else only its size is looked at.
        depth: how many levels of lists and objects it may have.

    Raises:
        BadValue: it is not JSON, is nested too deeply, or holds text or a number that cannot be kept.
    """
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        check_characters(value, place)
    elif isinstance(value, int | float | Decimal):
        _check_number(value, place, exact=exact)
    elif isinstance(value, _NESTED):
        if not depth:
            raise BadValue(place, _("at most {limit} levels").format(limit=MAX_DEPTH), _("deeper nesting"))
        if isinstance(value, _OBJECTS):
            for key, part in value.items():
                if not isinstance(key, str):
                    raise BadValue(place, _("keys that are text"), shown(key))
                check_characters(key, place)
                check_json(part, below(place, key), exact=exact, depth=depth - 1)
        else:
            for number, part in enumerate(value, 1):
                check_json(part, below(place, number), exact=exact, depth=depth - 1)
    else:
        raise BadValue(place, _("text, a number, true, false, a list or an object"), shown(value))


def check_characters(text: str, place: str) -> None:
    """Refuse text that has no form in UTF-8, or holds the character that ends text in other programs.

    Raises:
        BadValue: it does.
    """
    bad = _NO_CHARACTER.search(text)
    if bad is not None:
        raise BadValue(place, _("text of whole characters"), _("the code U+{code}").format(code=f"{ord(bad[0]):04X}"))


def _check_number(value: float | Decimal, place: str, *, exact: bool) -> None:
    """Refuse what JSON numbers cannot hold; exact: what they cannot hold to the digit."""
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite() or not -MAX_NUMBER <= number <= MAX_NUMBER:
        expected = _("a number from -{limit} to {limit}").format(limit=MAX_NUMBER)
        raise BadValue(place, expected, shown(str(value)))
    if len(number.as_tuple().digits) > MAX_DIGITS or (number and number.adjusted() < _SMALLEST):
        raise BadValue(place, _("at most {limit} digits").format(limit=MAX_DIGITS), shown(str(value)))
    if exact and Decimal(repr(float(number))) != number:
        hint = _("Write it in quotes to keep every digit.")
        raise BadValue(place, _("a number of at most 15 digits"), shown(str(value)), hint)


def check_text(value: object, place: str, limit: int) -> str:
    """Return `value`, which is text with something in it and at most `limit` characters long.

    Raises:
        BadValue: it is not.
    """
    if not isinstance(value, str) or not value.strip():
        raise BadValue(place, _("text"), shown(value))
    if len(value) > limit:
        expected = _("text of at most {limit} characters").format(limit=limit)
        raise BadValue(place, expected, _("{count} characters").format(count=len(value)))
    check_characters(value, place)
    return value


def check_list(value: object, place: str, limit: int) -> list[Any] | tuple[Any, ...]:
    """Return `value`, which is a list of at most `limit` entries.

    Raises:
        BadValue: it is not.
    """
    if not isinstance(value, list | tuple):
        raise BadValue(place, _("a list"), shown(value))
    if len(value) > limit:
        expected = _("at most {limit} entries").format(limit=limit)
        raise BadValue(place, expected, _("{count} entries").format(count=len(value)))
    return value


def check_object(value: object, place: str, limit: int = 200) -> Mapping[str, Any]:
    """Return `value`, which is an object of at most `limit` keys.

    Raises:
        BadValue: it is not.
    """
    if not isinstance(value, Mapping):
        raise BadValue(place, _("an object"), shown(value))
    if len(value) > limit:
        expected = _("at most {limit} entries").format(limit=limit)
        raise BadValue(place, expected, _("{count} entries").format(count=len(value)))
    for key in value:
        if not isinstance(key, str):
            raise BadValue(place, _("keys that are text"), shown(key))
    return value


def check_choice(value: object, place: str, choices: tuple[str, ...]) -> None:
    """Make sure that `value` is one of some words.

    Raises:
        BadValue: it is not.
    """
    if not isinstance(value, str) or value not in choices:
        raise BadValue(place, " | ".join(choices), shown(value))


def check_number(value: object, place: str) -> None:
    """Make sure that `value` is a number, or a decimal number as text.

    Raises:
        BadValue: it is not.
    """
    if isinstance(value, str) and _NUMBER_TEXT.fullmatch(value):
        return
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise BadValue(place, _("a number"), shown(value))
    _check_number(value, place, exact=True)
