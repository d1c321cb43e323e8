"""Differences: where two files that should be the same first differ, in words a person can act on.

JSON documents and notebooks are compared value by value and named by the path of the first value that differs, in the
order of their keys; other text by line and column. Long text is cut to what stands around the place.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from greenmine.errors import one_line, shown
from greenmine.i18n import gettext as _

BEFORE: Final = 20
LIMIT: Final = 100
_NOTHING: Final = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is not the same.

    Attributes:
        file: its name.
        place: where it first differs; empty where the file as a whole does.
        archived: what is in the archive there, in short.
        now: what came now, in short.
    """

    file: str
    place: str
    archived: str
    now: str

    def __str__(self) -> str:
        where = _("{file}, {place}").format(file=self.file, place=self.place) if self.place else self.file
        return _("{where}: archived {archived}, now {now}").format(where=where, archived=self.archived, now=self.now)


def first_difference(file: str, archived: bytes, now: bytes) -> Difference | None:
    """Return where a file first differs; None where its bytes are the same.

    Args:
        file: its name; what ends in `.json` or `.ipynb` is compared value by value.
        archived: its content in the archive.
        now: its content as it was made anew.
    """
    if archived == now:
        return None
    found = None
    if PurePosixPath(file).suffix in {".json", ".ipynb"}:
        try:
            found = _in_values(json.loads(archived), json.loads(now), "")
        except (ValueError, RecursionError):
            found = None
    place, old, new = found or _in_text(archived.decode("utf-8", "replace"), now.decode("utf-8", "replace"))
    return Difference(file, place, old, new)


def _in_values(old: Any, new: Any, path: str) -> tuple[str, str, str] | None:  # noqa: ANN401 - any JSON
    """Return the path of the first value that differs, and both values in short."""
    if isinstance(old, dict) and isinstance(new, dict):
        pairs = [(f"{path}.{key}", old.get(key, _NOTHING), new.get(key, _NOTHING)) for key in sorted({*old, *new})]
    elif isinstance(old, list) and isinstance(new, list):
        size = max(len(old), len(new))
        padded = [[*items, *[_NOTHING] * (size - len(items))] for items in (old, new)]
        pairs = [(f"{path}[{at}]", *both) for at, both in enumerate(zip(*padded, strict=True))]
    elif type(old) is type(new) and old == new:
        return None
    elif isinstance(old, str) and isinstance(new, str) and max(len(old), len(new)) > LIMIT:
        place, *both = _in_text(old, new)
        return _("{file}, {place}").format(file=path.removeprefix("."), place=place), both[0], both[1]
    else:
        return path.removeprefix("."), _value(old), _value(new)
    return next((found for where, one, other in pairs if (found := _in_values(one, other, where))), None)


def _value(value: object) -> str:
    if value is _NOTHING:
        return _("nothing")
    text = one_line(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= LIMIT else f"{text[: LIMIT - 1]}…"


def _in_text(old: str, new: str) -> tuple[str, str, str]:
    """Return line and column of the first difference, and what stands there in both."""
    size = min(len(old), len(new))
    at = next((number for number in range(size) if old[number] != new[number]), size)
    start = old.rfind("\n", 0, at) + 1
    place = _("line {line}, column {column}").format(line=old.count("\n", 0, at) + 1, column=at - start + 1)
    begin = max(start, at - BEFORE)
    old_part, new_part = (text[begin : at + LIMIT].split("\n", 1)[0] for text in (old, new))
    return place, shown(old_part, LIMIT), shown(new_part, LIMIT)
