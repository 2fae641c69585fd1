"""The installation's own facts: the sandbox's clock, its carrier, the operator's key, the signing secret."""

from datetime import timedelta

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import NotAuthenticated
from dialplane.services.settings import (
    CarrierSwitch,
    check_operator_key,
    read_carrier_switch,
    read_clock,
    set_carrier_switch,
    set_clock,
    set_operator_key,
)
from tests.services.people import NOON


async def test_moved_clock_runs_on_from_where_it_was_set(database: PostgresDatabase) -> None:
    await set_clock(database, NOON + timedelta(days=31), now=NOON)

    assert await read_clock(database, now=NOON + timedelta(hours=1)) == NOON + timedelta(days=31, hours=1)

    await set_clock(database, None, now=NOON)
    assert await read_clock(database, now=NOON) == NOON


async def test_carrier_misbehaves_until_set_back(database: PostgresDatabase) -> None:
    assert await read_carrier_switch(database) is CarrierSwitch.OK

    await set_carrier_switch(database, CarrierSwitch.LATE)

    assert await read_carrier_switch(database) is CarrierSwitch.LATE


async def test_operator_key_is_known_by_its_hash_only(database: PostgresDatabase) -> None:
    """API-4 for the operator's key."""
    async with database.transaction() as tx:
        await set_operator_key(tx, "op_secret")
        kept = await tx.connection.fetchval("select string_agg(s::text, ' ') from settings s")

    assert "op_secret" not in kept
    await check_operator_key(database, "op_secret")
    for key, reason in (("", "AUTHENTICATION_REQUIRED"), ("op_other", "INVALID_CREDENTIALS")):
        with pytest.raises(NotAuthenticated) as refusal:
            await check_operator_key(database, key)
        assert refusal.value.reason == reason
