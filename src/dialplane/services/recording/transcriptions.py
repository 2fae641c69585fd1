"""Transcriptions as a resource: read and deleted by their owner. How one is made: `recording/transcription_life.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.errors import Conflict, NotFound
from dialplane.domain.ids import AccountId, TranscriptionId
from dialplane.domain.recording.transcriptions import Transcript, Transcription
from dialplane.services.transaction import Database


@dataclass(frozen=True, slots=True)
class TranscriptionQuery:
    """Which are asked for; of the times the first is within, the second is not."""

    reference_type: str = ""
    reference_id: UUID | None = None
    created: tuple[datetime | None, datetime | None] = (None, None)
    contains: str = ""
    """A part of what was said."""


class TranscriptionStore(Protocol):
    """Port. Deleted ones are never found."""

    async def save(self, transcription: Transcription) -> None:
        """Insert, or write over the row of the same id; one that is over stays as it is."""
        ...

    async def find(
        self, account_id: AccountId, transcription_id: TranscriptionId, *, lock: bool = False
    ) -> Transcription | None: ...

    async def list_for(
        self, account_id: AccountId, wanted: TranscriptionQuery, *, before: datetime | None, limit: int
    ) -> Sequence[Transcription]:
        """Newest first; those made before `before`. By reference alone."""
        ...

    async def query(
        self, account_id: AccountId, wanted: TranscriptionQuery, *, offset: int, limit: int
    ) -> tuple[Sequence[Transcription], int]:
        """One page, newest first, and how many fit in all."""
        ...

    async def live_on(self, node: str) -> Sequence[Transcription]:
        """Those of calls of a node that are not over, locked."""
        ...

    async def claim(self, now: datetime, until: datetime) -> Transcription | None:
        """One of a recording that is over, which nobody works on, leased."""
        ...

    async def extend_lease(self, transcription_id: TranscriptionId, until: datetime) -> bool:
        """False where it is over: somebody stopped it."""
        ...

    async def delete(self, transcription: Transcription, now: datetime) -> None: ...

    async def add_transcript(self, transcript: Transcript) -> None: ...

    async def forget_transcripts(self, transcription_id: TranscriptionId) -> None: ...

    async def transcripts_of(
        self, transcription_id: TranscriptionId, *, before: datetime | None, limit: int
    ) -> Sequence[Transcript]:
        """Newest first."""
        ...

    async def message_of(self, transcription_id: TranscriptionId) -> str:
        """Everything that was said, in order."""
        ...


async def list_transcriptions(
    database: Database, account_id: AccountId, wanted: TranscriptionQuery, *, before: datetime | None, limit: int
) -> Sequence[Transcription]:
    """Newest first; those made before `before`."""
    async with database.reading() as tx:
        return await tx.transcriptions.list_for(account_id, wanted, before=before, limit=limit)


async def query_transcriptions(
    database: Database, account_id: AccountId, wanted: TranscriptionQuery, *, offset: int, limit: int
) -> tuple[Sequence[Transcription], int]:
    """One page of those that fit, and how many fit in all."""
    async with database.reading() as tx:
        return await tx.transcriptions.query(account_id, wanted, offset=offset, limit=limit)


async def get_transcription(
    database: Database, account_id: AccountId, transcription_id: TranscriptionId
) -> Transcription:
    """Raises NotFound for another account's too."""
    async with database.reading() as tx:
        return found(await tx.transcriptions.find(account_id, transcription_id))


async def list_transcripts(
    database: Database,
    account_id: AccountId,
    transcription_id: TranscriptionId,
    *,
    before: datetime | None,
    limit: int,
) -> Sequence[Transcript]:
    """Newest first. Raises NotFound for another account's transcription too."""
    async with database.reading() as tx:
        found(await tx.transcriptions.find(account_id, transcription_id))
        return await tx.transcriptions.transcripts_of(transcription_id, before=before, limit=limit)


async def delete_transcription(
    database: Database, account_id: AccountId, transcription_id: TranscriptionId, now: datetime
) -> Transcription:
    """Raises NotFound, Conflict while it is going on."""
    async with database.transaction() as tx:
        transcription = found(await tx.transcriptions.find(account_id, transcription_id, lock=True))
        if not transcription.is_over:
            raise Conflict("The transcription is still going on: stop it first", reason="TRANSCRIBE_STILL_ACTIVE")
        await tx.transcriptions.delete(transcription, now)
    return replace(transcription, deleted_at=now, updated_at=now)


def found(transcription: Transcription | None) -> Transcription:
    if transcription is None:
        raise NotFound("There is no such transcription", reason="TRANSCRIBE_NOT_FOUND")
    return transcription


async def transcription_prices(
    database: Database, transcriptions: Sequence[Transcription]
) -> Mapping[TranscriptionId, int]:
    """What was charged for them in micros, as far as they are charged."""
    async with database.reading() as tx:
        entries = await tx.ledger.find_entries([each.key for each in transcriptions])
    return {each.id: -entries[each.key].amount_micros for each in transcriptions if each.key in entries}
