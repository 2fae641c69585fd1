"""Our binds to carriers: each carrier's is held by one process of the installation, whichever took it first."""

import asyncio
from uuid import UUID

import structlog

from dialplane.binds.carrier import CarrierBind
from dialplane.binds.deps import BindsDeps
from dialplane.binds.tasks import Tasks
from dialplane.domain.messaging.smpp_carriers import SmppCarrier
from dialplane.domain.supply.carrier_accounts import CarrierStatus
from dialplane.services.messaging.smpp_carriers import list_smpp_carriers, take_lease

LOOK_S = 1.0

log = structlog.get_logger()


class CarrierBinds:
    """Looks at the operator's carriers, and has one `CarrierBind` for each that is this process's."""

    def __init__(self, deps: BindsDeps, tasks: Tasks) -> None:
        self._deps = deps
        self._tasks = tasks
        self._binds: dict[UUID, CarrierBind] = {}
        self._node: int | None = None
        self._wake = asyncio.Event()
        self._is_over = False

    async def run(self) -> None:
        while not self._is_over:
            self._wake.clear()
            try:
                await self._look()
            except Exception as fault:  # noqa: BLE001  the edge of the duty: the next look may succeed
                log.warning("smpp_carriers_unseen", fault=f"{type(fault).__name__}: {fault}")
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def stop(self) -> None:
        """Unbind from every carrier in order."""
        self._is_over = True
        self._wake.set()
        await asyncio.gather(*(self._end(carrier_id) for carrier_id in list(self._binds)))

    def hint(self, word: str) -> None:
        """Something waits for the carrier of this id, or its settings changed; for any where it is empty."""
        for carrier_id, bind in self._binds.items():
            if word in ("", str(carrier_id)):
                bind.wake.set()
        if not any(word == str(each) for each in self._binds):
            self._wake.set()

    async def _look(self) -> None:
        node = self._deps.link.number
        if node != self._node:
            # The leases went with the line to the store: another process may have them by now.
            for carrier_id in list(self._binds):
                await self._end(carrier_id, in_order=False)
            self._node = node
        if node is None:
            return
        wanted = {
            carrier.id: carrier
            for carrier in await list_smpp_carriers(self._deps.database)
            if carrier.status is CarrierStatus.ACTIVE
        }
        for carrier_id, bind in list(self._binds.items()):
            if wanted.get(carrier_id) != bind.carrier:
                await self._end(carrier_id)
        for carrier in wanted.values():
            if carrier.id not in self._binds and not self._is_over:
                await self._begin(carrier, node)

    async def _begin(self, carrier: SmppCarrier, node: int) -> None:
        if await take_lease(self._deps.database, carrier.id, node, self._deps.clock()):
            bind = self._binds[carrier.id] = CarrierBind(self._deps, self._tasks, carrier, node)
            bind.task = self._tasks.start("carrier", bind.run())

    async def _end(self, carrier_id: UUID, *, in_order: bool = True) -> None:
        bind = self._binds.pop(carrier_id)
        await bind.stop(in_order=in_order)
