"""The events of a register: what was done about whom, when, by which office, on which document.

`register/<programme>/events.jsonl` in the archive's folder holds them, one line of canonical JSON (RFC 8785) each,
bound to the line before it by its SHA-256 (`prev`); the first is bound to the programme. The date of an event is when
its step was taken; its time is when it was entered. A step entered by mistake is taken back by an event that names it
(`void`), the latest of its mine first; both lines stay.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

SCHEMA: Final = "greenmine.register.event/1"

VOID: Final = "void"
"""The step of an event that takes another one back."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a register's journal. Nothing in it may be changed.

    Attributes:
        seq: its number, from 1.
        time: when it was entered, UTC.
        by: who entered it.
        subject: whom it is about: `mine/GM-0001`, `agency/<id>` or `assessor/<id>`.
        step: the id of the step, or `void`.
        date: when it was taken.
        office: who took it, in words: the office or person in the role of the step's actor.
        document: the paper it rests on: title or number; may be empty.
        deadline: until when something has to be done, where the step sets it.
        reason: why; may be empty.
        trigger: the id of the ground of removal; may be empty.
        details: what else belongs to it: the agency, grade, certificate, materials, findings …
        digest: SHA-256 of the line; empty for an event that is not written yet.
    """

    seq: int
    time: str
    by: str
    subject: str
    step: str
    date: dt.date
    office: str
    document: str = ""
    deadline: dt.date | None = None
    reason: str = ""
    trigger: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""
