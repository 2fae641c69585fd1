"""Transcriptions and their transcripts in Postgres."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from dialplane.adapters.postgres.connection import Connection, queries
from dialplane.domain.ids import AccountId, TranscriptionId
from dialplane.domain.programs.sources import StatusCallback
from dialplane.domain.recording.transcriptions import TranscribedThing, Transcript, Transcription, TranscriptionStatus
from dialplane.services.recording.transcriptions import TranscriptionQuery

_SQL = queries("transcriptions")


def _transcription(row: asyncpg.Record) -> Transcription:
    fields = dict(row)
    fields.pop("total", None)
    fields["status"] = TranscriptionStatus(fields["status"])
    fields["reference_type"] = TranscribedThing(fields["reference_type"])
    if (callback := fields["status_callback"]) is not None:
        fields["status_callback"] = msgspec.convert(callback, StatusCallback)
    return Transcription(**fields)


class PostgresTranscriptionStore:
    """Fulfils `services.recording.transcriptions.TranscriptionStore`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(self, transcription: Transcription) -> None:
        await self._connection.execute(_SQL["save"], [transcription])

    async def find(
        self, account_id: AccountId, transcription_id: TranscriptionId, *, lock: bool = False
    ) -> Transcription | None:
        row = await self._connection.fetchrow(_SQL["lock" if lock else "find"], account_id, transcription_id)
        return None if row is None else _transcription(row)

    async def list_for(
        self, account_id: AccountId, wanted: TranscriptionQuery, *, before: datetime | None, limit: int
    ) -> list[Transcription]:
        rows = await self._connection.fetch(
            _SQL["list_for"], account_id, before, limit, wanted.reference_type, wanted.reference_id
        )
        return [_transcription(row) for row in rows]

    async def query(
        self, account_id: AccountId, wanted: TranscriptionQuery, *, offset: int, limit: int
    ) -> tuple[list[Transcription], int]:
        rows = await self._connection.fetch(
            _SQL["query"], account_id, *wanted.created, wanted.contains, wanted.reference_id, limit, offset
        )
        return [_transcription(row) for row in rows], rows[0]["total"] if rows else 0

    async def live_on(self, node: str) -> list[Transcription]:
        return [_transcription(row) for row in await self._connection.fetch(_SQL["live_on"], node)]

    async def claim(self, now: datetime, until: datetime) -> Transcription | None:
        row = await self._connection.fetchrow(_SQL["claim"], now, until)
        return None if row is None else _transcription(row)

    async def extend_lease(self, transcription_id: TranscriptionId, until: datetime) -> bool:
        return await self._connection.fetchval(_SQL["extend_lease"], transcription_id, until) is not None

    async def delete(self, transcription: Transcription, now: datetime) -> None:
        await self._connection.execute(_SQL["delete"], transcription.account_id, transcription.id, now)

    async def add_transcript(self, transcript: Transcript) -> None:
        await self._connection.execute(_SQL["add_transcript"], [transcript])

    async def forget_transcripts(self, transcription_id: TranscriptionId) -> None:
        await self._connection.execute(_SQL["forget_transcripts"], transcription_id)

    async def transcripts_of(
        self, transcription_id: TranscriptionId, *, before: datetime | None, limit: int
    ) -> Sequence[Transcript]:
        rows = await self._connection.fetch(_SQL["transcripts_of"], transcription_id, before, limit)
        return [Transcript(**dict(row)) for row in rows]

    async def message_of(self, transcription_id: TranscriptionId) -> str:
        return await self._connection.fetchval(_SQL["message_of"], transcription_id) or ""
