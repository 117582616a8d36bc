// @ts-check
/**
 * A search field with the list it filters: the ARIA combobox with listbox.
 *
 * Options that cannot be chosen stay reachable and are read with their reason; Enter does nothing on them. Of a long list a part is drawn:
 * typing narrows it.
 */
import { h, icon } from "./dom.js";

const MOST_DRAWN = 150;

/**
 * @typedef {object} Option
 * @property {string} value
 * @property {string} label
 * @property {string} [words] the second line
 * @property {string} [side] what stands at the right
 * @property {string} [group]
 * @property {boolean} [off] it cannot be chosen; `words` says why
 * @property {string} [find] what is searched besides label and second line
 */

let number = 0;

export class Listbox {
  /**
   * @param {{label: string, placeholder?: string, options: Option[], choose: (option: Option) => void,
   *          extra?: (text: string) => Option[], selected?: string}} wants
   */
  constructor(wants) {
    this.wants = wants;
    this.id = `listbox-${++number}`;
    /** @type {Option[]} */
    this.shown = [];
    this.active = -1;
    this.input = h("input", {
      type: "text",
      role: "combobox",
      class: "find-option",
      "aria-label": wants.label,
      "aria-autocomplete": "list",
      "aria-expanded": "true",
      "aria-controls": this.id,
      autocomplete: "off",
      spellcheck: "false",
      placeholder: wants.placeholder || "Search by label or API name",
      on: { input: () => this.draw(), keydown: (/** @type {KeyboardEvent} */ event) => this.key(event) },
    });
    this.list = h("div", { role: "listbox", id: this.id, "aria-label": wants.label, class: "options" });
    this.count = h("p", { class: "hint more", "aria-live": "polite" });
    this.element = h("div", { class: "finder" }, h("div", { class: "q" }, icon("search"), this.input), this.list, this.count);
    this.draw();
  }

  focus() {
    this.input.focus();
  }

  draw() {
    const text = this.input.value.trim();
    const found = this.wants.options.filter((option) => matches(option, text));
    const extra = this.wants.extra ? this.wants.extra(text) : [];
    this.shown = [...found.slice(0, MOST_DRAWN), ...extra];
    this.list.replaceChildren(...this.#drawn(text));
    const left = found.length - MOST_DRAWN;
    this.count.textContent = left > 0 ? `${left} more. Type to narrow the list` : found.length || extra.length ? "" : "Nothing has that in its name";
    const chosen = this.shown.findIndex((option) => option.value === this.wants.selected);
    const first = this.shown.findIndex((option) => !option.off);
    this.activate(text ? first : chosen >= 0 ? chosen : first, false);
  }

  /** @param {string} text */
  *#drawn(text) {
    let group = "";
    for (const [at, option] of this.shown.entries()) {
      if (option.group && option.group !== group) {
        group = option.group;
        yield h("div", { class: "group", role: "presentation" }, group);
      }
      yield this.#option(option, at, text);
    }
  }

  /** @param {Option} option @param {number} at @param {string} text */
  #option(option, at, text) {
    const lines = h("span", { class: "tx" }, marked(option.label, text), option.words ? h("span", {}, option.words) : null);
    return h(
      "div",
      {
        role: "option",
        id: `${this.id}-${at}`,
        class: option.off ? "opt off" : "opt",
        "aria-selected": "false",
        "aria-disabled": option.off ? "true" : null,
        on: {
          click: () => this.choose(at),
          mousemove: () => this.active !== at && this.activate(at, false),
          mousedown: (/** @type {Event} */ event) => event.preventDefault(),
        },
      },
      lines,
      option.side ? h("span", { class: "ex" }, option.side) : null,
      option.off ? icon("ban", "s") : null,
    );
  }

  /** @param {number} at @param {boolean} [scroll] */
  activate(at, scroll = true) {
    const old = this.list.querySelector(".act");
    if (old) {
      old.classList.remove("act");
      old.setAttribute("aria-selected", "false");
    }
    this.active = at;
    const element = at < 0 ? null : document.getElementById(`${this.id}-${at}`) || this.list.querySelector(`#${this.id}-${at}`);
    if (!element) {
      this.input.removeAttribute("aria-activedescendant");
      return;
    }
    element.classList.add("act");
    element.setAttribute("aria-selected", "true");
    this.input.setAttribute("aria-activedescendant", element.id);
    if (scroll) element.scrollIntoView({ block: "nearest" });
  }

  /** @param {number} at */
  choose(at) {
    const option = this.shown[at];
    if (option && !option.off) this.wants.choose(option);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const last = this.shown.length - 1;
    /** @type {Record<string, number>} */
    const moves = {
      ArrowDown: Math.min(this.active + 1, last),
      ArrowUp: Math.max(this.active - 1, 0),
      Home: 0,
      End: last,
    };
    if (event.key in moves && last >= 0) {
      event.preventDefault();
      this.activate(moves[event.key]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.choose(this.active);
    }
  }
}

/** @param {Option} option @param {string} text */
function matches(option, text) {
  if (!text) return true;
  const inside = `${option.label}\n${option.find || option.words || ""}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => inside.includes(word));
}

/** The label with what was typed underlined. @param {string} label @param {string} text */
function marked(label, text) {
  const at = text ? label.toLowerCase().indexOf(text.toLowerCase()) : -1;
  if (at < 0) return h("b", {}, label);
  return h("b", {}, label.slice(0, at), h("u", {}, label.slice(at, at + text.length)), label.slice(at + text.length));
}
