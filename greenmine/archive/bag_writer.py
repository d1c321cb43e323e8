"""Writing a bag: an empty folder is filled, finished, and never written again.

Every file is new, and its digest is taken from what the file system gives back. The system begins to write each file
out at once; `finish` writes the manifests, flushes all files and folders, and reads the bag back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import greenmine
from greenmine.archive.bag import (
    DECLARATION,
    DECLARED,
    INFO,
    LABEL,
    MANIFEST,
    Bag,
    check_name,
    hash_file,
    read_bag,
    render,
)
from greenmine.archive.ledger import TAGMANIFEST
from greenmine.archive.store import Store, Unflushed, refused
from greenmine.errors import ArchiveError, IntegrityError, shown
from greenmine.i18n import gettext as _


class BagWriter:
    """Fills a new bag.

    Args:
        store: how to write to the disk.
        folder: an empty folder.
    """

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._unflushed = Unflushed(store)
        self._folder = folder
        self._digests: dict[str, str] = {}
        self._folders: set[Path] = set()
        self._size = 0

    def add(self, name: str, data: bytes) -> str:
        """Put a payload file into the bag; return its digest.

        Args:
            name: its path below `data/`.
            data: its content.
        """
        path = self._place(name)
        self._store.create(path, data, self._unflushed)
        digest = hashlib.sha256(data).hexdigest()
        self._add(name, digest, len(data))
        if hash_file(path) != (digest, len(data)):
            raise IntegrityError(
                path, expected=_("what was written"), found=_("something else"), hint=_("Check the disk.")
            )
        return digest

    def copy(self, name: str, source: int) -> str:
        """Put the content of an open file into the bag; return the digest of the copy.

        Args:
            name: its path below `data/`.
            source: a descriptor open for reading.
        """
        with refused(name, _("Nothing was sealed.")):  # or who opened the source would take the error for its own
            path = self._place(name)
            self._store.copy(source, path, self._unflushed)
        digest, size = hash_file(path)
        self._add(name, digest, size)
        return digest

    def finish(self, info: Sequence[tuple[str, str]]) -> Bag:
        """Write the tag files, flush everything, read it back; return the bag.

        Args:
            info: the lines of `bag-info.txt`; the program's name and the size of the payload are put before them.

        Raises:
            ArchiveError: a line cannot be written in one line.
            IntegrityError: what is on the disk is not what was written.
        """
        lines = (
            ("Bag-Software-Agent", f"greenmine {greenmine.__version__}"),
            ("Payload-Oxum", f"{self._size}.{len(self._digests)}"),
            *info,
        )
        for label, value in lines:
            if not LABEL.fullmatch(f"{label}: {value}") or not value.isprintable():
                raise ArchiveError(INFO, expected=_("a value on one line"), found=shown(f"{label}: {value}"))
        tags = {
            INFO: "".join(f"{label}: {value}\n" for label, value in lines).encode(),
            DECLARATION: DECLARED,
            MANIFEST: render(self._digests),
        }
        for name, data in tags.items():
            self._store.create(self._folder / name, data, self._unflushed)
        tagged = render({name: hashlib.sha256(data).hexdigest() for name, data in tags.items()})
        self._store.create(self._folder / TAGMANIFEST, tagged, self._unflushed)
        self._unflushed.flush()
        for folder in sorted(self._folders, reverse=True):
            self._store.sync(folder)
        self._store.sync(self._folder)
        return read_bag(self._folder)

    def close(self) -> None:
        """Let go of the files, also where the bag was not finished."""
        self._unflushed.close()

    def _place(self, name: str) -> Path:
        check_name(name)
        *folders, last = f"data/{name}".split("/")
        place = self._folder
        for part in folders:
            place /= part
            if place not in self._folders:
                self._store.mkdir(place)
                self._folders.add(place)
        return place / last

    def _add(self, name: str, digest: str, size: int) -> None:
        self._digests[f"data/{name}"] = digest
        self._size += size
