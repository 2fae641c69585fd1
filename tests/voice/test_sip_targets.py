"""SIP servers that tenants name: nothing goes to an address that is not public (SSRF-2)."""

import asyncio
import socket
from pathlib import Path

import pytest

from dialplane.adapters.http.guarded import GuardedClient
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import Address, tel
from dialplane.domain.errors import Refusal
from dialplane.domain.ids import utc_now
from dialplane.domain.numbering.targets import ForwardTarget
from dialplane.services.calling.outgoing import CallRequest, create_calls
from dialplane.voice.useragent.station import _may_reach
from tests.media.conftest import MediaProcess
from tests.voice.platform import VoiceNode, voice_node

NUMBER = "+12025550143"
CLOSED = (
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "[::1]",
    "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "[fec0::1]", "224.0.0.1", "2130706433",
    "0x7f000001", "0177.0.0.1", "127.1", "localhost",
)  # fmt: skip


@pytest.mark.parametrize("host", CLOSED)
async def test_no_spelling_of_an_inner_address_is_reached(host: str) -> None:
    """SSRF-2."""
    async with GuardedClient() as client:
        with pytest.raises(Refusal):
            await client.find_address(host.strip("[]"))


async def test_name_with_one_inner_address_is_not_reached() -> None:
    async def resolve(host: str) -> list[str]:
        return ["198.41.0.4", "10.0.0.1"] if host == "mixed.example" else ["198.41.0.4"]

    async with GuardedClient(resolve=resolve) as client:
        assert await client.find_address("good.example") == "198.41.0.4"
        with pytest.raises(Refusal):
            await client.find_address("mixed.example")


async def test_calls_and_forwards_to_inner_servers_send_nothing(
    dsn: str, database: PostgresDatabase, media_process: MediaProcess, tmp_path: Path
) -> None:
    """SSRF-2: 0 datagrams seen by a listener, and the call says why."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.setblocking(False)
        where = f"127.0.0.1:{listener.getsockname()[1]}"
        async with voice_node(dsn, database, media_process, tmp_path, egress=()) as node:
            number = await node.bare_number(NUMBER)
            request = CallRequest(tel(NUMBER), (Address("sip", f"bob@{where}"),), actions=[])
            (placed,) = (await create_calls(database, node.account_id, request, utc_now())).calls
            record = await node.ended_call(placed.id)
            await node.forward(number, ForwardTarget(sip=where))
            async with node.phone() as phone:
                call = await node.ring(phone, NUMBER)
                await call.ended.wait()

            with pytest.raises(BlockingIOError):
                listener.recv(1)
    assert "not public" in record.cause_text


async def test_server_that_the_operator_allows_is_called(node: VoiceNode) -> None:
    """SSRF-2: the operator's list."""
    await node.bare_number(NUMBER)
    rang = asyncio.Event()

    async def take(call: object) -> None:
        rang.set()

    async with node.phone(take) as server:
        target = Address("sip", f"bob@127.0.0.1:{server.agent.port}")
        request = CallRequest(tel(NUMBER), (target,), actions=[])
        await create_calls(node.database, node.account_id, request, utc_now())
        await rang.wait()


@pytest.mark.parametrize("host", ["10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "127.0.0.1", "224.0.0.1"])
def test_contact_of_a_public_peer_leads_to_nowhere_inside(host: str) -> None:
    """SSRF-2, CVE-16: Contact and Route of a peer on the internet."""
    assert not _may_reach(host, "198.41.0.4")
    assert _may_reach("199.7.83.42", "198.41.0.4")
