"""The portfolio: an impact as pieces of a notebook, for those who decide on a catalog or a reading.

`Portfolio.open` scores the register; each piece, one a cell of `notebooks/portfolio.ipynb`, is a table whose bars are
plain boxes beside plain text, so that every figure can be read, searched, printed and copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np

from greenmine.archive.index import read_contents
from greenmine.archive.layout import Archive
from greenmine.batch.impact import words as named
from greenmine.batch.impact.carry import passages
from greenmine.batch.impact.collect import facts_of_archive, facts_of_paths
from greenmine.batch.impact.impact import NEAR, Case, Change, Impact
from greenmine.batch.impact.table import FactsTable
from greenmine.catalog import Catalog, load_catalog
from greenmine.errors import ArchiveError, UsageError, shown
from greenmine.files import canonical_json, sha256_hex
from greenmine.i18n import gettext as _
from greenmine.i18n import language
from greenmine.scoring.exact import show
from greenmine.workbook import words
from greenmine.workbook.html import Html, speaking
from greenmine.workbook.tables import Row, Table, percent, piece
from greenmine.workspace import Workspace

MOST: Final = 30
"""How many mines, indicators or causes a table names; the table of facts and the sheet have them all."""


STEP: Final = 2
"""How many points a row of the distribution spans."""


@dataclass(frozen=True, repr=False)
class Portfolio:
    """A register of mines under several catalogs and readings.

    Attributes:
        impact: the scores.
        digest: SHA-256 of the file of facts, or of the rows as JSON where they come from no file.
        lang: the language of the pieces, `zh` or `en`.
    """

    impact: Impact
    digest: str
    lang: str = "zh"

    @classmethod
    def open(
        cls,
        facts: str = "",
        *,
        catalogs: Sequence[str],
        readings: Sequence[str] = (),
        lang: str = "zh",
        workspace: Workspace | None = None,
    ) -> Portfolio:
        """Read a register and score it.

        Args:
            facts: a table made by `greenmine facts`; empty for the records that it takes from the archive, and for
                the folders in `evidence/` where the archive has no records.
            catalogs: references; what changes is told from the first to each other.
            readings: `NAME=CHOICE` each; every way to fold what does not apply where there are none.
            lang: the language of the pieces, `zh` or `en`.
            workspace: where to look; the one around the working directory by default.

        Raises:
            GreenmineError: a table, catalog or reading is not as it should be.
        """
        with speaking(lang):
            space = workspace or Workspace.find()
            loaded = [load_catalog(ref, space) for ref in catalogs]
            pairs = [tuple(text.split("=", 1)) for text in readings]
            wrong = next((text for text, pair in zip(readings, pairs, strict=True) if len(pair) < 2), None)  # noqa: PLR2004 - name and choice
            if wrong is not None or not loaded:
                text = _("Expected one or more catalogs, and readings as NAME=CHOICE, got {text}.")
                raise UsageError(text.format(text=shown(wrong or "")))
            table = FactsTable.read(Path(facts)) if facts else _of_workspace(space, loaded[0])
            ways = passages(table, loaded, space)
            digest = sha256_hex(Path(facts).read_bytes() if facts else _as_json(table))
            return cls(Impact.of(table, loaded, [(pair[0], pair[1]) for pair in pairs], ways), digest, lang)

    @cached_property
    def count(self) -> int:
        """How many mines there are."""
        return len(self.impact.table)

    def _first(self, catalog: Catalog) -> Case:
        """Return the case of a catalog under the first reading."""
        return next(case for case in self.impact.cases if case.catalog is catalog)

    @cached_property
    def _changes(self) -> list[Change]:
        """What changes under the first reading, one for each further catalog."""
        after = [self._first(catalog) for catalog in self.impact.catalogs[1:]]
        return [change for change in self.impact.changes if change.after in after]

    # ---- the pieces, in the order of the report ----------------------------------------------------------------------

    def _piece(self, id_: str, title: str, *parts: str | Table, root: str = "section", stamp: str = "") -> Html:
        return piece(f"portfolio/{id_}", id_, title, *parts, root=root, stamp=stamp)

    def cover(self) -> Html:
        """Return the title: how many mines, which catalogs, and whether one of them is made up."""
        with speaking(self.lang):
            made_up = any(catalog.hypothetical for catalog in self.impact.catalogs)
            stamp = _("Hypothetical: not official, not for use in a real assessment") if made_up else ""
            lines = [_("{count} mines").format(count=self.count)]
            lines += [f"{catalog.ref} {catalog.title}" for catalog in self.impact.catalogs]
            return self._piece("cover", _("Impact on the register"), *lines, root="header", stamp=stamp)

    def verdicts(self) -> Html:
        """Return how many mines have which verdict under each reading, and by block under the first."""
        with speaking(self.lang):
            codes = ("pass", "fail", "ineligible", "incomplete")
            names = [words.verdict(code) for code in codes]
            heads = (_("Reading, group of industries"), *names, _("Share that passes"))
            tables = []
            for catalog in self.impact.catalogs:
                rows = [
                    Row(
                        (self._reading(case), *(str(case.verdicts[code]) for code in codes)),
                        self._share(case.verdicts["pass"]),
                        own=case is self._first(catalog),
                    )
                    for case in self.impact.cases
                    if case.catalog is catalog
                ]
                for block in self._first(catalog).document()["blocks"]:
                    counts = block["verdicts"]
                    cells = (block["name"], *(str(counts[code]) for code in codes))
                    rows.append(Row(cells, self._share(counts["pass"], sum(counts.values()))))
                tables.append(Table(f"{catalog.ref} {catalog.title}", heads, tuple(rows)))
            return self._piece("verdicts", _("Who passes"), *tables)

    def distribution(self) -> Html:
        """Return how far totals are from the line, settled and at best, under the first reading."""
        with speaking(self.lang):
            lines = [
                _("Mines by total, in steps of two points; the first and the last row take in what is beyond."),
                _("At best: all that is still to be assessed counted at full marks."),
            ]
            tables = [self._distribution(self._first(catalog)) for catalog in self.impact.catalogs]
            return self._piece("distribution", _("How far from the line"), *lines, *tables)

    def _distribution(self, case: Case) -> Table:
        line = Fraction(case.catalog.line)
        rows = []
        settled, best = (_binned([one["mines"] for one in case.margins(at_best=at_best)]) for at_best in (False, True))
        for number, (mines, at_best) in enumerate(zip(settled, best, strict=True)):
            margin = number * STEP - NEAR
            low, high = show(line + margin), show(line + margin + STEP)
            ends = {-NEAR: _("below {total}").format(total=high), NEAR: _("{total} and above").format(total=low)}
            total = ends.get(margin, f"{low}–{high}")
            cells = (total, f"{margin:+d}".replace("-", "−"), str(mines), str(at_best), str(sum(best[number:])))
            label = f"{self._share(at_best)}%"
            rows.append(Row(cells, percent(Fraction(at_best), Fraction(max(best))), label, own=margin == 0))
        heads = (
            *(_("Total"), _("From the line"), _("Settled"), _("At best")),
            *(_("This high or higher, at best"), _("Share of mines")),
        )
        caption = _("{catalog}, {reading}, line {line}").format(
            catalog=case.catalog.ref, reading=self._reading(case), line=case.catalog.line
        )
        return Table(caption, heads, tuple(reversed(rows)))

    def changes(self) -> Html:
        """Return who drops out and who comes in, and by what."""
        with speaking(self.lang):
            lines, tables = [], []
            for change in self._changes:
                out = len(change.drops_out)
                text = _("From {before} to {after}: {out} drop out, {certain} of them for certain; {in_} come in.")
                pair = {"before": change.before.catalog.ref, "after": change.after.catalog.ref}
                lines.append(text.format(out=out, certain=int(change.certain.sum()), in_=len(change.comes_in), **pair))
                tables += [self._causes(change), self._lost(change)]
            lines += named.notes(self.impact)
            return self._piece("changes", _("Who drops out, and by what"), *lines, *tables)

    def _causes(self, change: Change) -> Table:
        out = change.drops_out
        kept = {cause: mines[out] for cause, mines in change.after.causes.items()}
        several = sum((mines.astype(np.int64) for mines in kept.values()), np.zeros(len(out), np.int64))
        rows = []
        for cause, count in change.causes()[:MOST]:
            mines = kept[cause]
            cells = (
                named.cause(cause, change.after.catalog),
                str(count),
                str(int((mines & (several == 1)).sum())),
                str(int((mines & change.certain).sum())),
                str(int(change.after.causes[cause].sum())),
            )
            rows.append(Row(cells, self._share(count, len(out))))
        heads = (_("Cause"), _("Drop out"), _("By it alone"), _("For certain"), _("Of all mines"), _("Share of those"))
        return Table(_("What decides under {catalog}").format(catalog=change.after.catalog.ref), heads, tuple(rows))

    def _lost(self, change: Change) -> Table:
        names = change.before.scored.register.table.texts("name")
        rows = []
        lost = change.document()["drops_out"]
        for number in np.argsort(~change.certain, kind="stable")[:MOST]:
            row, one = change.drops_out[number], lost[number]
            by = " ".join(cause["id"] or _("line") for cause in one["by"])
            may = _("may pass") if one["may_pass"] else _("no longer passes")
            cells = (f"{one['mine']} {names[row]}", one["total_before"] or "–", one["total_after"] or "–", by, may)
            rows.append(Row(cells))
        heads = (_("Mine"), _("Total before"), _("Total after"), _("Kept out by"), _("Outlook"))
        caption = _("Mines that drop out under {catalog}: {shown} of {count}").format(
            catalog=change.after.catalog.ref, shown=len(rows), count=len(change.drops_out)
        )
        return Table(caption, heads, tuple(rows), bars=False)

    def deciding(self) -> Html:
        """Return which indicators keep mines out, under each catalog and the first reading."""
        with speaking(self.lang):
            text = _(
                "Keeps out: mandatory and not at full marks. Decides: at full marks, it alone would let the mine pass."
            )
            tables = [self._deciding(self._first(catalog)) for catalog in self.impact.catalogs]
            return self._piece("deciding", _("Which indicator decides"), text, *tables)

    def _deciding(self, case: Case) -> Table:
        found = [
            one for one in case.document()["indicators"] if one["keeps_out"] or one["decides"] or one["not_assessed"]
        ]
        found.sort(key=lambda one: -(one["keeps_out"] + one["decides"] + one["not_assessed"]))
        rows = []
        for one in found[:MOST]:
            applies = one["in_block"] - one["not_applicable"]
            share = self._share(applies - one["full"], applies)
            counts = (one["not_assessed"], one["keeps_out"], one["decides"], applies)
            rows.append(Row((f"{one['id']} {one['name']}", *map(str, counts)), share))
        heads = (
            *(_("Indicator"), _("Still open"), _("Keeps out"), _("Decides"), _("Applies to")),
            _("Share not at full marks"),
        )
        return Table(self._caption(case), heads, tuple(rows))

    def categories(self) -> Html:
        """Return where points are lost, by category, under each catalog and the first reading."""
        with speaking(self.lang):
            tables = []
            for case in map(self._first, self.impact.catalogs):
                rows = []
                for one in case.document()["categories"]:
                    cells = (
                        f"{one['id']} {one['name']}",
                        one["points"],
                        str(one["full"]),
                        str(one["open"]),
                        one["lost"] or "–",
                    )
                    share = percent(Fraction(one["lost"] or 0), Fraction(one["points"]))
                    rows.append(Row(cells, share, label="" if one["lost"] else "–"))
                heads = (
                    *(_("Category"), _("Standard points"), _("At full marks"), _("Still open")),
                    *(_("Points lost, mean"), _("Share lost")),
                )
                tables.append(Table(self._caption(case), heads, tuple(rows)))
            return self._piece("categories", _("Where points are lost"), *tables)

    def sensitivity(self) -> Html:
        """Return what other readings would change, under each catalog."""
        with speaking(self.lang):
            lines, tables = [], []
            for catalog in self.impact.catalogs:
                first = self._first(catalog)
                text = _("{catalog}: the verdict of {count} mines depends on the reading.")
                lines.append(text.format(catalog=catalog.ref, count=int(self.impact.sensitive(catalog).sum())))
                rows = []
                for case in (one for one in self.impact.cases if one.catalog is catalog):
                    change = Change(first, case)
                    passes = case.verdicts["pass"]
                    best = passes + int(case.scored.may_pass.sum())
                    counts = (passes, len(change.comes_in), len(change.drops_out), best)
                    rows.append(Row((self._reading(case), *map(str, counts)), self._share(passes), own=case is first))
                heads = (
                    *(_("Reading"), words.verdict("pass"), _("Come in"), _("Drop out"), _("Pass at best")),
                    _("Share that passes"),
                )
                tables.append(Table(catalog.ref, heads, tuple(rows)))
            return self._piece("sensitivity", _("What other readings would change"), *lines, *tables)

    def provenance(self) -> Html:
        """Return what the figures rest on: the table of facts and the catalogs, by their digests."""
        with speaking(self.lang):
            rows = [Row((_("Facts"), _("{count} mines").format(count=self.count), self.digest))]
            rows += [Row((one.ref, one.title, one.sha256)) for one in self.impact.catalogs]
            mappings = [way.mapping for way in self.impact.ways]
            rows += [Row((one.path.name, f"{one.from_} → {one.to}", one.sha256)) for one in mappings]
            heads = (_("What"), _("Name"), "SHA-256")
            lines = []
            if unread := self.impact.unread():
                lines.append(_("Columns that none of these catalogs reads: {names}").format(names=", ".join(unread)))
            table = Table(_("Digests"), heads, tuple(rows), bars=False)
            return self._piece("provenance", _("What the figures rest on"), *lines, table, root="footer")

    def _caption(self, case: Case) -> str:
        return f"{case.catalog.ref} {self._reading(case)}"

    @staticmethod
    def _reading(case: Case) -> str:
        """Name the reading of a case in the language in use."""
        text = case.catalog.document["reading_texts"][case.reading]
        return f"{text['name'] if language() == 'zh' else text['name_en']} {case.choice}"

    def _share(self, count: int, of: int | None = None) -> str:
        return percent(Fraction(int(count)), Fraction(self.count if of is None else of))

    def __repr__(self) -> str:
        return f"<greenmine: portfolio {self.count}>"


def _binned(counts: list[int]) -> list[int]:
    """Return counts by whole points as counts by steps, the last one being the top alone."""
    return [sum(counts[number : number + STEP]) for number in range(0, len(counts), STEP)]


def _as_json(table: FactsTable) -> bytes:
    """Return the rows, without where they lie on this machine."""
    rows = table.data.to_pylist()
    return canonical_json([{k: v for k, v in row.items() if v is not None and k != "source"} for row in rows])


def _of_workspace(space: Workspace, catalog: Catalog) -> FactsTable:
    """Return the facts of the archive, or of the mines' folders where the archive has no records."""
    try:
        archive = Archive.open(space.reports, read_only=True)
        if read_contents(archive).rows:
            return facts_of_archive(archive)
    except ArchiveError:  # there is none
        pass
    mines = [path.parent.name for path in sorted(space.evidence.glob("*/mine.yaml"))]
    if not mines:
        raise UsageError(_("{evidence} holds no mine.").format(evidence=space.evidence))
    return facts_of_paths(mines, catalog, space)
