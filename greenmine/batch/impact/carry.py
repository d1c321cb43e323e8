"""Facts recorded by one version of the indicators, as answers to another: carried over where a mapping set allows it.

Each row goes by the catalog that it was recorded by. Where there is a mapping set from that one to the catalog to score
by, the row's cells are carried over as re-scoring carries findings over: the same mapping sets decide which indicator
answers which, and the scorer itself whether it takes the facts. Where there is none, such as for a profile that extends
the catalog, a fact is one of the indicator of the same name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np

from greenmine.assessment.carry import renamed
from greenmine.batch.impact.cells import ABOUT, entry_of, parsed, renamed_cell
from greenmine.batch.impact.table import HEAD, Array, FactsTable, Source, column, gate_column
from greenmine.catalog import Catalog, load_catalog
from greenmine.catalog.mapping import FOLDER, Link, MappingSet, cards_of, load_mapping, mapping_name, same_facts
from greenmine.errors import FindingsError, UsageError
from greenmine.i18n import gettext as _
from greenmine.scoring.indicator import Indicator, Mine, assess, compile_indicator
from greenmine.workspace import Workspace

_WIDE: Final = 2**20


@dataclass(frozen=True, eq=False)
class Passage:
    """A mapping set with both of its catalogs.

    Attributes:
        older: the catalog that facts were recorded by.
        newer: the one to score them by.
        mapping: which of its indicators are which of the newer one's.
    """

    older: Catalog
    newer: Catalog
    mapping: MappingSet


class Origin(NamedTuple):
    """How a catalog reads what was recorded by one.

    Attributes:
        recorded: the catalog that facts were recorded by, `ID@VERSION`; empty where the table does not tell.
        mines: of how many mines.
        mapping: the mapping set; None where a fact is one of the indicator of the same name.
    """

    recorded: str
    mines: int
    mapping: MappingSet | None

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"catalog": self.recorded, "mines": self.mines, "mapping": self.mapping and self.mapping.sha256}


def origins(table: FactsTable, newer: Catalog, ways: Sequence[Passage]) -> list[Origin]:
    """Return which catalogs a table was recorded by, and how another reads it, in order of their references."""
    recorded, codes = table.encoded("catalog")
    mappings = {way.older.ref: way.mapping for way in ways if way.newer.ref == newer.ref}
    counts = np.bincount(codes + 1, minlength=len(recorded) + 1).tolist()
    every = [Origin(str(ref), mines, mappings.get(ref)) for ref, mines in zip(["", *recorded], counts, strict=True)]
    return sorted((origin for origin in every if origin.mines), key=lambda origin: origin.recorded)


def passages(table: FactsTable, catalogs: Sequence[Catalog], workspace: Workspace) -> tuple[Passage, ...]:
    """Return what mapping sets there are from the catalogs that a table was recorded by to others.

    Args:
        table: the facts.
        catalogs: those that the facts are to be scored by.
        workspace: where catalogs and mapping sets are looked up.

    Raises:
        CatalogError: a mapping set, or the catalog that it leads from, does not hold together.
    """
    names = {path.name for path in workspace.parameter_files(FOLDER)}
    found = []
    for recorded in map(str, table.encoded("catalog")[0]):
        wanted = [one for one in catalogs if one.ref != recorded and mapping_name(recorded, one.ref) in names]
        try:
            older = load_catalog(recorded, workspace) if wanted else None
        except UsageError:  # it is not here; then nobody can tell what its indicators were
            older = None
        if older is not None:
            found += [Passage(older, newer, load_mapping("", older, newer, workspace)) for newer in wanted]
    return tuple(found)


def carried(table: FactsTable, newer: Catalog, ways: Sequence[Passage]) -> FactsTable:
    """Return a table as a catalog reads it; what is not carried over is not in it.

    Args:
        table: the facts.
        newer: the catalog.
        ways: mapping sets; those that lead to other catalogs are left aside.
    """
    recorded, codes = table.encoded("catalog")
    by_name = np.ones(len(table), bool)
    sources: dict[str, list[Source]] = {}
    for way in ways:
        if way.newer.ref == newer.ref and way.older.ref in recorded:
            rows = codes == recorded.index(way.older.ref)
            by_name &= ~rows
            for heading, source in _sources(table, way, rows):
                sources.setdefault(heading, []).append(source)
    if by_name.all():
        return table
    if by_name.any():
        for name in table.names:
            if name not in HEAD:
                sources.setdefault(name, []).append(Source(name, by_name))
    return table.rearranged(sources)


def _sources(table: FactsTable, way: Passage, rows: Array) -> Iterator[tuple[str, Source]]:
    """Yield which columns some rows give to the newer catalog's."""
    keys: dict[str, list[str]] = {}
    for name in table.names:
        owner, _dot, key = name.rpartition(".")
        keys.setdefault(owner, []).append(key)
    before, after = cards_of(way.older.document), cards_of(way.newer.document)
    for card, entry in after.items():
        link = way.mapping.answer(card)
        if link is None:
            continue
        (older, _slash, old), (kind, _slash, new) = str(link.from_).partition("/"), card.partition("/")
        if older != kind:  # they have no fact in common
            continue
        if kind == "prerequisite":
            if gate_column(old) in table.names:
                yield gate_column(new), Source(gate_column(old), rows)
            continue
        own = keys.get(old, [])
        same = not link.keys and same_facts(before[str(link.from_)], entry)
        kept = rows if same else rows & ~_refused(table, rows, compile_indicator(entry), link, own)
        for key in own:
            rewrite = partial(renamed_cell, key, keys=link.keys) if link.keys else None
            heading = key if key in ABOUT else link.keys.get(key, key)
            yield column(new, heading), Source(column(old, key), kept, rewrite)


def _refused(table: FactsTable, rows: Array, indicator: Indicator, link: Link, keys: Sequence[str]) -> Array:
    """Return which rows hold facts that the newer indicator does not take; rows that hold the same are asked for once.

    Args:
        table: the facts.
        rows: which rows the mapping set is for.
        indicator: of the newer catalog.
        link: from the older indicator.
        keys: of the table's columns on the older indicator.
    """
    old = str(link.from_).partition("/")[2]
    names = {key: column(old, key) for key in keys if key != "evidence"}
    expected = _("what “greenmine facts” writes")
    values = {
        key: table.look_up("parsed", name, partial(parsed, key), None, kind=object, expected=expected)
        for key, name in names.items()
    }
    of_mine = ("industry", "extraction", "primary_extraction")
    firsts, of = _alike(table, [*names.values(), *(of_mine if indicator.by else ())], np.flatnonzero(rows))
    texts = [table.texts(name) for name in of_mine]
    found = np.zeros(len(rows), bool)
    refusals = []
    for row in firsts:
        industry, extraction, primary = (text[row] for text in texts)
        mine = Mine(industry, tuple(extraction.split()), primary, indicator.block)
        entry = entry_of({key: value[row] for key, value in values.items() if value[row] is not None})
        refusals.append(_refuses(indicator, mine, renamed(entry, link.keys)))
    found[rows] = np.array(refusals, bool)[of]
    return found


def _refuses(indicator: Indicator, mine: Mine, entry: Mapping[str, Any]) -> bool:
    readings = {"component_na": "strict", "expert_split": "majority"}  # no choice makes facts ones that it takes
    try:
        assess(indicator, mine, entry, readings, "")
    except FindingsError:
        return True
    return False


def _alike(table: FactsTable, names: Sequence[str], rows: Array) -> tuple[Array, Array]:
    """Return one of each kind of rows that hold the same in some columns, and for each row the number of its kind."""
    kind, kinds = np.zeros(len(rows), np.int64), 1
    for name in names:
        cells, codes = table.encoded(name)
        kind, kinds = kind * (len(cells) + 1) + codes[rows] + 1, kinds * (len(cells) + 1)
        if kinds > _WIDE:
            known, kind = np.unique(kind, return_inverse=True)
            kinds = len(known)
    _known, firsts, of = np.unique(kind, return_index=True, return_inverse=True)
    return rows[firsts], of
