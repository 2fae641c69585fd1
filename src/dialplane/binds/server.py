"""The message centre that accounts' systems bind to."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

import structlog

from dialplane.binds.connection import Connection
from dialplane.binds.deps import BindsDeps
from dialplane.binds.guards import Guesses, Rate
from dialplane.binds.outlet import Outlets
from dialplane.binds.requests import Asking, carry_out, weight_of
from dialplane.binds.statuses import status_of
from dialplane.binds.tasks import Tasks
from dialplane.domain.errors import LimitExceeded, Refusal, Unavailable
from dialplane.domain.ids import NIL, new_id
from dialplane.domain.messaging.smpp_accounts import SmppAccount
from dialplane.services.messaging.smpp_accounts import close_session, find_systems, let_in
from dialplane.services.messaging.smpp_store import SmppSession
from dialplane.services.messaging.smpp_submits import note_answered
from dialplane.smpp.commands import BINDS, Command, Status
from dialplane.smpp.fields import PduFault, Tag
from dialplane.smpp.pdu import Bind, Named, Pdu
from dialplane.smpp.session import Bound, Side

SYSTEM_ID = "dialplane"
MOST_CONNECTIONS = 2_000
MOST_UNBOUND = 20
"""Connections of one address that are not bound yet."""

log = structlog.get_logger()


class SmppServer:
    """Every session of this process with accounts' systems."""

    def __init__(self, deps: BindsDeps, tasks: Tasks, outlets: Outlets) -> None:
        self.deps = deps
        self.outlets = outlets
        self.guesses = Guesses()
        self.sessions: set[SystemSession] = set()
        self._tasks = tasks
        self._rates: dict[UUID, Rate] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def accept(self) -> Connection:
        return Connection(Side.SERVER, self._own)

    def _own(self, connection: Connection) -> "SystemSession":
        session = SystemSession(self, connection)
        unbound = sum(1 for each in self.sessions if each.system is None and each.peer == session.peer)
        if len(self.sessions) >= MOST_CONNECTIONS or unbound >= MOST_UNBOUND:
            connection.abort()
        self.sessions.add(session)
        return session

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._tasks.start(name, work)

    def rate(self, system: SmppAccount) -> Rate:
        """Of all sessions of the system here together."""
        rate = self._rates.get(system.id)
        if rate is None or rate.per_second != system.rate:
            rate = self._rates[system.id] = Rate(system.rate, asyncio.get_running_loop().time())
        return rate

    def gone(self, session: "SystemSession", *, in_order: bool) -> None:
        self.sessions.discard(session)
        if session.system is not None:
            self.outlets.leave(session.system.id, session.connection)
            closing = self.start("close", session.close(in_order=in_order))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def settled(self) -> None:
        """Wait until what sessions that are over had under way is known: their messages may come again."""
        if self._closing:
            await asyncio.wait(set(self._closing))

    async def note_answers(self) -> None:
        for session in list(self.sessions):
            await session.note_answers()

    async def look_at_systems(self) -> None:
        """End the sessions of systems that are no more, and let the others have what their owners changed."""
        bound = {session.system.id for session in self.sessions if session.system is not None}
        systems = await find_systems(self.deps.database, list(bound))
        for session in list(self.sessions):
            if session.system is not None:
                session.renew(systems.get(session.system.id))

    def unbind(self) -> None:
        for session in list(self.sessions):
            session.connection.unbind()


class SystemSession:
    """One session of one system."""

    def __init__(self, server: SmppServer, connection: Connection) -> None:
        self.connection = connection
        self.peer = connection.peer
        self.system: SmppAccount | None = None
        self._server = server
        self._database = server.deps.database
        self._id = new_id(server.deps.clock())
        self._working: set[asyncio.Task[None]] = set()
        self._unconfirmed: list[UUID] = []

    def asked(self, pdu: Pdu) -> None:
        if pdu.command in BINDS:
            self._work(self._bind(pdu))
        elif self.system is not None:
            now = asyncio.get_running_loop().time()
            if not self._server.rate(self.system).take(now, weight_of(pdu)):
                self.connection.answer(pdu, Status.THROTTLED)
                return
            self._work(self._carry_out(pdu, self.system))

    def lost(self, reason: str, *, in_order: bool) -> None:
        log.info("smpp_session_over", session=str(self._id), peer=self.peer, reason=reason, in_order=in_order)
        self._server.gone(self, in_order=in_order)

    async def close(self, *, in_order: bool) -> None:
        """Once everything that it brought is written, the session is off the record."""
        if self._working:
            await asyncio.wait(set(self._working))
        try:
            await close_session(self._database, self._id, in_order=in_order)
        except Unavailable as fault:  # the sweep takes it away when this process is gone
            log.warning("smpp_session_left", session=str(self._id), fault=fault.message)

    async def note_answers(self) -> None:
        if self._unconfirmed and self.connection.has_sent_all:
            told, self._unconfirmed = self._unconfirmed, []
            await note_answered(self._database, told)

    def renew(self, system: SmppAccount | None) -> None:
        if system is None:
            self.connection.unbind()
        else:
            self.system = system

    def _work(self, work: Coroutine[Any, Any, None]) -> None:
        """SMS-3: beyond the window nothing more is read, so that the peer feels it."""
        task = self._server.start("request", work)
        self._working.add(task)
        task.add_done_callback(self._worked)
        self._hold()

    def _worked(self, task: "asyncio.Task[None]") -> None:
        self._working.discard(task)
        self._hold()

    def _hold(self) -> None:
        window = 1 if self.system is None else self.system.window
        self.connection.hold(held=len(self._working) >= window)

    async def _bind(self, pdu: Pdu) -> None:
        assert isinstance(pdu.body, Bind)
        status, system = Status.SYSTEM_ERROR, None
        try:
            system = await self._let_in(pdu.body, pdu.command)
            status = Status.INVALID_PASSWORD if system is None else Status.OK
        except LimitExceeded as refusal:
            log.info("smpp_bind_refused", peer=self.peer, system_id=pdu.body.system_id, reason=refusal.message)
            status = Status.BIND_FAILED
        except Unavailable as refusal:
            log.warning("smpp_bind_failed", peer=self.peer, fault=refusal.message)
        if system is not None:
            self.system = system
            if self.connection.session.is_over:
                self._server.gone(self, in_order=True)
                return
        bound = None if system is None else Named(SYSTEM_ID, {Tag.SC_INTERFACE_VERSION: b"\x34"})
        self.connection.answer(pdu, status, bound)
        if system is None:
            self.connection.unbind()
            return
        log.info("smpp_bound", session=str(self._id), system_id=system.system_id, peer=self.peer, as_=pdu.command.name)
        if self.connection.session.bound in (Bound.RECEIVER, Bound.TRANSCEIVER):
            self._server.outlets.enter(system, self.connection)

    async def _let_in(self, bind: Bind, command: Command) -> SmppAccount | None:
        """Raises LimitExceeded, Unavailable."""
        now = asyncio.get_running_loop().time()
        node = self._server.deps.link.number
        if not self._server.guesses.may_try(self.peer, now):
            raise LimitExceeded("too many wrong passwords from this address")
        if node is None:
            raise Unavailable("the store does not answer")
        await self._server.settled()
        at = self._server.deps.clock()
        bound = command.name.removeprefix("BIND_").lower()
        opened = SmppSession(self._id, NIL, node, bound, self.peer, at)
        system = await let_in(self._database, self._server.deps.hasher, bind.system_id, bind.password, opened)
        if system is not None:
            self._server.guesses.right(self.peer)
        elif self._server.guesses.wrong(self.peer, now):
            log.warning("smpp_address_locked", peer=self.peer)
        return system

    async def _carry_out(self, pdu: Pdu, system: SmppAccount) -> None:
        asking = Asking(self._database, system, self._id, self._server.deps.clock())
        try:
            done = await carry_out(asking, pdu)
        except PduFault as fault:
            self.connection.answer(pdu, fault.status)
        except Refusal as refusal:
            log.info("smpp_refused", what=pdu.command.name, system_id=system.system_id, reason=refusal.message)
            self.connection.answer(pdu, status_of(refusal, pdu.command))
        except Exception:
            log.exception("smpp_request_failed", what=pdu.command.name, system_id=system.system_id)
            self.connection.answer(pdu, Status.SYSTEM_ERROR)
        else:
            if done.taken is not None:
                self._unconfirmed.append(done.taken)
            self.connection.answer(pdu, Status.OK, done.body)
