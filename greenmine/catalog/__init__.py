"""Catalogs: strict YAML in, a validated and resolved catalog with its digest out; profiles, comparison, schemas.

What is exported is loaded when it is first asked for: who only reads YAML strictly need not build the models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from greenmine.catalog.catalog import Catalog, Listed, digest, examine_catalog, list_catalogs, load_catalog

__all__ = ["Catalog", "Listed", "digest", "examine_catalog", "list_catalogs", "load_catalog"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the exported names
    if name in __all__:
        from greenmine.catalog import catalog  # noqa: PLC0415 - see above

        return getattr(catalog, name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
