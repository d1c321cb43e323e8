"""Write docs/schema/*.json, the JSON Schemas of catalog, profile and readings files.

    python scripts/make_schemas.py           write them
    python scripts/make_schemas.py --check   fail when one is not what would be written

A check writes nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

from greenmine.catalog.schema import schema_files
from greenmine.files import write_atomic

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "schema"


def stale() -> list[str]:
    """Return the names of the files in the folder that differ from what would be written, or should not be there."""
    wanted = schema_files()
    there = {path.name: path.read_bytes() for path in FOLDER.glob("*")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def main() -> int:
    """Write or check all schema files; return the exit status."""
    if sys.argv[1:] == ["--check"]:
        for name in stale():
            print(f"docs/schema/{name} is out of date: make docs", file=sys.stderr)
        return 1 if stale() else 0
    for name, content in schema_files().items():
        write_atomic(FOLDER / name, content)
        print(f"docs/schema/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
