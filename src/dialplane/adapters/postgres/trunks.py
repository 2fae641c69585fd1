"""Trunks in Postgres."""

from ipaddress import ip_address

import asyncpg
import msgspec

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.adapters.secrets.sealing import Seal
from dialplane.domain.calling.trunk_terms import USUAL_TERMS, FoundBy, TrunkTerms
from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.ids import TrunkId


class PostgresTrunkStore:
    """Fulfils `services.calling.trunks.TrunkStore`."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal
        self._sql = queries("trunks")

    async def insert(self, trunk: Trunk) -> None:
        await self._connection.execute(
            self._sql["insert_trunk"],
            trunk.id,
            trunk.account_id,
            trunk.name,
            list(trunk.networks),
            trunk.host,
            trunk.port,
            trunk.transport,
            trunk.username,
            self._seal.close(trunk.password),
            trunk.priority,
            trunk.created_at,
            trunk.updated_at,
            *self._rare(trunk),
        )

    async def update(self, trunk: Trunk) -> None:
        await self._connection.execute(
            self._sql["update_trunk"],
            trunk.id,
            trunk.name,
            list(trunk.networks),
            trunk.host,
            trunk.port,
            trunk.transport,
            trunk.username,
            self._seal.close(trunk.password),
            trunk.priority,
            trunk.updated_at,
            trunk.deleted_at,
            *self._rare(trunk),
        )

    def _rare(self, trunk: Trunk) -> tuple[str, dict[str, object], str, str, str]:
        terms: dict[str, object] = {} if trunk.terms == USUAL_TERMS else msgspec.to_builtins(trunk.terms)
        login = self._seal.close(trunk.login_password)
        return trunk.detail, terms, trunk.login_username, login, trunk.found_by.value

    async def list_live(self) -> list[Trunk]:
        return [read_trunk(row, self._seal) for row in await self._connection.fetch(self._sql["list_trunks"])]

    async def find(self, trunk_id: TrunkId) -> Trunk | None:
        row = await self._connection.fetchrow(self._sql["find_trunk"], trunk_id)
        return None if row is None else read_trunk(row, self._seal)

    async def find_by_source(self, address: str) -> Trunk | None:
        row = await self._connection.fetchrow(self._sql["find_trunk_by_source"], ip_address(address))
        return None if row is None else read_trunk(row, self._seal)


def read_trunk(row: asyncpg.Record, seal: Seal) -> Trunk:
    """A row of `trunks`, whatever else it holds."""
    return Trunk(
        id=row["id"],
        account_id=row["account_id"],
        name=row["name"],
        networks=tuple(row["networks"]),
        host=row["host"],
        port=row["port"],
        transport=row["transport"],
        username=row["username"],
        password=seal.open(row["password"]),
        priority=row["priority"],
        terms=msgspec.convert(row["terms"], TrunkTerms) if row["terms"] else USUAL_TERMS,
        detail=row["detail"],
        login_username=row["login_username"],
        login_password=seal.open(row["login_password"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        deleted_at=row["deleted_at"],
        found_by=FoundBy(row["found_by"]),
    )
