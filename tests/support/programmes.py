"""Programmes as shipped, and events of registers for tests and benchmarks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import cache
from typing import Any

from greenmine.assessment.values import BadValue
from greenmine.programme.events import VOID, Draft, Event
from greenmine.programme.programme import Programme, load_programme
from greenmine.programme.register import Fold
from greenmine.workspace import Workspace, shared_dir

BEGIN = dt.date(2024, 5, 6)
NAMES = ("national-2024", "shanxi-2023", "gansu", "ccacc-2024")


@cache
def shipped(name: str) -> Programme:
    return load_programme(name, Workspace(shared_dir()))


def day(text: str | dt.date) -> dt.date:
    return text if isinstance(text, dt.date) else dt.date.fromisoformat(text)


def draft(programme: Programme, subject: str, step: str, date: str | dt.date, **given: Any) -> Draft:
    """Return a step with everything that it needs, so that a test names only what matters."""
    needs = programme.steps[step].needs if step != VOID else ("reason",)
    on = day(date)
    removal = programme.removal
    usual: dict[str, Any] = {
        "document": "示例文号",
        "reason": "示例理由",
        "deadline": on + dt.timedelta(days=90),
        "trigger": next(iter(removal.triggers)) if removal else "",
    }
    asked = programme.application.materials if programme.application else {}
    usual_details = {
        "agency": "A1",
        "grade": "AAAA",
        "materials": {name: f"{one.name}.pdf" for name, one in asked.items()},
        "certificate": f"{subject} {on}",
    }
    fields = {key: usual[key] for key in needs if key in usual}
    details = {key: usual_details[key] for key in needs if key in usual_details} | given.pop("details", {})
    details |= {"grade_source": "示例分级线文件"} if "grade" in details else {}
    fields |= {key: day(value) if key == "deadline" and value else value for key, value in given.items()}
    return Draft(subject, step, on, "示例机关", details=details, **fields)


def entered(drafts: Iterable[Draft]) -> list[Event]:
    """Return drafts as the events they would be, without the digests that a journal gives them."""
    return [Event(number, "2024-01-01T00:00:00Z", "tester", *one) for number, one in enumerate(drafts, 1)]


def story(programme: Programme, subject: str, *steps: tuple[Any, ...]) -> list[Event]:
    """Return the events of one subject: (step, date) or (step, date, what else)."""
    return entered(draft(programme, subject, name, date, **(more[0] if more else {})) for name, date, *more in steps)


def walk(programme: Programme, choices: Iterable[tuple[int, int, int]]) -> list[Event]:
    """Return legal events that choices lead to: which subject, which of the steps open to it, how many days later.

    The step beyond the last takes the latest one back. A choice that the rules refuse leads to nothing.
    """
    fold = Fold(programme)
    found: list[Event] = []
    stacks: dict[str, list[tuple[dt.date, str]]] = {}
    for who, which, gap in choices:
        subject = ("mine/M0", "mine/M1", "mine/M2", "agency/A1")[who % 4]
        stack = stacks.setdefault(subject, [])
        state = fold.state(subject)
        last = stack[-1][0] if stack else BEGIN
        kind = subject.partition("/")[0]
        steps = [name for name, one in programme.steps.items() if one.subject == kind and state in one.from_states]
        name = ([*steps, VOID] if stack else steps or [VOID])[which % (len(steps) + 1 if stack else len(steps) or 1)]
        on = last if name == VOID else last + dt.timedelta(days=gap)
        event = entered([draft(programme, subject, name, on)])[0]._replace(seq=len(found) + 1)
        try:
            fold.take(event)
        except BadValue:
            continue
        found.append(event)
        if name == VOID:
            stack.pop()
        else:
            stack.append((on, name))
    return found
