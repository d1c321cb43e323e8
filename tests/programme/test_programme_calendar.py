"""When a period ends, worked out by hand."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenmine.errors import UsageError
from greenmine.programme.calendar import day_at, end_of, is_working_day, months_after, today, working_days_after
from greenmine.programme.parts import Length


def on(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(("hour", "day"), [("15:59", "2026-11-21"), ("16:00", "2026-11-22")])
def test_the_day_begins_at_midnight_in_beijing(hour: str, day: str) -> None:
    """16:00 UTC is 00:00 in China, whose offices keep the registers."""
    assert on(day) == day_at(dt.datetime.fromisoformat(f"2026-11-21T{hour}:00+00:00"))


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "UTC", "Pacific/Pago_Pago"])
def test_today_is_china_s_day_wherever_the_machine_is(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first and the last of these zones never have the same day."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        before, told, after = day_at(dt.datetime.now(dt.UTC)), today(), day_at(dt.datetime.now(dt.UTC))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert before <= told <= after


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2024-09-27", True),  # Friday
        ("2024-09-28", False),  # Saturday
        ("2024-09-29", True),  # Sunday, worked for the holiday of October
        ("2024-10-01", False),
        ("2024-10-07", False),
        ("2024-10-08", True),
        ("2024-10-12", True),  # Saturday, likewise
    ],
)
def test_holidays_and_days_worked_in_their_place_are_known(day: str, works: bool) -> None:  # noqa: FBT001
    """国务院办公厅's notice for 2024: holidays from 1 to 7 October, work on 29 September and 12 October."""
    assert works == is_working_day(on(day))


def test_twenty_working_days_over_the_october_holiday() -> None:
    """From Friday 2024-09-20: 23–27 Sept are 1–5, 29–30 are 6–7, 8–12 Oct are 8–12, 14–18 are 13–17, the 23rd is 20."""
    assert on("2024-10-23") == working_days_after(on("2024-09-20"), 20)


def test_days_of_a_pause_are_not_counted() -> None:
    """Stopped from 2024-09-26 to 2024-10-10: the 26th counts (4th), the 11th of October is the 5th."""
    pause = (on("2024-09-26"), on("2024-10-10"))
    assert on("2024-10-11") == working_days_after(on("2024-09-20"), 5, [pause])


def test_a_year_without_a_notice_is_named_and_not_guessed() -> None:
    """No year is taken to have weekends only."""
    with pytest.raises(UsageError, match="2099"):
        working_days_after(on("2098-12-31"), 20)


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        ("2024-05-27", {"years": 3}, "2027-05-27"),
        ("2024-02-29", {"years": 1}, "2025-02-28"),
        ("2024-08-31", {"months": 6}, "2025-02-28"),
        ("2024-12-15", {"months": 1}, "2025-01-15"),
        ("2024-12-31", {"days": 1}, "2025-01-01"),
        ("2024-09-20", {"working_days": 5}, "2024-09-27"),
    ],
)
def test_a_period_ends_on_the_day_of_the_same_number(start: str, length: dict[str, int], end: str) -> None:
    """Or on the last of the month; the day that it begins on is not counted."""
    assert on(end) == end_of(on(start), Length.model_validate(length))


@given(st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1)), st.integers(1, 60), st.integers(1, 60))
def test_longer_periods_end_later(start: dt.date, months: int, more: int) -> None:
    """Months never run backwards, and never leave the month that is meant."""
    end = months_after(start, months)
    assert start < end < months_after(start, months + more)
    assert (start.year * 12 + start.month + months) == end.year * 12 + end.month
