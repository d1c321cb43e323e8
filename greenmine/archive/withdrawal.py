"""Withdrawals: a sealed record that nobody is to rely on any more.

A withdrawal is a bag of its own, beside the record, which stays as it is: `withdrawal.json` names the record by the
digest that the ledger holds for it, and who withdrew it, when and why; `attest/withdrawal.sig` is a signature over that
document. It is in the ledger like everything else, so that it cannot be taken back unseen. A later revision takes the
withdrawn record's place.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from greenmine.archive.bag_writer import BagWriter
from greenmine.archive.layout import Archive, kind_of, withdrawal_bag
from greenmine.archive.ledger import Ledger, LedgerEntry
from greenmine.archive.record import BagRef, Frozen, Nonce, Text, Time, read_document, time_text, validated
from greenmine.archive.signature import Trust, sign_trusted
from greenmine.archive.signers import WITHDRAWAL
from greenmine.archive.staging import SealedBag, seal_bag
from greenmine.errors import ArchiveError, IntegrityError, UsageError, shown
from greenmine.i18n import gettext as _

SCHEMA: Final = "greenmine.withdrawal/1"
FILE_NAME: Final = "withdrawal.json"


class Withdrawal(Frozen):
    """What is withdrawn, and why.

    Attributes:
        schema_: `greenmine.withdrawal/1`.
        record: the assessment's bag.
        reason: the ground, such as the decision that orders it.
        by: who is responsible.
        on: when the document was drafted, UTC.
        nonce: 16 random bytes, in hexadecimal.
    """

    schema_: Literal["greenmine.withdrawal/1"] = Field(default=SCHEMA, alias="schema")
    record: BagRef
    reason: Text
    by: Text
    on: Time
    nonce: Nonce


def withdrawn(entries: Iterable[LedgerEntry]) -> dict[str, str]:
    """Return the records that are withdrawn: the digest in the ledger of each → the bag of its first withdrawal."""
    found: dict[str, str] = {}
    for entry in entries:
        if kind_of(entry.bag) == "withdrawal":
            found.setdefault(entry.bag.split("/")[2], entry.bag)
    return found


def withdraw(
    archive: Archive,
    bag: str,
    *,
    reason: str,
    by: str,
    on: dt.datetime,
    key: Path | None = None,
    trust: Trust | None = None,
) -> SealedBag:
    """Seal the withdrawal of a record; return its bag.

    Args:
        archive: where.
        bag: the path of the record's bag.
        reason: the ground.
        by: who is responsible.
        on: the time, with its zone.
        key: the private key of who is responsible; unsigned where there is none.
        trust: whose signatures count: the signature is checked by it before it is sealed.

    Raises:
        UsageError: the record is withdrawn already, or the key cannot sign or is not trusted for it.
        ArchiveError: there is no such record in the ledger, a text is missing, or the archive cannot take it.
    """
    entries = Ledger(archive).read()
    entry = next((one for one in entries if one.bag == bag and kind_of(bag) == "assess"), None)
    if entry is None:
        raise ArchiveError(archive.ledger, expected=_("the bag of an assessment"), found=shown(bag, 200))
    if entry.digest in withdrawn(entries):
        text = _("{record} is withdrawn already, by {bag}.")
        raise UsageError(text.format(record=bag, bag=withdrawn(entries)[entry.digest]))
    document = {
        "schema": SCHEMA,
        "record": {"bag": bag, "tagmanifest": entry.digest},
        "reason": reason,
        "by": by,
        "on": time_text(on),
        "nonce": secrets.token_hex(16),
    }
    data = validated(Withdrawal, document, FILE_NAME, ArchiveError).canonical()
    signature = sign_trusted(data, key, WITHDRAWAL, trust)[0].data if key is not None else b""

    def fill(writer: BagWriter) -> None:
        writer.add(FILE_NAME, data)
        if signature:
            writer.add("attest/withdrawal.sig", signature)

    while True:
        number = max(archive.withdrawals(entry.digest), default=0) + 1
        try:
            return seal_bag(archive, withdrawal_bag(entry.digest, number), fill, [("Bagging-Date", time_text(on)[:10])])
        except FileExistsError:  # somebody else's came first
            continue


def read_withdrawal(data: bytes, bag: str, entries: Iterable[LedgerEntry], file: object) -> Withdrawal:
    """Return a withdrawal, after making sure that it is about a record in the ledger.

    Args:
        data: the document.
        bag: the path of its bag.
        entries: those of the ledger before its own.
        file: what to call the document in messages.

    Raises:
        IntegrityError: it is none, or about something else than its place says.
    """
    found = read_document(Withdrawal, data, file)
    ref = found.record
    known = any((one.bag, one.digest) == (ref.bag, ref.tagmanifest) for one in entries if kind_of(one.bag) == "assess")
    if not known or bag.split("/")[2] != ref.tagmanifest:
        raise IntegrityError(file, "record", expected=_("a record entered before"), found=shown(ref.bag, 200))
    return found
