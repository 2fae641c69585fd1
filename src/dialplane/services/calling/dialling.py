"""Outgoing calls: who may call whom, and what it costs. Where they go is in `ways.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dialplane.domain.addresses import Address, is_tel, normalize_tel, read_sip
from dialplane.domain.calling.calls import Call, CallExtras, CallStatus, Direction
from dialplane.domain.calling.destinations import check_allowed
from dialplane.domain.charging.call_billing import CallBilling
from dialplane.domain.charging.rating import CostType, Rate
from dialplane.domain.charging.tariffs import Tariff, priced_number
from dialplane.domain.errors import (
    InsufficientBalance,
    Invalid,
    NotPermitted,
    Refusal,
)
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, CallId, FlowId, RunId, find_uuid
from dialplane.domain.money import ZERO
from dialplane.domain.numbering.numbers import VIRTUAL_PREFIX, Number, NumberStatus
from dialplane.domain.rcml.callbacks import Progress
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.calling.emergency import asks_for_help, find_callers
from dialplane.services.calling.outbound_limits import find_beyond_limits
from dialplane.services.charging.ledger import hold_many
from dialplane.services.charging.rates import tariffs
from dialplane.services.eventing.events import publish
from dialplane.services.eventing.status_callbacks import tell_progress
from dialplane.services.shapes.calls import call_shape
from dialplane.services.tenancy.customer import outbound_config
from dialplane.services.transaction import Database, Transaction
from dialplane.sip.errors import SipParseError
from dialplane.sip.uri import SipUri

_LONGEST_SIP = 255


@dataclass(frozen=True, slots=True)
class OutgoingWish:
    """A call that somebody wants to start."""

    call_id: CallId
    account_id: AccountId
    destination: Address
    node: str
    source: Address | None = None
    fallback_source: str = ""
    """The caller ID where `source` is none of the account's numbers: the number that the run belongs to."""
    any_own_number: bool = False
    """Where neither will do, call with the account's oldest number: an extension has no number of its own."""
    flow_id: FlowId | None = None
    run_id: RunId | None = None
    master_call_id: CallId | None = None
    type: str = "flow"
    extras: CallExtras | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """The call is on record as dialling, and its first minute is reserved."""

    call: Call
    billing: CallBilling


async def open_calls(database: Database, wishes: Sequence[OutgoingWish], now: datetime) -> list[Opened | Refusal]:
    """Check, reserve and record each wish, all in one transaction; a refused one leaves the others alone."""
    async with database.transaction() as tx:
        return await open_calls_in(tx, wishes, now)


async def open_calls_in(tx: Transaction, wishes: Sequence[OutgoingWish], now: datetime) -> list[Opened | Refusal]:
    """As `open_calls`, inside the caller's transaction."""
    outcomes = await judge_calls(tx, wishes, now)
    limited = [
        (each.billing, each.call.destination.target)
        for each in outcomes
        if isinstance(each, Opened) and each.call.cost_type
    ]
    beyond = await find_beyond_limits(tx, limited, now)  # a call for help has no limit
    outcomes = [beyond.get(each.call.id, each) if isinstance(each, Opened) else each for each in outcomes]
    paying = [outcome for outcome in outcomes if isinstance(outcome, Opened) and not outcome.billing.is_free]
    held = await hold_many(tx, [opened.billing.hold(now) for opened in paying], now) if paying else []
    broke = {opened.call.id for opened, is_held in zip(paying, held, strict=True) if not is_held}
    outcomes = [_broke() if isinstance(each, Opened) and each.call.id in broke else each for each in outcomes]
    opened = [outcome.call for outcome in outcomes if isinstance(outcome, Opened)]
    if opened:
        await tx.calls.save_many(opened)
        await publish(
            tx,
            *(
                Event(call.account_id, "call_created", call.id, call_shape(call), now, run_id=call.run_id)
                for call in opened
            ),
        )
        told = [(call, Progress.INITIATED) for call in opened if call.extras is not None]
        if told:
            await tell_progress(tx, told, now)
    return outcomes


async def judge_calls(tx: Transaction, wishes: Sequence[OutgoingWish], now: datetime) -> list[Opened | Refusal]:
    """Whether each may be called, with which caller ID and at what price. No money is reserved, no call recorded, and
    limits are not looked at."""
    accounts = await tx.accounts.find_many({wish.account_id for wish in wishes})
    sources = {wish.source.target for wish in wishes if wish.source} | {wish.fallback_source for wish in wishes}
    destinations = {wish.destination.target for wish in wishes if wish.destination.type == "tel"}
    numbers = {number.number: number for number in await tx.numbers.find_live(sorted(sources | destinations))}
    wishes = [await _with_some_number(tx, wish, accounts.get(wish.account_id), numbers) for wish in wishes]
    prices = await tariffs(tx, accounts, {priced_number(wish.destination.target) for wish in wishes})
    verified = await _verified(tx, wishes, numbers, now)
    callers = await find_callers(
        tx,
        {
            wish.call_id: _shown(wish)
            for wish in wishes
            if asks_for_help(wish.destination, accounts.get(wish.account_id))
        },
    )
    return [
        _check_help(wish, accounts[wish.account_id], callers[wish.call_id], now)
        if wish.call_id in callers
        else _check(wish, accounts.get(wish.account_id), numbers, verified, prices, now)
        for wish in wishes
    ]


def _shown(wish: OutgoingWish) -> tuple[AccountId, Sequence[str]]:
    """The caller IDs that an emergency call asks for."""
    return wish.account_id, [text for text in (wish.source.target if wish.source else "", wish.fallback_source) if text]


def _check_help(wish: OutgoingWish, account: Account, caller: Number | Refusal, now: datetime) -> Opened | Refusal:
    """An emergency call costs nothing, and neither country nor limit stands in its way."""
    if isinstance(caller, Refusal):
        return caller
    destination = replace(wish.destination, type="tel", target=asks_for_help(wish.destination, account))
    call = _call_of(wish, Address("tel", caller.number), destination, CostType.NONE, now)
    return Opened(call, CallBilling(wish.account_id, wish.call_id, Rate(CostType.NONE, ZERO)))


Verified = frozenset[tuple[AccountId, str]]
"""Caller IDs of other carriers, with the accounts that may show them."""


async def _verified(
    tx: Transaction, wishes: Sequence[OutgoingWish], numbers: dict[str, Number], now: datetime
) -> Verified:
    """As far as the wishes ask for such. Those who call from a number of the platform pay no look-up."""
    asked = {
        (wish.account_id, wish.source.target)
        for wish in wishes
        if wish.source is not None and wish.destination.type == "tel" and is_tel(wish.source.target)
    }
    asked = {(account, number) for account, number in asked if not _is_own(account, numbers.get(number))}
    if not asked:
        return frozenset()
    accounts = {account for account, _ in asked}
    await tx.caller_ids.settle(accounts, now)
    return await tx.caller_ids.verified(accounts, {number for _, number in asked})


def _is_own(account_id: AccountId, number: Number | None) -> bool:
    return number is not None and number.account_id == account_id


async def _with_some_number(
    tx: Transaction, wish: OutgoingWish, account: Account | None, numbers: dict[str, Number]
) -> OutgoingWish:
    """A caller ID for a call to the PSTN that brings none of the account's: the outbound config's default number, or
    for an extension, and for the run of a virtual number, the oldest."""
    if wish.destination.type not in ("tel", "") or account is None:
        return wish
    given = (wish.source.target if wish.source else "", wish.fallback_source)
    if any(number.number in given and _may_show(account, number, wish.destination) for number in numbers.values()):
        return wish
    default = outbound_config(account).default_number_id
    own = await tx.numbers.find(account.id, default) if default is not None else None
    if own is not None and not _may_show(account, own, wish.destination):
        own = None
    if own is None and (wish.any_own_number or _is_virtual(wish.fallback_source)):
        own = await tx.numbers.find_caller_id(wish.account_id)
    if own is None:
        return wish
    numbers[own.number] = own
    return replace(wish, fallback_source=own.number)


def _may_show(account: Account, number: Number, destination: Address) -> bool:
    """The PSTN sees active numbers that it can call back, and no virtual ones (reference 4.3)."""
    if not _is_own(account.id, number) or number.status is not NumberStatus.ACTIVE:
        return False
    return number.kind.is_ordinary or destination.type not in ("tel", "") or _is_virtual(destination.target)


def _is_virtual(target: str) -> bool:
    return priced_number(target).startswith(VIRTUAL_PREFIX)


def _broke() -> InsufficientBalance:
    return InsufficientBalance("The balance does not cover a minute of this call", reason="INSUFFICIENT_BALANCE")


def _check(
    wish: OutgoingWish,
    account: Account | None,
    numbers: dict[str, Number],
    verified: Verified,
    prices: Mapping[AccountId, Tariff],
    now: datetime,
) -> Opened | Refusal:
    try:
        if account is None or not account.status.may_use:
            raise NotPermitted("The account is not active", reason="PERMISSION_DENIED")
        destination, cost_type = check_destination(account, wish.destination)
        source = _source(wish, account, numbers, verified, destination)
    except Refusal as refusal:
        return refusal
    call = _call_of(wish, source, destination, cost_type, now)
    rate = prices[account.id].rate(cost_type, destination.target)
    return Opened(call, CallBilling(wish.account_id, wish.call_id, rate))


def _call_of(wish: OutgoingWish, source: Address, destination: Address, cost_type: CostType, now: datetime) -> Call:
    return Call(
        id=wish.call_id,
        account_id=wish.account_id,
        direction=Direction.OUTGOING,
        status=CallStatus.DIALING,
        source=source,
        destination=destination,
        created_at=now,
        flow_id=wish.flow_id,
        run_id=wish.run_id,
        type=wish.type,
        master_call_id=wish.master_call_id,
        extras=wish.extras,
        cost_type=cost_type.value,
        raw_source=wish.source.target[:255] if wish.source else "",
        raw_destination=wish.destination.target[:255],
        node=wish.node,
    )


def check_destination(account: Account, destination: Address) -> tuple[Address, CostType]:
    """The destination in its normal form and what a call to it counts as.

    Raises Invalid (`destinations`) where it is malformed or of a type that cannot be called, NotPermitted where the
    account may not call it (identity, countries, premium ranges: FRD-1, FRD-2).
    """
    match destination.type:
        case "tel" | "":
            target = normalize_tel(destination.target, field="destinations")
            if target.startswith(VIRTUAL_PREFIX):
                return replace(destination, type="tel", target=target), CostType.CALL_VN
            check_allowed(account, target)
            return replace(destination, type="tel", target=target), CostType.CALL_PSTN_OUTGOING
        case "extension":
            if not 0 < len(destination.target) <= 64:
                raise Invalid(
                    "An extension is named by its id or its name", reason="INVALID_ARGUMENT", field="destinations"
                )
            return destination, CostType.CALL_EXTENSION
        case "conference":
            if find_uuid(destination.target) is None:
                raise Invalid("A conference is named by its id", reason="INVALID_ARGUMENT", field="destinations")
            return destination, CostType.CALL_EXTENSION
        case "sip":
            target = read_sip(destination.target)
            if not _is_sip(target):
                raise Invalid("A SIP destination is user@host", reason="INVALID_ARGUMENT", field="destinations")
            return replace(destination, target=target), CostType.CALL_EXTENSION
        case other:
            raise Invalid(
                f"Destinations of type {other} cannot be called", reason="INVALID_ARGUMENT", field="destinations"
            )


def _is_sip(target: str) -> bool:
    """Whether it can stand in a request URI as it is."""
    if "@" not in target or len(target) > _LONGEST_SIP:
        return False
    try:
        SipUri.parse(f"sip:{target}")
    except SipParseError:
        return False
    return True


def _source(
    wish: OutgoingWish, account: Account, numbers: dict[str, Number], verified: Verified, destination: Address
) -> Address:
    """The caller ID: a normal number that the account holds, or one that it has proved to be its own (FRD-8), else the
    run's own number. Only the PSTN asks for it."""
    if destination.type != "tel" and wish.source is not None:
        return wish.source
    if wish.source is not None and (account.id, wish.source.target) in verified:
        return replace(wish.source, type="tel")
    for candidate in ((wish.source.target if wish.source else ""), wish.fallback_source):
        number = numbers.get(candidate)
        if number is not None and _may_show(account, number, destination):
            return replace(wish.source or Address("tel", candidate), type="tel", target=candidate)
    if destination.type != "tel" or _is_virtual(destination.target):
        return wish.source or Address("tel", wish.fallback_source)
    raise Invalid(
        "The source must be an active number of the account, not a virtual one",
        reason="SOURCE_NOT_OWNED",
        field="source",
    )
