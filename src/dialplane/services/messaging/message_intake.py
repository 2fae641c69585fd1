"""Many messages on their way in, by one transaction: routed, charged, kept and told of in a dozen statements, however
many they are. Each is decided in the order of its arrival, with the balance that those before it left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from dialplane.domain.addresses import PHONE, Address, tel
from dialplane.domain.calling.routing import Considered, Origin, RouteDecision, Verdict, decide, user_forms
from dialplane.domain.charging.ledger import Charge, Purse
from dialplane.domain.charging.ledger import ReferenceType as LedgerReference
from dialplane.domain.charging.rating import CostType, Rate
from dialplane.domain.charging.tariffs import Tariff
from dialplane.domain.errors import InsufficientBalance
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, ConversationId, MessageId, new_id
from dialplane.domain.messaging.arrivals import InboundMessage, MessageRefused
from dialplane.domain.messaging.messages import (
    Conversation,
    Direction,
    Message,
    MessageExtras,
    Target,
    TargetStatus,
)
from dialplane.domain.messaging.segments import count_segments
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.targets import ForwardTarget
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.calling.arrivals import SANDBOX_COUNTRY
from dialplane.services.charging.ledger import Bill, draw_up
from dialplane.services.charging.rates import tariffs
from dialplane.services.eventing.events import publish
from dialplane.services.messaging.consent import hear
from dialplane.services.messaging.media import note_media
from dialplane.services.messaging.message_starts import Entered, Starts, answer_wish
from dialplane.services.messaging.messages import conversation_events, inbound_key
from dialplane.services.numbering.organization_numbers import Inquiry, find_channel, find_inside
from dialplane.services.shapes.calls import route_shape
from dialplane.services.shapes.messages import message_shape
from dialplane.services.transaction import Database, Transaction

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message whose text was checked, and when it came."""

    inbound: InboundMessage
    text: str
    now: datetime

    @property
    def parts(self) -> int:
        """What it is billed by."""
        return self.inbound.parts or count_segments(self.text).count

    @property
    def key(self) -> str | None:
        """The second message of a key is the first one."""
        carrier_id = self.inbound.carrier_id
        return f"in:{self.inbound.carrier}:{carrier_id}"[:300] if carrier_id else None


class RepeatedKey(Exception):
    """Somebody else took in a message of one of the keys at the same moment; nothing is written."""


async def take_in(database: Database, arrivals: Sequence[Arrival]) -> list[Message | MessageRefused]:
    """Keep, charge, tell of and start what comes of each, in order; or refuse it. Raises RepeatedKey."""
    async with database.transaction() as tx:
        return await take_in_by(tx, arrivals)


async def take_in_by(tx: Transaction, arrivals: Sequence[Arrival]) -> list[Message | MessageRefused]:
    """As `take_in`, inside the caller's transaction."""
    found = await _look_up(tx, arrivals)
    intake = _Intake(found)
    outcomes = [intake.take(arrival, n) for n, arrival in enumerate(arrivals)]
    await _write(tx, intake)
    return outcomes


# --- looking up ---


@dataclass(frozen=True, slots=True)
class _Found:
    """What the store knows of the arrivals; lists are in their order."""

    tried: list[tuple[str, ...]]
    live: Mapping[str, Number]
    inside: list[tuple[Considered, ...]]
    chosen: list[Number | None]
    accounts: Mapping[AccountId, Account]
    purses: dict[AccountId, Purse]
    """Locked; they change as messages are let in."""
    tariffs: Mapping[AccountId, Tariff]
    known: dict[str, Message]
    """Messages by key."""


async def _look_up(tx: Transaction, arrivals: Sequence[Arrival]) -> _Found:
    tried = [user_forms(arrival.inbound.destination, SANDBOX_COUNTRY) for arrival in arrivals]
    live = {each.number: each for each in await tx.numbers.find_live(sorted({form for some in tried for form in some}))}
    inside = [
        () if any(form in live for form in some) else await _find_inside(tx, arrival.inbound, some)
        for arrival, some in zip(arrivals, tried, strict=True)
    ]
    chosen = [
        next((live[form] for form in some if form in live), None)
        or next((each.number for each in considered if each.number), None)
        for some, considered in zip(tried, inside, strict=True)
    ]
    numbers = [number for number in chosen if number is not None]
    owners = {number.account_id for number in numbers}
    accounts = await tx.accounts.find_many(owners | {number.account_id for number in live.values()})
    purses = await tx.ledger.lock_purses(owners)
    prices = await tariffs(tx, owners, sorted({number.number for number in numbers}))
    keys = [arrival.key for arrival in arrivals if arrival.key is not None]
    known = {message.key or "": message for message in await tx.messages.find_by_keys(keys)} if keys else {}
    return _Found(tried, live, inside, chosen, accounts, purses, prices, known)


async def _find_inside(tx: Transaction, inbound: InboundMessage, tried: tuple[str, ...]) -> tuple[Considered, ...]:
    if inbound.domain is None:
        return await find_channel(tx, inbound.destination, tried)
    inquiry = Inquiry(inbound.destination, tried, inbound.domain, inbound.organization_id)
    (considered,) = await find_inside(tx, [inquiry])
    return considered


# --- deciding ---


class _Intake:
    """Decides the arrivals one after the other, and keeps what is to be written."""

    def __init__(self, found: _Found) -> None:
        self._found = found
        self.bills: list[Bill] = []
        self.entering: list[tuple[Message, Number, RouteDecision]] = []
        self.refusals: list[Event] = []

    def take(self, arrival: Arrival, n: int) -> Message | MessageRefused:
        found, inbound = self._found, arrival.inbound
        if arrival.key is not None and (known := found.known.get(arrival.key)) is not None:
            return known
        number, parts = found.chosen[n], arrival.parts
        message_id = MessageId(new_id(arrival.now))
        bill = None if number is None else self._bill(number, message_id, parts, arrival.now)
        decision = decide(
            "message",
            inbound.destination,
            found.tried[n],
            origin=inbound.origin,
            numbers={form: found.live[form] for form in found.tried[n] if form in found.live},
            accounts=found.accounts,
            can_pay=number is None or bill is not None,
            inside=found.inside[n],
        )
        account = found.accounts.get(number.account_id) if number else None
        if decision.verdict is Verdict.REFUSE or decision.number is None or account is None or bill is None:
            return self._refuse(inbound, decision, account, arrival.now)
        found.purses[decision.number.account_id] = bill.purse
        self.bills.append(bill)
        message = _message(arrival, message_id, decision.number, decision, parts)
        if message.key is not None:
            found.known[message.key] = message
        self.entering.append((message, decision.number, decision))
        return message

    def _bill(self, number: Number, message_id: MessageId, parts: int, now: datetime) -> Bill | None:
        """None where the account cannot pay."""
        purse = self._found.purses[number.account_id]
        rate = self._found.tariffs[number.account_id].rate(CostType.SMS, number.number)
        if not purse.covers(rate.split(parts, 0)):
            return None
        try:
            return draw_up(purse, _price(message_id, parts, rate, now), now)
        except InsufficientBalance:
            return None

    def _refuse(
        self, inbound: InboundMessage, decision: RouteDecision, account: Account | None, now: datetime
    ) -> MessageRefused:
        log.info("message_refused", refused=decision.refused.value, to=decision.normalized, carrier=inbound.carrier)
        if account is not None:
            self.refusals.append(_refusal(inbound, decision, account, now))
        return MessageRefused(decision.refused, decision.reason)


def _refusal(inbound: InboundMessage, decision: RouteDecision, account: Account, now: datetime) -> Event:
    refused_id = new_id(now)
    data = {
        "id": str(refused_id),
        "customer_id": str(account.id),
        "source": {"type": "tel", "target": inbound.source[:128]},
        "destination": {"type": "tel", "target": decision.normalized},
        "reason": decision.refused.value,
        "message": decision.reason,
        "route": route_shape(decision),
    }
    return Event(account.id, "message_refused", refused_id, data, now)


def _message(arrival: Arrival, message_id: MessageId, number: Number, decision: RouteDecision, parts: int) -> Message:
    inbound, now = arrival.inbound, arrival.now
    return Message(
        message_id,
        number.account_id,
        Direction.INBOUND,
        _party(inbound),
        (Target(tel(decision.normalized), TargetStatus.RECEIVED, parts, now),),
        arrival.text,
        now,
        medias=inbound.medias,
        number_id=number.id,
        key=arrival.key,
        raw_source=inbound.source[:255],
        raw_destination=inbound.destination[:255],
        extras=MessageExtras(headers=inbound.headers) if inbound.headers else None,
    )


def _party(inbound: InboundMessage) -> Address:
    """The sender in its normal form where it has one; short codes and names stay as they came. A phone of ours is one
    by its name, whatever that looks like."""
    raw = inbound.source
    if inbound.origin is Origin.EXTENSION:
        return Address(PHONE, raw[:128])
    normal = user_forms(raw, SANDBOX_COUNTRY)
    return tel(normal[0] if normal and normal[0].startswith("+") else raw[:128])


def _price(message_id: MessageId, parts: int, rate: Rate, now: datetime) -> Charge:
    return Charge(
        key=inbound_key(message_id),
        rate=rate,
        units=parts,
        reference_type=LedgerReference.SMS,
        reference_id=message_id,
        started_at=now,
        ended_at=now,
    )


# --- writing ---


async def _write(tx: Transaction, intake: _Intake) -> None:
    entered, events = await _keep(tx, intake)
    purses = {bill.purse.account_id: bill.purse for bill in intake.bills}
    async with tx.together() as batch:
        await batch.ledger.append([bill.entry for bill in intake.bills])
        if purses:
            await batch.ledger.save_purses(purses.values())
        await publish(batch, *intake.refusals, *events)
    starts = Starts(tx)
    wishes = await _hear_all(tx, entered)
    for each, wish in zip(entered, wishes, strict=True):
        await starts.start(each, wish)
    await starts.write()


async def _keep(tx: Transaction, intake: _Intake) -> tuple[list[Entered], list[Event]]:
    """Write the messages with their conversations; what came of each, and the events that tell of it."""
    if not intake.entering:
        return [], []
    drafts: dict[tuple[AccountId, str, str], Conversation] = {}
    pairs = []
    for message, _, _ in intake.entering:
        own, peer = message.targets[0].destination, message.source
        pairs.append((message.account_id, own.target, peer.target))
        if pairs[-1] not in drafts:
            conversation_id = ConversationId(new_id(message.created_at))
            drafts[pairs[-1]] = Conversation(conversation_id, message.account_id, own, peer, message.created_at)
    opened = await tx.messages.open_conversations(list(drafts.values()))
    conversations = dict(zip(drafts, opened, strict=True))
    kept = [(message, conversations[pair].id) for (message, _, _), pair in zip(intake.entering, pairs, strict=True)]
    if await tx.messages.add_received(kept) < len(kept):
        raise RepeatedKey
    entered, events = [], []
    for (message, number, decision), pair in zip(intake.entering, pairs, strict=True):
        conversation, draft = conversations[pair], drafts.pop(pair, None)
        is_new = draft is not None and draft.id == conversation.id
        await note_media(tx, message, message.created_at)
        events.append(_created(message))
        events += conversation_events(message, conversation, message.targets[0], message.created_at, is_new=is_new)
        target = None if isinstance(decision.target, ForwardTarget) else decision.target
        entered.append(Entered(message, conversation, number, target, message.created_at))
    return entered, events


def _created(message: Message) -> Event:
    return Event(message.account_id, "message_created", message.id, message_shape(message), message.created_at)


async def _hear_all(tx: Transaction, entered: Sequence[Entered]) -> list[str]:
    """What each says about consent; what one of them says holds for those after it."""
    asked = [(each.message.account_id, each.number.id, each.message.source.target) for each in entered]
    ears = await tx.consent.find_for(asked)
    wishes = []
    has_changed = False
    for each, ear, whom in zip(entered, ears, asked, strict=True):
        if has_changed:
            [ear] = await tx.consent.find_for([whom])
        heard = await hear(tx, each.message, ear, each.now)
        if heard is not None:
            has_changed = True
            if heard.answer:
                await answer_wish(tx, each, heard.answer)
        wishes.append(heard.wish.value if heard else "")
    return wishes
