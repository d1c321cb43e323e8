"""Sealing any bag: build it aside, move it to its place, enter it in the ledger, and only then say that it is there.

1. in `staging/`, on the same file system, each file is new and flushed, then each folder; the bag is read back;
2. the bag is renamed to its place, which fails if something is there; the folders above it are flushed;
3. its line is appended to the ledger and flushed (see `greenmine.archive.ledger`).

A crash before 2 leaves something in `staging/`, a crash before 3 a bag that is not in the ledger; `greenmine recover`
deals with both. Whoever builds a bag claims its folder as long as the process lives, so that a recovery leaves what is
being worked on alone.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from greenmine.archive.bag import Bag, check_payload, read_bag
from greenmine.archive.bag_writer import BagWriter
from greenmine.archive.layout import Archive
from greenmine.archive.ledger import Ledger, LedgerEntry
from greenmine.archive.lock import claim, release
from greenmine.archive.record import BagRef
from greenmine.archive.store import refused
from greenmine.errors import ArchiveError, IntegrityError
from greenmine.files import refusal
from greenmine.i18n import gettext as _

TRIES: Final = 20


@dataclass(frozen=True)
class SealedBag:
    """A bag that is in the ledger.

    Attributes:
        entry: its line.
        bag: what is in it.
        new: whether it was sealed by this call; false where it was there already.
    """

    entry: LedgerEntry
    bag: Bag
    new: bool

    @property
    def path(self) -> str:
        """Its path, relative to the root."""
        return self.entry.bag

    @property
    def digest(self) -> str:
        """SHA-256 of its tag manifest."""
        return self.entry.digest

    @property
    def ref(self) -> BagRef:
        """The reference to it that records hold."""
        return BagRef(bag=self.path, tagmanifest=self.digest)


def seal_bag(
    archive: Archive, path: str, fill: Callable[[BagWriter], None], info: Sequence[tuple[str, str]] = ()
) -> SealedBag:
    """Seal a bag; when this returns, bag and line are on the disk.

    Args:
        archive: where.
        path: of the bag, relative to the root; nothing may be there.
        fill: puts the payload into the bag.
        info: lines of `bag-info.txt` besides those that every bag has.

    Raises:
        FileExistsError: a bag is there.
        ArchiveError: the disk is full or refuses something else. Before the bag was at its place nothing is left of
            it; after that, `greenmine recover` enters it in the ledger.
        IntegrityError: what is on the disk is not what was written, or the ledger was tampered with.
    """
    place = archive.place(path)
    if os.path.lexists(place):
        raise FileExistsError(place)
    with _staged(archive, path) as folder:
        with refused(folder, _("Nothing was sealed.")):
            with closing(BagWriter(archive.store, folder)) as writer:
                fill(writer)
                bag = writer.finish([("External-Identifier", path), *info])
            archive.store.make_folder(place.parent)
        _move(archive, folder, place)
        with refused(place, _("The bag is whole but not in the ledger; run greenmine recover.")):
            flush_above(archive, place)
            archive.store.sync(archive.staging)
            entry = Ledger(archive).append([(bag.digest, path)])[0]
    return SealedBag(entry, Bag(place, bag.digest, bag.payload, bag.info), new=True)


def _move(archive: Archive, folder: Path, place: Path) -> None:
    try:
        archive.store.rename(folder, place)
    except FileExistsError:
        raise
    except OSError as problem:
        reason = refusal(problem)
        hint = _("Nothing was sealed.")
        raise ArchiveError(place, expected=_("a disk that takes the record"), found=reason, hint=hint) from problem


def flush_above(archive: Archive, place: Path) -> None:
    """Flush the folders above a bag, up to `bags/`."""
    for folder in place.parents:
        archive.store.sync(folder)
        if folder == archive.bags:
            break


def adopt(archive: Archive, path: str, absent: Collection[str] = ()) -> SealedBag | None:
    """Return the bag at a place, and make sure that it is in the ledger; None where nothing is there.

    Args:
        archive: where.
        path: of the bag, relative to the root.
        absent: payload files that were lawfully removed from it.

    Raises:
        IntegrityError: the bag is damaged, or the ledger names it with another digest.
        ArchiveError: the ledger cannot be written.
    """
    place = archive.place(path)
    if not os.path.lexists(place):
        return None
    bag = read_bag(place, absent)
    entry = Ledger(archive).find(path)
    if entry is not None and entry.digest != bag.digest:
        raise IntegrityError(
            place,
            expected=_("the tag manifest with the SHA-256 {digest}").format(digest=entry.digest),
            found=bag.digest,
            hint=_("The bag was changed after it was sealed."),
        )
    if entry is None:
        check_payload(bag)
        with refused(place):
            flush_above(archive, place)
            entry = Ledger(archive).append([(bag.digest, path)])[0]
    return SealedBag(entry, bag, new=False)


@contextmanager
def _staged(archive: Archive, path: str) -> Iterator[Path]:
    """Make and claim a folder in `staging/`; what is left of it in the end is removed."""
    folder, handle = _claimed(archive, "-".join(path.split("/")[1:]))
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        release(handle)


def _claimed(archive: Archive, name: str) -> tuple[Path, int]:
    """Make a folder and claim it; a recovery that comes between the two gets the folder, and another one is made."""
    for _try in range(TRIES):
        folder = archive.staging / f"{name}.{os.getpid()}.{secrets.token_hex(4)}"
        with refused(folder, _("Nothing was sealed.")):
            archive.store.mkdir(folder)
            try:
                handle = claim(folder)
            except FileNotFoundError:
                handle = None
        if handle is not None:
            return folder, handle
    raise ArchiveError(
        archive.staging, expected=_("a folder that stays"), found=_("one that is taken away at once"), hint=""
    )
