"""The inventory of a folder that was looked at before: only what has changed since is read again.

For people at work, who open a folder of thousands of files many times a day. What is sealed rests on `take_inventory`
and on the bytes that are copied, never on this. What is known of a file counts as long as its path, size, device,
inode, time of change and time of change of status are the same; a file that changed within the last seconds before it
was read is not remembered, for it could change again without these telling.

A cache is a file of its own in the user's cache folder, outside of the evidence: a line with the SHA-256 of the JSON
that follows. It may be deleted at any time. One that cannot be read, is damaged, was made by another version or holds
anything unexpected is as good as none.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Final, Literal

from platformdirs import user_cache_path
from pydantic import Field, TypeAdapter

from greenmine import __version__
from greenmine.evidence.folder import Entry
from greenmine.evidence.inventory import Inventory, Progress, read_files, take_inventory
from greenmine.evidence.media import FAULTS, Media
from greenmine.files import sha256_hex, write_atomic

SCHEMA: Final = "greenmine.inventory-cache/1"
MAX_BYTES: Final = 64 * 1024 * 1024
SETTLED_NS: Final = 3_000_000_000
"""How long a file must have been at rest to be remembered; some file systems count by two seconds."""

Stamp = tuple[int, int, int, int, int]


@dataclass(frozen=True)
class Known:
    """What is remembered of a file: how it was recognised, its digest, and what it is."""

    stamp: Stamp
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    media: Media


@dataclass(frozen=True)
class Cache:
    """What is remembered of a folder, by the paths of its files."""

    schema: Literal["greenmine.inventory-cache/1"]
    version: str
    folder: str
    files: dict[str, Known]


def cached_inventory(mine_dir: Path, progress: Progress | None = None, folder: Path | None = None) -> Inventory:
    """Return the inventory of a mine's folder, reading only the files that have changed since it was last asked for.

    Args:
        mine_dir: the folder, such as `evidence/GM-0001`.
        progress: told how many bytes of those that have to be read have been.
        folder: where caches are kept; the user's cache folder by default.

    Raises:
        EvidenceError: as `take_inventory` does.
    """
    return take_inventory(mine_dir, progress, partial(_read, folder))


def recent_inventory(mine_dir: Path, progress: Progress | None = None) -> Inventory:
    """Return the inventory of a mine's folder, reading only what has changed since this process last asked for it.

    Nothing is kept on the disk, and only the last folder in memory: it spares who does several things with one mine,
    and the forks of such a process, from reading its files over and over.

    Args:
        mine_dir: the folder, such as `evidence/GM-0001`.
        progress: told how many bytes of those that have to be read have been.

    Raises:
        EvidenceError: as `take_inventory` does.
    """
    return take_inventory(mine_dir, progress, _read_recent)


_recent: dict[str, dict[str, Known]] = {}


def _read_recent(mine_dir: Path, entries: Sequence[Entry], progress: Progress | None) -> list[tuple[str, Media]]:
    folder = str(mine_dir.resolve())
    now, kept = _update(_recent.get(folder, {}), mine_dir, entries, progress)
    _recent.clear()
    _recent[folder] = kept
    return now


def cache_file(mine_dir: Path, folder: Path | None = None) -> Path:
    """Return the file that remembers what is in a mine's folder."""
    base = folder or user_cache_path("greenmine", appauthor=False) / "inventory"
    return base / f"{sha256_hex(str(mine_dir.resolve()).encode(errors='surrogateescape'))}.json"


def _read(
    folder: Path | None, mine_dir: Path, entries: Sequence[Entry], progress: Progress | None
) -> list[tuple[str, Media]]:
    """Return digest and media of files, as `read_files` does, and remember them."""
    path = cache_file(mine_dir, folder)
    known = _load(path, str(mine_dir.resolve()))
    now, kept = _update(known, mine_dir, entries, progress)
    if kept != known:
        _save(path, str(mine_dir.resolve()), kept)
    return now


def _update(
    known: dict[str, Known], mine_dir: Path, entries: Sequence[Entry], progress: Progress | None
) -> tuple[list[tuple[str, Media]], dict[str, Known]]:
    """Return digest and media of files, reading those that are not known, and what is to be remembered."""
    settled = time.time_ns() - SETTLED_NS
    changed = [entry for entry in entries if entry.path not in known or known[entry.path].stamp != _stamp(entry)]
    fresh = {
        entry.path: Known(_stamp(entry), digest, media)
        for entry, (digest, media) in zip(changed, read_files(mine_dir, changed, progress), strict=True)
    }
    now = {entry.path: fresh.get(entry.path) or known[entry.path] for entry in entries}
    kept = {name: one for name, one in now.items() if max(one.stamp[-2:]) < settled}
    return [(one.sha256, one.media) for one in now.values()], kept


def _stamp(entry: Entry) -> Stamp:
    device, inode, modified = entry.identity
    return entry.size, device, inode, modified, entry.changed_ns


@cache
def _form() -> TypeAdapter[Cache]:
    return TypeAdapter(Cache)


def _load(path: Path, folder: str) -> dict[str, Known]:
    """Return what is remembered of a folder; nothing where that is not sure to be what was written."""
    try:
        with path.open("rb") as stream:
            digest, _end, data = stream.read(MAX_BYTES + 1).partition(b"\n")
        if len(data) >= MAX_BYTES or digest.decode() != sha256_hex(data):
            return {}
        found = _form().validate_json(data, strict=True)
    except (OSError, ValueError):
        return {}
    known = all(set(one.media.faults) <= set(FAULTS) for one in found.files.values())
    return found.files if known and (found.version, found.folder) == (__version__, folder) else {}


def _save(path: Path, folder: str, files: dict[str, Known]) -> None:
    """Remember; where that cannot be done, the next time takes as long as the first."""
    with suppress(OSError, ValueError):
        data = _form().dump_json(Cache(SCHEMA, __version__, folder, files))
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(path, f"{sha256_hex(data)}\n".encode() + data)
