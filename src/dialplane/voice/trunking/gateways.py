"""Which gateways of trunks answer, and in which order a call tries them (RFC 3263 section 4.3).

A gateway is all that its name leads to. A target that does not answer is taken for dead until it answers OPTIONS again:
calls skip it while there is another way. Trunks may have theirs probed all the time.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog

from dialplane.domain.calling.trunk_terms import Gateway, is_address
from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.ids import TrunkId
from dialplane.services.calling.trunk_states import GatewayState, Health, TargetState
from dialplane.services.calling.ways import Way
from dialplane.voice.trunking.places import Places
from dialplane.voice.useragent.agent import Source, UserAgent

LOOK_S = 1.0
RETRY_S = 5.0
"""Between two questions to a target that is taken for dead."""
PATIENCE_S = 4.0
"""For the answer to OPTIONS."""
LONGEST_REST_S = 300.0

log = structlog.get_logger()


@dataclass(slots=True)
class _Standing:
    """What is known of one target. Times are the loop's."""

    health: Health = Health.UNKNOWN
    said: str = ""
    checked_at: datetime | None = None
    next_probe: float = 0.0
    rests_until: float = 0.0
    is_probed: bool = False


@dataclass(slots=True)
class Gateways:
    """Those of one node's trunks."""

    agent: UserAgent
    places: Places
    now: Callable[[], datetime]
    spawn: Callable[[Coroutine[Any, Any, None]], None]
    changed: Callable[[TrunkId], None] = lambda trunk_id: None
    """Told whose gateway was heard of anew."""
    _trunks: Sequence[Trunk] = ()
    _standings: dict[Source, _Standing] = field(default_factory=dict)

    def set_trunks(self, trunks: Sequence[Trunk]) -> None:
        """The trunks as they are now."""
        self._trunks = trunks
        self.places.set_trunks(trunks)
        self._forget()

    def moved(self, gateway: Gateway) -> None:
        """Its name leads elsewhere."""
        self._forget()
        for trunk in self._trunks:
            if gateway in trunk.gateways:
                self.changed(trunk.id)

    async def best_first(self, ways: Sequence[Way]) -> list[Way]:
        """The ways to a number, those through trunks with addresses for names and in the order of RFC 2782; without
        those whose target is dead, as long as there are others."""
        if len(ways) == 1 and (ways[0].gateway is None or self._is_plain(ways[0])):
            return list(ways)
        ordered: list[Way] = []
        for trunk_ways in _by_trunk(ways):
            for way in _weighted(trunk_ways):
                ordered += await self._placed(way)
        now = asyncio.get_running_loop().time()
        alive = [way for way in ordered if way.gateway is None or not self._is_out(_target(way), now)]
        return alive or ordered

    def failed(self, way: Way, status: int, retry_after_s: float = 0.0) -> None:
        """A call could not be placed this way: nothing came back (0 or 408), or `status`."""
        if way.gateway is None or way.trunk is None:
            return
        standing = self._standing(_target(way))
        now = asyncio.get_running_loop().time()
        if status == 503 and retry_after_s:
            standing.rests_until = now + min(retry_after_s, LONGEST_REST_S)
        elif status in (0, 408):
            self._note(way.trunk.id, _target(way), Health.UNHEALTHY, "no answer to INVITE")
            standing.next_probe = now + RETRY_S

    def states(self, trunk: Trunk) -> tuple[GatewayState, ...]:
        return tuple(self._state(gateway) for gateway in trunk.gateways)

    async def run(self) -> None:
        """Keep names and probe what is to be probed, for as long as the node lives."""
        while True:
            self.places.refresh()
            await asyncio.sleep(LOOK_S)
            now = asyncio.get_running_loop().time()
            for trunk in self._trunks:
                for gateway in trunk.gateways:
                    for target in self.places.known(gateway):
                        if self._is_due(trunk, target, now):
                            self._standing(target).is_probed = True
                            self.spawn(self._probe(trunk, gateway, target))

    async def peers(self, trunk: Trunk, gateway: Gateway) -> list[Source]:
        """Where the gateway is, in order, its name known to whoever connects over TLS (RFC 5922 section 7.1)."""
        targets = await self.places.targets(gateway)
        for target in targets:
            self._expect(trunk, gateway, target)
        return targets

    def _expect(self, trunk: Trunk, gateway: Gateway, target: Source) -> None:
        if target.transport == "tls":
            self.agent.expect_name(target, gateway.host if trunk.terms.verifies else "")

    async def _ask(self, trunk: Trunk, gateway: Gateway, target: Source) -> int:
        """The answer to one OPTIONS; 0 where there is none."""
        self._expect(trunk, gateway, target)
        secure = ";transport=tls" if target.transport == "tls" else ""
        response = await self.agent.request(
            "OPTIONS",
            target=f"sip:{gateway.shown_place}{secure}",
            caller=f"<sip:probe@{self.agent.shown_host}>",
            destination=target,
            headers=(("Accept", "application/sdp"),),
            timeout_s=PATIENCE_S,
        )
        return 0 if response.status == 408 else response.status

    async def _probe(self, trunk: Trunk, gateway: Gateway, target: Source) -> None:
        standing = self._standing(target)
        try:
            status = await self._ask(trunk, gateway, target)
        finally:
            standing.is_probed = False
        is_well = status not in (0, 503)
        said = f"{status} to OPTIONS" if status else "no answer to OPTIONS"
        wait_s = trunk.terms.probe_s if is_well else RETRY_S
        standing.next_probe = asyncio.get_running_loop().time() + wait_s
        self._note(trunk.id, target, Health.HEALTHY if is_well else Health.UNHEALTHY, said)

    def _is_due(self, trunk: Trunk, target: Source, now: float) -> bool:
        standing = self._standings.get(target)
        if standing is None:
            return trunk.terms.probe_s > 0
        wanted = trunk.terms.probe_s > 0 or standing.health is Health.UNHEALTHY
        return wanted and not standing.is_probed and now >= standing.next_probe

    def _note(self, trunk_id: TrunkId, target: Source, health: Health, said: str) -> None:
        standing = self._standing(target)
        is_news = (standing.health, standing.said) != (health, said)
        if standing.health is not health:
            log.warning("gateway_" + health, host=target.host, port=target.port, said=said)
        standing.health, standing.said, standing.checked_at = health, said, self.now()
        if is_news:
            self.changed(trunk_id)

    def _state(self, gateway: Gateway) -> GatewayState:
        """Of the gateway: the best that any of its targets is, in the words that came last."""
        targets = tuple(self._target_state(target) for target in sorted(self.places.known(gateway)))
        if not targets and self.places.is_asked(gateway):
            return _shown(gateway, Health.UNHEALTHY, None, "the name leads nowhere", ())
        seen = {each.health for each in targets}
        health = next((each for each in (Health.HEALTHY, Health.UNHEALTHY) if each in seen), Health.UNKNOWN)
        checked = [each for each in targets if each.health is health and each.checked_at is not None]
        last = max(checked, key=lambda each: str(each.checked_at), default=None)
        at, said = (last.checked_at, last.said) if last is not None else (None, "")
        return _shown(gateway, health, at, said, targets if gateway.is_named else ())

    def _target_state(self, target: Source) -> TargetState:
        standing = self._standings.get(target) or _Standing()
        return TargetState(*target, standing.health, standing.checked_at, standing.said)

    def _standing(self, target: Source) -> _Standing:
        return self._standings.setdefault(target, _Standing())

    def _forget(self) -> None:
        """What no gateway leads to any more."""
        known = {target for trunk in self._trunks for each in trunk.gateways for target in self.places.known(each)}
        for gone in self._standings.keys() - known:
            del self._standings[gone]

    def _is_out(self, target: Source, now: float) -> bool:
        standing = self._standings.get(target)
        return standing is not None and (standing.health is Health.UNHEALTHY or standing.rests_until > now)

    def _is_plain(self, way: Way) -> bool:
        """Nothing is to be chosen or looked up."""
        return way.transport != "tls" and is_address(way.host)

    async def _placed(self, way: Way) -> list[Way]:
        if way.gateway is None or way.trunk is None:
            return [way]
        found = await self.peers(way.trunk, way.gateway)
        return [replace(way, host=each.host, port=each.port, transport=each.transport) for each in found]


def _target(way: Way) -> Source:
    return Source(way.host, way.port, way.transport)


def _shown(
    gateway: Gateway, health: Health, at: datetime | None, said: str, targets: tuple[TargetState, ...]
) -> GatewayState:
    return GatewayState(gateway.host, gateway.port, gateway.transport, health, at, said, targets)


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
