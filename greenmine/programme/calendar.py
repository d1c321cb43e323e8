"""The calendar: when a period ends.

The day on which something happens is not counted; a period of years or months ends on the day of the same number, or on
the last of the month where there is none. Working days are those of the State Council's yearly notices, as the package
chinese_calendar has them. For a year whose notice it does not hold nothing is guessed. Today is the day in China,
wherever the machine is: registers are kept by offices there, and draws are dated by it.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable
from functools import cache
from typing import Final

from greenmine.errors import UsageError
from greenmine.i18n import gettext as _
from greenmine.programme.parts import Length

CHINA: Final = dt.timezone(dt.timedelta(hours=8))
"""The zone of points in time that name none, and of days."""

Pause = tuple[dt.date, dt.date]
"""A time that does not count: the days after the first up to and including the second."""


def day_at(time: dt.datetime) -> dt.date:
    """Return the day in China at a point in time, which names its zone."""
    return time.astimezone(CHINA).date()


def today() -> dt.date:
    """Return the day that it is in China."""
    return day_at(dt.datetime.now(dt.UTC))


@cache
def is_working_day(day: dt.date) -> bool:
    """Tell whether a day is a working day in China.

    Raises:
        UsageError: the holidays of that year are not known.
    """
    import chinese_calendar  # noqa: PLC0415 - late: most deadlines are counted in years

    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        text = _(
            "The public holidays of {year} are not known: they stand in the State Council's yearly notice. Update the "
            "package chinese_calendar once it holds that year."
        )
        raise UsageError(text.format(year=day.year)) from None


def working_days_after(start: dt.date, count: int, pauses: Iterable[Pause] = ()) -> dt.date:
    """Return the last of so many working days after a day.

    Args:
        start: the day that it begins on; it is not counted.
        count: how many, at least 1.
        pauses: times in which days do not count.

    Raises:
        UsageError: the holidays of a year that is needed are not known.
    """
    stopped = tuple(pauses)
    day = start
    while count:
        day += dt.timedelta(days=1)
        if not any(since < day <= until for since, until in stopped) and is_working_day(day):
            count -= 1
    return day


def end_of(start: dt.date, length: Length, pauses: Iterable[Pause] = ()) -> dt.date:
    """Return the last day of a period that begins on a day.

    Args:
        start: the day that it begins on; it is not counted.
        length: how long it is.
        pauses: times that do not count; for working days only.

    Raises:
        UsageError: working days are asked for in a year whose holidays are not known.
    """
    if length.working_days is not None:
        return working_days_after(start, length.working_days, pauses)
    if length.days is not None:
        return start + dt.timedelta(days=length.days)
    return months_after(start, length.months or 12 * (length.years or 0))


def months_after(start: dt.date, months: int) -> dt.date:
    """Return the day of the same number so many months later, or the last of that month where there is none."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return dt.date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))
