"""`greenmine new` as a user runs it: step by step, by options, on a real terminal, and with answers that cannot be."""

from __future__ import annotations

import os
import pty
import select
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from greenmine import i18n
from greenmine.assessment import load_assessment
from greenmine.catalog import load_catalog
from greenmine.cli.main import command_line, main
from greenmine.evidence import read_profile, take_inventory
from greenmine.scoring import Scorer
from greenmine.workspace import Workspace

MINE = "GM-0101"
OPTIONS = ["--name", "演示矿", "--industry", "coal", "--extraction", "underground", "--yes"]


@pytest.fixture(autouse=True)
def room(workspace: Path) -> Path:
    (workspace / "parameters").mkdir(exist_ok=True)
    (workspace / "evidence").mkdir(exist_ok=True)
    i18n.use("en")
    return workspace


def run(*answers: str, mine: str = MINE, more: tuple[str, ...] = ()) -> Result:
    return CliRunner().invoke(command_line("en"), ["new", mine, *more], input="".join(f"{one}\n" for one in answers))


def left(room: Path) -> list[str]:
    """Everything below evidence/, hidden things included."""
    return sorted(path.relative_to(room / "evidence").as_posix() for path in (room / "evidence").rglob("*"))


ANSWERS = (
    "演示煤业一号矿井",
    "coal",
    "2",
    *("演示专家甲", "E1", "chair", "演示评估中心", "正高级工程师", "1", "采矿、地质", ""),
    *("演示专家乙", "", "1", "", "", "4", "", "曾任顾问"),
    "",
    *("third_party", "2026-06-30", "2026-03-01", "2026-panel"),
)


def test_a_folder_is_made_step_by_step_and_can_be_assessed_at_once(room: Path) -> None:
    """Profile, numbered folders of what applies, panel: all of it can be read and scored."""
    done = run(*ANSWERS)
    assert 0 == done.exit_code, done.output
    folder = room / "evidence" / MINE
    profile = read_profile(folder)
    assert ("演示煤业一号矿井", "coal", ("underground",)) == (profile.name, profile.industry, profile.extraction)
    assessment = load_assessment(folder, "2026-panel", take_inventory(folder))
    first, second = assessment.panel.members
    assert ("chair", ("采矿", "地质"), "senior") == (first.role, first.specialty, first.title_level)
    assert ("E2", "expert", None, ("曾任顾问",)) == (second.id, second.role, second.title_level, second.conflicts)
    assert ("third_party", "2026-03-01") == (assessment.panel.assessment.kind, assessment.panel.assessment.anchor_date)
    catalog = load_catalog("national@2024", Workspace(room)).document
    assert "incomplete" == Scorer(catalog).score(assessment.findings)["verdict"]
    names = {path.name.split()[0] for path in folder.iterdir() if path.is_dir()}
    assert {"P1", "P5", "01", "12", "49"} <= names
    assert not names & {"21", "22"}
    assert all(text in done.output for text in (f"greenmine lab {MINE}", "曾任顾问", "numbered folders"))


def test_an_answer_that_cannot_be_is_asked_for_again(room: Path) -> None:
    """Each message says what was expected; the good answers after it count."""
    done = run(
        *("", "演示矿", "gold mine", "99", "3", "lava", "1,2", "7", "2"),
        *("甲", "panel", "E1", "judge", "chair", "", "", "", "", ""),
        *("乙", "e1", "E2", "chair", "expert", "", "", "", "", "", ""),
        *("selection", "2026-13-01", "2026-06-30", "2026-07-01", "2026-03-01", "../x", "a b", "ok"),
    )
    assert 0 == done.exit_code, done.output
    profile = read_profile(room / "evidence" / MINE)
    assert ("gold", ("open_pit", "underground"), "underground") == (
        profile.industry,
        profile.extraction,
        profile.primary_extraction,
    )
    assert 12 <= done.output.count("Not so:")
    panel = load_assessment(room / "evidence" / MINE, "ok").panel
    assert [("E1", "chair"), ("E2", "expert")] == [(one.id, one.role) for one in panel.members]


@pytest.mark.parametrize("answered", range(0, len(ANSWERS), 3))
def test_whoever_stops_half_way_leaves_nothing_behind(room: Path, answered: int) -> None:
    """The end of input, like Ctrl+C, ends it; there is no half a folder."""
    assert 0 != run(*ANSWERS[:answered]).exit_code
    assert [] == left(room)


def test_options_answer_without_a_question(room: Path) -> None:
    """With --yes nothing is asked; without members the mine is there and no assessment yet."""
    assert 0 == main(["new", MINE, *OPTIONS])
    assert read_profile(room / "evidence" / MINE).primary_extraction == "underground"
    assert [] == list((room / "evidence" / MINE / "assessments").iterdir())


def test_a_mine_that_is_there_gets_a_further_assessment(room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its profile and its other assessments stay as they are."""
    assert 0 == main(["new", MINE, *OPTIONS, "--member", "E1=甲", "--date", "2026-06-30"])
    before = {name: (room / "evidence" / name).read_bytes() for name in left(room) if name.endswith(".yaml")}
    more = ["--yes", "--kind", "spot_check", "--date", "2026-09-30", "--member", "E1=乙:chair:采矿,地质"]
    assert 0 == main(["new", MINE, *more])
    panel = load_assessment(room / "evidence" / MINE).panel
    assert ("2026-spot-check", ("采矿", "地质")) == (panel.id, panel.members[0].specialty)
    assert before == {name: (room / "evidence" / name).read_bytes() for name in before}
    capsys.readouterr()
    assert 2 == main(["new", MINE, *more])
    assert "2026-spot-check" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([".hidden", *OPTIONS], ".hidden"),
        (["a/b", *OPTIONS], "a/b"),
        ([MINE, "--yes", "--name", "矿"], "--industry"),
        ([MINE, *OPTIONS[:2], *OPTIONS[4:], "--industry", "coal", "--name", " "], "--name"),
        ([MINE, *OPTIONS, "--name", "矿\u202e"], "202e"),
        ([MINE, *OPTIONS, "--member", "E1"], "“E1”"),
        ([MINE, *OPTIONS, "--member", "E1=甲:boss"], "boss"),
        ([MINE, *OPTIONS, "--member", "panel=甲"], "members"),
        ([MINE, *OPTIONS, "--member", "E1=甲", "--member", "e1=乙"], "members"),
        ([MINE, *OPTIONS, "--member", "E1=甲:chair", "--member", "E2=乙:chair"], "members/1/role"),
        ([MINE, *OPTIONS, "--member", "E1=甲", "--date", "30.6.2026"], "--date"),
        ([MINE, *OPTIONS, "--member", "E1=甲", "--date", "2026-01-01", "--anchor-date", "2026-01-02"], "2026-01-01"),
        ([MINE, *OPTIONS, "--member", "E1=甲", "--assessment", ".."], "--assessment"),
        ([MINE, *OPTIONS, "--primary", "open_pit"], "--primary"),
    ],
)
def test_options_that_cannot_be_are_refused_in_one_line(
    room: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is written then."""
    assert 2 == main(["new", *words])
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err
    assert [] == left(room)


def test_a_folder_that_cannot_be_written_is_told(
    room: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk ends in one message, and nothing of the mine is left."""

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("greenmine.assessment.start.write_atomic", full)
    assert 2 == main(["--lang", "en", "new", MINE, *OPTIONS])
    assert "No space left on device" in capsys.readouterr().err
    assert [] == left(room)


def test_it_speaks_on_a_real_terminal(room: Path) -> None:
    """Chinese questions, Chinese answers, and the folder at the end."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update({"GREENMINE_LANG": "zh", "GREENMINE_WORKSPACE": str(room), "PYTHONIOENCODING": "utf-8"})
        os.execv(sys.executable, [sys.executable, "-m", "greenmine.cli", "new", MINE])  # noqa: S606 - the child of a fork
    said = b""
    for answer in ("演示矿", "7", "2", ""):
        asked = b""
        while not asked.endswith("：".encode()):
            ready, _writable, _broken = select.select([terminal], [], [], 120)
            assert ready, (said + asked).decode("utf-8", "replace")
            asked += os.read(terminal, 4096)
        said += asked
        os.write(terminal, f"{answer}\n".encode())
    try:
        while part := os.read(terminal, 4096):
            said += part
    except OSError:  # the terminal is gone with its program
        pass
    assert 0 == os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode("utf-8", "replace")
    assert "演示矿" == read_profile(room / "evidence" / MINE).name
