"""Ids: how a list's column and a folder's number are read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenmine.evidence.supports import folder_id, parse_ids, plain_id

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="/", exclude_categories=["N", "Cc", "Cs"]), max_size=8)


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("08 开采方式", "8"),
        ("8", "8"),
        ("008", "8"),
        ("P1 证照", "P1"),
        ("p01_证照", "P1"),
        ("P5", "P5"),
        ("10、开采回采率", "10"),
        ("8. 开采方式", "8"),
        ("8-开采方式", "8"),
        ("０８　开采方式", "8"),
        ("08\u3000开采方式", "8"),
        ("123 x", "123"),
        ("2025 年报", None),
        ("2025年报", None),
        ("3号井", None),
        ("12月台账", None),
        ("06-11 照片", None),
        ("8.1 小节", None),
        ("0 说明", None),
        ("00", None),
        ("Q3 报表", None),
        ("开采方式 08", None),
        ("licences", None),
        ("", None),
    ],
)
def test_a_folder_is_numbered_or_not(folder: str, expected: str | None) -> None:
    """A number of at most three digits, alone or parted from words; years, dates and names with digits are none."""
    assert expected == folder_id(f"{folder}/文件.pdf")
    assert expected == folder_id(f"{folder}/99 里层/文件.pdf")


def test_a_file_in_no_folder_has_no_number() -> None:
    """The number of a folder counts, not that of a file."""
    assert None is folder_id("08 开采设计.pdf")


@given(st.integers(1, 999), st.integers(0, 3), st.sampled_from([" ", "_", "、", "\u3000", ". ", "- "]), WORDS)
def test_any_number_parted_from_any_words_is_read(number: int, zeros: int, parting: str, words: str) -> None:
    """Leading zeros and what comes after the number make no difference."""
    assert str(number) == folder_id(f"{'0' * zeros}{number}{parting}{words}/x")
    assert f"P{number}" == folder_id(f"P{'0' * zeros}{number}{parting}{words}/x")


@given(st.text(max_size=30))
def test_any_path_has_one_number_or_none(path: str) -> None:
    """Nothing makes the reader fail; what it gives is an id in its plain form."""
    found = folder_id(path)
    assert found is None or found == plain_id(found)


@pytest.mark.parametrize("parting", ["; ", ";", ",", "、", " ", "；", "，", "\n", "\u3000", " , ; "])
def test_ids_are_parted_by_any_of_the_usual_signs(parting: str) -> None:
    """Full-width and plain signs, blanks and line breaks all part ids."""
    assert ("P1", "8", "35") == parse_ids(parting.join(["p1", "08", "３５"]))


@given(st.lists(st.integers(1, 99).map(str)))
def test_each_id_comes_once_in_the_order_given(ids: list[str]) -> None:
    """An id that stands twice counts once."""
    assert tuple(dict.fromkeys(ids)) == parse_ids(" ".join(ids))


@pytest.mark.parametrize("text", ["3.1.1", "X-7", "八", "P", "0", "1a"])
def test_ids_of_another_form_stay_as_they_are(text: str) -> None:
    """What ids there are is the catalog's business."""
    assert (text,) == parse_ids(text)


@pytest.mark.parametrize("text", ["", "  ", ";;", "、，"])
def test_nothing_is_no_id(text: str) -> None:
    """Signs without ids between them give none."""
    assert () == parse_ids(text)
