"""Disagreement: each judgement scored alone, the spread, who dissents, what the panel has to rule."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from assessments import Talk, panel
from cases import national
from hypothesis import given
from hypothesis import strategies as st

from greenmine import i18n
from greenmine.assessment.disagreement import Disagreement, disagreements
from greenmine.assessment.fold import fold, replay
from greenmine.assessment.rules import load_panel_rules
from greenmine.scoring import Scorer
from greenmine.workspace import Workspace, shared_dir

MINE = {
    "id": "GM-0009",
    "name": "演示矿山",
    "industry": "coal",
    "extraction": ["underground"],
    "primary_extraction": "underground",
}
SCORER = Scorer(national())
RULES = load_panel_rules(workspace=Workspace(shared_dir()))


@pytest.fixture(autouse=True)
def _english(_language: None) -> None:
    i18n.use("en")


def found(talk: Talk) -> dict[str, Disagreement]:
    findings = fold(talk.entries, panel(), MINE)
    return disagreements(findings, replay(talk.entries), SCORER, RULES)


def defects(count: int) -> dict[str, Any]:
    return {"facts": {"defects": [{"text": f"第 {number} 处"} for number in range(count)]}}


def test_one_judge_is_no_disagreement() -> None:
    """A card that one member judged is not listed."""
    assert found(Talk().say("E1", "indicator/2", defects(1))) == {}


def test_points_lie_apart_by_the_exact_spread() -> None:
    """Two points, less half a point a place: no place and three places are 1.5 apart, beyond half of the points."""
    one = found(Talk().say("E1", "indicator/2", defects(0)).say("E2", "indicator/2", defects(3)))["indicator/2"]
    assert [("E1", Fraction(2)), ("E2", Fraction(1, 2))] == [(judge.by, judge.points) for judge in one.judges]
    assert (Fraction(3, 2), True, True) == (one.spread, one.disagreed, one.needs_ruling)
    assert ("E1", "E2") == one.dissent
    assert "E1: 2 points; E2: 0.5 points" in one.text


def test_points_that_lie_close_are_averaged_without_a_ruling() -> None:
    """One place more or less is no disagreement; the spread is shown all the same."""
    one = found(Talk().say("E1", "indicator/2", defects(0)).say("E2", "indicator/2", defects(1)))["indicator/2"]
    assert (Fraction(1, 2), False, (), "") == (one.spread, one.disagreed, one.dissent, one.text)


def test_the_chair_takes_the_mean_with_a_reason() -> None:
    """The mean without a reason does not settle it."""
    talk = Talk().say("E1", "indicator/2", defects(0)).say("E2", "indicator/2", defects(3))
    talk.say("panel", "indicator/2", {"resolution": "mean"})
    assert found(talk)["indicator/2"].needs_ruling
    talk.say("panel", "indicator/2", {"justification": "两人各看了一半场地，取平均。"})
    one = found(talk)["indicator/2"]
    assert (True, False, True) == (one.disagreed, one.needs_ruling, one.ruled)


def test_one_dissent_on_a_mandatory_indicator_needs_a_finding() -> None:
    """There is no mean of full marks: only the panel's own finding settles it, and the dissent stays named."""
    talk = Talk()
    for person, met in (("E1", True), ("E2", True), ("E3", False)):
        talk.say(person, "indicator/40", {"facts": {"met": met}})
    one = found(talk)["indicator/40"]
    assert (True, ("E3",)) == (one.needs_ruling, one.dissent)
    talk.say("panel", "indicator/40", {"resolution": "mean", "justification": "取平均"})
    assert found(talk)["indicator/40"].needs_ruling
    talk.say("panel", "indicator/40", {"facts": {"met": False}, "justification": "复看现场，未达标。"})
    one = found(talk)["indicator/40"]
    assert (False, ("E1", "E2")) == (one.needs_ruling, one.dissent)
    assert "has ruled" in one.text


def test_members_who_are_of_one_mind_and_overruled_dissent() -> None:
    """A panel's finding against every member's judgement needs its reason too."""
    talk = (
        Talk().say("E1", "indicator/40", {"facts": {"met": True}}).say("E2", "indicator/40", {"facts": {"met": True}})
    )
    assert not found(talk)["indicator/40"].disagreed
    talk.say("panel", "indicator/40", {"facts": {"met": False}})
    one = found(talk)["indicator/40"]
    assert (True, ("E1", "E2")) == (one.needs_ruling, one.dissent)


def test_a_prerequisite_needs_a_ruling_with_a_reason() -> None:
    """Of two who differ, the one who says no is the dissent until the panel has ruled."""
    talk = Talk().say("E1", "prerequisite/P1", {"met": True}).say("E2", "prerequisite/P1", {"met": False})
    one = found(talk)["prerequisite/P1"]
    assert (True, ("E2",), None) == (one.needs_ruling, one.dissent, one.spread)
    talk.say("panel", "prerequisite/P1", {"met": False, "justification": "许可证已过期。"})
    one = found(talk)["prerequisite/P1"]
    assert (False, ("E1",)) == (one.needs_ruling, one.dissent)


def test_a_claim_beside_facts_is_a_disagreement() -> None:
    """One holds the indicator not applicable and another judged it: whether it applies is the panel's to say."""
    talk = Talk().say("E1", "indicator/12", {"not_applicable": {"reason": "无选矿"}})
    talk.say("E2", "indicator/12", {"facts": {"met": True}})
    one = found(talk)["indicator/12"]
    assert (True, ("E1",)) == (one.needs_ruling, one.dissent)
    assert "E1: not applicable" in one.text
    talk.say("panel", "indicator/12", {"not_applicable": {"reason": "无选矿"}, "justification": "查看现场，无选矿。"})
    assert ("E2",) == found(talk)["indicator/12"].dissent
    assert not found(talk)["indicator/12"].needs_ruling


def test_facts_that_cannot_be_read_leave_the_others_readable() -> None:
    """A judgement with a key of another indicator has no points; the same member's other cards have theirs."""
    talk = Talk().say("E1", "indicator/2", {"facts": {"unknown": True}}).say("E2", "indicator/2", defects(0))
    talk.say("E1", "indicator/3", defects(1)).say("E2", "indicator/3", defects(1))
    one = found(talk)
    assert [None, Fraction(2)] == [judge.points for judge in one["indicator/2"].judges]
    assert one["indicator/2"].spread is None
    assert [Fraction(4, 5)] * 2 == [judge.points for judge in one["indicator/3"].judges]


@given(st.lists(st.integers(min_value=0, max_value=6), min_size=2, max_size=4), st.randoms())
def test_what_is_told_does_not_depend_on_who_spoke_first(counts: list[int], random: Any) -> None:
    """The spread is the greatest difference of points, in whatever order people recorded."""
    people = [(f"E{at}", count) for at, count in enumerate(counts, 1)]
    shuffled = list(people)
    random.shuffle(shuffled)
    one, other = (found_of(order) for order in (people, shuffled))
    assert one == other
    points = [max(Fraction(0), 2 - Fraction(count, 2)) for count in counts]
    assert one.spread == max(points) - min(points)
    assert one.disagreed == (one.spread >= 1)


def found_of(people: list[tuple[str, int]]) -> Disagreement:
    talk = Talk()
    for person, count in people:
        talk.say(person, "indicator/2", defects(count))
    return found(talk)["indicator/2"]
