"""What a direct hash, or a resource's own id, leads a call to (VoIPBIN reference 9.3)."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from dialplane.domain.ids import AccountId

PREFIX = "direct."

DirectKind = Literal["extension", "agent", "conference", "queue", "flow", "ai", "team"]


@dataclass(frozen=True, slots=True)
class Direct:
    """A resource that can be called."""

    kind: DirectKind
    id: UUID
    account_id: AccountId


def action_for(direct: Direct, *, caller: str) -> dict[str, object]:
    """The one action that a call to it runs. `caller` is a SIP address, which the one who is rung sees."""
    match direct.kind:
        case "conference":
            return {"type": "conference_join", "option": {"conference_id": str(direct.id)}}
        case "queue":
            return {"type": "queue_join", "option": {"queue_id": str(direct.id)}}
        case "flow":
            return {"type": "fetch_flow", "option": {"flow_id": str(direct.id)}}
        case "ai" | "team":
            return {"type": "ai_talk", "option": {"assistance_type": direct.kind, "assistance_id": str(direct.id)}}
        case _:
            return {
                "type": "connect",
                "option": {
                    "source": {"type": "sip", "target": caller},
                    "destinations": [{"type": direct.kind, "target": str(direct.id)}],
                    "early_media": True,
                    "relay_reason": True,
                },
            }
