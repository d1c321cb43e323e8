// A form: the cards of one group or several, with one listener for the keyboard and one for the store.

import { card } from "./card.js";
import { fill, h, said, shield, unique } from "./dom.js";

export function form(store, model, el, signal) {
  const { words } = store;
  const root = h("div", { class: "gmf gmf-form", lang: store.lang });
  shield(root, signal);
  theme(root, signal);
  el.replaceChildren(root);
  const sections = model.get("pages").map((page) => {
    for (const text of page.cards) store.texts[text.card] = text;
    const id = unique();
    const figures = h("span", { class: "gmf-figures" });
    const hidden = h("p", { class: "gmf-dim", role: "status" });
    const cards = page.cards.map((text) => card(store, text, root));
    let before = "";
    const list = cards.flatMap((one) => {
      const section = one.text.section?.name ?? "";
      const head = section && section !== before ? [h("p", { class: "gmf-section", lang: "zh" }, `${one.text.section.id} ${section}`)] : [];
      before = section;
      return [...head, one.element];
    });
    const fold = h("button", { type: "button", class: "gmf-small", onclick: () => {
      const open = !cards.every((one) => one.element.classList.contains("gmf-is-open") || one.element.hidden);
      cards.forEach((one) => one.element.hidden || one.toggle(open));
    } }, words.open_all);
    const element = h("section", { "aria-labelledby": id }, h("div", { class: "gmf-line gmf-group" }, h("h3", { id, lang: "zh" }, page.title), figures, fold), hidden, list);
    return { page, cards, figures, hidden, element };
  });
  const waiting = h("p", { class: "gmf-dim", role: "status" }, words.loading);
  root.append(waiting, ...sections.map((section) => section.element));
  const all = sections.flatMap((section) => section.cards);
  const byName = new Map(all.map((one) => [one.text.card, one]));

  const refresh = (changed) => {
    waiting.hidden = Boolean(store.heading);
    if (store.trouble) waiting.textContent = store.trouble;
    if (!store.heading) return;
    const shown = store.filtered();
    for (const one of all) {
      one.element.hidden = Boolean(shown) && !shown.has(one.text.card) && !one.element.contains(document.activeElement);
      if (!changed || changed.has(one.text.card)) one.refresh();
    }
    for (const { page, cards, figures, hidden, element } of sections) {
      const group = store.heading.groups.find((one) => one.group === page.group);
      figures.textContent = group ? [said(words.done_of, { done: group.done, total: group.total }), group.converted != null && group.points ? said(words.points_out_of, { points: group.converted, of: group.points }) : ""].filter(Boolean).join(" · ") : "";
      const gone = cards.filter((one) => one.element.hidden).length;
      hidden.hidden = !gone;
      hidden.textContent = said(words.filtered, { count: gone });
      for (const head of element.querySelectorAll(".gmf-section")) {
        let next = head.nextElementSibling;
        while (next && next.hidden && !next.classList.contains("gmf-section")) next = next.nextElementSibling;
        head.hidden = !next || next.classList.contains("gmf-section");
      }
    }
  };

  root.addEventListener("keydown", (event) => {
    if (!event.altKey || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
    event.preventDefault();
    const here = event.target.closest(".gmf-card")?.dataset.card;
    store.step(here, event.key === "ArrowDown" ? 1 : -1);
  });

  const view = {
    root,
    cards: all.map((one) => one.text.card),
    go(name, open = true) {
      const one = byName.get(name);
      one.element.hidden = false;
      if (open) one.toggle(true);
      one.button.focus({ preventScroll: true });
      one.element.scrollIntoView({ block: "start" });
    },
  };
  store.show(view, signal);
  store.listen(refresh, signal);
  refresh(null);
  for (const name of store.opened()) if (byName.has(name)) store.started.then(() => byName.get(name).toggle(true));
}

/** Follow the theme of JupyterLab, or of the system where there is none. */
export function theme(root, signal) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const said_ = document.body.dataset.jpThemeLight;
    root.dataset.theme = (said_ === undefined ? dark.matches : said_ === "false") ? "dark" : "light";
  };
  const observer = new MutationObserver(apply);
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  dark.addEventListener("change", apply, { signal });
  signal.addEventListener("abort", () => observer.disconnect());
  apply();
}
