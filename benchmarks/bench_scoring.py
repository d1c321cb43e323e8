"""How fast the scorer is: many findings in one process, and one file from the command line.

Run `make bench`. Absolute times belong to the machine; the ratios are measured side by side in one run.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from cases import FOLDING_LOSSES, full_findings, national, with_facts, without

from greenmine.scoring import Scorer, canonical

FINDINGS = 10_000
ROUNDS = 5
STARTS = 11


def seconds(work: Callable[[], object]) -> float:
    """Return how long `work` takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def population(catalog: dict[str, Any], size: int) -> list[dict[str, Any]]:
    """Return findings of many mines, each with other losses; the same ones in every run."""
    chance = random.Random(2024)  # noqa: S311 - a benchmark's population, not a secret
    full = full_findings(catalog)
    mines = []
    for _number in range(size):
        lost = {key: facts for key, facts in FOLDING_LOSSES.items() if chance.random() < 0.5}  # noqa: PLR2004 - half
        findings = with_facts(full, lost)
        mines.append(without(findings, "30") if chance.random() < 0.3 else findings)  # noqa: PLR2004 - a third
    return mines


def main() -> None:
    """Measure and print a table."""
    catalog = national()
    scorer = Scorer(catalog)
    mines = population(catalog, FINDINGS)
    texts = [json.dumps(findings, ensure_ascii=False) for findings in mines]
    del mines
    scores, reads = [], []
    for _round in range(ROUNDS):
        scores.append(seconds(lambda: [len(canonical(scorer.score(json.loads(text)))) for text in texts]))
        reads.append(seconds(lambda: [len(json.loads(text)) for text in texts]))
    scored, read = statistics.median(scores), statistics.median(reads)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "findings.json")
        path.write_text(texts[0], encoding="utf-8")
        verb = [str(Path(sys.executable).with_name("greenmine")), "score", str(path), "--json"]
        bare = [sys.executable, "-c", "pass"]
        starts, empties = [], []
        for _round in range(STARTS):
            starts.append(seconds(lambda: subprocess.run(verb, check=True, capture_output=True)))
            empties.append(seconds(lambda: subprocess.run(bare, check=True)))
        started, empty = statistics.median(starts), statistics.median(empties)
    rows = [
        (f"parse and score {FINDINGS:,} findings, one process", scored, "parse them only", read),
        ("`greenmine score FILE --json`, whole command", started, "an empty Python", empty),
    ]
    print("| what | median | beside it, in the same run | ratio |")
    print("|---|---|---|---|")
    for what, time_taken, beside, base in rows:
        print(f"| {what} | {time_taken:.2f} s | {beside}: {base:.2f} s | {time_taken / base:.1f} |")


if __name__ == "__main__":
    main()
