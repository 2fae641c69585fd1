"""Chats on web pages: a widget names the flows, a session is one visitor's conversation (VoIPBIN reference 6.11)."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.ids import AccountId, FlowId, RunId

LONGEST_TEXT = 4096
MOST_MESSAGES = 1000
"""Of one session."""


@dataclass(frozen=True, slots=True)
class WebchatWidget:
    """What a page shows; `direct_hash` names it to visitors."""

    id: UUID
    account_id: AccountId
    name: str
    created_at: datetime
    detail: str = ""
    session_flow_id: FlowId | None = None
    """Is run when a session begins."""
    message_flow_id: FlowId | None = None
    """Is run for each message of the visitor."""
    direct_hash: str = ""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


class SessionStatus(StrEnum):
    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class WebchatSession:
    id: UUID
    account_id: AccountId
    widget_id: UUID
    created_at: datetime
    name: str = ""
    """What the visitor is called."""
    status: SessionStatus = SessionStatus.ACTIVE
    ended_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def visitor(self) -> Address:
        """The other party, in a run of the session."""
        return Address("web_session", str(self.id), name=self.name)

    def ended(self, now: datetime) -> "WebchatSession":
        return replace(self, status=SessionStatus.ENDED, ended_at=now, updated_at=now)


@dataclass(frozen=True, slots=True)
class WebchatMessage:
    """`incoming` is the visitor's."""

    id: UUID
    account_id: AccountId
    session_id: UUID
    direction: Literal["incoming", "outgoing"]
    text: str
    created_at: datetime
    run_id: RunId | None = None
    """The run that wrote it."""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
