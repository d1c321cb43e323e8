"""An assessment on disk: which one, what is read of it, and that the result is always the same."""

from __future__ import annotations

import datetime as dt
import doctest
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from assessments import ASSESSMENT, MINE, START, journal_of, make_assessment, make_mine, ticking, write

import greenmine.assessment
from greenmine import i18n
from greenmine.assessment import list_assessments, load_assessment
from greenmine.assessment.assessment import without_missing
from greenmine.errors import EvidenceError, JournalError
from greenmine.evidence import take_inventory
from greenmine.files import canonical_json

YES: dict[str, Any] = {"facts": {"met": True}}
NO: dict[str, Any] = {"facts": {"met": False}}

WRITERS = """
    import sys, time
    from pathlib import Path
    from greenmine.assessment import load_assessment
    mine, person, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    with load_assessment(mine).writer(person) as journal:
        for number in range(count):
            card = f"indicator/{number % 9 + 1}"
            author = "panel" if number % 5 == 0 else person
            entry = journal.append(author, card, {"justification": f"{person} {number}", "evidence": [f"{number}.pdf"]})
            print(entry.digest, flush=True)
"""


@pytest.fixture(autouse=True)
def _english(_language: None) -> None:
    i18n.use("en")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return make_mine(tmp_path)


@pytest.fixture
def folder(mine: Path) -> Path:
    return make_assessment(mine)


class TestWhich:
    """Which assessment is meant."""

    def test_the_latest_by_date_then_id_is_the_default(self, mine: Path) -> None:
        """Without a name the newest one is read; the order of names does not decide."""
        make_assessment(mine, "b-first", "2026-04-15")
        make_assessment(mine, "a-last", "2026-06-30")
        make_assessment(mine, "A-last", "2026-06-30")
        assert ["b-first", "A-last", "a-last"] == [panel.id for panel in list_assessments(mine)]
        assert "a-last" == load_assessment(mine).id

    def test_one_is_read_by_its_name(self, mine: Path) -> None:
        """A named assessment is read even if another one is malformed."""
        make_assessment(mine, "2025-self", "2026-04-30")
        (make_assessment(mine, "2026-self") / "panel.yaml").write_text("x: y", encoding="utf-8")
        assert "2025-self" == load_assessment(mine, "2025-self").id
        with pytest.raises(JournalError, match="2026-self"):
            load_assessment(mine)

    @pytest.mark.parametrize("name", ["2027", "..", "../x", "", "a/b"])
    def test_one_that_is_not_there_is_named(self, mine: Path, name: str) -> None:
        """The message lists those that are."""
        make_assessment(mine, "2025-self")
        with pytest.raises(JournalError, match="2025-self"):
            load_assessment(mine, name)

    def test_a_mine_without_assessments_is_said_to_have_none(self, mine: Path) -> None:
        """The message tells where one should be."""
        assert () == list_assessments(mine)
        with pytest.raises(JournalError, match=r"assessments/<id>/panel\.yaml"):
            load_assessment(mine)
        with pytest.raises(JournalError, match="none is there"):
            load_assessment(mine, "2026")

    def test_what_is_no_assessment_is_passed_over(self, mine: Path, folder: Path) -> None:
        """Hidden folders and stray files of other programs are not assessments."""
        (folder.parent / ".ipynb_checkpoints").mkdir()
        (folder.parent / "Thumbs.db").touch()
        assert [ASSESSMENT] == [panel.id for panel in list_assessments(mine)]

    def test_a_folder_without_a_panel_is_an_error(self, mine: Path, folder: Path) -> None:
        """Which assessment is the latest cannot be told from a folder that says nothing."""
        (folder.parent / "2027").mkdir()
        with pytest.raises(JournalError, match=r"2027.*panel\.yaml"):
            load_assessment(mine)


class TestReading:
    """What is read of it."""

    def test_profile_panel_and_journals_become_findings(self, mine: Path, folder: Path) -> None:
        """The mine's profile, the panel's head and everybody's entries stand in one document."""
        write(folder, "E1", [("E1", "indicator/40", YES), ("E2", "prerequisite/P1", {"met": True})])
        write(folder, "E2", [("E2", "indicator/40", NO)])
        found = load_assessment(mine)
        expected = {
            "schema": "greenmine.findings/1",
            "mine": {
                "id": MINE,
                "name": "演示矿山",
                "industry": "coal",
                "extraction": ["underground"],
                "primary_extraction": "underground",
                "demonstration": True,
            },
            "assessment": {
                "id": ASSESSMENT,
                "date": "2026-06-30",
                "anchor_date": "2026-03-01",
                "kind": "third_party",
            },
            "prerequisites": {"P1": {"met": True}},
            "indicators": {
                "40": {
                    "judgements": [{"by": "E1", "facts": {"met": True}}, {"by": "E2", "facts": {"met": False}}],
                    "resolution": "mean",
                }
            },
        }
        assert expected == found.findings
        assert (folder, ASSESSMENT, MINE, ()) == (found.folder, found.id, found.mine.id, found.warnings)
        assert [("E1", 1), ("E2", 1), ("E1", 2)] == [(entry.typed_by, entry.seq) for entry in found.entries]
        assert ["E1", "E2"] == [entry.typed_by for entry in found.history("indicator/40")]

    def test_a_malformed_profile_is_named(self, mine: Path, folder: Path) -> None:
        """Without the mine's industry there is no block to assess."""
        write(folder, "E1", [("E1", "indicator/40", YES)])
        (mine / "mine.yaml").write_text("schema: greenmine.mine/1", encoding="utf-8")
        with pytest.raises(EvidenceError, match=r"mine\.yaml"):
            load_assessment(mine)

    def test_an_edited_journal_is_refused_with_file_and_line(self, mine: Path, folder: Path) -> None:
        """No findings come of a journal that was tampered with."""
        path = write(folder, "E2", [("E2", "indicator/40", NO)] * 3)
        path.write_bytes(path.read_bytes().replace(b"false", b"true", 1))
        with pytest.raises(JournalError) as caught:
            load_assessment(mine)
        assert (str(path), "line 1") == (caught.value.file, caught.value.place)

    def test_a_journal_of_another_person_is_refused(self, mine: Path, folder: Path) -> None:
        """A journal put under another member's name is found out."""
        write(folder, "E1", [("E1", "indicator/40", YES)]).rename(journal_of(folder, "E2"))
        with pytest.raises(JournalError, match=r"E2\.jsonl, line 1"):
            load_assessment(mine)

    @pytest.mark.parametrize("name", ["E9.jsonl", "E1 (conflicted copy).jsonl", "e1.JSONL", "panel.jsonl"])
    def test_a_journal_of_nobody_on_the_panel_is_an_error(self, mine: Path, folder: Path, name: str) -> None:
        """What somebody recorded is never silently left out."""
        path = write(folder, "E1", [("E1", "indicator/40", YES)])
        path.with_name(name).write_bytes(path.read_bytes())
        with pytest.raises(JournalError, match="a journal of a member"):
            load_assessment(mine)

    def test_an_author_who_is_not_on_the_panel_is_an_error(self, mine: Path, folder: Path) -> None:
        """The message names the line and says what to do."""
        write(folder, "E1", [("E1", "indicator/40", YES), ("E9", "indicator/40", YES)])
        with pytest.raises(JournalError, match=r"line 2, key author.*E1, E2, E3, E4, panel.*“E9”.*Add the person"):
            load_assessment(mine)

    def test_other_files_beside_journals_are_passed_over(self, mine: Path, folder: Path) -> None:
        """Notes and temporary files are no journals."""
        write(folder, "E1", [("E1", "indicator/40", YES)])
        for name in ("notes.txt", ".E1.jsonl.swp", ".~lock.E1.jsonl", "E1.jsonl.bak"):
            (folder / "journal" / name).write_text("x", encoding="utf-8")
        assert YES == load_assessment(mine).findings["indicators"]["40"]

    def test_a_file_in_the_place_of_the_journals_is_an_error(self, mine: Path, folder: Path) -> None:
        """It is not taken for an assessment in which nobody recorded anything."""
        (folder / "journal").write_text("x", encoding="utf-8")
        with pytest.raises(JournalError, match="journal: expected a folder"):
            load_assessment(mine)

    @pytest.mark.parametrize("name", ["assessments", f"assessments/{ASSESSMENT}", f"assessments/{ASSESSMENT}/journal"])
    def test_links_are_not_followed(self, mine: Path, folder: Path, tmp_path: Path, name: str) -> None:
        """Everything that is read lies in the mine's folder."""
        write(folder, "E1", [("E1", "indicator/40", YES)])
        outside = tmp_path / "outside" / Path(name).name
        outside.parent.mkdir()
        (mine / name).rename(outside)
        (mine / name).symlink_to(outside)
        with pytest.raises(JournalError, match="symbolic link"):
            load_assessment(mine, ASSESSMENT)

    def test_a_torn_line_is_passed_over_and_told(self, mine: Path, folder: Path) -> None:
        """What a crash left of a line does not count, and the reader is told."""
        path = write(folder, "E1", [("E1", "indicator/40", YES), ("E1", "indicator/41", YES)])
        path.write_bytes(path.read_bytes()[:-9])
        found = load_assessment(mine)
        assert ["40"] == list(found.findings["indicators"])
        assert [("torn_line", "journal/E1.jsonl")] == [(notice.code, notice.place) for notice in found.warnings]

    def test_what_should_not_pass_unseen_is_told(self, mine: Path, folder: Path) -> None:
        """Disagreement on a prerequisite, an empty finding, a confirmation of one's own, repetitions."""
        twice = {"facts": {"defects": [{"text": "破损", "where": "井口"}] * 2}}
        lines = [
            ("E1", "indicator/3", twice),
            ("E1", "indicator/13", {"not_applicable": {"reason": "无"}, "confirm_not_applicable": True}),
            ("E1", "prerequisite/P1", {"met": True}),
            ("E2", "prerequisite/P1", {"met": False}),
            ("panel", "indicator/9", {"resolution": "finding"}),
        ]
        write(folder, "E1", lines)
        expected = [
            ("confirmation_does_not_count", "indicator/13"),
            ("repeated_defects", "indicator/3"),
            ("finding_without_facts", "indicator/9"),
            ("needs_ruling", "prerequisite/P1"),
        ]
        assert expected == [(notice.code, notice.place) for notice in load_assessment(mine).warnings]

    def test_a_confirmation_that_counts_is_not_told(self, mine: Path, folder: Path) -> None:
        """Neither is a disagreement that the panel settled."""
        write(folder, "E1", [("E1", "indicator/13", {"not_applicable": {"reason": "无"}})])
        confirm = ("E2", "indicator/13", {"confirm_not_applicable": True})
        write(folder, "E2", [confirm, ("E2", "prerequisite/P1", {"met": False})], START + dt.timedelta(hours=1))
        ruling = ("panel", "prerequisite/P1", {"met": True})
        write(folder, "E3", [("E3", "prerequisite/P1", {"met": True}), ruling], START + dt.timedelta(hours=1))
        assert () == load_assessment(mine).warnings


class TestEvidence:
    """References to files that are not there."""

    def test_what_is_not_there_is_no_evidence(self, mine: Path, folder: Path) -> None:
        """Judged by the inventory, a reference to a missing file moves out, its own and that of parts of the entry."""
        (mine / "a#1.pdf").write_bytes(b"%PDF-1.4")
        (mine / "照片.jpg").write_bytes(b"\xff\xd8\xff")
        defect = {"text": "破损", "where": "井口", "evidence": ["照片.jpg", "没有.jpg"]}
        facts = {"facts": {"defects": [defect]}, "evidence": ["a#1.pdf", "无.pdf#page=2"]}
        write(
            folder,
            "E1",
            [("E1", "indicator/3", facts), ("E1", "prerequisite/P1", {"met": True, "evidence": ["无.pdf"]})],
        )
        write(folder, "E2", [("E2", "indicator/3", {**YES, "evidence": ["照片.jpg#xywh=1,2,3,4", "没有.jpg"]})])
        found = load_assessment(mine, None, take_inventory(mine)).findings
        entry = found["indicators"]["3"]
        assert ["a#1.pdf", "照片.jpg#xywh=1,2,3,4"] == entry["evidence"]
        assert ["无.pdf#page=2", "没有.jpg"] == entry["missing_evidence"]
        assert ["照片.jpg"] == entry["judgements"][0]["facts"]["defects"][0]["evidence"]
        assert [["a#1.pdf"], ["照片.jpg#xywh=1,2,3,4"]] == [each["evidence"] for each in entry["judgements"]]
        assert {"met": True, "evidence": [], "missing_evidence": ["无.pdf"]} == found["prerequisites"]["P1"]

    def test_without_an_inventory_references_are_taken_at_their_word(self, mine: Path, folder: Path) -> None:
        """Nothing is looked up and nothing is moved."""
        write(folder, "E1", [("E1", "indicator/3", {**YES, "evidence": ["无.pdf"]})])
        assert {**YES, "evidence": ["无.pdf"]} == load_assessment(mine).findings["indicators"]["3"]

    def test_the_findings_given_stay_as_they_are(self, mine: Path, folder: Path) -> None:
        """A copy comes back."""
        write(folder, "E1", [("E1", "indicator/3", {**YES, "evidence": ["无.pdf"]})])
        found = load_assessment(mine)
        before = found.document
        without_missing(found.findings, lambda _reference: False)
        assert before == found.document


class TestWriting:
    """Writing to an assessment that was read."""

    def test_a_member_writes_to_their_own_journal(self, mine: Path, folder: Path) -> None:
        """The writer of a member knows mine, assessment and panel."""
        with load_assessment(mine).writer("E4", ticking()) as journal:
            journal.append("E1", "indicator/3", YES)
            with pytest.raises(JournalError, match="E1, E2, E3, E4, panel"):
                journal.append("E9", "indicator/3", YES)
        assert journal_of(folder, "E4") == journal.path
        assert [("E1", "E4")] == [(entry.author, entry.typed_by) for entry in load_assessment(mine).entries]

    @pytest.mark.parametrize("person", ["E9", "panel", "../E1", ""])
    def test_nobody_else_writes(self, mine: Path, folder: Path, person: str) -> None:
        """Who is not on the panel has no journal."""
        with pytest.raises(JournalError, match="a member of the panel"):
            load_assessment(mine).writer(person)
        assert not (folder / "journal").exists()


class TestSameBytes:
    """The same journals always give the same bytes."""

    LINES: tuple[tuple[Any, ...], ...] = (
        ("E1", "indicator/36", {"facts": {"clean_transport_share": 0.85}, "evidence": ["b.pdf", "a.pdf"]}),
        ("E2", "indicator/36", {"facts": {"clean_transport_share": 0.7}, "evidence": ["c.pdf", "a.pdf"]}),
        ("panel", "indicator/13", {"not_applicable": {"reason": "无共伴生矿产"}}),
        ("E3", "indicator/13", {"confirm_not_applicable": True}),
        ("E1", "indicator/3", {"facts": {"defects": [{"text": "破损", "where": "井口"}] * 2}}),
    )

    def made(self, root: Path, people: list[str]) -> Path:
        """One mine whose journals are made in the order of `people`, each with the same times."""
        mine = make_mine(root)
        folder = make_assessment(mine)
        (folder / "journal").mkdir()
        for person in people:
            shift = dt.timedelta(seconds=int(person[1:]))
            write(folder, person, self.LINES, START + shift)
        return mine

    def test_order_and_times_of_files_do_not_matter(self, tmp_path: Path) -> None:
        """Journals made in another order, elsewhere, with other file times give the same findings, byte for byte."""
        one = self.made(tmp_path / "one", ["E1", "E2", "E3"])
        other = self.made(tmp_path / "two", ["E3", "E1", "E2"])
        for number, path in enumerate(sorted(other.rglob("*"))):
            os.utime(path, (10**9 - number, 10**9 - number))
        assert load_assessment(one).document == load_assessment(other).document

    def test_the_order_in_which_a_folder_lists_its_files_does_not_matter(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A folder may list its files as it likes."""
        mine = self.made(tmp_path, ["E1", "E2", "E3"])
        expected = load_assessment(mine).document
        listed = Path.iterdir
        monkeypatch.setattr(Path, "iterdir", lambda folder: iter(sorted(listed(folder), reverse=True)))
        assert expected == load_assessment(mine).document

    def test_the_bytes_are_canonical_and_known(self, mine: Path, folder: Path) -> None:
        """A change of the fold that changes findings of the past does not pass unseen."""
        write(folder, "E1", self.LINES)
        found = load_assessment(mine)
        assert canonical_json(found.findings) == found.document
        expected = (
            '{"assessment":{"anchor_date":"2026-03-01","date":"2026-06-30","id":"2026-selection","kind":"third_party"},'
            '"indicators":{"13":{"not_applicable":{"by":"panel","confirmed_by":"E3","reason":"无共伴生矿产"}},'
            '"3":{"facts":{"defects":[{"text":"破损","where":"井口"}]}},'
            '"36":{"evidence":["b.pdf","a.pdf","c.pdf"],"judgements":['
            '{"by":"E1","evidence":["b.pdf","a.pdf"],"facts":{"clean_transport_share":0.85}},'
            '{"by":"E2","evidence":["c.pdf","a.pdf"],"facts":{"clean_transport_share":0.7}}],"resolution":"mean"}},'
            '"mine":{"demonstration":true,"extraction":["underground"],"id":"GM-0009","industry":"coal",'
            '"name":"演示矿山","primary_extraction":"underground"},"prerequisites":{},"schema":"greenmine.findings/1"}'
        )
        assert expected == found.document.decode()

    @pytest.mark.usefixtures("folder")
    def test_writers_at_work_at_the_same_time_lose_nothing(self, mine: Path) -> None:
        """Four people write at once while others read; each acknowledged line is there, and two readings are alike."""
        people, count = ["E1", "E2", "E3", "E4"], 60
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", textwrap.dedent(WRITERS), str(mine), person, str(count)],
                stdout=subprocess.PIPE,
                text=True,
            )
            for person in people
        ]
        seen = 0
        while any(process.poll() is None for process in processes):
            now = len(load_assessment(mine).entries)
            assert now >= seen
            seen = now
        acknowledged = [line for process in processes for line in process.communicate()[0].split()]
        assert [0] * len(people) == [process.returncode for process in processes]
        first, second = load_assessment(mine), load_assessment(mine)
        assert len(people) * count == len(acknowledged)
        assert sorted(acknowledged) == sorted(entry.digest for entry in first.entries)
        assert first.document == second.document


def test_the_example_in_the_package_runs() -> None:
    """The worked example gives what it says."""
    assert 0 == doctest.testmod(greenmine.assessment).failed
    assert doctest.testmod(greenmine.assessment).attempted > 5


def test_every_exported_name_can_be_had() -> None:
    """Names are loaded when asked for; each one is there, and another is refused as Python does."""
    assert list(greenmine.assessment.__all__) == sorted(greenmine.assessment.__all__)
    assert [] == [name for name in greenmine.assessment.__all__ if not hasattr(greenmine.assessment, name)]
    assert not hasattr(greenmine.assessment, "nothing")


def test_reading_findings_loads_no_models() -> None:
    """Scoring one file starts fast: reading it needs neither pydantic nor YAML."""
    code = (
        "import sys; from greenmine.assessment import read_findings; print({'pydantic', 'yaml'} & sys.modules.keys())"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "set()" == found.stdout.strip()
