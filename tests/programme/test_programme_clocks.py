"""What is due when: each day worked out from the source's clause by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from programmes import BEGIN, NAMES, day, draft, entered, shipped, story, walk

from greenmine import i18n
from greenmine.errors import JournalError
from greenmine.programme.clocks import DOCUMENT, DRAW, Deadline, deadlines, due, ran_out, state_text, title, why
from greenmine.programme.events import VOID
from greenmine.programme.parts import Length
from greenmine.programme.programme import Programme
from greenmine.programme.register import fold

NATIONAL = shipped("national-2024")
SHANXI = shipped("shanxi-2023")
GANSU = shipped("gansu")
CCACC = shipped("ccacc-2024")
MINE = "mine/GM-0001"

CERTIFIED = (
    ("apply", "2024-05-06"),
    ("accept", "2024-05-07"),
    ("form_team", "2024-05-08"),
    ("assess", "2024-05-20"),
    ("certify", "2024-05-27"),
)
choices = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40), st.integers(0, 400)), max_size=30)


def of(programme: Programme, clock: str, on: str, *steps: tuple[Any, ...]) -> list[Deadline]:
    """Return the deadlines of one clock as they stand on a day."""
    record = fold(story(programme, MINE, *steps), programme).as_of(day(on)).get(MINE)
    return [one for one in deadlines(record, programme, day(on)) if one.clock == clock]


def told(programme: Programme, clock: str, on: str, *steps: tuple[Any, ...]) -> list[tuple[str | None, str]]:
    """Return last day and status of each."""
    return [(one.due and str(one.due), one.status(day(on))) for one in of(programme, clock, on, *steps)]


def test_the_certifier_has_twenty_working_days_that_stop_while_the_applicant_corrects() -> None:
    """六2: accepted on 2024-09-20, stopped from 09-26 to 10-10: 09-26 is the 4th day, 10-11 the 5th, 10-31 the 20th."""
    steps = [("apply", "2024-09-18"), ("accept", "2024-09-20"), ("correct", "2024-09-26", {"document": "整改通知"})]
    assert [(None, "stopped")] == told(CCACC, "processing", "2024-10-08", *steps)
    steps += [("corrected", "2024-10-10"), ("form_team", "2024-10-11"), ("assess", "2024-10-18")]
    assert [("2024-10-31", "open")] == told(CCACC, "processing", "2024-10-18", *steps)
    assert [("2024-10-31", "due")] == told(CCACC, "processing", "2024-10-31", *steps)
    assert [("2024-10-31", "overdue")] == told(CCACC, "processing", "2024-11-01", *steps)
    assert [("2024-10-31", "late")] == told(CCACC, "processing", "2024-12-01", *steps, ("certify", "2024-11-01"))
    assert [("2024-10-31", "met")] == told(CCACC, "processing", "2024-12-01", *steps, ("certify", "2024-10-31"))


def test_a_clock_that_stops_when_it_was_over_is_overdue_all_the_same() -> None:
    """六2: accepted on 2024-03-11 without a stop, over on 04-09; a correction ordered on 05-06 changes nothing."""
    steps = [("apply", "2024-03-04"), ("accept", "2024-03-11"), ("correct", "2024-05-06")]
    assert [("2024-04-09", "overdue")] == told(CCACC, "processing", "2024-05-07", *steps)
    steps[-1] = ("correct", "2024-04-08")
    assert [(None, "stopped")] == told(CCACC, "processing", "2024-05-07", *steps)


def test_a_period_may_come_again_any_number_of_times() -> None:
    """Ten thousand days and more, each with a check of its own."""
    daily = {"kind": "every", "length": Length(days=1), "ends": ()}
    rule = GANSU.clocks["new_mine"].model_copy(update=daily)
    programme = GANSU.model_copy(update={"clocks": {"new_mine": rule}})
    assert 10_959 == len(of(programme, "new_mine", "2025-01-01", ("start_production", "1995-01-01")))


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_a_deadline_in_a_year_without_known_holidays_is_told_as_unknown(language: str) -> None:
    """The year is named, no day is guessed, and the rest of the register is still told."""
    i18n.use(language)
    register = fold(story(CCACC, MINE, ("apply", "2098-12-01"), ("accept", "2098-12-31")), CCACC)
    found = due(register, day("2099-01-05"))
    assert [("unknown", None)] == [(one.status(day("2099-01-05")), one.due) for one in found]
    assert "2098" in found[0].problem or "2099" in found[0].problem
    assert found[0].problem in why(found[0], CCACC)


def test_a_certificate_holds_three_years_and_has_to_be_followed_by_a_step() -> None:
    """六4: issued on 2024-05-27, valid until 2027-05-27; then due until its expiry is recorded."""
    assert [("2027-05-27", "open")] == told(CCACC, "validity", "2027-05-26", *CERTIFIED)
    assert [("2027-05-27", "overdue")] == told(CCACC, "validity", "2027-05-28", *CERTIFIED)
    expired = (*CERTIFIED, ("expire", "2027-05-28"))
    assert [("2027-05-27", "late")] == told(CCACC, "validity", "2027-06-01", *expired)
    assert () == due(fold(story(CCACC, MINE, *expired, ("reapply", "2027-06-01")), CCACC), day("2027-06-02"))[2:]


def test_each_year_of_a_certificate_needs_a_surveillance() -> None:
    """六4: years end on 05-27; the second year's was held late, which also serves the third."""
    first = (*CERTIFIED, ("keep", "2025-05-20"))
    assert [("2025-05-27", "met"), ("2026-05-27", "open")] == told(CCACC, "surveillance", "2026-01-05", *first)
    assert ("2026-05-27", "overdue") == told(CCACC, "surveillance", "2026-05-28", *first)[1]
    with pytest.raises(JournalError, match="六4"):
        told(CCACC, "surveillance", "2027-06-01", *first, ("keep", "2027-05-28"))
    later = (*first, ("keep", "2026-06-15"), ("expire", "2027-05-28"))
    assert [("2025-05-27", "met"), ("2026-05-27", "late"), ("2027-05-27", "met")] == (
        told(CCACC, "surveillance", "2030-01-01", *later)
    )


def test_what_can_no_longer_be_done_is_missed_and_not_due() -> None:
    """六4: three years without any surveillance, then the certificate expired."""
    expired = (*CERTIFIED, ("expire", "2027-05-28"))
    assert ["missed"] * 3 == [status for _due, status in told(CCACC, "surveillance", "2027-06-01", *expired)]
    assert () == due(fold(story(CCACC, MINE, *expired), CCACC), day("2027-06-01"))


def test_what_can_no_longer_be_done_is_missed_before_anybody_says_so() -> None:
    """六4: 有效期内每年: on the last day of the three years a surveillance can be held, on the next it cannot."""
    assert ["overdue", "overdue", "due"] == [one for _due, one in told(CCACC, "surveillance", "2027-05-27", *CERTIFIED)]
    assert ["missed"] * 3 == [one for _due, one in told(CCACC, "surveillance", "2027-05-28", *CERTIFIED)]
    found = due(fold(story(CCACC, MINE, *CERTIFIED), CCACC), day("2027-06-01"))
    assert [("validity", "overdue")] == [(one.clock, one.status(day("2027-06-01"))) for one in found]


@pytest.mark.parametrize(
    ("programme", "subject", "steps", "last"),
    [
        (CCACC, MINE, CERTIFIED, "2027-05-27"),
        (NATIONAL, "agency/A1", (("exclude_agency", "2024-06-05"),), "2027-06-05"),
        (NATIONAL, "agency/A1", (("exclude_agency", "2024-06-05"), ("exclude_agency", "2026-03-02")), "2029-03-02"),
        (NATIONAL, MINE, (("carry_provincial", "2024-06-05"),), None),
        (SHANXI, "agency/A1", (("exclude_agency", "2024-06-05"),), None),
    ],
)
def test_a_state_that_has_run_out_is_told_as_that(
    programme: Programme, subject: str, steps: tuple[Any, ...], last: str | None
) -> None:
    """六4: 有效期为 3 年; 国家八（十七）: 三年内不再采信; a list has no end, nor has 山西三（三）."""
    record = fold(story(programme, subject, *steps), programme).get(subject)
    state = programme.state_title(record.state)
    if last is None:
        assert (None, state) == (ran_out(record, day("2090-01-01")), state_text(record, day("2090-01-01")))
        return
    after = day(last) + dt.timedelta(days=1)
    assert (None, state) == (ran_out(record, day(last)), state_text(record, day(last)))
    past = ran_out(record, after)
    assert past is not None
    assert last == str(past.due)
    assert state_text(record, after).startswith(state)
    assert last in state_text(record, after)


def test_what_was_followed_by_a_step_has_not_run_out() -> None:
    """六4: an expiry that is recorded is a state of its own; a new certificate holds again."""
    again = (("reapply", "2027-06-01"), ("accept", "2027-06-02"), ("form_team", "2027-06-03"), ("assess", "2027-06-07"))
    steps = (*CERTIFIED, ("expire", "2027-05-28"), *again, ("certify", "2027-06-14"))
    record = fold(story(CCACC, MINE, *steps), CCACC).get(MINE)
    assert ["expired", "certified"] == [record.as_of(day(on)).state for on in ("2027-05-30", "2029-01-01")]
    assert all(ran_out(record.as_of(day(on)), day(on)) is None for on in ("2027-05-30", "2029-01-01"))


def test_a_certificate_withdrawn_needs_no_more_surveillance() -> None:
    """六4: withdrawn in the second year by a surveillance, which counts for that year."""
    steps = (*CERTIFIED, ("keep", "2025-05-20"), ("withdraw", "2025-11-03"))
    assert [("2025-05-27", "met"), ("2026-05-27", "met")] == told(CCACC, "surveillance", "2027-01-01", *steps)


def test_the_national_notice_holds_for_five_years() -> None:
    """末段: 有效期五年 from 2024-04-15, so it is due on 2029-04-15 and overdue the day after."""
    register = fold([], NATIONAL)
    assert () == due(register, day("2029-04-14"))
    found = due(register, day("2029-04-14"), within=1)
    assert [(DOCUMENT, "2029-04-15")] == [(one.clock, str(one.due)) for one in found]
    assert "overdue" == found[0].status(day("2029-04-16"))
    assert "自然资规〔2024〕1号" in title(found[0], NATIONAL)
    assert "八（十七）末段" in why(found[0], NATIONAL)


LISTED = [draft(NATIONAL, f"mine/GM-{number:04}", "carry_provincial", "2025-01-06") for number in range(21)]
DRAWN = [
    draft(NATIONAL, f"mine/GM-{number:04}", "drawn", on)
    for number, on in enumerate(("2025-09-01", "2027-02-01", "2027-03-01", "2027-04-01"))
]


def shares(on: str, programme: Programme = NATIONAL) -> list[Deadline]:
    """Return what is told of the mines to be drawn: of 21, one was in 2025, none in 2026, three in 2027."""
    found = due(fold(entered([*LISTED, *DRAWN]), programme), day(on), within=30)
    return [one for one in found if one.clock == DRAW]


def test_the_share_of_the_year_is_due_on_its_last_day() -> None:
    """八（十六）: 每年抽取不低于10%: 3 of 21; overdue in the year after that, and no longer told then."""
    told = {
        on: [(str(one.due), one.status(day(on))) for one in shares(on)]
        for on in ("2025-11-21", "2025-12-02", "2025-12-31", "2026-11-21", "2026-12-21", "2027-05-06", "2028-01-01")
    }
    assert told == {
        "2025-11-21": [],
        "2025-12-02": [("2025-12-31", "open")],
        "2025-12-31": [("2025-12-31", "due")],
        "2026-11-21": [("2025-12-31", "overdue")],
        "2026-12-21": [("2025-12-31", "overdue"), ("2026-12-31", "open")],
        "2027-05-06": [("2026-12-31", "overdue")],
        "2028-01-01": [],
    }


@pytest.mark.parametrize(("language", "words"), [("zh", "应抽 3 座，已抽 1 座"), ("en", "1 of 3 mines drawn")])
def test_the_share_of_the_year_is_told_with_its_numbers_and_its_clause(language: str, words: str) -> None:
    """八（十六）: how many of which list are needed and were drawn, of how many, by which rule."""
    i18n.use(language)
    (one,) = shares("2026-11-21")
    assert "list/provincial" == one.subject
    assert words in title(one, NATIONAL)
    assert "2025" in title(one, NATIONAL)
    for text in ("10%", "21", "自然资规〔2024〕1号 八（十六）"):
        assert text in why(one, NATIONAL)


def test_a_share_of_strata_is_told_as_unknown() -> None:
    """The register does not know who is in which stratum; that is said for the year, and no number is guessed."""
    assert NATIONAL.draw is not None
    rule = NATIONAL.draw.model_copy(update={"ratio": None, "per": "stratum", "strata": {"large": "0.3"}})
    programme = NATIONAL.model_copy(update={"draw": rule})
    (one,) = shares("2026-11-21", programme)
    assert ("list/provincial", None, "unknown") == (one.subject, one.due, one.status(day("2026-11-21")))
    assert one.problem in why(one, programme)
    assert "八（十六）" in why(one, programme)
    assert "2026" in title(one, programme)


@pytest.mark.parametrize(("programme", "end"), [(NATIONAL, "2026-06-03"), (GANSU, "2025-06-03")])
def test_a_new_mine_has_to_pass_within_its_years(programme: Programme, end: str) -> None:
    """国家二（五）: 1–2 years after production began, two at most; 甘肃 一: one."""
    assert [(end, "open")] == told(programme, "new_mine", "2024-07-01", ("start_production", "2024-06-03"))


def test_a_contract_sets_its_own_day_and_a_later_one_takes_its_place() -> None:
    """甘肃 一: 按合同要求的时限内; a second contract replaces the first."""
    steps = [
        ("contract", "2024-06-03", {"deadline": "2025-12-31"}),
        ("evaluate", "2025-01-06"),
        ("reject", "2025-01-07"),
    ]
    again = ("contract", "2025-02-03", {"deadline": "2026-06-30"})
    assert [("2025-12-31", "open")] == told(GANSU, "contract", "2025-01-10", *steps)
    assert [("2026-06-30", "open")] == told(GANSU, "contract", "2025-03-01", *steps, again)


def test_a_rectification_is_due_on_the_day_that_was_set() -> None:
    """甘肃 二（三）: within 6 months, here by 2024-12-31; overdue from 2025-01-01 until it is decided."""
    steps = (("carry_provincial", "2024-05-06"), ("rectify", "2024-08-05", {"deadline": "2024-12-31"}))
    assert [("2024-12-31", "overdue")] == told(GANSU, "rectification", "2025-01-01", *steps)
    i18n.use("en")
    (one,) = of(GANSU, "rectification", "2025-01-01", *steps)
    assert "the day set on 2024-08-05" in why(one, GANSU)
    removed = ("remove", "2025-01-10", {"trigger": "overdue"})
    assert [("2024-12-31", "late")] == told(GANSU, "rectification", "2025-02-01", *steps, removed)


def test_an_exclusion_ends_by_itself_after_three_years() -> None:
    """国家八（十七）: 三年内不再采信; it is open until then, and never overdue."""
    register = fold(story(NATIONAL, "agency/A1", ("exclude_agency", "2024-06-03")), NATIONAL)
    found = [
        one.status(day(on))
        for on in ("2027-06-02", "2027-06-03", "2027-06-04")
        for one in deadlines(register.get("agency/A1"), NATIONAL, day(on))
    ]
    assert ["open", "due", "met"] == found


def test_shanxi_s_self_checks_and_field_checks_have_their_days() -> None:
    """二（二）: forms by 2023-09-30 from who is listed, field checks by 2023-10-31 for who was drawn."""
    listed = ("carry_provincial", "2023-09-04")
    assert [("2023-09-30", "open")] == told(SHANXI, "self_check", "2023-09-20", listed)
    assert [("2023-09-30", "overdue")] == told(SHANXI, "self_check", "2023-10-01", listed)
    assert [("2023-09-30", "met")] == told(SHANXI, "self_check", "2023-10-01", listed, ("self_check", "2023-09-28"))
    assert [("2023-09-30", "late")] == told(SHANXI, "self_check", "2023-11-01", listed, ("self_check", "2023-10-08"))
    assert day("2023-09-01") == of(SHANXI, "self_check", "2023-09-20", listed)[0].started
    assert [] == told(SHANXI, "self_check", "2024-10-01", ("carry_provincial", "2024-01-05"))
    applied = (("carry_municipal", "2023-09-04"), ("apply", "2023-09-11"))
    assert [("2023-09-30", "overdue")] == told(SHANXI, "self_check", "2023-10-01", *applied)
    assert [] == told(SHANXI, "self_check", "2023-10-01", applied[1])
    assert [] == told(SHANXI, "field_check", "2023-10-20", listed)
    drawn = (listed, ("drawn", "2023-10-09"))
    assert [("2023-10-31", "due")] == told(SHANXI, "field_check", "2023-10-31", *drawn)
    assert [("2023-10-31", "met")] == told(SHANXI, "field_check", "2023-12-01", *drawn, ("check_pass", "2023-10-30"))
    removed = (listed, ("remove", "2023-10-25"))
    assert [("2023-09-30", "missed")] == told(SHANXI, "self_check", "2023-12-01", *removed)


def test_a_step_that_was_taken_back_starts_no_clock() -> None:
    """A journal's correction reaches the deadlines too."""
    steps = (("start_production", "2024-06-03"), (VOID, "2024-06-03"))
    assert () == due(fold(story(NATIONAL, MINE, *steps), NATIONAL), day("2030-01-01"))[1:]


@pytest.mark.parametrize("name", NAMES)
@given(choices=choices, later=st.integers(0, 4000))
def test_what_is_due_on_a_day_is_what_was_due_then(name: str, choices: list[tuple[int, int, int]], later: int) -> None:
    """What happened afterwards does not change what is told of a day; every deadline can be explained."""
    programme = shipped(name)
    events = walk(programme, choices)
    on = BEGIN + dt.timedelta(days=later)
    found = due(fold(events, programme), on, within=30)
    assert found == due(fold([event for event in events if event.date <= on], programme), on, within=30)
    assert all(why(one, programme) and title(one, programme) for one in found)
