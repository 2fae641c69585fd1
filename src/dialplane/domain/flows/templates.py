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


@dataclass(frozen=True, slots=True)
class Menu:
    """A greeting, one key, and where each key leads: its number, or "" for a step to fill in."""

    greeting: str
    destinations: tuple[tuple[str, str], ...]
    """Key and number."""
    language: str = "en-US"


def menu(wanted: Menu) -> Actions:
    """An IVR: a key that leads nowhere is told so, and the caller may choose three times in all."""
    ask, wrong, again = _named(1), _named(2), _named(3)
    places = {key: _named(10 + at) for at, (key, _) in enumerate(wanted.destinations)}
    actions: Actions = [
        {"type": "answer"},
        {"id": ask, **_talk(wanted.greeting, wanted.language)},
        {"type": "digits_receive", "option": {"duration": 8000, "length": 1}},
        {"type": "branch", "option": {"target_ids": places, "default_target_id": wrong}},
        {"id": wrong, **_talk("That was not one of the choices.", wanted.language)},
        {"id": again, "type": "goto", "option": {"target_id": ask, "loop_count": 2}},
        {"type": "hangup"},
    ]
    for key, number in wanted.destinations:
        actions += [
            {"id": places[key], **_talk("One moment, please.", wanted.language)},
            {"type": "connect", "option": {"destinations": [{"type": "tel", "target": number}]}},
            {"type": "hangup"},
        ]
    return actions


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """From Monday to Friday between two full hours of a zone calls are connected; else a text is said."""

    number: str
    timezone: str
    opens: int
    closes: int
    closed: str
    language: str = "en-US"


def business_hours(wanted: BusinessHours) -> Actions:
    closed = _named(1)

    def check(condition: str, **parts: object) -> dict[str, object]:
        # A part below 0 is not compared; one that is left out would count as 0.
        option = {"condition": condition, "hour": -1, "minute": -1, "timezone": wanted.timezone, **parts}
        return {"type": "condition_datetime", "option": {**option, "false_target_id": closed}}

    return [
        check("==", weekdays=[1, 2, 3, 4, 5]),
        check(">=", hour=wanted.opens),
        check("<", hour=wanted.closes),
        {"type": "answer"},
        {"type": "connect", "option": {"destinations": [{"type": "tel", "target": wanted.number}]}},
        {"type": "hangup"},
        {"id": closed, **_talk(wanted.closed, wanted.language)},
        {"type": "hangup"},
    ]


def auto_reply(text: str) -> Actions:
    """An answer to each message."""
    return [{"type": "conversation_send", "option": {"text": text}}]


def call_queue(greeting: str, queue_id: UUID, language: str = "en-US") -> Actions:
    """A greeting, then the queue; who was served or has waited too long goes on to the end."""
    return [
        {"type": "answer"},
        _talk(greeting, language),
        {"type": "queue_join", "option": {"queue_id": str(queue_id)}},
        _talk("Nobody is free. Please call again later.", language),
        {"type": "hangup"},
    ]


def _talk(text: str, language: str) -> dict[str, object]:
    return {"type": "talk", "option": {"text": text, "language": language}}


def _named(number: int) -> str:
    """An id for a step that others jump to; ids need only differ within one flow."""
    return str(UUID(int=0x4000_8000_0000_0000_0000 + number))
