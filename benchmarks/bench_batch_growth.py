"""How a run grows: time a mine and the parent's memory from the first hundred mines to the last.

Run `make bench`, or `bench_batch_growth.py MINES` for another size. The mines are all different; the archive begins
empty.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from mines import make_mine
from performance import machine, write_section

from greenmine.batch.run import notebook_parameters, run_list
from greenmine.batch.runlist import read_list
from greenmine.workspace import Workspace

MINES = 5000
FIRST = 100
PARTS = 5


def resident() -> float:
    """Return the memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    """Measure, print a table and write it into the documentation."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else MINES
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "parameters").mkdir()
        mines = [f"M-{number:05d}" for number in range(1, count + 1)]
        for number, mine in enumerate(mines):
            made = make_mine(root / "evidence", mine=mine, photos=False)
            (made / "OWN.TXT").write_text(str(number), "utf-8")
        (root / "list.csv").write_text("\n".join(["mine", *mines, ""]), "utf-8")
        workspace = Workspace(root)
        runs = read_list(root / "list.csv", notebook_parameters(workspace), workspace)
        steps = [0, FIRST, *range(count // PARTS, count + 1, count // PARTS)]
        marks = [(perf_counter(), process_time(), resident(), 0)]
        for number, one in enumerate(run_list(runs, workspace, workers=os.cpu_count() or 1), 1):
            assert one.state == "sealed", one.failure  # noqa: S101 - or nothing was measured
            if number in steps:
                ledger = (workspace.reports / "ledger").stat().st_size
                marks.append((perf_counter(), process_time(), resident(), ledger))
    rows = []
    for (start, end), (before, now) in zip(pairwise(steps), pairwise(marks), strict=True):
        taken, sealing, _memory, grown = ((one - other) / (end - start) for other, one in zip(before, now, strict=True))
        cells = (f"{end:,}", f"{taken * 1000:.0f} ms", f"{sealing * 1000:.0f} ms", f"{now[2]:.0f} MiB")
        rows.append(f"| {' | '.join(cells)} | {grown:.0f} |")
    steady = [mark[2] for mark in marks[1:]]
    spread = (max(steady) / statistics.mean(steady) - 1) * 100
    lines = [
        f"`benchmarks/bench_batch_growth.py`: {count:,} mines, all different, into an empty archive ({machine()}).",
        "",
        "| up to mine | a mine | processor time of who seals | its memory | bytes of ledger a mine |",
        "|---|---|---|---|---|",
        *rows,
        "",
        f"Memory of the process that seals: within ±{spread:.0f} % of its mean.",
    ]
    print("\n".join(lines))
    write_section("Batch, growth", "\n".join(lines))


if __name__ == "__main__":
    main()
