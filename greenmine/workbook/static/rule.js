// Controls for the facts of an indicator, one kind of control for each kind of rule in the catalog.
//
// A fact that nobody recorded never looks like "no". No indicator is named here: what to ask, and in which words, comes
// with the page.

import { choice, fill, h, put, textual } from "./dom.js";

const NUMBER = /^[0-9]+(\.[0-9]+)?$/;
const WHOLE = /^[0-9]+$/;

/** Return what was typed as a number: full-width digits and the Chinese full stop are taken for what they mean. */
export const figure = (text) => String(text ?? "").normalize("NFKC").replace(/。/g, ".").replace(/[%\s,]/g, "");

/** Move the point of a decimal text by places, exactly; other text stays as it is. */
export function shift(text, places) {
  const number = figure(text);
  if (!NUMBER.test(number)) return String(text ?? "");
  const [whole, part = ""] = number.split(".");
  const digits = whole + part;
  const point = whole.length + places;
  const padded = digits.padStart(digits.length - Math.min(0, point - 1), "0").padEnd(point, "0");
  const at = Math.max(point, 1);
  const left = padded.slice(0, at).replace(/^0+(?=[0-9])/, "");
  const right = padded.slice(at).replace(/0+$/, "");
  return right ? `${left}.${right}` : left;
}

/** Return the rules that read facts, in the order of the text. */
export function leaves(node) {
  if (!node) return [];
  if (node.kind === "sum" || node.kind === "best") return node.of.flatMap(leaves);
  return node.kind === "award" ? [node, ...leaves(node.otherwise)] : [node];
}

/** Return the value of a field as it may be recorded, and what is still wanting of it ("" where it is complete).
 *  What cannot be recorded yet leaves what is recorded (`before`) as it is. */
export function sendable(field, typed, rule, words, before) {
  if (typed === null || typed === undefined) return [null, ""];
  if (field === "facts") return facts(typed, rule, words, before ?? {});
  if (field === "not_applicable") return typed.reason?.trim() ? [typed, ""] : [null, words.needs_reason];
  if (field === "justification" && !typed.trim()) return [null, ""];
  if (field === "site_visit") {
    const kept = Object.fromEntries(Object.entries(typed).filter(([, value]) => String(value).trim()));
    return Object.keys(kept).length ? [kept, ""] : [null, ""];
  }
  return [typed, ""];
}

function restore(kept, key, before) {
  if (key in before) kept[key] = before[key];
  else delete kept[key];
}

function facts(typed, rule, words, before) {
  const kept = { ...typed };
  let why = "";
  if (kept.defects) {
    kept.defects = kept.defects.filter((defect) => defect.text?.trim());
    if (kept.defects.length < typed.defects.length) why = words.needs_text;
    if (!kept.defects.length && typed.defects.length) delete kept.defects;
  }
  if (kept.measured) {
    const { value, required } = kept.measured;
    const numbers = [value, required].map(figure);
    if (numbers.every((number) => NUMBER.test(number))) {
      kept.measured = { ...kept.measured, value: numbers[0], required: numbers[1] };
    } else {
      restore(kept, "measured", before);
      why ||= words.needs_measure;
    }
  }
  if (kept.absent) {
    kept.absent = Object.fromEntries(Object.entries(kept.absent).filter(([, reason]) => reason.trim()));
    if (Object.keys(kept.absent).length < Object.keys(typed.absent).length) why ||= words.needs_reason;
    if (!Object.keys(kept.absent).length) delete kept.absent;
  }
  for (const node of leaves(rule)) {
    if ((node.kind !== "count" && node.kind !== "share") || !(node.key in kept)) continue;
    const number = figure(kept[node.key]);
    const good = node.kind === "count" ? WHOLE.test(number) : NUMBER.test(number) && Number(number) <= 1;
    if (good) kept[node.key] = number;
    else {
      restore(kept, node.key, before);
      why ||= node.kind === "count" ? words.needs_whole : words.needs_share;
    }
  }
  return [Object.keys(kept).length ? kept : null, why];
}

/** Build the controls of a rule; `desk` gives and takes the facts and says whether they may be changed. */
export function ruleControls(node, desk) {
  const make = { met, defects, deductions, flag, count, share, award, sum: several, best: several }[node.kind];
  if (!make) return { element: h("p", {}, desk.words.unknown_rule), refresh: () => {} };
  return make(node, desk);
}

function together(element, parts) {
  return { element, refresh: () => parts.forEach((part) => part.refresh()) };
}

function truth(legend, options, key, desk) {
  return choice({
    legend,
    options,
    words: desk.words,
    disabled: desk.disabled,
    get: () => desk.facts()[key],
    set: (value) => desk.set(put(desk.facts(), key, value), true),
  });
}

function met(node, desk) {
  const { words } = desk;
  const answers = [[true, words.met, "good"], [false, words.unmet, "bad"]];
  const whole = desk.prerequisite
    ? choice({
        legend: words.qualifies,
        options: [[true, words.qualified, "good"], [false, words.not_qualified, "bad"]],
        words,
        disabled: desk.disabled,
        get: desk.met,
        set: (value) => desk.setMet(value),
      })
    : truth(words.meets, answers, "met", desk);
  const parts = [whole];
  const element = h("div", { class: "gmf-rule" }, whole.element);
  if (node.clauses?.length) {
    const list = clauses(node.clauses, desk);
    parts.push(list);
    element.append(list.element);
  }
  if (node.measure) {
    const fields = measured(node, desk);
    parts.push(fields);
    element.append(fields.element);
  }
  return together(element, parts);
}

/** The clauses of a requirement; when each is judged, the whole follows from them and need not be chosen again. */
function clauses(list, desk) {
  const { words } = desk;
  const judge = (states) => {
    let next = put(desk.facts(), "clauses", Object.keys(states).length ? states : undefined);
    const found = list.map((clause) => states[clause.id]);
    if (found.includes("unmet")) next = put(next, "met", false);
    else if (found.every(Boolean) && found.includes("met")) next = put(next, "met", true);
    desk.set(next, true);
  };
  const rows = list.map((clause) => {
    const control = choice({
      legend: clause.text,
      words,
      disabled: desk.disabled,
      options: [["met", words.met, "good"], ["unmet", words.unmet, "bad"], ["not_applicable", words.na_short, "neutral"]],
      get: () => desk.facts().clauses?.[clause.id],
      set: (value) => judge(put(desk.facts().clauses, clause.id, value)),
    });
    return { ...control, element: h("li", {}, control.element) };
  });
  const all = h(
    "button",
    { type: "button", class: "gmf-small", onclick: () => judge(Object.fromEntries(list.map((clause) => [clause.id, "met"]))) },
    words.all_met,
  );
  const element = h(
    "div",
    { class: "gmf-clauses" },
    h("div", { class: "gmf-line" }, h("h5", {}, words.clause_by_clause), all),
    h("ol", { class: "gmf-rows" }, rows.map((row) => row.element)),
  );
  return { element, refresh: () => (rows.forEach((row) => row.refresh()), (all.disabled = desk.disabled())) };
}

function measured(node, desk) {
  const { words } = desk;
  const field = (name, label, mode) =>
    textual({
      label,
      mode,
      short: mode === "decimal",
      disabled: desk.disabled,
      get: () => desk.facts().measured?.[name],
      set: (value) => {
        const next = put(desk.facts().measured, name, value);
        desk.set(put(desk.facts(), "measured", Object.keys(next).length ? next : undefined));
      },
    });
  const fields = [
    field("value", words.measured_value, "decimal"),
    field("required", node.measure === "at_most" ? words.required_at_most : words.required_at_least, "decimal"),
    field("source", words.measured_source),
  ];
  const element = h("div", { class: "gmf-measured", role: "group", "aria-label": words.measured }, fields.map((one) => one.element));
  return together(element, fields);
}

function flag(node, desk) {
  const { words } = desk;
  const absent = () => desk.facts().absent;
  const options = [[true, words.yes_points.replace("{points}", node.points), "good"], [false, words.no, "bad"]];
  if (node.may_be_absent) options.push(["absent", words.part_absent, "neutral"]);
  const control = choice({
    legend: node.text || node.key,
    options,
    words,
    disabled: desk.disabled,
    get: () => (absent() && node.key in absent() ? "absent" : desk.facts()[node.key]),
    set: (value) => {
      const { [node.key]: _gone, ...rest } = absent() || {};
      const gaps = value === "absent" ? { ...rest, [node.key]: absent()?.[node.key] ?? "" } : rest;
      const next = put(desk.facts(), node.key, value === "absent" ? undefined : value);
      desk.set(put(next, "absent", Object.keys(gaps).length ? gaps : undefined), true);
    },
  });
  if (!node.may_be_absent) return control;
  const reason = textual({
    label: words.absent_reason,
    disabled: desk.disabled,
    get: () => absent()?.[node.key],
    set: (value) => desk.set({ ...desk.facts(), absent: { ...absent(), [node.key]: value } }),
  });
  const element = h("div", {}, control.element, reason.element);
  const refresh = () => {
    control.refresh();
    reason.refresh();
    reason.element.hidden = !(absent() && node.key in absent());
  };
  return { element, refresh };
}

function deductions(node, desk) {
  const { words } = desk;
  const parts = node.of.map((part) =>
    truth(part.text, [[false, words.not_found, "good"], [true, words.found_minus.replace("{points}", part.points), "bad"]], part.key, desk),
  );
  return together(h("div", { class: "gmf-rule" }, parts.map((part) => part.element)), parts);
}

function count(node, desk) {
  const { words } = desk;
  return textual({
    label: node.text || node.key,
    mode: "numeric",
    short: true,
    hint: words.count_hint.replace("{unit}", node.unit).replace("{cap}", node.cap ?? node.points),
    disabled: desk.disabled,
    get: () => desk.facts()[node.key],
    set: (value) => desk.set(put(desk.facts(), node.key, value)),
  });
}

function share(node, desk) {
  const { words } = desk;
  let typed = null; // what is typed is a percentage: "7" on the way to "70." must not be rewritten under the cursor
  return textual({
    label: `${node.text || node.key} (%)`,
    mode: "decimal",
    short: true,
    hint: words.share_hint.replace("{percent}", shift(node.at_least, 2)).replace("{points}", node.points),
    disabled: desk.disabled,
    get: () => (typed && typed.fact === desk.facts()[node.key] ? typed.text : shift(desk.facts()[node.key], 2)),
    set: (value) => {
      const fact = value === "" ? undefined : shift(value, -2);
      typed = { text: value, fact };
      desk.set(put(desk.facts(), node.key, fact));
    },
  });
}

function award(node, desk) {
  const { words } = desk;
  const direct = truth(node.text || node.unless, [[false, words.yes_points.replace("{points}", node.points), "good"], [true, words.no_check, "neutral"]], node.unless, desk);
  const rest = ruleControls(node.otherwise, desk);
  const below = h("div", { class: "gmf-nested" }, rest.element);
  return {
    element: h("div", { class: "gmf-rule" }, direct.element, below),
    refresh: () => {
      direct.refresh();
      rest.refresh();
      below.hidden = desk.facts()[node.unless] !== true;
    },
  };
}

function several(node, desk) {
  const { words } = desk;
  const parts = node.of.map((child) => ruleControls(child, desk));
  const heading = node.kind === "best" ? words.best_of : node.cap ? words.sum_capped.replace("{cap}", node.cap) : words.sum_of;
  const element = h("div", { class: `gmf-rule gmf-${node.kind}`, role: "group", "aria-label": heading });
  element.append(h("p", { class: "gmf-dim" }, heading));
  parts.forEach((part, number) => {
    if (number && node.kind === "best") element.append(h("p", { class: "gmf-or" }, words.or));
    element.append(part.element);
  });
  return together(element, parts);
}

function defects(node, desk) {
  const { words } = desk;
  const list = () => desk.facts().defects;
  const store = (next, now) => desk.set(put(desk.facts(), "defects", next), now);
  const control = choice({
    legend: words.defects_found,
    words,
    disabled: desk.disabled,
    options: [[false, words.none_found, "good"], [true, words.some_found.replace("{step}", node.step), "bad"]],
    get: () => (list() === undefined ? undefined : list().length > 0),
    set: (value) => {
      store(value === undefined ? undefined : value ? [{ text: "" }] : [], true);
      if (value) focus(0);
    },
  });
  const holder = h("ol", { class: "gmf-defects" });
  const add = h("button", { type: "button", class: "gmf-small", onclick: () => (store([...(list() || []), { text: "" }]), focus(list().length - 1)) }, words.add_defect);
  let rows = [];
  const focus = (index) => {
    refresh();
    rows[index]?.text.input.focus();
  };
  const row = (index) => {
    const change = (name, value, now) => {
      const next = [...(list() || [])];
      next[index] = name === "text" ? { ...next[index], text: value } : put(next[index], name, value);
      store(next, now);
    };
    const at = (name) => list()?.[index]?.[name];
    const text = textual({ label: words.defect_text, lines: 2, disabled: desk.disabled, get: () => at("text"), set: (value) => change("text", value) });
    const where = textual({ label: words.defect_where, disabled: desk.disabled, get: () => at("where"), set: (value) => change("where", value) });
    const parts = [text, where];
    if (node.clauses?.length) parts.push(picked(node.clauses, words, desk.disabled, () => at("clause"), (value) => change("clause", value, true)));
    const proof = desk.evidence({ label: words.defect_evidence, get: () => at("evidence"), set: (value) => change("evidence", value.length ? value : undefined, true) });
    const remove = h(
      "button",
      {
        type: "button",
        class: "gmf-plain",
        "aria-label": words.remove_defect.replace("{number}", index + 1),
        onclick: () => {
          const next = list().filter((_one, number) => number !== index);
          store(next.length ? next : undefined, true);
          refresh();
          (rows[Math.min(index, rows.length - 1)]?.text.input || add).focus();
        },
      },
      words.remove,
    );
    const element = h("li", {}, h("div", { class: "gmf-defect" }, parts.map((part) => part.element), proof.element), remove);
    return { element, text, refresh: () => ([...parts, proof].forEach((part) => part.refresh()), (remove.hidden = desk.disabled())) };
  };
  const refresh = () => {
    control.refresh();
    const wanted = list()?.length ?? 0;
    if (rows.length !== wanted) {
      rows = Array.from({ length: wanted }, (_none, index) => row(index));
      fill(holder, rows.map((one) => one.element));
    }
    rows.forEach((one) => one.refresh());
    add.hidden = !wanted || desk.disabled();
  };
  return { element: h("div", { class: "gmf-rule" }, control.element, holder, add), refresh };
}

function picked(clauses, words, disabled, get, set) {
  const id = `${clauses[0].id}-${Math.random().toString(36).slice(2)}`;
  const select = h(
    "select",
    { id, onchange: () => set(select.value || undefined) },
    h("option", { value: "" }, words.clause_none),
    clauses.map((clause) => h("option", { value: clause.id }, clause.text)),
  );
  const element = h("div", { class: "gmf-field" }, h("label", { for: id }, words.defect_clause), select);
  return { element, refresh: () => ((select.value = get() ?? ""), (select.disabled = disabled())) };
}

/** Return recorded facts in words: a label and a value each. */
export function inWords(rule, found, words) {
  const rows = [];
  if (!found) return rows;
  const yes = (value) => (value === undefined ? words.not_recorded : value ? words.yes : words.no);
  for (const node of leaves(rule)) {
    const label = node.text || node.key;
    if (node.kind === "met") {
      rows.push([words.meets, yes(found.met)]);
      for (const clause of node.clauses || []) {
        const state = found.clauses?.[clause.id];
        if (state) rows.push([clause.text, { met: words.met, unmet: words.unmet, not_applicable: words.na_short }[state] ?? state]);
      }
      if (found.measured) rows.push([words.measured, `${found.measured.value} / ${found.measured.required}`]);
    } else if (node.kind === "flag") {
      const gap = found.absent?.[node.key];
      rows.push([label, gap !== undefined ? `${words.part_absent}: ${gap}` : yes(found[node.key])]);
    } else if (node.kind === "award") {
      const value = found[node.unless];
      rows.push([label, yes(value === undefined ? undefined : !value)]);
    } else if (node.kind === "deductions") {
      for (const part of node.of) rows.push([part.text, found[part.key] === undefined ? words.not_recorded : found[part.key] ? words.found : words.not_found]);
    } else if (node.kind === "defects") {
      if (found.defects === undefined) rows.push([words.defects_found, words.not_recorded]);
      else if (!found.defects.length) rows.push([words.defects_found, words.none_found]);
      else found.defects.forEach((defect, number) => rows.push([`${number + 1}`, [defect.text, defect.where].filter(Boolean).join(" · ")]));
    } else if (node.kind === "share") rows.push([label, found[node.key] === undefined ? words.not_recorded : `${shift(found[node.key], 2)} %`]);
    else rows.push([label, found[node.key] ?? words.not_recorded]);
  }
  return rows;
}
