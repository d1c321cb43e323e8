"""The profile in mine.yaml: what is accepted, and that every mistake names file, line and key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mine_folders import PROFILE, make_mine, put
from stdnum.cn import uscc

from greenmine import i18n
from greenmine.errors import EvidenceError
from greenmine.evidence import read_profile
from greenmine.evidence.profile import LICENCE_KINDS, checked_credit_code

SHORT = """\
schema: greenmine.mine/1
id: GM-1
name: 演示
industry: coal
extraction: [underground]
primary_extraction: underground
"""


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    i18n.use("en")
    yield
    i18n.use("zh")


def failure(parent: Path, text: str) -> str:
    put(parent / "GM-1" / "mine.yaml", text)
    with pytest.raises(EvidenceError) as caught:
        read_profile(parent / "GM-1")
    return str(caught.value)


def test_a_complete_form_is_read(tmp_path: Path) -> None:
    """Every field of the application form, licences with validity and what the catalog needs are there."""
    profile = read_profile(make_mine(tmp_path))
    assert ("GM-1", "演示煤矿（演示）", "91000000DEM0000019") == (profile.id, profile.name, profile.credit_code)
    assert (860, Decimal("12.5"), dt.date(2026, 3, 1)) == (profile.employees, profile.area_km2, profile.filled_on)
    assert ("演示甲", "000000") == (profile.contact.legal_representative, profile.contact.postcode)
    assert ("环境", "管理") == (profile.introduction.environment, profile.introduction.management)
    assert ("coal", ("underground",), "underground") == (
        profile.industry,
        profile.extraction,
        profile.primary_extraction,
    )
    assert profile.demonstration
    expected = [
        ("mining", dt.date(2021, 1, 1), dt.date(2030, 12, 31)),
        ("safety", dt.date(2024, 1, 1), dt.date(2027, 1, 1)),
        ("business", dt.date(2005, 1, 1), None),
    ]
    assert expected == [(one.kind, one.valid_from, one.valid_until) for one in profile.licences]


def test_fields_of_the_form_may_be_left_blank(tmp_path: Path) -> None:
    """Blank is a key without value, an empty text or no key at all."""
    blank = SHORT + 'contact:\nintroduction:\nlicences:\nemployees:\narea_km2: ""\nfilled_on: ""\naddress:\n'
    put(tmp_path / "a" / "GM-1" / "mine.yaml", SHORT)
    put(tmp_path / "b" / "GM-1" / "mine.yaml", blank)
    profile = read_profile(tmp_path / "a" / "GM-1")
    assert profile == read_profile(tmp_path / "b" / "GM-1")
    assert (None, None, None, "", "", ()) == (
        profile.employees,
        profile.area_km2,
        profile.filled_on,
        profile.contact.fax,
        profile.introduction.saving,
        profile.licences,
    )
    assert not profile.demonstration


@pytest.mark.parametrize("key", ["schema", "id", "name", "industry", "extraction", "primary_extraction"])
def test_what_an_assessment_needs_may_not_be_left_out(tmp_path: Path, key: str) -> None:
    """Without these the mine cannot be assessed, and the message says which is missing."""
    text = "".join(line for line in SHORT.splitlines(keepends=True) if not line.startswith(f"{key}:"))
    assert f"expected the key “{key}”, got no such key" in failure(tmp_path, text)


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("greenmine.mine/1", "greenmine.mine/2", ("line 1, key schema", "greenmine.mine/1")),
        ("id: GM-1", "id: GM-2", ("line 2, key id", "the name of the folder, “GM-1”", "“GM-2”")),
        ("id: GM-1", "id: GM/1", ("line 2, key id", "letters, digits")),
        ("coal", "silver", ("line 4, key industry", "coal", "“silver”")),
        ("[underground]", "[]", ("line 5, key extraction", "at least 1 entries")),
        ("[underground]", "[underground, underground]", ("line 5, key extraction", "each way of extraction once")),
        ("[underground]", "underground", ("line 5, key extraction", "a list")),
        ("[underground]", "[tunnel]", ("line 5, key extraction", "“tunnel”")),
        ("n: underground", "n: open_pit", ("line 6, key primary_extraction", "one of extraction: underground")),
    ],
)
def test_what_is_needed_must_be_right(tmp_path: Path, old: str, new: str, parts: tuple[str, ...]) -> None:
    """Words outside the closed sets, an id that is not the folder's and a primary way not in use are refused."""
    message = failure(tmp_path, SHORT.replace(old, new))
    assert [] == [part for part in parts if part not in message], message


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("employees: -1", ("employees", "a whole number of people", "-1")),
        ("employees: true", ("employees", "true")),
        ("employees: '860'", ("employees", "“860”")),
        ("area_km2: 12,5", ("area_km2", "“12,5”")),
        ("area_km2: -1", ("area_km2",)),
        ("area_km2: true", ("area_km2", "true")),
        ("filled_on: '2026-02-30'", ("filled_on", "a date of the calendar", "2026-02-30")),
        ("filled_on: '2026/02/03'", ("filled_on", "2026-03-01", "“2026/02/03”")),
        ("filled_on: 2026-02-03", ("filled_on", "in quotes")),
        ("demonstration: 'true'", ("demonstration", "true or false")),
        ("nmae: 演示", ("nmae", "Did you mean “name”?")),
        ("contact: {phone: '1'}", ("contact/phone", "telephone")),
        ("licences: [{kind: fishing, name: x}]", ("licences/#1/kind", "mining, safety", "“fishing”")),
        ("licences: [{kind: mining}]", ("licences/#1/name",)),
        (
            "licences: [{kind: mining, name: x, valid_from: '2026-01-02', valid_until: '2026-01-01'}]",
            ("licences/#1/valid_until", "not before 2026-01-02", "2026-01-01"),
        ),
        (f"address: {'长' * 501}", ("address", "at most 500 characters")),
    ],
)
def test_what_is_filled_in_must_be_right(tmp_path: Path, line: str, parts: tuple[str, ...]) -> None:
    """A field that may be left blank is still checked once it is filled in."""
    message = failure(tmp_path, f"{SHORT}{line}\n")
    assert [] == [part for part in (*parts, "mine.yaml, line 7") if part not in message], message


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        ("91000000DEM0000018", ("expected “9” as check character", "got “8”")),
        ("9100000DEM0000019", ("expected 18 characters", "17 characters")),
        ("91000000DEM000O019", ("other than I, O, S, V, Z", "“O” as character 15")),
        ("9A000000DEM0000019", ("a digit as character 2", "“A” as character 2")),
    ],
)
def test_a_wrong_credit_code_says_which_character(tmp_path: Path, code: str, parts: tuple[str, ...]) -> None:
    """The message tells length, the place of a character that cannot be, or the check character expected."""
    message = failure(tmp_path, f"{SHORT}credit_code: '{code}'\n")
    assert [] == [part for part in (*parts, "key credit_code") if part not in message], message


@given(
    st.text("0123456789", min_size=8, max_size=8), st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=9, max_size=9)
)
def test_a_code_with_its_check_character_is_accepted(head: str, tail: str) -> None:
    """Any digits and letters are accepted with the check character they give, in groups, small or full-width too."""
    code = head + tail + uscc.calc_check_digit(head + tail)
    assert code == checked_credit_code(code)
    assert code == checked_credit_code(f"{code[:8]} {code[8:].lower()}")
    assert code == checked_credit_code(code.translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"}))


def test_a_mine_without_profile_says_so(tmp_path: Path) -> None:
    """The message names the file that is expected."""
    (tmp_path / "GM-1").mkdir()
    with pytest.raises(EvidenceError, match=r"GM-1/mine\.yaml: expected a readable file, got no such file"):
        read_profile(tmp_path / "GM-1")


def test_a_profile_behind_a_link_is_refused(tmp_path: Path) -> None:
    """mine.yaml must be a file of the mine's own."""
    put(tmp_path / "elsewhere.yaml", SHORT)
    (tmp_path / "GM-1").mkdir()
    (tmp_path / "GM-1" / "mine.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    with pytest.raises(EvidenceError, match="a symbolic link"):
        read_profile(tmp_path / "GM-1")


def test_the_folder_may_be_named_by_a_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The id is compared with the name the folder has, however it was reached."""
    monkeypatch.chdir(make_mine(tmp_path))
    assert "GM-1" == read_profile(Path()).id


def test_every_kind_of_licence_can_be_recorded(tmp_path: Path) -> None:
    """The kinds are a closed set, each of which a profile may hold."""
    licences = ", ".join(f"{{kind: {kind}, name: 证}}" for kind in LICENCE_KINDS)
    put(tmp_path / "GM-1" / "mine.yaml", f"{SHORT}licences: [{licences}]\n")
    assert list(LICENCE_KINDS) == [one.kind for one in read_profile(tmp_path / "GM-1").licences]


def test_the_profile_of_tests_is_complete() -> None:
    """Other tests change one thing in a profile that has nothing else wrong with it."""
    assert "91000000DEM0000019" in PROFILE
