"""The nest: a process that gets ready, forks into as many as are wanted, and waits until they are done.

    python -m greenmine.batch.nest LANGUAGE [WIRE…]

`warm.py` starts it. Each fork takes calls on its wire, one after another, until the other end is closed. Without a wire
(where the platform has no fork) the process takes calls on standard input itself.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pickle
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from greenmine.batch.frames import read_frame, write_frame
from greenmine.batch.process import FORKS, Limits, Stopped, forked, private
from greenmine.errors import GreenmineError
from greenmine.i18n import language, use


def main(numbers: Sequence[int]) -> None:
    """Get ready, then take calls on standard input, or fork for each of these wires and take calls there."""
    for number in numbers:
        os.set_inheritable(number, False)  # noqa: FBT003 - as the standard library has it
    with tempfile.TemporaryDirectory(prefix="greenmine-", ignore_cleanup_errors=True) as folder:
        if not numbers:
            requests, replies = os.dup(0), os.dup(1)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(2, 1)
            _get_ready(Path(folder))
            _serve(requests, replies)
            return
        os.dup2(2, 1)
        _get_ready(Path(folder))
        forks = 0
        with contextlib.suppress(OSError):  # those that cannot be had are seen to be gone
            for number in numbers:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", DeprecationWarning)  # the threads of numpy look after themselves
                    child = os.fork()
                if not child:
                    _fork(number, numbers)
                forks += 1
        for number in numbers:
            os.close(number)
        for _number in range(forks):
            os.wait()


def _fork(number: int, numbers: Sequence[int]) -> NoReturn:
    """Take calls on one of the wires and end this process, whatever happens; the folder is not its own."""
    status = 1
    try:
        for other in set(numbers) - {number}:
            os.close(other)
        _serve(number, number, greeting=str(os.getpid()).encode())
        status = 0
    except BaseException:  # noqa: BLE001 - nothing may come back out of a fork
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def _serve(requests: int, replies: int, greeting: bytes = b"") -> None:
    """Say something first, if there is anything to say; then take calls until nobody is there to call."""
    private.extend(dict.fromkeys((requests, replies)))
    with contextlib.suppress(ConnectionError):  # nobody waits for the answer any more
        if greeting:
            write_frame(replies, greeting)
        while (frame := read_frame(requests)) is not None:
            for reply in _answer(frame):
                write_frame(replies, pickle.dumps(reply))


def _get_ready(folder: Path) -> None:
    """Import what a notebook and its report need, and make the shell that forks begin with."""
    gc.disable()  # imports make no garbage worth looking for
    from greenmine.batch.notebook import import_nbformat, import_papermill  # noqa: PLC0415 - late: only this process needs all this

    import_nbformat()
    import_papermill()
    import imagehash  # noqa: F401, PLC0415
    from PIL import Image  # noqa: PLC0415

    from greenmine.batch import job, shell, signing  # noqa: F401, PLC0415
    from greenmine.report import exporter  # noqa: F401, PLC0415
    from greenmine.workbook.book import software  # noqa: PLC0415
    from greenmine.workbook.html import compile_templates  # noqa: PLC0415

    Image.preinit()
    compile_templates(language())
    software()
    shell.shell(folder).prepare()
    gc.enable()
    gc.set_threshold(50_000, 20, 50)  # one mine makes few cycles and is soon done; looking for them took a tenth
    gc.collect()
    gc.freeze()  # what is there now stays, and looking at it again and again would copy it into every fork


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


if __name__ == "__main__":
    use(sys.argv[1])
    main([int(word) for word in sys.argv[2:]])
