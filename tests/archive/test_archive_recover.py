"""Recovery after a crash."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from sealing import NOON, make_mine, prepare, small_catalog

from greenmine import i18n
from greenmine.archive.bag_writer import BagWriter
from greenmine.archive.events import add_event, read_events
from greenmine.archive.layout import Archive, assessment_bag, catalog_bag, evidence_bag, redaction_bag
from greenmine.archive.lock import claim, release
from greenmine.archive.recover import Recovery, recover
from greenmine.archive.redaction import draft_redaction, redact
from greenmine.archive.seal import seal_catalog
from greenmine.archive.staging import seal_bag
from greenmine.cli.recover import command
from greenmine.errors import ArchiveError, IntegrityError


@pytest.fixture
def archive(workspace: Path) -> Archive:
    return Archive.open(workspace / "reports", create=True)


@pytest.fixture
def sealed(archive: Archive, workspace: Path) -> Archive:
    """An archive with evidence, a catalog and two revisions of an assessment."""
    mine = make_mine(workspace / "evidence")
    for _number in range(2):
        prepare(archive, mine).sealed(archive)
    return archive


def lines(archive: Archive) -> list[bytes]:
    return archive.ledger.read_bytes().splitlines(keepends=True)


def mend(archive: Archive) -> Recovery:
    """Recover, and make sure that a second recovery finds nothing to do."""
    done = recover(archive, lambda: NOON)
    assert recover(archive, lambda: NOON).idle
    return done


def test_a_whole_archive_is_left_as_it_is(sealed: Archive) -> None:
    """Nothing is done and nothing is told."""
    before = sealed.ledger.read_bytes()
    assert Recovery() == mend(sealed)
    assert (before, ()) == (sealed.ledger.read_bytes(), read_events(sealed))


@pytest.mark.parametrize("torn", [b"x", b"0" * 64, b"\0" * 100])
def test_a_torn_line_is_cut_off(sealed: Archive, torn: bytes) -> None:
    """The ledger is as it was before the write that was cut short, and the cut is told."""
    before = sealed.ledger.read_bytes()
    with sealed.ledger.open("ab") as stream:
        stream.write(torn)
    assert Recovery(cut=len(torn)) == mend(sealed)
    assert before == sealed.ledger.read_bytes()
    (event,) = read_events(sealed)
    assert ("cut", len(torn), len(before)) == (event["event"], event["bytes"], event["at"])


def test_lines_that_never_reached_the_disk_are_entered_again(sealed: Archive) -> None:
    """Zeros in the middle of the ledger are cut off with what follows; every bag is entered again."""
    before = lines(sealed)
    sealed.ledger.write_bytes(b"".join([*before[:2], b"\0" * len(before[2]), before[3]]))
    done = mend(sealed)
    assert len(before[2]) + len(before[3]) == done.cut
    assert (assessment_bag("GM-0001", 1), assessment_bag("GM-0001", 2)) == done.entered
    assert before == lines(sealed)


def test_zeros_below_a_checkpoint_are_no_crash(sealed: Archive) -> None:
    """What was proven cannot have been lost by a crash, so that nothing is touched."""
    before = lines(sealed)
    folder = sealed.checkpoint_place(4)
    folder.mkdir()
    (folder / "checkpoint").write_text(f"bytes {sum(map(len, before))}\n")
    damaged = b"".join([*before[:2], b"\0" * len(before[2]), before[3]])
    sealed.ledger.write_bytes(damaged)
    with pytest.raises(IntegrityError):
        recover(sealed)
    assert (damaged, ()) == (sealed.ledger.read_bytes(), read_events(sealed))


def test_an_edited_ledger_is_not_mended(sealed: Archive) -> None:
    """A line of another form without zeros is tampering; it is named and left."""
    i18n.use("en")
    damaged = sealed.ledger.read_bytes() + b"a line\n"
    sealed.ledger.write_bytes(damaged)
    with pytest.raises(IntegrityError, match="line 5"):
        recover(sealed)
    assert damaged == sealed.ledger.read_bytes()


@pytest.mark.parametrize("kept", [0, 1, 2, 3])
def test_whole_bags_are_entered_in_an_order_that_refers_backwards(sealed: Archive, kept: int) -> None:
    """Whatever the ledger lost at its end, each bag is entered after those it refers to, revisions in turn."""
    before = lines(sealed)
    sealed.ledger.write_bytes(b"".join(before[:kept]))
    done = mend(sealed)
    assert 4 - kept == len(done.entered)
    assert sorted(before) == sorted(lines(sealed))
    assert before[2:] == lines(sealed)[2:]
    assert ["entered"] * (4 - kept) == [event["event"] for event in read_events(sealed)]


def test_a_damaged_orphan_is_moved_away_with_what_rests_on_it(sealed: Archive) -> None:
    """A bag that does not hold is not entered, nor is a revision after it; both are kept and told with the reason."""
    i18n.use("en")
    before = lines(sealed)
    sealed.ledger.write_bytes(b"".join(before[:2]))
    score = sealed.place(assessment_bag("GM-0001", 1)) / "data/score.json"
    score.chmod(0o644)
    score.write_bytes(b"{}")
    done = mend(sealed)
    assert ["bags/assess/GM-0001/r1", "bags/assess/GM-0001/r2"] == [one.path for one in done.quarantined]
    assert "score.json" in done.quarantined[0].reason
    assert all((sealed.root / one.to / "data/record.json").is_file() for one in done.quarantined)
    assert before[:2] == lines(sealed)
    assert () == sealed.revisions("GM-0001")


def test_a_bag_at_the_wrong_place_is_moved_away(sealed: Archive) -> None:
    """A copy of a record under another number, or of evidence under another digest, is none."""
    shutil.copytree(sealed.place(assessment_bag("GM-0001", 2)), sealed.place(assessment_bag("GM-0001", 3)))
    shutil.copytree(sealed.place(assessment_bag("GM-0001", 2)), sealed.place(assessment_bag("GM-0002", 1)))
    evidence = next(sealed.bags.glob("evidence/*/*"))
    shutil.copytree(evidence, sealed.place(f"bags/evidence/00/00{evidence.name[2:]}"))
    catalog = next(sealed.bags.glob("catalog/*/*"))
    shutil.copytree(catalog, catalog.with_name("1-000000000000"))
    assert 4 == len(mend(sealed).quarantined)
    assert 4 == len(lines(sealed))


def test_what_is_no_bag_is_moved_away(sealed: Archive) -> None:
    """Files, links and folders where only bags may lie are kept elsewhere, under safe names, and told."""
    (sealed.bags / "note.txt").write_text("x")
    (sealed.bags / "assess" / "说明\n.txt").write_text("x")
    (sealed.bags / "assess" / "GM-0001" / "r01").mkdir()
    (sealed.bags / "evidence" / "ab").symlink_to(sealed.root)
    (sealed.bags / "other").mkdir()
    done = mend(sealed)
    assert 5 == len(done.quarantined) == len(read_events(sealed))
    assert all(re.fullmatch(r"quarantine/[A-Za-z0-9._-]+", one.to) for one in done.quarantined)
    assert 5 == len(list(sealed.quarantine.iterdir()))


def test_what_was_left_in_staging_is_moved_away(sealed: Archive) -> None:
    """Two crashes that left the same name keep both."""
    for _number in range(2):
        (sealed.staging / "assess-GM-0001-r3.1.aa").mkdir()
        (sealed.staging / "assess-GM-0001-r3.1.aa" / "data").mkdir()
        (done,) = mend(sealed).quarantined
    assert "quarantine/staging-assess-GM-0001-r3.1.aa.2" == done.to
    assert 2 == len(list(sealed.quarantine.iterdir()))


def test_what_somebody_works_on_is_left_alone(sealed: Archive) -> None:
    """A claimed folder stays, in staging and at its place; when the claim ends it is dealt with."""
    staged = sealed.staging / "assess-GM-0001-r3.1.aa"
    staged.mkdir()
    before = lines(sealed)
    sealed.ledger.write_bytes(b"".join(before[:3]))
    claims = [claim(staged), claim(sealed.place(assessment_bag("GM-0001", 2)))]
    done = recover(sealed)
    assert (assessment_bag("GM-0001", 2), "staging/assess-GM-0001-r3.1.aa") == done.busy
    assert done.idle
    for handle in claims:
        assert handle is not None
        release(handle)
    done = mend(sealed)
    assert ((assessment_bag("GM-0001", 2),), 1) == (done.entered, len(done.quarantined))


def test_what_its_maker_moves_to_its_place_meanwhile_is_no_leftover(sealed: Archive) -> None:
    """A folder in staging that is gone by the time recovery comes to it is passed over."""
    (sealed.staging / "a").mkdir()
    (sealed.staging / "b").mkdir()

    def clock() -> dt.datetime:  # told of the first one
        shutil.rmtree(sealed.staging / "b")
        return NOON

    done = recover(sealed, clock)
    assert ["staging/a"] == [one.path for one in done.quarantined]


def test_sealing_while_recovering_loses_nothing(archive: Archive) -> None:
    """A recovery in the middle of sealing leaves the bag that is being filled alone."""

    def fill(writer: BagWriter) -> None:
        writer.add("a", b"x")
        assert 1 == len(recover(archive).busy)

    seal_bag(archive, assessment_bag("GM-0001", 1), fill)
    assert Recovery() == recover(archive)


def test_a_bag_that_the_ledger_names_and_that_is_gone_is_told(sealed: Archive) -> None:
    """No recovery can bring it back; it is named."""
    shutil.rmtree(sealed.place(assessment_bag("GM-0001", 2)))
    assert (assessment_bag("GM-0001", 2),) == recover(sealed).missing


def test_events_survive_a_torn_line(archive: Archive) -> None:
    """A torn event is cut by the next one; a damaged one is passed over."""
    assert () == read_events(archive)
    add_event(archive, "cut", NOON, bytes=1)
    with archive.events.open("ab") as stream:
        stream.write(b'{"torn')
    assert 1 == len(read_events(archive))
    add_event(archive, "cut", NOON, bytes=2)
    assert [1, 2] == [event["bytes"] for event in read_events(archive)]
    with archive.events.open("ab") as stream:
        stream.write(b"{damaged\n[]\n")
    assert [1, 2] == [event["bytes"] for event in read_events(archive)]


def test_the_verb_tells_what_was_done(sealed: Archive) -> None:
    """Each thing done is a line; with nothing to do one line says so; `--json` is JSON alone."""
    i18n.use("en")
    (sealed.staging / "left").mkdir()
    sealed.ledger.write_bytes(b"".join(lines(sealed)[:3]) + b"torn")
    told = CliRunner().invoke(command, []).output.splitlines()
    assert ["Cut off", "Entered", "Moved: "] == [line[:7] for line in told]
    assert "Nothing to do" in CliRunner().invoke(command, []).output
    assert '{"busy":[],"cut":0,' in CliRunner().invoke(command, ["--json"]).output


def test_the_verb_fails_when_a_bag_is_gone(sealed: Archive) -> None:
    """What the ledger names and is not there is no matter of recovery: status 1, and the bag is named."""
    shutil.rmtree(sealed.place(assessment_bag("GM-0001", 2)))
    problem = CliRunner().invoke(command, []).exception
    assert isinstance(problem, IntegrityError)
    assert "GM-0001/r2" in str(problem)


def test_the_verb_needs_an_archive(workspace: Path) -> None:
    """Without an archive there is nothing to recover, and none is made."""
    assert isinstance(CliRunner().invoke(command, []).exception, ArchiveError)
    assert [] == list((workspace / "reports").iterdir())


def test_no_revision_is_sealed_on_one_that_is_not_entered(sealed: Archive, workspace: Path) -> None:
    """After a crash between moving and entering, the next revision waits for the recovery."""
    i18n.use("en")
    sealed.ledger.write_bytes(b"".join(lines(sealed)[:3]))
    mine = workspace / "evidence" / "GM-0001"
    with pytest.raises(ArchiveError, match="greenmine recover"):
        prepare(sealed, mine).sealed(sealed)
    recover(sealed)
    assert 5 == prepare(sealed, mine).sealed(sealed).entry.number
    assert not seal_catalog(sealed, small_catalog()).new


EID = "ab" * 32


@pytest.mark.parametrize(
    ("path", "files"),
    [
        (evidence_bag(EID), {"evidence.sums": b"x"}),
        (evidence_bag(EID), {"files/a": b"x"}),
        (catalog_bag("small", "1", EID), {"catalog.resolved.json": b"{}"}),
        (catalog_bag("small", "1", EID), {"a": b"{}"}),
        (assessment_bag("GM-0001", 1), {"a": b"x"}),
        (assessment_bag("GM-0001", 1), {"record.json": b"{}"}),
        (redaction_bag(EID, 1), {"a": b"x"}),
        (redaction_bag(EID, 1), {"redaction.json": b"{}"}),
    ],
)
def test_a_bag_that_holds_and_is_not_what_its_place_says_is_moved_away(
    archive: Archive, path: str, files: dict[str, bytes]
) -> None:
    """Evidence of another digest, another catalog, no record: whole as a bag, it is not entered."""
    seal_bag(archive, path, lambda writer: [writer.add(name, data) for name, data in files.items()] and None)
    archive.ledger.write_bytes(b"")
    done = mend(archive)
    assert ([path], ()) == ([one.path for one in done.quarantined], done.entered)


def test_a_record_that_does_not_follow_the_ledger_is_moved_away(sealed: Archive) -> None:
    """A record whose evidence is not in the ledger, or whose mine lacks an earlier one, is not entered."""
    before = lines(sealed)
    shutil.rmtree(next(sealed.bags.glob("evidence/*/*")))
    sealed.ledger.write_bytes(before[1])
    done = mend(sealed)
    assert [assessment_bag("GM-0001", 1), assessment_bag("GM-0001", 2)] == [one.path for one in done.quarantined]


def test_a_redaction_of_evidence_that_is_not_in_the_ledger_is_moved_away(sealed: Archive) -> None:
    """It removes nothing."""
    evidence = next(sealed.bags.glob("evidence/*/*"))
    drafted = draft_redaction(sealed, evidence.name, ["licences/note.txt"], reason="决定", by="甲", on=NOON)
    redact(sealed, drafted)
    shutil.rmtree(evidence)
    sealed.ledger.write_bytes(b"")
    assert redaction_bag(evidence.name, 1) in [one.path for one in mend(sealed).quarantined]
