"""`greenmine overview` and the page that `greenmine index` makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from archives import make_archive
from boards import HOSTILE, NATIONAL, NOW, PERSON, ROSTER, fill
from programmes import draft, shipped

from greenmine.archive.layout import Archive
from greenmine.cli.main import main
from greenmine.programme.recording import record


@pytest.fixture
def archive(workspace: Path) -> Archive:
    """A workspace with a register and a roster."""
    made = make_archive(workspace / "reports")
    fill(made)
    (workspace / "名册.csv").write_text(ROSTER, "utf-8")
    return made


def run(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    """Run a verb in English; return what it printed, or its message where it fails."""
    found = main(["--lang", "en", *words])
    out, err = capsys.readouterr()
    assert (status, True) == (found, "Traceback" not in err), err
    return out if status == 0 else out + err


ON = ("--on", "2026-06-01")


@pytest.mark.usefixtures("archive")
def test_shares_are_told_for_people_and_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """Of two large mines one is listed and rectifying: none meets the standard, two are missing; no person is named."""
    said = run(capsys, "overview", "--roster", "名册.csv", *ON)
    assert "90%" in said
    assert "GM-0001" in said
    assert PERSON not in said
    assert "\u202e" not in said
    found = json.loads(run(capsys, "overview", "national-2024", "--roster", "名册.csv", *ON, "--json"))
    whole = found["targets"][0]["whole"]
    assert (2, 1, 1, 0, "0", 2) == tuple(
        whole[key] for key in ("producing", "listed", "rectifying", "meets", "share", "missing")
    )
    assert [("GM-0001", "absent")] == [(one["mine"], one["why"]) for one in found["not_counted"]]
    assert [{"clock": "rectification", "status": "overdue", "count": 1}] == found["due"]
    assert [(HOSTILE, [], ["GM-0000"])] == [(one["document"], one["passed"], one["failed"]) for one in found["draws"]]
    assert [("1", 1, 0), ("standard", 0, 1)] == [
        (one["ground"], one["removed"], one["proposed"]) for one in found["removals"]
    ]
    assert [("GM-0003", "2026-04-01", "1")] == [(one["mine"], one["on"], one["ground"]) for one in found["removed"]]
    assert PERSON not in json.dumps(found)


@pytest.mark.usefixtures("archive")
def test_a_year_in_which_too_few_were_drawn_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """八（十六）: 每年抽取不低于10%: nobody of the one national mine in 2026; by the verb, `due` and the page."""
    on = ("--on", "2026-12-20")
    title = "spot checks of 2026, national list: 0 of 1 mines drawn"
    found = json.loads(run(capsys, "overview", *on, "--json"))["due"]
    assert {"clock": "draw", "status": "open", "count": 1} in found
    assert title in " ".join(run(capsys, "overview", *on).split())
    (one,) = (one for one in json.loads(run(capsys, "due", *on, "--json"))["due"] if one["clock"] == "draw")
    assert (title, "2026-12-31", "list/national") == (one["title"], one["due"], one["subject"])
    assert {"list": "national", "year": 2026, "mines": 1, "needed": 1, "drawn": 0} == one["draw"]
    assert "八（十六）" in one["why"]
    run(capsys, "index", *on)
    assert title in Path("reports/overview.html").read_text("utf-8")


@pytest.mark.usefixtures("archive")
def test_without_a_roster_it_says_so(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """No share is made up; the roster may also come from the environment."""
    assert "No roster" in run(capsys, "overview", *ON)
    assert json.loads(run(capsys, "overview", *ON, "--json"))["targets"][0]["whole"] is None
    monkeypatch.setenv("GREENMINE_ROSTER", "名册.csv")
    assert json.loads(run(capsys, "overview", *ON, "--json"))["targets"][0]["whole"]["producing"] == 2


def test_what_is_wrong_is_one_message(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    """No such roster, a roster with a mistake, no date, an unknown programme, several registers."""
    assert "missing.csv" in run(capsys, "overview", "--roster", "missing.csv", status=2)
    Path("bad.csv").write_text(ROSTER.replace("large", "huge"), "utf-8")
    said = run(capsys, "overview", "--roster", "bad.csv", status=2)
    assert all(word in said for word in ("bad.csv", "row 2", "size", "huge"))
    assert "2026-13" in run(capsys, "overview", "--on", "2026-13-01", status=2)
    assert "nonsense" in run(capsys, "overview", "nonsense", status=2)
    shanxi = shipped("shanxi-2023")
    record(archive, shanxi, [draft(shanxi, "mine/GM-1", "carry_national", "2023-09-04")], by="x", time=NOW)
    assert "shanxi-2023" in run(capsys, "overview", status=2)


def test_the_index_makes_a_page_of_every_register(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    """The list of records refers to it; the same day and roster give the same bytes; without a register no page."""
    shanxi = shipped("shanxi-2023")
    record(archive, shanxi, [draft(shanxi, "mine/GM-1", "carry_national", "2023-09-04")], by="x", time=NOW)
    words = ("index", "--roster", "名册.csv", *ON)
    found = json.loads(run(capsys, *words, "--json"))
    assert ([], str(archive.overview.resolve())) == (found["unreadable_registers"], found["overview"])
    page = archive.overview.read_bytes()
    assert b"2026-06-01" in page
    assert all(f'<h2 id="{one.id}">'.encode() in page for one in (NATIONAL, shanxi))
    assert 'href="overview.html"' in archive.portal.read_text("utf-8")
    assert "overview.html" in run(capsys, *words)
    assert page == archive.overview.read_bytes()
    empty = make_archive(archive.root.parent / "empty")
    assert json.loads(run(capsys, "index", "--archive", str(empty.root), "--json"))["overview"] is None
    assert "overview.html" not in empty.portal.read_text("utf-8")


def test_a_register_that_cannot_be_read_does_not_stop_the_index(
    archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reason is printed and on the page, and is the exit status; a roster that is wrong stops it at once."""
    journal = archive.root / "register" / "national-2024" / "events.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"GM-0001", b"GM-0009", 1))
    found = json.loads(run(capsys, "index", *ON, "--json", status=1))
    (one,) = found["unreadable_registers"]
    assert "national-2024" == one["programme"]
    assert "national-2024" in archive.overview.read_text("utf-8")
    assert "cannot be read" in run(capsys, "index", *ON, status=1)
    archive.portal.unlink()
    assert "missing.csv" in run(capsys, "index", "--roster", "missing.csv", status=2)
    assert not archive.portal.exists()
