"""Messages on their way into the queue, by one transaction: checked, screened, paid for, kept and told of in a dozen
statements, however many they are. Each is decided in the order given, with the balance that those before it left; what
is refused keeps back none of the others."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce

from dialplane.domain.addresses import Address, is_tel, normalize_tel
from dialplane.domain.calling.destinations import check_allowed, is_landline
from dialplane.domain.charging.ledger import Hold, HoldRequest, Purse
from dialplane.domain.charging.rating import NOTHING, CostType, Price, Rate
from dialplane.domain.charging.tariffs import Tariff, priced_number
from dialplane.domain.errors import InsufficientBalance, Invalid, LimitExceeded, NotFound, Refusal, Unavailable
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, ConversationId, MessageId, new_id
from dialplane.domain.messaging.messages import (
    LONGEST_SCHEDULE,
    LOOP_WINDOW,
    MAX_DESTINATIONS,
    MAX_MEDIA,
    Conversation,
    Direction,
    Message,
    MessageExtras,
    TargetStatus,
    check_text,
    is_loop,
)
from dialplane.domain.numbering.numbers import VIRTUAL_PREFIX, Number
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.charging.ledger import reserve
from dialplane.services.charging.rates import tariffs
from dialplane.services.eventing.events import publish
from dialplane.services.messaging.media import note_media
from dialplane.services.messaging.message_store import NewMessage
from dialplane.services.messaging.messages import (
    MessageRequest,
    check_standing,
    conversation_events,
    conversation_party,
    hold_key,
    own_among,
    own_number,
    tell_statuses,
)
from dialplane.services.messaging.screening import Outgoing, Screened, Screening
from dialplane.services.messaging.segment_counts import count_parts
from dialplane.services.messaging.sender_pools import sender_of_pool
from dialplane.services.shapes.messages import message_shape
from dialplane.services.transaction import Transaction

PRICE_ABOVE_MAXIMUM = 30010
PRICE_REASON = "its price is above the maximum that was asked for"

_NO_EXTRAS, _NOBODY = MessageExtras(), Address("tel", "")


@dataclass(frozen=True, slots=True)
class Wish:
    """A message that an account wants sent, and when it said so."""

    account_id: AccountId
    request: MessageRequest
    now: datetime

    @property
    def key(self) -> str | None:
        """By account: two accounts may well choose the same."""
        return None if self.request.key is None else f"{self.account_id}:{self.request.key}"


async def queue_message(tx: Transaction, account_id: AccountId, request: MessageRequest, now: datetime) -> Message:
    """As `outbound_messages.send_message`, inside the caller's transaction."""
    [outcome] = await queue_many(tx, [Wish(account_id, request, now)])
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


async def queue_many(tx: Transaction, wishes: Sequence[Wish]) -> list[Message | Refusal]:
    """The message of each, queued, or why it is not sent; the checks come in the documented order.

    Raises LimitExceeded where a run's message goes round in a loop (SMS-7): such messages come alone.
    """
    drafts = [_Draft(wish) for wish in wishes]
    await _find_known(tx, drafts)
    await _each(drafts, lambda draft: _read(tx, draft))
    if going := _going(drafts):
        desk = await _open_desk(tx, going)
        await _each(going, desk.judge)
        await desk.screen(_going(going))
        await _write(tx, desk, _going(going))
    return [(draft.same_as or draft).settled() for draft in drafts]


@dataclass(slots=True)
class _Draft:
    """A wish on its way to its message; what is known of it grows from step to step."""

    wish: Wish
    refusal: Refusal | None = None
    message: Message | None = None
    is_known: bool = False
    """The message is one of before, of the same key."""
    same_as: "_Draft | None" = None
    """An earlier one of the same key."""
    text: str = ""
    parts: int = 0
    extras: MessageExtras = _NO_EXTRAS
    send_at: datetime = datetime.min
    called: Sequence[str] = ()
    rates: Sequence[Rate] = ()
    source: Address = _NOBODY
    destinations: tuple[Address, ...] = ()
    number: Number | None = None
    screened: Sequence[Screened] = ()
    holds: Sequence[Hold] = ()

    def settled(self) -> Message | Refusal:
        outcome = self.refusal or self.message
        assert outcome is not None  # every step ends in one of them
        return outcome


def _going(drafts: Iterable[_Draft]) -> list[_Draft]:
    """Those that nothing speaks against."""
    return [draft for draft in drafts if draft.refusal is None and draft.same_as is None and not draft.is_known]


async def _each(drafts: Iterable[_Draft], step: Callable[[_Draft], Awaitable[None]]) -> None:
    """Take the step with those that nothing speaks against; a refusal ends one of them."""
    for draft in _going(drafts):
        try:
            await step(draft)
        except Unavailable:
            raise
        except Refusal as refusal:
            draft.refusal = refusal


# --- what they are ---


async def _find_known(tx: Transaction, drafts: Sequence[_Draft]) -> None:
    """The second message of a key is the first one."""
    keys = [draft.wish.key for draft in drafts if draft.wish.key is not None]
    found = {message.key: message for message in await tx.messages.find_by_keys(keys)} if keys else {}
    first: dict[str, _Draft] = {}
    for draft in drafts:
        if not draft.wish.request.destinations:
            draft.refusal = Invalid("destinations must not be empty", field="destinations")
        elif (key := draft.wish.key) is not None:
            draft.message = found.get(key)
            draft.is_known = draft.message is not None
            draft.same_as = first.get(key)
            first.setdefault(key, draft)


async def _read(tx: Transaction, draft: _Draft) -> None:
    request = draft.wish.request
    draft.text = _checked_text(request)
    draft.parts = await count_parts(tx, request.source.target, draft.text, wide=request.encoding == "ucs2")
    draft.extras = request.extras or draft.extras
    draft.send_at = _send_at(draft.extras, draft.wish.now)
    draft.called = [priced_number(destination.target) for destination in request.destinations]


def _checked_text(request: MessageRequest) -> str:
    if len(request.destinations) > MAX_DESTINATIONS:
        raise Invalid(f"A message has at most {MAX_DESTINATIONS} destinations", field="destinations")
    if len(request.medias) > MAX_MEDIA:
        raise Invalid(f"A message has at most {MAX_MEDIA} media", field="medias")
    return check_text(request.text, request.medias)


def _send_at(extras: MessageExtras, now: datetime) -> datetime:
    """When it goes out: its time where it has one. Raises Invalid where that is too far."""
    if extras.send_at is None:
        return now
    if extras.send_at > now + LONGEST_SCHEDULE:
        raise Invalid(f"A message is sent within {LONGEST_SCHEDULE.days} days", field="send_at")
    return max(extras.send_at, now)


# --- whether they may go ---


async def _open_desk(tx: Transaction, drafts: Sequence[_Draft]) -> "_Desk":
    """Look up, and lock, what the drafts have in common."""
    accounts = await tx.accounts.find_many({draft.wish.account_id for draft in drafts})
    purses = await tx.ledger.lock_purses(accounts)
    prices = await tariffs(tx, list(accounts), sorted({number for draft in drafts for number in draft.called}))
    sources = {priced_number(draft.wish.request.source.target) for draft in drafts}
    landlines = {target for draft in drafts if draft.wish.request.to_mobiles_only for target in _landlines(draft)}
    found = await tx.numbers.find_live(sorted(sources | landlines))
    return _Desk(tx, accounts, purses, prices, {number.number: number for number in found})


def _landlines(draft: _Draft) -> list[str]:
    return [target for target in draft.called if is_tel(target) and is_landline(target)]


class _Desk:
    """Decides the drafts of one transaction one after the other."""

    def __init__(
        self,
        tx: Transaction,
        accounts: Mapping[AccountId, Account],
        purses: dict[AccountId, Purse],
        prices: Mapping[AccountId, Tariff],
        live: Mapping[str, Number],
    ) -> None:
        self._tx = tx
        self._accounts = accounts
        self._prices = prices
        self._live = live
        self.purses = purses
        """Locked; they change as messages are paid for."""

    async def judge(self, draft: _Draft) -> None:
        wish = draft.wish
        account = self._accounts.get(wish.account_id)
        if account is None:
            raise NotFound("There is no such customer", reason="CUSTOMER_NOT_FOUND")
        check_standing(account)
        prices = self._prices[account.id]
        draft.rates = [prices.rate(CostType.SMS, number) for number in draft.called]
        needed = reduce(Price.plus, (rate.split(draft.parts, 0) for rate in draft.rates), NOTHING)
        if not self.purses[account.id].covers(needed):
            raise _broke()
        draft.source = await self._source(draft)
        draft.number = number = await self._own(account, draft.source)
        draft.destinations = tuple(_checked(each, n) for n, each in enumerate(wish.request.destinations))
        if not draft.extras.past_consent:  # who stopped is told so wherever they are
            self._check_reach(account, draft)
        if any(destination.target == number.number for destination in draft.destinations):
            raise Invalid("A message goes to another number than its own", reason="TO_IS_FROM", field="destinations")

    async def _source(self, draft: _Draft) -> Address:
        """As it is named, else from the named pool."""
        wish, pool_id = draft.wish, draft.extras.pool_id
        if wish.request.source.target or pool_id is None:
            return wish.request.source
        peer = _checked(wish.request.destinations[0], 0).target
        return await sender_of_pool(self._tx, wish.account_id, pool_id, peer)

    async def _own(self, account: Account, source: Address) -> Number:
        found = None if ":" in source.target else self._live.get(priced_number(source.target))
        return await own_number(self._tx, account, source) if found is None else own_among(account, source, [found])

    def _check_reach(self, account: Account, draft: _Draft) -> None:
        """FRD-1. To mobiles only: landlines get messages only where they are numbers of this platform."""
        for position, destination in enumerate(draft.destinations):
            target, name = destination.target, f"destinations[{position}]"
            if target.startswith(VIRTUAL_PREFIX):
                continue
            check_allowed(account, target, field=name, reason="RECEIVER_ABROAD")
            if draft.wish.request.to_mobiles_only and target not in self._live and is_landline(target):
                raise Invalid(f"{target} is a landline, which takes no messages", reason="TO_NOT_REACHABLE", field=name)

    async def screen(self, drafts: Sequence[_Draft]) -> None:
        """Consent, pumping, quiet hours; what passes becomes a message that is paid for."""
        screening = Screening(self._tx)
        asked = [_outgoing(draft) for draft in drafts]
        found = await screening.look_up(asked)
        known = {id(draft): pair for draft, pair in zip(drafts, zip(asked, found, strict=True), strict=True)}

        async def pass_on(draft: _Draft) -> None:
            draft.screened = _within_price(draft, await screening.screen(*known[id(draft)]))
            self._pay(draft)

        await _each(drafts, pass_on)

    def _pay(self, draft: _Draft) -> None:
        """Hold the price until the carrier took it. What is refused costs nothing."""
        message = _message(draft)
        requests = [
            HoldRequest(message.account_id, hold_key(message.id, position), rate, draft.parts, expires_at=None)
            for position, (rate, each) in enumerate(zip(draft.rates, draft.screened, strict=True))
            if not each.is_refused
        ]
        holds = reserve(self.purses, requests, draft.wish.now)
        if holds is None:
            raise _broke()
        draft.holds, draft.message = holds, message

    def give_back(self, draft: _Draft) -> None:
        """It was sent already: somebody else was first with its key."""
        for hold in draft.holds:
            self.purses[hold.account_id] = self.purses[hold.account_id].hold(NOTHING.minus(hold.price))


def _checked(destination: Address, position: int) -> Address:
    name = f"destinations[{position}]"
    if destination.type not in ("tel", ""):
        raise Invalid(f"{name}: a message goes to an address of type tel", field=name)
    return replace(destination, type="tel", target=normalize_tel(destination.target, field=name))


def _outgoing(draft: _Draft) -> Outgoing:
    assert draft.number is not None  # it was judged
    return Outgoing(
        draft.wish.account_id,
        draft.number,
        draft.destinations,
        draft.parts,
        draft.send_at,
        draft.wish.now,
        past_consent=draft.extras.past_consent,
        is_reply=draft.extras.origin == "reply",
    )


def _within_price(draft: _Draft, screened: Sequence[Screened]) -> list[Screened]:
    """Each held to the most that was asked for: as Twilio has it, what would cost too much is made and fails."""
    most = draft.extras.max_price_micros
    if most is None:
        return list(screened)
    prices = [rate.split(draft.parts, 0).micros for rate in draft.rates]
    return [
        each if price <= most or each.is_refused else _too_dear(each)
        for price, each in zip(prices, screened, strict=True)
    ]


def _too_dear(screened: Screened) -> Screened:
    target = screened.target
    failed = replace(target, status=TargetStatus.FAILED, reason=PRICE_REASON, error_code=PRICE_ABOVE_MAXIMUM)
    return replace(screened, target=failed)


def _message(draft: _Draft) -> Message:
    wish, request, number = draft.wish, draft.wish.request, draft.number
    assert number is not None  # it was judged
    return Message(
        MessageId(new_id(wish.now)),
        wish.account_id,
        Direction.OUTBOUND,
        replace(draft.source, target=number.number),
        tuple(each.target for each in draft.screened),
        draft.text,
        wish.now,
        medias=request.medias,
        number_id=number.id,
        run_id=request.run_id,
        key=wish.key,
        extras=request.extras,
    )


def _broke() -> InsufficientBalance:
    return InsufficientBalance("The balance does not cover this message", reason="INSUFFICIENT_BALANCE")


# --- writing ---


async def _write(tx: Transaction, desk: _Desk, drafts: Sequence[_Draft]) -> None:
    if not drafts:
        return
    rows, told = await _enter(tx, drafts)
    added = await tx.messages.add_many(rows)
    for draft, row in zip(drafts, rows, strict=True):
        if row.message.id not in added:
            desk.give_back(draft)
            draft.message, draft.is_known = await tx.messages.find_by_key(row.message.key or "") or row.message, True
    new = _going(drafts)
    messages = [row.message for row in rows if row.message.id in added]
    for message in messages:
        await note_media(tx, message, message.created_at)
    async with tx.together() as batch:
        await batch.ledger.add_holds([hold for draft in new for hold in draft.holds])
        await batch.ledger.save_purses(desk.purses.values())
        await publish(batch, *(event for message in messages for event in told[message.id]))
    changed = [(message, target) for message in messages for target in message.targets]
    await tell_statuses(tx, changed, max(draft.wish.now for draft in drafts))


async def _enter(
    tx: Transaction, drafts: Sequence[_Draft]
) -> tuple[list[NewMessage], Mapping[MessageId, Sequence[Event]]]:
    """The messages with their conversations, which are made where there are none, and what tells of each."""
    opening: dict[tuple[AccountId, str, str], Conversation] = {}
    for draft in drafts:
        for conversation in _conversations(draft):
            opening.setdefault(_pair(conversation), conversation)
    opened = dict(zip(opening, await tx.messages.open_conversations(list(opening.values())), strict=True))
    rows, told = [], {}
    for draft in drafts:
        assert draft.message is not None  # it is paid for
        message, conversations = draft.message, []
        events = [_event(message, "message_created", message_shape(message))]
        for target, wanted in zip(message.targets, _conversations(draft), strict=True):
            conversation, made = opened[_pair(wanted)], opening.pop(_pair(wanted), None)
            is_new = made is not None and made.id == conversation.id
            if message.run_id is not None and not is_new:
                await _stop_loops(tx, conversation, message.created_at)
            conversations.append(conversation.id)
            events += conversation_events(message, conversation, target, message.created_at, is_new=is_new)
        rows.append(NewMessage(message, conversations, [each.due_at for each in draft.screened]))
        told[message.id] = [*events, *_told_of_held(message)]
    return rows, told


def _conversations(draft: _Draft) -> list[Conversation]:
    """One for each receiver, as it begins."""
    message = draft.message
    assert message is not None  # it is paid for
    own, now = conversation_party(message.source), message.created_at
    return [
        Conversation(ConversationId(new_id(now)), message.account_id, own, conversation_party(target.destination), now)
        for target in message.targets
    ]


def _pair(conversation: Conversation) -> tuple[AccountId, str, str]:
    return conversation.account_id, conversation.own.target, conversation.peer.target


def _told_of_held(message: Message) -> list[Event]:
    """That an operator must look at the message first, where that is so."""
    held = next((target for target in message.targets if target.status is TargetStatus.HELD), None)
    return [] if held is None else [_event(message, "message_held", message_shape(message) | {"reason": held.reason})]


def _event(message: Message, name: str, shown: Mapping[str, object]) -> Event:
    return Event(message.account_id, name, message.id, shown, message.created_at, run_id=message.run_id)


async def _stop_loops(tx: Transaction, conversation: Conversation, now: datetime) -> None:
    """SMS-7: an auto-reply to an auto-reply ends."""
    if is_loop(await tx.messages.count_from_runs(conversation.id, since=now - LOOP_WINDOW)):
        raise LimitExceeded(
            f"{conversation.own.target} and {conversation.peer.target} answer each other in a loop; stopped",
            reason="RATE_LIMIT_EXCEEDED",
        )
