// @ts-check
/** Names of the records that default values point to: a row stores the id and shows the name. */
import { ask } from "./dom.js";

/** @type {Map<string, Promise<any>>} */
const known = new Map();

/**
 * Put names in the place of ids; each id is asked for once.
 * @param {string} api
 * @param {HTMLElement} root
 */
export function nameRecords(api, root) {
  for (const control of root.querySelectorAll("[data-record]")) name(api, /** @type {HTMLElement} */ (control));
}

/** @param {string} api @param {HTMLElement} control */
async function name(api, control) {
  const { record = "", objects = "" } = control.dataset;
  let asked = known.get(record);
  if (!asked) {
    asked = ask(`${api}/mapping/record?${new URLSearchParams({ id: record, objects })}`);
    asked.catch(() => known.delete(record));
    known.set(record, asked);
  }
  try {
    const found = await asked;
    const [title, below] = control.querySelectorAll(".tx > *");
    if (!title || !below) return;
    title.textContent = found.name || "A record that is gone";
    below.textContent = found.name ? `Default value · ${found.object} ${record}` : `Deleted in Salesforce · ${record}`;
    control.classList.toggle("bad", !found.name);
  } catch {
    // The id stays as it is: Salesforce cannot be asked now, and the page says so already.
  }
}
