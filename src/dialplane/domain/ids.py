"""Identifiers: UUIDs of version 7 (RFC 9562), and the prefixed sids that the Restcomm and Twilio dialects show.

One id serves every dialect: a sid is a two-letter prefix and the 32 hex digits of the same UUID.
"""

import os
from datetime import UTC, datetime
from struct import Struct
from typing import NewType
from uuid import UUID, SafeUUID

AccountId = NewType("AccountId", UUID)
OrganizationId = NewType("OrganizationId", UUID)
AgentId = NewType("AgentId", UUID)
AccessKeyId = NewType("AccessKeyId", UUID)
NumberId = NewType("NumberId", UUID)
ItemId = NewType("ItemId", UUID)
OrderId = NewType("OrderId", UUID)
DocumentId = NewType("DocumentId", UUID)
PortId = NewType("PortId", UUID)
FlowId = NewType("FlowId", UUID)
ApplicationId = NewType("ApplicationId", UUID)
RunId = NewType("RunId", UUID)
CallId = NewType("CallId", UUID)
RecordingId = NewType("RecordingId", UUID)
MessageId = NewType("MessageId", UUID)
ConversationId = NewType("ConversationId", UUID)
ExtensionId = NewType("ExtensionId", UUID)
TrunkId = NewType("TrunkId", UUID)
SmppAccountId = NewType("SmppAccountId", UUID)
RouteId = NewType("RouteId", UUID)
PbxTrunkId = NewType("PbxTrunkId", UUID)
TagId = NewType("TagId", UUID)
ConferenceId = NewType("ConferenceId", UUID)
ConferencecallId = NewType("ConferencecallId", UUID)
QueueId = NewType("QueueId", UUID)
QueuecallId = NewType("QueuecallId", UUID)
EventId = NewType("EventId", UUID)
EndpointId = NewType("EndpointId", UUID)
DeliveryId = NewType("DeliveryId", UUID)
EntryId = NewType("EntryId", UUID)
HoldId = NewType("HoldId", UUID)
NotificationId = NewType("NotificationId", UUID)
TranscriptionId = NewType("TranscriptionId", UUID)
TranscriptId = NewType("TranscriptId", UUID)
PersonId = NewType("PersonId", UUID)
SessionId = NewType("SessionId", UUID)
PasskeyId = NewType("PasskeyId", UUID)

NIL = UUID(int=0)


def unless_nil(given: UUID | None) -> UUID | None:
    """The nil UUID names nothing: VoIPBIN's clients send it where they have nothing to name."""
    return None if given == NIL else given


_KEPT_TEXTS = 8192
_texts: dict[int, str] = {}
"""By the number of the id, which is hashed without a call of Python's, as the id itself is not."""


def id_text(value: UUID) -> str:
    """An id in lower case, with its hyphens. What happens is told in several shapes, each with the same few ids:
    writing one takes ten times a look-up."""
    text = _texts.get(value.int)
    if text is None:
        if len(_texts) >= _KEPT_TEXTS:
            _texts.clear()
        text = _texts[value.int] = str(value)
    return text


NIL_TEXT = id_text(NIL)

_new, _set, _UNKNOWN = object.__new__, object.__setattr__, SafeUUID.unknown
_CHANCES = Struct(">HQ")
_LOWEST_62 = (1 << 62) - 1
_random: list[int] = []
"""Random parts made ahead, each taken once: a system call for each id would cost as much as the id."""
os.register_at_fork(after_in_child=_random.clear)


def new_id(now: datetime) -> UUID:
    """A fresh UUID of version 7 whose first 48 bits are `now` in milliseconds (RFC 9562 section 5.7)."""
    milliseconds = int(now.timestamp() * 1000) & 0xFFFF_FFFF_FFFF
    made = _new(UUID)
    # What UUID(int=...) does, without its looks at six other arguments, which cost more than the id.
    _set(made, "int", milliseconds << 80 | _take_random())
    _set(made, "is_safe", _UNKNOWN)
    return made


def first_id(moment: datetime) -> UUID:
    """Not above any id that was made at `moment` or later: where ids are keys, they find what is new without an index
    on times."""
    return UUID(int=(int(moment.timestamp() * 1000) & 0xFFFF_FFFF_FFFF) << 80)


def _take_random() -> int:
    """The lower 80 bits: version, variant, and 74 bits of chance."""
    while True:
        try:
            return _random.pop()  # in one step, so that no two threads get the same
        except IndexError:
            chances = _CHANCES.iter_unpack(os.urandom(_CHANCES.size * 256))
            _random.extend((a & 0xFFF | 0x7000) << 64 | b & _LOWEST_62 | 0b10 << 62 for a, b in chances)


def utc_now() -> datetime:
    """The wall clock, aware and in UTC. For the edges only: the domain takes the time as an argument."""
    return datetime.now(UTC)


def find_uuid(text: str) -> UUID | None:
    """The UUID that a text is, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None


def to_sid(prefix: str, value: UUID) -> str:
    """`PN` and a UUID give `PN` and 32 hex digits."""
    return prefix + value.hex


def from_sid(prefix: str, sid: str) -> UUID:
    """The UUID of a sid.

    Raises ValueError where the prefix differs or the rest is not 32 hex digits.
    """
    if len(sid) != 34 or not sid.startswith(prefix):
        raise ValueError(f"not a {prefix} sid")
    return UUID(hex=sid[2:])
