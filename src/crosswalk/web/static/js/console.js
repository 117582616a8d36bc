/** What every page may use: copying, menus, confirming, toasts, the reader's time zone. Each is an enhancement; pages work without it. */
import { listen } from "./shortcuts.js";
import { follow } from "./live.js";

const TOAST_MS = 5000;

/** Say something to everybody, also to those who listen. @param {string} text */
export function toast(text) {
  const box = document.createElement("div");
  box.className = "toast";
  box.textContent = text;
  document.getElementById("toasts")?.append(box);
  setTimeout(() => box.remove(), TOAST_MS);
}

/** The token that requests of this page carry. @returns {string} */
export function csrf() {
  return document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
}

/** Times are shown in the reader's zone from the next page on. */
function tellZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.includes(`crosswalk_zone=${zone}`)) {
    document.cookie = `crosswalk_zone=${zone}; path=/; max-age=31536000; samesite=lax`;
  }
}

/** @param {Event} event */
async function clicked(event) {
  const target = event.target instanceof Element ? event.target : null;
  const copies = target?.closest("[data-copy]");
  if (copies) {
    const field = document.getElementById(copies.getAttribute("data-copy") ?? "");
    if (field instanceof HTMLInputElement) {
      field.select();
      await navigator.clipboard?.writeText(field.value);
      toast("Copied");
    }
    return;
  }
  const toggles = target?.closest("[data-toggles]");
  if (toggles) {
    event.preventDefault();
    document.getElementById(toggles.getAttribute("data-toggles") ?? "")?.classList.toggle("open");
    return;
  }
  for (const open of document.querySelectorAll("details[data-menu][open]")) {
    if (target && !open.contains(target)) open.removeAttribute("open");
  }
}

/** @param {SubmitEvent} event */
function submitted(event) {
  const form = event.target instanceof HTMLFormElement ? event.target : null;
  const question = form?.getAttribute("data-confirm");
  if (question && !window.confirm(question)) event.preventDefault();
}

/** @param {Event} event */
function changed(event) {
  const field = event.target instanceof HTMLElement ? event.target : null;
  if (field?.hasAttribute("data-submits") && field instanceof HTMLSelectElement) field.form?.requestSubmit();
}

/** @param {KeyboardEvent} event */
function closes(event) {
  if (event.key !== "Escape") return;
  for (const open of document.querySelectorAll("details[data-menu][open]")) {
    open.removeAttribute("open");
    open.querySelector("summary")?.focus();
  }
  document.getElementById("side")?.classList.remove("open");
}

tellZone();
document.addEventListener("click", clicked);
document.addEventListener("submit", submitted);
document.addEventListener("change", changed);
document.addEventListener("keydown", closes);
for (const shown of document.querySelectorAll("[data-toast]")) setTimeout(() => shown.remove(), TOAST_MS);
listen(document.body.hasAttribute("data-letter-keys"));
for (const element of document.querySelectorAll("[data-live]")) follow(element);
