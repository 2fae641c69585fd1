"""Assistants and teams in Postgres."""

from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccountId
from dialplane.domain.programs.ais import Ai, Member, Team
from dialplane.domain.programs.summaries import AiPrompt

_SQL = queries("ais")


def _team(row: asyncpg.Record) -> Team:
    return Team(**{**row, "members": msgspec.convert(row["members"], tuple[Member, ...], strict=False)})


class PostgresAiStore:
    """Fulfils `services.programs.ais.AiStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save_ai(self, ai: Ai) -> None:
        await self._connection.execute(_SQL["save_ai"], [ai])

    async def find_ai(self, account_id: AccountId, ai_id: UUID) -> Ai | None:
        row = await self._connection.fetchrow(_SQL["find_ai"], account_id, ai_id)
        return None if row is None else Ai(**row)

    async def list_ais(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Ai]:
        return [Ai(**row) for row in await self._connection.fetch(_SQL["list_ais"], account_id, before, limit)]

    async def add_prompt(self, prompt: AiPrompt) -> None:
        await self._connection.execute(_SQL["add_prompt"], [prompt])

    async def list_prompts(self, ai_id: UUID, *, limit: int) -> list[AiPrompt]:
        return [AiPrompt(**row) for row in await self._connection.fetch(_SQL["list_prompts"], ai_id, limit)]

    async def find_ai_by_direct_hash(self, direct_hash: str) -> Ai | None:
        row = await self._connection.fetchrow(_SQL["find_ai_by_direct_hash"], direct_hash)
        return None if row is None else Ai(**row)

    async def find_team_by_direct_hash(self, direct_hash: str) -> Team | None:
        row = await self._connection.fetchrow(_SQL["find_team_by_direct_hash"], direct_hash)
        return None if row is None else _team(row)

    async def save_team(self, team: Team) -> None:
        await self._connection.execute(_SQL["save_team"], [team])

    async def find_team(self, account_id: AccountId, team_id: UUID) -> Team | None:
        row = await self._connection.fetchrow(_SQL["find_team"], account_id, team_id)
        return None if row is None else _team(row)

    async def list_teams(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Team]:
        return [_team(row) for row in await self._connection.fetch(_SQL["list_teams"], account_id, before, limit)]
