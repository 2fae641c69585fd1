"""A transcription and its transcripts in the native JSON form (VoIPBIN reference section 6.7)."""

from datetime import UTC, datetime, timedelta

from dialplane.domain.recording.transcriptions import Transcript, Transcription
from dialplane.services.shapes.common import show_id, show_time

_ZERO = datetime(1, 1, 1, tzinfo=UTC)
"""VoIPBIN shows the time within a conversation as a time of this day."""


def transcription_shape(transcription: Transcription) -> dict[str, object]:
    return {
        "id": show_id(transcription.id),
        "customer_id": show_id(transcription.account_id),
        "activeflow_id": show_id(transcription.run_id),
        "on_end_flow_id": show_id(transcription.on_end_flow_id),
        "reference_type": transcription.reference_type.value,
        "reference_id": show_id(transcription.reference_id),
        "status": transcription.status.value,
        "language": transcription.language,
        "direction": transcription.direction,
        "provider": transcription.provider,
        "error": transcription.error,
        "tm_create": show_time(transcription.created_at),
        "tm_update": show_time(transcription.updated_at),
        "tm_delete": show_time(transcription.deleted_at),
    }


def transcript_shape(transcript: Transcript) -> dict[str, object]:
    return {
        "id": show_id(transcript.id),
        "customer_id": show_id(transcript.account_id),
        "transcribe_id": show_id(transcript.transcription_id),
        "direction": transcript.direction,
        "message": transcript.message,
        "confidence": round(transcript.confidence, 3),
        "tm_transcript": show_time(_ZERO + timedelta(milliseconds=transcript.began_ms)),
        "tm_create": show_time(transcript.created_at),
    }


def speech_shape(transcription: Transcription, direction: str, message: str, at_ms: int) -> dict[str, object]:
    """What `transcribe_speech_…` tells: somebody speaks, and what is understood so far."""
    return {
        "transcribe_id": show_id(transcription.id),
        "customer_id": show_id(transcription.account_id),
        "reference_type": transcription.reference_type.value,
        "reference_id": show_id(transcription.reference_id),
        "direction": direction,
        "message": message,
        "tm_event": show_time(_ZERO + timedelta(milliseconds=at_ms)),
    }
