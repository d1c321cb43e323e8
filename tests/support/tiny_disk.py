"""Seal on a disk that is full at one step after another; a program of its own, for who mounts a disk needs a namespace.

    unshare -rm python tiny_disk.py FOLDER mount      a tmpfs of 2 MB is mounted on the folder, for this program alone
    python tiny_disk.py FOLDER limit                  no disk may be mounted here: files may not grow beyond a size

Prints a line of JSON: how often sealing was refused, how many records were sealed, and the messages.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

from archives import make_archive
from sealing import make_mine, prepare

from greenmine.archive.pins import Pins
from greenmine.archive.recover import recover
from greenmine.archive.verify import verify
from greenmine.errors import ArchiveError

SIZE = 2_000_000
STEP = 12_000


def main(folder: Path, how: str) -> None:
    """Leave less and less room, and try to seal; then make room, recover, and seal again."""
    if how == "mount":
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)], check=True)
    mines = [make_mine(folder.parent / "evidence", f"GM-{number:04}") for number in range(12)]
    archive, filler = make_archive(folder / "reports"), folder / "filler"
    prepare(archive, mines[0]).sealed(archive)
    messages: list[str] = []
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    for number, mine in enumerate(mines[1:]):
        acknowledged = archive.ledger.read_bytes()
        if how == "mount":
            room = os.statvfs(folder)
            filler.write_bytes(b"x" * max(0, room.f_bavail * room.f_frsize - STEP * (number % 11)))
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_000 * (number + 1), resource.RLIM_INFINITY))
        try:
            prepare(archive, mine).sealed(archive)
        except ArchiveError as problem:
            messages.append(str(problem))
        if how == "mount":
            filler.unlink()
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert archive.ledger.read_bytes().startswith(acknowledged)
        recover(archive)
        assert verify(archive, Pins()).holds
    sealed = prepare(archive, make_mine(folder.parent / "evidence", "GM-9999")).sealed(archive)
    assert verify(archive, Pins()).holds
    print(json.dumps({"refused": len(messages), "sealed": sealed.entry.number, "messages": messages}))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2])
