// Evidence: the list of references on a card, the picker with its preview, and pages of a PDF.
//
// A reference is a path in the mine's folder, with `#page=3` for a page of a PDF or `#xywh=percent:…` for a part of a
// picture, which is chosen by dragging over it. Pictures of files are made by the kernel when they are asked for.

import { dialog, fill, h, same, said, unique } from "./dom.js";

/** Split a reference into path, page and part; a path may hold a `#` itself. */
export function split(reference) {
  const [, path, page, part] = /^(.*?)(?:#page=([0-9]+)|#xywh=percent:([0-9.,]+)|#xywh=[^#]*)?$/s.exec(reference);
  return [path, Number(page || 0), part ? part.split(",").map(Number) : null];
}

/** Let a part of a picture be dragged out; `tell` gets left, top, width and height in percent, or null. */
function draggable(frame, tell) {
  let from = null;
  const at = (event) => {
    const box = frame.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height].map((share) => Math.min(1, Math.max(0, share)) * 100);
  };
  const part = (event) => {
    const to = at(event);
    const corner = from.map((value, axis) => Math.min(value, to[axis]));
    const found = [...corner, ...from.map((value, axis) => Math.abs(value - to[axis]))].map((value) => Math.floor(value * 10) / 10);
    return found[2] > 2 && found[3] > 2 ? found : null;
  };
  frame.addEventListener("pointerdown", (event) => {
    from = at(event);
    frame.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  frame.addEventListener("pointermove", (event) => from && tell(part(event)));
  frame.addEventListener("pointerup", (event) => {
    if (from) tell(part(event));
    from = null;
  });
}

const ICON = /^image\//;

/** A picture of a file, fetched from the kernel; resolves to what to show and what is known of it. */
async function picture(store, path, page, size, alt) {
  const reply = await store.link.ask("preview", { path, page: page || 1, size });
  if (!reply.ok || !reply.buffers?.length) return { element: h("p", { class: "gmf-dim" }, reply.error?.message ?? store.words.no_preview), pages: 0 };
  const buffer = reply.buffers[0];
  const url = URL.createObjectURL(new Blob([buffer.buffer ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength) : buffer], { type: reply.type }));
  const image = h("img", { src: url, alt, width: reply.width, height: reply.height, draggable: "false" });
  image.addEventListener("load", () => URL.revokeObjectURL(url), { once: true });
  return { element: image, pages: reply.pages };
}

/** The preview of one file with its pages; `page` holds the page that is shown. */
export function viewer(store, choosing = false) {
  const { words } = store;
  const title = h("strong", {});
  const stage = h("div", { class: "gmf-stage", "aria-live": "polite" });
  const box = h("span", { class: "gmf-part" });
  const hint = h("small", { class: "gmf-dim" }, words.part_hint);
  const number = h("input", { type: "number", min: 1, class: "gmf-page", "aria-label": words.page, onchange: () => show(state.path, Number(number.value)) });
  const of = h("span", {});
  const back = h("button", { type: "button", class: "gmf-small", "aria-label": words.page_before, onclick: () => show(state.path, state.page - 1) }, "‹");
  const forth = h("button", { type: "button", class: "gmf-small", "aria-label": words.page_after, onclick: () => show(state.path, state.page + 1) }, "›");
  const pager = h("div", { class: "gmf-line" }, back, number, of, forth);
  const element = h("div", { class: "gmf-viewer" }, title, pager, stage, hint);
  const state = { element, path: "", page: 0, pages: 0, part: null, show };
  const mark = (part) => {
    state.part = part;
    box.hidden = !part;
    if (part) ["left", "top", "width", "height"].forEach((side, number) => (box.style[side] = `${part[number]}%`));
  };
  hint.hidden = true;
  element.hidden = true;

  async function show(path, page, part = null) {
    element.hidden = false;
    if (path !== state.path) state.pages = 0;
    Object.assign(state, { path, page: Math.max(1, state.pages ? Math.min(page || 1, state.pages) : page || 1) });
    title.textContent = path;
    pager.hidden = state.pages < 2;
    const asked = `${path}#${state.page}`;
    state.asked = asked;
    if (!stage.firstChild) fill(stage, h("p", { class: "gmf-dim" }, words.loading));
    const found = await picture(store, path, state.page, 1000, said(words.preview_of, { file: path }));
    if (state.asked !== asked) return;
    state.pages = found.pages;
    const frame = h("div", { class: "gmf-frame" }, found.element, box);
    fill(stage, frame);
    mark(part);
    hint.hidden = !choosing || !store.pictures.has(path);
    if (!hint.hidden) draggable(frame, mark);
    pager.hidden = found.pages < 2;
    number.value = state.page;
    number.max = found.pages;
    of.textContent = `/ ${found.pages}`;
    back.disabled = state.page < 2;
    forth.disabled = state.page >= found.pages;
  }
  return state;
}

/** The references of a field, each to be looked at or taken out, and the button that opens the picker. */
export function evidence(desk, { label, get, set, main }) {
  const { words } = desk;
  const list = h("ul", { class: "gmf-refs" });
  const id = unique();
  const add = h("button", { type: "button", class: "gmf-small", onclick: () => pick(desk, get() || [], set) }, words.add_evidence);
  const element = h("div", { class: "gmf-evidence", role: "group", "aria-labelledby": id }, h("div", { class: "gmf-line" }, h("span", { id, class: "gmf-label" }, label), add), list);
  let shown = null;
  const refresh = () => {
    const now = get() || [];
    add.hidden = desk.disabled();
    const key = [now, desk.disabled(), main && desk.missing()];
    if (same(key, shown)) return;
    shown = key;
    const lost = new Set(main ? desk.missing() : []);
    fill(list, now.map((reference) => {
      const [path, page, part] = split(reference);
      return h(
        "li",
        { class: lost.has(reference) ? "gmf-lost" : undefined },
        h("button", { type: "button", class: "gmf-ref", onclick: () => desk.preview(path, page, part), title: reference },
          path.split("/").pop(), page || part ? h("span", { class: "gmf-dim" }, ` ${page ? said(words.page_number, { page }) : words.part}`) : null),
        lost.has(reference) ? h("span", { class: "gmf-bad" }, words.file_missing) : null,
        desk.disabled() ? null : h("button", { type: "button", class: "gmf-plain", "aria-label": said(words.remove_evidence, { file: reference }),
          onclick: () => { set(now.filter((one) => one !== reference)); add.focus(); } }, "✕"),
      );
    }));
    list.hidden = !now.length;
  };
  return { element, refresh };
}

const size = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} KB` : `${(bytes / 1e6).toFixed(1)} MB`);

/** Choose a file, and a page of it, from the mine's folder; those meant for this indicator come first. */
async function pick(desk, before, set) {
  const { words, store } = desk;
  let chosen = [...before];
  const search = h("input", { type: "search", "aria-label": words.search_files, placeholder: words.search_files });
  const list = h("ul", { class: "gmf-files" });
  const view = viewer(store, true);
  const use = h("button", { type: "button", class: "gmf-main", disabled: true }, words.use_file);
  const status = h("p", { role: "status", class: "gmf-dim" }, words.loading);
  const box = dialog(words, desk.root, said(words.pick_for, { card: desk.title }), h("div", { class: "gmf-picker" },
    h("div", { class: "gmf-pick-list" }, search, status, list), h("div", { class: "gmf-pick-view" }, view.element, use)));
  search.focus();
  const reply = await store.link.ask("files", { card: desk.card });
  if (!reply.ok) return fill(status, reply.error.message);
  const files = [...reply.files].sort((one, other) => Number(other.suggested) - Number(one.suggested) || one.path.localeCompare(other.path, "zh"));
  let queue = Promise.resolve(); // one at a time, so that a preview need not wait for all of them
  const thumbs = new IntersectionObserver((seen) => {
    for (const { target } of seen.filter((one) => one.isIntersecting)) {
      thumbs.unobserve(target);
      queue = queue.then(async () => {
        const found = target.isConnected && (await picture(store, target.dataset.path, 1, 96, ""));
        if (found && found.pages) fill(target, found.element);
      });
    }
  }, { root: list });
  store.pictures = new Set(files.filter((file) => ICON.test(file.type)).map((file) => file.path));
  const reference = (file, page) => (view.part ? `${file.path}#xywh=percent:${view.part.join(",")}` : file.pages > 1 || (file.type === "application/pdf" && page > 1) ? `${file.path}#page=${page || 1}` : file.path);
  let current = null;
  const sync = () => {
    if (!current) return;
    const have = chosen.includes(reference(current, view.page));
    use.disabled = have;
    use.textContent = have ? words.used : current.pages > 1 ? words.use_page : words.use_file;
  };
  const show = (file) => {
    current = file;
    for (const button of list.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.path === file.path));
    view.show(file.path, 1);
    sync();
  };
  new MutationObserver(sync).observe(view.element, { subtree: true, childList: true, characterData: true, attributes: true });
  use.addEventListener("click", () => {
    chosen = [...chosen, reference(current, view.page)];
    set(chosen);
    sync();
    fill(status, said(words.used_now, { file: current.path }));
  });
  const draw = () => {
    const wanted = search.value.normalize("NFKC").toLowerCase();
    const found = files.filter((file) => `${file.path} ${file.title ?? ""}`.toLowerCase().includes(wanted));
    fill(status, said(words.files_found, { count: found.length }));
    fill(list, found.slice(0, 300).map((file) => {
      const thumb = h("span", { class: "gmf-thumb", "data-path": file.path, "aria-hidden": "true" }, ICON.test(file.type) ? "🖼" : file.path.split(".").pop().slice(0, 4).toUpperCase());
      if (ICON.test(file.type) || file.type === "application/pdf") thumbs.observe(thumb);
      return h("li", {}, h("button", { type: "button", "data-path": file.path, "aria-pressed": "false", onclick: () => show(file) }, thumb,
        h("span", {}, h("span", { class: "gmf-name" }, file.title || file.name || file.path.split("/").pop()),
          h("small", { class: "gmf-dim" }, [file.path, file.pages > 1 ? said(words.pages, { count: file.pages }) : "", size(file.size)].filter(Boolean).join(" · "))),
        file.suggested ? h("span", { class: "gmf-badge" }, words.suggested) : null));
    }));
  };
  search.addEventListener("input", draw);
  box.addEventListener("close", () => thumbs.disconnect());
  draw();
}
