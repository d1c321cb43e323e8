"""Error messages."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenmine import i18n
from greenmine.errors import CheckFailed, FindingsError, GreenmineError, InputError, UsageError, one_line, shown


def test_a_message_names_file_place_expected_found_and_what_to_do() -> None:
    """In English and in Chinese, in one line."""
    i18n.use("en")
    error = FindingsError("f.json", "mine/id", expected="text", found="3", hint="Write text.")
    assert "f.json, mine/id: expected text, got 3. Write text." == str(error)
    i18n.use("zh")
    assert "f.json" in error.message()
    assert "expected" not in error.message()


def test_a_message_without_a_place_names_the_file_alone() -> None:
    """No empty place is printed."""
    i18n.use("en")
    assert "f.json: expected JSON, got nothing." == str(InputError("f.json", expected="JSON", found="nothing"))


@pytest.mark.parametrize(("kind", "status"), [(UsageError, 2), (CheckFailed, 1), (GreenmineError, 2)])
def test_a_kind_of_error_has_its_exit_status(kind: type[GreenmineError], status: int) -> None:
    """2 for bad input or usage, 1 for a check that does not hold."""
    assert status == kind("x").exit_status


@given(st.text())
def test_a_message_is_one_harmless_line(text: str) -> None:
    """Whatever a hostile name holds, the terminal gets printable characters on one line."""
    assert all(c.isprintable() for c in one_line(text))
    assert all(c.isprintable() for c in shown(text))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        ({"a": ["中"]}, '{"a": ["中"]}'),
        (Decimal("0.5"), '"0.5"'),
        ("x", "“x”"),
        (3, "3"),
    ],
)
def test_a_value_is_shown_as_files_have_it(value: object, text: str) -> None:
    """As JSON and YAML write it, not as Python does."""
    assert text == shown(value)


def test_a_long_value_is_shortened() -> None:
    """A message does not repeat a novel."""
    assert 60 == len(shown("x" * 1000))
