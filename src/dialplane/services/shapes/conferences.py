"""A conference and a stay in one in the native JSON form (VoIPBIN reference section 6.1)."""

from collections.abc import Sequence

from dialplane.domain.rooms.conferences import Conference, Participant
from dialplane.services.shapes.common import show_id, show_time


def conference_shape(conference: Conference, present: Sequence[Participant] = ()) -> dict[str, object]:
    return {
        "id": show_id(conference.id),
        "customer_id": show_id(conference.account_id),
        "type": conference.type,
        "status": conference.status,
        "name": conference.name,
        "detail": conference.detail,
        "data": conference.data,
        "timeout": conference.timeout_s,
        "pre_flow_id": show_id(conference.pre_flow_id),
        "post_flow_id": show_id(conference.post_flow_id),
        "conferencecall_ids": [show_id(each.id) for each in present],
        "recording_id": show_id(conference.recording_id if conference.node else None),  # nobody in, nothing recorded
        "recording_ids": [show_id(each) for each in conference.recording_ids],
        "transcribe_id": show_id(conference.transcription_ids[-1] if conference.transcription_ids else None),
        "transcribe_ids": [show_id(each) for each in conference.transcription_ids],
        "direct_hash": conference.direct_hash,
        "tm_end": show_time(conference.ended_at),
        "tm_create": show_time(conference.created_at),
        "tm_update": show_time(conference.updated_at),
        "tm_delete": show_time(conference.deleted_at),
    }


def participant_shape(participant: Participant) -> dict[str, object]:
    return {
        "id": show_id(participant.id),
        "customer_id": show_id(participant.account_id),
        "conference_id": show_id(participant.conference_id),
        "reference_type": "call",
        "reference_id": show_id(participant.call_id),
        "status": participant.status,
        "tm_create": show_time(participant.created_at),
        "tm_update": show_time(participant.updated_at),
        "tm_delete": show_time(participant.deleted_at),
    }
