"""What DNS said of the hosts of gateways, kept for as long as it said."""

import asyncio
import random
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, field
from typing import Any

import structlog

from dialplane.domain.calling.trunk_terms import Gateway
from dialplane.services.calling.places import UNANSWERED_S, Names, Place, find_place, place_of_address
from dialplane.sip.transaction_peer import Source, Wire

WAIT_S = 4.0
"""Of a call, for a name that nobody has asked for before."""
SHORTEST_S, LONGEST_NOTHING_S = 1.0, 300.0
"""A place is asked for once a second at most, and one that has nothing every five minutes at least (RFC 2308)."""
STALE_S = 86_400.0
"""How long what was known holds while nobody answers (RFC 8767 section 5)."""

log = structlog.get_logger()
Key = tuple[str, int, str, str]


@dataclass(slots=True)
class _Kept:
    """Times are the loop's."""

    place: Place
    until: float
    found_at: float
    is_silent: bool = False
    """Nobody answered the last time."""


@dataclass(slots=True)
class KeptPlaces:
    """Bounded by whoever uses it, by `forget`."""

    names: Names
    wires: Collection[Wire]
    spawn: Callable[[Coroutine[Any, Any, None]], None]
    changed: Callable[[Gateway], None] = lambda gateway: None
    """Told of each gateway that leads elsewhere than before."""
    chance: random.Random = field(default_factory=random.Random)
    _kept: dict[Key, _Kept] = field(default_factory=dict)
    _asking: dict[Key, asyncio.Event] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._kept)

    def found(self) -> list[Key]:
        """The one that was asked for first, first."""
        return list(self._kept)

    def forget(self, key: Key) -> None:
        del self._kept[key]

    def is_asked(self, gateway: Gateway) -> bool:
        """Whether what is known of it was found out."""
        return not gateway.is_named or key_of(gateway) in self._kept

    def holds(self, gateway: Gateway) -> bool:
        """Whether what is known of it still does."""
        kept = self._kept.get(key_of(gateway))
        return not gateway.is_named or (kept is not None and kept.until > asyncio.get_running_loop().time())

    def targets(self, gateway: Gateway) -> list[Source]:
        """As far as they are known, in an order that is drawn anew for each call (RFC 2782)."""
        if not gateway.is_named:
            return place_of_address(gateway).targets(self.chance)
        kept = self._kept.get(key_of(gateway))
        return kept.place.targets(self.chance) if kept is not None else []

    async def wait(self, gateway: Gateway) -> None:
        """Ask for the name, for as long as a call waits for it."""
        asked = self.ask_beside(gateway)
        try:
            async with asyncio.timeout(WAIT_S):
                await asked.wait()
        except TimeoutError:
            log.warning("gateway_not_found", host=gateway.host)

    def ask_beside(self, gateway: Gateway) -> asyncio.Event:
        """Set when the name was asked for."""
        key = key_of(gateway)
        if key not in self._asking:
            self._asking[key] = asyncio.Event()
            self.spawn(self._ask(gateway))
        return self._asking[key]

    async def _ask(self, gateway: Gateway) -> None:
        key = key_of(gateway)
        try:
            self._keep(gateway, await find_place(self.names, gateway, self.wires))
        finally:
            self._asking.pop(key).set()

    def _keep(self, gateway: Gateway, found: Place) -> None:
        now = asyncio.get_running_loop().time()
        before = self._kept.get(key_of(gateway))
        if not found.is_whole and (before is None or not before.is_silent):
            log.warning("name_not_answered", host=gateway.host)
        if before is not None and now - before.found_at < STALE_S and _is_better(before.place, found):
            before.until, before.is_silent = now + UNANSWERED_S, True
            return
        holds_s = max(SHORTEST_S, found.ttl_s if found.servers else min(found.ttl_s, LONGEST_NOTHING_S))
        self._kept[key_of(gateway)] = _Kept(found, now + holds_s, now, not found.is_whole)
        targets = frozenset(found.targets(self.chance))
        if before is None or frozenset(before.place.targets(self.chance)) != targets:
            log.info("gateway_found", host=gateway.host, targets=len(targets))
            self.changed(gateway)


def _is_better(old: Place, new: Place) -> bool:
    """Old addresses rather than none, or only some."""
    return bool(old.servers) and not new.is_whole and (old.is_whole or not new.servers)


def key_of(gateway: Gateway) -> Key:
    return gateway.host, gateway.port, gateway.transport, gateway.found_by
