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
