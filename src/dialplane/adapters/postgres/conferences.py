"""Conferences and who is in them, in Postgres."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

import asyncpg
import msgspec

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccountId, ConferencecallId, ConferenceId
from dialplane.domain.programs.sources import StatusCallback
from dialplane.domain.rooms.conferences import Conference, ConferenceStatus, Participant, ParticipantStatus
from dialplane.services.rooms.conferences import ConferenceFilters

_SQL = queries("conferences")


class PostgresConferenceStore:
    """Fulfils `services.rooms.conferences.ConferenceStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(self, conference: Conference) -> None:
        await self._connection.execute(_SQL["save"], [conference])

    async def find(
        self, account_id: AccountId, conference_id: ConferenceId, *, lock: bool = False
    ) -> Conference | None:
        return _one(await self._connection.fetchrow(_SQL["lock" if lock else "find"], account_id, conference_id))

    async def lock_session(self, account_id: AccountId, name: str) -> Conference | None:
        return _one(await self._connection.fetchrow(_SQL["lock_session"], account_id, name))

    async def find_by_direct_hash(self, direct_hash: str) -> Conference | None:
        return _one(await self._connection.fetchrow(_SQL["find_by_direct_hash"], direct_hash))

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> list[Conference]:
        return [_conference(row) for row in await self._connection.fetch(_SQL["list_for"], account_id, before, limit)]

    async def query(
        self, account_id: AccountId, filters: ConferenceFilters, *, offset: int, limit: int
    ) -> tuple[list[Conference], int]:
        rows = await self._connection.fetch(
            _SQL["query"],
            account_id,
            None if filters.phases is None else list(filters.phases),
            filters.name,
            filters.created_from,
            filters.created_before,
            filters.updated_from,
            filters.updated_before,
            offset,
            limit,
        )
        return [_conference(row) for row in rows], rows[0]["total"] if rows else 0

    async def count(self, account_id: AccountId) -> int:
        found: int = await self._connection.fetchval(_SQL["count"], account_id)
        return found

    async def lock_outlived(self, *, made_before: datetime, now: datetime, limit: int) -> list[Conference]:
        rows = await self._connection.fetch(_SQL["outlived"], made_before, now, limit)
        return [_conference(row) for row in rows]

    async def lock_on_node(self, node: str) -> list[Conference]:
        return [_conference(row) for row in await self._connection.fetch(_SQL["on_node"], node)]

    async def lock_of(self, accounts: Collection[AccountId]) -> list[Conference]:
        return [_conference(row) for row in await self._connection.fetch(_SQL["lock_of"], list(accounts))]

    async def save_participants(self, participants: Sequence[Participant]) -> None:
        await self._connection.execute(_SQL["save_participants"], participants)

    async def participants_in(self, conference_ids: Sequence[ConferenceId]) -> list[Participant]:
        return [_participant(row) for row in await self._connection.fetch(_SQL["participants_in"], conference_ids)]

    async def find_participant(
        self, account_id: AccountId, participant_id: ConferencecallId, *, lock: bool = False
    ) -> Participant | None:
        query = _SQL["lock_participant" if lock else "find_participant"]
        row = await self._connection.fetchrow(query, account_id, participant_id)
        return None if row is None else _participant(row)

    async def participants_for(
        self, account_id: AccountId, *, before: datetime | None, limit: int
    ) -> list[Participant]:
        rows = await self._connection.fetch(_SQL["participants_for"], account_id, before, limit)
        return [_participant(row) for row in rows]


def _one(row: asyncpg.Record | None) -> Conference | None:
    return None if row is None else _conference(row)


def _conference(row: asyncpg.Record) -> Conference:
    fields = dict(row)
    fields.pop("total", None)
    fields["status"] = ConferenceStatus(fields["status"])
    fields["recording_ids"] = tuple(fields["recording_ids"])
    fields["transcription_ids"] = tuple(fields["transcription_ids"] or ())
    if (callback := fields["callback"]) is not None:
        fields["callback"] = msgspec.convert(callback, StatusCallback)
    return Conference(**fields)


def _participant(row: asyncpg.Record) -> Participant:
    found = Participant(**row)
    return replace(found, status=ParticipantStatus(found.status))
