"""One writer: an exclusive lock on an open file, let go when the file is closed, be it by a crash.

On POSIX systems `flock`, not `lockf`: a lock of the latter is lost as soon as the same process opens and closes the
file once more, as reading a journal does. On Windows one byte far behind the end is locked, so that the file can still
be read.
"""

from __future__ import annotations

import os
import sys

__all__ = ["lock"]

if sys.platform == "win32":  # pragma: no cover - tests run on POSIX systems
    import msvcrt

    _FAR = 2**30

    def lock(handle: int) -> bool:
        """Take the lock on an open file without waiting; tell whether it was free."""
        before = os.lseek(handle, 0, os.SEEK_CUR)
        try:
            os.lseek(handle, _FAR, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(handle, before, os.SEEK_SET)
        return True

else:
    import fcntl

    def lock(handle: int) -> bool:
        """Take the lock on an open file without waiting; tell whether it was free.

        Raises:
            OSError: the file system knows no locks.
        """
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
