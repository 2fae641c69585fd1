"""Where the trunks' gateways are, kept as long as DNS says and asked for anew beside the calls: no call waits for a
name that was known before."""

import asyncio
import random
from collections.abc import Callable, Collection, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from dialplane.domain.calling.trunk_terms import Gateway
from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.ids import TrunkId
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
class Places:
    """Those of one node's trunks, and of no other names: that bounds them."""

    names: Names
    wires: Collection[Wire]
    spawn: Callable[[Coroutine[Any, Any, None]], None]
    changed: Callable[[Gateway], None] = lambda gateway: None
    """Told of each gateway that leads elsewhere than before."""
    chance: random.Random = field(default_factory=random.Random)
    _trunks: Sequence[Trunk] = ()
    _kept: dict[Key, _Kept] = field(default_factory=dict)
    _asking: dict[Key, asyncio.Event] = field(default_factory=dict)

    def set_trunks(self, trunks: Sequence[Trunk]) -> None:
        self._trunks = trunks
        wanted = {_key(gateway) for gateway in self._named()}
        for gone in self._kept.keys() - wanted:
            del self._kept[gone]

    def refresh(self) -> None:
        """Ask for what does not hold any more. Call it about once a second."""
        now = asyncio.get_running_loop().time()
        for gateway in self._named():
            kept = self._kept.get(_key(gateway))
            if kept is None or kept.until <= now:
                self._ask_beside(gateway)

    async def targets(self, gateway: Gateway) -> list[Source]:
        """Where a call goes, the first first; none where the name is not known now."""
        if gateway.is_named and _key(gateway) not in self._kept:
            asked = self._ask_beside(gateway)
            try:
                async with asyncio.timeout(WAIT_S):
                    await asked.wait()
            except TimeoutError:
                log.warning("gateway_not_found", host=gateway.host)
        return self._place(gateway).targets(self.chance)

    def known(self, gateway: Gateway) -> frozenset[Source]:
        """Wherever calls by the gateway may go, as far as that is known."""
        return frozenset(self._place(gateway).targets(self.chance))

    def is_asked(self, gateway: Gateway) -> bool:
        """Whether what is known of it was found out."""
        return not gateway.is_named or _key(gateway) in self._kept

    def callers(self) -> dict[str, TrunkId]:
        """The addresses that trunks' names lead to: what comes from there is the trunk's. Of several trunks at one
        address it is the first's."""
        found: dict[str, TrunkId] = {}
        for trunk in self._trunks:
            for gateway in trunk.gateways:
                for target in self.known(gateway) if gateway.is_named else ():
                    found.setdefault(target.host, trunk.id)
        return found

    def _place(self, gateway: Gateway) -> Place:
        if not gateway.is_named:
            return place_of_address(gateway)
        kept = self._kept.get(_key(gateway))
        return kept.place if kept is not None else Place((), 0)

    def _named(self) -> Iterable[Gateway]:
        return (gateway for trunk in self._trunks for gateway in trunk.gateways if gateway.is_named)

    def _ask_beside(self, gateway: Gateway) -> asyncio.Event:
        """Set when the name was asked for."""
        key = _key(gateway)
        if key not in self._asking:
            self._asking[key] = asyncio.Event()
            self.spawn(self._ask(gateway))
        return self._asking[key]

    async def _ask(self, gateway: Gateway) -> None:
        key = _key(gateway)
        try:
            self._keep(gateway, await find_place(self.names, gateway, self.wires))
        finally:
            self._asking.pop(key).set()

    def _keep(self, gateway: Gateway, found: Place) -> None:
        now = asyncio.get_running_loop().time()
        before = self._kept.get(_key(gateway))
        if not found.is_whole and (before is None or not before.is_silent):
            log.warning("name_not_answered", host=gateway.host)
        if before is not None and now - before.found_at < STALE_S and _is_better(before.place, found):
            before.until, before.is_silent = now + UNANSWERED_S, True
            return
        holds_s = max(SHORTEST_S, found.ttl_s if found.servers else min(found.ttl_s, LONGEST_NOTHING_S))
        self._kept[_key(gateway)] = _Kept(found, now + holds_s, now, not found.is_whole)
        targets = frozenset(found.targets(self.chance))
        if before is None or frozenset(before.place.targets(self.chance)) != targets:
            log.info("gateway_found", host=gateway.host, targets=len(targets))
            self.changed(gateway)


def _is_better(old: Place, new: Place) -> bool:
    """Old addresses rather than none, or only some."""
    return bool(old.servers) and not new.is_whole and (old.is_whole or not new.servers)


def _key(gateway: Gateway) -> Key:
    return gateway.host, gateway.port, gateway.transport, gateway.found_by
