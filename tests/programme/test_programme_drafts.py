"""Steps handed in as texts and tables."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from greenmine import i18n
from greenmine.errors import InputError
from greenmine.programme.drafts import day_of, draft_of, is_detail, read_steps, subject_of
from greenmine.programme.events import Draft

ROW = {"subject": "A-1", "step": " remove ", "date": "2024-05-06", "office": "省厅"}


def test_a_bare_id_is_a_mine() -> None:
    """Other kinds are named."""
    assert ["mine/A-1", "mine/A-1", "agency/A-1", "mine/other/A"] == [
        subject_of(one) for one in ("A-1", "mine/A-1", "agency/A-1", "other/A")
    ]


def test_a_row_becomes_a_step_with_what_is_filled_in() -> None:
    """Blank cells count as nothing; what is no part of every step goes to the details."""
    day = dt.date(2024, 5, 6)
    assert Draft("mine/A-1", "remove", day, "省厅", details={}) == draft_of({**ROW, "deadline": " ", "city": ""})
    full = {**ROW, "document": "号", "deadline": "2024-06-01", "reason": "因", "trigger": "3", "city": "甲市"}
    expected = Draft("mine/A-1", "remove", day, "省厅", "号", dt.date(2024, 6, 1), "因", "3", {"city": "甲市"})
    assert expected == draft_of(full)


@pytest.mark.parametrize("text", ["", "2024-5-6", "20240506", "2024-W01-1", "2024-02-30", "2024/05/06", "9999-12-31"])
def test_what_is_no_date_is_refused(text: str) -> None:
    """Only one form of a date is taken."""
    with pytest.raises(ValueError, match=text or "^$"):
        day_of(text)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("subject,step,date\n", "row 1.*office"),
        ("", "names of the columns"),
        ("\n \n", "names of the columns"),
        ("subject,step,date,office\n", "at least one step"),
        ("subject,step,date,office\nA,b\n", "row 2, column date"),
        ("subject,step,date,office\nA,b,2024-05-06,d\nA,b,2024-05-06,d,e\n", "row 3, column 5"),
        ("subject,step,date,office\nA,b,5月6日,d\n", "row 2, column date.*5月6日"),
        ("subject,step,date,office\nA,b,9024-05-06,d\n", "row 2, column date"),
        ("subject,step,date,office,date\nA,b,2024-05-06,d,2024-05-07\n", "each column once"),
        ("subject,step,date,office,城市\nA,b,2024-05-06,d,e\n", "row 1.*城市"),
        ("subject,step,date,office,duties\nA,b,2024-05-06,d,e\n", "row 1.*duties"),
        ('subject,step,date,office\n"A,b\n', "CSV"),
    ],
)
def test_a_table_that_is_no_table_of_steps_is_refused(tmp_path: Path, content: str, place: str) -> None:
    """The file is named, and the column or row."""
    i18n.use("en")
    file = tmp_path / "steps.csv"
    file.write_text(content, "utf-8")
    with pytest.raises(InputError, match=place) as refused:
        read_steps(file)
    assert str(file) == refused.value.file


def test_a_table_is_what_a_spreadsheet_saves(tmp_path: Path) -> None:
    """Chinese headings, GB18030, dates with strokes, blank lines; lists and duties have their own columns."""
    file = tmp_path / "steps.csv"
    text = "对象,步骤,日期,办理单位,agency,assessors,duties.pledge\nA,entrust,2024/5/6,省厅,A1,P1、P2,承诺书\n,,,,,,\n"
    file.write_bytes(text.encode("gb18030"))
    steps = read_steps(file)
    details = {"agency": "A1", "assessors": ["P1", "P2"], "duties": {"pledge": "承诺书"}}
    assert [Draft("mine/A", "entrust", dt.date(2024, 5, 6), "省厅", details=details)] == list(steps)
    assert 2 == steps.row


def test_a_table_that_is_not_there_is_told(tmp_path: Path) -> None:
    """As every file."""
    with pytest.raises(InputError, match="steps"):
        read_steps(tmp_path / "steps.csv")


@pytest.mark.parametrize("key", ["", "date", "subject", "details", "duties", "duties.", "Agency", "城市", "a b", "x.y"])
def test_what_every_step_has_is_no_detail(key: str) -> None:
    """Nor what is no plain name."""
    assert not is_detail(key)
    assert is_detail("duties.pledge")
