"""`greenmine rectify` and `greenmine removals`: from a failed check to closed items, or to a proposal of removal."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from archives import make_archive
from programmes import draft, shipped
from sealing import make_mine, prepare

from greenmine.archive.layout import Archive
from greenmine.cli.main import main
from greenmine.programme.recording import record

GANSU = shipped("gansu")
ITEMS = """\
schema: greenmine.rectification/1
deadline: "2026-09-30"
items:
  - {id: "1", finding: 排土场未覆盖, measure: 覆土绿化, owner: 张三, deadline: "2026-09-30"}
  - {id: "2", finding: 标识牌缺失, measure: 补齐, owner: 李四, deadline: "2026-08-31"}
"""
CLOSED = """\
schema: greenmine.closing/1
closed:
  - {item: "1", by: 省厅核查组, date: "2026-09-20", evidence: [照片.pdf]}
  - {item: "2", by: 省厅核查组, date: "2026-09-20", evidence: [照片.pdf, 清单.pdf]}
"""
GIVEN = ["--office", "省自然资源厅", "--document", "示例文号", "--by", "甲"]


def out(capsys: pytest.CaptureFixture[str]) -> Any:
    """Return the JSON document that was printed."""
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def files(workspace: Path) -> Path:
    """A mine on the provincial list, a file of items and one that closes them."""
    archive = Archive.open(workspace / "reports", create=True)
    listed = draft(GANSU, "mine/GM-0007", "carry_provincial", "2026-01-05")
    record(archive, GANSU, [listed], by="甲", time=dt.datetime(2026, 1, 6, tzinfo=dt.UTC))
    (workspace / "items.yaml").write_text(ITEMS, "utf-8")
    (workspace / "closed.yaml").write_text(CLOSED, "utf-8")
    return workspace


def order(*more: str) -> int:
    """Order the mine to rectify."""
    return main(
        ["rectify", "order", "GM-0007", "items.yaml", "--reason", "核查", "--date", "2026-07-20", *GIVEN, *more]
    )


@pytest.mark.usefixtures("files")
def test_what_was_ordered_is_closed_by_others(capsys: pytest.CaptureFixture[str]) -> None:
    """二（三）: items with owner and day, open, overdue, closed; the mine keeps its place."""
    assert 0 == order("--json")
    assert ["open", "open"] == [one["status"] for one in out(capsys)["items"]]
    assert 0 == main(["rectify", "list", "--date", "2026-09-15", "--json"])
    assert ["open", "overdue"] == [one["status"] for one in out(capsys)["items"]]
    assert 0 == main(["rectify", "close", "GM-0007", "closed.yaml", "--date", "2026-10-08", *GIVEN])
    assert "清单.pdf" in capsys.readouterr().out
    assert 0 == main(["rectify", "list", "GM-0007", "--date", "2026-10-08", "--json"])
    assert ["closed", "late"] == [one["status"] for one in out(capsys)["items"]]
    assert 0 == main(["removals", "--on", "2026-10-08", "--json"])
    assert [] == out(capsys)["proposals"]


@pytest.mark.usefixtures("files")
def test_more_than_six_months_need_a_reason_of_their_own(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """二（三）原则上不超过6个月: from 2026-07-20 until 2027-01-20; why it is ordered is no reason for a longer time."""
    (files / "items.yaml").write_text(
        ITEMS.replace('deadline: "2026-09-30"\nitems', 'deadline: "2027-01-21"\nitems'), "utf-8"
    )
    assert 2 == order()
    assert "2027-01-20" in capsys.readouterr().err
    assert 0 == order("--deadline-reason", "冬季无法施工")


def test_what_is_overdue_is_proposed_for_removal(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """二（三）: 超期未完成整改; the table names ground, clause, papers and who decides."""
    assert 0 == order()
    capsys.readouterr()
    assert 0 == main(["removals", "--on", "2026-10-01", "--json"])
    (one,) = out(capsys)["proposals"]
    assert ("GM-0007", "overdue", "2026-10-01", ["示例文号"]) == (
        (one["mine"], one["ground"], one["since"], one["evidence"])
    )
    assert 0 == main(["removals", "--on", "2026-10-01"])
    assert "GM-0007" in capsys.readouterr().out
    text = CLOSED.replace("省厅核查组", "张三")
    (files / "closed.yaml").write_text(text, "utf-8")
    assert 2 == main(["rectify", "close", "GM-0007", "closed.yaml", "--date", "2026-10-08", *GIVEN])
    assert "张三" in capsys.readouterr().err


def test_files_of_another_form_are_one_message(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt key, an order to who is not on a list, a re-check of who was not ordered: status 2."""
    assert 2 == main(["rectify", "close", "GM-0007", "closed.yaml", *GIVEN])
    assert 2 == main(["rectify", "order", "GM-0008", "items.yaml", "--reason", "x", *GIVEN])
    (files / "items.yaml").write_text(ITEMS.replace("measure", "measures"), "utf-8")
    assert 2 == order()
    assert "items.yaml" in capsys.readouterr().err
    assert 2 == main(["removals", "--on", "yesterday"])


def test_third_parties_are_shown_with_their_duties(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """自然资规〔2024〕1号 三（八）、八（十七）: what A1 did before it was excluded, and what nothing shows."""
    national = shipped("national-2024")
    archive = Archive.open(workspace / "reports", create=True)
    steps = [
        draft(national, "mine/GM-0001", "apply", "2025-03-03"),
        draft(national, "mine/GM-0001", "review", "2025-03-17"),
        draft(national, "mine/GM-0001", "entrust", "2025-03-24"),
        draft(national, "agency/A1", "exclude_agency", "2026-07-06"),
    ]
    record(archive, national, steps, by="甲", time=dt.datetime(2026, 7, 6, tzinfo=dt.UTC))
    assert 0 == main(["removals", "--on", "2026-07-06"])
    shown = capsys.readouterr().out
    assert "agency/A1" in shown
    assert "签署真实性承诺" in shown
    assert 0 == main(["removals", "--on", "2026-07-06", "--json"])
    document = out(capsys)
    assert ["2029-07-06"] == [one["until"] for one in document["excluded_third_parties"]]
    assert {"A1"} == {one["agency"] for one in document["open_duties"]}


def test_a_list_is_drafted_from_a_sealed_check(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the record found wanting is there; it is not accepted before measure, owner and day are filled in."""
    archive = make_archive(workspace / "reports")
    prepare(archive, make_mine(workspace / "evidence")).sealed(archive)
    assert 0 == main(["rectify", "draft", "GM-0001"])
    text = capsys.readouterr().out
    document = yaml.safe_load(text)
    assert "greenmine.rectification/1" == document["schema"]
    assert any("1 " in one["finding"] for one in document["items"])
    (workspace / "items.yaml").write_text(text, "utf-8")
    listed = draft(GANSU, "mine/GM-0007", "carry_provincial", "2026-01-05")
    record(archive, GANSU, [listed], by="甲", time=dt.datetime(2026, 1, 6, tzinfo=dt.UTC))
    assert 2 == order()
    assert "items.yaml" in capsys.readouterr().err
