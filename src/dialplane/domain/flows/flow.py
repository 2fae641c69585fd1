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
    version: int = 1
    """Grows by one with each write; a run stays on the one that it began with."""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FlowVersion:
    """A flow as one write left it."""

    flow_id: FlowId
    version: int
    account_id: AccountId
    name: str
    detail: str
    actions: tuple[Action, ...]
    created_at: datetime
    on_complete_flow_id: FlowId | None = None


def version_of(flow: Flow) -> FlowVersion:
    return FlowVersion(
        flow.id,
        flow.version,
        flow.account_id,
        flow.name,
        flow.detail,
        flow.actions,
        flow.updated_at or flow.created_at,
        flow.on_complete_flow_id,
    )
