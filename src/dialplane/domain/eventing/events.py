"""Events: what happened, in the words of VoIPBIN's webhooks (`call_progressing`, `number_created`)."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from dialplane.domain.ids import AccountId
from dialplane.domain.values import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """One change of one resource. `data` is the resource as its GET shows it, ready for JSON."""

    account_id: AccountId
    type: str
    """`<resource>_<what happened>`; the resource is the first word, as websocket topics use it."""
    resource_id: UUID
    data: Mapping[str, object]
    occurred_at: datetime
    run_id: UUID | None = None
    """The run (activeflow) that the change belongs to; its own webhook address gets the event too."""
    public: bool = True
    """False for events that are kept and logged but not sent to customers' webhooks (`flow_created`)."""
