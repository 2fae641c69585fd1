// Small helps on every page. Each works on what the server has written; without this file everything still can be done.
"use strict";

function copyOnClick(button) {
  if (!navigator.clipboard) return; // plain http on another host: the text beside it can be selected with one click
  button.hidden = false;
  const label = button.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = label; }, 1500);
  });
}

function revealOnClick(button) {
  const field = document.getElementById(button.dataset.reveal);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shows = field.type === "password";
    field.type = shows ? "text" : "password";
    button.textContent = shows ? "Hide" : "Show";
    button.setAttribute("aria-pressed", String(shows));
  });
}

function closeOutside(menu) {
  document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}

// The menu at the side is open on wide screens and folded on phones.
function foldBySize(details) {
  const wide = window.matchMedia("(min-width: 60rem)");
  const fold = () => { details.open = wide.matches; };
  wide.addEventListener("change", fold);
  fold();
}

// Nobody sends a form twice by a double click.
function sendOnce(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) { event.preventDefault(); return; }
    if (event.defaultPrevented) return;
    const button = event.submitter;
    if (button) setTimeout(() => { button.disabled = true; button.setAttribute("aria-busy", "true"); });
  });
}

function enhance(root) {
  root.querySelectorAll("[data-copy]").forEach(copyOnClick);
  root.querySelectorAll("[data-reveal]").forEach(revealOnClick);
  root.querySelectorAll('form[method="post"]').forEach(sendOnce);
}

enhance(document);
// Another script has put fresh content into this element.
document.addEventListener("dialplane:shown", (event) => enhance(event.target));
document.querySelectorAll("[data-menu]").forEach(closeOutside);
document.querySelectorAll("[data-side]").forEach(foldBySize);
document.querySelectorAll("[data-timezone]").forEach((field) => {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
});
// What is wrong is where one looks first.
document.querySelector('[aria-invalid="true"]')?.focus();
// A page that comes back from the browser's memory may show buttons as they were left.
window.addEventListener("pageshow", () => {
  document.querySelectorAll('button[aria-busy="true"]').forEach((button) => {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  });
});
// What is under way is looked at again, while somebody looks.
document.querySelectorAll("[data-refresh]").forEach((part) => {
  setTimeout(() => { if (!document.hidden) window.location.reload(); }, 1000 * Number(part.dataset.refresh));
});
