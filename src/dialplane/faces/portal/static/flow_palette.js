// Which step to add: a dialog with all types, by group, and a search.
import { make } from "./flow_elements.js";

// Resolves with the name of a type, or null.
export function chooseType(types, title) {
  return new Promise((resolve) => {
    const groups = new Map();
    for (const type of types.values()) groups.set(type.group, [...(groups.get(type.group) ?? []), type]);
    const dialog = make("dialog", { class: "flow-dialog", "aria-labelledby": "flow-dialog-title" });
    let chosen = null;
    const choose = (name) => { chosen = name; dialog.close(); };
    const sections = [...groups].map(([group, list]) => make("section", {}, make("h3", {}, group),
      make("div", { class: "flow-kinds" }, ...list.map((type) => make("button", { type: "button", class: "flow-kind", "data-words": `${type.title} ${type.name} ${type.says}`.toLowerCase(), "data-group": group, onclick: () => choose(type.name) },
        make("strong", {}, type.title), make("span", { class: "hint" }, type.says))))));
    const search = make("input", { type: "search", "aria-label": "Search", placeholder: "talk, connect, time…", oninput: (event) => narrow(sections, event.target.value.toLowerCase()) });
    search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      dialog.querySelector(".flow-kind:not([hidden])")?.click();
    });
    dialog.append(make("div", { class: "head" }, make("h2", { id: "flow-dialog-title" }, title), make("button", { type: "button", class: "button quiet small", onclick: () => dialog.close() }, "Close")), search, ...sections);
    dialog.addEventListener("close", () => { dialog.remove(); resolve(chosen); });
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    document.body.append(dialog);
    dialog.showModal();
    search.focus();
  });
}

function narrow(sections, words) {
  for (const section of sections) {
    const kinds = [...section.querySelectorAll(".flow-kind")];
    kinds.forEach((kind) => { kind.hidden = !kind.dataset.words.includes(words); });
    section.hidden = kinds.every((kind) => kind.hidden);
  }
}
