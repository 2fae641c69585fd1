"""Media of messages: fetched once from the address that named them, and kept."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from dialplane.domain.ids import AccountId, MessageId

LARGEST_MEDIA = 5 * 1024 * 1024
"""Bytes; Twilio's limit of a whole message."""
MEDIA_ATTEMPTS = 3


class MediaState(StrEnum):
    WAITING = "waiting"
    STORED = "stored"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Media:
    """One of a message's media. `url` is where it came from."""

    id: UUID
    message_id: MessageId
    account_id: AccountId
    position: int
    url: str
    content_type: str
    created_at: datetime
    size_bytes: int = 0
    state: MediaState = MediaState.WAITING
    reason: str = ""
    attempts: int = 0

    @property
    def key(self) -> str:
        """Its content in the store of objects."""
        return f"{self.account_id}/{self.id}"


def shown_type(stated: str, guessed: str) -> str:
    """What a server says its file is, unless that says nothing; only what a browser runs nothing of."""
    kind = stated.partition(";")[0].strip().lower()
    known = kind.startswith(("image/", "audio/", "video/")) or kind in ("application/pdf", "text/plain", "text/vcard")
    return kind if known and kind != "image/svg+xml" and len(kind) <= 80 else guessed
