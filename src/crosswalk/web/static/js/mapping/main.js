// @ts-check
/**
 * The mapping editor: one island on a page the server rendered.
 *
 * The draft lives here; every edit is sent to the server, which draws the rows and finds the problems. Nothing is kept until "Save changes".
 */
import { Choices } from "./choices.js";
import { ask, h, say, token } from "./dom.js";
import { Draft } from "./draft.js";
import { closePanel, hasPanel } from "./panel.js";
import { openRowMenu } from "./row_menu.js";
import { openAddStep, openRule, openStepMenu } from "./rule.js";
import { Bar } from "./saving.js";
import { Sheet } from "./sheet.js";
import { openSource } from "./source_picker.js";
import { openOptional, openTarget } from "./target_picker.js";

const READ_ONLY_BELOW = 760;

export class Editor {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.page = /** @type {string} */ (root.dataset.page);
    this.api = `/api${this.page}`;
    this.event = root.dataset.event || "";
    this.mayChange = root.dataset.mayChange === "yes";
    this.functions = (root.dataset.functions || "").split(" ");
    this.choices = new Choices(this.api);
    this.choices.event = this.event;
    /** @type {Draft} */
    this.draft = new Draft({ steps: [] }, 0);
    this.sheet = new Sheet(this, root);
    this.bar = new Bar(this, /** @type {HTMLElement} */ (document.getElementById("unsaved")));
  }

  /** Whose event the values are of. @returns {string} */
  get person() {
    return this.root.dataset.person || "";
  }

  async start() {
    const mapping = await ask(`${this.api}/mapping`);
    this.draft = new Draft(mapping.document, mapping.version);
    this.draft.step = Number(this.root.dataset.step || 0);
    this.draft.onchange = () => this.sheet.refresh();
    this.root.addEventListener("click", (event) => this.#click(event));
    this.root.addEventListener("change", (event) => this.#changed(event));
    document.getElementById("unsaved")?.addEventListener("click", (event) => this.#click(event));
    document.getElementById("preview-link")?.addEventListener("click", (event) => this.#click(event));
    document.addEventListener("keydown", (event) => this.#key(event));
    document.getElementById("filter-rows")?.addEventListener("input", () => this.filter());
    window.addEventListener("beforeunload", (event) => this.sheet.changes > 0 && event.preventDefault());
    await this.sheet.refresh();
    this.root.dataset.ready = "yes";
    const add = document.getElementById("add-step");
    if (add && new URL(window.location.href).searchParams.get("add") === "object") await openAddStep(this, add);
  }

  /** What may be picked for the shown step. @returns {Promise<any>} */
  known() {
    return this.choices.of(this.draft.current.object || "");
  }

  /** The document as it is saved: without the empty rows of fields that need none. */
  whole() {
    return this.draft.document;
  }

  /** The page's key of a row by the place the server gives it. @param {string} place */
  keyAt(place) {
    const found = /steps\[(\d+)\]\.rows\[(\d+)\]/.exec(place);
    return found ? this.draft.document.steps[Number(found[1])]?.rows[Number(found[2])]?._key : undefined;
  }

  /** Show the row of a problem. @param {any} problem */
  async goTo(problem) {
    const step = this.draft.document.steps.findIndex((one) => one.rows.some((row) => row._key === problem.key));
    if (step >= 0 && step !== this.draft.step) await this.show(step);
    const side = /\.field$/.test(problem.place || "") ? "target" : "source";
    const control = document.getElementById(`${side}-${problem.key}`) || document.getElementById(`source-${problem.key}`);
    control?.scrollIntoView({ block: "center" });
    control?.focus();
  }

  /** @param {number} step */
  async show(step) {
    this.draft.step = step;
    const address = new URL(window.location.href);
    address.searchParams.set("step", String(step));
    window.history.replaceState(null, "", address);
    await this.sheet.refresh();
  }

  /** Leave only rows that hold what was typed. */
  filter() {
    const box = /** @type {HTMLInputElement | null} */ (document.getElementById("filter-rows"));
    const text = (box?.value || "").trim().toLowerCase();
    for (const row of this.root.querySelectorAll("[data-rows] > [data-key]")) {
      /** @type {HTMLElement} */ (row).hidden = text !== "" && !(row.textContent || "").toLowerCase().includes(text);
    }
  }

  /** @param {Event} event */
  #click(event) {
    const control = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-do]"));
    if (!control) return;
    const key = /** @type {HTMLElement | null} */ (control.closest("[data-key]"))?.dataset.key || "";
    if (control instanceof HTMLAnchorElement) event.preventDefault();
    this.#do(control.dataset.do || "", control, key);
  }

  /** @param {string} what @param {HTMLElement} control @param {string} key */
  #do(what, control, key) {
    if (hasPanel() && control.getAttribute("aria-expanded") === "true") {
      closePanel();
      return;
    }
    /** @type {Record<string, () => unknown>} */
    const done = {
      tab: () => this.show(Number(control.dataset.step)),
      problems: () => this.bar.list(this.sheet.problems),
      preview: () => this.#preview(),
    };
    /** @type {Record<string, () => unknown>} */
    const changing = {
      source: () => openSource(this, control, key),
      target: () => openTarget(this, control, key),
      menu: () => openRowMenu(this, control, key, control.dataset.title || ""),
      remove: () => this.#remove(key),
      map: () => this.#add(),
      optional: () => openOptional(this, control),
      accept: () => this.draft.add({ field: control.dataset.field, entry: { attribute: control.dataset.attribute } }),
      rule: () => openRule(this, control, control.dataset.rule || ""),
      "add-step": () => openAddStep(this, control),
      "step-menu": () => openStepMenu(this, control),
      save: () => this.bar.store(),
      discard: () => this.bar.discard(control),
    };
    const run = done[what] || (this.#isEditable() ? changing[what] : undefined);
    Promise.resolve(run?.()).catch((error) => say(error.message));
  }

  #isEditable() {
    return this.mayChange && window.innerWidth >= READ_ONLY_BELOW;
  }

  /** An empty row whose left picker has the focus. */
  #add() {
    const key = this.draft.add();
    this.sheet.focus = `source-${key}`;
  }

  /** @param {string} key */
  #remove(key) {
    const rows = [...this.root.querySelectorAll("[data-rows] > [data-key]")].map((row) => row.getAttribute("data-key"));
    const at = rows.indexOf(key);
    const next = rows[at + 1] || rows[at - 1];
    this.sheet.focus = next ? `source-${next}` : "map-attribute";
    this.draft.remove(key);
    say("Row removed. Control Z brings it back");
  }

  /** @param {Event} event */
  #changed(event) {
    const control = /** @type {HTMLSelectElement} */ (event.target);
    const key = /** @type {HTMLElement | null} */ (control.closest("[data-key]"))?.dataset.key;
    if (control.dataset.policy === undefined || !key) return;
    const menu = document.getElementById(`menu-${key}`);
    if (control.value === "advance" && !this.draft.row(key)?.ladder && menu) {
      control.value = control.dataset.policy || "fill-empty";
      openRowMenu(this, menu, key, menu.dataset.title || "");
      say("Say the order of the statuses first");
      return;
    }
    this.draft.editRow(key, (row) => {
      row.update = control.value;
      if (control.value !== "advance") delete row.ladder;
    });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const typing = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
    const key = event.key.toLowerCase();
    const row = /** @type {HTMLElement | null} */ (event.target instanceof Element ? event.target.closest("[data-key]") : null)?.dataset.key;
    const control = event.ctrlKey || event.metaKey;
    /** @type {Record<string, () => void>} */
    const done = {};
    if (control && key === "s") done.run = () => this.bar.store();
    else if (control && key === "z" && !typing) done.run = () => this.#again(event.shiftKey);
    else if (control && key === "y" && !typing) done.run = () => this.#again(true);
    else if (control && key === "enter" && !hasPanel()) done.run = () => document.getElementById("preview-link")?.click();
    else if (typing || control || hasPanel() || !this.#isEditable()) return;
    else if (event.altKey && row && (key === "arrowup" || key === "arrowdown")) done.run = () => this.#move(row, key === "arrowup" ? -1 : 1);
    else if (event.altKey) return;
    else if (key === "delete" && row && document.querySelector(`[data-key="${CSS.escape(row)}"] [data-do=remove]`)) done.run = () => this.#remove(row);
    else if (key === "n" && this.#hasLetters()) done.run = () => this.#add();
    else if (key === "f" && this.#hasLetters()) done.run = () => document.getElementById("filter-rows")?.focus();
    if (!done.run) return;
    event.preventDefault();
    done.run();
  }

  /** Single letters can be switched off in the profile. */
  #hasLetters() {
    return document.body.hasAttribute("data-letter-keys");
  }

  /** @param {string} key @param {number} by */
  #move(key, by) {
    this.sheet.focus = document.activeElement?.id || `source-${key}`;
    this.draft.move(key, by);
    say("Row moved");
  }

  /** What the draft would do, in a tab of its own so that nothing unsaved is left behind. */
  #preview() {
    const address = `${this.page}/preview`;
    if (this.sheet.changes === 0) {
      window.location.assign(address);
      return;
    }
    const form = h(
      "form",
      { method: "post", action: address, target: "_blank" },
      h("input", { type: "hidden", name: "csrf", value: token() }),
      h("input", { type: "hidden", name: "document", value: JSON.stringify(this.draft.document) }),
    );
    document.body.append(form);
    form.submit();
    form.remove();
  }

  /** @param {boolean} forward */
  #again(forward) {
    const did = forward ? this.draft.redo() : this.draft.undo();
    say(did ? (forward ? "Done again" : "Undone") : "There is nothing to undo");
  }
}

const root = document.getElementById("mapping-editor");
if (root) new Editor(root).start().catch((error) => say(error.message));
