"""A flow's way to its callers: drafts, publishing, and a share of the runs that tries a version first."""

from uuid import UUID

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import Conflict, Invalid, NotFound
from dialplane.domain.flows.flow import Flow, flow_for
from dialplane.domain.ids import AccountId, new_id, utc_now
from dialplane.services.messaging.messages import list_messages
from dialplane.services.programs.flow_releases import (
    DraftChange,
    discard_draft,
    draft_from_version,
    faults_of,
    find_draft,
    publish_draft,
    save_draft,
    set_canary,
    stop_canary,
)
from dialplane.services.programs.flows import (
    FlowChange,
    delete_flow,
    get_flow,
    list_flows,
    list_versions,
    numbers_using,
    roll_back,
    update_flow,
)
from tests.services.buying import buyer
from tests.services.test_flow_versions import said, words, written
from tests.services.test_message_flows import ANN, OWN, holder, text


@pytest.fixture
async def account_id(database: PostgresDatabase) -> AccountId:
    return await buyer(database)


@pytest.fixture
async def flow(database: PostgresDatabase, account_id: AccountId) -> Flow:
    return await written(database, account_id, "one")


async def drafted(database: PostgresDatabase, flow: Flow, text: str) -> None:
    await save_draft(database, flow.account_id, flow.id, DraftChange(actions=said(text)), utc_now())


async def with_canary(database: PostgresDatabase, flow: Flow, percent: int = 30) -> Flow:
    await drafted(database, flow, "two")
    return await publish_draft(database, flow.account_id, flow.id, percent, utc_now())


async def events(database: PostgresDatabase, flow: Flow) -> list[str]:
    async with database.pool.acquire() as connection:
        rows = await connection.fetch("select type from events where resource_id = $1 order by id", flow.id)
    return [row["type"] for row in rows]


async def test_draft_runs_nowhere_until_it_is_published(database: PostgresDatabase, flow: Flow) -> None:
    await drafted(database, flow, "two")
    before = await get_flow(database, flow.account_id, flow.id)

    published = await publish_draft(database, flow.account_id, flow.id, 100, utc_now())

    assert before == flow
    assert (published.version, words(published)) == (2, ["two"])
    assert await find_draft(database, flow.account_id, flow.id) is None


async def test_draft_with_faults_is_kept_and_not_published(database: PostgresDatabase, flow: Flow) -> None:
    wrong = [{"type": "talk"}, {"type": "answer"}, {"type": "dance"}]
    draft = await save_draft(database, flow.account_id, flow.id, DraftChange(actions=wrong), utc_now())

    with pytest.raises(Invalid) as refused:
        await publish_draft(database, flow.account_id, flow.id, 100, utc_now())

    assert [fault.field for fault in faults_of(draft)] == ["actions[2].type", "actions[0].option.text"]
    assert refused.value.field == "actions[2].type"
    assert await get_flow(database, flow.account_id, flow.id) == flow


async def test_draft_that_somebody_changed_meanwhile_is_not_written_over(
    database: PostgresDatabase, flow: Flow
) -> None:
    first = DraftChange(actions=said("mine"), revision=0)
    await save_draft(database, flow.account_id, flow.id, first, utc_now())

    with pytest.raises(Conflict) as refused:
        await save_draft(database, flow.account_id, flow.id, DraftChange(actions=said("yours"), revision=0), utc_now())

    assert refused.value.reason == "FLOW_DRAFT_CHANGED"


async def test_draft_is_discarded_once(database: PostgresDatabase, flow: Flow) -> None:
    await drafted(database, flow, "two")

    await discard_draft(database, flow.account_id, flow.id)

    with pytest.raises(NotFound) as refused:
        await discard_draft(database, flow.account_id, flow.id)
    assert refused.value.reason == "FLOW_DRAFT_NOT_FOUND"


async def test_draft_begins_anew_with_an_old_version(database: PostgresDatabase, account_id: AccountId) -> None:
    flow = await written(database, account_id, "one", "two")

    draft = await draft_from_version(database, account_id, flow.id, 1, utc_now())

    assert draft.based_on == 2
    assert [action["option"]["text"] for action in draft.actions] == ["one"]  # type: ignore[index]  # decoded JSON


async def test_canary_is_a_version_that_the_flow_does_not_have_yet(database: PostgresDatabase, flow: Flow) -> None:
    changed = await with_canary(database, flow)

    found = await get_flow(database, flow.account_id, flow.id)

    assert found == changed
    assert found.canary is not None
    assert (found.version, words(found), found.canary.version, found.canary.percent) == (1, ["one"], 2, 30)
    assert [each.version for each in await list_versions(database, flow.account_id, flow.id, before=None, limit=9)] == [
        2,
        1,
    ]


async def test_share_of_the_canary_is_what_was_asked_for(database: PostgresDatabase, flow: Flow) -> None:
    """Decided by the id alone, so the same call gets the same answer for ever."""
    changed = await with_canary(database, flow, 30)
    calls = [new_id(utc_now()) for _ in range(4000)]

    taken = [flow_for(changed, each) for each in calls]

    assert 0.25 < sum(each.is_canary for each in taken) / len(calls) < 0.35
    assert {(each.version, *words(each)) for each in taken} == {(1, "one"), (2, "two")}
    assert [flow_for(changed, each).version for each in calls] == [each.version for each in taken]


@pytest.mark.parametrize(
    ("id", "percent", "is_canary"), [(29, 30, True), (30, 30, False), (0, 1, True), (99, 99, False)]
)
async def test_share_has_exact_ends(
    database: PostgresDatabase, flow: Flow, id: int, percent: int, is_canary: bool
) -> None:
    changed = await with_canary(database, flow, percent)

    assert flow_for(changed, UUID(int=100_000 + id)).is_canary is is_canary


async def test_canary_for_all_becomes_the_flows_own_version(database: PostgresDatabase, flow: Flow) -> None:
    await with_canary(database, flow)
    await set_canary(database, flow.account_id, flow.id, 60, utc_now())

    promoted = await set_canary(database, flow.account_id, flow.id, 100, utc_now())

    assert (promoted.version, promoted.canary, words(promoted)) == (2, None, ["two"])
    assert sorted(await events(database, flow)) == [
        "flow_canary_changed",
        "flow_canary_ended",
        "flow_canary_started",
        "flow_created",
        "flow_updated",
    ]


async def test_stopped_canary_keeps_its_number(database: PostgresDatabase, flow: Flow) -> None:
    await with_canary(database, flow)
    stopped = await stop_canary(database, flow.account_id, flow.id, utc_now())

    later = await update_flow(database, flow.account_id, flow.id, FlowChange(actions=said("three")), utc_now())

    assert (stopped.version, stopped.canary) == (1, None)
    assert later.version == 3


async def test_write_of_the_flow_itself_ends_its_canary(database: PostgresDatabase, flow: Flow) -> None:
    await with_canary(database, flow)

    rolled_back = await roll_back(database, flow.account_id, flow.id, 1, utc_now())

    assert (rolled_back.version, rolled_back.canary, words(rolled_back)) == (3, None, ["one"])
    assert "flow_canary_ended" in await events(database, flow)


@pytest.mark.parametrize("percent", [0, 101, -1])
async def test_share_outside_its_limits_is_refused(database: PostgresDatabase, flow: Flow, percent: int) -> None:
    await drafted(database, flow, "two")

    with pytest.raises(Invalid) as refused:
        await publish_draft(database, flow.account_id, flow.id, percent, utc_now())

    assert refused.value.field == "percent"


async def test_flow_without_canary_has_none_to_change(database: PostgresDatabase, flow: Flow) -> None:
    with pytest.raises(NotFound) as refused:
        await set_canary(database, flow.account_id, flow.id, 10, utc_now())

    assert refused.value.reason == "FLOW_CANARY_NOT_FOUND"


async def test_message_runs_the_version_that_its_id_decides(database: PostgresDatabase) -> None:
    account_id = await holder(database, {"type": "stop"})
    (flow,) = await list_flows(database, account_id, before=None, limit=1)
    changed = await with_canary(database, flow, 50)

    run = await text(database, ANN, "hello")

    (message,) = [each.id for each in await list_messages(database, account_id, before=None, limit=1)]
    expected = flow_for(changed, message)
    assert (run.flow_version, run.is_canary) == (expected.version, expected.is_canary)


async def test_flow_that_a_number_runs_is_not_deleted_where_that_is_asked(database: PostgresDatabase) -> None:
    account_id = await holder(database, {"type": "stop"})
    (flow,) = await list_flows(database, account_id, before=None, limit=1)

    with pytest.raises(Conflict) as refused:
        await delete_flow(database, account_id, flow.id, utc_now(), unless_used=True)

    assert refused.value.reason == "FLOW_IN_USE"
    assert [each.number for each in await numbers_using(database, account_id, flow.id, limit=5)] == [OWN]
