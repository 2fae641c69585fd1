"""Where incoming calls lead: number or extension, account and price, for many arrivals with the same few reads."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, Protocol

from dialplane.domain.addresses import Address, is_tel
from dialplane.domain.calling.direct_calls import PREFIX, Direct, action_for
from dialplane.domain.calling.emergency import LONGEST, emergency_number
from dialplane.domain.calling.pbx_trunks import PbxTrunk
from dialplane.domain.calling.routing import (
    Candidate,
    Considered,
    Origin,
    Refused,
    RouteDecision,
    Verdict,
    decide,
    refuse,
    user_forms,
)
from dialplane.domain.calling.treatment import Circumstances, is_treated
from dialplane.domain.calling.trust import CallerIdentity, with_identity
from dialplane.domain.charging.rating import CostType
from dialplane.domain.errors import Refusal
from dialplane.domain.flows.flow import Flow
from dialplane.domain.ids import AccountId, CallId, FlowId
from dialplane.domain.numbering.numbers import Number, NumberKind
from dialplane.domain.tenancy.accounts import Account
from dialplane.domain.values import dataclass
from dialplane.services.calling.dialling import OutgoingWish, judge_calls
from dialplane.services.calling.direct_calls import find_direct, find_own
from dialplane.services.calling.pbx_calls import PbxCall, plan_way_out
from dialplane.services.calling.registrations import Subscriber
from dialplane.services.calling.treatment import Asked, treat_calls
from dialplane.services.numbering.organization_numbers import Inquiry, find_inside
from dialplane.services.transaction import Transaction

SANDBOX_COUNTRY = "US"
"""How numbers without `+` are read where no account is known yet."""


class HeaderFields(Protocol):
    """The header fields of a request, by their canonical names."""

    def get(self, name: str) -> str | None: ...

    def __iter__(self) -> Iterator[tuple[str, str]]: ...


@dataclass(frozen=True, slots=True)
class Arrival:
    """An INVITE whose sender is known: the PSTN by a trunk, a registered extension, or an account's PBX."""

    call_id: CallId
    origin: Origin
    raw_source: str
    source_name: str
    raw_destination: str
    domain: str
    """Host of the request URI, lower case."""
    source_host: str
    sip_call_id: str
    node: str
    caller: Subscriber | None = None
    """Set where the origin is an extension."""
    pbx: PbxTrunk | None = None
    """The account's trunk by which a PBX calls out."""
    identity: CallerIdentity | None = None
    """Set where a signed caller ID was looked at."""
    claims: tuple[str, str] | None = None
    """User and domain of From, where an unauthenticated sender says that it is one of ours."""
    headers: HeaderFields | None = None
    """Of the INVITE; looked at only for those who want to know."""
    country: str = SANDBOX_COUNTRY
    """In which the peer writes numbers without `+`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an arrival comes to before money is asked."""

    arrival: Arrival
    decision: RouteDecision
    account: Account | None
    cost_type: CostType = CostType.CALL_PSTN_INCOMING
    connect: dict[str, object] | None = None
    """A `connect` action that stands in for a flow: an extension or a PBX that dials somebody."""


def caller_address(arrival: Arrival) -> Address:
    """Who calls: an extension of ours, a number in its normal form, or a name as it came."""
    if arrival.caller is not None:
        return Address("extension", str(arrival.caller.extension_id), target_name=arrival.caller.extension)
    tried = user_forms(arrival.raw_source, arrival.country)
    normal = tried[0] if tried and tried[0].startswith("+") else arrival.raw_source
    return Address("tel" if normal.startswith("+") else "sip", normal, target_name=arrival.source_name)


async def find_claimed(tx: Transaction, arrivals: Sequence[Arrival]) -> Collection[tuple[str, str] | None]:
    """The claims that name an extension of ours. A caller from the PSTN names none and pays no look-up."""
    claims = sorted({arrival.claims for arrival in arrivals if arrival.claims})
    return set(await tx.registrations.find_subscribers(claims)) if claims else set()


class Planned(NamedTuple):
    plans: list[Plan]
    flows: Mapping[FlowId, Flow]
    """Those that the called numbers lead to; what a plan runs may be another one."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What the store knows of a batch of arrivals."""

    known: Mapping[AccountId, Account]
    """The callers' accounts."""
    tried: Mapping[CallId, tuple[str, ...]]
    numbers: dict[str, Number]
    inside: Mapping[CallId, tuple[Considered, ...]]
    called: Mapping[tuple[str, str], Subscriber]
    accounts: Mapping[AccountId, Account]
    """The callers' and those of whatever is called."""
    flows: Mapping[FlowId, Flow]


async def plan_arrivals(tx: Transaction, arrivals: Sequence[Arrival], now: datetime) -> Planned:
    found = await _look_up(tx, arrivals)
    plans = [await _plan(tx, arrival, found, now) for arrival in arrivals]
    if any(is_treated(plan.decision, plan.account) for plan in plans):
        plans = await _treat(tx, plans, now)
    return Planned(plans, found.flows)


async def _look_up(tx: Transaction, arrivals: Sequence[Arrival]) -> _Found:
    callers = {arrival.caller.account_id for arrival in arrivals if arrival.caller}
    known = await tx.accounts.find_many(callers) if callers else {}
    tried = {
        arrival.call_id: user_forms(
            arrival.raw_destination,
            known[arrival.caller.account_id].home_country if arrival.caller else arrival.country,
        )
        for arrival in arrivals
    }
    numbers, holders, flows = await tx.called.find(sorted({form for each in tried.values() for form in each}))
    asking = [arrival for arrival in arrivals if not any(form in numbers for form in tried[arrival.call_id])]
    inside = await _find_inside(tx, asking, tried)
    phones = await _find_called_phones(tx, asking)
    accounts = {**known, **holders}
    found = [each.number for considered in inside.values() for each in considered if each.number]
    wanted = {each.account_id for each in found} | {each.account_id for each in phones.values()}
    if others := wanted - accounts.keys():
        accounts |= await tx.accounts.find_many(others)
    return _Found(known, tried, numbers, inside, phones, accounts, flows)


async def _plan(tx: Transaction, arrival: Arrival, found: _Found, now: datetime) -> Plan:
    """Who asks for help comes first, then what a PBX of an account sends, then where the destination leads."""
    if arrival.origin is Origin.EXTENSION:
        help_plan = await _plan_for_help(tx, arrival, found.known, now)
        if help_plan is not None:
            return help_plan
    if arrival.pbx is not None:
        return await _plan_for_pbx(tx, arrival, arrival.pbx, now)
    decision = decide(
        "call",
        arrival.raw_destination,
        found.tried[arrival.call_id],
        origin=arrival.origin,
        numbers=found.numbers,
        accounts=found.accounts,
        inside=found.inside.get(arrival.call_id, ()),
    )
    if decision.number is not None and decision.number.kind is NumberKind.PATTERN:
        decision = _spare_help(decision)
    if arrival.identity is not None:
        decision = with_identity(decision, arrival.identity)
    other = await _plan_beside_numbers(tx, arrival, decision, found)
    return other or _plan_for_number(arrival, decision, found)


async def _plan_beside_numbers(
    tx: Transaction, arrival: Arrival, decision: RouteDecision, found: _Found
) -> Plan | None:
    """A caller of ours who may not call, a client, a direct address, or a phone; None where the number decides."""
    caller, accounts = arrival.caller, found.accounts
    if caller is not None and not accounts[caller.account_id].status.may_use:
        return _turn_caller_away(arrival, decision, accounts[caller.account_id])
    if caller is not None and caller.voice is not None:
        return _plan_for_client(arrival, caller, decision, accounts[caller.account_id])
    if arrival.raw_destination.startswith(PREFIX) and decision.number is None:
        return await _plan_for_direct(tx, arrival, decision)
    if not _may_be_an_extension(decision):
        return None
    if caller is not None:
        return await _plan_for_extension(tx, arrival, decision, accounts[caller.account_id])
    phone = found.called.get(_called(arrival))
    if phone is None:
        return None
    direct = Direct("extension", phone.extension_id, phone.account_id)
    return _lead_to(arrival, decision, accounts[phone.account_id], direct)


def _plan_for_number(arrival: Arrival, decision: RouteDecision, found: _Found) -> Plan:
    account = found.accounts[decision.number.account_id] if decision.number else None
    is_virtual = decision.number is not None and decision.number.kind is NumberKind.VIRTUAL
    cost_type = CostType.CALL_PSTN_INCOMING
    if arrival.origin is not Origin.PSTN:
        cost_type = CostType.CALL_VN if is_virtual else CostType.CALL_EXTENSION
    return Plan(arrival, decision, account, cost_type)


async def _treat(tx: Transaction, plans: Sequence[Plan], now: datetime) -> list[Plan]:
    """The plans after what the numbers themselves do with calls; a direct address of somebody has nothing of that."""
    asked = {
        plan.arrival.call_id: Asked(plan.decision, plan.account, _circumstances(plan.arrival, now))
        for plan in plans
        if plan.account is not None and plan.connect is None and is_treated(plan.decision, plan.account)
    }
    treated = dict(zip(asked, await treat_calls(tx, list(asked.values())), strict=True))
    return [replace(plan, decision=treated.get(plan.arrival.call_id, plan.decision)) for plan in plans]


def _circumstances(arrival: Arrival, now: datetime) -> Circumstances:
    verstat = arrival.identity.verstat if arrival.identity else ""
    return Circumstances(caller_address(arrival).target, now, verstat, decider=arrival.call_id)


async def _plan_for_pbx(tx: Transaction, arrival: Arrival, trunk: PbxTrunk, now: datetime) -> Plan:
    """Whatever a PBX dials is connected to its tel, a number of this platform too (reference 9.3)."""
    call = PbxCall(
        arrival.call_id, trunk, arrival.raw_destination, arrival.raw_source, arrival.source_name, arrival.node
    )
    way = await plan_way_out(tx, call, now)
    return Plan(arrival, way.decision, way.account, CostType.CALL_EXTENSION, way.connect)


async def _plan_for_help(
    tx: Transaction, arrival: Arrival, known: Mapping[AccountId, Account], now: datetime
) -> Plan | None:
    """Somebody of ours dialled an emergency number: no pattern and no flow takes it. None for any other number."""
    if len(arrival.raw_destination) > 2 * LONGEST:
        return None
    account_id = arrival.caller.account_id if arrival.caller else arrival.pbx.account_id if arrival.pbx else None
    if account_id is None:
        return None
    account = known.get(account_id) or (await tx.accounts.find_many({account_id}))[account_id]
    number = emergency_number(arrival.raw_destination, account.home_country)
    if not number:
        return None
    wish = OutgoingWish(
        arrival.call_id, account_id, Address("tel", number), arrival.node, Address("tel", arrival.raw_source)
    )
    (outcome,) = await judge_calls(tx, [wish], now)
    bare = RouteDecision("call", arrival.raw_destination, number, Verdict.RUN, "an emergency number")
    if isinstance(outcome, Refusal):
        found = Candidate("pstn", number, "chosen", "an emergency number")
        refused = refuse(_chosen(bare, account, found), Refused.EMERGENCY_NOT_SET_UP, outcome.message)
        return Plan(arrival, refused, account, CostType.CALL_EXTENSION)
    shown = outcome.call.source.target
    found = Candidate("pstn", number, "chosen", f"an emergency number: goes out as {shown}, which has an address")
    connect = connect_action({"type": "tel", "target": shown}, {"type": "tel", "target": number})
    return Plan(arrival, _chosen(bare, account, found), account, CostType.CALL_EXTENSION, connect)


def _spare_help(decision: RouteDecision) -> RouteDecision:
    """A pattern that takes everything does not take a call for help."""
    if not emergency_number(decision.raw, SANDBOX_COUNTRY):
        return decision
    return refuse(decision, Refused.EMERGENCY_NOT_SET_UP, f"{decision.raw} is an emergency number: no pattern takes it")


def connect_action(source: Mapping[str, object], *destinations: Mapping[str, object]) -> dict[str, object]:
    """What a phone or a PBX of ours does that dials somebody."""
    option = {
        "source": dict(source),
        "destinations": [dict(each) for each in destinations],
        "early_media": True,
        "relay_reason": True,
    }
    return {"type": "connect", "option": option}


async def _find_inside(
    tx: Transaction, asking: Sequence[Arrival], tried: Mapping[CallId, tuple[str, ...]]
) -> dict[CallId, tuple[Considered, ...]]:
    """What the organizations have for those arrivals that no ordinary number takes. The others pay no look-up."""
    if not asking:
        return {}
    inquiries = [
        Inquiry(
            arrival.raw_destination,
            tried[arrival.call_id],
            arrival.domain,
            arrival.caller.organization_id if arrival.caller else None,
        )
        for arrival in asking
    ]
    found = await find_inside(tx, inquiries)
    return {arrival.call_id: considered for arrival, considered in zip(asking, found, strict=True)}


async def _find_called_phones(tx: Transaction, asking: Sequence[Arrival]) -> dict[tuple[str, str], Subscriber]:
    """The phones that callers from outside may mean: those of the organization behind the request URI (Restcomm
    reference 6.1, step 7), by name and domain."""
    wanted = sorted({_called(arrival) for arrival in asking if arrival.caller is None and arrival.pbx is None})
    return await tx.registrations.find_subscribers(wanted) if wanted else {}


def _called(arrival: Arrival) -> tuple[str, str]:
    return arrival.raw_destination, arrival.domain


def _may_be_an_extension(decision: RouteDecision) -> bool:
    """An extension's name goes before patterns, of which one may take everything."""
    return decision.number is None or decision.number.kind is NumberKind.PATTERN


def _plan_for_client(arrival: Arrival, caller: Subscriber, decision: RouteDecision, account: Account) -> Plan:
    """A client with a document of its own runs that, whatever it dialled (reference 4.8 and 6.1)."""
    found = Candidate("extension", caller.extension, "chosen", "the caller's own document", caller.extension_id)
    chosen = replace(
        decision,
        verdict=Verdict.RUN,
        refused=Refused.NONE,
        number=None,
        target=caller.voice,
        reason=found.reason,
        organization_id=account.organization_id,
        candidates=(found,),
    )
    return Plan(arrival, chosen, account, CostType.CALL_EXTENSION)


def _turn_caller_away(arrival: Arrival, decision: RouteDecision, account: Account) -> Plan:
    """The phone of an account that may not be used reaches nobody (Restcomm reference 6.1, step 2)."""
    refused = replace(
        decision,
        verdict=Verdict.REFUSE,
        refused=Refused.ACCOUNT_NOT_ACTIVE,
        reason=f"the caller's account is {account.status}",
        organization_id=account.organization_id,
        number=None,
        target=None,
    )
    return Plan(arrival, refused, account, CostType.CALL_EXTENSION)


async def _plan_for_direct(tx: Transaction, arrival: Arrival, decision: RouteDecision) -> Plan:
    """Anyone may call a direct hash; one that is unknown or void is nobody's number."""
    direct = await find_direct(tx, arrival.raw_destination)
    account = (await tx.accounts.find_many({direct.account_id})).get(direct.account_id) if direct else None
    if direct is None or account is None:
        return Plan(arrival, decision, None, CostType.CALL_EXTENSION)
    return _lead_to(arrival, decision, account, direct)


def _lead_to(arrival: Arrival, decision: RouteDecision, account: Account, direct: Direct) -> Plan:
    reason = f"{direct.kind} of this account"
    found = Candidate("direct", arrival.raw_destination, "chosen", reason, direct.id)
    name = arrival.caller.extension if arrival.caller else arrival.raw_source
    caller = f"{name or 'anonymous'}@{arrival.domain}"
    chosen = _chosen(decision, account, found)
    return Plan(arrival, chosen, account, CostType.CALL_EXTENSION, action_for(direct, caller=caller))


async def _plan_for_extension(
    tx: Transaction, arrival: Arrival, decision: RouteDecision, account: Account
) -> Plan | None:
    """An extension dialled something that is no number here: another extension, or the PSTN (reference 9.3).

    None where it is neither, but a pattern takes it.
    """
    assert arrival.caller is not None
    dialled = arrival.raw_destination
    other = await tx.registrations.find_extension_named(account.id, dialled)
    if other is not None:
        found = Candidate("extension", dialled, "chosen", "an extension of the caller's account", other.extension_id)
        destination: dict[str, object] = {"type": "extension", "target": str(other.extension_id)}
    elif (own := await find_own(tx, account.id, dialled)) is not None:
        return _lead_to(arrival, decision, account, own)
    elif decision.number is not None:
        return None
    elif is_tel(normal := user_forms(dialled, account.home_country)[0]):
        found = Candidate("pstn", normal, "chosen", "no number of ours: goes out to the PSTN")
        destination = {"type": "tel", "target": normal}
    else:
        return Plan(arrival, decision, account, CostType.CALL_EXTENSION)
    connect = connect_action({"type": "sip", "target": f"{arrival.caller.extension}@{arrival.domain}"}, destination)
    return Plan(arrival, _chosen(decision, account, found), account, CostType.CALL_EXTENSION, connect)


def _chosen(decision: RouteDecision, account: Account, found: Candidate) -> RouteDecision:
    """The decision for something that is no number, refused where the account may not be used."""
    chosen = replace(
        decision,
        verdict=Verdict.RUN,
        refused=Refused.NONE,
        number=None,
        target=None,
        normalized=found.value,
        reason=found.reason,
        organization_id=account.organization_id,
        candidates=(*(each for each in decision.candidates if each.verdict == "no match"), found),
    )
    if account.status.may_use:
        return chosen
    reason = f"the account is {account.status}"
    return replace(chosen, verdict=Verdict.REFUSE, refused=Refused.ACCOUNT_NOT_ACTIVE, reason=reason)
