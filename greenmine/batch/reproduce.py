"""Reproduction: make a record anew from what is archived of its inputs, and compare byte for byte.

    findings, catalog  ──► the scorer ──────────────────► score.json
    evidence, journals, ──► a temporary workspace ──► the notebook ──► findings, score, report.ipynb, report.html
    panel, catalog

The scorer and the notebook are those of whoever reproduces, never code that lies in the archive; that the archived
notebook holds the same cells shows in the comparison. The readings and the language are read from the archived
notebook's parameters as literals. The catalog is resolved again from its sealed sources; other parameters are taken
from the workspace and the package.

Whether the archive holds what was sealed is for verification to say; here each file that is used is held against its
bag and the bag against the ledger, so that nothing is reproduced from something else.
"""

from __future__ import annotations

import ast
import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from greenmine.archive.bag import Bag, read_bag
from greenmine.archive.engine import engine_digest
from greenmine.archive.layout import Archive
from greenmine.archive.ledger import Ledger
from greenmine.archive.record import FILE_NAME as RECORD
from greenmine.archive.record import BagRef, Record, installed, read_record
from greenmine.archive.redaction import removals
from greenmine.archive.seal import FILES, SUMS
from greenmine.batch.difference import Difference, first_difference
from greenmine.batch.notebook import INJECTED
from greenmine.batch.runner import REPORT, produce
from greenmine.batch.sealing import EARLIER
from greenmine.errors import GreenmineError, IntegrityError, UsageError, shown
from greenmine.evidence.folder import opened, walk
from greenmine.files import parse_json
from greenmine.i18n import gettext as _
from greenmine.scoring import Scorer, canonical
from greenmine.workspace import Workspace

SCORE: Final = "score.json"
FINDINGS: Final = "findings.json"
CATALOG: Final = "catalog.resolved.json"
NOTEBOOK: Final = "report.ipynb"
MADE: Final = (CATALOG, FINDINGS, SCORE, NOTEBOOK, REPORT)
"""What the notebook's run gives, in the order in which one thing follows from another."""

ENGINE: Final = "rescore.pyz"

RESOLVED: Final = ("catalogs", "profiles", "readings")
"""The parameters that a catalog is resolved from, all of which are in its bag."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Software that is another than when the record was made: its name, the version then, and now (empty: none)."""

    name: str
    recorded: str
    installed: str


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What came of it.

    Attributes:
        record: how people call the record: `GM-0001/r1`.
        bag: its path.
        digest: what the ledger holds for it.
        compared: the files that were made anew.
        differences: the first place in each file that is not the same, causes before consequences.
        software: what is of another version than when the record was made.
        total: as recomputed; None where there is none.
    """

    record: str
    bag: str
    digest: str
    compared: tuple[str, ...]
    differences: tuple[Difference, ...]
    software: tuple[Changed, ...]
    total: str | None

    @property
    def same(self) -> bool:
        """Whether every file came out byte for byte."""
        return not self.differences


def reproduce(
    archive: Archive,
    bag: str,
    *,
    workspace: Workspace | None = None,
    notebook: Path | None = None,
    score_only: bool = False,
    progress: bool = False,
) -> Reproduction:
    """Make a record anew and compare.

    Args:
        archive: the archive, or a copy of one; nothing is written to it.
        bag: the path of an assessment's bag.
        workspace: whose notebook and parameters are used; the one around the working directory by default.
        notebook: the notebook to run; the workspace's `notebooks/assessment.ipynb` by default.
        score_only: recompute the score and leave the notebook out.
        progress: whether to draw a progress bar on standard error.

    Raises:
        UsageError: the bag is no assessment in the ledger.
        IntegrityError: the archive is damaged where it is needed; verify it.
    """
    source = _opened(archive, bag)
    record = read_record(_content(source, RECORD), source.place(f"data/{RECORD}"))
    differences, total = _score(source, record)
    compared: tuple[str, ...] = (SCORE,)
    if not score_only:
        with tempfile.TemporaryDirectory(prefix="greenmine-") as scratch:
            room = Workspace(Path(scratch).resolve())
            differences += _lay_out(archive, source, record, room, workspace or Workspace.find())
            path = notebook or (workspace or Workspace.find()).notebook("assessment.ipynb")
            differences += _run(source, record, room, path, progress=progress)
        compared = MADE
    kept = {one.file: one for one in reversed(differences)}
    return Reproduction(
        record=f"{record.mine}/r{record.revision}",
        bag=bag,
        digest=source.digest,
        compared=compared,
        differences=tuple(one for one in dict.fromkeys(differences) if kept[one.file] == one),
        software=_changed(record),
        total=total,
    )


def _opened(archive: Archive, bag: str) -> Bag:
    """Return an assessment's bag, held against the ledger."""
    entry = Ledger(archive).find(bag)
    if entry is None or not bag.startswith("bags/assess/"):
        raise UsageError(_("{bag} is no assessment in the ledger.").format(bag=shown(bag, 200)))
    return _bag(archive, BagRef(bag=bag, tagmanifest=entry.digest))


def _bag(archive: Archive, ref: BagRef) -> Bag:
    found = read_bag(archive.place(ref.bag), removals(archive).absent(ref.bag))
    if found.digest != ref.tagmanifest:
        raise IntegrityError(archive.place(ref.bag), expected=ref.tagmanifest, found=found.digest)
    return found


def _content(bag: Bag, name: str) -> bytes:
    """Return a file of a bag, held against its manifest."""
    path = bag.place(f"data/{name}")
    stated = bag.payload.get(f"data/{name}")
    data = path.read_bytes() if stated else b""
    found = hashlib.sha256(data).hexdigest() if stated else _("no such file")
    if found != stated:
        expected = _("content with the SHA-256 {digest}").format(digest=stated) if stated else _("a readable file")
        raise IntegrityError(path, expected=expected, found=found, hint=_("Verify the record."))
    return data


def _score(bag: Bag, record: Record) -> tuple[list[Difference], str | None]:
    """Recompute the score from the archived findings and catalog; return where it differs, and the total."""
    archived = _content(bag, SCORE)
    findings, catalog = (
        parse_json(_content(bag, name).decode("utf-8", "replace"), bag.place(f"data/{name}"), IntegrityError)
        for name in (FINDINGS, CATALOG)
    )
    try:
        score = Scorer(catalog).score(findings, record.readings)
    except GreenmineError as problem:
        return [Difference(SCORE, "", _("a score"), str(problem))], None
    found = first_difference(SCORE, archived, canonical(score))
    return [found] if found else [], score["total"]


def _lay_out(archive: Archive, bag: Bag, record: Record, room: Workspace, own: Workspace) -> list[Difference]:
    """Put evidence, journals, panel, catalog and earlier assessments where a notebook expects them.

    Returns:
        What is not as it was.
    """
    mine = room.evidence / record.mine
    mine.mkdir(parents=True)
    differences = _evidence(archive, record, mine)
    assessment = mine / "assessments" / record.assessment
    (assessment / "journal").mkdir(parents=True)
    (assessment / "panel.yaml").write_bytes(_content(bag, "panel.yaml"))
    for person in record.journals:
        (assessment / "journal" / f"{person}.jsonl").write_bytes(_content(bag, f"journals/{person}.jsonl"))
    for name in sorted(name for name in bag.payload if name.startswith(f"data/{EARLIER}/")):
        _data, _earlier, other, *inside = name.split("/")
        if other != record.assessment and inside:
            target = mine.joinpath("assessments", other, *inside)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_content(bag, name.removeprefix("data/")))
    others = own.root / "parameters"
    for path in sorted(others.rglob("*.yaml")):
        target = room.root / "parameters" / path.relative_to(others)
        if path.relative_to(others).parts[0] not in RESOLVED:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    sources = _bag(archive, record.catalog)
    for name in sorted(name for name in sources.payload if name.startswith("data/parameters/")):
        target = room.root.joinpath(*name.split("/")[1:])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(_content(sources, name.removeprefix("data/")))
    return differences


def _evidence(archive: Archive, record: Record, mine: Path) -> list[Difference]:
    """Copy the evidence; return the files that are gone or not what was handed in."""
    bag = _bag(archive, record.evidence)
    wanted = {line[66:]: line[:64] for line in _content(bag, SUMS).decode("utf-8", "replace").split("\n") if line}
    files = bag.place(f"data/{FILES}")
    found: dict[str, str] = {}
    for entry in walk(files):
        target = mine.joinpath(*entry.path.split("/"))
        target.parent.mkdir(parents=True, exist_ok=True)
        with opened(files, entry) as stream, target.open("xb") as copy:
            shutil.copyfileobj(stream, copy, 1 << 20)
        with target.open("rb") as copied:
            found[entry.path] = hashlib.file_digest(copied, "sha256").hexdigest()
    taken = removals(archive).digests
    return [
        Difference(f"{FILES}/{name}", "", wanted.get(name, _("nothing")), found.get(name) or _gone(taken, wanted[name]))
        for name in sorted(wanted.keys() | found.keys())
        if wanted.get(name) != found.get(name)
    ]


def _gone(taken: Any, digest: str) -> str:  # noqa: ANN401 - a mapping of text
    if digest in taken:
        return _("nothing: {bag} removed it lawfully").format(bag=taken[digest])
    return _("nothing")


def _run(bag: Bag, record: Record, room: Workspace, notebook: Path, *, progress: bool) -> list[Difference]:
    """Run the notebook in the temporary workspace; return where what it gives is not what is archived."""
    try:
        given = _parameters(_content(bag, NOTEBOOK), bag.place(f"data/{NOTEBOOK}"))
        archived = {name: _content(bag, name) for name in MADE}
        _book, files = produce(
            record.mine,
            workspace=room,
            notebook=notebook,
            progress=progress,
            **{**given, "assessment": record.assessment, "catalog": f"{record.catalog.id}@{record.catalog.version}"},
        )
    except IntegrityError:
        raise
    except GreenmineError as problem:
        return [Difference(NOTEBOOK, "", _("a notebook that ran to its end"), str(problem))]
    found = (first_difference(name, archived[name], files[name]) for name in MADE)
    return [one for one in found if one]


def _parameters(data: bytes, file: Path) -> dict[str, Any]:
    """Return the parameters of an archived notebook besides mine, assessment and catalog; read, never run."""
    try:
        cells = json.loads(data)["cells"]
        (cell,) = [cell for cell in cells if INJECTED in cell["metadata"].get("tags", ())]
        source = cell["source"]
        tree = ast.parse(source if isinstance(source, str) else "".join(source))
        values = {
            statement.targets[0].id: ast.literal_eval(statement.value)
            for statement in tree.body
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
        }
    except (ValueError, LookupError, TypeError, AttributeError, SyntaxError, RecursionError, MemoryError) as problem:
        raise IntegrityError(file, expected=_("a notebook with its parameters"), found=shown(str(problem))) from None
    return {name: value for name, value in values.items() if name not in {"mine", "assessment", "catalog"}}


def _changed(record: Record) -> tuple[Changed, ...]:
    now = installed()
    names = sorted(name for name in {*record.software, *now} if record.software.get(name) != now.get(name))
    changed = [Changed(name, record.software.get(name, ""), now.get(name, "")) for name in names]
    if record.engine.sha256 != engine_digest():
        changed.append(Changed(ENGINE, record.engine.sha256, engine_digest()))
    return tuple(changed)
