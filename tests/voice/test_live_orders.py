"""Orders of the API to calls that are going on, and what they do to the programs on them."""

import asyncio
from collections.abc import Callable

import pytest

from dialplane.domain.addresses import Address, tel
from dialplane.domain.calling.call_manners import CallManner
from dialplane.domain.calling.calls import Call, CallStatus, Direction, HangupReason
from dialplane.domain.errors import Conflict
from dialplane.domain.ids import RecordingId, RunId, utc_now
from dialplane.domain.programs.dialling import RecordingWish
from dialplane.domain.programs.sources import ActionsSource, FlowSource
from dialplane.phone.softphone import PhoneCall
from dialplane.services.calling import call_orders
from dialplane.services.calling.outgoing import CallRequest, create_calls
from dialplane.voice.useragent.agent import SipCall
from tests.effort import PATIENCE_S
from tests.voice.platform import VoiceNode

NUMBER = "+12025550143"
ANSWER: dict[str, object] = {"type": "answer"}
LISTEN: dict[str, object] = {"type": "digits_receive", "option": {"duration": 20_000, "length": 4}}


def sends(digits: str) -> dict[str, object]:
    return {"type": "digits_send", "option": {"digits": digits}}


def dials(number: str) -> dict[str, object]:
    return {"type": "connect", "option": {"destinations": [{"type": "tel", "target": number}]}}


async def call_that(node: VoiceNode, fits: Callable[[Call], bool]) -> Call:
    """The first call of the account that fits, as soon as there is one."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = [call for call in await node.calls() if fits(call)]
            if found:
                return found[0]
            await asyncio.sleep(0.02)


async def incoming_at(node: VoiceNode, action: str) -> Call:
    """The incoming call, once its program has come to that action."""

    def fits(call: Call) -> bool:
        return call.direction is Direction.INCOMING and call.progressing_at is not None

    call = await call_that(node, fits)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with node.database.reading() as tx:
                run = await tx.runs.find(node.account_id, RunId(call.run_id)) if call.run_id else None
            if run is not None and run.current_action and run.current_action["type"] == action:
                return call
            await asyncio.sleep(0.02)


async def test_redirect_during_gather_runs_the_new_program_instead(node: VoiceNode) -> None:
    await node.number(NUMBER, ANSWER, LISTEN, sends("1"))
    other = await node.flow(sends("7"))
    async with node.phone() as phone:
        caller = await node.ring(phone, NUMBER)
        call = await incoming_at(node, "digits_receive")

        await call_orders.redirect_call(node.database, node.account_id, call.id, FlowSource(other.id), utc_now())

        assert await caller.wait_digits(1) == "7"
        await caller.ended.wait()
    record = await node.ended_call(call.id)
    assert (record.hangup_reason, await node.run_of(record)) == (HangupReason.NORMAL, ("ended", ["digits_send"]))


async def test_redirect_to_a_flow_that_is_not_there_changes_nothing(node: VoiceNode) -> None:
    await node.number(NUMBER, ANSWER, LISTEN, sends("1"))
    async with node.phone() as phone:
        caller = await node.ring(phone, NUMBER)
        call = await incoming_at(node, "digits_receive")

        broken = ActionsSource(({"type": "no_such_action"},))
        await call_orders.redirect_call(node.database, node.account_id, call.id, broken, utc_now())
        await caller.send_digits("1234")

        assert await caller.wait_digits(1) == "1"


async def dialled_callee(node: VoiceNode, caller: PhoneCall) -> tuple[Call, Call]:
    """Caller and callee of a talk."""
    await caller.wait_answered()
    callee = await call_that(node, lambda call: call.direction is Direction.OUTGOING and bool(call.progressing_at))
    assert callee.master_call_id is not None
    return await call_that(node, lambda call: call.id == callee.master_call_id), callee


async def test_redirected_caller_leaves_the_talk_and_the_callee_is_hung_up(node: VoiceNode) -> None:
    await node.number(NUMBER, dials("+12025550100"), sends("1"))
    source = ActionsSource((sends("9"),))
    async with node.phone() as phone:
        caller = await node.ring(phone, NUMBER)
        master, callee = await dialled_callee(node, caller)

        await call_orders.redirect_call(node.database, node.account_id, master.id, source, utc_now())

        assert await caller.wait_digits(1) == "9"
        assert (await node.ended_call(callee.id)).hangup_reason is HangupReason.NORMAL


async def test_redirected_callee_runs_its_own_program_and_the_caller_goes_on(node: VoiceNode) -> None:
    await node.number(NUMBER, dials("+12025550100"), sends("1"), LISTEN)
    async with node.phone() as phone:
        caller = await node.ring(phone, NUMBER)
        _, callee = await dialled_callee(node, caller)

        source = ActionsSource(({"type": "sleep", "option": {"duration": 300}},))
        await call_orders.redirect_call(node.database, node.account_id, callee.id, source, utc_now())

        assert await caller.wait_digits(1) == "1"
        assert await node.run_of(await node.ended_call(callee.id)) == ("ended", ["sleep"])
        caller.hang_up()


async def test_partner_moves_along_with_the_redirected_caller(node: VoiceNode) -> None:
    await node.number(NUMBER, dials("+12025550100"), sends("1"))
    source = ActionsSource((sends("5"), {"type": "sleep", "option": {"duration": 200}}))
    async with node.phone() as phone:
        caller = await node.ring(phone, NUMBER)
        master, callee = await dialled_callee(node, caller)

        await call_orders.redirect_call(node.database, node.account_id, master.id, source, utc_now(), move_partner=True)

        assert await caller.wait_digits(1) == "5"
        moved = await node.ended_call(callee.id)
    assert await node.run_of(moved) == ("ended", ["digits_send", "sleep"])


async def test_only_an_unanswered_call_can_be_cancelled(node: VoiceNode) -> None:
    await node.number(NUMBER, ANSWER, LISTEN)
    async with node.phone() as phone:
        caller = await node.ring(phone, NUMBER)
        call = await incoming_at(node, "digits_receive")

        with pytest.raises(Conflict) as refused:
            await call_orders.cancel_call(node.database, node.account_id, call.id, utc_now())
        await call_orders.complete_call(node.database, node.account_id, call.id, utc_now())

        await caller.ended.wait()
    assert refused.value.reason == "CALL_STATE_INVALID"
    await node.ended_call(call.id)
    with pytest.raises(Conflict) as over:
        await call_orders.mute_call(node.database, node.account_id, call.id, "in", utc_now())
    assert over.value.reason == "CALL_ALREADY_HANGUP"


async def test_muting_is_shown_by_the_call_and_told(node: VoiceNode) -> None:
    await node.number(NUMBER, ANSWER, LISTEN)
    async with node.phone() as phone:
        await node.ring(phone, NUMBER)
        call = await incoming_at(node, "digits_receive")

        await call_orders.mute_call(node.database, node.account_id, call.id, "in", utc_now())

        muted = await call_that(node, lambda each: each.details.mute_direction == "in")
        assert muted.id == call.id
        assert "call_updated" in await node.events()


async def test_unmuting_one_direction_leaves_the_other_muted(node: VoiceNode) -> None:
    """Reference 4.3: `DELETE …/mute` has a direction too."""
    await node.number(NUMBER, ANSWER, LISTEN)
    async with node.phone() as phone:
        await node.ring(phone, NUMBER)
        call = await incoming_at(node, "digits_receive")
        await call_orders.mute_call(node.database, node.account_id, call.id, "both", utc_now())
        await call_that(node, lambda each: each.details.mute_direction == "both")

        await call_orders.unmute_call(node.database, node.account_id, call.id, "in", utc_now())
        await call_that(node, lambda each: each.details.mute_direction == "out")
        await call_orders.unmute_call(node.database, node.account_id, call.id, "both", utc_now())

        await call_that(node, lambda each: each.details.mute_direction == "")


async def test_party_on_hold_is_asked_to_be_silent_and_back(node: VoiceNode) -> None:
    await node.number(NUMBER, ANSWER, LISTEN)
    async with node.phone() as phone:
        caller = await node.ring(phone, NUMBER)
        call = await incoming_at(node, "digits_receive")
        offers: list[bytes] = []
        assert caller.sip is not None

        def keep(call: SipCall, sdp: bytes) -> bytes | int:
            offers.append(sdp)
            return PhoneCall.on_offer(caller, call, sdp)

        caller.on_offer = keep  # type: ignore[method-assign]
        for on in (True, False):
            await call_orders.switch_call(node.database, node.account_id, call.id, "hold", utc_now(), on=on)
            async with asyncio.timeout(PATIENCE_S):
                while len(offers) < (1 if on else 2):
                    await asyncio.sleep(0.02)

        assert [b"a=sendonly" in offer for offer in offers] == [True, False]


async def test_recorded_call_is_recorded_from_its_answer_on_and_not_only_after_its_digits(node: VoiceNode) -> None:
    """Restcomm reference 4.4."""
    await node.bare_number(NUMBER)
    manner = CallManner(send_digits="ww1", record=RecordingWish())
    recorded: list[tuple[RecordingId, ...]] = []

    async def take(call: PhoneCall) -> None:
        call.answer()
        await call.wait_digits(1)
        recorded.append((await node.calls())[0].recording_ids)
        call.hang_up()

    async with node.phone(take) as phone:
        party = Address("sip", f"bob@127.0.0.1:{phone.agent.port}")
        request = CallRequest(tel(NUMBER), (party,), actions=[LISTEN], manner=manner)
        (call,) = (await create_calls(node.database, node.account_id, request, utc_now())).calls
        record = await node.ended_call(call.id)

    assert recorded == [record.recording_ids]
    assert len(record.recording_ids) == 1


async def test_outgoing_call_sends_digits_and_headers_and_ends_at_its_limit(node: VoiceNode) -> None:
    await node.bare_number(NUMBER)
    manner = CallManner(headers=(("X-Order", "42"),), send_digits="1w2", time_limit_s=1)
    taken: list[PhoneCall] = []

    async def take(call: PhoneCall) -> None:
        taken.append(call)
        call.answer()
        await call.wait_digits(2)
        await call.ended.wait()

    async with node.phone(take) as phone:
        where = f"bob@127.0.0.1:{phone.agent.port}"
        request = CallRequest(tel(NUMBER), (Address("sip", where),), actions=[LISTEN], manner=manner, caller_name="Ann")
        (call,) = (await create_calls(node.database, node.account_id, request, utc_now())).calls
        record = await node.ended_call(call.id)

    (callee,) = taken
    assert callee.sip is not None
    assert callee.sip.request.headers.get("X-Order") == "42"
    assert '"Ann"' in (callee.sip.request.headers.get("From") or "")
    assert callee.heard_digits == "12"
    assert (record.status, record.hangup_reason) == (CallStatus.HANGUP, HangupReason.TIMEOUT)
    assert record.cause_text == "the call's time limit is 1 seconds"
