// @ts-check
/** The sentence of a step and its buttons: how a record is found and what happens when none or several are; steps themselves. */
import { ask, h } from "./dom.js";
import { newKey } from "./draft.js";
import { Listbox } from "./listbox.js";
import { closePanel, openPanel } from "./panel.js";

/** @type {Record<string, {label: string, part: string, person: boolean, choices: Record<string, string>}>} */
const CHOICES = {
  missing: { label: "If none is found", part: "on_missing", person: true, choices: { create: "Create one", skip: "Skip the event", wait: "Wait until there is one" } },
  duplicates: {
    label: "If several are found",
    part: "on_duplicates",
    person: true,
    choices: { oldest: "Use the oldest", newest: "Use the newest", "last-modified": "Use the one changed last", hold: "Hold for a person to choose" },
  },
  deleted: { label: "If it was deleted", part: "on_deleted", person: true, choices: { hold: "Hold for a person", recreate: "Create it again", skip: "Skip the event" } },
};

/**
 * @param {import("./main.js").Editor} editor
 * @param {HTMLElement} opener
 * @param {string} what
 */
export function openRule(editor, opener, what) {
  if (what === "match") openMatch(editor, opener);
  else if (what === "when") openWhen(editor, opener);
  else if (what === "events") openEvents(editor, opener);
  else if (what === "converted") openConverted(editor, opener);
  else if (what in CHOICES) openChoice(editor, opener, CHOICES[what]);
}

/** @param {import("./main.js").Editor} editor @param {HTMLElement} opener @param {typeof CHOICES[string]} wants */
function openChoice(editor, opener, wants) {
  const step = editor.draft.current;
  const now = (step.person ? editor.draft.document.person : step)?.[wants.part] || Object.keys(wants.choices)[0];
  const pick = (/** @type {string} */ value) => {
    closePanel();
    editor.draft.edit((document) => {
      if (step.person) document.person = { ...document.person, [wants.part]: value };
      else editor.draft.current[wants.part] = value;
    });
  };
  options(opener, wants.label, wants.choices, now, pick);
}

/** @param {import("./main.js").Editor} editor @param {HTMLElement} opener */
function openConverted(editor, opener) {
  const now = String(editor.draft.document.person?.follow_converted ?? true);
  options(opener, "If the lead was converted", { true: "Write to its contact", false: "Hold for a person" }, now, (value) => {
    closePanel();
    editor.draft.edit((document) => {
      document.person = { ...document.person, follow_converted: value === "true" };
    });
  });
}

/** @param {HTMLElement} opener @param {string} label @param {Record<string, string>} choices @param {string} now @param {(value: string) => void} pick */
function options(opener, label, choices, now, pick) {
  const finder = new Listbox({
    label,
    options: Object.entries(choices).map(([value, words]) => ({ value, label: words })),
    selected: now,
    choose: (option) => pick(option.value),
  });
  openPanel(opener, label, [finder.element]);
  finder.focus();
}

/** Match keys in their order; more are added from the menu of a row. @param {import("./main.js").Editor} editor @param {HTMLElement} opener */
function openMatch(editor, opener) {
  const list = h("ol", { class: "keys" });
  const draw = () => {
    const match = editor.draft.current.match || [];
    list.replaceChildren(...match.map((one, at) => item(one, at, match.length)));
  };
  const change = (/** @type {(match: any[]) => any[]} */ to) => {
    editor.draft.edit(() => {
      editor.draft.current.match = to([...(editor.draft.current.match || [])]);
    });
    draw();
  };
  const small = (/** @type {string} */ words, /** @type {string} */ label, /** @type {boolean} */ off, /** @type {() => void} */ run) =>
    h("button", { type: "button", class: "slds-button slds-button_neutral sm", "aria-label": label, disabled: off, on: { click: run } }, words);
  const item = (/** @type {any} */ one, /** @type {number} */ at, /** @type {number} */ count) =>
    h(
      "li",
      {},
      h("b", { class: "grow" }, one.field),
      small("Up", `Move ${one.field} up`, at === 0, () => change((match) => (match.splice(at - 1, 0, ...match.splice(at, 1)), match))),
      small("Down", `Move ${one.field} down`, at === count - 1, () => change((match) => (match.splice(at + 1, 0, ...match.splice(at, 1)), match))),
      small("Remove", `Do not match by ${one.field}`, false, () => change((match) => match.filter((_, other) => other !== at))),
    );
  draw();
  const hint = h("p", { class: "hint" }, "Tried in this order. To add one, open the actions of its row and choose “Use to find the record”.");
  openPanel(opener, "Match keys", [h("div", { class: "b" }, list, hint)], { wide: true });
  list.querySelector("button:not([disabled])")?.focus();
}

/** @param {import("./main.js").Editor} editor @param {HTMLElement} opener */
function openWhen(editor, opener) {
  const box = h("textarea", { class: "fx", rows: 2, "aria-label": "Only when", value: editor.draft.current.when || "", spellcheck: "false" });
  const use = () => {
    closePanel();
    editor.draft.edit(() => {
      if (box.value.trim()) editor.draft.current.when = box.value.trim();
      else delete editor.draft.current.when;
    });
  };
  const button = h("button", { type: "button", class: "slds-button slds-button_neutral", on: { click: use } }, "Use this condition");
  const hint = h("p", { class: "hint" }, 'A formula that gives true or false, for example {country} = "France". Empty: every event.');
  openPanel(opener, "Only when", [h("div", { class: "b" }, box, hint, h("p", { class: "go" }, button))], { wide: true });
  box.focus();
}

/** Which kinds of events the whole sync takes; none chosen means all. @param {import("./main.js").Editor} editor @param {HTMLElement} opener */
function openEvents(editor, opener) {
  const known = (editor.root.dataset.eventTypes || "").split(" ").filter(Boolean);
  const now = new Set(editor.draft.document.events || []);
  const boxes = known.map((type) => h("label", { class: "check" }, h("input", { type: "checkbox", value: type, checked: now.has(type) }), type));
  const set = h("fieldset", { class: "scrolls" }, h("legend", {}, "Kinds of events, for all steps"), ...boxes);
  const use = () => {
    const chosen = [...set.querySelectorAll("input:checked")].map((one) => /** @type {HTMLInputElement} */ (one).value);
    closePanel();
    editor.draft.edit((document) => {
      if (chosen.length) document.events = chosen;
      else delete document.events;
    });
  };
  const button = h("button", { type: "button", class: "slds-button slds-button_neutral", on: { click: use } }, "Take these events");
  const hint = h("p", { class: "hint" }, "With none chosen the sync takes every event of its source.");
  openPanel(opener, "Kinds of events", [h("div", { class: "b" }, set, hint, h("p", { class: "go" }, button))]);
  /** @type {HTMLElement | null} */ (set.querySelector("input") || button)?.focus();
}

/** Choose the object of a new step: every object the connection's user may create. @param {import("./main.js").Editor} editor @param {HTMLElement} opener */
export async function openAddStep(editor, opener) {
  const told = h("p", { class: "b hint", role: "status" }, "Asking Salesforce for its objects");
  const panel = openPanel(opener, "Add step", [told], { wide: true });
  let found;
  try {
    found = await ask(`${editor.api}/mapping/objects`);
  } catch (error) {
    told.textContent = /** @type {Error} */ (error).message;
    return;
  }
  const finder = new Listbox({
    label: "Salesforce objects",
    options: found.map((/** @type {any} */ one) => ({ value: one.name, label: one.label, words: `${one.custom ? "Custom object · " : ""}${one.name}` })),
    choose: async (option) => {
      const rows = await requiredRows(editor, option.value);
      closePanel();
      editor.draft.edit((document) => {
        document.steps.push(newStep(document, option.value, rows));
        editor.draft.step = document.steps.length - 1;
        if (document.steps[editor.draft.step].person) searched(document, option.value);
      });
    },
  });
  panel.replaceChildren(finder.element);
  finder.focus();
}

/** An empty row for each field a new record needs. @param {import("./main.js").Editor} editor @param {string} object */
async function requiredRows(editor, object) {
  const known = await editor.choices.of(object);
  const given = object === "CampaignMember" ? ["CampaignId", "LeadId", "ContactId"] : [];
  const names = known.fields.filter((/** @type {any} */ one) => one.required && !given.includes(one.name)).map((/** @type {any} */ one) => one.name);
  return names.map((/** @type {string} */ field) => ({ field, _key: newKey() }));
}

/** @param {any} document @param {string} object @param {any[]} rows */
function newStep(document, object, rows) {
  const names = new Set(document.steps.map((/** @type {any} */ one) => one.name));
  let name = object.toLowerCase();
  for (let number = 2; names.has(name); number++) name = `${object.toLowerCase()} ${number}`;
  const person = document.steps.some((/** @type {any} */ one) => one.person);
  const known = document.steps.some((/** @type {any} */ one) => one.person && one.object === object);
  if ((object === "Lead" || object === "Contact") && !known) {
    const first = document.steps.find((/** @type {any} */ one) => one.person);
    const match = structuredClone(first?.match || [{ field: "Email", entry: { attribute: "email" } }]);
    return { name, object, person: true, match, rows: [...rows, { ...structuredClone(match[0]), _key: newKey() }] };
  }
  if (object === "CampaignMember") return { name, object, once_per: "person_and_entity", parent: "person", campaign: "bound", rows };
  return { name, object, once_per: "entity", ...(person ? { parent: "person" } : {}), rows };
}

/** People are looked for in every object that a person step writes. @param {any} document @param {string} object */
function searched(document, object) {
  const search = document.person?.search || ["Contact", "Lead"];
  if (!search.includes(object)) document.person = { ...document.person, search: [...search, object] };
}

/** Move or remove the shown step. @param {import("./main.js").Editor} editor @param {HTMLElement} opener */
export function openStepMenu(editor, opener) {
  const { draft } = editor;
  const small = (/** @type {string} */ words, /** @type {boolean} */ off, /** @type {() => void} */ run) =>
    h("button", { type: "button", class: "slds-button slds-button_neutral sm", disabled: off, on: { click: () => (closePanel(), run()) } }, words);
  const move = (/** @type {number} */ by) =>
    draft.edit((document) => {
      document.steps.splice(draft.step + by, 0, ...document.steps.splice(draft.step, 1));
      draft.step += by;
    });
  const remove = () =>
    draft.edit((document) => {
      document.steps.splice(draft.step, 1);
      draft.step = Math.max(0, draft.step - 1);
    });
  const last = draft.document.steps.length - 1;
  openPanel(opener, "Step actions", [
    h("div", { class: "b go" }, small("Move left", draft.step === 0, () => move(-1)), small("Move right", draft.step === last, () => move(1)), small("Remove this step", last === 0, remove)),
  ]);
}
