// The editor of a flow. The JSON in the form is the flow; the picture and the fields are ways to write it. Without this
// file the same form is typed in by hand.
import { Picture } from "./flow_board.js";
import { lightOf, resultOf } from "./flow_dry_run.js";
import { make } from "./flow_elements.js";
import { stepForm } from "./flow_form.js";
import { History } from "./flow_history.js";
import { clone, connect, indexOf, insertFirst, insertInto, moveInto, newId, remove, shift, ways, withIds } from "./flow_model.js";
import { chooseType } from "./flow_palette.js";
import { readTypes } from "./flow_types.js";

const PAUSE_MS = 400;
const root = document.querySelector("[data-flow-editor]");
const part = (name) => document.querySelector(`[data-part="${name}"]`);

class Editor {
  constructor(types) {
    this.form = part("form");
    this.text = this.form.elements.actions;
    this.kept = this.textOfForm();
    this.board = {
      actions: withIds(readActions(this.text.value) ?? []),
      types,
      names: JSON.parse(root.dataset.names),
      mayChange: Boolean(root.dataset.mayChange),
      faults: [],
      lit: null,
      label: (action) => types.get(action.type)?.title ?? action.type,
    };
    this.history = new History(this.board.actions);
    this.picture = new Picture(this.board, this.deeds());
    this.panel = make("section", { class: "card flow-panel", "aria-label": "The chosen step" });
    this.notes = make("div", { class: "flow-notes", role: "status" });
    this.build();
  }

  build() {
    const board = part("board");
    board.hidden = false;
    if (part("bar")) board.before(part("bar"));
    board.append(this.tools(), this.notes, make("div", { class: "flow-split" }, this.picture.element, make("div", { class: "flow-beside" }, this.tabs(), this.panel, part("dry"))),
      make("p", { class: "hint", id: "flow-keys" }, "Keys: arrows go from step to step, Enter edits, A adds a step after, C connects, D copies, Alt with ↑ or ↓ moves, Delete removes, Ctrl Z undoes."));
    const json = part("json");
    const fold = make("details", { class: "card flow-json" }, make("summary", {}, "Steps as JSON"));
    json.replaceWith(fold);
    json.classList.remove("card");
    fold.append(json);
    fold.open = Boolean(json.querySelector(".field-error"));
    part("kept-faults")?.remove();
    this.listen();
    this.show();
    this.picture.fit();
    this.check();
    if (root.dataset.played) this.light(JSON.parse(root.dataset.played));
  }

  // The chosen step and the dry run share the place beside the picture.
  tabs() {
    const all = [["Step", this.panel], ["Dry run", part("dry")]].map(([label, panel], at) => {
      panel.id ||= `flow-panel-${at}`;
      panel.setAttribute("role", "tabpanel");
      return make("button", { type: "button", role: "tab", id: `flow-tab-${at}`, "aria-controls": panel.id, onclick: () => this.open(at) }, label);
    });
    this.tabButtons = all;
    const list = make("div", { class: "flow-tabs", role: "tablist", "aria-label": "Beside the picture" }, ...all);
    list.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      this.open(1 - this.opened);
      all[this.opened].focus();
    });
    this.open(0);
    return list;
  }

  open(number) {
    this.opened = number;
    [this.panel, part("dry")].forEach((panel, at) => { panel.hidden = at !== number; });
    this.tabButtons.forEach((tab, at) => {
      tab.setAttribute("aria-selected", String(at === number));
      tab.tabIndex = at === number ? 0 : -1;
    });
  }

  tools() {
    const tool = (label, keys, act) => make("button", { type: "button", class: "button quiet small", "aria-keyshortcuts": keys || null, onclick: act }, label);
    this.undoButton = tool("Undo", "Control+Z", () => this.travel("undo"));
    this.redoButton = tool("Redo", "Control+Shift+Z", () => this.travel("redo"));
    return make("div", { class: "flow-tools", role: "toolbar", "aria-label": "Editing" },
      this.board.mayChange ? make("button", { type: "button", class: "button small", onclick: () => this.add() }, "Add a step") : null,
      this.board.mayChange ? this.undoButton : null, this.board.mayChange ? this.redoButton : null,
      make("span", { class: "flow-gap" }),
      make("button", { type: "button", class: "button quiet small", "aria-label": "Smaller", onclick: () => this.picture.zoom(this.picture.scale - 0.15) }, "−"),
      make("button", { type: "button", class: "button quiet small", "aria-label": "Larger", onclick: () => this.picture.zoom(this.picture.scale + 0.15) }, "+"),
      tool("Fit", "", () => this.picture.fit()));
  }

  listen() {
    this.text.addEventListener("change", () => this.readText());
    this.form.addEventListener("submit", (event) => {
      this.isLeaving = true;
      if (event.submitter === part("save")) { event.preventDefault(); this.isLeaving = false; this.save(); }
    });
    part("dry-form").addEventListener("submit", (event) => { event.preventDefault(); this.play(); });
    window.addEventListener("beforeunload", (event) => { if (!this.isLeaving && this.board.mayChange && this.textOfForm() !== this.kept) event.preventDefault(); });
    document.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.target.matches?.("input, textarea, select")) return;
      const key = event.key.toLowerCase();
      if (key !== "z" && key !== "y") return;
      event.preventDefault();
      this.travel(key === "y" || event.shiftKey ? "redo" : "undo");
    });
  }

  // --- what may be done, by mouse or by keys ---

  deeds() {
    const { board } = this, allowed = (act) => (...given) => board.mayChange && act(...given);
    const at = (id) => indexOf(board.actions, id);
    return {
      choose: (id) => this.showStep(id),
      clicked: (id) => { this.open(0); this.showStep(id); },
      edit: (id) => { this.open(0); this.showStep(id); this.panel.querySelector("h2")?.focus(); },
      say: (text) => this.say(text),
      remove: allowed((id) => this.removeStep(id)),
      shift: allowed((id, step) => { this.change(shift(board.actions, id, step, board.types)); this.picture.focus(id); this.say(`Step ${at(id) + 1} of ${board.actions.length}`); }),
      move: allowed((id, from, key) => { this.change(moveInto(board.actions, id, from, key, board.types)); this.picture.render(); }),
      copy: allowed((id) => this.put({ ...clone(board.actions[at(id)]), id: newId() }, id, this.wayOn(id))),
      insert: allowed(async (from, key) => { const type = await chooseType(board.types, "Add a step here"); if (type) this.put({ id: newId(), type }, from, key); }),
      insertAfter: allowed((id) => { this.picture.choose(id); return this.add(); }),
      connect: allowed((id) => this.connectFrom(id)),
      connected: allowed((id, key, to) => { this.change(connect(board.actions, at(id), key, to)); this.picture.focus(id); }),
    };
  }

  async add() {
    const type = await chooseType(this.board.types, "Add a step");
    if (type) this.put({ id: newId(), type }, this.picture.chosen, this.wayOn(this.picture.chosen));
  }

  // Where a step that is added after another one goes: into its ordinary way, or where it has none, into its last.
  wayOn(id) {
    const { actions, types } = this.board, at = indexOf(actions, id);
    const out = at < 0 ? [] : ways(actions, at, types.get(actions[at].type));
    return out.some((way) => way.key === "next") ? "next" : out.at(-1)?.key ?? "next";
  }

  put(action, from, key) {
    const { actions, types } = this.board, at = indexOf(actions, from);
    if (at < 0) this.change(insertFirst(actions, action));
    else if (key === "next" && types.get(actions[at].type)?.isLast) this.change([...clone(actions), action]);
    else this.change(insertInto(actions, at, key, action, types));
    this.picture.choose(action.id);
    this.open(0);
    this.showStep(action.id);
    this.picture.focus(action.id);
  }

  removeStep(id) {
    const { actions, types } = this.board, at = indexOf(actions, id), near = actions[at + 1]?.id ?? actions[at - 1]?.id ?? null;
    this.change(remove(actions, at, types));
    this.picture.chosen = near;
    this.show();
    this.picture.focus(near);
    this.say(`Step ${at + 1} is removed.`);
  }

  // One way: choose its step. Several: ask which, in the panel.
  connectFrom(id) {
    const { actions, types } = this.board, at = indexOf(actions, id), out = ways(actions, at, types.get(actions[at].type));
    const jumps = (types.get(actions[at].type)?.fields ?? []).filter((field) => field.kind === "jump" && !out.some((way) => way.key === field.name)).map((field) => ({ key: field.name, label: field.label.toLowerCase() }));
    const all = [...out, ...jumps];
    if (all.length === 0) return this.say("Nothing follows this step.");
    if (all.length === 1) return this.picture.startConnecting(id, all[0].key, all[0].label);
    const choices = all.map((way) => make("button", { type: "button", class: "button small", onclick: () => { this.say(""); this.picture.startConnecting(id, way.key, way.label); } }, way.label || "then"));
    this.notes.replaceChildren(make("div", { class: "notice flow-row" }, make("span", {}, "Which way out of it?"), ...choices));
    choices[0].focus();
  }

  // --- the state ---

  change(actions, mark = null) {
    this.history.add(actions, mark);
    this.take(actions);
  }

  travel(way) {
    const actions = this.history[way]();
    if (!actions) return;
    this.take(actions);
    this.showStep(this.picture.chosen);
  }

  take(actions) {
    this.board.actions = actions;
    this.board.lit = null;
    this.text.value = JSON.stringify(actions, null, 2);
    this.show();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.check(), PAUSE_MS);
  }

  readText() {
    const actions = readActions(this.text.value);
    if (actions) this.change(withIds(actions)); else this.check();
  }

  write(id, act, mark) {
    const actions = clone(this.board.actions);
    act(actions[indexOf(actions, id)]);
    this.isTyping = mark !== null;
    this.change(actions, mark === null ? null : `${id} ${mark}`);
    this.isTyping = false;
    if (mark === null) this.showStep(id);
  }

  // --- showing ---

  show() {
    this.picture.render();
    if (!this.isTyping) this.showStep(this.picture.chosen);
    this.undoButton.disabled = !this.history.past.length;
    this.redoButton.disabled = !this.history.future.length;
    if (this.textOfForm() !== this.kept) part("draft-status").replaceChildren(make("span", { class: "status wait" }, "Not saved"));
  }

  showStep(id) {
    const { actions } = this.board, focused = this.panel.contains(document.activeElement) ? document.activeElement.id : "";
    if (!id || indexOf(actions, id) < 0) {
      this.panel.replaceChildren(make("p", { class: "hint" }, actions.length ? "Choose a step." : "The flow has no step yet. Add one."));
      return;
    }
    this.panel.replaceChildren(stepForm(this.board, id, (...given) => this.write(...given)), this.stepTools(id));
    if (focused) document.getElementById(focused)?.focus();
  }

  stepTools(id) {
    if (!this.board.mayChange) return "";
    const deeds = this.deeds(), tool = (label, act, kind = "quiet") => make("button", { type: "button", class: `button small ${kind}`, onclick: act }, label);
    return make("div", { class: "flow-row flow-step-tools" }, tool("Move up", () => deeds.shift(id, -1)), tool("Move down", () => deeds.shift(id, 1)),
      tool("Connect", () => deeds.connect(id)), tool("Copy", () => deeds.copy(id)), tool("Delete", () => deeds.remove(id), "danger"));
  }

  say(text) { this.notes.replaceChildren(text ? make("p", { class: "notice" }, text) : ""); }

  // --- the server ---

  async ask(path, fields) {
    const data = new FormData();
    data.set("csrf", this.form.elements.csrf.value);
    for (const [name, value] of Object.entries(fields)) data.set(name, value);
    const answer = await fetch(`${root.dataset.here}/${path}`, { method: "POST", body: data, headers: { Accept: "application/json" } });
    if (!answer.headers.get("content-type")?.startsWith("application/json")) throw new Error(answer.redirected ? "You are signed out. Sign in again in another tab." : "The server did not answer as it should. Try again.");
    return { isGood: answer.ok, shown: await answer.json() };
  }

  async check() {
    const asked = this.text.value;
    try {
      const { shown } = await this.ask("check", { actions: asked });
      if (asked === this.text.value) this.tellFaults(shown.faults);
    } catch (problem) { this.say(problem.message); }
  }

  tellFaults(faults) {
    const told = faults.map((fault) => ({ ...fault, ...placeOf(fault.field), message: ownWords(fault.message) }));
    if (JSON.stringify(told) === JSON.stringify(this.board.faults)) return;
    this.board.faults = told;
    this.picture.render();
    this.showFaults();
    const global = this.board.faults.filter((fault) => fault.at === null);
    this.say(global.map((fault) => fault.message).join(" "));
  }

  // Beside the fields, without taking away what is being typed.
  showFaults() {
    const id = this.picture.chosen, at = indexOf(this.board.actions, id);
    if (at < 0) return;
    const held = document.activeElement, place = this.panel.contains(held) ? [held.id, held.selectionStart, held.selectionEnd] : null;
    this.showStep(id);
    if (!place || !place[0]) return;
    const again = document.getElementById(place[0]);
    again?.focus();
    if (place[1] !== null && place[1] !== undefined && again?.setSelectionRange && again.type !== "number") again.setSelectionRange(place[1], place[2]);
  }

  async save() {
    const { name, detail, on_complete: following, revision } = this.form.elements, kept = this.textOfForm();
    const told = part("saved");
    told.textContent = "Saving…";
    try {
      const { isGood, shown } = await this.ask("draft", { actions: this.text.value, name: name.value, detail: detail.value, on_complete: following.value, revision: revision.value });
      if (!isGood) { told.textContent = shown.faults[0]?.message ?? "It could not be saved."; return; }
      revision.value = shown.revision;
      this.kept = kept;
      part("draft-status").replaceChildren(make("span", { class: "status" }, "Draft"));
      told.textContent = `Saved at ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}${shown.faults.length ? `, with ${shown.faults.length} ${shown.faults.length === 1 ? "fault" : "faults"}` : ""}`;
    } catch (problem) { told.textContent = problem.message; }
  }

  async play() {
    const asked = Object.fromEntries(new FormData(part("dry-form"))), button = part("play");
    try {
      const { isGood, shown } = await this.ask("dry-run", { ...asked, actions: this.text.value });
      if (!isGood) part("played").replaceChildren(make("div", { class: "notice bad" }, ...shown.faults.map((fault) => make("p", {}, fault.message))));
      else this.light({ ...shown, timezone: asked.timezone });
    } catch (problem) { part("played").replaceChildren(make("p", { class: "field-error" }, problem.message)); }
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }

  light(played) {
    this.board.lit = lightOf(played);
    this.picture.render();
    const told = part("played"), panel = part("dry");
    told.replaceChildren(...resultOf(played, this.board.label, (id) => { this.picture.choose(id); this.picture.focus(id); }, (text) => this.named(text)));
    this.open(1);
    panel.scrollTop = told.offsetTop - panel.offsetTop;
  }

  // The server's words name steps by their ids; people know them by their place.
  named(text) {
    return this.board.actions.reduce((shown, action) => shown.replaceAll(action.id, this.picture.named(action.id)), text);
  }

  textOfForm() {
    const { name, detail, on_complete: following } = this.form.elements;
    return JSON.stringify([name.value, detail.value, following.value, readActions(this.text.value) ?? this.text.value]);
  }
}

function readActions(text) {
  try {
    const read = JSON.parse(text), actions = Array.isArray(read) ? read : read?.actions;
    const isGood = Array.isArray(actions) && actions.every((action) => action && typeof action === "object" && typeof action.type === "string");
    return isGood ? actions : null;
  } catch { return null; }
}

// The picture and the form say already which step it is.
function ownWords(message) {
  const text = message.replace(/^action \d+ (\([^)]*\) )?/, "");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// `actions[2].option.target_ids.1` is of step 2 and its option target_ids.
function placeOf(field) {
  const found = /^actions\[(\d+)\]\.?(.*)$/.exec(field ?? "");
  if (!found) return { at: null, name: "" };
  const [, at, path] = found, names = path.split(/[.[]/);
  return { at: Number(at), name: names[0] === "option" ? names[1] ?? "" : names[0] };
}

const schema = await (await fetch(root.dataset.schema)).json();
root.editor = new Editor(readTypes(schema));
