"""Transcriptions of conferences by order of the API, on the node that mixes them (VoIPBIN reference 6.1)."""

from datetime import datetime

from dialplane.domain.errors import Conflict
from dialplane.domain.ids import AccountId, ConferenceId
from dialplane.domain.recording.transcriptions import TranscribedThing, Transcription
from dialplane.domain.rooms.conferences import Conference
from dialplane.services.recording.transcription_life import TranscriptionWish, order_in, stop_in
from dialplane.services.rooms.conferences import Standing, load_conference, with_present
from dialplane.services.transaction import Database, Transaction


async def start_transcription(
    database: Database, account_id: AccountId, conference_id: ConferenceId, language: str, now: datetime
) -> Standing:
    """Write down what everybody says until it is stopped or all have left.

    Raises NotFound, Conflict (STATE_INVALID) where nobody is in or it is transcribed already.
    """
    async with database.transaction() as tx:
        conference = await load_conference(tx, account_id, conference_id, lock=True)
        if await _live(tx, conference) is not None:
            raise Conflict("The conference is being transcribed already")
        wish = TranscriptionWish(TranscribedThing.CONFBRIDGE, conference_id, language)
        await order_in(tx, account_id, wish, now)
        return await _standing(tx, account_id, conference_id)


async def stop_transcription(
    database: Database, account_id: AccountId, conference_id: ConferenceId, now: datetime
) -> Standing:
    """Raises NotFound, Conflict (STATE_INVALID) where it is not transcribed."""
    async with database.transaction() as tx:
        conference = await load_conference(tx, account_id, conference_id, lock=True)
        live = await _live(tx, conference)
        if live is None:
            raise Conflict("The conference is not being transcribed")
        await stop_in(tx, account_id, live.id, now)
        return await _standing(tx, account_id, conference_id)


async def _live(tx: Transaction, conference: Conference) -> Transcription | None:
    if not conference.transcription_ids:
        return None
    last = await tx.transcriptions.find(conference.account_id, conference.transcription_ids[-1])
    return None if last is None or last.is_over else last


async def _standing(tx: Transaction, account_id: AccountId, conference_id: ConferenceId) -> Standing:
    [standing] = await with_present(tx, [await load_conference(tx, account_id, conference_id)])
    return standing
