// @ts-check
/** Small helpers to build elements and to speak to the server. Nothing here knows of mappings. */

/**
 * Build an element. Attributes that are null, undefined or false are left out; `on` holds listeners.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | null | undefined)} children
 * @returns {any}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") {
      for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    } else if (name === "value" || name === "checked" || name === "disabled") {
      element[name] = value;
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/**
 * Return an icon of the page's sprite.
 * @param {string} name
 * @returns {SVGSVGElement}
 */
export function icon(name, size = "") {
  const known = document.querySelector("svg.i use");
  const address = known ? (known.getAttribute("href") || "").split("#")[0] : "";
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `i ${size}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${address}#${name}`);
  svg.append(use);
  return svg;
}

/** A refusal of the server: its sentence, and whatever else it told. */
export class Refusal extends Error {
  /** @param {number} status @param {any} body */
  constructor(status, body) {
    super(body.detail || "Crosswalk did not answer as expected. Nothing was changed; try again.");
    this.status = status;
    this.body = body;
  }
}

/** @returns {string} */
export const token = () => /** @type {HTMLMetaElement} */ (document.querySelector("meta[name=csrf-token]")).content;

/**
 * Ask the server and return its JSON; throw a `Refusal` otherwise.
 * @param {string} address
 * @param {{method?: string, body?: any, signal?: AbortSignal}} [options]
 * @returns {Promise<any>}
 */
export async function ask(address, { method = "GET", body, signal } = {}) {
  /** @type {Record<string, string>} */
  const headers = { accept: "application/json" };
  if (method !== "GET") headers["x-csrf-token"] = token();
  if (body !== undefined) headers["content-type"] = "application/json";
  let response;
  try {
    response = await fetch(address, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refusal(0, { detail: "Crosswalk cannot be reached. Your edits are kept on this page; try again in a moment." });
  }
  const text = await response.text();
  let answer = {};
  try {
    answer = text ? JSON.parse(text) : {};
  } catch {
    answer = {};
  }
  if (!response.ok) throw new Refusal(response.status, answer);
  return answer;
}

/**
 * Call a function once no further call came for a while.
 * @template {any[]} A
 * @param {number} milliseconds
 * @param {(...args: A) => void} run
 * @returns {(...args: A) => void}
 */
export function settled(milliseconds, run) {
  let timer = 0;
  return (...args) => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => run(...args), milliseconds);
  };
}

/**
 * Tell what happened, once, politely.
 * @param {string} sentence
 */
export function say(sentence) {
  const place = document.getElementById("mapping-status");
  if (place) place.textContent = sentence;
}
