// @ts-check
/** Shows what the server makes of the draft: only what differs is put in place, so that 300 rows stay fluid and focus stays where it was. */
import { ask, say } from "./dom.js";
import { place } from "./panel.js";
import { nameRecords } from "./records.js";

export class Sheet {
  /** @param {import("./main.js").Editor} editor @param {HTMLElement} root */
  constructor(editor, root) {
    this.editor = editor;
    this.root = root;
    /** @type {AbortController | null} */
    this.asking = null;
    /** @type {any[]} */
    this.problems = [];
    this.changes = 0;
    /** settles once the newest draft is drawn @type {Promise<void>} */
    this.drawn = Promise.resolve();
    /** what is to have the focus once the answer is there */
    this.focus = "";
  }

  /** Draw the draft as it is now. @returns {Promise<void>} */
  refresh() {
    this.drawn = this.#draw();
    return this.drawn;
  }

  async #draw() {
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    const { draft, event, page } = this.editor;
    try {
      const body = { document: draft.document, step: draft.step, event_id: event || null };
      const found = await ask(`${page}/sheet`, { method: "POST", body, signal: asking.signal });
      this.#show(found);
    } catch (error) {
      if (!(error instanceof DOMException)) say(/** @type {Error} */ (error).message);
    }
  }

  /** @param {any} found */
  #show(found) {
    const fresh = new DOMParser().parseFromString(found.html, "text/html");
    const active = document.activeElement?.id || "";
    for (const part of fresh.querySelectorAll("[data-part]")) {
      const old = this.root.querySelector(`[data-part="${part.getAttribute("data-part")}"]`);
      if (!old) continue;
      if (old.hasAttribute("data-rows")) rows(old, part);
      else if (old.innerHTML !== part.innerHTML) old.replaceChildren(...[...part.childNodes].map((one) => document.importNode(one, true)));
    }
    this.problems = found.problems;
    this.changes = found.changes;
    this.editor.bar.draw(found);
    const wanted = this.focus || active;
    if (wanted && document.activeElement?.id !== wanted && (this.focus || document.activeElement === document.body)) document.getElementById(wanted)?.focus();
    this.focus = "";
    this.editor.filter();
    nameRecords(this.editor.api, this.root);
    place();
  }
}

/** Put rows in place by key: those that did not change are kept as they are. @param {Element} old @param {Element} fresh */
function rows(old, fresh) {
  const known = new Map([...old.children].map((row) => [row.getAttribute("data-key"), row]));
  /** @type {Element | null} */
  let at = old.firstElementChild;
  for (const row of [...fresh.children]) {
    const same = known.get(row.getAttribute("data-key"));
    known.delete(row.getAttribute("data-key"));
    const kept = same && same.outerHTML === row.outerHTML ? same : /** @type {Element} */ (document.importNode(row, true));
    if (same && kept !== same) {
      if (at === same) at = same.nextElementSibling;
      same.replaceWith(kept);
    }
    if (at !== kept) old.insertBefore(kept, at);
    else at = kept.nextElementSibling;
  }
  for (const gone of known.values()) gone.remove();
}
