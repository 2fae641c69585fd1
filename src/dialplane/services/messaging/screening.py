"""What stands in the way of messages, looked up for all of them in one statement: consent, pumping, quiet hours.

Every message of every face passes here on its way into the queue, and consent once more on its way out of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.calling.outbound_limits import PAUSE_TEXT, OutboundLimits
from dialplane.domain.errors import LimitExceeded, NotPermitted
from dialplane.domain.ids import AccountId, NumberId
from dialplane.domain.messaging.consent import ConsentSettings
from dialplane.domain.messaging.messages import Target, TargetStatus
from dialplane.domain.messaging.pumping import COMPLETION_WINDOW, PUMPING_WINDOW, completes, is_run, neighbours_of
from dialplane.domain.messaging.quiet_hours import wakes_at
from dialplane.domain.numbering.numbers import Number
from dialplane.services.messaging.sender_pools import free_at
from dialplane.services.transaction import Transaction

OPTED_OUT = 21610
OPT_OUT_REASON = "the receiver has opted out of messages from this sender"


@dataclass(frozen=True, slots=True)
class Reach:
    """From which number a message goes to whom."""

    account_id: AccountId
    number_id: NumberId
    own: str
    peers: tuple[str, ...]
    neighbours: tuple[str, ...]
    """Numbers beside the peers'."""


@dataclass(frozen=True, slots=True)
class Obstacles:
    """What the store knows of a message's receivers."""

    settings: ConsentSettings
    is_paused: bool
    """The account's outgoing traffic stands still (FRD-5)."""
    limits: OutboundLimits
    """Of the account's messages, and of nothing else."""
    pool_id: UUID | None
    number_rate: int
    destination_rate: int
    opted_out: frozenset[str]
    known: frozenset[str]
    """Those whom this number has a conversation with already."""
    neighbours: frozenset[str]
    """Numbers beside them that the account has written to lately."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message before it is screened."""

    account_id: AccountId
    number: Number
    destinations: tuple[Address, ...]
    parts: int
    send_at: datetime
    now: datetime
    past_consent: bool = False
    """The answer to a word of consent, which always goes out."""
    is_reply: bool = False
    """It answers a message: nobody is woken by it."""

    @property
    def peers(self) -> list[str]:
        return [destination.target for destination in self.destinations]


@dataclass(frozen=True, slots=True)
class Screened:
    """What becomes of one receiver. `due_at` is when its message goes out."""

    target: Target
    due_at: datetime

    @property
    def is_refused(self) -> bool:
        return self.target.status is TargetStatus.FAILED


class Screening:
    """Screens the messages of one transaction, in order: whom one of them goes to counts for those after it."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._written: dict[AccountId, set[str]] = {}
        self._completions: dict[AccountId, tuple[int, int]] = {}

    async def look_up(self, messages: Sequence[Outgoing]) -> Sequence[Obstacles]:
        """For each message, in order."""
        if not messages:
            return []
        asked = []
        for each in messages:
            around = sorted({neighbour for peer in each.peers for neighbour in neighbours_of(peer)})
            asked.append(Reach(each.account_id, each.number.id, each.number.number, tuple(each.peers), tuple(around)))
        return await self._tx.consent.screen(asked, since=min(each.now for each in messages) - PUMPING_WINDOW)

    async def screen(self, message: Outgoing, found: Obstacles) -> list[Screened]:
        """In the order of the destinations.

        Raises NotPermitted where nobody is left who may be written to, LimitExceeded where the account is paused.
        """
        if found.is_paused and not message.past_consent:
            raise LimitExceeded(PAUSE_TEXT, reason="OUTBOUND_LIMIT_REACHED", field="destinations")
        held = "" if message.past_consent else await self._why_held(message, found)
        written = self._written.setdefault(message.account_id, set())
        written |= found.neighbours
        screened = []
        for destination in message.destinations:
            written.add(destination.target)
            screened.append(await self._screen_one(message, destination, found, held))
        if all(each.is_refused for each in screened):
            raise NotPermitted(
                f"{message.peers[0]} has opted out of messages from {message.number.number}",
                reason="RECIPIENT_OPTED_OUT",
                field="destinations",
            )
        return screened

    async def _screen_one(self, message: Outgoing, destination: Address, found: Obstacles, held: str) -> Screened:
        peer, now = destination.target, message.now
        if found.settings.is_on and not message.past_consent and peer in found.opted_out:
            return Screened(
                Target(destination, TargetStatus.FAILED, message.parts, now, OPT_OUT_REASON, OPTED_OUT), now
            )
        due_at = await self._due_at(message, peer, found)
        status, reason = (TargetStatus.SCHEDULED if due_at > now else TargetStatus.QUEUED), ""
        if held or (not message.past_consent and await self._is_run(message.account_id, peer)):
            status, reason = TargetStatus.HELD, held or "held: many messages to consecutive numbers"
        return Screened(Target(destination, status, message.parts, now, reason), due_at)

    async def _due_at(self, message: Outgoing, peer: str, found: Obstacles) -> datetime:
        """When quiet hours and the rates of its pool let it go."""
        due_at = message.send_at
        if not (message.past_consent or message.is_reply):
            due_at = wakes_at(peer, found.settings.quiet_from, found.settings.quiet_to, due_at)
        if found.pool_id is None:
            return due_at
        return await free_at(
            self._tx,
            found.pool_id,
            message.number.number,
            peer,
            due_at,
            number_rate=found.number_rate,
            destination_rate=found.destination_rate,
        )

    async def _is_run(self, account_id: AccountId, peer: str) -> bool:
        """FRD-6. Who has written to the account is no made-up number: answering many of them is no pumping."""
        written = self._written[account_id]
        if not is_run(peer, written):
            return False
        heard = await self._tx.consent.heard_from(account_id, [peer, *neighbours_of(peer)])
        return peer not in heard and is_run(peer, written - heard)

    async def _why_held(self, message: Outgoing, found: Obstacles) -> str:
        """FRD-6: first messages to strangers wait where hardly any of the account's last ones arrived."""
        if found.known.issuperset(message.peers):
            return ""
        account_id = message.account_id
        if account_id not in self._completions:
            since = message.now - COMPLETION_WINDOW
            self._completions[account_id] = await self._tx.consent.completion(account_id, since=since)
        total, delivered = self._completions[account_id]
        return "" if completes(total, delivered) else f"held: of the last {total} messages {delivered} arrived"
