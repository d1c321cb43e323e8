"""Writing a journal: an entry is on disk before it is acknowledged, or it is not there at all.

One `JournalWriter` holds the lock on one person's file. Opening it reads the whole journal and refuses one whose chain
does not hold; the remains of a torn line are cut off. `append` writes one line and flushes it to the disk before it
returns. If writing fails (a full disk, a quota), what was written of the line is taken back and the next entry may be
tried; if flushing fails, nobody can say what is on the disk, and the writer lets go of the file: whoever opens it again
begins with what is really there.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NoReturn, Self

from greenmine.assessment.journal import (
    MAX_JOURNAL,
    Entry,
    Owner,
    Reading,
    check_regular,
    format_time,
    make_line,
    parse_line,
    scan,
)
from greenmine.assessment.lock import lock
from greenmine.assessment.payload import PANEL, is_person
from greenmine.assessment.values import BadValue
from greenmine.errors import JournalError, shown
from greenmine.files import refusal, sync_directory
from greenmine.i18n import gettext as _

Clock = Callable[[], dt.datetime]

_OPEN: Final = (
    os.O_RDWR
    | os.O_CREAT
    | os.O_APPEND
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def now() -> dt.datetime:
    """Return the time, in UTC."""
    return dt.datetime.now(dt.UTC)


class JournalWriter:
    """The one writer of one person's journal; a context manager that closes the file.

    The file and its folder `journal/` are made when they are not there; the assessment's folder must be.

    Args:
        path: the file `evidence/<mine>/assessments/<assessment>/journal/<person>.jsonl`.
        mine: the id of the mine.
        assessment: the id of the assessment.
        person: the id of the person who types.
        clock: what tells the time. A line never bears an earlier time than the line before it, so that a clock that
            was set back cannot change the order of what was recorded.
        authors: the ids whose cards may be written, beside `panel`; anybody's where it is not given.

    Raises:
        JournalError: the file cannot be opened or locked, is open in another writer, or its chain does not hold.
    """

    def __init__(
        self,
        path: Path,
        mine: str,
        assessment: str,
        person: str,
        clock: Clock = now,
        *,
        authors: Collection[str] | None = None,
    ) -> None:
        if not is_person(person) or person == PANEL:
            raise JournalError(path, expected=_("a member's id"), found=shown(person))
        if path.name != f"{person}.jsonl":
            raise JournalError(path, expected=_("the file name {name}").format(name=f"{person}.jsonl"), found=path.name)
        self.path: Final = path
        self._owner: Final = Owner(mine, assessment, person)
        self._clock: Final = clock
        self._authors: Final = authors
        self._mutex: Final = threading.Lock()
        self._process: Final = os.getpid()
        self._handle: int | None = None
        self._end = 0
        self._last: Entry | None = None
        self._open()

    # ---- opening and closing -----------------------------------------------------------------------------------------

    def _open(self) -> None:
        try:
            self._make_folder()
            self._handle = os.open(self.path, _OPEN, 0o644)
        except OSError as problem:
            found = _("a symbolic link") if self.path.is_symlink() else refusal(problem)
            raise JournalError(self.path, expected=_("a journal that can be written"), found=found) from None
        try:
            self._take(self._handle)
        except OSError as problem:
            self.close()
            found = refusal(problem)
            raise JournalError(self.path, expected=_("a journal that can be written"), found=found) from None
        except BaseException:
            self.close()
            raise

    def _make_folder(self) -> None:
        folder = self.path.parent
        for one in (folder, *folder.parents[:2]):  # journal/, <assessment>/, assessments/
            if one.is_symlink():
                raise JournalError(one, expected=_("a folder"), found=_("a symbolic link"))
        if not folder.parent.is_dir():
            raise JournalError(folder.parent, expected=_("the folder of an assessment"), found=_("no such folder"))
        if not folder.is_dir():
            folder.mkdir(exist_ok=True)
            sync_directory(folder.parent)

    def _take(self, handle: int) -> None:
        """Lock the file, read it, mend its end, and make sure that all of it is on disk."""
        check_regular(os.fstat(handle), self.path)
        if not lock(handle):
            raise JournalError(
                self.path,
                expected=_("one writer"),
                found=_("a journal that is open for writing elsewhere"),
                hint=_("Close the other window or program in which {person} types.").format(person=self._owner.person),
            )
        self._still_there(handle, os.fstat(handle).st_size)
        reading = scan(_content(handle), self.path, self._owner)
        self._end = self._mend(handle, reading)
        self._last = reading.entries[-1] if reading.entries else None
        os.fsync(handle)
        sync_directory(self.path.parent)

    @staticmethod
    def _mend(handle: int, reading: Reading) -> int:
        """Cut off a torn line, or end a line that only lacks its end; return where the journal ends then."""
        if reading.torn:
            os.ftruncate(handle, reading.end)
        if reading.unended:
            _write(handle, b"\n")
            return reading.end + 1
        return reading.end

    def close(self) -> None:
        """Let go of the file and its lock."""
        if self._handle is not None:
            handle, self._handle = self._handle, None
            os.close(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_handle", None) is not None and self._process == os.getpid():
            self.close()

    # ---- appending ---------------------------------------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Whether the file was let go: closed, or given up after a failure."""
        return self._handle is None

    @property
    def last(self) -> Entry | None:
        """The last entry that is on disk; None where there is none."""
        return self._last

    def append(
        self,
        author: str,
        card: str,
        set: Mapping[str, Any],  # noqa: A002 - the name it has in the journal
        clear: Sequence[str] = (),
    ) -> Entry:
        """Write one entry and return it once it is on disk.

        Args:
            author: whose card it is about: a member's id, or `panel` for the panel's joint entry.
            card: `prerequisite/<id>`, `indicator/<id>` or `assessment`.
            set: whole fields of that card and their new values; see `greenmine.assessment.payload`.
            clear: fields of that card to empty.

        Raises:
            JournalError: the entry is malformed (nothing was written), or it could not be brought to the disk
                (nothing of it is left); after a failure of the latter kind the message says whether the journal
                has to be opened again.
        """
        with self._mutex:
            handle = self._usable()
            line = self._line(author, card, set, clear)
            entry, _prev = parse_line(line, self._owner.person)
            self._still_there(handle, self._end)
            try:
                _write(handle, line + b"\n")
            except OSError as problem:
                self._take_back()
                self._not_saved(problem)
            except BaseException:  # the kernel was interrupted
                self._take_back()
                raise
            try:
                os.fsync(handle)
            except OSError as problem:
                self._take_back()
                self.close()
                self._not_saved(problem, _("Open the journal again before you go on."))
            except BaseException:
                self._take_back()
                raise
            self._last, self._end = entry, self._end + len(line) + 1
            return entry

    def _usable(self) -> int:
        if self._handle is None:
            raise JournalError(
                self.path,
                expected=_("an open journal"),
                found=_("one that was closed"),
                hint=_("Open the journal again before you go on."),
            )
        if self._process != os.getpid():  # a forked child shares the lock, and would be a second writer
            raise JournalError(self.path, expected=_("one writer"), found=_("another process with the same open file"))
        return self._handle

    def _line(self, author: str, card: str, fields: object, clear: Sequence[str]) -> bytes:
        last = self._last
        if self._authors is not None and author != PANEL and author not in self._authors:
            known = ", ".join([*sorted(self._authors), PANEL])
            raise JournalError(
                self.path, "author", expected=_("one of {values}").format(values=known), found=shown(author)
            )
        time = format_time(self._clock())
        if last is not None and dt.datetime.fromisoformat(time) < dt.datetime.fromisoformat(last.time):
            time = last.time
        try:
            line = make_line(
                seq=last.seq + 1 if last else 1,
                prev=last.digest if last else self._owner.origin,
                time=time,
                author=author,
                typed_by=self._owner.person,
                card=card,
                fields=fields,
                clear=clear,
            )
        except BadValue as bad:
            raise JournalError(self.path, bad.place, expected=bad.expected, found=bad.found, hint=bad.hint) from None
        if self._end + len(line) + 1 > MAX_JOURNAL:
            expected = _("at most {limit} bytes").format(limit=MAX_JOURNAL)
            raise JournalError(self.path, expected=expected, found=_("a journal that is full"))
        return line

    def _still_there(self, handle: int, size: int) -> None:
        """Make sure that the name still stands for the open file, and that nobody else wrote to it.

        A line written to a file that was moved away or replaced (by a program that synchronises folders, say) would be
        acknowledged and lost.
        """
        status = os.fstat(handle)
        try:
            named = self.path.lstat()
        except OSError as problem:
            self._lost(refusal(problem))
        if not os.path.samestat(status, named):
            self._lost(_("another file of that name"))
        if status.st_size != size:
            self._lost(_("a file that another program changed"))

    def _lost(self, found: str) -> NoReturn:
        self.close()
        raise JournalError(
            self.path,
            expected=_("the journal that was opened"),
            found=found,
            hint=_("Nothing was saved. Open the journal again before you go on."),
        )

    def _take_back(self) -> None:
        """Cut off what was written of the line; where even that fails, the file is let go."""
        if self._handle is None:
            return
        try:
            os.ftruncate(self._handle, self._end)
        except OSError:
            self.close()

    def _not_saved(self, problem: OSError, hint: str = "") -> NoReturn:
        if self._handle is None:
            hint = _("Open the journal again before you go on.")
        text = _("This entry was not saved; everything before it was.")
        raise JournalError(
            self.path,
            expected=_("room and permission to write"),
            found=refusal(problem),
            hint=f"{text} {hint}".strip(),
        ) from None


def _write(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def _content(handle: int) -> bytes:
    os.lseek(handle, 0, os.SEEK_SET)
    parts = []
    while part := os.read(handle, 1024 * 1024):
        parts.append(part)
    return b"".join(parts)
