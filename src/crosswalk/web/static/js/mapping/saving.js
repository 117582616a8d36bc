// @ts-check
/** The bar at the bottom: what is unsaved, what is wrong, saving, and what to do when somebody saved meanwhile. */
import { ask, h, icon, Refusal, say } from "./dom.js";
import { newKey } from "./draft.js";
import { closePanel, openPanel } from "./panel.js";

export class Bar {
  /** @param {import("./main.js").Editor} editor @param {HTMLElement} root */
  constructor(editor, root) {
    this.editor = editor;
    this.root = root;
    this.save = /** @type {HTMLButtonElement} */ (root.querySelector("[data-do=save]"));
    this.count = /** @type {HTMLElement} */ (root.querySelector("[data-count]"));
    this.wrong = /** @type {HTMLButtonElement} */ (root.querySelector("[data-do=problems]"));
    this.version = /** @type {HTMLElement} */ (root.querySelector("[data-version]"));
    this.summary = /** @type {HTMLElement} */ (document.getElementById("mapping-problems"));
    this.conflict = /** @type {HTMLElement} */ (document.getElementById("mapping-conflict"));
  }

  /** @param {any} found */
  draw(found) {
    const { changes, problems } = found;
    this.root.hidden = changes === 0 && this.editor.draft.past.length === 0;
    document.body.classList.toggle("unsaved", changes > 0);
    this.count.textContent = changes === 1 ? "1 unsaved change" : `${changes} unsaved changes`;
    this.version.textContent = `Saving makes version ${this.editor.draft.version + 1}`;
    this.wrong.hidden = problems.length === 0;
    this.wrong.replaceChildren(icon("circle-alert"), problems.length === 1 ? "1 problem to fix before saving" : `${problems.length} problems to fix before saving`);
    this.save.disabled = changes === 0 || !this.editor.mayChange;
    if (!problems.length) this.summary.replaceChildren();
  }

  /** List every problem as a link to its row. @param {any[]} problems @param {string} [sentence] */
  list(problems, sentence = "") {
    const title = sentence || `${problems.length} ${problems.length === 1 ? "problem" : "problems"} to fix before saving`;
    this.summary.replaceChildren(
      h(
        "div",
        { class: "note held", role: "alert" },
        icon("circle-alert"),
        h("div", {}, h("b", {}, title), h("ul", {}, ...problems.map((one) => h("li", {}, this.#link(one))))),
      ),
    );
    this.summary.querySelector("a")?.focus();
  }

  /** @param {any} problem */
  #link(problem) {
    const open = (/** @type {Event} */ event) => {
      event.preventDefault();
      this.editor.goTo(problem);
    };
    return problem.key ? h("a", { href: `#row-${problem.key}`, on: { click: open } }, problem.sentence) : problem.sentence;
  }

  async store() {
    const { editor } = this;
    await editor.sheet.drawn;
    if (this.save.disabled) return;
    if (editor.sheet.problems.length) {
      this.list(editor.sheet.problems);
      return;
    }
    this.save.disabled = true;
    this.save.textContent = "Saving";
    try {
      const body = { expected_version: editor.draft.version, document: editor.whole() };
      const done = await ask(`${editor.api}/mapping`, { method: "PUT", body });
      const mapping = await ask(`${editor.api}/mapping`);
      this.conflict.replaceChildren();
      editor.draft.begin(mapping.document, mapping.version);
      toast(`Saved as version ${done.version}`);
    } catch (error) {
      this.#refused(error);
    } finally {
      this.save.textContent = "Save changes";
      this.save.disabled = editor.sheet.changes === 0;
    }
  }

  /** @param {unknown} error */
  #refused(error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.status === 409 && error.body.code === "saved_meanwhile") this.meanwhile(error.body);
    else if (error.body.problems) this.list(error.body.problems.map((/** @type {any} */ one) => ({ ...one, key: this.editor.keyAt(one.place) })));
    else {
      this.list([], error.message);
    }
    say(error.message);
  }

  /** Somebody saved meanwhile: both changes are put together; where both changed one row, a choice is asked for. @param {any} told */
  meanwhile(told) {
    const { editor } = this;
    editor.draft.begin(told.document, told.version);
    const choose = (/** @type {any} */ clash, /** @type {boolean} */ mine, /** @type {HTMLElement} */ row) => {
      if (!mine) editor.draft.edit((document) => take(document, clash));
      row.replaceChildren(h("td", { colspan: "4" }, `${name(clash)}: ${mine ? "yours is kept" : "theirs is taken"}`));
    };
    const rows = told.clashes.map((/** @type {any} */ clash) => {
      const row = h("tr", {}, h("th", { scope: "row" }, name(clash)), h("td", {}, words(clash.mine)), h("td", {}, words(clash.theirs)));
      const button = (/** @type {string} */ text, /** @type {boolean} */ mine) =>
        h("button", { type: "button", class: "slds-button slds-button_neutral sm", "aria-label": `${text}, ${name(clash)}`, on: { click: () => choose(clash, mine, row) } }, text);
      row.append(h("td", { class: "nowrap" }, button("Keep mine", true), button("Take theirs", false)));
      return row;
    });
    const who = h("b", {}, `${told.author} saved version ${told.version} while you edited.`);
    const list = h("ul", {}, ...told.theirs.map((/** @type {any} */ one) => h("li", {}, one.sentence)));
    const head = h("tr", {}, ...["Row", "Yours", "Theirs", "Choice"].map((title) => h("th", { scope: "col" }, title)));
    this.conflict.replaceChildren(
      h(
        "section",
        { class: "note waiting", role: "alert", "aria-label": "Saved meanwhile" },
        icon("git-compare-arrows"),
        h("div", { class: "grow" }, who, h("p", {}, "Nothing is lost: their changes and yours stand together below. Check them, then save again."), list, rows.length ? h("table", { class: "t" }, h("thead", {}, head), h("tbody", {}, ...rows)) : null),
      ),
    );
    this.conflict.scrollIntoView({ block: "start" });
  }

  /** Put everything back as it was saved. @param {HTMLElement} opener */
  discard(opener) {
    const { editor } = this;
    const all = async () => {
      closePanel();
      const mapping = await ask(`${editor.api}/mapping`);
      this.conflict.replaceChildren();
      editor.draft.begin(mapping.document, mapping.version);
      say("Your changes were discarded");
    };
    const button = h("button", { type: "button", class: "slds-button slds-button_neutral", on: { click: all } }, "Discard all changes");
    openPanel(opener, "Discard", [h("div", { class: "b" }, h("p", {}, "The rows go back to the saved version. This cannot be undone."), h("p", { class: "go" }, button))]);
    button.focus();
  }
}

/** @param {any} clash */
const name = (clash) => [clash.step, clash.field || clash.setting].filter(Boolean).join(" › ");

/** @param {any} value */
function words(value) {
  if (value === null || value === undefined) return "Removed";
  if (typeof value !== "object" || !value.entry) return typeof value === "object" ? JSON.stringify(value) : String(value);
  const { entry, field, ...rest } = value;
  const source = entry.attribute || entry.value || entry.formula || JSON.stringify(entry);
  return [source, ...Object.entries(rest).map(([part, one]) => `${part}: ${typeof one === "object" ? JSON.stringify(one) : one}`)].join(", ");
}

/** Put the other side's row or setting in place of ours. @param {any} document @param {any} clash */
function take(document, clash) {
  const step = document.steps.find((/** @type {any} */ one) => one.name === clash.step);
  const set = (/** @type {any} */ owner, /** @type {string} */ part) => {
    if (clash.theirs === null) delete owner[part];
    else owner[part] = clash.theirs;
  };
  if (clash.setting === "step") {
    document.steps = document.steps.filter((/** @type {any} */ one) => one !== step);
    if (clash.theirs) document.steps.push(clash.theirs);
  } else if (clash.setting) {
    set(step || document, clash.setting);
  } else if (step) {
    const at = step.rows.findIndex((/** @type {any} */ one) => (one.field || "").toLowerCase() === clash.field);
    if (clash.theirs === null) step.rows.splice(at, at < 0 ? 0 : 1);
    else if (at < 0) step.rows.push({ ...clash.theirs, _key: newKey() });
    else step.rows[at] = { ...clash.theirs, _key: step.rows[at]._key };
  }
}

/** @param {string} sentence */
function toast(sentence) {
  const place = document.getElementById("toasts");
  const element = h("div", { class: "toast ok", "data-toast": true }, icon("circle-check"), h("span", {}, sentence));
  place?.append(element);
  window.setTimeout(() => element.remove(), 5000);
}
