"""`greenmine check`: what it prints, how it ends, and that it changes nothing."""

from __future__ import annotations

import datetime as dt
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mine_folders import make_mine, make_pdf, make_photo, put
from rich.cells import cell_len

from greenmine.assessment import load_assessment
from greenmine.cli.main import main
from greenmine.evidence.wording import SEVERITIES
from greenmine.files import canonical_json

PANEL = """\
schema: greenmine.panel/1
assessment: {id: %s, date: "%s", anchor_date: "2025-03-01", kind: self}
members:
  - {id: E1, name: 演示专家甲, role: chair}
  - {id: E2, name: 演示专家乙, role: expert}
"""


@pytest.fixture
def mine(workspace: Path) -> Path:
    """A mine in order, but for indicators without evidence."""
    mine = make_mine(workspace / "evidence")
    put(mine / "02 配套设施" / "说明.pdf", make_pdf("说明"))
    return mine


def assess(mine: Path, name: str, day: str, *evidence: str) -> None:
    """Record an assessment whose first expert cites evidence for indicator 2."""
    put(mine / "assessments" / name / "panel.yaml", PANEL % (name, day))
    nine = dt.datetime(2026, 6, 11, 9, tzinfo=dt.UTC)
    with load_assessment(mine, name).writer("E1", clock=lambda: nine) as journal:
        journal.append("E1", "indicator/2", {"facts": {"defects": []}, "evidence": list(evidence)})


def check(*arguments: object) -> int:
    return main(["check", *(str(one) for one in arguments), "--lang", "en"])


def report(capsysbinary: pytest.CaptureFixture[bytes], *arguments: object, status: int = 0) -> dict[str, Any]:
    """Run with `--json` and return the document, which must stand alone on standard output."""
    assert status == check(*arguments, "--json")
    said = capsysbinary.readouterr()
    assert b"" == said.err
    document: dict[str, Any] = json.loads(said.out)
    assert canonical_json(document) + b"\n" == said.out
    return document


def codes(document: dict[str, Any], severity: str = "problem") -> list[tuple[str, str]]:
    return [(one["code"], one["place"]) for one in document["warnings"] if one["severity"] == severity]


def test_notices_alone_leave_the_exit_status_at_0(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Indicators without evidence are told, by id and name, but are no problem of what is there."""
    assert 0 == check(mine.name)
    said = capsys.readouterr()
    assert "" == said.err
    assert said.out.startswith("GM-1 演示煤矿（演示）: 1 files, as of ")
    assert "Problems: 0, notices: 49." in said.out.splitlines()[0]
    assert "no evidence was handed in" in said.out


def test_a_problem_ends_in_exit_status_1(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table names the file, the indicator and what is the matter; nothing goes to standard error."""
    put(mine / "08 开采方式" / "空.jpg", b"")
    assert 1 == check(mine)
    said = capsys.readouterr()
    (row,) = [line for line in said.out.splitlines() if "空.jpg" in line]
    assert ["problem", "08", "开采方式/空.jpg", "8", "The", "file", "is", "empty"] == row.split()[:8]
    assert "" == said.err


def test_rows_of_chinese_text_stand_in_columns(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A Chinese character is two columns wide."""
    for name in ("a.jpg", "采场照片.jpg", "采场photo（一）.jpg"):
        put(mine / "08 开采方式" / name, b"")
    check(mine)
    rows = [line for line in capsys.readouterr().out.splitlines() if "The file is empty" in line]
    assert 3 == len(rows)
    assert 1 == len({cell_len(row.partition("The file")[0]) for row in rows})


def test_names_are_shown_as_they_are(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No markup, no emoji, no terminal codes; a name is text."""
    put(mine / "08 x" / "[red]a[/red] :smile:.jpg", b"")
    assert 1 == check(mine)
    out = capsys.readouterr().out
    assert "08 x/[red]a[/red] :smile:.jpg" in out
    assert "\x1b" not in out


def test_json_says_all_of_it(mine: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """The mine, the day, the digest of what was handed in, and each warning with code, grade, place and words."""
    put(mine / "08 开采方式" / "空.jpg", b"")
    found = report(capsysbinary, mine, "--on", "2026-06-30", status=1)
    assert ("greenmine.check/1", "2026-06-30") == (found["schema"], found["on"])
    assert {"id": "GM-1", "name": "演示煤矿（演示）"} == found["mine"]
    assert (2, 64) == (found["inventory"]["files"], len(found["inventory"]["sha256"]))
    assert (1, len(found["warnings"])) == (found["problems"], found["problems"] + found["notices"])
    expected = {
        "code": "empty_file",
        "severity": "problem",
        "place": "08 开采方式/空.jpg",
        "indicators": ["8"],
        "message": "The file is empty (0 bytes).",
    }
    assert expected == found["warnings"][0]
    assert {one["code"] for one in found["warnings"]} <= set(SEVERITIES)
    assert "assessment" not in found


def test_the_day_decides_about_validity(mine: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """On a later day a licence has expired."""
    assert [] == codes(report(capsysbinary, mine, "--on", "2027-01-01"))
    later = report(capsysbinary, mine, "--on", "2027-01-02", status=1)
    assert [("licence_expired", "mine.yaml, licences/#2")] == codes(later)


@pytest.mark.parametrize("day", ["2026-02-30", "20260630", "2026-W26-2", "tomorrow", ""])
def test_a_day_that_is_none_is_refused(mine: Path, day: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The message shows what came and what was expected."""
    assert 2 == check(mine, "--on", day)
    said = capsys.readouterr()
    assert ("", 1) == (said.out, len(said.err.splitlines()))
    assert f"--on “{day}”: expected a date such as 2026-06-30" in said.err


def test_the_latest_assessment_is_looked_at(mine: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """Its day is the day of validity, and what it cites must be there; another can be asked for."""
    assess(mine, "2025-self", "2025-06-30", "02 配套设施/说明.pdf#page=1")
    assess(mine, "2026-self", "2026-06-30", "02 配套设施/说明.pdf#page=2", "nowhere.pdf")
    latest = report(capsysbinary, mine, status=1)
    assert ("2026-self", "2026-06-30") == (latest["assessment"], latest["on"])
    assert [("cited_missing", "nowhere.pdf"), ("page_beyond_end", "02 配套设施/说明.pdf")] == codes(latest)
    earlier = report(capsysbinary, mine, "--assessment", "2025-self")
    assert ("2025-self", "2025-06-30", []) == (earlier["assessment"], earlier["on"], codes(earlier))


def test_an_assessment_that_is_not_there_is_refused(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message names it."""
    assert 2 == check(mine, "--assessment", "never")
    assert "never" in capsys.readouterr().err


def test_what_the_journals_bring_to_light_is_told(mine: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """A defect recorded twice is a notice of the indicator it is about."""
    defect = {"text": "标牌缺失", "where": "井口"}
    put(mine / "assessments" / "2026-self" / "panel.yaml", PANEL % ("2026-self", "2026-06-30"))
    with load_assessment(mine).writer("E1") as journal:
        journal.append("E1", "indicator/3", {"facts": {"defects": [defect, defect]}})
    found = [one for one in report(capsysbinary, mine)["warnings"] if one["code"] not in SEVERITIES]
    assert [("repeated_defects", "notice", ["3"])] == [
        (one["code"], one["severity"], one["indicators"]) for one in found
    ]


def test_other_mines_are_compared(mine: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """The same document and nearly the same photo in a mine beside it are problems, unless it is checked alone."""
    other = make_mine(mine.parent, "GM-2")
    put(mine / "02 配套设施" / "照片.jpg", make_photo(4))
    put(other / "a.pdf", make_pdf("说明"))
    put(other / "b.jpg", make_photo(4, quality=30))
    found = report(capsysbinary, mine, status=1)
    expected = [("same_file_elsewhere", "02 配套设施/说明.pdf"), ("similar_photo_elsewhere", "02 配套设施/照片.jpg")]
    assert expected == codes(found)
    assert "GM-2/a.pdf" in found["warnings"][0]["message"]
    assert [] == codes(report(capsysbinary, mine, "--alone"))


def test_what_is_wrong_with_another_mine_is_no_problem_of_this_one(
    mine: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """It could not be compared; folders that are no mines, and links, are passed over."""
    other = make_mine(mine.parent, "GM-2")
    (other / "x.pdf").symlink_to("/etc/passwd")
    (mine.parent / "GM-3").symlink_to(other)
    put(mine.parent / "notes" / "a.pdf", make_pdf("说明"))
    put(mine.parent / "README.md", "x")
    found = [one for one in report(capsysbinary, mine)["warnings"] if one["code"] == "mine_not_compared"]
    assert ["GM-2"] == [one["place"] for one in found]
    assert "GM-2/x.pdf" in found[0]["message"]


def test_a_folder_outside_the_workspace_can_be_checked(mine: Path, tmp_path: Path) -> None:
    """By its path, from inside too."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    mine.rename(elsewhere / mine.name)
    assert 0 == check(elsewhere / mine.name)
    os.chdir(elsewhere / mine.name)
    assert 0 == check(".")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("mine.yaml", b"name: [\n", "mine.yaml"),
        ("evidence.csv", "路径\n../x\n".encode("gb18030"), "evidence.csv, row 2, column path"),
        ("CON.txt", b"x", "CON.txt"),
    ],
)
def test_bad_input_is_one_message(
    mine: Path, name: str, content: bytes, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2, nothing on standard output, the file and the place named."""
    put(mine / name, content)
    assert 2 == check(mine)
    told = capsys.readouterr()
    assert ("", 1) == (told.out, len(told.err.splitlines()))
    assert said in told.err


def test_checking_writes_nothing(mine: Path, workspace: Path) -> None:
    """Neither files nor times change."""
    put(mine / "02 配套设施" / "照片.jpg", make_photo(4))

    def seen() -> list[tuple[str, int, int]]:
        return [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(workspace.rglob("*"))]

    before = seen()
    check(mine)
    assert before == seen()


def test_progress_is_shown_on_a_terminal_only(mine: Path) -> None:
    """A bar goes to standard error where that is a terminal, and standard output stays clean."""
    put(mine / "02 配套设施" / "big.bin", bytes(20_000_000))
    command = [sys.executable, "-m", "greenmine.cli", "check", str(mine), "--json"]
    primary, secondary = pty.openpty()
    try:
        shown = subprocess.run(command, stdout=subprocess.PIPE, stderr=secondary, check=False)
        os.set_blocking(primary, False)
        assert b"\x1b" in os.read(primary, 65_536)
    finally:
        os.close(primary)
        os.close(secondary)
    plain = subprocess.run(command, capture_output=True, check=False)
    assert (b"", shown.stdout) == (plain.stderr, plain.stdout)
    assert "greenmine.check/1" == json.loads(shown.stdout)["schema"]
