"""Signatures over catalogs: an authority says which rules are in force.

What is signed is the line that the catalog's bag has in the ledger; it fixes the resolved catalog and its sources. The
bag itself stays as it is: line and signature are a bag of their own, so that a signature cannot be taken away, and the
checkpoints over it prove since when it exists. Anybody can check it:

    grep -F bags/catalog/national/2024- ledger | cmp - bags/signature/<digest>/r1/data/catalog.sums
    ssh-keygen -Y verify … -I <authority> -n greenmine-catalog -s …/data/catalog.sig < …/data/catalog.sums
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from greenmine.archive.bag_writer import BagWriter
from greenmine.archive.layout import Archive, kind_of, signature_bag
from greenmine.archive.ledger import Ledger, LedgerEntry
from greenmine.archive.signature import Signature, Trust, Verified, parse_signature, sign_trusted
from greenmine.archive.signers import CATALOG
from greenmine.archive.staging import SealedBag, seal_bag
from greenmine.errors import ArchiveError, IntegrityError, UsageError, shown
from greenmine.files import refusal
from greenmine.i18n import gettext as _

LINE: Final = "catalog.sums"
SIGNATURE: Final = "catalog.sig"


def sign_catalog(
    archive: Archive, bag: str, key: Path, trust: Trust | None = None
) -> tuple[SealedBag, Verified | None]:
    """Sign the bag of a catalog, and seal the signature; return its bag, and by whom it is where that is known.

    Args:
        archive: where.
        bag: the path of the catalog's bag.
        key: the authority's private key.
        trust: whose signatures count: the signature is checked by it before it is sealed.

    Raises:
        UsageError: the key cannot sign, is not trusted for catalogs, or has signed already.
        ArchiveError: there is no such catalog in the ledger, or the archive cannot take it.
    """
    entry = Ledger(archive).find(bag)
    if entry is None or kind_of(bag) != "catalog":
        raise ArchiveError(archive.ledger, expected=_("the bag of a catalog"), found=shown(bag, 200))
    line = entry.line + b"\n"
    signature, verified = sign_trusted(line, key, CATALOG, trust)
    if any(one.key == signature.key for _path, one in signatures_of(archive, entry)):
        raise UsageError(_("{key} has signed {bag} already.").format(key=signature.fingerprint, bag=bag))

    def fill(writer: BagWriter) -> None:
        writer.add(LINE, line)
        writer.add(SIGNATURE, signature.data)

    while True:
        number = max(archive.signatures(entry.digest), default=0) + 1
        try:
            return seal_bag(archive, signature_bag(entry.digest, number), fill), verified
        except FileExistsError:  # somebody else's came first
            continue


def signatures_of(archive: Archive, entry: LedgerEntry) -> tuple[tuple[str, Signature], ...]:
    """Return the signatures over a catalog's bag, each with its own bag; none of them is checked.

    Raises:
        IntegrityError: one cannot be read.
    """
    found = []
    for bag in over(entry.digest, (one.bag for one in Ledger(archive).read())):
        place = archive.place(bag) / "data" / SIGNATURE
        try:
            found.append((bag, parse_signature(place.read_bytes(), place)))
        except OSError as problem:
            raise IntegrityError(place, expected=_("a readable file"), found=refusal(problem)) from None
    return tuple(found)


def over(digest: str, bags: Iterable[str]) -> tuple[str, ...]:
    """Return those bags that hold signatures over the catalog bag with a digest."""
    return tuple(bag for bag in bags if bag.startswith(f"bags/signature/{digest}/"))


def signed_entry(line: bytes, bag: str, entries: Iterable[LedgerEntry], file: object) -> LedgerEntry:
    """Return the catalog's entry that a signature is about.

    Args:
        line: what was signed.
        bag: the signature's bag.
        entries: those of the ledger, before the signature's own.
        file: what to call the line in messages.

    Raises:
        IntegrityError: it is none.
    """
    digest = bag.split("/")[2]
    found = next((one for one in entries if one.digest == digest and kind_of(one.bag) == "catalog"), None)
    if found is None or line != found.line + b"\n":
        raise IntegrityError(
            file, expected=_("the line of a catalog in the ledger"), found=shown(line.decode("utf-8", "replace"), 200)
        )
    return found
