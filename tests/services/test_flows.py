"""Flows as a resource: kept as written, 10,000 an account, cleared from numbers, never another account's."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import Invalid, LimitExceeded, NotFound
from dialplane.domain.ids import NIL, AccountId, FlowId, new_id
from dialplane.domain.tenancy.accounts import Plan
from dialplane.domain.tenancy.plans import LIMITS
from dialplane.services.programs import flows
from dialplane.services.programs.flows import FlowChange
from dialplane.services.shapes.flows import flow_shape
from tests.services.accounts import make_account

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
TALK = {"type": "talk", "option": {"text": "Hello", "colour": "unknown keys are kept"}}


@pytest.fixture
async def account(database: PostgresDatabase) -> AccountId:
    return await make_account(database, NOW)


async def event_types(database: PostgresDatabase) -> list[tuple[str, bool]]:
    async with database.reading() as tx:
        rows = await tx.connection.fetch("select type, public from events order by resource_seq")
    return [(row["type"], row["public"]) for row in rows]


async def test_flow_is_found_again_as_it_was_written(database: PostgresDatabase, account: AccountId) -> None:
    made = await flows.create_flow(database, account, FlowChange("menu", "of the house", [TALK]), NOW)

    found = await flows.get_flow(database, account, made.id)

    assert found == made
    shape = flow_shape(found)
    action_id = found.actions[0].id
    assert shape == {
        "id": str(made.id),
        "customer_id": str(account),
        "type": "flow",
        "name": "menu",
        "detail": "of the house",
        "actions": [{"id": str(action_id), **TALK}],
        "direct_hash": made.direct_hash,
        "on_complete_flow_id": str(NIL),
        "version": 1,
        "canary": None,
        "tm_create": "2026-01-15T09:30:00.000000Z",
        "tm_update": None,
        "tm_delete": None,
    }
    assert await event_types(database) == [("flow_created", False)]


async def test_direct_hash_is_twelve_hex_digits_and_can_be_made_anew(
    database: PostgresDatabase, account: AccountId
) -> None:
    made = await flows.create_flow(database, account, FlowChange("menu"), NOW)

    changed = await flows.regenerate_direct_hash(database, account, made.id, NOW)

    assert len(made.direct_hash) == len("direct.") + 12
    assert changed.direct_hash != made.direct_hash
    async with database.reading() as tx:
        assert await tx.flows.find_by_direct_hash(made.direct_hash) is None
        assert await tx.flows.find_by_direct_hash(changed.direct_hash) == changed


async def test_partial_update_leaves_the_rest_as_it_was(database: PostgresDatabase, account: AccountId) -> None:
    made = await flows.create_flow(database, account, FlowChange("menu", "old", [TALK]), NOW)
    later = NOW + timedelta(minutes=1)

    changed = await flows.update_flow(database, account, made.id, FlowChange(detail="new"), later)

    assert changed == replace(made, detail="new", version=2, last_version=2, updated_at=later)
    assert await flows.get_flow(database, account, made.id) == changed
    assert await event_types(database) == [("flow_created", False), ("flow_updated", False)]


async def test_faulty_action_is_refused_at_update_too_and_changes_nothing(
    database: PostgresDatabase, account: AccountId
) -> None:
    made = await flows.create_flow(database, account, FlowChange("menu", "", [TALK]), NOW)

    with pytest.raises(Invalid) as refusal:
        await flows.update_flow(database, account, made.id, FlowChange(actions=[{"type": "dance"}]), NOW)

    assert refusal.value.reason == "INVALID_ACTION_TYPE"
    assert await flows.get_flow(database, account, made.id) == made


async def test_deleted_flow_is_gone_for_reads_and_writes(database: PostgresDatabase, account: AccountId) -> None:
    made = await flows.create_flow(database, account, FlowChange("menu"), NOW)

    deleted = await flows.delete_flow(database, account, made.id, NOW)

    assert deleted.deleted_at == NOW
    assert await flows.list_flows(database, account, before=None, limit=10) == []
    for again in (
        flows.get_flow(database, account, made.id),
        flows.delete_flow(database, account, made.id, NOW),
        flows.update_flow(database, account, made.id, FlowChange(name="x"), NOW),
    ):
        with pytest.raises(NotFound) as refusal:
            await again
        assert refusal.value.reason == "FLOW_NOT_FOUND"


async def test_flow_of_another_account_is_not_found(database: PostgresDatabase, account: AccountId) -> None:
    made = await flows.create_flow(database, account, FlowChange("menu"), NOW)
    stranger = AccountId(new_id(NOW))

    with pytest.raises(NotFound):
        await flows.get_flow(database, stranger, made.id)


async def test_list_is_newest_first_and_pages_by_time(database: PostgresDatabase, account: AccountId) -> None:
    made = [
        await flows.create_flow(database, account, FlowChange(f"{index}"), NOW + timedelta(seconds=index))
        for index in range(3)
    ]

    first = await flows.list_flows(database, account, before=None, limit=2)
    rest = await flows.list_flows(database, account, before=first[-1].created_at, limit=2)

    assert [flow.id for flow in first + rest] == [flow.id for flow in reversed(made)]


async def test_flow_beyond_the_cap_is_refused(
    database: PostgresDatabase, account: AccountId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LIMITS, Plan.PROFESSIONAL, replace(LIMITS[Plan.PROFESSIONAL], flows=2))
    for name in ("a", "b"):
        await flows.create_flow(database, account, FlowChange(name), NOW)

    with pytest.raises(LimitExceeded) as refusal:
        await flows.create_flow(database, account, FlowChange("c"), NOW)

    assert refusal.value.reason == "RESOURCE_LIMIT_EXCEEDED"


async def test_flow_that_follows_must_exist_and_can_be_taken_away(
    database: PostgresDatabase, account: AccountId
) -> None:
    after = await flows.create_flow(database, account, FlowChange("after"), NOW)
    made = await flows.create_flow(database, account, FlowChange("menu", on_complete_flow_id=after.id), NOW)
    assert made.on_complete_flow_id == after.id

    unknown = FlowChange(on_complete_flow_id=UUID("0198c000-0000-7000-8000-000000000000"))
    with pytest.raises(Invalid):
        await flows.update_flow(database, account, made.id, unknown, NOW)
    cleared = await flows.update_flow(database, account, made.id, FlowChange(on_complete_flow_id=NIL), NOW)

    assert cleared.on_complete_flow_id is None
    assert FlowId(made.id) == cleared.id
