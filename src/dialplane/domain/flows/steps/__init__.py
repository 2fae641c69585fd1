"""What each action does: from its options to a command or a jump, and from the command's result to what comes next.

Two tables, `BEGIN` and `RESUME`, hold one function a type. A type missing from `RESUME` needs nothing of its result.
"""

from collections.abc import Callable

from dialplane.domain.flows.steps import assistants, decisions, media, others, recognition, rooms
from dialplane.domain.flows.steps.step import Outcome, Step
from dialplane.domain.programs.commands import Result

BEGIN: dict[str, Callable[[Step], Outcome]] = {
    "ai_summary": assistants.ai_summary,
    "ai_talk": assistants.ai_talk,
    "ai_task": assistants.ai_task,
    "amd": recognition.amd,
    "answer": media.answer,
    "beep": media.beep,
    "block": decisions.block,
    "branch": decisions.branch,
    "call": others.call,
    "case_create": others.case_create,
    "condition_call_digits": decisions.condition_call_digits,
    "condition_call_status": decisions.condition_call_status,
    "condition_datetime": decisions.condition_datetime,
    "condition_variable": decisions.condition_variable,
    "confbridge_join": rooms.confbridge_join,
    "conference_join": rooms.conference_join,
    "connect": media.connect,
    "conversation_send": others.conversation_send,
    "digits_receive": media.digits_receive,
    "digits_send": media.digits_send,
    "echo": media.echo,
    "email_send": others.email_send,
    "empty": decisions.empty,
    "external_media_start": media.external_media_start,
    "external_media_stop": media.external_media_stop,
    "fetch": others.fetch,
    "fetch_flow": others.fetch_flow,
    "goto": decisions.goto,
    "hangup": media.hangup,
    "message_send": others.message_send,
    "mute": media.mute,
    "play": media.play,
    "queue_join": rooms.queue_join,
    "recording_start": media.recording_start,
    "recording_stop": media.recording_stop,
    "sleep": media.sleep,
    "stop": decisions.stop,
    "stream_echo": media.echo,
    "talk": media.talk,
    "transcribe_recording": recognition.transcribe_recording,
    "transcribe_start": recognition.transcribe_start,
    "transcribe_stop": recognition.transcribe_stop,
    "variable_set": decisions.variable_set,
    "webhook_send": others.webhook_send,
}

RESUME: dict[str, Callable[[Step, Result], Outcome]] = {
    "ai_summary": assistants.summarized,
    "ai_talk": assistants.conversed,
    "ai_task": assistants.conversed,
    "amd": recognition.machine_detected,
    "case_create": others.case_opened,
    "condition_call_status": decisions.call_status_told,
    "confbridge_join": rooms.conference_left,
    "conference_join": rooms.conference_left,
    "connect": media.connected,
    "digits_receive": media.digits_received,
    "email_send": others.email_kept,
    "fetch": others.fetched,
    "fetch_flow": others.flow_fetched,
    "queue_join": rooms.queue_left,
    "recording_start": media.recording_started,
    "transcribe_recording": recognition.transcription_started,
    "transcribe_start": recognition.transcription_started,
    "webhook_send": others.webhook_sent,
}
