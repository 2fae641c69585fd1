"""Outgoing calls: who may call whom, what it costs, and where the INVITE goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from dialplane.domain.addresses import Address, is_tel, normalize_tel
from dialplane.domain.calling.calls import Call, CallExtras, CallStatus, Direction
from dialplane.domain.calling.destinations import check_allowed
from dialplane.domain.calling.media import ANY_AUDIO, MediaProfile
from dialplane.domain.calling.trunk_terms import Gateway
from dialplane.domain.calling.trunks import Trunk
from dialplane.domain.charging.call_billing import CallBilling
from dialplane.domain.charging.rating import CostType, Rate
from dialplane.domain.charging.tariffs import Tariff, priced_number
from dialplane.domain.errors import (
    InsufficientBalance,
    Invalid,
    NotFound,
    NotPermitted,
    Refusal,
    Unavailable,
)
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId, CallId, ConferenceId, ExtensionId, FlowId, RunId, find_uuid
from dialplane.domain.money import ZERO
from dialplane.domain.numbering.numbers import VIRTUAL_PREFIX, Number, NumberStatus
from dialplane.domain.rcml.callbacks import Progress
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.calling.emergency import asks_for_help, find_callers, require_trunks_for_help
from dialplane.services.calling.outbound_limits import find_beyond_limits
from dialplane.services.calling.registrations import Binding, Subscriber
from dialplane.services.calling.trunk_ways import trunks_for
from dialplane.services.charging.ledger import hold_many
from dialplane.services.charging.rates import tariffs
from dialplane.services.eventing.events import publish
from dialplane.services.eventing.status_callbacks import tell_progress
from dialplane.services.shapes.calls import call_shape
from dialplane.services.tenancy.customer import outbound_config
from dialplane.services.transaction import Database, Transaction
from dialplane.sip.errors import SipParseError
from dialplane.sip.uri import SipUri

WayTransport = Literal["udp", "tcp", "tls", "ws"]

_LONGEST_SIP = 255
TRANSPORTS: dict[str, WayTransport] = {"udp": "udp", "tcp": "tcp", "tls": "tls", "ws": "ws"}


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


@dataclass(frozen=True, slots=True)
class Way:
    """One place that an INVITE may go to."""

    uri: str
    host: str
    """Where it is sent, which need not be the URI's host."""
    port: int
    transport: WayTransport
    """`ws`: a browser, which speaks WebRTC, on a connection that this node holds."""
    username: str = ""
    password: str = ""
    is_ours: bool = False
    """The destination is a number of this platform: the call comes back to us."""
    media: MediaProfile = ANY_AUDIO
    trunk: Trunk | None = None
    gateway: Gateway | None = None
    """Both, where it leads to a trunk."""


async def open_calls(database: Database, wishes: Sequence[OutgoingWish], now: datetime) -> list[Opened | Refusal]:
    """Check, reserve and record each wish, all in one transaction; a refused one leaves the others alone."""
    async with database.transaction() as tx:
        return await open_calls_in(tx, wishes, now)


async def open_calls_in(tx: Transaction, wishes: Sequence[OutgoingWish], now: datetime) -> list[Opened | Refusal]:
    """As `open_calls`, inside the caller's transaction."""
    outcomes = await judge_calls(tx, wishes, now)
    limited = [each.billing for each in outcomes if isinstance(each, Opened) and each.call.cost_type]
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
    for an extension the oldest."""
    if wish.destination.type not in ("tel", "") or account is None:
        return wish
    given = (wish.source.target if wish.source else "", wish.fallback_source)
    if any(number.number in given and number.account_id == wish.account_id for number in numbers.values()):
        return wish
    default = outbound_config(account).default_number_id
    own = await tx.numbers.find(account.id, default) if default is not None else None
    if own is None and wish.any_own_number:
        own = await tx.numbers.find_caller_id(wish.account_id)
    if own is None:
        return wish
    numbers[own.number] = own
    return replace(wish, fallback_source=own.number)


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
            target = destination.target.removeprefix("sip:")
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
    """The caller ID: a number that the account holds or has proved to be its own (FRD-8), else the run's own number.
    Only the PSTN asks for it."""
    if destination.type != "tel" and wish.source is not None:
        return wish.source
    if wish.source is not None and (account.id, wish.source.target) in verified:
        return replace(wish.source, type="tel")
    for candidate in ((wish.source.target if wish.source else ""), wish.fallback_source):
        number = numbers.get(candidate)
        if number is not None and number.account_id == account.id and number.status is NumberStatus.ACTIVE:
            return replace(wish.source or Address("tel", candidate), type="tel", target=candidate)
    if destination.type != "tel" or destination.target.startswith(VIRTUAL_PREFIX):
        return wish.source or Address("tel", wish.fallback_source)
    raise Invalid("The source must be an active number of the account", reason="SOURCE_NOT_OWNED", field="source")


async def ways_to(database: Database, call: Call, now: datetime, *, contact: str = "") -> list[Way]:
    """Where the call's INVITE may go, best first; `contact` is the one of an extension's phones that is meant.

    Raises NotFound or Unavailable where there is no way; the text says why.
    """
    async with database.reading() as tx:
        match call.destination.type:
            case "extension":
                return await _ways_to_extension(tx, call, now, contact)
            case "sip":
                return [_way_to_sip(call.destination.target)]
            case "conference":
                return [await _way_to_conference(tx, call)]
            case _:
                return await _ways_to_tel(tx, call)


async def _ways_to_extension(tx: Transaction, call: Call, now: datetime, contact: str) -> list[Way]:
    subscriber = await find_extension(tx, call.account_id, call.destination.target)
    if subscriber is None:
        raise NotFound("There is no such extension", reason="EXTENSION_NOT_FOUND")
    bindings = await tx.registrations.bindings(subscriber.extension_id, now)
    bindings = [binding for binding in bindings if contact in ("", binding.contact) and _is_within_reach(binding, call)]
    if not bindings:
        raise Unavailable(f"The extension {subscriber.extension} is not registered")
    return [
        Way(
            uri=binding.contact,
            host=binding.source_host,
            port=binding.source_port,
            transport=TRANSPORTS.get(binding.transport, "udp"),
            media=subscriber.media,
        )
        for binding in bindings
    ]


def _is_within_reach(binding: Binding, call: Call) -> bool:
    """A websocket ends at the node that holds it; everything else is reached from anywhere."""
    return binding.transport != "ws" or binding.node == call.node


async def find_extension(tx: Transaction, account_id: AccountId, target: str) -> Subscriber | None:
    """By id, as VoIPBIN's addresses have it, or by name, as a forward to app users has it."""
    extension_id = find_uuid(target)
    if extension_id is None:
        return await tx.registrations.find_extension_named(account_id, target)
    return await tx.registrations.find_extension(account_id, ExtensionId(extension_id))


async def _way_to_conference(tx: Transaction, call: Call) -> Way:
    """It is called as anybody may call it, by its direct hash: what our call says and hears is then in the room."""
    conference = await tx.conferences.find(call.account_id, ConferenceId(UUID(call.destination.target)))
    if conference is None or not conference.direct_hash:
        raise NotFound("There is no such conference", reason="CONFERENCE_NOT_FOUND")
    return Way(uri=f"sip:{conference.direct_hash}", host="", port=0, transport="udp", is_ours=True)


def _way_to_sip(target: str) -> Way:
    """`user@host[:port]`; the host is judged by the user agent's own guard before anything is sent."""
    _, _, where = target.rpartition("@")
    host, port = where, 5060
    if where.count(":") == 1 or where.startswith("["):
        host, _, text = where.rpartition(":")
        port = int(text) if text.isdigit() and int(text) < 65536 else 5060
    return Way(uri=f"sip:{target}", host=host.strip("[]"), port=port, transport="udp")


async def _ways_to_tel(tx: Transaction, call: Call) -> list[Way]:
    """A number of our own is reached directly; any other through the gateways of the trunks."""
    target = call.destination.target
    if not target.startswith("+"):
        return _ways_by(await require_trunks_for_help(tx), target)
    if await tx.numbers.find_live([target]):
        return [Way(uri=f"sip:{target}", host="", port=0, transport="udp", is_ours=True)]
    return _ways_by(await trunks_for(tx, call), target)


def _ways_by(trunks: Sequence[Trunk], target: str) -> list[Way]:
    return [_way_by_trunk(trunk, gateway, target) for trunk in trunks for gateway in trunk.gateways]


def _way_by_trunk(trunk: Trunk, gateway: Gateway, target: str) -> Way:
    host = f"[{gateway.host}]" if ":" in gateway.host else gateway.host
    secure = ";transport=tls" if gateway.transport == "tls" else ""
    return Way(
        uri=f"sip:{trunk.terms.numbers.callee(target)}@{host}:{gateway.port}{secure}",
        host=gateway.host,
        port=gateway.port,
        transport=gateway.transport,
        username=trunk.username,
        password=trunk.password,
        media=trunk.terms.media,
        trunk=trunk,
        gateway=gateway,
    )
