"""`greenmine register …` and `greenmine due`: a register kept from the command line."""

from __future__ import annotations

import csv
import datetime as dt
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import icalendar
import pytest

from greenmine.cli.main import main
from greenmine.workspace import shared_dir


@pytest.fixture
def mine(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A demonstration mine in an empty workspace, and somebody who enters."""
    monkeypatch.setenv("GREENMINE_BY", "登记员")
    folder = workspace / "evidence" / "GM-0001"
    shutil.copytree(shared_dir() / "evidence" / "GM-0001", folder)
    for name in ("report.txt", "atlas.txt", "sheet.txt"):
        (folder / name).write_text(name, "utf-8")
    return folder


def run(capsys: pytest.CaptureFixture[str], *words: object, status: int = 0, lang: str = "en") -> str:
    """Run a verb; return what it printed, or its message where it fails."""
    found = main(["--lang", lang, *map(str, words)])
    out, err = capsys.readouterr()
    assert (status, True) == (found, "Traceback" not in err), err
    return out if status == 0 else out + err


MATERIALS = [
    word
    for one in ("self_assessment=report.txt", "atlas=atlas.txt", "self_score=sheet.txt", "supports=08 开采方式/")
    for word in ("--material", one)
]
CCACC = ("--programme", "ccacc-2024")
STEP = ("--office", "认证中心", "--document", "示例 1 号")


def certified(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "register", "apply", "GM-0001", *CCACC, "--date", "2024-05-06", *MATERIALS)
    days = {"accept": "2024-05-07", "form_team": "2024-05-13", "assess": "2024-05-20", "certify": "2024-05-27"}
    for step, on in days.items():
        number = ("--set", "certificate=C-1") if step == "certify" else ()
        run(capsys, "register", "record", "GM-0001", step, "--date", on, *STEP, *number)


def test_an_incomplete_application_is_not_entered(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """四: the materials that lack are named with their clauses, and so is a blank of the form; exit status 1."""
    said = run(capsys, "register", "apply", "GM-0001", *CCACC, *MATERIALS[:4], status=1, lang="zh")
    assert "四4" in said
    assert "四5" in said
    assert "四2" not in said
    form = mine / "mine.yaml"
    form.write_text(form.read_text("utf-8").replace("economic_type: 有限责任公司", "economic_type:"), "utf-8")
    found = json.loads(run(capsys, "register", "apply", "GM-0001", *CCACC, *MATERIALS, "--json", status=1))
    assert {"complete": False, "missing": [], "blank": ["economic_type"], "lapsed": {}} == found
    assert "no register yet" in run(capsys, "register", "show", status=2)


def test_an_application_on_an_expired_licence_is_not_entered(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """山西一（一）1: 有效采矿许可证: refused with the clause and the day on which it expired, entered while it held."""
    form = mine / "mine.yaml"
    form.write_text(form.read_text("utf-8").replace("2039-01-14", "2024-05-05"), "utf-8")
    given = ("--material", "mining_licence=report.txt", "--material", "plan=atlas.txt", "--programme", "shanxi-2023")
    said = run(capsys, "register", "apply", "GM-0001", *given, "--date", "2024-05-06", status=1)
    assert all(word in said for word in ("晋自然资函〔2023〕738号 一（一）1", "2024-05-05", "was not entered"))
    told = json.loads(run(capsys, "register", "apply", "GM-0001", *given, "--date", "2024-05-06", "--json", status=1))
    assert (False, [], [], ["mining_licence"]) == (told["complete"], told["missing"], told["blank"], [*told["lapsed"]])
    run(capsys, "register", "apply", "GM-0001", *given, "--date", "2024-05-05")


def test_a_complete_application_keeps_the_digests_of_its_files(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The form is mine.yaml itself; a folder counts as a material; each has its SHA-256."""
    said = run(capsys, "register", "apply", "GM-0001", *CCACC, "--date", "2024-05-06", *MATERIALS, "--json")
    details = json.loads(said)["events"][0]["details"]
    assert {"form", "self_assessment", "atlas", "self_score", "supports"} == set(details["materials"])
    assert {"mine.yaml", "08 开采方式/"} <= {one["path"] for one in details["materials"].values()}
    assert all(len(one["sha256"]) == 64 for one in details["materials"].values())
    assert "青示沟煤矿（演示）" == details["name"]
    assert (mine / "mine.yaml").is_file()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--material", "nonsense=report.txt"], "nonsense"),
        (["--material", "atlas"], "KEY=VALUE"),
        (["--material", "atlas=../other.txt"], "other.txt"),
        (["--material", "atlas=nowhere.txt"], "nowhere.txt"),
        (["--date", "yesterday"], "yesterday"),
    ],
)
def test_what_cannot_be_is_refused(
    mine: Path, given: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Materials that are not asked for or not there, and dates that are none."""
    words = [*MATERIALS, *given] if given[0] == "--date" else given
    assert mine.is_dir()
    assert message in run(capsys, "register", "apply", "GM-0001", *CCACC, *words, status=2)


@pytest.mark.usefixtures("mine")
def test_a_register_is_kept_shown_and_sealed(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the application to the certificate; the state on any day; the archive verifies with the register in it."""
    certified(capsys)
    shown = run(capsys, "register", "show")
    assert "certificate" in shown or "certified" in shown
    assert "5 events are not in the archive yet" in shown
    past = json.loads(run(capsys, "register", "show", "--on", "2024-05-10", "--json"))
    assert [("mine/GM-0001", "accepted")] == [(one["subject"], one["state"]) for one in past["records"]]
    record = json.loads(run(capsys, "register", "show", "GM-0001", "--on", "2024-06-01", "--json"))
    assert ["met", "open", "open"] == [one["status"] for one in record["deadlines"]]
    assert "六2" in run(capsys, "register", "show", "GM-0001", lang="zh")
    assert "bags/register/ccacc-2024/r1" in run(capsys, "register", "seal")
    assert "Nothing new" in run(capsys, "register", "seal")
    run(capsys, "verify")
    assert "GM-0001" in run(capsys, "register", "show", "--list", "certified", "--state", "certified")
    assert "expected one of" in run(capsys, "register", "show", "--state", "nowhere", status=2)
    told = json.loads(run(capsys, "register", "export", "out.csv", "--json", lang="zh"))
    assert ("out.csv", 1) == (told["file"], told["rows"])
    rows = list(csv.reader((workspace / "out.csv").read_text("utf-8-sig").splitlines()))
    assert ["GM-0001", "青示沟煤矿（演示）"] == rows[1][:2]


@pytest.mark.usefixtures("mine")
def test_what_is_due_is_listed_with_its_reason_and_goes_into_a_calendar(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """六4: a surveillance by 2025-05-27; an entry of the calendar for it, the same bytes each time."""
    certified(capsys)
    found = json.loads(run(capsys, "due", "--on", "2025-05-01", "--json"))["due"]
    assert [("surveillance", "2025-05-27", "open")] == [(one["clock"], one["due"], one["status"]) for one in found]
    said = run(capsys, "due", "--on", "2025-05-28", "--within", "800", "--calendar", "due.ics", lang="zh")
    assert "六4" in said
    data = (workspace / "due.ics").read_bytes()
    entries = icalendar.Calendar.from_ical(data).walk("VEVENT")
    assert ["2025-05-27", "2026-05-27", "2027-05-27"] == sorted(str(one.decoded("dtstart")) for one in entries)
    run(capsys, "due", "--on", "2025-05-28", "--within", "800", "--calendar", "again.ics", lang="zh")
    assert data == (workspace / "again.ics").read_bytes()
    said = run(capsys, "due", "--on", "2025-05-28", "--calendar", workspace / "evidence", status=2)
    assert f"{workspace / 'evidence'}”: the system refused" in said


@pytest.mark.usefixtures("mine")
def test_a_certificate_that_has_run_out_is_shown_as_that(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """六4: valid until 2027-05-27; the state stays until its expiry is entered, and the day is told beside it."""
    certified(capsys)
    show = ("register", "show", "--on")
    for on, told in (("2027-05-27", None), ("2027-06-01", "2027-05-27")):
        record = json.loads(run(capsys, *show, on, "--json"))["records"][0]
        single = json.loads(run(capsys, "register", "show", "GM-0001", "--on", on, "--json"))
        assert [("certified", told)] * 2 == [(one["state"], one["ran_out"]) for one in (record, single)]
        run(capsys, "register", "export", "out.csv", "--on", on, lang="zh")
        tables = [
            "".join(run(capsys, *show, on, lang="zh").split()),
            "".join(run(capsys, "register", "show", "GM-0001", "--on", on, lang="zh").split()),
            (workspace / "out.csv").read_text("utf-8-sig"),
        ]
        assert [told is not None] * 3 == ["已满" in one for one in tables]


@pytest.mark.usefixtures("mine")
def test_steps_of_a_table_are_entered_all_or_none(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A list that existed before comes in at once; a row that breaks a rule keeps all of them out."""
    head = "subject,step,date,office,document,city\n"
    good = head + "A-1,carry_provincial,2024-05-06,省厅,省名录,甲市\nA-2,carry_national,2024-05-06,部,国家名录,乙市\n"
    file = workspace / "list.csv"
    file.write_text(good + "A-1,list_provincial,2024-05-07,省厅,公告,\n", "utf-8-sig")
    national = ("--programme", "national-2024", "--file", file)
    assert "四（九）" in run(capsys, "register", "record", *national, status=2)
    file.write_text(good, "utf-8-sig")
    assert 2 == len(json.loads(run(capsys, "register", "record", *national, "--json"))["events"])
    records = json.loads(run(capsys, "register", "show", "--json"))["records"]
    assert [["provincial"], ["national"]] == [one["lists"] for one in records]
    assert "甲市" == records[0]["details"]["city"]
    for bad in ("subject,step,date\nA,b,2024-05-06\n", head + "A-3,carry_provincial\n", head + "A,b,c,d,e,f,g\n"):
        file.write_text(bad, "utf-8")
        run(capsys, "register", "record", *national, status=2)
    file.write_text(head + "A-3,carry_provincial,soon,省厅,省名录,\n", "utf-8")
    assert "soon" in run(capsys, "register", "record", *national, status=2)


@pytest.mark.usefixtures("mine")
def test_a_step_is_taken_back_with_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    """The mine is in the state before; the journal keeps both lines."""
    certified(capsys)
    run(capsys, "register", "undo", "GM-0001", "2024-05-27", "--reason", "误登", "--office", "认证中心")
    found = json.loads(run(capsys, "register", "show", "--json"))
    assert ("assessed", 6) == (found["records"][0]["state"], found["journal"]["events"])
    words = ("register", "undo", "GM-0009", "2024-05-27", "--reason", "误登", "--office", "认证中心")
    assert "expected a step to take back, got no step." in run(capsys, *words, status=2)
    assert "没有步骤" in run(capsys, *words, status=2, lang="zh")


@pytest.mark.usefixtures("mine")
def test_a_step_out_of_turn_names_the_rule(capsys: pytest.CaptureFixture[str]) -> None:
    """In the language asked for, with the clause, in one line."""
    certified(capsys)
    said = run(capsys, "register", "record", "GM-0001", "accept", "--date", "2024-06-03", *STEP, status=2)
    assert "中煤协认证综合〔2024〕1号 六2" in said
    assert 1 == said.count("\n")
    said = run(capsys, "register", "record", "GM-0001", status=2)
    assert "--file" in said


@pytest.mark.parametrize("name", ["national-2024", "shanxi-2023", "gansu", "ccacc-2024"])
def test_the_rules_of_a_programme_say_what_the_source_does_not_contain(
    workspace: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Steps with clauses, and the tables that the document names only."""
    assert workspace.is_dir()
    document = json.loads(run(capsys, "register", "rules", "--programme", name, "--json"))
    said = run(capsys, "register", "rules", "--programme", name, lang="zh")
    assert document["missing"]
    assert all(one["what"][:8] in said for one in document["missing"])


def test_several_registers_have_to_be_told_apart(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`due` looks at all of them; the others ask which."""
    assert workspace.is_dir()
    step = ("--by", "甲", "--office", "厅", "--document", "号", "--date", "2024-05-06")
    for name, which in (("national-2024", "carry_national"), ("gansu", "carry_provincial")):
        run(capsys, "register", "record", "A-1", which, *step, "--programme", name)
    assert "gansu, national-2024" in run(capsys, "register", "show", status=2)
    found = json.loads(run(capsys, "due", "--on", "2029-05-01", "--json"))["due"]
    assert {("gansu", "draw"), ("national-2024", "draw"), ("national-2024", "document")} == {
        (one["programme"], one["clock"]) for one in found if one["status"] == "overdue"
    }


NATIONAL = ("--programme", "national-2024", "--office", "示例省厅")


@pytest.mark.usefixtures("mine")
def test_agencies_assessors_and_duties_are_entered_as_texts(capsys: pytest.CaptureFixture[str]) -> None:
    """三（八）: who took part and what shows their duties; what nothing shows is told."""
    for step, on in (("self_evaluate", "2025-03-02"), ("apply", "2025-03-03"), ("review", "2025-03-04")):
        run(
            capsys,
            "register",
            "record",
            "GM-2",
            step,
            "--date",
            on,
            *NATIONAL,
            "--set",
            "materials.self_assessment=自评估报告",
        )
    said = ("--set", "agency=A1", "--set", "assessors=P1、P2", "--set", "duties.pledge=承诺书.pdf")
    run(capsys, "register", "record", "GM-2", "entrust", "--date", "2025-03-05", *NATIONAL, *said)
    (record,) = json.loads(run(capsys, "register", "show", "--json"))["records"]
    assert (["P1", "P2"], {"pledge": "承诺书.pdf"}) == (record["details"]["assessors"], record["details"]["duties"])
    open_ = {one["duty"] for one in json.loads(run(capsys, "removals", "--json"))["open_duties"]}
    assert {"legal_person", "assessors", "report", "no_fee"} == open_
    for key in ("date=2025-01-01", "subject=GM-9", "duties=pledge", "=x", "城市=x"):
        assert "KEY=VALUE" in run(capsys, "register", "record", "GM-2", "apply", *NATIONAL, "--set", key, status=2)


@pytest.mark.usefixtures("mine")
def test_a_mine_that_only_assessed_itself_does_no_harm(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """二（七）: before it applies it is on no list; every verb goes on working."""
    paper = ("--document", "=1+1\x1b[31m")
    run(capsys, "register", "record", "GM-2", "self_evaluate", "--date", "2025-03-02", *NATIONAL, *paper)
    assert "not in the register" in run(capsys, "register", "show")
    run(capsys, "register", "export", "out.csv")
    run(capsys, "removals")
    said = (workspace / "out.csv").read_text("utf-8-sig")
    assert "2025-03-02" in said
    assert ",'=1+1⟨U+001B⟩[31m" in said


@pytest.mark.usefixtures("mine")
def test_the_row_of_a_table_that_breaks_a_rule_is_named(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """File, row, subject and step; nothing is entered."""
    rows = ["subject,step,date,office,document"] + [f"GM-{n},carry_provincial,2025-01-06,省厅,名录" for n in (1, 2, 1)]
    (workspace / "steps.csv").write_text("\n".join(rows), "utf-8")
    said = run(capsys, "register", "record", "--file", "steps.csv", "--programme", "national-2024", status=2)
    assert "steps.csv, row 4, mine/GM-1, step “carry_provincial”" in said
    assert "There is no register yet" in run(capsys, "register", "show", status=2)


@pytest.mark.usefixtures("mine")
@pytest.mark.parametrize("verb", [["due", "--on"], ["register", "show", "--on"], ["removals", "--on"]])
def test_a_day_that_nobody_keeps_a_register_of_is_refused(verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Far years would lead out of the calendar."""
    for day in ("9999-12-31", "0001-01-01"):
        assert day in run(capsys, *verb, day, status=2)


@pytest.mark.usefixtures("mine")
def test_without_a_date_it_is_the_day_in_china(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """八（十六）: at 01:00 in Beijing a machine in UTC enters and shows what is of the new day, as draws are dated."""
    monkeypatch.setattr("greenmine.programme.calendar.today", lambda: dt.date(2026, 5, 6))
    run(capsys, "register", "record", "A-1", "carry_provincial", *STEP, "--programme", "national-2024")
    run(capsys, "register", "record", "A-1", "drawn", *STEP)
    shown = json.loads(run(capsys, "register", "show", "A-1", "--json"))
    assert ["2026-05-06"] * 2 == [one["date"] for one in shown["events"]]
    assert "2026-05-06" in run(capsys, "due")
    assert "2026-05-06" in run(capsys, "overview")


def test_rules_tell_what_other_verbs_ask_for(capsys: pytest.CaptureFixture[str]) -> None:
    """The ids of grounds, duties and prohibited acts, and the share that is drawn."""
    said = run(capsys, "register", "rules", "--programme", "national-2024", lang="zh")
    for text in ("违法开采特别是越界开采", "standard", "pledge", "transfer", "0.1", "附件2"):
        assert text in said
    assert "Draws" not in run(capsys, "register", "rules", "--programme", "ccacc-2024")


# ---- what was sealed and is no longer there --------------------------------------------------------------------------


@pytest.fixture
def two_sealed(workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two registers, sealed, with something overdue in each; the folder of their journals."""
    monkeypatch.setenv("GREENMINE_BY", "登记员")
    paper = ("--office", "厅", "--document", "号")
    for number, on in enumerate(("2024-05-06", "2024-05-07", "2024-05-08"), 1):
        run(capsys, "register", "record", f"GS-{number}", "start_production", "--date", on, *paper, *GANSU)
    run(capsys, "register", "record", "A-1", "carry_national", "--date", "2024-05-06", *paper, *NATIONAL)
    for name in (GANSU, NATIONAL[:2]):
        run(capsys, "register", "seal", *name)
    assert {"gansu", "national-2024"} == {one["programme"] for one in due(capsys)["due"]}
    return workspace / "reports" / "register"


GANSU = ("--programme", "gansu")
LATER = ("--on", "2029-06-01")


def due(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> dict[str, Any]:
    assert status == main(["--lang", "en", "due", *LATER, "--json", *words])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def removed(journal: Path) -> None:
    shutil.rmtree(journal.parent)


def unlinked(journal: Path) -> None:
    journal.unlink()


def edited(journal: Path) -> None:
    """Change the last line, which no line follows, into another that could stand there."""
    journal.write_bytes(journal.read_bytes().replace(b"GS-3", b"GS-9"))


def rewritten(journal: Path) -> None:
    """Change a line in the middle."""
    journal.write_bytes(journal.read_bytes().replace(b"GS-2", b"GS-9"))


def cut(journal: Path) -> None:
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:2]))


@pytest.mark.parametrize("tamper", [removed, unlinked, edited, rewritten, cut])
def test_a_sealed_register_that_is_gone_or_changed_is_told_by_every_verb(
    two_sealed: Path, capsys: pytest.CaptureFixture[str], tamper: Callable[[Path], None]
) -> None:
    """Exit status 1 and the journal's name, never silence; what is due in the other register is told all the same."""
    tamper(two_sealed / "gansu" / "events.jsonl")
    name = "register/gansu/events.jsonl"
    found = due(capsys, status=1)
    assert {"national-2024"} == {one["programme"] for one in found["due"]}
    assert [("gansu", True)] == [(one["programme"], name in one["reason"]) for one in found["unreadable_registers"]]
    assert [] == due(capsys, *GANSU, status=1)["due"]
    assert [] == due(capsys, *NATIONAL[:2])["unreadable_registers"]
    assert 1 == main(["--lang", "zh", "verify", "--json"])
    first = json.loads(capsys.readouterr().out)["first"]
    assert ("register.journal", name) == (first["check"], first["file"])
    for words in (
        ("due", *LATER),
        ("register", "show", *GANSU),
        ("overview", "gansu"),
        ("removals", *GANSU),
        ("register", "seal", *GANSU),
        ("index", *LATER),
        ("verify",),
    ):
        assert name in run(capsys, *words, status=1), words
    assert "gansu, national-2024" in run(capsys, "overview", status=2)
    page = (two_sealed.parent / "overview.html").read_text("utf-8")
    assert 'id="gansu"' in page
    assert name in page


def test_the_only_register_is_not_taken_for_none_when_its_journal_is_gone(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The ledger knows it; without a name every verb still means it."""
    step = ("--by", "甲", "--office", "厅", "--document", "号", "--date", "2024-05-06")
    run(capsys, "register", "record", "GS-1", "start_production", *step, *GANSU)
    run(capsys, "register", "seal")
    shutil.rmtree(workspace / "reports" / "register")
    for words in (("due", *LATER), ("register", "show"), ("overview",), ("index", *LATER), ("verify",)):
        assert "register/gansu/events.jsonl" in run(capsys, *words, status=1), words


def test_registers_that_go_on_or_were_never_sealed_are_fine(
    two_sealed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """New steps, a third register, and that one deleted again before it was sealed."""
    step = ("--office", "厅", "--document", "号", "--date", "2024-05-09")
    run(capsys, "register", "record", "GS-4", "start_production", *step, *GANSU)
    run(capsys, "register", "record", "GM-1", "carry_national", *step, "--programme", "shanxi-2023")
    run(capsys, "verify")
    assert [] == due(capsys)["unreadable_registers"]
    shutil.rmtree(two_sealed / "shanxi-2023")
    run(capsys, "verify")
    run(capsys, "index", *LATER)


def test_a_line_typed_by_hand_after_what_was_sealed_is_bad_input(
    two_sealed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing that was sealed is touched: exit status 2, the line named; the archive verifies."""
    with (two_sealed / "gansu" / "events.jsonl").open("ab") as stream:
        stream.write(b"{}\n")
    for words in (("due", *LATER), ("register", "show", *GANSU), ("overview", "gansu")):
        assert "events.jsonl, line 4" in run(capsys, *words, status=2)
    run(capsys, "verify")
