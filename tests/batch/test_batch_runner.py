"""One assessment through the real notebook and kernel, and what is left where it fails."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from mines import ASSESSMENT, MINE, make_mine, open_book, report
from pages import cell, notebook

from greenmine.batch.notebook import archived, read_notebook, report_files, run_notebook
from greenmine.batch.runner import Assessed, assess
from greenmine.errors import GreenmineError, InputError, NotebookError, UsageError
from greenmine.files import sha256_hex
from greenmine.workspace import Workspace, shared_dir

FILES = ["catalog.resolved.json", "findings.json", "report.html", "report.ipynb", "score.json"]
PARAMETERS = """\
mine: str = ""
assessment: str = ""
catalog: str = "national@2024"
readings: dict[str, str] = {}
lang: str = "zh"
"""
OPEN = """\
from greenmine.workbook import Workbook
book = Workbook.open(mine, assessment, catalog=catalog, readings=readings, lang=lang)
"""


def workspace_in(folder: Path) -> Workspace:
    """Return a workspace with one mine in it."""
    (folder / "parameters").mkdir(parents=True)
    make_mine(folder / "evidence")
    return Workspace(folder)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Assessed, Assessed]:
    """The same mine assessed in two workspaces at different places."""
    return tuple(  # type: ignore[return-value] # two
        assess(MINE, workspace=workspace_in(tmp_path_factory.mktemp(name) / "w")) for name in ("one", "two")
    )


def content(done: Assessed) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(done.folder.iterdir())}


def test_an_assessment_leaves_five_files(runs: tuple[Assessed, Assessed]) -> None:
    """Under the mine's id and the assessment's, and nothing temporary beside them."""
    done = runs[0]
    assert FILES == sorted(content(done))
    assert (MINE, ASSESSMENT) == (done.folder.parent.name, done.folder.name)
    assert [ASSESSMENT] == [path.name for path in done.folder.parent.iterdir()]
    assert ("pass", "95.07") == (done.score["verdict"], done.score["total"])


def test_the_same_inputs_give_the_same_bytes(runs: tuple[Assessed, Assessed]) -> None:
    """All five files, in another folder and another kernel."""
    assert content(runs[0]) == content(runs[1])


def test_nothing_of_the_run_or_the_machine_is_archived(runs: tuple[Assessed, Assessed]) -> None:
    """No folder, no host, no time of day, no runner's remarks."""
    for done in runs:
        for name, data in content(done).items():
            text = data.decode()
            for trace in (str(done.folder.parents[2]), "papermill", "iopub", "/tmp/", "site-packages"):  # noqa: S108 - looked for, not used
                assert trace not in text, (name, trace)
    cells = json.loads(content(runs[0])["report.ipynb"])["cells"]
    assert "injected-parameters" in [one["id"] for one in cells]
    assert {"tags"} >= {key for one in cells for key in one["metadata"]}


def test_the_report_is_what_the_pieces_give(runs: tuple[Assessed, Assessed]) -> None:
    """The way through a kernel and papermill changes nothing."""
    done = runs[0]
    assert report(open_book(done.folder.parents[2] / "evidence" / MINE)).encode() == content(done)["report.html"]


def test_the_printed_digests_are_those_of_the_files(runs: tuple[Assessed, Assessed]) -> None:
    """`sha256sum` of the three documents is what the report says."""
    files = content(runs[0])
    printed = re.findall(r"<code>([0-9a-f]{64})</code>", files["report.html"].decode())
    documents = ("catalog.resolved.json", "findings.json", "score.json")
    assert [sha256_hex(files[name]) for name in documents] == printed[:3]


def test_the_printed_command_computes_the_score_again(runs: tuple[Assessed, Assessed]) -> None:
    """From the two documents beside the report, with the scorer alone."""
    [command] = re.findall(r"<code>python (-m [^<]*)</code>", content(runs[0])["report.html"].decode())
    done = subprocess.run(
        [sys.executable, *command.split()],
        cwd=runs[0].folder,
        capture_output=True,
        check=True,
        env={"PYTHONPATH": str(shared_dir()), "PATH": ""},
    )
    assert content(runs[0])["score.json"] == done.stdout.rstrip(b"\n")


def test_a_mine_outside_the_workspace_is_archived_by_its_id(tmp_path: Path) -> None:
    """Where its folder was does not matter to the record."""
    workspace = Workspace(tmp_path / "w")
    (tmp_path / "w" / "parameters").mkdir(parents=True)
    (tmp_path / "w" / "evidence").mkdir()
    done = assess(str(make_mine(tmp_path / "away")), workspace=workspace, lang="en")
    source = json.loads((done.folder / "report.ipynb").read_text("utf-8"))["cells"][3]["source"]
    expected = (
        f"# Parameters\nmine = '{MINE}'\nassessment = '{ASSESSMENT}'\ncatalog = 'national@2024'\nreadings = {{}}\n"
    )
    assert f"{expected}lang = 'en'" == "".join(source)
    assert 'lang="en"' in done.report.read_text("utf-8")


@pytest.mark.parametrize(
    ("mine", "parameters", "error", "word"),
    [
        ("GM-NONE", {}, UsageError, "GM-NONE"),
        (MINE, {"assessment": "none"}, InputError, "none"),
        (MINE, {"assesment": "x"}, UsageError, "assesment"),
        (MINE, {"readings": "na_fold=total"}, UsageError, "readings"),
        (MINE, {"readings": {"na_fold": "guess"}}, UsageError, "guess"),
        (MINE, {"lang": "fr"}, UsageError, "fr"),
        (MINE, {"catalog": "none@1"}, GreenmineError, "none"),
    ],
)
def test_bad_input_is_told_before_anything_starts(
    tmp_path: Path, mine: str, parameters: dict[str, Any], error: type[Exception], word: str
) -> None:
    """The error is that of the input, by name; nothing is written."""
    workspace = workspace_in(tmp_path / "w")
    with pytest.raises(error, match=word):
        assess(mine, workspace=workspace, engine="none", **parameters)
    assert not workspace.reports.exists()


def notebook_file(folder: Path, *sources: str) -> Path:
    """Write a notebook with the usual parameters and cells of one's own."""
    cells = [cell(source=PARAMETERS, tags=["parameters"]), *(cell(source=source) for source in sources)]
    for number, one in enumerate(cells):
        one["id"] = f"cell-{number}"
    path = folder / "own.ipynb"
    path.write_text(nbformat.writes(notebook(*cells)), "utf-8")
    return path


def failure(tmp_path: Path, *sources: str) -> NotebookError:
    """Run such a notebook, which fails, see that nothing is written, and return the error."""
    workspace = workspace_in(tmp_path / "w")
    with pytest.raises(NotebookError) as caught:
        assess(MINE, workspace=workspace, notebook=notebook_file(tmp_path, *sources))
    assert not workspace.reports.exists()
    return caught.value


def test_a_failing_cell_is_named_with_its_cause(tmp_path: Path) -> None:
    """Not with a traceback, and on one line."""
    problem = failure(tmp_path, "1/0")
    assert ("cell-1", "ZeroDivisionError: division by zero") == (problem.cell, problem.cause)
    assert "own.ipynb" in str(problem)
    assert "\n" not in str(problem)


def test_an_error_of_ours_keeps_its_words_and_its_exit_status(tmp_path: Path) -> None:
    """The kernel's message is the user's message, verbatim."""
    raised = "from greenmine.errors import CheckFailed\nraise CheckFailed('照片 “a.jpg” 被改动')"
    problem = failure(tmp_path, raised)
    assert ("照片 “a.jpg” 被改动", 1) == (problem.cause, problem.exit_status)


def test_a_notebook_without_provenance_is_no_report(tmp_path: Path) -> None:
    """There would be nothing to tie the page to the record."""
    assert "provenance" in str(failure(tmp_path, OPEN, "book.cover()"))


def test_inputs_that_change_while_the_notebook_runs_are_noticed(tmp_path: Path) -> None:
    """What was read before and what the notebook read must be the same."""
    change = "import pathlib\npathlib.Path(mine, 'late.txt').write_text('late')"
    assert "evidence" in str(failure(tmp_path, change, OPEN, "book.provenance()"))


@pytest.mark.parametrize("engine", ["greenmine", "kernel"])
def test_what_is_started_from_live_forms_is_archived_the_same(
    runs: tuple[Assessed, Assessed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    """The kernel of a live notebook hands its surroundings on; a report shows pieces, never forms."""
    monkeypatch.setenv("GREENMINE_LIVE", "1")
    monkeypatch.setenv("JPY_SESSION_NAME", "notebook.ipynb")
    assert content(runs[0]) == content(assess(MINE, workspace=workspace_in(tmp_path / "w"), engine=engine))


@pytest.mark.parametrize(("engine", "word"), [("greenmine", "exit status 7|状态 7"), ("kernel", "Dead")])
def test_a_dead_kernel_is_an_error_like_any_other(tmp_path: Path, engine: str, word: str) -> None:
    """The process is gone; the message says so."""
    with pytest.raises(NotebookError, match=word):
        assess(
            MINE,
            workspace=workspace_in(tmp_path / "w"),
            notebook=notebook_file(tmp_path, "import os\nos._exit(7)"),
            engine=engine,
        )


def test_an_unknown_engine_is_named(tmp_path: Path) -> None:
    """As papermill names it."""
    workspace = workspace_in(tmp_path / "w")
    with pytest.raises(NotebookError, match="nonesuch"):
        assess(MINE, workspace=workspace, engine="nonesuch")
    assert not workspace.reports.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 1}', "not json", "\x00"])
def test_what_is_no_notebook_is_refused(tmp_path: Path, text: str) -> None:
    """With the name of the file."""
    path = tmp_path / "bad.ipynb"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=r"bad\.ipynb"):
        read_notebook(path)


def test_users_startup_files_do_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel has settings of its own."""
    startup = tmp_path / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("planted = True", "utf-8")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    ran = run_notebook(notebook(cell(source="'planted' in globals()")), {}, name="n", cwd=tmp_path)
    assert "False" == ran.cells[0].outputs[0].data["text/plain"]


def test_printed_text_and_warnings_are_not_archived() -> None:
    """Results are; so are the tags and the stable ids."""
    streams = [nbformat.v4.new_output("stream", name=name, text="/home/x") for name in ("stdout", "stderr")]
    clean = archived(notebook(cell("<p>x</p>", *streams, tags=["t"]), cell("<p>live</p>", tags=["live"])), {})
    assert [["execute_result"], []] == [[output.output_type for output in one.outputs] for one in clean.cells]
    assert {"tags": ["t"]} == clean.cells[0].metadata


def test_an_archived_notebook_is_written_as_nbformat_writes_it(runs: tuple[Assessed, Assessed]) -> None:
    """Byte for byte: of a real report, and of whatever else a notebook may hold."""
    for made in (nbformat.reads(runs[0].files["report.ipynb"].decode(), 4), notebook(), odd()):
        before = copy.deepcopy(made)
        assert f"{nbformat.writes(made)}\n".encode() == report_files(made)["report.ipynb"]
        assert before == made


def odd() -> Any:
    """Return a notebook of nothing, of nested things, of texts that need escaping, and of pictures."""
    data = {
        "text/plain": 'a\n"b"\\\u2028\x01矿',
        "application/json": {"b": [1, 2.5, None, True], "a": {}},
        "image/png": "eA==",
    }
    shown = nbformat.v4.new_output("display_data", data=data, metadata={"z": [], "a": {"c": [[], [{}]]}})
    streams = [nbformat.v4.new_output("stream", name="stdout", text="x\r\ny\n")]
    return notebook(cell("<p>x</p>", shown, *streams, tags=["t"]), nbformat.v4.new_markdown_cell("", id="m"))


def test_the_shipped_notebook_holds_calls_only() -> None:
    """No output, no count, stable ids; each code cell one call, and no logic."""
    path = Workspace(shared_dir()).notebook("assessment.ipynb")
    shipped = read_notebook(path)
    nbformat.validate(shipped)
    assert nbformat.writes(shipped) + "\n" == path.read_text("utf-8")
    code = [one for one in shipped.cells if one.cell_type == "code"]
    assert all(one.outputs == [] and one.execution_count is None for one in code)
    assert all(re.fullmatch(r"[a-z0-9-]+", one.id) for one in shipped.cells)
    assert all(re.fullmatch(r"book\.\w+\([1-9]?\)(  # .+)?", one.source) for one in code[2:])


def test_a_second_run_replaces_the_first(tmp_path: Path, runs: tuple[Assessed, Assessed]) -> None:
    """With another reading the files differ; the folder is one and the same."""
    root = tmp_path / "w"
    shutil.copytree(runs[0].folder.parents[2], root)
    again = assess(MINE, workspace=Workspace(root), readings={"na_fold": "zero"})
    assert FILES == sorted(content(again))
    assert ("94.1", "zero") == (again.score["total"], again.score["readings"]["na_fold"])
    assert content(runs[0])["score.json"] != content(again)["score.json"]
