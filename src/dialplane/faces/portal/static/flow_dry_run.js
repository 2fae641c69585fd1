// The dry run beside the picture: what would happen, step by step, with the way lit up.
import { make } from "./flow_elements.js";

const ENDS = { hangup: "Hung up by a step", finished: "Finished", caller: "The caller hung up", error: "Ended with an error" };
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

// What of the picture a dry run lights: the turns of each step, and the ways from one to the next.
export function lightOf(played) {
  const steps = new Map(), ways = new Set();
  played.steps.forEach((step, turn) => {
    steps.set(step.action.id, [...(steps.get(step.action.id) ?? []), turn + 1]);
    if (turn) ways.add(`${played.steps[turn - 1].action.id} ${step.action.id}`);
  });
  return { steps, ways };
}

// The result in words; `label` names an action, `go` shows it in the picture, `named` writes steps in place of ids.
export function resultOf(played, label, go, named) {
  return [
    make("p", { class: "flow-result" }, make("strong", {}, ENDS[played.ended] ?? played.ended), ` after ${seconds(played.duration_ms)}, for `, make("strong", {}, played.price)),
    played.problems.length ? make("div", { class: "notice bad" }, make("ul", {}, ...played.problems.map((each) => make("li", {}, each)))) : "",
    make("ol", { class: "flow-steps" }, ...played.steps.map((step) => make("li", {},
      make("button", { type: "button", class: "link", onclick: () => go(step.action.id) }, label(step.action)), ` ${named(step.result)} `,
      make("span", { class: "hint" }, `${new Date(step.at).toLocaleTimeString([], { timeZone: played.timezone || "UTC", hour12: false })}, ${seconds(step.duration_ms)}`)))),
    make("details", { class: "curl" }, make("summary", {}, "The same by the API"), make("pre", { tabindex: "0" }, make("code", {}, played.curl))),
  ];
}
