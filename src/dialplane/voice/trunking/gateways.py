"""Which gateways of trunks answer, and in which order a call tries them (RFC 3263 section 4, RFC 2782).

A gateway that does not answer is taken for dead until it answers OPTIONS again: calls skip it while there is another
way. Trunks may have theirs probed all the time. Names are looked up beside the calls, never in their way twice.
"""

import asyncio
import random
import socket
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from ipaddress import ip_address
from typing import Any

import structlog

from dialplane.domain.calling.trunk_terms import Gateway
from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.ids import TrunkId
from dialplane.services.calling.trunk_states import GatewayState, Health
from dialplane.services.calling.ways import Way
from dialplane.voice.useragent.agent import Source, UserAgent

LOOK_S = 1.0
RETRY_S = 5.0
"""Between two questions to a gateway that is taken for dead."""
PATIENCE_S = 4.0
"""For the answer to OPTIONS."""
LOOK_UP_S = 2.0
NAMES_KEPT_S = 60.0
LONGEST_REST_S = 300.0

log = structlog.get_logger()

Key = tuple[str, int, str]


@dataclass(slots=True)
class _Standing:
    """What is known of one gateway. Times are the loop's."""

    health: Health = Health.UNKNOWN
    said: str = ""
    checked_at: datetime | None = None
    next_probe: float = 0.0
    rests_until: float = 0.0
    is_probed: bool = False


@dataclass(slots=True)
class _Addresses:
    hosts: tuple[str, ...]
    until: float


@dataclass(slots=True)
class Gateways:
    """Those of one node's trunks."""

    agent: UserAgent
    now: Callable[[], datetime]
    spawn: Callable[[Coroutine[Any, Any, None]], None]
    changed: Callable[[TrunkId], None] = lambda trunk_id: None
    """Told whose gateway was heard of anew."""
    _trunks: Sequence[Trunk] = ()
    _standings: dict[Key, _Standing] = field(default_factory=dict)
    _addresses: dict[str, _Addresses] = field(default_factory=dict)

    def set_trunks(self, trunks: Sequence[Trunk]) -> None:
        """The trunks as they are now."""
        self._trunks = trunks
        keys = {_key(gateway) for trunk in trunks for gateway in trunk.gateways}
        for gone in self._standings.keys() - keys:
            del self._standings[gone]

    async def best_first(self, ways: Sequence[Way]) -> list[Way]:
        """The ways to a number, those through trunks with addresses for names and in the order of RFC 2782; without
        those whose gateway is dead, as long as there are others."""
        if len(ways) == 1 and (ways[0].gateway is None or self._is_plain(ways[0])):
            return list(ways)
        ordered: list[Way] = []
        for trunk_ways in _by_trunk(ways):
            for way in _weighted(trunk_ways):
                ordered += await self._resolved(way)
        now = asyncio.get_running_loop().time()
        alive = [way for way in ordered if way.gateway is None or not self._is_out(way.gateway, now)]
        return alive or ordered

    def failed(self, way: Way, status: int, retry_after_s: float = 0.0) -> None:
        """A call could not be placed this way: nothing came back (0 or 408), or `status`."""
        if way.gateway is None or way.trunk is None:
            return
        standing = self._standing(way.gateway)
        now = asyncio.get_running_loop().time()
        if status == 503 and retry_after_s:
            standing.rests_until = now + min(retry_after_s, LONGEST_REST_S)
        elif status in (0, 408):
            self._note(way.trunk.id, way.gateway, Health.UNHEALTHY, "no answer to INVITE")
            standing.next_probe = now + RETRY_S

    def states(self, trunk: Trunk) -> tuple[GatewayState, ...]:
        found = []
        for gateway in trunk.gateways:
            standing = self._standing(gateway)
            found.append(
                GatewayState(
                    gateway.host,
                    gateway.port,
                    gateway.transport,
                    standing.health,
                    standing.checked_at,
                    standing.said,
                )
            )
        return tuple(found)

    async def addresses(self, gateway: Gateway) -> tuple[str, ...]:
        """Of the gateway's host, in the resolver's order; none where its name is not known now."""
        if _is_address(gateway.host):
            return (gateway.host,)
        now = asyncio.get_running_loop().time()
        known = self._addresses.get(gateway.host)
        if known is not None and known.until > now:
            return known.hosts
        try:
            async with asyncio.timeout(LOOK_UP_S):
                found = await asyncio.get_running_loop().getaddrinfo(
                    gateway.host, gateway.port, type=socket.SOCK_STREAM
                )
        except (OSError, TimeoutError):
            log.warning("gateway_not_found", host=gateway.host)
            return known.hosts if known is not None else ()  # an old address rather than none
        hosts = tuple(dict.fromkeys(str(each[4][0]) for each in found))
        self._addresses[gateway.host] = _Addresses(hosts, now + NAMES_KEPT_S)
        return hosts

    async def run(self) -> None:
        """Probe what is to be probed, for as long as the node lives."""
        while True:
            await asyncio.sleep(LOOK_S)
            now = asyncio.get_running_loop().time()
            for trunk in self._trunks:
                for gateway in trunk.gateways:
                    if self._is_due(trunk, gateway, now):
                        self._standing(gateway).is_probed = True
                        self.spawn(self._probe(trunk, gateway))

    async def probe(self, trunk: Trunk, gateway: Gateway) -> int:
        """The answer to one OPTIONS; 0 where there is none."""
        hosts = await self.addresses(gateway)
        if not hosts:
            return 0
        peer = self.peer(trunk, gateway, hosts[0])
        host = f"[{gateway.host}]" if ":" in gateway.host else gateway.host
        secure = ";transport=tls" if gateway.transport == "tls" else ""
        response = await self.agent.request(
            "OPTIONS",
            target=f"sip:{host}:{gateway.port}{secure}",
            caller=f"<sip:probe@{self.agent.shown_host}>",
            destination=peer,
            headers=(("Accept", "application/sdp"),),
            timeout_s=PATIENCE_S,
        )
        return 0 if response.status == 408 else response.status

    def peer(self, trunk: Trunk, gateway: Gateway, host: str) -> Source:
        """The gateway at one of its addresses, its name known to whoever connects over TLS."""
        peer = Source(host, gateway.port, gateway.transport)
        if gateway.transport == "tls":
            self.agent.expect_name(peer, gateway.host if trunk.terms.verifies else "")
        return peer

    async def _probe(self, trunk: Trunk, gateway: Gateway) -> None:
        standing = self._standing(gateway)
        try:
            status = await self.probe(trunk, gateway)
        finally:
            standing.is_probed = False
        is_well = status not in (0, 503)
        said = f"{status} to OPTIONS" if status else "no answer to OPTIONS"
        wait_s = trunk.terms.probe_s if is_well else RETRY_S
        standing.next_probe = asyncio.get_running_loop().time() + wait_s
        self._note(trunk.id, gateway, Health.HEALTHY if is_well else Health.UNHEALTHY, said)

    def _is_due(self, trunk: Trunk, gateway: Gateway, now: float) -> bool:
        standing = self._standings.get(_key(gateway))
        if standing is None:
            return trunk.terms.probe_s > 0
        wanted = trunk.terms.probe_s > 0 or standing.health is Health.UNHEALTHY
        return wanted and not standing.is_probed and now >= standing.next_probe

    def _note(self, trunk_id: TrunkId, gateway: Gateway, health: Health, said: str) -> None:
        standing = self._standing(gateway)
        is_news = (standing.health, standing.said) != (health, said)
        if standing.health is not health:
            log.warning("gateway_" + health, host=gateway.host, port=gateway.port, said=said)
        standing.health, standing.said, standing.checked_at = health, said, self.now()
        if is_news:
            self.changed(trunk_id)

    def _standing(self, gateway: Gateway) -> _Standing:
        return self._standings.setdefault(_key(gateway), _Standing())

    def _is_out(self, gateway: Gateway, now: float) -> bool:
        standing = self._standings.get(_key(gateway))
        return standing is not None and (standing.health is Health.UNHEALTHY or standing.rests_until > now)

    def _is_plain(self, way: Way) -> bool:
        """Nothing is to be chosen or looked up."""
        return way.transport != "tls" and _is_address(way.host)

    async def _resolved(self, way: Way) -> list[Way]:
        if way.gateway is None or way.trunk is None:
            return [way]
        hosts = await self.addresses(way.gateway)
        return [replace(way, host=self.peer(way.trunk, way.gateway, host).host) for host in hosts]


def _key(gateway: Gateway) -> Key:
    return gateway.host, gateway.port, gateway.transport


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _by_trunk(ways: Sequence[Way]) -> list[list[Way]]:
    groups: dict[TrunkId | None, list[Way]] = {}
    for way in ways:
        groups.setdefault(way.trunk.id if way.trunk else None, []).append(way)
    return list(groups.values())


def _weighted(ways: Sequence[Way]) -> list[Way]:
    """By priority; among equal ones each is first as often as its weight says (RFC 2782)."""
    left = list(ways)
    ordered: list[Way] = []
    while left:
        lowest = min(_priority(way) for way in left)
        group = [way for way in left if _priority(way) == lowest]
        weights = [way.gateway.weight if way.gateway else 1 for way in group]
        chosen = random.choices(group, weights)[0] if any(weights) else group[0]
        left.remove(chosen)
        ordered.append(chosen)
    return ordered


def _priority(way: Way) -> int:
    return way.gateway.priority if way.gateway else 0
