"""The engine: `rescore.pyz`, the scorer as one file that travels in every assessment bag.

    python3 -I rescore.pyz findings.json catalog.resolved.json

prints the `score.json` of the bag. It is a zip of the scorer's own sources and of what they import from this package,
stored uncompressed, in order, without times, so that the same sources give the same bytes and anybody can read what is
in it. It needs Python's standard library only; in it messages are in English.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from functools import cache
from pathlib import Path
from typing import Final

FILE_NAME: Final = "engine/rescore.pyz"

_PACKAGE: Final = Path(__file__).resolve().parent.parent
_BESIDE: Final = ("__init__.py", "errors.py", "i18n.py")
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_READABLE: Final = 0o100644 << 16
_MAIN: Final = b'''\
"""Recompute a score: python3 -I rescore.pyz FINDINGS CATALOG [NAME=CHOICE ...]"""

import sys

from greenmine.scoring.__main__ import main

sys.exit(main(sys.argv[1:]))
'''


def engine_sources() -> dict[str, bytes]:
    """Return the files of the engine: name in the zip → content, in order of the names."""
    paths = [*(path for name in _BESIDE if (path := _PACKAGE / name).is_file()), *(_PACKAGE / "scoring").glob("*.py")]
    named = {f"greenmine/{path.relative_to(_PACKAGE).as_posix()}": path.read_bytes() for path in paths}
    return dict(sorted({"__main__.py": _MAIN, **named}.items()))


@cache
def build_engine() -> bytes:
    """Return `rescore.pyz`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in engine_sources().items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = _UNIX
            entry.external_attr = _READABLE
            archive.writestr(entry, data)
    return buffer.getvalue()


def engine_digest() -> str:
    """Return the SHA-256 of `rescore.pyz`, in hexadecimal."""
    return hashlib.sha256(build_engine()).hexdigest()
