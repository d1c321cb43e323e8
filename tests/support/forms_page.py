"""The forms on a plain page: the real scripts and a real desk, a stand-in for the widgets between them."""

from __future__ import annotations

import base64
import json
from typing import Any

from playwright.sync_api import Browser, Page

from greenmine.workbook.desk import Desk
from greenmine.workbook.forms import answer, script, style
from greenmine.workbook.html import speaking
from greenmine.workbook.labels import labels

ADDRESS = "http://forms.invalid/"
BODY = """<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>forms</title>
<style>body { margin: 0; background: Canvas; color: CanvasText; color-scheme: light dark }</style></head>
<body><main><h1>forms</h1><h2>forms</h2><div id="head"></div><div id="forms"></div></main></body></html>"""
BEGIN = """async ([script, style, words, pages]) => {
  const module = await import(URL.createObjectURL(new Blob([script], {type: "text/javascript"})));
  const model = (values) => {
    const heard = {};
    return {
      comm_live: true,
      get: (name) => values[name],
      on: (event, listener) => (heard[event] ??= new Set()).add(listener),
      off: (event, listener) => heard[event]?.delete(listener),
      send: async (message) => {
        if (window.dead) return;
        const [reply, buffers] = JSON.parse(await window.desk(JSON.stringify(message)));
        const data = buffers.map((text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
        if (!window.dead) heard["msg:custom"]?.forEach((listener) => listener(reply, data));
      },
    };
  };
  window.store = module.begin(model({ script, style, words, lang: "zh-CN" }));
  const life = new AbortController();
  module.header(window.store, document.getElementById("head"), life.signal);
  for (const page of pages) {
    const place = document.createElement("div");
    document.getElementById("forms").append(place);
    module.form(window.store, model({ pages: [page] }), place, life.signal);
  }
  await window.store.started;
}"""


class FormsPage:
    """A page with the forms of a desk.

    Args:
        browser: where to open it.
        desk: the desk.
        options: of the browser's context.
    """

    def __init__(self, browser: Browser, desk: Desk, **options: Any) -> None:
        self.desk = desk
        self.problems: list[str] = []
        self.asked: list[dict[str, Any]] = []
        with speaking(desk.lang):
            self.words = labels()
        self.context = browser.new_context(viewport={"width": 1360, "height": 1000}, **options)
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.expose_function("desk", self._ask)
        self.page.route(f"{ADDRESS}**", lambda route: route.fulfill(body=BODY, content_type="text/html"))
        self.open()

    def open(self) -> None:
        """Open the page, or open it again."""
        self.page.goto(ADDRESS)
        pages = [self.desk.page(group) for group in self.desk.groups]
        self.page.evaluate(BEGIN, [script(), style(), self.words, pages])

    def _ask(self, text: str) -> str:
        message = json.loads(text)
        self.asked.append(message)
        reply, buffers = answer(self.desk, message)
        return json.dumps([reply, [base64.b64encode(data).decode() for data in buffers]])

    def card(self, name: str) -> Any:
        """Open a card and return it."""
        found = self.page.locator(f'[data-card="{name}"]')
        button = found.locator("h4 button")
        if button.get_attribute("aria-expanded") == "false":
            button.click()
        return found

    def settled(self) -> None:
        """Wait until nothing is typed that is not saved."""
        self.page.wait_for_function("!store.unsaved.length && !store.flying.size")
