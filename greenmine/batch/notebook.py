"""Running a notebook, and the form in which it is archived.

papermill executes the notebook. What it leaves in it besides results (times, durations, paths, a random id of the cell
it injects) belongs to the run and not to the record: two runs of the same inputs give the same bytes. Warnings and
tracebacks are not archived either; a notebook that fails is an error, not a report.
"""

from __future__ import annotations

import copy
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from greenmine import errors
from greenmine.batch.parameters import TAG
from greenmine.batch.process import USUAL, Limits, Stopped, no_memory
from greenmine.errors import GreenmineError, InputError, NotebookError, one_line
from greenmine.files import read_text
from greenmine.i18n import gettext as _

ENGINE = "greenmine"
KERNEL = "kernel"
ENGINES = (ENGINE, KERNEL)
INJECTED = "injected-parameters"
LIVE = "live"
NOTEBOOK = "report.ipynb"
REPORT = "report.html"
MAX_SIZE = 32 * 1024 * 1024


def import_nbformat() -> Any:  # noqa: ANN401 - the module
    """Import nbformat without what takes nearly a second: a grammar that checks addresses, which nothing here has.

    See https://github.com/jupyter-server/jupyter_server/issues/1559; who needs the grammar can still import it.
    """
    return _imported("nbformat", without="rfc3987_syntax")


def import_papermill() -> Any:  # noqa: ANN401 - a module
    """Import papermill without its way into Hadoop, which takes a tenth of a second and which nothing here goes."""
    return _imported("papermill", without="pyarrow.fs")


def _imported(name: str, *, without: str) -> Any:  # noqa: ANN401 - a module
    """Import a module that can do without another one, without it; who needs that can still import it."""
    if without in sys.modules:
        return import_module(name)
    sys.modules[without] = None  # type: ignore[assignment] # so that it cannot be imported
    try:
        return import_module(name)
    finally:
        del sys.modules[without]


def read_notebook(path: Path) -> Any:  # noqa: ANN401 - a notebook node
    """Return a notebook.

    Raises:
        InputError: the file cannot be read or is no notebook.
    """
    text = read_text(path, MAX_SIZE)
    try:
        return copy.deepcopy(_parsed(text))
    except Exception as problem:  # noqa: BLE001 - nbformat raises what its parts raise
        found = one_line(str(problem).split("\n", 1)[0])
        raise InputError(path, expected=_("a Jupyter notebook"), found=found) from None


@lru_cache(4)
def _parsed(text: str) -> Any:  # noqa: ANN401 - a notebook node
    nbformat = import_nbformat()
    notebook = nbformat.reads(text, as_version=4)
    for number, cell in enumerate(notebook.cells):
        cell.setdefault("id", f"cell-{number}")  # older notebooks have none, and would get random ones
    notebook.nbformat_minor = max(notebook.nbformat_minor, 5)
    nbformat.validate(notebook)
    return notebook


def run_notebook(
    notebook: Any,  # noqa: ANN401 - a notebook node
    parameters: Mapping[str, Any],
    *,
    name: str,
    cwd: Path,
    engine: str = ENGINE,
    progress: bool = False,
    label: str = "",
    limits: Limits = USUAL,
    meanwhile: Callable[[], object] | None = None,
) -> Any:  # noqa: ANN401
    """Return a notebook executed with parameters; the given one stays as it is.

    Args:
        notebook: the notebook.
        parameters: values by name, already checked.
        name: what to call it in messages.
        cwd: the folder it runs in.
        engine: the papermill engine: `greenmine`, `kernel` for the stock kernel, or another that is installed.
        progress: whether to draw a progress bar on standard error.
        label: what the bar is for.
        limits: what the notebook may use; only the engine `greenmine` keeps all of them.
        meanwhile: what to do in this process while the notebook runs in another; other engines than `greenmine` do it
            before.

    Raises:
        NotebookError: a cell failed, or the kernel did.
    """
    from papermill.exceptions import PapermillException, PapermillExecutionError  # noqa: PLC0415 - late: a second

    with _options(engine, limits, meanwhile) as options:
        try:
            return _executed(
                notebook,
                dict(parameters),
                None if engine == KERNEL else engine,
                cwd=str(cwd),
                progress_bar={"desc": label, "leave": False} if progress else False,
                autosave_cell_every=0,
                **options,
            )
        except PapermillExecutionError as problem:
            raise _failure(problem, notebook, name, limits) from None
        except Stopped as problem:
            raise NotebookError(name, _running(notebook, problem.cell), str(problem)) from None
        except (
            PapermillException,
            RuntimeError,
            OSError,
            LookupError,
            ValueError,
        ) as problem:  # no engine, no kernel …
            cause = f"{type(problem).__name__}: {problem}".removesuffix(": ")
            raise NotebookError(name, "", one_line(cause)) from None


def _executed(notebook: Any, parameters: dict[str, Any], engine: str | None, *, cwd: str, **options: Any) -> Any:  # noqa: ANN401
    """Do what `papermill.execute_notebook` does, which writes the notebook out before and after, and reads it again."""
    from papermill.engines import papermill_engines  # noqa: PLC0415 - late, as papermill
    from papermill.execute import raise_for_execution_errors  # noqa: PLC0415
    from papermill.parameterize import parameterize_notebook  # noqa: PLC0415
    from papermill.utils import chdir  # noqa: PLC0415

    kernel = notebook.metadata.get("kernelspec", {}).get("name", "python3")
    ready = copy.copy(notebook)
    ready.cells = [copy.copy(cell) for cell in notebook.cells]
    for part in (ready, *ready.cells):
        part.metadata = type(notebook)({"tags": [], **part.metadata, "papermill": {}})
    if parameters:
        ready = parameterize_notebook(ready, parameters, kernel_name=kernel, language="python", engine_name=engine)
    with chdir(cwd):
        ran = papermill_engines.execute_notebook_with_engine(
            engine, ready, kernel_name=papermill_engines.nb_kernel_name(engine, ready, kernel), **options
        )
    raise_for_execution_errors(ran, None)
    return ran


def _running(notebook: Any, index: int | None) -> str:  # noqa: ANN401
    """Return the id of the cell that ran; papermill puts its own after the cell tagged `parameters`."""
    tagged = next((number for number, cell in enumerate(notebook.cells) if TAG in cell.metadata.get("tags", ())), -1)
    cells = [cell.get("id", "") for cell in notebook.cells]
    cells.insert(tagged + 1, INJECTED)
    return "" if index is None else cells[index]


@contextmanager
def _options(engine: str, limits: Limits, meanwhile: Callable[[], object] | None) -> Iterator[dict[str, Any]]:
    """Yield what an engine is told; a stock kernel gets a folder for settings and sockets that is gone afterwards.

    So the user's IPython start-up files do not run in it, and kernels side by side never fight for a port.
    """
    if engine == ENGINE:
        yield {"limits": limits, "meanwhile": meanwhile}
        return
    if meanwhile is not None:
        meanwhile()
    if engine != KERNEL:
        yield {}
        return
    from traitlets.config import Config  # noqa: PLC0415 - late, as papermill

    with tempfile.TemporaryDirectory(prefix="greenmine-", ignore_cleanup_errors=True) as scratch:
        quiet = "--IPKernelApp.log_level=CRITICAL"  # it logs how it was asked to stop
        options: dict[str, Any] = {"extra_arguments": [f"--ipython-dir={scratch}", quiet]}
        if os.name == "posix":
            manager = {"transport": "ipc", "connection_file": str(Path(scratch, "kernel.json"))}
            options["config"] = Config({"KernelManager": manager})
        yield options


def _failure(problem: Any, notebook: Any, name: str, limits: Limits) -> NotebookError:  # noqa: ANN401
    """Return what a failed cell means to a user; an error of our own speaks for itself."""
    kind = getattr(errors, str(problem.ename), None)
    cause = one_line(str(problem.evalue))
    status = GreenmineError.exit_status
    if isinstance(kind, type) and issubclass(kind, GreenmineError):
        status = kind.exit_status
    elif problem.ename == "MemoryError":
        cause = no_memory(limits)
    else:
        cause = f"{problem.ename}: {cause}".removesuffix(": ")
    cell = next((cell.get("id", "") for cell in notebook.cells if cell.source == problem.source), INJECTED)
    return NotebookError(name, cell, cause, status)


def archived(notebook: Any, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Return an executed notebook as it is archived: nothing of the run, nothing of the machine.

    Args:
        notebook: the executed notebook.
        parameters: what the injected cell is to say; the mine by its id, not by where its folder was.
    """
    clean = copy.copy(notebook)
    kernel = notebook.metadata.get("kernelspec", {})
    named = {key: kernel[key] for key in ("display_name", "language", "name") if key in kernel}
    clean.metadata = type(notebook)(kernelspec=named, language_info={"name": "python"})
    clean.cells = [_archived_cell(cell, parameters) for cell in notebook.cells]
    return clean


def _archived_cell(cell: Any, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a notebook node
    clean = copy.copy(cell)
    tags = list(cell.metadata.get("tags", ()))
    clean.metadata = type(cell)({"tags": tags} if tags else {})
    if cell.cell_type == "code":
        if INJECTED in tags:
            clean.id = INJECTED
            clean.source = "\n".join(["# Parameters", *(f"{key} = {value!r}" for key, value in parameters.items())])
        clean.outputs = [] if LIVE in tags else [output for output in cell.outputs if _kept(output)]
    return clean


def _kept(output: Any) -> bool:  # noqa: ANN401
    """Tell whether an output is a result: not printed text, which may name folders, nor a traceback."""
    return output.output_type in ("execute_result", "display_data")


def report_files(notebook: Any) -> dict[str, bytes]:  # noqa: ANN401 - a notebook node
    """Return the files that an archived notebook becomes, by name: itself as nbformat writes it, and its report."""
    from nbformat.v4.rwbase import split_lines  # noqa: PLC0415 - late: it takes a second

    from greenmine.report.exporter import to_html  # noqa: PLC0415 - late, likewise

    loose = copy.copy(notebook)
    loose.cells = [_loose(cell) for cell in notebook.cells]
    ready = split_lines(loose)  # type: ignore[no-untyped-call] # nbformat has types in part
    return {NOTEBOOK: f"{_indented(ready)}\n".encode(), REPORT: to_html(notebook).encode()}


def _loose(cell: Any) -> Any:  # noqa: ANN401 - a notebook node
    """Return a cell whose texts can be split into lines without a change to the given one."""
    kind = type(cell)
    loose = kind({name: copy.deepcopy(part) for name, part in cell.items() if name != "outputs"})
    if "outputs" in cell:
        loose.outputs = [kind(output) for output in cell.outputs]
        for output in loose.outputs:
            if "data" in output:
                output.data = kind(output.data)
    return loose


def _indented(value: Any, line: str = "\n") -> str:  # noqa: ANN401 - any JSON value
    """Return JSON indented by one blank a level, names in order, some times faster than the standard library."""
    inner = f"{line} "
    if isinstance(value, dict) and value:
        parts = (f"{_encode(name)}: {_indented(value[name], inner)}" for name in sorted(value))
        return f"{{{inner}{f',{inner}'.join(parts)}{line}}}"
    if isinstance(value, list) and value:
        parts = (_indented(one, inner) for one in value)
        return f"[{inner}{f',{inner}'.join(parts)}{line}]"
    return _encode(value)


_encode = json.JSONEncoder(ensure_ascii=False).encode
