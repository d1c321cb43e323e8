"""The workspace."""

from __future__ import annotations

from pathlib import Path

import pytest

from greenmine.errors import UsageError
from greenmine.workspace import Workspace, is_id, shared_dir


@pytest.mark.parametrize("text", ["GM-0001", "a", "2026_self.1", "..a"])
def test_letters_digits_dots_and_dashes_are_an_id(text: str) -> None:
    """The contract's ids of mines and assessments."""
    assert is_id(text)


@pytest.mark.parametrize("text", ["", ".", "..", "a/b", "矿", "a b", "a\n", "-" * 0])
def test_anything_else_is_no_id(text: str) -> None:
    """Nothing that could name another folder."""
    assert not is_id(text)


def test_the_workspace_is_found_from_below(workspace: Path) -> None:
    """From any folder inside, the nearest folder with parameters/ and evidence/ is the workspace."""
    below = workspace / "evidence" / "GM-1" / "deep"
    below.mkdir(parents=True)
    assert workspace == Workspace.find(below).root


def test_a_named_workspace_wins(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GREENMINE_WORKSPACE names the folder; a folder that is not there is an error."""
    monkeypatch.setenv("GREENMINE_WORKSPACE", str(tmp_path))
    assert tmp_path == Workspace.find(workspace).root
    monkeypatch.setenv("GREENMINE_WORKSPACE", str(tmp_path / "none"))
    with pytest.raises(UsageError, match="none"):
        Workspace.find()


def test_what_a_mine_hands_in_is_no_workspace(workspace: Path) -> None:
    """Parameters in a mine's own folder do not decide how it is judged."""
    mine = workspace / "evidence" / "GM-1"
    for name in ("parameters", "evidence/GM-2"):
        (mine / name).mkdir(parents=True)
    assert workspace == Workspace.find(mine).root
    assert workspace == Workspace.around(str(mine)).root
    assert workspace == Workspace.around(str(mine / "evidence" / "GM-2")).root


def test_a_path_is_looked_at_in_the_workspace_around_it(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mine's path brings its own workspace, an id and a path outside of any that of the working directory."""
    other = tmp_path / "other"
    for name in ("parameters", "evidence/GM-1", "evidence/GM-9"):
        (other / name).mkdir(parents=True)
    (workspace / "evidence" / "GM-1").mkdir()
    (tmp_path / "findings.json").write_text("{}")
    assert other == Workspace.around(str(other / "evidence" / "GM-9")).root
    assert other == Workspace.around("../other/evidence/GM-9").root
    for place in ("GM-1", "GM-9", "", str(tmp_path / "findings.json"), str(tmp_path / "none")):
        assert workspace == Workspace.around(place).root
    monkeypatch.chdir(tmp_path)
    assert other == Workspace.around("other/evidence/GM-9", writing=True).root
    monkeypatch.setenv("GREENMINE_WORKSPACE", str(workspace))
    assert workspace == Workspace.around(str(other / "evidence" / "GM-9"), writing=True).root


def test_outside_of_any_workspace_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading goes on with what the package brings; writing is refused with what was expected; a named folder wins."""
    (tmp_path / "GM-1").mkdir()
    monkeypatch.chdir(tmp_path)
    assert tmp_path == Workspace.around("GM-1").root
    with pytest.raises(UsageError, match=r"parameters/.*evidence/"):
        Workspace.around("GM-1", writing=True)
    monkeypatch.setenv("GREENMINE_WORKSPACE", str(tmp_path))
    assert tmp_path == Workspace.around("GM-1", writing=True).root


def test_a_workspace_without_catalogs_uses_those_of_the_package(workspace: Path) -> None:
    """The workspace's own file of the same name comes before the package's."""
    packaged = [path.name for path in Workspace(workspace).parameter_files("catalogs")]
    assert "national-2024.yaml" in packaged
    own = workspace / "parameters" / "catalogs" / "national-2024.yaml"
    own.parent.mkdir()
    own.write_text("x", encoding="utf-8")
    assert own == Workspace(workspace).parameter_files("catalogs")[0]
    assert len(packaged) == len(Workspace(workspace).parameter_files("catalogs"))


def test_a_mine_is_named_by_id_or_by_path(workspace: Path) -> None:
    """Both give the folder; what is neither is an error that says what was expected."""
    folder = workspace / "evidence" / "GM-1"
    folder.mkdir()
    assert folder == Workspace(workspace).mine_dir("GM-1")
    assert folder == Workspace(workspace).mine_dir(str(folder))
    for wrong in ("GM-2", "../etc", "", "矿山"):
        with pytest.raises(UsageError):
            Workspace(workspace).mine_dir(wrong)


def test_what_comes_with_the_package_is_there() -> None:
    """Parameters are found wherever the package is installed."""
    assert (shared_dir() / "parameters" / "catalogs" / "national-2024.yaml").is_file()
