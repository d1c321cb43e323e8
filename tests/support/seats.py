"""A seat at the forms in JupyterLab: what a person does there, by the labels that a person reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labs import LIMIT, Lab, usable
from playwright.sync_api import Browser, Locator, Page, expect

from greenmine.workbook.labels import labels

Document = dict[str, Any]

STORE = "const { store } = await [...globalThis.__greenmine.values()].pop();"
SETTLED = f"async () => {{ {STORE} return store.me && !store.unsaved.length && !store.flying.size; }}"
RECORD = f"""async ([author, lines]) => {{
  {STORE}
  for (const [card, set] of lines) {{
    const reply = await store.link.ask("record", {{ card, author, set, clear: [], base: store.cards[card].version }});
    if (!reply.ok) return `${{card}}: ${{reply.error.message}}`;
    store.take(reply);
  }}
  return "";
}}"""


class Seat:
    """A page of a browser on a notebook of forms.

    Args:
        browser: where to open it.
        lab: the JupyterLab.
        path: the notebook in the workspace.
        options: of the browser's context.
    """

    def __init__(self, browser: Browser, lab: Lab, path: str, **options: Any) -> None:
        self._lab, self._path = lab, path
        self.words = labels()
        self.context = browser.new_context(**{"viewport": {"width": 1500, "height": 1000}, **options})
        self.context.set_default_timeout(LIMIT)
        self.page: Page = self.context.new_page()
        dialog = self.page.locator(".jp-Dialog")
        self.page.add_locator_handler(dialog, dialog.locator(".jp-mod-accept").first.click)
        self.page.goto(f"{lab.url}/lab/tree/{path}?token={lab.token}&reset")

    def run(self) -> None:
        """Run the cells, as soon as there is a kernel."""
        self._lab.idle(self.page)
        self._lab.run_all(self.page)

    @property
    def header(self) -> Locator:
        """The header."""
        return self.page.locator(".gmf-header")

    @property
    def dialog(self) -> Locator:
        """The dialog that is open."""
        return self.page.locator("dialog[open]")

    def sit(self, name: str) -> None:
        """Take a member's seat."""
        usable(self.page)
        self.header.locator(".gmf-line").first.locator("button.gmf-chip").last.click()
        self.dialog.locator(".gmf-seats").get_by_role("button", name=name).click()
        expect(self.dialog).to_have_count(0)
        expect(self.header).to_contain_text(name)

    def write_for(self, name: str) -> None:
        """Choose whom to write for."""
        self.header.get_by_label(self.words["write_for"]).select_option(label=name)

    def card(self, name: str) -> Locator:
        """Open a card and return it."""
        card = self.page.locator(f'[data-card="{name}"]')
        button = card.locator("h4 button")
        if button.get_attribute("aria-expanded") == "false":
            button.click()
        return card

    def choose(self, card: Locator, legend: str, option: str) -> None:
        """Choose one of a few answers."""
        card.get_by_role("group", name=legend, exact=True).get_by_label(option, exact=True).check()

    def cite(self, within: Locator, file: str, page: int = 0) -> None:
        """Pick a file, or a page of it, as evidence."""
        within.get_by_role("button", name=self.words["add_evidence"], exact=True).click()
        self.dialog.get_by_role("searchbox").fill(file)
        self.dialog.locator(".gmf-files").get_by_role("button", name=file).click()
        if page:
            self.dialog.locator(".gmf-pick-view input[type=number]").fill(str(page))
            self.dialog.locator(".gmf-pick-view input[type=number]").press("Enter")
        self.dialog.get_by_role("button", name=self.words["use_page" if page else "use_file"], exact=True).click()
        expect(self.dialog.get_by_role("status")).to_contain_text(file)
        self.dialog.get_by_role("button", name=self.words["close"], exact=True).click()

    def visit(self, card: Locator, names: Sequence[str], found: Mapping[str, Any]) -> None:
        """Write down a visit to the site."""
        card.locator("summary", has_text=self.words["visit"]).click()
        for name in names:
            card.get_by_label(name, exact=True).check()
        fold = card.locator("details", has=self.page.locator("summary", has_text=self.words["visit"]))
        fold.locator("input[type=date]").fill(found["on"])
        fold.get_by_label(self.words["visit_place"], exact=True).fill(found["place"])
        fold.get_by_label(self.words["visit_seen"], exact=True).fill(found["seen"])

    def say(self, card: Locator, text: str) -> None:
        """Type the justification."""
        card.get_by_label(self.words["justification"], exact=True).fill(text)

    def saved(self) -> None:
        """Wait until everything that was typed is on disk."""
        self.page.wait_for_function(SETTLED)

    def record(self, author: str, lines: Sequence[tuple[str, Document]]) -> None:
        """Send records over the line of the forms, one after the other, as the forms do."""
        assert "" == self.page.evaluate(RECORD, [author, [list(line) for line in lines]])

    def facts(self, card: Locator, node: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        """Type the facts that a rule reads, each into the control of its kind."""
        getattr(self, f"_{node['kind']}")(card, node, facts)

    def _sum(self, card: Locator, node: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        for child in node["of"]:
            self.facts(card, child, facts)

    _best = _sum

    def _met(self, card: Locator, node: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        states = {"met": "met", "unmet": "unmet", "not_applicable": "na_short"}
        for clause in node.get("clauses", ()):
            if clause["id"] in facts.get("clauses", {}):
                self.choose(card, clause["text"], self.words[states[facts["clauses"][clause["id"]]]])
        if "clauses" not in facts:
            self.choose(card, self.words["meets"], self.words["met" if facts["met"] else "unmet"])
        for name, value in facts.get("measured", {}).items():
            bound = f"_{node['measure']}" if name == "required" else ""
            label = {"value": "measured_value", "required": f"required{bound}", "source": "measured_source"}[name]
            card.get_by_label(self.words[label], exact=True).fill(value)

    def _flag(self, card: Locator, node: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        if node["key"] in facts.get("absent", {}):
            self.choose(card, node["text"], self.words["part_absent"])
            field = card.get_by_label(self.words["absent_reason"], exact=True).locator("visible=true")
            field.fill(facts["absent"][node["key"]])
        elif node["key"] in facts:
            yes = self.words["yes_points"].format(points=node["points"])
            self.choose(card, node["text"], yes if facts[node["key"]] else self.words["no"])

    def _deductions(self, card: Locator, node: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        for part in node["of"]:
            found = self.words["found_minus"].format(points=part["points"])
            self.choose(card, part["text"], found if facts[part["key"]] else self.words["not_found"])

    def _defects(self, card: Locator, node: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        found = self.words["some_found"].format(step=node["step"])
        self.choose(card, self.words["defects_found"], found if facts["defects"] else self.words["none_found"])
        for number, defect in enumerate(facts["defects"]):
            if number:
                card.get_by_role("button", name=self.words["add_defect"], exact=True).click()
            row = card.locator(".gmf-defects > li").nth(number)
            row.get_by_label(self.words["defect_text"], exact=True).fill(defect["text"])
            row.get_by_label(self.words["defect_where"], exact=True).fill(defect["where"])
            row.get_by_label(self.words["defect_clause"], exact=True).select_option(defect["clause"])
            for file in defect.get("evidence", ()):
                self.cite(row, file)

    def _count(self, card: Locator, node: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        card.get_by_label(node["text"], exact=True).fill(str(facts[node["key"]]))

    def _share(self, card: Locator, node: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        card.get_by_label(f"{node['text']} (%)", exact=True).fill(f"{facts[node['key']] * 100:g}")

    def _award(self, card: Locator, node: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        yes = self.words["yes_points"].format(points=node["points"])
        legend = node.get("text") or node["unless"]
        self.choose(card, legend, self.words["no_check"] if facts[node["unless"]] else yes)
        if facts[node["unless"]]:
            self.facts(card, node["otherwise"], facts)
