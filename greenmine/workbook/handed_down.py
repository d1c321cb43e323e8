"""A workbook handed down: what a process has just read, for the notebook that it forks to run.

The runner reads and scores a mine before its notebook runs, so that bad input is told by name. The notebook opens the
same workbook in a fork of that process. Where the catalog and every file of the mine are still the same (path, size,
device, inode, times of change), it gets what was read, and nothing is read, parsed and scored twice. Files that changed
within the last seconds before they were read do not count as the same, for they could change again without these
telling. In any other process, or where anything else is asked for, the workbook is read as ever.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenmine.evidence.cache import SETTLED_NS
from greenmine.evidence.folder import Entry, walk

if TYPE_CHECKING:
    from greenmine.workbook.book import Workbook

State = tuple[Entry, ...]


@dataclass(frozen=True)
class _Handed:
    book: Workbook
    asked: tuple[Any, ...]
    state: State
    giver: int


_handed: list[_Handed] = []


def state_of(folder: Path) -> State:
    """Return by what the files of a mine are known to be the same; nothing where that cannot be told.

    Raises:
        EvidenceError: the folder holds something that is refused.
    """
    settled = time.time_ns() - SETTLED_NS
    found = walk(folder)
    return found if all(max(one.changed_ns, one.identity[2]) < settled for one in found) else ()


@contextmanager
def handing_down(book: Workbook, state: State, **asked: Any) -> Iterator[None]:  # noqa: ANN401 - as `open` takes it
    """Let forks of this process have a workbook meanwhile.

    Args:
        book: the workbook.
        state: of its folder, from before it was read.
        asked: `readings`, `lang` and `carried_from`, as they were given to `Workbook.open`.
    """
    kept = list(_handed)
    if state and book.rescored is None:  # or it rests on further files
        key = _key(book.folder, book.id, book.catalog.sha256, **asked)
        _handed[:] = [_Handed(book, key, state, os.getpid())]
    try:
        yield
    finally:
        _handed[:] = kept


def handed_down(folder: Path, assessment: str, sha256: str, **asked: Any) -> Workbook | None:  # noqa: ANN401
    """Return the workbook that was handed down to this fork, if it is what is asked for and nothing has changed.

    Raises:
        EvidenceError: the folder holds something that is refused.
    """
    for one in _handed:
        same = one.giver != os.getpid() and one.asked == _key(folder, assessment, sha256, **asked)
        if same and walk(folder) == one.state:
            return one.book
    return None


def _key(folder: Path, assessment: str, sha256: str, **asked: Any) -> tuple[Any, ...]:  # noqa: ANN401
    return folder.resolve(), assessment, sha256, {name: value for name, value in asked.items() if value}
