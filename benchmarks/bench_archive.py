"""How fast an archive is: its ledger, a checkpoint, one record, all records, its index.

Of 3,000 records, or as many as are asked for (`bench_archive.py 30000` takes a quarter of an hour).

Run `make bench`. Each record is whole: a bag with journals, findings and report, and a bag of evidence of its own; only
the catalog is shared. Nothing is flushed while they are made. All of it is verified once, as an auditor would. Absolute
times belong to the machine; beside them stands `sha256sum` over the same ledger, in the same run, on files that are in
memory already.
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
from performance import machine, write_section
from sealing import make_mine, prepare

from greenmine.archive.bag_writer import BagWriter
from greenmine.archive.chain import read_chain, read_ledger
from greenmine.archive.index import build_index, read_contents
from greenmine.archive.layout import Archive, evidence_bag
from greenmine.archive.ledger import Ledger, parse
from greenmine.archive.notary import Operator, make_checkpoint
from greenmine.archive.pins import Pins
from greenmine.archive.record import FILE_NAME, read_record
from greenmine.archive.seal import SUMS
from greenmine.archive.signers import CHECKPOINT
from greenmine.archive.store import Store, Unflushed
from greenmine.archive.verdicts import Collector
from greenmine.archive.verify import verify
from greenmine.assessment.journal import Owner
from greenmine.files import canonical_json, sha256_hex

RECORDS = int(sys.argv[1]) if sys.argv[1:] else 3_000
WORTH_KEEPING = 3_000
ROUNDS = 3
LARGE = 2048
ORIGIN = "GM-DEMO"


class Careless(Store):
    """A store that leaves flushing to the system, and keeps large files that are the same only once."""

    def __init__(self) -> None:
        """Know no files yet."""
        self.known: dict[bytes, Path] = {}

    def create(self, path: Path, data: bytes, later: Unflushed | None = None) -> None:
        """Make a file, or a further name of one with the same content."""
        if data in self.known:
            path.hardlink_to(self.known[data])
            return
        super().create(path, data, later)
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
    """Seal one record as every record is sealed; write the others after it, each of a mine with evidence of its own.

    The last ones are returned, not entered in the ledger yet; what they rest on is.
    """
    first = prepare(archive, make_mine(evidence, ORIGIN)).sealed(archive)
    record = read_record((first.bag.path / "data" / FILE_NAME).read_bytes())
    handed = payload_of(archive.place(record.evidence.bag))
    sealed = {name: data for name, data in payload_of(first.bag.path).items() if name != "ro-crate-metadata.json"}
    store, bags, before = Careless(), [], []
    for number in range(count - 1):
        mine = f"GM-{number:06}"
        files = {name: data.replace(ORIGIN.encode(), mine.encode()) for name, data in handed.items() if name != SUMS}
        sums = "".join(f"{sha256_hex(data)}  {name.removeprefix('files/')}\n" for name, data in sorted(files.items()))
        rests = write(archive, store, evidence_bag(sha256_hex(sums.encode())), {**files, SUMS: sums.encode()})
        journals = {name: rewritten(data, mine) for name, data in sealed.items() if name.startswith("journals/")}
        heads = {Path(name).stem: sha256_hex(data.splitlines()[-1]) for name, data in journals.items()}
        ref = {"bag": rests[1], "tagmanifest": rests[0], "eid": rests[1].rpartition("/")[2]}
        own = record.model_copy(
            update={"mine": mine, "journals": heads, "evidence": record.evidence.model_copy(update=ref)}
        )
        findings = sealed["findings.json"].replace(ORIGIN.encode(), mine.encode())
        payload = {**sealed, **journals, "findings.json": findings, FILE_NAME: own.canonical()}
        bags.append(write(archive, store, f"bags/assess/{mine}/r1", payload))
        before.append(rests)
    rest = bags[-ROUNDS:]
    Ledger(archive).append([line for pair in zip(before, bags, strict=True) for line in pair if line not in rest])
    return rest


def payload_of(folder: Path) -> dict[str, bytes]:
    """Return the payload of a bag: path below `data/` → content."""
    data = folder / "data"
    return {path.relative_to(data).as_posix(): path.read_bytes() for path in sorted(data.rglob("*")) if path.is_file()}


def write(archive: Archive, store: Store, bag: str, payload: dict[str, bytes]) -> tuple[str, str]:
    """Write a bag; return its line for the ledger."""
    store.make_folder(archive.place(bag))
    writer = BagWriter(store, archive.place(bag))
    for name, content in payload.items():
        writer.add(name, content)
    return writer.finish([("External-Identifier", bag), ("Bagging-Date", "2026-06-30")]).digest, bag


def rewritten(journal: bytes, mine: str) -> bytes:
    """Return a journal as it would be of another mine: the chain of its lines begins with the mine's id."""
    lines = [json.loads(line) for line in journal.splitlines()]
    prev = Owner(mine, "2026-self", lines[0]["typed_by"]).origin
    made = b""
    for line in lines:
        data = canonical_json({**line, "prev": prev})
        prev, made = sha256_hex(data), made + data + b"\n"
    return made


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
        begin = time.perf_counter()
        everything = verify(archive, pins)
        whole_time = time.perf_counter() - begin
        held = held and everything.holds
        contents = read_contents(archive)
    rows = [
        ("ledger: read it and check the form of each line, nothing remembered", cold),
        (f"ledger: read it again, and hold it against its {ROUNDS} checkpoints", chain),
        ("make a signed checkpoint", signed),
        ("verify one record, with its evidence, catalog, ledger and checkpoints", one),
        (f"verify everything: {everything.bags:,} bags, {everything.files:,} files", whole_time),
        (f"rebuild the index of {len(contents.rows):,} records", index),
    ]
    table = [
        f"`benchmarks/bench_archive.py {RECORDS}`: records with evidence, journals and report ({machine()}).\n",
        "| what | median | `sha256sum ledger` in the same run | ratio |",
        "|---|---|---|---|",
        *(f"| {what} | {taken:.3f} s | {stock:.4f} s | {taken / stock:.1f} |" for what, taken in rows),
    ]
    print("\n".join(table))
    print(f"Written in {filled:.0f} s.")
    if RECORDS >= WORTH_KEEPING:
        write_section("Archive", "\n".join(table))
    whole = len(contents.rows) == RECORDS and not contents.unreadable
    print(f"The records verified hold: {held}; every record is in the index: {whole}.")
    return 0 if held and whole else 1


if __name__ == "__main__":
    sys.exit(main())
