"""Where a trunk's gateway is now: addresses for a name (RFC 3263 section 4)."""

import asyncio
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from dialplane.domain.calling.trunk_terms import FoundBy, Gateway
from dialplane.sip.locating import (
    Naptr,
    Server,
    Service,
    Srv,
    in_order,
    servers_of,
    services_of,
    usual_services,
)
from dialplane.sip.transaction_peer import Source, Wire

MOST_SERVERS = 16
"""Of one name, however many DNS has."""
MOST_ADDRESSES = 8
"""Of one server."""
UNANSWERED_S = 10.0
"""After which a name is asked for again that nobody told us of."""

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Answer(Generic[Record]):
    records: Sequence[Record]
    """None: there are no such records."""
    ttl_s: float
    """How long that holds, the absence too (RFC 2308)."""


class NoAnswer(Exception):
    """Whoever knows names does not answer, or answers that it cannot tell."""


class Names(Protocol):
    """Port: what DNS has of a name. Each raises NoAnswer, within a second or two."""

    async def find_naptr(self, name: str) -> Answer[Naptr]: ...

    async def find_srv(self, name: str) -> Answer[Srv]: ...

    async def find_addresses(self, name: str) -> Answer[str]:
        """Those that we could send to; of IPv6 without brackets."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """What DNS has of one gateway."""

    servers: tuple[tuple[Server, tuple[str, ...]], ...]
    """Each with its addresses."""
    ttl_s: float
    """How long it holds."""
    is_whole: bool = True
    """Every question was answered."""

    def targets(self, chance: random.Random) -> list[Source]:
        """For one call: the first first."""
        addresses = dict(self.servers)
        ordered = in_order([server for server, _ in self.servers], chance)
        found = [Source(host, each.port, each.wire) for each in ordered for host in addresses[each]]
        return list(dict.fromkeys(found))


def place_of_address(gateway: Gateway) -> Place:
    """Of a gateway whose host is an address."""
    return Place(((_own(gateway, gateway.transport), (gateway.host,)),), float("inf"))


async def find_place(names: Names, gateway: Gateway, wires: Collection[Wire]) -> Place:
    """Ask for a gateway's host. `wires` is what we speak. What is not answered is not there, and not for long.

    Without SRV records it is the name's own addresses; a name that says that it has no such service has none.
    """
    asked = _Questions(names)
    servers = await _servers(asked, gateway, wires)
    found = await asyncio.gather(*(asked.addresses(server.host) for server in servers))
    reached = tuple((server, hosts) for server, hosts in zip(servers, found, strict=True) if hosts)
    return Place(reached, asked.ttl_s, asked.is_whole)


async def _servers(asked: "_Questions", gateway: Gateway, wires: Collection[Wire]) -> list[Server]:
    if gateway.found_by is FoundBy.AS_WRITTEN:
        return [_own(gateway, gateway.transport)]
    wire: Wire = gateway.transport
    services: list[Service] = []
    if gateway.found_by is FoundBy.SRV:
        wires = (wire,)
    else:
        services = services_of(gateway.host, await asked.naptr(gateway.host), wires)[:MOST_SERVERS]
        wire = services[0].wire if services else wire
    services = services or usual_services(gateway.host, wires)
    found = await asyncio.gather(*(asked.srv(service.name) for service in services))
    if not any(found):
        return [_own(gateway, wire)]
    # The first of each priority are kept where there are more than anybody needs.
    return sorted(servers_of(services, found), key=lambda each: each[:2])[:MOST_SERVERS]


def _own(gateway: Gateway, wire: Wire) -> Server:
    return Server(0, 0, 0, gateway.port, wire, gateway.host)


class _Questions:
    """What was asked for one gateway, and how long the answers hold together."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.ttl_s = float("inf")
        self.is_whole = True

    async def naptr(self, name: str) -> Sequence[Naptr]:
        try:
            return self._kept(await self._names.find_naptr(name))
        except NoAnswer:
            return self._missed()

    async def srv(self, name: str) -> Sequence[Srv]:
        try:
            return self._kept(await self._names.find_srv(name))
        except NoAnswer:
            return self._missed()

    async def addresses(self, name: str) -> tuple[str, ...]:
        try:
            return tuple(self._kept(await self._names.find_addresses(name)))[:MOST_ADDRESSES]
        except NoAnswer:
            return self._missed()

    def _kept(self, answer: Answer[Record]) -> Sequence[Record]:
        self.ttl_s = min(self.ttl_s, answer.ttl_s)
        return answer.records

    def _missed(self) -> tuple[()]:
        self.ttl_s = min(self.ttl_s, UNANSWERED_S)
        self.is_whole = False
        return ()
