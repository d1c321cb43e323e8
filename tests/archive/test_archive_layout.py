"""The layout of an archive."""

from __future__ import annotations

from pathlib import Path

import pytest

from greenmine import i18n
from greenmine.archive.layout import (
    DEFAULT_ORIGIN,
    Archive,
    assessment_bag,
    catalog_bag,
    evidence_bag,
    kind_of,
    redaction_bag,
)
from greenmine.errors import ArchiveError

EID = "ab" * 32


def test_an_archive_is_made_once_and_completed_later(tmp_path: Path) -> None:
    """Creating lays out the folders and an empty ledger; creating again adds what is missing and changes nothing."""
    archive = Archive.open(tmp_path / "reports", create=True)
    assert b"" == archive.ledger.read_bytes()
    archive.ledger.write_bytes(b"kept")
    archive.inbox.rmdir()
    again = Archive.open(tmp_path / "reports", create=True)
    assert archive == again
    assert b"kept" == again.ledger.read_bytes()
    assert all(path.is_dir() for path in (again.inbox, again.staging, again.quarantine, again.bags, again.trust))


def test_a_folder_without_a_ledger_is_no_archive(tmp_path: Path) -> None:
    """Opening what is no archive says so and makes nothing."""
    i18n.use("en")
    with pytest.raises(ArchiveError, match="an archive: a folder with a ledger"):
        Archive.open(tmp_path)
    assert [] == list(tmp_path.iterdir())


def test_a_network_file_system_is_refused_for_writing_and_accepted_for_reading(tmp_path: Path) -> None:
    """A live archive may not lie on NFS; an auditor may read a copy there."""
    i18n.use("en")
    Archive.open(tmp_path / "reports", create=True)
    table = tmp_path / "mountinfo"
    table.write_text(f"22 1 0:50 / {tmp_path} rw - nfs4 server:/export rw\n")
    for create in (False, True):
        with pytest.raises(ArchiveError, match="nfs4"):
            Archive.open(tmp_path / "reports", create=create, mounts=table)
    assert Archive.open(tmp_path / "reports", read_only=True, mounts=table).ledger.is_file()


def test_the_origin_is_the_configured_one(tmp_path: Path) -> None:
    """Without a configuration an archive has no name of its own; a name of another form is refused with its place."""
    i18n.use("en")
    archive = Archive.open(tmp_path / "reports", create=True)
    assert DEFAULT_ORIGIN == archive.origin
    archive.config.write_text("origin: greenmine/GD\n")
    assert "greenmine/GD" == archive.origin
    archive.config.write_text('origin: "green mine"\n')
    with pytest.raises(ArchiveError, match="line 1"):
        _ = archive.origin


@pytest.mark.parametrize(
    ("bag", "kind"),
    [
        (evidence_bag(EID), "evidence"),
        (catalog_bag("national", "2024", EID), "catalog"),
        (assessment_bag("GM-0001", 12), "assess"),
        (redaction_bag(EID, 1), "redaction"),
        (f"bags/evidence/ac/{EID}", ""),
        ("bags/assess/GM-0001/r0", ""),
        ("bags/assess/GM-0001/r01", ""),
        ("bags/assess/../r1", ""),
        ("bags/assess//r1", ""),
        ("bags/assess/GM-0001/r1/data", ""),
        ("/bags/assess/GM-0001/r1", ""),
        ("bags/assess/矿山/r1", ""),
        ("bags/other/GM-0001/r1", ""),
        ("bags/catalog/national/2024", ""),
    ],
)
def test_only_the_place_of_a_bag_is_the_path_of_a_bag(bag: str, kind: str) -> None:
    """Every other path, above all one that leads elsewhere, is none."""
    assert kind == kind_of(bag)


@pytest.mark.parametrize("mine", ["..", "", "a/b", "矿"])
def test_a_mine_with_another_name_gets_no_bag(mine: str) -> None:
    """An id that is none is refused where a path would be made of it."""
    with pytest.raises(ArchiveError):
        assessment_bag(mine, 1)


def test_revisions_are_counted_by_number(tmp_path: Path) -> None:
    """r10 comes after r9, and what is no revision is passed over."""
    archive = Archive.open(tmp_path / "reports", create=True)
    for name in ("r10", "r9", "r1", "x", "r0"):
        archive.place(f"bags/assess/GM-0001/{name}").mkdir(parents=True)
    assert (1, 9, 10) == archive.revisions("GM-0001")
    assert () == archive.revisions("GM-0002")
    assert () == archive.redactions(EID)
