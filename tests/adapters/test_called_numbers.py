"""Called numbers are read with their holders and their flows at once, and are what their own stores read."""

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.flows.flow import Flow
from dialplane.domain.ids import AccountId
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.targets import FlowTarget, Targets
from dialplane.services.numbering.number_life import release_number
from dialplane.services.numbering.numbers import set_targets
from dialplane.services.programs.flows import FlowChange, create_flow
from tests.services.buying import NOW, bought, buyer, stock

LED, LED_TOO, LED_ELSEWHERE, BARE, FREE = (f"+1212555010{n}" for n in range(5))


async def add_flow(database: PostgresDatabase, account_id: AccountId) -> Flow:
    return await create_flow(database, account_id, FlowChange(actions=[{"type": "answer"}]), NOW)


async def own(database: PostgresDatabase, account_id: AccountId, number: str, flow: Flow | None = None) -> Number:
    await stock(database, number)
    mine = await bought(database, account_id, number)
    return (
        mine
        if flow is None
        else await set_targets(database, account_id, mine.id, Targets(voice=FlowTarget(flow.id)), NOW)
    )


async def test_called_numbers_are_what_their_own_stores_read(database: PostgresDatabase) -> None:
    one, other = await buyer(database), await buyer(database)
    shared, single = await add_flow(database, one), await add_flow(database, one)
    await own(database, one, LED, shared)
    await own(database, one, LED_TOO, shared)
    await own(database, one, LED_ELSEWHERE, single)
    await own(database, other, BARE)

    async with database.reading() as tx:
        called = await tx.called.find([LED, LED_TOO, LED_ELSEWHERE, BARE, FREE])
        numbers = await tx.numbers.find_live([LED, LED_TOO, LED_ELSEWHERE, BARE])
        assert called.numbers == {number.number: number for number in numbers}
        assert called.accounts == await tx.accounts.find_many({one, other})
        assert called.flows == {flow.id: flow for flow in await tx.flows.find_many([shared.id, single.id])}
    assert len(numbers) == 4
    assert len(called.flows) == 2


async def test_number_whose_flow_is_gone_is_found_without_it(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await own(database, account_id, LED, await add_flow(database, account_id))

    async with database.transaction() as tx:
        await tx.connection.execute("update flows set deleted_at = $1", NOW)
        called = await tx.called.find([LED])

    assert (list(called.numbers), called.flows) == ([LED], {})


async def test_released_number_is_nobodys(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    number = await own(database, account_id, LED)
    await release_number(database, account_id, number.id, NOW)

    async with database.reading() as tx:
        assert await tx.called.find([LED]) == ({}, {}, {})
