// Where each step stands: worked out of the list alone, so that there is nothing to keep beside it. The first way out of
// a step leads straight down, the others into columns to the right; what several ways lead to stands below all of them.
import { ways } from "./flow_model.js";

export const WIDTH = 216, HEIGHT = 68;
const ACROSS = 36, DOWN = 78, EDGE = 28;

// {nodes: Map of id to {x, y, at}, edges: [{from, to, key, label, path, middle}], width, height}
export function layOut(actions, types) {
  const out = new Map(actions.map((action, at) => [action.id, ways(actions, at, types.get(action.type))]));
  const { trees, back } = span(actions, out);
  const rows = rank(actions, out, back);
  const nodes = place(actions, trees, rows);
  const edges = connectAll(actions, out, nodes);
  const far = [...nodes.values()];
  return {
    nodes,
    edges,
    width: Math.max(WIDTH, ...far.map((each) => each.x + WIDTH)) + 2 * EDGE,
    height: Math.max(HEIGHT, ...far.map((each) => each.y + HEIGHT)) + DOWN,
  };
}

// Who was found from whom, first come first served; and the ways that lead back to where they come from.
function span(actions, out) {
  const children = new Map(actions.map((action) => [action.id, []])), roots = [], back = new Set(), state = new Map();
  const visit = (id) => {
    state.set(id, "open");
    for (const way of out.get(id)) {
      if (way.target == null) continue;
      if (!state.has(way.target)) { children.get(id).push(way.target); visit(way.target); }
      else if (state.get(way.target) === "open") back.add(`${id} ${way.key}`);
    }
    state.set(id, "done");
  };
  for (const action of actions) if (!state.has(action.id)) { roots.push(action.id); visit(action.id); }
  return { trees: { roots, children }, back };
}

// The row of each step: one below the lowest of those that lead to it.
function rank(actions, out, back) {
  const rows = new Map(actions.map((action) => [action.id, 0])), waiting = new Map(actions.map((action) => [action.id, 0]));
  const forward = (id) => out.get(id).filter((way) => way.target != null && !back.has(`${id} ${way.key}`));
  for (const action of actions) for (const way of forward(action.id)) waiting.set(way.target, waiting.get(way.target) + 1);
  const ready = actions.filter((action) => waiting.get(action.id) === 0).map((action) => action.id);
  while (ready.length) {
    const id = ready.shift();
    for (const way of forward(id)) {
      rows.set(way.target, Math.max(rows.get(way.target), rows.get(id) + 1));
      waiting.set(way.target, waiting.get(way.target) - 1);
      if (waiting.get(way.target) === 0) ready.push(way.target);
    }
  }
  return rows;
}

function place(actions, { roots, children }, rows) {
  const nodes = new Map(), index = new Map(actions.map((action, at) => [action.id, at]));
  const put = (id, left) => {
    let right = left;
    for (const child of children.get(id)) right = put(child, right);
    right = Math.max(right, left + 1);
    nodes.set(id, { column: left, row: rows.get(id), at: index.get(id), x: EDGE + left * (WIDTH + ACROSS), y: EDGE / 2 + rows.get(id) * (HEIGHT + DOWN) });
    return right;
  };
  roots.reduce((left, root) => put(root, left), 0);
  return nodes;
}

function connectAll(actions, out, nodes) {
  const edges = [];
  for (const action of actions) {
    const from = nodes.get(action.id), all = out.get(action.id);
    all.forEach((way, number) => {
      if (way.target === undefined) return;
      const x = from.x + (WIDTH * (number + 1)) / (all.length + 1), y = from.y + HEIGHT;
      edges.push({ from: action.id, to: way.target, key: way.key, label: way.label, port: [x, y], ...line(x, y, from, nodes.get(way.target)) });
    });
  }
  return edges;
}

function line(x, y, from, to) {
  if (!to) return { path: `M ${x} ${y} v 34`, middle: [x, y + 40] };
  if (to.row <= from.row) return backUp(x, y, to);
  const toX = to.x + WIDTH / 2, toY = to.y - 5;
  if (to.row === from.row + 1) {
    return { path: `M ${x} ${y} C ${x} ${y + 46}, ${toX} ${toY - 42}, ${toX} ${toY}`, middle: [x * 0.25 + toX * 0.75, y + (toY - y) * 0.6] };
  }
  // Past other steps: down the column that it leads to where that lies to the right, else between two columns.
  const lane = to.column > from.column ? toX : to.column < from.column ? from.x - ACROSS / 2 : from.x + WIDTH + ACROSS / 2;
  return {
    path: `M ${x} ${y} C ${x} ${y + 40}, ${lane} ${y + 20}, ${lane} ${y + DOWN} V ${toY - DOWN} C ${lane} ${toY - 20}, ${toX} ${toY - 40}, ${toX} ${toY}`,
    middle: [lane, y + DOWN],
  };
}

// Around the side that is nearer.
function backUp(x, y, to) {
  const isRight = x >= to.x + WIDTH / 2;
  const lane = isRight ? to.x + WIDTH + ACROSS / 2 : to.x - ACROSS / 2, enter = isRight ? to.x + WIDTH + 5 : to.x - 5;
  const middle = to.y + HEIGHT / 2;
  return {
    path: `M ${x} ${y} C ${x} ${y + 56}, ${lane} ${y + 56}, ${lane} ${y} V ${middle + 8} Q ${lane} ${middle}, ${enter} ${middle}`,
    middle: [(x + lane) / 2, y + 42],
  };
}
