/**
 * Parts of a page that follow the server. `data-live="/address"` names a stream of server-sent events; each message is JSON, and the
 * member named by `data-live-text` of a descendant becomes its text; that of `data-live-bar`, two numbers, where a part of a bar begins
 * and how wide it is. `data-live-reload` reloads the page when its member becomes true.
 * A page that can do more listens for the event `live` on the element.
 */

/** @param {Element} element */
export function follow(element) {
  const address = element.getAttribute("data-live");
  if (!address) return;
  const stream = new EventSource(address);
  stream.addEventListener("message", (message) => {
    const facts = JSON.parse(message.data);
    for (const part of element.querySelectorAll("[data-live-text]")) {
      const name = part.getAttribute("data-live-text") ?? "";
      if (name in facts && part.textContent !== String(facts[name])) part.textContent = String(facts[name]);
    }
    for (const part of element.querySelectorAll("[data-live-bar]")) {
      const [x, width] = facts[part.getAttribute("data-live-bar") ?? ""] ?? [];
      if (width === undefined) continue;
      part.setAttribute("x", String(x));
      part.setAttribute("width", String(width));
    }
    const reloads = element.getAttribute("data-live-reload");
    if (reloads && facts[reloads]) {
      stream.close();
      location.reload();
    }
    element.dispatchEvent(new CustomEvent("live", { detail: facts, bubbles: true }));
  });
  window.addEventListener("pagehide", () => stream.close());
}
