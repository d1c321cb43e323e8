"""JSON Schemas of the YAML files, generated from the models, for editors and other programs.

A schema tells the shape: keys, types, forms, closed sets. That the parts fit together (points that sum up, variants
that cover all, rules that are worth their points) only the models can check.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from greenmine.catalog.mapping import MappingFile
from greenmine.catalog.model import CatalogFile
from greenmine.catalog.profile import ProfileFile
from greenmine.catalog.readings import ReadingsFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from greenmine.catalog.fields import Strict

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

FILES: Final[Mapping[str, type[Strict]]] = {
    "catalog.schema.json": CatalogFile,
    "mapping.schema.json": MappingFile,
    "profile.schema.json": ProfileFile,
    "readings.schema.json": ReadingsFile,
}
"""Names of the schema files, with the models they are generated from."""


def json_schema(model: type[Strict]) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a file's model."""
    return {"$schema": DIALECT, **model.model_json_schema(by_alias=True)}


def schema_files(files: Mapping[str, type[Strict]] = FILES) -> dict[str, bytes]:
    """Return the content of each schema file by its name, from the model of each."""
    return {
        name: json.dumps(json_schema(model), ensure_ascii=False, indent=2).encode() + b"\n"
        for name, model in files.items()
    }
