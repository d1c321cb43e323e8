"""The comparison with earlier assessments as the report shows it, and who signed off."""

from __future__ import annotations

from pathlib import Path

import pytest
from mines import ASSESSMENT, MINE, make_mine
from pages import HOSTILE
from signing import record, sign_off

from greenmine.assessment import load_assessment
from greenmine.assessment.signoff import withdrawal_fields
from greenmine.workbook import Workbook
from greenmine.workspace import Workspace

EARLIER = "2026-01-self"


@pytest.fixture
def mine(workspace: Path) -> Path:
    return make_mine(workspace / "evidence", photos=False)


def earlier(mine: Path, text: str = "自评认为没有") -> Path:
    """Put an earlier self-assessment beside the sample: one card other, one alike, a judgement of two."""
    folder = mine / "assessments" / EARLIER
    folder.mkdir()
    panel = (mine / "assessments" / ASSESSMENT / "panel.yaml").read_text("utf-8")
    panel = panel.replace(ASSESSMENT, EARLIER).replace("2026-06-30", "2026-03-02").replace("third_party", "self")
    (folder / "panel.yaml").write_text(panel, "utf-8")
    evidence = ["LICENCES/LICENCE.TXT"]
    lines = [
        ("E1", "indicator/2", {"facts": {"defects": []}, "evidence": evidence, "justification": text}),
        ("E1", "indicator/46", {"facts": {"met": True}, "evidence": evidence}),
        ("E1", "indicator/18", {"facts": {"met": True}, "evidence": evidence}),
        ("E1", "indicator/37", {"facts": {"met": True}, "evidence": evidence}),
        ("E1", "prerequisite/P1", {"met": False, "evidence": evidence}),
    ]
    with load_assessment(mine, EARLIER).writer("E1") as journal:
        for line in lines:
            journal.append(*line)
    with load_assessment(mine, EARLIER).writer("E2") as journal:
        journal.append("E2", "indicator/46", {"facts": {"met": False}})
    return folder


def page(mine: Path, lang: str = "en") -> str:
    book = Workbook.open(
        str(mine), ASSESSMENT, catalog="national@2024", lang=lang, workspace=Workspace(mine.parents[1])
    )
    return str(book.comparison().markup)


def test_without_an_earlier_one_a_sentence_says_so(mine: Path) -> None:
    """No table, no heading for an assessment."""
    assert "no earlier assessment" in page(mine)
    assert "<table" not in page(mine)


def test_what_came_out_differently_stands_side_by_side(mine: Path) -> None:
    """Points then and now, and what was recorded then; what was recorded now is on the card, a link away."""
    earlier(mine)
    shown = page(mine)
    for text in (
        "Self-assessment",
        EARLIER,
        "2026-03-02",
        "自评认为没有",
        "2 of 2 points",
        "1 of 2 points",
    ):
        assert text in shown, text
    assert 'href="#i-2"' in shown
    assert 'href="#p-P1"' in shown
    assert 'href="#i-37"' not in shown
    assert "1 cards came out the same" in shown


def test_the_report_is_the_same_whoever_looks(mine: Path) -> None:
    """The same inputs give the same bytes."""
    earlier(mine)
    assert page(mine) == page(mine)


def test_hostile_text_of_an_earlier_assessment_is_shown_as_text(mine: Path) -> None:
    """Whatever somebody recorded then cannot become markup now."""
    text = next(one for one in HOSTILE if "<script" in one.lower())
    earlier(mine, "".join(character for character in text if character >= " "))
    assert "<script" not in page(mine).lower()


def test_one_that_cannot_be_read_is_named_without_a_path(mine: Path) -> None:
    """A report holds no path of the machine it was made on."""
    (earlier(mine) / "panel.yaml").write_text("schema: [", "utf-8")
    shown = page(mine)
    assert f"{EARLIER} could not be read" in shown
    assert str(mine) not in shown


def test_the_signatures_say_who_signed_off_what_and_when(mine: Path) -> None:
    """With the pledge; whoever withdrew is named with the reason, and what no longer counts says so."""

    def shown() -> str:
        room = Workspace(mine.parents[1])
        return str(Workbook.open(MINE, catalog="national@2024", lang="en", workspace=room).signatures().markup)

    assert "signed off" not in shown()
    sign_off(mine, "E1")
    assert "Not everybody has signed off" in shown()
    sign_off(mine, "E2")
    assert "EXPERT E2 (E2) signed on" in shown()
    assert "every expert have signed off" in shown()
    assert "本人承诺" in shown()
    record(mine, "E2", "assessment", *withdrawal_fields("漏看一处 <b>"))
    assert "漏看一处 &lt;b&gt;" in shown()
    record(mine, "E2", "indicator/2", {"justification": "补看"})
    assert "before later changes: the findings" in shown()
