"""Doubts: each is raised where it should be, nowhere else, with code, place, indicators and words in both languages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mine_folders import PROFILE, encrypt, make_mine, make_pdf, make_photo, make_workbook, put

from greenmine import i18n
from greenmine.catalog.strict_yaml import parse_yaml
from greenmine.evidence import Inventory, Item, Warning_, evidence_warnings, read_profile, take_inventory
from greenmine.evidence.doubts import VISIT_DAYS
from greenmine.evidence.media import FAULTS
from greenmine.evidence.profile import MineProfile
from greenmine.evidence.wording import SEVERITIES, sentence

DAY = dt.date(2026, 6, 30)
CITED = {"cited_missing", "page_beyond_end", "region_outside", "locator_unfit"}
CATALOG: dict[str, Any] = {
    "prerequisites": [{"id": "P1", "name": "手续齐全"}],
    "blocks": [{"id": "1", "industries": ["coal"]}, {"id": "2", "industries": ["aggregate"]}],
    "indicators": [
        {"id": "2", "name": "配套设施"},
        {"id": "10", "name": "开采回采率"},
        {"id": "12", "name": "选矿", "block": "1"},
        {"id": "21", "name": "利用", "block": "2"},
    ],
}


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    i18n.use("en")
    yield
    i18n.use("zh")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return make_mine(tmp_path)


def doubts(mine: Path, findings: dict[str, Any] | None = None, **options: Any) -> list[Warning_]:
    options.setdefault("on", DAY)
    return list(evidence_warnings(read_profile(mine), take_inventory(mine), findings, **options))


def short(warnings: list[Warning_]) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(one.code, one.place, one.indicators) for one in warnings]


def test_a_mine_in_order_raises_no_doubt(mine: Path) -> None:
    """Valid licences, a full form, and evidence for something."""
    put(mine / "02 配套设施" / "说明.pdf", make_pdf("说明"))
    put(mine / "02 配套设施" / "照片.jpg", make_photo())
    assert [] == doubts(mine)


# ---- licences --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2023-12-31", [("licence_not_yet_valid", "mine.yaml, licences/#2")]),
        ("2024-01-01", []),
        ("2027-01-01", []),
        ("2027-01-02", [("licence_expired", "mine.yaml, licences/#2")]),
        (
            "2031-01-01",
            [("licence_expired", "mine.yaml, licences/#1"), ("licence_expired", "mine.yaml, licences/#2")],
        ),
    ],
)
def test_licences_are_valid_from_their_first_to_their_last_day(
    mine: Path, day: str, expected: list[tuple[str, str]]
) -> None:
    """Both days count; one without a last day (长期) does not end."""
    assert expected == [(one.code, one.place) for one in doubts(mine, on=dt.date.fromisoformat(day))]


def test_each_of_the_three_licences_is_needed(tmp_path: Path) -> None:
    """Mining licence, work safety permit and business licence, by kind."""
    mine = make_mine(tmp_path, changes=[("kind: mining", "kind: eia"), ("kind: business", "kind: other")])
    found = doubts(mine)
    assert ["licence_missing", "licence_missing"] == [one.code for one in found]
    assert {"Mining licence: mine.yaml names none.", "Business licence: mine.yaml names none."} == {
        one.message for one in found
    }


def renewed(tmp_path: Path, until: str) -> Path:
    extra = '\n  - {kind: mining, name: 采矿许可证, number: C02, valid_from: "2031-01-01", valid_until: "%s"}\n'
    return make_mine(tmp_path, changes=[("licences:\n", "licences:" + extra % until)])


def test_a_licence_that_was_renewed_raises_no_doubt(tmp_path: Path) -> None:
    """Where one of a kind and name is valid on the day, another of them is history or is to come."""
    mine = renewed(tmp_path, "2041-01-01")
    assert [] == doubts(mine)
    assert ["licence_expired"] == [one.code for one in doubts(mine, on=dt.date(2031, 6, 1))]  # the work safety permit


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("安全生产许可证（尾矿库）", "S77", [("licence_expired", "problem", "mine.yaml, licences/#1")]),
        ("安全生产许可证（尾矿库）", "", [("licence_expired", "problem", "mine.yaml, licences/#1")]),
        ("安全生产许可证（延续前）", "A01", []),
    ],
    ids=["another", "without number", "same number"],
)
def test_an_expired_licence_is_not_covered_by_another_of_its_kind(
    tmp_path: Path, name: str, number: str, expected: list[tuple[str, str, str]]
) -> None:
    """The permit of the tailings pond has ended, whatever that of the pit says; the same number is a renewal."""
    extra = f'\n  - {{kind: safety, name: {name}, number: "{number}", valid_until: "2025-12-31"}}\n'
    mine = make_mine(tmp_path, changes=[("licences:\n", "licences:" + extra)])
    assert expected == [(one.code, one.severity, one.place) for one in doubts(mine)]


def test_a_gap_between_licences_is_told_of_both(tmp_path: Path) -> None:
    """On a day between the end of one and the start of the next neither is valid."""
    mine = renewed(tmp_path, "2041-01-01")
    path = mine / "mine.yaml"
    path.write_text(path.read_text().replace("2030-12-31", "2025-12-31"))
    assert ["licence_expired", "licence_not_yet_valid"] == [one.code for one in doubts(mine)]


def test_a_licence_granted_for_a_term_must_say_its_end(tmp_path: Path) -> None:
    """A business licence may be for good, a mining licence is not."""
    mine = make_mine(tmp_path, changes=[(', valid_until: "2030-12-31"', "")])
    assert [("licence_without_end", "mine.yaml, licences/#1", ())] == short(doubts(mine))


@pytest.mark.parametrize(
    ("industry", "extraction", "unfit"),
    [
        ("coal", ["underground", "open_pit"], ""),
        ("oil_gas", ["oil_gas"], ""),
        ("geothermal", ["geothermal"], ""),
        ("mineral_water", ["mineral_water"], ""),
        ("coal", ["geothermal"], "Coal and extraction Geothermal wells do"),
        ("coal", ["underground", "oil_gas"], "Coal and extraction Oil and gas wells do"),
        ("oil_gas", ["open_pit"], "Oil and gas and extraction Open pit do"),
        ("mineral_water", ["geothermal"], "Mineral water and extraction Geothermal wells do"),
    ],
)
def test_industry_and_extraction_have_to_fit(mine: Path, industry: str, extraction: list[str], unfit: str) -> None:
    """They decide the block and the variants that apply, so one that cannot be true is a problem."""
    changed = {"industry": industry, "extraction": tuple(extraction), "primary_extraction": extraction[0]}
    profile = read_profile(mine).model_copy(update=changed)
    found = [one for one in evidence_warnings(profile, take_inventory(mine), on=DAY) if one.code == "industry_unfit"]
    assert bool(unfit) == (len(found) == 1)
    assert all(unfit in one.message and one.severity == "problem" for one in found)


def test_blank_fields_of_the_form_are_told_at_once(tmp_path: Path) -> None:
    """One notice names them all, in words."""
    mine = make_mine(tmp_path, changes=[("employees: 860\n", ""), ("  fax:", "  # fax:"), ("环境\n", '""\n')])
    (found,) = doubts(mine)
    expected = "Left blank in the application form: number of employees, fax, introduction: mining area environment."
    assert ("profile_blank", "notice", expected) == (found.code, found.severity, found.message)
    i18n.use("zh")
    assert "、" in found.message


# ---- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "codes"),
    [
        ("a.jpg", b"", ["empty_file"]),
        ("a.pdf", b"PK\x03\x04" + bytes(40), ["type_mismatch"]),
        ("a.pdf", make_pdf(""), ["pdf_empty"]),
        ("a.pdf", encrypt(make_pdf("一"), "x"), ["pdf_encrypted"]),
        ("a.pdf", encrypt(make_pdf("一"), ""), ["pdf_restricted"]),
        ("a.pdf", b"%PDF-1.7\nno more", ["pdf_unreadable"]),
        ("a.jpg", make_photo()[:300], ["picture_unreadable"]),
        ("a.heic", b"\0\0\0\x20ftypheic" + bytes(40), ["picture_unsupported"]),
        ("a.exe", b"MZ" + bytes(40), ["program"]),
        ("a.jpg", make_photo(taken=""), ["photo_without_time"]),
        ("a.jpg", make_photo(taken="2026:06:30 23:59:59"), []),
        ("a.jpg", make_photo(taken="2026:07:01 00:00:00"), ["photo_later"]),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_indicator(
    mine: Path, name: str, data: bytes, codes: list[str]
) -> None:
    """The place is the file, the indicator that of its folder."""
    put(mine / "02 配套设施" / name, data)
    assert [(code, f"02 配套设施/{name}", ("2",)) for code in codes] == short(doubts(mine))


def test_a_drawing_needs_no_time() -> None:
    """Only photos do: PNG and the like are drawings and screens."""
    item = Item("a.png", 1, "0", "image/png", photo=None, supports=("2",))
    assert [] == list(evidence_warnings(profile(), Inventory((item,)), on=DAY))


def profile() -> MineProfile:
    return MineProfile.model_validate(parse_yaml(PROFILE.format(id="GM-1"), "mine.yaml").data)


def test_the_list_tells_what_is_missing_expired_or_from_the_future(mine: Path) -> None:
    """A file that is not there, one whose validity has ended, one issued after the day of the assessment."""
    put(mine / "a.pdf", make_pdf("一"))
    put(mine / "b.pdf", make_pdf("二"))
    put(
        mine / "evidence.csv",
        "path,supports,issued_on,valid_until\na.pdf,2 P1,,2026-06-29\nb.pdf,10,2026-07-01,2026-06-30\nc.pdf,10 2,,\n",
    )
    expected = [
        ("listed_missing", "c.pdf", ("10", "2")),
        ("evidence_expired", "a.pdf", ("2", "P1")),
        ("issued_later", "b.pdf", ("10",)),
    ]
    assert expected == short(doubts(mine))


def test_what_came_after_an_assessment_is_its_concern_only_where_it_cites_it(mine: Path) -> None:
    """A later photo in the folder of an indicator is left to a later assessment, unless this one refers to it."""
    put(mine / "02 配套设施" / "later.jpg", make_photo(taken="2026:07:01 00:00:00"))
    put(mine / "02 配套设施" / "plan.pdf", make_pdf("一"))
    assert [] == doubts(mine, {"indicators": {"2": {"evidence": ["02 配套设施/plan.pdf"]}}})
    found = doubts(mine, {"indicators": {"2": {"evidence": ["02 配套设施/later.jpg"]}}})
    assert ["photo_later"] == [warning.code for warning in found]


def test_a_file_for_nothing_is_told_unless_findings_cite_it(mine: Path) -> None:
    """In no numbered folder, not in the list, and not cited."""
    put(mine / "a.pdf", make_pdf("一"))
    assert [("supports_nothing", "a.pdf", ())] == short(doubts(mine))
    assert [] == doubts(mine, {"indicators": {"2": {"evidence": ["a.pdf#page=1"]}}})


def test_ids_are_compared_with_the_catalog(mine: Path) -> None:
    """Ids it does not have, ids that are not for this industry, and indicators without any evidence."""
    put(mine / "02 配套设施" / "a.pdf", make_pdf("一"))
    put(mine / "21 利用" / "b.pdf", make_pdf("二"))
    put(mine / "99 其他" / "c.pdf", make_pdf("三"))
    put(mine / "evidence.csv", "path,supports\n02 配套设施/a.pdf,P1 77\n")
    expected = [
        ("unknown_id", "evidence.csv, row 2", ()),
        ("unknown_number", "99 其他/c.pdf", ()),
        ("other_block", "21 利用/b.pdf", ("21",)),
        ("no_evidence", "10", ("10",)),
        ("no_evidence", "12", ("12",)),
    ]
    found = doubts(mine, catalog=CATALOG)
    assert expected == short(found)
    assert "10 开采回采率: no evidence was handed in." == found[3].message
    assert {"unknown_id": "problem", "no_evidence": "notice"}.items() <= {
        one.code: one.severity for one in found
    }.items()


def test_evidence_cited_by_findings_is_evidence(mine: Path) -> None:
    """An indicator whose findings cite a file is not without evidence."""
    put(mine / "a.pdf", make_pdf("一"))
    cited = {"indicators": {id_: {"evidence": ["a.pdf"]} for id_ in ("2", "10")}}
    found = doubts(mine, cited, catalog=CATALOG)
    assert [("no_evidence", "12"), ("no_evidence", "P1")] == [(one.code, one.place) for one in found]


# ---- twins -----------------------------------------------------------------------------------------------------------


def test_copies_for_several_indicators_are_told_once(mine: Path) -> None:
    """Of the later file, naming the earlier; a copy for the same indicator is no matter."""
    data = make_pdf("环评批复")
    for name in ("02 配套设施/a.pdf", "02 配套设施/b.pdf", "10 开采回采率/c.pdf"):
        put(mine / name, data)
    found = doubts(mine)
    assert [("same_file", "10 开采回采率/c.pdf", ("2", "10"))] == short(found)
    assert "02 配套设施/a.pdf, 02 配套设施/b.pdf" in found[0].message


def test_look_alikes_for_several_indicators_are_told(mine: Path) -> None:
    """A photo saved again is still the same view; several of one indicator are usual."""
    put(mine / "02 配套设施" / "a.jpg", make_photo(5))
    put(mine / "02 配套设施" / "b.jpg", make_photo(5, quality=40))
    put(mine / "10 开采回采率" / "c.jpg", make_photo(5, quality=30))
    put(mine / "10 开采回采率" / "d.jpg", make_photo(6))
    assert [("similar_photo", "10 开采回采率/c.jpg", ("2", "10"))] == short(doubts(mine))


def test_one_file_listed_for_several_indicators_is_no_twin(mine: Path) -> None:
    """That is what the list is for."""
    put(mine / "a.pdf", make_pdf("一"))
    put(mine / "evidence.csv", "path,supports\na.pdf,2 10\n")
    assert [] == doubts(mine)


def test_what_another_mine_handed_in_too_is_a_problem(mine: Path) -> None:
    """The same document, and nearly the same photo; a third mine with its own is none."""
    second = make_mine(mine.parent, "GM-2")
    third = make_mine(mine.parent, "GM-3")
    document = make_pdf("监测报告")
    put(mine / "02 x" / "a.pdf", document)
    put(mine / "02 x" / "a.jpg", make_photo(5))
    for number in range(5):
        put(second / f"{number}.pdf", document)
    put(second / "b.jpg", make_photo(5, quality=35))
    put(third / "c.jpg", make_photo(7))
    others = {other.name: take_inventory(other).items for other in (third, second)}
    found = doubts(mine, others=others)
    expected = [("same_file_elsewhere", "02 x/a.pdf", ("2",)), ("similar_photo_elsewhere", "02 x/a.jpg", ("2",))]
    assert expected == short(found)
    assert ["problem", "problem"] == [one.severity for one in found]
    assert found[0].message.endswith("GM-2/0.pdf, GM-2/1.pdf, GM-2/2.pdf, … (+2).")
    assert found[1].message.endswith("GM-2/b.jpg.")


# ---- findings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "told"), [(0, False), (VISIT_DAYS, False), (VISIT_DAYS + 1, True), (-VISIT_DAYS, False), (-400, True)]
)
@pytest.mark.parametrize("cited", [True, False])
def test_a_photo_must_be_of_the_visit(mine: Path, days: int, *, told: bool, cited: bool) -> None:
    """Give or take a few days, be it cited for the indicator or handed in for it."""
    visit = dt.date(2026, 6, 11)
    name = "photo.jpg" if cited else "02 配套设施/photo.jpg"
    put(mine / name, make_photo(taken=f"{visit + dt.timedelta(days):%Y:%m:%d} 12:00:00"))
    entry = {"site_visit": {"on": "2026-06-11"}, "evidence": [name] if cited else []}
    expected = [("photo_outside_visit", name, ("2",))] if told else []
    assert expected == short(doubts(mine, {"indicators": {"2": entry}}))


def test_the_place_in_a_file_must_be_there(mine: Path) -> None:
    """Files, pages, parts of pictures: each that is not there is told with the indicator that refers to it."""
    put(mine / "a.pdf", make_pdf("一", "二"))
    put(mine / "b.jpg", make_photo())
    put(mine / "c.docx", make_workbook(["a"]))
    references = [
        "a.pdf#page=2",
        "a.pdf#page=3",
        "a.pdf#xywh=1,1,2,2",
        "b.jpg#xywh=0,0,480,360",
        "b.jpg#xywh=0,0,481,360",
        "b.jpg#page=1",
        "c.docx#page=7",
        "gone.pdf#page=2",
    ]
    found = [one for one in doubts(mine, {"indicators": {"2": {"evidence": references}}}) if one.code in CITED]
    expected = [
        ("cited_missing", "gone.pdf#page=2", ("2",)),
        ("page_beyond_end", "a.pdf", ("2",)),
        ("region_outside", "b.jpg", ("2",)),
        ("locator_unfit", "a.pdf", ("2",)),
        ("locator_unfit", "b.jpg", ("2",)),
    ]
    assert expected == short(found)
    assert "2 refers to page 3, but the document ends with page 2." == found[1].message
    assert "480 × 360" in found[2].message


def test_the_day_of_the_assessment_is_the_default(mine: Path) -> None:
    """Without it and without a day nothing can be said of validity."""
    found = doubts(mine, {"assessment": {"date": "2028-01-01"}}, on=None)
    assert ["licence_expired"] == [one.code for one in found]
    with pytest.raises(ValueError, match="findings or a day"):
        doubts(mine, on=None)


# ---- all of them -----------------------------------------------------------------------------------------------------


PARTICULARS = {"id": "2", "kind": "mining", "fields": "employees", "names": "a\nb"}


@pytest.mark.parametrize("code", SEVERITIES)
def test_every_code_has_a_sentence(code: str) -> None:
    """Complete, in one line, and with all its particulars in it."""
    named: dict[str, str] = {}
    for _ in range(10):
        try:
            text = sentence(code, named)
        except KeyError as missing:
            named[missing.args[0]] = PARTICULARS.get(missing.args[0], f"<{missing.args[0]}>")
    assert text.isprintable()
    assert text[-1] in ".。" or code == "mine_not_compared"
    assert not set("{}") & set(text)


def test_every_fault_of_a_file_has_words() -> None:
    """What can be found wrong with a file can be said."""
    assert set(FAULTS) <= set(SEVERITIES)


def messy(mine: Path) -> Callable[[], list[Warning_]]:
    """Fill a mine's folder with doubts of many kinds; return what takes and looks at it."""
    for number in (2, 10, 12, 99):
        put(mine / f"{number:02} x" / "a.pdf", make_pdf("一"))
        put(mine / f"{number:02} x" / "b.jpg", make_photo(3, taken="", quality=20 + number // 4))
        put(mine / f"{number:02} x" / "c.pdf", b"")
    findings = {"indicators": {"2": {"evidence": ["x.pdf", "02 x/a.pdf#page=9"], "site_visit": {"on": "2026-01-01"}}}}
    return lambda: doubts(mine, findings, catalog=CATALOG)


def test_the_same_inputs_give_the_same_doubts_in_the_same_order(mine: Path) -> None:
    """Problems first, then by code, and numbers in natural order; none comes twice."""
    look = messy(mine)
    found = look()
    assert found == look()
    assert len(found) == len(set(found)) > 15
    severities = [one.severity for one in found]
    assert sorted(severities, key=["problem", "notice"].index) == severities
    assert ["02 x/c.pdf", "10 x/c.pdf", "12 x/c.pdf", "99 x/c.pdf"] == [
        one.place for one in found if one.code == "empty_file"
    ]


@given(st.lists(st.sampled_from(["empty_file", "type_mismatch", "program"]), max_size=5), st.text(max_size=10))
def test_hostile_names_stay_particulars(faults: list[str], name: str) -> None:
    """Braces and the like in a name are shown as they are."""
    item = Item(f"{{{name}}}", 1, "0", "{0.__class__}", faults=tuple(faults))
    for one in evidence_warnings(profile(), Inventory((item,)), on=DAY):
        assert f"{{{name}}}" == one.place
        assert one.message
