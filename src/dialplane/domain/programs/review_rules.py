"""The built-in assistant's reviews: rules over lines `user: …` and `assistant: …`, the same for the same lines."""

from itertools import pairwise

from dialplane.domain.programs.assistants import GREETING, REPEATS, RULES_MODEL, summarize_by_rules
from dialplane.domain.programs.reviews import Judgement, ReviewKind

USER, ASSISTANT, PROMPT = "user: ", "assistant: ", "prompt: "
_LEAVES = ("goodbye", "bye")


def review_by_rules(kind: ReviewKind, material: str) -> Judgement:
    match kind:
        case ReviewKind.AUDIT:
            return _audit(material)
        case ReviewKind.PROPOSAL:
            return _proposal(material)
        case ReviewKind.ANALYSIS:
            return Judgement(summarize_by_rules(material).text, RULES_MODEL)


def _audit(material: str) -> Judgement:
    """A hundred, less for each fault."""
    faults = _faults(_said(material, USER), _said(material, ASSISTANT))
    score = max(0, 100 - sum(weight for weight, _ in faults))
    return Judgement("; ".join(text for _, text in faults) or "nothing to find fault with", RULES_MODEL, score)


def _faults(asked: list[str], answered: list[str]) -> list[tuple[int, str]]:
    """Each with its weight."""
    if not answered:
        return [(100, "the assistant said nothing")]
    faults: list[tuple[int, str]] = []
    if len(answered) < len(asked):
        faults.append((20, f"{len(asked) - len(answered)} of {len(asked)} questions have no answer"))
    parroted = sum(each.startswith(REPEATS) for each in answered)
    if parroted:
        faults.append((min(60, 20 * parroted), f"{parroted} answers only repeat the question"))
    again = len(answered) - len(set(answered))
    if again:
        faults.append((min(30, 10 * again), f"{again} answers were given before"))
    if not any(word in answered[-1].lower() for word in _LEAVES):
        faults.append((10, "the assistant did not take its leave"))
    return faults


def _proposal(material: str) -> Judgement:
    """The prompt, and a line for each question to which there was no answer but its own words."""
    prompt = "\n".join(_said(material, PROMPT))
    lines = [line for line in material.splitlines() if line.startswith((USER, ASSISTANT))]
    unknown = [
        asked.removeprefix(USER)
        for asked, answer in pairwise(lines)
        if asked.startswith(USER) and answer.startswith(f"{ASSISTANT}{REPEATS}")
    ]
    wishes = [f"Have an answer ready for: {each[:200]}" for each in dict.fromkeys(unknown)]
    if not prompt:
        wishes.insert(0, f"Say who you are, and begin with: {GREETING}")
    return Judgement("\n".join([*([prompt] if prompt else []), *wishes]), RULES_MODEL)


def _said(material: str, who: str) -> list[str]:
    return [line.removeprefix(who) for line in material.splitlines() if line.startswith(who)]
