"""The papermill engine `greenmine`: a notebook without a kernel.

`papermill --engine greenmine in.ipynb out.ipynb` runs a Python notebook in a fork (`process.py`) that holds ipykernel's
shell (`shell.py`), and gives the outputs that the stock kernel gives: the messages are those of a kernel, and nbclient
makes outputs of them as ever. It starts in milliseconds, takes no port, and a notebook that breaks a limit fails with a
reason. Limits are given in Python, `papermill.execute_notebook(…, engine_name="greenmine", limits=Limits(seconds=60))`.
"""

from __future__ import annotations

import base64
import platform
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final

from nbclient.exceptions import CellExecutionError
from nbformat.notebooknode import from_dict
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine
from papermill.exceptions import PapermillException
from papermill.log import logger

from greenmine.batch.process import Limits, Stopped, run_cells
from greenmine.i18n import gettext as _

NAME: Final = "greenmine"


class GreenmineEngine(Engine):  # type: ignore[misc] # papermill has no types
    """The engine, as papermill finds it."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,  # noqa: ANN401 - papermill's NotebookExecutionManager
        kernel_name: str,  # noqa: ARG003 - papermill's signature
        *,
        log_output: bool = False,
        stdout_file: Any = None,  # noqa: ANN401 - a stream
        stderr_file: Any = None,  # noqa: ANN401 - a stream
        execution_timeout: float | None = None,
        limits: Limits | None = None,
        meanwhile: Callable[[], object] | None = None,
        **_options: object,
    ) -> None:
        """Run a notebook.

        Args:
            nb_man: papermill's manager of the notebook, which takes the results.
            kernel_name: not used; the notebook runs in this Python.
            log_output: whether to log what the notebook prints.
            stdout_file: where to copy what it prints.
            stderr_file: likewise, for standard error.
            execution_timeout: seconds for each cell, where `limits` are not given.
            limits: what the notebook may use.
            meanwhile: what to do here when the notebook has begun.

        Raises:
            PapermillException: the notebook is in another language.
            Stopped: it broke a limit, or its process is gone.
        """
        language = nb_man.nb.metadata.get("kernelspec", {}).get("language", "python")
        if language.lower() not in {"python", "python3"}:
            raise PapermillException(_("The engine greenmine runs Python, not {language}.").format(language=language))
        client = _Client(
            nb_man,
            log=logger,
            log_output=log_output,
            stdout_file=stdout_file,
            stderr_file=stderr_file,
            record_timing=False,
        )
        _end_monitor(nb_man.pbar)
        client.run(limits or Limits(cell_seconds=execution_timeout), meanwhile)


class _Client(PapermillNotebookClient):  # type: ignore[misc] # papermill has no types
    """nbclient's half of a conversation with a kernel, without the kernel."""

    def run(self, limits: Limits, meanwhile: Callable[[], object] | None) -> None:
        """Run all cells until one fails."""
        self.reset_execution_trackers()
        self.kc = _nobody()
        sources = [(cell.source, self._may_fail(cell)) for cell in self.nb.cells if self._runs(cell)]
        with closing(run_cells(sources, limits, meanwhile)) as told:
            self._run(told)
        self.nb.metadata["language_info"] = _language_info()
        self.set_widgets_metadata()

    def _run(self, told: Iterator[dict[str, Any]]) -> None:
        for index, cell in enumerate(self.nb.cells):
            try:
                self.nb_man.cell_start(cell, index)
                if self._runs(cell):
                    self._take(cell, index, told)
            except CellExecutionError as problem:
                self.nb_man.cell_exception(cell, cell_index=index, exception=problem)
                break
            except Stopped as problem:
                problem.cell = index
                self.nb_man.cell_exception(cell, cell_index=index, exception=problem)
                raise
            finally:
                self._complete(cell, index)

    def _complete(self, cell: Any, index: int) -> None:  # noqa: ANN401 - a cell of a notebook
        """Let papermill note the end of a cell; its reading of the time of start takes longer than most cells do."""
        times = cell.metadata.papermill
        began, times["start_time"] = times["start_time"], None
        self.nb_man.cell_complete(cell, cell_index=index)
        times["start_time"] = began
        times["duration"] = (datetime.fromisoformat(times["end_time"]) - datetime.fromisoformat(began)).total_seconds()

    def _runs(self, cell: Any) -> bool:  # noqa: ANN401 - a cell of a notebook
        skipped = self.skip_cells_with_tag in cell.metadata.get("tags", ())
        return cell.cell_type == "code" and bool(cell.source.strip()) and not skipped

    @staticmethod
    def _may_fail(cell: Any) -> bool:  # noqa: ANN401 - a cell of a notebook
        return "raises-exception" in cell.metadata.get("tags", ())

    def _take(self, cell: Any, index: int, told: Iterator[dict[str, Any]]) -> None:  # noqa: ANN401
        """Put what is told of a cell into its outputs."""
        cell.outputs = []
        self.clear_before_next_output = False
        self.code_cells_executed += 1
        for message in told:
            content = message["content"]
            if message["type"] == "execute_reply":
                if content["status"] != "ok" and not self._may_fail(cell):
                    raise CellExecutionError.from_cell_and_msg(cell, content)
                return
            self.process_message(
                {
                    "msg_type": message["type"],
                    "header": {"msg_type": message["type"]},
                    "parent_header": {"msg_id": NAME},
                    "content": content,
                    "buffers": [base64.b64decode(buffer) for buffer in message.get("buffers", ())],
                },
                cell,
                index,
            )

    def output(self, outs: list[Any], msg: dict[str, Any], display_id: str | None, cell_index: int) -> Any:  # noqa: ANN401
        """Put an output into a cell: as nbclient does, but without a schema where the output is plainly sound."""
        hooked = self.output_hook_stack[msg["parent_header"]["msg_id"]]
        if hooked or display_id or self.clear_before_next_output or not _sound(msg):
            return super().output(outs, msg, display_id, cell_index)
        out = from_dict(  # type: ignore[no-untyped-call] # nbformat has types in part
            {"output_type": msg["msg_type"], **{name: msg["content"][name] for name in _PARTS[msg["msg_type"]]}}
        )
        outs.append(out)
        return out


_PARTS: Final = {"execute_result": ("metadata", "data", "execution_count"), "display_data": ("metadata", "data")}


def _sound(message: dict[str, Any]) -> bool:
    """Tell whether an output is so plain that it needs no schema: text, or JSON where the type says so."""
    if message["msg_type"] not in _PARTS:
        return False
    content = message["content"]
    data = content["data"].items()
    return not content["metadata"] and all(type(value) is str or kind.endswith("+json") for kind, value in data)


def _end_monitor(bar: Any) -> None:  # noqa: ANN401 - a progress bar of tqdm
    """End the thread by which tqdm watches its bars: a process with threads cannot fork."""
    kind = type(bar)
    if getattr(kind, "monitor", None) is not None:
        kind.monitor_interval = 0
        kind.monitor.exit()
        kind.monitor = None


def _nobody() -> Any:  # noqa: ANN401
    """Return what stands for the kernel where nbclient answers a widget; nobody listens."""
    return SimpleNamespace(
        session=SimpleNamespace(msg=lambda *_args, **_kwargs: None),
        shell_channel=SimpleNamespace(send=lambda _message: None),
    )


def _language_info() -> dict[str, Any]:
    """Return what the stock kernel says of its language."""
    major, version = int(platform.python_version_tuple()[0]), platform.python_version()
    return {
        "name": "python",
        "version": version,
        "mimetype": "text/x-python",
        "codemirror_mode": {"name": "ipython", "version": major},
        "pygments_lexer": f"ipython{major}",
        "nbconvert_exporter": "python",
        "file_extension": ".py",
    }
