"""The inventory remembered: the same as a fresh one, whatever happened to the folder or to the cache meanwhile."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mine_folders import make_mine, make_pdf, make_photo, put

from greenmine.evidence import cache, cached_inventory, inventory, take_inventory
from greenmine.files import sha256_hex


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    mine = make_mine(tmp_path)
    put(mine / "02 配套设施" / "照片.jpg", make_photo())
    put(mine / "08 开采方式" / "设计.pdf", make_pdf("开采设计"))
    put(mine / "08 开采方式" / "说明.txt", "一")
    return mine


@pytest.fixture
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache folder, for files that count as at rest the moment they are written."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "SETTLED_NS", -3_600_000_000_000)
    return tmp_path / "cache"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are digested."""
    names: list[str] = []
    whole = inventory.inspect_file

    def inspect(stream: object, path: str) -> object:
        names.append(path)
        return whole(stream, path)  # type: ignore[arg-type]

    monkeypatch.setattr(inventory, "inspect_file", inspect)
    return names


@pytest.mark.usefixtures("caches")
def test_what_has_not_changed_is_not_read_again(mine: Path, read: list[str]) -> None:
    """The second inventory is the first, and no file was opened for it."""
    first = cached_inventory(mine)
    assert sorted(item.path for item in first.items) == sorted(set(read) - {"mine.yaml"})
    read.clear()
    assert first == cached_inventory(mine)
    assert not read
    assert first == take_inventory(mine)


@pytest.mark.usefixtures("caches")
def test_only_what_has_changed_is_read_again(mine: Path, read: list[str]) -> None:
    """New, changed and renamed files are; the list of evidence is read each time."""
    cached_inventory(mine)
    put(mine / "08 开采方式" / "说明.txt", "一二")
    put(mine / "09 新.txt", "三")
    (mine / "02 配套设施" / "照片.jpg").rename(mine / "02 配套设施" / "改名.jpg")
    put(mine / "evidence.csv", "path,supports,title,issuer,issued_on,valid_until\n09 新.txt,9,新,,,\n")
    read.clear()
    found = cached_inventory(mine)
    assert {"08 开采方式/说明.txt", "09 新.txt", "02 配套设施/改名.jpg", "evidence.csv"} == set(read)
    assert take_inventory(mine) == found


@pytest.mark.usefixtures("caches")
def test_a_change_that_hides_behind_size_and_time_is_seen(mine: Path) -> None:
    """A file with the same size whose time was set back has changed its status since."""
    cached_inventory(mine)
    path = mine / "08 开采方式" / "说明.txt"
    before = path.stat()
    path.write_bytes("二".encode())
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_ctime_ns != before.st_ctime_ns
    assert take_inventory(mine) == cached_inventory(mine)


def test_a_file_that_changed_a_moment_ago_is_not_remembered(
    mine: Path, caches: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could change again within the same tick of the clock."""
    monkeypatch.setattr(cache, "SETTLED_NS", 3_600_000_000_000)
    cached_inventory(mine)
    read.clear()
    cached_inventory(mine)
    assert {"mine.yaml", "02 配套设施/照片.jpg", "08 开采方式/设计.pdf", "08 开采方式/说明.txt"} == set(read)
    assert not list(caches.rglob("*.json"))


def sealed(text: str) -> bytes:
    return f"{sha256_hex(text.encode())}\n{text}".encode()


def altered(change: Callable[[dict[str, object]], object]) -> Callable[[bytes], bytes]:
    """Return a change to the document, with the digest of the new one."""

    def apply(data: bytes) -> bytes:
        document = json.loads(data.partition(b"\n")[2])
        change(document)
        return sealed(json.dumps(document))

    return apply


@pytest.mark.parametrize(
    "harm",
    [
        lambda _data: b"",
        lambda data: data[:-9],
        lambda data: data.replace(b"image/jpeg", b"image/jpog"),
        lambda _data: sealed("[]"),
        lambda _data: sealed("[" * 100_000),
        lambda _data: b"\xff\n{}",
        altered(lambda document: document.update(version="0")),
        altered(lambda document: document.update(schema="greenmine.inventory-cache/0")),
        altered(lambda document: document.update(folder="/elsewhere")),
        altered(lambda document: document["files"]["mine.yaml"].update(sha256="../x")),  # type: ignore[index]
        altered(lambda document: document["files"]["mine.yaml"]["media"].update(faults=["x"])),  # type: ignore[index]
        altered(lambda document: document["files"]["mine.yaml"].update(stamp=[1])),  # type: ignore[index]
    ],
)
def test_a_cache_that_is_not_what_was_written_is_as_good_as_none(
    mine: Path, caches: Path, read: list[str], harm: Callable[[bytes], bytes]
) -> None:
    """Cut short, altered, of another version or another folder: everything is read again."""
    expected = cached_inventory(mine)
    (path,) = caches.rglob("*.json")
    path.write_bytes(harm(path.read_bytes()))
    read.clear()
    assert expected == cached_inventory(mine)
    assert len(read) == len(expected.items) + 1
    read.clear()
    cached_inventory(mine)
    assert not read, "it is written anew"


@settings(max_examples=50)
@given(st.binary())
def test_no_content_of_a_cache_raises(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Neither with the digest that fits nor without."""
    path = tmp_path_factory.getbasetemp() / "cache.json"
    for content in (data, sha256_hex(data).encode() + b"\n" + data):
        path.write_bytes(content)
        assert cache._load(path, "/x") == {}


def test_a_cache_that_cannot_be_written_is_no_error(mine: Path, tmp_path: Path) -> None:
    """The inventory is there all the same."""
    assert take_inventory(mine) == cached_inventory(mine, folder=put(tmp_path / "file", "x") / "below")


def test_the_cache_lies_outside_of_the_evidence_and_is_the_users_own(mine: Path, caches: Path) -> None:
    """Nothing is written into the mine's folder, and others cannot list what is remembered."""
    before = {path: path.stat().st_mtime_ns for path in (mine, *mine.rglob("*"))}
    cached_inventory(mine)
    assert before == {path: path.stat().st_mtime_ns for path in (mine, *mine.rglob("*"))}
    (path,) = caches.rglob("*.json")
    assert 0 == path.parent.stat().st_mode & 0o077
    assert cache.cache_file(mine) == path
