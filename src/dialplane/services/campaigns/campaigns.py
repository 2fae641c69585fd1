"""Campaigns as a resource, begun and stopped by their owner; how they dial: `dialling`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from dialplane.domain.campaigns.campaigns import Campaign, CampaignStatus
from dialplane.domain.errors import Conflict, Invalid, NotFound
from dialplane.domain.eventing.events import Event
from dialplane.domain.flows.validation import validate_actions
from dialplane.domain.ids import AccountId, QueueId
from dialplane.services.campaigns.outdials import OUTDIALS
from dialplane.services.campaigns.outplans import OUTPLANS
from dialplane.services.eventing.events import publish
from dialplane.services.shapes.campaigns import campaign_shape
from dialplane.services.transaction import Database, Transaction


class CampaignStore(Protocol):
    """Port. Deleted ones are not found."""

    async def save_campaign(self, campaign: Campaign) -> None:
        """Insert, or write over the row of the same id."""
        ...

    async def find_campaign(
        self, account_id: AccountId, campaign_id: UUID, *, lock: bool = False
    ) -> Campaign | None: ...

    async def list_campaigns(
        self, account_id: AccountId, *, before: datetime | None, limit: int
    ) -> Sequence[Campaign]: ...

    async def at_work(self, *, limit: int) -> Sequence[tuple[AccountId, UUID]]:
        """Of all accounts: those that run, or wait for their last calls."""
        ...

    async def count_available(self, queue_id: UUID) -> int:
        """The queue's agents who could take a call now."""
        ...


async def create_campaign(database: Database, campaign: Campaign) -> Campaign:
    """It is stopped until it is told to run. Raises Invalid, NotFound for what it names."""
    campaign = replace(campaign, actions=_checked(campaign.actions))
    async with database.transaction() as tx:
        await _check_names(tx, campaign)
        await save_campaign(tx, campaign, "campaign_created", campaign.created_at)
    return campaign


async def list_campaigns(
    database: Database, account_id: AccountId, *, before: datetime | None, limit: int
) -> Sequence[Campaign]:
    """Newest first; those made before `before`."""
    async with database.reading() as tx:
        return await tx.campaigns.list_campaigns(account_id, before=before, limit=limit)


async def get_campaign(database: Database, account_id: AccountId, campaign_id: UUID) -> Campaign:
    """Raises NotFound for another account's too."""
    async with database.reading() as tx:
        return await load_campaign(tx, account_id, campaign_id)


async def update_campaign(
    database: Database, account_id: AccountId, campaign_id: UUID, fields: Mapping[str, Any], now: datetime
) -> Campaign:
    """Change the given fields, for the calls that come. Raises Invalid, NotFound for what it names, too."""
    if "actions" in fields:
        fields = {**fields, "actions": _checked(fields["actions"])}
    async with database.transaction() as tx:
        changed = replace(await load_campaign(tx, account_id, campaign_id, lock=True), **fields, updated_at=now)
        await _check_names(tx, changed)
        if changed.status is CampaignStatus.RUN:
            _check_ready(changed)
        await save_campaign(tx, changed, "campaign_updated", now)
    return changed


async def set_status(
    database: Database, account_id: AccountId, campaign_id: UUID, status: CampaignStatus, now: datetime
) -> Campaign:
    """Let it run, or stop: calls that were begun go on, and it is `stopping` until the last of them is over.

    Raises Invalid where it cannot run for want of an outplan or an outdial, NotFound.
    """
    if status is CampaignStatus.STOPPING:
        raise Invalid("status is run or stop", field="status")
    async with database.transaction() as tx:
        campaign = await load_campaign(tx, account_id, campaign_id, lock=True)
        if status is CampaignStatus.RUN:
            _check_ready(campaign)
            return await move(tx, campaign, CampaignStatus.RUN, now)
        if campaign.status is CampaignStatus.STOP:
            return campaign
        is_busy = bool(await tx.campaigns.open_calls(campaign.id))
        return await move(tx, campaign, CampaignStatus.STOPPING if is_busy else CampaignStatus.STOP, now)


async def delete_campaign(database: Database, account_id: AccountId, campaign_id: UUID, now: datetime) -> Campaign:
    """Raises NotFound, Conflict (STATE_INVALID) while it runs."""
    async with database.transaction() as tx:
        campaign = await load_campaign(tx, account_id, campaign_id, lock=True)
        if campaign.status is not CampaignStatus.STOP:
            raise Conflict("The campaign runs; stop it first", reason="STATE_INVALID")
        deleted = replace(campaign, updated_at=now, deleted_at=now)
        await save_campaign(tx, deleted, "campaign_deleted", now)
    return deleted


async def load_campaign(tx: Transaction, account_id: AccountId, campaign_id: UUID, *, lock: bool = False) -> Campaign:
    """For use cases that compose. Raises NotFound."""
    found = await tx.campaigns.find_campaign(account_id, campaign_id, lock=lock)
    if found is None:
        raise NotFound("There is no such campaign", reason="CAMPAIGN_NOT_FOUND")
    return found


async def move(tx: Transaction, campaign: Campaign, status: CampaignStatus, now: datetime) -> Campaign:
    """Into another status, and tell so; the same one changes nothing. The caller holds the campaign's row."""
    if campaign.status is status:
        return campaign
    moved = replace(campaign, status=status, updated_at=now)
    await save_campaign(tx, moved, f"campaign_status_{status}", now)
    return moved


async def save_campaign(tx: Transaction, campaign: Campaign, kind: str, now: datetime) -> None:
    await tx.campaigns.save_campaign(campaign)
    await publish(tx, Event(campaign.account_id, kind, campaign.id, campaign_shape(campaign), now))


def _checked(actions: object) -> tuple[dict[str, object], ...]:
    """Each with the id that it has from now on. Raises Invalid naming the field."""
    return tuple(
        action.document() for action in validate_actions(list(actions) if isinstance(actions, tuple) else actions)
    )


def _check_ready(campaign: Campaign) -> None:
    for name in ("outplan_id", "outdial_id"):
        if getattr(campaign, name) is None:
            raise Invalid(f"{name} must be set before the campaign runs", field=name)


async def _check_names(tx: Transaction, campaign: Campaign) -> None:
    """Whether all that it names is there."""
    if campaign.outplan_id is not None:
        await OUTPLANS.load(tx, campaign.account_id, campaign.outplan_id)
    if campaign.outdial_id is not None:
        await OUTDIALS.load(tx, campaign.account_id, campaign.outdial_id)
    if campaign.queue_id is not None and await tx.queues.find(campaign.account_id, QueueId(campaign.queue_id)) is None:
        raise NotFound("There is no such queue", reason="QUEUE_NOT_FOUND", field="queue_id")
    following = campaign.next_campaign_id
    if following is not None and await tx.campaigns.find_campaign(campaign.account_id, following) is None:
        raise NotFound("There is no such campaign", reason="CAMPAIGN_NOT_FOUND", field="next_campaign_id")
