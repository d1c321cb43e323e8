r"""Which records a verification looks at: a named one, or a sample that anybody can draw again.

The sample is drawn with tickets: the ticket of a record is the SHA-256 of the seed, a comma and the record's name; the
records with the smallest tickets are taken. With nothing but stock tools:

    grep -o 'bags/assess/[^/]*/r[0-9]*' ledger | cut -d/ -f3- | while read id; do
      printf '%s  %s\n' "$(printf '%s,%s' SEED "$id" | sha256sum | cut -c-64)" "$id"
    done | sort | head -n COUNT

A seed that is known before the records are sealed lets whoever seals them choose which will be drawn; it is to come
from a public event after the checkpoint, such as dice.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Final

from greenmine.archive.layout import kind_of
from greenmine.archive.ledger import TAGMANIFEST, LedgerEntry
from greenmine.errors import UsageError, shown
from greenmine.i18n import gettext as _

PREFIX: Final = "bags/assess/"
_REVISION: Final = re.compile(r"r([1-9][0-9]{0,8})")


def record_name(bag: str) -> str:
    """Return how people call an assessment's bag: `GM-0001/r1`; another bag's path as it is."""
    return bag.removeprefix(PREFIX)


def ticket(seed: str, record: str) -> str:
    """Return the ticket of a record, in hexadecimal.

    Args:
        seed: the seed of the draw.
        record: its name, `GM-0001/r1`.
    """
    return hashlib.sha256(f"{seed},{record}".encode()).hexdigest()


def draw(records: Iterable[str], seed: str, count: int) -> tuple[str, ...]:
    """Return the records drawn, in order of their tickets.

    Args:
        records: the names of all that may be drawn.
        seed: the seed of the draw.
        count: how many to draw; all of them where there are no more.
    """
    return tuple(record for _ticket, record in sorted((ticket(seed, record), record) for record in records)[:count])


def find_bag(entries: Sequence[LedgerEntry], name: str) -> LedgerEntry:
    """Return the entry of the ledger that a user names.

    Args:
        entries: those of the ledger, in order.
        name: a mine (`GM-0001`: its latest revision), a revision (`GM-0001/r2`), or the path of any bag.

    Raises:
        UsageError: the ledger names no such bag.
    """
    wanted = name.strip("/").removesuffix(f"/{TAGMANIFEST}")
    known = {entry.bag: entry for entry in entries}
    for bag in (wanted, f"{PREFIX}{wanted}"):
        if bag in known:
            return known[bag]
    revisions = {
        int(hit[1]): entry
        for entry in entries
        if entry.bag.startswith(f"{PREFIX}{wanted}/") and (hit := _REVISION.fullmatch(entry.bag.rpartition("/")[2]))
    }
    if revisions and "/" not in wanted:
        return revisions[max(revisions)]
    text = _("The ledger names no record {name}: expected a mine (GM-0001), a revision (GM-0001/r1) or a bag's path.")
    raise UsageError(text.format(name=shown(name)))


def assessments(entries: Iterable[LedgerEntry]) -> tuple[LedgerEntry, ...]:
    """Return the entries that are assessments, in order."""
    return tuple(entry for entry in entries if kind_of(entry.bag) == "assess")
