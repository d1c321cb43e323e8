"""The published JSON Schemas: up to date, and in agreement with the files they describe."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from greenmine.catalog.schema import FILES, schema_files

if TYPE_CHECKING:
    from pathlib import Path

DESCRIBED = {
    "catalog.schema.json": ("parameters/catalogs/national-2024.yaml", "tests/catalog/small.yaml"),
    "mapping.schema.json": ("parameters/mappings/examples/national-2024--hypothetical-2027.yaml",),
    "profile.schema.json": (
        "parameters/profiles/examples/example-province-2025.yaml",
        "parameters/catalogs/examples/hypothetical-2027.yaml",
    ),
    "readings.schema.json": ("parameters/readings/national.yaml",),
}


def schema(repository: Path, name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((repository / "docs" / "schema" / name).read_text("utf-8"))
    return loaded


@pytest.mark.parametrize("name", FILES)
def test_the_schema_in_the_docs_is_the_models(repository: Path, name: str) -> None:
    """`python scripts/make_schemas.py` changes nothing."""
    assert (repository / "docs" / "schema" / name).read_bytes() == schema_files()[name]


@pytest.mark.parametrize("name", FILES)
def test_the_schema_is_one_and_accepts_the_shipped_files(repository: Path, name: str) -> None:
    """Editors that use the schema find nothing wrong with the files that are shipped."""
    loaded = schema(repository, name)
    Draft202012Validator.check_schema(loaded)
    for path in DESCRIBED[name]:
        document = yaml.safe_load((repository / path).read_text("utf-8"))
        assert [error.message for error in Draft202012Validator(loaded).iter_errors(document)] == []


def test_the_schema_refuses_what_the_models_refuse(repository: Path) -> None:
    """Unknown keys, numbers that are no text, unknown kinds."""
    validator = Draft202012Validator(schema(repository, "catalog.schema.json"))
    document = yaml.safe_load((repository / "tests" / "catalog" / "small.yaml").read_text("utf-8"))
    for change in ({"colour": "red"}, {"line": 80}, {"line": "08"}, {"language": "fr"}, {"issued_on": "2024"}):
        assert not validator.is_valid({**document, **change})
