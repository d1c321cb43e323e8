"""The Merkle tree against published vectors and its own laws."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenmine.archive.merkle import (
    EMPTY_ROOT,
    inclusion_path,
    leaf_hash,
    node_hash,
    path_length,
    root_from_path,
    tree_root,
    verify_inclusion,
)

# The sample tree that implementations of Certificate Transparency are tested with.
ENTRIES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATHS = {
    0: [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    5: [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}

trees = st.lists(st.binary(max_size=12), min_size=1, max_size=70)


def split_root(entries: list[bytes]) -> bytes:
    """Return the root as section 2.1 of RFC 6962 defines it, word for word."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return leaf_hash(entries[0])
    split = 1
    while split * 2 < len(entries):
        split *= 2
    return node_hash(split_root(entries[:split]), split_root(entries[split:]))


def split_path(index: int, entries: list[bytes]) -> list[bytes]:
    """Return the path as section 2.1.1 of RFC 6962 defines it, word for word."""
    if len(entries) == 1:
        return []
    split = 1
    while split * 2 < len(entries):
        split *= 2
    if index < split:
        return [*split_path(index, entries[:split]), split_root(entries[split:])]
    return [*split_path(index - split, entries[split:]), split_root(entries[:split])]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(size: int) -> None:
    """The roots over the first 0 to 8 entries of the sample tree are those of Certificate Transparency."""
    assert ROOTS[size] == tree_root(ENTRIES[:size]).hex()


@pytest.mark.parametrize("index", PATHS)
def test_paths_are_the_published_ones(index: int) -> None:
    """The inclusion paths in the sample tree of 8 are those of Certificate Transparency."""
    assert PATHS[index] == [one.hex() for one in inclusion_path(ENTRIES, index)]


def test_no_entries_have_the_hash_of_nothing() -> None:
    """The root of the empty tree is SHA-256 of no bytes."""
    assert ROOTS[0] == EMPTY_ROOT.hex()


@given(trees)
def test_the_root_is_that_of_the_definition(entries: list[bytes]) -> None:
    """The root made in one pass is that of the recursive definition."""
    assert split_root(entries) == tree_root(iter(entries))


@given(trees, st.data())
def test_every_path_is_that_of_the_definition_and_verifies(entries: list[bytes], data: st.DataObject) -> None:
    """Whatever the tree, the path of an entry is that of the recursive definition, and leads to the root."""
    index = data.draw(st.integers(0, len(entries) - 1))
    path = inclusion_path(entries, index)
    assert split_path(index, entries) == list(path)
    assert path_length(index, len(entries)) == len(path)
    assert verify_inclusion(entries[index], index, len(entries), path, tree_root(entries))


@given(trees, st.data())
def test_a_path_proves_nothing_else(entries: list[bytes], data: st.DataObject) -> None:
    """A path does not verify for another entry, for the place of another entry, or with a flipped bit."""
    size = len(entries)
    index = data.draw(st.integers(0, size - 1))
    path, root = inclusion_path(entries, index), tree_root(entries)
    assert not verify_inclusion(entries[index] + b"!", index, size, path, root)
    for other in range(size):
        proven = verify_inclusion(entries[index], other, size, path, root)
        assert (entries[other] == entries[index]) >= proven
    for number, one in enumerate(path):
        at = data.draw(st.integers(0, 255))
        flipped = bytearray(one)
        flipped[at // 8] ^= 1 << at % 8
        assert not verify_inclusion(entries[index], index, size, (*path[:number], flipped, *path[number + 1 :]), root)


@given(trees, st.data())
def test_a_path_of_another_length_is_refused(entries: list[bytes], data: st.DataObject) -> None:
    """A path with a hash too many or too few, or with a short hash, is no path."""
    size = len(entries)
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_path(entries, index)
    wrong = [(*path, bytes(32)), *([path[1:], (*path[:-1], b"short")] if path else [])]
    for one in wrong:
        with pytest.raises(ValueError, match="a path of"):
            root_from_path(entries[index], index, size, one)
        assert not verify_inclusion(entries[index], index, size, one, tree_root(entries))


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_a_place_outside_the_tree_has_no_path(index: int, size: int) -> None:
    """Neither is a path made for a place that is not in the tree, nor one accepted."""
    with pytest.raises(IndexError, match="no entry"):
        inclusion_path(ENTRIES[:size], index)
    with pytest.raises(ValueError, match="no entry"):
        root_from_path(b"", index, size, ())
