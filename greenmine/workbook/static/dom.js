// Elements: what every part of the forms is built from. Data from a mine's folder only ever becomes text.

/** Make an element; `on…` are listeners, `true` and `false` attributes are set or left out, children may be nested. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return element;
}

/** Put children into an element in place of those it has. */
export function fill(element, ...children) {
  element.replaceChildren(...h("i", {}, ...children).childNodes);
  return element;
}

/** Tell whether two JSON values are the same; the order of keys does not matter. */
export function same(one, other) {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || !one || !other) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => key in other && same(one[key], other[key]));
}

/** Tell whether a value of a field is none: the field is then cleared, not set. An empty list of defects is a value. */
export function empty(value) {
  if (value === undefined || value === null || value === "" || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** Return an object with a key set, or without it where the value is none. */
export function put(object, key, value) {
  const { [key]: _gone, ...rest } = object || {};
  return value === undefined || value === null || value === "" ? rest : { ...rest, [key]: value };
}

let issued = 0;

/** Return an id that no other element of the page has. */
export const unique = () => `gmf-${Date.now().toString(36)}-${++issued}`;

/** Fill the places of a text in braces. */
export const said = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "");

/** Return hours and minutes of a time, as the clock on the wall shows them. */
export function clock(time) {
  const date = new Date(time);
  return [date.getHours(), date.getMinutes()].map((number) => String(number).padStart(2, "0")).join(":");
}

/** Return a day and a time. */
export const moment = (time) => `${new Date(time).toLocaleDateString("sv")} ${clock(time)}`;

/** Keep what is typed from JupyterLab, which takes `x`, `d d` or Enter for commands; called on the root of a form. */
export function shield(root, signal) {
  for (const kind of ["keydown", "keypress", "keyup", "paste", "copy", "cut", "contextmenu", "dblclick"]) {
    root.addEventListener(kind, (event) => event.stopPropagation(), { signal });
  }
  root.setAttribute("data-lm-suppress-shortcuts", "true");
}

/** Open a dialog with a title; it closes by Escape or its button, and gives the focus back. */
export function dialog(words, root, title, ...children) {
  const id = unique();
  const back = document.activeElement;
  const box = h("dialog", { class: "gmf gmf-dialog", "aria-labelledby": id, "data-theme": root.dataset.theme, lang: root.lang });
  box.append(
    h("header", {}, h("h2", { id }, title), h("button", { type: "button", class: "gmf-plain", onclick: () => box.close() }, words.close)),
    h("div", { class: "gmf-dialog-body" }, ...children),
  );
  shield(box);
  box.addEventListener("close", () => {
    box.remove();
    if (back && back.isConnected) back.focus();
  });
  document.body.append(box);
  box.showModal();
  return box;
}

/** A choice of few: radio buttons side by side. Nothing is chosen until somebody chooses, and a choice can be undone. */
export function choice({ legend, hidden, options, get, set, words, disabled }) {
  const name = unique();
  const buttons = options.map(([value, text, tone]) => {
    const id = unique();
    const input = h("input", { type: "radio", name, id, value: String(value), onchange: () => set(value) });
    return { value, input, element: h("span", { class: `gmf-option gmf-${tone || "neutral"}` }, input, h("label", { for: id }, text)) };
  });
  const none = h("button", { type: "button", class: "gmf-plain gmf-reset", onclick: () => set(undefined), title: words.reset_long }, words.reset);
  const open = h("span", { class: "gmf-open" }, words.not_recorded);
  const element = h(
    "fieldset",
    { class: "gmf-choice" },
    h("legend", { class: hidden ? "gmf-hidden" : undefined }, legend),
    h("span", { class: "gmf-options" }, buttons.map((button) => button.element)),
    h("span", { class: "gmf-slot" }, open, none),
  );
  const refresh = () => {
    const now = get();
    const known = buttons.some((button) => button.value === now);
    for (const button of buttons) {
      button.input.checked = button.value === now;
      button.input.disabled = disabled();
    }
    open.style.visibility = known ? "hidden" : ""; // each keeps its room: nothing may move under the mouse
    none.style.visibility = known && !disabled() ? "" : "hidden";
  };
  return { element, refresh };
}

/** A field for text; what an input method is still composing is not taken yet. */
export function textual({ label, get, set, lines = 1, kind = "text", hint, disabled, mode, list, short }) {
  const id = unique();
  const note = hint ? h("small", { id: `${id}-h`, class: "gmf-dim" }, hint) : null;
  const attributes = { id, "aria-describedby": note ? note.id : undefined, inputmode: mode, list, autocomplete: "off", spellcheck: "false" };
  const input = lines > 1 ? h("textarea", { ...attributes, rows: lines }) : h("input", { ...attributes, type: kind });
  let composing = false;
  const take = () => composing || set(input.value);
  input.addEventListener("compositionstart", () => (composing = true));
  input.addEventListener("compositionend", () => {
    composing = false;
    set(input.value);
  });
  input.addEventListener("input", (event) => event.isComposing || take());
  const element = h("div", { class: `gmf-field${short ? " gmf-short" : ""}` }, h("label", { for: id }, label), input, note);
  const refresh = () => {
    const now = get() ?? "";
    if (!composing && input.value !== String(now)) input.value = now;
    input.disabled = disabled();
  };
  return { element, refresh, input };
}
