"""The page on the registers: self-contained, inert, the same bytes, and readable in a browser."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from archives import make_archive
from axe_playwright_python.sync_playwright import Axe
from boards import HOSTILE, NATIONAL, PERSON, ROSTER, fill
from playwright.sync_api import sync_playwright
from programmes import day

from greenmine import i18n
from greenmine.archive.layout import Archive
from greenmine.archive.pins import Pins
from greenmine.archive.verify import verify
from greenmine.programme.overview import read_overview
from greenmine.programme.overview_page import build_page, render_page
from greenmine.programme.roster import read_roster

ON = day("2027-05-10")


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An archive with a register."""
    made = make_archive(tmp_path / "reports")
    fill(made)
    return made


def page(archive: Archive, *, problems: dict[str, str] | None = None) -> str:
    file = archive.root.parent / "名册.csv"
    file.write_text(ROSTER, "utf-8")
    found = read_overview(archive, NATIONAL, ON, read_roster(file))
    return build_page(archive, [found], problems or {}, ON).read_text("utf-8")


def test_the_policy_allows_its_one_style_and_nothing_else(archive: Archive) -> None:
    """No script, no style attribute, no address outside; hostile text is text."""
    made = page(archive, problems={HOSTILE: HOSTILE})
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', made)
    (style,) = re.findall(r"<style>(.*?)</style>", made, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy
    assert f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'" == policy[1]
    assert not re.search(r"<script|\sstyle=|\son[a-z]+=|https?:|url\(|@import|\u202e", made)
    assert PERSON not in made
    assert "&lt;script&gt;" in made


def test_the_same_inputs_give_the_same_bytes_in_either_language(archive: Archive) -> None:
    """Twice the same; the language is marked; every heading has an id of its own."""
    made = page(archive)
    assert made == page(archive)
    assert '<html lang="zh-CN">' in made
    i18n.use("en")
    assert '<html lang="en">' in page(archive)
    ids = re.findall(r' id="([^"]+)"', made)
    assert len(ids) == len(set(ids))


def test_a_register_that_cannot_be_read_is_named_with_the_reason() -> None:
    """The others are shown all the same."""
    made = render_page([], {"gansu": "第 3 行被改动"}, origin="greenmine/demo", day=ON)
    assert "gansu" in made
    assert "第 3 行被改动" in made


def test_the_page_is_no_stranger_in_the_archive(archive: Archive) -> None:
    """Verification does not remark on it, as it does on what is not part of the archive."""
    page(archive)
    (archive.root / "stranger.html").write_text("", "utf-8")
    found = repr(verify(archive, Pins()))
    assert ("stranger.html" in found, "overview.html" in found) == (True, False)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(archive: Archive, chromium: str, scheme: Any) -> None:
    """Headings, tables, names and contrast, in both colour schemes; the policy is lifted for the checker's script."""
    page(archive)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        shown = browser.new_context(bypass_csp=True, color_scheme=scheme).new_page()
        shown.goto(archive.overview.as_uri())
        found = Axe().run(shown)
        browser.close()
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 620, 375])
def test_in_a_browser_bars_are_as_long_as_the_figures_say(archive: Archive, chromium: str, width: int) -> None:
    """Nothing is refused by the policy, nothing is wider than the screen, also in the dark."""
    page(archive)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        shown = browser.new_page(viewport={"width": width, "height": 900}, color_scheme="dark")
        said: list[str] = []
        shown.on("console", lambda message: said.append(message.text))
        shown.goto(archive.overview.as_uri())
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        bars = shown.evaluate(
            "[...document.querySelectorAll('svg.bar')].map(bar => [+bar.firstChild.getAttribute('width'),"
            " 100 * bar.firstChild.getBoundingClientRect().width / bar.clientWidth,"
            " getComputedStyle(bar.firstChild).fill])"
        )
        lines = shown.locator("svg.bar path").count()
        browser.close()
    assert [] == said
    assert len(bars) > 8
    assert lines >= 4
    assert all(abs(stated - drawn) < 2 for stated, drawn, _fill in bars)
    assert "rgb(0, 0, 0)" not in {fill_ for *_numbers, fill_ in bars}
