"""Rates that are worked out from other rates before they are compared with a requirement."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from greenmine.scoring.exact import add


def comprehensive_rate(minerals: Sequence[tuple[Fraction, Fraction]]) -> Fraction:
    """Return the comprehensive utilisation rate (共伴生矿产综合利用率) of a mine.

    It is the mean, over every approved co-existing or associated mineral, of mining recovery × processing recovery;
    a mineral that is not recovered counts as zero.

    Args:
        minerals: one pair (mining recovery, processing recovery) for each mineral, each from 0 to 1.

    Returns:
        The rate, from 0 to 1, exact.

    Raises:
        ValueError: there is no mineral, or a recovery is not from 0 to 1.
    """
    if not minerals or not all(0 <= rate <= 1 for pair in minerals for rate in pair):
        raise ValueError(minerals)
    return add(mining * processing for mining, processing in minerals) / len(minerals)
