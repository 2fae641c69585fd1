"""Flows that are ready to use: actions as somebody would have written them; nothing of them is special."""

import json
from dataclasses import dataclass
from uuid import UUID

LONGEST_MESSAGE_S = 600
LONGEST_GREETING = 1000
GREETING = "Nobody can take your call. Please leave a message after the tone, and press hash when you are done."

Actions = list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class Voicemail:
    """A greeting, a tone, the caller's message, and where it goes: by e-mail, to a webhook, or both."""

    greeting: str = GREETING
    language: str = "en-US"
    email: str = ""
    webhook: str = ""
    longest_s: int = 120
    silence_s: int = 5
    """So much silence ends the recording."""


def voicemail(wanted: Voicemail, deliver_flow_id: UUID) -> Actions:
    """The flow of the number. The recording goes on beside it until silence, `#`, the length or the hang-up ends it;
    then `deliver_flow_id` begins."""
    return [
        {"type": "answer"},
        {"type": "talk", "option": {"text": wanted.greeting, "language": wanted.language}},
        {"type": "beep"},
        {
            "type": "recording_start",
            "option": {
                "format": "wav",
                "end_of_silence": wanted.silence_s,
                "end_of_key": "#",
                "duration": wanted.longest_s,
                "on_end_flow_id": str(deliver_flow_id),
            },
        },
        {"type": "digits_receive", "option": {"duration": wanted.longest_s * 1000, "key": "#"}},
        {"type": "recording_stop"},
        {"type": "hangup"},
    ]


def deliver_voicemail(wanted: Voicemail) -> Actions:
    """The flow that begins when the message was recorded."""
    actions: Actions = []
    if wanted.email:
        actions.append(
            {
                "type": "email_send",
                "option": {
                    "destinations": [{"type": "email", "target": wanted.email}],
                    "subject": "A new voicemail",
                    "content": "Somebody left you a message. It is attached.",
                    "attachments": [{"reference_type": "recording", "reference_id": "${voipbin.recording.id}"}],
                },
            }
        )
    if wanted.webhook:
        told = {
            "event": "voicemail",
            "recording_id": "${voipbin.recording.id}",
            "call_id": "${voipbin.recording.reference_id}",
        }
        option = {"uri": wanted.webhook, "method": "POST", "data": json.dumps(told)}
        actions.append({"type": "webhook_send", "option": option})
    return actions
