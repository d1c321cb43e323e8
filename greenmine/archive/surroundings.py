"""Verifying what lies around the bags: nothing but bags where bags are, nothing secret, nothing forgotten.

A bag that is not in the ledger is a failure: either somebody put it there or a run was cut short. One that somebody is
sealing this moment is neither; its maker has a claim on its folder. What is in the archive's folder beside the archive,
working reports for instance, is not part of it; it is remarked on and not looked at.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from greenmine.archive.layout import KINDS, REGISTERS, STOCK, Archive, kind_of
from greenmine.archive.ledger import Ledger
from greenmine.archive.lock import claim, release
from greenmine.archive.verdicts import SAFETY, Collector
from greenmine.errors import IntegrityError, shown
from greenmine.i18n import gettext as _

MAX_KEY: Final = 64 * 1024

_KNOWN: Final = frozenset(
    (
        *("ledger", "checkpoints", "bags", "inbox", "staging", "quarantine", "trust", ".lock", "archive.yaml"),
        *("events.jsonl", "index.html", "index.sqlite", "index.sqlite-wal", "index.sqlite-shm", "README.md"),
        *STOCK,
        *(REGISTERS, "overview.html"),
    )
)
_SHOWN: Final = 3


def check_places(archive: Archive, bags: Collection[str], collector: Collector) -> None:
    """Check that below `bags/` there is nothing but bags that the ledger names, and folders above them.

    Args:
        archive: the archive.
        bags: those that the ledger names.
        collector: keeps what does not hold.
    """
    failed = collector.failed
    for place, name in _strange(archive, bags):
        with collector.check("archive.places", place):
            if not (kind_of(name) and place.is_dir() and not place.is_symlink()):
                kind = _("a symbolic link") if place.is_symlink() else _("something else")
                raise IntegrityError(place, expected=_("folders of bags only"), found=kind)
            if not _underway(archive, place, name):
                raise IntegrityError(
                    place,
                    expected=_("only bags that the ledger names"),
                    found=_("one that it does not name"),
                    hint=_("If a run was cut short, run greenmine recover."),
                )
    if failed == collector.failed:
        collector.hold("archive.places")


def _strange(archive: Archive, bags: Collection[str]) -> Iterator[tuple[Path, str]]:
    """Yield what lies below `bags/` and is neither a bag of the ledger nor a folder above one, in order."""
    waiting = [("bags", 0)]
    while waiting:
        name, depth = waiting.pop()
        folder = archive.place(name)
        if not os.path.lexists(folder) and not depth:
            return
        if folder.is_symlink() or not folder.is_dir() or (depth == 1 and name.partition("/")[2] not in KINDS):
            yield folder, ""
            continue
        if depth == 3:  # noqa: PLR2004 - bags/<kind>/<group>/<name>
            if name not in bags:
                yield folder, name
            continue
        with os.scandir(folder) as entries:
            waiting += sorted(((f"{name}/{entry.name}", depth + 1) for entry in entries), reverse=True)


def _underway(archive: Archive, place: Path, name: str) -> bool:
    """Tell whether a bag is being sealed this moment, or was since the ledger was read."""
    try:
        handle = claim(place)
    except OSError:
        handle = -1
    if handle is None:
        return True
    release(handle)
    return Ledger(archive).find(name) is not None


def check_secrets(archive: Archive, collector: Collector) -> None:
    """Check that no private key lies in the archive outside of its bags, which nobody writes by hand."""
    for path in _loose(archive):
        if path.is_file() and not path.is_symlink() and path.name != "ledger" and path.stat().st_size <= MAX_KEY:
            with collector.check("archive.secrets", path):
                if b"PRIVATE KEY-----" in path.read_bytes():
                    raise IntegrityError(
                        path,
                        expected=_("no private key"),
                        found=_("one"),
                        hint=_("Whoever has a copy of the archive can sign with it: revoke the key."),
                    )


def _loose(archive: Archive) -> Iterator[Path]:
    """Yield the files beside the ledger, and those in the archive's folders that are no bags; no link is followed."""
    yield from sorted(archive.root.iterdir() if archive.root.is_dir() else ())
    for top in (archive.trust, archive.checkpoints, archive.inbox, archive.staging, archive.quarantine):
        for folder, _folders, files in () if top.is_symlink() else os.walk(top):
            yield from (Path(folder, name) for name in sorted(files))


def remark(archive: Archive, collector: Collector) -> None:
    """Remark on what was left behind, and on what is not part of the archive."""
    for folder, text in (
        (archive.staging, _("{count} unfinished entries in {folder}: greenmine recover takes care of them.")),
        (archive.quarantine, _("{count} entries in {folder} wait for the operator to look at them.")),
    ):
        count = sum(1 for _path in folder.iterdir()) if folder.is_dir() else 0
        if count:
            said = text.format(count=count, folder=collector.relative(folder))
            collector.note(f"archive.{folder.name}", SAFETY, said)
    others = sorted(path.name for path in archive.root.iterdir() if path.name not in _KNOWN)
    if others:
        names = ", ".join(shown(name) for name in others[:_SHOWN]) + (" …" if len(others) > _SHOWN else "")
        text = _("Beside the archive lies what is not part of it and was not verified: {names}.")
        collector.note("archive.others", SAFETY, text.format(names=names))
    script, own = archive.root / "verify.sh", Path(__file__).parent / "stock" / "verify.sh"
    if script.is_file() and own.is_file() and script.read_bytes() != own.read_bytes():
        text = _("verify.sh in the archive is not the one that comes with this version; use a copy that you trust.")
        collector.note("archive.script", SAFETY, text)
