"""Ways in which callers try to be somebody else, or to make a call multiply (FRD-7, FRD-8)."""

import asyncio
from dataclasses import replace

from dialplane.domain.ids import utc_now
from dialplane.domain.numbering.targets import ForwardTarget
from dialplane.phone.softphone import PhoneCall
from dialplane.services.calling.calls import get_call
from dialplane.services.calling.trunks import list_trunks
from dialplane.sip.message import Request
from dialplane.voice.dialler import MAX_HOPS
from dialplane.voice.useragent.challenge import Credentials
from tests.effort import PATIENCE_S
from tests.voice.platform import VoiceNode

A, B = "+12025550143", "+12025550144"
CLAIMED = ("P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID", "Diversion", "Identity")


async def test_numbers_that_forward_to_each_other_stop_after_five_legs(node: VoiceNode) -> None:
    """FRD-7: A→B→A. Every leg is the account's, and all of them end."""
    first, second = await node.bare_number(A), await node.bare_number(B)
    await node.forward(first, ForwardTarget(pstn=B))
    await node.forward(second, ForwardTarget(pstn=A))
    async with node.phone() as phone:
        call = await node.ring(phone, A)
        await call.ended.wait()
    async with asyncio.timeout(PATIENCE_S):
        while any(each.ended_at is None for each in await node.calls()):
            await asyncio.sleep(0.02)

    calls = await node.calls()

    placed = [each for each in calls if each.master_call_id is not None]
    assert len(placed) <= MAX_HOPS + 1
    assert {each.account_id for each in calls} == {node.account_id}


async def test_what_a_tenants_phone_claims_of_itself_goes_no_further(node: VoiceNode) -> None:
    """FRD-8: the carrier sees the account's number and none of the phone's own words."""
    await node.bare_number(A)
    await node.extension("1001", "secret-1001")
    invites: asyncio.Queue[Request] = asyncio.Queue()

    async def take(incoming: PhoneCall) -> None:
        assert incoming.sip is not None
        invites.put_nowait(incoming.sip.request)
        incoming.reject(486)

    async with node.phone(take) as carrier, node.phone() as phone:
        (trunk,) = await list_trunks(node.database)
        async with node.database.transaction() as tx:
            await tx.trunks.update(replace(trunk, port=carrier.agent.port, updated_at=utc_now()))
        call = await phone.call(
            f"sip:+12025550100@{node.server.host}:{node.server.port}",
            caller='"The Bank" <sip:1001@127.0.0.1>',
            server=node.server,
            credentials=Credentials("1001", "secret-1001"),
            headers=[(name, "<sip:+12125550199@127.0.0.1>") for name in CLAIMED],
        )
        await call.ended.wait()
        invite = await invites.get()

    assert invite.from_.uri.partition("@")[0] == f"sip:{A}"
    assert [name for name in CLAIMED if name in invite.headers] == []
    record = (await node.calls())[0]
    assert (await get_call(node.database, node.account_id, record.id)).raw_source == "1001"
