"""Write docs/schema/*.json, the JSON Schemas of the YAML files that people write.

python scripts/make_schemas.py            write them
python scripts/make_schemas.py --check    write nothing; fail when one is out of date
"""

from __future__ import annotations

import sys
from pathlib import Path

from greenmine.catalog.fields import Strict
from greenmine.catalog.schema import FILES, schema_files
from greenmine.files import write_atomic
from greenmine.programme.plan import Plan
from greenmine.programme.programme import Programme
from greenmine.programme.rectification import Closing, Order

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "schema"
ALL: dict[str, type[Strict]] = {
    **FILES,
    "closing.schema.json": Closing,
    "draw-plan.schema.json": Plan,
    "programme.schema.json": Programme,
    "rectification.schema.json": Order,
}


def main(arguments: list[str], folder: Path = FOLDER) -> int:
    """Write or check all schema files; return the exit status."""
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    stale = [
        (folder / name, content)
        for name, content in schema_files(ALL).items()
        if not (folder / name).is_file() or (folder / name).read_bytes() != content
    ]
    for path, content in stale:
        if arguments:
            print(f"{path} is out of date: run python scripts/make_schemas.py", file=sys.stderr)
        else:
            write_atomic(path, content)
            print(path)
    return 1 if arguments and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
