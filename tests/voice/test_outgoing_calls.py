"""Calls that the platform places: by the API's order, to the simulated carrier's numbers."""

import asyncio

import pytest

from dialplane.domain.addresses import Address, tel
from dialplane.domain.calling.calls import Call, CallStatus, Direction, HangupBy, HangupReason
from dialplane.domain.errors import Invalid, NotPermitted
from dialplane.domain.ids import AccountId, CallId, new_id, utc_now
from dialplane.services.calling.calls import hangup_call
from dialplane.services.calling.outgoing import CallRequest, create_calls
from dialplane.services.charging.billing import get_balance
from dialplane.services.tenancy.customer import OutboundChange, update_outbound_config
from dialplane.voice.leg import Leg
from dialplane.voice.leg_context import LegContext
from dialplane.voice.useragent.events import CallEnd, EndKind
from tests.effort import PATIENCE_S
from tests.fakes.media_leg import FakeMediaLeg
from tests.voice.platform import VoiceNode

OWN = "+12025550143"
TALK: dict[str, object] = {"type": "talk", "option": {"text": "Hello ${who}", "language": "en-US"}}


async def place(node: VoiceNode, destination: str, *actions: dict[str, object]) -> Call:
    await node.bare_number(OWN)
    request = CallRequest(tel(OWN), (tel(destination),), actions=list(actions), variables={"who": "Ann"})
    created = await create_calls(node.database, node.account_id, request, utc_now())
    return created.calls[0]


async def test_answered_call_runs_its_actions(node: VoiceNode) -> None:
    call = await place(node, "+12025550100", TALK)

    record = await node.ended_call(call.id)

    assert (record.hangup_by, record.hangup_reason) == (HangupBy.LOCAL, HangupReason.NORMAL)
    assert await node.run_of(record) == ("ended", ["talk"])
    told = [event for event in await node.events() if event.startswith("call_")]
    assert told == [
        "call_created",
        "call_dialing",
        "call_ringing",
        "call_progressing",
        "call_terminating",
        "call_hangup",
    ]
    purse = (await get_balance(node.database, node.account_id)).purse
    assert purse.credit_held == 0


@pytest.mark.parametrize(
    ("number", "reason", "status"),
    [
        ("+12025550101", HangupReason.BUSY, 486),
        ("+12025550103", HangupReason.NOANSWER, 603),
        ("+12025550107", HangupReason.FAILED, 404),
        ("+12025550108", HangupReason.FAILED, 503),
    ],
)
async def test_unanswered_call_tells_why_and_costs_nothing(
    node: VoiceNode, number: str, reason: HangupReason, status: int
) -> None:
    call = await place(node, number, TALK)
    before = (await get_balance(node.database, node.account_id)).purse.credit

    record = await node.ended_call(call.id)

    assert (record.hangup_reason, record.sip_code) == (reason, status)
    purse = (await get_balance(node.database, node.account_id)).purse
    assert (purse.credit, purse.credit_held) == (before, 0)


async def test_ringing_call_is_cancelled_by_the_api(node: VoiceNode) -> None:
    call = await place(node, "+12025550102", TALK)
    async with asyncio.timeout(PATIENCE_S):
        while "call_ringing" not in await node.events():
            await asyncio.sleep(0.02)

    await hangup_call(node.database, node.account_id, call.id, utc_now())

    record = await node.ended_call(call.id)
    assert (record.hangup_by, record.hangup_reason) == (HangupBy.LOCAL, HangupReason.CANCEL)
    assert "call_canceling" in await node.events()


async def test_call_that_is_hung_up_before_the_node_has_begun_it_ends(node: VoiceNode) -> None:
    """What is ordered of a call after the answer that it is made holds, however soon it comes."""
    await node.bare_number(OWN)
    request = CallRequest(tel(OWN), (tel("+12025550102"),), actions=[TALK])
    ordered = []
    for _ in range(10):
        (call,) = (await create_calls(node.database, node.account_id, request, utc_now())).calls
        await hangup_call(node.database, node.account_id, call.id, utc_now())
        ordered.append(call.id)

    records = [await node.ended_call(each) for each in ordered]

    assert {(record.hangup_by, record.progressing_at) for record in records} == {(HangupBy.LOCAL, None)}


async def test_digits_of_the_far_end_are_gathered(node: VoiceNode) -> None:
    call = await place(
        node,
        "+12025550105",
        {"type": "digits_receive", "option": {"duration": 8000, "key": "#"}},
        {"type": "condition_variable",
         "option": {"condition": "==", "variable": "voipbin.call.digits", "value_type": "string",
                    "value_string": "1234#", "false_target_id": "00000000-0000-0000-0000-000000000002"}},
        TALK,
    )  # fmt: skip

    record = await node.ended_call(call.id)

    assert await node.run_of(record) == ("ended", ["digits_receive", "condition_variable", "talk"])


async def test_call_to_an_own_number_comes_in_again(node: VoiceNode) -> None:
    await node.number("+12025550199", {"type": "answer"}, {"type": "digits_send", "option": {"digits": "5"}})
    await place(node, "+12025550199", {"type": "digits_receive", "option": {"duration": 8000, "length": 1}})
    async with asyncio.timeout(PATIENCE_S):
        while len(calls := await node.calls()) < 2 or any(call.ended_at is None for call in calls):
            await asyncio.sleep(0.05)

    outgoing, incoming = calls

    assert outgoing.status is incoming.status is CallStatus.HANGUP
    assert incoming.raw_destination == "+12025550199"
    assert incoming.progressing_at is not None


async def test_source_that_is_not_ours_is_refused(node: VoiceNode) -> None:
    """FRD-8."""
    request = CallRequest(tel("+12025550177"), (tel("+12025550100"),), actions=[TALK])

    with pytest.raises(Invalid) as refused:
        await create_calls(node.database, node.account_id, request, utc_now())

    assert refused.value.reason == "SOURCE_NOT_OWNED"


async def test_default_number_is_shown_where_the_source_is_not_ours(node: VoiceNode) -> None:
    """VoIPBIN reference 4.3: the outbound config's default number stands in."""
    number = await node.bare_number(OWN)
    config = OutboundChange(default_number_id=number.id)
    await update_outbound_config(node.database, node.account_id, config, now=utc_now())
    request = CallRequest(tel("+12025550177"), (tel("+12025550106"),), actions=[])

    (call,) = (await create_calls(node.database, node.account_id, request, utc_now())).calls

    assert call.source.target == OWN
    await node.ended_call(call.id)


@pytest.mark.parametrize("destination", ["+4930123456", "+19005550100", "+88213012345"])
async def test_country_or_premium_number_that_is_not_allowed_is_refused(node: VoiceNode, destination: str) -> None:
    """FRD-1: enabled countries only; premium and global networks never."""
    await node.bare_number(OWN)

    with pytest.raises(NotPermitted):
        await create_calls(
            node.database, node.account_id, CallRequest(tel(OWN), (tel(destination),), actions=[TALK]), utc_now()
        )


async def test_one_good_destination_of_two_is_called(node: VoiceNode) -> None:
    await node.bare_number(OWN)
    request = CallRequest(tel(OWN), (tel("+4930123456"), Address("tel", "+1 (202) 555-0106")), actions=[TALK])

    created = await create_calls(node.database, node.account_id, request, utc_now())

    assert [call.destination.target for call in created.calls] == ["+12025550106"]
    assert len(created.refusals) == 1
    await node.ended_call(created.calls[0].id)


class Nowhere:
    def changed(self, leg: Leg, event: str) -> None:
        """Nobody keeps this call."""

    def ended(self, leg: Leg) -> None:
        """Nobody keeps this call."""


async def test_call_to_where_nothing_comes_back_is_a_failure_to_dial_out() -> None:
    """VoIPBIN reference 4.5; the half minute of RFC 3261's timer B is over."""
    call = Call(
        CallId(new_id(utc_now())), AccountId(new_id(utc_now())), Direction.OUTGOING, CallStatus.DIALING, tel(OWN),
        tel("+12025550100"), utc_now(),
    )  # fmt: skip
    leg = Leg(call, LegContext(FakeMediaLeg().as_media(), Nowhere(), utc_now, lambda work: work.close()), billing=None)

    leg.on_ended(None, CallEnd(EndKind.TIMEOUT, by_remote=True, status=408))

    assert (leg.call.hangup_reason, leg.call.sip_code) == (HangupReason.DIALOUT, 408)
    assert leg.call.cause_text == "nothing came back"


async def test_call_in_the_middle_of_a_talk_shows_its_action_recording_and_callee(node: VoiceNode) -> None:
    """VoIPBIN reference 4.4: `action` is the one now running, and what belongs to a call is seen while it lives."""
    destinations = [{"type": "tel", "target": "+12025550100"}]
    connect = {"type": "connect", "option": {"destinations": destinations}}
    await node.number(OWN, {"type": "answer"}, {"type": "recording_start"}, connect)
    async with node.phone() as phone:
        placed = await node.ring(phone, OWN)
        await placed.wait_answered()
        while len(calls := await node.calls()) < 2 or not calls[0].chained_call_ids:
            await asyncio.sleep(0.02)
        master, callee = calls
        placed.hang_up()

    assert master.chained_call_ids == (callee.id,)
    assert callee.master_call_id == master.id
    assert len(master.recording_ids) == 1
    assert master.action is not None
    assert master.action["type"] == "connect"
