"""What happened to a call, a run or a room, from every source, in one order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from dialplane.domain.times import rfc3339

MAX_HAPPENINGS = 2_000
"""Of one answer; beyond it the later ones are left out."""

_RANKS = {name: rank for rank, name in enumerate(("sip", "route", "key", "program", "answer", "event", "money"))}
"""Which comes first of what bears the same time: the cause before its effect."""


@dataclass(frozen=True, slots=True)
class Happening:
    """`kind` is the source: sip, route, program, key, answer, event, webhook, money, recording."""

    at: datetime
    kind: str
    type: str
    """What happened, in a word or a line."""
    data: Mapping[str, object]

    def document(self) -> dict[str, object]:
        return {"timestamp": rfc3339(self.at), "kind": self.kind, "type": self.type, "data": dict(self.data)}


def in_order(happenings: Iterable[Happening]) -> list[Happening]:
    ordered = sorted(happenings, key=lambda each: (each.at, _RANKS.get(each.kind, len(_RANKS))))
    return ordered[:MAX_HAPPENINGS]
