// @ts-check
/** Auto-match as a sentence: find the [object] whose [field] is [attribute]; tried live on the chosen event. */
import { attributeOptions, searchableFields } from "./choices.js";
import { ask, h, icon } from "./dom.js";
import { Listbox } from "./listbox.js";

/** @typedef {import("./source_picker.js").Wants} Wants */

/**
 * @param {Wants} wants
 * @param {any} field the lookup to fill, where it is chosen already
 */
export function matchPart({ editor, known, row, choose }, field) {
  const before = row.entry && row.entry.auto_match ? row.entry.auto_match : {};
  const objects = field ? field.reference_to : [];
  const match = { object: before.object || objects[0] || "", field: before.field || "", attribute: before.attribute || "" };
  const picker = h("div");
  const told = h("p", { class: "told", role: "status" });
  const sentence = h("p", { class: "sentence" });
  /** @type {any} */
  let target = null;

  const label = (/** @type {any[]} */ list, /** @type {string} */ value, /** @type {string} */ key) =>
    list.find((one) => one[key] === value)?.label || value;
  const part = (/** @type {string} */ name, /** @type {string} */ text, /** @type {() => void} */ open) =>
    h("button", { type: "button", class: "sel", "aria-label": `${name}: ${text || "choose"}`, on: { click: open } }, text || "choose", icon("chevron-down", "s"));
  const draw = () => {
    sentence.replaceChildren(
      "Find the ",
      part("Object", match.object, pickObject),
      " whose ",
      part("Field", target ? label(target.fields, match.field, "name") : match.field, pickField),
      " is ",
      part("Attribute", label(known.attributes, match.attribute, "key"), pickAttribute),
      ".",
    );
    use.disabled = !(match.object && match.field && match.attribute);
    if (!use.disabled) tryOut();
  };
  const pick = (/** @type {string} */ name, /** @type {import("./listbox.js").Option[]} */ options, /** @type {(value: string) => void} */ chosen) => {
    const finder = new Listbox({
      label: name,
      options,
      choose: (option) => {
        picker.replaceChildren();
        chosen(option.value);
      },
    });
    picker.replaceChildren(finder.element);
    finder.focus();
  };
  const pickObject = () =>
    pick(
      "Object to look in",
      objects.map((/** @type {string} */ one) => ({ value: one, label: one === "Group" ? "Group (queues)" : one })),
      (value) => {
        match.object = value;
        match.field = "";
        load().then(() => pickField());
      },
    );
  const pickField = () => target && pick(`Field of ${match.object} to look in`, searchableFields(target), (value) => ((match.field = value), pickOn()));
  const pickOn = () => (match.attribute ? draw() : (draw(), pickAttribute()));
  const pickAttribute = () =>
    pick("Attribute to look for", attributeOptions(known, { _key: "" }), (value) => {
      match.attribute = value;
      draw();
    });
  const load = async () => {
    try {
      target = match.object ? await editor.choices.of(match.object) : null;
    } catch (error) {
      told.textContent = /** @type {Error} */ (error).message;
    }
    draw();
  };
  const tryOut = async () => {
    told.textContent = "Looking it up for the chosen event";
    try {
      const found = await ask(`${editor.api}/mapping/auto-match`, { method: "POST", body: { match, event_id: editor.event || null } });
      told.textContent = `${found.sentence} ${found.calls ? "Looked up just now, 1 API call." : ""}`;
    } catch (error) {
      told.textContent = /** @type {Error} */ (error).message;
    }
  };
  const use = h(
    "button",
    { type: "button", class: "slds-button slds-button_neutral", on: { click: () => choose({ auto_match: { ...match } }) } },
    "Use this look-up",
  );
  load();
  const rule = "If none is found, the field stays as it is. If several are found, the step's choice for several decides.";
  const cost = "Look-ups are shared: about one API call for 1,000 people.";
  return {
    element: h("div", {}, h("div", { class: "b" }, sentence, picker, h("p", { class: "hint" }, rule), told, h("p", { class: "go" }, use)), h("p", { class: "ft hint" }, icon("info", "s"), `Offered only for lookup fields. ${cost}`)),
    focus: () => /** @type {HTMLElement | null} */ (sentence.querySelector("button"))?.focus(),
  };
}
