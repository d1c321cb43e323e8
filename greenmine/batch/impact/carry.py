"""Facts recorded by one version of the indicators, as answers to another: carried over where a mapping set allows it.

Where there is a mapping set between the catalog that a table was recorded by and another, the other's columns are made
of it: along `equal` and `equivalent` only, as in re-scoring. Where there is none, such as for a profile that extends
the catalog, a fact is one of the indicator of the same name.
"""

from __future__ import annotations

import json

from greenmine.batch.impact.table import FactsTable, gate_column
from greenmine.catalog import Catalog, load_catalog
from greenmine.catalog.mapping import CARRYING, FOLDER, Link, MappingSet, load_mapping, mapping_name
from greenmine.errors import UsageError
from greenmine.files import canonical_json
from greenmine.workspace import Workspace


def mapping_sets(table: FactsTable, catalogs: list[Catalog], workspace: Workspace) -> dict[str, MappingSet]:
    """Return the mapping sets that there are, by the reference of the catalog that they lead to.

    Args:
        table: the facts; mapping sets are looked for where all of them were recorded by one catalog.
        catalogs: those that the facts are to be scored by.
        workspace: where catalogs and mapping sets are looked up.

    Raises:
        CatalogError: a mapping set, or the catalog that the facts were recorded by, does not hold together.
    """
    recorded = table.encoded("catalog")[0]
    names = {path.name for path in workspace.parameter_files(FOLDER)}
    if len(recorded) != 1 or not names:
        return {}
    try:
        older = load_catalog(str(recorded[0]), workspace)
    except UsageError:  # it is not here; then there is no mapping set from it either
        return {}
    wanted = (one for one in catalogs if one.ref != older.ref and mapping_name(older.ref, one.ref) in names)
    return {newer.ref: load_mapping("", older, newer, workspace) for newer in wanted}


def carried(table: FactsTable, mapping: MappingSet) -> FactsTable:
    """Return a table as the newer catalog of a mapping set reads it; what is not carried over is not in it."""
    links = [link for link in mapping.links if link.relation in CARRYING and link.from_ and link.to]
    several = {link.to for link in links if sum(other.to == link.to for other in links) > 1}
    names: dict[str, str] = {}  # newer heading → older heading
    changed: dict[str, Link] = {}
    for link in links:
        if link.to in several:  # whose facts are meant?
            continue
        kind, _slash, old = str(link.from_).partition("/")
        new = str(link.to).partition("/")[2]
        if kind == "prerequisite":
            names[gate_column(new)] = gate_column(old)
            continue
        for name in table.names:
            owner, _dot, key = name.rpartition(".")
            if owner == old:
                heading = f"{new}.{link.keys.get(key, key)}"
                names[heading] = name
                if link.keys and key in ("absent", "judgements"):
                    changed[heading] = link
    made = table.renamed({new: old for new, old in names.items() if old in table.names})
    for heading, link in changed.items():
        made = made.replaced(heading, [_renamed(text, link) for text in table.data.column(names[heading]).to_pylist()])
    return made


def _renamed(text: str | None, link: Link) -> str | None:
    """Return a cell of the columns `absent` or `judgements` with the facts' newer names."""
    if text is None:
        return None
    if not text.startswith("["):
        return " ".join(link.keys.get(key, key) for key in text.split())
    each = json.loads(text)
    for one in each:
        one["facts"] = {
            link.keys.get(key, key): _renamed(value, link) if key == "absent" else value
            for key, value in one["facts"].items()
        }
    return canonical_json(each).decode()
