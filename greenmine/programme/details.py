"""What a step says besides (`details`): who took part, which duties are shown, on what evidence, what is dismissed.

    agency           the id of the agency that is entrusted; the register may know it as agency/<id>
    assessors        the ids of its assessors, a list
    duties           what shows that a duty of the source is fulfilled: id of the duty → the paper
    act              of an exclusion: the id of the prohibited act
    evidence         papers, a list
    materials        of an application: the id of each material the source asks for → the paper, or path and SHA-256
    dismissed        the id of a ground of removal that was found not to hold
    deadline_reason  why a deadline is later than the source sets in principle (原则上)
    order            the paper by which another authority ordered a rectification that was not done in time
    extra            of who was drawn: why it does not count toward the share of the year: key mine or replacement

Grades and certificates, items and their closing are the affair of modules of their own; other keys may hold anything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

from greenmine.assessment.values import BadValue
from greenmine.errors import shown
from greenmine.i18n import gettext as _
from greenmine.programme.calendar import end_of
from greenmine.programme.certificate import NUMBER
from greenmine.programme.events import Event
from greenmine.programme.parts import ThirdParty
from greenmine.programme.programme import Programme
from greenmine.workspace import is_id

AGENCY: Final = "agency"
ASSESSORS: Final = "assessors"
DUTIES: Final = "duties"
ACT: Final = "act"
EVIDENCE: Final = "evidence"
MATERIALS: Final = "materials"
DISMISSED: Final = "dismissed"
DEADLINE_REASON: Final = "deadline_reason"
ORDER: Final = "order"
EXTRA: Final = "extra"

KEY_MINE: Final = "key"
REPLACEMENT: Final = "replacement"
"""Why who was drawn does not count toward the share of the year."""

GROUPS: Final = (DUTIES, MATERIALS)
"""The keys under which there are names of their own: `duties.pledge`, `materials.form`."""

LISTS: Final = (ASSESSORS, EVIDENCE)
"""The keys that hold a list."""

_CHECKED: Final = frozenset(
    {AGENCY, ASSESSORS, DUTIES, ACT, EVIDENCE, MATERIALS, DISMISSED, DEADLINE_REASON, NUMBER, ORDER, EXTRA}
)


def parties(details: Mapping[str, Any]) -> tuple[str, ...]:
    """Return who took part in a step by its details, as subjects of the register: `agency/<id>`, `assessor/<id>`."""
    agency = details.get(AGENCY)
    return (*([f"agency/{agency}"] if agency else []), *(f"assessor/{one}" for one in details.get(ASSESSORS, ())))


def excluded_until(programme: Programme, events: Iterable[Event], day: dt.date) -> dt.date | None:
    """Return until when an agency or assessor is excluded on a day; None where it is not.

    Args:
        programme: whose clock of exclusion counts; where it sets no period the exclusion does not end by itself.
        events: those of the agency or assessor.
        day: the day in question.
    """
    party = programme.third_party
    if party is None or not party.excluded:
        return None
    length = programme.clocks[party.exclusion].length if party.exclusion else None
    ends = [
        end_of(event.date, length) if length else dt.date.max
        for event in events
        if event.date <= day and programme.steps[event.step].to_state == party.excluded
    ]
    return max((end for end in ends if end >= day), default=None)


def check_forms(event: Event, programme: Programme) -> None:
    """Make sure that the details of a step that mean something are of the form they need, and name what there is.

    Args:
        event: about to be entered.
        programme: whose duties, prohibited acts and grounds of removal may be named.

    Raises:
        BadValue: they are not.
    """
    if not _CHECKED & event.details.keys():
        return
    party, removal = programme.third_party or ThirdParty(clause="-"), programme.removal
    acts = [name for name, one in party.prohibited.items() if event.subject.partition("/")[0] in one.of]
    grounds = (*removal.triggers, *removal.grounds) if removal else ()
    checks: Mapping[str, Callable[[object, str], None]] = {
        AGENCY: _check_id,
        ASSESSORS: lambda found, place: _check_list(found, place, _check_id),
        EVIDENCE: lambda found, place: _check_list(found, place, _check_text),
        DUTIES: lambda found, place: _check_duties(found, place, party.duties),
        MATERIALS: _check_papers,
        ACT: lambda found, place: _check_name(found, place, acts),
        DISMISSED: lambda found, place: _check_name(found, place, grounds),
        DEADLINE_REASON: _check_text,
        NUMBER: _check_text,
        ORDER: _check_text,
        EXTRA: lambda found, place: _check_name(found, place, (KEY_MINE, REPLACEMENT)),
    }
    for key in checks.keys() & event.details.keys():
        checks[key](event.details[key], f"details/{key}")


def _check_text(found: object, place: str) -> None:
    if not isinstance(found, str) or not found.strip():
        raise BadValue(place, _("text"), shown(found))


def _check_id(found: object, place: str) -> None:
    if not isinstance(found, str) or not is_id(found):
        raise BadValue(place, _("an id: letters, digits, “.”, “_”, “-”"), shown(found))


def _check_list(found: object, place: str, check: Callable[[object, str], None]) -> None:
    if not isinstance(found, list | tuple) or not found:
        raise BadValue(place, _("a list"), shown(found))
    for number, one in enumerate(found, 1):
        check(one, f"{place}/{number}")


def _check_name(found: object, place: str, names: Collection[str]) -> None:
    if found not in names:
        raise BadValue(place, _("one of {values}").format(values=", ".join(names) or _("none")), shown(found))


def _check_duties(found: object, place: str, duties: Mapping[str, Any]) -> None:
    if not isinstance(found, Mapping):
        raise BadValue(place, _("a paper for each duty"), shown(found))
    for name, paper in found.items():
        _check_name(name, place, duties)
        _check_text(paper, f"{place}/{name}")


def _check_papers(found: object, place: str) -> None:
    if not isinstance(found, Mapping):
        raise BadValue(place, _("a paper for each material"), shown(found))
    for name, one in found.items():
        _check_text(one.get("sha256") if isinstance(one, Mapping) else one, f"{place}/{name}")


def check_materials(event: Event, programme: Programme) -> None:
    """Make sure that a new application has each material that the source asks for, and none stands for another.

    Args:
        event: about to be entered; its details are of the form they need.
        programme: whose materials.

    Raises:
        BadValue: it has not.
    """
    found, place = event.details.get(MATERIALS), f"details/{MATERIALS}"
    asked = programme.application.materials if programme.application else {}
    if not isinstance(found, Mapping):
        return
    if found.keys() != asked.keys():
        names = ", ".join(f"{MATERIALS}.{name}" for name in asked) or _("none")
        raise BadValue(place, _("all of {values}").format(values=names), shown(", ".join(map(str, found))))
    seen: dict[object, str] = {}
    for name, one in found.items():
        what = str(one.get("sha256") if isinstance(one, Mapping) else one)
        if what in seen:
            expected = _("another paper than for {name}").format(name=seen[what])
            raise BadValue(f"{place}/{name}", expected, shown(one.get("path") if isinstance(one, Mapping) else one))
        seen[what] = name
