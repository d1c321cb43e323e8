"""Write docs/schema/*.json, the JSON Schemas of catalog, profile and readings files.

python scripts/make_schemas.py
"""

from __future__ import annotations

from pathlib import Path

from greenmine.catalog.schema import schema_files
from greenmine.files import write_atomic

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "schema"


def main() -> None:
    """Write all schema files."""
    for name, content in schema_files().items():
        write_atomic(FOLDER / name, content)
        print(FOLDER / name)


if __name__ == "__main__":
    main()
