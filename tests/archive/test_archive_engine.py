"""The engine: the scorer as one file."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from sealing import small_catalog

from greenmine.archive.engine import build_engine, engine_digest, engine_sources
from greenmine.files import canonical_json
from greenmine.scoring import Scorer, canonical

FINDINGS = {
    "schema": "greenmine.findings/1",
    "mine": {
        "id": "GM-0001",
        "name": "演示矿山",
        "industry": "coal",
        "extraction": ["underground"],
        "primary_extraction": "underground",
    },
    "assessment": {"id": "t", "date": "2026-06-30", "anchor_date": "2026-03-01", "kind": "self"},
    "prerequisites": {},
    "indicators": {"1": {"facts": {"living": True, "production": False}, "justification": "x", "evidence": ["a"]}},
}


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    (folder / "rescore.pyz").write_bytes(build_engine())
    (folder / "findings.json").write_bytes(canonical_json(FINDINGS))
    (folder / "catalog.json").write_bytes(canonical_json(small_catalog().document))
    return subprocess.run(
        [sys.executable, "-I", "rescore.pyz", *arguments], cwd=folder, capture_output=True, check=False, env={}
    )


@pytest.mark.parametrize("readings", [{}, {"na_fold": "total"}])
def test_the_engine_alone_gives_the_same_score(tmp_path: Path, readings: dict[str, str]) -> None:
    """Isolated from everything installed, the file prints the very bytes that the scorer gives here."""
    done = run(tmp_path, "findings.json", "catalog.json", *(f"{name}={choice}" for name, choice in readings.items()))
    assert (0, b"") == (done.returncode, done.stderr)
    assert canonical(Scorer(small_catalog().document).score(FINDINGS, readings)) == done.stdout


def test_the_engine_refuses_what_it_cannot_score(tmp_path: Path) -> None:
    """A missing file and a document of another kind end in one message and status 2."""
    assert 2 == run(tmp_path).returncode
    done = run(tmp_path, "findings.json", "none.json")
    assert (2, b"", True) == (done.returncode, done.stdout, done.stderr.startswith(b"greenmine: "))
    assert 2 == run(tmp_path, "catalog.json", "catalog.json").returncode


def test_the_engine_is_the_same_bytes_each_time() -> None:
    """Nothing of the time or the machine is in it."""
    first = build_engine()
    build_engine.cache_clear()
    assert first == build_engine()
    assert hashlib.sha256(first).hexdigest() == engine_digest()


def test_the_engine_holds_the_scorer_and_nothing_else() -> None:
    """Every file is readable source, uncompressed, of the scorer or of what it imports."""
    with zipfile.ZipFile(BytesIO(build_engine())) as archive:
        names = archive.namelist()
        assert engine_sources() == {name: archive.read(name) for name in names}
        assert {zipfile.ZIP_STORED} == {entry.compress_type for entry in archive.infolist()}
    assert sorted(names) == names
    assert ["__main__.py", "greenmine/__init__.py", "greenmine/errors.py", "greenmine/i18n.py"] == names[:4]
    assert all(name.startswith("greenmine/scoring/") for name in names[4:])
    assert 100_000 > len(build_engine())
