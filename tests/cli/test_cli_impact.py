"""`greenmine facts` and `greenmine impact`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from archives import make_archive
from cases import national
from registers import random_register, table_of
from sealing import SMALL, make_mine, prepare

from greenmine.batch.impact.table import FactsTable
from greenmine.cli.main import main


@pytest.fixture
def facts(workspace: Path) -> Path:
    """A table of sixty mines in a workspace."""
    path = workspace / "facts.parquet"
    table_of(random_register(national(), 60, 2), national()).write(path)
    return path


def run(*arguments: object, status: int = 0) -> None:
    assert main(["--lang", "en", *map(str, arguments)]) == status


def test_facts_of_the_archive_or_of_folders(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without paths the records of the archive are taken, else what the paths name; the size is said."""
    archive = make_archive(workspace / "reports")
    prepare(archive, make_mine(workspace / "evidence", "GM-0001")).sealed(archive)
    run("facts", "-o", "facts.csv")
    run("facts", "--archive", workspace / "reports", "-o", "facts.parquet")
    run("facts", "GM-0001", workspace / "evidence" / "GM-0001", "--catalog", SMALL, "-o", "two.csv")
    assert ["facts.csv: 1 mines", "facts.parquet: 1 mines", "two.csv: 1 mines"] == [
        line.split(",")[0] for line in capsys.readouterr().out.splitlines()
    ]
    run("facts", "GM-0001", "--archive", "reports", "-o", "x.csv", status=2)
    run("facts", "GM-0001", "-o", "x.txt", status=2)
    run("facts", "GM-0009", "-o", "x.csv", status=2)
    assert 3 == len(capsys.readouterr().err.splitlines())


def test_tables_for_people(facts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who passes under which catalog and reading, who drops out, and what decides; what was carried over is said."""
    run("impact", facts, "--catalog", "national@2024", "--catalog", "hypothetical@2027")
    page = capsys.readouterr().out
    for text in ("Impact on 60 mines", "na_fold=zero", "Changes from national@2024", "P6", "by the mapping set"):
        assert text in page


def test_a_register_of_several_catalogs_tells_how_each_was_read(
    facts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By which mapping set the facts of which catalog were carried over, and which count by name."""
    rows = FactsTable.read(facts).data.to_pylist()
    names = {True: "national@2024", False: "example-province@2025"}
    mixed = [{**row, "catalog": names[number < 40]} for number, row in enumerate(rows)]
    kept = [{key: value for key, value in row.items() if value is not None} for row in mixed]
    FactsTable.of(kept).write(Path("mixed.csv"))
    run("impact", "mixed.csv", "--catalog", "hypothetical@2027", "--reading", "na_fold=full")
    page = " ".join(capsys.readouterr().out.split())
    for text in (
        "Facts recorded by national@2024, 40 mines: carried over to hypothetical@2027 by the mapping set",
        "Facts recorded by example-province@2025, 20 mines: no mapping set to hypothetical@2027",
    ):
        assert text in page


def test_json_stands_alone(facts: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """One document of schema greenmine.impact/1 on standard output; the same in every run."""
    texts = []
    for _run in range(2):
        run("impact", facts, "--catalog", "national@2024", "--reading", "component_na=fold", "--json")
        said = capsysbinary.readouterr()
        assert b"" == said.err
        texts.append(said.out)
    document = json.loads(texts[0])
    assert texts[0] == texts[1]
    assert "greenmine.impact/1" == document["schema"]
    assert [("component_na", "fold")] == [(case["reading"], case["choice"]) for case in document["cases"]]
    assert 60 == sum(document["cases"][0]["verdicts"].values())


def test_a_sheet_is_written_on_demand(facts: Path) -> None:
    """A row a mine beside what is printed."""
    run("impact", facts, "--catalog", "national@2024", "--reading", "na_fold=full", "-o", "impact.csv", "--json")
    assert 61 == len(Path("impact.csv").read_text("utf-8-sig").splitlines())


def test_a_report_is_filed_on_demand(facts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The notebook is run on the table; report, notebook and figures go into the folder."""
    run("impact", facts, "--catalog", "national@2024", "--reading", "na_fold=full", "--report", "filed/impact")
    assert f"Report: {Path('filed/impact/report.html')}" in capsys.readouterr().out
    assert {"report.html", "report.ipynb", "impact.json"} == {path.name for path in Path("filed/impact").iterdir()}
    assert "Impact on the register" in Path("filed/impact/report.html").read_text("utf-8")


def test_a_folder_that_cannot_be_replaced_is_left_alone(facts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The working directory itself: one message, and nothing is left in it."""
    before = sorted(Path().iterdir())
    run("impact", facts, "--catalog", "national@2024", "--reading", "na_fold=full", "--report", ".", status=2)
    assert "Nothing was kept" in capsys.readouterr().err
    assert before == sorted(Path().iterdir())


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("--catalog", "nothing@1"), "nothing@1"),
        (("--catalog", "national@2024", "--reading", "na_fold"), "NAME=CHOICE"),
        (("--catalog", "national@2024", "--reading", "na_fold=half"), "half"),
        (("--catalog", "national@2024", "--catalog", "national@2024"), "each once"),
        (("--catalog", "national@2024", "-o", "impact.ods"), ".xlsx"),
        (("--catalog", "national@2024", "--programme", "shanxi"), "--report"),
        ((), "--catalog"),
    ],
)
@pytest.mark.usefixtures("facts")
def test_bad_usage_is_one_message(arguments: tuple[str, ...], found: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2, one line on standard error, nothing on standard output."""
    run("impact", "facts.parquet", *arguments, status=2)
    said = capsys.readouterr()
    assert "" == said.out
    assert 1 == said.err.count("\n")
    assert found in said.err
