"""Takes what waits for accounts' systems to those of their sessions that may hear it."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import structlog

from dialplane.binds.connection import Connection, SessionLostError
from dialplane.binds.deps import BindsDeps
from dialplane.binds.persistence import persist
from dialplane.binds.tasks import Tasks
from dialplane.domain.errors import Unavailable
from dialplane.domain.ids import SmppAccountId
from dialplane.domain.messaging.smpp_accounts import SmppAccount
from dialplane.services.messaging.short_messages import address_of
from dialplane.services.messaging.smpp_deliveries import claim_deliveries, return_deliveries, settle_deliveries
from dialplane.services.messaging.smpp_store import Delivery
from dialplane.smpp.commands import Command, Status
from dialplane.smpp.pdu import ShortMessage

POLL_S = 2.0
"""Hints may get lost."""
_REFUSED = (Status.PERMANENT_APPLICATION_ERROR, Status.REJECTED_BY_APPLICATION)

log = structlog.get_logger()


class Outlets:
    """By system: its hearing sessions in this process. A task serves each while there are any."""

    def __init__(self, deps: BindsDeps, tasks: Tasks) -> None:
        self._deps = deps
        self._tasks = tasks
        self._outlets: dict[UUID, Outlet] = {}

    def enter(self, system: SmppAccount, connection: Connection) -> None:
        outlet = self._outlets.get(system.id)
        if outlet is None:
            outlet = self._outlets[system.id] = Outlet(self._deps, self._tasks, system.id)
            outlet.task = self._tasks.start("outlet", outlet.run())
        outlet.window = system.window
        outlet.sessions.append(connection)
        outlet.wake.set()

    def leave(self, system_id: SmppAccountId, connection: Connection) -> None:
        outlet = self._outlets.get(system_id)
        if outlet is None or connection not in outlet.sessions:
            return
        outlet.sessions.remove(connection)
        if not outlet.sessions and outlet.task is not None:
            outlet.is_over = True
            outlet.wake.set()
            del self._outlets[system_id]

    def close(self) -> None:
        """Nothing more is handed over."""
        for outlet in self._outlets.values():
            outlet.is_over = True
            outlet.wake.set()

    def hint(self, word: str) -> None:
        """Something waits for the system of this id, or for anyone where it is empty."""
        for outlet in list(self._outlets.values()):
            if word in ("", str(outlet.system_id)):
                outlet.wake.set()


class Outlet:
    """One system's."""

    def __init__(self, deps: BindsDeps, tasks: Tasks, system_id: SmppAccountId) -> None:
        self.system_id = system_id
        self.sessions: list[Connection] = []
        self.window = 1
        self.wake = asyncio.Event()
        self.is_over = False
        self.task: asyncio.Task[None] | None = None
        self._deps = deps
        self._tasks = tasks

    async def run(self) -> None:
        while not self.is_over:
            self.wake.clear()
            try:
                more = await self._step()
            except Unavailable:
                more = False
            if not more:
                try:
                    async with asyncio.timeout(POLL_S):
                        await self.wake.wait()
                except TimeoutError:
                    pass

    async def _step(self) -> bool:
        """Hand over as much as the windows take; whether more may be waiting."""
        node, connection = self._deps.link.number, self._free()
        if node is None or connection is None:
            return False
        room = self.window - len(connection.session.open)
        claimed = await claim_deliveries(self._deps.database, self.system_id, node, limit=room, now=self._deps.clock())
        for each in claimed:
            self._tasks.start("delivery", self._deliver(connection, each))
        return len(claimed) == room

    def _free(self) -> Connection | None:
        """The session with the most room."""
        able = [
            each
            for each in self.sessions
            if each.session.may_send and not each.is_stuffed and len(each.session.open) < self.window
        ]
        return min(able, key=lambda each: len(each.session.open), default=None)

    async def _deliver(self, connection: Connection, delivery: Delivery) -> None:
        answer = connection.ask(Command.DELIVER_SM, _message(delivery))
        try:
            status = (await answer).status
        except SessionLostError:
            await self._return([delivery], later=False)
            return
        if status != Status.OK and status not in _REFUSED:
            await self._return([delivery], later=True)
        else:
            if status != Status.OK:
                log.info("smpp_delivery_refused", delivery=str(delivery.id), status=status)
            await self._settle(delivery)
        self.wake.set()

    async def _return(self, deliveries: Sequence[Delivery], *, later: bool) -> None:
        """SMS-4: once, with the same id. Where the store is away, the row stays this process's until it is swept."""
        await persist(lambda: return_deliveries(self._deps.database, deliveries, self._deps.clock(), later=later))
        self.wake.set()

    async def _settle(self, delivery: Delivery) -> None:
        await persist(lambda: settle_deliveries(self._deps.database, [delivery.id]))


def _message(delivery: Delivery) -> ShortMessage:
    return ShortMessage(
        address_of(delivery.source),
        address_of(delivery.destination),
        bytes.fromhex(delivery.user_data),
        delivery.data_coding,
        delivery.esm_class,
        tlvs={tag: bytes.fromhex(value) for tag, value in delivery.tlvs},
    )
