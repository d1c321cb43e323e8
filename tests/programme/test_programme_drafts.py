"""Steps handed in as texts and tables."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from greenmine.errors import InputError
from greenmine.programme.drafts import day_of, draft_of, read_table, subject_of
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


@pytest.mark.parametrize("text", ["", "2024-5-6", "20240506", "2024-W01-1", "2024-02-30", "2024/05/06"])
def test_what_is_no_date_is_refused(text: str) -> None:
    """Only one form of a date is taken."""
    with pytest.raises(ValueError, match=text or "^$"):
        day_of(text)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("subject,step,date\n", "office"),
        ("", "subject"),
        ("subject,step,date,office\nA,b\n", "2"),
        ("subject,step,date,office\nA,b,c,d\nA,b,c,d,e\n", "3"),
        ('subject,step,date,office\n"A,b\n', "CSV"),
    ],
)
def test_a_table_that_is_no_table_of_steps_is_refused(tmp_path: Path, content: str, place: str) -> None:
    """The file is named, and the column or row."""
    file = tmp_path / "steps.csv"
    file.write_text(content, "utf-8")
    with pytest.raises(InputError, match=place) as refused:
        read_table(file)
    assert str(file) == refused.value.file
