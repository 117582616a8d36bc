// @ts-check
/** What else can be said of a row: empty and unfit values, translation, placeholder, order of statuses, match key, place. */
import { h } from "./dom.js";
import { closePanel, openPanel } from "./panel.js";

/**
 * @param {import("./main.js").Editor} editor
 * @param {HTMLElement} opener
 * @param {string} key
 * @param {string} title
 */
export function openRowMenu(editor, opener, key, title) {
  const row = editor.draft.row(key);
  if (!row) return;
  const parts = {
    nulls: select("Empty values", row.nulls || "keep", { keep: "Leave as it is", clear: "Empty the field" }),
    lossy: select("Values that do not fit", row.lossy || "hold", { hold: "Hold the delivery", truncate: "Shorten it", "leave-out": "Leave it out" }),
    placeholder: text("Placeholder on create", row.placeholder ?? "", "Used when the event has no value and a record is made"),
    values: area("Translate values", lines(row.values), "One a line: from = to. A star stands for all others"),
    ladder: area("Order of statuses", (row.ladder?.ranks || []).join("\n"), "One a line, lowest first; for “Move forward only”"),
  };
  const field = (row.field || "").toLowerCase();
  const isKey = (editor.draft.current.match || []).some((one) => one.field.toLowerCase() === field);
  const match = h("input", { type: "checkbox", checked: isKey });
  const mayMatch = field && row.entry && ["attribute", "value", "formula"].some((kind) => kind in row.entry);
  const save = () => {
    closePanel();
    editor.draft.editRow(key, (one) => {
      one.nulls = parts.nulls.control.value;
      one.lossy = parts.lossy.control.value;
      one.placeholder = parts.placeholder.control.value;
      one.values = translations(parts.values.control.value);
      const ranks = parts.ladder.control.value.split("\n").map((/** @type {string} */ line) => line.trim()).filter(Boolean);
      one.ladder = ranks.length ? { ...one.ladder, ranks } : null;
      if (ranks.length) one.update = "advance";
      else if (one.update === "advance") delete one.update;
      setKey(editor, one, match.checked);
    });
  };
  const move = (/** @type {number} */ by) => {
    closePanel();
    editor.draft.move(key, by);
  };
  const small = (/** @type {string} */ words, /** @type {() => void} */ run) =>
    h("button", { type: "button", class: "slds-button slds-button_neutral sm", on: { click: run } }, words);
  const panel = openPanel(opener, `Row actions, ${title}`, [
    h(
      "div",
      { class: "b" },
      ...Object.values(parts).map((part) => part.element),
      mayMatch ? h("label", { class: "check" }, match, "Use to find the record (searchable)") : null,
      h("p", { class: "go" }, h("button", { type: "button", class: "slds-button slds-button_neutral", on: { click: save } }, "Apply to this row"), small("Move up", () => move(-1)), small("Move down", () => move(1))),
    ),
  ]);
  /** @type {HTMLElement | null} */ (panel.querySelector("select"))?.focus();
}

/** @param {import("./main.js").Editor} editor @param {any} row @param {boolean} wanted */
function setKey(editor, row, wanted) {
  const step = editor.draft.current;
  const others = (step.match || []).filter((one) => one.field.toLowerCase() !== (row.field || "").toLowerCase());
  const known = (step.match || []).some((one) => one.field.toLowerCase() === (row.field || "").toLowerCase());
  if (wanted && !known) step.match = [...others, { field: row.field, entry: structuredClone(row.entry) }];
  if (!wanted && known) step.match = others;
}

/** @param {string} label @param {string} now @param {Record<string, string>} choices */
function select(label, now, choices) {
  const control = h("select", { class: "slds-select" }, ...Object.entries(choices).map(([value, words]) => h("option", { value }, words)));
  control.value = now;
  return { control, element: h("label", { class: "lab" }, label, control) };
}

/** @param {string} label @param {any} now @param {string} hint */
function text(label, now, hint) {
  const control = h("input", { class: "slds-input", value: String(now) });
  return { control, element: h("label", { class: "lab" }, label, control, h("span", { class: "hint" }, hint)) };
}

/** @param {string} label @param {string} now @param {string} hint */
function area(label, now, hint) {
  const control = h("textarea", { class: "slds-textarea", rows: 2, value: now });
  return { control, element: h("label", { class: "lab" }, label, control, h("span", { class: "hint" }, hint)) };
}

/** @param {Record<string, any> | undefined | null} values */
const lines = (values) =>
  Object.entries(values || {})
    .map(([from, to]) => `${from} = ${to ?? ""}`)
    .join("\n");

/** @param {string} typed */
function translations(typed) {
  /** @type {[string, string | null][]} */
  const pairs = [];
  for (const line of typed.split("\n")) {
    const at = line.indexOf("=");
    if (at > 0) pairs.push([line.slice(0, at).trim(), line.slice(at + 1).trim() || null]);
  }
  return pairs.length ? Object.fromEntries(pairs) : null;
}
