"""The inventory: every file a mine has handed in, its digest, what it is, and what it is meant to support.

`take_inventory` reads a mine's folder once. Each file is opened once, digested and looked into through the same
descriptor, several at a time; the result does not depend on which is done first. Not evidence themselves are
`mine.yaml`, the list of evidence, `assessments/`, and what systems leave behind (`is_litter`).

The manifest has a line for each file handed in, in the format of `sha256sum`, in order of the paths; `mine.yaml` and
the list are in it too, for what they say is part of what was handed in. Its own SHA-256 is the inventory's digest.
"""

from __future__ import annotations

import contextvars
import datetime as dt
import hashlib
import io
import os
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

from greenmine.errors import EvidenceError
from greenmine.evidence import listing, profile
from greenmine.evidence.folder import Entry, opened, walk
from greenmine.evidence.listing import Row, read_listing
from greenmine.evidence.locator import Reference, parse_reference, path_key
from greenmine.evidence.media import UNKNOWN, Media, inspect_file
from greenmine.evidence.photo import Photo
from greenmine.evidence.supports import folder_id
from greenmine.i18n import gettext as _

ASSESSMENTS: Final = "assessments"
CHUNK: Final = 1024 * 1024
MAX_WORKERS: Final = 8
WORTH_THREADS: Final = 8 * 1024 * 1024
"""So many bytes are read by several threads; for fewer, starting them takes longer than it saves."""

Progress = Callable[[int, int], None]
"""Called with the bytes read so far and the bytes there are, from any thread but never from two at once."""

Reader = Callable[[Path, Sequence[Entry], Progress | None], list[tuple[str, Media]]]
"""Returns digest and media of files, as `read_files` does."""

_LITTER: Final = frozenset({".ds_store", "thumbs.db", "desktop.ini", ".directory"})
_LITTER_FOLDERS: Final = frozenset({"__macosx", ".ipynb_checkpoints", ".git", ".trashes", "$recycle.bin"})


@dataclass(frozen=True)
class Item:
    """A file that a mine has handed in as evidence.

    Attributes:
        path: relative to the mine's folder, with `/`.
        size: in bytes.
        sha256: digest of its content, in hexadecimal.
        media_type: its type by content, such as `application/pdf`.
        pages: number of pages of a PDF; None for other files and where it cannot be read.
        encrypted: whether it is a PDF that needs a password.
        photo: what a picture's file says of it; None for other files and where it cannot be read.
        phash: the fingerprint of a picture, in hexadecimal; None where it has none.
        supports: ids of what it is meant to support: first by its folder's number, then by the list; each once.
        title: by the list.
        issuer: by the list.
        issued_on: by the list.
        valid_until: by the list: the last day it is valid; None where it does not say or does not end.
        faults: what is wrong with it, codes out of `greenmine.evidence.media.FAULTS`.
        listed: where the list speaks of it; empty where it does not.
    """

    path: str
    size: int
    sha256: str
    media_type: str
    pages: int | None = None
    encrypted: bool = False
    photo: Photo | None = None
    phash: str | None = None
    supports: tuple[str, ...] = ()
    title: str = ""
    issuer: str = ""
    issued_on: dt.date | None = None
    valid_until: dt.date | None = None
    faults: tuple[str, ...] = ()
    listed: str = ""


@dataclass(frozen=True)
class Inventory:
    """The files of a mine's folder.

    Attributes:
        items: the evidence, in order of the paths.
        missing: rows of the list whose file is not there, in order of the list.
        manifest: `sha256sum` lines of everything handed in.
        sha256: digest of the manifest.
    """

    items: tuple[Item, ...]
    missing: tuple[Row, ...] = ()
    manifest: str = ""
    _by_key: Mapping[str, Item] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_key", {path_key(item.path): item for item in self.items})

    @property
    def sha256(self) -> str:
        """SHA-256 of the manifest, in hexadecimal."""
        return hashlib.sha256(self.manifest.encode()).hexdigest()

    def find(self, reference: str) -> Item | None:
        """Return the file that a reference names, whatever place in it; None where there is no such file."""
        return self._by_key.get(path_key(self.parse(reference).path))

    def parse(self, reference: str) -> Reference:
        """Return the file and the place that a reference names; the file need not be there."""
        return parse_reference(reference, lambda path: path_key(path) in self._by_key)


def take_inventory(mine_dir: Path, progress: Progress | None = None, reader: Reader | None = None) -> Inventory:
    """Return the inventory of a mine's folder.

    Args:
        mine_dir: the folder, such as `evidence/GM-0001`.
        progress: told how many bytes have been read.
        reader: what reads the files: `read_files` by default, which reads them all.

    Raises:
        EvidenceError: the folder is unsafe, too large or cannot be read, or its list of evidence is malformed.
    """
    entries = [entry for entry in walk(mine_dir) if _is_handed_in(entry.path)]
    rows = _listed(mine_dir, entries)
    found = (reader or read_files)(mine_dir, entries, progress)
    kept = [(entry, digest, media) for entry, (digest, media) in zip(entries, found, strict=True)]
    items = tuple(
        _item(entry, digest, media, rows.get(path_key(entry.path)))
        for entry, digest, media in kept
        if is_evidence(entry.path)
    )
    there = {path_key(item.path) for item in items}
    return Inventory(
        items,
        tuple(row for key, row in rows.items() if key not in there),
        "".join(f"{digest}  {entry.path}\n" for entry, digest, _media in kept),
    )


def recall_inventory(manifest: str, lists: Mapping[str, bytes]) -> Inventory:
    """Return what a manifest tells of an inventory: which files there were, and what each supports.

    Args:
        manifest: `sha256sum` lines of everything handed in.
        lists: the content of the list of evidence, by its name; empty where there was none.

    Raises:
        EvidenceError: the list is malformed.
    """
    sums = [(line[66:], line[:64]) for line in manifest.split("\n") if line]
    rows: dict[str, Row] = {}
    for name, data in lists.items():
        rows |= read_listing(io.BytesIO(data), name, name)
    items = (
        _item(Entry(path, 0, (0, 0, 0)), digest, Media(UNKNOWN), rows.get(path_key(path)))
        for path, digest in sums
        if is_evidence(path)
    )
    return Inventory(tuple(items), manifest=manifest)


def is_litter(path: str) -> bool:
    """Tell whether a file is what a system or program leaves behind: folder views, thumbnails, locks, checkpoints."""
    *folders, name = path.lower().split("/")
    return name in _LITTER or name.startswith(("~$", "._")) or not _LITTER_FOLDERS.isdisjoint(folders)


def is_evidence(path: str) -> bool:
    """Tell whether a file is evidence: handed in, and neither the profile nor the list of evidence."""
    return _is_handed_in(path) and path != profile.FILE_NAME and path.lower() not in listing.FILE_NAMES


def _is_handed_in(path: str) -> bool:
    return not path.startswith(f"{ASSESSMENTS}/") and not is_litter(path)


def _listed(mine_dir: Path, entries: Sequence[Entry]) -> dict[str, Row]:
    """Return the rows of the list of evidence; none where there is no list."""
    lists = [entry for entry in entries if entry.path.lower() in listing.FILE_NAMES]
    if len(lists) > 1:
        raise EvidenceError(
            mine_dir,
            expected=_("one list of evidence"),
            found=_("two: {names}").format(names=", ".join(entry.path for entry in lists)),
            hint=_("Keep the one that is right."),
        )
    for entry in lists:
        with opened(mine_dir, entry) as stream:
            return read_listing(stream, entry.path, f"{mine_dir.as_posix()}/{entry.path}")
    return {}


def _item(entry: Entry, digest: str, media: Media, row: Row | None) -> Item:
    number = folder_id(entry.path)
    supports = (*((number,) if number else ()), *(row.supports if row else ()))
    return Item(
        path=entry.path,
        size=entry.size,
        sha256=digest,
        media_type=media.media_type,
        pages=media.pages,
        encrypted=media.encrypted,
        photo=media.photo,
        phash=media.phash,
        supports=tuple(dict.fromkeys(supports)),
        title=row.title if row else "",
        issuer=row.issuer if row else "",
        issued_on=row.issued_on if row else None,
        valid_until=row.valid_until if row else None,
        faults=media.faults,
        listed=row.place if row else "",
    )


def read_files(mine_dir: Path, entries: Sequence[Entry], progress: Progress | None = None) -> list[tuple[str, Media]]:
    """Return digest and media of files, in the order given, several read at a time.

    Args:
        mine_dir: the folder given to `walk`.
        entries: files that `walk` found in it.
        progress: told how many bytes have been read.

    Raises:
        EvidenceError: a file cannot be read or changes meanwhile; of several the first in order is named.
    """
    counter = _Counter(sum(entry.size for entry in entries), progress)

    def read(entry: Entry) -> tuple[str, Media]:
        with opened(mine_dir, entry) as stream:
            return _digest(stream, counter), inspect_file(stream, entry.path)

    return _of_each(read, entries)


def _digest(stream: BinaryIO, counter: _Counter) -> str:
    digest = hashlib.sha256()
    while chunk := stream.read(CHUNK):
        digest.update(chunk)
        counter.add(len(chunk))
    return digest.hexdigest()


class _Counter:
    """Counts bytes for all threads."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._total, self._progress = total, progress
        self._done = 0
        self._lock = threading.Lock()

    def add(self, number: int) -> None:
        if self._progress is None:
            return
        with self._lock:
            self._done += number
            self._progress(self._done, self._total)


def _of_each(function: Callable[[Entry], Any], entries: Sequence[Entry]) -> list[Any]:
    """Apply a function to each entry, in threads where that is worth it; the first error in order is raised.

    Decoders warn of what is odd in a file. Filters of warnings belong to the whole process, so they are silenced here,
    once, for all threads.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if sum(entry.size for entry in entries) < WORTH_THREADS:
            return [function(entry) for entry in entries]
        return _at_once(function, entries)


def _at_once(function: Callable[[Entry], Any], entries: Sequence[Entry]) -> list[Any]:
    """Apply a function to each entry in threads that speak the caller's language."""
    with ThreadPoolExecutor(min(MAX_WORKERS, os.cpu_count() or 1), "inventory") as pool:
        futures = [pool.submit(contextvars.copy_context().run, function, entry) for entry in entries]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
