"""A chair at the desk: the journal of whoever sits there, opened again by itself after a failure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from greenmine.assessment.assessment import Assessment
from greenmine.assessment.journal import Entry
from greenmine.assessment.writer import Clock, JournalWriter

Key = tuple[str, int]
"""The journal of an entry and its number there."""


class Chair:
    """The one writer of a member's journal.

    Attributes:
        made: the entries written here.
        undos: which of them undo another.

    Args:
        record: the assessment.
        me: the member's id.
        clock: what tells the time.

    Raises:
        JournalError: the journal cannot be opened, or is open elsewhere.
    """

    def __init__(self, record: Assessment, me: str, clock: Clock) -> None:
        self.me = me
        self.made: frozenset[Key] = frozenset()
        self.undos: frozenset[Key] = frozenset()
        self._record = record
        self._clock = clock
        self._floor: dt.datetime | None = None
        self._writer = self._opened()

    def _opened(self) -> JournalWriter:
        return self._record.writer(self.me, self._time)

    def _time(self) -> dt.datetime:
        time = self._clock()
        return time if self._floor is None else max(time, self._floor)

    def reopen(self, record: Assessment) -> None:
        """Open the journal again if it was let go.

        Args:
            record: the assessment as it is now.

        Raises:
            JournalError: it cannot be opened.
        """
        self._record = record
        if self._writer.closed:
            self._writer = self._opened()

    def append(
        self,
        author: str,
        card: str,
        fields: Mapping[str, Any],
        clear: Sequence[str],
        after: Iterable[Entry],
        *,
        undo: bool = False,
    ) -> Entry:
        """Write one entry and return it once it is on disk.

        Args:
            author: whose card it is.
            card: the card.
            fields: what is set.
            clear: what is emptied.
            after: entries that the author has seen. If another member's clock is ahead, the new entry bears a time just
                behind theirs: else it would count as older than what it answers.
            undo: whether it undoes another.

        Raises:
            JournalError: it could not be brought to the disk.
        """
        others = [dt.datetime.fromisoformat(entry.time) for entry in after if entry.typed_by != self.me]
        self._floor = max(others) + dt.timedelta(milliseconds=1) if others else None
        try:
            entry = self._writer.append(author, card, fields, clear)
        finally:
            self._floor = None
        key = (entry.typed_by, entry.seq)
        self.made |= {key}
        self.undos |= {key} if undo else frozenset()
        return entry

    def close(self) -> None:
        """Let go of the journal."""
        self._writer.close()
