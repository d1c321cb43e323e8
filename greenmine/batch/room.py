"""A room: a temporary workspace in which what an archive holds of a mine lies where a notebook expects it.

    evidence, journals, panel ──► evidence/<mine>/          each file held against its bag, the bag against the ledger
    catalog, with what it extends ──► parameters/           other parameters are those of the workspace and the package

Whether the archive holds what was sealed is for verification to say; here nothing is made from something else.
"""

from __future__ import annotations

import ast
import hashlib
import json
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

from greenmine.archive.bag import Bag, read_bag
from greenmine.archive.layout import Archive
from greenmine.archive.ledger import Ledger
from greenmine.archive.record import FILE_NAME as RECORD
from greenmine.archive.record import BagRef, CatalogRef, Record, read_record
from greenmine.archive.redaction import removals
from greenmine.archive.refold import ASKED, MAPPING
from greenmine.archive.seal import FILES, SUMS
from greenmine.batch.difference import Difference
from greenmine.batch.notebook import INJECTED, NOTEBOOK
from greenmine.batch.sealing import EARLIER
from greenmine.catalog.mapping import mapping_name
from greenmine.errors import IntegrityError, UsageError, shown
from greenmine.evidence.folder import opened, walk
from greenmine.files import parse_json
from greenmine.i18n import gettext as _
from greenmine.workspace import Workspace

RESOLVED: Final = ("catalogs", "profiles", "readings", "mappings")
"""The parameters that a catalog is resolved from and carried over by; the archive holds those that were used."""


def open_record(archive: Archive, bag: str) -> Bag:
    """Return an assessment's bag, held against the ledger."""
    entry = Ledger(archive).find(bag)
    if entry is None or not bag.startswith("bags/assess/"):
        raise UsageError(_("{bag} is no assessment in the ledger.").format(bag=shown(bag, 200)))
    return sealed_bag(archive, BagRef(bag=bag, tagmanifest=entry.digest))


def sealed_bag(archive: Archive, ref: BagRef) -> Bag:
    """Return a bag that a record refers to, held against the reference.

    Raises:
        IntegrityError: it is another one, or damaged.
    """
    found = read_bag(archive.place(ref.bag), removals(archive).absent(ref.bag))
    if found.digest != ref.tagmanifest:
        raise IntegrityError(archive.place(ref.bag), expected=ref.tagmanifest, found=found.digest)
    return found


def content(bag: Bag, name: str) -> bytes:
    """Return a file of a bag, held against its manifest."""
    path = bag.place(f"data/{name}")
    stated = bag.payload.get(f"data/{name}")
    data = path.read_bytes() if stated else b""
    found = hashlib.sha256(data).hexdigest() if stated else _("no such file")
    if found != stated:
        expected = _("content with the SHA-256 {digest}").format(digest=stated) if stated else _("a readable file")
        raise IntegrityError(path, expected=expected, found=found, hint=_("Verify the record."))
    return data


def lay_out(archive: Archive, bag: Bag, record: Record, room: Workspace, own: Workspace) -> list[Difference]:
    """Put evidence, journals, panel, catalog and earlier assessments where a notebook expects them.

    Returns:
        What is not as it was.
    """
    mine = room.evidence / record.mine
    mine.mkdir(parents=True)
    differences = _evidence(archive, record, mine)
    assessment = mine / "assessments" / record.assessment
    (assessment / "journal").mkdir(parents=True)
    (assessment / "panel.yaml").write_bytes(content(bag, "panel.yaml"))
    for person in record.journals:
        (assessment / "journal" / f"{person}.jsonl").write_bytes(content(bag, f"journals/{person}.jsonl"))
    for name in sorted(name for name in bag.payload if name.startswith(f"data/{EARLIER}/")):
        _data, _earlier, other, *inside = name.split("/")
        if other != record.assessment and inside:
            target = mine.joinpath("assessments", other, *inside)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content(bag, name.removeprefix("data/")))
    add_parameters(own, room, without=RESOLVED)
    for ref in (record.catalog, *_older_catalog(archive, bag, record)):
        sources = sealed_bag(archive, ref)
        for name in sorted(name for name in sources.payload if name.startswith("data/parameters/")):
            target = room.root.joinpath(*name.split("/")[1:])
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content(sources, name.removeprefix("data/")))
    if f"data/{MAPPING}" in bag.payload:
        data = content(bag, MAPPING)
        target = room.root / "parameters" / "mappings" / _mapping_name(data, bag.place(f"data/{MAPPING}"))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return differences


def recorded(archive: Archive, bag: str) -> tuple[Bag, Record]:
    """Return the record in which people recorded the facts of a record: itself, or the one they were carried over from.

    Args:
        archive: the archive.
        bag: the path of the record's bag.

    Raises:
        UsageError: the bag is no assessment in the ledger.
        IntegrityError: a record is damaged.
    """
    found = open_record(archive, bag)
    record = read_record(content(found, RECORD), found.place(f"data/{RECORD}"))
    while f"data/{MAPPING}" in found.payload and record.supersedes is not None:
        found = sealed_bag(archive, record.supersedes)
        record = read_record(content(found, RECORD), found.place(f"data/{RECORD}"))
    return found, record


def add_parameters(own: Workspace, room: Workspace, without: Collection[str] = ()) -> None:
    """Copy a workspace's parameters into a room, but for those that are there already.

    Args:
        own: the workspace.
        room: where to.
        without: kinds that are left out: `catalogs`, `profiles`, `readings`, `mappings` …
    """
    others = own.root / "parameters"
    for path in sorted(others.rglob("*.yaml")):
        target = room.root / "parameters" / path.relative_to(others)
        if path.relative_to(others).parts[0] not in without and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def _mapping_name(data: bytes, file: Path) -> str:
    mapping = parse_json(data.decode("utf-8", "replace"), file, IntegrityError)
    try:
        return mapping_name(mapping["from"], mapping["to"])
    except (TypeError, KeyError, AttributeError):
        raise IntegrityError(file, expected=_("a mapping set"), found=shown(str(mapping))) from None


def _older_catalog(archive: Archive, bag: Bag, record: Record) -> Iterator[CatalogRef]:
    """Yield the catalog that a record's facts were recorded by, where it is another one: that of a revision before."""
    if f"data/{MAPPING}" not in bag.payload:
        return
    carried_from = parameters_of(bag).get("carried_from")
    while record.supersedes is not None:
        before = sealed_bag(archive, record.supersedes)
        record = read_record(content(before, RECORD), before.place(f"data/{RECORD}"))
        if f"{record.catalog.id}@{record.catalog.version}" == carried_from:
            yield record.catalog
            return


def _evidence(archive: Archive, record: Record, mine: Path) -> list[Difference]:
    """Copy the evidence; return the files that are gone or not what was handed in.

    In the place of a file that was removed lawfully stands an empty one: that it was handed in still counts.
    """
    bag = sealed_bag(archive, record.evidence)
    wanted = {line[66:]: line[:64] for line in content(bag, SUMS).decode("utf-8", "replace").split("\n") if line}
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
    for name in wanted.keys() - found.keys():
        if wanted[name] in taken and name.lower() not in ASKED:
            target = mine.joinpath(*name.split("/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
    return [
        Difference(f"{FILES}/{name}", "", wanted.get(name, _("nothing")), found.get(name) or _gone(taken, wanted[name]))
        for name in sorted(wanted.keys() | found.keys())
        if wanted.get(name) != found.get(name)
    ]


def _gone(taken: Any, digest: str) -> str:  # noqa: ANN401 - a mapping of text
    if digest in taken:
        return _("nothing: {bag} removed it lawfully").format(bag=taken[digest])
    return _("nothing")


def parameters_of(bag: Bag) -> dict[str, Any]:
    """Return the parameters of an archived notebook besides mine, assessment and catalog; read, never run.

    Raises:
        IntegrityError: the file is not what the manifest says, or no notebook with parameters.
    """
    return read_parameters(content(bag, NOTEBOOK), bag.place(f"data/{NOTEBOOK}"))


def read_parameters(data: bytes, file: Path) -> dict[str, Any]:
    """Return the parameters in the bytes of an archived notebook, as `parameters_of` does."""
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
        raise IntegrityError(file, expected=_("a notebook with its parameters"), found=_("another one")) from problem
    return {name: value for name, value in values.items() if name not in {"mine", "assessment", "catalog"}}
