"""Catalogs by reference: find the file, read it, resolve it, follow what it extends.

A reference is `ID@VERSION`, looked up as `<id>-<version>.yaml` among the catalogs and profiles of the workspace and of
the package, or the path of a YAML file. A profile is resolved on what it extends, and refused where it is weaker than
that without citing a document that allows it. A catalog is read once, and again when any file has changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from greenmine.catalog.model import CatalogFile
from greenmine.catalog.profile import ProfileFile, apply
from greenmine.catalog.readings import ReadingsFile
from greenmine.catalog.resolve import resolve
from greenmine.catalog.strict_yaml import YamlDocument, described, load_yaml, validate
from greenmine.catalog.weaker import Softening, softenings
from greenmine.errors import CatalogError, GreenmineError, UsageError, shown
from greenmine.files import canonical_json, sha256_hex
from greenmine.i18n import gettext as _
from greenmine.workspace import Workspace

CATALOG_SCHEMA: Final = "greenmine.catalog/1"
PROFILE_SCHEMA: Final = "greenmine.profile/1"

_REF: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)@([A-Za-z0-9][A-Za-z0-9._-]*)")


@dataclass(frozen=True)
class Catalog:
    """A resolved catalog.

    Attributes:
        document: the document of schema `greenmine.catalog.resolved/1`; not to be changed.
        sha256: its digest, in hexadecimal: SHA-256 of its RFC 8785 form.
        path: the file it was read from.
        softened: where a profile is or may be weaker than what it extends; empty for a catalog.
        sources: every file that it was made of, by the path it has below a workspace's `parameters/` when it is named
            as it is looked up: itself, the catalogs that it extends, and the readings.
    """

    document: dict[str, Any]
    sha256: str
    path: Path
    softened: tuple[Softening, ...] = ()
    sources: Mapping[str, Path] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def canonical(self) -> bytes:
        """The document in its RFC 8785 form, as it is archived."""
        return canonical_json(self.document)

    @property
    def id(self) -> str:
        """The catalog's id."""
        return str(self.document["id"])

    @property
    def version(self) -> str:
        """The catalog's version."""
        return str(self.document["version"])

    @property
    def ref(self) -> str:
        """The reference, `ID@VERSION`."""
        return f"{self.id}@{self.version}"

    @property
    def title(self) -> str:
        """The official title."""
        return str(self.document["title"])

    @property
    def hypothetical(self) -> bool:
        """Whether the catalog is made up, for examples and plans, and not for a real assessment."""
        return bool(self.document.get("hypothetical"))

    @property
    def line(self) -> str:
        """The points that a mine has to reach (达标线), a decimal string."""
        return str(self.document["line"])


@dataclass(frozen=True)
class Listed:
    """A catalog or profile file of a workspace.

    Attributes:
        path: the file.
        catalog: what is in it; None where it cannot be used.
        problem: why it cannot be used; empty where it can.
    """

    path: Path
    catalog: Catalog | None = None
    problem: str = ""


@dataclass(frozen=True)
class _Read:
    """A catalog with the data it was made of, which a profile's operations work on."""

    catalog: Catalog
    data: dict[str, Any] = field(repr=False)
    readings: dict[str, Any] = field(repr=False)


def digest(document: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hexadecimal, of the RFC 8785 form of a resolved catalog."""
    return sha256_hex(canonical_json(document))


def load_catalog(ref: str, workspace: Workspace) -> Catalog:
    """Return a catalog or profile, validated and resolved.

    Args:
        ref: `ID@VERSION`, or the path of a YAML file.
        workspace: where catalogs, profiles and readings are looked up.

    Raises:
        UsageError: there is no such catalog.
        CatalogError: the file, or one that it extends, does not hold together, or is weaker than what it extends.
    """
    state = _state(workspace)
    before, remembered = _remembered.get((ref, workspace.root), ("", None))
    if remembered is None or before != state:
        remembered = examine_catalog(ref, workspace)
        _refuse_softened(remembered)
        if _REF.fullmatch(ref):
            _remembered[ref, workspace.root] = (state, remembered)
    return remembered


_remembered: dict[tuple[str, Path], tuple[str, Catalog]] = {}
"""The catalogs that were loaded already, by reference and workspace, with what `_state` was then."""


def _state(workspace: Workspace) -> str:
    """Return a digest of every file that a catalog could be made of."""
    total = hashlib.sha256()
    for kind in ("catalogs", "profiles", "readings"):
        for path in workspace.parameter_files(kind):
            with contextlib.suppress(OSError):
                total.update(f"{path}\n{sha256_hex(path.read_bytes())}\n".encode())
    return total.hexdigest()


def examine_catalog(ref: str, workspace: Workspace) -> Catalog:
    """Return a catalog as `load_catalog` does, even a profile that is refused for being weaker than what it extends.

    Raises:
        UsageError: there is no such catalog.
        CatalogError: the file, or one that it extends, does not hold together.
    """
    path = Path(ref)
    if path.suffix.lower() in {".yaml", ".yml"} or not _REF.fullmatch(ref):
        if not ref or not path.exists():
            raise UsageError(_unknown(ref, workspace))
        return _read(path, workspace, ()).catalog
    found = _find(ref, workspace)
    if found is None:
        raise UsageError(_unknown(ref, workspace))
    return _read_ref(ref, found, workspace, ()).catalog


def list_catalogs(workspace: Workspace) -> tuple[Listed, ...]:
    """Return all catalogs and profiles of the workspace and the package, those that cannot be used with the reason."""
    listed = []
    for path in _files(workspace):
        try:
            listed.append(Listed(path, load_catalog(str(path), workspace)))
        except GreenmineError as problem:
            listed.append(Listed(path, problem=str(problem)))
    return tuple(listed)


def _files(workspace: Workspace) -> list[Path]:
    return [*workspace.parameter_files("catalogs"), *workspace.parameter_files("profiles")]


def _find(ref: str, workspace: Workspace) -> Path | None:
    name = ref.replace("@", "-", 1)
    return next((path for path in _files(workspace) if path.stem == name), None)


def _unknown(ref: str, workspace: Workspace) -> str:
    usable = [entry.catalog for entry in list_catalogs(workspace) if entry.catalog]
    misnamed = next((catalog.path for catalog in usable if catalog.ref == ref), None)
    if misnamed is not None:
        text = _(
            "There is no catalog {ref} under that name: {file} holds it, and a catalog is looked up by the name of its "
            "file. Name the file {name}, or give its path."
        )
        return text.format(ref=shown(ref), file=misnamed, name=f"{ref.replace('@', '-', 1)}.yaml")
    names = ", ".join(catalog.ref for catalog in usable) or _("none")
    text = _("There is no catalog {ref}: expected the path of a YAML file, or one of {names}.")
    return text.format(ref=shown(ref), names=names)


def _read_ref(ref: str, path: Path, workspace: Workspace, chain: Sequence[Path]) -> _Read:
    read = _read(path, workspace, chain)
    if read.catalog.ref != ref:
        raise CatalogError(
            path,
            _("keys id and version"),
            expected=_("{ref}, as the file is named").format(ref=ref),
            found=read.catalog.ref,
        )
    return read


def _read(path: Path, workspace: Workspace, chain: Sequence[Path]) -> _Read:
    """Read a catalog or profile; `chain` are the files of the profiles that extend it."""
    document = load_yaml(path, CatalogError)
    schema = document.data.get("schema")
    if schema == CATALOG_SCHEMA:
        readings = _readings(document, workspace)
        catalog = _catalog(document, readings, path)
        texts = {f"readings/{readings.data['id']}.yaml": Path(str(readings.file))}
        return _Read(_with_sources(catalog, texts), document.data, readings.data)
    if schema == PROFILE_SCHEMA:
        return _read_profile(document, path, workspace, chain)
    expected = _("one of {values}").format(values=f"{CATALOG_SCHEMA}, {PROFILE_SCHEMA}")
    raise CatalogError(path, document.place_of(("schema",)), expected=expected, found=described(schema))


def _readings(document: YamlDocument, workspace: Workspace) -> YamlDocument:
    """Return the readings file that a catalog names."""
    name = document.data.get("readings")
    paths = {path.stem: path for path in reversed(workspace.parameter_files("readings"))}
    if not isinstance(name, str) or name not in paths:
        expected = _("one of {values}").format(values=", ".join(sorted(paths)) or _("none"))
        place = document.place_of(("readings",))
        raise CatalogError(document.file, place, expected=expected, found=described(name))
    readings = load_yaml(paths[name], CatalogError)
    if readings.data.get("id") != name:
        expected = _("{ref}, as the file is named").format(ref=name)
        place = readings.place_of(("id",))
        raise CatalogError(paths[name], place, expected=expected, found=described(readings.data.get("id")))
    return readings


def _catalog(document: YamlDocument, readings: YamlDocument, path: Path) -> Catalog:
    resolved = resolve(validate(CatalogFile, document, CatalogError), validate(ReadingsFile, readings, CatalogError))
    return _made(resolved, path)


def _made(document: Mapping[str, Any], path: Path, softened: tuple[Softening, ...] = ()) -> Catalog:
    """Return the catalog whose document is just what its archived form reads as, the order of keys included."""
    data = canonical_json(document)
    return Catalog(json.loads(data), sha256_hex(data), path, softened)


def _with_sources(catalog: Catalog, others: Mapping[str, Path]) -> Catalog:
    return replace(catalog, sources={f"catalogs/{catalog.id}-{catalog.version}.yaml": catalog.path, **others})


def _read_profile(document: YamlDocument, path: Path, workspace: Workspace, chain: Sequence[Path]) -> _Read:
    profile = validate(ProfileFile, document, CatalogError)
    place = document.place_of(("extends",))
    base_path = _find(profile.extends, workspace)
    if base_path is None:
        raise CatalogError(path, place, expected=_("a catalog that is there"), found=shown(profile.extends))
    chain = (*chain, path.resolve())
    if base_path.resolve() in chain:
        found = " → ".join(file.stem for file in (*chain, base_path))
        raise CatalogError(path, place, expected=_("a catalog that does not extend this one"), found=found)
    base = _read_ref(profile.extends, base_path, workspace, chain)
    _refuse_softened(base.catalog)
    tree, readings = apply(profile, document, base.data, base.readings)
    tailored = _catalog(tree, readings, path).document
    own = [
        {"profile": f"{profile.id}@{profile.version}", **operation.model_dump(mode="json", exclude_none=True)}
        for operation in profile.operations
    ]
    located = (
        replace(one, line=0 if one.operation is None else document.line_of(("operations", one.operation, "at")))
        for one in softenings(base.catalog.document, tailored, own)
    )
    softened = tuple(sorted(located, key=lambda one: (one.line == 0, one.line)))
    for softening in softened:
        if softening.operation is not None and softening.level == "weaker":
            own[softening.operation].setdefault("weaker", []).append(softening.code)
    older = base.catalog
    tailored["derived_from"] = [
        *older.document.get("derived_from", ()),
        {"id": older.id, "version": older.version, "sha256": older.sha256},
    ]
    tailored["operations"] = [*older.document.get("operations", ()), *own]
    return _Read(_with_sources(_made(tailored, path, softened), older.sources), tree.data, readings.data)


def _refuse_softened(catalog: Catalog) -> None:
    refused = next((softening for softening in catalog.softened if softening.refused), None)
    if refused is not None:
        base = catalog.document["derived_from"][-1]
        raise CatalogError(
            catalog.path,
            _("line {line}, key {key}").format(line=refused.line, key=refused.at),
            expected=_("nothing weaker than {base}, or a citation").format(base=f"{base['id']}@{base['version']}"),
            found=refused.message,
            hint=_("Cite the document that allows it in the operation's key “citation”."),
        )
