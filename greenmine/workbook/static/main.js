// What the widgets call: one store for each library in the kernel, its forms and its header.

import { form } from "./form.js";
import { header } from "./header.js";
import { Store } from "./store.js";

const OPENED = "greenmine-open";

/** The store with the ways between the cards, which need the forms on the page. */
class Desk extends Store {
  show(view, signal) {
    this.shown = [...(this.shown || []), view];
    signal.addEventListener("abort", () => (this.shown = this.shown.filter((one) => one !== view)));
  }

  /** The names of a list of cards. */
  listed(name) {
    return this.heading.lists[name] || [];
  }

  filtered() {
    return this.filter ? new Set(this.listed(this.filter)) : null;
  }

  choose(name) {
    this.filter = name;
    this.tell();
  }

  get order() {
    return this.groups.flatMap((one) => one.cards);
  }

  /** Go to the next card of a list, from where the focus was last. */
  next(name) {
    const list = this.listed(name);
    const order = this.order;
    const sorted = name === "problems" ? list : order.filter((card) => list.includes(card));
    const here = order.indexOf(this.here);
    const at = sorted.find((card) => order.indexOf(card) > here) ?? sorted[0];
    if (at) this.go(at);
  }

  step(here, by) {
    const shown = this.filtered();
    const order = this.order.filter((card) => !shown || shown.has(card) || card === here);
    const at = order[order.indexOf(here) + by];
    if (at) this.go(at, false);
  }

  goGroup(group) {
    const found = this.groups.find((one) => one.group === group);
    if (found) this.go(found.cards[0], false);
  }

  /** Bring a card into view and the focus to it. JupyterLab may have taken its cell off the page: look for it. */
  async go(card, open = true) {
    this.here = card;
    const view = (this.shown || []).filter((one) => one.cards.includes(card)).pop();
    if (!view) return;
    const area = document.querySelector(".jp-WindowedPanel-outer");
    for (const [from, way] of area && !view.root.isConnected ? [[area.scrollTop, 1], [area.scrollTop, -1]] : []) {
      for (let top = from; top >= 0 && top <= area.scrollHeight && !view.root.isConnected; top += way * area.clientHeight * 0.8) {
        area.scrollTop = top;
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      }
    }
    view.go(card, open);
  }

  remember(card, open) {
    const now = new Set(this.opened());
    if (open) now.add(card);
    else now.delete(card);
    if (open) this.here = card;
    sessionStorage.setItem(OPENED, JSON.stringify([...now]));
  }

  opened() {
    return JSON.parse(sessionStorage.getItem(OPENED) || "[]");
  }
}

/** Begin with a library: its style, its store. */
export function begin(library) {
  document.getElementById("greenmine-forms")?.remove();
  const style = document.createElement("style");
  style.id = "greenmine-forms";
  style.textContent = library.get("style");
  document.head.append(style);
  return new Desk(library);
}

export { form, header };
