"""A simulated year of each programme, as its page in docs/programmes tells it: every state, deadline and draw follows.

The pages hold the steps as a table that can be entered, and tables of states and deadlines with the clause that each
follows from; what is said there is compared row by row, so that a page cannot go wrong unnoticed.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from functools import cache
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from programmes import NAMES, day, draft, entered, shipped

from greenmine import i18n
from greenmine.archive.draws import FrameMine, draw_mines
from greenmine.catalog import load_catalog
from greenmine.catalog.strict_yaml import load_yaml, validate
from greenmine.errors import JournalError
from greenmine.programme.certificate import certificates
from greenmine.programme.clocks import deadlines, due
from greenmine.programme.drafts import draft_of, subject_of
from greenmine.programme.draw import listed, make_frame
from greenmine.programme.events import Draft
from greenmine.programme.plan import Plan, load_plan
from greenmine.programme.rectification import Closing, Order
from greenmine.programme.register import Register, fold
from greenmine.programme.removal import proposals
from greenmine.programme.third_party import flags
from greenmine.workspace import Workspace, shared_dir

PAGES = Path(__file__).resolve().parents[2] / "docs" / "programmes"
END = dt.date(2035, 1, 1)


@cache
def page(name: str) -> str:
    """Return the page of a programme."""
    return (PAGES / f"{name}.md").read_text("utf-8")


def steps(name: str) -> list[Draft]:
    """Return the steps of a page."""
    (found,) = re.findall(r"```csv\n(.*?)```", page(name), re.DOTALL)
    return [draft_of(row) for row in csv.DictReader(io.StringIO(found))]


def rows(name: str, heading: str) -> list[list[str]]:
    """Return the rows of the table below a heading of a page."""
    text = page(name).partition(f"## {heading}\n")[2].strip().split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]


@cache
def register(name: str) -> Register:
    """Return the register that a page tells, with the other mines that it names."""
    programme = shipped(name)
    lists = {
        "national-2024": [("carry_provincial", "GM", 1001, 1029), ("carry_national", "GM", 2001, 2012)],
        "shanxi-2023": [("carry_municipal", "SX", 1001, 1049)],
        "gansu": [("carry_provincial", "GS", 1001, 1089), ("carry_national", "GS", 2001, 2022)],
        "ccacc-2024": [],
    }
    on = "2023-09-04" if name == "shanxi-2023" else "2025-01-06"
    more = [
        draft(programme, f"mine/{prefix}-{number}", step, on)
        for step, prefix, first, last in lists[name]
        for number in range(first, last + 1)
    ]
    return fold(entered([*more, *steps(name)]), programme)


@pytest.mark.parametrize("name", NAMES)
def test_states_are_those_of_the_page(name: str) -> None:
    """On each day that the page names, each mine is in the state it says, by the clause beside it."""
    found = register(name)
    told = rows(name, "各日的状态")
    programme = shipped(name)
    assert len(told) >= 9
    assert told == [
        [on, who, programme.state_title(found.as_of(day(on)).get(subject_of(who)).state), rule]
        for on, who, _state, rule in told
    ]


@pytest.mark.parametrize("name", NAMES)
def test_deadlines_are_those_of_the_page(name: str) -> None:
    """Each period begins, ends and was met as the page says, by the clause beside it; none is left out."""
    found = register(name)
    told = rows(name, "期限")
    subjects = {subject_of(row[0]) for row in told}
    known = {
        (one.subject, one.clock, str(one.started), str(one.due), str(one.met or "–"))
        for subject in subjects
        for one in deadlines(found.get(subject).as_of(day("2027-12-31")), shipped(name), day("2027-12-31"))
    }
    stated = {(subject_of(who), *rest[:4]) for who, *rest in told}
    assert stated <= known
    if name != "shanxi-2023":
        assert stated == known


@pytest.mark.parametrize("name", NAMES)
def test_clauses_stand_in_the_programme(name: str) -> None:
    """The clauses that a page cites are those of the programme's steps, clocks and grounds."""
    programme = shipped(name)
    parts = [*programme.steps.values(), *programme.clocks.values()]
    parts += [*programme.removal.triggers.values(), *programme.removal.grounds.values()] if programme.removal else []
    known = "、".join(one.clause for one in parts)
    cited = {row[-1].partition("：")[0] for heading in ("各日的状态", "期限") for row in rows(name, heading)}
    assert [] == sorted(one for one in cited if one not in known)


@pytest.mark.parametrize("name", NAMES)
def test_the_named_catalog_is_there(name: str) -> None:
    """A programme that names indicators names those that it is scored by; Gansu's text names none."""
    ref = shipped(name).catalog
    assert (name == "gansu") == (not ref)
    assert not ref or load_catalog(ref, Workspace(shared_dir())).document["line"] == "80"


# ---- draws -----------------------------------------------------------------------------------------------------------


def plan(name: str, on: str) -> Plan:
    """Return a plan for a draw from the lists of a day."""
    return Plan.model_validate(
        {
            "schema": "greenmine.draw.plan/1",
            "draw": "spot",
            "programme": name,
            "as_of": on,
            "event": "示例开奖",
            "event_at": f"{day(on) + dt.timedelta(days=10)}T21:15",
            "seed_like": "00 00 00 00 00 00 00",
        }
    )


def drawn(name: str, on: str, seed: str) -> tuple[dict[str, tuple[int, int]], list[str]]:
    """Return mines and quota of each list on a day, and who a seed draws."""
    assert seed in page(name)
    mines = listed(register(name), day(on))
    frozen = dt.datetime.combine(day(on), dt.time(), dt.UTC)
    frame, framed = make_frame(plan(name, on), shipped(name), mines, by="示例", on=frozen)
    quotas = {one.name: (one.mines, one.quota) for one in frame.strata}
    found = draw_mines(framed, {one.name: one.quota for one in frame.strata}, seed)
    return quotas, [one.record for one in found]


def test_the_national_draw_of_the_year() -> None:
    """八（十六）, at least 10 % of each list: 3 of 30 provincial, 2 of 12 national; GM-0001 is among them."""
    quotas, mines = drawn("national-2024", "2025-09-20", "2025101 02 09 13 17 25 33 02")
    assert {"national": (12, 2), "provincial": (30, 3)} == quotas
    assert ["GM-2006", "GM-2011", "GM-1015", "GM-0001", "GM-1003"] == mines
    assert "、".join(mines) in page("national-2024")


def test_the_shanxi_draw_of_the_year() -> None:
    """二（二）2, at least 20 %: 11 of 51 municipal mines, SX-0002 and SX-0003 among them."""
    quotas, mines = drawn("shanxi-2023", "2023-10-09", "2023114 04 07 15 18 22 02")
    assert {"municipal": (51, 11)} == quotas
    assert {"SX-0002", "SX-0003"} <= set(mines)


def test_the_gansu_draw_of_the_year() -> None:
    """二（三）, at least 10 %: 9 of 90 provincial and 3 of 22 national mines, 12 in all, GS-0001 among them."""
    quotas, mines = drawn("gansu", "2026-04-10", "2026041 01 06 12 20 27 31 11")
    assert {"national": (22, 3), "provincial": (90, 9)} == quotas
    assert 12 == len(mines)
    assert "GS-0001" in mines


def test_a_mine_that_is_rectifying_stays_on_its_list() -> None:
    """二（三）保留名录: during the time given it is drawn from as before; after its removal it is not."""
    assert "GS-0001" in listed(register("gansu"), day("2026-06-01"))
    assert "GS-0001" not in listed(register("gansu"), day("2026-11-02"))
    assert FrameMine("GS-0001", "provincial", key=False).mine in listed(register("gansu"), day("2027-06-28"))


# ---- what is due, proposed, refused ----------------------------------------------------------------------------------


def test_the_national_removal_is_proposed_when_the_time_given_has_passed() -> None:
    """四（十）: 不符合标准的矿山; from 2025-12-21, the day after the one the order sets, until the removal."""
    found = register("national-2024")
    assert () == proposals(found, day("2025-12-20"))
    (one,) = proposals(found, day("2025-12-21"))
    assert ("mine/GM-0001", "standard", day("2025-12-21")) == (one.subject, one.ground, one.since)
    assert "自然资规〔2024〕1号 四（十）" == one.rule
    assert () == proposals(found, day("2026-01-12"))


def test_the_blacklisted_agency_is_flagged_and_refused() -> None:
    """八（十七）: 三年内不再采信: the assignment of 2025 is told; until 2029-07-06 A1 gets no other."""
    found = register("national-2024")
    assert [("mine/GM-0001", day("2025-03-24"))] == [(one.subject, one.date) for one in flags(found, day("2026-08-01"))]
    programme = shipped("national-2024")
    again = [draft(programme, "mine/GM-0009", name, "2029-07-06") for name in ("apply", "review", "entrust")]
    with pytest.raises(JournalError, match="A1"):
        fold(entered([*steps("national-2024"), *again]), programme)
    later = [one._replace(date=day("2029-07-07")) for one in again]
    assert "entrusted" == fold(entered([*steps("national-2024"), *later]), programme).get("mine/GM-0009").state


def test_the_national_notice_runs_out_after_five_years() -> None:
    """末段, 有效期五年: due from 2029-04-15 on."""
    assert "document" not in {one.clock for one in due(register("national-2024"), day("2029-04-14"))}
    assert "document" in {one.clock for one in due(register("national-2024"), day("2029-04-15"))}


def test_shanxi_accepts_no_application_after_the_day() -> None:
    """一（五）: 10月15日，逾期不予受理; the removed mine cannot come back in 2023, and can in 2024."""
    i18n.use("en")
    programme = shipped("shanxi-2023")
    early = [one for one in steps("shanxi-2023") if one.date < day("2023-12-01")]
    late = draft(programme, "mine/SX-0002", "apply", "2023-12-01")
    with pytest.raises(JournalError, match="2023-10-15"):
        fold(entered([*early, late]), programme)


def test_shanxi_misses_the_self_check_of_a_mine() -> None:
    """二（二）1: 于9月底前; SX-0003 handed in none and is overdue from 2023-10-01 on."""
    found = [one for one in due(register("shanxi-2023"), day("2023-10-01")) if one.clock == "self_check"]
    assert "mine/SX-0003" in {one.subject for one in found}
    assert "mine/SX-0002" not in {one.subject for one in found}


def test_gansu_gives_no_more_than_six_months() -> None:
    """二（三）: 原则上不超过6个月: a day later needs a reason; a proposal follows when it is overdue."""
    programme = shipped("gansu")
    early = [one for one in steps("gansu") if one.date < day("2026-04-20")]
    order = next(one for one in steps("gansu") if one.step == "rectify")
    longer = order._replace(deadline=day("2026-10-21"))
    with pytest.raises(JournalError, match="2026-10-20"):
        fold(entered([*early, longer]), programme)
    reasoned = longer._replace(details={"deadline_reason": "冬季无法施工"})
    assert "rectifying" == fold(entered([*early, reasoned]), programme).get("mine/GS-0001").state
    found = register("gansu")
    assert () == proposals(found, day("2026-10-20"))
    (one,) = proposals(found, day("2026-10-21"))
    assert ("overdue", "经复核超期未完成整改") == (one.ground, one.text)


def test_the_certificate_of_the_year() -> None:
    """六4: AAAAA when issued, AAAA after the second surveillance, valid until 2027-04-19."""
    record = register("ccacc-2024").get("mine/GM-0001")
    assert ["AAAAA", "AAAA"] == [certificates(record, day(on))[0].grade for on in ("2026-04-07", "2026-04-08")]
    (one,) = certificates(record, day("2027-04-19"))
    assert (day("2027-04-19"), "valid") == (one.valid_until, one.status)
    assert "expired" == certificates(record, day("2027-04-20"))[0].status


def test_twenty_working_days_stop_while_the_applicant_corrects() -> None:
    """六2: without the correction they would have ended on 2024-04-09, three days of Qingming not counted."""
    programme = shipped("ccacc-2024")
    straight = [one for one in steps("ccacc-2024") if one.step in {"apply", "accept"}]
    (one,) = deadlines(fold(entered(straight), programme).get("mine/GM-0001"), programme, day("2024-04-01"))
    assert day("2024-04-09") == one.due
    stopped = [one for one in steps("ccacc-2024") if one.date <= day("2024-03-18")]
    (one,) = deadlines(fold(entered(stopped), programme).get("mine/GM-0001"), programme, day("2024-03-20"))
    assert (None, True) == (one.due, one.stopped)


def test_the_files_that_the_guide_shows_are_valid(tmp_path: Path) -> None:
    """The plan and the lists of items in the guide can be copied as they stand."""
    plans, orders, closings = re.findall(r"```yaml\n(.*?)```", page("README"), re.DOTALL)
    file = tmp_path / "plan.yaml"
    file.write_text(plans, "utf-8")
    assert "2025-spot" == load_plan(file).draw
    for text, model in ((orders, Order), (closings, Closing)):
        file.write_text(text, "utf-8")
        validate(model, load_yaml(file))
    for text, name in ((plans, "draw-plan"), (orders, "rectification"), (closings, "closing")):
        schema = json.loads((PAGES.parent / "schema" / f"{name}.schema.json").read_text("utf-8"))
        file.write_text(text, "utf-8")
        assert [] == [one.message for one in Draft202012Validator(schema).iter_errors(load_yaml(file).data)]
