"""The record."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sealing import NOON, small_catalog

from greenmine import i18n
from greenmine.archive.engine import engine_digest
from greenmine.archive.layout import assessment_bag, catalog_bag, evidence_bag
from greenmine.archive.record import BagRef, Record, draft_record, installed, journal_heads, read_record
from greenmine.errors import ArchiveError, IntegrityError

EID = "ab" * 32
DIGEST = "cd" * 32


def draft(**changes: Any) -> Record:
    catalog = small_catalog()
    arguments: dict[str, Any] = {
        "mine": "GM-0001",
        "assessment": "2026-self",
        "revision": 1,
        "catalog": catalog,
        "catalog_bag": BagRef(bag=catalog_bag(catalog.id, catalog.version, catalog.sha256), tagmanifest=DIGEST),
        "evidence_bag": BagRef(bag=evidence_bag(EID), tagmanifest=DIGEST),
        "readings": {"na_fold": "category"},
        "journals": {"E1": DIGEST},
        "sealed_on": NOON,
        **changes,
    }
    return draft_record(**arguments)


def test_a_record_reads_back_as_it_was_drafted() -> None:
    """The canonical form is read to the same record, also one that supersedes another."""
    ref = BagRef(bag=assessment_bag("GM-0001", 1), tagmanifest=DIGEST)
    for record in (draft(), draft(revision=2, supersedes=ref, reason="更正")):
        assert record == read_record(record.canonical())
    assert (EID, engine_digest(), "2026-06-30T12:00:00Z") == (
        record.evidence.eid,
        record.engine.sha256,
        record.sealed_on,
    )


def test_two_records_of_the_same_differ_in_the_nonce_only() -> None:
    """Nobody can guess a record from its digest; a given nonce gives the same bytes."""
    first, second = draft(), draft()
    assert first.nonce != second.nonce
    assert first.model_copy(update={"nonce": second.nonce}) == second
    assert draft(nonce=b"x" * 16).canonical() == draft(nonce=b"x" * 16).canonical()


@pytest.mark.parametrize(
    "changes",
    [
        {"mine": "../x"},
        {"mine": ""},
        {"assessment": "a b"},
        {"revision": 0},
        {"reason": "no revision to supersede"},
        {"supersedes": BagRef(bag=assessment_bag("GM-0001", 1), tagmanifest=DIGEST)},
        {"nonce": b"short"},
        {"journals": {"../E1": DIGEST}},
        {"journals": {"E1": "x"}},
    ],
)
def test_what_is_no_record_cannot_be_drafted(changes: dict[str, Any]) -> None:
    """Ids that lead elsewhere, a reason without a revision, a short nonce are refused."""
    with pytest.raises(ArchiveError) as caught:
        draft(**changes)
    assert not isinstance(caught.value, IntegrityError)


def _set(key: str, value: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda document: document.update({key: value})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_set("revision", "1"), "revision"),
        (_set("revision", 1.0), "revision"),
        (_set("more", 1), "more"),
        (_set("schema", "greenmine.record/2"), "schema"),
        (_set("sealed_on", "2026-06-31T00:00:00Z"), "sealed_on"),
        (_set("sealed_on", "2026-06-30"), "sealed_on"),
        (lambda document: document.pop("nonce"), "nonce"),
        (lambda document: document["evidence"].update(bag="bags/assess/../../etc"), "evidence.bag"),
        (lambda document: document["catalog"].update(sha256=DIGEST + "\n"), "catalog.sha256"),
    ],
)
def test_a_record_is_read_strictly(change: Callable[[dict[str, Any]], Any], named: str) -> None:
    """A key missing, added or of another form is named."""
    i18n.use("en")
    document = json.loads(draft().canonical())
    change(document)
    data = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    with pytest.raises(IntegrityError, match=named):
        read_record(data)


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"\xff", b"{", b'{"a":1,"a":1}', b'"x"'])
def test_what_is_no_document_is_refused(data: bytes) -> None:
    """Broken JSON, another encoding and another kind of document are one error each."""
    with pytest.raises(IntegrityError):
        read_record(data)


def test_another_form_of_the_same_document_is_refused() -> None:
    """Spaces or another order of keys are not what was sealed."""
    with pytest.raises(IntegrityError):
        read_record(json.dumps(json.loads(draft().canonical()), indent=1).encode())


def test_the_software_is_that_which_makes_reports() -> None:
    """Python, this program and what renders notebooks are named with their versions."""
    assert {"python", "greenmine", "nbconvert", "jinja2"} <= installed().keys()
    assert draft().software == installed()


def test_without_entries_there_are_no_heads() -> None:
    """Nobody recorded anything: nobody is named."""
    assert {} == journal_heads(())
