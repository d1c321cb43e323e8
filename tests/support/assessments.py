"""Assessments for tests: a fictional mine with a panel, a clock that ticks, entries and journals."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from greenmine.assessment.journal import Entry, format_time
from greenmine.assessment.panel import Panel
from greenmine.assessment.writer import JournalWriter

MINE, ASSESSMENT = "GM-0009", "2026-selection"
START = dt.datetime(2026, 6, 11, 9, tzinfo=dt.UTC)

PROFILE = """\
schema: greenmine.mine/1
id: {id}
name: 演示矿山
industry: coal
extraction: [underground]
primary_extraction: underground
demonstration: true
"""

PANEL = """\
schema: greenmine.panel/1
assessment: {{id: {id}, date: "{date}", anchor_date: "2026-03-01", kind: third_party}}
members:
  - id: E1
    name: 演示专家甲
    organisation: 演示评估中心
    title: 高级工程师
    title_level: senior
    specialty: [采矿]
    role: chair
    conflicts: []
  - {{id: E2, name: 演示专家乙, role: expert}}
  - {{id: E3, name: 演示专家丙, role: expert}}
  - {{id: E4, name: 演示记录人, role: scribe}}
"""


def ticking(start: dt.datetime = START, seconds: int = 60) -> Callable[[], dt.datetime]:
    """Return a clock that shows `start` first and moves on with each look at it."""
    looks = itertools.count()
    return lambda: start + dt.timedelta(seconds=seconds * next(looks))


def make_mine(root: Path, mine: str = MINE) -> Path:
    """Make the folder of a fictional mine with a profile and return it."""
    folder = root / mine
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text(PROFILE.format(id=mine), encoding="utf-8")
    return folder


def make_assessment(mine: Path, assessment: str = ASSESSMENT, date: str = "2026-06-30") -> Path:
    """Make the folder of an assessment with a panel and return it."""
    folder = mine / "assessments" / assessment
    folder.mkdir(parents=True)
    (folder / "panel.yaml").write_text(PANEL.format(id=assessment, date=date), encoding="utf-8")
    return folder


def journal_of(folder: Path, person: str = "E1") -> Path:
    """Return the path of a person's journal in an assessment's folder."""
    return folder / "journal" / f"{person}.jsonl"


def write(folder: Path, person: str, lines: Iterable[Sequence[Any]], start: dt.datetime = START) -> Path:
    """Append lines, each the arguments of `append`, to a person's journal and return its path."""
    path = journal_of(folder, person)
    with JournalWriter(path, folder.parents[1].name, folder.name, person, ticking(start)) as journal:
        for line in lines:
            journal.append(*line)
    return path


def panel(*people: str) -> Panel:
    """Return a panel of the given members, E1 to E4 where none are given."""
    return Panel.model_validate(
        {
            "schema": "greenmine.panel/1",
            "assessment": {"id": ASSESSMENT, "date": "2026-06-30", "anchor_date": "2026-03-01", "kind": "third_party"},
            "members": [
                {"id": one, "name": f"演示{one}", "role": "expert"} for one in people or ("E1", "E2", "E3", "E4")
            ],
        }
    )


class Talk:
    """Entries as if typed one after the other, a minute apart; each `say` adds one."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def say(
        self,
        author: str,
        card: str,
        fields: Mapping[str, Any] | None = None,
        clear: Sequence[str] = (),
        typed_by: str | None = None,
    ) -> Talk:
        number = len(self.entries)
        by = typed_by or (author if author != "panel" else "E4")
        self.entries.append(
            Entry(
                seq=sum(entry.typed_by == by for entry in self.entries) + 1,
                time=format_time(START + dt.timedelta(minutes=number)),
                author=author,
                typed_by=by,
                card=card,
                set=dict(fields or {}),
                clear=tuple(clear),
                digest=hashlib.sha256(str(number).encode()).hexdigest(),
            )
        )
        return self
