"""Publish a folder of results so that a reader finds the old ones or the new ones, whole, and never half of each.

The files are written into a folder beside the target and flushed to disk; then the two change places. What others put
into the target meanwhile (a scan of the signed pages, say) is not ours to delete and moves along.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from greenmine.errors import UsageError, shown
from greenmine.files import refusal, sync_directory
from greenmine.i18n import gettext as _


def publish(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put files into a folder, all of them or none.

    Args:
        folder: the target; it is made, with the folders above it, where it is not there.
        files: content by name.

    Raises:
        UsageError: the folder cannot be written; it is then as it was.
    """
    try:
        _publish(folder, files)
    except OSError as problem:
        raise UsageError(
            _("{path} cannot be written: {reason}. Nothing was kept of it.").format(
                path=shown(str(folder), limit=200), reason=refusal(problem)
            )
        ) from None


def _publish(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.", suffix=".tmp"))
    try:
        for name, data in files.items():
            _write(building / name, data)
        sync_directory(building)
        building.chmod(0o755)
        _exchange(folder, building, set(files))
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _exchange(folder: Path, building: Path, ours: set[str]) -> None:
    """Put `building` in the place of `folder`; on failure the old folder is back where it was."""
    if not folder.is_symlink() and not folder.exists():
        building.rename(folder)
        sync_directory(folder.parent)
        return
    if folder.is_symlink() or not folder.is_dir():
        raise NotADirectoryError(None, _("something that is no folder is in its place"))
    old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.", suffix=".old"))
    try:
        folder.rename(old / "was")
    except BaseException:
        old.rmdir()
        raise
    try:
        building.rename(folder)
    except BaseException:
        (old / "was").rename(folder)
        old.rmdir()
        raise
    for left in sorted((old / "was").iterdir()):
        if left.name not in ours:
            left.rename(folder / left.name)
    sync_directory(folder)
    sync_directory(folder.parent)
    shutil.rmtree(old)
