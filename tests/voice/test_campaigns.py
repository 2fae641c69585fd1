"""Campaigns on a real node: targets dialled by their plan, to the simulated carrier's numbers (VoIPBIN 6.9)."""

import asyncio
from uuid import UUID

import pytest

from dialplane.domain.addresses import Address, tel
from dialplane.domain.campaigns.campaigns import Campaign, CampaignStatus
from dialplane.domain.campaigns.outdials import Outdial, OutdialTarget
from dialplane.domain.campaigns.outplans import Outplan
from dialplane.domain.errors import Conflict, Invalid
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import AccountId, new_id, utc_now
from dialplane.services.calling.calls import hangup_call
from dialplane.services.campaigns.campaigncalls import list_campaigncalls
from dialplane.services.campaigns.campaigns import create_campaign, delete_campaign, get_campaign, set_status
from dialplane.services.campaigns.dialling import go_on_with_campaigns
from dialplane.services.campaigns.outdials import OUTDIALS, create_target, list_targets
from dialplane.services.campaigns.outplans import OUTPLANS
from dialplane.services.programs.api_runs import RunWish
from tests.effort import PATIENCE_S
from tests.voice.platform import VoiceNode

OWN, ANSWERS, BUSY, NOBODY = "+12025550143", "+12025550100", "+12025550101", "+12025550107"
SLEEP: dict[str, object] = {"type": "sleep", "option": {"duration": 20}}


async def no_run(account_id: AccountId, wish: RunWish) -> Run:
    raise AssertionError("a campaign of calls begins no run of its own")


async def campaign_of(
    node: VoiceNode, *targets: tuple[str, ...], actions: tuple[dict[str, object], ...] = (SLEEP,)
) -> Campaign:
    """Each target with its destinations; every destination is tried twice, at once after a failure."""
    now = utc_now()
    plan = await OUTPLANS.create(
        node.database,
        Outplan(new_id(now), node.account_id, "p", now, "", tel(OWN), 20_000, 0, (2, 2, 2, 2, 2)),
    )
    outdial = await OUTDIALS.create(node.database, Outdial(new_id(now), node.account_id, "o", now))
    for numbers in targets:
        padded: list[Address | None] = [*map(tel, numbers), None, None, None, None, None]
        target = OutdialTarget(new_id(now), node.account_id, outdial.id, tuple(padded[:5]), now, now)
        await create_target(node.database, target)
    return await create_campaign(
        node.database,
        Campaign(new_id(now), node.account_id, "c", now, actions=actions, outplan_id=plan.id, outdial_id=outdial.id),
    )


async def run_to_its_end(node: VoiceNode, campaign_id: UUID) -> Campaign:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            await go_on_with_campaigns(node.database, no_run, utc_now())
            campaign = await get_campaign(node.database, node.account_id, campaign_id)
            if campaign.status is CampaignStatus.STOP:
                return campaign
            await asyncio.sleep(0.05)


async def begin(node: VoiceNode, campaign: Campaign) -> None:
    await set_status(node.database, node.account_id, campaign.id, CampaignStatus.RUN, utc_now())


async def test_targets_are_dialled_by_the_plan_until_each_is_done(node: VoiceNode) -> None:
    await node.bare_number(OWN)
    campaign = await campaign_of(node, (ANSWERS,), (BUSY, ANSWERS), (NOBODY,))

    await begin(node, campaign)
    await run_to_its_end(node, campaign.id)

    assert campaign.outdial_id is not None
    calls = await list_campaigncalls(node.database, node.account_id, campaign.id, before=None, limit=100)
    targets = await list_targets(node.database, node.account_id, campaign.outdial_id, before=None, limit=100)
    tries = sorted((each.destination.target, each.try_count, each.result) for each in calls)
    assert tries == [
        (ANSWERS, 1, "success"),
        (ANSWERS, 1, "success"),
        (BUSY, 1, "fail"),
        (BUSY, 2, "fail"),
        (NOBODY, 1, "fail"),
        (NOBODY, 2, "fail"),
    ]
    assert sorted((each.status, each.try_counts) for each in targets) == [
        ("done", (1, 0, 0, 0, 0)),
        ("done", (2, 0, 0, 0, 0)),
        ("done", (2, 1, 0, 0, 0)),
    ]
    told = [event for event in await node.events() if event.startswith("campaign_")]
    assert told == ["campaign_created", "campaign_status_run", "campaign_status_stop"]


async def test_stopped_campaign_dials_nobody_more_and_is_stopping_until_its_calls_are_over(node: VoiceNode) -> None:
    await node.bare_number(OWN)
    stays: dict[str, object] = {"type": "sleep", "option": {"duration": 60_000}}
    campaign = await campaign_of(node, (ANSWERS,), actions=(stays,))
    await begin(node, campaign)
    await go_on_with_campaigns(node.database, no_run, utc_now())

    stopping = await set_status(node.database, node.account_id, campaign.id, CampaignStatus.STOP, utc_now())
    with pytest.raises(Conflict):
        await delete_campaign(node.database, node.account_id, campaign.id, utc_now())
    (call,) = await node.calls()
    await hangup_call(node.database, node.account_id, call.id, utc_now())
    await run_to_its_end(node, campaign.id)

    assert stopping.status is CampaignStatus.STOPPING
    assert len(await node.calls()) == 1


async def test_campaign_stops_where_the_account_cannot_pay_and_its_targets_wait(node: VoiceNode) -> None:
    await node.bare_number(OWN)
    await node.spend_everything()
    campaign = await campaign_of(node, (ANSWERS,))
    await begin(node, campaign)

    await run_to_its_end(node, campaign.id)

    assert campaign.outdial_id is not None
    (target,) = await list_targets(node.database, node.account_id, campaign.outdial_id, before=None, limit=10)
    assert (target.status, target.try_counts) == ("idle", (0, 0, 0, 0, 0))


async def test_campaign_without_a_plan_cannot_run(node: VoiceNode) -> None:
    now = utc_now()
    campaign = await create_campaign(node.database, Campaign(new_id(now), node.account_id, "c", now))

    with pytest.raises(Invalid) as refusal:
        await begin(node, campaign)

    assert refusal.value.field == "outplan_id"
