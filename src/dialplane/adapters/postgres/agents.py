"""Agents in Postgres."""

from datetime import datetime

import asyncpg

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.accounts import Agent
from dialplane.domain.errors import AlreadyExists
from dialplane.domain.ids import AccountId, AgentId


class PostgresAgentStore:
    """Fulfils `services.agents.AgentStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sql = queries("agents")

    async def insert(self, agent: Agent) -> None:
        try:
            await self._connection.execute(
                self._sql["insert_agent"],
                agent.id,
                agent.account_id,
                agent.username,
                agent.password_hash,
                agent.name,
                agent.detail,
                agent.permission,
                agent.created_at,
                agent.updated_at,
            )
        except asyncpg.UniqueViolationError as fault:
            raise AlreadyExists(f"The username {agent.username} is taken", field="username") from fault

    async def update(self, agent: Agent) -> None:
        await self._connection.execute(
            self._sql["update_agent"],
            agent.id,
            agent.password_hash,
            agent.name,
            agent.detail,
            agent.permission,
            agent.updated_at,
            agent.deleted_at,
        )

    async def find(self, agent_id: AgentId) -> Agent | None:
        row = await self._connection.fetchrow(self._sql["find_agent"], agent_id)
        return None if row is None else _agent(row)

    async def find_by_username(self, username: str) -> Agent | None:
        row = await self._connection.fetchrow(self._sql["find_agent_by_username"], username)
        return None if row is None else _agent(row)

    async def list_by_account(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Agent]:
        rows = await self._connection.fetch(self._sql["list_agents"], account_id, before, limit)
        return [_agent(row) for row in rows]


def _agent(row: asyncpg.Record) -> Agent:
    return Agent(
        id=row["id"],
        account_id=row["account_id"],
        username=row["username"],
        password_hash=row["password_hash"],
        permission=row["permission"],
        name=row["name"],
        detail=row["detail"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        deleted_at=row["deleted_at"],
    )
