"""The agenda: deadlines as an iCalendar file (RFC 5545), one all-day entry each.

The same register gives the same bytes: an entry is known by register, subject, clock and beginning, so that a calendar
that reads the file again updates its entries instead of adding to them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from greenmine.files import sha256_hex
from greenmine.i18n import gettext as _
from greenmine.programme.clocks import Deadline, title, why
from greenmine.programme.programme import Programme
from greenmine.text import visible


def agenda(deadlines: Iterable[tuple[Programme, Deadline]], on: dt.date) -> bytes:
    """Return an iCalendar file.

    Args:
        deadlines: with the programme of each; those without a day are left out.
        on: the day as of which they stand.
    """
    from icalendar import Calendar, Event  # noqa: PLC0415 - late: few who ask what is due want a file

    made = Calendar()
    made.add("prodid", "-//greenmine//register//ZH")
    made.add("version", "2.0")
    made.add("x-wr-calname", _("Green mines: what is due"))
    for programme, one in deadlines:
        if one.due is None:
            continue
        entry = Event()
        name = f"{programme.id}\n{one.subject}\n{one.clock}\n{one.started}"
        entry.add("uid", f"{sha256_hex(name.encode())[:32]}@greenmine")
        entry.add("dtstamp", dt.datetime.combine(on, dt.time(), dt.UTC))
        entry.add("dtstart", one.due)
        entry.add("dtend", one.due + dt.timedelta(days=1))
        entry.add("transp", "TRANSPARENT")
        what = f"{one.subject.rpartition('/')[2]}: {title(one, programme)}"
        entry.add("summary", visible(what))
        told = [programme.title, why(one, programme), one.rests_on]
        entry.add("description", visible("\n".join(filter(None, told))))
        made.add_component(entry)
    return bytes(made.to_ical())
