"""The table of facts: written, read again, and refused where it is not one."""

from __future__ import annotations

import csv
import re
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from cases import Document, full_findings, national
from registers import random_register, table_of

from greenmine import i18n
from greenmine.batch.impact.register import Register
from greenmine.batch.impact.table import HEAD, FactsTable
from greenmine.errors import InputError, UsageError

HEADINGS = "mine,name,industry,extraction,primary_extraction"


@pytest.fixture(scope="module")
def register() -> list[Document]:
    return random_register(national(), 80, 3)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".CSV"])
def test_a_table_in_a_file_gives_the_same_scores(register: list[Document], suffix: str, tmp_path: Path) -> None:
    """CSV, all text, and Parquet, typed, hold all that points rest on."""
    table = table_of(register, national())
    path = tmp_path / f"facts{suffix}"
    table.write(path)
    again = FactsTable.read(path)
    assert table.names == again.names
    for readings in ({}, {"component_na": "fold", "expert_split": "majority"}):
        one, other = (Register(national(), each).score(readings) for each in (table, again))
        assert one.verdict.tolist() == other.verdict.tolist()
        assert [one.total(n) for n in range(len(table))] == [other.total(n) for n in range(len(table))]


def test_columns_stand_in_order(register: list[Document]) -> None:
    """The head, then prerequisites, then indicators by number."""
    names = table_of(register, national()).names
    assert list(HEAD) == names[: len(HEAD)]
    owners = [name.rpartition(".")[0] for name in names[len(HEAD) :]]
    gates = [owner for owner in owners if owner.startswith("prerequisite/")]
    numbers = [int(owner) for owner in owners[len(gates) :]]
    assert gates == owners[: len(gates)]
    assert sorted(numbers) == numbers


def test_no_cell_of_a_csv_file_is_a_formula(tmp_path: Path) -> None:
    """A mine named like a formula stays a name in a spreadsheet program; in Parquet the name is as it was."""
    findings = full_findings(national())
    findings["mine"]["name"] = "=HYPERLINK(1)"
    table = table_of([findings], national())
    table.write(tmp_path / "facts.csv")
    table.write(tmp_path / "facts.parquet")
    with (tmp_path / "facts.csv").open(encoding="utf-8", newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    assert "'=HYPERLINK(1)" in cells
    assert [] == [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert ["=HYPERLINK(1)"] == FactsTable.read(tmp_path / "facts.parquet").texts("name").tolist()


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_table_gives_back_the_ids_and_names_that_were_written(suffix: str, tmp_path: Path) -> None:
    """Those that a spreadsheet program would take for formulas, and those that begin with an apostrophe, too."""
    names = ["-x", "'-x", "''=1", "'甲'", "＝1", "a'b", "'"]
    ids = [f"-{number}" for number in range(len(names))]
    row = table_of([full_findings(national())], national()).data.to_pylist()[0]
    rows = [{**row, "mine": id_, "name": name} for id_, name in zip(ids, names, strict=True)]
    path = tmp_path / f"facts{suffix}"
    FactsTable.of([{key: value for key, value in one.items() if value is not None} for one in rows]).write(path)
    again = FactsTable.read(path)
    assert (ids, names) == (again.texts("mine").tolist(), again.texts("name").tolist())


def test_what_spreadsheet_programs_and_pandas_make_of_a_table_is_read(tmp_path: Path) -> None:
    """TRUE in capitals, a byte-order mark, whole numbers as 1.0."""
    path = tmp_path / "facts.csv"
    head = f"{HEADINGS},10.met,2.defects,36.clean_transport_share"
    rows = "A,甲,coal,underground,underground,TRUE,1.0,0.70\nB,乙,coal,underground,underground,,,\n"
    path.write_text(f"{head}\n{rows}", "utf-8-sig")
    table = FactsTable.read(path)
    assert ["A", "B"] == table.texts("mine").tolist()
    assert [1, -1] == table.truth("10.met").tolist()
    assert [1, -1] == table.count("2.defects").tolist()
    assert [-1, -1] == table.truth("9.drilling").tolist()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mine,name\nA,甲\n", "industry"),
        (f"{HEADINGS},10.met,10.met\nA,甲,coal,underground,underground,true,true\n", "10.met"),
        (f"{HEADINGS}\nA,甲,coal,underground,underground\nA,乙,coal,underground,underground\n", "row 2, column “mine”"),
        (f"{HEADINGS}\n,甲,coal,underground,underground\n", "row 2, column “mine”"),
        (f"{HEADINGS}\nA,甲,coal,underground,open_pit\n", "row 2, column “primary_extraction”"),
        (f"{HEADINGS}\nA,甲,coal\n", "a table of facts"),
        ("", "a table of facts"),
    ],
)
def test_a_file_that_is_no_table_is_refused(text: str, found: str, tmp_path: Path) -> None:
    """Missing or doubled headings, a mine twice or without an id, rows of another length, nothing."""
    i18n.use("en")
    path = tmp_path / "facts.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError) as caught:
        FactsTable.read(path)
    assert "facts.csv" in str(caught.value)
    assert found in str(caught.value)


def test_another_encoding_another_format_and_no_file_are_refused(tmp_path: Path) -> None:
    """GB18030 text, a text called Parquet, a name that is not there: one message each; so another suffix."""
    (tmp_path / "gb.csv").write_bytes(f"{HEADINGS}\nA,矿山,coal,underground,underground\n".encode("gb18030"))
    (tmp_path / "text.parquet").write_text("no", "utf-8")
    for name in ("gb.csv", "text.parquet", "missing.csv", "missing.parquet"):
        with pytest.raises(InputError, match=name):
            FactsTable.read(tmp_path / name)
    with pytest.raises(UsageError, match=r"facts\.txt"):
        FactsTable.read(tmp_path / "facts.txt")


PLAIN = {"mine": "A", "name": "", "industry": "coal", "extraction": "underground", "primary_extraction": "underground"}


def test_a_column_of_numbers_in_parquet_is_read_as_it_is_written(tmp_path: Path) -> None:
    """A share that is a binary fraction counts as the decimal it shows as; a column with nothing in it is empty."""
    path = tmp_path / "facts.parquet"
    row = {**PLAIN, "36.clean_transport_share": 0.7, "10.met": None}
    pa.parquet.write_table(pa.Table.from_pylist([row]), path)
    assert [1] == FactsTable.read(path).reaches("36.clean_transport_share", Fraction(7, 10)).tolist()
    assert [-1] == FactsTable.read(path).truth("10.met").tolist()


def test_a_column_of_lists_is_refused(tmp_path: Path) -> None:
    """Parquet can hold more than a table of facts does; the column is named."""
    path = tmp_path / "facts.parquet"
    for name in ("2.defects", "mine"):
        pa.parquet.write_table(pa.Table.from_pylist([{**PLAIN, name: ["x"]}]), path)
        with pytest.raises(InputError, match=name):
            FactsTable.read(path)


def test_a_table_of_no_mines_is_one(tmp_path: Path) -> None:
    """Nothing passes and nothing fails."""
    path = tmp_path / "facts.csv"
    path.write_text(f"{HEADINGS}\n", "utf-8")
    assert [] == Register(national(), FactsTable.read(path)).score({}).verdict.tolist()


def test_the_document_names_columns_that_there_are(repository: Path) -> None:
    """Every heading in docs/impact.md is one of a table of many mines; every one of its head is described."""
    text = (repository / "docs" / "impact.md").read_text("utf-8")
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    named = {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}
    assert set(HEAD) <= named
    assert set() == named - set(table_of(random_register(national(), 100, 5), national()).names)
