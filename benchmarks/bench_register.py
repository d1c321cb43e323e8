"""How long a register takes: 5,000 mines, ten years of events.

Run `make bench`. Folding is what `fold` takes for events in memory; reading is the journal's file, each line's form and
chain checked. Beside reading stands what merely parsing and hashing the same lines takes.
"""

from __future__ import annotations

import datetime as dt
import gc
import hashlib
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from performance import machine, write_section
from programmes import draft, shipped

from greenmine.archive.registers import origin
from greenmine.programme.clocks import due
from greenmine.programme.events import Draft, make_line, parse_line, read_events
from greenmine.programme.overview import overview
from greenmine.programme.programme import Programme
from greenmine.programme.register import fold
from greenmine.programme.roster import Mine, Roster

MINES = 5_000
YEARS = 10
ROUNDS = 3
BEGIN = dt.date(2024, 5, 6)
ENTRY = ("apply", "review", "entrust", "evaluate", "verify", "publicise", "list_provincial")


def story(programme: Programme, number: int) -> Iterator[Draft]:
    """Yield what happens to a mine: it enters the list, reports and is checked each year, some are rectified."""
    subject = f"mine/GM-{number:06}"
    on = BEGIN + dt.timedelta(days=number % 200)
    for step in ENTRY:
        on += dt.timedelta(days=10)
        yield draft(programme, subject, step, on)
    for year in range(YEARS):
        steps = ["self_evaluate"]
        if (number + year) % 10 == 0:
            steps += ["drawn", "rectify", "retain"] if number % 3 == 0 else ["drawn", "check_pass"]
        for step in steps:
            on += dt.timedelta(days=20)
            yield draft(programme, subject, step, on)
        on += dt.timedelta(days=300 - 20 * len(steps))


def roster() -> Roster:
    """Return a roster of all mines, in ten cities."""
    names = (f"GM-{number:06}" for number in range(MINES))
    rows = [Mine(name, name, f"{name[-1]}市", "煤", "large", producing=True) for name in names]
    return Roster("roster.csv", "", {one.id: one for one in rows})


def journal(programme: Programme) -> bytes:
    """Return the whole journal, entered in order of the dates."""
    drafts = [one for number in range(MINES) for one in story(programme, number)]
    lines, prev = [], origin(programme.id)
    for number, one in enumerate(sorted(drafts, key=lambda one: one.date), 1):
        line = make_line(one, number, prev, "2034-01-01T00:00:00Z", "bench")
        prev = hashlib.sha256(line).hexdigest()
        lines.append(line)
    return b"".join(line + b"\n" for line in lines)


def median(work: Callable[[], object]) -> float:
    """Return the median of some rounds, in seconds on the processor, whatever else the machine is doing."""
    times = []
    for _round in range(ROUNDS):
        gc.collect()
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


def bare(data: bytes) -> None:
    """Parse and hash each line, and nothing else."""
    for line in data.split(b"\n")[:-1]:
        json.loads(line)
        hashlib.sha256(line).hexdigest()


def main() -> None:
    """Print the medians and write them to docs/performance.md."""
    programme = shipped("national-2024")
    data = journal(programme)
    parse_line(data.split(b"\n", 1)[0])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        path.write_bytes(data)
        events = read_events(path, programme.id)
        reading = median(lambda: read_events(path, programme.id))
    plain = median(lambda: bare(data))
    folding = median(lambda: fold(events, programme))
    register = fold(events, programme)
    on = BEGIN + dt.timedelta(days=365 * 5)
    past = median(lambda: register.as_of(on))
    listing = median(lambda: due(register, on, 30))
    every = roster()
    standing = median(lambda: overview(register, on, roster=every))
    text = (
        f"{MINES:,} mines, {YEARS} years, {len(events):,} events, {len(data) / 1e6:.0f} MB; medians of {ROUNDS}; "
        f"{machine()}. `benchmarks/bench_register.py`\n\n"
        "| what | seconds on the processor | |\n|---|---|---|\n"
        f"| fold the events | {folding:.2f} | {folding / len(events) * 1e6:.1f} µs an event |\n"
        f"| state as of a day, five years in | {past:.3f} | {past / folding:.3f} of folding |\n"
        f"| what is due that day | {listing:.2f} | {listing / folding:.2f} of folding |\n"
        f"| the overview of that day, against a roster | {standing:.2f} | {standing / folding:.2f} of folding |\n"
        f"| read the journal and check its chain | {reading:.2f} | {reading / plain:.1f} × parsing and hashing it |\n"
    )
    print(text)
    write_section("Register", text)


if __name__ == "__main__":
    main()
