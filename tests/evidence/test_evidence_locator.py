"""References to evidence: which texts have a locator, and what it says."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenmine.evidence.locator import Reference, Region, parse_locator, parse_reference, path_key

NUMBERS = st.decimals(0, 9_999_999, places=2, allow_nan=False)
POSITIVE = st.decimals("0.01", 9_999_999, places=2, allow_nan=False)
REGIONS = st.builds(Region, NUMBERS, NUMBERS, POSITIVE, POSITIVE, st.booleans())
PATHS = st.text(st.characters(codec="utf-8", exclude_characters="#"), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dir/file.pdf", Reference("dir/file.pdf")),
        ("总平面图.pdf#page=3", Reference("总平面图.pdf", page=3)),
        ("a.jpg#xywh=10,20,300,400", Reference("a.jpg", region=Region(*map(Decimal, (10, 20, 300, 400))))),
        ("a.jpg#xywh=pixel:0,0,1,1", Reference("a.jpg", region=Region(*map(Decimal, (0, 0, 1, 1))))),
        (
            "a.jpg#xywh=percent:5,5.5,20,20",
            Reference("a.jpg", region=Region(Decimal(5), Decimal("5.5"), Decimal(20), Decimal(20), percent=True)),
        ),
        ("第#1号.pdf#page=12", Reference("第#1号.pdf", page=12)),
        ("第#1号.pdf", Reference("第#1号.pdf")),
        ("a.pdf#page=0", Reference("a.pdf#page=0")),
        ("a.pdf#page=03", Reference("a.pdf#page=03")),
        ("a.pdf#page=-1", Reference("a.pdf#page=-1")),
        ("a.pdf#page=１", Reference("a.pdf#page=１")),
        ("a.pdf#page=9999999", Reference("a.pdf#page=9999999")),
        ("a.pdf#Page=1", Reference("a.pdf#Page=1")),
        ("a.jpg#xywh=1,2,0,4", Reference("a.jpg#xywh=1,2,0,4")),
        ("a.jpg#xywh=1,2,3", Reference("a.jpg#xywh=1,2,3")),
        ("a.jpg#xywh=-1,2,3,4", Reference("a.jpg#xywh=-1,2,3,4")),
        ("#page=3", Reference("#page=3")),
        ("", Reference("")),
    ],
)
def test_a_reference_is_split_at_a_locator_only(text: str, expected: Reference) -> None:
    """Pages and regions are recognised; whatever else follows a # belongs to the file's name."""
    assert expected == parse_reference(text)


def test_a_text_that_names_a_file_has_no_locator() -> None:
    """A file may be called a.pdf#page=3; the reference to its second page says so after another #."""
    there = {"a.pdf#page=3"}.__contains__
    assert Reference("a.pdf#page=3") == parse_reference("a.pdf#page=3", there)
    assert Reference("a.pdf#page=3", page=2) == parse_reference("a.pdf#page=3#page=2", there)


@given(PATHS, st.one_of(st.none(), st.integers(1, 999_999), REGIONS))
def test_what_is_written_is_read_again(path: str, located: int | Region | None) -> None:
    """A reference turned into text and back is the same."""
    page, region = (located, None) if isinstance(located, int) else (None, located)
    reference = Reference(path, page, region)
    assert reference == parse_reference(str(reference))


@given(st.text(max_size=40))
def test_any_text_is_a_reference(text: str) -> None:
    """Nothing makes the parser fail, and without a file in sight a # is either kept or split off."""
    reference = parse_reference(text)
    assert text in (reference.path, str(reference)) or text.startswith(f"{reference.path}#")


@given(st.from_regex(r"\A(page|xywh)=[0-9,.:a-z]{0,20}\Z"))
def test_a_locator_is_a_page_or_a_region_or_nothing(text: str) -> None:
    """Pages count from 1, regions have an extent."""
    found = parse_locator(text)
    if isinstance(found, int):
        assert found >= 1
    elif found is not None:
        assert found.width > 0
        assert found.height > 0


@pytest.mark.parametrize(
    ("region", "inside"),
    [
        ("xywh=0,0,640,480", True),
        ("xywh=600,0,40,480", True),
        ("xywh=600,0,41,480", False),
        ("xywh=0,480,1,1", False),
        ("xywh=percent:50,50,50,50", True),
        ("xywh=percent:50,50,50,50.1", False),
    ],
)
def test_a_region_is_inside_a_picture_or_not(region: str, *, inside: bool) -> None:
    """Pixels are measured against the picture's size, percent against 100."""
    found = parse_locator(region)
    assert isinstance(found, Region)
    assert inside == found.inside(640, 480)


def test_spellings_of_a_path_are_equal() -> None:
    """Accents, backslashes and a leading ./ do not make another path; blanks do."""
    path = "环评/é b.pdf"
    spellings = [unicodedata.normalize("NFD", path), "环评\\é b.pdf", f"./{path}"]
    assert {path} == {path_key(one) for one in spellings}
    assert f" {path}" == path_key(f" {path}")
