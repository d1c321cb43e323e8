"""Recorded facts in words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from greenmine import i18n
from greenmine.workbook.facts import Defect, Row, in_words, plain


@pytest.fixture(autouse=True)
def _english() -> None:
    i18n.use("en")


FLAG = {"kind": "flag", "key": "pond", "points": "0.5", "text": "尾矿库", "may_be_absent": True}


def test_a_part_is_its_official_wording_and_yes_or_no() -> None:
    """The trace of the score says the same, so it is not repeated on the card."""
    found = in_words(FLAG, {"pond": True})
    assert (Row("尾矿库", "yes", "good", told=True),) == found.rows
    assert not found.beyond_trace


def test_a_part_that_does_not_exist_says_why() -> None:
    """The reason is not in the trace, so it stays on the card."""
    found = in_words(FLAG, {"pond": False, "absent": {"pond": "no pond here"}})
    assert (Row("尾矿库", "does not exist at this mine: no pond here", "none"),) == found.beyond_trace.rows


def test_what_the_rule_asks_for_and_nobody_recorded_is_shown() -> None:
    """Every kind of rule names its missing facts."""
    count = {"kind": "count", "key": "patents", "unit": "0.5", "cap": "2", "text": "专利"}
    share = {"kind": "share", "key": "share", "at_least": "0.7", "points": "1", "text": "占比"}
    off = {"kind": "deductions", "of": [{"key": "unclear", "points": "0.5", "text": "不明显"}]}
    award = {"kind": "award", "unless": "listed", "text": "未列入", "otherwise": {"kind": "met"}}
    found = in_words({"kind": "sum", "of": [FLAG, count, share, off, award, {"kind": "met"}]}, {})
    assert ["not recorded"] * 6 == [row.value for row in found.rows]
    assert {"open"} == {row.state for row in found.rows}


def test_a_direct_award_hides_the_rule_it_makes_idle() -> None:
    """Who is not on the list is not asked whether the list's duties are met."""
    award = {"kind": "award", "unless": "listed", "text": "未列入", "otherwise": {"kind": "met"}}
    assert [("未列入", "yes")] == [(row.label, row.value) for row in in_words(award, {"listed": False}).rows]
    listed = in_words(award, {"listed": True, "met": False})
    assert [("未列入", "no"), ("Meets the requirements", "no")] == [(row.label, row.value) for row in listed.rows]


def test_numbers_are_shown_as_they_were_recorded() -> None:
    """A share as percent, a count as it is, a measured value digit by digit."""
    share = {"kind": "share", "key": "share", "at_least": "0.7", "points": "1", "text": "占比"}
    assert ("55 %", "bad") == (in_words(share, {"share": Decimal("0.55")}).rows[0].value, "bad")
    assert "70 %" == in_words(share, {"share": Decimal("0.7")}).rows[0].value
    assert "good" == in_words(share, {"share": Decimal("0.7")}).rows[0].state
    measured = in_words({"kind": "met"}, {"met": True, "measured": {"value": Decimal("86.20"), "required": "85"}})
    assert ["yes", "86.20", "85"] == [row.value for row in measured.rows]


def test_a_named_deduction_is_a_fault_that_is_found_or_not() -> None:
    """A `yes` on a fault costs points; it is said as found, not as yes."""
    rule = {
        "kind": "deductions",
        "of": [{"key": "a", "points": "1", "text": "甲"}, {"key": "b", "points": "1", "text": "乙"}],
    }
    rows = in_words(rule, {"a": True, "b": False}).rows
    assert [("found", "bad"), ("not found", "good")] == [(row.value, row.state) for row in rows]


def test_clauses_come_in_the_order_of_the_text_with_their_wording() -> None:
    """Only clauses of the variants in use; recorded clauses unknown to the catalog are not hidden."""
    rule = {
        "kind": "met",
        "clauses": [
            {"id": "1", "text": "露天", "variant": "open_pit"},
            {"id": "2", "text": "地下", "variant": "underground"},
            {"id": "3", "text": "都要"},
        ],
    }
    found = in_words(
        rule, {"met": False, "clauses": {"9": "met", "3": "unmet", "2": "not_applicable"}}, ["underground"]
    )
    assert [("地下", "none"), ("都要", "bad"), ("9", "good")] == [(row.label, row.state) for row in found.clauses]
    assert not found.every_clause_met


def test_a_defect_names_its_clause_by_its_wording() -> None:
    """Text, place and evidence are as recorded."""
    rule = {"kind": "defects", "step": "0.5", "clauses": [{"id": "1", "text": "设施齐全"}]}
    found = in_words(rule, {"defects": [{"text": "缺牌", "where": "井口", "clause": "1", "evidence": ["a.jpg"]}]})
    assert (Defect("缺牌", "井口", "设施齐全", ("a.jpg",)),) == found.defects
    assert () == in_words(rule, {"defects": []}).defects
    assert in_words(rule, {}).defects is None


def test_a_long_official_wording_is_cut_on_the_card_only() -> None:
    """The whole wording stays in the label."""
    row = Row("长" * 40, "yes", "good")
    assert ("长" * 24 + "…", "长" * 40) == (row.short, row.label)
    assert "长" * 26 == Row("长" * 26, "yes", "good").short


def test_any_value_has_a_plain_form() -> None:
    """Lists and objects are written out, nothing is nothing."""
    assert "a, b" == plain(["a", "b"])
    assert "mining: 75, processing: 93" == plain({"mining": 75, "processing": Decimal(93)})
    assert ("", "yes", "0.000001") == (plain(None), plain(value=True), plain(Decimal("0.000001")))
