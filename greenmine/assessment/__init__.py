"""Assessment: what people recorded. Journals and a panel in, `findings.json` out.

Each person types into a journal of their own, line by line; folding all journals of an assessment gives its findings.

    >>> import datetime as dt, pathlib, tempfile
    >>> from greenmine.assessment import load_assessment
    >>> mine = pathlib.Path(tempfile.mkdtemp()) / "GM-0009"
    >>> folder = mine / "assessments" / "2026-self"
    >>> folder.mkdir(parents=True)
    >>> _ = (mine / "mine.yaml").write_text('''
    ... schema: greenmine.mine/1
    ... id: GM-0009
    ... name: 演示矿山
    ... industry: coal
    ... extraction: [underground]
    ... primary_extraction: underground
    ... ''', encoding="utf-8")
    >>> _ = (folder / "panel.yaml").write_text('''
    ... schema: greenmine.panel/1
    ... assessment: {id: 2026-self, date: "2026-06-30", anchor_date: "2026-03-01", kind: self}
    ... members:
    ...   - {id: E1, name: 演示专家甲, role: chair}
    ...   - {id: E2, name: 演示专家乙, role: expert}
    ... ''', encoding="utf-8")

    Two experts record facts, each in their own journal. What `append` returns is on disk.

    >>> nine = dt.datetime(2026, 6, 11, 9, tzinfo=dt.UTC)
    >>> with load_assessment(mine).writer("E1", clock=lambda: nine) as journal:
    ...     entry = journal.append("E1", "indicator/27", {"facts": {"met": True}, "evidence": ["用电量.pdf#page=2"]})
    >>> entry.seq, entry.time
    (1, '2026-06-11T09:00:00Z')
    >>> with load_assessment(mine).writer("E2", clock=lambda: nine) as journal:
    ...     entry = journal.append("E2", "indicator/27", {"facts": {"met": False}, "justification": "能耗未逐年降低"})

    The panel has not ruled, so both judgements stand.

    >>> found = load_assessment(mine).findings["indicators"]["27"]
    >>> [(each["by"], each["facts"]) for each in found["judgements"]]
    [('E1', {'met': True}), ('E2', {'met': False})]
    >>> found["resolution"], found["evidence"]
    ('mean', ['用电量.pdf#page=2'])

What is exported is loaded when it is first asked for: who only reads a findings file need not load the models.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from greenmine.assessment.assessment import Assessment, Notice, list_assessments, load_assessment
    from greenmine.assessment.findings import read_findings
    from greenmine.assessment.journal import Entry, read_journal
    from greenmine.assessment.panel import Member, Panel, read_panel
    from greenmine.assessment.writer import JournalWriter

__all__ = [
    "Assessment",
    "Entry",
    "JournalWriter",
    "Member",
    "Notice",
    "Panel",
    "list_assessments",
    "load_assessment",
    "read_findings",
    "read_journal",
    "read_panel",
]

_HOMES = {
    "Assessment": "assessment",
    "Entry": "journal",
    "JournalWriter": "writer",
    "Member": "panel",
    "Notice": "assessment",
    "Panel": "panel",
    "list_assessments": "assessment",
    "load_assessment": "assessment",
    "read_findings": "findings",
    "read_journal": "journal",
    "read_panel": "panel",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the exported names
    if name in _HOMES:
        return getattr(import_module(f"greenmine.assessment.{_HOMES[name]}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
