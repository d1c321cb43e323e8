"""Impact: one register of mines under several catalogs and readings, and what changes from the first catalog on.

A *case* is a catalog under a reading. Of each case it is told who passes, how far mines are from the line, where points
are lost and what keeps mines out; of each pair of cases, who drops out, who comes in, and by which indicator. What a
new catalog asks and nobody recorded is still to be assessed; how many of those mines could pass at best is told too, so
that the two numbers bound what is to come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from greenmine.batch.impact.carry import Origin, Passage, carried, origins
from greenmine.batch.impact.cells import KEYS
from greenmine.batch.impact.register import Register
from greenmine.batch.impact.scored import (
    FAIL,
    INCOMPLETE,
    INELIGIBLE,
    NOT_ASSESSED,
    PASS,
    VERDICTS,
    Scored,
)
from greenmine.batch.impact.table import HEAD, Array, FactsTable, column, gate_column
from greenmine.catalog import Catalog
from greenmine.errors import UsageError
from greenmine.i18n import gettext as _

SCHEMA: Final = "greenmine.impact/1"
NEAR: Final = 20
"""How many points on either side of the line the distribution of totals is told."""

FOLD: Final = "na_fold"


class Cause(NamedTuple):
    """Why a mine does not pass.

    Attributes:
        code: the scorer's code of the reason.
        id: of the prerequisite, category or indicator; for `below_line`, of an indicator that alone would lift the mine
            to the line, empty where none would.
    """

    code: str
    id: str

    def document(self) -> dict[str, str]:
        """Return the cause as JSON."""
        return {"code": self.code, "id": self.id}


@dataclass(frozen=True, eq=False)
class Case:
    """All mines under one catalog and one reading.

    Attributes:
        catalog: the catalog.
        reading: name of the reading that is chosen.
        choice: what is chosen.
        scored: the scores.
    """

    catalog: Catalog
    reading: str
    choice: str
    scored: Scored

    @property
    def reading_label(self) -> str:
        """What the reading is called: `na_fold=category`."""
        return f"{self.reading}={self.choice}"

    @property
    def label(self) -> str:
        """What the case is called: `national@2024 na_fold=category`."""
        return f"{self.catalog.ref} {self.reading_label}"

    @property
    def verdicts(self) -> dict[str, int]:
        """How many mines have which verdict."""
        return verdicts(self.scored.verdict)

    @cached_property
    def causes(self) -> dict[Cause, Array]:
        """For each cause that keeps a mine from passing, which mines it keeps; several may keep one mine."""
        scored, document = self.scored, self.catalog.document
        verdict, register = scored.verdict, scored.register
        ids = [indicator.id for indicator in register.indicators]
        eligible = verdict != INELIGIBLE
        found = {}
        for number, entry in enumerate(document["prerequisites"]):
            found[Cause("prerequisite_failed", entry["id"])] = register.gates[number] == 0
            found[Cause("prerequisite_not_assessed", entry["id"])] = (register.gates[number] < 0) & eligible
        for number, entry in enumerate(document["categories"]):
            found[Cause("category_needs_ruling", entry["id"])] = scored.totals.needs_ruling[number] & eligible
        at_best = (verdict == INCOMPLETE) & (scored.margin_at_best < 0) & ~scored.totals.needs_ruling.any(axis=0)
        below = (verdict == FAIL) | at_best
        for number, id_ in enumerate(ids):
            found[Cause("not_assessed", id_)] = (scored.results.status[number] == NOT_ASSESSED) & eligible
            found[Cause("mandatory_not_full", id_)] = scored.lacking[number] & eligible
            below = below & ~scored.lacking[number]
        for number, id_ in enumerate(ids):
            found[Cause("below_line", id_)] = scored.alone[number] & below
        found[Cause("below_line", "")] = below & ~scored.alone.any(axis=0)
        return {cause: mines for cause, mines in found.items() if mines.any()}

    def why(self, mines: Array) -> tuple[list[list[Cause]], Array]:
        """Return every set of causes that keeps one of some mines, and for each of them the position of its set.

        Args:
            mines: rows of the mines.
        """
        causes = list(self.causes)
        kept = np.zeros((len(mines), len(causes)), bool)
        for number, cause in enumerate(causes):
            kept[:, number] = self.causes[cause][mines]
        packed = np.packbits(kept, axis=1)
        if not packed.size:
            return [[]], np.zeros(len(mines), np.int64)
        _packed, first, of = np.unique(
            packed.view(f"V{packed.shape[1]}").ravel(), return_index=True, return_inverse=True
        )
        return [[causes[number] for number in np.flatnonzero(kept[row])] for row in first], of

    def document(self) -> dict[str, Any]:
        """Return the case as JSON."""
        scored = self.scored
        blocks = self.catalog.document["blocks"]
        return {
            "catalog": self.catalog.ref,
            "reading": self.reading,
            "choice": self.choice,
            "verdicts": self.verdicts,
            "may_pass": int(scored.may_pass.sum()),
            "blocks": [
                {"id": block["id"], "name": block["name"], "verdicts": verdicts(scored.verdict[of])}
                for number, block in enumerate(blocks)
                if (of := scored.register.block == number).any()
            ],
            "categories": list(self._categories()),
            "indicators": list(self._indicators()),
            "margins": self.margins(),
            "margins_at_best": self.margins(at_best=True),
        }

    def margins(self, *, at_best: bool = False) -> list[dict[str, Any]]:
        """Return how many mines are how many whole points above the line (`from`); the ends take in what is beyond.

        Args:
            at_best: whether mines that are still to be assessed are counted, all that is open at full marks.
        """
        scored = self.scored
        settled = scored.verdict <= FAIL
        if at_best:
            settled = settled | ((scored.verdict == INCOMPLETE) & ~scored.totals.needs_ruling.any(axis=0))
        over = (scored.margin_at_best if at_best else scored.margin)[settled].clip(-NEAR, NEAR)
        counts = np.bincount(over + NEAR, minlength=2 * NEAR + 1)
        return [{"from": number - NEAR, "mines": int(count)} for number, count in enumerate(counts)]

    def _categories(self) -> Iterator[dict[str, Any]]:
        entries = self.catalog.document["categories"]
        for entry, losses in zip(entries, self.scored.results.losses, strict=True):
            yield {"id": entry["id"], "name": entry["name"], "points": entry["points"], **losses}

    def _indicators(self) -> Iterator[dict[str, Any]]:
        scored = self.scored
        keeps_out = (scored.lacking & (scored.verdict == FAIL)).sum(axis=1)
        decides = scored.alone.sum(axis=1)
        for number, indicator in enumerate(scored.register.indicators):
            counts = scored.results.counts[number]
            yield {
                "id": indicator.id,
                "name": indicator.name,
                "kind": indicator.kind,
                "in_block": len(scored.verdict) - counts["not_in_block"],
                **{key: counts[key] for key in ("not_applicable", "not_assessed", "no_evidence", "full")},
                "keeps_out": int(keeps_out[number]),
                "decides": int(decides[number]),
            }


@dataclass(frozen=True, eq=False)
class Change:
    """What changes from a case to another under the same reading.

    Attributes:
        before: the case under the first catalog.
        after: the case under the other.
    """

    before: Case
    after: Case

    @cached_property
    def drops_out(self) -> Array:
        """Rows of the mines that pass before and not after."""
        return np.flatnonzero((self.before.scored.verdict == PASS) & (self.after.scored.verdict != PASS))

    @cached_property
    def comes_in(self) -> Array:
        """Rows of the mines that pass after and not before."""
        return np.flatnonzero((self.before.scored.verdict != PASS) & (self.after.scored.verdict == PASS))

    @cached_property
    def certain(self) -> Array:
        """Of the mines that drop out, whether they do so whatever is still to be assessed."""
        return ~self.after.scored.may_pass[self.drops_out]

    def causes(self) -> list[tuple[Cause, int]]:
        """Return what keeps out the mines that drop out, with how many mines each keeps, the most first."""
        mines = self.after.causes.items()
        counts = ((cause, int(kept[self.drops_out].sum())) for cause, kept in mines)
        return sorted(((cause, count) for cause, count in counts if count), key=lambda item: -item[1])

    def matrix(self) -> dict[str, dict[str, int]]:
        """Return how many mines go from which verdict to which."""
        pairs = self.before.scored.verdict * len(VERDICTS) + self.after.scored.verdict
        counts = np.bincount(pairs, minlength=len(VERDICTS) ** 2).reshape(len(VERDICTS), len(VERDICTS)).tolist()
        return {name: dict(zip(VERDICTS, row, strict=True)) for name, row in zip(VERDICTS, counts, strict=True)}

    def document(self) -> dict[str, Any]:
        """Return the change as JSON, every mine that drops out or comes in by its id."""
        return {
            "from": self.before.catalog.ref,
            "to": self.after.catalog.ref,
            "reading": self.before.reading,
            "choice": self.before.choice,
            "matrix": self.matrix(),
            "certain": int(self.certain.sum()),
            "causes": [{**cause.document(), "mines": count} for cause, count in self.causes()],
            "drops_out": self._mines(self.drops_out, self.after),
            "comes_in": self._mines(self.comes_in, self.before),
        }

    def _mines(self, rows: Array, kept_out_by: Case) -> list[dict[str, Any]]:
        ids = self.before.scored.register.table.texts("mine")[rows]
        totals = [case.scored.totals_shown[rows] for case in (self.before, self.after)]
        verdicts_ = kept_out_by.scored.verdict[rows]
        sets, of = kept_out_by.why(rows)
        by = [[cause.document() for cause in causes] for causes in sets]
        return [
            {
                "mine": mine,
                "total_before": before or None,
                "total_after": after or None,
                "verdict": VERDICTS[verdict],
                "may_pass": may_pass,
                "by": by[number],
            }
            for mine, before, after, verdict, may_pass, number in zip(
                ids, *totals, verdicts_.tolist(), kept_out_by.scored.may_pass[rows].tolist(), of, strict=True
            )
        ]


@dataclass(frozen=True, eq=False)
class Impact:
    """A register under several catalogs and readings.

    Attributes:
        table: the facts.
        catalogs: the catalogs; what changes is told from the first to each other.
        cases: one for each catalog and reading, by catalog, then by reading.
        ways: the mapping sets along which facts were carried over.
    """

    table: FactsTable
    catalogs: tuple[Catalog, ...]
    cases: tuple[Case, ...]
    ways: tuple[Passage, ...]

    @classmethod
    def of(
        cls,
        table: FactsTable,
        catalogs: Sequence[Catalog],
        readings: Sequence[tuple[str, str]] = (),
        ways: Sequence[Passage] = (),
    ) -> Impact:
        """Score a register under every catalog and reading.

        Args:
            table: the facts.
            catalogs: one or more.
            readings: name and choice; every way to fold what does not apply, by default.
            ways: mapping sets from catalogs that the facts were recorded by.

        Raises:
            UsageError: there is no catalog, one is named twice, or a reading is unknown.
            InputError: a cell of the table is of another form.
        """
        refs = [catalog.ref for catalog in catalogs]
        if not refs or len(set(refs)) < len(refs):
            raise UsageError(_("Expected one or more catalogs, each once: {refs}.").format(refs=", ".join(refs) or "–"))
        every = catalogs[0].document["readings"][FOLD]["choices"]
        chosen = list(dict.fromkeys(readings or ((FOLD, choice) for choice in every)))
        cases = []
        for catalog in catalogs:
            register = Register(catalog.document, carried(table, catalog, ways))
            cases += [Case(catalog, name, choice, register.score({name: choice})) for name, choice in chosen]
        return cls(table, tuple(catalogs), tuple(cases), tuple(ways))

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """What changes from the first catalog to each other, under each reading."""
        first = [case for case in self.cases if case.catalog is self.catalogs[0]]
        return tuple(
            Change(before, after)
            for after in self.cases
            for before in first
            if after.catalog is not before.catalog and (after.reading, after.choice) == (before.reading, before.choice)
        )

    @property
    def every_row(self) -> Array:
        """The rows of all mines."""
        return np.arange(len(self.table))

    def sensitive(self, catalog: Catalog) -> Array:
        """Return whether each mine's verdict under a catalog depends on the reading."""
        verdicts_ = np.stack([case.scored.verdict for case in self.cases if case.catalog is catalog])
        return np.asarray((verdicts_ != verdicts_[0]).any(axis=0))

    def origins(self, catalog: Catalog) -> list[Origin]:
        """Return which catalogs recorded the facts, and how a catalog reads them."""
        return origins(self.table, catalog, self.ways)

    def unread(self) -> list[str]:
        """Return the headings of the table that no catalog reads as they are: another catalog's, or mistyped."""
        known = set(HEAD)
        for case in self.cases:
            register = case.scored.register
            known |= {gate_column(entry["id"]) for entry in case.catalog.document["prerequisites"]}
            for indicator in register.indicators:
                keys = set(KEYS).union(*(rule.keys for rule in indicator.rules.values()))
                known |= {column(indicator.id, key) for key in keys}
        return [name for name in self.table.names if name not in known]

    def document(self) -> dict[str, Any]:
        """Return all of it as JSON, schema `greenmine.impact/1`; points are decimal strings, counts whole numbers."""
        return {
            "schema": SCHEMA,
            "facts": {"file": Path(self.table.file).name, "mines": len(self.table), "unread": self.unread()},
            "catalogs": [
                {
                    "id": one.id,
                    "version": one.version,
                    "sha256": one.sha256,
                    "line": one.line,
                    **({"hypothetical": True} if one.hypothetical else {}),
                    "recorded": [origin.document() for origin in self.origins(one)],
                    "sensitive": int(self.sensitive(one).sum()),
                }
                for one in self.catalogs
            ],
            "cases": [case.document() for case in self.cases],
            "changes": [change.document() for change in self.changes],
        }


def verdicts(found: Array) -> dict[str, int]:
    """Return how many mines have which verdict."""
    return dict(zip(VERDICTS, np.bincount(found, minlength=len(VERDICTS)).tolist(), strict=True))
