"""What changes from one catalog to another: who drops out, who comes in, and by which indicator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from cases import FOLDING_LOSSES, Document, full_findings, national, with_facts, without
from registers import random_register, table_of

from greenmine.batch.impact.carry import passages
from greenmine.batch.impact.impact import Cause, Impact
from greenmine.batch.impact.sheet import rows, write_sheet
from greenmine.batch.impact.table import FactsTable
from greenmine.catalog import Catalog, load_catalog
from greenmine.errors import InputError, UsageError
from greenmine.scoring import Scorer
from greenmine.workspace import Workspace

STRICTER = """\
schema: greenmine.profile/1
id: stricter
version: "1"
title: 演示（假设）
issuer: 演示
document: 演示〔2025〕1号
issued_on: "2025-01-01"
effective_from: "2025-02-01"
extends: national@2024
operations:
  - {op: set, at: line, value: "90"}
  - {op: set, at: indicators/28/kind, value: mandatory}
"""


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("space")
    (root / "parameters" / "profiles").mkdir(parents=True)
    (root / "evidence").mkdir()
    (root / "parameters" / "profiles" / "stricter-1.yaml").write_text(STRICTER, "utf-8")
    return Workspace(root)


def catalogs(space: Workspace, *refs: str) -> list[Catalog]:
    return [load_catalog(ref, space) for ref in refs]


def mine(name: str, *changes: Document, leave_out: tuple[str, ...] = ()) -> Document:
    findings = without(full_findings(national()), *leave_out)
    for facts in changes:
        findings = with_facts(findings, facts)
    return {**findings, "mine": {**findings["mine"], "id": name}}


@pytest.fixture(scope="module")
def impact(space: Workspace) -> Impact:
    """Five mines: full marks; one without carbon accounts; one below 90; one with both; one that folding decides on."""
    poor = {"25": {"met": False}, "46": {"met": False}, "14": {"met": False}, "42": {"certified": False}}
    poorer = {**poor, "11": {"defects": [{"text": "缺陷"}] * 5}}
    carbon = {"28": {"met": False}}
    findings = [mine("A"), mine("B", carbon), mine("C", poorer), mine("D", poorer, carbon)]
    findings.append(mine("E", dict(FOLDING_LOSSES), leave_out=("12", "13", "16", "18")))
    return Impact.of(table_of(findings, national()), catalogs(space, "national@2024", "stricter@1"))


def test_who_drops_out_and_by_what(impact: Impact) -> None:
    """A mandatory indicator, the line, both: each mine is named with what keeps it out, and its totals."""
    change = impact.document()["changes"][0]
    out = {one["mine"]: one for one in change["drops_out"]}
    assert ["B", "C", "D"] == sorted(out)
    assert [{"code": "mandatory_not_full", "id": "28"}] == out["B"]["by"]
    assert ("98", "98", "fail") == (out["B"]["total_before"], out["B"]["total_after"], out["B"]["verdict"])
    assert {"below_line"} == {one["code"] for one in out["C"]["by"]}
    assert "11" in {one["id"] for one in out["C"]["by"]}
    assert ["28"] == [one["id"] for one in out["D"]["by"] if one["code"] == "mandatory_not_full"]
    assert [] == change["comes_in"]
    assert {"pass": 1, "fail": 3, "ineligible": 0, "incomplete": 0} == change["matrix"]["pass"]
    assert 3 == change["certain"]
    assert {"code": "mandatory_not_full", "id": "28", "mines": 2} in change["causes"]


def test_who_comes_in_the_other_way(impact: Impact, space: Workspace) -> None:
    """From the stricter catalog to the other, the same mines come in, with what kept them out before."""
    back = Impact.of(impact.table, catalogs(space, "stricter@1", "national@2024")).document()["changes"][0]
    assert ["B", "C", "D"] == [one["mine"] for one in back["comes_in"]]
    assert [{"code": "mandatory_not_full", "id": "28"}] == back["comes_in"][0]["by"]


def test_every_reading_is_a_case(impact: Impact) -> None:
    """By default the ways to fold; one mine's verdict depends on them."""
    cases = impact.document()["cases"]
    choices = ["category", "total", "full", "zero"]
    assert [(ref, choice) for ref in ("national@2024", "stricter@1") for choice in choices] == [
        (case["catalog"], case["choice"]) for case in cases
    ]
    assert [4, 5, 5, 4] == [case["verdicts"]["pass"] for case in cases[:4]]
    assert 1 == impact.sensitive(impact.catalogs[0]).sum()


def test_counts_by_block_category_and_indicator(impact: Impact) -> None:
    """Blocks without mines are left out; lost points are a mean of what applies; margins are whole points."""
    case = impact.document()["cases"][0]
    assert ["1"] == [block["id"] for block in case["blocks"]]
    fourth = next(row for row in case["categories"] if row["id"] == "4")
    assert "1.9" == fourth["lost"]  # of five mines: nothing, 2, 2, 4 and 1.5
    carbon = next(row for row in case["indicators"] if row["id"] == "28")
    assert (5, 3) == (carbon["in_block"], carbon["full"])
    assert 5 == sum(one["mines"] for one in case["margins"])
    assert 1 == next(one["mines"] for one in case["margins"] if one["from"] == -1)


def test_counts_are_those_of_the_scorer(space: Workspace) -> None:
    """Over a random register, verdicts, causes and statuses add up to what the scorer says mine by mine."""
    register = random_register(national(), 150, 11)
    case = Impact.of(table_of(register, national()), catalogs(space, "national@2024")).cases[0]
    scorer = Scorer(national())
    scores = [scorer.score(findings) for findings in register]
    codes = {"prerequisite_failed": "prerequisite", "mandatory_not_full": "indicator", "not_assessed": "indicator"}
    for code, key in codes.items():
        told = [
            (reason[key], number)
            for number, score in enumerate(scores)
            for reason in score["reasons"]
            if reason["code"] == code and (score["verdict"] != "ineligible" or key == "prerequisite")
        ]
        found = [
            (cause.id, row) for cause, mines in case.causes.items() if cause.code == code for row in mines.nonzero()[0]
        ]
        assert sorted(told) == sorted(found)
    for position, row in enumerate(case.document()["indicators"]):
        statuses = [score["indicators"][position]["status"] for score in scores]
        assert [statuses.count(name) for name in ("not_applicable", "not_assessed", "no_evidence")] == [
            row["not_applicable"], row["not_assessed"], row["no_evidence"]
        ]  # fmt: skip


def test_what_nobody_recorded_is_still_to_be_assessed(impact: Impact, space: Workspace) -> None:
    """Under a catalog with a new prerequisite no mine passes or fails; whether it may pass at best is told."""
    table = impact.table
    both = catalogs(space, "national@2024", "hypothetical@2027")
    found = Impact.of(table, both, [("na_fold", "category")], passages(table, both, space)).document()
    case, change = found["cases"][1], found["changes"][0]
    assert (5, 3) == (case["verdicts"]["incomplete"], case["may_pass"] + (case["may_pass"] == 2))
    assert {"not_assessed", "prerequisite_not_assessed"} <= {cause["code"] for cause in change["causes"]}
    assert [one["mine"] for one in change["drops_out"] if not one["may_pass"]][:1] == ["B"]
    assert {one["id"] for one in change["causes"]} >= {"P6", "3-4", "7-1", "46-1", "46-2", "28"}


def test_headings_that_no_catalog_reads_are_told(impact: Impact, space: Workspace) -> None:
    """A mistyped heading is not taken for a fact that nobody recorded, in silence."""
    row = {name: value for name, value in impact.table.data.to_pylist()[0].items() if value is not None}
    table = FactsTable.of([{**row, "10.mett": True}])
    assert ["10.mett"] == Impact.of(table, catalogs(space, "national@2024")).unread()


def test_a_catalog_that_does_not_cover_a_mine_is_told(impact: Impact, space: Workspace) -> None:
    """The mine is named by its row."""
    narrow = load_catalog("national@2024", space).document
    cut = {**narrow, "blocks": [narrow["blocks"][1]]}
    with pytest.raises(InputError, match="industry"):
        Impact.of(impact.table, [Catalog(cut, "0" * 64, Path("x"))])


@pytest.mark.parametrize("refs", [(), ("national@2024", "national@2024")])
def test_catalogs_are_named_once(impact: Impact, space: Workspace, refs: tuple[str, ...]) -> None:
    """None, or one twice, is a usage error."""
    with pytest.raises(UsageError):
        Impact.of(impact.table, catalogs(space, *refs))


def test_a_sheet_has_a_row_a_mine(impact: Impact, tmp_path: Path) -> None:
    """Verdict, total, margin and what keeps the mine out, for each case; hostile names are harmless."""
    data = impact.table.data
    hostile: list[Any] = ["=1+1", "正常", "@x", "a\u202eb", "-2"]
    named = FactsTable.of([{**row, "name": name} for row, name in zip(data.to_pylist(), hostile, strict=True)])
    made = Impact.of(FactsTable("f", named.data), impact.catalogs, [("na_fold", "zero")])
    found = list(rows(made))
    assert (6, 3 + 2 * 4) == (len(found), len(found[0]))
    assert ["'=1+1", "正常", "'@x", "a⟨U+202E⟩b", "'-2"] == [row[1] for row in found[1:]]
    write_sheet(made, tmp_path / "impact.csv")
    write_sheet(made, tmp_path / "impact.xlsx")
    assert "28 碳排放核算" in (tmp_path / "impact.csv").read_text("utf-8-sig")
    sheet = openpyxl.load_workbook(tmp_path / "impact.xlsx")["impact"]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert [20, 18] == [sheet.cell(row, 6).value for row in (2, 3)]
    with pytest.raises(UsageError, match=r"impact\.ods"):
        write_sheet(made, tmp_path / "impact.ods")


def test_a_mine_that_no_single_indicator_would_lift_is_told_as_such(space: Workspace) -> None:
    """Its cause is the line, with no indicator."""
    losses = {key: {"met": False} for key in ("14", "16", "18", "25", "28", "46")}
    poor = mine("A", dict(FOLDING_LOSSES), losses, {"11": {"defects": [{"text": "缺陷"}] * 3}})
    case = Impact.of(table_of([poor], national()), catalogs(space, "national@2024")).cases[0]
    assert [Cause("below_line", "")] == list(case.causes)
