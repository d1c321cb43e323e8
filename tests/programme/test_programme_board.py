"""The board: pieces that a report may show, hostile names as text, no person's name, the day and digests told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from archives import make_archive
from boards import NATIONAL, NOW, PERSON, ROSTER, fill
from programmes import draft, shipped

from greenmine.errors import InputError, UsageError
from greenmine.programme.board import MOST, Board
from greenmine.programme.recording import record
from greenmine.report.fragment import read_fragment


@pytest.fixture
def roster(workspace: Path) -> str:
    """A workspace with a register; the path of a roster."""
    fill(make_archive(workspace / "reports"))
    (workspace / "名册.csv").write_text(ROSTER, "utf-8")
    return "名册.csv"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_piece_is_one_that_a_report_may_show(roster: str, lang: str) -> None:
    """Boxes and text, nothing that loads or runs; hostile names are text; nobody's name is there."""
    board = Board.open("national-2024", roster=roster, on="2027-05-10", lang=lang)
    pieces = board.pieces()
    assert 6 == len(pieces)
    for one in pieces:
        assert read_fragment(one.markup) is not None, one.name
        assert PERSON not in one.markup
        assert not re.search("<script|\u202e|<b>", one.markup)
    assert "&lt;script&gt;" in pieces[1].markup
    assert 'class="mark" style="width:90.0%"' in pieces[1].markup


def test_the_pieces_tell_the_day_and_what_they_rest_on(roster: str) -> None:
    """Day, events of the register, digests of rules and roster; the same again, from another folder too."""
    board = Board.open("national-2024", roster=roster, on="2026-06-01")
    assert board.overview is not None
    assert board.overview.roster is not None
    told = board.pieces()[-1].markup
    for text in ("2026-06-01", board.overview.register.head[1], board.overview.roster.sha256, "名册.csv"):
        assert text in told
    other = Path("elsewhere")
    other.mkdir()
    (other / "名册.csv").write_text(ROSTER, "utf-8")
    again = Board.open("national-2024", roster=str(other / "名册.csv"), on="2026-06-01")
    assert [one.markup for one in board.pieces()] == [one.markup for one in again.pieces()]


def test_without_a_day_it_is_today_and_said(roster: str) -> None:
    """The day is on the first piece and on the last."""
    board = Board.open("national-2024", roster=roster)
    assert board.overview is not None
    assert all(str(board.overview.on) in one.markup for one in (board.pieces()[0], board.pieces()[-1]))


@pytest.mark.usefixtures("workspace")
def test_without_a_programme_or_register_there_is_one_sentence() -> None:
    """No tables, no other pieces; an empty register is said to be empty."""
    board = Board.open()
    (only,) = board.pieces()
    assert "<table" not in only.markup
    assert read_fragment(only.markup) is not None
    assert (None, None) == (board.targets(), board.provenance())
    first = Board.open("national-2024", on="2026-06-01").pieces()[0]
    assert "<table" not in first.markup


def test_without_a_roster_no_share_is_shown(roster: str) -> None:
    """A sentence instead."""
    piece = Board.open("national-2024", on="2026-06-01", lang="en").targets()
    assert piece is not None
    assert "No roster" in piece.markup
    assert "<table" not in piece.markup
    assert roster not in piece.markup


def test_a_source_without_targets_is_named(workspace: Path) -> None:
    """The Shanxi notice sets none."""
    shanxi = shipped("shanxi-2023")
    steps = [draft(shanxi, "mine/GM-0001", "carry_national", "2023-09-04")]
    record(make_archive(workspace / "reports"), shanxi, steps, by="x", time=NOW)
    piece = Board.open("shanxi-2023", on="2023-10-08").targets()
    assert piece is not None
    assert "晋自然资函〔2023〕738号" in piece.markup


def test_long_tables_are_cut_and_say_so(workspace: Path) -> None:
    """Many cities: the ones that miss most, and how many there are."""
    steps = [draft(NATIONAL, "mine/GM-0", "carry_national", "2026-01-05")]
    record(make_archive(workspace / "reports"), NATIONAL, steps, by="x", time=NOW)
    rows = "".join(f"GM-{number},a,市{number},煤,large,1\n" for number in range(MOST + 5))
    (workspace / "r.csv").write_text(ROSTER.partition("\n")[0] + "\n" + rows, "utf-8")
    piece = Board.open("national-2024", roster="r.csv", on="2026-06-01", lang="en").targets()
    assert piece is not None
    assert f"{MOST} of {MOST + 5}" in piece.markup
    assert "市0<" not in piece.markup


@pytest.mark.parametrize("wrong", [{"programme": "none"}, {"on": "2026-13-01"}, {"lang": "fr"}])
def test_parameters_of_another_form_are_errors(roster: str, wrong: dict[str, str]) -> None:
    """An unknown programme, no date, an unknown language, no roster."""
    given = {"programme": "national-2024", "roster": roster, **wrong}
    with pytest.raises(UsageError):
        Board.open(**given)  # type: ignore[arg-type] # texts by name
    with pytest.raises(InputError, match="missing"):
        Board.open("national-2024", roster="missing.csv")
