// A card: one indicator or prerequisite, closed to a line, open to everything known of it.
//
// The body is built when the card is first opened, once for each author written for; from then on `refresh` puts the
// present values into the same controls, so that the cursor stays where it is.

import { choice, clock, dialog, fill, h, moment, said, same, textual, unique } from "./dom.js";
import { evidence, viewer } from "./files.js";
import { inWords, ruleControls } from "./rule.js";
import { key } from "./store.js";

export function card(store, text, root) {
  const { words } = store;
  const id = unique();
  const prerequisite = text.kind === "prerequisite";
  const state = h("span", { class: "gmf-state" });
  const dot = h("span", { class: "gmf-dot", "aria-hidden": "true" });
  const points = h("span", { class: "gmf-points" });
  const button = h(
    "button",
    { type: "button", id: `${id}-b`, "aria-expanded": "false", "aria-controls": id, onclick: () => toggle() },
    h("span", { class: "gmf-number" }, text.number),
    h("span", { class: "gmf-title", lang: "zh" }, text.name),
    text.kind === "mandatory" ? h("span", { class: "gmf-badge gmf-mandatory" }, words.mandatory) : null,
    dot,
    state,
    points,
  );
  const body = h("div", { id, class: "gmf-body" });
  body.hidden = true;
  const element = h("section", { class: "gmf-card", "data-card": text.card, "aria-labelledby": `${id}-b` }, h("h4", {}, button), body);
  let built = null;

  const toggle = (open = body.hidden) => {
    body.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    element.classList.toggle("gmf-is-open", open);
    if (open) refresh();
    store.remember(text.card, open);
  };

  const refresh = () => {
    const now = store.cards[text.card];
    if (!now) return;
    const status = standing(now, text.kind, words);
    fill(state, status.text);
    state.className = `gmf-state gmf-${status.tone}`;
    fill(points, prerequisite ? "" : [h("b", {}, now.score.awarded ?? "–"), ` / ${now.score.points ?? text.points}`]);
    const mark = store.markOf(text.card).state;
    const waits = ["typing", "saving", "held", "failed", "conflict"].includes(mark) || store.offerOf(text.card).length;
    dot.className = `gmf-dot${waits ? " gmf-waits" : ""}`;
    if (body.hidden) return;
    if (!built || built.author !== store.author || (built.disagreed !== now.disagreed && !body.contains(document.activeElement))) {
      built = contents(store, text, root);
      fill(body, built.element);
    }
    built.refresh(now);
  };
  return { element, button, toggle, refresh, text };
}

/** What the line of a card says of it. */
function standing(now, kind, words) {
  const { score } = now;
  if (kind === "prerequisite") {
    if (now.disagreed) return { text: words.disagreed, tone: "bad" };
    return { met: { text: words.qualified, tone: "good" }, unmet: { text: words.not_qualified, tone: "bad" } }[score.status] ?? { text: score.status_text, tone: "none" };
  }
  if (now.disagreed) return { text: words.disagreed, tone: "warn" };
  if (score.status === "scored") return score.full ? { text: words.full_marks, tone: "good" } : { text: words.points_lost, tone: kind === "mandatory" ? "bad" : "warn" };
  return { text: score.status_text, tone: score.status === "no_evidence" ? "warn" : "none" };
}

function contents(store, text, root) {
  const { words } = store;
  const { card: name } = text;
  const author = store.author;
  const prerequisite = text.kind === "prerequisite";
  const disabled = () => Boolean(store.locked) || store.author !== author;
  const get = (field) => store.value(name, field, author);
  const set = (field, value, now) => store.edit(name, field, value, { author, now });
  const view = viewer(store);
  const desk = {
    store, words, root, disabled, prerequisite, card: name, title: `${text.number} ${text.name}`,
    facts: () => get("facts") || {},
    set: (facts, now) => set("facts", facts, now),
    met: () => get("met") ?? undefined,
    setMet: (value) => set("met", value, true),
    missing: () => store.cards[name].missing_evidence || [],
    preview: (path, page, part) => view.show(path, page, part),
    evidence: (options) => evidence(desk, options),
  };
  const rule = text.rule ? ruleControls(text.rule, desk) : { element: h("p", { class: "gmf-dim" }, store.cards[name].score.reason), refresh: () => {} };
  const why = textual({ label: words.justification, lines: 3, disabled, get: () => get("justification"), set: (value) => set("justification", value) });
  const proof = evidence(desk, { label: words.evidence, main: true, get: () => get("evidence"), set: (value) => set("evidence", value, true) });
  const parts = [rule, why, proof, visit(desk, get, set)];
  const exempt = prerequisite ? null : exemption(desk, text, get, set);
  const notes = notices(store, name);
  const line = statusLine(store, text, root);
  const others = panelSide(store, text, author);
  const factsBox = h("div", { class: "gmf-block" }, h("h5", { class: "gmf-hidden" }, words.facts), rule.element);
  const first = store.cards[name].disagreed ? others.element : null; // what is to be ruled on comes before the ruling
  const main = h("div", { class: `gmf-controls${author && author !== store.me ? " gmf-for" : ""}` }, line.element, notes.element, first, factsBox, why.element, proof.element, parts[3].element, exempt?.element, first ? null : others.element);
  const aside = side(store, text);
  const element = h("div", { class: "gmf-columns" }, main, h("div", { class: "gmf-aside" }, view.element, aside.element));
  element.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== "radio";
    if (event.ctrlKey && event.key === "Enter") store.flushAll(name);
    else if ((event.ctrlKey || event.metaKey) && event.key === "z" && !typing && !disabled()) store.undo(name);
    else return;
    event.preventDefault();
  });
  element.addEventListener("focusout", () => store.flushAll(name));
  const refresh = (now) => {
    for (const part of [...parts, line, notes, others, aside, exempt]) part?.refresh(now);
    factsBox.hidden = Boolean(get("not_applicable"));
  };
  return { element, refresh, author, disagreed: store.cards[name].disagreed };
}

/** How far saving is, who wrote last, undo and history. */
function statusLine(store, text, root) {
  const { words } = store;
  const status = h("span", { role: "status", class: "gmf-save" });
  const last = h("span", { class: "gmf-dim" });
  const undo = h("button", { type: "button", class: "gmf-small", onclick: () => store.undo(text.card), title: words.undo_long }, words.undo);
  const past = h("button", { type: "button", class: "gmf-small", onclick: () => history(store, text, root) }, words.history);
  const other = store.author && store.author !== store.me ? h("p", { class: "gmf-writing" }, said(words.writing_for, { name: store.name(store.author) })) : null;
  const element = h("div", {}, other, h("div", { class: "gmf-line gmf-status" }, status, last, h("span", { class: "gmf-gap" }), undo, past));
  const refresh = (now) => {
    const mark = store.markOf(text.card);
    const { message, time } = mark;
    const state = store.link.down && ["typing", "saving"].includes(mark.state) ? "lost" : mark.state;
    const at = time ? clock(time) : "";
    const texts = {
      "": store.locked,
      typing: words.typing,
      saving: words.saving,
      saved: said(words.saved_at, { time: at }),
      held: said(words.held, { why: message }),
      failed: said(words.failed, { why: message }),
      refused: message,
      conflict: words.conflict,
      lost: words.unsaved_short,
    };
    if (status.textContent !== texts[state]) status.textContent = texts[state];
    status.className = `gmf-save gmf-save-${state}`;
    last.textContent = now.last?.time ? said(words.last_by, { name: now.last.name || store.name(now.last.by), time: moment(now.last.time) }) : "";
    undo.disabled = Boolean(store.locked) || !now.by?.[store.author];
  };
  return { element, refresh };
}

/** What is not on disk and wants a decision: a draft that was left over, a conflict. */
function notices(store, name) {
  const { words } = store;
  const element = h("div", {});
  let shown = null;
  const refresh = () => {
    const conflict = store.drafts.get(key(name, store.author));
    const now = [store.offerOf(name).map(([at]) => at), conflict?.stopped ? store.markOf(name).message : "", store.author];
    if (same(now, shown)) return;
    shown = now;
    fill(
      element,
      store.offerOf(name).map(([at, draft]) => h("div", { class: "gmf-notice", role: "alert" },
        h("p", {}, said(words.draft_found, { time: moment(draft.time), name: store.name(draft.author) })),
        h("p", { class: "gmf-quote" }, summary(draft.fields, store.texts[name]?.rule, words)),
        h("div", { class: "gmf-line" }, h("button", { type: "button", class: "gmf-main", onclick: () => store.restore(at) }, words.restore),
          h("button", { type: "button", class: "gmf-small", onclick: () => store.discard(at) }, words.discard)))),
      conflict?.stopped ? h("div", { class: "gmf-notice gmf-red", role: "alert" }, h("p", {}, store.markOf(name).message || words.conflict),
        h("div", { class: "gmf-line" }, h("button", { type: "button", class: "gmf-main", onclick: () => store.insist(key(name, store.author)) }, words.insist),
          h("button", { type: "button", class: "gmf-small", onclick: () => store.discard(key(name, store.author)) }, words.take_theirs))) : null,
    );
  };
  return { element, refresh };
}

/** A draft in a few words. */
function summary(fields, rule, words) {
  const said_ = [];
  for (const [field, value] of Object.entries(fields)) {
    if (value === null) said_.push(words.emptied);
    else if (field === "facts") said_.push(...inWords(rule, value, words).filter((row) => row[1] !== words.not_recorded).map((row) => row.join(": ")));
    else said_.push(typeof value === "string" ? value : Array.isArray(value) ? value.join("; ") : typeof value === "object" ? Object.values(value).flat().join("; ") : value ? words.yes : words.no);
  }
  return said_.join(" · ").slice(0, 400);
}

/** The visit to the site: who, where, when, what was seen. */
function visit(desk, get, set) {
  const { words, store, disabled } = desk;
  const change = (name, value, now) => {
    const { [name]: _gone, ...rest } = get("site_visit") || {};
    set("site_visit", value?.length ? { ...rest, [name]: value } : rest, now);
  };
  const field = (name, options) => textual({ ...options, disabled, get: () => get("site_visit")?.[name], set: (value) => change(name, value, options.kind === "date") });
  const people = store.heading.members.map((member) => {
    const id = unique();
    const box = h("input", { type: "checkbox", id, onchange: () => {
      const now = get("site_visit")?.by || [];
      change("by", box.checked ? [...now, member.id] : now.filter((one) => one !== member.id), true);
    } });
    return { element: h("span", { class: "gmf-option" }, box, h("label", { for: id }, member.name)),
      refresh: () => ((box.checked = Boolean(get("site_visit")?.by?.includes(member.id))), (box.disabled = disabled())) };
  });
  const fields = [
    field("on", { label: words.visit_on, kind: "date", short: true }),
    field("place", { label: words.visit_place }),
    field("seen", { label: words.visit_seen, lines: 2 }),
  ];
  const label = h("span", { class: "gmf-dim" });
  const again = h("button", { type: "button", class: "gmf-small", onclick: () => set("site_visit", { ...get("site_visit"), ...store.lastVisit() }, true) }, words.visit_again);
  const element = h("details", { class: "gmf-fold" }, h("summary", {}, words.visit, " ", label), again,
    h("fieldset", { class: "gmf-choice" }, h("legend", {}, words.visit_by), h("span", { class: "gmf-options" }, people.map((one) => one.element))),
    h("div", { class: "gmf-pair" }, fields[0].element, fields[1].element), fields[2].element);
  const refresh = () => {
    [...people, ...fields].forEach((one) => one.refresh());
    const now = get("site_visit");
    label.textContent = now ? [now.on, now.place].filter(Boolean).join(" ") || words.recorded : words.not_recorded;
    again.style.visibility = disabled() || now?.by || now?.on || !store.lastVisit() ? "hidden" : "";
  };
  return { element, refresh };
}

/** Not applicable: the claim with its reason, and the other person's word. */
function exemption(desk, text, get, set) {
  const { words, store, disabled } = desk;
  const change = (name, value) => {
    const next = { ...(get("not_applicable") || {}), [name]: value };
    if (!value) delete next[name];
    set("not_applicable", Object.keys(next).length ? next : null);
  };
  const reason = textual({ label: words.na_reason, lines: 2, disabled, get: () => get("not_applicable")?.reason, set: (value) => change("reason", value) });
  const citation = textual({ label: text.na?.citation_needed ? words.na_citation_needed : words.na_citation, disabled, get: () => get("not_applicable")?.citation, set: (value) => change("citation", value) });
  const claims = h("ul", { class: "gmf-plainlist" });
  const confirm = h("button", { type: "button", class: "gmf-main", onclick: () => store.edit(text.card, "confirm_not_applicable", true, { author: store.me, now: true }) }, words.na_confirm);
  const label = h("span", { class: "gmf-dim" });
  const element = h("details", { class: "gmf-fold" }, h("summary", {}, words.na, " ", label), text.na?.text ? h("p", { class: "gmf-dim", lang: "zh" }, text.na.text) : null,
    reason.element, citation.element, claims, confirm);
  const refresh = (now) => {
    reason.refresh();
    citation.refresh();
    const found = now.na?.claims || [];
    label.textContent = found.length ? (found.every((claim) => claim.confirmed_by) ? words.na_confirmed : words.na_unconfirmed) : "";
    fill(claims, found.map((claim) => h("li", {}, said(words.na_claim, { name: claim.name, reason: claim.reason }), " ",
      claim.confirmed_by ? h("b", { class: "gmf-good" }, said(words.na_by, { name: store.name(claim.confirmed_by) })) : h("b", { class: "gmf-warn" }, words.na_waits))));
    confirm.hidden = !now.na?.may_confirm || Boolean(store.locked);
    if (found.length && element.dataset.seen === undefined) element.open = true;
    if (found.length) element.dataset.seen = "";
  };
  return { element, refresh };
}

/** What the others recorded, what each came to, and the panel's ruling. */
function panelSide(store, text, author) {
  const { words } = store;
  const element = h("div", { class: "gmf-others" });
  let shown = null;
  const refresh = (now) => {
    const others = Object.entries(now.by || {}).filter(([by]) => by !== author);
    const may = store.heading.may_write_for?.includes("panel") && !store.locked;
    const key_ = [others, now.judgements, now.spread, now.disagreed, now.dissent, may, now.by?.panel];
    if (same(key_, shown)) return;
    shown = key_;
    const judgements = now.judgements || [];
    fill(
      element,
      others.length ? h("h5", {}, words.others) : null,
      others.map(([by, fields]) => {
        const judged = judgements.find((one) => one.by === by);
        const rows = text.kind === "prerequisite" ? (fields.met === undefined ? [] : [[words.qualifies, fields.met ? words.yes : words.no]]) : inWords(text.rule, fields.facts, words);
        return h("article", { class: "gmf-other" },
          h("header", {}, h("b", {}, store.name(by)), judged?.points ? h("span", {}, said(words.points_of, { points: judged.points })) : null,
            now.dissent?.includes(by) ? h("span", { class: "gmf-badge gmf-mandatory" }, words.dissent) : null,
            now.changed?.[by]?.by && now.changed[by].by !== by ? h("span", { class: "gmf-dim" }, said(words.typed_by, { name: now.changed[by].name || store.name(now.changed[by].by) })) : null,
            now.changed?.[by]?.time ? h("span", { class: "gmf-dim" }, moment(now.changed[by].time)) : null),
          fields.not_applicable ? h("p", {}, `${words.na}: ${fields.not_applicable.reason}`) : null,
          rows.length ? h("dl", {}, rows.filter((row) => row[1] !== words.not_recorded).map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value)))) : null,
          fields.justification ? h("p", {}, fields.justification) : null);
      }),
      now.disagreed || (may && judgements.length > 1) ? h("div", { class: now.disagreed ? "gmf-notice" : "gmf-block" },
        h("p", {}, now.disagreement || (now.spread && now.spread !== "0" ? said(words.spread_small, { spread: now.spread }) : words.agreed_long)),
        may ? h("div", { class: "gmf-line" },
          text.kind === "improvement" ? h("button", { type: "button", class: "gmf-small", "aria-pressed": String(now.by?.panel?.resolution === "mean"),
            onclick: () => store.edit(text.card, "resolution", "mean", { author: "panel", now: true }) }, words.take_mean) : null,
          h("button", { type: "button", class: "gmf-small", "aria-pressed": String(now.by?.panel?.resolution === "finding"), onclick: () => {
            if (text.kind !== "prerequisite") store.edit(text.card, "resolution", "finding", { author: "panel", now: true });
            store.writeFor("panel");
          } }, words.take_finding)) : null) : null,
    );
  };
  return { element, refresh };
}

/** Beside the controls: the points and where they come from, the official text, earlier assessments. */
function side(store, text) {
  const { words } = store;
  const score = h("div", { class: "gmf-score" });
  const earlier = h("div", {});
  const official = h("details", { class: "gmf-fold", open: true }, h("summary", {}, words.official),
    text.criteria.map((variant) => {
      return h("blockquote", { lang: "zh" }, variant.label ? h("b", {}, variant.label) : null, variant.paragraphs.map((part) => h("p", {}, part)));
    }),
    text.methods?.length ? h("p", {}, h("b", {}, words.methods), text.methods.join(words.comma)) : null,
    text.basis ? h("p", { lang: "zh" }, h("b", {}, words.basis), text.basis) : null,
    text.guidance ? h("p", { lang: "zh" }, h("b", {}, words.guidance), text.guidance) : null,
    text.edition ? h("p", { lang: "zh" }, h("b", {}, words.edition), text.edition) : null);
  const element = h("div", {}, score, official, earlier);
  let shown = null;
  const refresh = (now) => {
    const key_ = [now.score, now.open, now.earlier];
    if (same(key_, shown)) return;
    shown = key_;
    const found = now.score;
    fill(score,
      text.kind === "prerequisite" ? null : h("p", { class: "gmf-live", "aria-live": "polite" }, h("span", {}, words.points), h("strong", {}, found.awarded ?? "–"), ` / ${found.points ?? text.points}`),
      found.trace?.length ? h("ul", { class: "gmf-trace" }, found.trace.map((step) => h("li", {}, step))) : found.reason ? h("p", { class: "gmf-dim" }, found.reason) : null,
      (found.warnings || []).map((warning) => h("p", { class: "gmf-warn" }, warning)),
      now.open?.length ? h("details", { class: "gmf-fold" }, h("summary", {}, said(words.open_here, { count: now.open.length })), h("ul", {}, now.open.map((one) => h("li", {}, one)))) : null);
    fill(earlier, now.earlier?.length ? h("details", { class: "gmf-fold", open: now.earlier.some((one) => one.differs) }, h("summary", {}, words.earlier),
      now.earlier.map((one) => h("p", { class: one.differs ? "gmf-differs" : undefined }, h("b", {}, `${one.kind_text} ${one.date}`), " ",
        one.result, one.differs ? h("span", { class: "gmf-badge" }, words.differs) : null,
        (one.facts || []).map((fact) => h("span", { class: "gmf-dim" }, ` ${fact.label}: ${fact.value};`))))) : null);
  };
  return { element, refresh };
}

/** Everything that was ever recorded on a card, the latest first. */
async function history(store, text, root) {
  const { words } = store;
  const list = h("div", { class: "gmf-history" }, h("p", { role: "status" }, words.loading));
  dialog(words, root, said(words.history_of, { card: `${text.number} ${text.name}` }), list);
  const reply = await store.link.ask("history", { card: text.card });
  if (!reply.ok) return fill(list, h("p", {}, reply.error.message));
  fill(list, reply.entries.length ? [...reply.entries].reverse().map((entry) => h("article", {},
    h("header", {}, h("b", {}, entry.by_name || entry.by), h("time", {}, moment(entry.time)),
      entry.typed_by && entry.typed_by !== entry.by ? h("span", { class: "gmf-dim" }, said(words.typed_by, { name: entry.typed_by_name || entry.typed_by })) : null),
    h("dl", {}, entry.changes.map((change) => h("div", {}, h("dt", {}, change.field), h("dd", {}, h("del", {}, change.before || "–"), " → ", h("ins", {}, change.after || "–"))))))) : h("p", {}, words.no_history));
}
