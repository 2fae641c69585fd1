"""Restcomm's clients as phones: a document of their own for the calls that they place."""

import asyncio
from urllib.parse import parse_qsl

from dialplane.domain.ids import utc_now
from dialplane.domain.number_settings import FetchChange
from dialplane.services.clients import ClientChange, create_client
from tests.effort import PATIENCE_S
from tests.fakes.receiver import Receiver
from tests.voice.platform import VoiceNode


async def test_client_with_a_document_runs_it_whatever_it_dials(node: VoiceNode) -> None:
    """Restcomm reference 4.8 and 6.1."""
    async with Receiver.listening() as server:
        server.body = b"<Response><Say>This is your desk.</Say><Hangup/></Response>"
        server.headers = {"Content-Type": "application/xml"}
        change = ClientChange(password="1234aBcd!", voice=FetchChange(url=server.url()))
        await create_client(node.database, node.account_id, "alice", change, utc_now())
        async with node.phone() as phone, asyncio.timeout(PATIENCE_S):
            call = await node.dial_as(phone, "alice", "1234aBcd!", "what-ever")
            assert await call.wait_answered()
            await call.ended.wait()

        asked = dict(parse_qsl(server.requests[0].body.decode()))
    assert (asked["From"], asked["To"]) == ("alice", "what-ever")
