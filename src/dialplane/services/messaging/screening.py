"""What stands in the way of a message, looked up for all its receivers in one statement: consent, pumping, quiet hours.

Every message of every face passes here on its way into the queue, and consent once more on its way out of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dialplane.domain.addresses import Address
from dialplane.domain.calling.outbound_limits import PAUSE_TEXT
from dialplane.domain.errors import LimitExceeded, NotPermitted
from dialplane.domain.ids import AccountId
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
class Obstacles:
    """What the store knows of a message's receivers."""

    settings: ConsentSettings
    is_paused: bool
    """The account's outgoing traffic stands still (FRD-5)."""
    pool_id: UUID | None
    number_rate: int
    destination_rate: int
    opted_out: frozenset[str]
    known: frozenset[str]
    """Those whom this number has a conversation with already."""
    neighbours: frozenset[str]
    """Numbers beside them that the account has written to lately."""


@dataclass(frozen=True, slots=True)
class Screened:
    """What becomes of one receiver. `due_at` is when its message goes out."""

    target: Target
    due_at: datetime

    @property
    def is_refused(self) -> bool:
        return self.target.status is TargetStatus.FAILED


async def screen(
    tx: Transaction,
    account_id: AccountId,
    number: Number,
    destinations: Sequence[Address],
    parts: int,
    *,
    send_at: datetime,
    now: datetime,
    past_consent: bool = False,
    is_reply: bool = False,
) -> list[Screened]:
    """In the order of the destinations. `past_consent` is the answer to a word of consent, which always goes out;
    `is_reply` what answers a message, which nobody is woken by.

    Raises NotPermitted where nobody is left who may be written to, LimitExceeded where the account is paused.
    """
    peers = [destination.target for destination in destinations]
    around = sorted({neighbour for peer in peers for neighbour in neighbours_of(peer)})
    found = await tx.consent.screen(account_id, number.id, number.number, peers, around, since=now - PUMPING_WINDOW)
    if found.is_paused and not past_consent:
        raise LimitExceeded(PAUSE_TEXT, reason="OUTBOUND_LIMIT_REACHED", field="destinations")
    heeds = found.settings.is_on and not past_consent
    held = "" if past_consent else await _why_held(tx, account_id, found, peers, now)
    written = set(found.neighbours)
    screened = []
    for destination in destinations:
        peer = destination.target
        written.add(peer)
        if heeds and peer in found.opted_out:
            target = Target(destination, TargetStatus.FAILED, parts, now, OPT_OUT_REASON, OPTED_OUT)
            screened.append(Screened(target, now))
            continue
        quiet = not (past_consent or is_reply)
        due_at = wakes_at(peer, found.settings.quiet_from, found.settings.quiet_to, send_at) if quiet else send_at
        if found.pool_id is not None:
            due_at = await free_at(
                tx,
                found.pool_id,
                number.number,
                peer,
                due_at,
                number_rate=found.number_rate,
                destination_rate=found.destination_rate,
            )
        status, reason = (TargetStatus.SCHEDULED if due_at > now else TargetStatus.QUEUED), ""
        if held or (not past_consent and is_run(peer, written)):
            status, reason = TargetStatus.HELD, held or "held: many messages to consecutive numbers"
        screened.append(Screened(Target(destination, status, parts, now, reason), due_at))
    if all(each.is_refused for each in screened):
        raise NotPermitted(
            f"{peers[0]} has opted out of messages from {number.number}",
            reason="RECIPIENT_OPTED_OUT",
            field="destinations",
        )
    return screened


async def _why_held(
    tx: Transaction, account_id: AccountId, found: Obstacles, peers: Sequence[str], now: datetime
) -> str:
    """FRD-6: first messages to strangers wait where hardly any of the account's last ones arrived."""
    if found.known.issuperset(peers):
        return ""
    total, delivered = await tx.consent.completion(account_id, since=now - COMPLETION_WINDOW)
    return "" if completes(total, delivered) else f"held: of the last {total} messages {delivered} arrived"
