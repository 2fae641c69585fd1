"""Idempotency keys (API-1)."""

import asyncio
from datetime import timedelta

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase, connect
from dialplane.domain.errors import Conflict, Invalid, Mismatch
from dialplane.services.idempotency import KEPT, LONGEST_REQUEST, Fresh, Replay, abandon, begin, finish, forget_old
from tests.effort import PATIENCE_S
from tests.fakes.accounts import add_account
from tests.sealing import SEAL
from tests.services.buying import NOW


async def test_finished_key_is_replayed_to_its_account_only(database: PostgresDatabase) -> None:
    """API-1"""
    account_id, other = await add_account(database), await add_account(database)

    assert await begin(database, account_id, "k", b"f", NOW) == Fresh()
    await finish(database, account_id, "k", 202, b'{"id": 1}', NOW)

    assert await begin(database, account_id, "k", b"f", NOW + KEPT) == Replay(202, b'{"id": 1}')
    assert await begin(database, other, "k", b"f", NOW) == Fresh()


async def test_same_key_with_another_body_is_a_mismatch(database: PostgresDatabase) -> None:
    """API-1, also while the first is running."""
    account_id = await add_account(database)
    await begin(database, account_id, "k", b"f", NOW)

    with pytest.raises(Mismatch):
        await begin(database, account_id, "k", b"g", NOW)


async def test_of_100_equal_requests_at_once_one_acts(database: PostgresDatabase) -> None:
    """API-1"""
    account_id = await add_account(database)

    outcomes = await asyncio.gather(
        *(begin(database, account_id, "k", b"f", NOW) for _ in range(100)), return_exceptions=True
    )

    assert sum(outcome == Fresh() for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 99


async def test_key_of_a_dead_process_is_free_at_once(database: PostgresDatabase, dsn: str) -> None:
    """API-1: killed between commit and answer."""
    account_id = await add_account(database)
    process = await connect(dsn, SEAL, max_size=1)
    await begin(process, account_id, "k", b"f", NOW)
    with pytest.raises(Conflict):
        await begin(database, account_id, "k", b"f", NOW)
    await process.close()

    async with asyncio.timeout(PATIENCE_S):  # the session ends a moment after its socket
        while await database.pool.fetchval(
            "select count(*) from idempotency_keys k join pg_stat_activity a"
            " on a.pid = k.backend_pid and a.backend_start = k.backend_started_at"
        ):
            await asyncio.sleep(0.01)

    assert await begin(database, account_id, "k", b"f", NOW) == Fresh()


async def test_key_that_runs_for_too_long_is_free(database: PostgresDatabase) -> None:
    account_id = await add_account(database)
    await begin(database, account_id, "k", b"f", NOW)

    assert await begin(database, account_id, "k", b"f", NOW + LONGEST_REQUEST + timedelta(seconds=1)) == Fresh()


async def test_abandoned_key_may_be_used_with_a_corrected_body(database: PostgresDatabase) -> None:
    """API-1: validation failures are not stored."""
    account_id = await add_account(database)
    await begin(database, account_id, "k", b"f", NOW)
    await abandon(database, account_id, "k")

    assert await begin(database, account_id, "k", b"g", NOW) == Fresh()


async def test_abandoning_after_the_end_keeps_the_answer(database: PostgresDatabase) -> None:
    account_id = await add_account(database)
    await begin(database, account_id, "k", b"f", NOW)
    await finish(database, account_id, "k", 200, b"{}", NOW)
    await abandon(database, account_id, "k")

    assert await begin(database, account_id, "k", b"f", NOW) == Replay(200, b"{}")


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_key_of_a_bad_length_is_invalid(database: PostgresDatabase, key: str) -> None:
    with pytest.raises(Invalid):
        await begin(database, await add_account(database), key, b"f", NOW)


async def test_old_keys_are_forgotten(database: PostgresDatabase) -> None:
    account_id = await add_account(database)
    await begin(database, account_id, "k", b"f", NOW)

    assert await forget_old(database, NOW + KEPT) == 0
    assert await forget_old(database, NOW + KEPT + timedelta(seconds=1)) == 1
