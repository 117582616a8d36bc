// @ts-check
/** The draft of a mapping on this page: the document, its undo steps, and the version it was made from. */

/** @typedef {{_key: string, field?: string, entry?: any, [part: string]: any}} Row */
/** @typedef {{name: string, object?: string, person?: boolean, match?: any[], rows: Row[], [part: string]: any}} Step */
/** @typedef {{steps: Step[], [part: string]: any}} Mapping */

const MOST_STEPS = 50;
const DEFAULTS = { update: "fill-empty", nulls: "keep", lossy: "hold", placeholder: "", values: null, ladder: null };

let counter = 0;

/** @returns {string} */
export const newKey = () => `n${++counter}`;

/** @template T @param {T} value @returns {T} */
const copy = (value) => structuredClone(value);

export class Draft {
  /** @param {Mapping} document @param {number} version */
  constructor(document, version) {
    this.version = version;
    /** @type {Mapping} */
    this.document = keyed(document);
    /** @type {Mapping[]} */
    this.past = [];
    /** @type {Mapping[]} */
    this.future = [];
    this.step = 0;
    this.onchange = () => {};
  }

  /** The step that is shown. @returns {Step} */
  get current() {
    return this.document.steps[this.step];
  }

  /**
   * Change the document; one call is one undo step.
   * @param {(document: Mapping) => void} edit
   */
  edit(edit) {
    const before = copy(this.document);
    edit(this.document);
    if (JSON.stringify(before) === JSON.stringify(this.document)) return;
    this.past.push(before);
    if (this.past.length > MOST_STEPS) this.past.shift();
    this.future = [];
    this.onchange();
  }

  /** @returns {boolean} whether there was something to undo */
  undo() {
    return this.#step(this.past, this.future);
  }

  /** @returns {boolean} whether there was something to redo */
  redo() {
    return this.#step(this.future, this.past);
  }

  /** @param {Mapping[]} from @param {Mapping[]} to */
  #step(from, to) {
    const other = from.pop();
    if (!other) return false;
    to.push(this.document);
    this.document = other;
    this.step = Math.min(this.step, other.steps.length - 1);
    this.onchange();
    return true;
  }

  /** Begin again from a saved or merged document. @param {Mapping} document @param {number} version */
  begin(document, version) {
    this.document = keyed(document);
    this.version = version;
    this.past = [];
    this.future = [];
    this.step = Math.min(this.step, document.steps.length - 1);
    this.onchange();
  }

  /** @param {string} key @returns {Row | undefined} */
  row(key) {
    return this.current.rows.find((row) => row._key === key);
  }

  /** @param {string} key @param {(row: Row) => void} edit */
  editRow(key, edit) {
    this.edit(() => {
      const row = this.row(key);
      if (!row) return;
      edit(row);
      for (const [part, value] of Object.entries(DEFAULTS)) {
        if (part in row && (row[part] === value || (typeof value !== "string" && isEmpty(row[part])))) delete row[part];
      }
    });
  }

  /** Add an empty row and return its key. @param {Partial<Row>} [row] @returns {string} */
  add(row = {}) {
    const key = newKey();
    this.edit(() => this.current.rows.splice(this.#before(), 0, { ...row, _key: key }));
    return key;
  }

  /** @param {string} key */
  remove(key) {
    this.edit(() => {
      this.current.rows = this.current.rows.filter((row) => row._key !== key);
    });
  }

  /** @param {string} key @param {number} by */
  move(key, by) {
    this.edit(() => {
      const rows = this.current.rows;
      const at = rows.findIndex((row) => row._key === key);
      const to = at + by;
      if (at < 0 || to < 0 || to >= rows.length) return;
      rows.splice(to, 0, ...rows.splice(at, 1));
    });
  }

  /** The field names that rows of the shown step fill, in lower case. @returns {Set<string>} */
  get used() {
    return new Set(this.current.rows.map((row) => (row.field || "").toLowerCase()).filter(Boolean));
  }

  /** New rows stand before the pass-through row, which takes what is left over. @returns {number} */
  #before() {
    const at = this.current.rows.findIndex((row) => "pass_through" in row);
    return at < 0 ? this.current.rows.length : at;
  }
}

/** @param {any} value */
const isEmpty = (value) =>
  value === null || value === undefined || value === "" || (typeof value === "object" && Object.keys(value).length === 0);

/** @param {Mapping} document @returns {Mapping} */
function keyed(document) {
  const own = copy(document);
  for (const step of own.steps) step.rows = (step.rows || []).map((row) => ({ ...row, _key: row._key || newKey() }));
  return own;
}
