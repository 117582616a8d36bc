/** Single letters as short cuts. They do nothing while somebody types, and a person can switch them off in the profile. */

/** After `g`: the page a letter leads to. @type {Record<string, string>} */
const PLACES = { h: "/", e: "/event-log", s: "/syncs", r: "/runs", d: "/drift" };
const SECOND_MS = 1500;

/** @param {EventTarget | null} target @returns {boolean} */
function types(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** The rows of the page's list: whatever carries `data-row`. @returns {HTMLElement[]} */
function rows() {
  return [...document.querySelectorAll("[data-row]")].filter((row) => row instanceof HTMLElement);
}

/** Move the focus among the rows of a list. @param {number} step */
function move(step) {
  const all = rows();
  const at = all.findIndex((row) => row === document.activeElement || row.contains(document.activeElement));
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  if (next && !next.hasAttribute("tabindex")) next.tabIndex = -1;
  next?.focus();
}

/** Press the control of the focused row that is marked with this name: `data-key="x"`. @param {string} key @returns {boolean} */
function press(key) {
  const row = document.activeElement?.closest("[data-row]");
  const control = row?.querySelector(`[data-key="${key}"]`);
  if (control instanceof HTMLElement) control.click();
  return Boolean(control);
}

/** Begin to listen. @param {boolean} letters whether single letters count */
export function listen(letters) {
  let waiting = 0;
  document.addEventListener("keydown", (event) => {
    if (!letters || event.ctrlKey || event.metaKey || event.altKey || types(event.target)) return;
    const place = Date.now() - waiting < SECOND_MS ? PLACES[event.key] : undefined;
    waiting = event.key === "g" ? Date.now() : 0;
    if (place) location.assign(place);
    else if (event.key === "/") document.querySelector("[data-search]")?.focus();
    else if (event.key === "?") location.assign("/help#shortcuts");
    else if (event.key === "j" || event.key === "J") move(1);
    else if (event.key === "k" || event.key === "K") move(-1);
    else if (event.key === "Enter" && document.activeElement?.hasAttribute("data-row")) press("Enter");
    else if (!(event.key === "x" || event.key === "r") || !press(event.key)) return;
    event.preventDefault();
  });
}
