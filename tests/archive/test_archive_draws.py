"""Draws for spot checks: which mines and inspectors, and that anybody comes to the same with stock tools."""

from __future__ import annotations

import hashlib
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenmine import i18n
from greenmine.archive.draws import FrameMine, draw_mines, draw_teams, mines_text, parse_mines
from greenmine.errors import UsageError

SCRIPT = """
LC_ALL=C; export LC_ALL
while IFS= read -r id; do
  printf '%s %s\\n' "$(printf '%s,%s' "$1" "$id" | sha256sum | cut -c-64)" "$id"
done | sort
"""


def frame(count: int, stratum: str = "provincial", first: int = 0) -> tuple[FrameMine, ...]:
    """Return a stratum of so many mines."""
    return tuple(FrameMine(f"GM-{number:04}", stratum, key=False) for number in range(first, first + count))


@pytest.mark.parametrize("seed", ["2026-07-01 0413192528 07", "掷骰 3 1 4 1 5 9", "a,b'c\"d"])
def test_the_order_is_that_of_sha256sum_and_sort(seed: str) -> None:
    """The tickets of 112 mines and their order are those that the stock tools give."""
    mines = frame(112)
    names = "".join(f"{one.mine}\n" for one in mines)
    done = subprocess.run(["sh", "-c", SCRIPT, "sh", seed], input=names, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        f"{one.ticket} {one.record}" for one in draw_mines(mines, {"provincial": 112}, seed)
    ]


def test_no_mine_is_favoured() -> None:
    """Over 10,000 draws of 12 out of 112, chi-square stays below the 99.9 % point of 111 degrees of freedom, 161."""
    mines, counts = frame(112), Counter[str]()
    for number in range(10_000):
        counts.update(one.record for one in draw_mines(mines, {"provincial": 12}, f"seed {number}"))
    expected = 10_000 * 12 / 112
    chi_square = sum((counts[one.mine] - expected) ** 2 / expected for one in mines)
    assert len(counts) == len(mines)
    # draws without replacement scatter less: the statistic is scaled by (N-1)/(N-n)
    assert chi_square * 111 / 100 < 161


def test_inspectors_are_drawn_without_favour_and_apart_from_the_mines() -> None:
    """Over 10,000 draws of 2 out of 12, chi-square stays below the 99.9 % point of 11 degrees of freedom, 31.3."""
    people = [f"I-{number:02}" for number in range(12)]
    counts = Counter(
        one.record for number in range(10_000) for one in draw_teams(["GM-0001"], people, set(), f"seed {number}", 2)
    )
    expected = 10_000 * 2 / 12
    chi_square = sum((counts[who] - expected) ** 2 / expected for who in people)
    assert chi_square * 11 / 10 < 31.3
    (one, _two) = draw_teams(["GM-0001"], people, set(), "s", 2)
    assert one.ticket == hashlib.sha256(f"s,inspector,GM-0001,{one.record}".encode()).hexdigest()


def test_each_stratum_gives_its_quota() -> None:
    """30/15/5 % of 10/20/40 mines: 3, 3 and 2 are drawn, each from its own stratum."""
    mines = (*frame(10, "large"), *frame(20, "medium", 10), *frame(40, "small", 30))
    drawn = draw_mines(mines, {"large": 3, "medium": 3, "small": 2}, "seed")
    assert {"large": 3, "medium": 3, "small": 2} == Counter(one.stratum for one in drawn)
    strata = {one.mine: one.stratum for one in mines}
    assert all(strata[one.record] == one.stratum for one in drawn)


def test_key_mines_are_not_drawn() -> None:
    """Key mines come on top of the quota: the drawn ones are all others, as many as the quota says."""
    mines = tuple(FrameMine(f"GM-{number:04}", "national", key=number < 5) for number in range(30))
    drawn = draw_mines(mines, {"national": 3}, "seed")
    assert 3 == len(drawn)
    assert not {one.record for one in drawn} & {one.mine for one in mines if one.key}


@given(st.integers(1, 60), st.data())
def test_who_is_left_out_changes_nothing_else(count: int, data: st.DataObject) -> None:
    """Replacing a drawn mine brings in the next ticket, and all others stay."""
    mines = frame(count + 1)
    size = data.draw(st.integers(1, count))
    before = draw_mines(mines, {"provincial": size}, "seed")
    out = data.draw(st.sampled_from(before)).record
    after = draw_mines(mines, {"provincial": size}, "seed", {out})
    following = draw_mines(mines, {"provincial": size + 1}, "seed")
    assert [one for one in following if one.record != out] == list(after)


def test_conflicts_are_excluded_before_the_draw() -> None:
    """Who may not be sent to a mine is drawn for others and not for it; too few are an error that names the mine."""
    i18n.use("en")
    people = ["I-1", "I-2", "I-3"]
    teams = draw_teams(["GM-0001", "GM-0002"], people, {("GM-0001", "I-2")}, "seed", 2)
    assert {"I-1", "I-3"} == {one.record for one in teams if one.stratum == "GM-0001"}
    assert 2 == sum(one.stratum == "GM-0002" for one in teams)
    with pytest.raises(UsageError, match="For GM-0001 only 1"):
        draw_teams(["GM-0001"], people, {("GM-0001", "I-2"), ("GM-0001", "I-1")}, "seed", 2)


def test_the_list_of_mines_is_read_back(tmp_path: Path) -> None:
    """Lines in another order or of another form are refused."""
    mines = (*frame(3), FrameMine("GM-0009", "national", key=True))
    data = mines_text(mines)
    (tmp_path / "mines.txt").write_bytes(data)
    assert sorted(mines, key=lambda one: one.mine) == list(parse_mines(data))
    for wrong in (data.replace(b"key", b"KEY"), b"".join(reversed(data.splitlines(keepends=True))), data[:-3]):
        with pytest.raises(ValueError, match=r".*"):
            parse_mines(wrong)
