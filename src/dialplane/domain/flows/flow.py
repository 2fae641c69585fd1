"""A flow as it is kept: what runs, what ran before, what is being written, and what a share of the calls tries."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from dialplane.domain.flows.action import Action
from dialplane.domain.ids import AccountId, FlowId


@dataclass(frozen=True, slots=True)
class Canary:
    """A version that a share of the new runs takes in place of the flow's own."""

    version: int
    percent: int
    """1 to 99."""
    actions: tuple[Action, ...]
    started_at: datetime
    on_complete_flow_id: FlowId | None = None


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
    """The one that runs. A run stays on the one that it began with."""
    last_version: int = 1
    """The highest that was given: each write makes the next."""
    canary: Canary | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def is_canary(self) -> bool:
        """Whether this is the flow as its canary has it."""
        return self.canary is not None and self.canary.version == self.version


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


def written_anew(flow: Flow, now: datetime) -> Flow:
    """The flow as its next version, for all runs: whoever writes it ends what only a share of them did."""
    following = flow.last_version + 1
    return replace(flow, version=following, last_version=following, canary=None, updated_at=now)


def flow_for(flow: Flow, decider: UUID) -> Flow:
    """The flow as the run or call with the id `decider` takes it: decided by the id alone, once, when it begins."""
    canary = flow.canary
    if canary is None or decider.int % 100 >= canary.percent:
        return flow
    return replace(flow, version=canary.version, actions=canary.actions, on_complete_flow_id=canary.on_complete_flow_id)


@dataclass(frozen=True, slots=True)
class FlowDraft:
    """What is being written of a flow. It runs nowhere, and may hold faults."""

    flow_id: FlowId
    account_id: AccountId
    name: str
    detail: str
    actions: list[object]
    """Decoded JSON, bounded in size, not validated."""
    based_on: int
    """The flow's version when the draft was begun."""
    updated_at: datetime
    on_complete_flow_id: FlowId | None = None
    revision: int = 1
    """Grows by one with each write."""
