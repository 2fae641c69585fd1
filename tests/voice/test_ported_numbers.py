"""A number that comes from another carrier: rung before and after its cut-over."""

import asyncio
from datetime import timedelta

from dialplane.domain.ids import utc_now
from dialplane.domain.numbering.porting import PortStatus
from dialplane.domain.numbering.targets import FlowTarget, Targets
from dialplane.services.numbering.porting import get_port
from dialplane.services.settings import set_clock
from tests.effort import PATIENCE_S
from tests.services.porting import confirmed_port
from tests.voice.platform import VoiceNode
from tests.worker.working import working

NUMBER = "+14155550123"


async def test_ported_number_rings_its_flow_from_the_cut_over_and_nobody_before(node: VoiceNode, dsn: str) -> None:
    flow = await node.flow({"type": "answer"})
    day = utc_now() + timedelta(days=7)
    port = await confirmed_port(
        node.database, node.account_id, NUMBER, day=day, now=utc_now(), targets=Targets(voice=FlowTarget(flow.id))
    )
    async with working(node.database, dsn), node.phone() as phone:
        too_early = await node.ring(phone, NUMBER)
        assert not await too_early.wait_answered()

        await set_clock(node.database, day, now=utc_now())
        async with asyncio.timeout(PATIENCE_S):
            while (await get_port(node.database, node.account_id, port.id)).status is not PortStatus.PORTED:
                await asyncio.sleep(0.02)
        call = await node.ring(phone, NUMBER)

        assert await call.wait_answered()
        await call.ended.wait()
    assert await node.run_of(await node.ended_call()) == ("ended", ["answer"])
