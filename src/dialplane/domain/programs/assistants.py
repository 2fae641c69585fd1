"""What an assistant is asked and answers, and the built-in one: simple rules that need no account anywhere."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

RULES_MODEL = "dialplane-rules"
MAX_TURNS = 100
MAX_TEXT = 16_384


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing said in a conversation."""

    who: Literal["user", "assistant", "system"]
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """`is_over`: the assistant takes its leave."""

    text: str
    model: str
    is_over: bool = False
    warning: str = ""
    hand_over: str = ""
    """The transition by which another member of the team is to go on; the text is not for the caller then."""


_RULES: tuple[tuple[str, str, bool], ...] = (
    (r"\b(bye|goodbye|that'?s all|nothing else|hang up)\b", "Goodbye.", True),
    (r"\b(human|agent|person|operator|representative)\b", "I will pass you on to a person.", True),
    (r"\b(hello|hi|hey|good (morning|afternoon|evening))\b", "Hello. How can I help you?", False),
    (r"\b(thanks|thank you)\b", "You are welcome. Is there anything else?", False),
    (r"\b(hours|open|closed)\b", "Please ask the operator of this number for opening hours.", False),
)
"""A pattern, what is answered, and whether that is the end."""

REPEATS = "You said: "
GREETING = "Hello. How can I help you?"
WARNING = "no assistant is set up (DIALPLANE_ASSISTANT_URL): the built-in one answered by simple rules"


def answer_by_rules(turns: Sequence[Turn], *, hand_overs: Sequence[str] = (), knowledge: Sequence[str] = ()) -> Answer:
    """The same conversation is always answered the same: by handing over where the name of a transition is said, by the
    first rule that fits, by the best passage of what it knows, else by repeating what was understood."""
    said = next((turn.text for turn in reversed(turns) if turn.who == "user"), "").strip()
    if not said:
        return Answer(GREETING, RULES_MODEL, warning=WARNING)
    for name in hand_overs:
        if name.lower() in said[:1000].lower():
            return Answer("", RULES_MODEL, warning=WARNING, hand_over=name)
    for pattern, text, is_over in _RULES:
        if re.search(pattern, said[:1000], re.IGNORECASE):
            return Answer(text, RULES_MODEL, is_over, WARNING)
    if knowledge:
        return Answer(knowledge[0], RULES_MODEL, warning=WARNING)
    return Answer(f"{REPEATS}{said[:500]}", RULES_MODEL, warning=WARNING)


def summarize_by_rules(material: str) -> Answer:
    """The beginning and the end of what there is, and how much lies between."""
    lines = [line.strip() for line in material.splitlines() if line.strip()]
    shown = lines if len(lines) <= 6 else [*lines[:3], f"({len(lines) - 6} more)", *lines[-3:]]
    return Answer("; ".join(line[:200] for line in shown), RULES_MODEL, is_over=True, warning=WARNING)
