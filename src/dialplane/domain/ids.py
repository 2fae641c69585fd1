"""Identifiers: UUIDs of version 7 (RFC 9562), and the prefixed sids that the Restcomm and Twilio dialects show.

One id serves every dialect: a sid is a two-letter prefix and the 32 hex digits of the same UUID.
"""

import os
from datetime import UTC, datetime
from typing import NewType
from uuid import UUID

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
EventId = NewType("EventId", UUID)
EndpointId = NewType("EndpointId", UUID)
DeliveryId = NewType("DeliveryId", UUID)
EntryId = NewType("EntryId", UUID)
HoldId = NewType("HoldId", UUID)

NIL = UUID(int=0)


def new_id(now: datetime) -> UUID:
    """A fresh UUID of version 7 whose first 48 bits are `now` in milliseconds (RFC 9562 section 5.7)."""
    milliseconds = int(now.timestamp() * 1000) & 0xFFFF_FFFF_FFFF
    random = int.from_bytes(os.urandom(10), "big")
    value = milliseconds << 80 | 0x7 << 76 | (random >> 68 & 0xFFF) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    return UUID(int=value)


def utc_now() -> datetime:
    """The wall clock, aware and in UTC. For the edges only: the domain takes the time as an argument."""
    return datetime.now(UTC)


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
