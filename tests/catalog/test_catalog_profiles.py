"""The profiles that are shipped: the conditions of Shanxi's notice and of the certification notice, word for word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from greenmine import i18n
from greenmine.catalog import load_catalog
from greenmine.cli.main import main
from greenmine.workspace import Workspace, shared_dir

SHIPPED = Workspace(shared_dir())


def bare(text: str) -> str:
    """Return a text without the blanks and line ends of the page it was printed on."""
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize(
    ("ref", "source", "conditions"),
    [
        ("shanxi@2023", "shanxi-notice-2023-738.txt", ["P1", "P2", "P3", "P4", "P5", "P6"]),
        ("ccacc@2024", "ccacc-certification-notice-2024.txt", ["P1", "P2", "P3", "P5"]),
    ],
)
def test_conditions_are_those_of_the_notice(ref: str, source: str, conditions: list[str], repository: Path) -> None:
    """晋自然资函〔2023〕738号 一（一）: six; 中煤协认证综合〔2024〕1号 三: four; each stands in the source as it is."""
    words = bare((repository / "docs" / "sources" / source).read_text("utf-8"))
    gates = load_catalog(ref, SHIPPED).document["prerequisites"]
    assert conditions == [one["id"] for one in gates]
    assert [] == [one["text"] for one in gates if bare(one["text"]) not in words]


@pytest.mark.parametrize(("ref", "missing"), [("shanxi@2023", "山西省绿色矿山建设评价指标"), ("ccacc@2024", "分级线")])
def test_what_the_notice_does_not_contain_is_said(ref: str, missing: str) -> None:
    """The table that a notice names and does not contain is not made up: title and notes say what stands in for it."""
    document = load_catalog(ref, SHIPPED).document
    assert "暂用国家级绿色矿山建设评价指标" in document["title"]
    assert missing in document["notes"][-1]["text"]
    national = load_catalog("national@2024", SHIPPED).document
    assert national["categories"] == document["categories"]
    assert national["line"] == document["line"]


@pytest.mark.parametrize("name", ["shanxi-2023", "ccacc-2024"])
def test_every_difference_cites_its_clause(
    name: str, repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a profile changes or drops is listed beside the clause that it comes from; none is without one."""
    i18n.use("zh")
    monkeypatch.chdir(repository)
    assert 0 == main(["catalog", "lint", f"parameters/profiles/{name}.yaml"])
    rows = [line for line in capsys.readouterr().out.splitlines() if "prerequisites/" in line]
    assert len(rows) >= 5
    assert all("号 一（一）" in row or "号 三" in row for row in rows)
