"""Starting calls from outside a call: POST /calls and the `call` action. The voice node gets an order for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

import msgspec

from dialplane.domain.addresses import Address
from dialplane.domain.calling.call_manners import CallManner, check_manner
from dialplane.domain.calling.calls import Call, CallExtras, CallStatus
from dialplane.domain.calling.providercalls import ProviderCall
from dialplane.domain.charging.call_billing import CallBilling
from dialplane.domain.charging.rating import MINUTE_S, CostType, Rate
from dialplane.domain.errors import Invalid, Refusal, Unavailable
from dialplane.domain.flows.action import Action
from dialplane.domain.flows.flow import Flow, flow_for
from dialplane.domain.flows.run import Run
from dialplane.domain.flows.validation import validate_actions
from dialplane.domain.flows.variables import check_start_variables
from dialplane.domain.ids import AccountId, CallId, FlowId, RunId, TrunkId, new_id
from dialplane.domain.money import Micros
from dialplane.domain.programs.source_json import read_source, source_fields
from dialplane.domain.programs.sources import TWILIO_VERSION, FlowSource, ProgramSource
from dialplane.services.calling.calls import NodeCommand, pick_node
from dialplane.services.calling.dialling import Opened, OutgoingWish, open_calls_in
from dialplane.services.calling.new_calls import run_of_call
from dialplane.services.programs.flows import find_flow
from dialplane.services.programs.runs import create_runs
from dialplane.services.transaction import Database, Transaction

MAX_DESTINATIONS = 50
"""Of one request."""


@dataclass(frozen=True, slots=True)
class CallRequest:
    """The body of POST /calls. One of `flow_id`, `actions` and `program` says what runs when a party answers."""

    source: Address | None
    destinations: tuple[Address, ...]
    flow_id: UUID | None = None
    actions: object = None
    """Decoded JSON, still to be validated."""
    variables: Mapping[str, str] | None = field(default=None)
    anonymous: str = ""
    master_call_id: CallId | None = None
    fallback_source: str = ""
    program: ProgramSource | None = None
    """What the XML dialects give: a document by address or by text."""
    manner: CallManner = field(default=CallManner())
    caller_name: str = ""
    """Display name that the callee is shown."""
    api_version: str = ""
    """Of the dialect that asks (`programs.sources`)."""
    groupcall_id: UUID | None = None
    node: str = ""
    """The voice node that is to place it; empty: whichever has the fewest calls."""


@dataclass(frozen=True, slots=True)
class CallsCreated:
    """The calls that were started, and why the others were not."""

    calls: tuple[Call, ...]
    refusals: tuple[Refusal, ...]


async def create_calls(database: Database, account_id: AccountId, request: CallRequest, now: datetime) -> CallsCreated:
    """Start a call to each destination; one that may not be called is left out.

    Raises the first Refusal where none could be started, Invalid naming the field, NotFound (FLOW_NOT_FOUND), and
    Unavailable where no voice node lives.
    """
    if not request.destinations:
        raise Invalid("destinations must not be empty", reason="INVALID_ARGUMENT", field="destinations")
    if len(request.destinations) > MAX_DESTINATIONS:
        raise Invalid(f"destinations holds at most {MAX_DESTINATIONS}", reason="INVALID_ARGUMENT", field="destinations")
    if request.anonymous not in ("", "yes", "no", "auto"):
        raise Invalid("anonymous is yes, no or auto", reason="INVALID_ANONYMOUS_VALUE", field="anonymous")
    variables = check_start_variables(request.variables)
    actions = validate_actions([] if request.actions is None else request.actions)
    manner = replace(request.manner, withheld=request.manner.withheld or request.anonymous == "yes")
    check_manner(manner)
    async with database.transaction() as tx:
        flow = None
        wanted = request.program.flow_id if isinstance(request.program, FlowSource) else request.flow_id
        if wanted is not None:
            flow = await find_flow(tx, account_id, FlowId(wanted))
        program = Program(actions, variables, request.program, manner, flow)
        node = request.node or await pick_node(tx, now)
        flow_id = flow.id if flow else None
        wishes = [_wish(account_id, destination, request, flow_id, node, now) for destination in request.destinations]
        if request.api_version == TWILIO_VERSION:
            wishes = await _with_places(tx, wishes)
        outcomes = await open_calls_in(tx, wishes, now)
        opened = [outcome for outcome in outcomes if isinstance(outcome, Opened)]
        refusals = tuple(outcome for outcome in outcomes if isinstance(outcome, Refusal))
        if not opened:
            raise refusals[0]
        calls = [await _order(tx, each, program, now) for each in opened]
        if manner.trunk_id is not None:
            trunk = TrunkId(manner.trunk_id)
            await tx.provider_calls.add([ProviderCall(each.id, account_id, trunk, now) for each in calls])
    return CallsCreated(tuple(calls), refusals)


@dataclass(frozen=True, slots=True)
class Program:
    """What the calls of one request run, and how they are placed."""

    actions: tuple[Action, ...]
    """Where there is no flow."""
    variables: Mapping[str, str]
    source: ProgramSource | None
    manner: CallManner
    flow: Flow | None = None


def _wish(
    account_id: AccountId,
    destination: Address,
    request: CallRequest,
    flow_id: FlowId | None,
    node: str,
    now: datetime,
) -> OutgoingWish:
    return OutgoingWish(
        call_id=CallId(new_id(now)),
        account_id=account_id,
        destination=destination,
        node=node,
        source=_named(request),
        fallback_source=request.fallback_source,
        flow_id=flow_id,
        master_call_id=request.master_call_id,
        extras=_extras(request),
    )


async def _with_places(tx: Transaction, wishes: Sequence[OutgoingWish]) -> list[OutgoingWish]:
    """Twilio's dialect tells where the numbers are at home."""
    parties = [(wish.source.target if wish.source else "", wish.destination.target) for wish in wishes]
    places = await tx.inventory.places({number for pair in parties for number in pair})
    return [
        replace(
            wish,
            extras=replace(
                wish.extras or CallExtras(), source_place=places.get(ours), destination_place=places.get(theirs)
            ),
        )
        for wish, (ours, theirs) in zip(wishes, parties, strict=True)
    ]


def _named(request: CallRequest) -> Address | None:
    if request.source is None or not request.caller_name:
        return request.source
    return replace(request.source, target_name=request.caller_name[:255])


def _extras(request: CallRequest) -> CallExtras | None:
    """None for the many calls that have nothing of it."""
    extras = CallExtras(
        caller_name=request.caller_name[:255],
        sip_headers=request.manner.headers,
        status=request.manner.status,
        api_version=request.api_version,
        groupcall_id=request.groupcall_id,
    )
    return extras if extras != CallExtras() else None


async def _order(tx: Transaction, opened: Opened, program: Program, now: datetime) -> Call:
    """Give the call its run and put it into the node's mailbox, with the rate that is its own from now on (LED-9)."""
    call, rate = opened.call, opened.billing.rate
    flow = flow_for(program.flow, call.id) if program.flow else None
    if flow is None:
        run = run_of_call(call, None, None, now)
    else:
        run = run_of_call(
            call, flow.id, flow.on_complete_flow_id, now, flow_version=flow.version, is_canary=flow.is_canary
        )
    run = replace(run, variables={**program.variables, **run.variables})
    await create_runs(tx, run)
    call = replace(call, run_id=run.id)
    await tx.calls.save_many([call])
    payload: dict[str, object] = {
        "rate": {"micros": rate.micros, "tokens": rate.tokens, "increment_s": rate.increment_s, "setup": rate.setup},
        "manner": program.manner,
    }
    if program.source is None or isinstance(program.source, FlowSource):
        payload["actions"] = [action.document() for action in (flow.actions if flow else program.actions)]
    else:
        payload["source"] = source_fields(program.source)
    await tx.calls.post_commands([NodeCommand(new_id(now), call.node, call.id, "dial", payload, now)])
    return call


@dataclass(frozen=True, slots=True)
class DialOrder:
    """A `dial` command as the node carries it out."""

    call: Call
    billing: CallBilling
    run: Run
    source: ProgramSource
    manner: CallManner


async def read_order(database: Database, command: NodeCommand) -> DialOrder:
    """Everything that the node needs to place the call.

    Raises Unavailable where the call has ended meanwhile.
    """
    async with database.reading() as tx:
        call = await tx.calls.find_live(command.call_id)
        if call is None or call.status is CallStatus.HANGUP or call.run_id is None:
            raise Unavailable("The call has ended already")
        run = await tx.runs.find(call.account_id, RunId(call.run_id))
        if run is None:
            raise Unavailable("The call's run is gone")
    payload = command.payload
    billing = CallBilling(call.account_id, call.id, _frozen(call, payload["rate"]))
    written = payload.get("source") or {"actions": payload["actions"]}
    assert isinstance(written, dict)
    manner = msgspec.convert(payload.get("manner", {}), CallManner)  # an order of the version before has none
    return DialOrder(call, billing, run, read_source(written), manner)


def _frozen(call: Call, rate: object) -> Rate:
    """The rate out of the order that `_order` wrote."""
    assert isinstance(rate, dict)
    return Rate(
        CostType(call.cost_type),
        Micros(rate["micros"]),
        rate["tokens"],
        rate.get("increment_s", MINUTE_S),  # an order of the version before has neither
        Micros(rate.get("setup", 0)),
    )
