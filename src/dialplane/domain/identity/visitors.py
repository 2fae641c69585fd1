"""Visitors: who holds a direct hash and nothing else, such as whoever reads a web page (reference 1.2, 1.4)."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

VisitedType = Literal["ai", "team", "webchat_widget"]
"""Resources whose direct hash opens a conversation in writing. The hashes of all others are only called."""

ConversationType = Literal["aicall", "webchat_session"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """One visitor at one resource, with the one conversation that the visitor may begin there and reach.

    Whoever reads the same page has the same hash, so what a visitor may reach is named by an id of its own.
    """

    resource_type: VisitedType
    resource_id: UUID
    conversation_id: UUID
    """Of the conversation, from before it begins."""

    @property
    def conversation_type(self) -> ConversationType:
        return "webchat_session" if self.resource_type == "webchat_widget" else "aicall"
