"""The portal: one page that lists the records, in a real browser too."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest
from archives import make_archive
from playwright.sync_api import sync_playwright
from sealing import make_mine, prepare, record_something

from greenmine import i18n
from greenmine.archive.index import Contents, Row, Unreadable, read_contents
from greenmine.archive.layout import Archive
from greenmine.archive.portal import build_portal, render_portal

HOSTILE = "<script>alert(1)</script>\"'&\u202e\u200b{{ 7*7 }}"


def row(**changes: object) -> Row:
    plain = Row(
        *(3, "GM-0001", "演示煤矿", "2026-self", "self", "2026-06-30", 1, "national@2024", "pass", "93.24", None),
        *("ab" * 32, "bags/assess/GM-0001/r1", "2026-07-01T12:00:00Z"),
        report=True,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def contents(*rows: Row, unreadable: tuple[Unreadable, ...] = ()) -> Contents:
    return Contents("greenmine/demo", (), 0, "cd" * 32, rows, unreadable)


def test_a_record_shows_what_the_list_is_for() -> None:
    """Mine, catalog, verdict, total, revision, digest and the link to the report are on the page."""
    i18n.use("en")
    page = render_portal(contents(row()))
    for text in ("演示煤矿", "GM-0001", "national@2024", ">Pass<", "93.24", ">r1<", "ab" * 32):
        assert text in page
    assert 'href="bags/assess/GM-0001/r1/data/report.html"' in page


def test_a_record_without_report_or_total_has_no_link_and_no_number() -> None:
    """What is not there is a dash, not a dead link."""
    page = render_portal(contents(row(report=False, total=None, verdict="ineligible")))
    assert "href" not in page
    assert 2 == page.count(">–<")


def test_every_value_is_escaped_and_steering_characters_are_visible() -> None:
    """Hostile text in any column or reason is text."""
    names = ("mine", "name", "assessment", "date", "catalog", "verdict", "total", "sealed_on", "digest", "bag")
    page = render_portal(contents(row(**dict.fromkeys(names, HOSTILE)), unreadable=(Unreadable(1, HOSTILE, HOSTILE),)))
    assert 1 == page.count("<script>")
    assert "alert(1)</script>" not in page
    assert "{{ 7*7 }}" in page
    assert not re.search("[\u202e\u200b]", page)


def test_the_policy_names_the_one_script_and_style_by_their_hashes() -> None:
    """The policy allows nothing but the two, and they are what it allows."""
    page = render_portal(contents(row()))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    found = [re.findall(rf"<{name}>(.*?)</{name}>", page, re.DOTALL) for name in ("style", "script")]
    assert [1, 1] == [len(texts) for texts in found]
    hashes = [base64.b64encode(hashlib.sha256(texts[0].encode()).digest()).decode() for texts in found]
    expected = f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'"
    assert f"{expected}; base-uri 'none'; form-action 'none'" == policy[1]
    assert not re.search(r"https?:|//[a-z]|url\(|@import|\son[a-z]+=", page)


def test_the_page_is_in_the_language_in_use_and_the_same_each_time() -> None:
    """Two pages of the same contents are the same bytes; the language is marked."""
    page = render_portal(contents(row()))
    assert page == render_portal(contents(row()))
    assert '<html lang="zh-CN">' in page
    i18n.use("en")
    assert '<html lang="en">' in render_portal(contents(row()))


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    made = make_archive(tmp_path / "reports")
    first = make_mine(tmp_path)
    prepare(made, first).sealed(made)
    record_something(first, "2026-self", "E1", {"facts": {"living": True, "production": True}})
    prepare(made, first).sealed(made)
    prepare(made, make_mine(tmp_path, "GM-0002")).sealed(made)
    return made


@pytest.mark.browser
def test_in_a_browser_records_are_found_by_words_and_by_being_in_force(archive: Archive, chromium: str) -> None:
    """The search field filters, the box hides superseded records, links lead to reports; nothing is refused."""
    page_file = build_portal(archive, read_contents(archive))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(page_file.as_uri())
        shown = page.locator("tbody tr:visible")
        assert 3 == shown.count()
        page.fill("#search", "演示 gm-0001/R2")
        page.locator("#found", has_text="1 / 3").wait_for()
        assert 1 == shown.count()
        page.fill("#search", "")
        shown.nth(2).wait_for()
        page.check("#current")
        assert 2 == shown.count()
        page.locator("tbody a").nth(0).click()
        assert page.url.endswith("bags/assess/GM-0001/r2/data/report.html")
        browser.close()
    assert [] == said


@pytest.mark.browser
def test_a_verdict_is_searched_whole_and_in_sight_on_a_phone(tmp_path: Path, chromium: str) -> None:
    """达标 finds no 不达标 but a mine of that name; at 360 points verdict and total are beside the name."""
    rows = [
        row(number=1, mine="GM-0001", verdict="pass"),
        row(number=2, mine="GM-0002", verdict="fail"),
        row(number=3, mine="GM-0003", verdict="fail", name="达标煤矿"),
        row(number=4, mine="GM-0004", verdict="fail", withdrawn_by="bags/withdrawal/x"),
    ]
    (tmp_path / "index.html").write_text(render_portal(contents(*rows)), "utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 360, "height": 640})
        page.goto((tmp_path / "index.html").as_uri())
        wide = "[document.documentElement, document.querySelector('.wide')]"
        assert page.evaluate(f"{wide}.every((one) => one.scrollWidth <= one.clientWidth)")
        name, verdict, total = (page.locator(f"tbody tr >> nth=0 >> {one}") for one in ("th", "td.pass", "td.number"))
        boxes = [one.bounding_box() for one in (name, verdict, total)]
        assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= 360 for box in boxes)
        assert 1 == len({box["y"] for box in boxes[:2] if box})
        for words, found in (
            ("达标", 2),
            ("不达标", 3),
            ("不达", 3),
            ("撤回", 1),
            ("撤回 不达标", 1),
            ("煤矿 达标", 2),
        ):
            page.fill("#search", words)
            page.locator("#found", has_text=f"{found} / 4").wait_for()
        browser.close()


@pytest.mark.browser
def test_without_scripts_everything_is_shown_and_the_search_field_is_not(archive: Archive, chromium: str) -> None:
    """A reader who allows no scripts sees all records, no field that does nothing, and can still hide the old ones."""
    page_file = build_portal(archive, read_contents(archive))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(page_file.as_uri())
        assert (3, False) == (page.locator("tbody tr:visible").count(), page.locator("#search").is_visible())
        page.check("#current")
        assert 2 == page.locator("tbody tr:visible").count()
        browser.close()
