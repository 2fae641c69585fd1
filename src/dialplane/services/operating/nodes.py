"""The registry of nodes: who lives, who is to drain, and whose calls another must close (AV-1, AV-2, AV-6).

A voice node holds its calls by a lease, which each beat renews. `life` is the fencing token: a beat with an old one is
refused, and its node has to end what it carries. What others closed stays closed: a call that has ended is not written
again (`services/calling/call_records.py`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from dialplane.domain.calling.calls import Call
from dialplane.domain.calling.defence import DefenceReport
from dialplane.domain.errors import Conflict, NotFound
from dialplane.domain.operating.nodes import Beat, Server
from dialplane.domain.values import dataclass
from dialplane.services.calling import groupcalls, speakings
from dialplane.services.calling.call_records import close_orphans
from dialplane.services.calling.calls import NODE_IS_ALIVE, NodeCommand
from dialplane.services.calling.registrations import end_all_flows
from dialplane.services.rooms import conference_rooms, queuecalls
from dialplane.services.transaction import Database

FORGOTTEN_AFTER = timedelta(days=1)
"""A node or process that was silent for so long is in no list any more."""
MAX_COMMANDS = 200


class NodeStore(Protocol):
    """Port."""

    async def begin(self, node: str, *, sip_host: str, sip_port: int, version: str, now: datetime) -> int:
        """A life of the node begins, which ends the one before; gives its number. Nobody has asked it to drain.

        `seen_at` of the life before stays, for whoever closes what it left behind."""
        ...

    async def beat(
        self,
        node: str,
        life: int,
        *,
        sip_host: str,
        sip_port: int,
        draining: bool,
        defence: DefenceReport,
        now: datetime,
    ) -> bool | None:
        """The node's proof of life; gives whether it is asked to drain, None where that life is over."""
        ...

    async def leave(self, node: str, life: int) -> None:
        """The node ended in order, and has left nothing behind."""
        ...

    async def ask_to_drain(self, node: str, *, drain: bool) -> bool:
        """False: there is no such node."""
        ...

    async def beats(self) -> Sequence[Beat]:
        """Of nodes whose end was not seen to."""
        ...

    async def end_life(self, beat: Beat) -> bool:
        """Refuse that life from now on and take its orders away; False where the node has said something since."""
        ...

    async def seen_to(self, node: str, life: int) -> None:
        """What that life left behind is closed."""
        ...

    async def beat_server(self, server: Server) -> None: ...

    async def remove_server(self, server: Server) -> None: ...

    async def servers(self) -> Sequence[Server]: ...

    async def forget_one(self, node: str, *, seen_before: datetime) -> bool | None:
        """Whether the node, silent since then and without a call that goes on, is forgotten; None: it is unknown."""
        ...

    async def forget(self, *, seen_before: datetime) -> None:
        """Processes, and nodes without calls, that were silent since then."""
        ...


@dataclass(frozen=True, slots=True)
class Begun:
    """A node's new life."""

    life: int
    closed: Sequence[Call]
    """What the life before left behind."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a beat came back with."""

    drain: bool
    commands: Sequence[NodeCommand]


async def begin_node(
    database: Database, node: str, *, sip_host: str, sip_port: int, version: str, now: datetime
) -> Begun:
    """Begin anew: whatever still runs under the node's name is fenced off, and what it left behind is closed.

    Raises Unavailable."""
    async with database.transaction() as tx:
        life = await tx.nodes.begin(node, sip_host=sip_host, sip_port=sip_port, version=version, now=now)
    return Begun(life, await _close(database, node, now, by=node))


async def beat_node(
    database: Database,
    node: str,
    life: int,
    *,
    sip_host: str,
    sip_port: int,
    draining: bool,
    defence: DefenceReport,
    now: datetime,
) -> Answered | None:
    """Say that the node lives and what it refuses, and take what is in its mailbox; None where its life is over."""
    async with database.transaction() as tx:
        drain = await tx.nodes.beat(
            node, life, sip_host=sip_host, sip_port=sip_port, draining=draining, defence=defence, now=now
        )
        if drain is None:
            return None
        return Answered(drain, await tx.calls.take_commands(node, limit=MAX_COMMANDS))


async def leave(database: Database, node: str, life: int) -> None:
    """Take the node off the list: it ends in order."""
    async with database.transaction() as tx:
        await tx.nodes.leave(node, life)


async def drain_node(database: Database, node: str, *, drain: bool) -> None:
    """Let a voice node take no new calls and end with its last one, or take calls again. Raises NotFound."""
    async with database.transaction() as tx:
        if "\x00" in node or not await tx.nodes.ask_to_drain(node, drain=drain):
            raise NotFound("There is no voice node of that name", reason="NODE_NOT_FOUND")


async def forget_node(database: Database, node: str, now: datetime) -> None:
    """Take a voice node that will not come back off the list, with what lies in its mailbox. Raises NotFound, and
    Conflict while it lives or its calls are not closed."""
    async with database.transaction() as tx:
        standing = None if "\x00" in node else await tx.nodes.forget_one(node, seen_before=now - NODE_IS_ALIVE)
    if standing is None:
        raise NotFound("There is no voice node of that name", reason="NODE_NOT_FOUND")
    if not standing:
        raise Conflict(
            "The node lives, or what it left behind is not closed yet: drain it, or wait for its lease to end",
            reason="NODE_IN_USE",
        )


async def read_beats(database: Database) -> Sequence[Beat]:
    """Of nodes whose end was not seen to. Raises Unavailable."""
    async with database.reading() as tx:
        return await tx.nodes.beats()


async def close_silent(database: Database, beat: Beat, now: datetime) -> Sequence[Call] | None:
    """Close in its place what a silent node carried, billed up to its last beat; None where it has said something
    since, or another worker was first. Safe to repeat: what a crash leaves open is closed by whoever looks next."""
    async with database.transaction() as tx:
        if not await tx.nodes.end_life(beat):
            return None
    closed = await _close(database, beat.node, now)
    async with database.transaction() as tx:
        await tx.nodes.seen_to(beat.node, beat.life + 1)
    return closed


async def _close(database: Database, node: str, now: datetime, *, by: str = "") -> Sequence[Call]:
    closed = await close_orphans(database, node, now, by=by)
    await conference_rooms.close_orphans(database, node, now)
    await queuecalls.close_orphans(database, node, now)
    await groupcalls.close_orphans(database, node, now)
    await speakings.close_orphans(database, node, now)
    await end_all_flows(database, node)
    return closed


async def beat_server(database: Database, server: Server) -> None:
    async with database.transaction() as tx:
        await tx.nodes.beat_server(server)


async def remove_server(database: Database, server: Server) -> None:
    async with database.transaction() as tx:
        await tx.nodes.remove_server(server)


async def forget_silent(database: Database, now: datetime) -> None:
    async with database.transaction() as tx:
        await tx.nodes.forget(seen_before=now - FORGOTTEN_AFTER)
