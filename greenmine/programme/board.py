"""The board: an overview as pieces of a notebook and of a page: lists, targets, what is due, checks, removals.

Without a programme the first piece says so and the others are nothing. Ids and names of mines are shown and those of
agencies; no person is: not who entered a step, was drawn as an inspector, or is excluded as an assessor.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from greenmine.archive.layout import Archive
from greenmine.errors import UsageError, shown
from greenmine.files import canonical_json, sha256_hex
from greenmine.i18n import gettext as _
from greenmine.programme.calendar import today
from greenmine.programme.clocks import status_text, title, why
from greenmine.programme.drafts import day_of
from greenmine.programme.overview import MINE, Overview, name_of, read_overview
from greenmine.programme.programme import as_document, load_programme
from greenmine.programme.roster import read_roster
from greenmine.programme.tally import Outside, Tally
from greenmine.scoring.exact import show
from greenmine.workbook.html import Html, speaking
from greenmine.workbook.tables import Row, Table, percent, piece
from greenmine.workspace import Workspace

MOST: Final = 40
"""How many mines, deadlines or places a table names; the JSON of `greenmine overview` and `due` has them all."""

_PERSON: Final = "assessor/"


def size_title(size: str) -> str:
    """Return the name of a size of mines in the language in use."""
    return {"large": _("Large mines"), "medium": _("Medium mines"), "small": _("Small mines")}.get(size, size)


def outside_title(why_: Outside) -> str:
    """Return why a mine on a list is not counted, in the language in use."""
    return {
        "absent": _("not in the roster"),
        "idle": _("not in production by the roster"),
        "lapsed": _("licence run out by the roster"),
    }[why_]


@dataclass(frozen=True, repr=False)
class Board:
    """An overview in pieces.

    Attributes:
        overview: what is shown; None where no programme was named.
        lang: the language of the pieces, `zh` or `en`.
        level: of the pieces' headings.
        prefix: what the ids of headings begin with.
        drawn: whether bars are drawings instead of boxes.
    """

    overview: Overview | None
    lang: str = "zh"
    level: int = 2
    prefix: str = "board-"
    drawn: bool = False

    @classmethod
    def open(
        cls,
        programme: str = "",
        *,
        roster: str = "",
        on: str = "",
        lang: str = "zh",
        workspace: Workspace | None = None,
    ) -> Board:
        """Read register, draws and roster.

        Args:
            programme: whose register; empty for no overview.
            roster: the table of the mines that hold a licence and are in production; empty for none.
            on: the day, such as `2026-06-30`; today in China where it is empty. The pieces say which it was.
            lang: the language of the pieces, `zh` or `en`.
            workspace: where to look; the one around the working directory by default.

        Raises:
            GreenmineError: programme, roster, day, register or a draw is not as it should be.
        """
        with speaking(lang):
            if not programme:
                return cls(None, lang)
            space = workspace or Workspace.find()
            try:
                day = day_of(on) if on else today()
            except ValueError:
                text = _("{text} is no date: expected one such as 2024-04-15.")
                raise UsageError(text.format(text=shown(on))) from None
            rows = read_roster(Path(roster)) if roster else None
            return cls(read_overview(Archive(space.reports), load_programme(programme, space), day, rows), lang)

    def _piece(self, id_: str, heading: str, *parts: str | Table) -> Html:
        id_ = f"{self.prefix}{id_}"
        return piece(f"board/{id_}", id_, heading, *parts, level=self.level, drawn=self.drawn)

    # ---- the pieces, in the order of the report ----------------------------------------------------------------------

    def lists(self) -> Html:
        """Return how many mines are on each list and in each state; or why there is no overview."""
        with speaking(self.lang):
            heading = _("Lists")
            found = self.overview
            if found is None:
                return self._piece("lists", heading, _("No programme is named, so there is no overview of a register."))
            programme = found.programme
            says = _("{programme}, as of {day}").format(programme=programme.title, day=found.on)
            if not found.register.records:
                return self._piece("lists", heading, says, _("The register holds nothing until then."))
            rows = []
            every = sum(1 for one in found.register.records if one.startswith(MINE))
            for name, states in found.lists.items():
                rows.append(self._counted(programme.lists[name].title, sum(states.values()), every, own=True))
                rows += [self._counted(programme.state_title(one), count, every) for one, count in states.items()]
            rows.append(self._counted(_("On no list"), sum(found.others.values()), every, own=True))
            rows += [self._counted(programme.state_title(one), count, every) for one, count in found.others.items()]
            heads = (_("List, state"), _("Mines"), _("Share of the register"))
            return self._piece("lists", heading, says, Table(_("Mines by list and state"), heads, tuple(rows)))

    @staticmethod
    def _counted(name: str, count: int, of: int, *, own: bool = False) -> Row:
        return Row((name, str(count)), percent(Fraction(count), Fraction(of)), own=own)

    def targets(self) -> Html | None:
        """Return how far the targets are reached, all in all, by city and by mineral."""
        with speaking(self.lang):
            found, heading = self.overview, _("Share that meets the standard")
            if found is None:
                return None
            programme = found.programme
            if not programme.targets:
                text = _("{document} sets no target for the share of mines.")
                return self._piece("targets", heading, text.format(document=programme.document.name))
            lines = list(dict.fromkeys(f"{programme.cited(one.clause)}：{one.quote}" for one in programme.targets))
            if found.roster is None:
                lines.append(no_roster())
                return self._piece("targets", heading, *lines)
            lines.append(meaning())
            rows = [
                self._tally(
                    one.whole,
                    _("{size}, target {share}% by {day}").format(
                        size=size_title(one.target.size), share=show(one.whole.target * 100), day=one.target.by
                    ),
                    own=True,
                )
                for one in found.standings
            ]
            tables = [Table(_("All mines of the roster"), self._heads(_("Size")), tuple(rows))]
            for one in found.standings:
                for head, caption, groups in (
                    (_("City"), _("{size}, by city"), one.cities),
                    (_("Mineral"), _("{size}, by mineral"), one.minerals),
                ):
                    rows = [self._tally(each, each.group) for each in groups[:MOST]]
                    text = caption.format(size=size_title(one.target.size))
                    if len(groups) > MOST:
                        text += _(": {shown} of {count}").format(shown=MOST, count=len(groups))
                    if rows:
                        tables.append(Table(text, self._heads(head), tuple(rows)))
            return self._piece("targets", heading, *lines, *tables, *self._outside(found))

    @staticmethod
    def _heads(first: str) -> tuple[str, ...]:
        numbers = (_("Licensed and producing"), _("Meet it"), _("Rectifying, not counted"), _("Missing"))
        return (first, *numbers, _("Share; the line is the target"))

    @staticmethod
    def _tally(tally: Tally, name: str, *, own: bool = False) -> Row:
        numbers = (tally.producing, tally.meets, tally.rectifying, tally.missing)
        share = percent(Fraction(tally.meets), Fraction(tally.producing))
        label = f"{tally.percent}%" if tally.producing else tally.percent
        return Row((name, *map(str, numbers)), share, label, own, percent(tally.target, Fraction(1)))

    @staticmethod
    def _outside(found: Overview) -> tuple[Table, ...]:
        if not found.outside:
            return ()
        lists = found.programme.lists
        rows = tuple(
            Row((f"{one.id} {name_of(one)}", "、".join(lists[name].title for name in one.lists), outside_title(why_)))
            for one, why_ in found.outside[:MOST]
        )
        caption = _("On a list and not counted: {shown} of {count}").format(shown=len(rows), count=len(found.outside))
        heads = (_("Mine"), _("List"), _("Why"))
        return (Table(caption, heads, rows, bars=False),)

    def due(self) -> Html | None:
        """Return what is due or overdue."""
        with speaking(self.lang):
            found = self.overview
            if found is None:
                return None
            heading, programme = _("What is due"), found.programme
            if not found.deadlines:
                text = _("Nothing is due on {day} or within {count} days.")
                return self._piece("due", heading, text.format(day=found.on, count=found.within))
            counts: dict[tuple[str, str], int] = {}
            for one in found.deadlines:
                key = (title(one, programme), status_text(one, found.on))
                counts[key] = counts.get(key, 0) + 1
            of = len(found.deadlines)
            rows = [
                Row((what, state, str(count)), percent(Fraction(count), Fraction(of)))
                for (what, state), count in sorted(counts.items())
            ]
            caption = _("Due on {day} or within {count} days").format(day=found.on, count=found.within)
            tables = [Table(caption, (_("What"), _("State"), _("Count"), _("Share of all")), tuple(rows))]
            named = [one for one in found.deadlines if not one.subject.startswith(_PERSON)]
            rows = [
                Row(
                    (
                        one.subject.removeprefix(MINE),
                        str(one.due or "–"),
                        status_text(one, found.on),
                        title(one, programme),
                        why(one, programme),
                    )
                )
                for one in named[:MOST]
            ]
            caption = _("Mines and agencies: {shown} of {count}").format(shown=len(rows), count=len(named))
            heads = (_("Subject"), _("Until"), _("State"), _("What"), _("Why"))
            return self._piece("due", heading, *tables, Table(caption, heads, tuple(rows), bars=False, dated=True))

    def draws(self) -> Html | None:
        """Return the draws for spot checks, and what the checks gave."""
        with speaking(self.lang):
            found = self.overview
            if found is None or found.programme.draw is None:
                return None
            heading = _("Spot checks")
            if not found.checks:
                return self._piece("draws", heading, _("Nothing was drawn until then."))
            rows = []
            for one in found.checks[:MOST]:
                done = len(one.passed) + len(one.failed)
                numbers = (one.drawn + one.key, len(one.passed), len(one.failed), len(one.open))
                name = f"{one.on} {one.name or one.document}"
                cells = (name, "–" if one.frame is None else str(one.frame), *map(str, numbers))
                share = percent(Fraction(len(one.passed)), Fraction(done))
                rows.append(Row(cells, share, f"{len(one.passed)}/{done}" if done else "–"))
            heads = (
                _("Draw"),
                _("Drawn from"),
                _("To be checked"),
                _("Check passed"),
                _("Check failed"),
                _("No result yet"),
            )
            text = _("To be checked: those drawn and the key mines. Failed: ordered to rectify, or removed.")
            table = Table(_("Draws and their results"), (*heads, _("Passed, of those with a result")), tuple(rows))
            return self._piece("draws", heading, text, table)

    def removals(self) -> Html | None:
        """Return who was removed from the lists, and who may have to be, by ground."""
        with speaking(self.lang):
            found = self.overview
            if found is None or found.programme.removal is None:
                return None
            heading = _("Removals")
            if not found.grounds:
                return self._piece("removals", heading, _("Nobody was removed or is proposed for removal until then."))
            of = Fraction(max(1, len(found.removed)))
            rows = [
                Row(
                    (found.ground_title(ground), *map(str, counts)),
                    percent(Fraction(counts[0]), of),
                )
                for ground, counts in found.grounds.items()
            ]
            columns = (
                _("Ground"),
                _("Removed"),
                _("Of these in {year}").format(year=found.on.year),
                _("Proposed"),
                _("Share of removals"),
            )
            tables = [Table(_("Removals and proposals by ground"), columns, tuple(rows))]
            if found.removed:
                latest = [
                    Row((f"{one.mine} {one.name}", str(one.on), found.ground_title(one.ground), one.document))
                    for one in found.removed[:MOST]
                ]
                caption = _("Removed: {shown} of {count}").format(shown=len(latest), count=len(found.removed))
                heads = (_("Mine"), _("Removed on"), _("Ground"), _("Document"))
                tables.append(Table(caption, heads, tuple(latest), bars=False, dated=True))
            return self._piece("removals", heading, *tables)

    def provenance(self) -> Html | None:
        """Return what the figures rest on: the day, the register, the rules, the roster, the draws."""
        with speaking(self.lang):
            found = self.overview
            if found is None:
                return None
            programme, (count, digest) = found.programme, found.register.head
            sealed = _("{count} events, {sealed} of them in the archive").format(count=count, sealed=found.sealed)
            rules = sha256_hex(canonical_json(as_document(programme)))
            rows = [
                Row((_("Register"), sealed, digest)),
                Row((_("Rules"), f"{programme.id} · {programme.document.name}", rules)),
            ]
            if found.roster:
                text = _("{file}, {count} mines").format(file=found.roster.file, count=len(found.roster.mines))
                rows.append(Row((_("Roster"), text, found.roster.sha256)))
            rows += [Row((_("Draw"), one.framed.bag, one.framed.digest)) for one in found.draws]
            text = _("As of {day}, by what was entered when this was made. The roster is taken as it is.")
            table = Table(_("Digests"), (_("What"), _("Name"), "SHA-256"), tuple(rows), bars=False)
            return self._piece("provenance", _("What the overview rests on"), text.format(day=found.on), table)

    def pieces(self) -> tuple[Html, ...]:
        """Return all pieces that there are, in order."""
        made = (self.lists(), self.targets(), self.due(), self.draws(), self.removals(), self.provenance())
        return tuple(one for one in made if one is not None)

    def __repr__(self) -> str:
        return f"<greenmine: board {self.overview.programme.id if self.overview else '–'}>"


def no_roster() -> str:
    """Return why no share is told, in the language in use."""
    return _(
        "No roster of the mines that hold a licence and are in production was given: no share that meets the standard "
        "is worked out."
    )


def meaning() -> str:
    """Return when a mine counts as meeting the standard, in the language in use."""
    return _(
        "A mine counts as meeting the standard while it is on a list of the programme and is not ordered to rectify. "
        "Counted are mines that the roster says to be in production, with a licence that holds on the day."
    )
