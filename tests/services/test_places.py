"""Where a gateway's name leads, asked of a real name server (RFC 3263 section 4)."""

import random
from collections.abc import AsyncIterator

import pytest

from dialplane.adapters.dns import names
from dialplane.domain.calling.trunk_terms import read_gateway
from dialplane.services.calling.places import UNANSWERED_S, Place, find_place
from dialplane.sip.transaction_peer import Source, Wire
from tests.fakes.name_server import NameServer, name_server

NAME = "sip.carrier.test"
WIRES: tuple[Wire, ...] = ("udp", "tcp")


@pytest.fixture
async def server() -> AsyncIterator[NameServer]:
    async with name_server() as made:
        yield made


async def find(server: NameServer, port: int | None = None, transport: str | None = None, host: str = NAME) -> Place:
    asked = server.names()
    try:
        return await find_place(asked, read_gateway(host, port, transport), WIRES)
    finally:
        asked.close()


def targets(place: Place) -> list[Source]:
    return place.targets(random.Random(1))


async def test_naptr_gives_the_transport_and_srv_the_ports_in_order(server: NameServer) -> None:
    server.set(
        NAME, "NAPTR", '20 10 "s" "SIP+D2U" "" _sip._udp.carrier.test.', '10 10 "s" "SIP+D2T" "" lines.carrier.test.'
    )
    server.set("lines.carrier.test", "SRV", "20 0 5072 b.carrier.test.", "10 0 5071 a.carrier.test.")
    server.set("_sip._udp.carrier.test", "SRV", "1 0 5073 a.carrier.test.")
    server.set("a.carrier.test", "A", "192.0.2.1", "192.0.2.2", ttl_s=30)
    server.set("b.carrier.test", "A", "192.0.2.3")

    place = await find(server)

    found = targets(place)
    assert {*found[:2]} == {Source("192.0.2.1", 5071, "tcp"), Source("192.0.2.2", 5071, "tcp")}
    assert found[2] == Source("192.0.2.3", 5072, "tcp")
    assert {*found[3:]} == {Source("192.0.2.1", 5073, "udp"), Source("192.0.2.2", 5073, "udp")}
    assert place.ttl_s == 30  # the shortest of all that it hangs on


async def test_without_naptr_the_records_of_each_transport_are_asked_for(server: NameServer) -> None:
    server.set(f"_sip._tcp.{NAME}", "SRV", f"10 0 5070 {NAME}.")
    server.set(NAME, "A", "192.0.2.1")

    assert targets(await find(server)) == [Source("192.0.2.1", 5070, "tcp")]


async def test_without_srv_the_name_itself_is_the_server(server: NameServer) -> None:
    server.set(NAME, "A", "192.0.2.1")

    assert targets(await find(server)) == [Source("192.0.2.1", 5060, "udp")]
    assert targets(await find(server, transport="tcp")) == [Source("192.0.2.1", 5060, "tcp")]


async def test_transport_that_is_written_is_not_looked_for(server: NameServer) -> None:
    server.set(NAME, "NAPTR", '10 10 "s" "SIP+D2U" "" _sip._udp.carrier.test.')
    server.set(f"_sip._tcp.{NAME}", "SRV", f"10 0 5070 {NAME}.")
    server.set(NAME, "A", "192.0.2.1")

    assert targets(await find(server, transport="tcp")) == [Source("192.0.2.1", 5070, "tcp")]
    assert server.asked == [f"SRV _sip._tcp.{NAME}", f"A {NAME}"]


async def test_port_that_is_written_asks_for_addresses_alone(server: NameServer) -> None:
    server.set(f"_sip._udp.{NAME}", "SRV", f"10 0 5070 {NAME}.")
    server.set(NAME, "A", "192.0.2.1")

    assert targets(await find(server, 5080)) == [Source("192.0.2.1", 5080, "udp")]
    assert server.asked == [f"A {NAME}"]


async def test_name_that_says_it_has_no_such_service_has_none(server: NameServer) -> None:
    server.set(f"_sip._udp.{NAME}", "SRV", "0 0 0 .")
    server.set(NAME, "A", "192.0.2.1")

    assert targets(await find(server)) == []


async def test_alias_is_followed_and_its_time_counts(server: NameServer) -> None:
    server.set(NAME, "CNAME", "pool.carrier.test.", ttl_s=7)
    server.set("pool.carrier.test", "A", "192.0.2.1")

    place = await find(server, 5060)

    assert (targets(place), place.ttl_s) == ([Source("192.0.2.1", 5060, "udp")], 7)


async def test_name_that_is_not_there_is_not_there_for_as_long_as_its_zone_says(server: NameServer) -> None:
    server.nothing_s = 17

    place = await find(server)

    assert (targets(place), place.ttl_s, place.is_whole) == ([], 17, True)


async def test_silence_is_no_answer_and_does_not_hold(server: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "TRY_S", 0.1)
    monkeypatch.setattr(names, "PATIENCE_S", 0.2)
    server.is_silent = True

    place = await find(server)

    assert (targets(place), place.ttl_s, place.is_whole) == ([], UNANSWERED_S, False)


async def test_names_without_a_dot_are_the_machines_own(server: NameServer) -> None:
    assert targets(await find(server, host="localhost")) == [Source("127.0.0.1", 5060, "udp")]
    assert server.asked == []
