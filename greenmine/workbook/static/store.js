// What the forms know: the state of the cards as the journal has it, and what is typed and not yet on disk.
//
// The state on screen is never the record. What is typed is a draft, in the browser's storage from the first letter on;
// it is sent a moment after the last one, and forgotten only when the kernel says that the line is on disk. A draft
// that outlives its page or its kernel is offered back, never put in by itself.

import { empty, same } from "./dom.js";
import { Link } from "./link.js";
import { sendable } from "./rule.js";

const PAUSE = 350;
const KEPT = "greenmine-draft:";

export class Store {
  constructor(model) {
    this.words = model.get("words");
    this.lang = model.get("lang");
    this.cards = {};
    this.heading = null;
    this.texts = {};
    this.groups = [];
    this.drafts = new Map();
    this.offers = new Map();
    this.marks = new Map();
    this.flying = new Set();
    this.timers = new Map();
    this.listeners = new Set();
    this.views = new Map();
    this.filter = "";
    this.pictures = new Set();
    this.link = new Link(model, () => this.tell());
    this.link.news = (reply) => this.take(reply);
    this.started = this.start();
  }

  async start() {
    const reply = await this.link.ask("state");
    if (!reply.ok) {
      this.trouble = reply.error.message;
      return this.tell();
    }
    this.groups = reply.groups;
    this.cards = reply.cards;
    this.heading = reply.heading;
    const before = sessionStorage.getItem(this.seat);
    if (!this.me && before) Object.assign(this, { heading: (await this.link.ask("sit", { who: before })).heading ?? this.heading });
    this.sit();
  }

  // ---- listeners ----------------------------------------------------------------------------------------------------

  /** Call `listener(cards)` on each change, `cards` being a set, or null for everything; until the signal. */
  listen(listener, signal) {
    this.listeners.add(listener);
    this.link.visible = true;
    signal.addEventListener("abort", () => {
      this.listeners.delete(listener);
      this.link.visible = this.listeners.size > 0;
    });
  }

  tell(cards = null) {
    for (const listener of this.listeners) listener(cards);
  }

  /** Take over what a reply says has changed. */
  take(reply) {
    const changed = Object.keys(reply.changed || {});
    const before = this.locked;
    Object.assign(this.cards, reply.changed);
    if (reply.heading) this.heading = reply.heading;
    if (this.locked !== before) this.tell(); // signed off, withdrawn, a folder that cannot be written: every card shows it
    else if (changed.length || reply.heading) this.tell(new Set(changed));
  }

  // ---- who types, for whom ------------------------------------------------------------------------------------------

  /** Where this tab keeps who sat here, so that a kernel that starts anew need not ask. */
  get seat() {
    return `greenmine-seat:${JSON.stringify([this.heading.mine.id, this.heading.assessment.id])}`;
  }

  get me() {
    return this.heading?.me?.id ?? "";
  }

  /** Begin as the person at the desk: own card, and the drafts this browser still has of that person. */
  sit() {
    if (this.me) sessionStorage.setItem(this.seat, this.me);
    this.author = (this.heading.may_write_for || [])[0] ?? "";
    if (this.heading.may_write_for?.includes(this.me)) this.author = this.me;
    this.offers.clear();
    for (const [key, draft] of this.kept()) {
      for (const field of Object.keys(draft.fields)) {
        if (same(draft.fields[field], this.recorded(draft.card, draft.author, field))) delete draft.fields[field];
      }
      if (this.drafts.has(key)) continue;
      if (!this.cards[draft.card] || !Object.keys(draft.fields).length) localStorage.removeItem(this.place(key));
      else this.offers.set(key, draft);
    }
    this.tell();
  }

  writeFor(author) {
    this.author = author;
    this.tell();
  }

  /** Why nothing may be typed; empty where it may. */
  get locked() {
    if (!this.heading) return this.words.loading;
    if (this.heading.closed || this.heading.read_only) return this.heading.closed || this.heading.read_only;
    return this.author ? "" : this.words.sit_first;
  }

  name(id) {
    if (id === "panel") return this.words.panel;
    return this.heading?.members.find((member) => member.id === id)?.name ?? id;
  }

  // ---- values -------------------------------------------------------------------------------------------------------

  recorded(card, author, field) {
    return this.cards[card]?.by?.[author]?.[field];
  }

  value(card, field, author = this.author) {
    const draft = this.drafts.get(key(card, author));
    return draft && field in draft.fields ? draft.fields[field] : this.recorded(card, author, field);
  }

  /** Who was where and when, at the visit last recorded for whoever is written for; undefined where there was none. */
  lastVisit() {
    const found = Object.values(this.cards).filter((card) => card.by?.[this.author]?.site_visit?.on);
    const time = (card) => card.changed[this.author].time;
    const last = found.sort((one, other) => time(one).localeCompare(time(other))).pop()?.by[this.author].site_visit;
    return last && Object.fromEntries(["by", "on", "place"].filter((name) => name in last).map((name) => [name, last[name]]));
  }

  /** Take what somebody typed or chose; text waits for a pause, a choice does not. */
  edit(card, field, value, { author = this.author, now = false } = {}) {
    if (this.locked) return;
    const at = key(card, author);
    const draft = this.drafts.get(at) || { card, author, fields: {}, base: this.cards[card].version };
    draft.fields[field] = empty(value) && !(field === "met" && value === false) ? null : value;
    draft.time = new Date().toISOString();
    this.drafts.set(at, draft);
    this.keep(at, draft);
    this.mark(at, draft.stopped ? "conflict" : "typing");
    if (!draft.stopped) this.later(at, now ? 0 : PAUSE);
  }

  later(at, pause) {
    clearTimeout(this.timers.get(at));
    this.timers.set(at, setTimeout(() => this.flush(at), pause));
  }

  /** Send everything that is typed, now; the status line says how it went. */
  flushAll(card) {
    for (const [at, draft] of this.drafts) if (!card || draft.card === card) this.later(at, 0);
  }

  async flush(at) {
    const draft = this.drafts.get(at);
    if (!draft || draft.stopped || this.flying.has(at)) return;
    const { card, author } = draft;
    const sent = { ...draft.fields };
    const set = {};
    const clear = [];
    let held = "";
    for (const [field, typed] of Object.entries(sent)) {
      const before = this.recorded(card, author, field);
      const [value, why] = sendable(field, typed, this.texts[card]?.rule, this.words, before);
      held ||= why;
      if (same(value, before) || (empty(value) && value !== false && empty(before) && before !== false)) {
        if (!why) delete draft.fields[field];
      } else if (value === null) clear.push(field);
      else set[field] = value;
    }
    if (!Object.keys(set).length && !clear.length) return this.rest(at, held);
    this.flying.add(at);
    this.mark(at, "saving");
    const reply = await this.link.ask("record", { card, author, set, clear, base: draft.base });
    this.flying.delete(at);
    if (reply.ok) {
      for (const field of [...Object.keys(set), ...clear]) {
        const [, why] = sendable(field, sent[field], this.texts[card]?.rule, this.words);
        if (!why && same(draft.fields[field], sent[field])) delete draft.fields[field];
      }
      draft.base = reply.changed?.[card]?.version ?? draft.base;
      this.saved = reply.time;
      const more = !same(draft.fields, Object.fromEntries(Object.entries(sent).filter(([field]) => field in draft.fields)));
      if (more) this.later(at, 0);
      this.rest(at, held, reply.time);
    } else {
      draft.stopped = reply.error.kind === "conflict";
      this.mark(at, draft.stopped ? "conflict" : "failed", reply.error.message);
    }
    this.take(reply);
  }

  /** What is left of a draft after sending: nothing, or what is not complete yet. */
  rest(at, held, time) {
    const draft = this.drafts.get(at);
    if (!Object.keys(draft.fields).length) {
      this.drafts.delete(at);
      localStorage.removeItem(this.place(at));
      this.mark(at, "saved", "", time);
    } else {
      this.keep(at, draft);
      this.mark(at, held ? "held" : "typing", held);
    }
  }

  mark(at, state, message = "", time = this.marks.get(at)?.time) {
    this.marks.set(at, { state, message, time });
    this.tell(new Set([at.slice(0, at.indexOf("|"))]));
  }

  /** The mark of a card: how far saving it has come for whoever is written for. */
  markOf(card, author = this.author) {
    return this.marks.get(key(card, author)) ?? { state: "" };
  }

  /** Everything that is typed and not on disk. */
  get unsaved() {
    return [...this.drafts.values()];
  }

  // ---- drafts in the browser ----------------------------------------------------------------------------------------

  place(at) {
    const { mine, assessment } = this.heading;
    const [card, author] = at.split("|");
    return KEPT + JSON.stringify([mine.id, assessment.id, this.me, card, author]);
  }

  keep(at, draft) {
    try {
      localStorage.setItem(this.place(at), JSON.stringify({ fields: draft.fields, base: draft.base, time: draft.time }));
    } catch {
      this.full = true; // no room in the browser: the banner still says what is not saved
    }
  }

  *kept() {
    const { mine, assessment } = this.heading;
    for (const place of Object.keys(localStorage).filter((name) => name.startsWith(KEPT))) {
      try {
        const [inMine, inAssessment, person, card, author] = JSON.parse(place.slice(KEPT.length));
        if (inMine !== mine.id || inAssessment !== assessment.id || person !== this.me) continue;
        const { fields, base, time } = JSON.parse(localStorage.getItem(place));
        yield [key(card, author), { card, author, fields, base, time }];
      } catch {
        // not written by these forms
      }
    }
  }

  offerOf(card) {
    return [...this.offers].filter(([, draft]) => draft.card === card);
  }

  /** Put a draft that was left over back into its card, and save it. */
  restore(at) {
    const draft = this.offers.get(at);
    this.offers.delete(at);
    draft.base = this.cards[draft.card].version;
    this.drafts.set(at, draft);
    this.author = draft.author;
    this.mark(at, "typing");
    this.tell();
    this.later(at, 0);
  }

  /** Forget a draft, left over or in conflict; what is on disk shows again. */
  discard(at) {
    this.offers.delete(at);
    this.drafts.delete(at);
    this.marks.delete(at);
    localStorage.removeItem(this.place(at));
    this.tell();
  }

  /** After a conflict: save mine on top of theirs. */
  insist(at) {
    const draft = this.drafts.get(at);
    draft.stopped = false;
    draft.base = this.cards[draft.card].version;
    this.later(at, 0);
  }

  async undo(card) {
    const at = key(card, this.author);
    this.mark(at, "saving");
    const reply = await this.link.ask("undo", { card, author: this.author });
    this.mark(at, reply.ok ? "saved" : "refused", reply.ok ? "" : reply.error.message, reply.time);
    this.take(reply);
  }
}

export const key = (card, author) => `${card}|${author}`;
