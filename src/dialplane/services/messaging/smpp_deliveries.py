"""What goes to accounts' systems by SMPP: inbound messages, and receipts of what they sent. It waits in the store for a
session that may hear it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from dialplane.domain.ids import SmppAccountId, new_id
from dialplane.domain.messaging.messages import Message, Target, TargetStatus
from dialplane.domain.messaging.network_errors import error_of
from dialplane.domain.messaging.smpp_accounts import SmppAccount
from dialplane.services.messaging.short_messages import Piece, write_pieces
from dialplane.services.messaging.smpp_store import Delivery, Taken
from dialplane.services.transaction import Database, Transaction
from dialplane.smpp.pdu import RECEIPT
from dialplane.smpp.receipts import State, Told

PAUSE = timedelta(seconds=5)
"""Times the attempts made, after an answer that says: later."""
LONGEST_PAUSE = timedelta(minutes=10)
DELIVERIES_KEPT = timedelta(hours=72)
"""How long a message waits for a session, as message centres keep what nobody fetches."""
PARTS_KEPT = timedelta(hours=24)
TAKEN_KEPT = timedelta(days=7)
"""Receipts come within days."""

_WANTS_FINAL, _WANTS_FAILURE = 0x01, 0x02
"""registered_delivery, bits 1 and 0 (SMPP 3.4 section 5.2.17)."""
_STATES = {
    TargetStatus.DELIVERED: State.DELIVERED,
    TargetStatus.UNDELIVERED: State.UNDELIVERABLE,
    TargetStatus.GW_TIMEOUT: State.UNDELIVERABLE,
    TargetStatus.DLR_TIMEOUT: State.EXPIRED,
    TargetStatus.FAILED: State.REJECTED,
    TargetStatus.CANCELED: State.DELETED,
}


async def deliver_inbound(tx: Transaction, message: Message, now: datetime) -> bool:
    """Leave the message for every system of the account that inbound messages go to; False where there is none."""
    systems = await tx.smpp.receivers(message.account_id)
    deliveries = [each for system in systems for each in _deliveries(system, message, now)]
    if deliveries:
        await tx.smpp.add_deliveries(deliveries, due_at=now)
    return bool(deliveries)


def _deliveries(system: SmppAccount, message: Message, now: datetime) -> list[Delivery]:
    # Media have no place in a short message; their addresses have.
    text = "\n".join((message.text, *message.medias)) if message.medias else message.text
    pieces = write_pieces(text, message.id.int, long_messages=system.long_messages)
    source, destination = message.source.target, message.targets[0].destination.target
    return [_delivery(system.id, source, destination, piece, now) for piece in pieces]


async def owe_receipts(tx: Transaction, message: Message, positions: Iterable[int], now: datetime) -> None:
    """Leave receipts for whoever handed the message over and asked for them, where its fate is known."""
    known = [message.targets[position] for position in positions if message.targets[position].status in _STATES]
    if not known:
        return
    taken = await tx.smpp.taken_of(message.id)
    told = [
        _receipt(each, message, target, now) for target in known for each in taken if _wants(each.wanted, target.status)
    ]
    if told:
        await tx.smpp.add_deliveries(told, due_at=now)
    if taken and all(target.status in _STATES for target in message.targets):
        await tx.smpp.settle_receipts(message.id)


def _receipt(taken: Taken, message: Message, target: Target, now: datetime) -> Delivery:
    receipt = _told(taken.id.hex, message, target, now)
    piece = Piece(0, bytes(receipt), RECEIPT, receipt.tlvs)
    return _delivery(SmppAccountId(taken.owner_id), target.destination.target, message.source.target, piece, now)


def state_of(status: TargetStatus) -> State:
    """What a message centre calls it."""
    return _STATES.get(status, State.ENROUTE)


def _wants(wanted: int, status: TargetStatus) -> bool:
    if wanted & 0x03 == _WANTS_FAILURE:
        return status is not TargetStatus.DELIVERED
    return bool(wanted & _WANTS_FINAL)


def _told(message_id: str, message: Message, target: Target, now: datetime) -> Told:
    return Told(message_id, _STATES[target.status], error_of(target.error_code), message.created_at, now, message.text)


def _delivery(system_id: SmppAccountId, source: str, destination: str, piece: Piece, now: datetime) -> Delivery:
    return Delivery(
        new_id(now),
        system_id,
        source,
        destination,
        piece.octets.hex(),
        now,
        data_coding=piece.data_coding,
        esm_class=piece.esm_class,
        tlvs=tuple((int(tag), value.hex()) for tag, value in piece.tlvs.items()),
    )


async def claim_deliveries(
    database: Database, system_id: SmppAccountId, node: int, *, limit: int, now: datetime
) -> Sequence[Delivery]:
    """What waits for the system, the oldest first, for this process alone until it is settled."""
    async with database.transaction() as tx:
        return await tx.smpp.claim_deliveries(system_id, node, now=now, limit=limit)


async def settle_deliveries(database: Database, ids: Sequence[UUID]) -> None:
    """The system has them."""
    async with database.transaction() as tx:
        await tx.smpp.drop_deliveries(ids)


async def return_deliveries(database: Database, deliveries: Sequence[Delivery], now: datetime, *, later: bool) -> None:
    """Put them back, once: at once for another session, or for `later` where the system asked for that."""
    async with database.transaction() as tx:
        for each in deliveries:
            pause = min(PAUSE * (each.attempts + 1), LONGEST_PAUSE) if later else timedelta()
            await tx.smpp.return_deliveries([each.id], due_at=now + pause)


async def sweep(database: Database, now: datetime) -> None:
    """Give back what dead processes had under way, and forget what is too old."""
    async with database.transaction() as tx:
        await tx.smpp.free_dead()
        await tx.smpp.forget(
            parts_before=now - PARTS_KEPT, taken_before=now - TAKEN_KEPT, deliveries_before=now - DELIVERIES_KEPT
        )
