"""docs/sources.md: every clause of the sources is in the table, and what it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from greenmine.programme.parts import Sourced
from greenmine.programme.programme import Programme, list_programmes
from greenmine.workspace import Workspace, shared_dir

PROGRAMMES = {one.id: one for one in list_programmes(Workspace(shared_dir()))}
NUMBERS = "[一二三四五六七八九十]+"


def table(page: str, programme: Programme) -> dict[str, str]:
    """Return the rows of a programme's section: clause → the rest."""
    section = next(part for part in page.split("\n## ") if f"`parameters/programmes/{programme.id}.yaml`。" in part)
    rows = re.findall(r"^\| ([^|]+?) \| (.+) \|$", section, re.MULTILINE)
    return {clause: rest for clause, rest in rows if clause != "条"}


def clauses(value: object) -> set[str]:
    """Return all clauses that a programme cites, without the numbers of lists below them."""
    found: set[str] = set()
    if isinstance(value, BaseModel):
        if isinstance(value, Sourced):
            found |= set(value.clause.split("、"))
        for name in type(value).model_fields:
            found |= clauses(getattr(value, name))
    elif isinstance(value, dict):
        found |= set().union(*map(clauses, value.values()))
    elif isinstance(value, tuple):
        found |= set().union(*map(clauses, value))
    return {re.sub("[0-9]+$|末段$", "", one) for one in found} - {""}


def numbered(text: str) -> list[str]:
    """Return the clauses that a source has: 一（一） where a chapter has sections, else the chapter's number."""
    found: list[str] = []
    chapter = ""
    for line in text.splitlines():
        if hit := re.match(rf"(?:#+ )?({NUMBERS})、", line.strip()):
            chapter = hit[1]
            found.append(chapter)
        elif hit := re.match(rf"(?:#+ )?（({NUMBERS})）", line.strip()):
            found.append(f"{chapter}（{hit[1]}）")
    return [one for one in found if "（" in one or not any(other.startswith(f"{one}（") for other in found)]


@pytest.mark.parametrize("name", PROGRAMMES)
def test_every_clause_of_a_source_has_its_row(name: str, repository: Path) -> None:
    """No clause of the text is passed over, and none is made up; what a programme cites is there too."""
    programme = PROGRAMMES[name]
    page = (repository / "docs" / "sources.md").read_text("utf-8")
    rows = table(page, programme)
    text = (repository / "docs" / "sources" / programme.document.file).read_text("utf-8")
    assert set(numbered(text)) == {clause for clause in rows if not clause.startswith(("附件", "文末"))}
    assert set() == clauses(programme) - rows.keys()


@pytest.mark.parametrize("name", PROGRAMMES)
def test_every_step_and_clock_is_named_in_the_table(name: str, repository: Path) -> None:
    """Each step and clock of a programme stands in the row of a clause, and each name in backquotes is there."""
    programme = PROGRAMMES[name]
    rows = table((repository / "docs" / "sources.md").read_text("utf-8"), programme)
    named = {word for rest in rows.values() for word in re.findall("`([^`]+)`", rest)}
    own = {*programme.steps, *programme.clocks}
    assert set() == {*programme.steps} - named
    assert set() == {*programme.clocks} - named
    paths = {word for word in named if "/" in word and "编号" not in word}
    assert [] == [path for path in paths if not (repository / path).exists()]
    assert set() == {word for word in named if re.fullmatch("[a-z]+_[a-z_]+", word)} - own
