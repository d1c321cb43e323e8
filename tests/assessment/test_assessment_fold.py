"""The fold: from what people recorded to findings, rule by rule."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
from assessments import Talk, panel
from cases import full_facts, national
from hypothesis import given
from hypothesis import strategies as st

from greenmine.assessment.findings import check_findings
from greenmine.assessment.fold import fold, in_order, once, repeated
from greenmine.assessment.journal import Entry
from greenmine.files import canonical_json
from greenmine.scoring import Scorer

CARD = "indicator/9"
MINE = {
    "id": "GM-0009",
    "name": "演示矿山",
    "industry": "coal",
    "extraction": ["underground"],
    "primary_extraction": "underground",
}
YES: dict[str, Any] = {"facts": {"met": True}}
NO: dict[str, Any] = {"facts": {"met": False}}
CLAIM = {"not_applicable": {"reason": "无共伴生矿产"}}
OTHER_CLAIM = {"not_applicable": {"reason": "已停采"}}
CONFIRM = {"confirm_not_applicable": True}


def findings(talk: Talk) -> dict[str, Any]:
    found = fold(talk.entries, panel(), MINE)
    check_findings(found)
    return found


def folded(talk: Talk, card: str = CARD) -> dict[str, Any]:
    kind, name = card.split("/")
    entry: dict[str, Any] = findings(talk)[f"{kind}s"][name]
    return entry


class TestDocument:
    """The document as a whole."""

    def test_mine_and_assessment_stand_at_its_head(self) -> None:
        """Nothing recorded gives a document without entries, and that is not the same as zero."""
        head = {"id": "2026-selection", "date": "2026-06-30", "anchor_date": "2026-03-01", "kind": "third_party"}
        expected = {
            "schema": "greenmine.findings/1",
            "mine": MINE,
            "assessment": head,
            "prerequisites": {},
            "indicators": {},
        }
        assert expected == findings(Talk())

    def test_each_card_is_one_entry(self) -> None:
        """Prerequisites and indicators stand under their ids."""
        found = findings(Talk().say("E1", "prerequisite/P1", {"met": True}).say("E1", "indicator/2", YES))
        assert ({"P1": {"met": True}}, {"2": YES}) == (found["prerequisites"], found["indicators"])

    def test_a_card_that_was_emptied_is_not_there(self) -> None:
        """Who takes everything back has not assessed."""
        assert {} == findings(Talk().say("E1", CARD, YES).say("E1", CARD, clear=["facts"]))["indicators"]

    def test_remarks_on_the_whole_stand_with_the_assessment(self) -> None:
        """The card `assessment` adds its record to the head, which stays as the panel's file says."""
        talk = Talk().say("E1", "assessment", {"justification": "现场两天", "evidence": ["日程.pdf"]})
        found = findings(talk.say("panel", "assessment", {"justification": "一致同意"}))["assessment"]
        assert ("2026-selection", "一致同意", ["日程.pdf"], [{"by": "E1", "justification": "现场两天"}]) == (
            found["id"],
            found["justification"],
            found["evidence"],
            found["remarks"],
        )

    def test_what_was_recorded_is_left_as_it_is(self) -> None:
        """Folding changes no entry, and changing the findings changes none either."""
        talk = Talk().say("E1", CARD, {"facts": {"defects": [{"text": "a", "where": "b"}] * 2}, "evidence": ["x"]})
        before = copy.deepcopy(talk.entries)
        found = folded(talk)
        found["facts"]["defects"].clear()
        found["evidence"].clear()
        assert before == talk.entries


class TestFields:
    """Whole fields, the latest of each author."""

    def test_the_latest_value_counts(self) -> None:
        """A field that is set again is replaced as a whole."""
        talk = (
            Talk()
            .say("E1", CARD, {"facts": {"rig": True, "drilling_fluid": False}})
            .say("E1", CARD, {"facts": {"rig": False}})
        )
        assert {"facts": {"rig": False}} == folded(talk)

    def test_other_fields_stay(self) -> None:
        """Setting or clearing one field leaves the others of the card."""
        talk = Talk().say("E1", CARD, {**YES, "justification": "已核"}).say("E1", CARD, {"evidence": ["a.pdf"]})
        assert {**YES, "evidence": ["a.pdf"]} == folded(talk.say("E1", CARD, clear=["justification"]))

    def test_later_is_by_time_across_journals(self) -> None:
        """A scribe's entry for an expert replaces the expert's own earlier one, and the other way round."""
        talk = Talk().say("E1", CARD, YES).say("E1", CARD, NO, typed_by="E4")
        assert NO == folded(talk)
        assert YES == folded(talk.say("E1", CARD, YES))

    def test_at_one_time_the_typing_person_decides(self) -> None:
        """Entries of the same time count in order of who typed them, so that the result is always the same."""
        entries = [
            Entry(1, "2026-06-11T09:00:00Z", "panel", typed_by, CARD, fields, (), typed_by)
            for typed_by, fields in (("E2", NO), ("E1", YES))
        ]
        assert ["E1", "E2"] == [entry.typed_by for entry in in_order(entries)]
        assert NO["facts"] == fold(entries, panel(), MINE)["indicators"]["9"]["facts"]

    def test_a_whole_second_comes_before_its_milliseconds(self) -> None:
        """Times are compared as times, not as text."""
        times = ["2026-06-11T09:00:00.250Z", "2026-06-11T09:00:00Z", "2026-06-11T08:59:59.999Z"]
        entries = [Entry(1, time, "E1", f"E{number}", CARD, YES, (), "") for number, time in enumerate(times)]
        assert times[::-1] == [entry.time for entry in in_order(entries)]


class TestFacts:
    """Whose facts stand, and how several become one."""

    def test_one_members_facts_stand_at_the_top(self) -> None:
        """A single record needs no resolution."""
        record = {**YES, "justification": "查台账", "evidence": ["a.pdf"], "site_visit": {"place": "采场"}}
        assert record == folded(Talk().say("E2", CARD, record))

    def test_the_panels_facts_stand_at_the_top(self) -> None:
        """A joint entry alone is like a single record."""
        assert {**YES, "justification": "一致"} == folded(Talk().say("panel", CARD, {**YES, "justification": "一致"}))

    def test_several_members_facts_become_judgements(self) -> None:
        """Each member's own facts, justification and evidence are kept, in order of their ids; the mean decides."""
        talk = (
            Talk()
            .say("E3", CARD, {**NO, "justification": "丙"})
            .say("E1", CARD, {**YES, "evidence": ["a.pdf", "a.pdf"]})
        )
        expected = {
            "judgements": [
                {"by": "E1", "facts": {"met": True}, "evidence": ["a.pdf"]},
                {"by": "E3", "facts": {"met": False}, "justification": "丙"},
            ],
            "resolution": "mean",
            "evidence": ["a.pdf"],
        }
        assert expected == folded(talk)

    def test_the_panels_finding_keeps_the_dissent(self) -> None:
        """With a joint entry the members' own judgements stay in sight, even that of one."""
        talk = (
            Talk()
            .say("E1", CARD, {**NO, "justification": "未见记录"})
            .say("panel", CARD, {**YES, "justification": "补查到"})
        )
        expected = {
            "facts": {"met": True},
            "resolution": "finding",
            "justification": "补查到",
            "judgements": [{"by": "E1", "facts": {"met": False}, "justification": "未见记录"}],
        }
        assert expected == folded(talk)

    def test_the_panel_may_choose_the_mean(self) -> None:
        """A joint entry that says so leaves the points to the members' judgements."""
        talk = Talk().say("E1", CARD, NO).say("E2", CARD, YES).say("panel", CARD, {**YES, "resolution": "mean"})
        assert ("mean", 2) == (folded(talk)["resolution"], len(folded(talk)["judgements"]))

    def test_a_finding_needs_facts(self) -> None:
        """Choosing the panel's finding without recording it leaves the mean."""
        talk = Talk().say("E1", CARD, NO).say("E2", CARD, YES).say("panel", CARD, {"resolution": "finding"})
        assert "mean" == folded(talk)["resolution"]

    def test_no_resolution_where_there_is_nothing_to_resolve(self) -> None:
        """One record, or the panel's alone, has no resolution even if one was typed."""
        assert YES == folded(Talk().say("E1", CARD, YES).say("panel", CARD, {"resolution": "mean"}))
        assert YES == folded(Talk().say("panel", CARD, {**YES, "resolution": "finding"}))

    def test_a_judgement_taken_back_leaves_the_other_alone(self) -> None:
        """When one of two clears the facts, the other's stand at the top."""
        assert YES == folded(Talk().say("E1", CARD, NO).say("E2", CARD, YES).say("E1", CARD, clear=["facts"]))

    def test_a_comment_is_no_judgement(self) -> None:
        """Who only writes a text does not take part in the mean, but is not dropped."""
        talk = Talk().say("E1", CARD, {**YES, "justification": "甲"}).say("E2", CARD, {"justification": "乙"})
        assert {**YES, "justification": "甲", "remarks": [{"by": "E2", "justification": "乙"}]} == folded(talk)
        found = folded(talk.say("E3", CARD, NO))
        assert ([{"by": "E2", "justification": "乙"}], False) == (found["remarks"], "justification" in found)

    def test_a_text_alone_is_kept(self) -> None:
        """A justification without facts stands at the top, and the indicator is still not assessed."""
        assert {"justification": "待补材料"} == folded(Talk().say("E2", CARD, {"justification": "待补材料"}))


class TestRecord:
    """Evidence and site visits."""

    def test_evidence_is_the_union_in_order_of_first_mention(self) -> None:
        """Each reference stands once, where it was first mentioned, whoever mentioned it."""
        talk = (
            Talk().say("E2", CARD, {"evidence": ["b.pdf", "c.pdf"]}).say("E1", CARD, {"evidence": ["a.pdf", "c.pdf"]})
        )
        talk.say("panel", CARD, {"evidence": ["d.pdf"]}).say("E2", CARD, {"evidence": ["c.pdf", "e.pdf", "b.pdf"]})
        assert ["b.pdf", "c.pdf", "a.pdf", "d.pdf", "e.pdf"] == folded(talk)["evidence"]

    def test_evidence_that_nobody_holds_to_is_gone(self) -> None:
        """A reference counts as long as one author's list has it."""
        talk = Talk().say("E1", CARD, {"evidence": ["a.pdf", "b.pdf"]}).say("E2", CARD, {"evidence": ["b.pdf"]})
        assert ["b.pdf"] == folded(talk.say("E1", CARD, clear=["evidence"]))["evidence"]
        assert "evidence" not in folded(talk.say("E2", CARD, {"evidence": [], "justification": "撤"}))

    def test_each_different_site_visit_is_kept(self) -> None:
        """The panel's visit stands first, then the members' in order of their ids; the same visit stands once."""
        one, other = {"place": "采场", "on": "2026-06-11"}, {"place": "排土场", "on": "2026-06-12"}
        talk = Talk().say("E2", CARD, {"site_visit": other}).say("E1", CARD, {"site_visit": one})
        assert (one, [other]) == (folded(talk)["site_visit"], folded(talk)["further_site_visits"])
        talk.say("panel", CARD, {"site_visit": other})
        assert (other, [one]) == (folded(talk)["site_visit"], folded(talk)["further_site_visits"])


class TestNotApplicable:
    """Not applicable: one claims, another confirms, later."""

    def confirmed_by(self, talk: Talk) -> str | None:
        name: str | None = folded(talk)["not_applicable"].get("confirmed_by")
        return name

    def test_a_claim_alone_is_unconfirmed(self) -> None:
        """The claim says whose it is and that nobody confirmed it."""
        assert {"not_applicable": {"reason": "无共伴生矿产", "by": "E1"}} == folded(Talk().say("E1", CARD, CLAIM))

    def test_another_person_confirms_later(self) -> None:
        """The confirmer is named."""
        assert "E2" == self.confirmed_by(Talk().say("E1", CARD, CLAIM).say("E2", CARD, CONFIRM))

    def test_a_citation_is_kept(self) -> None:
        """Where the catalog does not permit it, the claim cites what does."""
        claim = {"not_applicable": {"reason": "x", "citation": "某文件第三条"}}
        assert "某文件第三条" == folded(Talk().say("E1", CARD, claim))["not_applicable"]["citation"]

    def test_nobody_confirms_their_own_claim(self) -> None:
        """The same person's word twice is one person's word."""
        assert self.confirmed_by(Talk().say("E1", CARD, CLAIM).say("E1", CARD, CONFIRM)) is None
        assert self.confirmed_by(Talk().say("E1", CARD, {**CLAIM, **CONFIRM})) is None

    def test_nobody_confirms_what_they_typed(self) -> None:
        """Who typed a claim does not confirm it, and who claimed does not type another's confirmation."""
        assert self.confirmed_by(Talk().say("E1", CARD, CLAIM, typed_by="E2").say("E2", CARD, CONFIRM)) is None
        assert self.confirmed_by(Talk().say("E1", CARD, CLAIM).say("E2", CARD, CONFIRM, typed_by="E1")) is None

    def test_a_scribe_may_type_for_both(self) -> None:
        """One scribe entering for all members records two persons' words."""
        talk = Talk().say("E1", CARD, CLAIM, typed_by="E4").say("E2", CARD, CONFIRM, typed_by="E4")
        assert "E2" == self.confirmed_by(talk)

    def test_the_panels_claim_is_confirmed_by_another_than_its_typist(self) -> None:
        """For a joint entry the person is whoever typed it."""
        assert self.confirmed_by(Talk().say("panel", CARD, CLAIM, typed_by="E4").say("E4", CARD, CONFIRM)) is None
        assert "E2" == self.confirmed_by(Talk().say("panel", CARD, CLAIM, typed_by="E4").say("E2", CARD, CONFIRM))
        assert "E4" == self.confirmed_by(Talk().say("E1", CARD, CLAIM).say("panel", CARD, CONFIRM, typed_by="E4"))
        assert self.confirmed_by(Talk().say("E1", CARD, CLAIM).say("panel", CARD, CONFIRM, typed_by="E1")) is None

    def test_a_confirmation_before_the_claim_does_not_count(self) -> None:
        """Nobody can agree to what was not yet said."""
        assert self.confirmed_by(Talk().say("E2", CARD, CONFIRM).say("E1", CARD, CLAIM)) is None

    def test_a_changed_reason_is_to_be_confirmed_anew(self) -> None:
        """The confirmation was of another claim; given again it counts."""
        talk = Talk().say("E1", CARD, CLAIM).say("E2", CARD, CONFIRM).say("E1", CARD, OTHER_CLAIM)
        assert self.confirmed_by(talk) is None
        assert "E2" == self.confirmed_by(talk.say("E2", CARD, CONFIRM))

    def test_a_claim_taken_back_and_made_again_is_a_new_one(self) -> None:
        """Between the two it was not in force."""
        talk = Talk().say("E1", CARD, CLAIM).say("E2", CARD, CONFIRM).say("E1", CARD, clear=["not_applicable"])
        assert {} == findings(talk)["indicators"].get("9", {})
        assert self.confirmed_by(talk.say("E1", CARD, CLAIM)) is None

    def test_saying_the_same_again_changes_nothing(self) -> None:
        """A claim set to what it was stays confirmed, and other fields have no bearing on it."""
        talk = (
            Talk().say("E1", CARD, CLAIM).say("E2", CARD, CONFIRM).say("E1", CARD, {**CLAIM, "justification": "补充"})
        )
        assert "E2" == self.confirmed_by(talk)
        assert "E2" == self.confirmed_by(talk.say("E2", CARD, {"justification": "同意"}))

    def test_a_confirmation_can_be_withdrawn(self) -> None:
        """Cleared, it no longer counts; the next person's does."""
        talk = Talk().say("E1", CARD, CLAIM).say("E2", CARD, CONFIRM).say("E3", CARD, CONFIRM)
        assert "E2" == self.confirmed_by(talk)
        assert "E3" == self.confirmed_by(talk.say("E2", CARD, clear=["confirm_not_applicable"]))

    def test_the_panels_claim_stands_before_a_members(self) -> None:
        """The members' claims are kept beside it."""
        found = folded(Talk().say("E1", CARD, CLAIM).say("panel", CARD, OTHER_CLAIM))
        assert ("panel", [{"reason": "无共伴生矿产", "by": "E1"}]) == (found["not_applicable"]["by"], found["claims"])

    def test_a_confirmed_claim_stands_before_an_unconfirmed_one(self) -> None:
        """Of several claims the one that another person confirmed counts, else the first by id."""
        talk = Talk().say("E1", CARD, CLAIM).say("E3", CARD, OTHER_CLAIM)
        assert "E1" == folded(talk)["not_applicable"]["by"]
        talk.say("E2", CARD, CONFIRM).say("E1", CARD, {"not_applicable": {"reason": "改"}})
        assert ("E3", "E2") == (folded(talk)["not_applicable"]["by"], self.confirmed_by(talk))

    def test_facts_of_others_stay_beside_a_claim(self) -> None:
        """Who found the indicator applicable keeps a judgement; nothing is averaged."""
        found = folded(Talk().say("E1", CARD, CLAIM).say("E2", CARD, YES))
        assert ([{"by": "E2", "facts": {"met": True}}], False, False) == (
            found["judgements"],
            "facts" in found,
            "resolution" in found,
        )

    def test_the_panels_facts_overrule_a_claim(self) -> None:
        """The panel ruled that the indicator applies; the claim stays in sight."""
        found = folded(Talk().say("E1", CARD, CLAIM).say("E2", CARD, CONFIRM).say("panel", CARD, YES))
        expected = {"facts": {"met": True}, "claims": [{"reason": "无共伴生矿产", "by": "E1", "confirmed_by": "E2"}]}
        assert expected == found

    def test_the_panels_claim_overrules_facts(self) -> None:
        """The members' judgements stay in sight."""
        found = folded(Talk().say("E1", CARD, YES).say("panel", CARD, CLAIM).say("E2", CARD, CONFIRM))
        assert ("panel", "E2", 1) == (
            found["not_applicable"]["by"],
            found["not_applicable"]["confirmed_by"],
            len(found["judgements"]),
        )

    def test_ones_own_facts_beside_ones_own_claim_stay(self) -> None:
        """Who claims after having recorded facts loses neither."""
        assert {**YES, "not_applicable": {"reason": "无共伴生矿产", "by": "E1"}} == folded(
            Talk().say("E1", CARD, YES).say("E1", CARD, CLAIM)
        )


class TestPrerequisites:
    """Prerequisites: the panel's word, or everybody's."""

    CARD = "prerequisite/P2"

    def test_members_of_one_mind_decide(self) -> None:
        """Where all say the same, that holds, and each one's record is kept."""
        talk = Talk().say("E1", self.CARD, {"met": True, "justification": "甲"}).say("E2", self.CARD, {"met": True})
        expected = [{"by": "E1", "met": True, "justification": "甲"}, {"by": "E2", "met": True}]
        assert {"met": True, "judgements": expected} == folded(talk, self.CARD)

    def test_members_who_disagree_leave_it_open(self) -> None:
        """Neither a pass nor a fail may come of a disagreement that nobody settled."""
        talk = Talk().say("E1", self.CARD, {"met": True}).say("E2", self.CARD, {"met": False})
        found = folded(talk, self.CARD)
        assert (False, 2) == ("met" in found, len(found["judgements"]))
        scored = Scorer(national()).score(findings(talk))
        assert ("incomplete", None) == (scored["verdict"], scored["prerequisites"][1]["met"])

    def test_the_panel_rules(self) -> None:
        """Its word stands at the top, and the members' beside it."""
        talk = Talk().say("E1", self.CARD, {"met": True}).say("E2", self.CARD, {"met": False})
        found = folded(talk.say("panel", self.CARD, {"met": False, "justification": "处罚未执行"}), self.CARD)
        assert (False, "处罚未执行", 2) == (found["met"], found["justification"], len(found["judgements"]))


class TestDefects:
    """One place and one clause is one finding (A8)."""

    @pytest.mark.parametrize(
        ("defects", "count"),
        [
            ([{"text": "a", "where": "p"}, {"text": "a", "where": "p"}], 1),
            ([{"text": "a", "where": "p"}, {"text": "b", "where": "p"}], 2),
            ([{"text": "a", "where": "p"}, {"text": "a", "where": "q"}], 2),
            ([{"text": "a", "where": "p", "clause": "1"}, {"text": "b", "where": "p", "clause": "1"}], 1),
            ([{"text": "a", "where": "p", "clause": "1"}, {"text": "a", "where": "p", "clause": "2"}], 2),
            ([{"text": "a", "where": "p", "clause": "1"}, {"text": "a", "where": "q", "clause": "1"}], 2),
            ([{"text": "a", "clause": "1"}, {"text": "b", "clause": "1"}], 2),
            ([{"text": "a", "clause": "1"}, {"text": "a", "clause": "1"}], 1),
            ([{"text": "a"}, {"text": "a"}], 1),
            ([{"text": "a", "where": "ｐ １"}, {"text": "ａ ", "where": "p  1"}], 1),
            ([{"text": "a", "where": "p", "clause": "x"}, {"text": "x", "where": "p"}], 2),
            ([{"text": "a", "where": "p"}] * 4, 1),
            ([], 0),
        ],
    )
    def test_identical_defects_count_once(self, defects: list[dict[str, Any]], count: int) -> None:
        """Same clause (or text) at the same place is the same finding; everything else counts each."""
        found = folded(Talk().say("E1", CARD, {"facts": {"defects": defects}}))
        assert count == len(found["facts"]["defects"])
        assert len(defects) - count == repeated({"defects": defects})

    def test_nothing_of_the_repetition_is_lost(self) -> None:
        """Its evidence joins that of the first, and so does a text that differs."""
        one = {"text": "褪色", "where": "井口", "clause": "2", "evidence": ["a.jpg"]}
        other = {"text": "字迹不清", "where": "井口", "clause": "2", "evidence": ["a.jpg", "b.jpg"]}
        expected = [{**one, "evidence": ["a.jpg", "b.jpg"], "also": ["字迹不清"]}]
        assert expected == once({"defects": [one, other, other]})["defects"]

    def test_it_holds_for_each_judgement_on_its_own(self) -> None:
        """Two experts who saw the same defect each saw it."""
        facts = {"facts": {"defects": [{"text": "a", "where": "p"}] * 2}}
        found = folded(Talk().say("E1", CARD, facts).say("E2", CARD, facts))
        assert [1, 1] == [len(judgement["facts"]["defects"]) for judgement in found["judgements"]]


# ---- whatever is recorded --------------------------------------------------------------------------------------------

WORDS = st.sampled_from(["甲", "乙", "a.pdf", "b.pdf"])
SETS = st.fixed_dictionaries(
    {},
    optional={
        "facts": st.fixed_dictionaries({"met": st.booleans()})
        | st.fixed_dictionaries(
            {"defects": st.lists(st.fixed_dictionaries({"text": WORDS, "where": WORDS}), max_size=3)}
        ),
        "justification": WORDS,
        "evidence": st.lists(WORDS, max_size=3),
        "site_visit": st.fixed_dictionaries({"place": WORDS}),
        "not_applicable": st.fixed_dictionaries({"reason": WORDS}),
        "confirm_not_applicable": st.sampled_from([True]),
    },
)
SAYINGS = st.lists(
    st.tuples(
        st.sampled_from(["E1", "E2", "E3", "panel"]),
        st.sampled_from(["indicator/2", "indicator/14", "indicator/45"]),
        SETS,
        st.lists(st.sampled_from(["facts", "evidence", "not_applicable", "justification"]), unique=True, max_size=2),
        st.sampled_from([None, "E1", "E4"]),
    ),
    max_size=14,
)


def talked(sayings: list[tuple[Any, ...]]) -> Talk:
    talk = Talk()
    for author, card, fields, clear, typed_by in sayings:
        talk.say(author, card, fields, [name for name in clear if name not in fields], typed_by)
    return talk


@given(sayings=SAYINGS, seed=st.integers())
def test_the_order_of_reading_never_matters(sayings: list[tuple[Any, ...]], seed: int) -> None:
    """The same entries in any order give the same bytes."""
    entries = talked(sayings).entries
    mixed = entries.copy()
    random.Random(seed).shuffle(mixed)  # noqa: S311 - an order, nothing secret
    assert canonical_json(fold(entries, panel(), MINE)) == canonical_json(fold(mixed, panel(), MINE))


@given(sayings=SAYINGS)
def test_nobodys_record_is_dropped(sayings: list[tuple[Any, ...]]) -> None:
    """Each author's text, reason and visit in force is somewhere in the findings, whatever the others recorded."""
    talk = talked(sayings)
    found = findings(talk)
    in_force: dict[tuple[str, str], dict[str, Any]] = {}
    for entry in talk.entries:
        own = in_force.setdefault((entry.card, entry.author), {})
        own.update(entry.set)
        for name in entry.clear:
            own.pop(name, None)
    for (card, author), own in in_force.items():
        entry = found["indicators"].get(card.removeprefix("indicator/"), {})
        parts = [entry, *entry.get("judgements", ()), *entry.get("remarks", ())]
        claims = [entry.get("not_applicable"), *entry.get("claims", ())]
        if "justification" in own:
            assert own["justification"] in [part.get("justification") for part in parts]
        if "facts" in own:
            assert once(own["facts"]) in [part.get("facts") for part in parts]
        if "not_applicable" in own:
            assert (author, own["not_applicable"]["reason"]) in [
                (each["by"], each["reason"]) for each in claims if each
            ]
        if "site_visit" in own:
            assert own["site_visit"] in [entry["site_visit"], *entry.get("further_site_visits", ())]
        assert set(own.get("evidence", ())) <= set(entry.get("evidence", ()))


@given(sayings=SAYINGS)
def test_no_claim_is_confirmed_by_one_person_alone(sayings: list[tuple[Any, ...]]) -> None:
    """Whoever confirmed is neither who claimed nor, for the panel, who typed the claim."""
    for entry in findings(talked(sayings))["indicators"].values():
        for claim in (entry.get("not_applicable", {}), *entry.get("claims", ())):
            assert claim.get("confirmed_by", "") not in (claim.get("by"), "panel")


def test_the_scorer_takes_whatever_the_fold_makes_of_right_facts() -> None:
    """Facts that fit the catalog give findings that the scorer reads, in each way of working together."""
    catalog = national()
    scorer = Scorer(catalog)
    facts = {
        indicator["id"]: full_facts(indicator["rule"] if "rule" in indicator else indicator["rules"]["underground"])
        for indicator in catalog["indicators"]
    }
    ways = {
        "one": ["E1"],
        "several": ["E1", "E2", "E3"],
        "panel": ["panel"],
        "panel and dissent": ["E1", "panel"],
        "panel over several": ["E1", "E2", "panel"],
    }
    for authors in ways.values():
        talk = Talk()
        for prerequisite in catalog["prerequisites"]:
            talk.say("E1", f"prerequisite/{prerequisite['id']}", {"met": True, "evidence": ["a.pdf"]})
        for name, recorded in facts.items():
            for author in authors:
                talk.say(author, f"indicator/{name}", {"facts": recorded, "evidence": ["a.pdf"]})
        score = scorer.score(findings(talk))
        assert ("pass", "100") == (score["verdict"], score["total"])
