"""Runs: kept as they go in one statement for many, told of in order, stopped once, and driven without a call."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.addresses import Address, tel
from dialplane.domain.calling.calls import Call, CallStatus, Direction
from dialplane.domain.errors import AlreadyExists, Conflict, Invalid, NotFound
from dialplane.domain.flows.run import ReferenceType, Run, RunProgress, RunStatus
from dialplane.domain.ids import AccountId, CallId, RunId, new_id
from dialplane.domain.programs.commands import (
    Command,
    Done,
    Failed,
    FetchDocument,
    Fetched,
    Result,
    RunRecord,
    SendMessage,
)
from dialplane.services.programs import flows, runs
from dialplane.services.programs.api_runs import ApiRuns, RunWish
from dialplane.services.programs.flows import FlowChange
from dialplane.services.programs.runs import create_runs, save_progress
from dialplane.services.shapes.runs import run_shape
from tests.effort import PATIENCE_S
from tests.services.accounts import make_account

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(seconds=1)
TALK: dict[str, object] = {"id": "aaaaaaaa-0000-4000-8000-000000000001", "type": "talk"}
BEEP: dict[str, object] = {"id": "aaaaaaaa-0000-4000-8000-000000000002", "type": "beep"}


@pytest.fixture
async def account(database: PostgresDatabase) -> AccountId:
    return await make_account(database, NOW)


def new_run(account: AccountId, reference: ReferenceType = ReferenceType.NONE, **fields: object) -> Run:
    run = Run(RunId(new_id(NOW)), account, RunStatus.RUNNING, reference, NOW, variables={"who": "Ann"})
    return replace(run, **fields)  # type: ignore[arg-type]  # the fields of each test


def at(*actions: dict[str, object], ended: bool = False, error: str = "") -> RunRecord:
    return RunRecord(actions[-1], None, actions, ended=ended, error=error, variables={"who": "Bob"})


async def keep(database: PostgresDatabase, *made: Run) -> None:
    async with database.transaction() as tx:
        await create_runs(tx, *made)


async def progress(database: PostgresDatabase, records: Sequence[RunProgress]) -> frozenset[RunId]:
    async with database.transaction() as tx:
        return await save_progress(tx, records)


async def events(database: PostgresDatabase) -> list[tuple[str, str, int]]:
    """Type, status and number of executed actions of each event, in order."""
    async with database.reading() as tx:
        rows = await tx.connection.fetch(
            "select type, data from events where resource = 'activeflow' order by resource_seq"
        )
    return [(row["type"], row["data"]["status"], len(row["data"]["executed_actions"])) for row in rows]


async def test_run_is_found_again_as_it_was_made(database: PostgresDatabase, account: AccountId) -> None:
    run = new_run(account)

    await keep(database, run)

    assert await runs.get_run(database, account, run.id) == run
    assert await events(database) == [("activeflow_created", "running", 0)]


async def test_run_with_a_taken_id_is_refused(database: PostgresDatabase, account: AccountId) -> None:
    run = new_run(account)
    await keep(database, run)

    with pytest.raises(AlreadyExists):
        await keep(database, run)


async def test_progress_of_many_runs_is_written_at_once_and_told_of_step_by_step(
    database: PostgresDatabase, account: AccountId
) -> None:
    one, two = new_run(account), new_run(account)
    await keep(database, one, two)

    running = await progress(
        database,
        [
            RunProgress(one, at(TALK), NOW),
            RunProgress(two, at(BEEP), NOW),
            RunProgress(one, at(TALK, BEEP, ended=True, error="limit"), LATER),
        ],
    )

    assert running == {one.id, two.id}
    found = await runs.get_run(database, account, one.id)
    assert found == replace(
        one,
        status=RunStatus.ENDED,
        current_action=BEEP,
        executed_actions=(TALK, BEEP),
        variables={"who": "Bob"},
        error="limit",
        updated_at=LATER,
        ended_at=LATER,
    )
    assert (await runs.get_run(database, account, two.id)).status is RunStatus.RUNNING
    assert (await events(database))[2:] == [
        ("activeflow_updated", "running", 1),
        ("activeflow_updated", "running", 1),
        ("activeflow_updated", "ended", 2),
    ]


async def test_each_action_is_told_of_once_where_several_ran_in_one_go(
    database: PostgresDatabase, account: AccountId
) -> None:
    """VoIPBIN's reference 3.3 and 8.2: `activeflow_updated` after every action and at the end."""
    run = new_run(account)
    await keep(database, run)

    await progress(database, [RunProgress(run, at(TALK, BEEP, TALK), NOW, told=0)])
    await progress(database, [RunProgress(run, at(TALK, BEEP, TALK, BEEP, ended=True), LATER, told=3)])

    assert (await events(database))[1:] == [
        ("activeflow_updated", "running", 1),
        ("activeflow_updated", "running", 2),
        ("activeflow_updated", "running", 3),
        ("activeflow_updated", "running", 4),
        ("activeflow_updated", "ended", 4),
    ]


async def test_stopped_run_takes_no_more_progress(database: PostgresDatabase, account: AccountId) -> None:
    run = new_run(account)
    await keep(database, run)

    stopped = await runs.stop_run(database, account, run.id, LATER)

    assert (stopped.status, stopped.ended_at) == (RunStatus.ENDED, LATER)
    assert await progress(database, [RunProgress(run, at(TALK), LATER)]) == frozenset()
    assert (await runs.get_run(database, account, run.id)).executed_actions == ()
    assert [kind for kind, _, _ in await events(database)] == ["activeflow_created", "activeflow_updated"]


async def test_run_can_be_stopped_once(database: PostgresDatabase, account: AccountId) -> None:
    run = new_run(account)
    await keep(database, run)
    await runs.stop_run(database, account, run.id, LATER)

    with pytest.raises(Conflict) as refusal:
        await runs.stop_run(database, account, run.id, LATER)

    assert refusal.value.reason == "ACTIVEFLOW_ALREADY_STOPPED"


async def test_stopping_the_run_of_a_call_orders_its_hang_up(database: PostgresDatabase, account: AccountId) -> None:
    call_id = CallId(new_id(NOW))
    run = new_run(account, ReferenceType.CALL, reference_id=call_id)
    call = Call(
        id=call_id,
        account_id=account,
        direction=Direction.INCOMING,
        status=CallStatus.PROGRESSING,
        source=tel("+15550100001"),
        destination=tel("+15550100002"),
        created_at=NOW,
        node="n1",
    )
    async with database.transaction() as tx:
        await tx.nodes.begin("n1", sip_host="127.0.0.1", sip_port=5060, version="", now=NOW)
        await tx.calls.save_many([call])
    await keep(database, run)

    await runs.stop_run(database, account, run.id, LATER)

    async with database.transaction() as tx:
        orders = await tx.calls.take_commands("n1", limit=10)
    assert [(order.kind, order.call_id) for order in orders] == [("hangup", call_id)]


async def test_deleted_run_is_gone(database: PostgresDatabase, account: AccountId) -> None:
    run = new_run(account)
    await keep(database, run)

    deleted = await runs.delete_run(database, account, run.id, LATER)

    assert (deleted.status, deleted.deleted_at) == (RunStatus.ENDED, LATER)
    assert await runs.list_runs(database, account, before=None, limit=10) == []
    with pytest.raises(NotFound) as refusal:
        await runs.get_run(database, account, run.id)
    assert refusal.value.reason == "ACTIVEFLOW_NOT_FOUND"


async def test_run_of_another_account_is_not_found(database: PostgresDatabase, account: AccountId) -> None:
    run = new_run(account)
    await keep(database, run)

    with pytest.raises(NotFound):
        await runs.stop_run(database, AccountId(new_id(NOW)), run.id, LATER)


async def test_run_whose_process_died_is_ended(database: PostgresDatabase, account: AccountId) -> None:
    lost, of_a_call = new_run(account), new_run(account, ReferenceType.CALL)
    await keep(database, lost, of_a_call)

    count = await runs.end_abandoned_runs(database, created_before=LATER, now=LATER)

    assert count == 1
    assert (await runs.get_run(database, account, lost.id)).error == "interrupted"
    assert (await runs.get_run(database, account, of_a_call.id)).status is RunStatus.RUNNING


async def test_run_shows_nil_ids_and_null_times_where_unset(account: AccountId) -> None:
    shape = run_shape(new_run(account))

    nil = "00000000-0000-0000-0000-000000000000"
    assert (shape["flow_id"], shape["reference_id"], shape["forward_action_id"]) == (nil, nil, nil)
    assert (shape["tm_create"], shape["tm_update"], shape["tm_delete"]) == ("2026-01-15T09:30:00.000000Z", None, None)


class World:
    """The network's outer edge: what the runs sent, and the answers that a test laid out."""

    def __init__(self) -> None:
        self.messages: list[tuple[tuple[Address, ...], str]] = []
        self.pages: dict[str, str] = {}
        self.waits: asyncio.Event | None = None

    async def carry_out(self, run: Run, command: Command) -> Result:
        match command:
            case SendMessage(destinations=destinations, text=text):
                self.messages.append((destinations, text))
                return Done()
            case FetchDocument(url=url):
                return await self._fetch(url)
            case _:
                return Failed(f"{type(command).__name__} is not of this world")

    async def _fetch(self, url: str) -> Result:
        if self.waits is not None:
            await self.waits.wait()
        page = self.pages.get(url)
        return Failed("nobody answers") if page is None else Fetched(200, page)


TO_BOB: dict[str, object] = {"destinations": [{"type": "tel", "target": "+15550100002"}]}
SEND = {"type": "message_send", "option": {**TO_BOB, "text": "Hello ${who}"}}
SKIPPED = {"type": "talk", "option": {"text": "only on a call"}}
FETCH = {"type": "fetch", "option": {"event_url": "https://example.test/next"}}


async def drive(database: PostgresDatabase, account: AccountId, world: World, wish: RunWish) -> Run:
    async with asyncio.TaskGroup() as tasks:
        run = await ApiRuns(database, world, tasks, lambda: LATER).start(account, wish)
    return await runs.get_run(database, account, run.id)


async def test_run_of_the_api_skips_what_needs_a_call_and_does_the_rest(
    database: PostgresDatabase, account: AccountId
) -> None:
    world = World()

    run = await drive(database, account, world, RunWish(actions=[SKIPPED, SEND], variables={"who": "Ann"}))

    assert world.messages == [((tel("+15550100002"),), "Hello Ann")]
    assert (run.reference_type, run.status, run.error) == (ReferenceType.API, RunStatus.ENDED, "")
    assert [action["type"] for action in run.executed_actions] == ["message_send"]


async def test_fetched_actions_are_run_in_place(database: PostgresDatabase, account: AccountId) -> None:
    world = World()
    world.pages["https://example.test/next"] = json.dumps([SEND])

    run = await drive(database, account, world, RunWish(actions=[FETCH], variables={"who": "Eve"}))

    assert [text for _, text in world.messages] == ["Hello Eve"]
    assert [action["type"] for action in run.executed_actions] == ["fetch", "message_send"]


async def test_failed_fetch_ends_the_run_with_the_reason(database: PostgresDatabase, account: AccountId) -> None:
    run = await drive(database, account, World(), RunWish(actions=[FETCH, SEND]))

    assert run.status is RunStatus.ENDED
    assert run.error.endswith("(fetch): nobody answers")


async def test_flow_that_follows_runs_with_the_variables_of_the_first(
    database: PostgresDatabase, account: AccountId
) -> None:
    world = World()
    after = await flows.create_flow(database, account, FlowChange("after", actions=[SEND]), NOW)
    first = await flows.create_flow(
        database,
        account,
        FlowChange(
            "first",
            actions=[{"type": "variable_set", "option": {"key": "who", "value": "Zoe"}}],
            on_complete_flow_id=after.id,
        ),
        NOW,
    )

    run = await drive(database, account, world, RunWish(flow_id=first.id))

    assert [text for _, text in world.messages] == ["Hello Zoe"]
    following, _ = await runs.list_runs(database, account, before=None, limit=10)
    if following.id == run.id:
        _, following = await runs.list_runs(database, account, before=None, limit=10)
    assert (following.reference_run_id, following.complete_count, following.flow_id) == (run.id, 1, after.id)


async def test_flows_that_follow_each_other_for_ever_stop_after_five(
    database: PostgresDatabase, account: AccountId
) -> None:
    world = World()
    flow = await flows.create_flow(database, account, FlowChange("loop", actions=[SEND]), NOW)
    await flows.update_flow(database, account, flow.id, FlowChange(on_complete_flow_id=flow.id), NOW)

    await drive(database, account, world, RunWish(flow_id=flow.id))

    assert len(world.messages) == 6


async def test_run_that_is_stopped_while_it_waits_goes_no_further(
    database: PostgresDatabase, account: AccountId
) -> None:
    world = World()
    world.waits = asyncio.Event()
    world.pages["https://example.test/next"] = json.dumps([SEND, SEND])

    async with asyncio.TaskGroup() as tasks:
        run = await ApiRuns(database, world, tasks, lambda: LATER).start(account, RunWish(actions=[FETCH]))
        await runs.stop_run(database, account, run.id, LATER)
        world.waits.set()

    assert world.messages == []
    assert (await runs.get_run(database, account, run.id)).ended_at == LATER


async def test_run_of_an_unknown_flow_is_refused(database: PostgresDatabase, account: AccountId) -> None:
    with pytest.raises(ExceptionGroup) as refusals:
        await drive(database, account, World(), RunWish(flow_id=UUID("0198c000-0000-7000-8000-000000000000")))

    assert refusals.group_contains(NotFound)


async def test_webhook_address_of_a_run_is_an_address(database: PostgresDatabase, account: AccountId) -> None:
    """As that of an account (VoIPBIN's reference 3.3): nobody would ever hear of the run there."""
    with pytest.raises(ExceptionGroup) as refusals:
        await drive(database, account, World(), RunWish(webhook_uri="example.com/hook"))

    assert refusals.group_contains(Invalid, match="must be an http or https URL")


async def test_too_long_start_variable_is_refused(database: PostgresDatabase, account: AccountId) -> None:
    with pytest.raises(ExceptionGroup) as refusals:
        await drive(database, account, World(), RunWish(variables={"long": "x" * 32_769}))

    assert refusals.group_contains(Invalid, match="32768 bytes")


async def test_blocked_run_goes_on_when_it_is_told_to(database: PostgresDatabase, account: AccountId) -> None:
    run = new_run(account, ReferenceType.API)
    await keep(database, run)
    waiting = asyncio.create_task(runs.wait_for_go_on(database, run, NOW))

    await runs.continue_run(database, account, run.id, LATER)

    async with asyncio.timeout(PATIENCE_S):
        await waiting
