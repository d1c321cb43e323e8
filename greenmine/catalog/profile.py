"""The profile file, schema `greenmine.profile/1`: a province's or certifier's tailoring of a catalog.

A profile extends a catalog (or another profile) by operations in order: `set` a value, `add` an entry to a list,
`exclude` something with a reason. Operations work on the base's file as it is written; the outcome is validated again
as a catalog of its own, so a profile cannot produce what a catalog could not hold. `at` names a place by ids:

    line · categories/6/points · sections/6.1/points · sections/6.1/indicators (to add one) · indicators/46/points
    indicators/46/not_applicable · indicators/9/rules/open_pit/of/drilling/points · prerequisites (to add one)
    prerequisites/P5/text · readings/na_fold/default · indicators/2/methods/查现场 · indicators/20/rule/of/#1
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field

from greenmine.catalog.fields import Day, Id, Sha256, Strict, Text
from greenmine.catalog.strict_yaml import YamlDocument, described, problem
from greenmine.catalog.yaml_reader import Path_
from greenmine.errors import CatalogError, shown
from greenmine.i18n import gettext as _

_OWN: Final = ("id", "version", "title", "issuer", "document", "issued_on", "effective_from")
_OPTIONAL: Final = ("effective_to", "source_sha256")
_ELSEWHERE: Final = frozenset({"schema", "expected", "hypothetical", *_OWN, *_OPTIONAL})
_REF: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}@[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


def _exact(value: Any, at: Path_ = ()) -> Any:  # noqa: ANN401 - any YAML value
    """Refuse numbers that are not written as text, for they would not stay exact."""
    if isinstance(value, dict):
        for key, inner in value.items():
            _exact(inner, (*at, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            _exact(inner, (*at, number))
    elif not isinstance(value, str | bool):
        expected = _("text, true, false, a list or a mapping (numbers in quotes)")
        raise problem(expected, described(value), at=at)
    return value


Value = Annotated[Any, AfterValidator(_exact)]


class Set(Strict):
    """Give the place another value, or the value that it lacks."""

    op: Literal["set"]
    at: Text
    value: Value
    reason: Text | None = None
    citation: Text | None = None


class Add(Strict):
    """Add an entry to a list."""

    op: Literal["add"]
    at: Text
    value: Value
    reason: Text | None = None
    citation: Text | None = None


class Exclude(Strict):
    """Take something out, for a reason."""

    op: Literal["exclude"]
    at: Text
    reason: Text
    citation: Text | None = None


Operation = Annotated[Set | Add | Exclude, Field(discriminator="op")]


class ProfileFile(Strict):
    """A whole profile file."""

    schema_: Annotated[Literal["greenmine.profile/1"], Field(alias="schema")]
    id: Id
    version: Id
    title: Text
    issuer: Text
    document: Text
    issued_on: Day
    effective_from: Day
    effective_to: Day | None = None
    source_sha256: Sha256 | None = None
    hypothetical: Literal[True] | None = None
    extends: Annotated[str, Field(pattern=_REF)]
    operations: tuple[Operation, ...] = ()


def apply(
    profile: ProfileFile, document: YamlDocument, base: dict[str, Any], readings: dict[str, Any]
) -> tuple[YamlDocument, YamlDocument]:
    """Return the catalog and readings files that a profile makes of those of its base.

    Args:
        profile: the validated profile.
        document: the profile's file, for places in messages.
        base: data of the base's catalog file; left as it is.
        readings: data of the base's readings file; left as it is.

    Returns:
        Catalog and readings, to be validated. What an operation touched is found at the operation's line.

    Raises:
        CatalogError: an operation names a place that is not there, or does there what cannot be done.
    """
    tree = copy.deepcopy({key: value for key, value in base.items() if key not in {"expected", *_OPTIONAL}})
    name, tree["readings"] = tree["readings"], copy.deepcopy(readings["readings"])
    lines: dict[Path_, int] = {(): document.line_of(("operations",))}
    for number, operation in enumerate(profile.operations):
        place = ("operations", number, "at")
        try:
            touched = _apply(operation, tree)
        except _MisplacedError as misplaced:
            expected, found = misplaced.expected, misplaced.found
            raise CatalogError(document.file, document.place_of(place), expected=expected, found=found) from None
        except (KeyError, TypeError, IndexError, AttributeError):  # the tree is not validated between operations
            expected, found = _("a place of the form the schema describes"), _("what an earlier operation left there")
            raise CatalogError(document.file, document.place_of(place), expected=expected, found=found) from None
        for depth in range(1, len(touched) + 1):  # what is wrong with a whole may come from what was done inside it
            lines[touched[:depth]] = document.line_of(place)
    switches, tree["readings"] = tree.pop("readings", {}), name
    tree.update(profile.model_dump(include={"hypothetical", *_OWN, *_OPTIONAL}, exclude_none=True))
    catalog = YamlDocument(tree, document.file, lines)
    return catalog, YamlDocument({**readings, "readings": switches}, document.file, lines)


class _MisplacedError(Exception):
    """An operation cannot be done at its place."""

    def __init__(self, expected: str, found: str) -> None:
        self.expected = expected
        self.found = found
        super().__init__(found)


def _apply(operation: Set | Add | Exclude, tree: dict[str, Any]) -> Path_:
    """Change `tree` as one operation says; return the keys and positions of what it touched."""
    parts = operation.at.split("/")
    if parts[0] in _ELSEWHERE:
        found = _("{key}, which a profile states of itself or cannot change").format(key=shown(parts[0]))
        raise _MisplacedError(_("a place in the catalog that is extended"), found)
    path = _locate(tree, parts, creating=isinstance(operation, Set))
    if isinstance(operation, Add):
        entries = _get(tree, path)
        if not isinstance(entries, list):
            raise _MisplacedError(_("a list to add to"), _("{at}, which is none").format(at=shown(operation.at)))
        entries.append(copy.deepcopy(operation.value))
        return (*path, len(entries) - 1)
    if path[-1] == "id":
        found = _("{at}, an id, which other files refer to").format(at=shown(operation.at))
        raise _MisplacedError(_("a place that may change"), found)
    holder = _get(tree, path[:-1])
    if isinstance(operation, Set):
        holder[path[-1]] = copy.deepcopy(operation.value)
        return path
    del holder[path[-1]]
    return path[:-1]


def _locate(tree: dict[str, Any], parts: Sequence[str], *, creating: bool) -> Path_:
    """Return the keys and positions of a place; when `creating`, its last key may be one that is not there yet."""
    path, rest = _shortcut(tree, parts)
    value = _get(tree, path)
    for number, part in enumerate(rest, 1):
        steps = _steps(value)
        if part in steps:
            path = (*path, steps[part])
            value = value[steps[part]]
        elif creating and isinstance(value, dict) and number == len(rest):
            path = (*path, part)
        else:
            expected = _("one of {values}").format(values=", ".join(steps)) if steps else _("nothing below this place")
            raise _MisplacedError(expected, _("{part} in {at}").format(part=shown(part), at=shown("/".join(parts))))
    return path


def _shortcut(tree: dict[str, Any], parts: Sequence[str]) -> tuple[Path_, Sequence[str]]:
    """Find the section or indicator that `parts` begins with, wherever it stands; return what is left of `parts`."""
    if parts[0] not in {"sections", "indicators"}:
        return (), parts
    sections = [
        (entry, ("categories", n, "sections", m))
        for n, category in enumerate(tree["categories"])
        for m, entry in enumerate(category["sections"])
    ]
    found = (
        {entry["id"]: at for entry, at in sections}
        if parts[0] == "sections"
        else {
            entry["id"]: (*at, "indicators", number)
            for section, at in sections
            for number, entry in enumerate(section["indicators"])
        }
    )
    name = parts[1] if len(parts) > 1 else ""
    if name not in found:
        expected = _("{head}/ID/…, where ID is one of {values}").format(head=parts[0], values=", ".join(found))
        raise _MisplacedError(expected, shown("/".join(parts)))
    return found[name], parts[2:]


def _steps(value: object) -> dict[str, str | int]:
    """Return the names of what is below a value, each with its key or position: entries go by id, key, text or #n."""
    if isinstance(value, dict):
        return {key: key for key in value}
    steps: dict[str, str | int] = {}
    for number, entry in enumerate(value if isinstance(value, list) else ()):
        name = (entry.get("id") or entry.get("key") or entry.get("clause")) if isinstance(entry, dict) else entry
        steps[name if isinstance(name, str) and name not in steps else f"#{number + 1}"] = number
    return steps


def _get(tree: Any, path: Path_) -> Any:  # noqa: ANN401 - any YAML value
    for step in path:
        tree = tree[step]
    return tree
