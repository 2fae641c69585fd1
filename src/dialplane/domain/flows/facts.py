"""The platform's variables of a run (reference 3.6), by subject."""

from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.calling.calls import Call, CallExtras
from dialplane.domain.ids import NIL_TEXT, id_text
from dialplane.domain.programs.summaries import AiSummary
from dialplane.domain.recording.recordings import Recording
from dialplane.domain.recording.transcriptions import Transcription
from dialplane.domain.rooms.conferences import Conference, Participant
from dialplane.domain.rooms.queues import Outlook, Queue, Queuecall


def run_facts(
    run_id: UUID,
    *,
    reference_type: str,
    reference_id: UUID | None = None,
    reference_run_id: UUID | None = None,
    flow_id: UUID | None = None,
    complete_count: int = 0,
) -> dict[str, str]:
    """`voipbin.activeflow.*`."""
    return {
        "voipbin.activeflow.id": id_text(run_id),
        "voipbin.activeflow.reference_type": reference_type,
        "voipbin.activeflow.reference_id": id_text(reference_id) if reference_id else NIL_TEXT,
        "voipbin.activeflow.reference_activeflow_id": id_text(reference_run_id) if reference_run_id else NIL_TEXT,
        "voipbin.activeflow.flow_id": id_text(flow_id) if flow_id else NIL_TEXT,
        "voipbin.activeflow.complete_count": str(complete_count),
    }


def address_facts(prefix: str, address: Address) -> dict[str, str]:
    """`<prefix>.type`, `.target`, `.target_name`, `.name`, `.detail`."""
    return {
        f"{prefix}.type": address.type,
        f"{prefix}.target": address.target,
        f"{prefix}.target_name": address.target_name,
        f"{prefix}.name": address.name,
        f"{prefix}.detail": address.detail,
    }


def call_facts(call: Call) -> dict[str, str]:
    """`voipbin.call.*` but the digits, which the flow gathers."""
    facts = {
        "voipbin.call.id": id_text(call.id),
        "voipbin.call.direction": call.direction.value,
        "voipbin.call.master_call_id": id_text(call.master_call_id) if call.master_call_id else NIL_TEXT,
        **address_facts("voipbin.call.source", call.source),
        **address_facts("voipbin.call.destination", call.destination),
    }
    if call.extras is not None:
        facts.update(_trust_facts(call.extras))
    return facts


def _trust_facts(extras: CallExtras) -> dict[str, str]:
    """What was found of the caller and of the time, where somebody looked."""
    score = "" if extras.spam_score is None else str(extras.spam_score)
    found = {
        "voipbin.call.verstat": extras.verstat,
        "voipbin.call.caller_verdict": extras.caller_verdict,
        "voipbin.call.spam_score": score,
        "voipbin.call.hours": extras.hours,
    }
    return {name: value for name, value in found.items() if value}


def conversation_facts(
    conversation_id: UUID, message_id: UUID, *, own: Address, peer: Address, text: str, direction: str = "incoming"
) -> dict[str, str]:
    """`voipbin.conversation.*` and `voipbin.conversation_message.*` of an inbound message."""
    return {
        "voipbin.conversation.id": str(conversation_id),
        "voipbin.conversation.owner_id": NIL_TEXT,
        **address_facts("voipbin.conversation.self", own),
        **address_facts("voipbin.conversation.peer", peer),
        "voipbin.conversation_message.id": str(message_id),
        "voipbin.conversation_message.text": text,
        "voipbin.conversation_message.direction": direction,
    }


def queue_facts(queue: Queue, call: Queuecall) -> dict[str, str]:
    """`voipbin.queue.*` and `voipbin.queuecall.*`, of who waits and of who has left. Time-outs are in ms."""
    return {
        "voipbin.queue.id": str(queue.id),
        "voipbin.queue.name": queue.name,
        "voipbin.queue.detail": queue.detail,
        "voipbin.queuecall.id": str(call.id),
        "voipbin.queuecall.timeout_wait": str(call.wait_timeout_ms),
        "voipbin.queuecall.timeout_service": str(call.service_timeout_ms),
    }


def waiting_facts(outlook: Outlook) -> dict[str, str]:
    """Where somebody stands who waits: its place from 1 on, and times in seconds."""
    return {
        "voipbin.queue.size": str(outlook.size),
        "voipbin.queuecall.position": str(outlook.position),
        "voipbin.queuecall.waited": str(outlook.waited_s),
        "voipbin.queuecall.estimated_wait": str(outlook.estimated_wait_s),
    }


def conference_facts(conference: Conference) -> dict[str, str]:
    """`voipbin.conference.*`."""
    return {
        "voipbin.conference.id": str(conference.id),
        "voipbin.conference.name": conference.name,
        "voipbin.conference.detail": conference.detail,
    }


def stay_facts(participant: Participant, *, present: int) -> dict[str, str]:
    """A call's stay in a conference; `present` counts those who are in, itself included."""
    return {
        "voipbin.conference.size": str(present),
        "voipbin.conferencecall.id": str(participant.id),
    }


def recording_facts(recording: Recording) -> dict[str, str]:
    """`voipbin.recording.*`, of the flow that follows a recording."""
    prefix = "voipbin.recording"
    return {
        f"{prefix}.id": str(recording.id),
        f"{prefix}.reference_type": "call" if recording.conference_id is None else "confbridge",
        f"{prefix}.reference_id": str(recording.conference_id or recording.call_id),
        f"{prefix}.format": recording.format,
        f"{prefix}.recording_name": str(recording.id),
        f"{prefix}.filenames": f"{recording.id}.{recording.format}",
    }


def summary_facts(summary: AiSummary) -> dict[str, str]:
    """`voipbin.ai_summary.*`, of the flow that follows a summary."""
    return {
        "voipbin.ai_summary.id": str(summary.id),
        "voipbin.ai_summary.reference_type": summary.reference_type,
        "voipbin.ai_summary.reference_id": str(summary.reference_id or ""),
        "voipbin.ai_summary.language": summary.language,
        "voipbin.ai_summary.content": summary.content,
    }


def transcription_facts(transcription: Transcription) -> dict[str, str]:
    """`voipbin.transcribe.*`, of the flow that follows a transcription."""
    return {
        "voipbin.transcribe.id": str(transcription.id),
        "voipbin.transcribe.language": transcription.language,
        "voipbin.transcribe.direction": transcription.direction,
    }
