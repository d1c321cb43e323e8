"""Hashing many files at once, without losing their order.

Threads suffice: while SHA-256 is computed and files are read, Python's lock is not held. Files go to the threads in
small batches; a bag's results are asked for when its turn comes, so that what is found is told in the same order in
every run. `ahead` keeps the threads busy with the next bags meanwhile, and never more than a few of them in memory.
"""

from __future__ import annotations

import contextvars
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Final, TypeVar

from greenmine.archive.bag import Bag, hash_file
from greenmine.errors import GreenmineError, IntegrityError
from greenmine.i18n import gettext as _

Progress = Callable[[int, int], None]
"""Called with the number of bytes read so far and the number to be read; in any thread, one at a time."""

BATCH: Final = 16
"""Files of one bag that a thread takes at a time."""

AHEAD: Final = 64
"""Bags that are being worked on ahead of the one whose turn it is."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Hashed:
    """What came of a payload file.

    Attributes:
        name: its path in the bag.
        size: in bytes.
        problem: why it does not hold; None where it does.
    """

    name: str
    size: int
    problem: GreenmineError | None = None


class Meter:
    """Adds up the bytes that threads have read.

    Args:
        progress: told of them; nobody where it is None.
        total: how many will be read.
    """

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        """Add bytes."""
        if self._progress is not None:
            with self._lock:
                self._done += count
                self._progress(self._done, self._total)


def start(pool: Executor, bag: Bag, meter: Meter) -> tuple[Future[list[Hashed]], ...]:
    """Start to hash the payload of a bag; the results come in order of the manifest.

    Args:
        pool: threads.
        bag: the bag; what is lawfully absent from it is passed over.
        meter: adds up what has been read.
    """
    names = [name for name in bag.payload if name not in bag.absent]
    batches = [names[at : at + BATCH] for at in range(0, len(names), BATCH)]
    return tuple(
        pool.submit(contextvars.copy_context().run, _batch, bag, batch, meter)  # messages in the caller's language
        for batch in batches
    )


def _batch(bag: Bag, names: Sequence[str], meter: Meter) -> list[Hashed]:
    return [_hashed(bag, name, meter) for name in names]


def _hashed(bag: Bag, name: str, meter: Meter) -> Hashed:
    place = bag.place(name)
    try:
        found, size = hash_file(place, meter.add)
    except GreenmineError as problem:
        return Hashed(name, 0, problem)
    if found == bag.payload[name]:
        return Hashed(name, size)
    expected = _("content with the SHA-256 {digest}").format(digest=bag.payload[name])
    hint = _("The file is not what was sealed.")
    return Hashed(name, size, IntegrityError(place, expected=expected, found=found, hint=hint))


def ahead(items: Iterable[_T], count: int = AHEAD) -> Iterator[_T]:
    """Yield items in order, having asked for up to `count` of those that follow."""
    waiting: deque[_T] = deque()
    for item in items:
        waiting.append(item)
        if len(waiting) > count:
            yield waiting.popleft()
    yield from waiting
