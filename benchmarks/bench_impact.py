"""How fast an impact is: 100,000 mines under two catalogs and four readings, in one process.

Run `make bench`. The register is a thousand random mines of every kind (judgements, parts that do not exist, claims,
missing facts), each a hundred times, for the cells are what takes time. Beside it stands the scalar scorer, mine by
mine, on a part of the same register under the same catalogs and readings.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

import pyarrow as pa
import pyarrow.parquet
from cases import national
from performance import machine, write_section
from registers import known_to, random_register, table_of

from greenmine.batch.impact.impact import Impact
from greenmine.batch.impact.table import FactsTable
from greenmine.catalog import load_catalog
from greenmine.scoring import Scorer
from greenmine.workspace import Workspace, shared_dir

DIFFERENT = 1000
TIMES = 100
SCALAR = 200
ROUNDS = 5
CHOICES = ("category", "total", "full", "zero")


def seconds(work: Callable[[], object]) -> float:
    """Return how long `work` takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def main() -> None:
    """Measure, print a table and write it into docs/performance.md."""
    space = Workspace(shared_dir())
    catalogs = [load_catalog(ref, space) for ref in ("national@2024", "example-province@2025")]
    register = random_register(national(), DIFFERENT, 1)
    part = pa.concat_tables([table_of(register, national()).data] * TIMES)
    count = part.num_rows
    numbered = part.set_column(0, "mine", pa.array([f"GM-{number:06}" for number in range(count)]))
    scorers = [(Scorer(catalog.document), catalog.document) for catalog in catalogs]
    few = [[known_to(findings, document) for findings in register[:SCALAR]] for _scorer, document in scorers]

    def scalar() -> None:
        for (scorer, _document), mines in zip(scorers, few, strict=True):
            for choice in CHOICES:
                for findings in mines:
                    scorer.score(findings, {"na_fold": choice})

    with tempfile.TemporaryDirectory(prefix="greenmine-bench-") as folder:
        path = Path(folder, "facts.parquet")
        pa.parquet.write_table(numbered, path)
        times: dict[str, list[float]] = {"read": [], "score": [], "tell": [], "scalar": []}
        processor = []
        for _round in range(ROUNDS):
            begin = time.process_time()
            found: list[FactsTable | Impact] = []
            times["read"].append(seconds(lambda: found.append(FactsTable.read(path))))  # noqa: B023 - called at once
            table = found[0]
            assert isinstance(table, FactsTable)  # noqa: S101
            times["score"].append(seconds(lambda: found.append(Impact.of(table, catalogs))))  # noqa: B023
            impact = found[1]
            assert isinstance(impact, Impact)  # noqa: S101
            times["tell"].append(seconds(impact.document))
            processor.append(time.process_time() - begin)
            times["scalar"].append(seconds(scalar))
    read, scored, told, slow = (statistics.median(times[name]) for name in times)
    each = slow / (SCALAR * len(catalogs) * len(CHOICES))
    ratio = each * count * len(catalogs) * len(CHOICES) / scored
    what = f"{count:,} mines × {len(catalogs)} catalogs × {len(CHOICES)} readings"
    lines = [
        f"`benchmarks/bench_impact.py`: {what}, one process ({machine()}).",
        "",
        "| what | median |",
        "|---|---|",
        f"| read the table, Parquet, {part.num_columns} columns | {read:.2f} s |",
        f"| score all: verdicts, exact totals, points of every indicator | {scored:.2f} s |",
        f"| tell who drops out, what decides, counts, distributions, as JSON | {told:.2f} s |",
        f"| all of it | {statistics.median(map(sum, zip(*list(times.values())[:3], strict=True))):.2f} s |",
        f"| of it on the processor, whatever else the machine was doing | {statistics.median(processor):.2f} s |",
        f"| the scalar scorer with its trace, one score, in the same run | {each * 1000:.2f} ms |",
        f"| as many scores by the scalar scorer take longer by a factor of | {ratio:.0f} |",
    ]
    print("\n".join(lines))
    write_section("Impact", "\n".join(lines))


if __name__ == "__main__":
    main()
