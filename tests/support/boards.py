"""A register and a roster for overviews: hostile names, an overdue order, a removal, people that no page may name."""

from __future__ import annotations

import datetime as dt

from programmes import draft, shipped

from greenmine.archive.layout import Archive
from greenmine.programme.recording import record

NATIONAL = shipped("national-2024")
NOW = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
HOSTILE = '<script>alert(1)</script>"&\u202e{{ 7*7 }}'
PERSON = "ZHANG-SAN"
ROSTER = """\
id,name,city,mineral,size,producing
GM-0000,a,<b>市,煤,large,是
GM-0002,c,<b>市,煤,large,是
GM-0003,d,e,铁,medium,否
"""


def fill(archive: Archive) -> None:
    """Enter the steps."""
    steps = [
        draft(NATIONAL, "mine/GM-0000", "carry_provincial", "2026-01-05"),
        draft(NATIONAL, "mine/GM-0001", "carry_national", "2026-01-05", details={"name": HOSTILE}, document=HOSTILE),
        draft(NATIONAL, "mine/GM-0003", "carry_national", "2026-01-05"),
        draft(NATIONAL, "mine/GM-0000", "drawn", "2026-03-02", document=HOSTILE),
        draft(NATIONAL, "mine/GM-0000", "rectify", "2026-03-20", deadline="2026-05-06", reason=f"{PERSON} 举报"),
        draft(NATIONAL, "mine/GM-0003", "remove", "2026-04-01", trigger="1", document=HOSTILE),
        draft(NATIONAL, f"assessor/{PERSON}", "exclude_assessor", "2024-05-06"),
    ]
    record(archive, NATIONAL, steps, by=PERSON, time=NOW)
