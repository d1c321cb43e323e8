"""Facts about `greenmine init`."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from greenmine import i18n
from greenmine.cli import init
from greenmine.errors import UsageError
from greenmine.workspace import Workspace

MINE = "GM-DEMO"


@pytest.fixture
def share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small stand-in for the packaged copies: a demo mine, a mine that is none, hidden files."""
    root = tmp_path / "share"
    files = {
        "notebooks/assessment.ipynb": "{}",
        "notebooks/.ipynb_checkpoints/assessment-checkpoint.ipynb": "{}",
        "parameters/catalogs/national-2024.yaml": "id: national\n",
        f"evidence/{MINE}/mine.yaml": "demonstration: true\n",
        f"evidence/{MINE}/08 开采方式/照片.jpg": "jpeg",
        "evidence/GM-REAL/mine.yaml": "demonstration: false\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    monkeypatch.setattr(init, "shared_dir", lambda: root)
    monkeypatch.setattr(init, "demo_mines", lambda _share: (root / "evidence" / MINE,))
    return root


def listing(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(init.command, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.mark.usefixtures("share")
def test_new_folder_becomes_a_workspace(tmp_path: Path) -> None:
    """All four folders, the packaged files and a readme are there, and the workspace is found from inside."""
    target = tmp_path / "新建" / "工作区"
    init.lay_out(target)
    assert set(init.FOLDERS) | {"README.md"} == {path.name for path in target.iterdir()}
    assert {
        "README.md",
        "evidence/GM-DEMO/08 开采方式/照片.jpg",
        "evidence/GM-DEMO/mine.yaml",
        "notebooks/assessment.ipynb",
        "parameters/catalogs/national-2024.yaml",
    } == set(listing(target))
    assert target == Workspace.find(target / "evidence" / MINE).root
    assert ["工作区"] == [path.name for path in target.parent.iterdir()]


@pytest.mark.usefixtures("share")
def test_no_demo_leaves_evidence_empty(tmp_path: Path) -> None:
    """With --no-demo there is an evidence folder without mines."""
    init.lay_out(tmp_path / "w", demo=False)
    assert [] == list((tmp_path / "w" / "evidence").iterdir())


def test_permissions_are_the_users_own(share: Path, tmp_path: Path) -> None:
    """Files copied from a read-only installation can be edited."""
    (share / "parameters/catalogs/national-2024.yaml").chmod(0o444)
    init.lay_out(tmp_path / "w")
    assert (tmp_path / "w/parameters/catalogs/national-2024.yaml").stat().st_mode & 0o200


@pytest.mark.usefixtures("share")
def test_second_run_changes_nothing(tmp_path: Path) -> None:
    """Running it again adds no file and names none."""
    init.lay_out(tmp_path / "w")
    before = listing(tmp_path / "w")
    again = init.lay_out(tmp_path / "w")
    assert (0, ()) == (again.added, again.kept)
    assert before == listing(tmp_path / "w")


@pytest.mark.usefixtures("share")
def test_changed_files_are_kept_and_named(tmp_path: Path) -> None:
    """A tailored parameter file is not written over; what is missing is added."""
    target = tmp_path / "w"
    init.lay_out(target)
    (target / "parameters/catalogs/national-2024.yaml").write_text("mine\n")
    (target / "notebooks/assessment.ipynb").unlink()
    result = run(target)
    assert "parameters/catalogs/national-2024.yaml" in result.output
    assert (target / "parameters/catalogs/national-2024.yaml").read_text() == "mine\n"
    assert (target / "notebooks/assessment.ipynb").is_file()


@pytest.mark.usefixtures("share")
def test_a_mine_that_is_there_is_left_alone(tmp_path: Path) -> None:
    """What somebody removed from a mine's folder does not come back."""
    target = tmp_path / "w"
    init.lay_out(target)
    (target / "evidence" / MINE / "08 开采方式" / "照片.jpg").unlink()
    assert init.lay_out(target).added == 0
    assert not (target / "evidence" / MINE / "08 开采方式" / "照片.jpg").exists()


@pytest.mark.usefixtures("share")
def test_folder_with_other_things_is_refused(tmp_path: Path) -> None:
    """A folder that is neither empty nor a workspace is refused and stays as it was."""
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "letter.txt").write_text("dear")
    with pytest.raises(UsageError, match="evidence/"):
        init.lay_out(tmp_path / "w")
    assert {"letter.txt": b"dear"} == listing(tmp_path / "w")


@pytest.mark.usefixtures("share")
def test_file_is_refused(tmp_path: Path) -> None:
    """A file in the place of the folder is refused."""
    (tmp_path / "w").write_text("x")
    with pytest.raises(UsageError):
        init.lay_out(tmp_path / "w")


@pytest.mark.usefixtures("share")
def test_empty_folder_is_used(tmp_path: Path) -> None:
    """An empty folder becomes the workspace, with all that a new one has."""
    (tmp_path / "w").mkdir()
    made = init.lay_out(tmp_path / "w")
    init.lay_out(tmp_path / "new")
    assert listing(tmp_path / "new") == listing(tmp_path / "w")
    assert (len(listing(tmp_path / "w")), ()) == (made.added, made.kept)
    assert set(init.FOLDERS) | {"README.md"} == {path.name for path in (tmp_path / "w").iterdir()}


@pytest.mark.usefixtures("share")
def test_the_working_directory_is_filled_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever stands in the folder stands in the workspace afterwards, and nothing was made beside it."""
    target = tmp_path / "here"
    target.mkdir()
    monkeypatch.chdir(target)
    before = target.stat().st_ino
    beside = sorted(tmp_path.iterdir())
    assert run(".").exit_code == 0
    assert before == Path.cwd().stat().st_ino
    assert Path("evidence", MINE, "mine.yaml").is_file()
    assert beside == sorted(tmp_path.iterdir())


@pytest.mark.usefixtures("share")
@pytest.mark.parametrize("existing", [None, (), ("parameters", "evidence")], ids=["new", "empty", "workspace"])
def test_failure_leaves_nothing_behind(
    existing: tuple[str, ...] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the disk fills up half-way, the target is as it was, and nothing is left beside it."""
    i18n.use("en")
    target = tmp_path / "deep" / "deeper" / "w"
    if existing is not None:
        for name in ("", *existing):
            (target / name).mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    copied: list[Path] = []
    copy = init.shutil.copyfile

    def full(source: Path, to: Path) -> None:
        copied.append(to)
        copy(source, to)
        if len(copied) == 3:
            raise OSError(28, "No space left on device", str(to))

    monkeypatch.setattr(init.shutil, "copyfile", full)
    with pytest.raises(UsageError, match="No space left"):
        init.lay_out(target)
    assert before == sorted(tmp_path.rglob("*"))


@pytest.mark.usefixtures("share")
def test_links_that_lead_nowhere_are_not_followed(tmp_path: Path) -> None:
    """A dangling link under a packaged file's name is kept, and nothing is written where it points."""
    target = tmp_path / "w"
    init.lay_out(target)
    (target / "README.md").unlink()
    (target / "README.md").symlink_to(tmp_path / "outside")
    assert ("README.md",) == init.lay_out(target).kept
    assert not (tmp_path / "outside").exists()


@pytest.mark.usefixtures("share")
def test_names_what_to_try(tmp_path: Path) -> None:
    """The output names a demo mine and the verb to try."""
    result = run(tmp_path / "w")
    assert result.exit_code == 0
    assert f"cd {tmp_path / 'w'}; greenmine assess {MINE}" in result.output
