"""Letting calls in: number, standing, balance, program and record of many arrivals in one transaction.

At 1,000 calls a second a transaction each would cost more than the calls; arrivals that come while one batch is being
decided are decided together in the next (`voice/batching.py`). Within a batch they are judged in order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from typing import NamedTuple

from dialplane.domain.calling.calls import Call, CallStatus
from dialplane.domain.calling.routing import (
    Refused,
    Verdict,
    refuse,
)
from dialplane.domain.calling.treatment import answer_of
from dialplane.domain.charging.call_billing import CallBilling
from dialplane.domain.flows.action import Action
from dialplane.domain.flows.flow import Flow, flow_for
from dialplane.domain.flows.run import Run
from dialplane.domain.flows.validation import validate_actions
from dialplane.domain.ids import AccountId, CallId, FlowId, NumberId, RunId, new_id
from dialplane.domain.numbering.forwarding import forward_action
from dialplane.domain.numbering.targets import ApplicationTarget, DocumentTarget, FlowTarget, ForwardTarget
from dialplane.domain.programs.commands import WriteNotification
from dialplane.domain.programs.sources import RESTCOMM_VERSION, DocumentSource
from dialplane.domain.rcml.callbacks import Progress
from dialplane.domain.values import dataclass
from dialplane.services.calling.arrivals import Arrival, Plan, caller_address, find_claimed, plan_arrivals
from dialplane.services.calling.call_documents import CallDocument, find_documents
from dialplane.services.calling.calls import RefusedCall
from dialplane.services.calling.new_calls import begun_events, refused_call, ringing_call, run_of_call, stranger_record
from dialplane.services.charging.ledger import Reserved, hold_for_new
from dialplane.services.charging.rates import tariffs
from dialplane.services.eventing.events import publish
from dialplane.services.eventing.status_callbacks import tell_progress
from dialplane.services.programs.notifications import note
from dialplane.services.programs.runs import created_event
from dialplane.services.shapes.calls import route_shape
from dialplane.services.shapes.targets import target_shape
from dialplane.services.transaction import Database, Transaction

NO_APPLICATION = 11007


@dataclass(frozen=True, slots=True)
class Admitted:
    """The call is on record as ringing; `actions` are its program."""

    call: Call
    billing: CallBilling
    run: Run
    actions: tuple[Action, ...]
    on_complete_flow_id: FlowId | None = None
    document: DocumentSource | None = None
    """Where a document is the program instead."""
    looks_up_name: bool = False
    """The document's server is told the caller's name as the CNAM look-up has it."""

    @property
    def runs_nothing(self) -> bool:
        """The number leads nowhere: the call is made and ended at once (VoIPBIN reference 9.2, Restcomm's 6.1)."""
        return self.document is None and not self.actions and self.call.flow_id is None


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Answer with this; it is on record already."""

    status: int
    phrase: str
    reason: str
    account_id: AccountId | None = None
    """Who finds the call among the account's; None: a stranger's."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """The sender claims to be an extension of ours: let it prove that."""


Outcome = Admitted | TurnedAway | Challenge


class _Program(NamedTuple):
    """What runs on a call that is let in."""

    actions: tuple[Action, ...]
    flow_id: FlowId | None = None
    flow_version: int = 0
    on_complete_flow_id: FlowId | None = None
    is_canary: bool = False


async def admit(database: Database, arrivals: Sequence[Arrival], now: datetime) -> list[Outcome]:
    """Decide each arrival and record what came of it."""
    async with database.transaction() as tx:
        claimed = await find_claimed(tx, arrivals)
        plans, flows = await plan_arrivals(tx, [each for each in arrivals if each.claims not in claimed], now)
        billings = await _billings(tx, plans)
        plans, reserved = await _ask_for_money(tx, plans, billings, now)
        outcomes = iter(await _record(tx, plans, flows, billings, reserved, now))
    return [Challenge() if arrival.claims in claimed else next(outcomes) for arrival in arrivals]


async def _billings(tx: Transaction, plans: Sequence[Plan]) -> dict[CallId, CallBilling]:
    """What each call costs that is to be let in: the price of the account whose number is called."""
    running = [(plan, plan.account) for plan in plans if plan.account and plan.decision.verdict is Verdict.RUN]
    if not running:
        return {}
    called = {plan.arrival.call_id: plan.decision.number.number for plan, _ in running if plan.decision.number}
    prices = await tariffs(tx, {account.id for _, account in running}, set(called.values()))
    return {
        plan.arrival.call_id: CallBilling(
            account.id,
            plan.arrival.call_id,
            prices[account.id].rate(plan.cost_type, called.get(plan.arrival.call_id, "")),
        )
        for plan, account in running
    }


async def _ask_for_money(
    tx: Transaction, plans: Sequence[Plan], billings: Mapping[CallId, CallBilling], now: datetime
) -> tuple[list[Plan], Reserved | None]:
    """Reserve the first minute of each call that costs something; who cannot pay is refused. The holds are written with
    the calls."""
    costly = [billing for billing in billings.values() if not billing.is_free]
    if not costly:
        return list(plans), None
    reserved = await hold_for_new(tx, [billing.hold(now) for billing in costly], now)
    broke = {billing.call_id for billing, hold in zip(costly, reserved.answers, strict=True) if hold is None}
    return [_cannot_pay(plan) if plan.arrival.call_id in broke else plan for plan in plans], reserved


def _cannot_pay(plan: Plan) -> Plan:
    reason = "the account's balance does not cover a minute of this call"
    return replace(plan, decision=refuse(plan.decision, Refused.INSUFFICIENT_BALANCE, reason))


@dataclass(slots=True)
class _Books:
    """What is to be written of a batch, and what its senders are told, in the order of the arrivals."""

    outcomes: list[Outcome] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    strangers: list[RefusedCall] = field(default_factory=list)
    split: list[tuple[CallId, NumberId]] = field(default_factory=list)
    """Calls of a share that tries another target."""

    def refuse(self, plan: Plan, now: datetime) -> None:
        status, phrase = answer_of(plan.decision)
        route, reason = route_shape(plan.decision), plan.decision.reason
        self.outcomes.append(TurnedAway(status, phrase, reason, plan.account.id if plan.account else None))
        if plan.account is None:
            self.strangers.append(stranger_record(plan.arrival, status, reason, route, now))
        else:
            self.calls.append(refused_call(plan, plan.account, status, route, now))

    def let_in(
        self, plan: Plan, program: _Program, document: CallDocument | None, billing: CallBilling, now: datetime
    ) -> None:
        assert plan.account is not None
        route, run_id = route_shape(plan.decision), RunId(new_id(now))
        if document is not None:
            route["document"] = target_shape(document.target)
        if program.is_canary:
            route["canary"] = program.flow_version
        call = ringing_call(plan, plan.account, route, now, flow_id=program.flow_id, run_id=run_id, document=document)
        run = run_of_call(
            call,
            program.flow_id,
            program.on_complete_flow_id,
            now,
            flow_version=program.flow_version,
            is_canary=program.is_canary,
        )
        self.calls.append(call)
        self.runs.append(run)
        if plan.decision.treated is not None and plan.decision.treated.is_split and call.number_id is not None:
            self.split.append((call.id, call.number_id))
        if document is None:
            self.outcomes.append(Admitted(call, billing, run, program.actions, program.on_complete_flow_id))
        else:
            self.outcomes.append(
                Admitted(call, billing, run, (), document=document.source, looks_up_name=document.looks_up_name)
            )


async def _record(
    tx: Transaction,
    plans: Sequence[Plan],
    flows: Mapping[FlowId, Flow],
    billings: Mapping[CallId, CallBilling],
    reserved: Reserved | None,
    now: datetime,
) -> list[Outcome]:
    programs = await _programs(tx, plans, flows)
    documents = await _documents(tx, plans)
    books = _Books()
    for plan in plans:
        call_id = plan.arrival.call_id
        if plan.decision.verdict is Verdict.REFUSE:
            books.refuse(plan, now)
        else:
            books.let_in(plan, programs[call_id], documents.get(call_id), billings[call_id], now)
    async with tx.together() as batch:
        if reserved is not None:
            await reserved.write(batch)
        await _write(batch, books, now)
    if any(plan.decision.number is not None and plan.decision.target is None for plan in plans):
        await _note_unconfigured(tx, plans, books.calls, now)
    if documents:
        ringing = [(call, Progress.RINGING) for call in books.calls if call.status is CallStatus.RINGING]
        await tell_progress(tx, ringing, now)
    return books.outcomes


async def _write(batch: Transaction, books: _Books, now: datetime) -> None:
    if books.strangers:
        await batch.calls.refuse_many(books.strangers)
    if books.calls:
        await batch.runs.add_fresh(books.runs)
        await batch.calls.save_many(books.calls)
        if books.split:
            await batch.split_calls.add(books.split, now)
        # In one statement the events do not see the runs: these have no webhook address of their own to look up.
        events = [event for call in books.calls for event in begun_events(call, now)]
        await publish(batch, *(created_event(run) for run in books.runs), *events)


async def _note_unconfigured(tx: Transaction, plans: Sequence[Plan], calls: Sequence[Call], now: datetime) -> None:
    """Tell the owner of a number with nothing to run, where faults are looked for (Restcomm reference 6.1)."""
    numbers = {plan.arrival.call_id: plan.decision.number for plan in plans if plan.decision.target is None}
    for call in calls:
        number = numbers.get(call.id)
        if number is not None and call.status is CallStatus.RINGING:
            wrong = WriteNotification(NO_APPLICATION, f"{number.number} has no voice target: nothing runs")
            version = number.settings.api_version or RESTCOMM_VERSION
            await note(tx, call.account_id, wrong, call_id=call.id, api_version=version, now=now)


async def _documents(tx: Transaction, plans: Sequence[Plan]) -> dict[CallId, CallDocument]:
    """What the calls run that are let in to a document or an application."""
    wanting = [
        plan
        for plan in plans
        if plan.decision.verdict is Verdict.RUN and isinstance(plan.decision.target, DocumentTarget | ApplicationTarget)
    ]
    return await find_documents(tx, wanting) if wanting else {}


async def _programs(tx: Transaction, plans: Sequence[Plan], known: Mapping[FlowId, Flow]) -> dict[CallId, _Program]:
    """The actions of each call that is let in. A number without a target has none: the call is made and hung up."""
    admitted = [plan for plan in plans if plan.decision.verdict is Verdict.RUN]
    wanted = {FlowId(plan.decision.target.flow_id) for plan in admitted if isinstance(plan.decision.target, FlowTarget)}
    others = wanted - known.keys()
    flows = {**known, **({flow.id: flow for flow in await tx.flows.find_many(others)} if others else {})}
    programs: dict[CallId, _Program] = {}
    for plan in admitted:
        target = plan.decision.target
        flow = flows.get(FlowId(target.flow_id)) if isinstance(target, FlowTarget) else None
        if flow is not None:
            flow = flow_for(flow, plan.arrival.call_id)
            program = _Program(flow.actions, flow.id, flow.version, flow.on_complete_flow_id, flow.is_canary)
        else:
            raw = plan.connect or _forward(plan)
            program = _Program(validate_actions([raw]) if raw else ())
        programs[plan.arrival.call_id] = program
    return programs


def _forward(plan: Plan) -> dict[str, object] | None:
    target = plan.decision.target
    if not isinstance(target, ForwardTarget):
        return None
    return forward_action(target, caller=caller_address(plan.arrival), dialled=plan.decision.normalized)
