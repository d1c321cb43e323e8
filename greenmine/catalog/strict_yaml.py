"""Read a YAML file strictly and check it against a pydantic model; every failure is one `InputError`.

`load_yaml` reads, `validate` checks. Both are for any YAML file of the product: catalogs, profiles and readings, a
mine's `mine.yaml`, an assessment's `panel.yaml`. A message names the file, the line, the key, what was expected there
and what came. A validator of a model that has something precise to say raises `problem(...)`.

    document = load_yaml(path, EvidenceError)
    profile = validate(MineFile, document, EvidenceError)
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, get_args

from greenmine.catalog.yaml_reader import Path_, YamlDocument, described, parse_yaml
from greenmine.errors import InputError, shown
from greenmine.files import read_text
from greenmine.i18n import gettext as _

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel
    from pydantic_core import ErrorDetails, PydanticCustomError

__all__ = ["LIMIT", "YamlDocument", "described", "load_yaml", "parse_yaml", "problem", "validate"]

LIMIT: Final = 1024 * 1024
"""The largest YAML file accepted, in bytes."""

_Model = TypeVar("_Model", bound="BaseModel")


def load_yaml(path: Path, error: type[InputError] = InputError, limit: int = LIMIT) -> YamlDocument:
    """Return the document in a YAML file; its top is a mapping.

    Args:
        path: the file.
        error: the kind of `InputError` to raise.
        limit: the largest size accepted, in bytes.

    Raises:
        InputError: the file cannot be read, is too large, or is not strict YAML.
    """
    return parse_yaml(read_text(path, limit, error), path, error)


def validate(model: type[_Model], document: YamlDocument, error: type[InputError] = InputError) -> _Model:
    """Return the document as an instance of `model`.

    Args:
        model: a pydantic model; its fields are the keys of the file.
        document: what `load_yaml` returned.
        error: the kind of `InputError` to raise.

    Raises:
        InputError: the document does not fit the model. The message tells the first problem, and how many more
            there are.
    """
    from pydantic import ValidationError  # noqa: PLC0415 - a reader of YAML alone need not load it

    try:
        return model.model_validate(document.data)
    except ValidationError as failure:
        problems = failure.errors(include_url=False)
    places = _by_path(document.data, problems)
    path = min(places, key=lambda one: (document.line_of(one), len(one)))
    words = [_words(model, found, _value(document.data, path)) for found in places[path]]
    expected = _(" or ").join(dict.fromkeys(one.expected for one in words))
    found, hint = words[0].found, words[0].hint
    if len(places) > 1:
        more = _("Further problems in this file: {count}.").format(count=len(places) - 1)
        hint = f"{hint} {more}" if hint else more
    raise error(document.file, document.place_of(path), expected=expected, found=found, hint=hint)


def problem(expected: str, found: str, hint: str = "", at: Sequence[str | int] = ()) -> PydanticCustomError:
    """Return the error that a model's validator raises for a problem of its own.

    Args:
        expected: what should have been there, in words.
        found: what was there, in words.
        hint: what to do about it.
        at: where it is, as keys and list positions below the thing validated.
    """
    from pydantic_core import PydanticCustomError  # noqa: PLC0415 - see `validate`

    context = {"expected": expected, "found": found, "hint": hint, "at": list(at)}
    return PydanticCustomError("greenmine", "{expected}", context)


class _Words(NamedTuple):
    expected: str
    found: str
    hint: str = ""


def _by_path(data: object, problems: Sequence[ErrorDetails]) -> dict[Path_, list[ErrorDetails]]:
    """Group pydantic errors by where they are in `data`.

    A value that may have one of several types fails once for each of them, and a list whose entries fail counts as
    short of them. What is said about a part of the value tells more, so what is said about the whole drops out; so does
    a key that is missing where another one is unknown, for it is most likely that one, misspelt.
    """
    places: dict[Path_, list[ErrorDetails]] = {}
    for details in problems:
        places.setdefault(tuple(_path(data, details)), []).append(details)
    misspelt = {path[:-1] for path, found in places.items() if found[0]["type"] == "extra_forbidden"}
    return {
        path: found
        for path, found in places.items()
        if not (_is_about_the_whole(found) and any(len(other) > len(path) == _common(other, path) for other in places))
        and not (found[0]["type"] == "missing" and path[:-1] in misspelt)
    }


def _is_about_the_whole(found: Sequence[ErrorDetails]) -> bool:
    return all(one["type"].endswith("_type") or one["type"] == "too_short" for one in found)


def _common(one: Path_, other: Path_) -> int:
    """Return how many steps two paths begin with in common."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _path(data: object, details: ErrorDetails) -> list[str | int]:
    """Return where in `data` a pydantic error is; names of union members, which are no keys of the file, drop out."""
    path: list[str | int] = []
    value = data
    location: list[str | int] = [*details["loc"], *details.get("ctx", {}).get("at", ())]
    for number, part in enumerate(location):
        is_key = isinstance(value, Mapping) and part in value
        is_entry = isinstance(value, list) and isinstance(part, int) and part < len(value)
        if is_key or is_entry:
            value = value[part]  # type: ignore[index] # checked in the two lines above
            path.append(part)
        elif details["type"] == "missing" and number == len(location) - 1:
            path.append(part)
    return path


def _value(data: object, path: Sequence[str | int]) -> object:
    value: Any = data
    for part in path:
        if isinstance(value, Mapping) and part not in value:
            return None
        value = value[part]
    return value


def _words(model: type[BaseModel], details: ErrorDetails, value: object) -> _Words:
    """Return expected, found and hint of a pydantic error about `value`."""
    kind, context = details["type"], details.get("ctx", {})
    if kind == "greenmine":
        return _Words(context["expected"], context["found"], context["hint"])
    if kind == "missing":
        return _Words(_("the key {key}").format(key=shown(str(details["loc"][-1]))), _("no such key"))
    if kind == "extra_forbidden":
        return _unknown_key(model, details["loc"])
    hint = ""
    if kind in {"string_type", "literal_error", "union_tag_invalid"} and not isinstance(
        value, str | Mapping | list | None
    ):
        hint = _("Put it in quotes if it is meant as text.")
    found = shown(str(context["tag"])) if kind == "union_tag_invalid" else described(value)
    return _Words(_expected(kind, context, details["msg"]), found, hint)


def _expected(kind: str, context: Mapping[str, Any], fallback: str) -> str:
    simple = {
        "string_type": _("text"),
        "int_type": _("a whole number"),
        "int_parsing": _("a whole number"),
        "int_from_float": _("a whole number"),
        "bool_type": _("true or false"),
        "bool_parsing": _("true or false"),
        "decimal_type": _("a number"),
        "decimal_parsing": _("a number"),
        "finite_number": _("a number"),
        "float_type": _("a number"),
        "float_parsing": _("a number"),
        "list_type": _("a list"),
        "tuple_type": _("a list"),
        "set_type": _("a list"),
        "frozen_set_type": _("a list"),
        "dict_type": _("a mapping"),
        "model_type": _("a mapping"),
        "model_attributes_type": _("a mapping"),
        "date_type": _('a date such as "2024-04-15"'),
        "date_parsing": _('a date such as "2024-04-15"'),
        "date_from_datetime_parsing": _('a date such as "2024-04-15"'),
        "datetime_type": _('a point in time such as "2024-04-15T09:00:00Z"'),
        "datetime_parsing": _('a point in time such as "2024-04-15T09:00:00Z"'),
    }
    with_values = {
        "literal_error": (_("one of {values}"), "expected"),
        "enum": (_("one of {values}"), "expected"),
        "union_tag_invalid": (_("a kind out of {values}"), "expected_tags"),
        "union_tag_not_found": (_("a mapping with the key {values}"), "discriminator"),
        "string_too_short": (_("text of at least {values} characters"), "min_length"),
        "string_too_long": (_("text of at most {values} characters"), "max_length"),
        "too_short": (_("at least {values} entries"), "min_length"),
        "too_long": (_("at most {values} entries"), "max_length"),
        "greater_than": (_("a number above {values}"), "gt"),
        "greater_than_equal": (_("a number of at least {values}"), "ge"),
        "less_than": (_("a number below {values}"), "lt"),
        "less_than_equal": (_("a number of at most {values}"), "le"),
        "string_pattern_mismatch": (_("text of the form {values}"), "pattern"),
        "value_error": ("{values}", "error"),
        "assertion_error": ("{values}", "error"),
    }
    if kind in simple:
        return simple[kind]
    if kind in with_values and with_values[kind][1] in context:
        text, name = with_values[kind]
        return text.format(values=str(context[name]).replace("'", "").replace(" or ", ", "))
    return fallback


def _unknown_key(model: type[BaseModel], location: Sequence[str | int]) -> _Words:
    key = str(location[-1])
    known = sorted({name for part in _models_at(model, location[:-1]) for name in _keys(part)})
    near = difflib.get_close_matches(key, known, n=1)
    hint = _("Did you mean {key}?").format(key=shown(near[0])) if near else ""
    expected = _("only the keys {keys}").format(keys=", ".join(known)) if known else _("only known keys")
    return _Words(expected, _("the unknown key {key}").format(key=shown(key)), hint)


def _keys(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield field.alias or name


def _models_at(model: type[BaseModel], location: Sequence[str | int]) -> list[type[BaseModel]]:
    """Return the models that a key at `location` of a document may belong to."""
    models = [model]
    for part in location:
        below = [
            inner
            for one in models
            for name, field in one.model_fields.items()
            if part in (name, field.alias)
            for inner in _models_in(field.annotation)
        ]
        tagged = [
            one
            for one in models
            if "kind" in one.model_fields and part in get_args(one.model_fields["kind"].annotation)
        ]
        models = below or tagged or models
    return models


def _models_in(annotation: object, seen: tuple[object, ...] = ()) -> Iterator[type[BaseModel]]:
    """Yield the models that occur in a type annotation."""
    if hasattr(annotation, "model_fields"):
        yield annotation  # type: ignore[misc] # only models have `model_fields`
        return
    inner = [getattr(annotation, "__value__", None), *get_args(annotation)]
    for one in inner:
        if one is not None and not any(one is other for other in seen):
            yield from _models_in(one, (*seen, one))
