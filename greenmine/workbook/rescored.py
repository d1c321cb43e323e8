"""A record scored again by another version of the indicators: the facts carried over, and the score before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenmine.assessment.carry import carry_over
from greenmine.catalog import Catalog, load_catalog
from greenmine.catalog.mapping import MappingSet, identity, load_mapping
from greenmine.scoring import Scorer
from greenmine.workspace import Workspace


@dataclass(frozen=True)
class Rescored:
    """Findings by another catalog than they were recorded by.

    Attributes:
        older: the catalog that they were recorded by.
        mapping: which of its questions are which of the newer.
        before: the score by the older catalog.
        findings: what was carried over, schema `greenmine.findings/1`.
    """

    older: Catalog
    mapping: MappingSet
    before: Mapping[str, Any]
    findings: dict[str, Any]


def rescore(
    findings: Mapping[str, Any],
    carried_from: str,
    newer: Catalog,
    *,
    workspace: Workspace,
    readings: Mapping[str, str] | None = None,
    mapping: str = "",
) -> Rescored:
    """Carry findings over to another catalog.

    Args:
        findings: by the older catalog, schema `greenmine.findings/1`.
        carried_from: the older catalog, `ID@VERSION` or the path of its file.
        newer: the newer catalog.
        workspace: where catalogs and mapping sets are looked up.
        readings: choices that differ from the defaults; those that the older catalog lacks are left out there.
        mapping: the path of the mapping set; looked up by the two catalogs where it is empty.

    Raises:
        GreenmineError: a catalog, the mapping set or the findings are not as they should be.
    """
    older = load_catalog(carried_from, workspace)
    same = older.ref == newer.ref and not mapping
    found = identity(newer) if same else load_mapping(mapping, older, newer, workspace)
    scorer = Scorer(older.document)
    known = {name: choice for name, choice in (readings or {}).items() if name in scorer.defaults}
    before = scorer.score(findings, known)
    return Rescored(older, found, before, carry_over(findings, found, newer.document, Scorer(newer.document)))
