"""What accounts' systems hand over by SMPP: once each, whole, and through the same door as every other message.

An answer may be lost on its way, and then its sender hands the message over again on its next session. So each message
is kept with its session until that has ended in order; what comes again from a session that did not is the same
message, and gets the same id (SMS-5).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from dialplane.domain.addresses import Address, normalize_tel, tel
from dialplane.domain.errors import Invalid
from dialplane.domain.ids import MessageId, new_id
from dialplane.domain.messaging.alphabets import Stretch, read_stretches
from dialplane.domain.messaging.concatenation import LONGEST_WAIT, MOST_PARTS, Header, Part, read_header
from dialplane.domain.messaging.messages import Message, MessageExtras
from dialplane.domain.messaging.smpp_accounts import SmppAccount
from dialplane.services.messaging.message_limits import telling_of_limits
from dialplane.services.messaging.message_queueing import queue_message
from dialplane.services.messaging.message_records import cancel_in
from dialplane.services.messaging.messages import MessageRequest
from dialplane.services.messaging.short_messages import Content
from dialplane.services.messaging.smpp_deliveries import owe_receipts
from dialplane.services.messaging.smpp_store import Taken
from dialplane.services.transaction import Database, Transaction

RESEND_WINDOW = timedelta(minutes=10)
"""How long after it was first taken a message may come again."""


@dataclass(frozen=True, slots=True)
class Handed:
    """One submit_sm, or one deliver_sm of a carrier, as it was handed over."""

    session_id: UUID
    sequence: int
    reference: int | None
    fingerprint: bytes
    """Of everything in it but its sequence number."""
    content: Content
    wanted: int = 0
    """registered_delivery."""
    send_at: datetime | None = None
    expires_at: datetime | None = None
    also: tuple[str, ...] = ()
    """Further receivers of a submit_multi."""
    data_coding: int = 0
    replaces: bool = False
    """What still waits between the two parties is not to go out any more (replace_if_present_flag)."""

    def taken(self, owner_id: UUID, now: datetime) -> Taken:
        part, stretch = self.content.part, self.content.stretch
        return Taken(
            new_id(now),
            owner_id,
            self.session_id,
            self.sequence,
            self.reference,
            self.fingerprint,
            self.content.source,
            self.content.destination,
            now,
            wanted=self.wanted,
            part_of=None if part is None else part_key(self, part),
            part_number=None if part is None else part.number,
            text="" if part is None else self.content.text,
            data_coding=self.data_coding,
            user_data=None if stretch is None else bytes(Header(part, stretch.tables)) + stretch.octets,
            alphabet="" if stretch is None else stretch.alphabet,
        )


async def take_submit(database: Database, system: SmppAccount, handed: Handed, now: datetime) -> UUID:
    """Send it, or keep it until the other parts are there; the id by which the system knows it.

    Raises what `send_message` does, and Invalid for a message of too many parts.
    """
    async with telling_of_limits(database, now), database.transaction() as tx:
        taken = handed.taken(system.id, now)
        known = await tx.smpp.claim_resent(taken, since=now - RESEND_WINDOW)
        if known is not None:
            return known
        text = await whole_text(tx, taken, handed.content, now)
        if text is None:
            return taken.id
        if handed.replaces:
            await cancel_between(tx, system, handed.content.source, handed.content.destination, now)
        message = await queue_message(tx, system.account_id, _request(taken, handed, text), now)
        await keep_whole(tx, taken, message.id)
        await owe_receipts(tx, message, range(len(message.targets)), now)
    return taken.id


async def whole_text(tx: Transaction, taken: Taken, content: Content, now: datetime) -> str | None:
    """The text of the message, once every part of it is there; until then the part is kept (SMS-6). A part that comes
    twice counts once; one that says something else than the part of its number begins a message of its own, since
    references are few and used again.

    Raises Invalid for a message of too many parts.
    """
    part = content.part
    if part is None or part.total == 1 or taken.part_of is None:
        return content.text
    if part.total > MOST_PARTS:
        raise Invalid(f"A message has {MOST_PARTS} parts at most", field="text")
    await tx.smpp.lock_parts(taken.owner_id, taken.part_of)
    parts = {
        each.part_number: each for each in await tx.smpp.parts(taken.owner_id, taken.part_of, since=now - LONGEST_WAIT)
    }
    same = parts.get(part.number)
    if same is not None and (same.text, same.user_data or taken.user_data) != (taken.text, taken.user_data):
        await tx.smpp.drop_parts(taken.owner_id, taken.part_of)
        parts = {}
    await tx.smpp.add_taken(taken)
    parts.setdefault(part.number, taken)
    if len(parts) < part.total:
        return None
    return _joined([parts[number] for number in range(1, part.total + 1)])


def _joined(parts: Sequence[Taken]) -> str:
    """Of parts in their order. Some may have been kept by a version that knew their text alone."""
    stretches = [stretch for each in parts if (stretch := _stretch(each)) is not None]
    return read_stretches(stretches) if len(stretches) == len(parts) else "".join(each.text for each in parts)


def _stretch(part: Taken) -> Stretch | None:
    if part.user_data is None:
        return None
    header, length = read_header(part.user_data)
    return Stretch(part.user_data[length:], part.alphabet, header.tables)


async def keep_whole(tx: Transaction, taken: Taken, message_id: MessageId) -> None:
    """The message that a handed one, or the parts kept before, became."""
    if taken.part_of is None:
        await tx.smpp.add_taken(replace(taken, message_id=message_id))
        return
    await tx.smpp.add_taken(taken)
    await tx.smpp.join_parts(taken.owner_id, taken.part_of, message_id)


async def note_answered(database: Database, ids: Sequence[UUID]) -> None:
    """The peer's host has the answers."""
    async with database.transaction() as tx:
        await tx.smpp.note_answered(ids)


async def cancel_between(
    tx: Transaction, system: SmppAccount, source: str, destination: str, now: datetime
) -> Sequence[Message]:
    """Keep back what the system handed over for the party and what still waits for its time."""
    cancelled = []
    for message_id in await tx.smpp.waiting_between(system.id, source, destination):
        message = await tx.messages.find(system.account_id, message_id, lock=True)
        if message is not None and message.is_waiting:
            cancelled.append(await cancel_in(tx, message, now))
    return cancelled


def part_key(handed: Handed, part: Part) -> str:
    """What all parts of one message have in common: parts of two senders, or to two receivers, are never joined."""
    content = handed.content
    peers = ",".join((content.destination, *handed.also))
    return f"{content.source}|{peers}|{part.reference}|{part.total}|{part.is_wide}"


def _request(taken: Taken, handed: Handed, text: str) -> MessageRequest:
    extras = MessageExtras(send_at=handed.send_at, expires_at=handed.expires_at, owes_receipts=True)
    return MessageRequest(
        Address("tel", taken.source),
        tuple(
            tel(normalize_tel(peer, field=f"destinations[{position}]"))
            for position, peer in enumerate((taken.destination, *handed.also))
        ),
        text,
        key=f"smpp:{taken.id}",
        extras=extras,
    )
