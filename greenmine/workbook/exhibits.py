"""Exhibits: the files of a mine's folder, numbered, and the references that cite them.

Every file gets a number in the order of the inventory. A record cites it by that number and its path, so that on paper,
where nothing can be clicked, a reader still finds the file. Photos come with a thumbnail made from the very bytes that
were digested: a file that has changed since is not shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from greenmine.evidence import Inventory, Item
from greenmine.evidence.locator import Region
from greenmine.i18n import gettext as _
from greenmine.workbook.thumbnail import Thumbnail, thumbnail

PHOTO_TYPES = frozenset(("image/jpeg", "image/png", "image/webp"))
MAX_PHOTO_BYTES = 64 * 1024 * 1024
LARGE, LARGE_LIMIT = 260, 12_000
SMALL, SMALL_LIMIT = 132, 4_000


@dataclass(frozen=True)
class Exhibit:
    """One file of the mine's folder and its number."""

    number: int
    item: Item

    @property
    def photo(self) -> bool:
        """Whether the file is a picture that can be shown."""
        return self.item.media_type in PHOTO_TYPES

    @property
    def name(self) -> str:
        """The name of the file without its folders."""
        return self.item.path.rpartition("/")[2]

    @property
    def taken(self) -> str:
        """When the photo says it was taken; empty where it does not say."""
        taken = self.item.photo.taken if self.item.photo else None
        return taken.isoformat(" ", "minutes") if taken else ""

    @property
    def particulars(self) -> list[str]:
        """What the list of evidence and the file itself say of it, beyond its name."""
        item = self.item
        title = "" if item.title == PurePosixPath(item.path).stem else item.title
        until = _("valid until {date}").format(date=item.valid_until) if item.valid_until else ""
        return [str(part) for part in (title, self.position, item.issuer, item.issued_on, until) if part]

    @property
    def position(self) -> str:
        """Where the photo says it was taken, to some ten metres; empty where it does not say."""
        photo = self.item.photo
        if photo is None or photo.latitude is None or photo.longitude is None:
            return ""
        return f"{photo.latitude:.4f}, {photo.longitude:.4f}"


@dataclass(frozen=True)
class Citation:
    """One evidence reference as the report shows it.

    Attributes:
        reference: the reference as recorded.
        exhibit: the file; None where there is no such file.
        place: the place in the file, in words; empty for the whole file.
        region: the part of a picture; None for all of it.
    """

    reference: str
    exhibit: Exhibit | None
    place: str = ""
    region: Region | None = None


class Exhibits:
    """The numbered files of a mine's folder.

    Args:
        folder: the mine's folder.
        inventory: its inventory; numbers follow its order, from 1.
        citing: what cites each reference: reference to the ids of indicators and prerequisites.
    """

    def __init__(self, folder: Path, inventory: Inventory, citing: Mapping[str, Iterable[str]]) -> None:
        self._folder = folder
        self._inventory = inventory
        self.all = tuple(Exhibit(number, item) for number, item in enumerate(inventory.items, 1))
        self._by_path = {exhibit.item.path: exhibit for exhibit in self.all}
        self._pictures: dict[tuple[str, Region | None, int], Thumbnail | None] = {}
        self._used_by: dict[str, list[str]] = {}
        for reference, ids in citing.items():
            exhibit = self.cite(reference).exhibit
            if exhibit is not None:
                self._used_by.setdefault(exhibit.item.path, []).extend(ids)

    def cite(self, reference: str) -> Citation:
        """Return how a reference is shown."""
        item = self._inventory.find(reference)
        exhibit = None if item is None else self._by_path.get(item.path)
        if exhibit is None:
            return Citation(reference, None)
        found = self._inventory.parse(reference)
        if found.page is not None:
            return Citation(reference, exhibit, _("page {number}").format(number=found.page))
        return Citation(reference, exhibit, _("a part of the picture") if found.region else "", found.region)

    def supports(self, exhibit: Exhibit) -> tuple[str, ...]:
        """Return the ids that a file supports, by its folder, the list of evidence or a record."""
        found = {*exhibit.item.supports, *self._used_by.get(exhibit.item.path, ())}
        return tuple(sorted(found, key=lambda key: (key.isdigit(), int(key) if key.isdigit() else 0, key)))

    def picture(self, exhibit: Exhibit, region: Region | None = None, *, large: bool = False) -> Thumbnail | None:
        """Return the thumbnail of a photo; None when it cannot be shown or has changed since it was digested."""
        side, limit = (LARGE, LARGE_LIMIT) if large else (SMALL, SMALL_LIMIT)
        key = (exhibit.item.sha256, region, side)
        if key not in self._pictures:
            data = self._read(exhibit.item)
            self._pictures[key] = None if data is None else thumbnail(data, side, limit, region)
        return self._pictures[key]

    def _read(self, item: Item) -> bytes | None:
        if item.size > MAX_PHOTO_BYTES:
            return None
        try:
            data = (self._folder / item.path).read_bytes()
        except OSError:
            return None
        return data if hashlib.sha256(data).hexdigest() == item.sha256 else None
