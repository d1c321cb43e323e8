"""Samples for an audit: how many records, from which strata, which ones, and what the result says of all records.

Everything is exact arithmetic with whole numbers (`math.comb`), and nothing depends on a library's random numbers: who
knows the frame and the seed comes to the same sample, with stock tools (see `greenmine.archive.selection`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb
from typing import Final

from greenmine.archive.selection import ticket
from greenmine.errors import UsageError
from greenmine.i18n import gettext as _

STRATA: Final = ("catalog", "kind", "verdict")
"""What records may be grouped by."""

SEPARATOR: Final = "+"
_STRANGE: Final = re.compile(r"[^A-Za-z0-9._@-]")


def stratum_of(row: object, strata: Sequence[str]) -> str:
    """Return the stratum of a record, without blanks; `-` where records are not grouped.

    Args:
        row: the record, with an attribute for each of `strata`.
        strata: of `STRATA`.
    """
    return SEPARATOR.join(_STRANGE.sub("_", str(getattr(row, name))) for name in strata) or "-"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A record that was drawn: its name, the stratum it is of, its ticket."""

    record: str
    stratum: str
    ticket: str


def sample_size(population: int, rate: Fraction, confidence: Fraction) -> int:
    """Return how many records to draw so that, if a share of all is defective, at least one such is among them.

    Args:
        population: how many records there are.
        rate: the share, above 0 and at most 1; it stands for the whole number of records below it, at least one.
        confidence: how sure that is to be, above 0 and below 1.

    Raises:
        UsageError: a number is out of its range.
    """
    if population < 1 or not 0 < rate <= 1 or not 0 < confidence < 1:
        text = _("Expected records to draw from, a rate above 0 and at most 1, and a confidence between 0 and 1.")
        raise UsageError(text)
    defective = max(1, int(population * rate))
    allowed = 1 - confidence
    low, high = 1, population
    while low < high:  # the chance to miss all falls with the size
        size = (low + high) // 2
        if _missed(population, defective, size) <= allowed:
            high = size
        else:
            low = size + 1
    return low


def _missed(population: int, defective: int, size: int) -> Fraction:
    return Fraction(comb(population - size, defective), comb(population, defective))


def most_defective(population: int, size: int, found: int, confidence: Fraction) -> int:
    """Return how many records at most are defective, with some confidence, given how many of a sample are.

    It is the largest number with which so few, or fewer, would still be found with a chance above `1 - confidence`
    (the exact one-sided bound of the hypergeometric distribution).

    Args:
        population: how many records there are.
        size: how many were drawn.
        found: how many of these are defective.
        confidence: above 0 and below 1.
    """
    allowed = 1 - confidence
    low, high = found, population - (size - found)
    while low < high:
        defective = (low + high + 1) // 2
        chance = sum(comb(defective, few) * comb(population - defective, size - few) for few in range(found + 1))
        if Fraction(chance, comb(population, size)) > allowed:
            low = defective
        else:
            high = defective - 1
    return low


def allocate(strata: Mapping[str, int], size: int) -> dict[str, int]:
    """Return how many records to draw from each stratum: in proportion, rounded up, so that none is left out.

    Args:
        strata: how many records each has.
        size: how many to draw in all; rounding up makes it a few more.
    """
    population = sum(strata.values())
    return {name: min(count, -(-size * count // population)) for name, count in sorted(strata.items())}


def draw_sample(frame: Sequence[tuple[str, str]], seed: str, size: int) -> tuple[Drawn, ...]:
    """Return the records drawn, by stratum, each in order of its ticket: SHA-256 of the seed, a comma and its name.

    Args:
        frame: name and stratum of every record that may be drawn.
        seed: from a public event after the frame was fixed.
        size: how many in all.
    """
    groups: dict[str, list[Drawn]] = {}
    for record, stratum in frame:
        groups.setdefault(stratum, []).append(Drawn(record, stratum, ticket(seed, record)))
    counts = allocate({name: len(group) for name, group in groups.items()}, size) if groups else {}
    return tuple(
        one for name in counts for one in sorted(groups[name], key=lambda one: (one.ticket, one.record))[: counts[name]]
    )
