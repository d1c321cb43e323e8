"""Applications: what has to be there, and what goes into the register."""

from __future__ import annotations

import datetime as dt
import hashlib
import subprocess
from pathlib import Path

import pytest
import yaml
from mines import make_mine
from programmes import shipped

from greenmine import i18n
from greenmine.errors import EvidenceError, UsageError
from greenmine.programme.application import examine

CCACC = shipped("ccacc-2024")
SHANXI = shipped("shanxi-2023")
ON = dt.date(2024, 5, 6)
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
    found = examine(CCACC, mine, GIVEN, ON)
    assert hashlib.sha256(b"report").hexdigest() == found.materials["self_score"]["sha256"]
    script = "LC_ALL=C sha256sum pages/* | sha256sum | cut -c-64"
    said = subprocess.run(["sh", "-c", script], cwd=mine, capture_output=True, text=True, check=True).stdout.strip()
    assert said == found.materials["atlas"]["sha256"] == found.materials["supports"]["sha256"]
    assert found.details["materials"]["form"]["path"] == "mine.yaml"


def test_what_is_missing_or_blank_is_told(mine: Path) -> None:
    """四: five materials, of which the form is mine.yaml; 附件: every field of the form."""
    found = examine(CCACC, mine, {"atlas": "pages"}, ON)
    assert not found.complete
    assert ["四2", "四4", "四5"] == [one.clause for one in found.missing]
    form = mine / "mine.yaml"
    kept = [line for line in form.read_text("utf-8").splitlines() if not line.startswith(("economic_type:", "  fax:"))]
    form.write_text("\n".join(kept), "utf-8")
    blank = {one.key for one in examine(CCACC, mine, GIVEN, ON).blank}
    assert {"economic_type", "contact.fax"} <= blank


def test_what_is_not_the_mine_s_is_refused(mine: Path) -> None:
    """Paths lead to files of the mine only, and materials are those that the programme asks for."""
    (mine.parent / "outside.txt").write_text("x", "utf-8")
    for path in ("../outside.txt", "/etc/hostname", "nothing.txt", "."):
        with pytest.raises(EvidenceError):
            examine(CCACC, mine, {"atlas": path}, ON)
    with pytest.raises(UsageError, match="portrait"):
        examine(CCACC, mine, {"portrait": "report.txt"}, ON)
    with pytest.raises(UsageError):
        examine(shipped("gansu"), mine, {}, ON)


@pytest.mark.parametrize(
    ("licences", "words"),
    [
        ([("mining", None, "2024-05-06")], ()),
        ([("mining", "2024-05-06", "长期")], ()),
        ([("mining", None, None)], ()),
        ([("mining", None, "2024-05-05"), ("mining", None, "2030-01-01")], ()),
        ([("mining", None, "2023-01-01"), ("mining", None, "2024-05-05")], ("采矿许可证", "expired", "2024-05-05")),
        ([("mining", "2024-05-07", "2030-01-01")], ("begins", "2024-05-07")),
        ([("safety", None, "2030-01-01")], ("no licence", "mining")),
        ([], ("no licence", "mining")),
    ],
)
def test_a_licence_that_is_asked_for_has_to_hold_on_the_day(
    mine: Path, licences: list[tuple[str, str | None, str | None]], words: tuple[str, ...]
) -> None:
    """山西一（一）1: 企业应持有效采矿许可证; by `mine.yaml`, to its last day; another kind is none."""
    i18n.use("en")
    form = mine / "mine.yaml"
    rows = [{"kind": kind, "name": "采矿许可证", "valid_from": a, "valid_until": b} for kind, a, b in licences]
    form.write_text(yaml.safe_dump(yaml.safe_load(form.read_text("utf-8")) | {"licences": rows}), "utf-8")
    found = examine(SHANXI, mine, {"mining_licence": "report.txt", "plan": "pages"}, ON)
    assert found.complete == (not words)
    assert found.lapsed.keys() == ({"mining_licence"} if words else set())
    assert all(word in found.lapsed["mining_licence"] for word in words)
