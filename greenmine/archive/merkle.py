"""The Merkle tree over the lines of the ledger, as in RFC 6962, section 2.1.

A leaf is one line without its line feed. Its hash is SHA-256 of a zero byte and the line; that of a node is SHA-256 of
a one byte and the hashes of its two children; a tree of n leaves is split at the largest power of two below n. So the
root fixes every line and its place, and some fifteen hashes prove to somebody who holds the root alone that one line
is among thirty thousand. Standard library only, so that a proof can be checked with this module alone.

Whether one checkpoint continues another is not proven here: whoever holds the ledger compares its first bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

HASH_SIZE: Final = 32
"""Bytes of a hash."""

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""The root of the tree without leaves."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf.

    Args:
        entry: a ledger line without its line feed.
    """
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node from those of its children."""
    return hashlib.sha256(b"\1" + left + right).digest()


def tree_root(entries: Iterable[bytes]) -> bytes:
    """Return the root of the tree over entries, in one pass over them."""
    peaks: list[tuple[int, bytes]] = []  # roots of full subtrees and their numbers of leaves, largest first
    for entry in entries:
        size, peak = 1, leaf_hash(entry)
        while peaks and peaks[-1][0] == size:
            peak = node_hash(peaks.pop()[1], peak)
            size *= 2
        peaks.append((size, peak))
    if not peaks:
        return EMPTY_ROOT
    root = peaks.pop()[1]
    while peaks:
        root = node_hash(peaks.pop()[1], root)
    return root


def inclusion_path(entries: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Return the hashes that lead from an entry to the root, the leaf's sibling first.

    Args:
        entries: all entries of the tree.
        index: the entry's place, from 0.

    Raises:
        IndexError: there is no such entry.
    """
    if not 0 <= index < len(entries):
        message = f"no entry {index} in a tree of {len(entries)}"
        raise IndexError(message)
    path: list[bytes] = []
    level = [leaf_hash(entry) for entry in entries]
    while len(level) > 1:
        if index ^ 1 < len(level):  # the last node of an odd level has no sibling: it moves up as it is
            path.append(level[index ^ 1])
        pairs = [node_hash(*level[at : at + 2]) for at in range(0, len(level) - 1, 2)]
        level = [*pairs, *level[2 * len(pairs) :]]
        index //= 2
    return tuple(path)


def path_length(index: int, size: int) -> int:
    """Return how many hashes lead from an entry to the root.

    Args:
        index: the entry's place, from 0.
        size: how many entries the tree has; more than `index`.
    """
    count, last = 0, size - 1
    while last:
        count += index % 2 or index < last
        index, last = index // 2, last // 2
    return count


def root_from_path(entry: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Return the root that an entry and its path give.

    The tree has that root if and only if the entry is in it at that place (RFC 9162, section 2.1.3.2).

    Args:
        entry: the entry.
        index: its place, from 0.
        size: how many entries the tree has.
        path: the hashes, the leaf's sibling first.

    Raises:
        ValueError: no tree of that size has such a path.
    """
    if not 0 <= index < size:
        message = f"no entry {index} in a tree of {size}"
        raise ValueError(message)
    if len(path) != path_length(index, size) or any(len(one) != HASH_SIZE for one in path):
        message = f"a path of {path_length(index, size)} hashes was expected, not {len(path)}"
        raise ValueError(message)
    root, last, rest = leaf_hash(entry), size - 1, iter(path)
    while last:
        if index % 2:
            root = node_hash(next(rest), root)
        elif index < last:
            root = node_hash(root, next(rest))
        index, last = index // 2, last // 2
    return root


def verify_inclusion(entry: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Tell whether a path proves that an entry is in the tree with a root; arguments as `root_from_path`."""
    try:
        return root_from_path(entry, index, size, path) == root
    except ValueError:
        return False
