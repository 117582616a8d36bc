// @ts-check
/** The left picker of a row: tabs for the kinds of entries, with the control of each. */
import { attributeOptions, fieldOf } from "./choices.js";
import { h, icon } from "./dom.js";
import { formulaPart } from "./entry_formula.js";
import { matchPart } from "./entry_match.js";
import { staticPart } from "./entry_static.js";
import { Listbox } from "./listbox.js";
import { closePanel, openPanel, place } from "./panel.js";

/** @typedef {import("./draft.js").Row} Row */
/** @typedef {{editor: import("./main.js").Editor, known: any, row: Row, choose: (entry: any) => void}} Wants */

/** @param {Row} row */
function kindOf(row) {
  const entry = row.entry || {};
  if ("value" in entry) return "Static";
  if ("formula" in entry) return "Formula";
  if ("auto_match" in entry) return "Auto-match";
  if ("step" in entry || "join" in entry) return "Step";
  return "Dynamic";
}

/**
 * @param {import("./main.js").Editor} editor
 * @param {HTMLElement} opener
 * @param {string} key
 */
export async function openSource(editor, opener, key) {
  const row = editor.draft.row(key);
  if (!row) return;
  const known = await editor.known();
  const field = fieldOf(known, row.field);
  const choose = (/** @type {any} */ entry) => {
    closePanel();
    editor.draft.editRow(key, (one) => {
      one.entry = entry;
    });
  };
  /** @type {Wants} */
  const wants = { editor, known, row, choose };
  const isLookup = field && field.type === "reference";
  /** @type {Record<string, (() => {element: HTMLElement, focus: () => void}) | string>} */
  const parts = {
    Dynamic: () => dynamicPart(wants),
    Static: () => staticPart(wants, field),
    Formula: () => formulaPart(wants, field),
    "Auto-match": !field || isLookup ? () => matchPart(wants, field) : "Offered only for lookup fields.",
    Step: !field || isLookup ? () => stepPart(wants) : "Offered only for lookup fields.",
  };
  const body = h("div", { class: "body", id: "entry-panel", role: "tabpanel" });
  const tabs = h("div", { class: "kinds", role: "tablist", "aria-label": "Kind of source" });
  const show = (/** @type {string} */ name, focus = true) => {
    for (const tab of tabs.children) {
      tab.setAttribute("aria-selected", String(tab.textContent === name));
      tab.tabIndex = tab.textContent === name ? 0 : -1;
    }
    const make = parts[name];
    if (typeof make === "string") {
      body.replaceChildren(h("p", { class: "ft hint" }, icon("info", "s"), make));
      return;
    }
    const part = make();
    body.replaceChildren(part.element);
    place();
    if (focus) part.focus();
  };
  tabs.append(...Object.keys(parts).map((name) => h("button", { type: "button", role: "tab", "aria-controls": "entry-panel", on: { click: () => show(name) } }, name)));
  tabs.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!by) return;
    event.preventDefault();
    const all = /** @type {HTMLElement[]} */ ([...tabs.children]);
    const at = (all.indexOf(/** @type {HTMLElement} */ (document.activeElement)) + by + all.length) % all.length;
    show(all[at].textContent || "", false);
    all[at].focus();
  });
  openPanel(opener, `Source of ${field ? field.label : "the row"}`, [tabs, body], { wide: true });
  show(kindOf(row));
}

/** @param {Wants} wants */
function dynamicPart({ editor, known, row, choose }) {
  const entry = row.entry || {};
  const chosen = Array.isArray(entry.attribute) ? entry.attribute[0] : entry.attribute;
  const finder = new Listbox({
    label: "Attributes",
    placeholder: "Search by label or path, or type a value",
    options: attributeOptions(known, row),
    selected: chosen,
    choose: (option) => {
      const [how, text] = option.value.startsWith("\u0000") ? option.value.slice(1).split("\u0000") : ["attribute", option.value];
      choose({ [how]: text });
    },
    extra: (text) => {
      if (!text) return [];
      const own = [{ value: `\u0000value\u0000${text}`, label: `Use "${text}" as a default value`, words: "The same text for every event and person" }];
      if (/[.[]/.test(text)) own.push({ value: `\u0000attribute\u0000${text}`, label: `Read the path ${text}`, words: "An own path inside the event" });
      return own;
    },
  });
  const note = h(
    "p",
    { class: "ft hint" },
    icon("info", "s"),
    editor.person ? `Values of ${editor.person}. ` : "No event has arrived yet. ",
    "Type a path such as surveys.preChat[displayName=How many seats?].value for what is not listed.",
  );
  return { element: h("div", {}, finder.element, note), focus: () => finder.focus() };
}

/** @param {Wants} wants */
function stepPart({ editor, row, choose }) {
  const at = editor.draft.step;
  const before = editor.draft.document.steps.slice(0, at).filter((step) => !step.object_from);
  const names = [...new Set(before.map((step) => (step.person ? "person" : step.name)))];
  const options = names.map((name) => ({
    value: name,
    label: name === "person" ? "The person" : `The record of ${name}`,
    words: name === "person" ? "The Lead or Contact this event is about" : "The record an earlier step found or made",
  }));
  if (!options.length) {
    const text = "No step comes before this one. Put a step first whose record this field should point to.";
    return { element: h("p", { class: "ft hint" }, icon("info", "s"), text), focus: () => {} };
  }
  const finder = new Listbox({ label: "Steps", options, selected: row.entry?.step, choose: (option) => choose({ step: option.value }) });
  return { element: finder.element, focus: () => finder.focus() };
}
