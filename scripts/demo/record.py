"""An assessment typed into its journals, entry by entry, through the journal itself.

A description's entries are in the order in which they are typed. Each takes some minutes on one clock for all, so that
a confirmation is always later than what it confirms. Not-applicable is confirmed at the end, by the person named.
"""

from __future__ import annotations

import datetime as dt
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from greenmine.assessment import JournalWriter

if TYPE_CHECKING:
    from pathlib import Path

_PACE = dt.timedelta(minutes=6)
"""Time between two entries."""

_PLAIN = {
    "met": "met",
    "facts": "facts",
    "why": "justification",
    "files": "evidence",
    "resolution": "resolution",
}
"""Short names in a description → fields of a card."""


class Clock:
    """A clock that moves on by `_PACE` whenever it is read."""

    def __init__(self, start: str) -> None:
        self.now = dt.datetime.fromisoformat(start)

    def __call__(self) -> dt.datetime:
        """Return the time and move on."""
        now, self.now = self.now, self.now + _PACE
        return now


def card_fields(entry: dict[str, Any], visit: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a card that an entry sets.

    Args:
        entry: an entry of a description.
        visit: day and people of a site visit where the entry does not name them.
    """
    fields = {field: entry[name] for name, field in _PLAIN.items() if name in entry}
    if "na" in entry:
        fields["not_applicable"] = {"reason": entry["na"]}
    if "visit" in entry:
        seen = {**visit, **entry["visit"]}
        fields["site_visit"] = {"on" if name == "day" else name: value for name, value in seen.items()}
    return fields


def card_name(short: str) -> str:
    """Return a card's name: `P1` → `prerequisite/P1`, `9` → `indicator/9`."""
    return f"prerequisite/{short}" if short.startswith("P") else f"indicator/{short}"


def record_assessment(mine: str, description: dict[str, Any], folder: Path) -> None:
    """Type the entries of a description into the journals of `folder`.

    Args:
        mine: the mine's id.
        description: `panel`, `start` (time of the first entry), `visit` and `entries`.
        folder: the assessment's folder; its `panel.yaml` is there already.
    """
    clock, assessment = Clock(description["start"]), description["panel"]["assessment"]["id"]
    people = [member["id"] for member in description["panel"]["members"]]
    with ExitStack() as stack:
        writers = {
            person: stack.enter_context(
                JournalWriter(folder / "journal" / f"{person}.jsonl", mine, assessment, person, clock=clock)
            )
            for person in people
        }
        for entry in description["entries"]:
            fields = card_fields(entry, description["visit"])
            writers[entry.get("typed", entry["who"])].append(entry["who"], card_name(entry["card"]), fields)
        for entry in description["entries"]:
            if "confirm" in entry:
                person = entry["confirm"]
                writers[person].append(person, card_name(entry["card"]), {"confirm_not_applicable": True})
