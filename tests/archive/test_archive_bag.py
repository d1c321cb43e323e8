"""Bags in the form of BagIt 1.0."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import bagit
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenmine import i18n
from greenmine.archive.bag import Bag, check_name, check_payload, hash_file, read_bag
from greenmine.archive.bag_writer import BagWriter
from greenmine.archive.store import Store
from greenmine.errors import ArchiveError, IntegrityError

FILES = {
    "record.json": b"{}",
    "files/08 开采方式/现场照片（一）.jpg": b"\xff\xd8" * 100,
    "files/08 开采方式/回采率 95%.txt": "达标".encode(),
    "files/ leading and * inside.txt": b"x",
    "empty": b"",
}


def write(folder: Path, files: dict[str, bytes] | None = None) -> Bag:
    folder.mkdir()
    writer = BagWriter(Store(), folder)
    for name, data in (FILES if files is None else files).items():
        writer.add(name, data)
    return writer.finish([("External-Identifier", "bags/assess/GM-0001/r1"), ("Bagging-Date", "2026-06-30")])


@pytest.fixture
def bag(tmp_path: Path) -> Bag:
    return write(tmp_path / "bag")


def test_a_bag_reads_back_as_it_was_written(bag: Bag) -> None:
    """Payload, digests and tag files come back; the digest is that of the tag manifest."""
    assert bag == read_bag(bag.path)
    check_payload(bag)
    assert {f"data/{name}": hashlib.sha256(data).hexdigest() for name, data in FILES.items()} == bag.payload
    assert bag.digest == hashlib.sha256((bag.path / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
    assert ("Payload-Oxum", f"{sum(map(len, FILES.values()))}.{len(FILES)}") in bag.info


def test_the_same_content_gives_the_same_digest(tmp_path: Path) -> None:
    """The order in which files are added does not matter, nor does the time."""
    again = dict(reversed(FILES.items()))
    assert write(tmp_path / "a").digest == write(tmp_path / "b", again).digest


def test_bagit_accepts_the_bag(bag: Bag) -> None:
    """The reference implementation finds the bag valid, with every file in it."""
    other = bagit.Bag(str(bag.path))
    other.validate()
    assert (1, 0) == other.version_info
    assert set(bag.payload) == set(other.payload_entries())


def test_sha256sum_accepts_the_bag(bag: Bag) -> None:
    """Both manifests hold for the stock tool, whatever characters the names have."""
    for name in ("tagmanifest-sha256.txt", "manifest-sha256.txt"):
        done = subprocess.run(
            ["sha256sum", "--check", "--strict", name], cwd=bag.path, capture_output=True, text=True, check=False
        )
        assert (0, "") == (done.returncode, done.stderr)


def add(path: Path, data: bytes = b"added") -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)


def change(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


TAMPERINGS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "changed": ("data/record.json", lambda bag: change(bag / "data/record.json", b"{ }")),
    "removed": ("data/record.json", lambda bag: (bag / "data/record.json").unlink()),
    "added": ("data/more", lambda bag: add(bag / "data/more")),
    "added beside data": ("more", lambda bag: add(bag / "more")),
    "added folder": ("data/more", lambda bag: (bag / "data/more").mkdir()),
    "added folder beside data": ("more", lambda bag: (bag / "more").mkdir()),
    "added tag file": ("manifest-md5.txt", lambda bag: add(bag / "manifest-md5.txt", b"")),
    "renamed": ("data/record.json", lambda bag: (bag / "data/record.json").rename(bag / "data/record.jsom")),
    "link": (
        "data/record.json",
        lambda bag: ((bag / "data/record.json").unlink(), (bag / "data/record.json").symlink_to("/etc/hostname")),
    ),
    "linked folder": ("data/more", lambda bag: (bag / "data/more").symlink_to("/etc")),
    "pipe": ("data/more", lambda bag: os.mkfifo(bag / "data/more")),
    "manifest": ("manifest-sha256.txt", lambda bag: change(bag / "manifest-sha256.txt", b"")),
    "no manifest": ("manifest-sha256.txt", lambda bag: (bag / "manifest-sha256.txt").unlink()),
    "declaration": ("bagit.txt", lambda bag: change(bag / "bagit.txt", b"BagIt-Version: 0.97\n")),
    "info": ("bag-info.txt", lambda bag: change(bag / "bag-info.txt", b"Bagging-Date: 2020-01-01\n")),
    "tag manifest": (
        "tagmanifest-sha256.txt",
        lambda bag: change(bag / "tagmanifest-sha256.txt", b"x"),
    ),
    "tag manifest with another file": (
        "tagmanifest-sha256.txt",
        lambda bag: change(
            bag / "tagmanifest-sha256.txt",
            (bag / "tagmanifest-sha256.txt").read_bytes() + b"0" * 64 + b"  z\n",
        ),
    ),
}


@pytest.mark.parametrize("kind", TAMPERINGS)
def test_whatever_is_done_to_a_bag_is_found_and_named(bag: Bag, kind: str) -> None:
    """A file changed, removed, added, renamed, linked or put beside the payload: the message names it."""
    i18n.use("en")
    named, tamper = TAMPERINGS[kind]
    tamper(bag.path)
    with pytest.raises(IntegrityError, match="^" + re.escape(str(bag.path / named))):
        check_payload(read_bag(bag.path))


def test_tampering_that_mends_the_manifests_changes_the_digest(bag: Bag) -> None:
    """Whoever writes all manifests anew has a bag that holds, with a digest that is not in the ledger."""
    change(bag.path / "data/record.json", b"{ }")
    for name in ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"):
        (bag.path / name).unlink()
    other = BagWriter(Store(), bag.path)
    for name in bag.payload:
        other._add(name.removeprefix("data/"), *hash_file(bag.place(name)))
    forged = other.finish(bag.info[2:])
    check_payload(forged)
    assert bag.digest != forged.digest


def test_a_file_lawfully_absent_is_accepted_and_no_other(bag: Bag) -> None:
    """What is named as removed may be missing; it is listed, and everything else is still checked."""
    name = "data/files/08 开采方式/现场照片（一）.jpg"
    bag.place(name).unlink()
    with pytest.raises(IntegrityError):
        read_bag(bag.path)
    left = read_bag(bag.path, {name})
    check_payload(left)
    assert (frozenset({name}), bag.digest) == (left.absent, left.digest)
    bag.place("data/empty").unlink()
    with pytest.raises(IntegrityError):
        read_bag(bag.path, {name})


def test_progress_counts_every_byte(bag: Bag) -> None:
    """The numbers told add up to the size of the payload."""
    told: list[int] = []
    check_payload(bag, progress=told.append)
    assert sum(map(len, FILES.values())) == sum(told)


@pytest.mark.parametrize(
    "name",
    [
        *("", "/a", "a//b", "../a", "a/..", "a\nb", "a\rb", "a\x85b", "a\u2028b", "a\\b", " a", "a ", "a%0Ab", "a%25b"),
        *("\udcff", "a/" * 40 + "a"),
    ],
)
def test_a_name_that_bags_cannot_hold_is_refused(tmp_path: Path, name: str) -> None:
    """A path that leads elsewhere, or that readers of bags would take for another, is never written."""
    with pytest.raises(ArchiveError):
        write(tmp_path / "bag", {name: b""})


@pytest.mark.parametrize("value", ["", " ", "a\nb", "a\x00"])
def test_a_line_of_bag_info_is_one_line(tmp_path: Path, value: str) -> None:
    """A value that would become two lines, or none, is refused."""
    writer = BagWriter(Store(), tmp_path)
    with pytest.raises(ArchiveError):
        writer.finish([("Source-Organization", value)])


@given(st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_every_accepted_name_is_read_back(name: str) -> None:
    """Either a name is refused before anything is written, or bag, reader and reference reader agree on it."""
    try:
        check_name(name)
    except ArchiveError:
        return
    with tempfile.TemporaryDirectory() as folder:
        bag = write(Path(folder) / "bag", {name: b"x"})
        assert [f"data/{name}"] == list(read_bag(bag.path).payload)
        bagit.Bag(str(bag.path)).validate()
