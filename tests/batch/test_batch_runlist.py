"""A run list is checked whole before anything starts; a mistake names file, row and column."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mines import ASSESSMENT, make_mine
from openpyxl import Workbook as Sheet

from greenmine import i18n
from greenmine.batch.parameters import Parameter
from greenmine.batch.run import notebook_parameters, shard
from greenmine.batch.runlist import Run, read_list
from greenmine.errors import EvidenceError, InputError
from greenmine.workspace import Workspace

MINES = ("M-1", "M-2")


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with two mines."""
    root = tmp_path_factory.mktemp("lists") / "w"
    (root / "parameters").mkdir(parents=True)
    for mine in MINES:
        make_mine(root / "evidence", mine=mine, photos=False)
    return Workspace(root)


def known(space: Workspace, **more: str) -> dict[str, Parameter]:
    return {**notebook_parameters(space), **{name: Parameter(name, kind, None) for name, kind in more.items()}}


def read(space: Workspace, name: str, text: str | bytes, **defaults: Any) -> tuple[Run, ...]:
    file = space.root / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_list(file, known(space), space, defaults)


def test_a_table_names_mines_and_parameters(space: Workspace) -> None:
    """What a row leaves empty comes from the command line, then from the notebook."""
    text = "mine,assessment,readings,reason\nM-1,,,\n\nM-2,2026-test,na_fold=total; expert_split=majority,new rule\n"
    one, two = read(space, "a.csv", text, catalog="national@2024", lang="en")
    assert (2, "M-1", ASSESSMENT, {}, "") == (
        one.number,
        one.mine,
        one.assessment,
        one.parameters["readings"],
        one.reason,
    )
    assert {"na_fold": "total", "expert_split": "majority"} == two.parameters["readings"]
    assert ("new rule", "en", "national@2024") == (two.reason, two.parameters["lang"], two.parameters["catalog"])


def test_yaml_csv_and_workbooks_say_the_same(space: Workspace) -> None:
    """Also with another separator, and in the encoding of an old spreadsheet."""
    expected = read(space, "a.csv", "mine,lang,readings,reason\nM-1,en,na_fold=zero,换证\nM-2,en,,\n")
    assert expected == read(
        space, "b.csv", "mine;lang;readings;reason\nM-1;en;na_fold＝zero;换证\nM-2;en\n".encode("gb18030")
    )
    yaml = "defaults: {lang: en}\nruns:\n- {mine: M-1, readings: {na_fold: zero}, reason: 换证}\n- {mine: M-2}\n"
    positions = tuple(replace(run, number=number) for number, run in enumerate(expected, 1))
    assert positions == read(space, "c.yaml", yaml)
    sheet = Sheet()
    for row in (["mine", "lang", "readings", "reason"], ["M-1", "en", "na_fold=zero", "换证"], ["M-2", "en"]):
        sheet.active.append(row)
    sheet.save(space.root / "d.xlsx")
    assert expected == read_list(space.root / "d.xlsx", known(space), space)


def test_a_row_has_the_number_that_its_reader_sees(space: Workspace) -> None:
    """In a table that of the spreadsheet, blank rows and headings counted; in YAML the position in the list."""
    text = '\n"mine","reason"\n\nM-1,"two\nlines"\n\nM-2,\n'
    sheet = Sheet()
    for row in ([], ["mine"], [], ["M-1"], [None], ["M-2"]):
        sheet.active.append(row)
    sheet.save(space.root / "d.xlsx")
    table = read_list(space.root / "d.xlsx", known(space), space)
    assert [[4, 6]] * 2 == [[run.number for run in runs] for runs in (read(space, "a.csv", text), table)]
    yaml = "runs:\n- mine: M-1\n  lang: en\n\n- mine: M-2\n"
    assert [1, 2] == [run.number for run in read(space, "a.yaml", yaml)]


BAD = [
    ("a.csv", "mine,catalogue\nM-1,x\n", ["catalogue", "catalog", "1"]),
    ("a.csv", "mine,mine\nM-1,M-1\n", ["mine"]),
    ("a.csv", "lang\nzh\n", ["mine"]),
    ("a.csv", "mine\n", ["a.csv"]),
    ("a.csv", "", ["a.csv"]),
    ("a.csv", "mine,lang\nM-1,zh\nM-9,zh\n", ["3", "mine", "M-9"]),
    ("a.csv", "mine\n../evidence/M-1\n", ["2", "mine"]),
    ("a.csv", "mine,lang\nM-1,zh\n,zh\n", ["3", "mine"]),
    ("a.csv", "mine,lang\nM-1,fr\n", ["2", "lang", "fr"]),
    ("a.csv", "mine,catalog\nM-1,none@1\n", ["2", "catalog", "none@1"]),
    ("a.csv", "mine,assessment\nM-1,2025\n", ["2", "assessment", "2025", ASSESSMENT]),
    ("a.csv", "mine,readings\nM-1,na_fold\n", ["2", "readings", "na_fold"]),
    ("a.csv", "mine,readings\nM-1,na_fold=guess\n", ["2", "readings", "“na_fold=guess”", "na_fold=total"]),
    ("a.csv", "mine,readings\nM-1,nonesuch=1\n", ["2", "readings", "nonesuch", "na_fold"]),
    ("a.csv", "mine\nM-1\nM-2\n\nM-1\n", ["row 5, column mine", "M-1", "row 2, column mine"]),
    ("a.yaml", "runs:\n- mine: M-1\n- lang: en\n  mine: M-1\n", ["line 4", "#2/mine", "line 2", "#1/mine"]),
    ("a.csv", "mine,lang\nM-1,\n,zh\n", ["row 3, column mine", "the id of a mine"]),
    ("a.csv", "mine\nM-1,stray\n", ["2", "stray"]),
    ("a.xlsx", "no workbook", ["a.xlsx"]),
    ("a.yaml", "runs: []\n", ["a.yaml"]),
    ("a.yaml", "runs: {}\n", ["runs"]),
    ("a.yaml", "run: []\n", ["run", "runs"]),
    ("a.yaml", "runs: [M-1]\n", ["mine: GM-0001"]),
    ("a.yaml", "runs:\n- mine: M-1\n- mine: M-2\n  readings: na_fold\n", ["4", "readings", "a mapping such as"]),
    ("a.yaml", "runs:\n- mine: M-1\n- mine: M-2\n  lang: true\n", ["4", "lang", "expected text, got true"]),
    ("a.yaml", "runs:\n- mine: M-1\n  reason: [a]\n", ["3", "reason", "expected text, got a list of 1"]),
    ("a.yaml", "runs:\n- mine: M-1\n  mines: M-2\n", ["3", "mines", "mine"]),
    ("a.csv", "mine,,lang\nM-1,stray,zh\n", ["row 2, column 2", "stray"]),
    ("a.csv", "mine,readings\nM-1,na_fold=total; na_fold=zero\n", ["row 2", "na_fold=total; na_fold=zero"]),
    ("a.yaml", "defaults: 5\nruns:\n- mine: M-1\n", ["line 1", "defaults", "5"]),
    ("a.yaml", "defaults: {lang: fr}\nruns:\n- mine: M-1\n", ["1", "lang", "fr"]),
]


@pytest.mark.parametrize(("name", "text", "words"), BAD, ids=[f"{n}-{t[:40]!r}" for n, t, _w in BAD])
def test_a_mistake_names_file_row_and_column(space: Workspace, name: str, text: str, words: list[str]) -> None:
    """And what is allowed; on one line."""
    i18n.use("en")
    with pytest.raises(InputError) as caught:
        read(space, name, text)
    message = str(caught.value)
    assert name in message
    assert "\n" not in message
    for word in words:
        assert word in message, (word, message)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [("bool", "是", True), ("bool", "FALSE", False), ("int", "-3", -3), ("list[str]", "a；b, c", ["a", "b", "c"])],
)
def test_cells_are_read_as_the_notebook_declares(space: Workspace, kind: str, text: str, value: Any) -> None:
    """Types are those of the parameters cell."""
    file = space.root / "typed.csv"
    file.write_text(f'mine,extra\nM-1,"{text}"\n', "utf-8")
    [run] = read_list(file, known(space, extra=kind), space, {"extra": value})
    assert value == run.parameters["extra"]
    for bad in ("=", "--3", "３", "²"):
        file.write_text(f"mine,extra\nM-1,{bad}\n", "utf-8")
        if kind != "list[str]":
            with pytest.raises(InputError, match="extra"):
                read_list(file, known(space, extra=kind), space)


def test_a_mistake_of_the_command_line_names_the_option(space: Workspace) -> None:
    """There is no such column in the list to look for it."""
    for text, name, defaults in (
        ("mine\nM-1\n", "--catalog", {"catalog": "none@1"}),
        ("mine\nM-1\n", "--reading", {"readings": {"na_fold": "guess"}}),
        ("mine,catalog\nM-1,none@1\n", "column catalog", {"catalog": "national@2024"}),
    ):
        i18n.use("en")
        with pytest.raises(InputError, match=name):
            read(space, "a.csv", text, **defaults)


def test_a_list_that_is_not_there_is_named(space: Workspace) -> None:
    """As any file."""
    for name in ("none.csv", "none.yaml", "none.xlsx"):
        with pytest.raises(InputError, match=name):
            read_list(space.root / name, known(space), space)


def test_columns_that_nobody_uses_are_passed_over(space: Workspace) -> None:
    """A spreadsheet has them where a cell was coloured once."""
    assert ["M-1"] == [run.mine for run in read(space, "a.csv", "mine,assessment,,\nM-1,,,\n")]
    assert ["M-1"] == [run.mine for run in read(space, "b.csv", ",mine\n,M-1\n")]


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv"])
def test_a_list_that_is_too_long_is_refused_as_a_whole(space: Workspace, name: str) -> None:
    """No row of it is left out in silence, wherever it stands."""
    i18n.use("en")
    if name.endswith("xlsx"):
        sheet = Sheet()
        for row, mine in ((1, "mine"), (2, "M-1"), (20_001, "M-2"), (20_002, "no such mine")):
            sheet.active.cell(row, 1, mine)
        sheet.save(space.root / name)
    else:
        (space.root / name).write_text("mine\nM-1\n" + "\n" * 20_000 + "M-2\n", "utf-8")
    with pytest.raises(EvidenceError, match="at most 20000 rows"):
        read_list(space.root / name, known(space), space)


def test_a_mine_that_cannot_be_read_fails_by_itself(space: Workspace) -> None:
    """It does not keep the list from starting."""
    mine = make_mine(space.evidence, mine="M-BAD", photos=False)
    (mine / "assessments" / ASSESSMENT / "panel.yaml").write_text("][", "utf-8")
    assert ["M-1", "M-BAD"] == [run.mine for run in read(space, "a.csv", "mine\nM-1\nM-BAD\n")]


@given(st.sets(st.text("AB-12", min_size=1), max_size=20), st.integers(1, 7))
def test_shards_share_a_list_out(mines: set[str], parts: int) -> None:
    """Each mine is in one part, and in the same whatever else is in the list."""
    runs = [Run(number, mine) for number, mine in enumerate(sorted(mines), 1)]
    shards = [shard(runs, part, parts) for part in range(1, parts + 1)]
    assert sorted(run.number for one in shards for run in one) == [run.number for run in runs]
    for part, one in enumerate(shards, 1):
        assert all((run,) == shard([run], part, parts) for run in one)
