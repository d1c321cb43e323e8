"""The process that a notebook runs in: a new one each time, forked from a warm one, within limits.

A fork costs a few milliseconds and gives a fresh state that nothing of the last notebook is in. It is safe where the
process has no threads of Python. Where it has some (a notebook server, a cluster's worker) or the platform has no fork,
the run is handed to a process that was started for this (`warm.py`).

What can go wrong in the child ends the child and nothing else. Its messages come through a pipe; a notebook that does
not end, prints without end or closes the process is told from one that fails by `Stopped`, which says why.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import select
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, NoReturn

from greenmine.batch.frames import HEAD, framed, write_all
from greenmine.i18n import gettext as _

FORKS: Final = hasattr(os, "fork")
MIB: Final = 1 << 20
NO_MEMORY: Final = 77
"""Exit status of a child that ran out of memory outside a cell."""

_TICK: Final = 0.1
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36

private: list[int] = []
"""Descriptors that are not for notebooks to have; where the first comes to its end, so must the notebook."""

_notebook = threading.Event()
"""Whether this process runs a notebook; what that one runs must not begin with its variables."""


@dataclass(frozen=True)
class Limits:
    """What a notebook may use.

    Attributes:
        seconds: for all its cells; None: as long as it takes.
        cell_seconds: for each cell.
        memory: bytes of address space, where the platform can limit it.
        output: bytes that it may print, and that it may display.
    """

    seconds: float | None = None
    cell_seconds: float | None = None
    memory: int | None = None
    output: int = 256 * MIB


USUAL: Final = Limits(seconds=300, memory=4096 * MIB, output=32 * MIB)
"""What a notebook of this project gets by default: many times what it needs."""


class Stopped(RuntimeError):  # noqa: N818 - it says what became of a notebook
    """A notebook came to no end by itself: it broke a limit, or its process is gone.

    Attributes:
        cell: the index of the cell that ran; None where it is not known.
    """

    cell: int | None = None


def run_cells(
    cells: Sequence[tuple[str, bool]], limits: Limits, meanwhile: Callable[[], object] | None = None
) -> Generator[dict[str, Any]]:
    """Run cells in a process of their own and yield what it tells, as `shell.Shell.run` does.

    Args:
        cells: the source of each, and whether it may fail.
        limits: what they may use.
        meanwhile: what to do in this process when the other one has begun; it should not take long, for limits are
            looked at only afterwards. Where another process runs the cells for this one, it is done before.

    Raises:
        Stopped: a limit was broken, or the process is gone.
    """
    if FORKS and threading.active_count() == 1 and not _notebook.is_set():
        return forked(cells, limits, meanwhile)
    from greenmine.batch.warm import delegated  # noqa: PLC0415 - it needs this module

    if meanwhile is not None:
        meanwhile()
    return delegated(cells, limits)


def forked(
    cells: Sequence[tuple[str, bool]], limits: Limits, meanwhile: Callable[[], object] | None = None
) -> Generator[dict[str, Any]]:
    """Run cells in a fork of this process, which must have no threads; otherwise as `run_cells`."""
    from greenmine.batch import shell  # noqa: PLC0415 - late: before the fork, once

    shell.expect(cells)
    with tempfile.TemporaryDirectory(prefix="greenmine-", ignore_cleanup_errors=True) as scratch:
        printed = [os.open(Path(scratch, name), shell.APPEND, 0o600) for name in shell.STREAMS]
        ours, theirs = os.pipe()
        _widen(theirs)
        others = _children()
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)  # what the notebook leaves behind becomes a child of this process
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the threads of numpy look after themselves
            try:
                child = os.fork()
            except OSError:
                for number in (ours, theirs, *printed):
                    os.close(number)
                raise
        if not child:
            os.close(ours)
            _child(Path(scratch), printed, theirs, cells, limits)
        os.close(theirs)
        watch = _Watch(child, ours, printed, limits)
        try:
            yield from watch.messages(meanwhile)
        finally:
            for number in (ours, *printed):
                os.close(number)
            if _unhurried:
                _unhurried[-1].append(partial(_settle, watch, others))
            else:
                _settle(watch, others)


_unhurried: list[list[Callable[[], None]]] = []


@contextmanager
def unhurried() -> Iterator[None]:
    """Wait for the processes of notebooks at the end of this block only; to clear one away takes milliseconds."""
    _unhurried.append([])
    try:
        yield
    finally:
        for settle in _unhurried.pop():
            settle()


def _settle(watch: _Watch, others: set[int]) -> None:
    watch.wait()
    _end_orphans(others)
    _prctl(_PR_SET_CHILD_SUBREAPER, 0)


def _child(
    scratch: Path, printed: Sequence[int], pipe: int, cells: Sequence[tuple[str, bool]], limits: Limits
) -> NoReturn:
    """Run the cells and end this process, whatever happens."""
    status = 1
    try:
        os.setsid()
        gc.freeze()  # what was there before is nobody's garbage, and looking at it would copy it
        _end_with_parent(limits)
        for number, target in ((os.open(os.devnull, os.O_RDONLY), 0), (printed[0], 1), (printed[1], 2)):
            os.dup2(number, target)
        for number in private:
            os.close(number)
        _notebook.set()
        _limit_memory(limits.memory)
        from greenmine.batch.shell import shell  # noqa: PLC0415 - it is there already

        telling = _Telling(pipe)
        shell(scratch).run(cells, telling.tell)
        telling.end()
        status = 0
    except MemoryError:
        status = NO_MEMORY
    except BaseException:  # noqa: BLE001 - nothing may come back out of a fork
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


class _Telling:
    """The child's side of a fork: hands its messages over when a cell ends; in one that takes long, now and then."""

    def __init__(self, pipe: int) -> None:
        from jupyter_client.session import json_packer  # noqa: PLC0415 - it is there already

        self._pack: Callable[[dict[str, Any]], bytes] = json_packer
        self._pipe = pipe
        self._data = bytearray()
        self._next = 0.0

    def tell(self, message: dict[str, Any]) -> None:
        """Hand a message over, now or with the next."""
        self._data += framed(self._pack(message))
        now = time.monotonic()
        if message["type"] == "execute_reply" or now > self._next:
            write_all(self._pipe, self._data)
            self._data.clear()
            self._next = now + _TICK

    def end(self) -> None:
        """Say that there is nothing more to come."""
        write_all(self._pipe, self._data + framed(b""))


def _widen(pipe: int) -> None:
    """Let a pipe hold what a cell tells, so that neither side waits for the other."""
    if sys.platform == "linux":
        import fcntl  # noqa: PLC0415 - where there is fork, there is this

        with contextlib.suppress(OSError):  # too many are wide already
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, MIB)


def _end_with_parent(limits: Limits) -> None:
    """See that this process ends where nobody is left to end it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if sys.platform != "linux" and limits.seconds:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(int(limits.seconds) + 10)


_libc = cache(lambda: ctypes.CDLL(None))


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        _libc().prctl(option, value)


def _children() -> set[int]:
    """Return the numbers of the children of this process, where the platform tells."""
    found: set[int] = set()
    with contextlib.suppress(OSError):
        for task in Path("/proc/self/task").iterdir():
            found.update(map(int, (task / "children").read_bytes().split()))
    return found


def _end_orphans(others: set[int]) -> None:
    """End what a notebook has left behind in sessions of its own, and what that leaves behind, but no others."""
    spared = set(others)
    while left := _children() - spared:
        for child in left:
            try:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
            except (PermissionError, ChildProcessError):  # it runs for somebody else; or somebody has waited for it
                spared.add(child)


def _limit_memory(size: int | None) -> None:
    if size is not None:
        import resource  # noqa: PLC0415 - where there is fork, there is this

        with contextlib.suppress(ValueError, OSError):  # a platform that cannot
            resource.setrlimit(resource.RLIMIT_AS, (size, size))


class _Watch:
    """The parent's side of a fork: reads its messages and ends it where it must."""

    def __init__(self, child: int, pipe: int, printed: Sequence[int], limits: Limits) -> None:
        self._child = child
        self._pipe = pipe
        self._poll = select.poll()
        self._poll.register(pipe, select.POLLIN)
        for number in private[:1]:
            self._poll.register(number, getattr(select, "POLLRDHUP", select.POLLHUP))  # its end; there may be calls
        self._printed = printed
        self._limits = limits
        self._data = bytearray()
        self._told = 0
        self._status: int | None = None
        self._ends = _after(limits.seconds)
        self._cell_ends = _after(limits.cell_seconds)

    def messages(self, meanwhile: Callable[[], object] | None) -> Iterator[dict[str, Any]]:
        try:
            if meanwhile is not None:
                meanwhile()
            while frame := self._frame():
                message = json.loads(frame)
                if message["type"] == "execute_reply":
                    self._cell_ends = _after(self._limits.cell_seconds)
                yield message
            if self._printing():
                raise self._too_much()
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child, signal.SIGKILL)
            if self._status is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._child, signal.SIGKILL)  # it may have been too early for the group

    def wait(self) -> None:
        """Wait until the process is gone."""
        if self._status is None:
            with contextlib.suppress(ChildProcessError):  # waited for with what another notebook left behind
                os.waitpid(self._child, 0)

    def _frame(self) -> bytes:
        """Return the next message; nothing at the end."""
        (size,) = HEAD.unpack(self._read(HEAD.size))
        self._told += size
        if self._told > self._limits.output:
            raise self._too_much()
        return self._read(size)

    def _read(self, size: int) -> bytes:
        while len(self._data) < size:
            self._wait()
            piece = os.read(self._pipe, MIB)
            if not piece:
                raise self._gone()
            self._data += piece
            if self._printing():
                raise self._too_much()
        data = bytes(self._data[:size])
        del self._data[:size]
        return data

    def _wait(self) -> None:
        """Wait until there is something to read, and see meanwhile that all is well."""
        while True:
            left = min(self._ends, self._cell_ends) - time.monotonic()
            ready = self._ready(max(0, min(_TICK, left)))
            if self._pipe in ready:
                return
            if ready:
                raise Stopped(_("nobody waits for it any more"))
            if left <= 0:
                limits = self._limits
                seconds = limits.seconds if self._ends <= self._cell_ends else limits.cell_seconds
                raise Stopped(too_long(seconds))
            if self._printing():
                raise self._too_much()
            if self._ended() and self._pipe not in self._ready(0):  # a grandchild may hold the pipe
                raise self._gone()

    def _ready(self, seconds: float) -> set[int]:
        return {number for number, _event in self._poll.poll(1000 * seconds)}

    def _printing(self) -> bool:
        return any(os.fstat(number).st_size > self._limits.output for number in self._printed)

    def _too_much(self) -> Stopped:
        return Stopped(_("it printed more than {size} MiB").format(size=self._limits.output // MIB))

    def _ended(self) -> bool:
        if self._status is None:
            child, status = os.waitpid(self._child, os.WNOHANG)
            self._status = status if child else None
        return self._status is not None

    def _gone(self) -> Stopped:
        if self._status is None:
            _child, self._status = os.waitpid(self._child, 0)
        status = os.waitstatus_to_exitcode(self._status)
        if status == NO_MEMORY:
            return Stopped(no_memory(self._limits))
        if status < 0:
            name = signal.Signals(-status).name
            return Stopped(_("its process was ended by the signal {name}").format(name=name))
        return Stopped(_("it ended its process with exit status {status}").format(status=status))


def too_long(seconds: float | None) -> str:
    """Return the reason why a notebook that ran for too long was stopped."""
    return _("it ran longer than {seconds:g} s").format(seconds=seconds or 0)


def no_memory(limits: Limits) -> str:
    """Return the reason why a notebook that ran out of memory was stopped."""
    if limits.memory is None:
        return _("it ran out of memory")
    return _("it needed more than {size} MiB of memory").format(size=limits.memory // MIB)


def _after(seconds: float | None) -> float:
    return float("inf") if seconds is None else time.monotonic() + seconds
