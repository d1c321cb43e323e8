"""Sign-off: what it is about, when it counts, when it no longer does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from assessments import ticking
from hypothesis import given, settings
from hypothesis import strategies as st
from mines import make_mine
from signing import CATALOG, RULES, open_now, read, record, sign_off, signed_now

from greenmine import i18n
from greenmine.assessment import load_assessment
from greenmine.assessment.open_points import open_points
from greenmine.assessment.signoff import bare, closed_by, complete, statement, withdrawal_fields
from greenmine.errors import JournalError


@pytest.fixture(autouse=True)
def _english(_language: None) -> None:
    i18n.use("en")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return make_mine(tmp_path, photos=False)


def test_nobody_has_signed_at_first(mine: Path) -> None:
    """Nothing is closed then, and nothing is complete."""
    assessment, _score, _digests = read(mine)
    assert (signed_now(mine), closed_by(())) == ((), "")
    assert not complete(assessment.panel, ())


def test_two_sign_offs_stand_beside_each_other_and_make_it_complete(mine: Path) -> None:
    """The second does not undo the first: a sign-off is about the findings without anybody's."""
    sign_off(mine, "E1")
    (first,) = signed_now(mine)
    assert (first.by, first.name, first.valid, first.key_signed) == ("E1", "EXPERT E1", True, False)
    assert "EXPERT E1" in closed_by([first])
    assert not complete(read(mine)[0].panel, [first])
    sign_off(mine, "E2")
    assert [True, True] == [one.valid for one in signed_now(mine)]
    assert complete(read(mine)[0].panel, signed_now(mine))
    assert RULES.pledge.text_en in {one.pledge for one in signed_now(mine)}


def test_taking_a_seat_later_changes_no_digest_and_the_seat_taken_before_is_told(mine: Path) -> None:
    """How it was settled who signed is in the sign-off; whoever looks in afterwards undoes nothing."""
    record(mine, "E1", "assessment", {"identity": {"source": "jupyterhub", "account": "jia"}})
    sign_off(mine, "E1")
    record(mine, "E1", "assessment", {"identity": {"source": "chosen"}})
    (one,) = signed_now(mine)
    assert one.valid
    (told,) = read(mine)[0].findings["assessment"]["sign_off"]
    assert {"source": "jupyterhub", "account": "jia"} == told["identity"]


def test_what_is_withdrawn_does_not_count_and_its_reason_is_kept(mine: Path) -> None:
    """The other member's sign-off still does; signing again takes the withdrawal's place."""
    sign_off(mine, "E1")
    sign_off(mine, "E2")
    record(mine, "E1", "assessment", *withdrawal_fields("漏看了一处"))
    assert [("E2", True)] == [(one.by, one.valid) for one in signed_now(mine)]
    (told,) = read(mine)[0].findings["assessment"]["withdrawn"]
    assert ("E1", "漏看了一处") == (told["by"], told["reason"])
    sign_off(mine, "E1")
    assert complete(read(mine)[0].panel, signed_now(mine))
    assert "withdrawn" not in read(mine)[0].findings["assessment"]


def test_nobody_signs_or_withdraws_for_another(mine: Path) -> None:
    """What a second person types in a member's name is in the journal and does not count."""
    _assessment, _score, current = read(mine)
    fields = {"sign_off": {"pledge": {"id": "x", "text": "x"}, "digests": current}}
    record(mine, "E2", "assessment", fields, author="E1")
    assert () == signed_now(mine)
    sign_off(mine, "E1")
    record(mine, "E2", "assessment", *withdrawal_fields("不同意"), author="E1")
    assert [("E1", True)] == [(one.by, one.valid) for one in signed_now(mine)]
    with pytest.raises(JournalError, match="in person"):
        record(mine, "E2", "assessment", fields, author="panel")


def test_a_changed_file_a_new_one_and_a_changed_panel_undo_it(mine: Path) -> None:
    """Each is named; the assessment is open again."""
    sign_off(mine, "E1")
    before = (mine / "LICENCES" / "LICENCE.TXT").read_bytes()
    (mine / "LICENCES" / "LICENCE.TXT").write_bytes(b"another")
    (one,) = signed_now(mine)
    assert (("evidence",), False, "") == (one.changed, one.valid, closed_by([one]))
    assert "before later changes: the evidence" in one.text
    (mine / "LICENCES" / "LICENCE.TXT").write_bytes(before)
    assert [True] == [one.valid for one in signed_now(mine)]
    panel = next(mine.glob("assessments/*/panel.yaml"))
    panel.write_text(f"{panel.read_text('utf-8')}# note\n", "utf-8")
    assert ("panel",) == signed_now(mine)[0].changed


LATER: list[tuple[str, str, dict[str, Any]]] = [
    ("E2", "indicator/2", {"justification": "另看一处"}),
    ("E1", "indicator/2", {"facts": {"defects": []}}),
    ("E2", "indicator/27", {"facts": {"met": False}}),
    ("E2", "prerequisite/P1", {"met": False}),
    ("panel", "indicator/40", {"facts": {"met": True}, "resolution": "finding"}),
    ("E1", "assessment", {"justification": "总的说明"}),
    ("E2", "indicator/3", {"evidence": ["LICENCES/LICENCE.TXT#page=9"]}),
    ("E1", "indicator/18", {"not_applicable": {"reason": "别的理由", "citation": "DOCUMENT 8"}}),
    ("E2", "indicator/5", {"site_visit": {"place": "北侧"}}),
]


@settings(max_examples=12, deadline=None)
@given(st.lists(st.sampled_from(LATER), min_size=1, max_size=3))
def test_any_later_entry_that_changes_the_findings_undoes_it(
    tmp_path_factory: pytest.TempPathFactory, later: list[tuple[str, str, dict[str, Any]]]
) -> None:
    """And no sign-off counts that was made about other findings than there are."""
    mine = make_mine(tmp_path_factory.mktemp("mine"), photos=False)
    sign_off(mine, "E1", clock=ticking())
    before = bare(read(mine)[0].findings)
    for author, card, fields in later:
        record(mine, "E2", card, fields, author=author)
    same = bare(read(mine)[0].findings) == before
    (one,) = signed_now(mine)
    assert one.valid == same
    assert not same
    assert "findings" in one.changed


def test_the_text_that_a_key_signs_can_be_made_again_from_the_findings(mine: Path) -> None:
    """It is canonical, names mine, assessment and member, and holds pledge and digests."""
    sign_off(mine, "E1")
    assessment, _score, current = read(mine)
    (told,) = assessment.findings["assessment"]["sign_off"]
    text = statement(assessment.mine.id, assessment.id, "E1", told)
    document = json.loads(text)
    assert current == document["digests"]
    assert (assessment.mine.id, assessment.id, "E1") == tuple(document[key] for key in ("mine", "assessment", "member"))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"identity": {"source": "guess"}}, "jupyterhub"),
        ({"identity": {"source": "chosen", "account": 7}}, "text"),
        ({"sign_off": {}}, "pledge"),
        ({"sign_off": {"pledge": {"id": "n", "text": "t"}, "digests": {}}}, "digests"),
        ({"sign_off": {"pledge": {"id": "n", "text": "t"}, "digests": {"score": "x"}}}, "64 hexadecimal"),
        ({"sign_off": {"pledge": {"id": "n"}, "digests": {"score": "0" * 64}}}, "pledge/text"),
        ({"withdrawal": {"reason": ""}}, "reason"),
        ({"withdrawal": {}}, "reason"),
    ],
)
def test_a_malformed_sign_off_is_refused_before_it_is_written(mine: Path, fields: dict[str, Any], said: str) -> None:
    """The message names the place; the journal is as it was."""
    before = load_assessment(mine).entries
    with pytest.raises(JournalError, match=said):
        record(mine, "E1", "assessment", fields)
    assert before == load_assessment(mine).entries


def test_who_is_no_longer_a_member_has_no_sign_off(mine: Path) -> None:
    """A panel that made a member its scribe counts the sign-off no more, and does not wait for it."""
    sign_off(mine, "E1")
    sign_off(mine, "E2")
    panel = next(mine.glob("assessments/*/panel.yaml"))
    text = panel.read_text("utf-8")
    assert text.count("role: expert") == 1
    panel.write_text(text.replace("role: expert", "role: scribe"), "utf-8")
    assert ["E1"] == [one.by for one in signed_now(mine)]


# ---- what is open ----------------------------------------------------------------------------------------------------


def settle(mine: Path) -> None:
    """Close what the sample mine leaves open."""
    record(mine, "E1", "indicator/46", {"evidence": ["LICENCES/LICENCE.TXT"]})


def test_a_file_that_is_not_there_keeps_from_signing(mine: Path) -> None:
    """The sample mine has one open point: a cited file that nobody handed in."""
    (point,) = open_now(mine)
    assert ("indicator/46", "missing_evidence") == (point.card, point.code)
    assert "NOWHERE/LOST.PDF" in point.text
    settle(mine)
    assert () == open_now(mine)


@pytest.mark.parametrize(
    ("lines", "card", "code"),
    [
        ([("E1", "indicator/27", {}, ["facts"])], "indicator/27", "not_assessed"),
        ([("E2", "indicator/18", {}, ["confirm_not_applicable"])], "indicator/18", "not_assessed"),
        ([("E1", "prerequisite/P3", {}, ["met"])], "prerequisite/P3", "not_assessed"),
        ([("E1", "prerequisite/P3", {}, ["evidence"])], "prerequisite/P3", "prerequisite_without_evidence"),
        ([("E1", "indicator/5", {}, ["site_visit"])], "indicator/5", "site_visit_missing"),
        ([("E1", "indicator/5", {}, ["evidence", "justification"])], "indicator/5", "no_evidence"),
        ([("E2", "indicator/40", {"facts": {"met": False}})], "indicator/40", "disagreement"),
        ([("E2", "prerequisite/P2", {"met": False})], "prerequisite/P2", "disagreement"),
        ([("panel", "indicator/2", {"resolution": "finding"})], "indicator/2", "finding_without_facts"),
    ],
)
def test_each_thing_that_is_missing_is_named_with_its_card(
    mine: Path, lines: list[tuple[Any, ...]], card: str, code: str
) -> None:
    """A sentence, a card to go to; what is open comes in the order of the catalog."""
    settle(mine)
    for author, *line in lines:
        record(mine, "E2" if author == "panel" else author, *line, author=author)
    points = {(point.card, point.code) for point in open_now(mine)}
    assert (card, code) in points
    assert all(point.text and not point.text.startswith(" ") for point in open_now(mine))


def test_no_evidence_with_a_reason_is_a_result(mine: Path) -> None:
    """Where the panel says why there is none, zero points stand and the assessment can be signed."""
    settle(mine)
    record(mine, "E1", "indicator/5", {}, ["evidence"])
    assert () == open_now(mine)


def test_a_failed_prerequisite_leaves_nothing_to_assess(mine: Path) -> None:
    """A panel that ends there need not go through the indicators."""
    journals = next(mine.glob("assessments/*/journal"))
    shutil.rmtree(journals)
    for number in range(1, 6):
        fields = {"met": number > 1, "evidence": ["LICENCES/LICENCE.TXT"], "justification": "看过"}
        record(mine, "E1", f"prerequisite/P{number}", fields)
    assert () == open_now(mine)


def test_a_torn_line_keeps_from_signing_until_its_owner_writes_again(mine: Path) -> None:
    """What was never acknowledged is said, and is gone when the journal is opened for writing."""
    settle(mine)
    journal = next(mine.glob("assessments/*/journal/E2.jsonl"))
    journal.write_bytes(journal.read_bytes() + b'{"author":"E2","ca')
    (point,) = open_now(mine)
    assert ("", "torn_line") == (point.card, point.code)
    load_assessment(mine).writer("E2").close()
    assert () == open_now(mine)


def test_only_a_rule_that_is_required_keeps_a_panel_from_signing(mine: Path) -> None:
    """A panel too small is a warning; where the rules require more members, it is an open point about the whole."""
    settle(mine)
    strict = RULES.model_copy(
        update={"rules": tuple(rule.model_copy(update={"required": rule.id == "size"}) for rule in RULES.rules)}
    )
    assessment, score, _digests = read(mine)
    document = CATALOG.document
    assert () == open_points(assessment, score, document, rules=RULES, disagreements={})
    (point,) = open_points(assessment, score, document, rules=strict, disagreements={})
    assert ("", "panel") == (point.card, point.code)
    assert "there are 2" in point.text
