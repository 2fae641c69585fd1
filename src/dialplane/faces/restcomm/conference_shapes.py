"""Conferences and participants as both dialects show them (reference 4.6)."""

from dialplane.domain.ids import to_sid
from dialplane.domain.rooms.conferences import Conference, ConferenceStatus, Participant, ParticipantStatus
from dialplane.faces.restcomm.dialects import Asked
from dialplane.services.rooms.conferences import Phase, Standing


def show_conference(asked: Asked, standing: Standing) -> dict[str, object]:
    conference = standing.conference
    account_sid, sid = to_sid("AC", conference.account_id), to_sid("CF", conference.id)
    path = f"/Accounts/{account_sid}/Conferences/{sid}"
    common: dict[str, object] = {
        "sid": sid,
        "date_created": asked.dialect.show_time(conference.created_at),
        "date_updated": asked.dialect.show_time(conference.updated_at or conference.created_at),
        "account_sid": account_sid,
        "status": phase_of(conference) if asked.dialect.is_twilio else _restcomm_status(standing),
        "api_version": asked.dialect.api_version,
        "friendly_name": conference.name,
        "uri": asked.uri(path),
    }
    participants = asked.uri(f"{path}/Participants")
    if not asked.dialect.is_twilio:
        return common | {"subresource_uris": {"participants": participants}}
    return common | {
        "region": "us1",
        "reason_conference_ended": conference.end_reason or None,
        "call_sid_ending_conference": to_sid("CA", conference.ended_by) if conference.ended_by else None,
        "subresource_uris": {"participants": participants, "recordings": asked.uri(f"{path}/Recordings")},
    }


def phase_of(conference: Conference) -> Phase:
    """Twilio's status."""
    if conference.is_over:
        return "completed"
    return "in-progress" if conference.started_at is not None else "init"


def _restcomm_status(standing: Standing) -> str:
    conference = standing.conference
    if conference.status is ConferenceStatus.TERMINATING:
        return "STOPPING"
    if conference.status is ConferenceStatus.TERMINATED:
        return "FAILED" if conference.end_reason == "node-lost" else "COMPLETED"
    if conference.started_at is not None:
        return "RUNNING_MODERATOR_PRESENT"
    return "RUNNING_MODERATOR_ABSENT" if standing.present else "RUNNING_INITIALIZING"


PHASES: dict[str, Phase] = {
    "init": "init",
    "in-progress": "in-progress",
    "completed": "completed",
    "running_initializing": "init",
    "running_moderator_absent": "init",
    "running_moderator_present": "in-progress",
    "stopping": "completed",
    "failed": "completed",
}
"""The words of both dialects as they filter."""


def show_participant(asked: Asked, participant: Participant) -> dict[str, object]:
    account_sid, conference_sid = to_sid("AC", participant.account_id), to_sid("CF", participant.conference_id)
    call_sid = to_sid("CA", participant.call_id)
    times = {
        "date_created": asked.dialect.show_time(participant.created_at),
        "date_updated": asked.dialect.show_time(participant.updated_at or participant.created_at),
    }
    uri = asked.uri(f"/Accounts/{account_sid}/Conferences/{conference_sid}/Participants/{call_sid}")
    common: dict[str, object] = {
        "account_sid": account_sid,
        "conference_sid": conference_sid,
        **times,
        "muted": participant.muted,
        "hold": participant.hold,
        "start_conference_on_enter": participant.starts,
    }
    if not asked.dialect.is_twilio:
        # "enter" is the word of that API: its clients read it.
        return {"sid": call_sid, **common, "end_conference_on_enter": participant.ends, "uri": uri}
    coached = participant.coached_call_id
    return {
        "call_sid": call_sid,
        **common,
        "end_conference_on_exit": participant.ends,
        "label": participant.label or None,
        "coaching": coached is not None,
        "call_sid_to_coach": to_sid("CA", coached) if coached else None,
        "status": _STATUSES[participant.status],
        "queue_time": None,
        "uri": uri,
    }


_STATUSES = {
    ParticipantStatus.JOINING: "connected",
    ParticipantStatus.JOINED: "connected",
    ParticipantStatus.LEAVING: "complete",
    ParticipantStatus.LEAVED: "complete",
}
