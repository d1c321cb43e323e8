"""The papermill engine gives what the stock kernel gives, and a notebook that goes wrong harms only itself."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from batches import alive, children, until
from pages import cell, notebook
from traitlets.config import Config

from greenmine.batch.notebook import run_notebook
from greenmine.batch.process import MIB, Limits, Stopped, run_cells, unhurried
from greenmine.batch.runner import produce
from greenmine.batch.warm import close_idle, take, warm_up
from greenmine.errors import NotebookError
from greenmine.workspace import Workspace, shared_dir

CELLS = [
    "import os, sys\nprint('a')\nprint('b', file=sys.stderr)\nprint('c')\n1 + 1",
    "from IPython.display import *\nprint('gone'); clear_output(wait=True)\ndisplay(HTML('<b>'), metadata={'a': 1})",
    "h = display(1, display_id='x')",
    "h.update('after'); update_display('again', display_id='x')",
    "display({'text/html': 'raw', 'text/plain': 'raw'}, raw=True)\nImage(data=b'\\x89PNG\\r\\n\\x1a\\n', format='png')",
    "raise ValueError('中文 <b>')",
    "def f(:\n    pass",
    "%%html\n<i>x</i>",
    "!echo shell",
    "import warnings; warnings.warn('w')",
    "_i, In[2][:10], sorted(Out), __name__",
    "import ipywidgets; o = ipywidgets.Output()\nwith o:\n    print('inside')\no",
    "await __import__('asyncio').sleep(0); 5",
    "class Bad:\n    def __repr__(self): raise RuntimeError('bad')\nBad()",
    "input('?')",
    "{'k': float('nan')}",
    "get_ipython().input_transformers_cleanup.append(lambda lines: [line.replace('21', '42') for line in lines])",
    "21",
    "get_ipython().input_transformers_cleanup.pop(); 21",
    "raise SystemExit(3)",
]


KERNEL = {"name": "python3", "language": "python", "display_name": "Python 3"}


def everything() -> Any:
    """Return a notebook that shows whatever there is to show and ends with a failure."""
    cells = [cell(source=source, tags=["raises-exception"]) for source in CELLS]
    made = notebook(*cells, cell(source="1/0"), cell(source="'never'"))
    made.metadata["kernelspec"] = KERNEL
    for number, one in enumerate(made.cells):
        one["id"] = f"cell-{number}"
    return made


def run(engine: str | None, folder: Path) -> Any:
    """Run that notebook and return it as papermill wrote it."""
    path = folder / f"{engine}.ipynb"
    config = Config({"KernelManager": {"transport": "ipc", "connection_file": str(folder / "kernel.json")}})
    options = {} if engine else {"config": config}  # kernels side by side may not fight for a port
    with pytest.raises(papermill.PapermillExecutionError, match="division by zero"):
        papermill.execute_notebook(everything(), path, engine_name=engine, progress_bar=False, **options)
    return json.loads(path.read_text("utf-8"))


def plain(value: Any) -> str:
    """Return JSON without what is of one run: numbers of processes, places in memory, ids of widgets."""
    text = json.dumps(value, sort_keys=True, indent=1)
    return re.sub(r"ipykernel_\d+|0x[0-9a-f]{8,}|[0-9a-f]{32}", "…", text)


def states(document: Any) -> list[str]:
    found = document["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    return sorted(plain(state) for state in found.values())


def told(source: str, **limits: Any) -> list[dict[str, Any]]:
    return [message["content"] for message in run_cells([(source, False)], Limits(**limits))]


@pytest.fixture
def threads() -> Iterator[None]:
    """A process that has a thread besides, as a notebook server or a cluster's worker has."""
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    yield
    done.set()
    other.join()
    close_idle()


@pytest.mark.usefixtures("threads")
@pytest.mark.filterwarnings("ignore")
def test_outputs_are_those_of_the_stock_kernel(tmp_path: Path) -> None:
    """Streams, results, displays, updates, errors with their traceback, widgets, counts, and where it stops."""
    ours, stock = run("greenmine", tmp_path), run(None, tmp_path)
    assert len(stock["cells"]) == len(ours["cells"])
    for one, other in zip(ours["cells"], stock["cells"], strict=True):
        if one["cell_type"] == "code" and "input('?')" not in "".join(one["source"]):
            assert plain(other["outputs"]) == plain(one["outputs"]), one["source"]
            assert other["execution_count"] == one["execution_count"]
    assert states(stock) == states(ours)
    assert stock["metadata"]["language_info"] == ours["metadata"]["language_info"]


def test_what_programs_print_is_shown_in_order() -> None:
    """As in the stock kernel (which leaves it out when pytest is near)."""
    contents = told("import os\nprint('a')\nos.system('echo b; echo c >&2')\nprint('d')")
    assert [("stdout", "a\nb\nd\n"), ("stderr", "c\n")] == [(c["name"], c["text"]) for c in contents if "text" in c]


def test_what_waits_for_an_answer_fails(tmp_path: Path) -> None:
    """As in the stock kernel, there is nobody to answer."""
    outputs = next(one["outputs"] for one in run("greenmine", tmp_path)["cells"] if "input('?')" in one["source"])
    assert ["StdinNotImplementedError"] == [output["ename"] for output in outputs]


@pytest.mark.parametrize("mine", sorted(path.name for path in (shared_dir() / "evidence").glob("GM-*")))
def test_reports_of_both_engines_are_the_same_bytes(mine: str) -> None:
    """For every demo mine: notebook, report, score."""
    workspace = Workspace(shared_dir())
    ours, stock = (produce(mine, workspace=workspace, engine=engine)[1] for engine in ("greenmine", "kernel"))
    assert stock == ours


def test_anyone_can_name_the_engine_to_papermill(tmp_path: Path) -> None:
    """It is found by its entry point."""
    source, target = tmp_path / "in.ipynb", tmp_path / "out.ipynb"
    made = notebook(cell(source="6 * 7"))
    made.metadata["kernelspec"] = KERNEL
    source.write_text(nbformat.writes(made), "utf-8")
    command = [sys.executable, "-m", "papermill", "--engine", "greenmine", str(source), str(target)]
    subprocess.run(command, check=True, capture_output=True)
    assert "42" == nbformat.read(target, 4).cells[0].outputs[0].data["text/plain"]


def test_times_are_noted_as_papermill_notes_them(tmp_path: Path) -> None:
    """For each cell when it began and ended, and how long it took."""
    noted = [one["metadata"].get("papermill", {}) for one in run("greenmine", tmp_path)["cells"]]
    timed = [one for one in noted if one.get("end_time")]
    assert len(timed) > 1
    for one in timed:
        began, ended = (datetime.fromisoformat(one[name]) for name in ("start_time", "end_time"))
        assert (ended - began).total_seconds() == one["duration"]


def test_every_notebook_begins_with_nothing(tmp_path: Path) -> None:
    """Neither names nor modules nor the folder are left of the last."""
    told("planted = 1; import os, tabnanny; os.chdir('/')")
    for name in (
        "'planted' in globals()",
        "'tabnanny' in __import__('sys').modules",
        "__import__('os').getcwd() == '/'",
    ):
        assert "False" == told(name)[1]["data"]["text/plain"], name
    assert Path.cwd() != Path("/")
    assert tmp_path.exists()


BAD = {
    "while True: pass": ({"seconds": 1}, "longer than 1 s|1 秒"),
    "import re; re.match('(a+)+b', 'a' * 60)": ({"cell_seconds": 1}, "longer than 1 s|1 秒"),
    "import os; os._exit(3)": ({}, "3"),
    "import os; os.kill(os.getpid(), 9)": ({}, "SIGKILL"),
    "import os; os.fork() and os._exit(4); import time; time.sleep(3600)": ({}, "4"),
    "for number in range(10**6): print('x' * 100)": ({"output": MIB}, "1 MiB"),
    "import os; os.system('yes')": ({"output": MIB}, "1 MiB"),
    "from IPython.display import HTML; HTML('x' * 10**8)": ({"output": MIB}, "1 MiB"),
    "import os; os.close(1); print(1)": ({}, "1"),
}


@pytest.mark.parametrize("source", BAD)
def test_what_breaks_a_limit_is_stopped_with_the_reason(source: str) -> None:
    """An endless loop, even one that Python cannot interrupt; a process that ends; output without end."""
    limits, reason = BAD[source]
    with pytest.raises(Stopped, match=reason):
        told(source, **limits)
    assert "1" == told("1")[1]["data"]["text/plain"]


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("source", list(BAD)[0:6:2])
def test_it_is_stopped_in_a_process_with_threads_too(source: str) -> None:
    """There a process started for it forks; the next notebook finds that one at work."""
    limits, reason = BAD[source]
    with pytest.raises(Stopped, match=reason):
        told(source, **limits)
    assert "1" == told("1")[1]["data"]["text/plain"]


def test_too_much_memory_is_an_error_of_the_cell() -> None:
    """Python says so; the limit is that of the notebook alone."""
    assert "MemoryError" == told("bytearray(10**10)", memory=4096 * MIB)[-1]["ename"]
    assert len(bytearray(10**6)) == 10**6


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("bytearray(10**10)", "4096"),
        ("import os; os._exit(3)", "3"),
        ("print('x' * 10**8)", "32"),
        ("raise KeyError('k')", "KeyError"),
    ],
)
def test_the_reason_names_the_cell(tmp_path: Path, source: str, reason: str) -> None:
    """In one line, as an error of this project."""
    made = notebook(cell(source="p: int = 1", tags=["parameters"]), cell(source=source))
    for number, one in enumerate(made.cells):
        one["id"] = f"cell-{number}"
    with pytest.raises(NotebookError, match=reason) as caught:
        run_notebook(made, {"p": 2}, name="n.ipynb", cwd=tmp_path)
    assert "cell-1" == caught.value.cell


@pytest.mark.parametrize("end", ["", "1/0", "import os; os._exit(3)"])
@pytest.mark.parametrize("command", ["sleep 3600", "setsid sleep 3600", "setsid sh -c 'setsid sleep 3600 & wait'"])
def test_what_a_notebook_started_ends_with_it(tmp_path: Path, command: str, end: str) -> None:
    """A program it left running too, also one that has made itself independent; and none is left to be waited for."""
    own = subprocess.Popen(["sleep", "3600"])
    before = children(os.getpid())
    written = tmp_path / "written"
    wait = f"import pathlib, time\nwhile not pathlib.Path('{written}').exists(): time.sleep(0.01)"
    script = f"trap '' HUP; {command} & echo > {written}; wait"
    with contextlib.suppress(Stopped):
        told(f"import subprocess; subprocess.Popen(['setsid', 'sh', '-c', {script!r}])\n{wait}\n{end}")
    assert before == children(os.getpid())
    assert own.poll() is None
    own.kill()
    own.wait()


def test_what_is_asked_for_next_does_not_end_what_runs() -> None:
    """A warm process may be asked for more before it has answered; the answers come in order."""
    warm_up(1)
    warm = take()
    cells = [("import time; time.sleep(0.5); 'slept'", False)], [("1 + 1", False)]
    for one in cells:
        warm.ask("greenmine.batch.nest:notebook", one, Limits(), str(Path.cwd()), dict(os.environ))
    shown = [[one["content"].get("data", {}).get("text/plain") for one in warm.answer()] for _cell in cells]
    assert [[None, "'slept'", None], [None, "2", None]] == shown
    warm.close()
    assert not warm.usable


def test_a_process_that_nobody_waits_for_ends_with_its_notebook() -> None:
    """Also while it runs one, and while there is more that it was asked for; nobody has to kill it."""
    close_idle()
    before = set(children(os.getpid()))
    warm_up(1)
    warm = take()
    for _time in range(2):
        warm.ask("greenmine.batch.nest:notebook", [("while True: pass", False)], Limits(), "/", dict(os.environ))
    answer = warm.answer()
    next(answer)
    started = set(children(os.getpid())) - before
    assert 3 == len(started)
    warm._wire.shutdown(socket.SHUT_WR)  # type: ignore[attr-defined]
    until(lambda: not any(map(alive, started)))
    answer.close()


def test_processes_share_their_start() -> None:
    """One gets ready, and forks into as many as are wanted."""
    close_idle()
    before = set(children(os.getpid()))
    warm_up(3)
    warms = [take() for _number in range(3)]
    for warm in warms:
        list(warm.call("greenmine.batch.nest:notebook", [("1", False)], Limits(), "/", dict(os.environ)))
    started = set(children(os.getpid())) - before
    assert 4 == len(started)
    for warm in warms:
        warm.close()
    until(lambda: not any(map(alive, started)))


def test_a_process_that_was_killed_before_it_was_ready_is_not_used(capfd: pytest.CaptureFixture[str]) -> None:
    """Whoever takes one gets one that works; and nothing is printed about those that are gone."""
    close_idle()
    before = set(children(os.getpid()))
    warm_up(2)
    [nest] = set(children(os.getpid())) - before
    os.kill(nest, signal.SIGKILL)
    until(lambda: not alive(nest))
    warm = take()
    found = list(warm.call("greenmine.batch.nest:notebook", [("1", False)], Limits(), "/", dict(os.environ)))
    assert 3 == len(found)
    warm.close()
    warm_up(1)
    warm = take()
    warm.kill()  # it is not ready yet
    warm.close()
    close_idle()
    assert ("", "") == tuple(capfd.readouterr())


def test_a_process_that_owes_an_answer_is_not_given_to_others() -> None:
    """For the next one who asks would get it."""
    warm_up(1)
    warm = take()
    warm.ask("greenmine.batch.nest:notebook", [("1", False)], Limits(), "/", dict(os.environ))
    assert not warm.usable
    list(warm.answer())
    assert warm.usable
    warm.close()
    assert not warm.usable


def test_something_can_be_done_meanwhile() -> None:
    """Once, when the notebook has begun; what goes wrong in it ends the notebook as well."""
    done: list[str] = []
    options: Any = {"meanwhile": lambda: done.append("done")}
    assert 3 == len(list(run_cells([("1", False)], Limits(), **options)))
    assert ["done"] == done
    before = children(os.getpid())
    with pytest.raises(ZeroDivisionError):
        list(run_cells([("while True: pass", False)], Limits(), lambda: 1 // 0))
    assert before == children(os.getpid())


def test_processes_can_be_waited_for_at_the_end_of_a_block() -> None:
    """Each of them, and what they have left behind."""
    before = children(os.getpid())
    with unhurried():
        for _time in range(2):
            told("import subprocess; subprocess.Popen(['setsid', 'sleep', '3600'])")
        assert len(before) < len(children(os.getpid()))
    assert before == children(os.getpid())


def test_no_files_are_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither after a good run nor after a bad one."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    told("1")
    with pytest.raises(Stopped):
        told("import os; os._exit(1)")
    assert [] == list(tmp_path.iterdir())


def test_another_language_is_refused(tmp_path: Path) -> None:
    """Before anything runs."""
    other = notebook(cell(source="1"))
    other.metadata["kernelspec"] = {"name": "ir", "language": "R", "display_name": "R"}
    with pytest.raises(NotebookError, match="R"):
        run_notebook(other, {}, name="n.ipynb", cwd=tmp_path)


@pytest.mark.usefixtures("threads")
def test_folder_and_environment_are_those_of_who_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where another process runs the notebook."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GREENMINE_TEST", "told")
    source = "import os; os.getcwd() + ' ' + os.environ['GREENMINE_TEST']"
    assert repr(f"{tmp_path} told") == told(source)[1]["data"]["text/plain"]


def test_a_notebook_can_run_notebooks() -> None:
    """They do not begin with its variables."""
    inner = "list(run_cells([(\"'planted' in globals()\", False)], Limits()))[1]['content']['data']"
    outer = f"planted = 1\nfrom greenmine.batch.process import Limits, run_cells\n{inner}"
    assert "{'text/plain': 'False'}" == told(outer)[1]["data"]["text/plain"]


WITHOUT_FORK = """
from greenmine.batch.process import Limits, Stopped, run_cells
for source in ("print(1)", "planted = 2\\nplanted", "'planted' in globals()", "while True: pass", "3"):
    limits = Limits(seconds=3 if "while" in source else None)
    try:
        print([message["content"] for message in run_cells([(source, False)], limits)][1:-1])
    except Stopped as problem:
        print("stopped", problem)
"""


def test_where_there_is_no_fork_each_notebook_gets_a_process(tmp_path: Path) -> None:
    """The same outputs, the same fresh state, the same end."""
    (tmp_path / "sitecustomize.py").write_text("import os\ndel os.fork\n", "utf-8")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{shared_dir()}"}
    command = [sys.executable, "-c", WITHOUT_FORK]
    lines = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout.splitlines()
    assert "'text': '1\\n'" in lines[0]
    assert ["'text/plain': '2'" in lines[1], "'text/plain': 'False'" in lines[2]] == [True, True]
    assert [True, True] == [lines[3].startswith("stopped") and "3 " in lines[3], "'text/plain': '3'" in lines[4]]
