"""Whether messages may be sent: each is read, judged, screened and paid for in its order, with the balance that those
before it left. What is refused keeps back none of the others."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce

from dialplane.domain.addresses import Address, is_tel, normalize_tel
from dialplane.domain.calling.destinations import check_allowed, is_landline
from dialplane.domain.charging.ledger import Hold, HoldRequest, Purse
from dialplane.domain.charging.rating import NOTHING, CostType, Price, Rate
from dialplane.domain.charging.tariffs import Tariff, priced_number
from dialplane.domain.errors import InsufficientBalance, Invalid, NotFound, Refusal, Unavailable
from dialplane.domain.ids import AccountId, MessageId, new_id
from dialplane.domain.messaging.messages import (
    LONGEST_SCHEDULE,
    MAX_DESTINATIONS,
    MAX_MEDIA,
    Direction,
    Message,
    MessageExtras,
    TargetStatus,
    check_text,
)
from dialplane.domain.numbering.numbers import VIRTUAL_PREFIX, Number
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.charging.ledger import reserve
from dialplane.services.charging.rates import tariffs
from dialplane.services.messaging.message_limits import MessageLimits
from dialplane.services.messaging.messages import (
    MessageRequest,
    check_standing,
    hold_key,
    own_among,
    own_number,
)
from dialplane.services.messaging.screening import Outgoing, Screened, Screening
from dialplane.services.messaging.segment_counts import count_parts
from dialplane.services.messaging.sender_pools import sender_of_pool
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


@dataclass(slots=True)
class Draft:
    """A wish on its way to its message; what is known of it grows from step to step."""

    wish: Wish
    refusal: Refusal | None = None
    message: Message | None = None
    is_known: bool = False
    """The message is one of before, of the same key."""
    same_as: "Draft | None" = None
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


def remaining(drafts: Iterable[Draft]) -> list[Draft]:
    """Those that nothing speaks against."""
    return [draft for draft in drafts if draft.refusal is None and draft.same_as is None and not draft.is_known]


async def each_of(drafts: Iterable[Draft], step: Callable[[Draft], Awaitable[None]]) -> None:
    """Take the step with those that nothing speaks against; a refusal ends one of them."""
    for draft in remaining(drafts):
        try:
            await step(draft)
        except Unavailable:
            raise
        except Refusal as refusal:
            draft.refusal = refusal


async def read_draft(tx: Transaction, draft: Draft) -> None:
    """What can be said of it alone. Raises Invalid."""
    request = draft.wish.request
    draft.text = _checked_text(request)
    draft.extras = request.extras or draft.extras
    draft.parts = await count_parts(tx, request.source.target, draft.text, wide=draft.extras.is_wide)
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


async def open_desk(tx: Transaction, drafts: Sequence[Draft]) -> "Desk":
    """Look up, and lock, what the drafts have in common."""
    accounts = await tx.accounts.find_many({draft.wish.account_id for draft in drafts})
    purses = await tx.ledger.lock_purses(accounts)
    prices = await tariffs(tx, list(accounts), sorted({number for draft in drafts for number in draft.called}))
    sources = {priced_number(draft.wish.request.source.target) for draft in drafts}
    landlines = {target for draft in drafts if draft.wish.request.to_mobiles_only for target in _landlines(draft)}
    found = await tx.numbers.find_live(sorted(sources | landlines))
    return Desk(tx, accounts, purses, prices, {number.number: number for number in found})


def _landlines(draft: Draft) -> list[str]:
    return [target for target in draft.called if is_tel(target) and is_landline(target)]


class Desk:
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

    async def judge(self, draft: Draft) -> None:
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

    async def _source(self, draft: Draft) -> Address:
        """As it is named, else from the named pool."""
        wish, pool_id = draft.wish, draft.extras.pool_id
        if wish.request.source.target or pool_id is None:
            return wish.request.source
        peer = _checked(wish.request.destinations[0], 0).target
        return await sender_of_pool(self._tx, wish.account_id, pool_id, peer)

    async def _own(self, account: Account, source: Address) -> Number:
        found = None if ":" in source.target else self._live.get(priced_number(source.target))
        return await own_number(self._tx, account, source) if found is None else own_among(account, source, [found])

    def _check_reach(self, account: Account, draft: Draft) -> None:
        """FRD-1. To mobiles only: landlines get messages only where they are numbers of this platform."""
        for position, destination in enumerate(draft.destinations):
            target, name = destination.target, f"destinations[{position}]"
            if target.startswith(VIRTUAL_PREFIX):
                continue
            check_allowed(account, target, field=name, reason="RECEIVER_ABROAD")
            if draft.wish.request.to_mobiles_only and target not in self._live and is_landline(target):
                raise Invalid(f"{target} is a landline, which takes no messages", reason="TO_NOT_REACHABLE", field=name)

    async def screen(self, drafts: Sequence[Draft]) -> None:
        """Consent, pumping, quiet hours, limits; what passes becomes a message that is paid for."""
        screening, limits = Screening(self._tx), MessageLimits(self._tx)
        asked = [_outgoing(draft) for draft in drafts]
        found = await screening.look_up(asked)
        known = {id(draft): pair for draft, pair in zip(drafts, zip(asked, found, strict=True), strict=True)}

        async def pass_on(draft: Draft) -> None:
            message, obstacles = known[id(draft)]
            draft.screened = _within_price(draft, await screening.screen(message, obstacles))
            await limits.check(message, obstacles, draft.screened)
            self._pay(draft)
            limits.sent(message, draft.screened)

        await each_of(drafts, pass_on)

    def _pay(self, draft: Draft) -> None:
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

    def give_back(self, draft: Draft) -> None:
        """It was sent already: somebody else was first with its key."""
        for hold in draft.holds:
            self.purses[hold.account_id] = self.purses[hold.account_id].hold(NOTHING.minus(hold.price))


def _checked(destination: Address, position: int) -> Address:
    name = f"destinations[{position}]"
    if destination.type not in ("tel", ""):
        raise Invalid(f"{name}: a message goes to an address of type tel", field=name)
    return replace(destination, type="tel", target=normalize_tel(destination.target, field=name))


def _outgoing(draft: Draft) -> Outgoing:
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


def _within_price(draft: Draft, screened: Sequence[Screened]) -> list[Screened]:
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


def _message(draft: Draft) -> Message:
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
