"""Recordings as text: ordered, made by the worker's duty from the real sound, written down and told."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from dialplane.adapters.objects.sounds import RecordedSounds
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.adapters.speech.prompts import SpeechPrompts
from dialplane.adapters.speech.recognizer import SpeechRecognizer
from dialplane.audio.g711 import decode_ulaw
from dialplane.audio.wav import wav_header
from dialplane.domain.charging.rating import CostType, Rate
from dialplane.domain.ids import AccountId, CallId, RecordingId, new_id, utc_now
from dialplane.domain.money import Micros
from dialplane.domain.programs.commands import TranscribeRecording
from dialplane.domain.programs.sources import StatusCallback
from dialplane.domain.recording.recordings import Recording, RecordingStatus, path_of
from dialplane.domain.recording.transcriptions import Transcription
from dialplane.services.charging.billing import get_balance
from dialplane.services.charging.ledger import credit
from dialplane.services.charging.rates import DEFAULT_DECK, change_rate_deck
from dialplane.services.recording.transcription_life import callback_form, order_recording_transcription
from dialplane.services.recording.transcriptions import (
    TranscriptionQuery,
    get_transcription,
    list_transcripts,
    query_transcriptions,
)
from dialplane.worker.transcriptions import RecordingTranscriptions
from tests.adapters.test_speech import Web
from tests.fakes.accounts import add_account
from tests.fakes.speech import spoken_frames


class Followed:
    def __init__(self) -> None:
        self.ended: list[Transcription] = []

    async def __call__(self, transcription: Transcription) -> None:
        self.ended.append(transcription)


@pytest.fixture
async def account_id(database: PostgresDatabase) -> AccountId:
    return await add_account(database)


@pytest.fixture
async def prompts(tmp_path: Path) -> AsyncIterator[SpeechPrompts]:
    made = SpeechPrompts(tmp_path / "prompts", Web())
    yield made
    await made.close()


@pytest.fixture
async def recognizer() -> AsyncIterator[SpeechRecognizer]:
    made = SpeechRecognizer()
    yield made
    await made.close()


async def recorded(database: PostgresDatabase, account_id: AccountId, folder: Path, *tracks: bytes) -> Recording:
    """A recording that is over: one channel, or two."""
    now = utc_now()
    recording_id = RecordingId(new_id(now))
    length = max(len(track) for track in tracks)
    recording = replace(
        Recording(
            recording_id, account_id, CallId(uuid4()), RecordingStatus.ENDED, path_of(account_id, recording_id), now
        ),
        channels=len(tracks),
        duration_ms=length // 8,
    )
    async with database.transaction() as tx:
        await tx.recordings.save(recording)
    samples = np.stack([decode_ulaw(track.ljust(length, b"\xff")) for track in tracks], axis=1)
    path = folder / recording.path
    path.parent.mkdir(parents=True)
    header = bytearray(wav_header(samples.nbytes))
    header[22:24] = len(tracks).to_bytes(2, "little")
    header[32:34] = (2 * len(tracks)).to_bytes(2, "little")
    path.write_bytes(bytes(header) + samples.astype("<i2").tobytes())
    return recording


async def test_recording_of_two_channels_is_written_down_side_by_side(
    database: PostgresDatabase,
    account_id: AccountId,
    prompts: SpeechPrompts,
    recognizer: SpeechRecognizer,
    tmp_path: Path,
) -> None:
    caller = b"".join(await spoken_frames(prompts, "hello"))
    other = b"\xff" * len(caller) + b"".join(await spoken_frames(prompts, "hello"))
    recording = await recorded(database, account_id, tmp_path, caller, other)
    async with database.transaction() as tx:
        await credit(tx, account_id, Micros(1_000_000), "", key="credit", now=utc_now())
    await change_rate_deck(database, DEFAULT_DECK, [Rate(CostType.TRANSCRIBE, Micros(50_000))], utc_now())
    status = StatusCallback("https://example.org/transcribed")
    ordered = await order_recording_transcription(
        database, account_id, None, TranscribeRecording(recording.id, status=status), utc_now()
    )
    followed = Followed()
    duty = RecordingTranscriptions(
        database, recognizer, RecordedSounds(tmp_path), "https://api.example.org", utc_now, followed
    )

    assert await duty.step()
    assert not await duty.step()

    done = await get_transcription(database, account_id, ordered.id)
    said = await list_transcripts(database, account_id, ordered.id, before=None, limit=10)
    assert [(each.direction, each.message) for each in reversed(said)] == [("in", "hello"), ("out", "hello")]
    assert (done.outcome, done.message, done.error) == ("completed", "hello hello", "")
    assert followed.ended == [done]
    assert (await query_transcriptions(database, account_id, TranscriptionQuery(contains="HELLO"), offset=0, limit=5))[
        1
    ] == 1
    [form] = await told(database)
    assert form == dict(callback_form(done, "https://api.example.org"))
    assert form["TranscriptionText"] == "hello hello"
    assert form["TranscriptionStatus"] == "completed"
    purse = (await get_balance(database, account_id)).purse
    assert (purse.credit, purse.credit_held) == (950_000, 0)
    assert form["TranscriptionUrl"].endswith(f"/Transcriptions/TR{done.id.hex}")


async def told(database: PostgresDatabase) -> list[dict[str, str]]:
    """The forms that status callbacks are sent."""
    async with database.reading() as tx:
        rows = await tx.connection.fetch("select data from events where type = 'status_callback' order by id")
    return [dict(row["data"]["form"]) for row in rows]


async def test_recording_whose_sound_is_gone_or_whose_language_is_unknown_fails_with_the_reason(
    database: PostgresDatabase, account_id: AccountId, recognizer: SpeechRecognizer, tmp_path: Path
) -> None:
    recording = await recorded(database, account_id, tmp_path, b"\xff" * 1600)
    wishes = [TranscribeRecording(recording.id, language="de-DE"), TranscribeRecording(recording.id)]
    ordered = [await order_recording_transcription(database, account_id, None, wish, utc_now()) for wish in wishes]
    duty = RecordingTranscriptions(database, recognizer, RecordedSounds(tmp_path), "", utc_now, Followed())

    assert await duty.step()
    (tmp_path / recording.path).unlink()
    assert await duty.step()

    found = [await get_transcription(database, account_id, each.id) for each in ordered]
    assert [each.outcome for each in found] == ["failed", "failed"]
    assert "de-DE" in found[0].error
    assert "sound" in found[1].error
