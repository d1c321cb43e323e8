"""Redactions: lawful removal of a file from sealed evidence."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from sealing import NOON, Parts, make_mine, prepare

from greenmine import i18n
from greenmine.archive.bag import check_payload, read_bag
from greenmine.archive.events import read_events
from greenmine.archive.layout import Archive
from greenmine.archive.ledger import Ledger
from greenmine.archive.recover import recover
from greenmine.archive.redaction import (
    Redaction,
    Removals,
    copies,
    draft_redaction,
    redact,
    removals,
    sealed_redactions,
)
from greenmine.archive.seal import next_revision
from greenmine.errors import ArchiveError, EvidenceError, IntegrityError

NOTE = "licences/note.txt"
LIST = "2 设施/人员名单.txt"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive.open(tmp_path / "reports", create=True)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return make_mine(tmp_path / "evidence")


@pytest.fixture
def parts(archive: Archive, mine: Path) -> Parts:
    """A sealed assessment."""
    made = prepare(archive, mine)
    made.sealed(archive)
    return made


def draft(archive: Archive, parts: Parts, *paths: str) -> Redaction:
    return draft_redaction(
        archive, parts.record.evidence.eid, paths or [LIST], reason="演示〔2026〕1号决定", by="演示管理员", on=NOON
    )


def test_a_file_is_removed_and_everything_else_still_holds(archive: Archive, parts: Parts) -> None:
    """The file is gone, the redaction names path, digest, ground and person, and all bags and the ledger hold."""
    evidence = archive.place(parts.record.evidence.bag)
    before = read_bag(evidence)
    sealed = redact(archive, draft(archive, parts), {"redaction.json.sig": b"signature"})
    assert not (evidence / "data/files" / LIST).exists()
    document = json.loads((archive.place(sealed.path) / "data/redaction.json").read_bytes())
    assert [{"path": f"data/files/{LIST}", "sha256": before.payload[f"data/files/{LIST}"]}] == document["removed"]
    assert ("演示〔2026〕1号决定", "演示管理员") == (document["reason"], document["by"])
    assert b"signature" == (archive.place(sealed.path) / "data/attest/redaction.json.sig").read_bytes()
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "ledger"], cwd=archive.root, check=True)
    taken = removals(archive)
    for entry in Ledger(archive).read():
        check_payload(read_bag(archive.place(entry.bag), taken.absent(entry.bag)))
    assert before.digest == read_bag(evidence, taken.absent(parts.record.evidence.bag)).digest


def test_only_what_the_redaction_names_may_be_absent(archive: Archive, parts: Parts) -> None:
    """Another file that is gone, or one that changed, is still found."""
    redact(archive, draft(archive, parts))
    evidence = archive.place(parts.record.evidence.bag)
    absent = removals(archive).absent(parts.record.evidence.bag)
    (evidence / "data/files/mine.yaml").unlink()
    with pytest.raises(IntegrityError, match=r"mine\.yaml"):
        read_bag(evidence, absent)


def test_what_is_removed_is_not_sealed_again(archive: Archive, parts: Parts, mine: Path) -> None:
    """The same evidence is the sealed one, without the file; new evidence with the file in it is refused."""
    i18n.use("en")
    redact(archive, draft(archive, parts))
    assert parts.record.evidence == prepare(archive, mine).record.evidence
    assert not (archive.place(parts.record.evidence.bag) / "data/files" / LIST).exists()
    (mine / NOTE).write_text("new", "utf-8")
    with pytest.raises(EvidenceError, match=f"{LIST}.*Take it out"):
        prepare(archive, mine)
    (mine / LIST).unlink()
    prepare(archive, mine, reason="更正").sealed(archive)


def test_an_empty_file_that_was_removed_bars_no_other(archive: Archive, mine: Path) -> None:
    """Empty files are all alike and tell nothing."""
    (mine / "licences/empty.txt").touch()
    parts = prepare(archive, mine)
    redact(archive, draft(archive, parts, "licences/empty.txt"))
    (mine / NOTE).write_text("new", "utf-8")
    assert parts.record.evidence != prepare(archive, mine).record.evidence


def test_redactions_follow_one_another(archive: Archive, parts: Parts) -> None:
    """Each has its number; what was removed already is not removed again."""
    first = redact(archive, draft(archive, parts))
    second = redact(archive, draft(archive, parts, NOTE, NOTE))
    eid = parts.record.evidence.eid
    assert [f"bags/redaction/{eid}/r1", f"bags/redaction/{eid}/r2"] == [first.path, second.path]
    assert {f"data/files/{LIST}", f"data/files/{NOTE}"} == removals(archive).absent(parts.record.evidence.bag)
    assert [first.path, second.path] == [path for path, _redaction in sealed_redactions(archive)]
    with pytest.raises(ArchiveError, match=r"note\.txt"):
        draft(archive, parts, NOTE)


@pytest.mark.parametrize(
    ("paths", "changes"),
    [
        (["none.txt"], {}),
        (["../../record.json"], {}),
        ([], {}),
        ([LIST], {"reason": ""}),
        ([LIST], {"by": " "}),
        ([LIST], {"eid": "00" * 32}),
    ],
)
def test_what_cannot_be_removed_is_refused(
    archive: Archive, parts: Parts, paths: list[str], changes: dict[str, str]
) -> None:
    """No such file, no such evidence, no ground, no person: nothing is drafted."""
    arguments = {"eid": parts.record.evidence.eid, "reason": "决定", "by": "甲", **changes}
    with pytest.raises(ArchiveError):
        draft_redaction(archive, arguments.pop("eid"), paths, on=NOON, **arguments)


def test_a_redaction_must_speak_of_what_is_there(archive: Archive, parts: Parts) -> None:
    """One for another digest, or for evidence that is not in the ledger, is not sealed and removes nothing."""
    drafted = draft(archive, parts)
    other = drafted.removed[0].model_copy(update={"sha256": "0" * 64})
    with pytest.raises(IntegrityError):
        redact(archive, drafted.model_copy(update={"removed": [other]}))
    ref = drafted.evidence.model_copy(update={"tagmanifest": "0" * 64})
    with pytest.raises(ArchiveError):
        redact(archive, drafted.model_copy(update={"evidence": ref}))
    assert (archive.place(parts.record.evidence.bag) / "data/files" / LIST).is_file()
    assert Removals() == removals(archive)


def test_a_forged_redaction_excuses_nothing(archive: Archive, parts: Parts) -> None:
    """One that is not in the ledger does not count; one that was changed, or moved to another evidence, is found."""
    redact(archive, draft(archive, parts))
    eid = parts.record.evidence.eid
    place = archive.place(f"bags/redaction/{eid}/r1")
    shutil.copytree(place, place.with_name("r2"))
    assert 1 == len(sealed_redactions(archive))
    document = place / "data/redaction.json"
    document.chmod(0o644)
    document.write_bytes(document.read_bytes().replace("管理员".encode(), "负责人".encode()))
    with pytest.raises(IntegrityError, match=r"redaction\.json"):
        removals(archive)


def test_a_removal_that_was_cut_short_is_completed(archive: Archive, parts: Parts, tmp_path: Path) -> None:
    """After a crash between entering and removing, recovery removes the files and tells it."""
    kept = tmp_path / "kept"
    shutil.copytree(archive.place(parts.record.evidence.bag) / "data/files", kept)
    redact(archive, draft(archive, parts, LIST, NOTE))
    evidence = archive.place(parts.record.evidence.bag)
    shutil.copy(kept / LIST, evidence / "data/files" / LIST)
    done = recover(archive, lambda: NOON)
    assert (f"{parts.record.evidence.bag}/data/files/{LIST}",) == done.removed
    assert ["removed"] == [event["event"] for event in read_events(archive)]
    assert not (evidence / "data/files" / LIST).exists()
    assert recover(archive, lambda: NOON).idle


def test_other_copies_of_a_file_are_found(archive: Archive, parts: Parts, mine: Path) -> None:
    """A file that several evidence bags hold can be removed from each."""
    digest = read_bag(archive.place(parts.record.evidence.bag)).payload[f"data/files/{LIST}"]
    (mine / NOTE).write_text("new", "utf-8")
    later = prepare(archive, mine)
    assert 2 == len(copies(archive, digest))
    redact(archive, draft(archive, parts))
    assert ((later.record.evidence.bag, f"data/files/{LIST}"),) == copies(archive, digest)
    redact(archive, draft(archive, later))
    assert () == copies(archive, digest)


@pytest.mark.usefixtures("parts")
def test_each_assessment_continues_its_own_revisions(archive: Archive) -> None:
    """Revisions are counted by mine; what is superseded is of the same assessment."""
    revision, current = next_revision(archive, "GM-0001", "2026-self")
    assert current is not None
    assert (2, "bags/assess/GM-0001/r1") == (revision, current.bag)
    assert (2, None) == next_revision(archive, "GM-0001", "2027-self")
