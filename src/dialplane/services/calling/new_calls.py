"""What is kept of a call when it begins: its row, its run and the events that tell of it, or the row of a refusal."""

from dataclasses import replace
from datetime import datetime

from dialplane.domain.addresses import Address
from dialplane.domain.calling.calls import SIP_TO_Q850, Call, CallExtras, CallStatus, Direction, HangupBy, HangupReason
from dialplane.domain.calling.routing import Refused, RouteDecision, Treated
from dialplane.domain.eventing.events import Event
from dialplane.domain.flows.facts import call_facts, run_facts
from dialplane.domain.flows.run import ReferenceType, Run, RunStatus
from dialplane.domain.ids import FlowId, RunId, new_id
from dialplane.domain.programs.sources import API_VERSION
from dialplane.domain.tenancy.accounts import Account
from dialplane.services.calling.arrivals import Arrival, Plan, caller_address
from dialplane.services.calling.call_documents import CallDocument
from dialplane.services.calling.calls import RefusedCall
from dialplane.services.shapes.calls import call_shape


def ringing_call(
    plan: Plan,
    account: Account,
    route: dict[str, object],
    now: datetime,
    *,
    flow_id: FlowId | None = None,
    run_id: RunId | None = None,
    document: CallDocument | None = None,
) -> Call:
    arrival, decision = plan.arrival, plan.decision
    return Call(
        id=arrival.call_id,
        account_id=account.id,
        direction=Direction.INCOMING,
        status=CallStatus.RINGING,
        source=caller_address(arrival),
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
        cause_text=_why_nothing_runs(decision, document),
        extras=_extras(plan, document),
    )


def _extras(plan: Plan, document: CallDocument | None) -> CallExtras | None:
    extras, identity, treated = document.extras if document else None, plan.arrival.identity, plan.decision.treated
    if identity is not None:
        extras = replace(extras or CallExtras(), verstat=identity.verstat)
    return extras if treated is None else _with_treatment(extras or CallExtras(), treated)


def _with_treatment(extras: CallExtras, treated: Treated) -> CallExtras:
    screened, hours = treated.screened, treated.hours
    return replace(
        extras,
        caller_verdict=screened.verdict.value if screened else "",
        spam_score=screened.score if screened else None,
        hours="" if hours is None else "open" if hours.is_open else "closed",
    )


def _why_nothing_runs(decision: RouteDecision, document: CallDocument | None) -> str:
    if document is not None and document.source is None:
        return "the number's application is gone or has no address for calls"
    return "the number has no voice target" if decision.number and decision.target is None else ""


def refused_call(plan: Plan, account: Account, status: int, route: dict[str, object], now: datetime) -> Call:
    refusal: dict[str, object] = {"reason": plan.decision.refused.value, "message": plan.decision.reason}
    if plan.decision.refused is Refused.INSUFFICIENT_BALANCE:
        refusal["status"] = "PAYMENT_REQUIRED"
    return replace(
        ringing_call(plan, account, route, now),
        status=CallStatus.HANGUP,
        hangup_by=HangupBy.LOCAL,
        hangup_reason=HangupReason.FAILED,
        sip_code=status,
        cause=SIP_TO_Q850.get(status, 0),
        cause_text=plan.decision.reason[:255],
        metadata={"refusal": refusal},
        ended_at=now,
    )


def stranger_record(arrival: Arrival, status: int, reason: str, route: dict[str, object], now: datetime) -> RefusedCall:
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


def begun_events(call: Call, now: datetime) -> list[Event]:
    """A refused call was made and ended in one breath; both are told."""
    data = call_shape(call)
    events = [Event(call.account_id, "call_created", call.id, data, now, run_id=call.run_id)]
    if call.status is CallStatus.HANGUP:
        events.append(Event(call.account_id, "call_hangup", call.id, data, now))
    return events


def run_of_call(
    call: Call,
    flow_id: FlowId | None,
    on_complete: FlowId | None,
    now: datetime,
    *,
    flow_version: int = 0,
    is_canary: bool = False,
) -> Run:
    """The run of the call's own program, with the platform's variables; its id is the one that the call names."""
    run_id = call.run_id or RunId(new_id(now))
    facts = run_facts(run_id, reference_type=ReferenceType.CALL.value, reference_id=call.id, flow_id=flow_id)
    if call.extras is not None and call.extras.api_version:
        facts[API_VERSION] = call.extras.api_version
    return Run(
        id=run_id,
        account_id=call.account_id,
        status=RunStatus.RUNNING,
        reference_type=ReferenceType.CALL,
        created_at=now,
        flow_id=flow_id,
        flow_version=flow_version,
        is_canary=is_canary,
        reference_id=call.id,
        on_complete_flow_id=on_complete,
        variables=facts | call_facts(call),
    )
