"""Agents in Postgres."""

from collections.abc import Collection
from datetime import datetime

import asyncpg
import msgspec

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.addresses import Address
from dialplane.domain.errors import AlreadyExists
from dialplane.domain.ids import AccountId, AgentId, TagId
from dialplane.domain.rooms.agents import AgentStatus
from dialplane.domain.tenancy.accounts import Agent

_SQL = queries("agents")


class PostgresAgentStore:
    """Fulfils `services.rooms.agents.AgentStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def insert(self, agent: Agent) -> None:
        try:
            await self.update(agent)
        except asyncpg.UniqueViolationError as fault:
            raise AlreadyExists(f"The username {agent.username} is taken", field="username") from fault

    async def update(self, agent: Agent) -> None:
        await self._connection.execute(_SQL["save_agent"], [agent])

    async def find(self, agent_id: AgentId, *, lock: bool = False) -> Agent | None:
        row = await self._connection.fetchrow(_SQL["lock_agent" if lock else "find_agent"], agent_id)
        return None if row is None else _agent(row)

    async def find_by_username(self, username: str) -> Agent | None:
        row = await self._connection.fetchrow(_SQL["find_agent_by_username"], username)
        return None if row is None else _agent(row)

    async def find_by_direct_hash(self, direct_hash: str) -> Agent | None:
        row = await self._connection.fetchrow(_SQL["find_agent_by_direct_hash"], direct_hash)
        return None if row is None else _agent(row)

    async def list_by_account(
        self,
        account_id: AccountId,
        *,
        before: datetime | None,
        limit: int,
        tag_ids: Collection[TagId] = (),
        status: str = "",
    ) -> list[Agent]:
        rows = await self._connection.fetch(_SQL["list_agents"], account_id, before, limit, list(tag_ids), status)
        return [_agent(row) for row in rows]

    async def count(self, account_id: AccountId) -> int:
        found: int = await self._connection.fetchval(_SQL["count_agents"], account_id)
        return found

    async def count_admins(self, account_id: AccountId) -> int:
        found: int = await self._connection.fetchval(_SQL["count_admins"], account_id)
        return found

    async def lock_left_ringing(self) -> list[Agent]:
        return [_agent(row) for row in await self._connection.fetch(_SQL["lock_agents_left_ringing"])]

    async def in_wrap_up(self) -> list[Agent]:
        return [_agent(row) for row in await self._connection.fetch(_SQL["agents_in_wrap_up"])]

    async def lock_at_work(self, account_id: AccountId) -> list[Agent]:
        return [_agent(row) for row in await self._connection.fetch(_SQL["lock_agents_at_work"], account_id)]


def _agent(row: asyncpg.Record) -> Agent:
    fields = dict(row)
    fields["status"] = AgentStatus(fields["status"])
    fields["tag_ids"] = tuple(fields["tag_ids"])
    fields["addresses"] = tuple(msgspec.convert(fields["addresses"], list[Address]))
    return Agent(**fields)
