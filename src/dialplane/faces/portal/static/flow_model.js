// A flow as the API has it, a list of actions, and what can be done to it. Pure: every edit takes a list and gives a new one.

export const START = "00000000-0000-0000-0000-000000000001";
export const FINISH = "00000000-0000-0000-0000-000000000002";
const NEXT = "00000000-0000-0000-0000-000000000003";
const NIL = "00000000-0000-0000-0000-000000000000";

export const clone = (value) => JSON.parse(JSON.stringify(value));
const same = (a, b) => String(a).toLowerCase() === String(b).toLowerCase();
export const indexOf = (actions, id) => actions.findIndex((action) => same(action.id, id));

// randomUUID needs https or this machine; random octets do not.
export function newId() {
  const octets = crypto.getRandomValues(new Uint8Array(16));
  octets[6] = (octets[6] & 0x0f) | 0x40;
  octets[8] = (octets[8] & 0x3f) | 0x80;
  const hex = [...octets].map((octet) => octet.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

// Every action needs an id, so that others can jump to it and the dry run can point at it.
export function withIds(actions) {
  return actions.map((action) => (action.id ? action : { id: newId(), ...action }));
}

// Where the list itself leads after the action at `at`: the id of an action, or null for the end.
export function following(actions, at) {
  const next = actions[at].next_id;
  if (next && !same(next, NIL) && !same(next, NEXT)) return placeOf(actions, at, next);
  return actions[at + 1]?.id ?? null;
}

function placeOf(actions, at, id) {
  if (same(id, START)) return actions[0].id;
  if (same(id, FINISH)) return null;
  if (same(id, NEXT)) return actions[at + 1]?.id ?? null;
  const found = indexOf(actions, id);
  return found < 0 ? undefined : actions[found].id;
}

const isSet = (id) => typeof id === "string" && id !== "" && !same(id, NIL);

// The ways out of an action: `key` names one, `target` is an id, null for the end, undefined where nobody knows.
export function ways(actions, at, type) {
  const action = actions[at], option = action.option ?? {}, found = [];
  const aim = (id) => (id.includes("${") ? undefined : placeOf(actions, at, id));
  for (const field of type?.fields ?? []) {
    const value = option[field.name];
    if (field.kind === "jumps" && value && typeof value === "object") {
      for (const [word, id] of Object.entries(value)) {
        if (isSet(id)) found.push({ key: `${field.name}.${word}`, label: word, target: aim(id) });
      }
    } else if (field.kind === "jump" && isSet(value)) {
      found.push({ key: field.name, label: LABELS[field.name] ?? "", target: aim(value) });
    }
  }
  const isDecided = found.some((way) => way.key === "default_target_id");
  if (!type?.isLast && !isDecided) {
    const label = found.length === 0 ? "" : action.type === "goto" ? "then" : action.type === "branch" ? "other" : "yes";
    const next = { key: "next", label, target: following(actions, at) };
    if (action.type.startsWith("condition_")) found.unshift(next); else found.push(next);
  }
  return found;
}

const LABELS = { false_target_id: "otherwise", default_target_id: "other", target_id: "again" };

// --- edits -----------------------------------------------------------------------------------------------------------

const fallsThrough = (action, types) => !types.get(action.type)?.isLast && !isSet(action.next_id);

// Let a way lead to `id`; null is the end for the list's own way, and no jump for the others.
export function connect(actions, at, key, id) {
  const list = clone(actions), action = list[at];
  if (key === "next") {
    if (id !== null && list[at + 1]?.id === id) delete action.next_id;
    else action.next_id = id ?? FINISH;
    return list;
  }
  const [name, ...rest] = key.split("."), word = rest.join(".");
  action.option = { ...action.option };
  if (rest.length) {
    action.option[name] = { ...action.option[name] };
    if (id === null) delete action.option[name][word]; else action.option[name][word] = id;
  } else if (id === null) delete action.option[name]; else action.option[name] = id;
  return list;
}

export function insertFirst(actions, action) {
  const fresh = clone(action);
  delete fresh.next_id;
  return [fresh, ...clone(actions)];
}

// Put an action into a way: from `at` by `key` it comes to the action, and from there to where the way led before.
export function insertInto(actions, at, key, action, types) {
  const list = clone(actions), fresh = clone(action), from = list[at];
  delete fresh.next_id;
  if (key === "next") {
    if (isSet(from.next_id)) fresh.next_id = from.next_id;
    delete from.next_id;
    list.splice(at + 1, 0, fresh);
    return list;
  }
  const target = ways(list, at, types.get(from.type)).find((way) => way.key === key)?.target ?? following(list, at);
  const last = list[list.length - 1];
  if (fallsThrough(last, types)) last.next_id = FINISH; // it must not run into what is put behind it
  fresh.next_id = target ?? FINISH;
  list.push(fresh);
  return connect(list, at, key, fresh.id);
}

// Take an action out: whatever led to it leads to what followed it.
export function remove(actions, at, types) {
  const list = clone(actions), gone = list[at], isLast = types.get(gone.type)?.isLast;
  const follows = isLast ? null : following(list, at);
  const before = list[at - 1];
  if (before && fallsThrough(before, types) && (follows ?? null) !== (list[at + 1]?.id ?? null)) before.next_id = follows ?? FINISH;
  list.splice(at, 1);
  list.forEach((action) => redirect(action, gone.id, follows === gone.id ? null : follows, types));
  if (!isLast && at === 0 && follows && indexOf(list, follows) > 0) list.unshift(...list.splice(indexOf(list, follows), 1));
  return list;
}

function redirect(action, from, to, types) {
  if (isSet(action.next_id) && same(action.next_id, from)) action.next_id = to ?? FINISH;
  for (const field of types.get(action.type)?.fields ?? []) {
    const value = action.option?.[field.name];
    if (field.kind === "jump" && isSet(value) && same(value, from)) {
      if (to === null) delete action.option[field.name]; else action.option[field.name] = to;
    } else if (field.kind === "jumps" && value && typeof value === "object") {
      for (const [word, id] of Object.entries(value)) {
        if (!isSet(id) || !same(id, from)) continue;
        if (to === null) delete value[word]; else value[word] = to;
      }
    }
  }
}

// Move an action into another way, given by the id of where the way begins (null: to the very beginning).
export function moveInto(actions, id, from, key, types) {
  const at = indexOf(actions, id), moved = actions[at];
  if (from === id) return actions;
  if (from !== null && ways(actions, indexOf(actions, from), types.get(actions[indexOf(actions, from)].type)).some((way) => way.key === key && way.target === id)) return actions;
  const left = remove(actions, at, types);
  if (from === null) return insertFirst(left, moved);
  return insertInto(left, indexOf(left, from), key, moved, types);
}

// The ways that lead to an action, as [id, key].
export function waysTo(actions, id, types) {
  return actions.flatMap((action, at) =>
    ways(actions, at, types.get(action.type)).filter((way) => way.target === id).map((way) => [action.id, way.key]));
}

// One place towards the beginning or the end.
export function shift(actions, id, step, types) {
  const at = indexOf(actions, id);
  if (step > 0) {
    const next = following(actions, at);
    if (!next || next === id || types.get(actions[indexOf(actions, next)].type)?.isLast) return actions;
    return moveInto(actions, id, next, "next", types);
  }
  const [before] = waysTo(actions, id, types);
  if (!before || before[0] === id) return actions;
  const [above] = waysTo(actions, before[0], types);
  if (above?.[0] === id) return actions;
  return above ? moveInto(actions, id, above[0], above[1], types) : moveInto(actions, id, null, "", types);
}
