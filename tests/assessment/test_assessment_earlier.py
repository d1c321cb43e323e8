"""Earlier assessments of the same mine: which they are, how each card stood, what differs."""

from __future__ import annotations

from pathlib import Path

import pytest
from assessments import journal_of, make_assessment, make_mine, write
from signing import SCORER

from greenmine import i18n
from greenmine.assessment import load_assessment
from greenmine.assessment.earlier import Standing, differs, earlier_assessments, standing

NOW = "2026-selection"


@pytest.fixture(autouse=True)
def _english(_language: None) -> None:
    i18n.use("en")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return make_mine(tmp_path)


def facts(met: bool) -> dict[str, object]:  # noqa: FBT001 - the value is the argument
    return {"facts": {"met": met}, "evidence": ["a.pdf"], "justification": "看过"}


def test_earlier_is_what_has_an_earlier_date_the_latest_first(mine: Path) -> None:
    """On one day the lower id is the earlier; what is later, or the present one itself, is not among them."""
    for name, date in (("b", "2026-06-30"), (NOW, "2026-06-30"), ("c", "2026-05-01"), ("a", "2026-04-01")):
        make_assessment(mine, name, date)
    make_assessment(mine, "later", "2026-07-01")
    panel = load_assessment(mine, NOW).panel
    assert ["c", "a"] == [one.id for one in earlier_assessments(mine, panel, SCORER)]
    later = load_assessment(mine, "later").panel
    assert ["b", NOW, "c", "a"] == [one.id for one in earlier_assessments(mine, later, SCORER)]
    assert () == earlier_assessments(mine, load_assessment(mine, "a").panel, SCORER)


def test_each_card_stands_as_it_was_found_then_by_the_present_catalog(mine: Path) -> None:
    """Status, points, facts; a prerequisite is met or not; a card that the catalog has not is none."""
    write(
        make_assessment(mine, "self", "2026-04-01"),
        "E1",
        [("E1", "indicator/27", facts(met=True)), ("E1", "prerequisite/P1", {"met": False})],
    )
    make_assessment(mine, NOW)
    (one,) = earlier_assessments(mine, load_assessment(mine, NOW).panel, SCORER)
    found = one.standing("indicator/27")
    assert found is not None
    assert ("scored", "2", "2", {"met": True}) == (found.status, found.awarded, found.points, found.facts)
    gate = one.standing("prerequisite/P1")
    assert gate is not None
    assert "unmet" == gate.status
    assert one.standing("indicator/999") is None
    assert {"panel.yaml", "journal/E1.jsonl"} == set(one.files)


def test_what_is_open_on_either_side_is_no_difference() -> None:
    """Only what both assessed can differ: by status or by points."""
    full, half, none = (Standing("scored", "2", "2"), Standing("scored", "1", "2"), Standing("not_assessed"))
    assert differs(full, half)
    assert differs(full, Standing("not_applicable"))
    assert not differs(full, full)
    assert not differs(full, none)
    assert not differs(none, half)


def test_one_that_cannot_be_read_is_told_and_keeps_nobody_from_working(mine: Path) -> None:
    """A journal that was tampered with, a panel that is malformed: the others are compared all the same."""
    bad = make_assessment(mine, "bad", "2026-04-01")
    path = write(bad, "E1", [("E1", "indicator/27", facts(met=True)), ("E1", "indicator/28", facts(met=True))])
    path.write_bytes(path.read_bytes().replace(b'"met":true', b'"met":false', 1))
    (make_assessment(mine, "worse", "2026-04-01") / "panel.yaml").write_text("schema: [", "utf-8")
    make_assessment(mine, "good", "2026-04-01")
    make_assessment(mine, NOW)
    good, first, second = earlier_assessments(mine, load_assessment(mine, NOW).panel, SCORER)
    assert ("good", "", "bad", "worse") == (good.id, good.problem, first.id, second.id)
    assert "E1.jsonl" in first.problem
    assert "panel.yaml" in second.problem
    assert first.standing("indicator/27") is None


def test_nothing_of_an_earlier_one_is_changed(mine: Path) -> None:
    """Reading it leaves its files as they are, a torn line included."""
    folder = make_assessment(mine, "self", "2026-04-01")
    write(folder, "E1", [("E1", "indicator/27", facts(met=True))])
    journal = journal_of(folder)
    journal.write_bytes(journal.read_bytes() + b'{"author":"E1')
    before = journal.read_bytes()
    make_assessment(mine, NOW)
    (one,) = earlier_assessments(mine, load_assessment(mine, NOW).panel, SCORER)
    assert (before, before) == (journal.read_bytes(), one.files["journal/E1.jsonl"])


def test_a_mine_without_assessments_has_no_earlier_ones(mine: Path) -> None:
    """Nothing is there to compare with."""
    make_assessment(mine, NOW)
    panel = load_assessment(mine, NOW).panel
    assert () == earlier_assessments(mine.parent / "nowhere", panel, SCORER)
    read = load_assessment(mine, NOW)
    found = standing(read.findings, SCORER.score(read.findings), "indicator/27")
    assert found is not None
    assert "not_assessed" == found.status
