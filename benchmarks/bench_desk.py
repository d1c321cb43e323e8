"""How long it takes from an edit to its acknowledgement, on a mine that is fully assessed.

Run `make bench`. The time holds the line on disk (with fsync), the fold, the score under all readings, what is open,
and the states of all cards. Beside it stands what a bare line of a journal takes on the same disk.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from mines import make_mine
from writers import record, say

from greenmine.assessment.writer import JournalWriter
from greenmine.workbook.desk import Desk
from greenmine.workspace import Workspace, shared_dir

ROUNDS = 200
CARD = "indicator/4"


def median(work: Callable[[int], object]) -> float:
    """Return the median time of a round, in milliseconds."""
    times = []
    for number in range(ROUNDS):
        start = time.perf_counter()
        work(number)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1_000


def main() -> None:
    """Print the medians."""
    with tempfile.TemporaryDirectory() as root:
        os.environ["XDG_CACHE_HOME"] = str(Path(root) / "cache")
        folder = make_mine(Path(root) / "evidence")
        start = time.perf_counter()
        desk = Desk.open(str(folder), catalog="national@2024", who="E1", workspace=Workspace(shared_dir()))
        print(f"open: {(time.perf_counter() - start) * 1_000:.0f} ms")
        print(f"record: {median(lambda n: record(desk, CARD, {'justification': f'{n}'})):.1f} ms")
        print(f"undo: {median(lambda _n: say(desk, 'undo', card=CARD, author='E1')):.1f} ms")
        print(f"refresh, nothing new: {median(lambda _n: say(desk, 'refresh')):.2f} ms")
        desk.close()
        (Path(root) / "bare" / "journal").mkdir(parents=True)
        path = Path(root) / "bare" / "journal" / "E1.jsonl"
        with JournalWriter(path, folder.name, "bare", "E1") as journal:
            print(f"a bare line: {median(lambda n: journal.append('E1', CARD, {'justification': f'{n}'})):.1f} ms")


if __name__ == "__main__":
    main()
