"""What a line may record: cards, fields and their shapes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenmine.assessment.payload import check_card, check_payload, is_person, split_card
from greenmine.assessment.values import MAX_NUMBER, BadValue, check_json

GOOD: list[tuple[str, dict[str, Any]]] = [
    ("prerequisite/P1", {"met": False}),
    ("prerequisite/P1", {"met": True, "justification": "逐证核对", "evidence": ["P1 证照/采矿许可证.pdf"]}),
    ("prerequisite/P2", {"site_visit": {"place": "生产科"}}),
    ("indicator/2", {"facts": {}}),
    ("indicator/2", {"facts": {"defects": []}}),
    (
        "indicator/3",
        {"facts": {"defects": [{"text": "标牌褪色", "where": "井口", "clause": "2", "evidence": ["a.jpg"]}]}},
    ),
    ("indicator/3", {"facts": {"defects": [{"text": "标牌褪色", "advice": "更换"}]}}),
    ("indicator/1", {"facts": {"living_area_unclear": False, "production_area_unclear": True}}),
    ("indicator/10", {"facts": {"met": True, "measured": {"value": "85.20", "required": 85, "source": "统计表第2页"}}}),
    ("indicator/10", {"facts": {"measured": {"value": 0.5, "required": Decimal("0.7"), "comparison": "at_most"}}}),
    (
        "indicator/13",
        {"facts": {"measured": {"value": 1, "required": 1, "minerals": [{"mining": "80", "processing": 90}]}}},
    ),
    ("indicator/33", {"facts": {"met": False, "clauses": {"1": "met", "2": "unmet", "3": "not_applicable"}}}),
    ("indicator/44", {"facts": {"patents": 3, "catalogue_entries": 0, "high_tech_certificate": True}}),
    ("indicator/36", {"facts": {"clean_transport_share": "0.7"}}),
    ("indicator/17", {"facts": {"reuse": True, "absent": {"tailings": "无尾矿库"}, "note": "见记录"}}),
    ("indicator/13", {"not_applicable": {"reason": "无共伴生矿产"}}),
    ("indicator/1", {"not_applicable": {"reason": "无生活区", "citation": "某文件第三条"}}),
    ("indicator/13", {"confirm_not_applicable": True}),
    ("indicator/9", {"resolution": "mean"}),
    ("indicator/9", {"evidence": []}),
    (
        "indicator/5",
        {"site_visit": {"by": ["E1", "E2"], "place": "采场", "seen": "路面", "on": "2026-06-11", "asked": "班长"}},
    ),
    ("assessment", {"justification": "现场两天\n第二天下雨", "evidence": ["日程.pdf"]}),
]

BAD: list[tuple[str, Any, str]] = [
    ("prerequisite/P1", {"met": "true"}, "set/met"),
    ("prerequisite/P1", {"met": 1}, "set/met"),
    ("prerequisite/P1", {"met": None}, "set/met"),
    ("prerequisite/P1", {"facts": {}}, "set"),
    ("prerequisite/P1", {"not_applicable": {"reason": "x"}}, "set"),
    ("indicator/2", {"met": True}, "set"),
    ("indicator/2", {"points": "5"}, "set"),
    ("indicator/2", {5: "5"}, "set"),
    ("indicator/2", "facts", "set"),
    ("indicator/2", {}, "set"),
    ("assessment", {"facts": {}}, "set"),
    ("assessment", {"resolution": "mean"}, "set"),
    ("indicator/2", {"facts": []}, "set/facts"),
    ("indicator/2", {"facts": None}, "set/facts"),
    ("indicator/2", {"facts": {"Met": True}}, "set/facts"),
    ("indicator/2", {"facts": {"": True}}, "set/facts"),
    ("indicator/2", {"facts": {7: True}}, "set/facts"),
    ("indicator/2", {"facts": {"met": "yes"}}, "set/facts/met"),
    ("indicator/2", {"facts": {"met": 1}}, "set/facts/met"),
    ("indicator/2", {"facts": {"patents": None}}, "set/facts/patents"),
    ("indicator/2", {"facts": {"patents": [1]}}, "set/facts/patents"),
    ("indicator/2", {"facts": {"patents": ""}}, "set/facts/patents"),
    ("indicator/2", {"facts": {"patents": float("nan")}}, "set/facts/patents"),
    ("indicator/2", {"facts": {"patents": float("inf")}}, "set/facts/patents"),
    ("indicator/2", {"facts": {"patents": Decimal("1E+999999999")}}, "set/facts/patents"),
    ("indicator/2", {"facts": {"patents": Decimal("0.1234567890123456789")}}, "set/facts/patents"),
    ("indicator/2", {"facts": {f"key_{number}": True for number in range(201)}}, "set/facts"),
    ("indicator/2", {"facts": {"defects": {}}}, "set/facts/defects"),
    ("indicator/2", {"facts": {"defects": ["破损"]}}, "set/facts/defects/1"),
    ("indicator/2", {"facts": {"defects": [{"text": "x"}, {}]}}, "set/facts/defects/2/text"),
    ("indicator/2", {"facts": {"defects": [{"text": "  "}]}}, "set/facts/defects/1/text"),
    ("indicator/2", {"facts": {"defects": [{"text": "x", "where": 5}]}}, "set/facts/defects/1/where"),
    ("indicator/2", {"facts": {"defects": [{"text": "x", "where": ""}]}}, "set/facts/defects/1/where"),
    ("indicator/2", {"facts": {"defects": [{"text": "x", "clause": 5}]}}, "set/facts/defects/1/clause"),
    ("indicator/2", {"facts": {"defects": [{"text": "x", "evidence": "a.jpg"}]}}, "set/facts/defects/1/evidence"),
    ("indicator/2", {"facts": {"defects": [{"text": "x", "Where": "y"}]}}, "set/facts/defects/1"),
    ("indicator/2", {"facts": {"defects": [{"text": "x"}] * 1001}}, "set/facts/defects"),
    ("indicator/2", {"facts": {"clauses": ["met"]}}, "set/facts/clauses"),
    ("indicator/2", {"facts": {"clauses": {"1": True}}}, "set/facts/clauses/1"),
    ("indicator/2", {"facts": {"clauses": {"1": ["met"]}}}, "set/facts/clauses/1"),
    ("indicator/2", {"facts": {"measured": "85"}}, "set/facts/measured"),
    ("indicator/2", {"facts": {"measured": {"value": 1}}}, "set/facts/measured/required"),
    ("indicator/2", {"facts": {"measured": {"value": "1e3", "required": 1}}}, "set/facts/measured/value"),
    ("indicator/2", {"facts": {"measured": {"value": True, "required": 1}}}, "set/facts/measured/value"),
    (
        "indicator/2",
        {"facts": {"measured": {"value": 1, "required": 1, "comparison": "<"}}},
        "set/facts/measured/comparison",
    ),
    ("indicator/2", {"facts": {"measured": {"value": 1, "required": 1, "source": 5}}}, "set/facts/measured/source"),
    (
        "indicator/2",
        {"facts": {"measured": {"value": 1, "required": 1, "minerals": {}}}},
        "set/facts/measured/minerals",
    ),
    (
        "indicator/2",
        {"facts": {"measured": {"value": 1, "required": 1, "minerals": [{"mining": 1}]}}},
        "set/facts/measured/minerals/1/processing",
    ),
    ("indicator/2", {"facts": {"absent": {"tailings": ""}}}, "set/facts/absent/tailings"),
    ("indicator/2", {"facts": {"absent": ["tailings"]}}, "set/facts/absent"),
    ("indicator/2", {"facts": {"note": ""}}, "set/facts/note"),
    ("indicator/2", {"justification": ""}, "set/justification"),
    ("indicator/2", {"justification": 5}, "set/justification"),
    ("indicator/2", {"justification": "长" * 20_001}, "set/justification"),
    ("indicator/2", {"justification": "a\0b"}, "set/justification"),
    ("indicator/2", {"evidence": "a.pdf"}, "set/evidence"),
    ("indicator/2", {"evidence": ["a.pdf", " "]}, "set/evidence/2"),
    ("indicator/2", {"evidence": ["a.pdf", None]}, "set/evidence/2"),
    ("indicator/2", {"evidence": ["a" * 2001]}, "set/evidence/1"),
    ("indicator/2", {"site_visit": []}, "set/site_visit"),
    ("indicator/2", {"site_visit": {}}, "set/site_visit"),
    ("indicator/2", {"site_visit": {"by": "E1"}}, "set/site_visit/by"),
    ("indicator/2", {"site_visit": {"by": []}}, "set/site_visit/by"),
    ("indicator/2", {"site_visit": {"by": [5]}}, "set/site_visit/by/1"),
    ("indicator/2", {"site_visit": {"on": "2026-02-30"}}, "set/site_visit/on"),
    ("indicator/2", {"site_visit": {"on": "20260611"}}, "set/site_visit/on"),
    ("indicator/2", {"site_visit": {"place": ""}}, "set/site_visit/place"),
    ("indicator/2", {"site_visit": {"weather": 5}}, "set/site_visit/weather"),
    ("indicator/2", {"not_applicable": True}, "set/not_applicable"),
    ("indicator/2", {"not_applicable": {}}, "set/not_applicable/reason"),
    ("indicator/2", {"not_applicable": {"reason": " "}}, "set/not_applicable/reason"),
    ("indicator/2", {"not_applicable": {"reason": "x", "citation": ""}}, "set/not_applicable/citation"),
    ("indicator/2", {"not_applicable": {"reason": "x", "confirmed_by": "E2"}}, "set/not_applicable"),
    ("indicator/2", {"confirm_not_applicable": False}, "set/confirm_not_applicable"),
    ("indicator/2", {"confirm_not_applicable": 1}, "set/confirm_not_applicable"),
    ("indicator/2", {"resolution": "vote"}, "set/resolution"),
    ("indicator/2", {"resolution": ["mean"]}, "set/resolution"),
]


@pytest.mark.parametrize(("card", "fields"), GOOD)
def test_each_field_has_its_shape(card: str, fields: dict[str, Any]) -> None:
    """What people record in an assessment is accepted."""
    check_payload("panel", card, fields, [])


@pytest.mark.parametrize(("card", "fields", "place"), BAD)
def test_what_has_another_shape_is_named(card: str, fields: object, place: str) -> None:
    """A value of another shape is refused, and the message says which."""
    with pytest.raises(BadValue) as caught:
        check_payload("panel", card, fields, [])
    assert place == caught.value.place


@pytest.mark.parametrize(
    ("fields", "clear", "place"),
    [
        ({}, ["score"], "clear"),
        ({}, ["facts", "facts"], "clear"),
        ({"facts": {}}, ["facts"], "clear"),
        ({}, [["facts"]], "clear"),
        ({"facts": {}}, "facts", "clear"),
        ({"facts": {}}, None, "clear"),
    ],
)
def test_a_field_is_cleared_once_and_not_set_as_well(fields: dict[str, Any], clear: object, place: str) -> None:
    """What a line does to a field must be plain."""
    with pytest.raises(BadValue) as caught:
        check_payload("E1", "indicator/2", fields, clear)
    assert place == caught.value.place


def test_any_field_of_a_card_can_be_cleared() -> None:
    """What can be set can be emptied."""
    names = [
        "facts",
        "not_applicable",
        "confirm_not_applicable",
        "resolution",
        "justification",
        "evidence",
        "site_visit",
    ]
    check_payload("E1", "indicator/2", {}, names)


def test_a_resolution_is_the_panels() -> None:
    """One expert cannot settle for all how their judgements become one."""
    with pytest.raises(BadValue) as caught:
        check_payload("E1", "indicator/2", {"resolution": "finding"}, [])
    assert "set/resolution" == caught.value.place


@pytest.mark.parametrize(
    ("card", "parts"),
    [
        ("prerequisite/P1", ("prerequisite", "P1")),
        ("indicator/2", ("indicator", "2")),
        ("assessment", ("assessment", "")),
    ],
)
def test_a_card_is_named_by_kind_and_id(card: str, parts: tuple[str, str]) -> None:
    """There are three kinds of cards."""
    assert parts == split_card(check_card(card))


@pytest.mark.parametrize(
    "card", ["", "indicator", "indicator/", "indicator/2/3", "category/1", "assessment/1", "indicator/ 2", 2]
)
def test_what_is_no_card_is_refused(card: object) -> None:
    """Anything else is not a card."""
    with pytest.raises(BadValue):
        check_card(card)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("E1", True),
        ("panel", True),
        ("li.wei-2", True),
        ("", False),
        (".E1", False),
        ("E 1", False),
        ("演示", False),
        ("E1\n", False),
        (1, False),
    ],
)
def test_an_author_has_a_plain_id(text: object, fits: bool) -> None:  # noqa: FBT001 - the case is the argument
    """An id can be the name of a file anywhere."""
    assert fits == is_person(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
FIELDS = st.sampled_from(["facts", "justification", "evidence", "site_visit", "not_applicable", "resolution", "met"])


@given(
    fields=st.dictionaries(FIELDS, JSON | st.dictionaries(st.sampled_from(["defects", "clauses", "measured"]), JSON))
)
def test_any_value_is_taken_or_refused_with_a_place(fields: dict[str, Any]) -> None:
    """Whatever comes in, nothing but `BadValue` comes out."""
    try:
        check_json(fields, "set")
        check_payload("panel", "indicator/2", fields, [])
    except BadValue as bad:
        place = bad.place
    else:
        place = "set"
    assert place.startswith("set")


@pytest.mark.parametrize(
    ("value", "exact", "fits"),
    [
        (MAX_NUMBER, True, True),
        (MAX_NUMBER + 1, True, False),
        (-MAX_NUMBER - 1, False, False),
        (0.1, True, True),
        (Decimal("0.69999999999999999"), True, False),
        (Decimal("0.69999999999999999"), False, True),
        (Decimal("1E-31"), False, False),
        (Decimal("0." + "1" * 41), False, False),
        (Decimal("NaN"), False, False),
        (b"x", False, False),
    ],
)
def test_a_number_must_come_back_as_it_went(value: object, exact: bool, fits: bool) -> None:  # noqa: FBT001 - the case
    """JSON numbers hold some fifteen digits; what would be rounded is refused where it is recorded."""
    try:
        check_json([value], "x", exact=exact)
    except BadValue:
        assert not fits
    else:
        assert fits
