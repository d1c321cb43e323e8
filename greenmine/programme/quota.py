"""Quotas: how many mines a spot check must draw from a list or stratum."""

from __future__ import annotations

from fractions import Fraction


def quota(size: int, ratio: Fraction) -> int:
    """Return how many of `size` mines must be drawn at a ratio of at least `ratio` (每年抽取不低于10%).

    The share is rounded up, so that it never falls below the ratio, and a list that is not empty gives at least one.
    Key mines are added on top; they are not part of the quota. Source: 自然资规〔2024〕1号 (十六) for the ratio.

    Args:
        size: number of mines in the list or stratum, 0 or more.
        ratio: the least share, above 0 and at most 1.

    Raises:
        ValueError: the size is negative or the ratio out of range.
    """
    if size < 0 or not 0 < ratio <= 1:
        raise ValueError((size, ratio))
    return -(-size * ratio.numerator // ratio.denominator)
