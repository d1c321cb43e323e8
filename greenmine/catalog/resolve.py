"""From the files to the resolved catalog: the one plain JSON document that is scored, shown, digested and archived.

The tree of the file becomes flat lists that name their parents, every rule node gets its maximum, the readings are
merged in. Keys that say nothing are left out, never null; numbers stay decimal strings. The same catalog always gives
the same document, so its digest (SHA-256 of the RFC 8785 form) identifies what a mine was scored by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from greenmine.catalog.rules import resolve_rule

if TYPE_CHECKING:
    from greenmine.catalog.fields import Strict
    from greenmine.catalog.model import CatalogFile, Indicator, Section
    from greenmine.catalog.readings import ReadingsFile

SCHEMA: Final = "greenmine.catalog.resolved/1"

_HEAD: Final = (
    *("id", "version", "title", "issuer", "document", "issued_on", "effective_from", "effective_to", "hypothetical"),
    *(
        "language",
        "source_sha256",
        "scale",
        "line",
        "line_source",
        "not_applicable_rule",
        "notes",
        "extractions",
        "blocks",
    ),
    "prerequisites",
)
_INDICATOR_HEAD: Final = ("points", "kind", "methods", "basis", "current_edition", "criteria", "criteria_shared")


def resolve(catalog: CatalogFile, readings: ReadingsFile) -> dict[str, Any]:
    """Return the resolved catalog.

    Args:
        catalog: the validated catalog.
        readings: the validated readings that the catalog names.

    Returns:
        A document of schema `greenmine.catalog.resolved/1`, made of dicts, lists, text and booleans only.
    """
    return {
        "schema": SCHEMA,
        **_fields(catalog, *_HEAD),
        "categories": [_fields(category, "id", "name", "points") for category in catalog.categories],
        "sections": [
            {**_fields(section, "id", "name"), "category": category.id, **_fields(section, "points", "block")}
            for category in catalog.categories
            for section in category.sections
        ],
        "indicators": [
            _indicator(indicator, section, category.id)
            for category in catalog.categories
            for section in category.sections
            for indicator in section.indicators
        ],
        **readings.resolved(),
    }


def _indicator(indicator: Indicator, section: Section, category: str) -> dict[str, Any]:
    resolved = {
        **_fields(indicator, "id", "name"),
        "category": category,
        "section": section.id,
        **_fields(section, "block"),
        **_fields(indicator, *_INDICATOR_HEAD),
    }
    if indicator.variants is not None:
        resolved["variants"] = _fields(indicator.variants, "by", "of", "none")
    if indicator.rules is not None:
        resolved["rules"] = {name: resolve_rule(rule, indicator.points) for name, rule in indicator.rules.items()}
    elif indicator.rule is not None:
        resolved["rule"] = resolve_rule(indicator.rule, indicator.points)
    resolved["not_applicable"] = _fields(indicator.not_applicable, "permitted", "proof")
    return {**resolved, **_fields(indicator, "guidance")}


def _fields(model: Strict, *names: str) -> dict[str, Any]:
    """Return fields of a model as JSON values, in the order of `names`, without those that are absent."""
    values = model.model_dump(mode="json", include=set(names), exclude_none=True)
    return {name: values[name] for name in names if name in values}
