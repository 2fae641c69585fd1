"""Letting calls in: number, standing, balance, program and record of many arrivals in one transaction.

At 1,000 calls a second a transaction each would cost more than the calls; arrivals that come while one batch is being
decided are decided together in the next (`voice/batching.py`). Within a batch they are judged in order.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dialplane.domain.accounts import Account
from dialplane.domain.addresses import Address
from dialplane.domain.call_billing import CallBilling
from dialplane.domain.calls import SIP_TO_Q850, Call, CallStatus, Direction, HangupBy, HangupReason
from dialplane.domain.events import Event
from dialplane.domain.flows.action import Action
from dialplane.domain.flows.facts import call_facts, run_facts
from dialplane.domain.flows.run import ReferenceType, Run, RunStatus
from dialplane.domain.flows.validation import validate_actions
from dialplane.domain.ids import AccountId, CallId, FlowId, RunId, new_id
from dialplane.domain.numbers import Number, NumberKind
from dialplane.domain.rating import CostType
from dialplane.domain.routing import (
    SIP_STATUS,
    Candidate,
    Considered,
    Origin,
    Refused,
    RouteDecision,
    Verdict,
    decide,
    forms,
)
from dialplane.domain.targets import DocumentTarget, FlowTarget, ForwardTarget
from dialplane.domain.tariffs import Tariff
from dialplane.services.calls import RefusedCall
from dialplane.services.events import publish
from dialplane.services.ledger import hold_many
from dialplane.services.organization_numbers import Inquiry, find_inside
from dialplane.services.rates import tariffs
from dialplane.services.registrations import Subscriber
from dialplane.services.runs import add_runs
from dialplane.services.shapes.calls import call_shape, route_shape
from dialplane.services.transaction import Database, Transaction

SANDBOX_COUNTRY = "US"
"""How numbers without `+` are read where no account is known yet."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An INVITE whose sender is known: the PSTN by a trunk, or a registered extension."""

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
    claims: tuple[str, str] | None = None
    """User and domain of From, where an unauthenticated sender says that it is one of ours."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """The call is on record as ringing; `actions` are its program."""

    call: Call
    billing: CallBilling
    run: Run
    actions: tuple[Action, ...]
    on_complete_flow_id: FlowId | None = None


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Answer with this; it is on record already."""

    status: int
    phrase: str
    reason: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """The sender claims to be an extension of ours: let it prove that."""


Outcome = Admitted | TurnedAway | Challenge


@dataclass(frozen=True, slots=True)
class _Plan:
    """What an arrival comes to before money is asked."""

    arrival: Arrival
    decision: RouteDecision
    account: Account | None
    cost_type: CostType = CostType.CALL_PSTN_INCOMING
    connect: dict[str, object] | None = None
    """A `connect` action that stands in for a flow: an extension that dials somebody."""


async def admit(database: Database, arrivals: Sequence[Arrival], now: datetime) -> list[Outcome]:
    """Decide each arrival and record what came of it."""
    async with database.transaction() as tx:
        claimed = await _claimed(tx, arrivals)
        plans = await _plan(tx, [arrival for arrival in arrivals if arrival.claims not in claimed])
        prices = await _prices(tx, plans)
        plans = await _ask_for_money(tx, plans, prices, now)
        outcomes = iter(await _record(tx, plans, prices, now))
    return [Challenge() if arrival.claims in claimed else next(outcomes) for arrival in arrivals]


# --- steps of admit -------------------------------------------------------------------------------------------------


async def _claimed(tx: Transaction, arrivals: Sequence[Arrival]) -> Collection[tuple[str, str] | None]:
    """The claims that name an extension of ours. A caller from the PSTN names none and pays no look-up."""
    claims = sorted({arrival.claims for arrival in arrivals if arrival.claims})
    return set(await tx.registrations.find_subscribers(claims)) if claims else set()


async def _plan(tx: Transaction, arrivals: Sequence[Arrival]) -> list[_Plan]:
    callers = {arrival.caller.account_id for arrival in arrivals if arrival.caller}
    known = await tx.accounts.find_many(callers) if callers else {}
    tried = {
        arrival.call_id: forms(
            arrival.raw_destination,
            known[arrival.caller.account_id].home_country if arrival.caller else SANDBOX_COUNTRY,
        )
        for arrival in arrivals
    }
    numbers = {
        number.number: number
        for number in await tx.numbers.find_live(sorted({form for each in tried.values() for form in each}))
    }
    inside = await _find_inside(tx, arrivals, tried, numbers)
    found = [*numbers.values(), *(each.number for considered in inside.values() for each in considered if each.number)]
    holders = {number.account_id for number in found} - set(known)
    accounts = known | (await tx.accounts.find_many(holders) if holders else {})
    plans = []
    for arrival in arrivals:
        decision = decide(
            "call",
            arrival.raw_destination,
            tried[arrival.call_id],
            origin=arrival.origin,
            numbers=numbers,
            accounts=accounts,
            inside=inside.get(arrival.call_id, ()),
        )
        if arrival.caller is not None and _may_be_an_extension(decision):
            plan = await _plan_for_extension(tx, arrival, decision, accounts[arrival.caller.account_id])
            if plan is not None:
                plans.append(plan)
                continue
        account = accounts[decision.number.account_id] if decision.number else None
        is_virtual = decision.number is not None and decision.number.kind is NumberKind.VIRTUAL
        cost_type = CostType.CALL_PSTN_INCOMING
        if arrival.origin is not Origin.PSTN:
            cost_type = CostType.CALL_VN if is_virtual else CostType.CALL_EXTENSION
        plans.append(_Plan(arrival, decision, account, cost_type))
    return plans


async def _find_inside(
    tx: Transaction,
    arrivals: Sequence[Arrival],
    tried: Mapping[CallId, tuple[str, ...]],
    numbers: Mapping[str, Number],
) -> dict[CallId, tuple[Considered, ...]]:
    """What the organizations have for those arrivals that no ordinary number takes. The others pay no look-up."""
    asking = [arrival for arrival in arrivals if not any(form in numbers for form in tried[arrival.call_id])]
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


def _may_be_an_extension(decision: RouteDecision) -> bool:
    """An extension's name goes before patterns, of which one may take everything."""
    return decision.number is None or decision.number.kind is NumberKind.PATTERN


async def _plan_for_extension(
    tx: Transaction, arrival: Arrival, decision: RouteDecision, account: Account
) -> _Plan | None:
    """An extension dialled something that is no number here: another extension, or the PSTN (reference 9.3).

    None where it is neither, but a pattern takes it.
    """
    assert arrival.caller is not None
    dialled = arrival.raw_destination
    other = await tx.registrations.find_extension_named(account.id, dialled)
    if other is not None:
        found = Candidate("extension", dialled, "chosen", "an extension of the caller's account", other.extension_id)
        destination: dict[str, object] = {"type": "extension", "target": str(other.extension_id)}
    elif decision.number is not None:
        return None
    elif (normal := forms(dialled, account.home_country)[0]).startswith("+"):
        found = Candidate("pstn", normal, "chosen", "no number of ours: goes out to the PSTN")
        destination = {"type": "tel", "target": normal}
    else:
        return _Plan(arrival, decision, account, CostType.CALL_EXTENSION)
    connect: dict[str, object] = {
        "type": "connect",
        "option": {
            "source": {"type": "sip", "target": f"{arrival.caller.extension}@{arrival.domain}"},
            "destinations": [destination],
            "early_media": True,
            "relay_reason": True,
        },
    }
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
    if not account.status.may_use:
        reason = f"the caller's account is {account.status}"
        chosen = replace(chosen, verdict=Verdict.REFUSE, refused=Refused.ACCOUNT_NOT_ACTIVE, reason=reason)
    return _Plan(arrival, chosen, account, CostType.CALL_EXTENSION, connect)


async def _prices(tx: Transaction, plans: Sequence[_Plan]) -> Mapping[AccountId, Tariff]:
    """What those accounts pay whose numbers are called."""
    accounts = {plan.account.id for plan in plans if plan.account}
    numbers = {plan.decision.number.number for plan in plans if plan.decision.number}
    return await tariffs(tx, accounts, numbers) if accounts else {}


def _billing(plan: _Plan, account: Account, prices: Mapping[AccountId, Tariff]) -> CallBilling:
    called = plan.decision.number.number if plan.decision.number else ""
    return CallBilling(account.id, plan.arrival.call_id, prices[account.id].rate(plan.cost_type, called))


async def _ask_for_money(
    tx: Transaction, plans: Sequence[_Plan], prices: Mapping[AccountId, Tariff], now: datetime
) -> list[_Plan]:
    """Reserve the first minute of each call that costs something; who cannot pay is refused."""
    paying = [
        (plan, _billing(plan, plan.account, prices))
        for plan in plans
        if plan.account and plan.decision.verdict is Verdict.RUN
    ]
    costly = [(plan, billing) for plan, billing in paying if not billing.is_free]
    if not costly:
        return list(plans)
    held = await hold_many(tx, [billing.hold(now) for _, billing in costly], now)
    broke = {plan.arrival.call_id for (plan, _), is_held in zip(costly, held, strict=True) if not is_held}
    return [_cannot_pay(plan) if plan.arrival.call_id in broke else plan for plan in plans]


def _cannot_pay(plan: _Plan) -> _Plan:
    reason = "the account's balance does not cover a minute of this call"
    candidates = tuple(
        replace(each, verdict="refused", reason=reason) if each.verdict == "chosen" else each
        for each in plan.decision.candidates
    )
    decision = replace(
        plan.decision,
        verdict=Verdict.REFUSE,
        refused=Refused.INSUFFICIENT_BALANCE,
        reason=reason,
        candidates=candidates,
    )
    return replace(plan, decision=decision)


async def _record(
    tx: Transaction, plans: Sequence[_Plan], prices: Mapping[AccountId, Tariff], now: datetime
) -> list[Outcome]:
    programs = await _programs(tx, plans)
    outcomes: list[Outcome] = []
    calls: list[Call] = []
    runs: list[Run] = []
    strangers: list[RefusedCall] = []
    for plan in plans:
        route = route_shape(plan.decision)
        if plan.decision.verdict is Verdict.REFUSE:
            status, phrase = SIP_STATUS[plan.decision.refused]
            outcomes.append(TurnedAway(status, phrase, plan.decision.reason))
            if plan.account is None:
                strangers.append(_stranger(plan.arrival, status, plan.decision.reason, route, now))
            else:
                calls.append(_refused_call(plan, plan.account, status, route, now))
            continue
        assert plan.account is not None
        flow_id, actions, on_complete = programs[plan.arrival.call_id]
        call = _call(plan, plan.account, route, now, flow_id=flow_id, run_id=RunId(new_id(now)))
        run = run_of_call(call, flow_id, on_complete, now)
        calls.append(call)
        runs.append(run)
        outcomes.append(Admitted(call, _billing(plan, plan.account, prices), run, actions, on_complete))
    begun = await add_runs(tx, runs)
    if calls:
        await tx.calls.save_many(calls)
        await publish(tx, *begun, *(event for call in calls for event in _events(call, now)))
    if strangers:
        await tx.calls.refuse_many(strangers)
    return outcomes


async def _programs(
    tx: Transaction, plans: Sequence[_Plan]
) -> dict[CallId, tuple[FlowId | None, tuple[Action, ...], FlowId | None]]:
    """The actions of each call that is let in. A number without a target has none: the call is made and hung up."""
    admitted = [plan for plan in plans if plan.decision.verdict is Verdict.RUN]
    wanted = {FlowId(plan.decision.target.flow_id) for plan in admitted if isinstance(plan.decision.target, FlowTarget)}
    flows = {flow.id: flow for flow in await tx.flows.find_many(wanted)} if wanted else {}
    programs: dict[CallId, tuple[FlowId | None, tuple[Action, ...], FlowId | None]] = {}
    for plan in admitted:
        target = plan.decision.target
        flow = flows.get(FlowId(target.flow_id)) if isinstance(target, FlowTarget) else None
        if flow is not None:
            programs[plan.arrival.call_id] = (flow.id, flow.actions, flow.on_complete_flow_id)
        else:
            raw = plan.connect or (_forward(target, plan.decision) if isinstance(target, ForwardTarget) else None)
            programs[plan.arrival.call_id] = (None, validate_actions([raw]) if raw else (), None)
    return programs


def run_of_call(call: Call, flow_id: FlowId | None, on_complete: FlowId | None, now: datetime) -> Run:
    """The run of the call's own program, with the platform's variables; its id is the one that the call names."""
    run_id = call.run_id or RunId(new_id(now))
    facts = run_facts(run_id, reference_type=ReferenceType.CALL.value, reference_id=call.id, flow_id=flow_id)
    return Run(
        id=run_id,
        account_id=call.account_id,
        status=RunStatus.RUNNING,
        reference_type=ReferenceType.CALL,
        created_at=now,
        flow_id=flow_id,
        reference_id=call.id,
        on_complete_flow_id=on_complete,
        variables=facts | call_facts(call),
    )


def _forward(target: ForwardTarget, decision: RouteDecision) -> dict[str, object]:
    """A SIP server that is given without a user is asked for the number that was dialled."""
    destinations: list[object] = [{"type": "extension", "target": user} for user in target.users]
    if target.pstn:
        destinations = [{"type": "tel", "target": target.pstn}]
    elif target.sip:
        where = target.sip if "@" in target.sip else f"{decision.normalized}@{target.sip}"
        destinations = [{"type": "sip", "target": where}]
    return {
        "type": "connect",
        "option": {"destinations": destinations, "early_media": True, "relay_reason": True},
    }


def _call(
    plan: _Plan,
    account: Account,
    route: dict[str, object],
    now: datetime,
    *,
    flow_id: FlowId | None = None,
    run_id: RunId | None = None,
) -> Call:
    arrival, decision = plan.arrival, plan.decision
    if arrival.caller is not None:
        source = Address("extension", str(arrival.caller.extension_id), target_name=arrival.caller.extension)
    else:
        tried = forms(arrival.raw_source, SANDBOX_COUNTRY)
        normal = tried[0] if tried and tried[0].startswith("+") else arrival.raw_source
        source = Address("tel" if normal.startswith("+") else "sip", normal, target_name=arrival.source_name)
    return Call(
        id=arrival.call_id,
        account_id=account.id,
        direction=Direction.INCOMING,
        status=CallStatus.RINGING,
        source=source,
        destination=Address("tel" if decision.normalized.startswith("+") else "sip", decision.normalized),
        created_at=now,
        ringing_at=now,
        flow_id=flow_id,
        run_id=run_id,
        number_id=decision.number.id if decision.number else None,
        type="sip-service" if plan.connect else "flow",
        cost_type=plan.cost_type.value,
        raw_source=arrival.raw_source,
        raw_destination=arrival.raw_destination,
        sip_call_id=arrival.sip_call_id,
        node=arrival.node,
        route=route,
        cause_text=_why_nothing_runs(decision),
    )


def _why_nothing_runs(decision: RouteDecision) -> str:
    if isinstance(decision.target, DocumentTarget):
        return "the number's voice target is a document, which this server cannot run"
    return "the number has no voice target" if decision.number and decision.target is None else ""


def _refused_call(plan: _Plan, account: Account, status: int, route: dict[str, object], now: datetime) -> Call:
    refusal: dict[str, object] = {"reason": plan.decision.refused.value, "message": plan.decision.reason}
    if plan.decision.refused is Refused.INSUFFICIENT_BALANCE:
        refusal["status"] = "PAYMENT_REQUIRED"
    return replace(
        _call(plan, account, route, now),
        status=CallStatus.HANGUP,
        hangup_by=HangupBy.LOCAL,
        hangup_reason=HangupReason.FAILED,
        sip_code=status,
        cause=SIP_TO_Q850.get(status, 0),
        cause_text=plan.decision.reason[:255],
        metadata={"refusal": refusal},
        ended_at=now,
    )


def _stranger(arrival: Arrival, status: int, reason: str, route: dict[str, object], now: datetime) -> RefusedCall:
    return RefusedCall(
        new_id(now),
        arrival.source_host,
        arrival.raw_source,
        arrival.raw_destination,
        status,
        reason,
        now,
        route,
    )


def _events(call: Call, now: datetime) -> list[Event]:
    """A refused call was made and ended in one breath; both are told."""
    data = call_shape(call)
    events = [Event(call.account_id, "call_created", call.id, data, now, run_id=call.run_id)]
    if call.status is CallStatus.HANGUP:
        events.append(Event(call.account_id, "call_hangup", call.id, data, now))
    return events
