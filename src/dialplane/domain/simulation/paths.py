"""Two ways through programs, side by side: where they part and where they meet again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Step = Mapping[str, object]
"""An executed action: `id`, `type`, `option` and more."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`same`: both took the step. `changed`: both took one of that type, with other options. `missing`: only the first
    took it. `new`: only the second did."""

    kind: Literal["same", "changed", "missing", "new"]
    first: Step | None
    second: Step | None

    def document(self) -> dict[str, object]:
        return {"kind": self.kind, "real": _shown(self.first), "draft": _shown(self.second)}


def compare(first: Sequence[Step], second: Sequence[Step]) -> list[Difference]:
    """Step by step. Ids do not count: a draft that was written anew has others."""
    matcher = SequenceMatcher(None, [_key(step) for step in first], [_key(step) for step in second], autojunk=False)
    found: list[Difference] = []
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind == "equal":
            found += [Difference("same", a, b) for a, b in zip(first[i1:i2], second[j1:j2], strict=True)]
        else:
            found += _apart(first[i1:i2], second[j1:j2])
    return found


def _apart(first: Sequence[Step], second: Sequence[Step]) -> list[Difference]:
    """A stretch in which the ways differ: steps of one type beside each other, the rest alone."""
    pairs = 0
    while pairs < min(len(first), len(second)) and first[pairs]["type"] == second[pairs]["type"]:
        pairs += 1
    return [
        *(Difference("changed", first[at], second[at]) for at in range(pairs)),
        *(Difference("missing", step, None) for step in first[pairs:]),
        *(Difference("new", None, step) for step in second[pairs:]),
    ]


def _key(step: Step) -> str:
    return f"{step['type']} {json.dumps(step.get('option') or {}, sort_keys=True, default=str)}"


def _shown(step: Step | None) -> dict[str, object] | None:
    if step is None:
        return None
    return {name: step[name] for name in ("id", "type", "option") if name in step}
