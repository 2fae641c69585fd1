"""The port to what is kept of messages: texts, conversations, what waits to be sent or run, the simulated carrier's."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.ids import AccountId, AgentId, ConversationId, FlowId, MessageId, RunId
from dialplane.domain.messaging.feedback import Feedback
from dialplane.domain.messaging.message_queries import MessageQuery
from dialplane.domain.messaging.messages import (
    Conversation,
    ConversationMessage,
    Message,
    MessageExtras,
    Target,
    TargetStatus,
)
from dialplane.domain.programs.sources import DocumentSource


@dataclass(frozen=True, slots=True)
class QueuedTarget:
    """A receiver whose message `worker` may hand to the carrier until its lease ends."""

    message_id: MessageId
    account_id: AccountId
    position: int
    source: Address
    destination: Address
    text: str
    medias: tuple[str, ...]
    parts: int
    attempts: int
    worker: int
    extras: MessageExtras | None = None
    opted_out: bool = False
    """The receiver has opted out since the message was written."""


@dataclass(frozen=True, slots=True)
class MessageDocument:
    """The document that an inbound message runs."""

    source: DocumentSource
    message_id: MessageId
    api_version: str
    wish: str = ""
    """What the message says about consent (`OptOutType`); empty: nothing."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A run that an inbound message started: of a flow, or of a document. `own` is the number that it came to."""

    run_id: RunId
    account_id: AccountId
    flow_id: FlowId | None
    own: str
    document: MessageDocument | None = None


@dataclass(frozen=True, slots=True)
class SandboxMessage:
    """What the simulated carrier was given."""

    id: UUID
    source: str
    destination: str
    text: str
    medias: tuple[str, ...]
    segments: int
    receipt: TargetStatus
    receipt_due_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be sent, with the conversation of each target and the time at which it is due."""

    message: Message
    conversations: Sequence[ConversationId]
    due_at: Sequence[datetime]


class MessageStore(Protocol):
    """Port. Deleted messages and conversations are never found."""

    async def add_many(self, messages: Sequence[NewMessage]) -> set[MessageId]:
        """Insert messages to be sent, with their targets; which they were: those of a known key are not."""
        ...

    async def find(self, account_id: AccountId, message_id: MessageId, *, lock: bool = False) -> Message | None: ...

    async def add_received(self, messages: Sequence[tuple[Message, ConversationId]]) -> int:
        """Insert messages that came in, each with its one target; how many were: those of a known key are not."""
        ...

    async def find_by_key(self, key: str) -> Message | None: ...

    async def find_by_keys(self, keys: Sequence[str]) -> Sequence[Message]: ...

    async def find_many(self, message_ids: Sequence[MessageId], *, lock: bool = False) -> dict[MessageId, Message]:
        """Of any account. They are locked in the order of their ids, so that no two callers wait for each other."""
        ...

    async def find_by_carrier_ids(self, carrier_ids: Sequence[str]) -> Mapping[str, tuple[MessageId, int]]:
        """By the carrier's id the message and the target's position."""
        ...

    async def list_for(self, account_id: AccountId, *, before: datetime | None, limit: int) -> Sequence[Message]: ...

    async def search(self, query: MessageQuery) -> tuple[Sequence[Message], int]:
        """One page, and how many there are in all."""
        ...

    async def delete(self, message_id: MessageId, now: datetime) -> None: ...

    async def redact(self, message_id: MessageId, now: datetime) -> None:
        """Take its text away."""
        ...

    async def find_feedback(self, message_id: MessageId) -> Feedback | None: ...

    async def save_feedback(self, message_id: MessageId, feedback: Feedback) -> None: ...

    async def open_conversations(self, drafts: Sequence[Conversation]) -> Sequence[Conversation]:
        """For each draft the conversation of its pair; the draft itself, its id included, where there was none. No two
        are of one pair."""
        ...

    async def find_conversation(
        self, account_id: AccountId, conversation_id: ConversationId, *, lock: bool = False
    ) -> Conversation | None: ...

    async def conversations_of_many(
        self, message_ids: Collection[MessageId]
    ) -> Mapping[MessageId, Sequence[Conversation]]:
        """As `conversations_of`, by the message."""
        ...

    async def conversations_of(self, message_id: MessageId) -> Sequence[Conversation]:
        """By the position of the message's targets."""
        ...

    async def list_conversations(
        self, account_id: AccountId, *, owner_id: AgentId | None, before: datetime | None, limit: int
    ) -> Sequence[Conversation]: ...

    async def last_in(self, conversations: Sequence[Conversation]) -> Sequence[ConversationMessage]:
        """The newest message of each; a conversation without any is left out."""
        ...

    async def save_conversation(self, conversation: Conversation) -> None:
        """Name, detail, owner and time of the change."""
        ...

    async def list_conversation_messages(
        self, conversation: Conversation, *, before: datetime | None, limit: int
    ) -> Sequence[ConversationMessage]: ...

    async def count_from_runs(self, conversation_id: ConversationId, *, since: datetime) -> int:
        """Messages that runs have sent in the conversation."""
        ...

    async def claim_targets(
        self, worker: int, *, now: datetime, until: datetime, limit: int
    ) -> Sequence[QueuedTarget]: ...

    async def set_targets(self, targets: Sequence[tuple[MessageId, int, Target, str | None]]) -> None:
        """Where the targets of messages, by their positions, stand now; of one that is named twice the last counts. The
        carrier's id stays where there is none."""
        ...

    async def cancel_waiting(self, message_id: MessageId, now: datetime) -> Sequence[int]:
        """Cancel the targets that wait for their time and that no worker has taken; their positions."""
        ...

    async def postpone_target(self, queued: QueuedTarget, *, due_at: datetime) -> None:
        """Count the attempt and let go of the lease."""
        ...

    async def leave_target(self, queued: QueuedTarget, *, due_at: datetime) -> None:
        """Let go of the lease without counting an attempt: somebody else brings the answer."""
        ...

    async def add_run_requests(self, requests: Sequence[tuple[RunRequest, datetime]]) -> None:
        """Each with the time from which on it may be driven."""
        ...

    async def claim_runs(self, worker: int, *, now: datetime, until: datetime, limit: int) -> Sequence[RunRequest]: ...

    async def finish_run(self, run_id: RunId) -> None: ...

    async def bring_nearer(self, by: timedelta) -> None:
        """Let everything that is scheduled be due so much sooner."""
        ...

    async def free_target_leases(self) -> None:
        """Give back targets that are leased to a worker that is gone."""
        ...

    async def free_run_leases(self, worker: int, *, driving: Sequence[RunId]) -> None:
        """Give back runs that are leased to a worker that is gone, or to `worker` though it does not drive them."""
        ...

    async def add_to_sandbox(self, sent: Sequence[SandboxMessage]) -> None:
        """The second one of an id has no effect."""
        ...

    async def list_sandbox(self, destination: str, *, limit: int) -> Sequence[SandboxMessage]:
        """Newest first; every destination where it is empty."""
        ...

    async def take_sandbox_receipts(self, *, now: datetime, limit: int) -> Sequence[SandboxMessage]: ...
