"""The shell: runs the cells of a notebook in this process and tells what a kernel would have told.

It is ipykernel's own shell with the connection taken away: where a kernel sends a message to a socket, this one hands
it to a function. So formatting, tracebacks, displays and widgets are the stock kernel's, and there is no kernel to
start, no port and no thread. What is printed, by Python or by a program that it calls, goes to two files and becomes
messages where a kernel flushes: before anything is displayed, and at the end of a cell.

One process runs one notebook. `process.py` sees to that, and to the limits.
"""

from __future__ import annotations

import base64
import builtins
import codecs
import contextlib
import io
import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import comm
from comm.base_comm import BaseComm
from ipykernel.compiler import XCachingCompiler
from ipykernel.jsonutil import json_clean
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.error import StdinNotImplementedError
from IPython.core.inputtransformer2 import TransformerManager
from jupyter_client.session import Session
from traitlets.config import Config

PLAIN: Final = 4000
"""So many characters have cells that are looked at before they run."""
_SPECIAL: Final = re.compile(r"[%!?]")
"""Marks of IPython's own language."""

Tell = Callable[[dict[str, Any]], None]
"""Takes a message: `type`, `content`, and of binary data `buffers`."""

STREAMS: Final = ("stdout", "stderr")
PARENT: Final = {"header": {"msg_id": "greenmine"}}
"""What all messages answer to; widgets that catch output ask for it."""

APPEND: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
"""How the files are opened that standard output and error go to."""


class _Wire(Session):
    """Stands in for the connection of a kernel."""

    tell: Tell = staticmethod(lambda _message: None)

    def msg(self, msg_type: str, content: Any = None, *_args: Any, **_kwargs: Any) -> dict[str, Any]:  # noqa: ANN401
        """Return a message with what hooks may look at."""
        return {"header": {"msg_type": msg_type}, "content": content or {}, "parent_header": PARENT["header"]}

    def send(  # type: ignore[override] # of what it takes, what is needed
        self,
        _stream: object,
        msg_or_type: Any,  # noqa: ANN401
        content: Any = None,  # noqa: ANN401
        *_args: object,
        buffers: Iterable[bytes] | None = None,
        **_kwargs: object,
    ) -> None:
        """Hand over a message."""
        message = msg_or_type if isinstance(msg_or_type, dict) else self.msg(msg_or_type, content)
        told = {"type": message["header"]["msg_type"], "content": message["content"]}
        if buffers:
            told["buffers"] = [base64.b64encode(buffer).decode() for buffer in buffers]
        self.tell(told)


class _Comm(BaseComm):
    """The kernel's end of a widget."""

    wire: _Wire

    def publish_msg(
        self,
        msg_type: str,
        data: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,  # noqa: ARG002 - nobody looks at it
        buffers: list[bytes] | None = None,
        **keys: object,
    ) -> None:
        """Hand over a message of the widget."""
        content = json_clean({"data": data or {}, "comm_id": self.comm_id, **keys})  # type: ignore[no-untyped-call]
        self.wire.send(None, msg_type, content, buffers=buffers)


class _Stream(io.TextIOBase):
    """Standard output or error: everything goes into the file that programs print into as well."""

    def __init__(self, name: str, number: int, wire: _Wire) -> None:
        self.name = name
        self._number = number
        self._wire = wire
        self._read = os.fstat(number).st_size
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    encoding = "UTF-8"

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._number

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            message = f"write() argument must be str, not {type(text)}"
            raise TypeError(message)
        data = memoryview(text.encode("utf-8", "backslashreplace"))
        while data:
            data = data[os.write(self._number, data) :]
        return len(text)

    def flush(self) -> None:
        """Tell what was printed since the last time."""
        end = os.fstat(self._number).st_size
        os.lseek(self._number, self._read, os.SEEK_SET)  # what is written is appended all the same
        text = self._decoder.decode(os.read(self._number, end - self._read))
        self._read = end
        if text:
            self._wire.send(None, "stream", {"name": self.name, "text": text})


class _Reader(TransformerManager):
    """Turns the source of cells into Python, and remembers it for as long as nobody adds a transformer."""

    def __init__(self, like: TransformerManager) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # IPython has types in part
        vars(self).update(vars(like))
        self._plain = self._transformers()
        self._seen = lru_cache(256)(super().transform_cell)

    def _transformers(self) -> list[Any]:
        return [*self.cleanup_transforms, *self.line_transforms, *self.token_transformers]

    def transform_cell(self, cell: str) -> str:
        """Return a cell as Python."""
        return self._seen(cell) if self._transformers() == self._plain else super().transform_cell(cell)


class Shell:
    """An IPython shell without a kernel; there can be one in a process.

    Args:
        folder: for settings; nobody's start-up files are in it.
    """

    def __init__(self, folder: Path) -> None:
        self._wire = _Wire(key=b"")
        made: Any = ZMQInteractiveShell.instance(
            config=Config({"HistoryManager": {"enabled": False}}),
            ipython_dir=str(folder),
            kernel=SimpleNamespace(eventloop=None, get_parent=lambda: PARENT),
            compiler_class=XCachingCompiler,
        )
        for part in (made.displayhook, made.display_pub):
            part.session = self._wire
        made.input_transformer_manager = self._reader = _Reader(made.input_transformer_manager)
        made.displayhook.topic = b"execute_result"
        made.set_parent(PARENT)
        self._shell = made
        _Comm.wire = self._wire
        comm.create_comm = _Comm
        builtins.input = _no_input
        os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
        if "" not in sys.path:
            sys.path.insert(0, "")

    def prepare(self) -> None:
        """Make what IPython makes late, so that forks have it."""
        import bdb  # noqa: F401, PLC0415 - as IPython does

        self._shell.transform_cell("None\n")
        self._shell.display_formatter.format(None)
        self._shell.logger  # noqa: B018 - it is made when it is looked at

    def expect(self, cells: Sequence[tuple[str, bool]]) -> None:
        """Look at plain cells that a fork is going to run; what has been seen once need not be read again."""
        for source, _may_fail in cells:
            if len(source) < PLAIN and not _SPECIAL.search(source):  # or this could take long
                with contextlib.suppress(Exception):  # the fork will meet it, too
                    self._reader.transform_cell(source)

    def run(self, cells: Sequence[tuple[str, bool]], tell: Tell) -> None:
        """Run cells until one fails that must not.

        Args:
            cells: the source of each, and whether it may fail.
            tell: takes every message, then for each cell one of the type `execute_reply`.
        """
        self._wire.tell = tell
        logging.root.handlers.clear()  # of who asks; a kernel begins with none
        logging.root.setLevel(logging.WARNING)
        streams = [_Stream(name, number, self._wire) for number, name in enumerate(STREAMS, 1)]
        sys.stdout, sys.stderr = streams
        for source, may_fail in cells:
            tell({"type": "execute_input", "content": {"execution_count": self._shell.execution_count}})
            reply = self._reply(source)
            for stream in streams:
                stream.flush()
            tell({"type": "execute_reply", "content": reply})
            if reply["status"] != "ok" and not may_fail:
                return

    def _reply(self, source: str) -> dict[str, Any]:
        """Run a cell and return what a kernel replies."""
        result = self._shell.run_cell(source, store_history=True)
        self._shell.payload_manager.clear_payload()
        problem = result.error_before_exec if result.error_before_exec is not None else result.error_in_exec
        if result.success and not getattr(self._shell, "_last_traceback_during_displayhook", False):
            return {"status": "ok"}
        trace = list(self._shell._last_traceback or ())  # noqa: SLF001 - where ipykernel keeps it
        return {"status": "error", "ename": type(problem).__name__, "evalue": str(problem), "traceback": trace}


_shells: list[Shell] = []


def shell(folder: Path) -> Shell:
    """Return the shell of this process; it is made in a folder where there is none yet."""
    if not _shells:
        _shells.append(Shell(folder))
    return _shells[0]


def expect(cells: Sequence[tuple[str, bool]]) -> None:
    """Prepare the shell of this process, if there is one, for cells that a fork is going to run."""
    for one in _shells:
        one.expect(cells)


def _no_input(_prompt: object = "") -> str:
    message = "raw_input was called, but this frontend does not support input requests."
    raise StdinNotImplementedError(message)
