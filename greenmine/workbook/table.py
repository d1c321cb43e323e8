"""The table of a desk: how the assessment stands, who sits there, and what forms were not told of yet."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from greenmine.assessment.assessment import JOURNALS, Assessment, load_assessment
from greenmine.assessment.journal import Entry
from greenmine.assessment.panel import FILE_NAME, Member
from greenmine.assessment.signoff import closed_by
from greenmine.assessment.writer import Clock
from greenmine.errors import GreenmineError, JournalError, one_line, shown
from greenmine.evidence import Inventory
from greenmine.i18n import gettext as _
from greenmine.workbook.chair import Chair
from greenmine.workbook.html import speaking
from greenmine.workbook.journals import Journals, Stamp, stamp
from greenmine.workbook.sheet import card_names, page
from greenmine.workbook.situation import WHOLE, Ground, Situation, situation
from greenmine.workbook.standing import Seat, card_states, heading

HUB_USER: Final = "JUPYTERHUB_USER"

Document = dict[str, Any]
Message = Mapping[str, Any]


class No(Exception):  # noqa: N818 - an answer, not a failure
    """A message that cannot be done.

    Args:
        kind: the kind of error.
        text: why, in the language in use.
        more: what else goes into the reply.
    """

    def __init__(self, kind: str, text: str, **more: Any) -> None:  # noqa: ANN401 - any JSON value
        super().__init__(text)
        self.kind, self.more = kind, more


class _Seen(NamedTuple):
    """By what a change in the assessment's folder is told."""

    panel: Stamp
    journals: tuple[tuple[str, Stamp], ...]


class Table:
    """How an assessment stands for one person, and the person's chair.

    Args:
        ground: what does not change while people work.
        record: the assessment as it was read.
        inventory: the mine's files.
        lang: the language of everything that is said.
        clock: what tells the time.
    """

    def __init__(
        self,
        ground: Ground,
        record: Assessment,
        inventory: Inventory,
        *,
        lang: str,
        clock: Clock,
    ) -> None:
        self.lang: Final = lang
        self._ground = ground
        self._inventory = inventory
        self._clock = clock
        self._lock = threading.RLock()
        self._journals = Journals()
        self._seat = Seat()
        self._chair: Chair | None = None
        self._problem = ""
        self._seen = _look_at(record)
        self._now = situation(ground, record, inventory, self._journals)
        self._cards = card_names(ground.catalog.document, self._now.score)
        self.groups: Final = tuple(self._cards)
        self._states: dict[str, Document] = {}
        self._heading: Document = {}
        self._untold: set[str] = set()
        self._tell()
        self._untold.clear()

    # ---- what a form shows -------------------------------------------------------------------------------------------

    def page(self, group: str) -> Document:
        """Return what a group's form says before anything is recorded; see `sheet.page`."""
        with speaking(self.lang), self._lock:
            return page(group, self._ground.catalog.document, self._now.score, self._ground.rules)

    def standing(self, group: str) -> dict[str, Document]:
        """Return the state of each card of a group, of the card `assessment` where `group` is that."""
        with self._lock:
            cards = (WHOLE,) if group == WHOLE else self._cards[group]
            return {card: self._states[card] for card in cards}

    def heading(self) -> Document:
        """Return the state of the heading; see `standing.heading`."""
        with self._lock:
            return self._heading

    def close(self) -> None:
        """Let go of the journal; the desk is then for reading."""
        with self._lock:
            if self._chair is not None:
                self._chair.close()
                self._chair = None
            self._seat = Seat()

    # ---- looking -----------------------------------------------------------------------------------------------------

    def _look(self, *, again: bool = False) -> None:
        """Take in what the journals hold now; where they cannot be read, keep what was there and say so."""
        seen = _look_at(self._now.record)
        if seen == self._seen and not again:
            return
        record = self._now.record
        try:
            before: Situation | None = self._now
            if seen.panel != self._seen.panel:
                before = None
                record = load_assessment(self._ground.folder, record.id, self._inventory, self._journals)
            self._now = situation(self._ground, record, self._inventory, self._journals, before)
            self._problem = ""
        except GreenmineError as problem:
            self._problem = str(problem)
        except Exception as problem:  # noqa: BLE001 - what was recorded is on disk, whatever is wrong with showing it
            self._problem = one_line(f"{type(problem).__name__}: {problem}")
        self._seen = seen
        self._tell()

    def _tell(self) -> None:
        """Work out the states again and note which of them nobody was told of."""
        states = card_states(self._ground, self._now, self._cards, self._seat)
        self._untold |= {card for card, state in states.items() if state != self._states.get(card)}
        self._states = states
        found = heading(self._ground, self._now, states, self._cards, self._seat, problem=self._problem)
        if found != self._heading:
            self._heading = found
            self._untold.add("")

    def _news(self) -> Document:
        """Return what nobody was told of yet."""
        untold, self._untold = self._untold, set()
        news: Document = {"changed": {card: self._states[card] for card in sorted(untold) if card}}
        return news | ({"heading": self._heading} if "" in untold else {})

    def _after_failure(self) -> Document:
        """Return what is really there after a message that could not be done."""
        with self._lock:
            try:
                self._look()
            except Exception as problem:  # noqa: BLE001 - see `answer`
                self._problem = one_line(f"{type(problem).__name__}: {problem}")
            return self._news()

    # ---- the chair ------------------------------------------------------------------------------------------------

    def _take(self, who: str) -> None:
        record = self._now.record
        member = next((member for member in record.panel.members if member.id == who), None)
        if member is None:
            people = ", ".join(sorted(record.panel.people))
            text = _("There is no member {person} on the panel: expected one of {people}.")
            raise No("refused", text.format(person=shown(who), people=people))
        if self._chair is None or self._chair.me != who:
            chair = Chair(record, who, self._clock)
            self.close()
            self._chair = chair
        self._chair.reopen(record)
        chosen = not has_account(member)
        self._seat = Seat(who, chosen)
        identity = {"source": "chosen"} if chosen else {"source": "jupyterhub", "account": member.account}
        card = self._now.cards.get(WHOLE)
        if card is None or card.fields.get(who, {}).get("identity") != identity:
            try:
                self._append(who, WHOLE, {"identity": identity}, [])
            except JournalError:  # nobody sits where that could not be recorded
                self.close()
                self._look(again=True)
                raise
        self._look(again=True)

    def _seated(self, *, signing: bool = False) -> Chair:
        """Return the chair, its journal open.

        Args:
            signing: whether it is for a sign-off or a withdrawal, which closes or opens the assessment itself.
        """
        if self._chair is None or not self._seat.me:
            raise No("read_only", self._seat.read_only or _("Nobody sits here: take a seat first."))
        self._look()
        closed = closed_by(self._now.signed)
        if closed and not signing:
            raise No("closed", closed)
        self._chair.reopen(self._now.record)
        return self._chair

    def _append(self, author: str, card: str, fields: Message, clear: list[str], *, undo: bool = False) -> Entry:
        assert self._chair is not None  # noqa: S101 - whoever calls has a seat
        return self._chair.append(author, card, fields, clear, self._now.entries.get(card, ()), undo=undo)


def _look_at(record: Assessment) -> _Seen:
    folder = record.folder / JOURNALS
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError:
        names = []
    return _Seen(stamp(record.folder / FILE_NAME), tuple((name, stamp(folder / name)) for name in names))


def has_account(member: Member) -> bool:
    """Tell whether the user of the JupyterHub is this member."""
    account = os.environ.get(HUB_USER, "")
    return bool(account) and member.account == account
