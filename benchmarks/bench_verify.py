"""How fast a verification is: hashing against sha256sum, a ledger of 30,000 lines, one record among them.

Run `make bench`. Absolute times belong to the machine; the ratio to `sha256sum` is measured side by side in one run,
one core each, on files that are in memory already.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from archives import make_archive
from keys import allow, make_key
from sealing import make_mine, prepare

from greenmine.archive.bag import Bag, render
from greenmine.archive.chain import read_chain, read_ledger
from greenmine.archive.hashing import Meter, start
from greenmine.archive.layout import Archive
from greenmine.archive.ledger import Ledger
from greenmine.archive.notary import Operator, make_checkpoint
from greenmine.archive.pins import Pins
from greenmine.archive.signers import CHECKPOINT
from greenmine.archive.verdicts import Collector
from greenmine.archive.verify import verify

ROUNDS = 7
ENTRIES = 30_000
SETS = {"files of 64 MB": (4, 64 << 20), "files of 2 MB": (100, 2 << 20), "files of 64 KB": (1_500, 64 << 10)}
NEEDED = 0.8


def seconds(work: Callable[[], object]) -> float:
    """Return how long `work` takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def make_bag(folder: Path, count: int, size: int) -> Bag:
    """Return a bag of files with random content; its tag files are not needed here."""
    digests = {}
    (folder / "data").mkdir(parents=True)
    for number in range(count):
        name, data = f"data/{number:05}.bin", os.urandom(size)
        (folder / name).write_bytes(data)
        digests[name] = hashlib.sha256(data).hexdigest()
    (folder / "manifest-sha256.txt").write_bytes(render(digests))
    return Bag(folder, "", digests)


def hashing(folder: Path, name: str, count: int, size: int) -> float:
    """Return how fast payloads are hashed by one thread, `sha256sum -c` being 1."""
    bag = make_bag(folder, count, size)
    command = ["sha256sum", "-c", "--quiet", "manifest-sha256.txt"]
    fast = ["openssl", "dgst", "-sha256", *sorted(bag.payload)]
    ours, theirs, both, others = [], [], [], []

    def work(workers: int) -> None:
        with ThreadPoolExecutor(workers) as pool:
            for job in start(pool, bag, Meter(None, 0)):
                assert not any(found.problem for found in job.result())  # noqa: S101 - what is measured must be right

    for _round in range(ROUNDS):
        theirs.append(seconds(lambda: subprocess.run(command, cwd=folder, check=True)))
        others.append(seconds(lambda: subprocess.run(fast, cwd=folder, check=True, stdout=subprocess.DEVNULL)))
        ours.append(seconds(lambda: work(1)))
        both.append(seconds(lambda: work(2)))
    mine, stock, two, ssl = (statistics.median(times) for times in (ours, theirs, both, others))
    total = count * size / 1e6
    print(
        f"{name:16} {total / mine:6.0f} MB/s in one thread, {total / two:6.0f} in two; sha256sum {total / stock:6.0f},"
        f" ratio {stock / mine:.2f}; openssl dgst {total / ssl:6.0f}, ratio {ssl / mine:.2f}"
    )
    return stock / mine


def large_archive(folder: Path) -> Archive:
    """Return an archive with one record among lines for 30,000 that are not there, and a signed checkpoint."""
    archive = make_archive(folder / "reports", ENTRIES)
    prepare(archive, make_mine(folder / "evidence", "GM-DEMO")).sealed(archive)
    key = make_key(folder, "operator")
    allow(archive.trust / "allowed_signers", "archive@demo", key, [CHECKPOINT])
    make_checkpoint(archive, operator=Operator("archive@demo", key))
    return archive


def main() -> int:
    """Measure and print; the exit status is 1 where hashing is slower than it has to be."""
    with tempfile.TemporaryDirectory(prefix="greenmine-bench-") as made:
        folder = Path(made)
        ratios = [hashing(folder / str(at), name, *SETS[name]) for at, name in enumerate(SETS)]
        archive = large_archive(folder / "large")
        pins = Pins.of(archive.trust)

        def spine() -> None:
            collector = Collector(archive.root)
            scan = read_ledger(archive, collector)
            read_chain(archive, scan.data if scan else b"", collector)
            assert not collector.failed  # noqa: S101 - what is measured must be right

        ledger = statistics.median(seconds(spine) for _round in range(ROUNDS))
        one = statistics.median(seconds(lambda: verify(archive, pins, records=["GM-DEMO"])) for _round in range(ROUNDS))
        held = verify(archive, pins, records=["GM-DEMO"]).holds
        print(f"ledger of {len(Ledger(archive).read()):,} lines with its checkpoint: {ledger:.2f} s")
        print(f"one record among them, signatures included: {one:.2f} s; holds: {held}")
    return 0 if min(ratios) >= NEEDED and held else 1


if __name__ == "__main__":
    sys.exit(main())
