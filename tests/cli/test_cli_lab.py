"""`greenmine lab`: what opens, and that it opens."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from mines import MINE, make_mine

from greenmine import i18n
from greenmine.batch.notebook import read_notebook, run_notebook
from greenmine.batch.signing import VARIABLE
from greenmine.cli import lab
from greenmine.cli.lab import LIVE, SEAT, fill_in, run, settings, words, working_copy
from greenmine.cli.main import main
from greenmine.workspace import Workspace


def sources(path: Path) -> dict[str, str]:
    return {cell.id: cell.source for cell in read_notebook(path).cells}


def test_without_a_mine_the_workspaces_notebook_opens(workspace: Path) -> None:
    """The packaged one is laid into a workspace that has none; one's own is left as it is."""
    path = working_copy(Workspace(workspace), None)
    assert workspace / "notebooks" / "assessment.ipynb" == path
    path.write_text(path.read_text("utf-8").replace("GM-0001", "GM-OWN"), "utf-8")
    assert "GM-OWN" in sources(working_copy(Workspace(workspace), None))["parameters"]


def test_with_a_mine_a_copy_opens_in_which_it_is_filled_in(workspace: Path) -> None:
    """Nothing else of the notebook differs, the mine's folder stays untouched, and the copy runs."""
    folder = make_mine(workspace / "evidence", photos=False)
    before = sorted(folder.rglob("*"))
    path = working_copy(Workspace(workspace), MINE)
    assert workspace / "reports" / MINE / "workbook.ipynb" == path
    shipped = sources(working_copy(Workspace(workspace), None))
    expected = shipped["parameters"].replace('"GM-0001"', f'"{MINE}"')
    assert {**shipped, "parameters": expected} == sources(path)
    assert before == sorted(folder.rglob("*"))
    ran = run_notebook(read_notebook(path), {}, name="workbook.ipynb", cwd=path.parent)
    assert not [output for cell in ran.cells for output in cell.get("outputs", ()) if output.output_type == "error"]


def test_a_copy_with_notes_is_opened_as_it_is(workspace: Path) -> None:
    """What somebody wrote into it is not written over."""
    make_mine(workspace / "evidence", photos=False)
    path = working_copy(Workspace(workspace), MINE)
    path.write_text(path.read_text("utf-8").replace("绿色矿山评价工作簿", "我的笔记"), "utf-8")
    assert "我的笔记" in working_copy(Workspace(workspace), MINE).read_text("utf-8")


def test_each_member_has_a_workbook_of_ones_own(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Named after the member, whose seat and key the kernels are told; an id that is none is refused."""
    make_mine(workspace / "evidence", photos=False)
    started: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr(lab, "run", lambda line, _space, told: started.append((line, told)) or 0)
    assert 0 == main(["lab", MINE, "--as", "E2", "--key", "id_e2"])
    ((line, told),) = started
    assert (workspace / "reports" / MINE / "workbook-E2.ipynb").is_file()
    assert any(f"reports/{MINE}/workbook-E2.ipynb" in word for word in line)
    assert {SEAT: "E2", VARIABLE: str(workspace / "id_e2")} == told
    for words_ in ([MINE, "--as", "../E2"], ["--as", "E2"]):
        assert 2 == main(["lab", *words_])
        assert "--as" in capsys.readouterr().err
    assert 1 == len(started)


def test_a_mine_elsewhere_is_filled_in_by_its_path(workspace: Path, tmp_path: Path) -> None:
    """An id would not be found in this workspace."""
    folder = make_mine(tmp_path / "away", photos=False)
    copy = working_copy(Workspace(workspace), str(folder))
    assert f'mine: str = "{folder}"' in sources(copy)["parameters"]


@pytest.mark.parametrize("value", ['a"b', "a\\b", "甲·乙", "{x}", "a'b\nc"])
def test_any_value_is_filled_in_as_a_literal(workspace: Path, value: str) -> None:
    """Quotes, backslashes and line ends cannot become code; the comment after the value stays."""
    notebook = read_notebook(working_copy(Workspace(workspace), None))
    fill_in(notebook, "mine", value)
    source = next(cell.source for cell in notebook.cells if cell.id == "parameters")
    variables: dict[str, object] = {}
    exec(source, variables)  # noqa: S102 - our own notebook
    assert (value, "") == (variables["mine"], variables["assessment"])
    assert "# 矿山编号" in source


def test_a_mine_that_does_not_exist_is_named(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2, and no copy is made."""
    assert 2 == main(["lab", "GM-NONE"])
    assert "GM-NONE" in capsys.readouterr().err
    assert [] == list((workspace / "reports").iterdir())


def answered(address: str) -> int:
    """Return the status that a server on this machine answers with; it prints its address before it listens."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever proxy the machine has
    for _attempt in range(300):
        try:
            with direct.open(address) as answer:
                return int(answer.status)
        except urllib.error.URLError:
            time.sleep(0.1)
    return 0


def fetched(address: str) -> str:
    """Return what a server on this machine says."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(address) as answer:
        return str(answer.read().decode())


def test_jupyterlab_starts_on_the_notebook(workspace: Path) -> None:
    """It answers at the address it prints, in the workspace, in Chinese, asks no news site, and ends when told to."""
    space = Workspace(workspace)
    command = words(space, working_copy(space, None), browser=False, port=0)
    environment = {
        **os.environ,
        **settings(),
        "JUPYTER_CONFIG_DIR": str(workspace / "c"),
        "JUPYTER_RUNTIME_DIR": str(workspace / "r"),
    }
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    process = subprocess.Popen(
        command, cwd=workspace, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        said = iter(process.stderr.readline, "")
        address = next(found[0] for line in said if (found := re.search(r"http://127\.0\.0\.1\S+", line)))
        assert "/lab/tree/notebooks/assessment.ipynb?token=" in address
        assert 200 == answered(address)
        for plugin, chosen in {
            "translation-extension:plugin": '"default": "zh_CN"',
            "apputils-extension:notification": '"default": "false"',
        }.items():
            place = address.replace("/lab/tree/notebooks/assessment.ipynb", f"/lab/api/settings/@jupyterlab/{plugin}")
            assert chosen in fetched(place)
        words_of = address.replace("tree/notebooks/assessment.ipynb", "api/translations/zh_CN")
        assert "文件" in json.dumps(json.loads(fetched(words_of)), ensure_ascii=False)
    finally:
        process.kill()
        process.communicate()


def test_options_after_two_dashes_go_to_jupyterlab(workspace: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """With or without a mine; the exit status is JupyterLab's."""
    assert 0 == main(["lab", "--no-browser", "--port", "0", "--", "--version"])
    assert re.fullmatch(r"\d+\.\d+\.\d+\s*", capfd.readouterr().out)
    assert (workspace / "notebooks" / "assessment.ipynb").is_file()
    assert 0 != main(["lab", "--no-browser", "--", "--no-such-option=1", "--ServerApp.port=no"])


def test_the_kernels_find_the_workspace(workspace: Path) -> None:
    """Wherever in it a notebook lies."""
    probe = "import os, sys; sys.exit(os.environ['GREENMINE_WORKSPACE'] != os.getcwd())"
    assert 0 == run([sys.executable, "-c", probe], Workspace(workspace))


def test_the_kernels_are_told_to_show_forms(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only those of this JupyterLab: the variable is not set for what else runs here."""
    monkeypatch.delenv(LIVE, raising=False)
    probe = f"import os, sys; sys.exit(os.environ['{LIVE}'] != '1')"
    assert 0 == run([sys.executable, "-c", probe], Workspace(workspace))
    assert LIVE not in os.environ


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_persons_own_paths_stay_behind_the_defaults(monkeypatch: pytest.MonkeyPatch, lang: str) -> None:
    """The folder is there for each language, and what was in JUPYTER_CONFIG_PATH follows it."""
    i18n.use(lang)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/somewhere")
    folder, *rest = settings()["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert ["/somewhere"] == rest
    assert (Path(folder) / "labconfig" / "default_setting_overrides.json").is_file()
