"""Scoring an archive again by another version of the indicators."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from batches import PATIENCE, finish, sealed, start, until
from mines import make_mine
from sealing import NOON

from greenmine.archive.index import Row
from greenmine.archive.layout import Archive
from greenmine.archive.ledger import Ledger
from greenmine.archive.pins import Pins
from greenmine.archive.record import Record, read_record
from greenmine.archive.redaction import draft_redaction, redact
from greenmine.archive.verify import verify
from greenmine.batch.impact.collect import facts_of_archive
from greenmine.batch.reproduce import RESCORE, reproduce
from greenmine.batch.rescore import outlook, records_in_force, reseal
from greenmine.batch.sealing import Sealed, seal
from greenmine.catalog import Catalog, load_catalog
from greenmine.cli.main import main
from greenmine.errors import CatalogError, UsageError
from greenmine.workspace import Workspace, shared_dir

SHIPPED = Workspace(shared_dir())
NEWER = load_catalog("hypothetical@2027", SHIPPED)


@pytest.fixture
def place(workspace: Path) -> Workspace:
    """A workspace with all parameters and notebooks, and one demo mine whose record is sealed."""
    for name in ("parameters", "notebooks"):
        shutil.copytree(SHIPPED.root / name, workspace / name, dirs_exist_ok=True)
    shutil.copytree(SHIPPED.evidence / "GM-0002", workspace / "evidence" / "GM-0002")
    found = Workspace(workspace)
    seal("GM-0002", workspace=found, catalog="national@2024", clock=lambda: NOON)
    return found


def record_of(archive: Archive, bag: str) -> Record:
    return read_record((archive.place(bag) / "data" / "record.json").read_bytes())


def alone(archive: Archive, row: Row, newer: Catalog, workspace: Workspace) -> Sealed:
    """Score one record again; it is to succeed."""
    [one] = reseal([row], archive, newer, workspace)
    assert one.sealed is not None, one.failure
    return one.sealed


def test_an_archive_is_scored_again_without_the_mines_folders(place: Workspace) -> None:
    """The new revision supersedes the older one and says why; both verify and can be made anew."""
    archive = Archive.open(place.reports)
    before = {path: path.read_bytes() for path in archive.place("bags/assess/GM-0002/r1").rglob("*") if path.is_file()}
    shutil.rmtree(place.evidence / "GM-0002")
    (row,) = records_in_force(archive, NEWER)
    sealed = alone(archive, row, NEWER, place)
    record = record_of(archive, sealed.bag)
    assert record.supersedes is not None
    assert "bags/assess/GM-0002/r1" == record.supersedes.bag
    assert "national@2024 → hypothetical@2027" in str(record.reason)
    data = archive.place(sealed.bag) / "data"
    findings, score = (json.loads((data / name).read_bytes()) for name in ("findings.json", "score.json"))
    assert "rescore" == findings["assessment"]["kind"]
    assert "incomplete" == score["verdict"]
    assert before == {path: path.read_bytes() for path in before}
    assert verify(archive, Pins()).holds
    for bag in ("bags/assess/GM-0002/r1", "bags/assess/GM-0002/r2"):
        assert () == reproduce(archive, bag, workspace=place).differences
    assert () == records_in_force(archive, NEWER)


def test_the_outlook_is_what_the_new_revision_says(place: Workspace) -> None:
    """The quick way over the sealed findings and the whole run come to the same verdicts."""
    archive = Archive.open(place.reports)
    (row,) = records_in_force(archive, NEWER)
    seen = outlook(archive, row, NEWER, place)
    assert ("GM-0002/r1", "national@2024", ("pass", "incomplete")) == (
        seen.record,
        seen.carried_from,
        seen.deltas.verdict,
    )
    entries = len(Ledger(archive).read())
    sealed = alone(archive, row, NEWER, place)
    score = json.loads((archive.place(sealed.bag) / "data" / "score.json").read_bytes())
    assert score["verdict"] == seen.deltas.verdict[1]
    assert entries + 2 == len(Ledger(archive).read())  # the newer catalog and the record


def test_what_was_scored_again_is_carried_over_from_what_people_recorded(place: Workspace) -> None:
    """Going back to the older version starts from its own record, not from what was carried over."""
    archive = Archive.open(place.reports)
    (row,) = records_in_force(archive, NEWER)
    alone(archive, row, NEWER, place)
    path = place.root / "parameters" / "catalogs" / "again-1.yaml"
    text = (place.root / "parameters/catalogs/examples/hypothetical-2027.yaml").read_text("utf-8")
    path.write_text(text.replace('id: hypothetical\nversion: "2027"', 'id: again\nversion: "1"'), "utf-8")
    mapping = (place.root / "parameters/mappings/examples/national-2024--hypothetical-2027.yaml").read_text("utf-8")
    (place.root / "parameters/mappings/national-2024--again-1.yaml").write_text(
        mapping.replace("to: hypothetical@2027", "to: again@1"), "utf-8"
    )
    other = load_catalog("again@1", place)
    (row,) = records_in_force(archive, other)
    assert "GM-0002/r2" == row.record
    assert "national@2024" == outlook(archive, row, other, place).carried_from
    sealed = alone(archive, row, other, place)
    supersedes = record_of(archive, sealed.bag).supersedes
    assert supersedes is not None
    assert "bags/assess/GM-0002/r2" == supersedes.bag
    assert () == reproduce(archive, sealed.bag, workspace=place).differences


def facts(archive: Archive, path: Path) -> bytes:
    facts_of_archive(archive).write(path)
    return path.read_bytes()


def test_going_back_to_the_version_of_the_facts_needs_no_mapping_set(place: Workspace, tmp_path: Path) -> None:
    """The newest revision says what the first one said; facts for an impact are those that people recorded."""
    archive = Archive.open(place.reports)
    older = load_catalog("national@2024", place)
    before = facts(archive, tmp_path / "before.csv")
    (row,) = records_in_force(archive, NEWER)
    alone(archive, row, NEWER, place)
    assert before == facts(archive, tmp_path / "after.csv")
    (row,) = records_in_force(archive, older)
    seen = outlook(archive, row, older, place)
    assert (("incomplete", "pass"), ()) == (seen.deltas.verdict, seen.deltas.cards)
    sealed = alone(archive, row, older, place)
    assert "bags/assess/GM-0002/r3" == sealed.bag
    names = ("findings.json", "score.json", "report.html")
    first, third = (archive.place(f"bags/assess/GM-0002/r{number}") / "data" for number in (1, 3))
    assert [(first / name).read_bytes() for name in names] == [(third / name).read_bytes() for name in names]
    assert () == records_in_force(archive, older)
    assert verify(archive, Pins()).holds


def test_a_mapping_set_edited_after_sealing_is_found(place: Workspace) -> None:
    """It is part of the record like everything else."""
    archive = Archive.open(place.reports)
    (row,) = records_in_force(archive, NEWER)
    alone(archive, row, NEWER, place)
    path = archive.place("bags/assess/GM-0002/r2") / "data" / "mapping.json"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b'"equivalent"', b'"subset"    '))
    found = verify(archive, Pins())
    assert not found.holds


def test_another_catalog_under_the_older_name_is_refused(place: Workspace) -> None:
    """The workspace's national@2024 must be the one that the record was scored by."""
    archive = Archive.open(place.reports)
    (row,) = records_in_force(archive, NEWER)
    path = place.root / "parameters" / "catalogs" / "national-2024.yaml"
    path.write_text(path.read_text("utf-8").replace('line: "80"', 'line: "81"'), "utf-8")
    with pytest.raises(CatalogError, match="SHA-256"):
        outlook(archive, row, NEWER, place)


def test_a_mine_without_a_record_is_named(place: Workspace) -> None:
    """A name that is misspelt is not passed over."""
    with pytest.raises(UsageError, match="GM-0077"):
        records_in_force(Archive.open(place.reports), NEWER, ["GM-0002", "GM-0077"])


def test_the_verb_shows_seals_and_can_be_started_again(
    place: Workspace, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dry run writes nothing; the second run finds nothing to do."""
    monkeypatch.chdir(place.root)
    archive = Archive.open(place.reports)
    before = len(Ledger(archive).read())
    words = ["rescore", "--catalog", "hypothetical@2027"]
    assert 0 == main([*words, "--dry-run", "--json"])
    document = json.loads(capsysbinary.readouterr().out)
    assert {"before": "pass", "after": "incomplete"} == document["verdict"]
    assert before == len(Ledger(archive).read())
    assert 0 == main(words)
    assert "bags/assess/GM-0002/r2" in capsysbinary.readouterr().out.decode()
    after = len(Ledger(archive).read())
    assert 0 == main(words)
    assert after == len(Ledger(archive).read())


@pytest.fixture
def register(workspace: Path) -> Workspace:
    """A workspace with all parameters and notebooks, and six mines whose records are sealed."""
    for name in ("parameters", "notebooks"):
        shutil.copytree(SHIPPED.root / name, workspace / name, dirs_exist_ok=True)
    mines = [f"M-{number:02d}" for number in range(1, 7)]
    for mine in mines:
        make_mine(workspace / "evidence", mine=mine, photos=False)
    (workspace / "list.csv").write_text("\n".join(["mine", *mines, ""]), "utf-8")
    found = Workspace(workspace)
    assert "6 sealed" in finish(start(found, "--workers", "2"))
    return found


def rescoring(place: Workspace, *options: str) -> subprocess.Popen[str]:
    """Start the verb on a whole archive."""
    words = [sys.executable, "-m", "greenmine.cli", "rescore", "--catalog", NEWER.ref, "--workers", "2", *options]
    return subprocess.Popen(words, cwd=place.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_many_records_are_scored_again_side_by_side(register: Workspace) -> None:
    """One that is damaged is named and does not stop the others; each is what it would be alone."""
    archive = Archive.open(register.reports)
    spoilt = archive.place("bags/assess/M-03/r1") / "data" / "findings.json"
    spoilt.chmod(0o644)
    spoilt.write_bytes(spoilt.read_bytes() + b"\n")
    run = rescoring(register, "--json")
    printed, _nothing = run.communicate(timeout=PATIENCE)
    assert 1 == run.returncode, printed
    documents = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    expected = [f"bags/assess/M-0{number}/r2" for number in (1, 2, 4, 5, 6)]
    assert expected == sorted(document["bag"] for document in documents)
    assert [line for line in printed.splitlines() if "M-03/r1" in line and "findings.json" in line]

    copy = Archive.open(register.root / "alone", create=True)
    shutil.copytree(archive.root, copy.root, dirs_exist_ok=True)
    withdrawn = copy.place("bags/assess/M-01/r2")
    lines = copy.ledger.read_bytes().splitlines(keepends=True)
    copy.ledger.write_bytes(b"".join(line for line in lines if b"/r2/" not in line))
    shutil.rmtree(withdrawn)
    (row,) = records_in_force(copy, NEWER, ["M-01"])
    again = copy.place(alone(copy, row, NEWER, register).bag)
    for name in ("findings.json", "score.json", "report.html", "report.ipynb"):
        assert (archive.place(expected[0]) / "data" / name).read_bytes() == (again / "data" / name).read_bytes()


def test_scoring_again_can_be_interrupted(register: Workspace) -> None:
    """What is sealed stays and is summed up; the next run does the rest."""
    go, path = register.root / "go", register.notebook(RESCORE)
    notebook = nbformat.read(path, 4)
    wait = f"while mine.endswith('M-02') and not pathlib.Path({str(go)!r}).exists(): time.sleep(0.05)"
    notebook.cells.append(nbformat.v4.new_code_cell(f"import pathlib, time\n{wait}", id="wait"))
    nbformat.write(notebook, path)
    run = rescoring(register)
    until(lambda: sum(bag.endswith("/r2") for bag in sealed(register)) >= 1, run)
    run.send_signal(signal.SIGINT)
    printed, _nothing = run.communicate(timeout=PATIENCE)
    assert 130 == run.returncode, printed
    assert "6 座矿山已完成" in printed
    go.touch()
    run = rescoring(register)
    printed, _nothing = run.communicate(timeout=PATIENCE)
    assert 0 == run.returncode, printed
    assert [f"bags/assess/M-0{number}/r2" for number in range(1, 7)] == sorted(
        bag for bag in sealed(register) if bag.endswith("/r2")
    )


def test_a_run_that_died_while_it_sealed_is_simply_started_again(
    place: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bag that was at its place and not yet in the ledger is entered first; its mine is not scored once more."""
    archive = Archive.open(place.reports)
    monkeypatch.chdir(place.root)
    assert 0 == main(["rescore", "--catalog", NEWER.ref, "GM-0002"])
    whole = archive.ledger.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    assert b"bags/assess/GM-0002/r2" in last
    archive.ledger.write_bytes(whole.removesuffix(last))
    assert 0 == main(["rescore", "--catalog", NEWER.ref, "GM-0002"]), capsys.readouterr().err
    assert whole == archive.ledger.read_bytes()
    assert not archive.place("bags/assess/GM-0002/r3").exists()


def altered(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b"\n")


def evidence_of(archive: Archive, bag: str) -> Path:
    return archive.place(record_of(archive, bag).evidence.bag) / "data" / "files"


def test_evidence_that_was_altered_in_the_archive_is_not_sealed_anew(place: Workspace) -> None:
    """The mine fails with the file and both digests; nothing is sealed, so that the alteration stays found."""
    archive = Archive.open(place.reports)
    path = next(one for one in sorted(evidence_of(archive, "bags/assess/GM-0002/r1").rglob("*.pdf")))
    altered(path)
    entries = Ledger(archive).read()
    [one] = reseal(records_in_force(archive, NEWER), archive, NEWER, place)
    assert (1, None) == (one.exit_status, one.sealed)
    assert path.name in one.failure
    assert entries == Ledger(archive).read()


def test_what_was_removed_lawfully_stays_removed(place: Workspace) -> None:
    """The new record rests on the same sealed evidence as the older one; no empty file takes its place."""
    archive = Archive.open(place.reports)
    before = record_of(archive, "bags/assess/GM-0002/r1").evidence
    name = next(one for one in sorted(evidence_of(archive, "bags/assess/GM-0002/r1").rglob("*.pdf")))
    file = name.relative_to(evidence_of(archive, "bags/assess/GM-0002/r1")).as_posix()
    redact(archive, draft_redaction(archive, before.eid, [file], reason="演示〔2026〕3号决定", by="演示机关", on=NOON))
    (row,) = records_in_force(archive, NEWER)
    sealed = alone(archive, row, NEWER, place)
    assert before == record_of(archive, sealed.bag).evidence
    assert verify(archive, Pins()).holds
    assert reproduce(archive, sealed.bag, workspace=place).explained


def test_a_correction_that_is_sealed_meanwhile_is_not_overwritten(place: Workspace) -> None:
    """The mine fails and says so; started again, the correction is what is scored."""
    archive = Archive.open(place.reports)
    rows = records_in_force(archive, NEWER)
    journal = next((place.evidence / "GM-0002" / "assessments").rglob("E1.jsonl"))
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))
    corrected = seal("GM-0002", workspace=place, catalog="national@2024", reason="更正", clock=lambda: NOON)
    [one] = reseal(rows, archive, NEWER, place)
    assert one.sealed is None
    assert corrected.bag in one.failure
    (row,) = records_in_force(archive, NEWER)
    assert "GM-0002/r2" == row.record
    supersedes = record_of(archive, alone(archive, row, NEWER, place).bag).supersedes
    assert supersedes is not None
    assert corrected.bag == supersedes.bag


def test_a_draft_that_waits_is_not_sealed_in_place_of_what_was_computed(place: Workspace) -> None:
    """It is of the older version; it waits on, and the mine fails with its folder."""
    archive = Archive.open(place.reports)
    options = {"catalog": "national@2024", "readings": {"na_fold": "total"}, "reason": "勘误"}
    draft = seal("GM-0002", workspace=place, draft=True, clock=lambda: NOON, **options)
    entries = Ledger(archive).read()
    [one] = reseal(records_in_force(archive, NEWER), archive, NEWER, place)
    assert (2, None) == (one.exit_status, one.sealed)
    assert draft.folder.name in one.failure
    new = Ledger(archive).read()[len(entries) :]
    assert not any(entry.bag.startswith("bags/assess/") for entry in new)
    assert draft.folder.is_dir()


def test_nothing_is_sealed_by_a_mapping_set_that_nobody_completed(place: Workspace) -> None:
    """What is undecided is told; with --dry-run it can be looked at."""
    path = place.root / "parameters/mappings/examples/national-2024--hypothetical-2027.yaml"
    text = path.read_text("utf-8")
    open_ = text.replace("to: indicator/5, relation: equal", "to: indicator/5, relation: undecided")
    assert open_ != text
    path.write_text(open_, "utf-8")
    archive = Archive.open(place.reports)
    (row,) = records_in_force(archive, NEWER)
    assert "incomplete" == outlook(archive, row, NEWER, place).deltas.verdict[1]
    [one] = reseal([row], archive, NEWER, place)
    assert one.sealed is None
    assert path.name in one.failure


def test_a_mapping_set_that_was_corrected_can_be_applied_again(place: Workspace) -> None:
    """Only when asked for; where nothing has changed there is no new revision, and the facts are the first ones."""
    archive = Archive.open(place.reports)
    (row,) = records_in_force(archive, NEWER)
    alone(archive, row, NEWER, place)
    assert () == records_in_force(archive, NEWER)
    (row,) = records_in_force(archive, NEWER, again=True)
    assert "GM-0002/r2" == row.record
    assert ("bags/assess/GM-0002/r2", False) == ((same := alone(archive, row, NEWER, place)).bag, same.new)
    path = place.root / "parameters/mappings/examples/national-2024--hypothetical-2027.yaml"
    text = path.read_text("utf-8")
    path.write_text(
        text.replace("to: indicator/5, relation: equal", "to: indicator/5, relation: intersects, rationale: x")
    )
    sealed = alone(archive, row, NEWER, place)
    record = record_of(archive, sealed.bag)
    assert record.supersedes is not None
    assert ("bags/assess/GM-0002/r3", "bags/assess/GM-0002/r2") == (sealed.bag, record.supersedes.bag)
    findings = json.loads((archive.place(sealed.bag) / "data" / "findings.json").read_bytes())
    assert "intersects" == findings["indicators"]["5"]["not_carried"]["relation"]
    assert verify(archive, Pins()).holds


def test_a_catalog_beside_the_workspace_is_only_looked_at(place: Workspace, tmp_path: Path) -> None:
    """What is sealed can be looked up by its name later; another file of that name cannot."""
    path = tmp_path / "hypothetical-2027.yaml"
    text = (place.root / "parameters/catalogs/examples/hypothetical-2027.yaml").read_text("utf-8")
    path.write_text(text.replace('value: "82"', 'value: "95"', 1), "utf-8")
    other = load_catalog(str(path), place)
    assert other.sha256 != NEWER.sha256
    archive = Archive.open(place.reports)
    (row,) = records_in_force(archive, other)
    assert "95" == str(outlook(archive, row, other, place).deltas.line[1])
    with pytest.raises(UsageError, match=path.name):
        list(reseal([row], archive, other, place))


def test_a_damaged_record_is_named(
    place: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is scored from findings that are not what was sealed."""
    archive = Archive.open(place.reports)
    path = archive.place("bags/assess/GM-0002/r1") / "data" / "findings.json"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b"\n")
    monkeypatch.chdir(place.root)
    assert 1 == main(["rescore", "--catalog", "hypothetical@2027", "--dry-run"])
    said = capsys.readouterr()
    assert "findings.json" in said.err
    assert "Traceback" not in said.err
