/** The records of a preview, one at a time, and the list narrowed. Without it they stand below each other, and the list leads to each. */

const preview = document.querySelector("[data-preview]");
const links = [...(preview?.querySelectorAll("a[data-row]") ?? [])].filter((link) => link instanceof HTMLAnchorElement);

/** The record a link of the list leads to. @param {HTMLAnchorElement} link @returns {HTMLElement | null} */
function record(link) {
  return document.getElementById(link.hash.slice(1));
}

/** Show one record, and say in the list and in the address which. @param {HTMLAnchorElement} shown */
function show(shown) {
  for (const link of links) {
    const is = link === shown;
    link.closest("li")?.classList.toggle("on", is);
    if (is) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    const section = record(link);
    if (section) section.hidden = !is;
  }
  history.replaceState(null, "", shown.hash);
}

/** @param {Event} event @returns {HTMLAnchorElement | undefined} */
function chosen(event) {
  return links.find((link) => event.target instanceof Node && link.contains(event.target));
}

/** Narrow the list to a person and to a kind of change; what is hidden is passed over by J and K. @param {string} person @param {string} change */
function narrow(person, change) {
  const found = links.filter((link) => {
    const row = link.closest("li");
    const is = (link.textContent ?? "").toLowerCase().includes(person) && (!change || row?.dataset.change === change);
    if (row) row.hidden = !is;
    link.toggleAttribute("data-row", is);
    return is;
  });
  preview?.querySelector("[data-none]")?.toggleAttribute("hidden", found.length > 0);
  if (found.length && !found.some((link) => link.getAttribute("aria-current"))) show(found[0]);
}

if (preview && links.length) {
  const filter = preview.querySelector("[data-filter]");
  const [find, changes] = filter?.querySelectorAll("input, select") ?? [];
  if (filter && find instanceof HTMLInputElement && changes instanceof HTMLSelectElement) {
    filter.removeAttribute("hidden");
    filter.addEventListener("input", () => narrow(find.value.trim().toLowerCase(), changes.value));
  }
  preview.classList.add("one");
  preview.querySelector("[data-keys]")?.removeAttribute("hidden");
  show(links.find((link) => link.hash === location.hash) ?? links[0]);
  preview.addEventListener("focusin", (event) => {
    const link = chosen(event); // J and K of every list move the focus
    if (link) show(link);
  });
  preview.addEventListener("click", (event) => {
    const link = chosen(event);
    if (!link) return;
    event.preventDefault(); // the record stands beside the list already
    show(link);
  });
}
