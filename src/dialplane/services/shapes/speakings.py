"""A speaking in the native JSON form (VoIPBIN reference 6.8)."""

from dialplane.domain.calling.speakings import Speaking
from dialplane.services.shapes.common import show_id, show_time


def speaking_shape(speaking: Speaking) -> dict[str, object]:
    return {
        "id": show_id(speaking.id),
        "customer_id": show_id(speaking.account_id),
        "reference_type": speaking.reference_type,
        "reference_id": show_id(speaking.reference_id),
        "language": speaking.language,
        "provider": speaking.provider,
        "voice_id": speaking.voice_id,
        "direction": speaking.direction,
        "status": speaking.status.value,
        "tm_create": show_time(speaking.created_at),
        "tm_update": show_time(speaking.updated_at),
        "tm_delete": show_time(speaking.deleted_at),
    }
