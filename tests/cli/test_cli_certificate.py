"""`greenmine certificate`: grade, issue, surveillance, list and show."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from archives import make_archive
from programmes import draft, shipped
from sealing import make_mine, prepare

from greenmine import i18n
from greenmine.archive.layout import Archive
from greenmine.cli import certificate
from greenmine.cli.main import main
from greenmine.errors import UsageError
from greenmine.programme.certificate import issue
from greenmine.programme.recording import record

CCACC = shipped("ccacc-2024")
MINE = "GM-0001"
ISSUE = [
    "certificate",
    "issue",
    MINE,
    "--number",
    "C-1",
    "--date",
    "2025-04-03",
    "--office",
    "示例认证中心",
    "--by",
    "甲",
]
PASSED = {
    "verdict": "pass",
    "total": "91",
    "total_exact": "91",
    "catalog": {"id": "ccacc", "version": "2024"},
    "assessment": {"kind": "third_party", "date": "2025-03-28"},
}
"""What of a score and of findings decides on a certificate."""

SURVEY = ["--document", "监督报告", "--date", "2026-03-30", "--office", "示例项目组", "--by", "甲"]


def out(capsys: pytest.CaptureFixture[str]) -> Any:
    """Return the JSON document that was printed."""
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def archive(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """A sealed assessment of a mine that was assessed on site; it is taken to pass."""
    made = make_archive(workspace / "reports")
    prepare(made, make_mine(workspace / "evidence")).sealed(made)
    days = (("apply", "2025-03-03"), ("accept", "2025-03-10"), ("form_team", "2025-03-11"), ("assess", "2025-03-28"))
    steps = [draft(CCACC, f"mine/{MINE}", *one) for one in days]
    record(made, CCACC, steps, by="甲", time=dt.datetime(2025, 4, 1, tzinfo=dt.UTC))
    monkeypatch.setattr(certificate, "archived", lambda _archive, _bag, _name: PASSED)
    return made


@pytest.mark.usefixtures("archive")
def test_a_certificate_is_issued_watched_and_withdrawn(capsys: pytest.CaptureFixture[str]) -> None:
    """六2 to 六4: issued without a grade, for no line is given; valid three years; kept; withdrawn."""
    assert 0 == main([*ISSUE, "--lang", "en"])
    assert "no grade is determined" in capsys.readouterr().out
    assert 0 == main(["certificate", "show", MINE, "--on", "2026-01-05", "--json"])
    (one,) = out(capsys)["certificates"]
    assert ("C-1", None, "2028-04-03", "valid", "2026-04-03") == (
        (one["number"], one["grade"], one["valid_until"], one["status"], one["surveillance_due"])
    )
    assert 0 == main(["certificate", "surveillance", MINE, "keep", *SURVEY])
    assert "2027-04-03" in capsys.readouterr().out
    assert 0 == main(["certificate", "surveillance", MINE, "withdraw", "--reason", "停产", *SURVEY, "--json"])
    assert ["certify", "keep", "withdraw"] == [one["outcome"] for one in out(capsys)["certificates"][0]["decisions"]]
    assert 0 == main(["certificate", "list", "--on", "2026-05-01"])
    assert "C-1" in capsys.readouterr().out


@pytest.mark.usefixtures("archive")
def test_a_certificate_whose_assessment_was_withdrawn_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """六2: who looks a certificate up learns that nothing carries it any more."""
    assert 0 == main([*ISSUE])
    assert 0 == main(["withdraw", MINE, "--reason", "报告有误", "--by", "甲"]), capsys.readouterr().err
    capsys.readouterr()
    assert 0 == main(["certificate", "list", "--on", "2026-01-05", "--json"])
    assert [True] == [one["record_withdrawn"] for one in out(capsys)["certificates"]]
    assert 0 == main(["certificate", "list", "--on", "2026-01-05"])
    assert "C-1：所依据的评价 bags/assess/GM-0001/r1 已撤回" in capsys.readouterr().out


@pytest.mark.usefixtures("archive")
def test_a_grade_needs_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    """五: a downgrade to a grade without a cited line is refused, with the clause."""
    assert 0 == main([*ISSUE])
    assert 2 == main(["certificate", "surveillance", MINE, "downgrade", "--grade", "AAAA", *SURVEY])
    assert "中煤协认证综合〔2024〕1号 五" in capsys.readouterr().err


@pytest.mark.usefixtures("archive")
def test_a_grade_is_told_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Without lines the grade is null, and the reason is told."""
    assert 0 == main(["certificate", "grade", MINE, "--json"])
    assert out(capsys)["grade"] is None
    assert 0 == main(["certificate", "grade", MINE, "--lang", "en"])
    assert "No lines between grades are given: no grade is determined." in capsys.readouterr().out


def test_an_assessment_that_does_not_pass_has_no_certificate(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The score is that of the sealed record; one that is incomplete gives neither grade nor certificate."""
    made = make_archive(workspace / "reports")
    prepare(made, make_mine(workspace / "evidence")).sealed(made)
    assert 0 == main(["certificate", "grade", MINE, "--lang", "en"])
    assert "The standard is not met" in capsys.readouterr().out
    assert 2 == main([*ISSUE])
    assert MINE in capsys.readouterr().err
    assert 2 == main(["certificate", "grade", "GM-9999"])
    assert 2 == main(["certificate", "list", "--programme", "gansu"])


@pytest.mark.parametrize(
    ("mine", "changed", "message"),
    [
        ("GM-0002", {}, "is not of"),
        (MINE, {"assessment": {"kind": "self"}}, "the mine's own"),
        (MINE, {"assessment": {"kind": "third_party", "date": "2025-04-04"}}, "is of 2025-04-04"),
        (MINE, {"catalog": {"id": "national", "version": "2024"}}, "national@2024, and ccacc-2024 goes by ccacc@2024"),
        (MINE, {"verdict": "fail"}, "does not meet"),
    ],
)
def test_what_carries_no_certificate_is_refused(mine: str, changed: dict[str, Any], message: str) -> None:
    """Another mine's assessment, the mine's own, one by other indicators, one that does not pass."""
    i18n.use("en")
    found = {**PASSED, **changed}
    with pytest.raises(UsageError, match=message):
        issue(CCACC, MINE, f"bags/assess/{mine}/r1", found, found, number="C", on=dt.date(2025, 4, 3), office="x")


def test_what_nothing_can_rest_on_is_refused(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A withdrawn record gives no grade; a bag that is no assessment neither."""
    made = make_archive(workspace / "reports")
    prepare(made, make_mine(workspace / "evidence")).sealed(made)
    evidence = next(line.split("  ")[1] for line in made.ledger.read_text().splitlines() if "bags/evidence" in line)
    assert 2 == main(["certificate", "grade", evidence.rpartition("/")[0]])
    assert 0 == main(["withdraw", MINE, "--reason", "x", "--by", "x"])
    assert 2 == main(["certificate", "grade", MINE])
    assert MINE in capsys.readouterr().err


@pytest.mark.usefixtures("archive")
def test_there_is_no_surveillance_where_nothing_is_certified(capsys: pytest.CaptureFixture[str]) -> None:
    """A programme of selection knows no outcome of a surveillance."""
    assert 2 == main(["certificate", "surveillance", MINE, "keep", *SURVEY, "--programme", "gansu"])
    assert "keep" in capsys.readouterr().err
