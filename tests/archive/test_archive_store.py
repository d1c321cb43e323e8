"""The store: how the archive changes a disk."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenmine import i18n
from greenmine.archive.store import MANY, Store, Unflushed, refused
from greenmine.errors import ArchiveError


class Plain(Store):
    """A file system that shares no blocks, or where the kernel copies at most so many bytes."""

    def __init__(self, most: int = 0) -> None:
        self.most = most

    def clone(self, source: int, target: int) -> bool:  # noqa: ARG002 - the store's signature
        return False

    def copy_range(self, source: int, target: int, offset: int, count: int) -> int:
        if offset >= self.most:
            return 0
        return super().copy_range(source, target, offset, min(count, self.most - offset, 1000))


class Slow(Store):
    """A disk that takes a few bytes at a time."""

    def write(self, handle: int, data: bytes | memoryview, offset: int) -> int:
        return super().write(handle, bytes(data)[:7], offset)


@pytest.mark.parametrize("store", [Store(), Plain(), Plain(2500), Plain(1 << 40), Slow()])
@pytest.mark.parametrize("size", [0, 1, 999, 5000])
def test_a_copy_is_the_same_bytes_however_it_is_made(tmp_path: Path, store: Store, size: int) -> None:
    """Sharing blocks, copying by the kernel, reading and writing, and switching midway give the same file."""
    data = bytes(number % 251 for number in range(size))
    (tmp_path / "a").write_bytes(data)
    with (tmp_path / "a").open("rb") as source:
        assert size == store.copy(source.fileno(), tmp_path / "b")
    assert data == (tmp_path / "b").read_bytes()
    store.create(tmp_path / "c", data)
    assert data == (tmp_path / "c").read_bytes()


class Counting(Store):
    """A disk that counts what is flushed, and can fail at it."""

    def __init__(self, fails_at: int = 0) -> None:
        self.flushed, self.started, self._fails_at = 0, 0, fails_at

    def start(self, handle: int) -> None:
        self.started += 1
        super().start(handle)

    def fsync(self, handle: int) -> None:
        self.flushed += 1
        if self.flushed == self._fails_at:
            raise OSError(errno.EIO, "Input/output error")
        super().fsync(handle)


def test_files_can_be_flushed_together(tmp_path: Path) -> None:
    """None before it is asked for, except that never too many are open; then each of them once."""
    store = Counting()
    later = Unflushed(store)
    for number in range(MANY):
        store.create(tmp_path / str(number), b"x", later)
    assert (MANY, 0) == (store.started, store.flushed)
    store.create(tmp_path / "one more", b"x", later)
    assert MANY == store.flushed
    later.flush()
    later.flush()
    assert MANY + 1 == store.flushed


def test_a_flush_that_fails_leaves_no_file_open(tmp_path: Path) -> None:
    """Who closes what is left over closes each once."""
    store = Counting(fails_at=2)
    later = Unflushed(store)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for name in "abc":
        store.create(tmp_path / name, b"x", later)
    with pytest.raises(OSError, match="Input/output error"):
        later.flush()
    later.close()
    later.close()
    assert before == len(list(Path("/proc/self/fd").iterdir()))


@given(st.integers(0, 1 << 20))
def test_a_file_of_any_size_is_created_whole(size: int) -> None:
    """What is read back is what was written."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        Store().create(path, b"x" * size)
        assert size == path.stat().st_size


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """A name in use, be it by a link that leads nowhere, is refused for files, folders and renaming."""
    store = Store()
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_bytes(b"")
    (tmp_path / "bag").mkdir()
    for name in ("file", "link"):
        with pytest.raises(FileExistsError):
            store.create(tmp_path / name, b"new")
    for name in ("file", "link", "full"):
        with pytest.raises(FileExistsError):
            store.rename(tmp_path / "bag", tmp_path / name)
    assert b"old" == (tmp_path / "file").read_bytes()
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "bag").is_dir()


def test_what_is_sealed_cannot_be_written_by_its_owner(tmp_path: Path) -> None:
    """A new file is read-only."""
    Store().create(tmp_path / "a", b"x")
    assert 0o444 == (tmp_path / "a").stat().st_mode & 0o777


def test_folders_are_made_below_those_that_are_there(tmp_path: Path) -> None:
    """Every missing folder is made; a file in the way is refused."""
    Store().make_folder(tmp_path / "a" / "b" / "c")
    Store().make_folder(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c").is_dir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="file"):
        Store().make_folder(tmp_path / "file" / "x")


def test_errors_of_the_disk_are_not_taken_for_missing_support(tmp_path: Path) -> None:
    """A full disk while the kernel copies is an error; copying to where it cannot be done falls back."""

    class Full(Plain):
        def copy_range(self, source: int, target: int, offset: int, count: int) -> int:  # noqa: ARG002
            raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "a").write_bytes(b"x" * 10)
    with (tmp_path / "a").open("rb") as source, pytest.raises(OSError, match="No space"):
        Full().copy(source.fileno(), tmp_path / "b")
    reading = os.open(tmp_path / "a", os.O_RDONLY)
    try:
        assert 0 == Store().copy_range(reading, reading, 0, 10)
        assert not Store().clone(reading, reading)
    finally:
        os.close(reading)


def test_what_the_system_refuses_is_said_in_one_message(tmp_path: Path) -> None:
    """The message names the file that the system named, else the one it was about, and the reason."""
    i18n.use("en")
    with pytest.raises(ArchiveError, match=f"{tmp_path}/none/a: .*No such file"), refused("bag"):
        Store().create(tmp_path / "none" / "a", b"")
    with pytest.raises(ArchiveError, match=r"^bag: .*No space"), refused("bag", "Make room."):
        raise OSError(errno.ENOSPC, "No space left on device")
