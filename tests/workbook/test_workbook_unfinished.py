"""What a workbook shows of an assessment that is open, or that ends at a prerequisite."""

from __future__ import annotations

from pathlib import Path

import pytest
from mines import ASSESSMENT, make_mine, open_book, report
from pages import Page

from greenmine.assessment import load_assessment
from greenmine.workbook import Workbook


def text(book: Workbook, name: str) -> str:
    return " ".join(Page(f"<body>{getattr(book, name)().markup}</body>").text.split())


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    """An assessment of which nothing is recorded."""
    folder = make_mine(tmp_path_factory.mktemp("empty"), photos=False)
    for journal in (folder / "assessments" / ASSESSMENT / "journal").iterdir():
        journal.unlink()
    return open_book(folder)


def test_an_open_assessment_says_on_its_cover_that_it_is_not_final(empty: Workbook) -> None:
    """No total is shown, for there is none."""
    cover = text(empty, "cover")
    assert "待评" in cover
    assert "尚有待评事项，非最终结论" in cover
    assert "总得分 —" in cover


def test_everything_open_is_on_the_list_of_what_to_supply(empty: Workbook) -> None:
    """Five prerequisites and the 45 indicators of the mine's block."""
    rows = Page(f"<body>{empty.rectification().markup}</body>").all("tr")
    assert 5 == sum("该先决条件尚未评价" in row.text for row in rows)
    assert 45 == sum("尚未评价" in row.text and "先决条件" not in row.text for row in rows)
    assert "待补充、待说明" in text(empty, "rectification")


def test_a_card_nobody_wrote_on_says_so(empty: Workbook) -> None:
    """In every card of an indicator and of a prerequisite; the page holds together all the same."""
    assert 45 == text(empty, "categories").count("没有记录。")
    assert 5 <= text(empty, "prerequisites").count("没有记录。")
    assert 'class="foreign"' not in report(empty)


def test_a_prerequisite_not_met_heads_the_rectification_list(repository: Path) -> None:
    """With what the panel found, as what must be put right first."""
    book = open_book(repository / "evidence" / "GM-0005")
    rows = Page(f"<body>{book.rectification().markup}</body>").all("tr")
    assert "不整改不能达标" in rows[1].text
    assert "P1" in rows[2].text
    assert "安全生产许可证" in rows[2].text
    assert "先决条件不合格" in text(book, "cover")


def test_a_sensitive_verdict_is_stamped(repository: Path) -> None:
    """On the cover and at the table of readings, where the one that differs is pointed out."""
    book = open_book(repository / "evidence" / "GM-0004")
    assert "结论对口径敏感" in text(book, "cover")
    assert "结论对口径敏感" in text(book, "sensitivity")
    assert "（结论不同）" in text(book, "sensitivity")
    assert "结论对口径敏感" not in text(open_book(repository / "evidence" / "GM-0003"), "cover")


def test_a_total_that_is_rounded_shows_its_exact_value(repository: Path) -> None:
    """79.66 is 45407/570; 95 is 95."""
    assert "精确值 45407/570" in text(open_book(repository / "evidence" / "GM-0004"), "verdict")
    assert "精确值" not in text(open_book(repository / "evidence" / "GM-0003"), "verdict")


def judged(folder: Path, opinions: dict[str, bool], *, ruling: bool | None = None) -> Path:
    """Record each expert's opinion on the first prerequisite, and the panel's ruling where there is one."""
    for person, met in opinions.items():
        with load_assessment(folder).writer(person) as writer:
            writer.append(person, "prerequisite/P1", {"met": met, "justification": f"REASON {person}"})
    if ruling is not None:
        with load_assessment(folder).writer("E1") as writer:
            writer.append("panel", "prerequisite/P1", {"met": ruling, "justification": "RULED"})
    return folder


def test_experts_who_disagree_on_a_prerequisite_are_all_shown(tmp_path: Path) -> None:
    """Each with what they judged and why, and that the panel has to rule."""
    shown = text(open_book(judged(make_mine(tmp_path, photos=False), {"E1": True, "E2": False})), "prerequisites")
    assert "意见不一致，待专家组裁定" in shown
    assert "EXPERT E1（E1）：合格；REASON E1" in shown
    assert "EXPERT E2（E2）：不合格；REASON E2" in shown
    assert "（不同意见）" not in shown


def test_a_dissent_on_a_prerequisite_stays_where_the_panel_ruled(tmp_path: Path) -> None:
    """The panel's ruling counts; who disagreed is still named."""
    folder = judged(make_mine(tmp_path, photos=False), {"E1": True, "E2": False}, ruling=True)
    shown = text(open_book(folder), "prerequisites")
    assert "待专家组裁定" not in shown
    assert "REASON E2 （不同意见）" in shown
    assert "REASON E1 （不同意见）" not in shown


def test_readings_are_not_said_to_agree_where_there_is_no_score(empty: Workbook, repository: Path) -> None:
    """Neither while something is open nor after a prerequisite was not met."""
    for book, said in ((empty, "各口径暂无法比较"), (open_book(repository / "evidence" / "GM-0005"), "各口径无从比较")):
        shown = text(book, "sensitivity")
        assert said in shown
        assert "结论均相同" not in shown


def test_the_rectification_list_names_a_missing_file_once(tmp_path: Path) -> None:
    """At the indicator that cites it, not again among the doubts."""
    rows = Page(f"<body>{open_book(make_mine(tmp_path, photos=False)).rectification().markup}</body>").all("tr")
    assert 1 == sum("NOWHERE/LOST.PDF" in row.text for row in rows)


def test_the_rectification_list_names_a_dispute_once(tmp_path: Path) -> None:
    """At the prerequisite, as what the panel has to rule on."""
    book = open_book(judged(make_mine(tmp_path, photos=False), {"E1": True, "E2": False}))
    rows = Page(f"<body>{book.rectification().markup}</body>").all("tr")
    [row] = [row for row in rows if "P1" in row.text or "prerequisite/P1" in row.text]
    assert "该先决条件尚未评价" not in row.text
