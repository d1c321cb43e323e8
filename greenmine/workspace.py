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
        `evidence/`, else `start` itself.

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
        for folder in (here, *here.parents):
            if (folder / "parameters").is_dir() and (folder / "evidence").is_dir():
                return cls(folder)
        return cls(here)

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
            for path in sorted(folder.rglob("*.yaml")):
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
