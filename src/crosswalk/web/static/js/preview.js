/** The records of a preview, one at a time. Without it they stand below each other, and the list leads to each. */

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

if (preview && links.length) {
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
