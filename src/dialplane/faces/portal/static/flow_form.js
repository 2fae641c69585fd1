// The form of one step. Its fields come from the schema, what is wrong with them from the server's validator.
import { make } from "./flow_elements.js";
import { FINISH, START } from "./flow_model.js";

// `board` gives {actions, types, names, mayChange, faults}; `write(id, change)` lets a change happen to the step.
export function stepForm(board, id, write) {
  const at = board.actions.findIndex((action) => action.id === id), action = board.actions[at];
  const type = board.types.get(action.type);
  const context = { board, id, at, action, write: (change, mark) => write(id, change, mark) };
  const form = make("div", { class: "flow-step-form" },
    make("h2", { tabindex: "-1" }, `${at + 1}. ${type?.title ?? action.type}`),
    make("p", { class: "hint" }, type?.says ?? "The server does not know this type.", " ", make("code", {}, action.type)),
    ...faultsOf(board, at, "").map((fault) => make("p", { class: "field-error" }, fault.message)),
    ...(type?.fields ?? []).map((field) => fieldOf(context, field)),
    type?.isLast ? null : nextField(context),
    make("p", { class: "hint flow-id" }, "id ", make("code", {}, id)));
  if (!board.mayChange) form.querySelectorAll("input, select, textarea, button").forEach((each) => { each.disabled = true; });
  return form;
}

// The faults of a step that no field of the form shows, or of one field.
export function faultsOf(board, at, name) {
  const own = board.faults.filter((fault) => fault.at === at);
  if (name) return own.filter((fault) => fault.name === name);
  const shown = new Set((board.types.get(board.actions[at].type)?.fields ?? []).map((field) => field.name));
  return own.filter((fault) => !shown.has(fault.name));
}

function fieldOf(context, field) {
  const value = context.action.option?.[field.name];
  const change = (given, mark = field.name) => context.write((action) => {
    action.option = { ...action.option };
    if (given === undefined) delete action.option[field.name]; else action.option[field.name] = given;
    if (Object.keys(action.option).length === 0) delete action.option;
  }, mark);
  const isTemplate = typeof value === "string" && value.includes("${") && field.kind !== "text";
  const maker = isTemplate ? textInput : INPUTS[field.kind];
  return wrap(context, field, (attributes) => maker({ ...context, field, value, change, attributes }));
}

// Label, input, and below it what is wrong or a hint.
function wrap(context, field, input) {
  const name = `step-${field.name}`, faults = faultsOf(context.board, context.at, field.name);
  const below = faults.length ? make("p", { class: "field-error", id: `${name}-note` }, faults.map((fault) => fault.message).join(" "))
    : field.hint ? make("p", { class: "hint", id: `${name}-note` }, sentence(field.hint)) : null;
  const attributes = { id: name, "aria-invalid": faults.length ? "true" : null, "aria-describedby": below ? `${name}-note` : null };
  const made = input(attributes);
  if (field.kind === "flag" && made.matches("input[type=checkbox]")) {
    return make("div", { class: "field" }, make("label", { class: "tick" }, made, make("span", {}, field.label)), below);
  }
  const isOne = made.matches("input, select, textarea");
  const label = make(isOne ? "label" : "span", { for: isOne ? name : null, class: "flow-label", id: `${name}-label` }, field.label,
    field.isRequired ? null : make("span", { class: "optional" }, " optional"));
  if (!isOne) { made.setAttribute("role", "group"); made.setAttribute("aria-labelledby", `${name}-label`); }
  return make("div", { class: "field" }, label, made, below);
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const shown = (value) => (value === undefined || value === null ? "" : String(value));

function textInput({ field, value, change, attributes }) {
  const isLong = (field.value.maxLength ?? 0) > 500;
  const listens = { oninput: (event) => change(event.target.value === "" && !field.isRequired ? undefined : event.target.value) };
  const input = make(isLong ? "textarea" : "input", { ...attributes, ...listens, rows: isLong ? "3" : null, autocomplete: "off", placeholder: shown(field.default), spellcheck: isLong ? null : "false" });
  input.value = shown(value);
  return input;
}

function numberInput({ field, value, change, attributes }) {
  const read = (text) => (text === "" ? undefined : /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text);
  const input = make("input", { ...attributes, inputmode: "numeric", autocomplete: "off", placeholder: shown(field.default), oninput: (event) => change(read(event.target.value.trim())) });
  input.value = shown(value);
  return input;
}

function flagInput({ field, value, change, attributes }) {
  const input = make("input", { ...attributes, type: "checkbox", onchange: (event) => change(event.target.checked) });
  input.checked = value ?? field.default ?? false;
  return input;
}

function choose(attributes, choices, value, change) {
  const select = make("select", { ...attributes, onchange: (event) => change(event.target.value) },
    ...choices.map(([each, label]) => make("option", { value: each }, label)));
  if (value && !choices.some(([each]) => each === value)) select.append(make("option", { value }, value));
  select.value = value;
  return select;
}

function choiceInput({ field, value, change, attributes }) {
  const words = field.value.enum.filter((word) => word !== "");
  const choices = [["", field.default ? `${field.default} (as left out)` : "as left out"], ...words.map((word) => [word, word])];
  if (field.isRequired && value !== undefined) choices.shift();
  return choose(attributes, choices, shown(value), (word) => change(word === "" ? undefined : word));
}

// The steps that a jump may go to.
function steps({ board, id }, empty) {
  const named = board.actions.map((action, at) => [action.id, `${at + 1}. ${board.label(action)}${action.id === id ? " (this step)" : ""}`]);
  return [["", empty], ...named, [START, "the first step"], [FINISH, "the end"]];
}

function jumpInput(context) {
  const { field, value, change, attributes } = context;
  return choose(attributes, steps(context, field.isRequired ? "choose a step" : "the next step"), shown(value), (id) => change(id === "" ? undefined : id));
}

function jumpsInput(context) {
  const { field, value, change, attributes } = context, entries = Object.entries(value ?? {});
  const put = (list, mark) => change(list.length ? Object.fromEntries(list) : undefined, mark);
  const rows = entries.map(([word, id], number) => make("div", { class: "flow-pair" },
    withValue(make("input", { "aria-label": `Value ${number + 1}`, autocomplete: "off", onchange: (event) => put(entries.map((each, at) => (at === number ? [event.target.value, id] : each)), null) }), word),
    choose({ "aria-label": `Step for ${word}` }, steps(context, "choose a step"), shown(id), (to) => put(entries.map((each, at) => (at === number ? [word, to] : each)), null)),
    removeButton(`Remove the value ${word}`, () => put(entries.filter((_, at) => at !== number), null))));
  const free = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "*", "#"].find((key) => !(key in (value ?? {}))) ?? `value ${entries.length + 1}`;
  return make("div", { ...attributes, class: "flow-rows" }, ...rows,
    make("button", { type: "button", class: "button quiet small", "data-focus": `${field.name}-add`, onclick: () => put([...entries, [free, ""]], null) }, "Add a value"));
}

function partiesInput({ field, value, change, attributes }) {
  const list = Array.isArray(value) ? value : [];
  const limit = field.value.maxItems ?? 1;
  const row = (party, number) => partyRow(field.parties, party ?? {}, ` ${number + 1}`, (next, mark) => change(list.map((each, at) => (at === number ? next : each)), `${field.name}.${number}.${mark}`),
    () => change(list.filter((_, at) => at !== number), null));
  return make("div", { ...attributes, class: "flow-rows" }, ...list.map(row),
    list.length < limit ? make("button", { type: "button", class: "button quiet small", onclick: () => change([...list, { type: field.parties[0], target: "" }], null) }, "Add somebody") : null);
}

function partyInput({ field, value, change, attributes }) {
  const party = value && typeof value === "object" ? value : {};
  return make("div", { ...attributes, class: "flow-rows" },
    partyRow(field.parties, party, "", (next, mark) => change(next.target || next.type ? next : undefined, `${field.name}.${mark}`), value ? () => change(undefined, null) : null));
}

// `types` are those that the step takes; another one that is written already is shown, for the server to refuse.
function partyRow(types, party, number, change, drop) {
  const kinds = [...new Set([...types, party.type])].filter(Boolean).map((kind) => [kind, kind]);
  return make("div", { class: "flow-pair" },
    choose({ "aria-label": `Kind${number}` }, party.type ? kinds : [["", "kind"], ...kinds], party.type ?? "", (type) => change({ ...party, type }, "type")),
    withValue(make("input", { "aria-label": `Address${number}`, autocomplete: "off", placeholder: types[0] === "email" ? "ann@example.com" : "+12025550143", oninput: (event) => change({ ...party, type: party.type || types[0], target: event.target.value }, "target") }), party.target ?? ""),
    drop ? removeButton(`Remove address${number}`, drop) : null);
}

function linesInput({ value, change, attributes }) {
  const read = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);
  return withValue(make("textarea", { ...attributes, rows: "3", spellcheck: "false", placeholder: "one on each line", oninput: (event) => change(read(event.target.value)) }), (value ?? []).join("\n"));
}

function numbersInput({ value, change, attributes }) {
  const read = (text) => text.split(/[\s,]+/).filter(Boolean).map((each) => (/^-?\d+$/.test(each) ? Number(each) : each));
  return withValue(make("input", { ...attributes, autocomplete: "off", oninput: (event) => { const list = read(event.target.value); change(list.length ? list : undefined); } }), (value ?? []).join(", "));
}

function jsonInput({ value, change, attributes }) {
  const input = withValue(make("textarea", { ...attributes, rows: "5", spellcheck: "false" }), value === undefined ? "" : JSON.stringify(value, null, 2));
  input.addEventListener("change", () => {
    try { change(input.value.trim() === "" ? undefined : JSON.parse(input.value)); input.setCustomValidity(""); }
    catch { input.setCustomValidity("This is not JSON"); input.reportValidity(); }
  });
  return input;
}

function namedInput(context) {
  const { board, field, value, change, attributes } = context;
  return choose(attributes, [["", "none"], ...(board.names[field.names] ?? [])], shown(value), (id) => change(id === "" ? undefined : id));
}

const text = (context) => (context.field.names ? namedInput(context) : textInput(context));

function zoneInput(context) {
  const input = textInput(context), zones = Intl.supportedValuesOf?.("timeZone") ?? [];
  input.setAttribute("list", "flow-zones");
  if (!document.getElementById("flow-zones")) {
    document.body.append(make("datalist", { id: "flow-zones" }, ...["UTC", ...zones].map((zone) => make("option", { value: zone }))));
  }
  return input;
}

const INPUTS = {
  text, number: numberInput, flag: flagInput, choice: choiceInput, jump: jumpInput, jumps: jumpsInput, parties: partiesInput,
  party: partyInput, lines: linesInput, numbers: numbersInput, json: jsonInput, zone: zoneInput,
};

function withValue(input, value) { input.value = value; return input; }

function removeButton(label, act) {
  return make("button", { type: "button", class: "button quiet small flow-drop", "aria-label": label, onclick: act }, "×");
}

// Where the list itself goes on.
function nextField(context) {
  const { board, at, action, id, write } = context;
  const chosen = !action.next_id ? "" : action.next_id;
  const list = board.actions[at + 1];
  const empty = list ? `the step below (${at + 2}. ${board.label(list)})` : "the end";
  const field = { name: "next_id", label: "Then go on at", hint: "", isRequired: true, kind: "jump" };
  return wrap({ board, at }, field, (attributes) => choose(attributes, [["", empty], ...steps({ board, id }, "").slice(1)], chosen,
    (next) => write((changed) => { if (next === "") delete changed.next_id; else changed.next_id = next; }, null)));
}
