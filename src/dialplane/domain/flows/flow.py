"""A flow as it is kept."""

from dataclasses import dataclass
from datetime import datetime

from dialplane.domain.flows.action import Action
from dialplane.domain.ids import AccountId, FlowId


@dataclass(frozen=True, slots=True)
class Flow:
    id: FlowId
    account_id: AccountId
    name: str
    detail: str
    actions: tuple[Action, ...]
    direct_hash: str
    """`direct.` and 12 hex digits: reaches the flow from anywhere by SIP."""
    created_at: datetime
    on_complete_flow_id: FlowId | None = None
    type: str = "flow"
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
