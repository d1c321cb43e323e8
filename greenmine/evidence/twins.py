"""Twins: the same file, or nearly the same photo, in several places.

One document may prove several things. But a photo of another mine's pond, or one taken once and handed in for three
indicators, should be seen by an assessor. Files are the same when their digests are; photos are nearly the same when
their fingerprints differ in few bits (`greenmine.evidence.photo.SAME_PHOTO`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from greenmine.evidence.folder import walk
from greenmine.evidence.inventory import Inventory, Item, Progress, is_evidence, read_files
from greenmine.evidence.photo import SAME_PHOTO, distance
from greenmine.evidence.supports import folder_id

_PICTURES: Final = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp", ".gif"})


def same_file(one: Item, other: Item) -> bool:
    """Tell whether two files have the same content; files of no bytes are the same as none."""
    return one.size > 0 and one.sha256 == other.sha256


def same_photo(one: Item, other: Item) -> bool:
    """Tell whether two pictures look the same and are not the same file."""
    if one.phash is None or other.phash is None or same_file(one, other):
        return False
    return distance(one.phash, other.phash) <= SAME_PHOTO


def candidates(mine_dir: Path, inventory: Inventory, progress: Progress | None = None) -> tuple[Item, ...]:
    """Return the files of another mine that may be twins of those in an inventory: of the same size, or pictures.

    Only these are read, so that a mine is compared with hundreds of others without reading all they have.

    Args:
        mine_dir: the folder of the other mine.
        inventory: of the mine that is checked.
        progress: told how many bytes have been read.

    Raises:
        EvidenceError: the other folder is unsafe or cannot be read.
    """
    sizes = {item.size for item in inventory.items if item.size}
    pictures = any(item.phash for item in inventory.items)
    entries = [
        entry
        for entry in walk(mine_dir)
        if is_evidence(entry.path) and (entry.size in sizes or (pictures and _may_be_picture(entry.path)))
    ]
    return tuple(
        Item(
            path=entry.path,
            size=entry.size,
            sha256=digest,
            media_type=media.media_type,
            photo=media.photo,
            phash=media.phash,
            supports=(number,) if (number := folder_id(entry.path)) else (),
        )
        for entry, (digest, media) in zip(entries, read_files(mine_dir, entries, progress), strict=True)
    )


def _may_be_picture(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in _PICTURES


def twins_of(item: Item, others: Iterable[Item]) -> tuple[Sequence[Item], Sequence[Item]]:
    """Return the files that are the same as `item`, and the pictures that look like it, in the order given."""
    same, similar = [], []
    for other in others:
        if same_file(item, other):
            same.append(other)
        elif same_photo(item, other):
            similar.append(other)
    return same, similar
