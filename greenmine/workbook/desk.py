"""The desk: one person's seat at one assessment, for forms to talk to.

A form sends messages and gets replies; both are JSON. Nothing is acknowledged before it is on disk, and what is shown
is always what the journals hold: with each message they are looked at again, so that a reply also brings what others
recorded. A message that cannot be done is answered with the reason, whatever it holds; the desk goes on serving.

    {"id": 7, "op": "record", "card": "indicator/2", "author": "E1", "base": "", "set": {"facts": {"defects": []}}}
    {"re": 7, "ok": true, "seq": 12, "time": "2026-06-11T09:00:00Z", "changed": {"indicator/2": …}, "heading": …}
    {"re": 7, "ok": false, "error": {"kind": "conflict", "message": "…"}, "changed": {"indicator/2": …}}

Kinds of errors: `bad` (the message is malformed), `refused`, `conflict` (the fields were changed since `base`),
`read_only` (nobody sits here), `closed` (signed off), `disk` (not saved). `changed` holds the states that differ from
those that were told last, and `heading` is there where it differs: one desk serves several forms, so whoever gets a
reply hands both on to all of them. After a conflict `changed` holds the card in any case. The shapes are told at
`sheet.page`, `standing.card_states`, `standing.heading`, `history.history`, and below at each operation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from greenmine.assessment.assessment import load_assessment
from greenmine.assessment.earlier import earlier_assessments
from greenmine.assessment.fold import fold
from greenmine.assessment.journal import Entry
from greenmine.assessment.payload import PERSONAL, check_card, check_payload, split_card
from greenmine.assessment.rules import load_panel_rules
from greenmine.assessment.signoff import sign_off_fields, signers, statement, withdrawal_fields
from greenmine.assessment.values import BadValue, check_json
from greenmine.assessment.writer import Clock, now
from greenmine.catalog import Catalog, load_catalog
from greenmine.errors import FindingsError, GreenmineError, InputError, JournalError, UsageError, one_line, shown
from greenmine.evidence import cached_inventory
from greenmine.files import refusal
from greenmine.i18n import gettext as _
from greenmine.scoring import Scorer
from greenmine.text import visible
from greenmine.workbook import words
from greenmine.workbook.history import history, place_in_words
from greenmine.workbook.html import speaking
from greenmine.workbook.preview import preview
from greenmine.workbook.sheet import rule_in_use, typed_facts
from greenmine.workbook.situation import WHOLE, Ground, before_latest, newer, to_sign
from greenmine.workbook.standing import Seat, may_write_for
from greenmine.workbook.table import Document, Message, No, Table, has_account
from greenmine.workspace import Workspace

Signer = Callable[[str, bytes], str]
"""Given a member's id and what is signed, returns the armoured signature; an empty text where no key is used."""


@lru_cache(maxsize=4)
def _catalog(name: str, workspace: Workspace) -> tuple[Catalog, Scorer]:
    catalog = load_catalog(name, workspace)
    return catalog, Scorer(catalog.document)


class Desk(Table):
    """One person's seat at one assessment; opened by `Desk.open`.

    Attributes:
        groups: `prerequisites`, then the ids of the categories in order.
        lang: the language of everything it says.
    """

    _signer: Signer | None = None

    @classmethod
    def open(
        cls,
        mine: str,
        assessment: str = "",
        *,
        catalog: str,
        readings: Mapping[str, str] | None = None,
        lang: str = "zh",
        who: str = "",
        workspace: Workspace | None = None,
        clock: Clock = now,
        signer: Signer | None = None,
    ) -> Desk:
        """Read a mine's folder and take a seat at an assessment.

        Args:
            mine: the id of a mine in the workspace, or the path of a mine's folder.
            assessment: the id of the assessment; the latest where it is empty.
            catalog: `ID@VERSION`, or the path of a catalog file.
            readings: choices of readings that differ from the catalog's defaults.
            lang: the language, `zh` or `en`.
            who: the id of the member who sits here. Where it is empty, the member whose `account` is that of the
                JupyterHub's user; where there is none, nobody until `sit`.
            workspace: where to look; the one around the working directory by default.
            clock: what tells the time.
            signer: what signs with a member's key.

        Raises:
            GreenmineError: something of it is not there or not as it should be. That a journal cannot be written is
                none: the desk is then for reading.
        """
        with speaking(lang):
            workspace = workspace or Workspace.find()
            folder = workspace.mine_dir(mine)
            found, scorer = _catalog(catalog, workspace)
            inventory = cached_inventory(folder)
            record = load_assessment(folder, assessment or None, inventory)
            rules = load_panel_rules(record.panel.rules, workspace)
            earlier = earlier_assessments(folder, record.panel, scorer, inventory=inventory, readings=readings)
            ground = Ground(folder, found, scorer, rules, earlier, readings)
            desk = cls(ground, record, inventory, lang=lang, clock=clock)
            desk._signer = signer
            who = who or next((member.id for member in record.panel.members if has_account(member)), "")
            if who:
                try:
                    desk._take(who)
                except No as no:
                    raise UsageError(str(no)) from None
                except JournalError as problem:
                    desk._seat = Seat(read_only=str(problem))
            desk._tell()
            desk._untold.clear()
            return desk

    # ---- messages ----------------------------------------------------------------------------------------------------

    def answer(self, message: object) -> tuple[Document, list[bytes]]:
        """Return the reply to a message, and its buffers; whatever the message holds, there is a reply."""
        given: Message = message if isinstance(message, Mapping) else {}
        more: Mapping[str, Any] = {}
        buffers: list[bytes] = []
        with speaking(self.lang):
            try:
                check_json({str(key): part for key, part in given.items() if key != "id"}, exact=False)
                if given.get("op") == "preview":  # may take long, and needs nothing that others change
                    reply, buffers = self._preview(given)
                    return {"re": given.get("id"), "ok": True, **reply}, buffers
                with self._lock:
                    reply = self._operation(given)(given)
                    return {"re": given.get("id"), "ok": True, **reply, **self._news()}, buffers
            except No as no:
                kind, text, more = no.kind, str(no), no.more
            except BadValue as bad:
                field, place = place_in_words(bad.place)
                kind, text = "bad", str(InputError(field, place, expected=bad.expected, found=bad.found, hint=bad.hint))
            except JournalError as problem:
                kind, text = "disk", str(problem)
            except GreenmineError as problem:
                kind, text = "refused", str(problem)
            except OSError as problem:
                kind, text = "disk", refusal(problem)
            except Exception as problem:  # noqa: BLE001 - a form that gets no answer shows what is not so
                kind, text = "bad", one_line(f"{type(problem).__name__}: {problem}")
            told = self._after_failure()
            told["changed"] |= more.get("changed", {})
            error = {"kind": kind, "message": text}
            return {"re": given.get("id"), "ok": False, "error": error, **{**more, **told}}, []  # noqa: PIE800 - one wins

    def _operation(self, message: Message) -> Callable[[Message], Document]:
        operations: dict[str, Callable[[Message], Document]] = {
            "sit": self._sit,
            "record": self._record,
            "undo": self._undo,
            "history": self._history,
            "refresh": self._refresh,
            "files": self._files,
            "sign_off": self._sign_off,
            "withdraw": self._withdraw,
            "ping": lambda _message: {},
        }
        name = message.get("op")
        if not isinstance(name, str) or name not in operations:
            expected = ", ".join([*operations, "preview"])
            text = _("There is no operation {name}: expected one of {names}.")
            raise No("bad", text.format(name=shown(name), names=expected))
        return operations[name]

    def _refresh(self, _message: Message) -> Document:
        """`refresh`: look for what others recorded, and open the own journal again if it was let go."""
        if self._chair is not None:
            self._chair.reopen(self._now.record)
        self._look()
        return {}

    # ---- taking a seat -----------------------------------------------------------------------------------------------

    def _sit(self, message: Message) -> Document:
        """`sit` {who}: take a member's seat; refused where the member's journal is open elsewhere."""
        try:
            self._take(_text(message, "who"))
        except JournalError as problem:
            raise No("refused", str(problem)) from None
        return {}

    # ---- recording ---------------------------------------------------------------------------------------------------

    def _record(self, message: Message) -> Document:
        """`record` {card, author, set, clear, base}: write one line; replies seq and time."""
        self._seated()
        card, author = self._place(message)
        fields, clear = message.get("set", {}), message.get("clear", [])
        if isinstance(fields, Mapping) and isinstance(fields.get("facts"), Mapping):
            fields = {**fields, "facts": typed_facts(self._rule(card)[0], fields["facts"])}
        check_json(fields)
        check_payload(author, card, fields, clear)
        if own := next((name for name in (*fields, *clear) if name in PERSONAL), ""):
            raise No("refused", _("{field} is not recorded in this way.").format(field=own))
        self._no_conflict(card, author, fields, clear, _text(message, "base"))
        self._fits(card, author, fields, clear)
        return self._recorded(author, card, fields, list(clear))

    def _recorded(self, author: str, card: str, fields: Message, clear: list[str], *, undo: bool = False) -> Document:
        entry = self._append(author, card, fields, clear, undo=undo)
        self._look(again=True)
        return {"seq": entry.seq, "time": entry.time}

    def _place(self, message: Message) -> tuple[str, str]:
        """Return the card and the author of a message, which may be written here."""
        card, author = check_card(message.get("card")), _text(message, "author")
        if card not in self._states:
            raise No("refused", _("There is no card {card} in this assessment.").format(card=shown(card)))
        allowed = may_write_for(self._now.record.panel.members, self._seat.me)
        if author not in allowed:
            text = _("{me} does not record for {author}: only for {people}.")
            raise No("refused", text.format(me=self._seat.me, author=shown(author), people=words.listed([*allowed])))
        return card, author

    def _no_conflict(self, card: str, author: str, fields: Message, clear: list[str], base: str) -> None:
        """Refuse to write over what the form did not show: the author's fields, changed to something else since."""
        try:
            since = newer(self._now.entries.get(card, ()), base)
        except ValueError:
            raise BadValue("base", _("the version of the card"), shown(base)) from None
        touched = {name for entry in since if entry.author == author for name in (*entry.set, *entry.clear)}
        there = self._now.fields(card, author)
        if any(there.get(name) != fields.get(name) for name in touched & {*fields, *clear}):
            text = _("This was changed elsewhere since it was shown here; look at it, then record it again.")
            raise No("conflict", text, changed={card: self._states[card]})

    def _fits(self, card: str, author: str, fields: Message, clear: list[str]) -> None:
        """Refuse facts that the catalog does not take: on disk they would keep the score from being worked out."""
        if split_card(card)[0] != "indicator":
            return
        entries = self._now.entries.get(card, ())
        time = max((entry.time for entry in entries), default="2000-01-01T00:00:00Z")
        mine, me = self._now.record.findings["mine"], self._seat.me
        new = Entry(2**53, time, author, me, card, fields, tuple(clear), "")
        findings = fold([*entries, new], self._now.record.panel, mine)
        name = split_card(card)[1]
        try:
            self._ground.scorer.score({**findings, "prerequisites": {}}, self._ground.readings, card)
        except FindingsError as problem:
            place = problem.place.removeprefix(f"indicators/{name}").strip("/")
            told = InputError(card, place, expected=problem.expected, found=problem.found, hint=problem.hint)
            raise No("refused", str(told)) from None

    def _undo(self, message: Message) -> Document:
        """`undo` {card, author}: write a line that puts back what the author's card had; replies seq and time."""
        chair = self._seated()
        card, author = self._place(message)
        before = before_latest(self._now.entries.get(card, ()), author, chair.undos, chair.made)
        if before is None:
            raise No("refused", _("There is nothing to undo."))
        there = self._now.fields(card, author)
        fields = {name: value for name, value in before.items() if there.get(name) != value}
        clear = [name for name in there if name not in before]
        self._fits(card, author, fields, clear)
        return self._recorded(author, card, fields, clear, undo=True)

    def _rule(self, card: str) -> tuple[Document | None, tuple[str, ...]]:
        """Return the rule that applies to a card and the variants of the official text in use."""
        kind, name = split_card(card)
        if kind != "indicator":
            return None, ()
        entry = next(entry for entry in self._ground.catalog.document["indicators"] if entry["id"] == name)
        row = next(row for row in self._now.score["indicators"] if row["id"] == name)
        variants = tuple(row.get("variants", ()))
        return rule_in_use(entry, variants), variants

    # ---- looking up --------------------------------------------------------------------------------------------------

    def _history(self, message: Message) -> Document:
        """`history` {card}: replies entries, the latest first; see `history.history`."""
        card = check_card(message.get("card"))
        if card not in self._states:
            raise No("refused", _("There is no card {card} in this assessment.").format(card=shown(card)))
        names = {member.id: member.name for member in self._now.record.panel.members}
        return {"entries": history(self._now.entries.get(card, ()), *self._rule(card), names)}

    def _files(self, message: Message) -> Document:
        """`files` {card, again?}: replies files and problems; `again` looks into the folder once more.

        A file: path (for references and `preview`), name (to be shown), folder, size, type (MIME), type_text, pages (or
        None), supports, title, suggested. Suggested ones come first.
        """
        card = check_card(message.get("card"))
        if message.get("again") is True:
            self._take_inventory()
        name = split_card(card)[1]
        files = [
            {
                "path": item.path,
                "name": visible(item.path.rpartition("/")[2]),
                "folder": visible(item.path.rpartition("/")[0]),
                "size": item.size,
                "type": item.media_type,
                "type_text": words.media_type(item.media_type),
                "pages": item.pages,
                "supports": list(item.supports),
                "title": visible(item.title),
                "suggested": bool(name) and name in item.supports,
            }
            for item in self._inventory.items
        ]
        missing = [
            _("{file} is on the list ({place}) and not in the folder.").format(file=visible(row.path), place=row.place)
            for row in self._inventory.missing
        ]
        return {"files": sorted(files, key=lambda file: not file["suggested"]), "problems": missing}

    def _take_inventory(self) -> None:
        self._inventory = cached_inventory(self._ground.folder)
        self._look(again=True)

    def _preview(self, message: Message) -> tuple[Document, list[bytes]]:
        """`preview` {path, page?, size?}: replies type, width, height, page, pages, and one buffer with the picture."""
        page_number, size = message.get("page", 1), message.get("size", 1_000)
        for key, value in (("page", page_number), ("size", size)):
            if isinstance(value, bool) or not isinstance(value, int):
                raise BadValue(key, _("a whole number"), shown(value))
        made = preview(self._inventory, self._ground.folder, _text(message, "path"), page_number, size)
        reply = {"type": made.media_type, "width": made.width, "height": made.height}
        return {**reply, "page": made.page, "pages": made.pages}, [made.data]

    # ---- signing off -------------------------------------------------------------------------------------------------

    def _sign_off(self, _message: Message) -> Document:
        """`sign_off` {}: sign off for whoever sits here; refused with `open`, the list of what is open."""
        self._seated(signing=True)
        me = self._seat.me
        self._take_inventory()
        if self._problem:
            raise No("refused", self._problem)
        if me not in {member.id for member in signers(self._now.record.panel)}:
            raise No("refused", _("A scribe does not sign off."))
        if self._now.open:
            text = _("{count} points are still open.").format(count=len(self._now.open))
            raise No("refused", text, open=self._heading["sign_off"]["open"])
        if any(one.by == me and one.valid for one in self._now.signed):
            raise No("refused", _("You have signed off already."))
        current = to_sign(self._ground, self._now.record, self._now.score, self._inventory)
        fields, clear = sign_off_fields(self._ground.rules.pledge, current)
        if self._signer is not None:
            record = self._now.record
            signature = self._signer(me, statement(record.mine.id, record.id, me, fields["sign_off"]))
            fields, clear = sign_off_fields(self._ground.rules.pledge, current, signature)
        return self._personal(fields, list(clear), "withdrawal")

    def _withdraw(self, message: Message) -> Document:
        """`withdraw` {reason}: withdraw the own sign-off."""
        self._seated(signing=True)
        if not any(one["by"] == self._seat.me for one in self._now.record.findings["assessment"].get("sign_off", ())):
            raise No("refused", _("You have not signed off."))
        fields, clear = withdrawal_fields(_text(message, "reason"))
        return self._personal(fields, list(clear), "")

    def _personal(self, fields: Document, clear: list[str], emptied: str) -> Document:
        """Record about whoever sits here, emptying one more field where it is set."""
        card, me = self._now.cards.get(WHOLE), self._seat.me
        there = card.fields.get(me, {}) if card else {}
        check_payload(me, WHOLE, fields, clear)
        return self._recorded(me, WHOLE, fields, clear + [emptied] * (emptied in there))


def _text(message: Message, key: str) -> str:
    value = message.get(key, "")
    if not isinstance(value, str):
        raise BadValue(key, _("text"), shown(value))
    return value
