"""Recompute a score alone: `python -m greenmine.scoring FINDINGS CATALOG [NAME=CHOICE …]` prints `score.json`."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path

from greenmine.errors import GreenmineError
from greenmine.scoring.scorer import Scorer, canonical

USAGE = "usage: python -m greenmine.scoring FINDINGS CATALOG [NAME=CHOICE ...]"


def main(arguments: list[str]) -> int:
    """Print the canonical score of one findings file against one resolved catalog; return the exit status."""
    if len(arguments) < 2 or not all("=" in choice for choice in arguments[2:]):  # noqa: PLR2004 - two files
        print(USAGE, file=sys.stderr)  # noqa: T201 - a program
        return 2
    try:
        findings, catalog = (json.loads(Path(name).read_bytes(), parse_float=Decimal) for name in arguments[:2])
        readings = dict(choice.split("=", 1) for choice in arguments[2:])
        score = Scorer(catalog).score(findings, readings, arguments[0])
    except (GreenmineError, OSError, ValueError, RecursionError) as problem:
        print(f"greenmine: {problem}", file=sys.stderr)  # noqa: T201
        return 2
    sys.stdout.buffer.write(canonical(score))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
