"""The store: every way in which the archive changes a disk, and none besides.

The first half are single calls of the system; whatever the archive writes goes through them, so that a test can put
one that fails, tears or loses a write in their place. The second half are what they are combined to:

* `create` and `copy` make a file that was not there and flush it before they return, or leave that to an `Unflushed`;
* `make_folder` makes a folder and those above it; `sync` flushes a folder's entries;
* `put` writes at a place in an open file, all of it.

A name is never written over. Copying lets the file system share the blocks where it can (FICLONE), else lets the kernel
copy (copy_file_range), else reads and writes.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

from greenmine.errors import ArchiveError
from greenmine.files import refusal, sync_directory
from greenmine.i18n import gettext as _

CHUNK: Final = 1024 * 1024

_FICLONE: Final = 0x40049409
_NEW: Final = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_UNSUPPORTED: Final = frozenset(
    {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.ENOTTY, errno.EBADF, errno.ETXTBSY}
)
_WRITE: Final = 2
"""Of `sync_file_range`: begin to write, do not wait."""

MANY: Final = 64
"""How many files may be open that are to be flushed."""

SEALED: Final = 0o444
"""Permissions of the files of a bag: nobody writes them again."""


class Store:
    """The disk."""

    # ---- single calls ------------------------------------------------------------------------------------------------

    def open_new(self, path: Path) -> int:
        """Make a file that is not there; return its descriptor, open for writing."""
        return os.open(path, _NEW, SEALED)

    def write(self, handle: int, data: bytes | memoryview, offset: int) -> int:
        """Write at a place in a file; return how many bytes were taken."""
        if hasattr(os, "pwrite"):
            return os.pwrite(handle, data, offset)
        os.lseek(handle, offset, os.SEEK_SET)  # pragma: no cover - Windows
        return os.write(handle, data)  # pragma: no cover

    def fsync(self, handle: int) -> None:
        """Flush a file to the disk."""
        os.fsync(handle)

    def start(self, handle: int) -> None:
        """Let the system begin to write a file to the disk, where it can be asked to; to flush it takes less then."""
        begin = _sync_file_range()
        if begin is not None:
            begin(handle, ctypes.c_int64(0), ctypes.c_int64(0), _WRITE)

    def truncate(self, handle: int, size: int) -> None:
        """Cut a file off behind its first `size` bytes."""
        os.ftruncate(handle, size)

    def mkdir(self, path: Path) -> None:
        """Make a folder that is not there."""
        path.mkdir()

    def rename(self, source: Path, target: Path) -> None:
        """Give a folder or file a name that is not in use.

        Raises:
            FileExistsError: something is there.
        """
        try:
            if not target.is_dir() and os.path.lexists(target):  # a folder in use is refused by the call itself
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
            source.rename(target)
        except OSError as problem:
            if problem.errno in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR} and os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
            raise

    def unlink(self, path: Path) -> None:
        """Remove a file."""
        path.unlink()

    def sync(self, folder: Path) -> None:
        """Flush a folder's entries to the disk."""
        sync_directory(folder)

    def clone(self, source: int, target: int) -> bool:
        """Let an empty file share another one's blocks; tell whether the file system could."""
        if not sys.platform.startswith("linux"):
            return False
        import fcntl  # noqa: PLC0415 - not on every platform

        try:
            fcntl.ioctl(target, _FICLONE, source)
        except OSError as problem:
            if problem.errno in _UNSUPPORTED:
                return False
            raise
        return True

    def copy_range(self, source: int, target: int, offset: int, count: int) -> int:
        """Let the kernel copy bytes to the same place in another file; return how many it did, 0 where it cannot."""
        if not sys.platform.startswith("linux"):
            return 0
        try:
            return os.copy_file_range(source, target, count, offset, offset)
        except OSError as problem:
            if problem.errno in _UNSUPPORTED:
                return 0
            raise

    # ---- what they are combined to -----------------------------------------------------------------------------------

    def put(self, handle: int, data: bytes, offset: int) -> None:
        """Write all of `data` at a place in a file."""
        rest = memoryview(data)
        while rest:
            taken = self.write(handle, rest, offset)
            offset += taken
            rest = rest[taken:]

    def create(self, path: Path, data: bytes, later: Unflushed | None = None) -> None:
        """Make a file with `data` in it, flushed, or by `later`; flushing the folder it is in is left to the caller."""
        with self._made(path, later) as handle:
            self.put(handle, data, 0)

    def copy(self, source: int, path: Path, later: Unflushed | None = None) -> int:
        """Make a file with the content of an open one, flushed, or by `later`; return its size in bytes."""
        with self._made(path, later) as handle:
            return os.fstat(source).st_size if self.clone(source, handle) else self._copy(source, handle)

    @contextmanager
    def _made(self, path: Path, later: Unflushed | None) -> Iterator[int]:
        handle = self.open_new(path)
        taken = False
        try:
            yield handle
            if later is None:
                self.fsync(handle)
            else:
                later.take(handle)
                taken = True
        finally:
            if not taken:
                os.close(handle)

    def _copy(self, source: int, target: int) -> int:
        size, done = os.fstat(source).st_size, 0
        while done < size:
            taken = self.copy_range(source, target, done, min(size - done, 1 << 30))
            if not taken:
                break
            done += taken
        os.lseek(source, done, os.SEEK_SET)
        while chunk := os.read(source, CHUNK):
            self.put(target, chunk, done)
            done += len(chunk)
        return done

    def make_folder(self, path: Path) -> None:
        """Make a folder, and those above it that are missing; flushing them is left to the caller."""
        missing = [path]
        while not missing[-1].parent.is_dir():
            missing.append(missing[-1].parent)
        for folder in reversed(missing):
            if not folder.is_dir():
                try:
                    self.mkdir(folder)
                except FileExistsError:
                    if not folder.is_dir():
                        raise


class Unflushed:
    """Files that are written and not flushed yet; to flush many at once takes little more than to flush one.

    Args:
        store: the disk.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._handles: deque[int] = deque()

    def take(self, handle: int) -> None:
        """Take a file over, and let the system begin to write it to the disk."""
        if len(self._handles) >= MANY:
            self.flush()
        self._store.start(handle)
        self._handles.append(handle)

    def flush(self) -> None:
        """Flush all of them."""
        while self._handles:
            self._store.fsync(self._handles[0])
            os.close(self._handles.popleft())

    def close(self) -> None:
        """Leave those that are not flushed as they are."""
        while self._handles:
            os.close(self._handles.popleft())


@cache
def _sync_file_range() -> Callable[..., Any] | None:
    """Return the system's call; none where there is none."""
    if sys.platform.startswith("linux"):
        with suppress(OSError):
            return getattr(ctypes.CDLL(None), "sync_file_range", None)
    return None


@contextmanager
def refused(what: object, hint: str = "") -> Iterator[None]:
    """Turn what the system refuses in this block into an `ArchiveError` that names the file it is about.

    Args:
        what: the file or folder to name where the system names none.
        hint: what to do about it.

    Raises:
        ArchiveError: the system refused something: the disk is full, say.
    """
    try:
        yield
    except OSError as problem:
        file = problem.filename if isinstance(problem.filename, str | os.PathLike) else what
        expected = _("a disk that takes the record")
        raise ArchiveError(file, expected=expected, found=refusal(problem), hint=hint) from problem
