"""Twins: the same file and nearly the same photo, within a folder and in another mine's."""

from __future__ import annotations

from pathlib import Path

import pytest
from mine_folders import make_mine, make_pdf, make_photo, put

from greenmine.errors import EvidenceError
from greenmine.evidence import Item, take_inventory
from greenmine.evidence.twins import candidates, same_file, same_photo, twins_of


def one(name: str, sha256: str = "0", size: int = 1, phash: str | None = None) -> Item:
    return Item(name, size, sha256, "image/jpeg", phash=phash)


def test_files_are_the_same_by_their_digests() -> None:
    """Names do not matter; files of no bytes are the same as none."""
    assert same_file(one("a"), one("b"))
    assert not same_file(one("a"), one("b", "1"))
    assert not same_file(one("a", size=0), one("b", size=0))


def test_photos_are_the_same_by_their_fingerprints() -> None:
    """Up to 32 of 256 bits may differ; the same file is another matter, and without fingerprint there is no telling."""
    zero, near, far = "0" * 64, "f" * 8 + "0" * 56, "f" * 9 + "0" * 55
    assert same_photo(one("a", "1", phash=zero), one("b", "2", phash=near))
    assert not same_photo(one("a", "1", phash=zero), one("b", "2", phash=far))
    assert not same_photo(one("a", "1", phash=zero), one("b", "1", phash=zero))
    assert not same_photo(one("a", "1", phash=zero), one("b", "2"))


def test_twins_are_sorted_by_what_they_share() -> None:
    """A file has its copies and its look-alikes, in the order given."""
    zero = "0" * 64
    others = [one("b", "2", phash=zero), one("c", "1", phash=zero), one("d", "3"), one("e", "1")]
    same, similar = twins_of(one("a", "1", phash=zero), others)
    assert (["c", "e"], ["b"]) == ([each.path for each in same], [each.path for each in similar])


def test_of_another_mine_only_what_may_be_a_twin_is_read(tmp_path: Path) -> None:
    """Files of the same size and pictures; its profile, list and assessments are not evidence there either."""
    first, second = make_mine(tmp_path, "GM-1"), make_mine(tmp_path, "GM-2")
    document = make_pdf("监测报告")
    put(first / "a.pdf", document)
    put(first / "a.jpg", make_photo(1))
    put(second / "08 x" / "b.pdf", document)
    put(second / "c.pdf", make_pdf("another") + b"\n")
    put(second / "d.jpg", make_photo(2))
    put(second / "assessments" / "e.pdf", document)
    put(second / "evidence.csv", "path\n")
    found = candidates(second, take_inventory(first))
    assert [("08 x/b.pdf", ("8",)), ("d.jpg", ())] == [(each.path, each.supports) for each in found]
    assert take_inventory(second).find("d.jpg") == found[1]


def test_a_mine_without_pictures_reads_no_pictures(tmp_path: Path) -> None:
    """Nothing could be alike."""
    first, second = make_mine(tmp_path, "GM-1"), make_mine(tmp_path, "GM-2")
    put(second / "d.jpg", make_photo(2))
    assert () == candidates(second, take_inventory(first))


def test_another_mine_is_walked_as_safely(tmp_path: Path) -> None:
    """A link in another mine's folder is refused there too."""
    first, second = make_mine(tmp_path, "GM-1"), make_mine(tmp_path, "GM-2")
    (second / "x").symlink_to("/etc/passwd")
    with pytest.raises(EvidenceError, match="GM-2/x"):
        candidates(second, take_inventory(first))
