"""Transfers of live talks, ordered by the API (VoIPBIN reference 4.6)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from dialplane.domain.addresses import Address
from dialplane.domain.calling.calls import Call, Direction
from dialplane.domain.calling.transfers import TransferType
from dialplane.domain.errors import Conflict
from dialplane.domain.ids import utc_now
from dialplane.phone.softphone import PhoneCall, Softphone
from dialplane.services.calling.calls import get_call
from dialplane.services.calling.transfers import TransferWish, start_transfer
from tests.effort import PATIENCE_S
from tests.voice.platform import VoiceNode

NUMBER = "+12025550143"


@dataclass
class Office:
    """Two phones that are dialled, one after the other."""

    calls: "asyncio.Queue[PhoneCall]"
    phone: Softphone

    def address(self, name: str) -> str:
        return f"{name}@127.0.0.1:{self.phone.agent.port}"


async def hears(speaker: PhoneCall, listener: PhoneCall, key: str) -> None:
    """Wait until the one hears the other."""
    while key not in listener.heard_digits:
        await speaker.send_digits(key)


async def muted(node: VoiceNode, call: Call, direction: str) -> None:
    """Wait until the call's record says so."""
    while (await get_call(node.database, node.account_id, call.id)).details.mute_direction != direction:
        await asyncio.sleep(0.02)


async def talk_then(
    node: VoiceNode, act: Callable[[Office, PhoneCall, PhoneCall, Call, Call], Awaitable[None]]
) -> None:
    """A caller talks with bob, whom its flow has dialled; then `act`."""
    calls: asyncio.Queue[PhoneCall] = asyncio.Queue()

    async def take(call: PhoneCall) -> None:
        call.ring()
        call.answer()
        calls.put_nowait(call)
        await call.ended.wait()

    async with node.phone() as phone, node.phone(take) as other, asyncio.timeout(PATIENCE_S):
        office = Office(calls, other)
        destinations = [{"type": "sip", "target": office.address("bob")}]
        connect: dict[str, object] = {"type": "connect", "option": {"destinations": destinations}}
        await node.number(NUMBER, connect, {"type": "digits_send", "option": {"digits": "9"}})
        caller = await node.ring(phone, NUMBER)
        bob = await calls.get()
        await hears(caller, bob, "1")
        found = await node.calls()
        while any(call.progressing_at is None for call in found):
            await asyncio.sleep(0.02)
            found = await node.calls()
        incoming = next(call for call in found if call.direction is Direction.INCOMING)
        outgoing = next(call for call in found if call.direction is Direction.OUTGOING)
        await act(office, caller, bob, incoming, outgoing)


def wish(kind: TransferType, office: Office, call: Call) -> TransferWish:
    return TransferWish(kind, call.id, [Address("sip", office.address("carol"))])


async def test_blind_transfer_joins_the_caller_with_the_transferee(node: VoiceNode) -> None:
    async def act(office: Office, caller: PhoneCall, bob: PhoneCall, _: Call, callee: Call) -> None:
        await start_transfer(node.database, node.account_id, wish(TransferType.BLIND, office, callee), utc_now())

        await bob.ended.wait()
        carol = await office.calls.get()
        await hears(caller, carol, "2")
        carol.hang_up()
        assert await caller.wait_digits(1) == "9"  # the caller's flow goes on after its connect

    await talk_then(node, act)


async def test_caller_may_transfer_whom_it_called(node: VoiceNode) -> None:
    async def act(office: Office, caller: PhoneCall, bob: PhoneCall, master: Call, _: Call) -> None:
        await start_transfer(node.database, node.account_id, wish(TransferType.BLIND, office, master), utc_now())

        await caller.ended.wait()
        carol = await office.calls.get()
        await hears(bob, carol, "3")
        bob.hang_up()
        await carol.ended.wait()

    await talk_then(node, act)


async def test_attended_transfer_joins_the_others_when_the_transferer_leaves(node: VoiceNode) -> None:
    async def act(office: Office, caller: PhoneCall, bob: PhoneCall, waiting: Call, callee: Call) -> None:
        await start_transfer(node.database, node.account_id, wish(TransferType.ATTENDED, office, callee), utc_now())

        carol = await office.calls.get()
        await hears(bob, carol, "4")
        await muted(node, waiting, "in")
        bob.hang_up()
        await hears(caller, carol, "5")
        await muted(node, waiting, "")
        async with node.database.transaction() as tx:
            found = await tx.connection.fetchval("select transferee_call_id from transfers")
        caller.hang_up()
        await carol.ended.wait()
        assert found is None or found in {call.id for call in await node.calls()}

    await talk_then(node, act)


async def test_old_talk_goes_on_when_the_transferee_leaves_first(node: VoiceNode) -> None:
    async def act(office: Office, caller: PhoneCall, bob: PhoneCall, _: Call, callee: Call) -> None:
        await start_transfer(node.database, node.account_id, wish(TransferType.ATTENDED, office, callee), utc_now())
        carol = await office.calls.get()
        await hears(bob, carol, "6")

        carol.hang_up()

        await hears(caller, bob, "7")
        await hears(bob, caller, "8")
        caller.hang_up()
        await bob.ended.wait()

    await talk_then(node, act)


async def test_call_that_is_not_answered_cannot_be_transferred(node: VoiceNode) -> None:
    await node.number(NUMBER, {"type": "sleep", "option": {"duration": 10_000}})
    async with node.phone() as phone:
        await node.ring(phone, NUMBER)
        while not (found := await node.calls()):
            await asyncio.sleep(0.02)

        with pytest.raises(Conflict) as refused:
            await start_transfer(
                node.database,
                node.account_id,
                TransferWish(TransferType.BLIND, found[0].id, [Address("sip", "a@b")]),
                utc_now(),
            )
    assert refused.value.reason == "CALL_STATE_INVALID"
