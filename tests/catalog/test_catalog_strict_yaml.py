"""Strict YAML: what is accepted, and that everything else names file, line and key."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from greenmine import i18n
from greenmine.catalog.strict_yaml import load_yaml, parse_yaml, problem, validate
from greenmine.errors import CatalogError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    i18n.use("en")
    yield
    i18n.use("zh")


def failure(text: str) -> InputError:
    with pytest.raises(CatalogError) as caught:
        parse_yaml(text, "file.yaml", CatalogError)
    return caught.value


def test_plain_values_are_read() -> None:
    """Text, booleans, whole numbers, exact fractions, nothing, lists and mappings are what YAML may hold."""
    text = 'a: text\nb: true\nc: false\nd: 12\ne: -3\nf: 0.10\ng:\nh: null\ni: [x, "80", "yes"]\nj: {k: "2024-04-15"}\n'
    expected = {
        "a": "text",
        "b": True,
        "c": False,
        "d": 12,
        "e": -3,
        "f": Decimal("0.10"),
        "g": None,
        "h": None,
        "i": ["x", "80", "yes"],
        "j": {"k": "2024-04-15"},
    }
    assert expected == parse_yaml(text, "file.yaml").data


@pytest.mark.parametrize(
    "text",
    ["（一）", "自然资规〔2024〕1号", "E1", "1.2.3", "0931-8800000", "GB/T 44823", "-", "100 %", "9.1万吨", "http://x"],
)
def test_text_that_no_yaml_reads_as_a_number_needs_no_quotes(text: str) -> None:
    """Ordinary words and identifiers stay text."""
    if text == "-":
        text = "--"
    assert {"a": text} == parse_yaml(f"a: {text}\n", "file.yaml").data


GUESSED = [
    *["yes", "no", "on", "off", "y", "N", "Yes", "NO", "On", "True", "FALSE"],
    *["~", "Null", "NULL", "="],
    *["2024-04-15", "2024-4-5", "2024-04-15T09:00:00Z", "2024-04-15 09:00:00"],
    *["1:30", "12:30:45", "190:20:30.15"],
    *["010", "0o17", "0x1F", "0b11", "1_000", "+5", "-0", "1.", ".5", "1e5", "1.5E-3", "9162E10"],
    *[".nan", ".NaN", ".inf", "-.inf", "+.INF", "1" * 41, "00.5"],
]


@pytest.mark.parametrize("text", GUESSED)
def test_what_yaml_would_guess_is_refused(text: str) -> None:
    """Implicit booleans, nulls, dates, sexagesimal and odd numbers name file, line and key."""
    error = failure(f"first: 1\nouter:\n  inner: {text}\n")
    assert (error.file, error.place) == ("file.yaml", "line 3, key outer/inner")
    assert "without quotes" in error.found


@pytest.mark.parametrize("text", GUESSED)
def test_the_same_in_quotes_is_text(text: str) -> None:
    """Quotes make anything text."""
    assert {"a": text} == parse_yaml(f'a: "{text}"\n', "file.yaml").data


MALFORMED = {
    "a duplicate key": ("a: 1\nb:\n  c: 1\n  c: 2\n", "line 4, key b/c", "the key a second time (first in line 3)"),
    "an anchor": ("a: 1\nb: &x [1]\n", "line 2, key b", "an anchor, &x"),
    "an anchor on a key": ("a: 1\n&x b: 1\n", "line 2", "an anchor, &x"),
    "an alias": ("a: 1\nb: *x\n", "line 2, key b", "an alias, *x"),
    "a merge key": ("a: 1\nb:\n  <<: {c: 1}\n", "line 3, key b", "a merge key, “<<”"),
    "a python tag": ("a: !!python/object/apply:os.system [ls]\n", "line 1, key a", "the tag “tag:yaml.org"),
    "a local tag": ("a: !x 1\n", "line 1, key a", "the tag “!x”"),
    "a non-specific tag": ("a: ! 1\n", "line 1, key a", "the tag “!”"),
    "a standard tag": ("a: !!str 1\n", "line 1, key a", "the tag"),
    "two documents": ("a: 1\n---\nb: 1\n", "line 2", "a second one after “---”"),
    "a directive": ("%YAML 1.2\n---\na: 1\n", "line 1", "a directive"),
    "a number as key": ("a: 1\n2: x\n", "line 2, key 2", "the number 2"),
    "a boolean as key": ("a:\n  true: x\n", "line 2, key a/true", "true"),
    "an implicit boolean as key": ("a:\n  on: x\n", "line 2, key a/on", "“on” without quotes"),
    "nothing as key": ("a:\n  null: x\n", "line 2, key a/null", "nothing"),
    "a list as key": ("a: 1\n? [b]\n: 2\n", "line 2", "a list or mapping as a key"),
    "an open bracket": ("a: 1\nb: [1, 2\nc: 3\n", "line 3, key b/#", "an error of syntax"),
    "a tab as indentation": ("a:\n\tb: 1\n", "line 2", "an error of syntax"),
    "a list at the top": ("- a\n- b\n", "line 1", "a list of 2"),
    "text at the top": ("hello\n", "line 1", "“hello”"),
    "no document": ("# nothing\n", "line 1", "nothing"),
    "a bell": ("a: 1\nb: x\ay\n", "line 2, key b", "U+0007"),
    "an escaped bell": ('a: 1\nb: "x\\ay"\n', "line 2, key b", "U+0007"),
    "an escaped NUL": ('a: "\\0"\n', "line 1, key a", "U+0000"),
    "text turned around": ("a: 1\n- b: x\u202ey\n", "line 2, key b", "U+202E"),
    "a lone carriage return": ("a: 1\rb: 2\n", "line 1, key a", "U+000D"),
    "a line separator": ('a: "\\L"\n', "line 1, key a", "U+2028"),
    "a list entry": ("a:\n  - {id: P1, b: 1}\n  - {id: P2, b: no}\n", "line 3, key a/P2/b", "“no” without quotes"),
    "an entry without id": ("a: [x, z, no]\n", "line 1, key a/#3", "“no” without quotes"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_yaml_names_file_line_and_key(name: str) -> None:
    """Each thing that strict YAML refuses is named with its place."""
    text, place, found = MALFORMED[name]
    error = failure(text)
    assert error.file == "file.yaml"
    assert error.place.startswith(place)
    assert found in error.found
    assert "\n" not in str(error)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}"), ("[", ""), ("- ", "x")])
def test_deep_nesting_is_refused(opening: str, closing: str) -> None:
    """A hundred thousand levels cost nothing: the reader stops at the limit."""
    text = "a: " + opening * 100_000 + closing * 100_000 if opening != "- " else opening * 100_000 + closing
    assert failure(text).expected == "at most 24 levels of nesting"


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    """A YAML file may have one mebibyte."""
    path = tmp_path / "big.yaml"
    path.write_text("a: " + "x" * (1024 * 1024), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_yaml(path)
    assert caught.value.expected == "at most 1048576 bytes"


def test_windows_line_ends_are_accepted() -> None:
    """A file saved on Windows reads as any other."""
    assert parse_yaml("a: 1\r\nb: |\r\n  x\r\n  y\r\n", "file.yaml").data == {"a": 1, "b": "x\ny\n"}


def test_lines_of_keys_and_entries_are_known() -> None:
    """The line index finds keys, entries and, for what is missing, the nearest thing around it."""
    document = parse_yaml("a:\n  b:\n  - c: 1\n\n  - id: two\n    d: 2\n", "file.yaml")
    expected = [1, 2, 3, 5, 6, 5]
    paths: list[tuple[str | int, ...]] = [
        ("a",),
        ("a", "b"),
        ("a", "b", 0, "c"),
        ("a", "b", 1),
        ("a", "b", 1, "d"),
        ("a", "b", 1, "missing"),
    ]
    assert expected == [document.line_of(path) for path in paths]
    assert document.place_of(paths[4]) == "line 6, key a/b/two/d"


_KEYS = st.text("abcd文", min_size=1, max_size=4)
_VALUES = st.recursive(
    st.booleans()
    | st.none()
    | st.integers(-(10**20), 10**20)
    | st.text("a0:-#\"'\\{}[],&*!|>%@` \n\t.~=文。", max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(_KEYS, _VALUES, max_size=5))
def test_any_plain_data_survives(data: dict[str, Any]) -> None:
    """What PyYAML writes with quotes, the strict reader reads back unchanged."""
    text = yaml.safe_dump(data, allow_unicode=True, default_style='"')
    text = text.replace('!!bool "true"', "true").replace('!!bool "false"', "false").replace('!!null "null"', "null")
    text = re.sub(r'!!int "(-?\d+)"', r"\1", text)
    assert data == parse_yaml(text, "file.yaml").data


@given(st.text(max_size=60) | st.text("ab:-? []{},\n\"'&*!|>%#\t0", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text whatever makes the reader fail in another way than by an InputError of one line."""
    try:
        document = parse_yaml(text, "file.yaml")
    except InputError as error:
        assert str(error).isprintable()  # noqa: PT017 - either outcome is right; this one has a property
    else:
        assert isinstance(document.data, dict)


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    kind: str = "inner"
    points: int = Field(ge=0)


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    id: str
    parts: list[Inner] = []
    choice: str | dict[str, Inner] = ""


def refusal(text: str) -> InputError:
    with pytest.raises(CatalogError) as caught:
        validate(Outer, parse_yaml(text, "file.yaml"), CatalogError)
    return caught.value


VALIDATION = {
    "a missing key": ("parts: []\n", "line 1, key id", "the key “id”", "no such key"),
    "a number for text": ("id: 12\n", "line 1, key id", "text", "the number 12"),
    "an unknown key": (
        "id: x\nparts:\n- points: 1\n  point: 2\n",
        "line 4, key parts/#1/point",
        "only the keys kind, points",
        "the unknown key “point”",
    ),
    "a number below the limit": ("id: x\nparts: [{points: -1}]\n", "line 2, key parts/#1/points", "0", "-1"),
    "text for a list": ("id: x\nparts: z\n", "line 2, key parts", "a list", "“z”"),
    "nothing for a list": ("id: x\nparts:\n", "line 2, key parts", "a list", "nothing"),
    "a missing key inside": ("id: x\n\nparts:\n- {}\n", "line 4, key parts/#1/points", "the key “points”", "no such"),
}


@pytest.mark.parametrize("name", VALIDATION)
def test_what_does_not_fit_the_model_names_file_line_and_key(name: str) -> None:
    """A pydantic error becomes one InputError that names line, key path, expected and found."""
    text, place, expected, found = VALIDATION[name]
    error = refusal(text)
    assert ("file.yaml", place) == (error.file, error.place)
    assert expected in error.expected
    assert found in error.found
    assert "\n" not in str(error)


def test_names_of_union_members_do_not_enter_the_key_path() -> None:
    """Where a value may have several types, the path is still that of the file."""
    assert refusal("id: x\nchoice:\n  a: {points: x}\n").place == "line 3, key choice/a/points"


def test_a_value_of_no_type_tells_all_types() -> None:
    """Where a value may have several types and has none of them, the message names them all."""
    error = refusal("id: x\nchoice: 5\n")
    assert (error.expected, error.found) == ("text or a mapping", "the number 5")


def test_a_misspelt_key_gets_a_suggestion() -> None:
    """An unknown key that resembles a known one is answered with it."""
    assert "Did you mean “parts”?" in refusal("id: x\npart: []\n").hint


def test_the_first_problem_in_the_file_is_told_and_the_others_counted() -> None:
    """One message tells the problem that stands first, and how many follow."""
    error = refusal("id: x\nparts: [{points: -1}, {points: -2}]\nchoices: 1\n")
    assert error.place == "line 2, key parts/#1/points"
    assert "Further problems in this file: 2." in error.hint


def test_a_validator_can_state_its_own_problem() -> None:
    """`problem` carries expected, found, hint and a place below the validated thing."""

    class Own(BaseModel):
        parts: list[Inner]

        def model_post_init(self, _context: object, /) -> None:
            raise problem("two parts", "one", "Add one.", at=("parts", 0, "points"))

    with pytest.raises(InputError) as caught:
        validate(Own, parse_yaml("parts:\n- points: 1\n", "file.yaml"))
    assert str(caught.value) == "file.yaml, line 2, key parts/#1/points: expected two parts, got one. Add one."
