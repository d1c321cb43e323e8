"""Redactions: the lawful removal of a file from sealed evidence, without breaking anything else.

A redaction is a bag of its own. It names the evidence bag, the files with their digests, who removed them, when, on
what ground; it may hold signatures over that document. Only when it is in the ledger are the files removed, so that a
crash leaves a removal that is entered and not carried out, which `greenmine recover` completes. The evidence bag keeps
its manifests; whoever checks it accepts exactly the absence of what is named. A removed file is not sealed again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import secrets
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from greenmine.archive.bag import check_name, check_payload, read_bag
from greenmine.archive.bag_writer import BagWriter
from greenmine.archive.layout import Archive, evidence_bag, redaction_bag
from greenmine.archive.ledger import Ledger
from greenmine.archive.record import BagRef, Digest, Frozen, Nonce, Text, Time, read_document, time_text, validated
from greenmine.archive.staging import SealedBag, seal_bag
from greenmine.archive.store import refused
from greenmine.errors import ArchiveError, IntegrityError, shown
from greenmine.i18n import gettext as _

SCHEMA: Final = "greenmine.redaction/1"
FILE_NAME: Final = "redaction.json"

_EMPTY: Final = hashlib.sha256(b"").hexdigest()


class Removed(Frozen):
    """A file that is removed.

    Attributes:
        path: in the evidence bag, `data/files/…`.
        sha256: of what it held.
    """

    path: Annotated[str, StringConstraints(pattern=r"^data/files/", max_length=4000)]
    sha256: Digest


class Redaction(Frozen):
    """What is removed, and why.

    Attributes:
        schema_: `greenmine.redaction/1`.
        evidence: the evidence bag.
        removed: the files.
        reason: the ground, such as the decision that orders it.
        by: who is responsible.
        on: when the document was drafted, UTC.
        nonce: 16 random bytes, in hexadecimal.
    """

    schema_: Literal["greenmine.redaction/1"] = Field(default=SCHEMA, alias="schema")
    evidence: BagRef
    removed: list[Removed] = Field(min_length=1)
    reason: Text
    by: Text
    on: Time
    nonce: Nonce


@dataclass(frozen=True)
class Removals:
    """Everything that the ledger says was removed.

    Attributes:
        files: by evidence bag, the payload files (`data/files/…`) that may be absent.
        digests: by digest of a removed file, the redaction that removed it.
    """

    files: Mapping[str, frozenset[str]] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)

    def absent(self, bag: str) -> frozenset[str]:
        """Return the payload files of an evidence bag that may be absent."""
        return self.files.get(bag, frozenset())


def draft_redaction(
    archive: Archive,
    eid: str,
    paths: Collection[str],
    *,
    reason: str,
    by: str,
    on: dt.datetime,
    nonce: bytes | None = None,
) -> Redaction:
    """Return the document of a removal, to be signed and sealed.

    Args:
        archive: where the evidence is.
        eid: the id of the evidence.
        paths: the files, as the mine handed them in (relative to its folder).
        reason: the ground.
        by: who is responsible.
        on: the time, with its zone.
        nonce: 16 random bytes; taken from the system by default.

    Raises:
        ArchiveError: there is no such evidence or file, or reason or name is missing.
        IntegrityError: the evidence bag is damaged.
    """
    bag = evidence_bag(eid)
    entry = Ledger(archive).find(bag)
    if entry is None:
        raise ArchiveError(bag, expected=_("evidence that is in the ledger"), found=_("none"))
    absent = removals(archive).absent(bag)
    payload = read_bag(archive.place(bag), absent).payload
    names = {path: f"data/files/{path}" for path in dict.fromkeys(paths)}
    for path, name in names.items():
        if name not in payload:
            raise ArchiveError(bag, expected=_("a file of the evidence"), found=shown(path))
        if name in absent:
            found = _("{file}, which was removed already").format(file=shown(path))
            raise ArchiveError(bag, expected=_("a file that is there"), found=found)
    document = {
        "schema": SCHEMA,
        "evidence": {"bag": bag, "tagmanifest": entry.digest},
        "removed": [{"path": name, "sha256": payload[name]} for name in sorted(names.values())],
        "reason": reason,
        "by": by,
        "on": time_text(on),
        "nonce": (secrets.token_bytes(16) if nonce is None else nonce).hex(),
    }
    return validated(Redaction, document, FILE_NAME, ArchiveError)


def redact(archive: Archive, redaction: Redaction, attest: Mapping[str, bytes] | None = None) -> SealedBag:
    """Seal a redaction, then remove the files it names.

    Args:
        archive: where.
        redaction: what `draft_redaction` returned.
        attest: signatures over its canonical form, by file name.

    Raises:
        ArchiveError: the archive cannot take it. If it was sealed and a file could not be removed, the message says
            so and `greenmine recover` removes it.
        IntegrityError: the evidence is not what the redaction says.
    """
    eid = redaction.evidence.bag.rpartition("/")[2]
    _check(archive, redaction)

    def fill(writer: BagWriter) -> None:
        writer.add(FILE_NAME, redaction.canonical())
        for name, data in sorted((attest or {}).items()):
            check_name(name)
            writer.add(f"attest/{name}", data)

    info = [("Bagging-Date", redaction.on[:10])]
    while True:
        number = max(archive.redactions(eid), default=0) + 1
        try:
            sealed = seal_bag(archive, redaction_bag(eid, number), fill, info)
        except FileExistsError:  # somebody else's redaction came first
            continue
        break
    carry_out(archive, redaction)
    return sealed


def _check(archive: Archive, redaction: Redaction) -> None:
    """Make sure that a redaction speaks of what is in the archive."""
    ref = redaction.evidence
    entry = Ledger(archive).find(ref.bag)
    if entry is None or entry.digest != ref.tagmanifest:
        raise ArchiveError(ref.bag, expected=_("evidence that is in the ledger"), found=_("none"))
    payload = read_bag(archive.place(ref.bag), removals(archive).absent(ref.bag)).payload
    for one in redaction.removed:
        if payload.get(one.path) != one.sha256:
            raise IntegrityError(
                archive.place(ref.bag) / one.path,
                expected=_("content with the SHA-256 {digest}").format(digest=one.sha256),
                found=payload.get(one.path, _("none")),
            )


def carry_out(archive: Archive, redaction: Redaction) -> tuple[str, ...]:
    """Remove the files that a sealed redaction names and that are still there; return their paths in the bag.

    Raises:
        ArchiveError: a file cannot be removed.
    """
    folder = archive.place(redaction.evidence.bag)
    removed = []
    with refused(folder, _("The redaction is sealed; run greenmine recover to remove the rest.")):
        for one in redaction.removed:
            check_name(one.path)
            place = folder.joinpath(*one.path.split("/"))
            if os.path.lexists(place):
                archive.store.unlink(place)
                removed.append(one.path)
        for parent in {folder.joinpath(*path.split("/")).parent for path in removed}:
            with suppress(FileNotFoundError):
                archive.store.sync(parent)
    return tuple(removed)


def sealed_redactions(archive: Archive) -> tuple[tuple[str, Redaction], ...]:
    """Return the redactions in the ledger, each with the path of its bag, in the ledger's order.

    Raises:
        IntegrityError: the ledger or a redaction is malformed, or speaks of another evidence than its place does.
    """
    sealed = Ledger(archive).scan().under("bags/redaction/")
    return tuple((entry.bag, read_redaction(archive, entry.bag, entry.digest)) for entry in sealed)


def read_redaction(archive: Archive, path: str, digest: str) -> Redaction:
    """Return a redaction; its document is checked down from the digest of its bag's tag manifest.

    Raises:
        IntegrityError: it is not what was sealed, or speaks of another evidence than its place does.
    """
    bag = read_bag(archive.place(path))
    place = bag.place(f"data/{FILE_NAME}")
    if bag.digest != digest:
        raise IntegrityError(
            bag.path, expected=digest, found=bag.digest, hint=_("The bag was changed after it was sealed.")
        )
    check_payload(bag)
    if f"data/{FILE_NAME}" not in bag.payload:
        raise IntegrityError(place, expected=_("a file that the manifest names"), found=_("no such file"))
    redaction = read_document(Redaction, place.read_bytes(), place)
    eid = path.split("/")[2]
    if redaction.evidence.bag != evidence_bag(eid):
        raise IntegrityError(place, expected=evidence_bag(eid), found=redaction.evidence.bag)
    return redaction


def removals(archive: Archive) -> Removals:
    """Return everything that redactions in the ledger removed.

    Raises:
        IntegrityError: the ledger or a redaction is malformed.
    """
    files: dict[str, set[str]] = {}
    digests: dict[str, str] = {}
    for path, redaction in sealed_redactions(archive):
        files.setdefault(redaction.evidence.bag, set()).update(one.path for one in redaction.removed)
        for one in redaction.removed:
            if one.sha256 != _EMPTY:  # an empty file tells nothing, and many are alike
                digests.setdefault(one.sha256, path)
    return Removals({bag: frozenset(names) for bag, names in files.items()}, digests)


def copies(archive: Archive, sha256: str) -> tuple[tuple[str, str], ...]:
    """Return where else in sealed evidence a file with this content is: bag and payload file, in the ledger's order.

    Raises:
        IntegrityError: the ledger or an evidence bag is malformed.
    """
    taken = removals(archive)
    found: list[tuple[str, str]] = []
    for entry in Ledger(archive).scan().under("bags/evidence/"):
        absent = taken.absent(entry.bag)
        payload = read_bag(archive.place(entry.bag), absent).payload
        found.extend((entry.bag, name) for name, digest in payload.items() if digest == sha256 and name not in absent)
    return tuple(found)
