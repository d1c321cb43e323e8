"""Certificates: the grade that cited lines give, how long a certificate holds, what surveillances decided about it.

A source may name grades without saying from how many points on they are given. Then no grade is determined, until the
lines are entered in the programme's `bands`, each with the document it stands in. A certificate is no file of its own:
it is what the events of a mine in the register say.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Literal

from greenmine.archive.selection import record_name
from greenmine.assessment.values import BadValue
from greenmine.errors import UsageError, shown
from greenmine.i18n import gettext as _
from greenmine.programme.calendar import end_of
from greenmine.programme.events import Draft, Event
from greenmine.programme.parts import Band, Certification
from greenmine.programme.programme import Programme

if TYPE_CHECKING:
    from greenmine.programme.register import Record

GRADE: Final = "grade"
NUMBER: Final = "certificate"
RECORD: Final = "record"
"""The key of the bag of the assessment that a certificate rests on."""
POINTS: Final = "points"
"""The key of that assessment's exact total, where lines give the grade."""
SOURCE: Final = "grade_source"
"""The key of an event's details that cites where a grade's line stands, for a grade that no band gives."""

_POINTS: Final = re.compile(r"[0-9]{1,60}(/[1-9][0-9]{0,59}|\.[0-9]{1,60})?")

Status = Literal["valid", "expired", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Grading:
    """The grade of a score.

    Attributes:
        grade: one of the programme's; empty where none is given.
        reason: why, in words.
        band: the line that gives it.
    """

    grade: str
    reason: str
    band: Band | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about a certificate: when, what (`certify`, `keep`, `upgrade` …), on which paper."""

    date: dt.date
    outcome: str
    grade: str
    document: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as it is on a day.

    Attributes:
        subject: whose.
        number: its number, or the paper it was issued by.
        grade: empty where none was determined.
        issued: when.
        valid_until: its last day.
        status: whether it holds.
        ended: when it was withdrawn or declared expired; None where it was not.
        decisions: what was decided about it, the issue first.
        record: the bag of the assessment it rests on; empty where the register names none.
    """

    subject: str
    number: str
    grade: str
    issued: dt.date
    valid_until: dt.date
    status: Status
    ended: dt.date | None
    decisions: tuple[Decision, ...]
    record: str = ""


def grade_of(certification: Certification, score: Mapping[str, Any]) -> Grading:
    """Return the grade that a score has by the lines of a programme.

    Args:
        certification: the grades and their lines.
        score: `score.json`.
    """
    if score["verdict"] != "pass":
        return Grading("", _("The standard is not met, so that there is no grade."))
    if not certification.bands:
        return Grading("", _("No lines between grades are given: no grade is determined."))
    band = _reached(certification, Fraction(score["total_exact"]))
    if band is not None:
        text = _("{total} points, from {line} on ({document}, {clause})")
        words = text.format(total=score["total"], line=band.at_least, document=band.document, clause=band.clause)
        return Grading(band.grade, words, band)
    return Grading("", _("{total} points are below the lowest line.").format(total=score["total"]))


def check_grade(event: Event, before: Iterable[Event], programme: Programme) -> None:
    """Make sure that a grade is one of the programme, is cited, and goes up or down as the step says.

    Args:
        event: about to be entered; its step is one of the programme.
        before: the events of its subject.
        programme: whose grades.

    Raises:
        BadValue: it is not.
    """
    certification = programme.certification
    grade = event.details.get(GRADE, "")
    if certification is None:
        return
    grades, rule = certification.grades, programme.cited(certification.clause)
    if grade and grade not in grades:
        expected = _("one of {values} ({rule})").format(values=", ".join(grades), rule=rule)
        raise BadValue(f"details/{GRADE}", expected, shown(grade))
    if grade and not certification.bands and not event.details.get(SOURCE):
        expected = _("the document that its line stands in ({rule} gives none)").format(rule=rule)
        raise BadValue(f"details/{SOURCE}", expected, _("nothing"))
    if programme.steps[event.step].outcome or (grade and not is_issue(event, programme)):
        _check_change(grade, current_grade(before, programme), programme.steps[event.step].outcome, certification, rule)


def check_basis(event: Event, before: Iterable[Event], programme: Programme) -> None:
    """Make sure that a new certificate rests on an assessment of its own and has the grade that cited lines give.

    Lines bind certificates that are issued from then on; of those before nothing of the kind can be asked.

    Args:
        event: about to be entered; its step is one of the programme.
        before: the events of its subject.
        programme: whose lines.

    Raises:
        BadValue: it does not.
    """
    certification = programme.certification
    if certification is None or not is_issue(event, programme):
        return
    record, rule = event.details.get(RECORD, ""), programme.cited(certification.clause)
    if record and any(record == one.details.get(RECORD) for one in before):
        raise BadValue(f"details/{RECORD}", _("an assessment that no earlier certificate rests on"), shown(record))
    if certification.bands:
        points = event.details.get(POINTS, "")
        typed = isinstance(points, str) and _POINTS.fullmatch(points)
        given = _reached(certification, Fraction(points)) if typed else None
        if not record or given is None or given.grade != event.details.get(GRADE):
            expected = _("a sealed assessment, its points, and the grade that they give ({rule})").format(rule=rule)
            found = ", ".join(str(event.details.get(key, _("nothing"))) for key in (RECORD, POINTS, GRADE))
            raise BadValue("details", expected, shown(found), _("greenmine certificate issue enters them."))


def _reached(certification: Certification, points: Fraction) -> Band | None:
    """Return the highest line that some points reach; None where they reach none."""
    bands = sorted(certification.bands, key=lambda one: -Fraction(one.at_least))
    return next((one for one in bands if points >= Fraction(one.at_least)), None)


def _check_change(grade: str, now: str, outcome: str, certification: Certification, rule: str) -> None:
    """Refuse a grade that does not go up or down from the one it is now as the outcome of a surveillance says."""
    if outcome in {"upgrade", "downgrade"}:
        if not now:
            expected = _("a certificate with a grade ({rule})").format(rule=rule)
            raise BadValue(f"details/{GRADE}", expected, _("one without: no grade was determined"))
        rank = {name: number for number, name in enumerate(reversed(certification.grades), 1)}
        rise = rank.get(grade, 0) - rank[now]
        fits = rise > 0 if outcome == "upgrade" else bool(grade) and rise < 0
        text = _("a grade above {grade} ({rule})") if outcome == "upgrade" else _("a grade below {grade} ({rule})")
    else:
        fits = grade in {"", now}
        text = _("no other grade than {grade}: it changes by an upgrade or a downgrade only ({rule})")
    if not fits:
        expected = text.format(grade=now or _("none"), rule=rule)
        raise BadValue(f"details/{GRADE}", expected, shown(grade) if grade else _("nothing"))


def is_issue(event: Event, programme: Programme) -> bool:
    """Tell whether a certificate is issued by a step."""
    certification = programme.certification
    return certification is not None and event.step in programme.clocks[certification.validity].starts


def current_grade(events: Iterable[Event], programme: Programme) -> str:
    """Return the grade of the certificate that some events leave; empty where there is none."""
    certification = programme.certification
    starts = programme.clocks[certification.validity].starts if certification else ()
    grade = ""
    for event in events:
        if event.step in starts:
            grade = event.details.get(GRADE, "")
        elif programme.steps[event.step].outcome and event.details.get(GRADE):
            grade = event.details[GRADE]
    return grade


def certificates(record: Record, on: dt.date) -> tuple[Certificate, ...]:
    """Return the certificates of a mine as they stand on a day, the oldest first.

    Args:
        record: of the mine; it is looked at as of the day.
        on: the day.
    """
    programme = record.programme
    certification = programme.certification
    if certification is None:
        return ()
    clock = programme.clocks[certification.validity]
    found: list[Certificate] = []
    for group in _groups(record.as_of(on).events, clock.starts):
        issue = group[0]
        until = end_of(issue.date, clock.length) if clock.length else dt.date.max
        ended = next((event for event in group if event.step in clock.ends), None)
        taken = ended is not None and programme.steps[ended.step].outcome == "withdraw"
        status: Status = "withdrawn" if taken else "expired" if ended or on > until else "valid"
        told = [event for event in group if event is issue or programme.steps[event.step].outcome]
        decisions = tuple(
            Decision(
                event.date,
                programme.steps[event.step].outcome or "certify",
                current_grade(group[: group.index(event) + 1], programme),
                event.document,
            )
            for event in told
        )
        found.append(
            Certificate(
                record.subject,
                issue.details.get(NUMBER, issue.document),
                decisions[-1].grade,
                issue.date,
                until,
                status,
                ended.date if ended else None,
                decisions,
                issue.details.get(RECORD, ""),
            )
        )
    return tuple(found)


def _groups(events: Iterable[Event], starts: Iterable[str]) -> list[list[Event]]:
    """Return the events of each certificate, that of its issue first."""
    groups: list[list[Event]] = []
    for event in events:
        if event.step in starts:
            groups.append([])
        if groups:
            groups[-1].append(event)
    return groups


def issue(
    programme: Programme,
    mine: str,
    bag: str,
    score: Mapping[str, Any],
    findings: Mapping[str, Any],
    *,
    number: str,
    on: dt.date,
    office: str,
) -> tuple[Draft, Grading]:
    """Return the step by which a certificate is issued on a sealed assessment, and its grade.

    Args:
        programme: whose grades.
        mine: its id.
        bag: the path of the assessment's bag.
        score: its score.
        findings: its findings.
        number: of the certificate.
        on: when it is issued.
        office: who issues it.

    Raises:
        UsageError: the programme certifies nothing, or the assessment is of another mine, the mine's own, by other
            indicators than the programme's, of a later day, does not pass, or reaches no grade.
    """
    certification = certifying(programme)
    record, catalog = record_name(bag), f"{score['catalog']['id']}@{score['catalog']['version']}"
    if bag.split("/")[2] != mine:
        raise UsageError(_("{record} is not of {mine}.").format(record=record, mine=shown(mine)))
    if findings["assessment"]["kind"] == "self":
        raise UsageError(
            _("{record} is the mine's own assessment: there is no certificate on it.").format(record=record)
        )
    if programme.catalog and catalog != programme.catalog:
        text = _("{record} is scored by {catalog}, and {programme} goes by {other}: there is no certificate on it.")
        raise UsageError(text.format(record=record, catalog=catalog, programme=programme.id, other=programme.catalog))
    if score["verdict"] != "pass":
        raise UsageError(_("{record} does not meet the standard: there is no certificate on it.").format(record=record))
    if findings["assessment"]["date"] > str(on):
        text = _("{record} is of {day}: there is no certificate on it before that.")
        raise UsageError(text.format(record=record, day=findings["assessment"]["date"]))
    grading = grade_of(certification, score)
    if certification.bands and not grading.band:
        text = _("There is no certificate on {record}: {reason}")
        raise UsageError(text.format(record=record, reason=grading.reason))
    details = {NUMBER: number, RECORD: bag}
    if grading.band:
        source = f"{grading.band.document} {grading.band.clause}"
        details |= {GRADE: grading.grade, SOURCE: source, POINTS: score["total_exact"]}
    step = programme.clocks[certification.validity].starts[0]
    return Draft(f"mine/{mine}", step, on, office, document=number, details=details), grading


def certifying(programme: Programme) -> Certification:
    """Return a programme's rules for certificates.

    Raises:
        UsageError: it has none.
    """
    if programme.certification is None:
        raise UsageError(_("The programme {programme} issues no certificates.").format(programme=shown(programme.id)))
    return programme.certification


def outcome_step(programme: Programme, outcome: str) -> str:
    """Return the id of the step that a surveillance ends in: `keep`, `upgrade`, `downgrade` or `withdraw`.

    Raises:
        UsageError: the programme has no such step.
    """
    found = next((name for name, step in programme.steps.items() if step.outcome and step.outcome == outcome), "")
    if not found:
        known = ", ".join(step.outcome for step in programme.steps.values() if step.outcome) or _("none")
        text = _("{outcome} is no outcome of a surveillance: expected one of {names}.")
        raise UsageError(text.format(outcome=shown(outcome), names=known))
    return found
