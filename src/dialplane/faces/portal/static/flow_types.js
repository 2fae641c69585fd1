// The schema of the server's own validator, as the editor needs it: for each type of action its words and its fields.

// `schema` is JSON Schema of a list of actions, as the server keeps it beside these files.
export function readTypes(schema) {
  const types = new Map();
  for (const each of schema.items.oneOf) {
    const option = each.properties.option;
    const fields = Object.entries(option.properties ?? {}).map(([name, given]) => readField(name, given, option.required ?? []));
    types.set(each.properties.type.const, {
      name: each.properties.type.const,
      title: each.title,
      says: each.description,
      group: each["x-group"],
      medium: each["x-medium"],
      isLast: Boolean(each["x-last"]),
      fields,
    });
  }
  return types;
}

function readField(name, given, required) {
  const value = plain(given);
  return {
    name,
    label: given.title ?? name,
    hint: given.description ?? "",
    isRequired: required.includes(name),
    default: given.default,
    names: given["x-names"],
    kind: kindOf(value),
    parties: partyTypes(value),
    value,
  };
}

// A value may be a text with ${variables} wherever another kind is wanted; the other kind is what a form shows.
const plain = (schema) => schema.anyOf?.[0] ?? schema;

function kindOf(value) {
  if (value["x-jump"]) return "jump";
  if (value["x-zone"]) return "zone";
  if (value["x-party"]) return "party";
  if (value["x-actions"]) return "json";
  if (value.enum) return "choice";
  if (value.type === "boolean") return "flag";
  if (value.type === "integer" || value.type === "number") return "number";
  if (value.type === "object") return plain(value.additionalProperties ?? {})["x-jump"] ? "jumps" : "json";
  if (value.type === "array") return { party: "parties", number: "numbers", text: "lines" }[kindOf(plain(value.items))] ?? "json";
  return "text";
}

// The types of address that a field takes.
function partyTypes(value) {
  const party = value["x-party"] ? value : plain(value.items ?? {});
  return party["x-party"] ? party.properties.type.examples : [];
}

// One line under the title of a step.
export function summary(action, type) {
  const option = action.option ?? {};
  if (action.type === "condition_datetime") return moment(option);
  if (action.type === "condition_variable") return `${option.variable ?? ""} ${option.condition ?? ""} ${option.value_string || option.value_number || option.value_length || ""}`.trim();
  if (action.type === "branch") return `by ${option.variable || "the pressed digits"}`;
  if (action.type === "goto") return `${option.loop_count ?? 0} times`;
  if (action.type === "variable_set") return `${option.key ?? ""} = ${option.value ?? ""}`;
  if (Array.isArray(option.destinations)) return option.destinations.map((each) => each?.target ?? "").join(", ");
  if (action.type === "digits_receive") return [option.length && `${option.length} ${option.length === 1 ? "digit" : "digits"}`, option.key && `until ${option.key}`, `${(option.duration ?? 5000) / 1000} s`].filter(Boolean).join(", ");
  for (const field of type?.fields ?? []) {
    const value = option[field.name];
    if (typeof value === "string" && value && ["text", "zone"].includes(field.kind) && !field.names) return value;
    if (typeof value === "number" && field.name === "duration") return field.hint.includes("milliseconds") ? `${value / 1000} s` : `${value} s`;
    if (field.kind === "lines" && Array.isArray(value)) return value.join(", ");
  }
  return "";
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

const COMPARES = { "==": "is", "!=": "is not", ">": "after", ">=": "from", "<": "before", "<=": "until" };

function moment(option) {
  const parts = [];
  if (Array.isArray(option.weekdays) && option.weekdays.length) parts.push(option.weekdays.map((day) => DAYS[day] ?? day).join(" "));
  for (const name of ["month", "day"]) if (option[name] > 0) parts.push(`${name} ${option[name]}`);
  const hour = option.hour ?? 0, minute = option.minute ?? 0;
  if (hour >= 0) parts.push(minute >= 0 ? `${hour}:${String(minute).padStart(2, "0")}` : `hour ${hour}`);
  return `${COMPARES[option.condition] ?? ""} ${parts.join(", ")}`;
}
