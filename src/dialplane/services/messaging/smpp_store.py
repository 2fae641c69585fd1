"""The port to what is kept of SMPP for accounts' systems: who may bind, sessions, what was taken and what waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dialplane.domain.ids import AccountId, MessageId, SmppAccountId
from dialplane.domain.messaging.alphabets import Alphabet
from dialplane.domain.messaging.smpp_accounts import SmppAccount


@dataclass(frozen=True, slots=True)
class SmppSession:
    """A live session; `owner_id` is the account's system or the carrier, `node` the process that has it."""

    id: UUID
    owner_id: UUID
    node: int
    bound: str
    peer: str
    bound_at: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """A message, or a part of one, that a peer handed over. `id` is what the peer knows it by."""

    id: UUID
    owner_id: UUID
    session_id: UUID
    sequence: int
    reference: int | None
    fingerprint: bytes
    source: str
    destination: str
    created_at: datetime
    wanted: int = 0
    part_of: str | None = None
    part_number: int | None = None
    text: str = ""
    message_id: MessageId | None = None
    data_coding: int = 0
    user_data: bytes | None = None
    """Of a part: its header and its octets; None: only the text is known."""
    alphabet: Alphabet = ""
    """That `user_data` is in."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One deliver_sm for a system. `user_data` and the like are in hex: the row is JSON."""

    id: UUID
    smpp_account_id: SmppAccountId
    source: str
    destination: str
    user_data: str
    created_at: datetime
    data_coding: int = 0
    esm_class: int = 0
    tlvs: tuple[tuple[int, str], ...] = ()
    attempts: int = 0


class SmppStore(Protocol):
    """Port. Deleted systems are not found."""

    async def insert_account(self, account: SmppAccount) -> bool:
        """False where a live one, of any account, has the system_id."""
        ...

    async def update_account(self, account: SmppAccount) -> None:
        """All but its system_id."""
        ...

    async def find_account(
        self, account_id: AccountId, smpp_account_id: SmppAccountId, *, lock: bool = False
    ) -> SmppAccount | None: ...

    async def find_system(self, system_id: str) -> SmppAccount | None:
        """Of any account that may use the platform."""
        ...

    async def get_system(self, smpp_account_id: SmppAccountId) -> SmppAccount | None:
        """Likewise."""
        ...

    async def list_accounts(
        self, account_id: AccountId, *, before: datetime | None, limit: int
    ) -> Sequence[SmppAccount]:
        """Newest first."""
        ...

    async def count_accounts(self, account_id: AccountId) -> int: ...

    async def receivers(self, account_id: AccountId) -> Sequence[SmppAccount]:
        """The account's systems that inbound messages go to."""
        ...

    async def open_session(self, session: SmppSession, *, most: int | None = None) -> bool:
        """False where the owner has `most` live sessions already."""
        ...

    async def close_session(self, session_id: UUID, *, in_order: bool) -> None:
        """`in_order`: the peer has had every answer, so that nothing of it comes again."""
        ...

    async def list_sessions(self, owner_id: UUID) -> Sequence[SmppSession]:
        """Live ones, on every node."""
        ...

    async def free_dead(self) -> None:
        """Take sessions of nodes that are gone away, and give back what they had under way."""
        ...

    async def claim_resent(self, taken: Taken, *, since: datetime) -> UUID | None:
        """The id of the same message from a session that is over without an end in order, if its answer may have been
        lost: it was never given, or sequence or reference are the same. It is this session's from now on."""
        ...

    async def add_taken(self, taken: Taken) -> None:
        """Insert it; a part that is there already keeps its first text."""
        ...

    async def lock_parts(self, owner_id: UUID, part_of: str) -> None:
        """Keep others from adding parts of this message until the transaction ends."""
        ...

    async def parts(self, owner_id: UUID, part_of: str, *, since: datetime) -> Sequence[Taken]:
        """Of a message that is not whole, in their order; older ones are taken away."""
        ...

    async def join_parts(self, owner_id: UUID, part_of: str, message_id: MessageId) -> None:
        """They are this message now."""
        ...

    async def find_taken(self, owner_id: UUID, taken_id: UUID) -> Taken | None:
        """Locked."""
        ...

    async def waiting_between(self, owner_id: UUID, source: str, destination: str) -> Sequence[MessageId]:
        """Messages that the owner handed over and that still wait for their time, the oldest first."""
        ...

    async def turn_into(self, taken_id: UUID, message_id: MessageId | None, *, wanted: int) -> None:
        """It is this message from now on, and `wanted` of its fate is told."""
        ...

    async def drop_parts(self, owner_id: UUID, part_of: str) -> None:
        """Of a message that is not whole."""
        ...

    async def note_answered(self, ids: Sequence[UUID]) -> None:
        """The peer's host has the answers."""
        ...

    async def taken_of(self, message_id: MessageId) -> Sequence[Taken]: ...

    async def settle_receipts(self, message_id: MessageId) -> None:
        """Nobody waits for a receipt any more."""
        ...

    async def add_deliveries(self, deliveries: Sequence[Delivery], *, due_at: datetime) -> None:
        """And wake whoever has a session of the system."""
        ...

    async def claim_deliveries(
        self, smpp_account_id: SmppAccountId, node: int, *, now: datetime, limit: int
    ) -> Sequence[Delivery]:
        """The oldest first."""
        ...

    async def drop_deliveries(self, ids: Sequence[UUID]) -> None: ...

    async def return_deliveries(self, ids: Sequence[UUID], *, due_at: datetime) -> None:
        """Count the attempt and let go of them."""
        ...

    async def forget(self, *, parts_before: datetime, taken_before: datetime, deliveries_before: datetime) -> None: ...
