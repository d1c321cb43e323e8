"""Catalog bags: whether what they hold resolves to the catalog again, without anything from elsewhere."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest
from sealing import SMALL

from greenmine.archive import refold
from greenmine.archive.layout import Archive
from greenmine.archive.pins import Pins
from greenmine.archive.seal import seal_catalog
from greenmine.archive.sources import read_sources, resolve_sources
from greenmine.archive.verify import verify
from greenmine.catalog import load_catalog
from greenmine.errors import ArchiveError, CatalogError
from greenmine.workspace import Workspace, shared_dir

PROVINCE = "example-province@2025"


@pytest.fixture
def archive(workspace: Path) -> Archive:
    return Archive.open(workspace / "reports", create=True)


def rewrite(archive: Archive, name: str, old: bytes, new: bytes) -> None:
    """Change a file in the only bag, its manifests and the ledger."""
    (bag,) = (archive.bags / "catalog").glob("*/*")
    data = (bag / name).read_bytes()
    assert old in data
    (bag / name).chmod(0o644)
    (bag / name).write_bytes(data.replace(old, new, 1))
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        names = [line[66:] for line in (bag / manifest).read_text("utf-8").splitlines()]
        (bag / manifest).chmod(0o644)
        text = "".join(f"{hashlib.sha256((bag / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
        (bag / manifest).write_text(text, "utf-8")
    digest = hashlib.sha256((bag / "tagmanifest-sha256.txt").read_bytes()).hexdigest().encode()
    archive.ledger.write_bytes(digest + archive.ledger.read_bytes()[64:])


def failures(archive: Archive) -> list[tuple[str, str]]:
    return [(one.check, one.reason) for one in verify(archive, Pins()).failures]


def test_a_profile_is_sealed_with_all_that_it_extends(archive: Archive) -> None:
    """The profile, the national catalog and the readings are in the bag and resolve to it by themselves."""
    sealed = seal_catalog(archive, load_catalog(PROVINCE, Workspace(shared_dir())))
    names = [name for name in sealed.bag.payload if name.startswith("data/parameters/")]
    assert ["catalogs/example-province-2025.yaml", "catalogs/national-2024.yaml", "readings/national.yaml"] == [
        name.removeprefix("data/parameters/") for name in names
    ]
    files = {name.removeprefix("data/"): sealed.bag.place(name).read_bytes() for name in names}
    assert resolve_sources(files, PROVINCE) == sealed.bag.place("data/catalog.resolved.json").read_bytes()
    assert [] == failures(archive)
    del files["parameters/catalogs/national-2024.yaml"]  # the package has it, and is not asked
    with pytest.raises(CatalogError, match="national@2024"):
        resolve_sources(files, PROVINCE)


def test_a_source_that_resolves_to_something_else_is_found(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """An insider who sealed other sources than the catalog's is found, whatever version he says it was."""
    seal_catalog(archive, load_catalog(str(SMALL), Workspace(shared_dir())))
    rewrite(archive, "data/parameters/catalogs/small-1.yaml", b"title: ", b"title: x")
    ((check, reason),) = failures(archive)
    assert "catalog.sources" == check
    assert "title" in reason
    monkeypatch.setattr(refold.greenmine, "__version__", "99")
    ((check, reason),) = failures(archive)
    assert "catalog.sources" == check
    rewrite(archive, "data/parameters/readings/national.yaml", b"id: national", b"id: other")
    assert ["catalog.sources"] == [check for check, _reason in failures(archive)]


def test_a_source_that_changed_since_it_was_read_is_not_sealed(workspace: Path, archive: Archive) -> None:
    """The sources that go into the bag are those that the catalog was read from."""
    path = workspace / "parameters" / "catalogs" / "small-1.yaml"
    path.parent.mkdir()
    shutil.copy(SMALL, path)
    catalog = load_catalog("small@1", Workspace(workspace))
    assert f"parameters/catalogs/{path.name}" in read_sources(catalog)
    for text in (path.read_text("utf-8").replace("title: ", "title: x", 1), "x"):
        path.write_text(text, "utf-8")
        with pytest.raises(ArchiveError, match="small-1"):
            seal_catalog(archive, catalog)
    assert b"" == archive.ledger.read_bytes()
