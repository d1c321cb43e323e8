"""Warm processes: started clean, without threads, with everything imported; they do one thing after another.

    Warm.call(function, …) ──pickle──► a process that was started for this ──► what the function yields, or its error

A process that has threads cannot fork safely; it hands notebooks to a warm one (`delegated`), which forks. The workers
of a run over many mines are warm processes too. Where the platform has no fork, a warm process runs one notebook itself
and is done, and the next one starts meanwhile.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import pickle
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from greenmine.batch.process import Limits, Stopped, forked, private, read_frame, too_long, write_frame
from greenmine.errors import GreenmineError
from greenmine.i18n import gettext as _
from greenmine.i18n import language, use

FORKS: Final = hasattr(os, "fork")
CALLS: Final = 1000
"""After so many calls a process is replaced by a new one."""


GRACE: Final = 10
"""Seconds that a process may take to end the notebook it runs, and itself."""


class Warm:
    """A warm process and the connection to it; for one thread at a time."""

    def __init__(self) -> None:
        self.calls = 0
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "greenmine.batch.warm"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl+C is for whoever waits
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},  # no threads, not even numpy's
        )
        assert self._process.stdin  # noqa: S101 - for the type checker
        assert self._process.stdout  # noqa: S101
        self._requests, self._replies = self._process.stdin.fileno(), self._process.stdout.fileno()

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
        self.calls += 1
        whole = False
        try:
            with contextlib.suppress(BrokenPipeError):
                write_frame(self._requests, pickle.dumps((function, args, kwargs, language())))
            while True:
                frame = read_frame(self._replies)
                if frame is None:
                    status = self._process.wait()
                    raise Stopped(_("a process of the run is gone (exit status {status})").format(status=status))
                kind, value = pickle.loads(frame)  # noqa: S301 - from our own process
                if kind == "yields":
                    yield value
                    continue
                whole = True
                if kind == "raises":
                    raise _unpacked(value)
                return
        finally:
            if not whole:
                self.close()

    @property
    def usable(self) -> bool:
        """Whether it can be called again."""
        return self._process.poll() is None and self.calls < CALLS

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def kill(self) -> None:
        """End the process from another thread."""
        self._process.kill()

    def close(self) -> None:
        """End the process."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                stream.close()
        try:
            self._process.wait(GRACE if FORKS else 0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


# ---- those that wait for work ----------------------------------------------------------------------------------------

_idle: list[Warm] = []
_lock = threading.Lock()


def warm_up(count: int) -> None:
    """Start so many processes, which get ready while other things are done."""
    with _lock:
        _idle.extend(Warm() for _number in range(count))


def take() -> Warm:
    """Return a process that waits for work, or a new one."""
    with _lock:
        return _idle.pop() if _idle else Warm()


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
    with _lock:
        while _idle:
            _idle.pop().close()


# ---- notebooks -------------------------------------------------------------------------------------------------------


def delegated(cells: Sequence[tuple[str, bool]], limits: Limits) -> Generator[dict[str, Any]]:
    """Run cells in a fork of a warm process, or in one where there is no fork; otherwise as `process.run_cells`."""
    warm = take()
    told = warm.call(f"{__name__}:notebook", cells, limits, str(Path.cwd()), dict(os.environ))
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


def notebook(
    cells: Sequence[tuple[str, bool]], limits: Limits, cwd: str, environment: dict[str, str]
) -> Iterator[dict[str, Any]]:
    """Run cells as if in the process that asks: in its folder, with its environment."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    yield from forked(cells, limits) if FORKS else _here(cells)


def _here(cells: Sequence[tuple[str, bool]]) -> Iterator[dict[str, Any]]:
    """Run cells in this process, which must not be used again."""
    from greenmine.batch.shell import APPEND, STREAMS, shell  # noqa: PLC0415 - late: it takes a moment

    with tempfile.TemporaryDirectory(prefix="greenmine-", ignore_cleanup_errors=True) as scratch:
        for number, name in enumerate(STREAMS, 1):
            os.dup2(os.open(Path(scratch, name), APPEND, 0o600), number)
        told: list[dict[str, Any]] = []
        shell(Path(scratch)).run(cells, told.append)
    yield from told


# ---- the process itself ----------------------------------------------------------------------------------------------


def serve() -> None:
    """Take calls on standard input until it is closed."""
    requests, replies = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    private.extend((requests, replies))
    with tempfile.TemporaryDirectory(prefix="greenmine-", ignore_cleanup_errors=True) as folder:
        _get_ready(Path(folder))
        with contextlib.suppress(BrokenPipeError):  # nobody waits for the answer any more
            while (frame := read_frame(requests)) is not None:
                for reply in _answer(frame):
                    write_frame(replies, pickle.dumps(reply))


def _get_ready(folder: Path) -> None:
    """Import what a notebook and its report need, and make the shell that forks begin with."""
    from greenmine.batch.notebook import import_nbformat  # noqa: PLC0415 - late: only this process needs all this

    import_nbformat()
    import imagehash  # noqa: F401, PLC0415
    import papermill  # noqa: F401, PLC0415
    from PIL import Image  # noqa: PLC0415

    from greenmine.batch import job, shell, signing  # noqa: F401, PLC0415
    from greenmine.report import exporter  # noqa: F401, PLC0415
    from greenmine.workbook.book import software  # noqa: PLC0415
    from greenmine.workbook.html import compile_templates  # noqa: PLC0415

    Image.preinit()
    compile_templates()
    software()
    shell.shell(folder).prepare()
    gc.set_threshold(50_000, 20, 50)  # one mine makes few cycles and is soon done; looking for them took a tenth
    gc.collect()
    gc.freeze()  # what is there now stays, and looking at it again and again would copy it into every fork


def _unpacked(packed: tuple[type[Exception], tuple[Any, ...], dict[str, Any]]) -> Exception:
    """Return an error that came from another process; its class need not be made of its arguments."""
    kind, args, values = packed
    problem = kind.__new__(kind, *args)
    problem.args = args
    vars(problem).update(values)
    return problem


def _answer(frame: bytes) -> Iterator[tuple[str, Any]]:
    function, args, kwargs, lang = pickle.loads(frame)  # noqa: S301 - from who started this process
    use(lang)
    module, name = function.split(":")
    try:
        for value in getattr(importlib.import_module(module), name)(*args, **kwargs):
            yield "yields", value
    except (GreenmineError, Stopped) as problem:
        yield "raises", (type(problem), problem.args, vars(problem))
        return
    yield "ends", None


if __name__ == "__main__":
    serve()
