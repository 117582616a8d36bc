// @ts-check
/** What the pickers may offer: fields, attributes and the table of types, loaded once for each object and event. */
import { ask } from "./dom.js";

/** @typedef {import("./listbox.js").Option} Option */
/** @typedef {import("./draft.js").Row} Row */

/** What a field takes, in the words of the group headings. @type {Record<string, string>} */
const NOUNS = {
  text: "a text",
  email: "an e-mail address",
  phone: "a phone number",
  url: "a link",
  select: "a choice",
  list: "a list",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  date: "a date",
  datetime: "a date and time",
  object: "a group of values",
};

export class Choices {
  /** @param {string} sync the address of the sync's API */
  constructor(sync) {
    this.sync = sync;
    this.event = "";
    /** @type {Map<string, Promise<any>>} */
    this.loaded = new Map();
  }

  /** @param {string} object @returns {Promise<any>} */
  of(object) {
    const key = `${object}|${this.event}`;
    let found = this.loaded.get(key);
    if (!found) {
      const query = new URLSearchParams({ object, event_id: this.event });
      found = ask(`${this.sync}/mapping/options?${query}`);
      found.catch(() => this.loaded.delete(key));
      this.loaded.set(key, found);
    }
    return found;
  }
}

/**
 * The attributes for a row: those that fit its field first, those that cannot with the reason.
 * @param {any} known @param {Row} row @returns {Option[]}
 */
export function attributeOptions(known, row) {
  const field = fieldOf(known, row.field);
  /** @type {Record<string, Option[]>} */
  const parts = { fits: [], converts: [], cannot: [] };
  for (const one of known.attributes) {
    const said = field ? known.verdicts[one.type][field.type] : { fit: "fits", reason: "" };
    const seen = known.last_seen[one.key];
    const words = said.fit === "fits" ? `${one.words} · ${one.path}` : `${one.words} · ${said.reason}`;
    parts[said.fit].push({
      value: one.key,
      label: one.label,
      words: seen ? `${words} · last seen ${moment(seen.at)}` : `${words} · not seen lately`,
      find: `${one.words} ${one.key} ${one.path}`,
      side: said.fit === "cannot" ? undefined : (known.samples[one.key] ?? (seen ? `${seen.value}, in another event` : "not in this event")),
      group: said.fit === "fits" ? one.group : said.fit === "converts" ? "Needs a conversion" : `Cannot fill ${field.words}`,
      off: said.fit === "cannot",
    });
  }
  return [...parts.fits, ...parts.converts, ...parts.cannot];
}

/**
 * The fields for a row: free ones that its attribute fits first.
 * @param {any} known @param {Row} row @param {Set<string>} used fields that other rows fill @returns {Option[]}
 */
export function fieldOptions(known, row, used) {
  const type = sourceType(known, row.entry);
  const record = row.entry && ("auto_match" in row.entry || "step" in row.entry);
  /** @type {Record<string, Option[]>} */
  const parts = { fits: [], converts: [], cannot: [] };
  for (const one of known.fields) {
    let said = type ? known.verdicts[type][one.type] : { fit: "fits", reason: "" };
    if (record && one.type !== "reference") said = { fit: "cannot", reason: "a record can only be set in a lookup" };
    if (one.refusal) said = { fit: "cannot", reason: one.refusal };
    const taken = used.has(one.name.toLowerCase()) && one.name !== row.field;
    if (taken) said = { fit: "cannot", reason: "another row fills it already" };
    const noun = type ? NOUNS[type] : "this";
    parts[said.fit].push({
      value: one.name,
      label: one.label,
      words: [one.words, said.reason || one.name, ...(one.also ? [`${one.also} on Salesforce's pages`] : [])].join(" · "),
      find: `${one.words} ${one.name} ${one.also}`,
      group: said.fit === "fits" ? (type ? `Fits ${noun}` : "Fields") : said.fit === "converts" ? "Needs a conversion" : `Cannot take ${noun}`,
      off: said.fit === "cannot",
    });
  }
  const kept = known.unexposed.map((/** @type {any} */ one) => ({
    value: `\u0000${one.label}`,
    label: one.label,
    words: one.sentence,
    find: "",
    group: "Not offered by Salesforce",
    off: true,
  }));
  return [...parts.fits, ...parts.converts, ...parts.cannot, ...kept];
}

/** A time as people write it, in their own zone. @param {string} at */
function moment(at) {
  return new Date(at).toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}

/** @param {any} known @param {string | undefined} name */
export function fieldOf(known, name) {
  return name ? known.fields.find((/** @type {any} */ one) => one.name.toLowerCase() === name.toLowerCase()) : undefined;
}

/** The type of an entry where it is one attribute. @param {any} known @param {any} entry @returns {string | undefined} */
function sourceType(known, entry) {
  if (!entry || !("attribute" in entry)) return undefined;
  const key = Array.isArray(entry.attribute) ? entry.attribute[0] : entry.attribute;
  return known.attributes.find((/** @type {any} */ one) => one.key === key)?.type;
}

/** Fields of an object one can look a record up by. @param {any} known @returns {Option[]} */
export function searchableFields(known) {
  return known.fields
    .filter((/** @type {any} */ one) => one.filterable && !["boolean", "reference", "textarea", "date", "datetime"].includes(one.type))
    .map((/** @type {any} */ one) => ({ value: one.name, label: one.label, words: `${one.words} · ${one.name}` }));
}
