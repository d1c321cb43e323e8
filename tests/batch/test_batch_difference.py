"""Where two files first differ."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenmine import i18n
from greenmine.batch.difference import first_difference


@pytest.fixture(autouse=True)
def _english() -> None:
    i18n.use("en")


@pytest.mark.parametrize(
    ("file", "archived", "now", "place"),
    [
        ("score.json", b'{"a":[{"b":"1"},{"b":"2"}]}', b'{"a":[{"b":"1"},{"b":"3"}]}', "a[1].b"),
        ("score.json", b'{"a":[1]}', b'{"a":[1,2]}', "a[1]"),
        ("score.json", b'{"a":1}', b'{"a":1,"b":2}', "b"),
        ("score.json", b'{"a":1}', b'{"a":true}', "a"),
        ("score.json", b'{"a":1}', b'{"a": 1}', "line 1, column 6"),
        ("score.json", b'{"a":1}', b"broken", "line 1, column 1"),
        ("report.html", b"one\ntwo\n", b"one\ntwx\n", "line 2, column 3"),
        ("report.html", b"one\n", b"one\ntwo\n", "line 2, column 1"),
        ("report.html", b"\xff\xfe", b"", "line 1, column 1"),
    ],
)
def test_the_first_place_that_differs_is_named(file: str, archived: bytes, now: bytes, place: str) -> None:
    """Documents by the path of the value, text by line and column."""
    found = first_difference(file, archived, now)
    assert found is not None
    assert (file, place) == (found.file, found.place)


def test_long_text_in_a_document_is_named_by_path_and_line_and_cut() -> None:
    """A picture or a page inside a notebook is not printed whole."""
    texts = ["x" * 5000 + "\n" + "y" * 5000 + end + "z" * 5000 for end in ("A", "B")]
    old, new = (json.dumps({"cells": [{"outputs": [text]}]}).encode() for text in texts)
    found = first_difference("report.ipynb", old, new)
    assert found is not None
    assert "cells[0].outputs[0], line 2, column 5001" == found.place
    assert len(str(found)) < 400
    assert ("A" in found.archived, "B" in found.now) == (True, True)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(values, values)
def test_a_difference_is_found_exactly_where_bytes_differ(one: object, other: object) -> None:
    """No two documents of different bytes pass as the same, and none of the same bytes differ."""
    old, new = (json.dumps(value).encode() for value in (one, other))
    assert (old == new) == (first_difference("x.json", old, new) is None)
    assert (old == new) == (first_difference("x.html", old, new) is None)
