"""What a conference's status callback is told, in Twilio's words (`StatusCallbackEvent` and its parameters)."""

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Literal

from dialplane.domain.ids import to_sid
from dialplane.domain.rooms.conferences import Conference, Participant
from dialplane.services.eventing.status_callbacks import Told, tell
from dialplane.services.transaction import Database

RoomEvent = Literal[
    "conference-start",
    "conference-end",
    "participant-join",
    "participant-leave",
    "participant-mute",
    "participant-unmute",
    "participant-hold",
    "participant-unhold",
    "participant-modify",
    "participant-speech-start",
    "participant-speech-stop",
    "announcement-end",
    "announcement-fail",
]

WISHES: dict[RoomEvent, str] = {
    "conference-start": "start",
    "conference-end": "end",
    "participant-join": "join",
    "participant-leave": "leave",
    "participant-mute": "mute",
    "participant-unmute": "mute",
    "participant-hold": "hold",
    "participant-unhold": "hold",
    "participant-modify": "modify",
    "participant-speech-start": "speaker",
    "participant-speech-stop": "speaker",
    "announcement-end": "announcement",
    "announcement-fail": "announcement",
}
"""What of `statusCallbackEvent` asks for each event."""
USUAL_WISHES = frozenset({"start", "end"})
"""Told where a callback names no event."""


@dataclass(frozen=True, slots=True)
class StatusTeller:
    """Fulfils `conferences.Teller` by deliveries, one after the other for each conference."""

    database: Database

    async def tell(self, conference: Conference, parameters: tuple[tuple[str, str], ...], now: datetime) -> None:
        if conference.callback is None:
            return
        told = Told(conference.account_id, conference.id, conference.callback, parameters)
        async with self.database.transaction() as tx:
            await tell(tx, [told], now)


def is_wanted(conference: Conference, event: RoomEvent) -> bool:
    callback = conference.callback
    return callback is not None and WISHES[event] in (callback.events or USUAL_WISHES)


def parameters(
    conference: Conference, event: RoomEvent, who: Participant | None, *, sequence: int, now: datetime
) -> tuple[tuple[str, str], ...]:
    """In the order in which Twilio documents them."""
    told = [
        ("ConferenceSid", to_sid("CF", conference.id)),
        ("FriendlyName", conference.name),
        ("AccountSid", to_sid("AC", conference.account_id)),
        ("SequenceNumber", str(sequence)),
        ("Timestamp", format_datetime(now)),
        ("StatusCallbackEvent", event),
    ]
    if who is not None:
        told += [
            ("CallSid", to_sid("CA", who.call_id)),
            ("Muted", _flag(who.muted)),
            ("Hold", _flag(who.hold)),
            ("Coaching", _flag(who.coached_call_id is not None)),
            ("EndConferenceOnExit", _flag(who.ends)),
            ("StartConferenceOnEnter", _flag(who.starts)),
        ]
        if who.label:
            told.append(("ParticipantLabel", who.label))
    if event == "conference-end":
        told.append(("ReasonConferenceEnded", conference.end_reason or "last-participant-left"))
        if conference.ended_by is not None:
            told.append(("CallSidEndingConference", to_sid("CA", conference.ended_by)))
    return tuple(told)


def _flag(value: bool) -> str:
    return "true" if value else "false"
