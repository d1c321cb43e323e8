"""How fast an archive of 30,000 records is: its ledger, a checkpoint, one record, its index.

Run `make bench`. Each record is a bag of its own, with the files of a real one; catalog and evidence are shared by all,
and nothing is flushed while they are made. Absolute times belong to the machine; beside them stands `sha256sum` over
the same ledger, in the same run, on files that are in memory already.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from archives import make_archive
from keys import allow, make_key
from sealing import make_mine, prepare

from greenmine.archive.bag import BagWriter
from greenmine.archive.chain import read_chain, read_ledger
from greenmine.archive.index import build_index, read_contents
from greenmine.archive.layout import Archive
from greenmine.archive.ledger import Ledger, parse
from greenmine.archive.notary import Operator, make_checkpoint
from greenmine.archive.pins import Pins
from greenmine.archive.record import FILE_NAME, read_record
from greenmine.archive.signers import CHECKPOINT
from greenmine.archive.store import Store
from greenmine.archive.verdicts import Collector
from greenmine.archive.verify import verify

RECORDS = int(sys.argv[1]) if sys.argv[1:] else 30_000
ROUNDS = 3
LARGE = 2048
ORIGIN = "GM-DEMO"


class Unflushed(Store):
    """A store that leaves flushing to the system, and keeps large files that are the same only once."""

    def __init__(self) -> None:
        """Know no files yet."""
        self.known: dict[bytes, Path] = {}

    def create(self, path: Path, data: bytes) -> None:
        """Make a file, or a further name of one with the same content."""
        if data in self.known:
            path.hardlink_to(self.known[data])
            return
        super().create(path, data)
        if len(data) >= LARGE:
            self.known[data] = path

    def fsync(self, handle: int) -> None:
        """Flush nothing."""

    def sync(self, folder: Path) -> None:
        """Flush nothing."""


def seconds(work: Callable[[], object]) -> float:
    """Return how long `work` takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def median(work: Callable[[], object]) -> float:
    """Return how long `work` takes, the median of a few rounds."""
    return statistics.median(seconds(work) for _round in range(ROUNDS))


def fill(archive: Archive, evidence: Path, count: int) -> list[tuple[str, str]]:
    """Seal one record as every record is sealed; write the others after it, each with a mine of its own.

    The others have no journals, for these name their mine. The last ones are returned, not entered in the ledger yet.
    """
    sealed = prepare(archive, make_mine(evidence, ORIGIN)).sealed(archive)
    data = sealed.bag.path / "data"
    payload = {name.removeprefix("data/"): sealed.bag.place(name).read_bytes() for name in sealed.bag.payload}
    record = read_record(payload[FILE_NAME], data)
    payload = {name: content for name, content in payload.items() if not name.startswith("journals/")}
    findings = json.loads(payload["findings.json"])
    store, bags = Unflushed(), []
    for number in range(count - 1):
        mine = f"GM-{number:06}"
        findings["mine"]["id"] = mine
        own = {
            FILE_NAME: record.model_copy(update={"mine": mine, "journals": {}}).canonical(),
            "findings.json": json.dumps(findings, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(),
        }
        bag = f"bags/assess/{mine}/r1"
        store.make_folder(archive.place(bag))
        writer = BagWriter(store, archive.place(bag))
        for name, content in {**payload, **own}.items():
            writer.add(name, content)
        bags.append((writer.finish([("External-Identifier", bag), ("Bagging-Date", "2026-06-30")]).digest, bag))
    Ledger(archive).append(bags[:-ROUNDS])
    return bags[-ROUNDS:]


def spine(archive: Archive) -> None:
    """Read the ledger line by line and hold it against every checkpoint."""
    collector = Collector(archive.root)
    scan = read_ledger(archive, collector)
    read_chain(archive, scan.data if scan else b"", collector)
    assert not collector.failed  # noqa: S101 - what is measured must be right


def parsed(archive: Archive) -> float:
    """Return how long reading a ledger takes where nothing is remembered of an earlier reading."""
    return median(lambda: parse(archive.ledger.read_bytes()))


def checkpoints(archive: Archive, operator: Operator, bags: list[tuple[str, str]]) -> float:
    """Return how long a signed checkpoint takes, each over a ledger that has grown by a line."""
    times = []
    for bag in bags:
        Ledger(archive).append([bag])
        times.append(seconds(lambda: make_checkpoint(archive, operator=operator)))
    return statistics.median(times)


def main() -> int:
    """Measure and print a table; the exit status is 1 where the record that was verified does not hold."""
    with tempfile.TemporaryDirectory(prefix="greenmine-bench-") as made:
        folder = Path(made)
        archive, key = make_archive(folder / "reports"), make_key(folder / "keys", "operator")
        allow(archive.trust / "allowed_signers", "archive@demo", key, [CHECKPOINT])
        pins = Pins.of(archive.trust)
        begin = time.perf_counter()
        rest = fill(archive, folder / "evidence", RECORDS)
        filled = time.perf_counter() - begin
        signed = checkpoints(archive, Operator("archive@demo", key), rest)
        stock = median(lambda: subprocess.run(["sha256sum", archive.ledger], check=True, stdout=subprocess.DEVNULL))
        cold = parsed(archive)
        chain = median(lambda: spine(archive))
        records = [ORIGIN, rest[0][1]]
        held = all(verify(archive, pins, records=[name]).holds for name in records)
        one = median(lambda: verify(archive, pins, records=[ORIGIN]))
        index = median(lambda: build_index(archive, read_contents(archive)))
        contents = read_contents(archive)
    rows = [
        ("ledger: read it and check the form of each line, nothing remembered", cold),
        (f"ledger: read it again, and hold it against its {ROUNDS} checkpoints", chain),
        ("make a signed checkpoint", signed),
        ("verify one record, with its evidence, catalog, ledger and checkpoints", one),
        (f"rebuild the index of {len(contents.rows):,} records", index),
    ]
    print(f"{RECORDS:,} records, written in {filled:.0f} s; a ledger of {contents.size / 1e6:.1f} MB")
    print("| what | median | beside it, in the same run | ratio |")
    print("|---|---|---|---|")
    for what, taken in rows:
        print(f"| {what} | {taken:.3f} s | `sha256sum ledger`: {stock:.4f} s | {taken / stock:.1f} |")
    whole = len(contents.rows) == RECORDS and not contents.unreadable
    print(f"The records verified hold: {held}; every record is in the index: {whole}.")
    return 0 if held and whole else 1


if __name__ == "__main__":
    sys.exit(main())
