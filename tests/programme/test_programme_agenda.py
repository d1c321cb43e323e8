"""Deadlines as an iCalendar file."""

from __future__ import annotations

import datetime as dt

import icalendar
from programmes import shipped

from greenmine.programme.agenda import agenda
from greenmine.programme.clocks import DRAW, Deadline
from greenmine.programme.quota import Yearly

CCACC = shipped("ccacc-2024")
ON = dt.date(2026, 11, 21)
BEGIN = dt.date(2024, 5, 27)


def entries(*deadlines: Deadline) -> list[icalendar.Component]:
    return icalendar.Calendar.from_ical(agenda([(CCACC, one) for one in deadlines], ON)).walk("VEVENT")


def test_an_entry_takes_the_whole_last_day_and_says_why() -> None:
    """六4: the validity's last day, with the clause and the certificate it rests on."""
    found = entries(Deadline("mine/GM-0001", "validity", BEGIN, dt.date(2027, 5, 27), rests_on="C-1"))[0]
    assert (dt.date(2027, 5, 27), dt.date(2027, 5, 28)) == (found.decoded("dtstart"), found.decoded("dtend"))
    assert "GM-0001" in str(found["summary"])
    assert "六4" in str(found["description"])
    assert "C-1" in str(found["description"])


def test_an_entry_keeps_its_identity_when_its_day_changes() -> None:
    """A calendar that reads the file again moves the entry instead of adding one; others have other identities."""
    days = [dt.date(2027, 5, 27), dt.date(2027, 6, 1)]
    first, moved = (entries(Deadline("mine/A", "validity", BEGIN, day))[0]["uid"] for day in days)
    assert first == moved
    assert first != entries(Deadline("mine/B", "validity", BEGIN, days[0]))[0]["uid"]


def test_what_has_no_day_is_left_out() -> None:
    """A clock that stands still is not in the calendar."""
    assert [] == entries(Deadline("mine/A", "processing", BEGIN, None, stopped=True))


def test_text_from_outside_cannot_add_lines() -> None:
    """Line ends and commas of a document's number stay inside the entry's text."""
    hostile = "x\r\nEND:VEVENT\r\nBEGIN:VALARM,;\u202e"
    found = entries(Deadline("mine/A", "validity", BEGIN, dt.date(2027, 5, 27), rests_on=hostile))
    assert 1 == len(found)
    assert [] == found[0].walk("VALARM")
    assert "⟨U+202E⟩" in str(found[0]["description"])


def test_the_share_of_the_year_is_an_entry_for_each_list() -> None:
    """八（十六）: 31 December, with the numbers and the clause; drawing one more moves no entry and adds none."""
    national = shipped("national-2024")
    last = dt.date(2026, 12, 31)
    made = [
        agenda(
            [
                (national, Deadline(f"list/{name}", DRAW, dt.date(2026, 1, 1), last, draw=share(name, drawn)))
                for name in ("national", "provincial")
            ],
            ON,
        )
        for drawn in (0, 1)
    ]
    first, later = ([*icalendar.Calendar.from_ical(one).walk("VEVENT")] for one in made)
    assert 2 == len({one["uid"] for one in first})
    assert [one["uid"] for one in first] == [one["uid"] for one in later]
    assert [last, last] == [one.decoded("dtstart") for one in first]
    assert "八（十六）" in str(first[0]["description"])
    assert str(first[0]["summary"]) != str(later[0]["summary"])


def share(name: str, drawn: int) -> Yearly:
    """Return what is to be drawn of a list of 21."""
    return Yearly(name, 2026, 21, 3, drawn, None)
