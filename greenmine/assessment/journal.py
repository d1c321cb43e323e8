"""A journal: what one person typed, line by line, each line bound to the one before it.

A line is canonical JSON (RFC 8785) and a line feed. It holds its number (`seq`), the time, whose card it is about
(`author`), who typed it (`typed_by`), what is set and cleared, and the SHA-256 of the line before it (`prev`). For the
first line that is the digest of a text naming the mine, the assessment and the person, so that a journal cannot be
passed off as another's. A line that was edited, moved, removed or put in no longer fits its neighbours, and reading
says which.

Two things a chain cannot show, and they are left to the archive, which keeps the digest of the last line: that whole
lines are missing at the end, and that the very last line was rewritten.

A crash can leave the beginning of a line at the end of the file. It was never acknowledged; reading passes over it, and
the next writer cuts it off. If only the line feed is missing, the line is whole and counts.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NoReturn

from greenmine.assessment.payload import check_card, check_payload, is_person
from greenmine.assessment.values import BadValue, check_json
from greenmine.errors import JournalError, shown
from greenmine.files import canonical_json, parse_json, refusal, sha256_hex
from greenmine.i18n import gettext as _

SCHEMA: Final = "greenmine.journal/1"

MAX_LINE: Final = 1024 * 1024
"""The longest line accepted, in bytes; a card with a hundred defects takes some ten thousand."""

MAX_JOURNAL: Final = 64 * 1024 * 1024
"""The largest journal accepted, in bytes."""

_REMEMBERED: Final = 1024 * 1024  # bytes; what a process read in a larger journal it does not remember

_REQUIRED: Final = ("author", "card", "prev", "schema", "seq", "set", "time", "typed_by")
_START: Final = b'{"author":"'
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?Z")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_OPEN: Final = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a pipe in the place of a journal must not make the reader wait
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a journal. Nothing in it may be changed.

    Attributes:
        seq: the number of the line in its journal, from 1.
        time: when it was typed, in UTC, as `2026-06-11T09:00:00Z`; never before the line before it.
        author: whose card it is about: a member's id, or `panel` for the panel's joint entry.
        typed_by: the member who typed it: the person whose journal it is.
        card: `prerequisite/P1`, `indicator/2` or `assessment`.
        set: whole fields of the author's card and their new values.
        clear: the fields of the author's card that are emptied.
        digest: SHA-256 of the line without its line feed, in hexadecimal.
    """

    seq: int
    time: str
    author: str
    typed_by: str
    card: str
    set: Mapping[str, Any]
    clear: tuple[str, ...]
    digest: str

    @property
    def order(self) -> tuple[dt.datetime, str, int]:
        """The place of the entry among those of all journals of an assessment: time, who typed it, number."""
        return dt.datetime.fromisoformat(self.time), self.typed_by, self.seq


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose journal it is: the mine, the assessment and the person who types."""

    mine: str
    assessment: str
    person: str

    @property
    def origin(self) -> str:
        """What the first line is bound to: SHA-256 of the schema and the three ids, a line each."""
        return sha256_hex(f"{SCHEMA}\n{self.mine}\n{self.assessment}\n{self.person}".encode())


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in a journal.

    Attributes:
        entries: its lines, in order.
        end: where the last whole line ends, in bytes from the beginning of the file.
        torn: how many bytes of an unfinished line follow; they do not count.
        unended: whether the last line is whole but lacks its line feed.
    """

    entries: tuple[Entry, ...]
    end: int
    torn: int
    unended: bool


def format_time(moment: dt.datetime) -> str:
    """Return a point in time as journals write it: UTC, to the second, or to the millisecond where it is not whole.

    Raises:
        ValueError: the time has no zone.
    """
    if moment.tzinfo is None:
        message = "a point in time needs a time zone"
        raise ValueError(message)
    moment = moment.astimezone(dt.UTC)
    precision = "milliseconds" if moment.microsecond // 1000 else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def make_line(  # noqa: D417 - the parts of the line are those of Entry
    *, seq: int, prev: str, time: str, author: str, typed_by: str, card: str, fields: object, clear: Sequence[str]
) -> bytes:
    """Return a line without its line feed, from the parts described at `Entry`.

    Args:
        prev: the digest of the line before it.
        fields: what is set.

    Raises:
        BadValue: the line would not be accepted by a reader.
    """
    document: dict[str, Any] = {
        "author": author,
        "card": card,
        "prev": prev,
        "schema": SCHEMA,
        "seq": seq,
        "set": fields,
        "time": time,
        "typed_by": typed_by,
    }
    if clear:
        document["clear"] = list(clear)
    _check(document, typed_by)
    line = canonical_json(document)
    if len(line) > MAX_LINE:
        expected = _("at most {limit} bytes in one entry").format(limit=MAX_LINE)
        raise BadValue("set", expected, _("{size} bytes").format(size=len(line)))
    return line


def parse_line(line: bytes, person: str) -> tuple[Entry, str]:
    """Return the entry that a line holds, and the digest it gives for the line before it.

    Args:
        line: the line, without its line feed.
        person: whose journal it is.

    Raises:
        BadValue: the line is not one that `make_line` could have made.
    """
    if len(line) > MAX_LINE:
        expected = _("at most {limit} bytes in one entry").format(limit=MAX_LINE)
        raise BadValue("", expected, _("{size} bytes").format(size=len(line)))
    try:
        document = parse_json(line.decode(), "", JournalError)
    except UnicodeDecodeError:
        raise BadValue("", _("UTF-8 text"), _("bytes of another encoding")) from None
    except JournalError as problem:
        raise BadValue("", problem.expected, problem.found) from None
    _check(document, person)
    if canonical_json(document) != line:
        raise BadValue("", _("canonical JSON (RFC 8785)"), _("the same in another spelling"))
    entry = Entry(
        seq=document["seq"],
        time=document["time"],
        author=document["author"],
        typed_by=document["typed_by"],
        card=document["card"],
        set=document["set"],
        clear=tuple(document.get("clear", ())),
        digest=sha256_hex(line),
    )
    return entry, document["prev"]


def _check(document: object, person: str) -> None:
    """Check a line's content, all but its place in the chain."""
    check_json(document)  # first of all: what is nested too deeply could not even be shown
    if not isinstance(document, dict):
        raise BadValue("", _("an object"), shown(document))
    if document.get("schema") != SCHEMA:
        raise BadValue("schema", SCHEMA, shown(document.get("schema")))
    missing = [key for key in _REQUIRED if key not in document]
    if missing:
        raise BadValue("", _("the key {key}").format(key=shown(missing[0])), _("no such key"))
    unknown = sorted(document.keys() - {*_REQUIRED, "clear"})
    if unknown:
        raise BadValue("", _("only the keys of a journal line"), shown(unknown[0]))
    if document.get("clear") == []:
        raise BadValue("clear", _("at least one field, or no such key"), "[]")
    _check_frame(document, person)
    card = check_card(document["card"])
    check_payload(document["author"], card, document["set"], document.get("clear", []))


def _check_frame(document: Mapping[str, Any], person: str) -> None:
    """Check what every line bears: number, binding, time and people."""
    seq, time, prev = (document[key] for key in ("seq", "time", "prev"))
    if isinstance(seq, bool) or not isinstance(seq, int) or seq < 1:
        raise BadValue("seq", _("a whole number from 1"), shown(seq))
    if not isinstance(prev, str) or not _DIGEST.fullmatch(prev):
        raise BadValue("prev", _("64 hexadecimal digits"), shown(prev))
    if not _is_time(time):
        raise BadValue("time", _('a point in time such as "2024-04-15T09:00:00Z"'), shown(time))
    if not is_person(document["author"]):
        raise BadValue("author", _("a member's id or panel"), shown(document["author"]))
    if document["typed_by"] != person:
        hint = _("One journal holds one person's lines.")
        raise BadValue("typed_by", shown(person), shown(document["typed_by"]), hint)


def _is_time(text: object) -> bool:
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        return False
    try:
        return format_time(dt.datetime.fromisoformat(text)) == text
    except ValueError:
        return False


def scan(data: bytes, file: object, owner: Owner) -> Reading:
    """Return what a journal's bytes hold.

    Args:
        data: the whole file.
        file: its name, for messages.
        owner: whose journal it should be.

    Raises:
        JournalError: a line is malformed, or was edited, moved, removed or put in; the message names it.
    """
    *lines, tail = data.split(b"\n")
    whole = len(data) - len(tail)
    unended = bool(tail) and _is_whole(tail, len(lines) + 1, file)
    if unended:
        lines.append(tail)
    entries: list[Entry] = []
    prev = owner.origin
    for number, line in enumerate(lines, 1):
        try:
            entry, stated = parse_line(line, owner.person)
        except BadValue as bad:
            raise _at(file, number, bad) from None
        if entry.seq != number:
            raise JournalError(
                file,
                _("line {number}").format(number=number),
                expected=f"seq {number}",
                found=f"seq {entry.seq}",
                hint=_("A line was removed, moved or put in here."),
            )
        if stated != prev:
            _blame(lines, number, file, owner)
        if entries and entry.order < entries[-1].order:
            where = _("line {line}, key {key}").format(line=number, key="time")
            raise JournalError(
                file, where, expected=_("not before {time}").format(time=entries[-1].time), found=entry.time
            )
        entries.append(entry)
        prev = entry.digest
    return Reading(tuple(entries), len(data) if unended else whole, 0 if unended else len(tail), unended)


def _at(file: object, number: int, bad: BadValue) -> JournalError:
    place = _("line {number}").format(number=number)
    if bad.place:
        place = _("line {line}, key {key}").format(line=number, key=bad.place)
    return JournalError(file, place, expected=bad.expected, found=bad.found, hint=bad.hint)


def _is_whole(tail: bytes, number: int, file: object) -> bool:
    """Tell whether what follows the last line feed is to be read as a line; else it is the remains of a torn one.

    A torn line begins like a line and stops before its end; after a power cut zeros may stand where bytes were never
    written. Anything else did not come about by a crash.
    """
    written = tail.rstrip(b"\0")
    if len(tail) > MAX_LINE or not (written.startswith(_START) or _START.startswith(written)):
        place = _("line {number}").format(number=number)
        raise JournalError(file, place, expected=_("a line of a journal"), found=_("something else without a line end"))
    try:
        json.JSONDecoder().raw_decode(written.decode("utf-8", "replace"))
    except (json.JSONDecodeError, RecursionError, ValueError):
        return False
    return written == tail


def _blame(lines: Sequence[bytes], number: int, file: object, owner: Owner) -> NoReturn:
    """Say which of two lines that do not fit was tampered with.

    If the line after this one was bound to this line as it stands, then this line is as it was written, and the one
    before it was edited; if not, this line was.
    """
    following = _stated(lines[number]) if number < len(lines) else None
    intact = following == sha256_hex(lines[number - 1])
    if number == 1 and (intact or following is None):
        raise JournalError(
            file,
            _("line {number}").format(number=1),
            expected=_("the journal of {person} for {mine}, {assessment}").format(
                person=owner.person, mine=owner.mine, assessment=owner.assessment
            ),
            found=_("a first line bound to another one"),
            hint=_("It was copied from another mine, assessment or person, or its first line was edited."),
        )
    culprit = number - 1 if intact else number
    pair = _("Lines {first} and {second} do not fit.").format(first=number - 1, second=number)
    raise JournalError(
        file,
        _("line {number}").format(number=culprit),
        expected=_("the line as it was written"),
        found=_("an edited or misplaced line"),
        hint=pair if number > 1 and following is None else "",
    )


def _stated(line: bytes) -> str | None:
    """Return the digest that a line gives for the one before it, if one can be made out."""
    found = re.search(rb'"prev":"([0-9a-f]{64})"', line)
    return found[1].decode() if found else None


def read_journal(path: Path, mine: str, assessment: str, person: str) -> tuple[Entry, ...]:
    """Return the entries of a journal, in order.

    Args:
        path: the file `journal/<person>.jsonl`.
        mine: the id of the mine.
        assessment: the id of the assessment.
        person: the id of the person who types there.

    Raises:
        JournalError: the file cannot be read, is another's, or a line is malformed, edited or out of place.
    """
    return scan_file(path, Owner(mine, assessment, person)).entries


def scan_file(path: Path, owner: Owner) -> Reading:
    """Return what a journal file holds, with what is torn at its end.

    Raises:
        JournalError: see `read_journal`.
    """
    try:
        handle = os.open(path, _OPEN)
        with os.fdopen(handle, "rb") as stream:
            check_regular(os.fstat(handle), path)
            data = stream.read(MAX_JOURNAL + 1)
    except OSError as problem:
        found = _("a symbolic link") if path.is_symlink() else refusal(problem)
        raise JournalError(path, expected=_("a readable journal"), found=found) from None
    if len(data) <= _REMEMBERED:
        with suppress(JournalError):  # which would not name the file
            return _scan(data, owner)
    return scan(data, path, owner)


@lru_cache(8)
def _scan(data: bytes, owner: Owner) -> Reading:
    """Scan a journal; who seals an assessment has just read the same."""
    return scan(data, "", owner)


def check_regular(status: os.stat_result, path: Path) -> None:
    """Make sure that an opened journal is a file of its own and not too large.

    Raises:
        JournalError: it is a folder, a device, a pipe, one of several names of a file, or too large.
    """
    if not stat.S_ISREG(status.st_mode):
        raise JournalError(path, expected=_("an ordinary file"), found=_("something that is not a file"))
    if status.st_nlink > 1:
        found = _("a hard link: the file has {count} names").format(count=status.st_nlink)
        raise JournalError(path, expected=_("an ordinary file"), found=found, hint=_("Replace it by a copy."))
    if status.st_size > MAX_JOURNAL:
        expected = _("at most {limit} bytes").format(limit=MAX_JOURNAL)
        raise JournalError(path, expected=expected, found=_("{size} bytes").format(size=status.st_size))
