"""SIP servers that tenants name: found as trunks are, and nothing goes to an address that is not public (SSRF-2)."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from dialplane.adapters.http.guarded import GuardedClient
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import Address, tel
from dialplane.domain.calling.calls import HangupReason
from dialplane.domain.errors import Invalid, Refusal
from dialplane.domain.ids import AccountId, utc_now
from dialplane.domain.numbering.targets import ForwardTarget
from dialplane.phone.softphone import PhoneCall
from dialplane.services.calling.outgoing import CallRequest, create_calls
from dialplane.services.calling.ways import way_to_sip
from dialplane.sip.transaction_peer import Source
from dialplane.voice.trunking import named_servers
from dialplane.voice.trunking.kept_places import KeptPlaces
from dialplane.voice.trunking.named_servers import NamedServers
from dialplane.voice.useragent.station import _may_reach
from tests.fakes.name_server import NameServer, name_server
from tests.media.conftest import MediaProcess
from tests.users.acting import until
from tests.voice.agents import Answering, running
from tests.voice.platform import VoiceNode, voice_node

NUMBER = "+12025550143"
ACCOUNT = AccountId(UUID(int=1))
PUBLIC = "198.41.0.4"
CARRIER = Source("199.7.83.42", 5060, "udp")
CLOSED = (
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "[::1]",
    "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "[fec0::1]", "224.0.0.1", "2130706433",
    "0x7f000001", "0177.0.0.1", "127.1", "localhost",
)  # fmt: skip


@pytest.fixture
async def dns() -> AsyncIterator[NameServer]:
    async with name_server() as server:
        yield server


@pytest.fixture
async def servers(dns: NameServer) -> AsyncIterator[NamedServers]:
    """Those that tenants may reach from a node where the operator allows nothing more than the internet."""
    async with running(Answering()) as agent, asyncio.TaskGroup() as tasks:
        asked, asking = dns.names(), list[asyncio.Task[None]]()
        kept = KeptPlaces(asked, agent.wires, lambda work: asking.append(tasks.create_task(work)))
        yield NamedServers(agent, kept, GuardedClient().may_reach, lambda target, account_id: target == CARRIER)
        asked.close()


async def find(servers: NamedServers, where: str) -> list[Source]:
    ways = await servers.ways(way_to_sip(f"bob@{where}"), ACCOUNT)
    return [Source(each.host, each.port, each.transport) for each in ways]


@pytest.mark.parametrize("host", CLOSED)
async def test_no_spelling_of_an_inner_address_is_reached(servers: NamedServers, host: str) -> None:
    """SSRF-2."""
    with pytest.raises(Refusal):
        await find(servers, host)


@pytest.mark.parametrize("port", ["", ":5060"])
async def test_name_with_one_inner_address_is_not_reached(servers: NamedServers, dns: NameServer, port: str) -> None:
    """SSRF-2: whichever record it is that leads inside."""
    dns.set("good.test", "A", PUBLIC)
    dns.set("mixed.test", "A", PUBLIC, "10.0.0.1")
    dns.set("_sip._udp.hidden.test", "SRV", "10 0 5060 good.test.", "20 0 5060 inner.test.")
    dns.set("hidden.test", "A", "192.168.1.1")
    dns.set("inner.test", "A", "127.0.0.1")

    assert await find(servers, f"good.test{port}") == [Source(PUBLIC, 5060, "udp")]
    for name in ("mixed.test", "hidden.test"):
        with pytest.raises(Invalid, match="not public"):
            await find(servers, f"{name}{port}")


async def test_name_that_moves_inside_is_not_followed(servers: NamedServers, dns: NameServer) -> None:
    """SSRF-1's second look-up: what is connected to is what was looked at."""
    dns.set("moving.test", "A", PUBLIC, ttl_s=1)
    assert await find(servers, "moving.test") == [Source(PUBLIC, 5060, "udp")]

    dns.set("moving.test", "A", "127.0.0.1", ttl_s=1)

    async def is_refused() -> bool:
        try:
            return not await find(servers, "moving.test")
        except Invalid:
            return True

    assert await until(is_refused, pause_s=0.3)


async def test_records_say_where_a_server_is_and_are_kept(servers: NamedServers, dns: NameServer) -> None:
    """RFC 3263 section 4: a port that is written asks for addresses alone, a transport for its own records."""
    dns.set("pbx.test", "NAPTR", '10 10 "s" "SIP+D2T" "" _sip._tcp.pbx.test.')
    dns.set("_sip._tcp.pbx.test", "SRV", "10 0 5071 a.pbx.test.", "20 0 5072 a.pbx.test.")
    dns.set("_sip._udp.pbx.test", "SRV", "10 0 5073 a.pbx.test.")
    for name in ("pbx.test", "a.pbx.test"):
        dns.set(name, "A", PUBLIC)

    assert await find(servers, "pbx.test") == [Source(PUBLIC, 5071, "tcp"), Source(PUBLIC, 5072, "tcp")]
    assert await find(servers, "pbx.test;transport=udp") == [Source(PUBLIC, 5073, "udp")]
    assert await find(servers, "pbx.test:5080;transport=tcp") == [Source(PUBLIC, 5080, "tcp")]
    asked = len(dns.asked)
    await find(servers, "pbx.test")
    assert len(dns.asked) == asked


async def test_names_that_are_kept_are_bounded(
    servers: NamedServers, dns: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(named_servers, "MOST_NAMES", 2)
    for name in ("a.test", "b.test", "c.test", "a.test"):
        dns.set(name, "A", PUBLIC)
        await find(servers, f"{name}:5060")

    assert dns.asked == ["A a.test", "A b.test", "A c.test", "A a.test"]


async def test_trunk_of_others_is_no_sip_server(servers: NamedServers, dns: NameServer) -> None:
    """FRD-1: a carrier that knows us by our address would put the call through, past countries and prices."""
    dns.set("free.test", "A", CARRIER.host)

    for where in ("free.test", f"{CARRIER.host}:{CARRIER.port}"):
        with pytest.raises(Invalid, match="trunk"):
            await find(servers, where)


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


async def test_call_goes_to_the_servers_of_a_name_until_one_takes_it(
    dsn: str, database: PostgresDatabase, media_process: MediaProcess, tmp_path: Path, dns: NameServer
) -> None:
    """RFC 3263 section 4.3: 503 and silence are the server's, anything else is the party's."""
    taken: list[str] = []

    async def refuse(call: PhoneCall) -> None:
        taken.append("full")
        call.reject(503)

    async def busy(call: PhoneCall) -> None:
        taken.append("busy")
        call.reject(486)

    async with (
        voice_node(dsn, database, media_process, tmp_path, names=dns.names()) as node,
        node.phone(refuse) as full,
        node.phone(busy) as second,
        node.phone(busy) as third,
    ):
        await node.bare_number(NUMBER)
        ports = [each.agent.port for each in (full, second, third)]
        dns.set("_sip._udp.pbx.test", "SRV", *(f"{rank} 0 {port} pbx.test." for rank, port in enumerate(ports)))
        dns.set("pbx.test", "A", "127.0.0.1")
        request = CallRequest(tel(NUMBER), (Address("sip", "bob@pbx.test"),), actions=[])
        (placed,) = (await create_calls(database, node.account_id, request, utc_now())).calls
        over = await node.ended_call(placed.id)

    assert (taken, over.hangup_reason) == (["full", "busy"], HangupReason.BUSY)


async def test_call_to_a_trunk_by_its_address_sends_nothing(node: VoiceNode) -> None:
    """FRD-1: the sandbox's carrier, which any call of ours reaches."""
    await node.bare_number(NUMBER)
    async with node.database.reading() as tx:
        (trunk,) = await tx.trunks.list_live()

    request = CallRequest(tel(NUMBER), (Address("sip", f"+88216555555@127.0.0.1:{trunk.port}"),), actions=[])
    (placed,) = (await create_calls(node.database, node.account_id, request, utc_now())).calls

    over = await node.ended_call(placed.id)
    assert "trunk" in over.cause_text


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
