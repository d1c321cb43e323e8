"""The workspace: the folder with `parameters/`, `evidence/`, `notebooks/` and `reports/` that a person works in.

A workspace is found upwards from the working directory (or named by `GREENMINE_WORKSPACE`). What it does not hold
itself, catalogs for instance, is taken from the copies that come with the package.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from greenmine.errors import UsageError, shown
from greenmine.i18n import gettext as _

_ID = re.compile(r"[A-Za-z0-9._-]+")


def is_id(text: str) -> bool:
    """Tell whether `text` may be the id of a mine or an assessment: letters, digits, `.`, `_`, `-`, no dots only."""
    return bool(_ID.fullmatch(text)) and text.strip(".") != ""


def shared_dir() -> Path:
    """Return the folder of the notebooks, parameters and demo evidence that come with the package."""
    package = Path(__file__).parent
    packed = package / "_share"
    return packed if packed.is_dir() else package.parent


@dataclass(frozen=True)
class Workspace:
    """A workspace folder.

    Attributes:
        root: the folder itself.
    """

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Workspace:
        """Return the workspace around `start` (the working directory by default).

        It is `GREENMINE_WORKSPACE` where that is set, else the nearest folder upwards that holds `parameters/` and
        `evidence/`, else `start` itself. A folder in the `evidence/` of a workspace is none: what a mine hands in does
        not decide by which parameters the mine is judged.

        Raises:
            UsageError: `GREENMINE_WORKSPACE` names no folder.
        """
        named = os.environ.get("GREENMINE_WORKSPACE")
        if named:
            if not Path(named).is_dir():
                raise UsageError(
                    _("GREENMINE_WORKSPACE names {path}, which is no folder.").format(path=shown(named, 200))
                )
            return cls(Path(named).resolve())
        here = (start or Path.cwd()).resolve()
        found: Path | None = None
        for folder in (here, *here.parents):
            if cls(folder).is_complete and (found is None or found.is_relative_to(folder / "evidence")):
                found = folder
        return cls(found or here)

    @classmethod
    def around(cls, place: str, *, writing: bool = False) -> Workspace:
        """Return the workspace of a mine or file that a person names, wherever the person stands.

        It is that of `find` where `place` is the id of a mine there, else the one around the path `place`, else, where
        the path lies in none, that of `find`.

        Args:
            place: the id of a mine, or the path of a mine's folder or of a file.
            writing: whether something is to be written to `reports/`, which only a workspace has.

        Raises:
            UsageError: `GREENMINE_WORKSPACE` names no folder, or there is no workspace to write to.
        """
        found = cls.find()
        named = bool(os.environ.get("GREENMINE_WORKSPACE"))
        by_id = is_id(place) and (found.evidence / place).is_dir()
        if place and not named and not by_id and Path(place).exists():
            other = cls.find(Path(place).resolve().parent)
            found = other if other.is_complete else found
        if writing and not named and not found.is_complete:
            raise UsageError(
                _(
                    "There is no workspace around {place} nor around the working directory: expected a folder with "
                    "parameters/ and evidence/, as “greenmine init” lays out, or its path in GREENMINE_WORKSPACE."
                ).format(place=shown(place, 200))
            )
        return found

    @property
    def is_complete(self) -> bool:
        """Whether the folder holds what makes it a workspace, `parameters/` and `evidence/`."""
        return (self.root / "parameters").is_dir() and (self.root / "evidence").is_dir()

    @property
    def evidence(self) -> Path:
        """The folder with one folder per mine."""
        return self.root / "evidence"

    @property
    def reports(self) -> Path:
        """The folder that reports are written to."""
        return self.root / "reports"

    def parameter_files(self, kind: str) -> list[Path]:
        """Return the YAML files of one kind of parameters (`catalogs`, `profiles`, `readings` …).

        The workspace's own come first, then those of the package that the workspace does not hold under the same
        name; each group in order of its path.
        """
        found: dict[str, Path] = {}
        for base in (self.root, shared_dir()):
            folder = base / "parameters" / kind
            walked = ((here, name) for here, _folders, names in os.walk(folder) for name in names)
            for path in sorted(Path(here, name) for here, name in walked if name.endswith(".yaml")):
                found.setdefault(path.relative_to(folder).as_posix(), path)
        return list(found.values())

    def notebook(self, name: str) -> Path:
        """Return the path of a notebook, the workspace's own before the package's."""
        own = self.root / "notebooks" / name
        return own if own.is_file() else shared_dir() / "notebooks" / name

    def mine_dir(self, mine: str) -> Path:
        """Return the folder of a mine named by its id or by the path of its folder.

        Raises:
            UsageError: there is no such folder, or its name is not an id.
        """
        folder = self.evidence / mine if is_id(mine) and (self.evidence / mine).is_dir() else Path(mine)
        if not mine or not folder.is_dir():
            raise UsageError(
                _("There is no mine {mine}: expected an id under {evidence} or the path of a mine's folder.").format(
                    mine=shown(mine), evidence=self.evidence
                )
            )
        if not is_id(folder.resolve().name):
            raise UsageError(
                _("{folder}: a mine's id holds letters, digits, '.', '_' and '-' only.").format(
                    folder=shown(str(folder))
                )
            )
        return folder
