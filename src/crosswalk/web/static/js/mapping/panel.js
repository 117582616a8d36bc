// @ts-check
/** A panel that floats below the control that opened it: one at a time, closed by Escape or a click elsewhere; focus goes back. */
import { h } from "./dom.js";

/** @type {{element: HTMLElement, opener: HTMLElement, closed?: () => void} | null} */
let open = null;

/**
 * @param {HTMLElement} opener
 * @param {string} label
 * @param {(Node | string)[]} children
 * @param {{wide?: boolean, closed?: () => void}} [options]
 * @returns {HTMLElement}
 */
export function openPanel(opener, label, children, { wide = false, closed } = {}) {
  closePanel(false);
  const element = h("div", { class: wide ? "panel wide" : "panel", role: "dialog", "aria-label": label, tabindex: "-1" }, ...children);
  document.body.append(element);
  opener.setAttribute("aria-expanded", "true");
  open = { element, opener, closed };
  place();
  return element;
}

/** @param {boolean} [back] whether focus returns to what opened the panel */
export function closePanel(back = true) {
  if (!open) return;
  const { element, opener, closed } = open;
  open = null;
  element.remove();
  const control = opener.isConnected ? opener : opener.id ? document.getElementById(opener.id) : null;
  control?.setAttribute("aria-expanded", "false");
  if (back) control?.focus();
  closed?.();
}

/** @returns {boolean} */
export const hasPanel = () => open !== null;

/** Put the panel below its opener, or above where there is no room. */
export function place() {
  if (!open) return;
  const opener = open.opener.isConnected ? open.opener : document.getElementById(open.opener.id);
  if (!opener) return;
  const box = opener.getBoundingClientRect();
  const { element } = open;
  const width = element.offsetWidth;
  const left = Math.max(8, Math.min(box.left, window.innerWidth - width - 8));
  const below = window.innerHeight - box.bottom - 80; // the bar with the save button
  const height = Math.min(element.scrollHeight, 440);
  const above = below < height && box.top > below;
  element.style.left = `${left + window.scrollX}px`;
  element.style.top = above ? `${Math.max(8, box.top - height - 4) + window.scrollY}px` : `${box.bottom + 4 + window.scrollY}px`;
  element.style.minWidth = `${Math.min(box.width, window.innerWidth - 16)}px`;
}

document.addEventListener("mousedown", (event) => {
  const target = /** @type {Node} */ (event.target);
  if (open && !open.element.contains(target) && !open.opener.contains(target)) closePanel(false);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && open) {
    event.preventDefault();
    closePanel();
  } else if (event.key === "Tab" && open) {
    keepInside(event, open.element);
  }
});
window.addEventListener("resize", place);

/** @param {KeyboardEvent} event @param {HTMLElement} element */
function keepInside(event, element) {
  const stops = /** @type {HTMLElement[]} */ ([...element.querySelectorAll("button, input, select, textarea, a[href]")]).filter(
    (one) => !one.hasAttribute("disabled") && one.tabIndex >= 0 && one.offsetParent !== null,
  );
  if (!stops.length) return;
  const [first, last] = [stops[0], stops[stops.length - 1]];
  const inside = element.contains(document.activeElement);
  if (event.shiftKey ? document.activeElement === first || !inside : document.activeElement === last || !inside) {
    event.preventDefault();
    (event.shiftKey ? last : first).focus();
  }
}
