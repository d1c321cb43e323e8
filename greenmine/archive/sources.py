"""A catalog's sources: every file that it was made of, sealed with it, so that it can be resolved again years later.

In the bag they lie below `data/parameters/` as in a workspace: the catalog or profile, what it extends, the readings.
Resolving takes nothing from elsewhere, neither from a workspace nor from the package.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from greenmine.archive.refold import differs, same_version
from greenmine.archive.tools import scratch
from greenmine.catalog import Catalog, load_catalog
from greenmine.errors import ArchiveError, GreenmineError, IntegrityError, shown
from greenmine.files import canonical_json, parse_json
from greenmine.i18n import gettext as _
from greenmine.workspace import Workspace

FOLDER: Final = "parameters"
RESOLVED: Final = "catalog.resolved.json"


@dataclass(frozen=True)
class _Closed(Workspace):
    """A workspace that holds all there is."""

    def parameter_files(self, kind: str) -> list[Path]:
        """Return the YAML files of one kind of parameters; the package's own are not among them."""
        return sorted((self.root / FOLDER / kind).glob("*.yaml"))


def read_sources(catalog: Catalog) -> dict[str, bytes]:
    """Return the payload of a catalog's bag: the resolved catalog and its sources.

    Raises:
        ArchiveError: a source was changed since the catalog was read.
    """
    files = {f"{FOLDER}/{name}": path.read_bytes() for name, path in sorted(catalog.sources.items())}
    data = canonical_json(catalog.document)
    try:
        again = resolve_sources(files, catalog.ref)
    except GreenmineError as problem:
        raise ArchiveError(catalog.path, expected=_("the catalog as it was read"), found=shown(str(problem))) from None
    if again != data:
        raise ArchiveError(catalog.path, expected=_("the catalog as it was read"), found=_("another one"))
    return {RESOLVED: data, **files}


def resolve_sources(files: Mapping[str, bytes], ref: str) -> bytes:
    """Return the canonical form of the catalog that sources resolve to.

    Args:
        files: content by path below `data/` (`parameters/…`).
        ref: `ID@VERSION`.

    Raises:
        GreenmineError: a source is missing or malformed.
    """
    with scratch() as room:
        for name, data in files.items():
            place = room.joinpath(*name.split("/"))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        return canonical_json(load_catalog(ref, _Closed(room)).document)


def check_sources(sealed: bytes, files: Mapping[str, bytes], ref: str, version: str, file: object) -> None:
    """Make sure that a sealed catalog is what its sources resolve to.

    Args:
        sealed: the resolved catalog.
        files: the sources; see `resolve_sources`.
        ref: `ID@VERSION`.
        version: of the program that sealed it.
        file: what to call it in messages.

    Raises:
        IntegrityError: it is another one, or they cannot be resolved; the first key that differs is named.
    """
    hint, expected = same_version(version), _("the catalog that its sources resolve to")
    try:
        again = resolve_sources(files, ref)
    except GreenmineError as problem:
        raise IntegrityError(file, expected=expected, found=shown(str(problem), 300), hint=hint) from None
    old, new = (parse_json(data.decode(), file, IntegrityError) for data in (sealed, again))
    place = None if sealed == again else differs(old, new, more=bool(hint))
    if place is not None:
        raise IntegrityError(file, _("key {key}").format(key=place), expected=expected, found=_("another"), hint=hint)
