"""Trunks whose hosts are names: calls find them by DNS, and theirs are known by it (RFC 3263, RFC 2782).

The name server is a real one on the loopback, and so are the phones behind its records.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.calling.calls import HangupReason
from dialplane.domain.calling.trunk_terms import NumberFormat, TrunkTerms
from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.ids import utc_now
from dialplane.phone.softphone import PhoneCall
from dialplane.services.calling.trunk_states import Health, TrunkState, states_of
from dialplane.services.calling.trunks import TrunkDraft, create_trunk
from dialplane.voice import dialler
from dialplane.voice.useragent.agent import IncomingCall
from tests.fakes.name_server import NameServer, name_server
from tests.media.conftest import MediaProcess
from tests.ports import free_port
from tests.users.acting import until
from tests.voice.platform import VoiceNode, voice_node
from tests.voice.test_trunk_ways import CALLED, HANG_UP, call, carrier, clear, dead_port

__all__ = ["dead_port"]

NAME = "sip.carrier.test"
BRITISH = TrunkTerms(numbers=NumberFormat(country="GB"))


@pytest.fixture
async def dns() -> AsyncIterator[NameServer]:
    async with name_server() as server:
        yield server


@pytest.fixture
async def node(
    dsn: str, database: PostgresDatabase, media_process: MediaProcess, tmp_path: Path, dns: NameServer
) -> AsyncIterator[VoiceNode]:
    """The loopback is no carrier's, and nobody takes calls yet."""
    async with voice_node(
        dsn, database, media_process, tmp_path, carriers="127.0.0.200/32", names=dns.names()
    ) as running:
        await clear(running)
        yield running


async def named(node: VoiceNode, terms: TrunkTerms | None = None) -> Trunk:
    draft = TrunkDraft("named", host=NAME, terms=terms or TrunkTerms())
    return await create_trunk(node.database, draft, now=utc_now())


async def states(node: VoiceNode, trunk: Trunk) -> TrunkState | None:
    found = (await states_of(node.database, [trunk.id])).get(trunk.id, {})
    return next(iter(found.values()), None)


async def test_transport_and_port_of_a_call_are_what_dns_says(node: VoiceNode, dns: NameServer) -> None:
    heard: list[tuple[str, str]] = []

    async def take(asked: PhoneCall) -> None:
        assert isinstance(asked.sip, IncomingCall)
        heard.append((asked.sip.request.uri, asked.sip.source.transport))
        asked.answer()
        await asked.ended.wait()

    async with node.phone(take) as phone:
        dns.set(NAME, "NAPTR", '10 10 "s" "SIP+D2T" "" _lines.carrier.test.')
        dns.set("_lines.carrier.test", "SRV", f"10 0 {phone.agent.port} a.carrier.test.")
        dns.set("a.carrier.test", "A", "127.0.0.1")
        await named(node)

        over = await call(node)

    assert over.hangup_reason == HangupReason.NORMAL
    assert heard == [(f"sip:{CALLED}@{NAME}", "tcp")]


async def test_call_goes_through_the_targets_until_one_takes_it(
    node: VoiceNode, dns: NameServer, dead_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialler, "SILENT_S", 0.2)
    refused: list[str] = []

    async def refuse(asked: PhoneCall) -> None:
        refused.append(asked.dialled)
        asked.reject(503)

    async with node.phone(refuse) as full, carrier(node) as alive:
        ports = (dead_port, full.agent.port, alive.port)
        dns.set(f"_sip._udp.{NAME}", "SRV", *(f"{rank} 0 {port} {NAME}." for rank, port in enumerate(ports)))
        dns.set(NAME, "A", "127.0.0.1")
        made = await named(node)

        first = await call(node)
        second = await call(node)  # which the silent one is not asked for again

        async def is_seen() -> TrunkState | None:
            state = await states(node, made)
            return state if state and state.gateways[0].targets else None

        seen = (await until(is_seen)).gateways[0]

    assert (first.hangup_reason, second.hangup_reason) == (HangupReason.NORMAL, HangupReason.NORMAL)
    assert (refused, alive.asked) == ([CALLED, CALLED], [CALLED, CALLED])
    assert {each.port: each.health for each in seen.targets} == {
        dead_port: Health.UNHEALTHY,
        full.agent.port: Health.UNKNOWN,
        alive.port: Health.UNKNOWN,
    }


async def test_calls_follow_the_name_both_ways_when_it_moves(node: VoiceNode, dns: NameServer) -> None:
    port = free_port()
    await node.number("+442079460123", {"type": "answer"}, HANG_UP)
    dns.set(f"_sip._udp.{NAME}", "SRV", f"1 0 {port} {NAME}.")
    dns.set(NAME, "A", "127.0.0.21", ttl_s=1)
    await named(node, BRITISH)

    async def rings_from(host: str) -> bool:
        """As the trunk's: its country is where numbers without + are read."""
        async with node.phone(host=host, port=port) as phone:
            ringing = await node.ring(phone, "02079460123", caller="02079460999")
            return await ringing.wait_answered()

    assert await until(lambda: rings_from("127.0.0.21"), pause_s=0.7)
    assert not await rings_from("127.0.0.22")

    dns.set(NAME, "A", "127.0.0.22", ttl_s=1)

    assert await until(lambda: rings_from("127.0.0.22"), pause_s=0.7)
    assert not await rings_from("127.0.0.21")
    async with node.phone(answer, host="127.0.0.22", port=port):
        over = await call(node)
    assert over.hangup_reason == HangupReason.NORMAL


async def answer(asked: PhoneCall) -> None:
    asked.answer()
    await asked.ended.wait()


async def test_what_is_written_of_a_trunk_stands_above_what_a_name_says(node: VoiceNode, dns: NameServer) -> None:
    await node.number("+442079460123", {"type": "answer"}, HANG_UP)
    dns.set(NAME, "A", "127.0.0.31")
    await named(node)
    draft = TrunkDraft("written", networks=("127.0.0.31/32",), terms=BRITISH)
    await create_trunk(node.database, draft, now=utc_now())
    async with node.phone(host="127.0.0.31") as phone:

        async def rings() -> bool:
            ringing = await node.ring(phone, "02079460123", caller="02079460999")
            return await ringing.wait_answered()

        assert await until(rings, pause_s=0.7)
    over = await node.ended_call()

    assert over.destination.target == "+442079460123"


async def test_dead_name_servers_take_nothing_from_names_that_were_known(node: VoiceNode, dns: NameServer) -> None:
    """AV-4: DNS dead."""
    async with carrier(node) as found:
        dns.set(f"_sip._udp.{NAME}", "SRV", f"1 0 {found.port} {NAME}.", ttl_s=1)
        dns.set(NAME, "A", "127.0.0.1", ttl_s=1)
        await named(node)
        before = await call(node)
        dns.is_silent = True
        asked = len(dns.asked)

        async def is_asked_in_vain() -> bool:
            return len(dns.asked) >= asked + 4  # NAPTR, two SRV, and the address after them

        await until(is_asked_in_vain)
        after = await call(node)

    assert (before.hangup_reason, after.hangup_reason) == (HangupReason.NORMAL, HangupReason.NORMAL)
    assert found.asked == [CALLED, CALLED]
