// @ts-check
/** The right picker of a row, and the list of optional fields to add. */
import { fieldOf, fieldOptions } from "./choices.js";
import { ask, h, say } from "./dom.js";
import { newKey } from "./draft.js";
import { Listbox } from "./listbox.js";
import { closePanel, openPanel } from "./panel.js";

/**
 * @param {import("./main.js").Editor} editor
 * @param {HTMLElement} opener
 * @param {string} key
 */
export async function openTarget(editor, opener, key) {
  const row = editor.draft.row(key);
  if (!row) return;
  const known = await editor.known();
  const finder = new Listbox({
    label: `${known.label} fields`,
    options: fieldOptions(known, row, editor.draft.used),
    selected: row.field,
    choose: (option) => {
      closePanel();
      editor.draft.editRow(key, (one) => {
        one.field = option.value;
        const field = fieldOf(known, option.value);
        if (one.entry && "value" in one.entry) one.entry = { value: typed(one.entry.value, field) };
      });
    },
  });
  const again = h("button", { type: "button", class: "slds-button slds-button_neutral sm", on: { click: () => readAgain(editor, opener, key) } }, "Read the fields again");
  const part = openPanel(opener, `${known.label} field`, [finder.element, h("p", { class: "ft hint" }, "A field made just now is missing? ", again)]);
  part.classList.add("fields");
  finder.focus();
}

/** Ask the org for its fields anew and open the picker with them. @param {import("./main.js").Editor} editor @param {HTMLElement} opener @param {string} key */
async function readAgain(editor, opener, key) {
  say("Reading the fields from Salesforce");
  await ask(`${editor.api}/mapping/fields`, { method: "POST" });
  editor.choices.loaded.clear();
  await editor.sheet.refresh();
  await openTarget(editor, document.getElementById(opener.id) || opener, key);
}

/** Return a default value as the field's control would give it. @param {any} value @param {any} field */
function typed(value, field) {
  const number = Number(value);
  if (field && ["int", "double", "currency", "percent"].includes(field.type) && value !== "" && !Number.isNaN(number)) return number;
  return value;
}

/**
 * A checklist of the fields that no row fills.
 * @param {import("./main.js").Editor} editor
 * @param {HTMLElement} opener
 */
export async function openOptional(editor, opener) {
  const known = await editor.known();
  const used = editor.draft.used;
  const free = known.fields.filter((/** @type {any} */ one) => !one.refusal && !used.has(one.name.toLowerCase()));
  const boxes = free.map((/** @type {any} */ one) => {
    const box = h("input", { type: "checkbox", value: one.name });
    const element = h("label", { class: "check opt" }, box, h("span", { class: "tx" }, h("b", {}, one.label), h("span", {}, `${one.words} · ${one.name}`)));
    return { box, element, find: `${one.label} ${one.name} ${one.also}`.toLowerCase() };
  });
  const search = h("input", {
    class: "find-option",
    type: "search",
    "aria-label": "Search optional fields",
    placeholder: "Search by label or API name",
    on: {
      input: () => {
        for (const one of boxes) one.element.hidden = !one.find.includes(search.value.trim().toLowerCase());
      },
    },
  });
  const add = () => {
    const names = boxes.filter((/** @type {any} */ one) => one.box.checked).map((/** @type {any} */ one) => one.box.value);
    closePanel();
    if (names.length) editor.draft.edit(() => names.forEach((/** @type {string} */ field) => editor.draft.current.rows.push({ field, _key: newKey() })));
  };
  const button = h("button", { type: "button", class: "slds-button slds-button_neutral", on: { click: add } }, "Add these fields");
  openPanel(
    opener,
    "Optional fields",
    [h("div", { class: "q" }, search), h("fieldset", { class: "options" }, h("legend", { class: "slds-assistive-text" }, "Fields that no row fills"), ...boxes.map((/** @type {any} */ one) => one.element)), h("p", { class: "ft" }, button)],
    { wide: true },
  );
  search.focus();
}
