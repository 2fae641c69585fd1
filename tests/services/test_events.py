"""The outbox: events are kept with the change, in order, and become deliveries in the same transaction."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.eventing.events import Event
from dialplane.domain.ids import AccountId
from dialplane.services.eventing.events import publish

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class _Stop(Exception):
    """Ends a transaction before its commit."""


async def test_events_of_a_batch_keep_their_order(database: PostgresDatabase) -> None:
    account_id = AccountId(uuid4())
    call_id = uuid4()
    events = [Event(account_id, f"call_step{n}", call_id, {"n": n}, NOW) for n in range(200)]

    async with database.transaction() as tx:
        await publish(tx, *events)

    async with database.reading() as tx:
        rows = await tx.connection.fetch("select type, resource, data from events order by resource_seq")
    assert [(row["type"], row["resource"], row["data"]) for row in rows] == [
        (f"call_step{n}", "call", {"n": n}) for n in range(200)
    ]


async def test_event_is_gone_with_the_change_that_was_rolled_back(database: PostgresDatabase) -> None:
    """WH-3: the same transaction."""

    async def change_and_stop() -> None:
        async with database.transaction() as tx:
            await publish(tx, Event(AccountId(uuid4()), "call_created", uuid4(), {}, NOW))
            raise _Stop

    with pytest.raises(_Stop):
        await change_and_stop()

    async with database.reading() as tx:
        assert await tx.connection.fetchval("select count(*) from events") == 0
