// @ts-check
/** A formula, checked while it is typed, with its result for the latest events, and completion of attributes and functions. */
import { ask, h, settled } from "./dom.js";

/** @typedef {import("./source_picker.js").Wants} Wants */

/**
 * @param {Wants} wants
 * @param {any} field
 */
export function formulaPart({ editor, known, row, choose }, field) {
  const object = editor.draft.current.object || "";
  const now = row.entry && "formula" in row.entry ? row.entry.formula : "";
  const told = h("p", { class: "told", role: "status" }, "Formulas are written as in Salesforce, with attributes in {braces}.");
  const results = h("tbody");
  const table = h(
    "table",
    { class: "t" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Latest events"), h("th", { scope: "col" }, "Result"))),
    results,
  );
  const list = h("div", { class: "options completions", role: "listbox", id: "completions", "aria-label": "Completions" });
  list.hidden = true;
  const box = h("textarea", {
    class: "fx",
    rows: 3,
    spellcheck: "false",
    "aria-label": "Formula",
    "aria-describedby": "formula-told",
    "aria-controls": "completions",
    value: now,
  });
  told.id = "formula-told";
  const check = settled(200, async () => {
    if (!box.value.trim()) return;
    try {
      show(await ask(`${editor.api}/mapping/formula`, { method: "POST", body: { formula: box.value, object, field: field ? field.name : "" } }));
    } catch (error) {
      told.textContent = /** @type {Error} */ (error).message;
    }
  });
  let valid = false;
  const show = (/** @type {any} */ found) => {
    valid = !found.error;
    box.setAttribute("aria-invalid", String(!valid));
    told.className = found.error ? "told error" : "told";
    const size = field && field.length ? `, up to ${found.longest} characters, field holds ${field.length}` : "";
    told.textContent = found.error || (found.gives ? `Gives ${found.gives}${size}` : "The formula can be read. The latest events give it no value.");
    results.replaceChildren(
      ...found.results.map((/** @type {any} */ one) =>
        h("tr", {}, h("td", {}, `${one.person}, ${one.what}`), h("td", {}, h("b", { class: one.error ? "c-held" : "" }, one.error || one.value))),
      ),
    );
  };
  const complete = (/** @type {{text: string, words: string}[]} */ found, /** @type {number} */ from) => {
    list.replaceChildren(
      ...found.slice(0, 8).map((one, at) =>
        h(
          "div",
          { role: "option", class: at ? "opt" : "opt act", "aria-selected": String(!at), on: { mousedown: (/** @type {Event} */ event) => (event.preventDefault(), insert(one.text, from)) } },
          h("span", { class: "tx" }, h("b", {}, one.text), h("span", {}, one.words)),
        ),
      ),
    );
    list.hidden = !found.length;
    list.dataset.from = String(from);
  };
  const insert = (/** @type {string} */ text, /** @type {number} */ from) => {
    box.setRangeText(text, from, box.selectionStart, "end");
    list.hidden = true;
    box.focus();
    check();
  };
  const suggest = (/** @type {boolean} */ asked) => {
    const before = box.value.slice(0, box.selectionStart);
    const brace = /\{([^{}]*)$/.exec(before);
    if (brace) {
      const typed = brace[1].toLowerCase();
      const found = known.attributes.filter((/** @type {any} */ one) => `${one.key} ${one.label}`.toLowerCase().includes(typed));
      complete(found.map((/** @type {any} */ one) => ({ text: `{${one.key}}`, words: `${one.label} · ${one.words}` })), brace.index);
    } else if (asked) {
      const word = /[A-Za-z]*$/.exec(before);
      const typed = (word ? word[0] : "").toUpperCase();
      const found = editor.functions.filter((name) => name.startsWith(typed));
      complete(found.map((name) => ({ text: `${name}(`, words: "Function" })), before.length - typed.length);
    } else {
      list.hidden = true;
    }
  };
  box.addEventListener("input", () => (suggest(false), check()));
  box.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      suggest(true);
    } else if (!list.hidden && ["ArrowDown", "ArrowUp", "Enter", "Tab"].includes(event.key)) {
      event.preventDefault();
      event.stopPropagation();
      along(event.key);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      list.hidden = true;
    } else if (event.key === "Enter" && event.ctrlKey) {
      event.preventDefault();
      use();
    }
  });
  const along = (/** @type {string} */ key) => {
    const all = [...list.children];
    const at = all.findIndex((one) => one.classList.contains("act"));
    if (key === "Enter" || key === "Tab") {
      insert(all[at].querySelector("b")?.textContent || "", Number(list.dataset.from));
      return;
    }
    const to = Math.max(0, Math.min(all.length - 1, at + (key === "ArrowDown" ? 1 : -1)));
    all[at].classList.remove("act");
    all[to].classList.add("act");
  };
  const use = () => box.value.trim() && choose({ formula: box.value.trim() });
  if (now) check();
  const foot = h("p", { class: "ft hint" }, h("span", { class: "kbd" }, "{"), " inserts an attribute ", h("span", { class: "kbd" }, "Ctrl"), " ", h("span", { class: "kbd" }, "Space"), " lists functions");
  const button = h("p", { class: "go" }, h("button", { type: "button", class: "slds-button slds-button_neutral", on: { click: use } }, "Use this formula"));
  return { element: h("div", {}, h("div", { class: "b" }, box, list, told, table, button), foot), focus: () => box.focus() };
}
