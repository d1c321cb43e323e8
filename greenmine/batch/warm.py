"""Warm processes: started clean, without threads, with everything imported; they do one thing after another.

    Warm.call(function, …) ──pickle──► a process that was started for this ──► what the function yields, or its error

Getting ready takes a second or two. Several processes share it: one gets ready and forks into them.

A process that has threads cannot fork safely; it hands notebooks to a warm one (`delegated`), which forks. The workers
of a run over many mines are warm processes too. Where the platform has no fork, a warm process runs one notebook itself
and is done, and the next one starts meanwhile.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from greenmine.batch.frames import read_frame, write_frame
from greenmine.batch.process import FORKS, MIB, Limits, Stopped, too_long
from greenmine.i18n import gettext as _
from greenmine.i18n import language

CALLS: Final = 1000
"""After so many calls a process is replaced by a new one."""

GRACE: Final = 10
"""Seconds that a process may take to end the notebook it runs, and itself."""
GRACE_AT_EXIT: Final = 1
"""Seconds that are waited for those from which others were forked, when this program ends."""


class Warm:
    """A warm process and the connection to it; for one thread at a time."""

    def __init__(self, requests: int, replies: int) -> None:
        self.calls = 0
        self._owed = 0
        self._requests, self._replies = requests, replies

    def call(self, function: str, *args: Any, **kwargs: Any) -> Generator[Any]:  # noqa: ANN401
        """Call a generator function there and yield what it yields.

        Args:
            function: `module:name`.
            args: for it.
            kwargs: for it.

        Raises:
            Stopped: the process is gone.
            Exception: what the function raises.
        """
        self.ask(function, *args, **kwargs)
        yield from self.answer()

    def ask(self, function: str, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Call a function there without waiting for what it yields; it can be asked for more before it has answered."""
        self.calls += 1
        self._owed += 1
        with contextlib.suppress(ConnectionError):
            write_frame(self._requests, pickle.dumps((function, args, kwargs, language())))

    def answer(self) -> Generator[Any]:
        """Yield what the function yields that was asked for first and not answered yet; errors are those of `call`."""
        whole = False
        try:
            while True:
                frame = self._reply()
                if frame is None:
                    raise Stopped(_("a process of the run is gone"))
                kind, value = pickle.loads(frame)  # noqa: S301 - from our own process
                if kind == "yields":
                    yield value
                    continue
                whole = True
                self._owed -= 1
                if kind == "raises":
                    raise _unpacked(value)
                return
        finally:
            if not whole:
                self.close()

    def _reply(self) -> bytes | None:
        return read_frame(self._replies)

    @property
    def spent(self) -> bool:
        """Whether it was called so often that a new one is better."""
        return self.calls >= CALLS

    @property
    def usable(self) -> bool:
        """Whether it is there, owes no answer and can be called again."""
        return not self._owed and not self.spent and not self._gone()

    def _gone(self) -> bool:
        raise NotImplementedError

    def kill(self) -> None:
        """End the process from another thread."""
        raise NotImplementedError

    def close(self) -> None:
        """End the process."""
        raise NotImplementedError


class _Fork(Warm):
    """A fork of a process that got ready for several. Its end of the wire is open for as long as it is there."""

    def __init__(self, wire: socket.socket) -> None:
        super().__init__(wire.fileno(), wire.fileno())
        self._wire = wire
        self._pid = 0
        self._handle = -1

    def _reply(self) -> bytes | None:
        try:
            if not self._pid:
                self._know(int(super()._reply() or 0))  # the first that it says
            return super()._reply()
        except ConnectionResetError:  # it went before it had read what was asked
            return None

    def _know(self, pid: int) -> None:
        self._pid = pid
        if pid and hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):  # it is gone, or the system is old
                self._handle = os.pidfd_open(pid)

    def _gone(self) -> bool:
        if self._wire.fileno() < 0:
            return True
        try:
            found = self._wire.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return not found or bool(self._pid)

    def kill(self) -> None:
        with contextlib.suppress(OSError):  # it is gone already
            if self._handle >= 0:
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            elif self._pid and not self._gone():
                os.kill(self._pid, signal.SIGKILL)
            else:
                self._wire.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.calls = CALLS
        if self._wire.fileno() < 0:
            return
        try:
            self._wire.shutdown(socket.SHUT_WR)
            self._wire.settimeout(GRACE)
            while self._wire.recv(MIB):
                pass
        except TimeoutError:
            self.kill()
        except OSError:  # nobody is there any more
            pass
        self._wire.close()
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


class _Single(Warm):
    """A process that got ready for itself alone, where the platform has no fork."""

    def __init__(self) -> None:
        self._process = _start(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin  # noqa: S101 - for the type checker
        assert self._process.stdout  # noqa: S101
        super().__init__(self._process.stdin.fileno(), self._process.stdout.fileno())

    def _gone(self) -> bool:
        return self._process.poll() is not None

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                stream.close()
        self._process.kill()
        self._process.wait()


def _start(*words: object, **keys: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401
    return subprocess.Popen(  # noqa: S603 - nobody else's words
        [sys.executable, "-P", "-m", "greenmine.batch.nest", language(), *map(str, words)],
        start_new_session=True,  # Ctrl+C is for whoever waits
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},  # no threads, not even numpy's
        **keys,
    )


# ---- those that wait for work ----------------------------------------------------------------------------------------

_OWNER: Final = os.getpid()
_idle: list[Warm] = []
_nests: list[subprocess.Popen[bytes]] = []
_lock = threading.Lock()


def warm_up(count: int) -> None:
    """See that so many processes wait for work; those that are started get ready while other things are done."""
    count -= len(_idle)
    if count <= 0:
        return
    if not FORKS:
        with _lock:
            _idle.extend(_Single() for _number in range(count))
        return
    pairs = [socket.socketpair() for _number in range(count)]
    for end in itertools.chain(*pairs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MIB)  # so that one need not wait for the other
    numbers = [theirs.fileno() for _ours, theirs in pairs]
    nest = _start(*numbers, pass_fds=numbers, stdin=subprocess.DEVNULL)
    for _ours, theirs in pairs:
        theirs.close()
    with _lock:
        _nests[:] = [nest, *(one for one in _nests if one.poll() is None)]
        _idle.extend(_Fork(ours) for ours, _theirs in pairs)


def take() -> Warm:
    """Return a process that waits for work, or a new one."""
    while True:
        with _lock:
            warm = _idle.pop() if _idle else None
        if warm is None:
            warm_up(1)
        elif warm.usable:
            return warm
        else:
            warm.close()


def give_back(warm: Warm) -> None:
    """Let a process wait for more work, if it can do any."""
    if warm.usable:
        with _lock:
            _idle.append(warm)
    else:
        warm.close()


@atexit.register
def close_idle() -> None:
    """End the processes that nobody uses."""
    if os.getpid() != _OWNER:  # a fork of the process that they belong to
        return
    with _lock:
        while _idle:
            _idle.pop().close()
        ends = time.monotonic() + GRACE_AT_EXIT
        for nest in _nests:
            try:
                nest.wait(max(0, ends - time.monotonic()))
            except subprocess.TimeoutExpired:  # its forks are in use, or it is not ready yet
                nest.terminate()
                nest.wait()


# ---- notebooks -------------------------------------------------------------------------------------------------------


def delegated(cells: Sequence[tuple[str, bool]], limits: Limits) -> Generator[dict[str, Any]]:
    """Run cells in a fork of a warm process, or in one where there is no fork; otherwise as `process.run_cells`."""
    warm = take()
    told = warm.call("greenmine.batch.nest:notebook", cells, limits, str(Path.cwd()), dict(os.environ))
    try:
        yield from told if FORKS else _in_time(warm, told, limits.seconds)
    finally:
        told.close()
        if FORKS:
            give_back(warm)
        else:
            warm.close()


def _in_time(warm: Warm, told: Iterator[Any], seconds: float | None) -> Iterator[Any]:
    """Yield what is told by a process that runs a notebook itself, and end it when its time is over."""
    warm_up(1)  # for the next
    timer = threading.Timer(seconds or threading.TIMEOUT_MAX, warm.kill)
    timer.daemon = True
    timer.start()
    try:
        yield from told
    except Stopped:
        if timer.is_alive():
            raise
        raise Stopped(too_long(seconds)) from None
    finally:
        timer.cancel()


def _unpacked(packed: tuple[type[Exception], tuple[Any, ...], dict[str, Any]]) -> Exception:
    """Return an error that came from another process; its class need not be made of its arguments."""
    kind, args, values = packed
    problem = kind.__new__(kind, *args)
    problem.args = args
    vars(problem).update(values)
    return problem
