"""One go of every campaign that runs: what has come of its calls, whom it dials next, and its end.

A try is written before its call is begun, so that nobody is dialled twice by a worker that dies in between.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from dialplane.domain.calling.call_manners import CallManner
from dialplane.domain.campaigns.campaigns import (
    Campaign,
    Campaigncall,
    CampaigncallStatus,
    CampaignStatus,
    after_try,
    given_back,
    moved_on,
    next_destination,
    places,
    tried,
)
from dialplane.domain.campaigns.outdials import OutdialTarget, TargetStatus
from dialplane.domain.campaigns.outplans import Outplan
from dialplane.domain.errors import InsufficientBalance, LimitExceeded, Refusal, Unavailable
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import AccountId, new_id
from dialplane.services.calling.outgoing import CallRequest, create_calls
from dialplane.services.campaigns.campaigncalls import save_campaigncall
from dialplane.services.campaigns.campaigns import load_campaign, move
from dialplane.services.programs.api_runs import RunWish
from dialplane.services.transaction import Database, Transaction

MOST_CAMPAIGNS = 1_000
TRY_LATER = timedelta(seconds=30)
"""Where no call could be begun for a reason that passes: no voice node, a limit."""

BeginRun = Callable[[AccountId, RunWish], Awaitable[Run]]


@dataclass(frozen=True, slots=True)
class Try:
    """A try that is written down, and is to be made."""

    call: Campaigncall
    campaign: Campaign
    plan: Outplan
    target: OutdialTarget


async def go_on_with_campaigns(database: Database, begin_run: BeginRun, now: datetime) -> None:
    """To be repeated each second; several workers may do so at once."""
    async with database.reading() as tx:
        at_work = await tx.campaigns.at_work(limit=MOST_CAMPAIGNS)
    for account_id, campaign_id in at_work:
        for each in await _claim(database, account_id, campaign_id, now):
            await _make(database, begin_run, each, now)


async def _claim(database: Database, account_id: AccountId, campaign_id: UUID, now: datetime) -> list[Try]:
    """Write what has come of the campaign's calls, and whom it tries next."""
    async with database.transaction() as tx:
        campaign = await tx.campaigns.find_campaign(account_id, campaign_id, lock=True)
        if campaign is None or campaign.status is CampaignStatus.STOP:
            return []
        still_open = await _settle(tx, campaign, now)
        plan = await tx.outplans.find(account_id, campaign.outplan_id) if campaign.outplan_id else None
        outdial = await tx.outdials.find(account_id, campaign.outdial_id) if campaign.outdial_id else None
        if campaign.status is CampaignStatus.STOPPING or plan is None or outdial is None:
            await move(tx, campaign, CampaignStatus.STOPPING if still_open else CampaignStatus.STOP, now)
            return []
        tries = await _take(tx, campaign, plan, still_open, now)
        if not tries and not still_open and not await tx.campaigns.is_waiting(outdial.id):
            await _end(tx, campaign, now)
        return tries


async def _settle(tx: Transaction, campaign: Campaign, now: datetime) -> list[Campaigncall]:
    """The calls that still go on."""
    still_open = []
    for standing in await tx.campaigns.open_calls(campaign.id):
        call = moved_on(standing, now)
        if call is not standing.campaigncall:
            await save_campaigncall(tx, call, "campaigncall_updated", now)
        if call.status is CampaigncallStatus.DONE:
            await _settle_target(tx, call, now)
        else:
            still_open.append(call)
    return still_open


async def _settle_target(tx: Transaction, call: Campaigncall, now: datetime) -> None:
    plan = await tx.outplans.find(call.account_id, call.outplan_id)
    target = await tx.campaigns.lock_target(call.target_id)
    await tx.campaigns.save_targets([after_try(target, plan, call, now)])


async def _take(
    tx: Transaction, campaign: Campaign, plan: Outplan, still_open: Sequence[Campaigncall], now: datetime
) -> list[Try]:
    assert campaign.outdial_id is not None  # a campaign without one does not run
    agents = None if campaign.queue_id is None else await tx.campaigns.count_available(campaign.queue_id)
    ringing = sum(each.status is CampaigncallStatus.DIALING for each in still_open)
    wanted = places(campaign, ringing=ringing, available_agents=agents)
    tries = []
    for target in await tx.campaigns.lock_due(campaign.outdial_id, now=now, limit=wanted):
        index = next_destination(target, plan)
        if index is None:
            await tx.campaigns.save_targets([replace(target, status=TargetStatus.DONE, updated_at=now)])
            continue
        target = tried(target, index, now)
        call = _try_of(campaign, plan, target, index, now)
        await tx.campaigns.save_targets([target])
        await save_campaigncall(tx, call, "campaigncall_created", now)
        tries.append(Try(call, campaign, plan, target))
    return tries


def _try_of(campaign: Campaign, plan: Outplan, target: OutdialTarget, index: int, now: datetime) -> Campaigncall:
    destination = target.destinations[index]
    assert destination is not None  # `next_destination` gives none that is not there
    return Campaigncall(
        id=new_id(now),
        account_id=campaign.account_id,
        campaign_id=campaign.id,
        outplan_id=plan.id,
        outdial_id=target.outdial_id,
        target_id=target.id,
        reference_type=campaign.type,
        source=plan.source,
        destination=destination,
        destination_index=index,
        try_count=target.try_counts[index],
        created_at=now,
        queue_id=campaign.queue_id,
    )


async def _end(tx: Transaction, campaign: Campaign, now: datetime) -> None:
    """Every target is done."""
    if campaign.end_handle == "stop":
        await move(tx, campaign, CampaignStatus.STOP, now)
    if campaign.end_handle == "stop" and campaign.next_campaign_id is not None:
        following = await tx.campaigns.find_campaign(campaign.account_id, campaign.next_campaign_id, lock=True)
        if following is not None and following.outplan_id and following.outdial_id:
            await move(tx, following, CampaignStatus.RUN, now)


async def _make(database: Database, begin_run: BeginRun, wanted: Try, now: datetime) -> None:
    """Begin the call or run of a try. One that cannot be begun has failed, or waits where it is nobody's fault."""
    try:
        call = await _begin(database, begin_run, wanted, now)
    except (InsufficientBalance, LimitExceeded, Unavailable) as refusal:
        await _give_back(database, wanted, now, stop=isinstance(refusal, InsufficientBalance))
        return
    except Refusal:
        call = replace(wanted.call, status=CampaigncallStatus.DONE, result="fail", updated_at=now)
    async with database.transaction() as tx:
        await save_campaigncall(tx, call, "campaigncall_updated", now)
        if call.status is CampaigncallStatus.DONE:
            await _settle_target(tx, call, now)


async def _begin(database: Database, begin_run: BeginRun, wanted: Try, now: datetime) -> Campaigncall:
    campaign, call, target = wanted.campaign, wanted.call, wanted.target
    variables = {
        "campaign.target.name": target.name,
        "campaign.target.data": target.data[:16_000],
        "campaign.target.destination": call.destination.target,
    }
    if campaign.type == "flow":
        run = await begin_run(campaign.account_id, RunWish(actions=campaign.program, variables=variables))
        return replace(call, reference_id=run.id, run_id=run.id, updated_at=now)
    request = CallRequest(
        source=wanted.plan.source,
        destinations=(call.destination,),
        actions=campaign.program,
        variables=variables,
        manner=CallManner(timeout_s=max(wanted.plan.dial_timeout_ms // 1000, 1)),
    )
    (made,) = (await create_calls(database, campaign.account_id, request, now)).calls
    return replace(call, reference_id=made.id, run_id=made.run_id, source=made.source, updated_at=now)


async def _give_back(database: Database, wanted: Try, now: datetime, *, stop: bool) -> None:
    """The try did not take place. `stop`: nor would any other, so the campaign stops."""
    async with database.transaction() as tx:
        campaign = await load_campaign(tx, wanted.call.account_id, wanted.call.campaign_id, lock=True)
        target = await tx.campaigns.lock_target(wanted.call.target_id)
        due_at = now if stop else now + TRY_LATER
        await tx.campaigns.save_targets([given_back(target, wanted.call, due_at, now)])
        failed = replace(wanted.call, status=CampaigncallStatus.DONE, result="fail", updated_at=now)
        await save_campaigncall(tx, failed, "campaigncall_updated", now)
        if stop:
            await move(tx, campaign, CampaignStatus.STOPPING, now)
