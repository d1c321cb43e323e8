"""`greenmine draw`: freeze, run, replace and show, as a table and as JSON."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from archives import clock
from programmes import draft, shipped

from greenmine.archive.layout import Archive
from greenmine.archive.notary import make_checkpoint
from greenmine.cli import draw
from greenmine.cli.main import main
from greenmine.programme.recording import record

NATIONAL = shipped("national-2024")
FROZEN = dt.datetime(2026, 6, 25, 1, tzinfo=dt.UTC)
DRAWN = dt.datetime(2026, 7, 2, 1, tzinfo=dt.UTC)
PLAN = """\
schema: greenmine.draw.plan/1
draw: 2026-spot
programme: national-2024
as_of: "2026-06-24"
event: 中国福利彩票双色球第2026075期
event_at: "2026-07-01T21:15"
seed_like: 01 02 03 04 05 06 07
key_mines:
  GM-0003: 群众举报
team: 1
inspectors:
  I-1: 检查人员甲（示例厅）
  I-2: 检查人员乙（示例厅）
conflicts:
  - {mine: GM-0003, inspector: I-1, reason: 曾在该矿任职}
replacements:
  closed: 抽签后停产关闭
"""


def out(capsys: pytest.CaptureFixture[str]) -> Any:
    """Return the JSON document that was printed."""
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def plan(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A register with 12 mines on the provincial list, and a plan."""
    archive = Archive.open(workspace / "reports", create=True)
    listed = [draft(NATIONAL, f"mine/GM-{number:04}", "carry_provincial", "2026-01-05") for number in range(12)]
    record(archive, NATIONAL, listed, by="测试", time=FROZEN)
    file = workspace / "plan.yaml"
    file.write_text(PLAN, "utf-8")
    times = iter([FROZEN, *[DRAWN] * 9])
    monkeypatch.setattr(draw, "now", lambda: next(times))
    return file


def test_a_spot_check_is_drawn_from_the_register(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """八（十六）: of 12 provincial mines ceil(1.2) = 2 are drawn, a key mine besides; the next ticket replaces one."""
    archive = Archive.open(plan.parent / "reports")
    assert 0 == main(["draw", "freeze", str(plan), "--by", "省厅", "--json"])
    frame = out(capsys)
    assert [{"name": "provincial", "mines": 12, "ratio": "0.1", "quota": 2}] == frame["strata"]
    assert 0 == main(["draw", "show", "2026-spot"])
    assert "双色球" in capsys.readouterr().out
    make_checkpoint(archive, clock=clock(FROZEN))
    assert 0 == main(["draw", "run", "2026-spot", "--seed", "03 08 11 19 24 31 07", "--by", "省厅", "--json"])
    drawn = out(capsys)
    mines = [one["mine"] for one in drawn["drawn"]]
    assert 2 == len(mines)
    assert [{"mine": "GM-0003", "reason": "群众举报"}] == drawn["key_mines"]
    assert sorted(f"mine/{one}" for one in (*mines, "GM-0003")) == drawn["register"]["entered"]
    assert {"GM-0003": "I-2"}.items() <= {one["mine"]: one["inspector"] for one in drawn["teams"]}.items()
    words = ["--ground", "closed", "--document", "停产通知", "--by", "省厅"]
    assert 0 == main(["draw", "replace", "2026-spot", mines[0], *words])
    shown = capsys.readouterr().out
    assert "停产通知" in shown
    assert mines[1] in shown
    assert 0 == main(["register", "show", mines[0], "--json"])
    assert ["carry_provincial", "drawn"] == [one["step"] for one in out(capsys)["events"]]
    assert 0 == main(["draw", "record", "2026-spot", "--by", "省厅", "--json"])
    assert {"entered": [], "passed_over": []} == out(capsys)["register"]
    assert 0 == main(["draw", "show", "2026-spot", "--json"])
    again = out(capsys)
    assert mines[0] not in [one["mine"] for one in again["drawn"]]
    assert [mines[0]] == [one["mine"] for one in again["replacements"]]
    assert 0 == main(["draw", "list", "--json"])
    assert [again] == out(capsys)
    assert 0 == main(["draw", "list"])
    assert "2026-07-02" in capsys.readouterr().out
    assert 0 == main(["verify"])


def test_a_mine_whose_check_is_over_is_not_replaced(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """一公开: a failed check does not disappear because another mine takes the place."""
    assert 0 == main(["draw", "freeze", str(plan), "--by", "省厅"])
    make_checkpoint(Archive.open(plan.parent / "reports"), clock=clock(FROZEN))
    capsys.readouterr()
    assert 0 == main(["draw", "run", "2026-spot", "--seed", "03 08 11 19 24 31 07", "--by", "省厅", "--json"])
    mine = out(capsys)["drawn"][0]["mine"]
    words = ["--date", "2026-07-06", "--office", "省厅", "--document", "核查记录", "--reason", "不合格", "--by", "省厅"]
    assert 0 == main(["register", "record", mine, "check_fail", *words])
    replace = ["draw", "replace", "2026-spot", mine, "--ground", "closed", "--document", "停产通知", "--by", "省厅"]
    assert 2 == main(replace)
    assert mine in capsys.readouterr().err


def test_a_draw_that_could_not_be_entered_is_entered_later(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The draw is sealed and shown although a line of the register was edited; draw record enters it later."""
    archive = Archive.open(plan.parent / "reports")
    assert 0 == main(["draw", "freeze", str(plan), "--by", "省厅"])
    make_checkpoint(archive, clock=clock(FROZEN))
    journal = archive.root / "register" / "national-2024" / "events.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole.replace("示例机关".encode(), "另一机关".encode(), 1))
    capsys.readouterr()
    assert 1 == main(["draw", "run", "2026-spot", "--seed", "03 08 11 19 24 31 07", "--by", "省厅", "--json"])
    shown, said = capsys.readouterr()
    drawn = [one["mine"] for one in json.loads(shown)["drawn"]]
    assert "greenmine draw record 2026-spot" in said
    assert "Traceback" not in said
    journal.write_bytes(whole)
    assert 0 == main(["draw", "record", "2026-spot", "--by", "省厅"])
    assert "3" in capsys.readouterr().out.splitlines()[-1]
    assert 0 == main(["register", "show", drawn[0]])


def test_what_cannot_be_drawn_is_one_message(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No such draw, no plan, a draw before its checkpoint: status 2 and no traceback."""
    assert 2 == main(["draw", "show", "2026-spot"])
    assert 2 == main(["draw", "freeze", "none.yaml", "--by", "省厅"])
    assert 0 == main(["draw", "freeze", str(plan), "--by", "省厅"])
    assert 2 == main(["draw", "run", "2026-spot", "--seed", "03 08 11 19 24 31 07", "--by", "省厅"])
    assert 2 == main(["draw", "record", "2026-spot", "--by", "省厅"])
    assert 2 == main(["draw", "replace", "2026-spot", "GM-0001", "--ground", "x", "--document", "x", "--by", "省厅"])
    assert "Traceback" not in capsys.readouterr().err
