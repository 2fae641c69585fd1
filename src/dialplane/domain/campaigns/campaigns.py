"""Campaigns and their calls: how many may ring at a time, and which destination of a target is tried next (6.9)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.campaigns.outdials import DESTINATIONS, OutdialTarget, TargetStatus
from dialplane.domain.campaigns.outplans import Outplan
from dialplane.domain.ids import AccountId

MOST_RINGING = 50
"""Calls of one campaign that are not answered yet, where no queue of agents says how many are wanted."""
MOST_AT_ONCE = 20
"""Begun in one go; the next go comes a second later."""
MAX_SERVICE_LEVEL = 1000
LOST_AFTER = timedelta(minutes=1)
"""A try that no call came of by then is given up: whoever was to begin it has died."""

CampaignKind = Literal["call", "flow"]
EndHandle = Literal["stop", "continue"]


class CampaignStatus(StrEnum):
    STOP = "stop"
    STOPPING = "stopping"
    """Nobody is dialled any more; calls that were begun go on."""
    RUN = "run"


@dataclass(frozen=True, slots=True)
class Campaign:
    """Dials the targets of an outdial by an outplan; who answers runs its actions, then waits in its queue."""

    id: UUID
    account_id: AccountId
    name: str
    created_at: datetime
    type: CampaignKind = "call"
    detail: str = ""
    status: CampaignStatus = CampaignStatus.STOP
    end_handle: EndHandle = "stop"
    """What becomes of it when every target is done."""
    service_level: int = 100
    """Percent of the queue's available agents that so many calls may ring for."""
    actions: tuple[dict[str, object], ...] = ()
    outplan_id: UUID | None = None
    outdial_id: UUID | None = None
    queue_id: UUID | None = None
    next_campaign_id: UUID | None = None
    """Begun when this one has come to its end."""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def program(self) -> list[dict[str, object]]:
        """What a call runs when it is answered."""
        if self.queue_id is None:
            return list(self.actions)
        return [*self.actions, {"type": "queue_join", "option": {"queue_id": str(self.queue_id)}}]


class CampaigncallStatus(StrEnum):
    DIALING = "dialing"
    PROGRESSING = "progressing"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Campaigncall:
    """One try of one target."""

    id: UUID
    account_id: AccountId
    campaign_id: UUID
    outplan_id: UUID
    outdial_id: UUID
    target_id: UUID
    reference_type: CampaignKind
    source: Address | None
    destination: Address
    destination_index: int
    try_count: int
    created_at: datetime
    queue_id: UUID | None = None
    reference_id: UUID | None = None
    run_id: UUID | None = None
    status: CampaigncallStatus = CampaigncallStatus.DIALING
    result: Literal["", "success", "fail"] = ""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A campaign's call that goes on, and what its call or run has come to."""

    campaigncall: Campaigncall
    answered_at: datetime | None
    ended_at: datetime | None
    error: str
    """Of the run."""


def moved_on(standing: Standing, now: datetime) -> Campaigncall:
    """The campaign's call as it is now; the same object where nothing has changed."""
    call, is_flow = standing.campaigncall, standing.campaigncall.reference_type == "flow"
    is_lost = call.reference_id is None and call.created_at < now - LOST_AFTER
    if standing.ended_at is not None or is_lost:
        is_reached = not is_lost and (not standing.error if is_flow else standing.answered_at is not None)
        return replace(call, status=CampaigncallStatus.DONE, result="success" if is_reached else "fail", updated_at=now)
    is_talking = standing.answered_at is not None or (is_flow and call.reference_id is not None)
    if is_talking and call.status is CampaigncallStatus.DIALING:
        return replace(call, status=CampaigncallStatus.PROGRESSING, updated_at=now)
    return call


def after_try(target: OutdialTarget, plan: Outplan | None, call: Campaigncall, now: datetime) -> OutdialTarget:
    """What the end of a try makes of its target. `plan` is None where it is gone."""
    is_over = call.result == "success" or plan is None or next_destination(target, plan) is None
    if plan is None or is_over:
        return replace(target, status=TargetStatus.DONE, updated_at=now)
    due_at = now + timedelta(milliseconds=plan.try_interval_ms)
    return replace(target, status=TargetStatus.IDLE, due_at=due_at, updated_at=now)


def given_back(target: OutdialTarget, call: Campaigncall, due_at: datetime, now: datetime) -> OutdialTarget:
    """Its try did not take place, for a reason that is not its own."""
    counts = list(target.try_counts)
    counts[call.destination_index] -= 1
    return replace(target, status=TargetStatus.IDLE, try_counts=tuple(counts), due_at=due_at, updated_at=now)


def tried(target: OutdialTarget, index: int, now: datetime) -> OutdialTarget:
    counts = list(target.try_counts)
    counts[index] += 1
    return replace(target, status=TargetStatus.PROGRESSING, try_counts=tuple(counts), updated_at=now)


def places(campaign: Campaign, *, ringing: int, available_agents: int | None) -> int:
    """How many calls may be begun now. `available_agents` is None without a queue."""
    allowed = MOST_RINGING if available_agents is None else available_agents * campaign.service_level // 100
    return max(min(allowed - ringing, MOST_AT_ONCE), 0)


def next_destination(target: OutdialTarget, plan: Outplan) -> int | None:
    """The index of the destination to be tried next: the first that has tries left; None where none has."""
    for index in range(DESTINATIONS):
        if target.destinations[index] is not None and target.try_counts[index] < plan.max_try_counts[index]:
            return index
    return None
