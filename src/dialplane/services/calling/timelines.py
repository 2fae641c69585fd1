"""The timeline of a call, a run, a flow or a conference: every source of what happened, merged (reference 6.11)."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from dialplane.domain.calling.calls import Call
from dialplane.domain.calling.signalling import SipPacket, unpack
from dialplane.domain.calling.timelines import Happening, in_order
from dialplane.domain.calling.traces import Fact
from dialplane.domain.charging.call_billing import hold_key as call_key
from dialplane.domain.errors import NotFound
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import AccountId, CallId, FlowId, RunId
from dialplane.domain.recording.recordings import hold_key as recording_key
from dialplane.services.calling.caller_names import look_up_key
from dialplane.services.calling.sip_traces import analyse, capture, ladder_happenings, read_ladder
from dialplane.services.programs.flows import find_flow
from dialplane.services.transaction import Database, Transaction
from dialplane.sip.pcap import Endpoint

LATE = timedelta(days=4)
"""How long after its end a call's webhooks are still tried."""
EARLY = timedelta(minutes=1)
"""Clocks of two processes differ by less."""


class TimelineStore(Protocol):
    """Port: what the other subjects' tables say of things, in no order."""

    async def events(self, account_id: AccountId, resource_ids: Collection[UUID]) -> list[tuple[UUID, Happening]]:
        """With the ids of the events."""
        ...

    async def webhooks(
        self, account_id: AccountId, event_ids: Collection[UUID], *, since: datetime, until: datetime
    ) -> list[Happening]:
        """Every attempt, and what still waits for its first."""
        ...

    async def money(self, account_id: AccountId, keys: Collection[str]) -> list[Happening]:
        """What was set aside, given back and charged under these keys."""
        ...

    async def recordings(self, account_id: AccountId, recording_ids: Collection[UUID]) -> list[Happening]: ...

    async def runs_of(self, account_id: AccountId, reference_id: UUID) -> list[Run]:
        """Of a call, those that followed its own included."""
        ...

    async def local_address(self, node: str) -> tuple[str, int] | None:
        """Where the node takes SIP."""
        ...


async def call_timeline(database: Database, account_id: AccountId, call_id: CallId) -> list[Happening]:
    """SIP messages, route, program steps, keys, answers, events, webhooks, money and recordings of one call.

    Raises NotFound (CALL_NOT_FOUND).
    """
    async with database.reading() as tx:
        call = await _find_call(tx, account_id, call_id)
        trace = await tx.traces.find(account_id, call_id)
        runs = await tx.timelines.runs_of(account_id, call.id)
        ids = {call.id, *(run.id for run in runs), *call.recording_ids}
        happened = await _told(tx, account_id, ids, call.created_at, call.ended_at)
        paid = [call_key(call.id), look_up_key(call.id), *map(recording_key, call.recording_ids)]
        happened += await tx.timelines.money(account_id, paid)
        happened += await tx.timelines.recordings(account_id, call.recording_ids)
    happened += _routed(call)
    for run in runs:
        happened += _steps(run)
    if trace is not None:
        happened += ladder_happenings(read_ladder(unpack(trace.signalling)))
        happened += map(_fact, trace.facts)
    return in_order(happened)


async def run_timeline(database: Database, account_id: AccountId, run_id: RunId) -> list[Happening]:
    """Raises NotFound (ACTIVEFLOW_NOT_FOUND)."""
    async with database.reading() as tx:
        run = await tx.runs.find(account_id, run_id)
        if run is None:
            raise NotFound("There is no such activeflow", reason="ACTIVEFLOW_NOT_FOUND")
        told = await _told(tx, account_id, [run.id], run.created_at, run.ended_at)
    return in_order([*told, *_steps(run)])


async def flow_timeline(database: Database, account_id: AccountId, flow_id: FlowId) -> list[Happening]:
    """Its changes; what ran on it has timelines of its own. Raises NotFound (FLOW_NOT_FOUND)."""
    async with database.reading() as tx:
        await find_flow(tx, account_id, flow_id)
        return in_order([event for _, event in await tx.timelines.events(account_id, [flow_id])])


async def conference_timeline(database: Database, account_id: AccountId, conference_id: UUID) -> list[Happening]:
    """Raises NotFound (CONFERENCE_NOT_FOUND) where nothing ever happened in it."""
    async with database.reading() as tx:
        events = await tx.timelines.events(account_id, [conference_id])
        if not events:
            raise NotFound("There is no such conference", reason="CONFERENCE_NOT_FOUND")
        begun = min(event.at for _, event in events)
        return in_order(await _told(tx, account_id, [conference_id], begun, None))


async def analyse_signalling(database: Database, account_id: AccountId, call_id: CallId) -> dict[str, object]:
    """Raises NotFound (CALL_NOT_FOUND, SIGNALLING_NOT_FOUND)."""
    async with database.reading() as tx:
        _, packets = await _signalling(tx, account_id, call_id)
    return analyse(read_ladder(packets))


async def capture_signalling(database: Database, account_id: AccountId, call_id: CallId) -> bytes:
    """The call's messages as a pcap file. Raises NotFound (CALL_NOT_FOUND, SIGNALLING_NOT_FOUND)."""
    async with database.reading() as tx:
        call, packets = await _signalling(tx, account_id, call_id)
        host, port = await tx.timelines.local_address(call.node) or ("127.0.0.1", 5060)
    return capture(packets, Endpoint(host, port))


async def _find_call(tx: Transaction, account_id: AccountId, call_id: CallId) -> Call:
    call = await tx.calls.find(account_id, call_id)
    if call is None:
        raise NotFound("There is no such call", reason="CALL_NOT_FOUND")
    return call


async def _signalling(tx: Transaction, account_id: AccountId, call_id: CallId) -> tuple[Call, list[SipPacket]]:
    call = await _find_call(tx, account_id, call_id)
    trace = await tx.traces.find(account_id, call_id)
    if trace is None or not trace.signalling:
        raise NotFound(
            "The call's signalling is not kept: it goes on, is too old, or keeping is switched off",
            reason="SIGNALLING_NOT_FOUND",
        )
    return call, unpack(trace.signalling)


async def _told(
    tx: Transaction, account_id: AccountId, ids: Collection[UUID], begun: datetime, ended: datetime | None
) -> list[Happening]:
    """Events and the webhooks that carried them."""
    events = await tx.timelines.events(account_id, ids)
    last = max([ended or begun, *(event.at for _, event in events)])
    webhooks = await tx.timelines.webhooks(
        account_id, [event_id for event_id, _ in events], since=begun - EARLY, until=last + LATE
    )
    return [*(event for _, event in events), *webhooks]


def _routed(call: Call) -> list[Happening]:
    if call.route is None:
        return []
    return [Happening(call.created_at, "route", str(call.route.get("verdict", "")), call.route)]


def _steps(run: Run) -> Iterator[Happening]:
    for action in run.executed_actions:
        at = datetime.fromisoformat(str(action["tm_execute"]))
        yield Happening(at, "program", str(action["type"]), {"activeflow_id": str(run.id), **action})
    if run.ended_at is not None:
        yield Happening(run.ended_at, "program", "end", {"activeflow_id": str(run.id), "error": run.error})


def _fact(fact: Fact) -> Happening:
    kind = "key" if fact["kind"] == "key" else "answer"
    data = {name: value for name, value in fact.items() if name not in ("at", "kind")}
    return Happening(datetime.fromisoformat(str(fact["at"])), kind, str(fact["kind"]), data)


def documents(happenings: Sequence[Happening]) -> list[dict[str, object]]:
    return [happening.document() for happening in happenings]
