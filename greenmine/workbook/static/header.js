// The header: how the whole stands, what is not saved, and the ways to where something is to be done.
//
// It is put at the top of the notebook's scrolling area, so that it stays in view; its own cell keeps a line that says so.

import { dialog, fill, h, moment, said, same, shield, unique } from "./dom.js";
import { theme } from "./form.js";

const FILTERS = ["unassessed", "failing", "mandatory", "disagreed", "no_evidence", "mine"];

export function header(store, el, signal) {
  const { words } = store;
  const root = h("section", { class: "gmf gmf-header", lang: store.lang, "aria-label": words.header });
  shield(root, signal);
  theme(root, signal);
  const area = el.closest(".jp-WindowedPanel-outer");
  if (area) {
    for (const old of area.querySelectorAll(":scope > .gmf-header")) old.remove();
    area.prepend(root);
    el.replaceChildren(h("p", { class: "gmf gmf-dim", lang: store.lang }, words.header_above));
  } else el.replaceChildren(root);
  signal.addEventListener("abort", () => root.remove());

  const title = h("span", { class: "gmf-mine" });
  const verdict = h("strong", { class: "gmf-verdict" });
  const total = h("span", { class: "gmf-total", "aria-live": "polite" });
  const failing = button(words, () => store.next("failing"));
  const sensitive = button(words, () => readings(store, root));
  const saving = h("span", { class: "gmf-saving", role: "status" });
  const seat = button(words, () => seats(store, root));
  const groups = h("nav", { class: "gmf-groups", "aria-label": words.groups });
  const id = unique();
  const filter = h("select", { id, onchange: () => store.choose(filter.value) });
  const who = h("select", { id: `${id}-w`, onchange: () => store.writeFor(who.value) });
  const whoBox = h("span", { class: "gmf-pick" }, h("label", { for: who.id }, words.write_for), who);
  const next = h("button", { type: "button", class: "gmf-small", onclick: () => store.next("unassessed") }, words.next_unassessed);
  const problem = h("button", { type: "button", class: "gmf-small", onclick: () => store.next("problems") }, words.next_problem);
  const sign = h("button", { type: "button", class: "gmf-main", onclick: () => signing(store, root) }, words.sign_off);
  const banner = h("div", { class: "gmf-banner", role: "alert" });
  root.append(
    h("div", { class: "gmf-line" }, title, verdict, total, failing, sensitive, h("span", { class: "gmf-gap" }), saving, seat),
    h("div", { class: "gmf-line" }, groups, h("div", { class: "gmf-line gmf-tools" }, next, problem, h("span", { class: "gmf-pick" }, h("label", { for: id }, words.filter), filter), whoBox, sign)),
    banner,
  );

  let shown = null;
  const refresh = () => {
    const head = store.heading;
    warn();
    if (!head) return;
    if (same(head, shown?.head) && store.author === shown.author) return;
    shown = { head, author: store.author };
    fill(title, h("b", {}, head.mine.name), h("span", { class: "gmf-dim" }, ` ${[head.mine.id, head.assessment.kind_text, head.assessment.date].filter(Boolean).join(" · ")}`));
    verdict.textContent = head.verdict_text;
    verdict.className = `gmf-verdict gmf-v-${head.verdict}`;
    fill(total, head.total === null && head.so_far ? `${words.so_far} ` : null, h("b", {}, head.total ?? head.so_far ?? "–"), ` / ${said(words.line, { line: head.line })}`);
    const lost = head.lists.failing?.length ?? 0;
    failing.hidden = !lost;
    failing.textContent = said(words.failing, { count: lost });
    failing.className = "gmf-chip gmf-red";
    sensitive.hidden = !head.sensitivity?.length;
    sensitive.textContent = head.sensitive ? words.sensitive : words.insensitive;
    sensitive.className = `gmf-chip${head.sensitive ? " gmf-amber" : ""}`;
    seat.textContent = head.me ? said(words.seat_of, { name: head.me.name }) : words.sit_down;
    seat.className = `gmf-chip${head.me ? "" : " gmf-amber"}`;
    fill(groups, head.groups.map((group) => {
      const share = group.total ? group.done / group.total : 0;
      return h("button", { type: "button", class: "gmf-group-chip", onclick: () => store.goGroup(group.group), "aria-label": `${group.title}: ${said(words.done_of, { done: group.done, total: group.total })}`, title: group.title },
        h("span", { lang: "zh" }, group.title), h("b", {}, `${group.done}/${group.total}`), h("i", { style: `width:${(share * 100).toFixed(1)}%`, class: share === 1 ? "gmf-done" : undefined }));
    }));
    fill(filter, h("option", { value: "" }, words.filter_all), FILTERS.map((name) => h("option", { value: name }, `${words[`filter_${name}`]} (${store.listed(name).length})`)));
    filter.value = store.filter;
    const authors = head.may_write_for || [];
    whoBox.hidden = authors.length < 2;
    fill(who, authors.map((one) => h("option", { value: one }, store.name(one))));
    who.value = store.author;
    whoBox.classList.toggle("gmf-other-hand", store.author !== store.me);
    sign.textContent = head.sign_off?.complete ? words.signed_off : words.sign_off;
  };

  /** What is not saved, in red, as long as it is so. */
  const warn = () => {
    const texts = [];
    const bad = [...store.marks].filter(([, mark]) => mark.state === "failed");
    if (store.trouble) texts.push([store.trouble, null]);
    if (store.link.down) texts.push([store.unsaved.length ? said(words.down_unsaved, { count: store.unsaved.length }) : words.down, null]);
    else if (bad.length) texts.push([said(words.not_saved, { why: bad[0][1].message }), h("button", { type: "button", class: "gmf-small", onclick: () => store.flushAll() }, words.try_again)]);
    for (const text of [store.heading?.read_only, store.heading?.problem]) if (text) texts.push([text, null]);
    if (store.offers.size) texts.push([said(words.drafts_left, { count: store.offers.size }), h("button", { type: "button", class: "gmf-small", onclick: () => store.go([...store.offers.values()][0].card) }, words.look)]);
    const state = texts.map(([text]) => text).join("\n");
    if (banner.dataset.state !== state) {
      banner.dataset.state = state;
      fill(banner, texts.map(([text, action]) => h("p", {}, text, action)));
      banner.hidden = !texts.length;
    }
    const waits = store.unsaved.length;
    const text = store.link.down ? words.unsaved_short : waits ? said(words.waiting, { count: waits }) : store.saved ? words.all_saved : "";
    if (saving.textContent !== text) saving.textContent = text;
    saving.className = `gmf-saving${store.link.down || bad.length ? " gmf-bad" : ""}`;
  };
  banner.hidden = true;
  store.listen(refresh, signal);
  refresh();
}

const button = (_words, onclick) => h("button", { type: "button", class: "gmf-chip", onclick });

/** Who sits here: one of the panel. */
function seats(store, root) {
  const { words, heading } = store;
  const message = h("p", { role: "alert", class: "gmf-bad" });
  const box = dialog(words, root, words.seats, h("p", { class: "gmf-dim" }, words.seats_long), h("ul", { class: "gmf-seats" }, heading.members.map((member) =>
    h("li", {}, h("button", { type: "button", "aria-pressed": String(member.id === store.me), onclick: async () => {
      const reply = await store.link.ask("sit", { who: member.id });
      if (!reply.ok) return fill(message, reply.error.message);
      store.take(reply);
      store.sit();
      box.close();
    } }, h("b", {}, member.name), h("span", { class: "gmf-dim" }, [member.role_text, ...(member.specialty || [])].join(" · ")))))), message);
}

/** The verdict under the other readings. */
function readings(store, root) {
  const { words, heading } = store;
  dialog(words, root, words.sensitivity, h("table", {}, h("thead", {}, h("tr", {}, [words.reading, words.total, words.verdict].map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, heading.sensitivity.map((row) => h("tr", {}, h("td", {}, row.text), h("td", {}, row.total ?? "–"), h("td", { class: row.differs ? "gmf-bad" : undefined }, row.verdict_text))))));
}

/** Signing: what is open, the pledge, who has signed, and taking it back. */
function signing(store, root) {
  const { words } = store;
  const body = h("div", {});
  const message = h("p", { role: "alert", class: "gmf-bad" });
  const box = dialog(words, root, words.sign_off, body, message);
  const run = async (op, values) => {
    const reply = await store.link.ask(op, values);
    fill(message, reply.ok ? "" : reply.error.message);
    store.take(reply);
    draw();
  };
  let drawn = null;
  const draw = () => {
    const { sign_off: state, panel_warnings: warnings = [], me } = store.heading;
    if (same([state, me], drawn)) return;
    drawn = [state, me];
    const mine = state.signed?.find((one) => one.by === me?.id && one.valid);
    const reason = h("input", { type: "text", "aria-label": words.withdraw_reason, placeholder: words.withdraw_reason });
    fill(body,
      state.open?.length ? [h("p", {}, h("b", {}, said(words.open_points, { count: state.open.length }))), h("ul", { class: "gmf-open-points" }, state.open.map((point) =>
        h("li", {}, point.card && store.texts[point.card] ? h("button", { type: "button", class: "gmf-link", onclick: () => { box.close(); store.go(point.card); } }, `${store.texts[point.card].number} ${store.texts[point.card].name}`) : null, " ", point.text)))] : h("p", { class: "gmf-good" }, words.nothing_open),
      warnings.length ? [h("h3", {}, words.panel_notes), h("ul", {}, warnings.map((text) => h("li", {}, text)))] : null,
      h("h3", {}, words.pledge), h("blockquote", {}, state.pledge),
      state.signed?.length ? h("ul", {}, state.signed.map((one) => h("li", {}, `${one.name} ${moment(one.time)} `, one.valid ? h("b", { class: "gmf-good" }, words.valid) : h("b", { class: "gmf-bad" }, words.invalid)))) : null,
      mine ? h("div", { class: "gmf-line" }, reason, h("button", { type: "button", class: "gmf-small", onclick: () => run("withdraw", { reason: reason.value }) }, words.withdraw))
        : h("button", { type: "button", class: "gmf-main", disabled: !me || Boolean(state.open?.length), onclick: () => run("sign_off") }, words.sign_now));
  };
  const open = new AbortController(); // others go on recording meanwhile
  box.addEventListener("close", () => open.abort());
  store.listen(draw, open.signal);
  draw();
}
