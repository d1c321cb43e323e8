"""Archives for tests: a ledger with lines for bags that need not be there."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from pathlib import Path

from greenmine.archive.layout import Archive
from greenmine.archive.ledger import Ledger

ORIGIN = "greenmine/demo"
START = dt.datetime(2026, 11, 21, 9, tzinfo=dt.UTC)


def make_archive(root: Path, entries: int = 0) -> Archive:
    """Make an archive with a ledger of so many lines."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "archive.yaml").write_text(f"schema: greenmine.archive/1\norigin: {ORIGIN}\n", "utf-8")
    archive = Archive.open(root, create=True)
    add_entries(archive, entries)
    return archive


def add_entries(archive: Archive, count: int) -> None:
    """Add lines to the ledger."""
    ledger = Ledger(archive)
    first = len(ledger.read())
    bags = [
        (hashlib.sha256(b"%d" % at).hexdigest(), f"bags/assess/GM-{at:06}/r1") for at in range(first, first + count)
    ]
    if bags:
        ledger.append(bags)


def clock(*times: dt.datetime) -> Callable[[], dt.datetime]:
    """Return a clock that shows these times in turn."""
    rest = iter(times)
    return lambda: next(rest)
