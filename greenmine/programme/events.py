"""The events of a register: what was done about whom, when, by which office, on which document.

`register/<programme>/events.jsonl` in the archive's folder holds them, one line of canonical JSON (RFC 8785) each,
bound to the line before it by its SHA-256 (`prev`); the first is bound to the programme. The date of an event is when
its step was taken; its time is when it was entered. A step entered by mistake is taken back by an event `void` of the
same subject and date, the latest first; both lines stay.

What is entered together counts as a whole: each line says how many `more` of it follow. A crash can leave the beginning
of a line, or of what was entered together, at the end of the file. It was never acknowledged; reading passes over it,
and the next one who writes cuts it off. That whole lines are missing at the end a chain cannot show; the archive does,
for `greenmine register seal` puts the register into a bag, which checkpoints cover.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from greenmine.archive.registers import EVENT_SCHEMA as SCHEMA
from greenmine.archive.registers import MAX_JOURNAL, origin
from greenmine.assessment.values import BadValue, check_characters, check_json
from greenmine.errors import InputError, IntegrityError, JournalError, shown
from greenmine.files import canonical_json, refusal, sha256_hex
from greenmine.i18n import gettext as _

VOID: Final = "void"
"""The step of an event that takes the latest one of its subject back."""

MAX_LINE: Final = 64 * 1024
MAX_TEXT: Final = 4000

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_SUBJECT: Final = re.compile(r"(mine|agency|assessor|zone)/(?!\.+$)[A-Za-z0-9._-]{1,128}")
_STEP: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_DAY: Final = re.compile(r"(19|20|21)\d\d-\d\d-\d\d", re.ASCII)
_PREV: Final = re.compile(r"[0-9a-f]{64}")
_FORMS: Final = {"prev": _PREV, "time": _TIME, "subject": _SUBJECT, "step": _STEP}
_REQUIRED: Final = frozenset({"by", "date", "office", "prev", "schema", "seq", "step", "subject", "time"})
_OPTIONAL: Final = frozenset({"deadline", "details", "document", "more", "reason", "trigger"})
_TEXTS: Final = ("by", "office", "document", "reason", "trigger")
_encode: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
"""For documents of ASCII keys, text and whole numbers this is RFC 8785, at a tenth of the time."""


class Event(NamedTuple):
    """One line of a register's journal.

    Attributes:
        seq: its number, from 1.
        time: when it was entered, UTC.
        by: who entered it.
        subject: whom it is about: `mine/GM-0001`, `agency/<id>`, `assessor/<id>` or `zone/<id>`.
        step: the id of the step, or `void`.
        date: when it was taken.
        office: who took it, in words: the office or person in the role of the step's actor.
        document: the paper it rests on: title or number; may be empty.
        deadline: until when something has to be done, where the step sets it.
        reason: why; may be empty.
        trigger: the id of the ground of removal; may be empty.
        details: what else belongs to it: the agency, grade, certificate, materials, findings …; not to be changed.
        digest: SHA-256 of the line.
        more: how many lines of what was entered together with it follow.
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
    details: Mapping[str, Any] = _NOTHING
    digest: str = ""
    more: int = 0


class Draft(NamedTuple):
    """An event that is to be entered; its attributes are those of `Event`."""

    subject: str
    step: str
    date: dt.date
    office: str
    document: str = ""
    deadline: dt.date | None = None
    reason: str = ""
    trigger: str = ""
    details: Mapping[str, Any] = _NOTHING


class Journal(NamedTuple):
    """What a journal holds.

    Attributes:
        events: in the order in which they were entered.
        end: where the last event ends, in bytes; what follows is torn and does not count.
    """

    events: tuple[Event, ...]
    end: int


def make_line(draft: Draft, seq: int, prev: str, time: str, by: str, more: int = 0) -> bytes:  # noqa: PLR0917
    """Return the line of an event, without its line feed.

    Args:
        draft: what is entered.
        seq: its number.
        prev: the digest of the line before it.
        time: when it is entered, UTC.
        by: who enters it.
        more: how many lines of what is entered together with it follow.

    Raises:
        BadValue: the line would not be accepted by a reader.
    """
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "seq": seq,
        "prev": prev,
        "time": time,
        "by": by,
        "subject": draft.subject,
        "step": draft.step,
        "date": draft.date.isoformat(),
        "office": draft.office,
    }
    deadline = draft.deadline.isoformat() if draft.deadline else ""
    optional = {"document": draft.document, "deadline": deadline, "reason": draft.reason, "trigger": draft.trigger}
    document |= {key: value for key, value in optional.items() if value}
    if draft.details:
        document["details"] = dict(draft.details)
    if more:
        document["more"] = more
    _read(document)
    line = canonical_json(document)
    parse_line(line)
    return line


def parse_line(line: bytes) -> tuple[Event, str]:
    """Return the event that a line holds, and the digest it gives for the line before it.

    Raises:
        BadValue: the line is not one that `make_line` could have made.
    """
    if len(line) > MAX_LINE:
        expected = _("at most {limit} bytes in one entry").format(limit=MAX_LINE)
        raise BadValue("", expected, _("{size} bytes").format(size=len(line)))
    try:
        text = line.decode()
        document = json.loads(text)
    except UnicodeDecodeError:
        raise BadValue("", _("UTF-8 text"), _("bytes of another encoding")) from None
    except (ValueError, RecursionError):
        raise BadValue("", _("JSON"), shown(line.decode("utf-8", "replace"))) from None
    event, prev = _read(document)
    if _encode(document) != text:
        raise BadValue("", _("canonical JSON (RFC 8785)"), _("the same in another spelling"))
    return event._replace(digest=sha256_hex(line)), prev


def _read(document: object) -> tuple[Event, str]:
    """Return the event of a document, after checking every part of it."""
    if not isinstance(document, dict):
        raise BadValue("", _("an object"), shown(document))
    _check_keys(document)
    for key in ("seq", "more"):
        if key in document and (type(document[key]) is not int or document[key] < 1):
            raise BadValue(key, _("a whole number from 1"), shown(document[key]))
    for key, pattern in _FORMS.items():
        value = document[key]
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise BadValue(key, _form(key), shown(value))
    for key in _TEXTS:
        if key in document:
            _check_text(document[key], key)
    details = document.get("details", _NOTHING)
    if details is not _NOTHING:
        _check_details(details)
    event = Event(
        document["seq"],
        document["time"],
        document["by"],
        document["subject"],
        document["step"],
        _day(document["date"], "date"),
        document["office"],
        document.get("document", ""),
        _day(document["deadline"], "deadline") if "deadline" in document else None,
        document.get("reason", ""),
        document.get("trigger", ""),
        details,
        more=document.get("more", 0),
    )
    return event, document["prev"]


def _check_keys(document: Mapping[str, Any]) -> None:
    keys = document.keys()
    if not keys >= _REQUIRED:
        missing = min(_REQUIRED - keys)
        raise BadValue("", _("the key {key}").format(key=shown(missing)), _("no such key"))
    if not keys <= _REQUIRED | _OPTIONAL:
        raise BadValue("", _("only the keys of an event"), shown(min(map(str, keys - _REQUIRED - _OPTIONAL))))
    if document["schema"] != SCHEMA:
        raise BadValue("schema", SCHEMA, shown(document["schema"]))


def _form(key: str) -> str:
    """Return what the text of a key has to look like, in words."""
    return {
        "prev": _("64 hexadecimal digits"),
        "time": _('a point in time such as "2024-04-15T09:00:00Z"'),
        "subject": _("mine/ID, agency/ID, assessor/ID or zone/ID"),
        "step": _("the id of a step"),
    }[key]


def _check_text(value: object, key: str) -> None:
    if not isinstance(value, str) or not value.strip():
        raise BadValue(key, _("text"), shown(value))
    if len(value) > MAX_TEXT:
        expected = _("text of at most {limit} characters").format(limit=MAX_TEXT)
        raise BadValue(key, expected, _("{count} characters").format(count=len(value)))
    check_characters(value, key)


def _check_details(details: object) -> None:
    if not isinstance(details, dict) or not details:
        raise BadValue("details", _("an object that is not empty, or no such key"), shown(details))
    check_json(details, "details")
    _check_plain(details, "details")


def _check_plain(value: object, place: str) -> None:
    """Refuse what has more than one spelling: fractions, and keys that are no plain names."""
    if isinstance(value, float):
        raise BadValue(place, _("a whole number, or a number as text"), shown(value))
    if isinstance(value, Mapping):
        for key, part in value.items():
            if not str(key).isascii():
                raise BadValue(place, _("keys of ASCII letters"), shown(key))
            _check_plain(part, f"{place}/{key}")
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value, 1):
            _check_plain(part, f"{place}/{number}")


def _day(value: object, key: str) -> dt.date:
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return dt.date.fromisoformat(value)
    except ValueError:
        pass
    raise BadValue(key, _('a date such as "2024-04-15"'), shown(value))


def scan(data: bytes, programme: str, file: object) -> Journal:
    """Return what the bytes of a journal hold.

    Args:
        data: the whole file.
        programme: the programme's id.
        file: its name, for messages.

    Raises:
        JournalError: a line is malformed; the message names it.
        IntegrityError: a line was edited, moved, removed or put in; likewise.
    """
    *lines, tail = data.split(b"\n")
    events: list[Event] = []
    prev = origin(programme)
    for number, line in enumerate(lines, 1):
        try:
            event, stated = parse_line(line)
        except BadValue as bad:
            raise at_line(file, number, bad) from None
        if event.seq != number:
            hint = _("A line was removed, moved or put in here.")
            raise at_line(file, number, BadValue("seq", str(number), str(event.seq), hint), IntegrityError)
        if stated != prev:
            expected = _("the digest of the line before it") if number > 1 else _("the register of {programme}")
            hint = _("This line or the one before it was edited, or the file is another register's.")
            bad_link = BadValue("prev", expected.format(programme=programme), stated, hint)
            raise at_line(file, number, bad_link, IntegrityError)
        if events and events[-1].more and event.more != events[-1].more - 1:
            raise at_line(file, number, BadValue("more", str(events[-1].more - 1), str(event.more)), IntegrityError)
        events.append(event)
        prev = event.digest
    end = len(data) - len(tail)
    if events and events[-1].more:  # cut short: none of what was entered together counts
        whole = next((number for number in range(len(events) - 1, 0, -1) if not events[number - 1].more), 0)
        end -= sum(len(line) + 1 for line in lines[whole:])
        del events[whole:]
    return Journal(tuple(events), end)


def at_line(file: object, number: int, bad: BadValue, kind: type[InputError] = JournalError) -> InputError:
    """Return the error that tells what is wrong in a line of a journal."""
    place = _("line {number}").format(number=number)
    if bad.place:
        place = _("line {line}, key {key}").format(line=number, key=bad.place)
    return kind(file, place, expected=bad.expected, found=bad.found, hint=bad.hint)


def read_journal(path: Path, programme: str) -> Journal:
    """Return what the journal of a register holds; an empty one where there is no file.

    Raises:
        JournalError: the file cannot be read, or a line is malformed.
        IntegrityError: a line was edited or is out of place, or the file is another register's.
    """
    try:
        if path.is_symlink():
            raise JournalError(path, expected=_("an ordinary file"), found=_("a symbolic link"))
        if not path.exists():
            return Journal((), 0)
        if not path.is_file() or path.stat().st_size > MAX_JOURNAL:
            expected = _("a file of at most {limit} bytes").format(limit=MAX_JOURNAL)
            raise JournalError(path, expected=expected, found=_("something else"))
        return scan(path.read_bytes(), programme, path)
    except OSError as problem:
        found = refusal(problem)
        raise JournalError(path, expected=_("a readable journal"), found=found) from None


def read_events(path: Path, programme: str) -> tuple[Event, ...]:
    """Return the events of a register, in the order in which they were entered.

    Args:
        path: the journal; see `journal_path`.
        programme: the programme's id.

    Raises:
        JournalError, IntegrityError: see `read_journal`.
    """
    return read_journal(path, programme).events
