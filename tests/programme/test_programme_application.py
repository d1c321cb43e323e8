"""Applications: what has to be there, and what goes into the register."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from mines import make_mine
from programmes import shipped

from greenmine.errors import EvidenceError, UsageError
from greenmine.programme.application import examine

CCACC = shipped("ccacc-2024")
GIVEN = {"self_assessment": "report.txt", "atlas": "pages", "self_score": "report.txt", "supports": "pages/"}


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A mine with a report and a folder of two files."""
    folder = make_mine(tmp_path)
    (folder / "report.txt").write_text("report", "utf-8")
    (folder / "pages").mkdir()
    for name in ("a.txt", "b.txt"):
        (folder / "pages" / name).write_text(name, "utf-8")
    return folder


def test_the_digest_of_a_folder_is_that_of_its_sums(mine: Path) -> None:
    """四: a material may be a folder; `sha256sum` over its files gives its digest, stock tools suffice."""
    found = examine(CCACC, mine, GIVEN)
    assert hashlib.sha256(b"report").hexdigest() == found.materials["self_score"]["sha256"]
    script = "LC_ALL=C sha256sum pages/* | sha256sum | cut -c-64"
    said = subprocess.run(["sh", "-c", script], cwd=mine, capture_output=True, text=True, check=True).stdout.strip()
    assert said == found.materials["atlas"]["sha256"] == found.materials["supports"]["sha256"]
    assert found.details["materials"]["form"]["path"] == "mine.yaml"


def test_what_is_missing_or_blank_is_told(mine: Path) -> None:
    """四: five materials, of which the form is mine.yaml; 附件: every field of the form."""
    found = examine(CCACC, mine, {"atlas": "pages"})
    assert not found.complete
    assert ["四2", "四4", "四5"] == [one.clause for one in found.missing]
    form = mine / "mine.yaml"
    kept = [line for line in form.read_text("utf-8").splitlines() if not line.startswith(("economic_type:", "  fax:"))]
    form.write_text("\n".join(kept), "utf-8")
    blank = {one.key for one in examine(CCACC, mine, GIVEN).blank}
    assert {"economic_type", "contact.fax"} <= blank


def test_what_is_not_the_mine_s_is_refused(mine: Path) -> None:
    """Paths lead to files of the mine only, and materials are those that the programme asks for."""
    (mine.parent / "outside.txt").write_text("x", "utf-8")
    for path in ("../outside.txt", "/etc/hostname", "nothing.txt", "."):
        with pytest.raises(EvidenceError):
            examine(CCACC, mine, {"atlas": path})
    with pytest.raises(UsageError, match="portrait"):
        examine(CCACC, mine, {"portrait": "report.txt"})
    with pytest.raises(UsageError):
        examine(shipped("gansu"), mine, {})
