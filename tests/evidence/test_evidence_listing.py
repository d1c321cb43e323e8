"""The list of evidence: CSV in two encodings, workbooks, and mistakes told by file, row and column."""

from __future__ import annotations

import datetime as dt
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mine_folders import make_workbook

from greenmine import i18n
from greenmine.errors import EvidenceError
from greenmine.evidence import table
from greenmine.evidence.listing import Row, read_listing

ENGLISH = "path,supports,title,issuer,issued_on,valid_until"
CHINESE = "路径,支撑指标,标题,出具单位,出具日期,有效期至"
FIRST = "环评/环评批复.pdf,P1 29 34,环评批复,演示厅,2019-05-20,"
SECOND = "08 开采方式/设计.pdf,08；9,初步设计,,2020/8/1,2030年1月31日"
EXPECTED = [
    Row(
        "环评/环评批复.pdf", ("P1", "29", "34"), "环评批复", "演示厅", dt.date(2019, 5, 20), None, "evidence.csv, row 2"
    ),
    Row(
        "08 开采方式/设计.pdf",
        ("8", "9"),
        "初步设计",
        "",
        dt.date(2020, 8, 1),
        dt.date(2030, 1, 31),
        "evidence.csv, row 3",
    ),
]


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    i18n.use("en")
    yield
    i18n.use("zh")


def rows(data: bytes | str, name: str = "evidence.csv") -> list[Row]:
    content = data.encode() if isinstance(data, str) else data
    return list(read_listing(io.BytesIO(content), name, f"GM-1/{name}").values())


def failure(data: bytes | str, name: str = "evidence.csv") -> str:
    with pytest.raises(EvidenceError) as caught:
        rows(data, name)
    message = str(caught.value)
    assert message.startswith(f"GM-1/{name}")
    return message


@pytest.mark.parametrize("head", [ENGLISH, CHINESE, ENGLISH.upper()])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize(("end", "separator"), [("\n", ","), ("\r\n", ","), ("\r\n", ";"), ("\n", "\t")])
def test_a_list_is_read_however_the_spreadsheet_saved_it(head: str, encoding: str, end: str, separator: str) -> None:
    """Column names in two languages, three encodings, both line ends and three separators give the same rows."""
    text = end.join([head, FIRST, SECOND, ""]).replace(",", separator)
    assert EXPECTED == rows(text.encode(encoding))


def test_columns_may_stand_in_any_order_and_be_left_out() -> None:
    """Only the path is needed; blank rows and blank columns do not matter."""
    assert [Row("a.pdf", (), "题", place="evidence.csv, row 4")] == rows("\n标题,,路径\n,,\n题,,a.pdf,,\n")


def test_a_list_of_nothing_but_its_columns_is_a_list() -> None:
    """There may be nothing to list."""
    assert [] == rows(ENGLISH)


def test_a_workbook_gives_the_same_rows() -> None:
    """Numbers, dates and texts of cells are read as a person would read them."""
    data = make_workbook(
        CHINESE.split(","),
        ["环评/环评批复.pdf", "P1 29 34", "环评批复", "演示厅", dt.date(2019, 5, 20), None],
        ["08 开采方式/设计.pdf", "08；9", "初步设计", None, dt.datetime(2020, 8, 1, 0, 0), "2030年1月31日"],  # noqa: DTZ001 - as a cell has it
        ["a.pdf", 8, 2026, None, None, "长期"],
    )
    found = rows(data, "evidence.xlsx")
    places = [f"evidence.xlsx, row {number}" for number in (2, 3, 4)]
    assert places == [row.place for row in found]
    assert [(row.path, row.supports, row.issued_on, row.valid_until) for row in EXPECTED] == [
        (row.path, row.supports, row.issued_on, row.valid_until) for row in found[:2]
    ]
    assert Row("a.pdf", ("8",), "2026", place=places[2]) == found[2]


def test_a_number_with_a_point_and_nothing_after_it_is_whole() -> None:
    """A spreadsheet may keep 8 as 8.0."""
    data = make_workbook(["path", "supports", "title"], ["a.pdf", 8.0, 2.5])
    assert [(("8",), "2.5")] == [(row.supports, row.title) for row in rows(data, "evidence.xlsx")]


def test_a_date_where_ids_belong_is_refused() -> None:
    """A spreadsheet takes 8-9 for a day in August; nobody can tell what was meant."""
    data = make_workbook(["path", "supports"], ["a.pdf", dt.date(2026, 8, 9)])
    message = failure(data, "evidence.xlsx")
    assert "row 2, column supports (支撑指标): expected text, got the date 2026-08-09. Format the column" in message


def test_without_the_safe_reader_workbooks_are_refused() -> None:
    """The library can be told to do without defusedxml; then a list must be CSV."""
    code = (
        "import io, sys; sys.path.insert(0, sys.argv[1]); from mine_folders import make_workbook\n"
        "from greenmine.evidence.listing import read_listing\n"
        "read_listing(io.BytesIO(make_workbook(['path'])), 'evidence.xlsx', 'evidence.xlsx')\n"
    )
    support = Path(__file__).parents[1] / "support"
    environment = {**os.environ, "OPENPYXL_DEFUSEDXML": "False"}
    done = subprocess.run(
        [sys.executable, "-c", code, support], env=environment, capture_output=True, text=True, check=False
    )
    assert "EvidenceError: evidence.xlsx" in done.stderr
    assert "defusedxml" in done.stderr


def test_a_formula_is_never_read_as_a_value() -> None:
    """A cell with a formula that no spreadsheet has calculated is empty."""
    data = make_workbook(["path", "title"], ["a.pdf", '=HYPERLINK("http://x","y")'])
    assert [""] == [row.title for row in rows(data, "evidence.xlsx")]


def test_a_file_on_several_rows_supports_what_all_of_them_say() -> None:
    """A list with a row for each indicator is as good as one with a row for each file."""
    (row,) = rows(f"{ENGLISH}\na.pdf,8,设计,,,\n./a.pdf,9;8,,厅,2020-01-01,\n")
    assert Row("a.pdf", ("8", "9"), "设计", "厅", dt.date(2020, 1, 1), None, "evidence.csv, row 2") == row


def test_rows_on_the_same_file_must_agree() -> None:
    """What two rows say of one file must not differ."""
    message = failure(f"{ENGLISH}\na.pdf,8,设计,,,\na.pdf,9,图,,,\n")
    assert "row 3, column title (标题): expected “设计”, as said before of the same file, got “图”" in message


@pytest.mark.parametrize(
    ("row", "parts"),
    [
        (",8,x,,,", ("row 2, column path (路径)", "the path of a file", "nothing")),
        ("../x.pdf,8,,,,", ("row 2, column path (路径)", "inside the mine's folder", "“../x.pdf”")),
        ("a/../../x.pdf,8,,,,", ("row 2, column path (路径)", "inside the mine's folder")),
        ("..\\x.pdf,8,,,,", ("row 2, column path (路径)", "inside the mine's folder")),
        ("/etc/passwd,8,,,,", ("row 2, column path (路径)", "“/etc/passwd”")),
        ("C:\\x.pdf,8,,,,", ("row 2, column path (路径)", "“C:\\x.pdf”")),
        ("a\u202eb.pdf,8,,,,", ("row 2, column path (路径)", "control characters", "\\u202e")),
        ("a.pdf,<8>,,,,", ("row 2, column supports (支撑指标)", "“<8>”")),
        ("a.pdf,第八项,,,,", ("row 2, column supports (支撑指标)", "“第八项”")),
        ("a.pdf,8,a\x07b,,,", ("row 2, column title (标题)", "\\u0007")),
        (f"a.pdf,8,{'长' * 1001},,,", ("row 2, column title (标题)", "at most 1000 characters", "1001 characters")),
        ("a.pdf,8,,,31/12/2025,", ("row 2, column issued_on (出具日期)", "2024-04-15", "“31/12/2025”")),
        ("a.pdf,8,,,2026-02-30,", ("row 2, column issued_on (出具日期)", "“2026-02-30”")),
        ("a.pdf,8,,,长期,", ("row 2, column issued_on (出具日期)", "“长期”")),
        ("a.pdf,8,,,,46023", ("row 2, column valid_until (有效期至)", "“46023”")),
        ("a.pdf,8,,,,,?", ("row 2, column 7", "below a column without a name", "“?”")),
        ("a.pdf,8,,,," + "," * 40 + "x", ("row 2", "at most 32 columns")),
        ('a.pdf,8,"x"y,,,', ("line 2", "a table as CSV")),
        ('a.pdf,8,"x,,,', ("line 2", "a table as CSV")),
        ("a.pdf,8," + "x" * 140_000 + ",,,", ("line 2", "a table as CSV", "too long")),
    ],
)
def test_a_mistake_is_told_by_row_and_column(row: str, parts: tuple[str, ...]) -> None:
    """The message names the cell as the spreadsheet counts, what was expected there and what came."""
    message = failure(f"{ENGLISH}\n{row}\n")
    assert [] == [part for part in parts if part not in message], message


@pytest.mark.parametrize(
    ("head", "parts"),
    [
        ("", ("a row with the names of the columns", "nothing")),
        ("title,supports", ("row 1", "a column path (路径)", "“title, supports”")),
        ("path,titel", ("row 1", "only the columns path (路径)", "“titel”", "Did you mean “title”?")),
        ("path,备注", ("row 1", "only the columns", "“备注”")),
        ("path,路径", ("row 1", "each column once", "“路径”")),
    ],
)
def test_columns_must_be_known(head: str, parts: tuple[str, ...]) -> None:
    """A column that is missing, unknown or there twice is told, with the ones there are."""
    message = failure(f"{head}\na.pdf,x\n" if head else "\n , \n")
    assert [] == [part for part in parts if part not in message], message


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (ENGLISH.encode("utf-16"), ("UTF-16", "CSV UTF-8")),
        (b"path\n\0\n", ("UTF-8 or GB18030",)),
        (b"path\n\xff\xff\xff\xff\n", ("byte 6", "UTF-8 or GB18030", "bytes of another encoding")),
        (b"", ("a row with the names of the columns",)),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, parts: tuple[str, ...]) -> None:
    """Other encodings and binary files are told apart from lists."""
    message = failure(data)
    assert [] == [part for part in parts if part not in message], message


def test_a_list_over_the_limits_is_refused() -> None:
    """Neither bytes nor rows are without limit."""
    assert f"at most {table.MAX_BYTES} bytes" in failure(b"path\n" + b"a" * table.MAX_BYTES)
    assert f"at most {table.MAX_ROWS} rows" in failure("path\n" + "a\n" * table.MAX_ROWS)


@given(st.binary(max_size=200), st.sampled_from(["evidence.csv", "evidence.xlsx"]))
def test_any_bytes_are_a_list_or_an_error(data: bytes, name: str) -> None:
    """Nothing makes the reader fail in any other way."""
    try:
        rows(data, name)
    except EvidenceError as problem:
        assert f"GM-1/{name}" == problem.file.partition(",")[0]  # noqa: PT017 - either outcome is right


# ---- workbooks -------------------------------------------------------------------------------------------------------


def archive(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return stream.getvalue()


def repacked(name: str, change: bytes, at: bytes, *, replace: bool = False) -> bytes:
    """Return a workbook with `change` put before `at`, or in its place, in one of its parts."""
    source = zipfile.ZipFile(io.BytesIO(make_workbook(["path", "title"], ["a.pdf", "x"])))
    members = {one: source.read(one) for one in source.namelist()}
    assert at in members[name]
    return archive({**members, name: members[name].replace(at, change if replace else change + at, 1)})


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (b"", ("a workbook (.xlsx)", "no such archive")),
        (b"this is no spreadsheet", ("a workbook (.xlsx)", "no such archive")),
        (b"PK\x03\x04" + bytes(40), ("a workbook (.xlsx)", "no such archive")),
        (archive({"a.txt": b"x"}), ("a workbook (.xlsx)",)),
        (archive({"[Content_Types].xml": b"<x"}), ("a workbook (.xlsx)",)),
        (make_workbook(["path"], ["a.pdf"])[:-200], ("a workbook (.xlsx)",)),
        (archive({f"{number}": b"" for number in range(501)}), ("at most 500 parts", "501 parts")),
        (archive({"xl/x.xml": b" " * 30_000_000}), ("“xl/x.xml”", "200 times", "30000000 bytes")),
        (archive({f"{number}": bytes(1_000_000) for number in range(70)}), ("at most 67108864 bytes",)),
    ],
)
def test_an_archive_that_is_no_small_workbook_is_refused(data: bytes, parts: tuple[str, ...]) -> None:
    """Broken archives, other archives and those that would unpack to very much are refused before they are unpacked."""
    message = failure(data, "evidence.xlsx")
    assert [] == [part for part in parts if part not in message], message


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"])
def test_entities_in_a_workbook_are_refused(part: str) -> None:
    """Definitions that would grow without end, or read other files, are never expanded."""
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    root = {
        "xl/workbook.xml": b"<workbook",
        "xl/worksheets/sheet1.xml": b"<worksheet",
        "[Content_Types].xml": b"<Types",
    }
    message = failure(repacked(part, bomb, root[part]), "evidence.xlsx")
    assert "EntitiesForbidden" in message or "DTDForbidden" in message, message


def test_a_sheet_that_claims_to_be_vast_is_read_as_far_as_it_goes() -> None:
    """The size a sheet states is not believed."""
    data = repacked("xl/worksheets/sheet1.xml", b'ref="A1:XFD1048576"', b'ref="A1:B2"', replace=True)
    assert ["a.pdf"] == [row.path for row in rows(data, "evidence.xlsx")]


def test_a_row_far_down_or_far_right_is_refused() -> None:
    """Cells beyond the limits are told, not passed over."""
    far_down = b'<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>x.pdf</t></is></c></row>'
    assert "at most 20000 rows" in failure(
        repacked("xl/worksheets/sheet1.xml", far_down, b"</sheetData>"), "evidence.xlsx"
    )
    far_right = b'<row r="3"><c r="XFD3" t="inlineStr"><is><t>x</t></is></c></row>'
    assert "row 3: expected at most 32 columns" in failure(
        repacked("xl/worksheets/sheet1.xml", far_right, b"</sheetData>"), "evidence.xlsx"
    )


@pytest.mark.parametrize("value", [b"1e999", b"-1e999"])
def test_numbers_without_end_are_text_like_any_other(value: bytes) -> None:
    """A cell may hold a number no other number equals; it is no date and no reason to fail."""
    cell = b'<row r="3"><c r="A3" t="inlineStr"><is><t>b.pdf</t></is></c><c r="B3"><v>' + value + b"</v></c></row>"
    data = repacked("xl/worksheets/sheet1.xml", cell, b"</sheetData>")
    assert "inf" in rows(data, "evidence.xlsx")[1].title
