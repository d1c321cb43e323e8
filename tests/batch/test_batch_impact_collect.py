"""Where a table of facts comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from archives import make_archive
from cases import full_findings, national, with_facts
from sealing import NOON, make_mine, prepare, record_something, small_catalog

from greenmine.archive.layout import Archive
from greenmine.archive.withdrawal import withdraw
from greenmine.assessment.carry import carry_over
from greenmine.batch.impact.collect import facts_of_archive, facts_of_paths, facts_row
from greenmine.batch.impact.register import Register
from greenmine.batch.impact.scored import VERDICTS
from greenmine.batch.impact.table import FactsTable
from greenmine.catalog import Catalog, load_catalog
from greenmine.catalog.mapping import identity
from greenmine.errors import FindingsError, UsageError
from greenmine.files import canonical_json
from greenmine.scoring import Scorer, canonical
from greenmine.workbook import Workbook
from greenmine.workspace import Workspace, shared_dir

DEMO = ("GM-0001", "GM-0002", "GM-0003", "GM-0004", "GM-0005")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog("national@2024", Workspace(shared_dir()))


def test_mines_folders_become_rows(catalog: Catalog, repository: Path) -> None:
    """The demonstration mines, scored from the table, have the verdicts and totals that their reports print."""
    table = facts_of_paths(DEMO, catalog, Workspace(repository))
    assert list(DEMO) == table.texts("mine").tolist()
    scored = Register(catalog.document, table).score({})
    told = [(VERDICTS[verdict], total) for verdict, total in zip(scored.verdict, scored.totals_shown, strict=True)]
    books = [Workbook.open(mine, catalog=catalog.ref, workspace=Workspace(repository)).score for mine in DEMO]
    assert [(score["verdict"], score["total"] or "") for score in books] == told
    assert {"national@2024"} == set(table.texts("catalog"))


def test_findings_files_become_rows(catalog: Catalog, tmp_path: Path) -> None:
    """A findings file is taken as it is; fractions in it stay exact."""
    findings = with_facts(full_findings(national()), {"36": {"clean_transport_share": 0.7}})
    path = tmp_path / "findings.json"
    path.write_text(json.dumps(findings), "utf-8")
    table = facts_of_paths([str(path)], catalog, Workspace(tmp_path))
    assert (["GM-T"], ["0.7"]) == (table.texts("mine").tolist(), table.texts("36.clean_transport_share").tolist())


def test_what_is_named_twice_is_taken_once(catalog: Catalog, repository: Path, tmp_path: Path) -> None:
    """By its id, by its folder, by a link to it; two documents of one mine are one too many."""
    (tmp_path / "link").symlink_to(repository / "evidence" / "GM-0001")
    names = ["GM-0001", str(repository / "evidence" / "GM-0001"), str(tmp_path / "link"), "GM-0001"]
    assert ["GM-0001"] == facts_of_paths(names, catalog, Workspace(repository)).texts("mine").tolist()
    path = tmp_path / "findings.json"
    full = full_findings(national())
    path.write_text(json.dumps({**full, "mine": {**full["mine"], "id": "GM-0001"}}), "utf-8")
    with pytest.raises(UsageError, match=r"GM-0001.*findings\.json"):
        facts_of_paths(["GM-0001", str(path)], catalog, Workspace(repository))


def test_the_latest_record_of_each_mine_is_taken_from_an_archive(workspace: Path) -> None:
    """A mine with two revisions has one row, of the second, with the digest in the ledger."""
    archive = make_archive(workspace / "reports")
    for mine in ("GM-0001", "GM-0002"):
        prepare(archive, make_mine(workspace / "evidence", mine)).sealed(archive)
    record_something(workspace / "evidence" / "GM-0001", "2026-self", "E1", {"justification": "更正"})
    digest = prepare(archive, workspace / "evidence" / "GM-0001").sealed(archive).bag.digest
    table = facts_of_archive(Archive.open(workspace / "reports", read_only=True))
    assert ["GM-0001/r2", "GM-0002/r1"] == table.texts("source").tolist()
    assert digest == table.texts("digest")[0]


def assess(root: Path, mine: str, assessment: str, kind: str, date: str) -> Path:
    """Make an assessment in a mine's folder."""
    folder = make_mine(root, mine, assessment)
    panel = folder / "assessments" / assessment / "panel.yaml"
    text = panel.read_text("utf-8").replace("kind: self", f"kind: {kind}").replace("2026-06-30", date)
    panel.write_text(text, "utf-8")
    return folder


SELECTION = ("2026-selection", "selection", "2026-06-01")
SELF = ("2026-self", "self", "2026-06-30")
CHECK = ("2027-check", "spot_check", "2027-05-05")
ANOTHER = ("2026-z", "third_party", "2026-06-01")


@pytest.mark.parametrize(
    ("assessments", "chosen"),
    [
        ((SELECTION, SELF), SELECTION),
        ((SELECTION, CHECK, SELF), CHECK),
        ((SELECTION, ANOTHER), ANOTHER),
        ((SELF,), SELF),
        ((SELF, ("2027-self", "self", "2027-06-30")), ("2027-self", "self", "2027-06-30")),
    ],
    ids=["not-self", "latest", "one-day", "only-self", "latest-self"],
)
@pytest.mark.parametrize("step", [1, -1])
def test_which_record_is_taken_does_not_depend_on_the_order_of_sealing(
    assessments: tuple[tuple[str, str, str], ...], chosen: tuple[str, str, str], step: int, workspace: Path
) -> None:
    """The mine's own assessment only where there is no other, then the latest date, then the last id."""
    archive = make_archive(workspace / "reports")
    for one in assessments[::step]:
        folder = assess(workspace / "evidence", "GM-0001", *one)
        prepare(archive, folder, assessment=one[0]).sealed(archive)
    table = facts_of_archive(archive)
    assert [chosen] == list(zip(*(table.texts(name) for name in ("assessment", "kind", "date")), strict=True))


def test_a_mines_own_assessment_stays_its_own_when_it_is_scored_again(workspace: Path) -> None:
    """Its record is of the kind `rescore` then; what counts is how the facts were recorded."""
    archive = make_archive(workspace / "reports")
    folder = assess(workspace / "evidence", "GM-0001", *SELF)
    prepare(archive, folder).sealed(archive)
    again, small = prepare(archive, folder), small_catalog()
    mapping, scorer = identity(small), Scorer(small.document)
    findings = carry_over(json.loads(again.files["findings.json"]), mapping, small.document, scorer)
    assert "rescore" == findings["assessment"]["kind"]
    again.files.update({"findings.json": canonical_json(findings), "mapping.json": canonical_json(mapping.document)})
    again.files["score.json"] = canonical(scorer.score(findings))
    again.sealed(archive)
    assert ["self"] == facts_of_archive(archive).texts("kind").tolist()
    folder = assess(workspace / "evidence", "GM-0001", *SELECTION)
    prepare(archive, folder, assessment=SELECTION[0]).sealed(archive)
    assert ["selection"] == facts_of_archive(archive).texts("kind").tolist()


def test_a_record_that_was_withdrawn_is_not_taken(workspace: Path) -> None:
    """Of the records in force only."""
    archive = make_archive(workspace / "reports")
    for one in (SELF, SELECTION):
        folder = assess(workspace / "evidence", "GM-0001", *one)
        last = prepare(archive, folder, assessment=one[0]).sealed(archive)
    withdraw(archive, last.ref.bag, reason="决定", by="甲", on=NOON)
    assert ["2026-self"] == facts_of_archive(archive).texts("assessment").tolist()


def test_an_archive_without_records_is_refused(workspace: Path) -> None:
    """There is nothing to make a table of."""
    with pytest.raises(UsageError):
        facts_of_archive(make_archive(workspace / "reports"))


def test_a_record_that_cannot_be_read_stops_the_table(workspace: Path) -> None:
    """A register with a mine left out in silence would be a wrong one."""
    archive = make_archive(workspace / "reports")
    prepare(archive, make_mine(workspace / "evidence", "GM-0001")).sealed(archive)
    (archive.place("bags/assess/GM-0001/r1") / "data" / "score.json").unlink()
    with pytest.raises(UsageError, match=r"score\.json"):
        facts_of_archive(archive)


def test_what_the_scorer_refuses_is_in_no_table() -> None:
    """Facts that contradict each other, and findings that name no mine, are told by name."""
    scorer = Scorer(national())
    wrong = with_facts(full_findings(national()), {"10": {"measured": {"value": 1, "required": 2, "source": "年报"}}})
    nameless = full_findings(national())
    del nameless["mine"]["id"]
    for findings, place in ((wrong, "10"), (nameless, "mine/id")):
        with pytest.raises(FindingsError, match=place):
            facts_row(findings, "findings.json", scorer, "national@2024")


def test_a_finding_of_the_panel_stands_for_the_judgements() -> None:
    """Where the panel found, its facts are the row's, the experts' beside them; else the experts' own are, as JSON."""
    findings = full_findings(national())
    entry = findings["indicators"]["9"]
    facts = entry["facts"]
    entry["judgements"] = [{"by": "E1", "facts": {**facts, "goaf_disposal": False}}]
    entry["resolution"] = "finding"
    row = facts_row(findings, "f", Scorer(national()), "national@2024")
    assert (True, None) == (row["9.goaf_disposal"], row.get("9.judgements"))
    assert [{"by": "E1", "facts": {**facts, "goaf_disposal": False}}] == json.loads(str(row["9.overruled"]))
    entry["resolution"] = "mean"
    row = facts_row(findings, "f", Scorer(national()), "national@2024")
    assert "9.goaf_disposal" not in row
    assert "9.overruled" not in row
    assert [{"by": "E1", "facts": {**facts, "goaf_disposal": False}}] == json.loads(str(row["9.judgements"]))
    assert len(FactsTable.of([row])) == 1
