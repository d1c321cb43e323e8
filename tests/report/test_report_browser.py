"""The report in a real browser: it asks for nothing, runs nothing, fits the window and the paper."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pypdf
import pytest
from mines import PIECES, make_mine, open_book
from pages import HOSTILE, cell, notebook
from playwright.sync_api import Browser, Page, sync_playwright

from greenmine.report.exporter import to_html

pytestmark = pytest.mark.browser

ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Reports full of hostile text, with a hostile output of a foreign cell each, by language."""
    folder = tmp_path_factory.mktemp("browser")
    mine = make_mine(folder, hostile=True)
    found = {}
    for lang in ("zh", "en"):
        book = open_book(mine, lang)
        pieces = [cell(getattr(book, name)().markup) for name in PIECES]
        foreign = cell("".join(HOSTILE) + "<iframe src='https://evil.example/'></iframe>")
        found[lang] = folder / f"{lang}.html"
        found[lang].write_text(to_html(notebook(*pieces, foreign)), "utf-8")
    return found


class Visit:
    """A page opened with every request intercepted and everything it does written down."""

    def __init__(self, browser: Browser, path: Path, **options: Any) -> None:
        self.did: list[str] = []
        self.context = browser.new_context(**options)
        self.page: Page = self.context.new_page()
        self.page.on("dialog", lambda dialog: (self.did.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.on("console", lambda message: self.did.append(f"console {message.text}"))
        self.page.on("pageerror", lambda error: self.did.append(f"error {error}"))
        self.page.on("popup", lambda popup: self.did.append(f"popup {popup.url}"))
        self.page.on("download", lambda download: self.did.append(f"download {download.url}"))
        url = path.as_uri()

        def answer(route: Any) -> None:
            if route.request.url.split("#")[0] == url:
                route.continue_()
                return
            self.did.append(f"request {route.request.url[:80]}")
            route.abort()

        self.context.route("**/*", answer)
        self.page.goto(url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.context.close()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_report_asks_for_nothing_and_runs_nothing(browser: Browser, reports: dict[str, Path], lang: str) -> None:
    """Not on opening, not on following its links, not on pointing at its parts."""
    with Visit(browser, reports[lang]) as visit:
        page = visit.page
        for link in page.locator("nav a").all():
            link.click()
        page.locator("article >> nth=3").hover()
        page.keyboard.press("Tab")
        assert page.evaluate("window.pwned") is None
        assert 0 == page.locator("script, iframe, object, embed, link, form, svg").count()
        assert 0 == page.evaluate(
            "performance.getEntriesByType('resource').filter(e => !e.name.startsWith('data:')).length"
        )
        assert [] == visit.did


def test_the_policy_stops_what_would_slip_through(browser: Browser, reports: dict[str, Path], tmp_path: Path) -> None:
    """Were a script or an address in the page after all, the browser would refuse it."""
    markup = reports["zh"].read_text("utf-8")
    planted = "<script>window.pwned=1</script><img src='https://evil.example/x.png' onerror='window.pwned=2'></main>"
    path = tmp_path / "planted.html"
    path.write_text(markup.replace("</main>", planted), "utf-8")
    with Visit(browser, path) as visit:
        assert visit.page.evaluate("window.pwned") is None
        assert [] == [line for line in visit.did if line.startswith(("request", "dialog"))]
        assert [line for line in visit.did if "Content Security Policy" in line]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width", [360, 768, 1280, 1600])
def test_the_report_fits_the_window(browser: Browser, reports: dict[str, Path], lang: str, width: int) -> None:
    """From a phone to a wide screen nothing has to be scrolled sideways."""
    with Visit(browser, reports[lang], viewport={"width": width, "height": 900}) as visit:
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_report_is_dark_on_dark_screens_and_light_on_paper(browser: Browser, reports: dict[str, Path]) -> None:
    """Paper is white whatever the screen."""
    paper = "getComputedStyle(document.documentElement).getPropertyValue('--paper').trim()"
    with Visit(browser, reports["zh"], color_scheme="light") as visit:
        light = visit.page.evaluate(paper)
    with Visit(browser, reports["zh"], color_scheme="dark") as visit:
        assert light != visit.page.evaluate(paper)
        visit.page.emulate_media(media="print", color_scheme="dark")
        assert light == visit.page.evaluate(paper)


def test_printed_it_is_a4_with_page_numbers_and_repeated_heads(browser: Browser, reports: dict[str, Path]) -> None:
    """A table that runs over a page has its head on both."""
    with Visit(browser, reports["zh"]) as visit:
        data = visit.page.pdf(prefer_css_page_size=True)
    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    assert (595, 842) == (round(pages[0].mediabox.width), round(pages[0].mediabox.height))
    texts = ["".join(page.extract_text().split()) for page in pages]
    assert all(f"—{number}—" in text for number, text in enumerate(texts, 1))
    assert 2 <= sum("序号指标类别标准分得分备注" in text for text in texts)
    assert not [text for text in texts if "目录" in text]
