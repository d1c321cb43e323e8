"""How rules of a catalog resolve: every node gets its maximum."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from pydantic_core import PydanticCustomError

from greenmine.catalog.rules import Rule, clauses, fact_keys, resolve_rule

RULE: TypeAdapter[Any] = TypeAdapter(Rule)


def resolved(node: dict[str, Any], full: str = "4") -> dict[str, Any]:
    return resolve_rule(RULE.validate_python(node), full)


def flag(key: str, points: str) -> dict[str, Any]:
    return {"kind": "flag", "key": key, "points": points, "text": key}


def test_a_rule_without_points_takes_the_indicators() -> None:
    """`met`, `defects`, `deductions` and `award` give what the indicator gives."""
    nodes: list[dict[str, Any]] = [
        {"kind": "met"},
        {"kind": "defects", "step": "0.5"},
        {"kind": "deductions", "of": [{"key": "a", "points": "1", "text": "a"}]},
        {"kind": "award", "unless": "listed", "text": "a", "otherwise": {"kind": "met"}},
    ]
    assert [resolved(node)["points"] for node in nodes] == ["4"] * 4
    assert resolved(nodes[3])["otherwise"]["points"] == "4"


def test_a_count_gives_at_most_its_cap() -> None:
    """The maximum of a count is its cap."""
    assert resolved({"kind": "count", "key": "a", "unit": "0.5", "cap": "2", "text": "a"})["points"] == "2"


def test_a_sum_gives_its_parts_up_to_its_cap() -> None:
    """The maximum of a sum is that of its parts together, or its cap where that is less."""
    parts = [flag("a", "0.5"), flag("b", "0.5"), flag("c", "1")]
    assert resolved({"kind": "sum", "of": parts})["points"] == "2"
    assert resolved({"kind": "sum", "of": parts, "cap": "1"})["points"] == "1"
    assert resolved({"kind": "sum", "of": parts, "cap": "9"})["points"] == "2"


def test_a_part_of_a_sum_without_points_takes_what_is_left() -> None:
    """One part may leave its points open; it gets what the others leave of the indicator's."""
    node = resolved({"kind": "sum", "of": [flag("a", "0.5"), {"kind": "met"}, flag("b", "1")]})
    assert [part["points"] for part in node["of"]] == ["0.5", "2.5", "1"]
    assert node["points"] == "4"


def test_the_best_branch_counts() -> None:
    """The maximum of `best` is that of its best branch."""
    branches = [{"kind": "sum", "of": [flag("a", "1"), flag("b", "2")]}, flag("c", "2")]
    assert resolved({"kind": "best", "of": branches})["points"] == "3"


def test_what_says_nothing_is_left_out() -> None:
    """No nulls, no empty lists, no `false` in a resolved rule."""
    assert resolved({"kind": "met", "clauses": []}) == {"kind": "met", "points": "4"}
    assert "may_be_absent" not in resolved({**flag("a", "1"), "may_be_absent": False})
    assert resolved({**flag("a", "1"), "may_be_absent": True})["may_be_absent"] is True


def test_a_sum_with_too_much_in_it_is_refused() -> None:
    """An open part needs something left to give."""
    with pytest.raises(PydanticCustomError):
        resolved({"kind": "sum", "of": [flag("a", "4"), {"kind": "met"}]})


def test_all_keys_and_clauses_of_a_tree_are_found() -> None:
    """Fact keys and clauses are listed with their place, however deep they stand."""
    node = {
        "kind": "best",
        "of": [
            {"kind": "sum", "of": [flag("a", "1"), {"kind": "met", "clauses": [{"id": "x", "text": "x"}]}]},
            {"kind": "award", "unless": "u", "text": "u", "otherwise": {"kind": "defects", "step": "1"}},
            {"kind": "deductions", "of": [{"key": "d", "points": "1", "text": "d"}]},
        ],
    }
    rule = RULE.validate_python(node)
    expected = {
        "a": ("of", 0, "of", 0, "key"),
        "met": ("of", 0, "of", 1),
        "u": ("of", 1, "unless"),
        "defects": ("of", 1, "otherwise"),
        "d": ("of", 2, "of", 0, "key"),
    }
    assert dict(fact_keys(rule)) == expected
    assert [(clause.id, place) for clause, place in clauses(rule)] == [("x", ("of", 0, "of", 1, "clauses", 0))]


POINTS = st.integers(1, 40).map(lambda tenths: f"{tenths // 10}.{tenths % 10}")


@given(st.lists(POINTS, min_size=1, max_size=6))
def test_the_order_of_the_parts_does_not_matter(points: list[str]) -> None:
    """A sum is worth the same whichever way round its parts stand, exactly."""
    parts = [flag(f"k{number}", value) for number, value in enumerate(points)]
    forwards, backwards = ({"kind": "sum", "of": of} for of in (parts, parts[::-1]))
    tenths = sum(int(value.replace(".", "")) for value in points)
    assert resolved(forwards)["points"] == resolved(backwards)["points"]
    assert resolved(forwards)["points"] == f"{tenths // 10}.{tenths % 10}".removesuffix(".0")
