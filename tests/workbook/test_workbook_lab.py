"""The forms in a real JupyterLab in Chromium: typing, saving, reloading, a kernel that dies, and what it costs."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from labs import LIMIT, Lab, chromium_of, lay_out, running, usable, workspace_of
from mines import ASSESSMENT, make_mine
from playwright.sync_api import Browser, Page, expect, sync_playwright

from greenmine.batch.notebook import read_notebook, run_notebook
from greenmine.report.exporter import to_html
from greenmine.workbook.labels import labels

pytestmark = pytest.mark.browser

CARD = "indicator/4"


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = chromium_of(playwright, chromium)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with one mine, completely assessed by E1 and E2."""
    return workspace_of(tmp_path_factory.mktemp("lab") / "workspace")


@pytest.fixture(scope="module")
def lab(root: Path) -> Iterator[Lab]:
    with running(root) as started:
        yield started


@pytest.fixture
def words() -> dict[str, str]:
    return labels()


@pytest.fixture
def mine(root: Path, request: pytest.FixtureRequest) -> Path:
    """A mine of its own for each test, so that one test's journals are not another's."""
    return make_mine(root / "evidence" / request.node.name[:20], photos=False)


@pytest.fixture
def page(browser: Browser, lab: Lab) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1500, "height": 1000})
    context.set_default_timeout(LIMIT)
    opened = context.new_page()
    expect.set_options(timeout=LIMIT)
    opened.add_locator_handler(opened.locator(".jp-Dialog"), opened.locator(".jp-Dialog .jp-mod-accept").first.click)
    yield opened
    context.close()
    lab.end_kernels()


def sit(page: Page, words: dict[str, str]) -> None:
    page.locator(".gmf-header").get_by_text(words["sit_down"], exact=True).click()
    page.locator(".gmf-seats button").first.click()
    expect(page.locator(".gmf-seats")).to_have_count(0)


def opened_card(page: Page) -> Any:
    """The card, open. A form opens by itself what was open before: looking and clicking have to be one step."""
    card = page.locator(f'[data-card="{CARD}"]')
    card.locator("h4 button").evaluate("(one) => one.ariaExpanded === 'true' || one.click()")
    return card


def entries(mine: Path) -> list[dict[str, Any]]:
    journal = mine / "assessments" / ASSESSMENT / "journal" / "E1.jsonl"
    return [json.loads(line) for line in journal.read_text("utf-8").splitlines()]


def test_typing_lands_in_the_field_and_the_total_follows(
    lab: Lab, page: Page, root: Path, mine: Path, words: dict[str, str]
) -> None:
    """`x`, Enter, Shift+Enter, `d d` and Chinese are text, not commands; what is on disk a reload shows again."""
    lab.forms(page, lay_out(root, mine))
    cells = page.locator(".jp-Cell").count()
    total = page.locator(".gmf-total b").inner_text()
    sit(page, words)
    field = opened_card(page).get_by_label(words["justification"])
    field.fill("")
    field.focus()
    page.keyboard.press("x")
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("dd")
    wire = page.context.new_cdp_session(page)
    wire.send("Input.imeSetComposition", {"text": "kuang", "selectionStart": 5, "selectionEnd": 5})
    wire.send("Input.insertText", {"text": "矿山"})
    expect(field).to_have_value("x\n\ndd矿山")
    expect(opened_card(page).locator(".gmf-save-saved")).to_be_visible()
    assert "x\n\ndd矿山" == entries(mine)[-1]["set"]["justification"]
    assert cells == page.locator(".jp-Cell").count()

    card = opened_card(page)
    card.get_by_label(words["some_found"].replace("{step}", "0.5")).check()
    card.get_by_label(words["defect_text"]).fill("堆场无标识")
    expect(page.locator(".gmf-total b")).not_to_have_text(total)
    expect(card.locator(".gmf-save-saved")).to_be_visible()
    assert {"defects": [{"text": "堆场无标识"}]} == entries(mine)[-1]["set"]["facts"]
    after = page.locator(".gmf-total b").inner_text()

    page.evaluate("void window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_function("!window.jupyterapp.shell.currentWidget.context.model.dirty")
    page.goto(page.url.split("&reset")[0])
    usable(page)
    card = opened_card(page)
    expect(card.get_by_label(words["defect_text"])).to_have_value("堆场无标识")
    expect(card.get_by_label(words["justification"])).to_have_value("x\n\ndd矿山")
    expect(page.locator(".gmf-total b")).to_have_text(after)


def test_a_killed_kernel_loses_nothing_that_was_acknowledged(
    lab: Lab, page: Page, root: Path, mine: Path, words: dict[str, str]
) -> None:
    """A banner, a draft that is offered back once the cells have run again, and the journal as it was acknowledged."""
    lab.forms(page, lay_out(root, mine))
    sit(page, words)
    field = opened_card(page).get_by_label(words["justification"])
    field.fill("已存")
    expect(opened_card(page).locator(".gmf-save-saved")).to_be_visible()
    killed = lab.kill_kernel()
    field.fill("已存，又写")
    expect(page.locator(".gmf-banner")).to_be_visible()
    assert "已存" == entries(mine)[-1]["set"]["justification"]
    lab.reborn(page, killed)
    page.evaluate("document.querySelectorAll('.gmf-form').forEach((form) => form.remove())")
    lab.run_all(page)
    usable(page)
    card = opened_card(page)
    expect(card.locator(".gmf-notice")).to_contain_text("已存，又写")
    expect(card.get_by_label(words["justification"])).to_have_value("已存")
    card.get_by_text(words["restore"], exact=True).click()
    expect(card.locator(".gmf-save-saved")).to_be_visible()
    assert "已存，又写" == entries(mine)[-1]["set"]["justification"]
    expect(page.locator(".gmf-banner")).to_be_hidden()


def test_opening_costs_few_frames_and_few_bytes_and_axe_finds_nothing(
    lab: Lab, page: Page, root: Path, mine: Path, words: dict[str, str]
) -> None:
    """Fewer than 100 websocket frames and 300 KB from running the cells to the last form; the header stays in view."""
    lab.notebook(page, lay_out(root, mine))
    wire = page.context.new_cdp_session(page)
    sizes: list[int] = []

    def count(event: Any) -> None:
        frame = event["response"]
        text = frame["payloadData"]
        data = base64.b64decode(text) if frame["opcode"] == 2 else text.encode()
        if not re.search(rb'"(?:debug|create_subshell|delete_subshell)_re(?:quest|ply)"', data):  # JupyterLab's own
            sizes.append(len(data))

    wire.on("Network.webSocketFrameSent", count)
    wire.on("Network.webSocketFrameReceived", count)
    wire.send("Network.enable")
    lab.run_all(page)
    usable(page)
    frames, size = len(sizes), sum(sizes)
    assert 20 < frames < 100
    assert 50_000 < size < 300_000

    page.locator(".gmf-header").get_by_text(words["next_problem"], exact=True).click()
    page.locator('[data-card="indicator/49"] h4 button').scroll_into_view_if_needed()
    expect(page.locator(".gmf-header")).to_be_in_viewport()
    for place in (".gmf-header", '[data-card="indicator/49"]'):
        found = Axe().run(page, place)
        assert 0 == found.violations_count, found.generate_report()


def test_executed_by_papermill_the_notebook_shows_pieces(
    root: Path, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No widget is in it, even where the surroundings ask for forms; the report has every card."""
    monkeypatch.setenv("GREENMINE_LIVE", "1")
    monkeypatch.setenv("GREENMINE_WORKSPACE", str(root))
    notebook = read_notebook(root / lay_out(root, mine))
    ran = run_notebook(notebook, {"mine": str(mine)}, name="forms.ipynb", cwd=root / "notebooks")
    text = json.dumps(ran)
    assert "widget" not in text
    report = to_html(ran)
    assert all(f'id="i-{number}"' in report or f"id=i-{number}" in report for number in (1, 27, 49))
