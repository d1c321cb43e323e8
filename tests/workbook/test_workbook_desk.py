"""The desk: what is acknowledged is on disk, others' entries appear, and every message gets its answer."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from assessments import ASSESSMENT, journal_of, make_assessment, ticking, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mines import RECORDABLE
from mines import make_mine as make_full_mine
from pages import HOSTILE
from writers import make_desk, make_folder, record, say, state

from greenmine.assessment import load_assessment
from greenmine.assessment.journal import read_journal
from greenmine.errors import UsageError
from greenmine.workbook.desk import Desk
from greenmine.workspace import Workspace, shared_dir

CARD = "indicator/4"
NO_DEFECT: dict[str, Any] = {"facts": {"defects": []}, "evidence": ["矿容.pdf"]}


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path)


@pytest.fixture
def desk(folder: Path) -> Iterator[Desk]:
    desk = make_desk(folder, lang="en")
    yield desk
    desk.close()


def lines(folder: Path, person: str = "E1") -> list[str]:
    path = journal_of(folder / "assessments" / ASSESSMENT, person)
    return [line.card for line in read_journal(path, folder.name, ASSESSMENT, person)]


def open_full(tmp_path: Path, **options: Any) -> Desk:
    folder = make_full_mine(tmp_path, **options)
    return Desk.open(str(folder), catalog="national@2024", who="E1", workspace=Workspace(shared_dir()))


# ---- what a form shows -----------------------------------------------------------------------------------------------


def test_a_page_holds_the_cards_of_the_mines_block_with_rule_and_text(desk: Desk) -> None:
    """Coal is of block 1; of indicator 9 the underground text and rule are shown; everything is JSON."""
    pages = {group: json.loads(json.dumps(desk.page(group))) for group in desk.groups}
    assert desk.groups == ("prerequisites", "1", "2", "3", "4", "5", "6")
    cards = {card["card"]: card for page in pages.values() for card in page["cards"]}
    assert [card["card"] for card in pages["3"]["cards"]] == [f"indicator/{n}" for n in range(12, 21)]
    nine = cards["indicator/9"]
    assert [part["key"] for part in nine["rule"]["of"]] == ["low_disturbance", "goaf_disposal", "other_advanced"]
    assert [text["label"] for text in nine["criteria"]] == ["Underground"]
    assert {clause["variant"] for clause in cards["indicator/8"]["rule"]["clauses"]} == {"underground"}
    assert cards["indicator/10"]["na"] == {"allowed": False, "text": "", "citation_needed": True}
    assert cards["prerequisite/P1"]["rule"] == {"kind": "met"}
    for group, page in pages.items():
        assert [card["card"] for card in page["cards"]] == list(desk.standing(group))


def test_the_heading_tells_progress_and_what_is_open(desk: Desk) -> None:
    """Nothing is assessed at first; an assessed card counts, and so far its points do."""
    heading = desk.heading()
    assert (heading["done"], heading["total"], heading["verdict"]) == (0, None, "incomplete")
    assert heading["me"] == {"id": "E1", "name": "演示专家甲", "role": "chair"}
    assert heading["may_write_for"] == ["E1", "panel"]
    reply = record(
        desk, "indicator/26", {"facts": {"annual_plan": True, "process_management": False, "certified": False}}
    )
    assert reply["ok"]
    assert reply["heading"]["done"] == 1
    assert "indicator/26" in reply["heading"]["lists"]["no_evidence"]
    assert "indicator/26" not in reply["heading"]["lists"]["unassessed"]


def test_a_full_assessment_shows_its_score_and_earlier_one(tmp_path: Path) -> None:
    """Status, points, trace and claims are those of score and findings."""
    desk = open_full(tmp_path)
    found = {row["id"]: row for row in desk._now.score["indicators"]}
    for group in desk.groups[1:]:
        for card, shown in desk.standing(group).items():
            row = found[card.partition("/")[2]]
            assert (shown["score"]["status"], shown["score"]["awarded"]) == (row["status"], row["awarded"])
            assert shown["score"]["trace"] == row["trace"]
    assert state(desk, "indicator/18")["na"]["claims"][0]["confirmed_by"] == "E2"
    assert state(desk, "indicator/46")["missing_evidence"] == ["NOWHERE/LOST.PDF"]
    assert [judge["points"] for judge in state(desk, "indicator/9")["judgements"]] == ["8", "6"]
    json.dumps([desk.heading(), *(desk.standing(group) for group in desk.groups)])
    desk.close()


# ---- recording -------------------------------------------------------------------------------------------------------


def test_what_is_recorded_is_on_disk_when_it_is_acknowledged(folder: Path, desk: Desk) -> None:
    """The reply has number and time of the line, the new state and the new heading."""
    reply = record(desk, CARD, NO_DEFECT)
    entries = load_assessment(folder, ASSESSMENT).history(CARD)
    assert [(entry.seq, entry.time, dict(entry.set)) for entry in entries] == [(reply["seq"], reply["time"], NO_DEFECT)]
    assert reply["changed"][CARD]["by"] == {"E1": NO_DEFECT}
    assert reply["changed"][CARD]["version"] == state(desk, CARD)["version"] != ""


def test_numbers_are_exact_on_disk_and_text_on_the_wire(folder: Path, desk: Desk) -> None:
    """A share and a count are numbers in the journal, to the digit, and come back as they were typed."""
    assert record(desk, "indicator/36", {"facts": {"clean_transport_share": "0.705"}})["ok"]
    facts = {"patents": "3", "catalogue_entries": "0", "high_tech_certificate": False}
    assert record(desk, "indicator/44", {"facts": facts})["ok"]
    indicators = load_assessment(folder, ASSESSMENT).findings["indicators"]
    assert indicators["36"]["facts"] == {"clean_transport_share": Decimal("0.705")}
    assert indicators["44"]["facts"] == {"patents": 3, "catalogue_entries": 0, "high_tech_certificate": False}
    assert state(desk, "indicator/36")["by"]["E1"]["facts"] == {"clean_transport_share": "0.705"}
    assert state(desk, "indicator/44")["by"]["E1"]["facts"] == facts


@pytest.mark.parametrize(
    ("card", "fields"),
    [
        ("indicator/44", {"facts": {"patents": "-1"}}),
        ("indicator/44", {"facts": {"patents": "ten"}}),
        ("indicator/36", {"facts": {"clean_transport_share": "1.5"}}),
        ("indicator/4", {"facts": {"nonsense": True}}),
        ("indicator/10", {"not_applicable": {"reason": "无"}}),
        ("indicator/27", {"facts": {"met": True, "measured": {"value": "9", "required": "5", "source": "年报"}}}),
        ("indicator/999", {"facts": {}}),
        ("indicator/21", {"facts": {"met": True}}),
        ("assessment", {"identity": {"source": "chosen"}}),
    ],
)
def test_what_the_catalog_does_not_take_is_refused(folder: Path, desk: Desk, card: str, fields: Any) -> None:
    """Nothing of it is written, and the score goes on."""
    before = lines(folder)
    reply = say(desk, "record", card=card, author="E1", set=fields, base="")
    assert (reply["ok"], reply["error"]["kind"]) == (False, "refused")
    assert lines(folder) == before
    assert record(desk, CARD, NO_DEFECT)["ok"]


def test_a_form_that_shows_something_old_is_told_of_the_conflict(desk: Desk) -> None:
    """The same field, changed since: refused with the present state; another field, or the same value: written."""
    old = state(desk, CARD)["version"]
    assert record(desk, CARD, {"justification": "一"})["ok"]
    stale = say(desk, "record", card=CARD, author="E1", set={"justification": "二"}, base=old)
    assert stale["error"]["kind"] == "conflict"
    assert stale["changed"][CARD]["by"]["E1"]["justification"] == "一"
    assert say(desk, "record", card=CARD, author="E1", set={"justification": "一"}, base=old)["ok"]
    assert say(desk, "record", card=CARD, author="E1", set={"evidence": ["a.pdf"]}, base=old)["ok"]
    assert say(desk, "record", card=CARD, author="E1", set={"evidence": []}, base="E1:x")["error"]["kind"] == "bad"


def test_what_cannot_be_recorded_is_named_as_the_form_names_it(desk: Desk) -> None:
    """Not by the keys of the journal."""
    for fields, words in (
        ({"justification": 1}, "Reason: expected text"),
        ({"evidence": "a.pdf"}, "Evidence: expected a list"),
        ({"site_visit": {"place": 1}}, "Site visit, Where: expected text"),
        ({"not_applicable": {"reason": ""}}, "Not applicable, Reason: expected "),
        ({"other": 1}, "message, set: expected one of "),
    ):
        error = say(desk, "record", card=CARD, author="E1", set=fields, base="")["error"]
        assert ("bad", True) == (error["kind"], error["message"].startswith(words)), error


def test_an_expert_writes_for_nobody_else_and_a_scribe_for_all(folder: Path) -> None:
    """What a scribe types bears the scribe's name; a scribe has no judgement of its own."""
    expert, scribe = make_desk(folder, "E2", lang="en"), make_desk(folder, "E4", lang="en")
    for author in ("E1", "panel", "E4", "", "E9"):
        assert record(expert, CARD, NO_DEFECT, author=author)["error"]["kind"] == "refused"
    assert record(scribe, CARD, NO_DEFECT, author="E3")["ok"]
    assert record(scribe, CARD, NO_DEFECT, author="E4")["error"]["kind"] == "refused"
    assert state(scribe, CARD)["changed"]["E3"]["by"] == "E4"
    assert list(say(expert, "refresh")["changed"]) == [CARD]
    expert.close()
    scribe.close()


def test_others_entries_appear_by_refresh_and_are_no_conflict(folder: Path, desk: Desk) -> None:
    """Each sees the other's; two who differ are shown as such."""
    other, old = make_desk(folder, "E2"), state(desk, CARD)["version"]
    assert record(other, CARD, {"facts": {"defects": [{"text": "乱堆"}] * 1}}, author="E2")["ok"]
    assert say(desk, "record", card=CARD, author="E1", set={"facts": {"defects": []}}, base=old)["ok"]
    assert list(say(other, "refresh")["changed"]) == [CARD]
    assert state(other, CARD)["by"].keys() == {"E1", "E2"}
    assert state(other, CARD)["spread"] == "0.5"
    fresh = make_desk(folder, "E3")
    say(other, "refresh")
    assert other._now.disagreements == fresh._now.disagreements
    assert other._now.score == fresh._now.score
    fresh.close()
    say(other, "refresh")
    again = say(other, "refresh")
    assert (again["changed"], "heading" in again) == ({}, False)
    other.close()


def test_an_answer_to_someone_whose_clock_is_ahead_counts_as_later(folder: Path) -> None:
    """A second person's confirmation comes after the claim, whatever their clocks show."""
    ahead, behind = make_desk(folder, "E2"), make_desk(folder, "E1", clock=ticking())
    assert record(ahead, "indicator/16", {"not_applicable": {"reason": "无"}}, author="E2")["ok"]
    say(behind, "refresh")
    assert state(behind, "indicator/16")["na"]["may_confirm"]
    assert record(behind, "indicator/16", {"confirm_not_applicable": True})["ok"]
    assert state(behind, "indicator/16")["na"]["claims"][0]["confirmed_by"] == "E1"
    ahead.close()
    behind.close()


# ---- undo and history ------------------------------------------------------------------------------------------------

VALUES = st.fixed_dictionaries(
    {},
    optional={
        "justification": st.sampled_from(["甲", "乙"]),
        "evidence": st.sampled_from([["a.pdf"], ["b.pdf", "c.pdf"]]),
        "facts": st.sampled_from([{"defects": []}, {"defects": [{"text": "乱堆"}]}]),
    },
)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.one_of(VALUES, st.just("undo"), st.just("clear")), max_size=12))
def test_undo_restores_what_was_there_before_and_removes_nothing(steps: list[Any]) -> None:
    """Whatever is recorded and undone: each undo puts back the state before, in a line of its own."""
    with tempfile.TemporaryDirectory() as root:
        folder = make_folder(Path(root))
        desk, current, stack = make_desk(folder), dict[str, Any](), list[dict[str, Any]]()
        for step in steps:
            before = lines(folder)
            if step == "undo":
                reply = say(desk, "undo", card=CARD, author="E1")
                assert reply["ok"] == bool(stack)
                current = stack.pop() if stack else current
            else:
                clear = sorted(current) if step == "clear" else []
                new = {} if step == "clear" else {**current, **step}
                reply = record(desk, CARD, {} if step == "clear" else step, clear)
                if reply["ok"] and new != current:
                    stack.append(current)
                current = new if reply["ok"] else current
            assert state(desk, CARD)["by"].get("E1", {}) == current
            assert lines(folder) == before + [CARD] * reply["ok"]
        desk.close()


def test_undo_goes_on_where_the_kernel_was_restarted(folder: Path) -> None:
    """What an earlier session undid is not undone again."""
    desk = make_desk(folder)
    for text in ("一", "二", "三"):
        record(desk, CARD, {"justification": text})
    say(desk, "undo", card=CARD, author="E1")
    desk.close()
    desk = make_desk(folder)
    say(desk, "undo", card=CARD, author="E1")
    assert state(desk, CARD)["by"]["E1"] == {"justification": "一"}
    desk.close()


def test_history_tells_each_change_in_words(desk: Desk) -> None:
    """The latest first, with who typed it, before and after."""
    record(desk, CARD, {"facts": {"defects": [{"text": "乱堆", "where": "料场"}]}})
    record(desk, CARD, {"justification": "已看"}, ["facts"], author="E1")
    entries = say(desk, "history", card=CARD)["entries"]
    assert entries[1]["changes"] == [{"field": "Found wanting", "before": "", "after": "乱堆 · 料场"}]
    assert entries[0]["changes"] == [
        {"field": "Found wanting", "before": "乱堆 · 料场", "after": ""},
        {"field": "Reason", "before": "", "after": "已看"},
    ]
    assert (entries[0]["by"], entries[0]["typed_by_name"]) == ("E1", "演示专家甲")


# ---- seats -----------------------------------------------------------------------------------------------------------


def test_a_seat_that_is_taken_elsewhere_is_refused_and_the_desk_reads_on(folder: Path, desk: Desk) -> None:
    """It says so; as soon as the other leaves, the seat can be taken."""
    second = make_desk(folder, "E1", lang="en")
    assert "open for writing elsewhere" in second.heading()["read_only"]
    assert record(second, CARD, NO_DEFECT)["error"]["kind"] == "read_only"
    assert say(second, "sit", who="E1")["error"]["kind"] == "refused"
    desk.close()
    assert say(second, "sit", who="E1")["ok"]
    assert second.heading()["read_only"] == ""
    assert record(second, CARD, NO_DEFECT)["ok"]
    second.close()


def test_nobody_sits_until_a_seat_is_taken_and_taking_one_is_recorded(folder: Path) -> None:
    """Choosing is recorded once; whoever is not of the panel cannot sit."""
    desk = make_desk(folder, "")
    assert (desk.heading()["me"], desk.heading()["may_write_for"]) == (None, [])
    assert record(desk, CARD, NO_DEFECT)["error"]["kind"] == "read_only"
    assert say(desk, "sit", who="E9")["error"]["kind"] == "refused"
    for _time in range(2):
        assert say(desk, "sit", who="E2")["ok"]
    entry = load_assessment(folder, ASSESSMENT).entries
    assert [(one.card, dict(one.set)) for one in entry] == [("assessment", {"identity": {"source": "chosen"}})]
    desk.close()
    with pytest.raises(UsageError):
        make_desk(folder, "E9")


def test_a_jupyterhub_account_takes_its_members_seat(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The account decides, and is recorded."""
    path = folder / "assessments" / ASSESSMENT / "panel.yaml"
    text = path.read_text("utf-8").replace("role: expert}", "role: expert, account: yi.demo}", 1)
    path.write_text(text, "utf-8")
    monkeypatch.setenv("JUPYTERHUB_USER", "yi.demo")
    desk = make_desk(folder, "")
    assert (desk.heading()["me"]["id"], desk.heading()["chosen"]) == ("E2", False)
    entry = load_assessment(folder, ASSESSMENT).entries[0]
    assert dict(entry.set) == {"identity": {"source": "jupyterhub", "account": "yi.demo"}}
    desk.close()


# ---- signing off -----------------------------------------------------------------------------------------------------


def test_a_sign_off_is_refused_with_what_is_open_and_closes_what_is_complete(tmp_path: Path) -> None:
    """After it nothing is recorded until it is withdrawn."""
    desk = open_full(tmp_path)
    refused = say(desk, "sign_off")
    assert [point["card"] for point in refused["open"]] == ["indicator/46"]
    assert record(desk, "indicator/46", {"evidence": ["LICENCES/LICENCE.TXT"]})["ok"]
    assert say(desk, "sign_off")["ok"]
    assert [one["valid"] for one in desk.heading()["sign_off"]["signed"]] == [True]
    assert record(desk, CARD, {"justification": "x"})["error"]["kind"] == "closed"
    assert say(desk, "undo", card="indicator/46", author="E1")["error"]["kind"] == "closed"
    assert say(desk, "withdraw", reason="")["error"]["kind"] == "bad"
    assert say(desk, "withdraw", reason="补充材料")["ok"]
    assert record(desk, CARD, {"justification": "x"})["ok"]
    desk.close()


# ---- files -----------------------------------------------------------------------------------------------------------


def test_files_of_the_cards_folder_come_first_and_pictures_can_be_looked_at(tmp_path: Path) -> None:
    """What has no preview is refused with the reason."""
    desk = open_full(tmp_path)
    files = say(desk, "files", card="indicator/5")["files"]
    assert (files[0]["path"], files[0]["suggested"], files[1]["suggested"]) == ("05 ROADS/ROAD.JPG", True, False)
    reply, (picture,) = desk.answer({"id": 2, "op": "preview", "path": files[0]["path"], "size": 160})
    assert (reply["type"], reply["width"], picture[:2]) == ("image/jpeg", 160, b"\xff\xd8")
    for path in ("LICENCES/LICENCE.TXT", "../mine.yaml", "mine.yaml"):
        assert say(desk, "preview", path=path)["error"]["kind"] == "refused"
    (desk._ground.folder / "05 ROADS" / "NEW.TXT").write_text("x")
    assert len(say(desk, "files", card="indicator/5", again=True)["files"]) == len(files) + 1
    desk.close()


# ---- whatever comes --------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([CARD, "E1", "E1:1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
OPS = ("sit", "record", "undo", "history", "refresh", "files", "sign_off", "withdraw", "ping", "preview")
KEYS = ("op", "card", "author", "set", "clear", "base", "who", "reason", "path", "page", "size", "again")
MESSAGES = st.builds(
    lambda op, rest, kept: {**{"card": CARD, "author": "E1", "base": ""} | rest, "op": op} if kept else rest,
    st.sampled_from(OPS),
    st.dictionaries(st.sampled_from(KEYS), JSON, max_size=5),
    st.booleans(),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=MESSAGES | JSON)
def test_every_message_is_answered(desk: Desk, folder: Path, message: Any) -> None:
    """Whatever it holds, a reply comes, is JSON, and the findings are those of the folder."""
    reply, buffers = desk.answer(message)
    assert reply["ok"] in (True, False)
    assert buffers == []
    json.dumps({key: value for key, value in reply.items() if key != "re"}, allow_nan=False)
    assert reply["ok"] or reply["error"]["kind"] in ("bad", "refused", "conflict", "read_only", "disk")
    assert "Error:" not in reply.get("error", {}).get("message", "")
    assert desk._now.record.document == load_assessment(folder, ASSESSMENT, desk._inventory).document


def test_hostile_text_comes_back_as_it_was_typed(folder: Path, desk: Desk) -> None:
    """What cannot be kept is refused; the rest is the same on the wire, on disk and after a restart."""
    for text in HOSTILE:
        record(desk, CARD, {"justification": text})
    for text in RECORDABLE:
        assert record(desk, CARD, {"justification": text})["ok"]
        assert state(desk, CARD)["by"]["E1"]["justification"] == text
        assert say(desk, "history", card=CARD)["ok"]
    assert load_assessment(folder, ASSESSMENT).findings["indicators"]["4"]["justification"] == RECORDABLE[-1]


def test_the_folder_of_another_assessment_is_shown_beside(tmp_path: Path) -> None:
    """An earlier self-assessment stands on the card, with whether it differs."""
    folder = make_folder(tmp_path)
    earlier = make_assessment(folder, "2026-self", "2026-05-01")
    write(earlier, "E1", [("E1", "indicator/27", {"facts": {"met": True}, "evidence": ["mine.pdf"]})])
    desk = make_desk(folder)
    record(desk, "indicator/27", {"facts": {"met": False}})
    (shown,) = state(desk, "indicator/27")["earlier"]
    assert (shown["assessment"], shown["date"], shown["kind"]) == ("2026-self", "2026-05-01", "third_party")
    desk.close()
