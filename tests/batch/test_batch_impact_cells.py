"""An entry of findings as cells of a table, and back as far as a rule looks at it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest
from cases import full_findings, national
from hypothesis import given
from hypothesis import strategies as st
from registers import random_findings

from greenmine.batch.impact.cells import cells_of, entry_of, parsed, renamed_cell
from greenmine.errors import FindingsError
from greenmine.scoring.indicator import Indicator, Mine, assess, compile_indicator

INDICATORS = [compile_indicator(item) for item in national()["indicators"]]
READINGS = {"component_na": "fold", "expert_split": "majority"}


def takes(indicator: Indicator, mine: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    """Tell whether an indicator takes an entry, as if the mine were of its block."""
    whose = Mine(mine["industry"], tuple(mine["extraction"]), mine["primary_extraction"], indicator.block)
    try:
        assess(indicator, whose, entry, READINGS, "f")
    except FindingsError:
        return False
    return True


def there_and_back(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry made of the text of the cells of another."""
    cells = {key: str(value) for key, value in cells_of(entry, "scored") if key != "evidence"}
    return entry_of({key: parsed(key, text) for key, text in cells.items()})


@given(st.integers(0, 2**32))
def test_an_entry_of_cells_is_taken_by_the_same_indicators(seed: int) -> None:
    """Whatever indicator is asked, its own or another: it takes or refuses both."""
    chance = random.Random(seed)  # noqa: S311 - findings for tests, not a secret
    findings = random_findings(national(), chance)
    mine, entries = findings["mine"], findings["indicators"]
    own = [one for one in INDICATORS if one.id in entries and takes(one, mine, entries[one.id])]
    for indicator in own:
        entry = entries[indicator.id]
        made = there_and_back(entry)
        for other in (indicator, *chance.sample(INDICATORS, 6)):
            assert takes(other, mine, entry) == takes(other, mine, made)


@pytest.mark.parametrize(
    ("value", "required", "cell"), [("2", "1.5", "above"), (1.5, "1.50", "equal"), (1, 1.5, "below")]
)
def test_figures_are_told_by_how_they_compare(value: object, required: object, cell: str) -> None:
    """Neither figure is in the table, only which is the larger one."""
    measured = {"value": value, "required": required, "source": "年报"}
    assert ("measured", cell) in cells_of({"facts": {"measured": measured}}, "scored")


def test_facts_that_cells_name_have_their_newer_names() -> None:
    """Words of `absent`, and the experts' own facts; anything else stays as it is."""
    keys = {"tailings": "pond"}
    assert "pond reuse" == renamed_cell("absent", "tailings reuse", keys)
    judged = '[{"by":"E1","facts":{"absent":"tailings","tailings":true}}]'
    for key in ("judgements", "overruled"):
        assert '[{"by":"E1","facts":{"absent":"pond","pond":true}}]' == renamed_cell(key, judged, keys)
    assert "tailings" == renamed_cell("clauses", "tailings", keys)


@pytest.mark.parametrize(
    ("key", "cell"),
    [
        *(("met", "yes"), ("defects", "many"), ("measured", "1.5"), ("not_applicable", "perhaps")),
        *(("clauses", "met"), ("clauses", '{"a":' * 100_000), ("overruled", "{}"), ("judgements", "[" * 100_000)),
        ("judgements", '[{"by": "E1", "facts": {"met": "yes"}}]'),
    ],
)
def test_a_cell_of_another_form_is_refused(key: str, cell: str) -> None:
    """By a `ValueError`, which the table makes a message of."""
    with pytest.raises(ValueError, match=r"."):
        parsed(key, cell)


def test_full_marks_come_back_as_they_were() -> None:
    """Where there is neither text nor figure in them, facts are the same again."""
    for entry in full_findings(national())["indicators"].values():
        assert entry["facts"] == there_and_back(entry)["facts"]
