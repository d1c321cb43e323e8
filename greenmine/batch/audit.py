"""The audit of a sample: draw records, verify and reproduce each, and say what that tells of all of them.

`Audit.open` takes the frame (every record in force at a checkpoint) and draws; nothing is examined before a piece asks
for it. The pieces, one per cell of `notebooks/audit.ipynb`, are HTML in the order of the report. A record is defective
where something of it does not hold or does not come out byte for byte. A report alone that looks otherwise under
software of other versions than the record names is shown and counted by itself: that is what versions are recorded for.
A record that cannot even be read is told besides the sample: it needs no luck to be found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from greenmine.archive.audits import Result, Results, conclude, frame_text
from greenmine.archive.checkpoint import Head, check_ledger, head_of, read_checkpoints
from greenmine.archive.index import Contents, Row, Unreadable, read_contents
from greenmine.archive.layout import Archive, kind_of
from greenmine.archive.ledger import Ledger
from greenmine.archive.pins import Pins
from greenmine.archive.sampling import SEPARATOR, STRATA, Drawn, draw_sample, sample_size, stratum_of
from greenmine.archive.selection import PREFIX
from greenmine.archive.verify import verify
from greenmine.batch.notebook import NOTEBOOK, REPORT
from greenmine.batch.reproduce import reproduce
from greenmine.errors import GreenmineError, UsageError, one_line, shown
from greenmine.files import sha256_hex
from greenmine.i18n import gettext as _
from greenmine.workbook import words
from greenmine.workbook.html import Html, render, speaking
from greenmine.workspace import Workspace

RESULTS_TYPE: Final = "application/vnd.greenmine.audit+json"
"""What programs read the results from in the executed notebook."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of a record of the sample.

    Attributes:
        drawn: which it is.
        failure: what does not hold, first; empty where everything does.
        difference: what is not the same when it is made anew, first; empty where everything is.
        archived: the total in the archive; None where there is none.
        now: the total as recomputed; None where there is none.
        software: whether all that differs is the report, under software of other versions.
    """

    drawn: Drawn
    failure: str
    difference: str
    archived: str | None
    now: str | None
    software: bool = False

    @property
    def defective(self) -> bool:
        """Whether anything is the matter with it."""
        return bool(self.failure) or (bool(self.difference) and not self.software)

    @property
    def result(self) -> Result:
        """It, as it is archived."""
        return Result(
            record=self.drawn.record,
            failure=one_line(self.failure)[:4000],
            difference=one_line(self.difference)[:4000],
            archived=self.archived,
            now=self.now,
            software=self.software,
            defective=self.defective,
        )

    @property
    def delta(self) -> str:
        """The total as recomputed less the total in the archive."""
        if self.archived is None or self.now is None:
            return "0" if self.archived == self.now else "–"
        return f"{Decimal(self.now) - Decimal(self.archived):f}"


@dataclass(frozen=True, repr=False)
class Audit:
    """An audit of a sample.

    Attributes:
        archive: the archive, or a copy of one.
        contents: what it holds.
        head: the state of its ledger that the frame is.
        fixed: whether a checkpoint says so.
        workspace: whose notebook and parameters records are made anew with.
        pins: whose signatures count.
        seed: of the draw.
        rate: the share of defective records that is to be noticed.
        confidence: with which probability.
        strata: what records are grouped by, of `STRATA`.
        lang: the language of the pieces, `zh` or `en`.
    """

    archive: Archive
    contents: Contents
    head: Head
    fixed: bool
    workspace: Workspace
    pins: Pins
    seed: str
    rate: Fraction
    confidence: Fraction
    strata: tuple[str, ...]
    lang: str = "zh"

    @classmethod
    def open(
        cls,
        archive: str = "",
        *,
        seed: str,
        checkpoint: str = "",
        rate: str = "0.05",
        confidence: str = "0.95",
        strata: Sequence[str] = ("verdict",),
        trust: str = "",
        lang: str = "zh",
        workspace: Workspace | None = None,
    ) -> Audit:
        """Fix the frame of an audit.

        Args:
            archive: the archive's folder; `reports/` of the workspace where it is empty.
            seed: from a public event after the frame was fixed, such as dice rolled at the meeting.
            checkpoint: the number of entries of the one that fixes the frame; the last where it is empty, and where
                there is none the ledger as it is now.
            rate: the share of defective records that is to be noticed, a decimal number.
            confidence: with which probability, a decimal number.
            strata: what records are grouped by, of `STRATA`.
            trust: a folder with the keys that the auditor believes; the archive's own where it is empty.
            lang: the language of the pieces, `zh` or `en`.
            workspace: whose notebook and parameters are used; the one around the working directory by default.

        Raises:
            UsageError: there is no seed or no such checkpoint, or a parameter is of another form.
            ArchiveError: there is no archive.
        """
        with speaking(lang):
            if not isinstance(seed, str) or not seed or not seed.isprintable():  # papermill -p makes 0123 a number
                raise UsageError(_("An audit needs a seed, a line of text, from a public event: dice, for instance."))
            unknown = [name for name in strata if name not in STRATA]
            if unknown:
                text = _("Records are not grouped by {name}: expected some of {names}.")
                raise UsageError(text.format(name=shown(unknown[0]), names=", ".join(STRATA)))
            space = workspace or Workspace.find()
            opened = Archive.open(Path(archive) if archive else space.reports, read_only=True)
            pins = Pins.of(Path(trust) if trust else opened.trust, own=not trust)
            numbers = (_number(rate), _number(confidence))
            contents = read_contents(opened)
            head, fixed = _head(opened, checkpoint)
            return cls(opened, contents, head, fixed, space, pins, seed, *numbers, tuple(strata), lang)

    @cached_property
    def rows(self) -> dict[str, Row]:
        """The frame: every record in force, by name."""
        within = {entry.bag for entry in self.contents.entries[: self.head.entries]}
        return {row.record: row for row in self.contents.rows if row.bag in within and row.superseded_by not in within}

    @cached_property
    def unreadable(self) -> tuple[Unreadable, ...]:
        """The records that cannot be read."""
        return tuple(
            one for one in self.contents.unreadable if one.number <= self.head.entries and kind_of(one.bag) == "assess"
        )

    @cached_property
    def frame_lines(self) -> bytes:
        """The frame as text: name, digest in the ledger and stratum of each record, one line each, sorted."""
        return frame_text((name, row.digest, self._stratum(row)) for name, row in self.rows.items())

    @cached_property
    def frame_digest(self) -> str:
        """SHA-256 of the frame's text."""
        return sha256_hex(self.frame_lines)

    @cached_property
    def size(self) -> int:
        """How many records are to be drawn."""
        return sample_size(len(self.rows), self.rate, self.confidence)

    @cached_property
    def sample(self) -> tuple[Drawn, ...]:
        """The records drawn."""
        return draw_sample([(name, self._stratum(row)) for name, row in self.rows.items()], self.seed, self.size)

    def _stratum(self, row: Row) -> str:
        return stratum_of(row, self.strata)

    @staticmethod
    def _named(stratum: str) -> str:
        """Name a stratum in the language in use."""
        return " · ".join(words.assessment_kind(words.verdict(code)) for code in stratum.split(SEPARATOR))

    @cached_property
    def examined(self) -> tuple[Examined, ...]:
        """What came of each record of the sample; this takes a few seconds for each."""
        return tuple(self._examine(drawn) for drawn in self.sample)

    @cached_property
    def results(self) -> Results:
        """What came of all, and what it says of all records."""
        return conclude([one.result for one in self.examined], len(self.rows), self.confidence)

    def _examine(self, drawn: Drawn) -> Examined:
        bag = PREFIX + drawn.record
        found = verify(self.archive, self.pins, records=[bag])
        failure = f"{found.first.file}: {found.first.reason}" if found.first else ""
        archived = self.rows[drawn.record].total
        try:
            done = reproduce(self.archive, bag, workspace=self.workspace)
        except GreenmineError as problem:
            return Examined(drawn, failure, self._portable(str(problem)), archived, None)
        difference = self._portable(str(done.differences[0])) if done.differences else ""
        files = {one.file for one in done.differences}
        explained = done.explained or (bool(done.software) and bool(files) and files <= {NOTEBOOK, REPORT})
        return Examined(drawn, failure, difference, archived, done.total, explained)

    def _portable(self, text: str) -> str:
        """Return a message without where the archive happens to lie."""
        return text.replace(f"{self.archive.root}/", "")

    # ---- the pieces, in the order of the report ----------------------------------------------------------------------

    def _piece(self, title: str, lines: Sequence[str], heads: Sequence[str] = (), rows: Any = ()) -> Html:  # noqa: ANN401
        return render("audit", "audit", title=title, lines=lines, heads=heads, rows=list(rows))

    def frame(self) -> Html:
        """Return what was drawn from: the state of the archive, the frame, the strata and their sizes."""
        with speaking(self.lang):
            strata = Counter(self._stratum(row) for row in self.rows.values())
            drawn = Counter(one.stratum for one in self.sample)
            lines = [
                _("Archive {origin}, a ledger of {entries} entries with the SHA-256 {digest}.").format(
                    origin=self.contents.origin, entries=self.head.entries, digest=self.head.sha256
                ),
                *([] if self.fixed else [_("No checkpoint fixes this state: the frame could still be changed.")]),
                _("Records in force: {count}; SHA-256 of the list of names, digests and strata: {digest}.").format(
                    count=len(self.rows), digest=self.frame_digest
                ),
                _("To notice a share of {rate} with confidence {confidence}, {size} records are drawn.").format(
                    rate=_decimal(self.rate), confidence=_decimal(self.confidence), size=self.size
                ),
                *(_("cannot be read: {reason}").format(reason=one.reason) for one in self.unreadable),
            ]
            rows = ((self._named(name), str(count), str(drawn[name])) for name, count in sorted(strata.items()))
            return self._piece(_("What is drawn from"), lines, [_("Stratum"), _("Records"), _("Drawn")], rows)

    def draw(self) -> Html:
        """Return the draw: the seed, and the records with their tickets."""
        with speaking(self.lang):
            lines = [
                _("Seed: {seed}").format(seed=self.seed),
                _("A record's ticket is the SHA-256 of the seed, a comma and its name; the smallest are taken."),
            ]
            rows = ((one.record, self._named(one.stratum), one.ticket) for one in self.sample)
            return self._piece(_("The draw"), lines, [_("Record"), _("Stratum"), _("Ticket")], rows)

    def checks(self) -> Html:
        """Return what came of each record: whether it holds, whether it comes out the same, and by how much not."""
        with speaking(self.lang):
            heads = [_("Record"), _("Verified"), _("Made anew"), _("Total"), _("Recomputed"), _("Delta")]
            return self._piece(_("Records verified and made anew"), [], heads, self._check_rows())

    def _check_rows(self) -> Iterator[tuple[str, ...]]:
        for one in self.examined:
            yield (
                one.drawn.record,
                one.failure or _("all of it holds"),
                one.difference or _("the same byte for byte"),
                one.archived or "–",
                one.now or "–",
                one.delta,
            )

    def conclusion(self) -> Html:
        """Return what the sample says of all records."""
        with speaking(self.lang):
            size, found, most = len(self.examined), self.results.defective, self.results.most
            lines = [
                _("{found} of {size} records are defective.").format(found=found, size=size),
                _("With confidence {confidence}, at most {most} of all {count} records are defective.").format(
                    confidence=_decimal(self.confidence), most=most, count=len(self.rows)
                ),
            ]
            other = sum(one.software and not one.defective for one in self.examined)
            if other:
                text = _("{count} reports look otherwise under software of other versions; their scores are the same.")
                lines.append(text.format(count=other))
            if self.unreadable:
                text = _("Besides, {count} records cannot be read.")
                lines.append(text.format(count=len(self.unreadable)))
            if self.pins.own:
                lines.append(_("The keys believed were the archive's own: against who runs it, they prove nothing."))
            piece = self._piece(_("Conclusion of the audit"), lines)
            data = self.results.model_dump(mode="json", by_alias=True, exclude_none=True)
            return Html(piece.markup, piece.name, {RESULTS_TYPE: data})

    def __repr__(self) -> str:
        return f"<greenmine: audit {len(self.rows)}>"


def _head(archive: Archive, checkpoint: str) -> tuple[Head, bool]:
    """Return the state of the ledger that a checkpoint fixes, and whether one does."""
    data = Ledger(archive).scan().data
    heads = {str(one.checkpoint.head.entries): one.checkpoint.head for one in read_checkpoints(archive.root)}
    if not heads and not checkpoint:
        return head_of(data), False
    found = heads.get(checkpoint.lstrip("0") or next(reversed(heads), ""))
    if found is None:
        text = _("There is no checkpoint over {entries} entries: expected one of {names}.")
        raise UsageError(text.format(entries=shown(checkpoint), names=", ".join(heads) or "–"))
    check_ledger(data, found, archive.ledger)
    return found, True


def _number(text: str) -> Fraction:
    try:
        return Fraction(str(text))  # papermill -p makes 0.05 a binary fraction, whose text is still 0.05
    except (ValueError, ZeroDivisionError):
        raise UsageError(_("{text}: expected a decimal number.").format(text=shown(text))) from None


def _decimal(number: Fraction) -> str:
    return f"{float(number):.10g}"
