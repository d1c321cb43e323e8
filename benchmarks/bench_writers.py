"""Ten people write to one assessment at once for a minute: what was acknowledged is there, and all see the same.

Run `make bench`; the number of seconds may be given.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from assessments import ASSESSMENT
from writers import digest, folds, hammer, make_folder

from greenmine.assessment import load_assessment

SECONDS = float(sys.argv[1]) if sys.argv[1:] else 60.0
PEOPLE = [f"E{number}" for number in range(1, 11)]


def main() -> None:
    """Let them write and look whether all of it is there."""
    with tempfile.TemporaryDirectory() as root:
        os.environ["XDG_CACHE_HOME"] = str(Path(root) / "cache")
        folder = make_folder(Path(root) / "evidence", len(PEOPLE))
        end = time.monotonic() + SECONDS
        told = hammer(folder, PEOPLE, lambda _number: time.monotonic() < end)
        entries = load_assessment(folder, ASSESSMENT).entries
        there = {(entry.typed_by, entry.seq) for entry in entries}
        lost = [(person, seq) for person, seqs in told.items() for seq in seqs if (person, seq) not in there]
        alike = folds(folder, PEOPLE) == {digest(folder)}
        lines = sum(map(len, told.values()))
        print(f"{len(PEOPLE)} writers, {SECONDS:g} s: {lines} lines acknowledged, {len(lost)} lost, alike: {alike}")
        if lost or not alike:
            sys.exit(1)


if __name__ == "__main__":
    main()
