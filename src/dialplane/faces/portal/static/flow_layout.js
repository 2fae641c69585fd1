// Where each step stands: worked out of the list alone, so that there is nothing to keep beside it. Ways lead downwards;
// what several ways lead to stands below all of them; a way back up is drawn around.
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
    const below = children.get(id).map((child) => nodes.get(child).column);
    const column = below.length ? (below[0] + below[below.length - 1]) / 2 : left;
    nodes.set(id, { column, at: index.get(id), x: EDGE + column * (WIDTH + ACROSS), y: EDGE / 2 + rows.get(id) * (HEIGHT + DOWN) });
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
      edges.push({ from: action.id, to: way.target, key: way.key, label: way.label, port: [x, y], ...line(x, y, nodes.get(way.target)) });
    });
  }
  return edges;
}

function line(x, y, to) {
  if (!to) return { path: `M ${x} ${y} v 34`, middle: [x, y + 40] };
  const toX = to.x + WIDTH / 2, toY = to.y;
  if (toY > y) {
    const bend = Math.min(DOWN / 2, (toY - y) / 2);
    return { path: `M ${x} ${y} C ${x} ${y + bend + 12}, ${toX} ${toY - bend - 12}, ${toX} ${toY - 5}`, middle: [x * 0.25 + toX * 0.75, y + (toY - y) * 0.62] };
  }
  // Back up: around the side that is nearer.
  const side = toX > x ? to.x - ACROSS / 2 : to.x + WIDTH + ACROSS / 2;
  const enter = toX > x ? to.x - 5 : to.x + WIDTH + 5, enterY = toY + HEIGHT / 2;
  return {
    path: `M ${x} ${y} C ${x} ${y + 56}, ${side} ${y + 56}, ${side} ${y} V ${enterY + 8} Q ${side} ${enterY}, ${enter} ${enterY}`,
    middle: [(x + side) / 2, y + 42],
  };
}
