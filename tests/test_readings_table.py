"""The table of readings in docs/readings.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "readings.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \d+ \|", line)
]
TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^\s*def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
}


def test_the_forty_ambiguities_are_all_settled() -> None:
    """The rows are numbered 1 to 40, each with a text, a choice, alternatives and a proof."""
    assert [str(number) for number in range(1, 41)] == [row[0] for row in ROWS]
    assert all(len(row) == 5 and all(row) for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_every_choice_names_a_test_that_exists(row: list[str]) -> None:
    """The proof of a choice is a test of that name."""
    named = re.findall(r"`(test_\w+)`", row[4])
    assert named
    assert [] == [name for name in named if name not in TESTS]


ANNEX_ROWS = [row for row in ROWS if "通知（" not in row[1]]  # the others quote the notice itself


@pytest.mark.parametrize("row", ANNEX_ROWS, ids=[row[0] for row in ANNEX_ROWS])
def test_what_is_quoted_stands_in_the_official_text(row: list[str]) -> None:
    """Each piece of a quotation between “ and ” is found in the annex, blanks and line breaks aside."""
    source = "".join(
        (ROOT / "docs" / "sources" / "national-indicators-2024-annex3.txt").read_text(encoding="utf-8").split()
    )
    quotes = re.findall(r"“([^”]+)”", row[1].replace("‘", "“").replace("’", "”").replace("“三率”", "三率"))
    pieces = [piece for quote in quotes for piece in "".join(quote.split()).split("…") if piece]
    flat = source.replace("“", "").replace("”", "")
    assert [] == [piece for piece in pieces if piece not in flat]
