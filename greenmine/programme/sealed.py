"""What a sealed assessment holds, for those who decide on the strength of it."""

from __future__ import annotations

from typing import Any

from greenmine.archive.bag import check_payload, read_manifests
from greenmine.archive.layout import Archive, kind_of
from greenmine.archive.ledger import Ledger
from greenmine.archive.selection import record_name
from greenmine.archive.withdrawal import withdrawn
from greenmine.errors import UsageError, shown
from greenmine.files import read_json
from greenmine.i18n import gettext as _


def archived(archive: Archive, bag: str, name: str) -> dict[str, Any]:
    """Return a document of a sealed assessment, checked against the ledger.

    Args:
        archive: where.
        bag: the path of the assessment's bag.
        name: of the file: `score.json`, `findings.json`, `catalog.resolved.json`.

    Raises:
        UsageError: the ledger names no such assessment, or it was withdrawn.
        IntegrityError: it is not what was sealed.
    """
    entries = Ledger(archive).read()
    entry = next((one for one in entries if one.bag == bag and kind_of(bag) == "assess"), None)
    if entry is None:
        raise UsageError(_("The ledger names no assessment {name}.").format(name=shown(bag)))
    if entry.digest in withdrawn(entries):
        raise UsageError(_("{record} is withdrawn: nothing can rest on it.").format(record=record_name(bag)))
    sealed = read_manifests(archive.place(bag), entry.digest)
    check_payload(sealed, [f"data/{name}"])
    document: dict[str, Any] = read_json(sealed.place(f"data/{name}"))
    return document


def withdrawn_records(archive: Archive) -> frozenset[str]:
    """Return the bags of the assessments that were withdrawn; none where nothing was ever sealed.

    Raises:
        IntegrityError: the ledger is malformed.
    """
    if not archive.ledger.exists():
        return frozenset()
    entries = Ledger(archive).read()
    gone = withdrawn(entries)
    return frozenset(entry.bag for entry in entries if entry.digest in gone)
