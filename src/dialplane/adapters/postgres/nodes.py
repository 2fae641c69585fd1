"""The registry of nodes and processes, in Postgres."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.calling.defence import DefenceReport
from dialplane.domain.operating.nodes import Beat, Role, Server

_SQL = queries("nodes")


class PostgresNodeStore:
    """Fulfils `services.operating.nodes.NodeStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def begin(self, node: str, *, sip_host: str, sip_port: int, version: str, now: datetime) -> int:
        return int(await self._connection.fetchval(_SQL["begin"], node, sip_host, sip_port, version, now))

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
        asked: bool | None = await self._connection.fetchval(
            _SQL["beat"], node, life, sip_host, sip_port, draining, now, asdict(defence)
        )
        return asked

    async def leave(self, node: str, life: int) -> None:
        await self._connection.execute(_SQL["leave"], node, life)

    async def ask_to_drain(self, node: str, *, drain: bool) -> bool:
        return await self._connection.fetchval(_SQL["ask_to_drain"], node, drain) is not None

    async def beats(self) -> Sequence[Beat]:
        return [Beat(*row) for row in await self._connection.fetch(_SQL["beats"])]

    async def end_life(self, beat: Beat) -> bool:
        return await self._connection.fetchval(_SQL["end_life"], beat.node, beat.life, beat.seen_at) is not None

    async def seen_to(self, node: str, life: int) -> None:
        await self._connection.execute(_SQL["seen_to"], node, life)

    async def beat_server(self, server: Server) -> None:
        await self._connection.execute(
            _SQL["beat_server"],
            server.id,
            server.role,
            server.host,
            server.pid,
            server.version,
            dict(server.load),
            server.started_at,
            server.seen_at,
        )

    async def remove_server(self, server: Server) -> None:
        await self._connection.execute(_SQL["remove_server"], server.id)

    async def servers(self) -> Sequence[Server]:
        rows = await self._connection.fetch(_SQL["servers"])
        return [Server(**{**row, "role": Role(row["role"])}) for row in rows]

    async def forget_one(self, node: str, *, seen_before: datetime) -> bool | None:
        forgotten: bool | None = await self._connection.fetchval(_SQL["forget_one"], node, seen_before)
        return forgotten

    async def forget(self, *, seen_before: datetime) -> None:
        await self._connection.execute(_SQL["forget_servers"], seen_before)
        await self._connection.execute(_SQL["forget_nodes"], seen_before)
