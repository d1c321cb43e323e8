"""Citations: every reference in findings is found, whatever else is in them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from mine_folders import make_mine, put

from greenmine.evidence import take_inventory
from greenmine.evidence.citations import citations, visits
from greenmine.evidence.inventory import Inventory

FINDINGS: dict[str, Any] = {
    "prerequisites": {"P1": {"met": True, "evidence": ["a.txt"]}},
    "indicators": {
        "2": {
            "facts": {"defects": [{"text": "x", "where": "y", "evidence": ["b.txt#page=2"]}]},
            "evidence": ["a.txt", "a.txt"],
            "missing_evidence": ["gone.pdf"],
            "site_visit": {"on": "2026-06-11"},
        },
        "9": {
            "judgements": [
                {"by": "E1", "facts": {"defects": [{"evidence": ["c.txt"]}]}, "evidence": ["b.txt"]},
                {"by": "E2", "facts": {}, "evidence": ["b.txt"]},
            ]
        },
    },
}


def test_every_reference_is_found_once_for_each_id(tmp_path: Path) -> None:
    """Those of entries, of defects and of judgements, and those already known to be missing."""
    mine = make_mine(tmp_path)
    for name in ("a.txt", "b.txt"):
        put(mine / name, "x")
    found = [(one.id, str(one.reference), one.item is not None) for one in citations(FINDINGS, take_inventory(mine))]
    expected = [
        ("P1", "a.txt", True),
        ("2", "a.txt", True),
        ("2", "gone.pdf", False),
        ("2", "b.txt#page=2", True),
        ("9", "b.txt", True),
        ("9", "c.txt", False),
    ]
    assert expected == found


def test_visits_are_days_by_indicator() -> None:
    """An entry without a visit, or with something else for a day, has none."""
    indicators = {"2": {"site_visit": {"on": "2026-06-11"}}, "3": {"site_visit": {"on": "soon"}}, "4": {}, "5": None}
    assert {"2": dt.date(2026, 6, 11)} == visits({"indicators": indicators})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["prerequisites", "indicators", "2", "facts", "defects", "evidence", "judgements", "on"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["prerequisites", "indicators"]), JSON, max_size=2))
def test_what_is_not_of_the_form_is_passed_over(findings: dict[str, Any]) -> None:
    """Any document has citations and visits, if only none; to refuse it is the scorer's part."""
    assert all(one.item is None for one in citations(findings, Inventory(())))
    visits(findings)
