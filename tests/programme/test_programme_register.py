"""Events folded into a register: who may do what when, and what was the case on any day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from programmes import BEGIN, NAMES, day, draft, entered, shipped, story, walk

from greenmine import i18n
from greenmine.errors import JournalError
from greenmine.programme.clocks import deadlines
from greenmine.programme.events import VOID, Event
from greenmine.programme.register import fold

NATIONAL = shipped("national-2024")
SHANXI = shipped("shanxi-2023")
GANSU = shipped("gansu")
CCACC = shipped("ccacc-2024")
MINE = "mine/GM-0001"

LISTED = (
    ("apply", "2024-05-06"),
    ("review", "2024-05-20"),
    ("entrust", "2024-06-03"),
    ("evaluate", "2024-07-01"),
    ("verify", "2024-07-15"),
    ("publicise", "2024-07-22"),
    ("list_provincial", "2024-08-01"),
)

CARRIED = ("carry_provincial", "2024-05-06")
ORDERED = ("rectify", "2024-10-08", {"deadline": "2024-12-31"})
APPLYING = (
    ("apply", "2024-05-06"),
    ("review_county", "2024-05-07"),
    ("recommend_city", "2024-05-08"),
    ("self_assess", "2024-05-09"),
    ("entrust", "2024-05-10"),
)
NEW_MINE = (("start_production", "2022-08-01"), *APPLYING, ("rectify_new", "2024-06-10", {"deadline": "2024-12-31"}))

choices = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40), st.integers(0, 400)), max_size=40)


@pytest.mark.parametrize("name", NAMES)
@given(choices=choices, later=st.integers(-10, 6000))
def test_the_state_as_of_a_day_is_what_a_replay_to_that_day_gives(
    name: str, choices: list[tuple[int, int, int]], later: int
) -> None:
    """Looking up, folding up to the day, and folding only what is dated until then: the same records."""
    programme = shipped(name)
    events = walk(programme, choices)
    on = BEGIN + dt.timedelta(days=later)
    replayed = fold([event for event in events if event.date <= on], programme)
    assert replayed == fold(events, programme).as_of(on)
    assert replayed == fold(events, programme, on)


def test_the_steps_to_the_provincial_list_follow_each_other() -> None:
    """三（八）、四（九）: applied, reviewed, entrusted, evaluated, verified, publicised, listed."""
    register = fold(story(NATIONAL, MINE, *LISTED), NATIONAL)
    record = register.get(MINE)
    assert ("applied", "reviewed", "entrusted", "evaluated", "verified", "publicised", "listed_provincial") == (
        record.states
    )
    assert (("provincial",), day("2024-08-01")) == (record.lists, record.since)
    assert [record] == list(register.listed("provincial"))
    assert () == register.listed("national")
    assert "publicised" == register.as_of(day("2024-07-31")).get(MINE).state
    assert "none" == register.as_of(day("2024-05-05")).get(MINE).state


def test_a_mine_being_rectified_stays_on_its_list_and_goes_back_to_its_state() -> None:
    """An interlude keeps the list; 复核合格 leads back to where the mine was."""
    steps = (*LISTED, ("recommend", "2024-09-02"), ("rectify", "2024-10-08"), ("retain", "2024-12-02"))
    register = fold(story(NATIONAL, MINE, *steps), NATIONAL)
    assert "recommended" == register.get(MINE).state
    during = register.as_of(day("2024-11-01")).get(MINE)
    assert ("rectifying", ("provincial",)) == (during.state, during.lists)


REFUSED: list[tuple[Any, list[tuple[Any, ...]], str]] = [
    (NATIONAL, [("evaluate", "2024-05-06")], "三（八）"),
    (NATIONAL, [*LISTED[:6], ("recommend", "2024-09-02")], "四（九）"),
    (NATIONAL, [("apply", "2024-04-14")], "自然资规〔2024〕1号"),
    (NATIONAL, [("apply", "2024-05-06"), ("review", "2024-05-05")], "2024-05-06"),
    (NATIONAL, [*LISTED, ("remove", "2024-09-02", {"trigger": "14"})], "八（十七）"),
    (NATIONAL, [*LISTED, ("remove", "2024-09-02", {"trigger": ""})], "八（十七）"),
    (NATIONAL, [*LISTED, ("remove", "2024-09-02", {"document": ""})], "八（十七）"),
    (NATIONAL, [*LISTED, ("rectify", "2024-09-02", {"deadline": None})], "八（十七）"),
    (NATIONAL, [*LISTED, ("rectify", "2024-09-02", {"deadline": "2024-09-01"})], "2024-09-01"),
    (NATIONAL, [("apply", "2024-05-06", {"details": {"materials": {}}})], "二（七）"),
    (NATIONAL, [*LISTED, ("list_provincial", "2024-08-02")], "四（九）"),
    (SHANXI, [("apply", "2023-10-16")], "一（五）"),
    (SHANXI, [("start_production", "2023-09-04"), ("apply", "2024-09-04")], "一（三）"),
    (SHANXI, [("apply", "2023-09-04"), ("review_county", "2023-09-05"), ("self_assess", "2023-09-06")], "一（二）2"),
    (
        GANSU,
        [("carry_provincial", "2024-05-06"), ("rectify", "2024-08-31", {"deadline": "2025-03-01"})],
        "2025-02-28",
    ),
    (CCACC, [("apply", "2024-05-06"), ("certify", "2024-05-07")], "六2"),
    (CCACC, [("apply", "2024-05-06"), ("accept", "2024-05-07"), ("assess", "2024-05-20")], "六2"),
    (CCACC, [("reapply", "2024-05-06")], "六4"),
    (NATIONAL, [("levitate", "2024-05-06")], "levitate"),
    (NATIONAL, [*LISTED, ("remove", "2024-09-02", {"trigger": "6"})], "order"),
    (NATIONAL, [*LISTED, ORDERED, ("remove", "2024-12-31", {"trigger": "6"})], "2024-12-31"),
    (GANSU, [CARRIED, ORDERED, ("remove", "2024-12-31", {"trigger": "overdue"})], "2024-12-31"),
    (GANSU, [CARRIED, ORDERED, ("retain", "2024-12-02"), ("remove", "2025-01-06", {"trigger": "overdue"})], "trigger"),
    (GANSU, [CARRIED, ORDERED, ("remove", "2025-01-06", {"trigger": "unmet"})], "2024-12-31"),
    (
        GANSU,
        [CARRIED, ("remove", "2025-01-06", {"trigger": "7", "details": {"order": "环保局限期改正决定书"}})],
        "二（四）",
    ),
    (GANSU, [CARRIED, ("check_pass", "2025-01-06", {"trigger": "5"})], "trigger"),
    (SHANXI, [*NEW_MINE, ("list_abnormal", "2024-12-31")], "2024-12-31"),
    (SHANXI, [*APPLYING, ("rectify_new", "2024-06-10")], "一（三）"),
    (
        GANSU,
        [("start_production", "2024-05-06"), ("contract", "2025-04-01"), ("start_production", "2025-05-01")],
        "step",
    ),
]


@pytest.mark.parametrize(("programme", "steps", "rule"), REFUSED)
@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_a_step_that_breaks_a_rule_is_refused_with_the_rule(
    programme: Any, steps: list[tuple[Any, ...]], rule: str, language: str
) -> None:
    """The message names the line of the journal and the clause that the step does not keep to."""
    i18n.use(language)
    events = [
        Event(number, "", "tester", MINE, name, day(date), "示例机关")
        if name not in programme.steps
        else story(programme, MINE, (name, date, *more))[0]._replace(seq=number)
        for number, (name, date, *more) in enumerate(steps, 1)
    ]
    fold(events[:-1], programme)
    with pytest.raises(JournalError) as refused:
        fold(events, programme)
    assert rule in str(refused.value)
    assert str(len(events)) in refused.value.place


def test_shanxi_takes_applications_until_the_last_day_and_in_other_years() -> None:
    """一（五）: 2023-10-15 is still in time; the notice binds only the year 2023."""
    for on in ("2023-10-15", "2024-11-01"):
        assert "applied" == fold(story(SHANXI, MINE, ("apply", on)), SHANXI).get(MINE).state


def test_shanxi_accepts_a_new_mine_a_year_after_its_start() -> None:
    """一（三）: production began on 2023-09-04, the year ends with 2024-09-04; the day after is in order."""
    steps = (("start_production", "2023-09-04"), ("apply", "2024-09-05"))
    assert "applied" == fold(story(SHANXI, MINE, *steps), SHANXI).get(MINE).state


def test_a_mine_may_have_begun_before_the_notice() -> None:
    """山西一（三）, 国家二（五）: 正式投产 is a fact; the campaign of 2023 is open to who began in 2022."""
    steps = (("start_production", "2022-08-01"), ("apply", "2023-10-15"))
    assert "applied" == fold(story(SHANXI, MINE, *steps), SHANXI).get(MINE).state
    assert "new" == fold(story(NATIONAL, MINE, ("start_production", "2023-12-01")), NATIONAL).get(MINE).state


def test_a_rebuilt_mine_is_accepted_like_a_new_one() -> None:
    """山西一（三）新建（改、扩建）: on a municipal list it stays there, waits a year, and may be ordered to rectify."""
    steps = (("carry_municipal", "2023-09-01"), ("restart_production", "2023-09-04"))
    with pytest.raises(JournalError, match="一（三）"):
        fold(story(SHANXI, MINE, *steps, ("apply", "2024-09-04")), SHANXI)
    days = [(name, f"2024-10-0{number}") for number, (name, _on) in enumerate(APPLYING, 1)]
    found = fold(story(SHANXI, MINE, *steps, *days, ("rectify_new", "2024-10-08")), SHANXI).get(MINE)
    assert ("rectifying_new", ("municipal",)) == (found.state, found.lists)


def test_gansu_s_new_mine_may_have_signed_its_contract_first() -> None:
    """一: the year from 正式投产 and the time of the contract both run until the mine is verified."""
    found = fold(story(GANSU, MINE, ("contract", "2024-05-06"), ("start_production", "2024-06-03")), GANSU)
    running = deadlines(found.get(MINE), GANSU, day("2024-07-01"))
    assert {"contract", "new_mine"} == {one.clock for one in running if one.met is None}


@pytest.mark.parametrize(
    ("programme", "steps", "last"),
    [
        (NATIONAL, [*LISTED, ORDERED], ("remove", "2025-01-01", {"trigger": "6"})),
        (NATIONAL, [*LISTED, ORDERED, ("check_fail", "2024-11-04")], ("remove", "2024-11-11", {"trigger": "6"})),
        (NATIONAL, LISTED, ("remove", "2024-11-11", {"trigger": "6", "details": {"order": "限期改正决定书"}})),
        (GANSU, [CARRIED, ORDERED], ("remove", "2025-01-01", {"trigger": "overdue"})),
        (GANSU, [CARRIED, ORDERED, ("check_fail", "2024-11-04")], ("remove", "2024-11-11", {"trigger": "unmet"})),
        (GANSU, [CARRIED, ("deliberate", "2024-11-04")], ("remove", "2024-11-11", {"trigger": "1"})),
        (
            GANSU,
            [CARRIED, ("deliberate", "2024-11-04"), ("list_national", "2024-11-05")],
            ("remove", "2024-11-11", {"trigger": "1"}),
        ),
        (SHANXI, NEW_MINE, ("list_abnormal", "2025-01-01")),
    ],
)
def test_what_was_not_put_right_in_time_has_its_consequence(programme: Any, steps: Any, last: Any) -> None:
    """国家八（十七）6, 甘肃二（三）、二（四）7, 山西一（三）: the day has passed, or a re-check failed."""
    found = fold(story(programme, MINE, *steps, last), programme)
    assert found.get(MINE).state in {"removed", "abnormal"}


def test_an_opinion_about_an_earlier_matter_does_not_count() -> None:
    """甘肃二（四）: a mine that was removed and listed again is removed on a new opinion of the joint meeting."""
    steps = [CARRIED, ("deliberate", "2024-06-03"), ("remove", "2024-06-10"), ("evaluate", "2025-06-02")]
    steps += [("verify", "2025-06-09"), ("publicise", "2025-06-16"), ("list_provincial", "2025-07-01")]
    with pytest.raises(JournalError, match="二（四）"):
        fold(story(GANSU, MINE, *steps, ("remove", "2025-09-01")), GANSU)


def test_gansu_s_six_months_may_be_exceeded_only_with_a_reason() -> None:
    """二（三）原则上不超过6个月: 2024-08-31 + 6 months is 2025-02-28; a later day needs a reason of its own."""
    carried = ("carry_provincial", "2024-05-06")
    for more in ({"deadline": "2025-02-28"}, {"deadline": "2025-03-31", "details": {"deadline_reason": "冬季"}}):
        register = fold(story(GANSU, MINE, carried, ("rectify", "2024-08-31", more)), GANSU)
        assert "rectifying" == register.get(MINE).state


def test_a_step_can_be_taken_back_the_latest_first() -> None:
    """What was taken back never was, on no day; an earlier step cannot be reached past a later one."""
    steps = (("apply", "2024-05-06"), ("review", "2024-05-20"))
    register = fold(story(NATIONAL, MINE, *steps, (VOID, "2024-05-20"), ("reject", "2024-05-13")), NATIONAL)
    assert ("applied", "rejected") == register.get(MINE).states
    with pytest.raises(JournalError, match="2024-05-20"):
        fold(story(NATIONAL, MINE, *steps, (VOID, "2024-05-06")), NATIONAL)
    with pytest.raises(JournalError):
        fold(story(NATIONAL, MINE, (VOID, "2024-05-06")), NATIONAL)


def test_an_agency_on_the_blacklist_cannot_be_commissioned_for_three_years() -> None:
    """八（十七）: excluded on 2024-06-03, refused until 2027-06-03, accepted the day after."""
    excluded = draft(NATIONAL, "agency/A1", "exclude_agency", "2024-06-03")
    for on, refused in (("2024-06-02", False), ("2024-06-03", True), ("2027-06-03", True), ("2027-06-04", False)):
        steps = [draft(NATIONAL, MINE, *one) for one in LISTED[:2]]
        events = entered([excluded, *steps, draft(NATIONAL, MINE, "entrust", max(day(on), day("2024-05-20")))])
        if refused:
            with pytest.raises(JournalError, match="八（十七）"):
                fold(events, NATIONAL)
        else:
            assert "entrusted" == fold(events, NATIONAL).get(MINE).state


def test_shanxi_s_withdrawal_of_a_qualification_does_not_end_by_itself() -> None:
    """三（三）names no period, so none is invented."""
    before = [draft(SHANXI, MINE, *one) for one in (
        ("apply", "2023-09-04"), ("review_county", "2023-09-05"), ("recommend_city", "2023-09-06"),
        ("self_assess", "2023-09-07"),
    )]  # fmt: skip
    excluded = draft(SHANXI, "agency/A1", "exclude_agency", "2023-09-04")
    events = entered([excluded, *before, draft(SHANXI, MINE, "entrust", "2043-09-04")])
    with pytest.raises(JournalError, match="三（三）"):
        fold(events, SHANXI)


def test_a_step_for_mines_is_refused_for_others() -> None:
    """The subject has to be of the step's kind."""
    with pytest.raises(JournalError, match="mine/"):
        fold(entered([draft(NATIONAL, "agency/A1", "apply", "2024-05-06")]), NATIONAL)


def test_details_are_the_latest_of_each_kind() -> None:
    """The record gathers what its events say besides."""
    certified = (
        ("apply", "2024-05-06"), ("accept", "2024-05-07"), ("form_team", "2024-05-08"), ("assess", "2024-05-20"),
        ("certify", "2024-05-27", {"details": {"grade": "AAAAA", "certificate": "C-1"}}),
        ("downgrade", "2025-05-20"),
    )  # fmt: skip
    details = fold(story(CCACC, MINE, *certified), CCACC).get(MINE).details
    assert ("AAAA", "C-1") == (details["grade"], details["certificate"])


def test_a_mine_that_applies_stays_on_the_municipal_list_it_is_on() -> None:
    """二（一）: mines of municipal lists are checked, also while they apply for the provincial one."""
    steps = [("carry_municipal", "2023-09-04"), ("apply", "2023-09-11"), ("self_check", "2023-09-25")]
    steps += [("drawn", "2023-10-09"), ("rectify", "2023-10-20"), ("retain", "2023-11-20")]
    register = fold(story(SHANXI, MINE, *steps), SHANXI)
    assert ("applied", ("municipal",)) == (register.get(MINE).state, register.get(MINE).lists)
    assert ("municipal",) == register.as_of(day("2023-11-01")).get(MINE).lists
    assert [MINE] == [one.subject for one in register.listed("municipal")]
    removed = fold(story(SHANXI, MINE, *steps, ("remove", "2023-12-04")), SHANXI)
    assert ("removed", ()) == (removed.get(MINE).state, removed.get(MINE).lists)


@pytest.mark.parametrize("programme", [NATIONAL, SHANXI])
def test_an_agency_s_work_is_not_accepted_once_it_is_excluded(programme: Any) -> None:
    """国家八（十七）三年内不再采信, 山西三（三）: whoever was entrusted before cannot hand in; another is entrusted."""
    path = ("apply", "review", "entrust") if programme is NATIONAL else (
        "apply", "review_county", "recommend_city", "self_assess", "entrust"
    )  # fmt: skip
    begun = [draft(programme, MINE, name, f"2024-05-{6 + n:02}") for n, name in enumerate(path)]
    excluded = draft(programme, "agency/A1", "exclude_agency", "2024-06-03")
    handed_in = draft(programme, MINE, "evaluate", "2024-06-10")
    assert "evaluated" == fold(entered([*begun, handed_in]), programme).get(MINE).state
    with pytest.raises(JournalError, match="agency/A1"):
        fold(entered([*begun, excluded, handed_in]), programme)
    stranger = draft(programme, MINE, "evaluate", "2024-06-10", details={"agency": "B2"})
    with pytest.raises(JournalError, match="B2"):
        fold(entered([*begun, stranger]), programme)
    other = draft(programme, MINE, "entrust", "2024-06-05", details={"agency": "B2"})
    assert "evaluated" == fold(entered([*begun, excluded, other, handed_in]), programme).get(MINE).state


def test_an_excluded_assessor_cannot_assess_for_an_agency_that_is_not() -> None:
    """八（十七）不再采信…评估人员: named when the agency was entrusted, or only by the assessment itself."""
    begun = [draft(NATIONAL, MINE, *one) for one in LISTED[:2]]
    entrusted = draft(NATIONAL, MINE, "entrust", "2024-06-03", details={"agency": "A1", "assessors": ["P1"]})
    barred = draft(NATIONAL, "assessor/P9", "exclude_assessor", "2024-06-05")
    assessed = draft(NATIONAL, MINE, "evaluate", "2024-07-01", details={"assessors": ["P9"]})
    with pytest.raises(JournalError, match="assessor/P9"):
        fold(entered([*begun, entrusted, barred, assessed]), NATIONAL)
    first = draft(NATIONAL, "assessor/P1", "exclude_assessor", "2024-06-05")
    with pytest.raises(JournalError, match="assessor/P1"):
        fold(entered([*begun, entrusted, first, draft(NATIONAL, MINE, "evaluate", "2024-07-01")]), NATIONAL)
    assert "evaluated" == fold(entered([*begun, entrusted, first, assessed]), NATIONAL).get(MINE).state


@pytest.mark.parametrize(
    ("details", "place"),
    [
        ({"agency": "甲评估公司"}, "details/agency"),
        ({"agency": "agency/A1"}, "details/agency"),
        ({"agency": "A1", "assessors": "P1"}, "details/assessors"),
        ({"agency": "A1", "assessors": ["P1", "某甲"]}, "details/assessors/2"),
        ({"agency": "A1", "duties": "pledge"}, "details/duties"),
        ({"agency": "A1", "duties": {"luck": "x"}}, "details/duties"),
        ({"agency": "A1", "duties": {"pledge": ""}}, "details/duties/pledge"),
        ({"agency": "A1", "evidence": "照片"}, "details/evidence"),
        ({"agency": "A1", "dismissed": "99"}, "details/dismissed"),
        ({"agency": "A1", "act": "transfer"}, "details/act"),
        ({"agency": "A1", "materials": "自评估报告.pdf"}, "details/materials"),
        ({"agency": "A1", "materials": {"self_assessment": ""}}, "details/materials/self_assessment"),
    ],
)
def test_details_that_mean_something_have_their_form(details: dict[str, Any], place: str) -> None:
    """An agency is named as the register knows it, duties and grounds are those of the source, lists are lists."""
    steps = [draft(NATIONAL, MINE, *one) for one in LISTED[:2]]
    last = draft(NATIONAL, MINE, "entrust", "2024-06-03")._replace(details=details)
    with pytest.raises(JournalError, match=place):
        fold(entered([*steps, last]), NATIONAL)


def test_an_exclusion_may_name_the_prohibited_act() -> None:
    """八（十七）names four; what is none of them is refused."""
    named = draft(NATIONAL, "agency/A1", "exclude_agency", "2024-06-03", details={"act": "transfer"})
    assert "excluded" == fold(entered([named]), NATIONAL).get("agency/A1").state
    with pytest.raises(JournalError, match="transfer, secrets, collusion, untrue"):
        fold(entered([named._replace(details={"act": "rudeness"})]), NATIONAL)


def test_two_mines_have_no_certificate_of_one_number() -> None:
    """六2: a number names one certificate; taken back, it is free again."""
    number = {"details": {"certificate": "C-1"}}
    steps: list[tuple[Any, ...]] = [("apply", "2024-05-06"), ("accept", "2024-05-07")]
    steps += [("form_team", "2024-05-08"), ("assess", "2024-05-20")]
    first = story(CCACC, MINE, *steps, ("certify", "2024-05-27", dict(number)))
    second = [one._replace(subject="mine/GM-0002", seq=one.seq + 6) for one in first]
    with pytest.raises(JournalError, match=r"C-1.*mine/GM-0001"):
        fold([*first, *second], CCACC)
    void = story(CCACC, MINE, (VOID, "2024-05-27", {"reason": "误登"}))
    assert "certified" == fold([*first, *void, *second], CCACC).get("mine/GM-0002").state


def test_who_is_on_no_list_is_not_drawn() -> None:
    """二（二）2: 对列入…名录的矿山企业…抽查; an applicant is on none."""
    with pytest.raises(JournalError, match="二（二）2"):
        fold(story(SHANXI, MINE, ("apply", "2023-09-11"), ("drawn", "2023-10-09")), SHANXI)


def test_a_mine_that_only_assessed_itself_is_in_no_state_and_on_no_list() -> None:
    """二（七）: mines assess themselves before they apply; that alone puts them nowhere."""
    found = fold(story(NATIONAL, MINE, ("self_evaluate", "2024-05-06")), NATIONAL)
    assert ("none", (), ()) == (found.get(MINE).state, found.get(MINE).lists, found.listed("provincial"))
    assert (
        "applied"
        == fold(story(NATIONAL, MINE, ("self_evaluate", "2024-05-06"), ("apply", "2024-05-07")), NATIONAL)
        .get(MINE)
        .state
    )
