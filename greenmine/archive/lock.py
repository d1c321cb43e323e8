"""Locks: one writer to the ledger; who is still at work on a staged bag.

`exclusive` waits for the archive's lock file. `claim` takes a folder for its maker as long as it lives: the kernel lets
go when the process ends, however it ends, so that what nobody claims was left behind. Both follow the file or folder
wherever it is renamed to.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from greenmine.assessment.lock import lock

_OPEN: Final = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FOLDER: Final = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_PAUSE: Final = 0.001
_LONGEST: Final = 0.05


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the one lock on a file, which is made if need be; wait until it is free.

    It is not to be taken twice by one thread, which would wait for itself.
    """
    handle = os.open(path, _OPEN, 0o644)
    try:
        pause = _PAUSE
        while not lock(handle):
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST)
        yield
    finally:
        os.close(handle)


def claim(folder: Path) -> int | None:
    """Claim a folder; return the descriptor that holds the claim until it is closed, None where somebody else does.

    Where a folder cannot be opened (Windows), -1 is returned and nothing is held.

    Raises:
        OSError: there is no such folder.
    """
    if not _FOLDER:  # pragma: no cover - Windows
        return -1
    handle = os.open(folder, os.O_RDONLY | _FOLDER)
    try:
        if lock(handle) and os.path.samestat(os.fstat(handle), folder.lstat()):
            return handle
    except FileNotFoundError:  # renamed since by the one who had the claim
        pass
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None


def wait_for(folder: Path) -> None:
    """Wait until nobody claims a folder any more; a folder that is not there is not claimed."""
    with suppress(FileNotFoundError):
        while (handle := claim(folder)) is None:
            time.sleep(_LONGEST)
        release(handle)


def release(handle: int) -> None:
    """Give up a claim."""
    if handle >= 0:
        os.close(handle)
