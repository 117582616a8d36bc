// @ts-check
/** A default value: the one control that fits the chosen field. */
import { ask, h, icon, settled } from "./dom.js";
import { Listbox } from "./listbox.js";

/** @typedef {import("./source_picker.js").Wants} Wants */

/**
 * @param {Wants} wants
 * @param {any} field
 */
export function staticPart(wants, field) {
  const { known, row } = wants;
  const control = field ? known.controls[field.name] : { kind: "text", choices: [], longest: 0 };
  const now = row.entry && "value" in row.entry ? row.entry.value : "";
  const title = field ? `${field.label} · ${field.words}` : "Default value";
  if (!control) return plain(h("p", { class: "ft hint" }, icon("info", "s"), "Salesforce fills this field itself."));
  if (control.kind === "list") return choice(wants, title, control, now);
  if (control.kind === "choices") return several(wants, title, control, String(now));
  if (control.kind === "switch") return toggle(wants, title, now);
  if (control.kind === "record") return record(wants, title, control, String(now));
  return input(wants, title, control, now);
}

/** @param {HTMLElement} element */
const plain = (element) => ({ element, focus: () => {} });

/** @param {Wants} wants @param {string} title @param {any} control @param {any} now */
function choice({ choose }, title, control, now) {
  const finder = new Listbox({
    label: title,
    options: control.choices.map((/** @type {string} */ one) => ({ value: one, label: one })),
    selected: String(now),
    choose: (option) => choose({ value: option.value }),
    extra: (text) =>
      text && control.open && !control.choices.includes(text) ? [{ value: text, label: `Use "${text}" as a default value`, words: "Not among the listed values" }] : [],
  });
  return { element: h("div", {}, h("p", { class: "lab" }, title), finder.element), focus: () => finder.focus() };
}

/** @param {Wants} wants @param {string} title @param {any} control @param {string} now */
function several({ choose }, title, control, now) {
  const chosen = new Set(now.split(";").filter(Boolean));
  const boxes = control.choices.map((/** @type {string} */ one) =>
    h("label", { class: "check" }, h("input", { type: "checkbox", value: one, checked: chosen.has(one) }), one),
  );
  const set = h("fieldset", { class: "scrolls" }, h("legend", {}, title), ...boxes);
  const use = () => choose({ value: [...set.querySelectorAll("input:checked")].map((one) => /** @type {HTMLInputElement} */ (one).value).join(";") });
  return { element: h("div", { class: "b" }, set, useButton(use)), focus: () => set.querySelector("input")?.focus() };
}

/** @param {Wants} wants @param {string} title @param {any} now */
function toggle({ choose }, title, now) {
  const buttons = [false, true].map((value) =>
    h("button", { type: "button", "aria-pressed": String(now === value), on: { click: () => choose({ value }) } }, value ? "True" : "False"),
  );
  const seg = h("div", { class: "seg", role: "group", "aria-label": title }, ...buttons);
  return { element: h("div", { class: "b" }, h("p", { class: "lab" }, title), seg), focus: () => buttons[0].focus() };
}

/** @param {Wants} wants @param {string} title @param {any} control @param {any} now */
function input({ choose }, title, control, now) {
  /** @type {Record<string, string>} */
  const types = { number: "number", date: "date", datetime: "datetime-local", time: "time", email: "email", url: "url", tel: "tel" };
  const isNumber = control.kind === "number";
  const box = h("input", {
    class: "slds-input",
    id: "default-value",
    type: types[control.kind] || "text",
    maxlength: control.longest || null,
    step: control.step || null,
    max: control.largest || null,
    value: String(now).replace(/(:\d\d)?(\.\d+)?Z$/, ""),
  });
  const use = () => {
    if (!box.reportValidity() || box.value === "") return;
    const text = control.kind === "datetime" ? `${box.value.length === 16 ? `${box.value}:00` : box.value}Z` : box.value;
    choose({ value: isNumber ? Number(text) : text });
  };
  box.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && (event.preventDefault(), use()));
  const hint = control.kind === "datetime" ? h("p", { class: "hint" }, "In UTC") : null;
  return {
    element: h("div", { class: "b" }, h("label", { class: "lab", for: "default-value" }, title), box, hint, useButton(use)),
    focus: () => box.focus(),
  };
}

/** @param {Wants} wants @param {string} title @param {any} control @param {string} now */
function record({ editor, choose }, title, control, now) {
  let object = control.objects[0] || "";
  const results = h("div", { role: "listbox", class: "options", "aria-label": "Records found", id: "records-found" });
  const told = h("p", { class: "hint", role: "status" }, now ? "Looking up the record" : "Type two letters of its name");
  const search = settled(250, async (/** @type {string} */ text) => {
    if (text.trim().length < 2) return;
    try {
      const query = new URLSearchParams({ object, q: text });
      const found = await ask(`${editor.api}/mapping/records?${query}`);
      results.replaceChildren(...found.map(option));
      told.textContent = found.length ? `${found.length} found. 1 API call` : `No ${object} has that in its name`;
    } catch (error) {
      told.textContent = /** @type {Error} */ (error).message;
    }
  });
  const option = (/** @type {any} */ one) =>
    h(
      "button",
      { type: "button", role: "option", "aria-selected": String(one.id === now), class: "opt", on: { click: () => choose({ value: one.id }) } },
      h("span", { class: "tx" }, h("b", {}, one.name), h("span", {}, `${one.object} · ${one.id}`)),
    );
  const box = h("input", { class: "slds-input", id: "record-search", type: "search", autocomplete: "off", on: { input: () => search(box.value) } });
  const objects =
    control.objects.length > 1
      ? h(
          "div",
          { class: "seg", role: "group", "aria-label": "Which kind of record" },
          ...control.objects.slice(0, 4).map((/** @type {string} */ name) =>
            h("button", { type: "button", "aria-pressed": String(name === object), on: { click: (/** @type {any} */ event) => pick(name, event.currentTarget) } }, name === "Group" ? "Queue" : name),
          ),
        )
      : null;
  const pick = (/** @type {string} */ name, /** @type {HTMLElement} */ button) => {
    object = name;
    for (const other of objects.children) other.setAttribute("aria-pressed", String(other === button));
    search(box.value);
  };
  if (now) {
    const query = new URLSearchParams({ id: now, objects: control.objects.join(",") });
    ask(`${editor.api}/mapping/record?${query}`).then(
      (found) => {
        told.textContent = found.name ? `Now ${found.name}, ${found.object}` : "The record it names does not exist any more. Choose another.";
      },
      (error) => {
        told.textContent = error.message;
      },
    );
  }
  return {
    element: h("div", { class: "b" }, h("label", { class: "lab", for: "record-search" }, title), objects, box, told, results),
    focus: () => box.focus(),
  };
}

/** @param {() => void} use */
const useButton = (use) => h("p", { class: "go" }, h("button", { type: "button", class: "slds-button slds-button_neutral", on: { click: use } }, "Use this value"));
