// The picture of a flow: steps as buttons over lines. Everything that a mouse can do here, keys can do too.
import { draw, make } from "./flow_elements.js";
import { HEIGHT, WIDTH, layOut } from "./flow_layout.js";
import { summary } from "./flow_types.js";

const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const NEAR = 70, FAR_ENOUGH = 6;

function arrow(id, state) {
  const shape = draw("path", { d: "M 0 0 L 10 5 L 0 10 z", class: `flow-arrow${state}` });
  return draw("marker", { id, viewBox: "0 0 10 10", refX: "7", refY: "5", markerWidth: "11", markerHeight: "11", markerUnits: "userSpaceOnUse", orient: "auto" }, shape);
}

// `board` holds {actions, types, faults, mayChange, label}; `deeds` are what the editor lets happen.
export class Picture {
  constructor(board, deeds) {
    this.board = board;
    this.deeds = deeds;
    this.scale = 1;
    this.chosen = null;
    this.connecting = null;
    this.lines = draw("svg", { class: "flow-lines", "aria-hidden": "true" });
    this.steps = make("div", { class: "flow-nodes", role: "group", "aria-label": "Steps of the flow", "aria-describedby": "flow-keys" });
    this.sheet = make("div", { class: "flow-sheet" }, this.lines, this.steps);
    this.element = make("div", { class: "flow-canvas", onkeydown: (event) => this.pressed(event) }, this.sheet);
  }

  // Not while a step is held by the mouse: whoever lets it go renders.
  render() {
    this.isStale = this.isHeld;
    if (this.isHeld) return;
    const hadFocus = this.steps.contains(document.activeElement), { actions, types } = this.board;
    this.layout = layOut(actions, types);
    if (!this.layout.nodes.has(this.chosen)) this.chosen = actions[0]?.id ?? null;
    this.lines.replaceChildren(...this.drawn());
    this.steps.replaceChildren(...actions.map((action, at) => this.node(action, at)), ...this.board.mayChange ? this.layout.edges.flatMap((edge) => [this.plus(edge), this.port(edge)]) : []);
    this.lines.setAttribute("width", this.layout.width);
    this.lines.setAttribute("height", this.layout.height);
    this.zoom(this.scale);
    if (hadFocus) this.focus(this.chosen);
  }

  zoom(scale) {
    this.scale = Math.min(1.25, Math.max(0.4, scale));
    this.sheet.style.width = `${this.layout.width * this.scale}px`;
    this.sheet.style.height = `${this.layout.height * this.scale}px`;
    for (const part of [this.lines, this.steps]) part.style.transform = `scale(${this.scale})`;
  }

  fit() { this.zoom(Math.max(0.6, Math.min(1, (this.element.clientWidth - 4) / this.layout.width))); }

  drawn() {
    return [draw("defs", {}, arrow("flow-arrow", ""), arrow("flow-arrow-lit", " is-lit")), ...this.layout.edges.flatMap((edge) => {
      const lit = this.board.lit?.ways.has(`${edge.from} ${edge.to}`) ? " is-lit" : "";
      const parts = [draw("path", { d: edge.path, class: `flow-line${lit}`, "marker-end": edge.to ? `url(#flow-arrow${lit ? "-lit" : ""})` : null })];
      if (!edge.to) parts.push(draw("circle", { cx: edge.port[0], cy: edge.port[1] + 40, r: 5, class: "flow-end" }));
      if (edge.label) parts.push(this.word(edge));
      return parts;
    })];
  }

  word(edge) {
    const text = edge.label.length > 12 ? `${edge.label.slice(0, 11)}…` : edge.label, wide = text.length * 7 + 12;
    const [x, y] = [edge.port[0], edge.port[1] + 15];
    return draw("g", { class: "flow-word" }, draw("rect", { x: x - wide / 2, y: y - 10, width: wide, height: 20, rx: 10 }), draw("text", { x, y: y + 4, "text-anchor": "middle" }, text));
  }

  node(action, at) {
    const { types, faults, lit } = this.board, type = types.get(action.type), place = this.layout.nodes.get(action.id);
    const wrong = faults.filter((fault) => fault.at === at).length, turns = lit?.steps.get(action.id);
    const states = [wrong && "is-wrong", turns && "is-lit", action.id === this.chosen && "is-chosen", this.connecting && "is-target"].filter(Boolean).join(" ");
    const element = make("button", {
      type: "button", class: `flow-node ${states}`, "data-id": action.id, "data-group": type?.group ?? "",
      tabindex: action.id === this.chosen ? "0" : "-1", "aria-label": this.spoken(action, at, wrong, turns),
      "aria-current": action.id === this.chosen ? "true" : null,
      onclick: () => this.clicked(action.id),
      onfocus: () => this.choose(action.id),
      onpointerdown: (event) => this.grabbed(event, action.id),
    }, make("span", { class: "flow-title" }, make("span", { class: "flow-count" }, String(at + 1)), type?.title ?? action.type, turns ? make("span", { class: "flow-turn" }, turns.join(", ")) : null, wrong ? make("span", { class: "flow-fault" }, "!") : null),
    make("span", { class: "flow-says" }, summary(action, type) || type?.says || ""));
    element.style.left = `${place.x}px`;
    element.style.top = `${place.y}px`;
    element.style.width = `${WIDTH}px`;
    element.style.height = `${HEIGHT}px`;
    return element;
  }

  spoken(action, at, wrong, turns) {
    const says = summary(action, this.board.types.get(action.type));
    const out = this.layout.edges.filter((edge) => edge.from === action.id).map((edge) => `${edge.label ? `${edge.label}: ` : ""}${this.named(edge.to)}`);
    return [`Step ${at + 1}, ${this.board.label(action)}`, says, out.length ? `goes to ${out.join("; ")}` : "", wrong ? `${wrong} ${wrong === 1 ? "fault" : "faults"}` : "", turns ? `played as ${turns.join(", ")}` : ""].filter(Boolean).join(". ");
  }

  named(id) {
    if (!id) return "the end";
    const at = this.board.actions.findIndex((action) => action.id === id);
    return `step ${at + 1}, ${this.board.label(this.board.actions[at])}`;
  }

  plus(edge) {
    const between = `Insert a step after ${this.named(edge.from)}${edge.label ? `, ${edge.label}` : ""}`;
    const element = make("button", { type: "button", class: "flow-plus", tabindex: "-1", "aria-label": between, title: "Insert a step here", onclick: () => this.deeds.insert(edge.from, edge.key) }, "+");
    element.style.left = `${edge.middle[0]}px`;
    element.style.top = `${edge.middle[1]}px`;
    return element;
  }

  // Where a way begins: drawn to another step, it leads there. Keys do the same with C.
  port(edge) {
    const element = make("span", { class: "flow-port", "aria-hidden": "true", title: "Draw this to another step", onpointerdown: (event) => this.drawWay(event, edge) });
    element.style.left = `${edge.port[0]}px`;
    element.style.top = `${edge.port[1]}px`;
    return element;
  }

  focus(id) { this.steps.querySelector(`[data-id="${CSS.escape(id ?? "")}"]`)?.focus({ preventScroll: false }); }

  choose(id) {
    if (this.chosen === id) return;
    this.chosen = id;
    for (const node of this.steps.querySelectorAll(".flow-node")) {
      const isChosen = node.dataset.id === id;
      node.classList.toggle("is-chosen", isChosen);
      node.tabIndex = isChosen ? 0 : -1;
      if (isChosen) node.setAttribute("aria-current", "true"); else node.removeAttribute("aria-current");
    }
    if (!this.connecting) this.deeds.choose(id);
  }

  clicked(id) {
    if (this.connecting) { this.finishConnecting(id); return; }
    this.choose(id);
    this.deeds.clicked(id);
  }

  // --- keys ---

  pressed(event) {
    const id = event.target.dataset?.id;
    if (!id) return;
    const step = ARROWS[event.key];
    if (step && event.altKey) { event.preventDefault(); if (step[1]) this.deeds.shift(id, step[1]); return; }
    if (step) { event.preventDefault(); this.focus(this.nearest(id, step)); return; }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const deed = {
      Delete: () => this.deeds.remove(id), Backspace: () => this.deeds.remove(id), Escape: () => this.stopConnecting(),
      Home: () => this.focus(this.board.actions[0].id), End: () => this.focus(this.board.actions.at(-1).id),
      Enter: () => (this.connecting ? this.finishConnecting(id) : this.deeds.edit(id)),
      c: () => this.deeds.connect(id), a: () => this.deeds.insertAfter(id), d: () => this.deeds.copy(id),
    }[event.key];
    if (deed) { event.preventDefault(); deed(); }
  }

  nearest(id, [dx, dy]) {
    const from = this.layout.nodes.get(id);
    let best = id, least = Infinity;
    for (const [other, place] of this.layout.nodes) {
      const ahead = (place.x - from.x) * dx + (place.y - from.y) * dy, aside = Math.abs((place.x - from.x) * dy) + Math.abs((place.y - from.y) * dx);
      if (ahead > 1 && ahead + 2 * aside < least) { best = other; least = ahead + 2 * aside; }
    }
    return best;
  }

  // Choose where a way goes: the next step that is clicked, or confirmed with Enter.
  startConnecting(id, key, label) {
    this.connecting = { id, key };
    this.element.classList.add("is-connecting");
    this.deeds.say(`Choose the step that ${label ? `“${label}”` : "it"} goes to, then press Enter. Escape keeps it as it is.`);
    this.focus(id);
  }

  finishConnecting(to) {
    const { id, key } = this.connecting;
    this.stopConnecting();
    this.deeds.connected(id, key, to);
  }

  stopConnecting() {
    if (!this.connecting) return;
    this.connecting = null;
    this.element.classList.remove("is-connecting");
    this.deeds.say("");
  }

  // --- the mouse ---

  grabbed(event, id) {
    if (!this.board.mayChange || event.button !== 0 || event.pointerType === "touch" || this.connecting) return;
    const node = event.currentTarget, from = [event.clientX, event.clientY], place = this.layout.nodes.get(id);
    let isDragged = false, slot = null;
    this.isHeld = true;
    node.setPointerCapture(event.pointerId);
    const moved = (next) => {
      const dx = (next.clientX - from[0]) / this.scale, dy = (next.clientY - from[1]) / this.scale;
      if (!isDragged && Math.hypot(dx, dy) < FAR_ENOUGH) return;
      if (!isDragged) { isDragged = true; node.classList.add("is-dragged"); this.element.classList.add("is-dragging"); }
      node.style.left = `${place.x + dx}px`;
      node.style.top = `${place.y + dy}px`;
      slot = this.slotAt(place.x + dx + WIDTH / 2, place.y + dy + HEIGHT / 2, id);
    };
    const ended = (last) => {
      if (!this.isHeld) return;
      this.isHeld = false;
      node.removeEventListener("pointermove", moved);
      this.element.classList.remove("is-dragging");
      if (!isDragged) {
        if (this.isStale) setTimeout(() => this.render()); // after the click
        return;
      }
      node.addEventListener("click", (click) => click.stopImmediatePropagation(), { capture: true, once: true });
      setTimeout(() => (last.type === "pointerup" && slot ? this.deeds.move(id, slot.from, slot.key) : this.render()));
    };
    node.addEventListener("pointermove", moved);
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) node.addEventListener(name, ended, { once: true });
  }

  drawWay(event, edge) {
    event.preventDefault();
    const port = event.currentTarget, from = edge.port, thread = draw("path", { class: "flow-thread" });
    this.isHeld = true;
    port.setPointerCapture(event.pointerId);
    this.lines.append(thread);
    const under = (at) => document.elementsFromPoint(at.clientX, at.clientY).find((element) => element.matches(".flow-node"));
    const moved = (at) => {
      const sheet = this.sheet.getBoundingClientRect();
      thread.setAttribute("d", `M ${from[0]} ${from[1]} L ${(at.clientX - sheet.left) / this.scale} ${(at.clientY - sheet.top) / this.scale}`);
      for (const node of this.steps.querySelectorAll(".flow-node")) node.classList.toggle("is-near", node === under(at));
    };
    const ended = (at) => {
      if (!this.isHeld) return;
      this.isHeld = false;
      port.removeEventListener("pointermove", moved);
      const to = at.type === "pointerup" ? under(at)?.dataset.id : null;
      if (to) this.deeds.connected(edge.from, edge.key, to); else this.render();
    };
    port.addEventListener("pointermove", moved);
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) port.addEventListener(name, ended, { once: true });
  }

  // The way whose middle is near enough for a step to be dropped into it.
  slotAt(x, y, id) {
    const far = (edge) => Math.hypot(edge.middle[0] - x, edge.middle[1] - y);
    const [near] = this.layout.edges.filter((edge) => edge.from !== id && edge.to !== id && far(edge) < NEAR).sort((a, b) => far(a) - far(b));
    this.steps.querySelectorAll(".flow-plus").forEach((plus, at) => plus.classList.toggle("is-near", this.layout.edges[at] === near));
    return near ?? null;
  }
}
