"""Third parties: excluded agencies and assessors, their past work, duties that nothing shows."""

from __future__ import annotations

import datetime as dt

import pytest
from programmes import day, draft, entered, shipped

from greenmine import i18n
from greenmine.errors import JournalError
from greenmine.programme.events import Draft
from greenmine.programme.register import fold
from greenmine.programme.third_party import flags, open_duties

NATIONAL = shipped("national-2024")
SHANXI = shipped("shanxi-2023")
MINE = "mine/GM-0001"
ENTRUSTED = [
    draft(NATIONAL, MINE, "apply", "2024-05-06"),
    draft(NATIONAL, MINE, "review", "2024-05-20"),
    draft(NATIONAL, MINE, "entrust", "2024-06-03", details={"agency": "A1", "assessors": ["P1", "P2"]}),
]


def excluded(subject: str, on: str) -> Draft:
    """Return the exclusion of an agency or assessor."""
    step = "exclude_agency" if subject.startswith("agency/") else "exclude_assessor"
    return draft(NATIONAL, subject, step, on, reason="串通企业弄虚作假")


def test_past_work_of_an_excluded_agency_is_flagged_for_three_years() -> None:
    """八（十七）: 三年内不再采信; what A1 did before is told, on what list the mine is, and until when."""
    register = fold(entered([*ENTRUSTED, excluded("agency/A1", "2025-02-10")]), NATIONAL)
    (flag,) = flags(register, day("2025-02-10"))
    assert ("mine/GM-0001", "entrust", "agency/A1", day("2025-02-10"), day("2028-02-10")) == (
        (flag.subject, flag.step, flag.who, flag.excluded, flag.until)
    )
    assert "串通企业弄虚作假" == flag.reason
    assert () == flags(register, day("2025-02-09"))
    assert () == flags(register, day("2028-02-11"))


def test_an_excluded_assessor_is_neither_sent_again_nor_forgotten() -> None:
    """八（十七）speaks of 评估机构和评估人员: assignments that name an excluded person are refused, past ones told."""
    i18n.use("en")
    register = fold(entered([*ENTRUSTED, excluded("assessor/P2", "2025-02-10")]), NATIONAL)
    assert ["assessor/P2"] == [one.who for one in flags(register, day("2025-03-01"))]
    late = [one._replace(subject="mine/GM-0002", date=one.date + dt.timedelta(days=400)) for one in ENTRUSTED]
    with pytest.raises(JournalError, match=r"details/assessors.*nobody who is excluded.*assessor/P2"):
        fold(entered([excluded("assessor/P2", "2025-02-10"), *late]), NATIONAL)


def test_an_exclusion_without_a_period_does_not_end() -> None:
    """晋自然资函〔2023〕738号 三（三）: 取消评估资质, for no stated time."""
    step = next(name for name, one in SHANXI.steps.items() if one.to_state == "excluded")
    steps = [
        draft(SHANXI, MINE, name, f"2023-09-{10 + number:02}")
        for number, name in enumerate(("apply", "review_county", "recommend_city", "self_assess", "entrust"))
    ]
    register = fold(entered([*steps, draft(SHANXI, "agency/A1", step, "2023-12-01")]), SHANXI)
    (flag,) = flags(register, day("2033-01-01"))
    assert dt.date.max == flag.until


def test_duties_that_nothing_shows_are_told() -> None:
    """三（八）: legal person, professions, report, no fee, pledge; each is open until a paper shows it."""
    assert NATIONAL.third_party is not None
    duties = set(NATIONAL.third_party.duties)
    assert {"legal_person", "pledge", "no_fee"} <= duties
    register = fold(entered(ENTRUSTED), NATIONAL)
    assert duties == {one.duty for one in open_duties(register, day("2024-07-01"))}
    proven = ENTRUSTED[-1]._replace(
        details={**ENTRUSTED[-1].details, "duties": {"pledge": "承诺书.pdf", "legal_person": "法人证书.pdf"}}
    )
    register = fold(entered([*ENTRUSTED[:-1], proven]), NATIONAL)
    assert duties - {"pledge", "legal_person"} == {one.duty for one in open_duties(register, day("2024-07-01"))}
    assert () == open_duties(register, day("2024-05-31"))
    report = draft(NATIONAL, MINE, "evaluate", "2024-06-20", details={"duties": {"report": "评估报告.pdf"}})
    register = fold(entered([*ENTRUSTED, report]), NATIONAL)
    assert duties - {"report"} == {one.duty for one in open_duties(register, day("2024-07-01"))}
