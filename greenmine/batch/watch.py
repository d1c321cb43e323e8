"""Watching: assess again what has changed since it was last assessed.

A look costs a listing of each mine's folder. Only where sizes, times or names have changed since the last look are the
files read and the key of the job computed (see `greenmine.batch.job`); only where the key is another than that of the
last assessment is the notebook run. A folder that is still changing is left until the next look. What was assessed is
remembered in `.greenmine/watched.json`, which may be deleted at any time: everything is assessed once more then.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from greenmine.assessment.assessment import FOLDER
from greenmine.batch.job import job_key
from greenmine.batch.notebook import ENGINE
from greenmine.batch.runlist import Run
from greenmine.batch.runner import Assessed, assess
from greenmine.errors import GreenmineError
from greenmine.evidence.folder import walk
from greenmine.files import canonical_json, write_atomic
from greenmine.workspace import Workspace

WATCHED: Final = Path(".greenmine", "watched.json")

Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Looked:
    """What came of looking at a mine that has changed.

    Attributes:
        mine: id of the mine.
        assessed: what was assessed; None where it could not be, or everything it follows from is the same.
        problem: why it could not be assessed; None where it could.
    """

    mine: str
    assessed: Assessed | None = None
    problem: GreenmineError | None = None


@dataclass
class Watch:
    """A watch over the mines of a workspace.

    Args:
        workspace: the workspace.
        parameters: of the notebook, besides the mine: `catalog`, `readings`, `lang`.
        mines: ids of the mines to look at; all that have an assessment where it is empty.
        engine: the papermill engine.
    """

    workspace: Workspace
    parameters: Mapping[str, Any]
    mines: Sequence[str] = ()
    engine: str = ENGINE
    _stamps: dict[str, Stamp] = field(default_factory=dict)
    _settling: dict[str, Stamp] = field(default_factory=dict)

    def look(self) -> Iterator[Looked]:
        """Yield what came of each mine that has changed since the last look and is not changing any more."""
        for mine in self.mines or self._all():
            try:
                stamp = _stamp(self.workspace.mine_dir(mine))
            except GreenmineError as problem:
                yield Looked(mine, problem=problem)
                continue
            if stamp == self._stamps.get(mine):
                continue
            if mine in self._stamps and stamp != self._settling.get(mine):
                self._settling[mine] = stamp  # wait until two looks find the same
                continue
            self._settling.pop(mine, None)
            self._stamps[mine] = stamp
            yield self._looked(mine)

    def _all(self) -> list[str]:
        folder = self.workspace.evidence
        return sorted(path.name for path in folder.iterdir() if (path / FOLDER).is_dir()) if folder.is_dir() else []

    def _looked(self, mine: str) -> Looked:
        try:
            key = job_key(self.workspace, Run(0, mine, self.parameters))
            known = self._known()
            if known.get(mine) == key:
                return Looked(mine)
            done = assess(mine, workspace=self.workspace, engine=self.engine, **self.parameters)
        except GreenmineError as problem:
            return Looked(mine, problem=problem)
        write_atomic(self._file(), canonical_json({**known, mine: key}))
        return Looked(mine, done)

    def _file(self) -> Path:
        path = self.workspace.root / WATCHED
        path.parent.mkdir(exist_ok=True)
        return path

    def _known(self) -> dict[str, str]:
        """Return the keys of what was assessed; none where they cannot be read."""
        try:
            found = json.loads(self._file().read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return {str(mine): str(key) for mine, key in found.items()} if isinstance(found, dict) else {}


def _stamp(folder: Path) -> Stamp:
    """Return what tells that something in a folder has changed: names, sizes and times."""
    return tuple((entry.path, entry.size, entry.changed_ns) for entry in walk(folder))
