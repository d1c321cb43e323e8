"""Rectification: items with owner, measure and day; closed with evidence, by somebody else than the owner."""

from __future__ import annotations

from typing import Any

import pytest
from programmes import day, shipped, story

from greenmine import i18n
from greenmine.errors import JournalError, UsageError
from greenmine.programme.events import Event
from greenmine.programme.rectification import items_of, order_step
from greenmine.programme.register import fold

GANSU = shipped("gansu")
SHANXI = shipped("shanxi-2023")
MINE = "mine/GM-0007"
FIRST = {"id": "1", "finding": "排土场未覆盖", "measure": "覆土绿化", "owner": "张三", "deadline": "2026-09-30"}
SECOND = {**FIRST, "id": "2", "finding": "标识牌缺失", "measure": "补齐", "owner": "李四"}
DONE = {"item": "1", "by": "省厅核查组", "date": "2026-09-20", "evidence": ["整改前后照片.pdf"]}


def events(items: Any, closed: Any = None, retain: str = "2026-10-08") -> list[Event]:
    """Return a mine that is listed, ordered to rectify until the end of September, and kept."""
    order = ("rectify", "2026-07-20", {"deadline": "2026-09-30", "details": {"items": items}})
    steps: list[Any] = [("carry_provincial", "2026-01-05"), order]
    if closed is not None:
        steps.append(("retain", retain, {"details": {"closed": closed}} if closed else {}))
    return story(GANSU, MINE, *steps)


def test_items_are_open_until_they_are_closed() -> None:
    """二（三）明确整改期限及措施要求: each item is overdue after its day, and closed by what is recorded."""
    found = fold(events([FIRST, SECOND]), GANSU).get(MINE)
    assert ["open", "overdue"] == [items_of(found.events)[0].status(day(text)) for text in ("2026-09-30", "2026-10-01")]
    late = {**DONE, "item": "2", "date": "2026-10-07"}
    kept = fold(events([FIRST, SECOND], [DONE, late]), GANSU).get(MINE)
    assert ["closed", "late"] == [one.status(day("2026-10-08")) for one in items_of(kept.events)]
    first = items_of(kept.events)[0]
    assert ("省厅核查组", ("整改前后照片.pdf",)) == (first.closed_by, first.evidence)
    assert "listed_provincial" == kept.state
    assert () == items_of(())


@pytest.mark.parametrize(
    ("items", "closed", "message"),
    [
        ([FIRST, SECOND], [DONE], "open: 2"),
        ([FIRST], [], "every item closed"),
        ([FIRST], [{**DONE, "by": "张三"}], "somebody else than the owner"),
        ([FIRST], [{**DONE, "by": " 张三 "}], "somebody else than the owner"),
        ([FIRST], [{**DONE, "item": "3"}], "one of 1"),
        ([FIRST], [DONE, DONE], "one of none"),
        ([FIRST], [{**DONE, "evidence": []}], "evidence.*text"),
        ([FIRST], [{**DONE, "evidence": "照片"}], "evidence.*a list"),
        ([FIRST], [{**DONE, "date": "2026-10-09"}], "a day not after 2026-10-08"),
        ([FIRST], [{**DONE, "date": "2026-13-01"}], "a date such as"),
        ([FIRST], [{"item": "1"}], "the keys item, by, date, evidence"),
        ([FIRST, FIRST], None, "each id once"),
        ([{**FIRST, "deadline": "2026-10-01"}], None, "a day not after 2026-09-30"),
        ([{**FIRST, "deadline": "2026-07-19"}], None, "a day not before 2026-07-20"),
        ([FIRST], [{**DONE, "date": "2026-07-19"}], "a day not before 2026-07-20"),
        ([{**FIRST, "owner": "矿长 Zhang"}], [{**DONE, "by": "矿长ｚｈａｎｇ"}], "somebody else than the owner"),
        ([{**FIRST, "owner": " "}], None, "owner.*text"),
        ([{"id": "1"}], None, "the keys id, finding, measure, owner, deadline"),
        ("x", None, "a list"),
        ([], None, "a list"),
        (["x"], None, "the keys"),
    ],
)
def test_what_is_not_right_is_refused(items: Any, closed: Any, message: str) -> None:
    """Missing parts, closing by the owner, closing twice, and going back to the list with an open item."""
    i18n.use("en")
    with pytest.raises(JournalError, match=message):
        fold(events(items, closed), GANSU)


def test_an_order_without_items_can_end_without() -> None:
    """Where the paper itself lists what is to be done, the register need not."""
    steps = (("carry_provincial", "2026-01-05"), ("rectify", "2026-07-20"), ("retain", "2026-10-08"))
    assert "listed_provincial" == fold(story(GANSU, MINE, *steps), GANSU).get(MINE).state


def test_the_order_is_the_one_that_fits_the_mine() -> None:
    """山西一（三） is for new mines; a mine of a municipal list that applies is ordered by 二（三）."""
    path = [("apply", "2023-09-11"), ("review_county", "2023-09-12"), ("recommend_city", "2023-09-13")]
    path += [("self_assess", "2023-09-14"), ("entrust", "2023-09-15")]
    for first, expected in (
        (("carry_municipal", "2023-09-04"), "rectify"),
        (("start_production", "2022-08-01"), "rectify_new"),
    ):
        assert expected == order_step(fold(story(SHANXI, MINE, first, *path), SHANXI).get(MINE))
    with pytest.raises(UsageError, match=r"entrusted|委托"):
        order_step(fold(story(SHANXI, MINE, *path), SHANXI).get(MINE))
