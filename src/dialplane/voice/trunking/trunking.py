"""The trunks of one node, joined: who may call in, which gateways answer, where it is registered."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from ipaddress import ip_address
from typing import Any

from dialplane.domain.calling.trunk_terms import Gateway
from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.errors import Unavailable
from dialplane.domain.ids import AccountId, TrunkId
from dialplane.domain.networks import is_allowed
from dialplane.services.calling.places import Names
from dialplane.services.calling.trunk_states import TrunkState, give_registrations_up, save_state
from dialplane.services.transaction import Database
from dialplane.voice.arrivals import Arrivals
from dialplane.voice.trunking.gateways import Gateways
from dialplane.voice.trunking.kept_places import KeptPlaces
from dialplane.voice.trunking.limits import TrunkLimits
from dialplane.voice.trunking.places import Places
from dialplane.voice.trunking.registrations import TrunkRegistrations
from dialplane.voice.useragent.agent import Source, UserAgent

TELL_S = 1.0
"""What has changed is written so often at most."""


class Trunking:
    def __init__(
        self,
        database: Database,
        agent: UserAgent,
        node: str,
        now: Callable[[], datetime],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
        arrivals: Arrivals,
        names: Names,
    ) -> None:
        self.limits = TrunkLimits()
        self._places = Places(KeptPlaces(names, agent.wires, spawn, self._moved))
        self.gateways = Gateways(agent, self._places, now, spawn, self._note)
        self._registrations = TrunkRegistrations(
            database, agent, self.gateways, node, now, spawn, arrivals.set_registrars, self._note
        )
        self._arrivals = arrivals
        self._database = database
        self._node = node
        self._now = now
        self._trunks: Sequence[Trunk] = ()
        self._changed: set[TrunkId] = set()

    def set_trunks(self, trunks: Sequence[Trunk]) -> None:
        """The trunks as they are now; the node's heartbeat tells them again and again."""
        if trunks != self._trunks:
            # A call may have gone by a new one already, and what came of it was nobody's yet.
            self._changed |= {trunk.id for trunk in trunks} - {trunk.id for trunk in self._trunks}
            self._trunks = trunks
            self._arrivals.set_trunks(trunks)
            self.gateways.set_trunks(trunks)
            self._registrations.set_trunks(trunks)
            self._arrivals.set_callers(self._places.callers())

    def is_of_others(self, target: Source, account_id: AccountId) -> bool:
        """Whether a trunk of somebody else's may be there, which would take a call of the account's for one of its
        owner's. Beside its gateways that is whatever public address is its: a carrier has more ports than it names."""
        others = [trunk for trunk in self._trunks if trunk.account_id != account_id]
        address = ip_address(target.host)
        is_public = is_allowed(address, ())
        if is_public and any(address in network for trunk in others for network in trunk.networks):
            return True
        known = [place for trunk in others for gateway in trunk.gateways for place in self._places.known(gateway)]
        return any(each.host == target.host and (is_public or each.port == target.port) for each in known)

    async def run(self) -> None:
        """For as long as the node lives."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self.gateways.run())
            loops.create_task(self._registrations.run())
            loops.create_task(self._keep_states())

    async def close(self) -> None:
        """Take the registrations back, so that another node may register at once."""
        await self._registrations.close()
        if any(trunk.terms.registers for trunk in self._trunks):
            try:
                await give_registrations_up(self._database, self._node)
            except Unavailable:
                return  # the leases end by themselves

    def _moved(self, gateway: Gateway) -> None:
        """Its name leads elsewhere: so do calls by it, and calls come from elsewhere."""
        self.gateways.moved(gateway)
        self._registrations.tell()
        self._arrivals.set_callers(self._places.callers())

    def _note(self, trunk_id: TrunkId) -> None:
        self._changed.add(trunk_id)

    async def _keep_states(self) -> None:
        while True:
            await asyncio.sleep(TELL_S)
            changed, self._changed = self._changed, set()
            for trunk in self._trunks:
                if trunk.id in changed:
                    await self._keep_state(trunk)

    async def _keep_state(self, trunk: Trunk) -> None:
        state = TrunkState(self.gateways.states(trunk), self._registrations.state(trunk.id))
        try:
            await save_state(self._database, trunk.id, self._node, state, self._now())
        except Unavailable:
            self._changed.add(trunk.id)
