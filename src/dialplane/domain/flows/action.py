"""One action of a flow, and the ids that mean a place instead of an action (reference 3.2)."""

from collections.abc import Mapping
from dataclasses import field
from uuid import UUID

from dialplane.domain.ids import NIL
from dialplane.domain.values import dataclass

START = UUID(int=1)
"""The first action of the list that the jump stands in; also the id of a run's main list."""
FINISH = UUID(int=2)
"""The end of the run."""
NEXT = UUID(int=3)
"""The next action, as if there were no jump."""

PLACES = frozenset({NIL, START, FINISH, NEXT})
"""Targets that every jump may name; nil is no target at all."""


@dataclass(frozen=True, slots=True)
class Action:
    """One step as it was written; `option` keeps keys that nobody knows."""

    id: UUID
    type: str
    option: Mapping[str, object] = field(default_factory=dict)
    next_id: UUID | None = None

    def document(self) -> dict[str, object]:
        """The JSON form, which `from_document` reads back."""
        shown: dict[str, object] = {"id": str(self.id), "type": self.type}
        if self.next_id is not None:
            shown["next_id"] = str(self.next_id)
        if self.option:
            shown["option"] = dict(self.option)
        return shown


def from_document(document: Mapping[str, object]) -> Action:
    """An action that was validated when it was written, from `Action.document()`."""
    option = document.get("option")
    next_id = document.get("next_id")
    return Action(
        id=UUID(str(document["id"])),
        type=str(document["type"]),
        option=option if isinstance(option, dict) else {},
        next_id=UUID(str(next_id)) if next_id else None,
    )
