"""Events: what an operator's recovery did to the archive, one line of canonical JSON each, in `events.jsonl`.

An event is on the disk before what it tells is done, so that nothing is ever moved, cut or entered without a word about
it; after a crash in between it is told twice. Events are no evidence: they are not in the ledger.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from typing import Any, Final

from greenmine.archive.layout import Archive
from greenmine.archive.record import time_text
from greenmine.files import canonical_json

SCHEMA: Final = "greenmine.event/1"

_OPEN: Final = (
    os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)


def add_event(archive: Archive, event: str, time: dt.datetime, **fields: str | int) -> None:
    """Add an event; when this returns it is on the disk. Only who holds the archive's lock may call it.

    Args:
        archive: where.
        event: `cut`, `entered`, `quarantined` or `removed`.
        time: when, with its zone.
        fields: what else is to be told.

    Raises:
        OSError: the disk is full or refuses something else; the event is then taken back.
    """
    line = canonical_json({"schema": SCHEMA, "event": event, "time": time_text(time), **fields}) + b"\n"
    handle = os.open(archive.events, _OPEN, 0o644)
    try:
        size = os.fstat(handle).st_size
        end = _whole(os.pread(handle, size, 0)) if size else 0
        if end != size:
            archive.store.truncate(handle, end)
        archive.store.put(handle, line, end)
        archive.store.fsync(handle)
        archive.store.sync(archive.root)
    finally:
        os.close(handle)


def read_events(archive: Archive) -> tuple[dict[str, Any], ...]:
    """Return the events, the oldest first; a line torn by a crash is left out."""
    if not archive.events.is_file():
        return ()
    data = archive.events.read_bytes()
    found = []
    for line in data[: _whole(data)].splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:  # damaged: events are told as far as they can be read
            continue
    return tuple(event for event in found if isinstance(event, dict))


def _whole(data: bytes) -> int:
    return data.rfind(b"\n") + 1
