"""The roster: what is read from a table, and what is refused with file, row and column."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from greenmine.errors import InputError
from greenmine.files import sha256_hex
from greenmine.programme.roster import COLUMNS, Mine, read_roster

HEAD = "id,name,city,mineral,size,producing,licence_valid_until"
ROW = "GM-0001,演示煤矿,甲市,煤,大型,是,2028-06-30"
UNTIL = dt.date(2028, 6, 30)


def read(folder: Path, text: str, encoding: str = "utf-8") -> dict[str, Mine]:
    file = folder / "名册.csv"
    file.write_text(text, encoding)
    return dict(read_roster(file).mines)


def test_a_roster_is_read_in_english_or_chinese_from_csv_or_a_workbook(tmp_path: Path) -> None:
    """Column names, sizes and yes or no in either language; UTF-8 or GB18030; the file's name and digest are kept."""
    expected = {"GM-0001": Mine("GM-0001", "演示煤矿", "甲市", "煤", "large", producing=True, licence_until=UNTIL)}
    assert expected == read(tmp_path, f"{HEAD}\n{ROW}\n")
    assert expected == read(tmp_path, f"{','.join(COLUMNS.values())}\n{ROW}\n", "gb18030")
    assert expected == read(tmp_path, f"{HEAD}\n{ROW.replace('大型', 'large').replace('是', 'TRUE')}\n")
    book = openpyxl.Workbook()
    cells: list[Any] = ["GM-0001", "演示煤矿", "甲市", "煤", "大型", True, UNTIL]
    for line in (list(COLUMNS), cells):
        book.active.append(line)
    book.save(tmp_path / "roster.xlsx")
    found = read_roster(tmp_path / "roster.xlsx")
    assert expected == found.mines
    assert ("roster.xlsx", sha256_hex((tmp_path / "roster.xlsx").read_bytes())) == (found.file, found.sha256)


def test_a_licence_may_be_left_out_or_hold_for_long(tmp_path: Path) -> None:
    """The last column need not be there; an empty cell or 长期 is no end."""
    short = HEAD.rpartition(",")[0]
    for head, row in ((short, ROW.rpartition(",")[0]), (HEAD, ROW.replace("2028-06-30", "长期"))):
        (mine,) = read(tmp_path, f"{head}\n{row}\n").values()
        assert mine.licensed(dt.date(2099, 1, 1))
    (mine,) = read(tmp_path, f"{HEAD}\n{ROW}\n").values()
    assert (True, False) == (mine.licensed(dt.date(2028, 6, 30)), mine.licensed(dt.date(2028, 7, 1)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{HEAD}\n", ("至少一座矿山",)),
        ("", ("名册.csv",)),
        ("id,name,city,mineral,size\nGM-1,a,b,c,large\n", ("producing (是否在产)",)),
        (f"{HEAD},owner\n{ROW},x\n", ("owner",)),
        (f"{HEAD}\n{ROW}\n{ROW}\n", ("第 3 行", "id (矿山编号)", "2")),
        (f"{HEAD}\n{ROW.replace('GM-0001', '../x')}\n", ("第 2 行", "id", "../x")),
        (f"{HEAD}\n{ROW.replace('GM-0001', 'A' * 129)}\n", ("第 2 行", "id")),
        (f"{HEAD}\n{ROW.replace('甲市', '')}\n", ("第 2 行", "city (市)")),
        (f"{HEAD}\n{ROW.replace('大型', '特大型')}\n", ("size (生产规模)", "特大型", "large (大型)")),
        (f"{HEAD}\n{ROW.replace('是', '也许')}\n", ("producing", "也许")),
        (f"{HEAD}\n{ROW.replace('2028-06-30', '2028-02-30')}\n", ("licence_valid_until", "2028-02-30")),
        (f"{HEAD}\n{ROW}\n".replace("演示煤矿", "演示\u202e煤矿"), ("第 2 行", "name", "\\u202e")),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    """File, row, column, what was expected and what came; text that steers is refused."""
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    for word in ("名册.csv", *words):
        assert word in str(caught.value)


def test_a_file_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    """A folder, or nothing."""
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(InputError, match=path.name):
            read_roster(path)


def test_the_roster_of_the_guide_is_valid(tmp_path: Path, repository: Path) -> None:
    """The table in docs/programmes/README.md can be copied as it stands."""
    guide = (repository / "docs" / "programmes" / "README.md").read_text("utf-8")
    table = guide.partition("```csv\n")[2].partition("```")[0]
    assert [("GM-0001", "large", True), ("GM-0002", "medium", False)] == [
        (one.id, one.size, one.producing) for one in read(tmp_path, table).values()
    ]
