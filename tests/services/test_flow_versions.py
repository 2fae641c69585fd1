"""Versions of flows: each write makes one, a roll-back is one more, and runs stay on theirs (user-asks U)."""

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import NotFound
from dialplane.domain.flows.flow import Flow
from dialplane.domain.ids import AccountId, utc_now
from dialplane.services.programs.flows import (
    FlowChange,
    create_flow,
    delete_flow,
    get_flow,
    get_version,
    list_versions,
    roll_back,
    update_flow,
)
from tests.services.buying import buyer


def said(text: str) -> list[object]:
    return [{"type": "talk", "option": {"text": text}}]


def words(flow: object) -> list[object]:
    return [action.option["text"] for action in flow.actions]  # type: ignore[attr-defined]  # flows and versions


@pytest.fixture
async def account_id(database: PostgresDatabase) -> AccountId:
    return await buyer(database)


async def written(database: PostgresDatabase, account_id: AccountId, *texts: str) -> Flow:
    """A flow that was made with the first text, and changed to each of the others."""
    first, *others = texts
    flow = await create_flow(database, account_id, FlowChange(name="f", actions=said(first)), utc_now())
    for text in others:
        flow = await update_flow(database, account_id, flow.id, FlowChange(actions=said(text)), utc_now())
    return flow


async def test_each_write_makes_a_version(database: PostgresDatabase, account_id: AccountId) -> None:
    flow = await written(database, account_id, "one", "two", "three")

    versions = await list_versions(database, account_id, flow.id, before=None, limit=10)

    assert flow.version == 3
    assert [(each.version, words(each)) for each in versions] == [(3, ["three"]), (2, ["two"]), (1, ["one"])]
    assert words(await get_version(database, account_id, flow.id, 2)) == ["two"]


async def test_roll_back_makes_the_old_content_a_new_version(database: PostgresDatabase, account_id: AccountId) -> None:
    flow = await written(database, account_id, "one", "two")

    rolled_back = await roll_back(database, account_id, flow.id, 1, utc_now())

    assert (rolled_back.version, words(rolled_back)) == (3, ["one"])
    assert await get_flow(database, account_id, flow.id) == rolled_back


async def test_roll_back_to_nothing_said_goes_to_the_version_before(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    flow = await written(database, account_id, "one", "two", "three")

    rolled_back = await roll_back(database, account_id, flow.id, None, utc_now())

    assert (rolled_back.version, words(rolled_back)) == (4, ["two"])


async def test_roll_back_leaves_out_a_following_flow_that_is_gone(
    database: PostgresDatabase, account_id: AccountId
) -> None:
    following = await written(database, account_id, "after")
    flow = await written(database, account_id, "one")
    change = FlowChange(on_complete_flow_id=following.id)
    await update_flow(database, account_id, flow.id, change, utc_now())
    await delete_flow(database, account_id, following.id, utc_now())

    rolled_back = await roll_back(database, account_id, flow.id, 2, utc_now())

    assert rolled_back.on_complete_flow_id is None


@pytest.mark.parametrize("version", [0, 2, -1])
async def test_version_that_never_was_is_not_found(
    database: PostgresDatabase, account_id: AccountId, version: int
) -> None:
    flow = await written(database, account_id, "one")

    with pytest.raises(NotFound) as refused:
        await roll_back(database, account_id, flow.id, version, utc_now())

    assert (refused.value.reason, refused.value.field) == ("FLOW_VERSION_NOT_FOUND", "version")
