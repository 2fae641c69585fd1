"""Accounts' trunks in Postgres."""

from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.adapters.secrets.sealing import Seal
from dialplane.domain.calling.pbx_trunks import AuthType, PbxTrunk
from dialplane.domain.ids import AccountId, PbxTrunkId


class PostgresPbxTrunkStore:
    """Fulfils `services.calling.pbx_trunks.PbxTrunkStore`."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal
        self._sql = queries("pbx_trunks")

    async def insert(self, trunk: PbxTrunk) -> bool:
        made = await self._connection.fetchval(
            self._sql["insert"],
            trunk.id,
            trunk.account_id,
            *self._changing(trunk),
            trunk.created_at,
        )
        return made is not None

    async def update(self, trunk: PbxTrunk) -> bool:
        try:
            await self._connection.execute(
                self._sql["update"],
                trunk.id,
                *self._changing(trunk),
                trunk.updated_at,
                trunk.deleted_at,
            )
        except asyncpg.UniqueViolationError:
            return False
        return True

    def _changing(self, trunk: PbxTrunk) -> tuple[object, ...]:
        """What its owner may change, in the order of both writes."""
        return (
            trunk.domain_name,
            [str(each) for each in trunk.auth_types],
            trunk.username,
            self._seal.close(trunk.password),
            list(trunk.allowed),
            trunk.name,
            trunk.detail,
        )

    async def find(self, account_id: AccountId, trunk_id: PbxTrunkId) -> PbxTrunk | None:
        row = await self._connection.fetchrow(self._sql["find"], account_id, trunk_id)
        return None if row is None else _trunk(row, self._seal)

    async def find_called(self, domain_name: str, host: str) -> PbxTrunk | None:
        row = await self._connection.fetchrow(self._sql["find_called"], domain_name, host)
        return None if row is None else _trunk(row, self._seal)

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[PbxTrunk]:
        rows = await self._connection.fetch(self._sql["list_for"], account_id, before, limit)
        return [_trunk(row, self._seal) for row in rows]

    async def count(self, account_id: AccountId) -> int:
        found: int = await self._connection.fetchval(self._sql["count"], account_id)
        return found


def _trunk(row: asyncpg.Record, seal: Seal) -> PbxTrunk:
    return PbxTrunk(
        **(
            dict(row)
            | {
                "auth_types": tuple(AuthType(each) for each in row["auth_types"]),
                "allowed": tuple(row["allowed"]),
                "password": seal.open(row["password"]),
            }
        )
    )
