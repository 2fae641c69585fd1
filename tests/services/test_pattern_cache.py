"""The patterns that a process keeps: never older than the version that a call was decided with."""

import asyncio
from datetime import UTC, datetime

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import AlreadyExists
from dialplane.domain.ids import AccountId, OrganizationId
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.orders import NumberOrder
from dialplane.services.numbering.number_life import release_number
from dialplane.services.numbering.pattern_cache import PatternCache
from dialplane.services.numbering.sip_numbers import create_sip_number
from tests.fakes.accounts import add_account

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def hold(database: PostgresDatabase, account_id: AccountId, text: str) -> Number:
    return await create_sip_number(database, account_id, NumberOrder(number=text), NOW)


async def known(cache: PatternCache, database: PostgresDatabase, account_id: AccountId) -> list[str]:
    """The texts that a call would be compared with now. Organization and account have one id."""
    async with database.reading() as tx:
        destination = await tx.patterns.find_inside(OrganizationId(account_id), [])
        index = await cache.index(tx, destination)
    return sorted(pattern.text for pattern in index.in_order())


async def test_every_process_follows_a_change_with_its_next_look(database: PostgresDatabase) -> None:
    account_id = await add_account(database)
    nodes = [PatternCache(), PatternCache()]
    assert [await known(node, database, account_id) for node in nodes] == [[], []]

    first = await hold(database, account_id, "16.*")
    assert [await known(node, database, account_id) for node in nodes] == [["16.*"]] * 2

    await hold(database, account_id, "17.*")
    await release_number(database, account_id, first.id, NOW)
    assert [await known(node, database, account_id) for node in nodes] == [["17.*"]] * 2


async def test_looks_that_overlap_with_changes_lose_nothing(database: PostgresDatabase) -> None:
    account_id, cache = await add_account(database), PatternCache()
    texts = [f"1{n:03}.*" for n in range(40)]

    async def make_and_look(text: str) -> bool:
        await hold(database, account_id, text)
        return text in await known(cache, database, account_id)

    assert all(await asyncio.gather(*map(make_and_look, texts)))
    assert await known(cache, database, account_id) == texts


async def test_organization_that_left_the_memory_is_read_again(database: PostgresDatabase) -> None:
    accounts, cache = [await add_account(database) for _ in range(3)], PatternCache(most=2)
    for account_id in accounts:
        await hold(database, account_id, "16.*")

    for _ in range(2):
        assert [await known(cache, database, account_id) for account_id in accounts] == [["16.*"]] * 3
    await hold(database, accounts[0], "17.*")

    assert await known(cache, database, accounts[0]) == ["16.*", "17.*"]


async def test_one_of_many_takers_of_a_pattern_gets_it(database: PostgresDatabase) -> None:
    """NUM-1, for what an organization keeps to itself."""
    account_id = await add_account(database)

    outcomes = await asyncio.gather(*(hold(database, account_id, "16.*") for _ in range(12)), return_exceptions=True)

    assert sum(isinstance(outcome, Number) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, AlreadyExists) for outcome in outcomes) == 11
    assert await known(PatternCache(), database, account_id) == ["16.*"]
