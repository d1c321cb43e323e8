"""The portfolio: its pieces, its notebook, and the report as it is filed."""

from __future__ import annotations

import shutil
from pathlib import Path

import boards
import pytest
from archives import make_archive
from cases import full_findings, national
from playwright.sync_api import sync_playwright
from registers import random_register, table_of
from sealing import make_mine, prepare

from greenmine.batch.impact.impact import Impact
from greenmine.batch.impact.report import file_report
from greenmine.batch.impact.table import FactsTable
from greenmine.batch.portfolio import Portfolio
from greenmine.catalog import load_catalog
from greenmine.errors import InputError, UsageError
from greenmine.report.fragment import read_fragment
from greenmine.workspace import Workspace

CATALOGS = ("national@2024", "hypothetical@2027")
PIECES = (
    *("cover", "verdicts", "distribution", "changes", "deciding", "categories", "sensitivity", "provenance"),
)  # fmt: skip
HOSTILE = '<script>alert(1)</script>"\u202e=1'


@pytest.fixture
def facts(workspace: Path) -> Path:
    """A table of mines in a workspace, one with a hostile name."""
    findings = random_register(national(), 25, 9)
    good = full_findings(national())
    findings.append({**good, "mine": {**good["mine"], "id": "GM-H", "name": HOSTILE}})
    path = workspace / "facts.parquet"
    table_of(findings, national()).write(path)
    return path


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_piece_is_one_that_a_report_may_show(facts: Path, lang: str) -> None:
    """Plain boxes and text, nothing that loads or runs, whatever a mine is called; figures add up."""
    portfolio = Portfolio.open(str(facts), catalogs=CATALOGS, lang=lang)
    for name in PIECES:
        markup = getattr(portfolio, name)().markup
        assert read_fragment(markup) is not None, name
        assert "<script" not in markup
        assert "\u202e" not in markup
    assert "GM-H &lt;script&gt;" in portfolio.changes().markup


def test_the_report_tells_how_the_facts_of_each_catalog_were_read(facts: Path) -> None:
    """By which mapping set, or by name; what the table calls a catalog is harmless."""
    rows = FactsTable.read(facts).data.to_pylist()
    names = ["national@2024", "example-province@2025", HOSTILE]
    mixed = [{**row, "catalog": names[number % 3]} for number, row in enumerate(rows)]
    table = FactsTable.of([{key: value for key, value in row.items() if value is not None} for row in mixed])
    table.write(Path("mixed.parquet"))
    found = Portfolio.open("mixed.parquet", catalogs=CATALOGS, lang="en")
    markup = found.changes().markup
    assert "Facts recorded by national@2024, 9 mines: carried over to hypothetical@2027 by the mapping set" in markup
    assert "Facts recorded by example-province@2025, 9 mines: no mapping set to hypothetical@2027" in markup
    assert "<script" not in markup
    assert "\u202e" not in markup
    assert "national-2024--hypothetical-2027.yaml" in found.provenance().markup


def test_the_same_table_gives_the_same_pieces(facts: Path) -> None:
    """Two readings of the table, and a copy of it in another place, give the same bytes."""
    shutil.copy(facts, "copy.parquet")
    one, other = (Portfolio.open(name, catalogs=CATALOGS) for name in (str(facts), "copy.parquet"))
    assert [getattr(one, name)().markup for name in PIECES] == [getattr(other, name)().markup for name in PIECES]


def test_without_a_table_the_archive_is_taken_and_else_the_folders(workspace: Path) -> None:
    """First the records, where there are any; no mine at all is a usage error."""
    shutil.copytree(Path(__file__).parents[1] / "catalog", workspace / "x")
    catalogs = [str(workspace / "x" / "small.yaml")]
    archive = make_archive(workspace / "reports")
    with pytest.raises(UsageError, match="evidence"):
        Portfolio.open(catalogs=catalogs)
    folder = make_mine(workspace / "evidence", "GM-0001")
    assert [str(workspace / "evidence" / "GM-0001")] == _sources(Portfolio.open(catalogs=catalogs))
    prepare(archive, folder).sealed(archive)
    assert ["GM-0001/r1"] == _sources(Portfolio.open(catalogs=catalogs))


def _sources(portfolio: Portfolio) -> list[str]:
    return [str(Path(text)) for text in portfolio.impact.table.texts("source")]


@pytest.mark.parametrize(
    "wrong", [{"catalogs": []}, {"readings": ["na_fold"]}, {"readings": ["na_fold=x"]}, {"lang": "fr"}]
)
def test_parameters_of_another_form_are_errors(facts: Path, wrong: dict[str, list[str]]) -> None:
    """No catalog, a reading without a choice, an unknown choice, an unknown language."""
    with pytest.raises(UsageError):
        Portfolio.open(str(facts), **{"catalogs": CATALOGS, **wrong})  # type: ignore[arg-type] # that is the point
    with pytest.raises(InputError):
        Portfolio.open("missing.csv", catalogs=CATALOGS)


def test_the_shipped_notebook_is_filed_and_readable_in_a_browser(facts: Path, chromium: str, tmp_path: Path) -> None:
    """It runs, gives the same bytes twice, and shows text as text and bars as wide as the figures say."""
    space = Workspace.find()
    table = FactsTable.read(facts)
    impact = Impact.of(table, [load_catalog(ref, space) for ref in CATALOGS], [("na_fold", "category")])
    readings = [("na_fold", "category")]
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        file_report(impact, facts, readings, folder, workspace=space, lang="zh")
    for name in ("report.html", "report.ipynb", "impact.json"):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()
    page = (folders[0] / "report.html").read_text("utf-8")
    assert "<script" not in page
    assert str(facts.parent) not in page + (folders[0] / "report.ipynb").read_text("utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        shown = browser.new_page(viewport={"width": 375, "height": 800}, java_script_enabled=True)
        shown.goto((folders[0] / "report.html").as_uri())
        assert shown.evaluate("document.documentElement.scrollWidth") <= 375
        shown.set_viewport_size({"width": 1100, "height": 900})
        widths = shown.evaluate(
            "[...document.querySelectorAll('.bar')].map(bar => [parseFloat(bar.firstChild.style.width),"
            " 100 * bar.firstChild.getBoundingClientRect().width / bar.clientWidth])"
        )
        browser.close()
    assert len(widths) > 40
    assert all(abs(stated - drawn) < 1 for stated, drawn in widths)


def test_the_report_may_hold_an_overview_of_a_register(facts: Path, workspace: Path, tmp_path: Path) -> None:
    """Day and roster are on record, the roster by its name; the same inputs give the same bytes."""
    boards.fill(make_archive(workspace / "reports"))
    roster = workspace / "名册.csv"
    roster.write_text(boards.ROSTER, "utf-8")
    space = Workspace.find()
    impact = Impact.of(FactsTable.read(facts), [load_catalog("national@2024", space)], [("na_fold", "category")])
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        file_report(
            impact,
            facts,
            [("na_fold", "category")],
            folder,
            workspace=space,
            lang="zh",
            programme="national-2024",
            roster=roster,
            on="2026-06-01",
        )
    page, notebook = ((folders[0] / name).read_text("utf-8") for name in ("report.html", "report.ipynb"))
    assert page.encode() == (folders[1] / "report.html").read_bytes()
    assert notebook.encode() == (folders[1] / "report.ipynb").read_bytes()
    assert all(text in page for text in ("board-targets", "board-removals", "2026-06-01", "GM-0001 &lt;script&gt;"))
    assert "on = '2026-06-01'" in notebook
    assert "roster = '名册.csv'" in notebook
    assert str(workspace) not in page + notebook
    assert "<script" not in page
