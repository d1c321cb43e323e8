"""Results put in place whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from greenmine import i18n
from greenmine.batch import publish as publishing
from greenmine.batch.publish import publish
from greenmine.errors import UsageError


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_new_folder_holds_the_files_and_nothing_else(tmp_path: Path) -> None:
    """Folders above it are made; no temporary one is left."""
    publish(tmp_path / "a" / "b", {"x": b"1", "y": b"2"})
    assert {"x": b"1", "y": b"2"} == content(tmp_path / "a" / "b")
    assert ["b"] == [path.name for path in (tmp_path / "a").iterdir()]


def test_old_results_give_way_and_the_files_of_others_stay(tmp_path: Path) -> None:
    """A scan of the signed pages beside the report is not deleted by a new run."""
    target = tmp_path / "t"
    publish(target, {"x": b"1", "old": b"1"})
    (target / "signed.pdf").write_bytes(b"scan")
    (target / "notes").mkdir()
    (target / "notes" / "n.txt").write_bytes(b"note")
    publish(target, {"x": b"2", "old": b"2"})
    assert b"2" == (target / "x").read_bytes()
    assert (b"scan", b"note") == ((target / "signed.pdf").read_bytes(), (target / "notes" / "n.txt").read_bytes())
    assert ["t"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("step", ["_write", "_exchange", "sync_directory"])
def test_on_failure_the_folder_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Whatever fails, old results are there, new ones are not, and nothing temporary is left."""
    i18n.use("en")
    target = tmp_path / "t"
    publish(target, {"x": b"1"})

    def fail(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(publishing, step, fail)
        with pytest.raises(UsageError, match="No space left"):
            publish(target, {"x": b"2"})
    assert {"x": b"1"} == content(target)
    assert ["t"] == [path.name for path in tmp_path.iterdir()]


def test_the_old_folder_is_put_back_when_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the two steps of the exchange, too."""
    i18n.use("en")
    target = tmp_path / "t"
    publish(target, {"x": b"1"})
    rename = Path.rename

    def fail(self: Path, to: Path) -> Path:
        if self.suffix == ".tmp":
            raise OSError(5, "Input/output error")
        return rename(self, to)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", fail)
        with pytest.raises(UsageError, match="Input/output"):
            publish(target, {"x": b"2"})
    assert {"x": b"1"} == content(target)
    assert ["t"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("folder", [".", ".."])
def test_a_folder_that_cannot_be_moved_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    """The working directory, or the one above, under a name that is none: nothing is left beside what was there."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(UsageError):
        publish(Path(folder), {"x": b"1"})
    assert [tmp_path / "here"] == list(tmp_path.rglob("*"))


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_folder_is_not_replaced(tmp_path: Path, kind: str) -> None:
    """A file or a link in its place is somebody's; it stays."""
    target = tmp_path / "t"
    (tmp_path / "elsewhere").mkdir()
    if kind == "file":
        target.write_bytes(b"mine")
    else:
        target.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="t"):
        publish(target, {"x": b"2"})
    assert ("link" == kind) == target.is_symlink()
    assert [] == list((tmp_path / "elsewhere").iterdir())
