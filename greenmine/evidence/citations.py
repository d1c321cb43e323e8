"""Citations: which files findings refer to, for what, and when the place was visited.

Findings come as a plain document (`greenmine.findings/1`). What is not of the form expected is passed over here, for
the scorer is the one to refuse it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from greenmine.evidence.inventory import Inventory, Item
from greenmine.evidence.locator import Reference


@dataclass(frozen=True)
class Citation:
    """A reference to evidence in the findings.

    Attributes:
        id: the indicator or prerequisite that refers to it.
        reference: the file and the place in it.
        item: the file; None where it is not there.
    """

    id: str
    reference: Reference
    item: Item | None


def citations(findings: Mapping[str, Any], inventory: Inventory) -> tuple[Citation, ...]:
    """Return every reference of the findings, each once for each id, in the order of the findings."""
    found: dict[tuple[str, Reference], Citation] = {}
    for id_, entry in _recorded(findings):
        for text in _references(entry):
            reference = inventory.parse(text)
            found.setdefault((id_, reference), Citation(id_, reference, inventory.find(text)))
    return tuple(found.values())


def visits(findings: Mapping[str, Any]) -> dict[str, dt.date]:
    """Return the day of the site visit for each indicator or prerequisite that records one, by its id."""
    found = {}
    for id_, entry in _recorded(findings):
        day = _mapping(entry.get("site_visit")).get("on")
        with suppress(TypeError, ValueError):
            found[id_] = dt.date.fromisoformat(day)  # type: ignore[arg-type] # what is no text is passed over
    return found


def _recorded(findings: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for group in ("prerequisites", "indicators"):
        for id_, entry in _mapping(findings.get(group)).items():
            if isinstance(entry, Mapping):
                yield id_, entry


def _references(entry: Mapping[str, Any]) -> Iterator[str]:
    """Yield the references of one indicator: its own, of its defects, of its judgements, and those found missing."""
    yield from _texts(entry.get("evidence"))
    yield from _texts(entry.get("missing_evidence"))
    defects = _mapping(entry.get("facts")).get("defects")
    for part in (*_entries(defects), *_entries(entry.get("judgements"))):
        yield from _references(part)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _entries(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
