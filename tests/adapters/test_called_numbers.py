"""A called number is read with its holder and its flow at once, and is what each of their own stores reads."""

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import AccountId, FlowId
from dialplane.domain.numbering.numbers import Number
from dialplane.domain.numbering.targets import FlowTarget, Targets
from dialplane.services.calling.arrivals import CalledNumber
from dialplane.services.numbering.number_life import release_number
from dialplane.services.numbering.numbers import set_targets
from dialplane.services.programs.flows import FlowChange, create_flow
from tests.services.buying import NOW, bought, buyer, stock

LED, BARE, FREE = "+12125550101", "+12125550102", "+12125550103"


async def lead_to_a_flow(database: PostgresDatabase, account_id: AccountId, number: Number) -> None:
    flow = await create_flow(database, account_id, FlowChange(actions=[{"type": "answer"}]), NOW)
    await set_targets(database, account_id, number.id, Targets(voice=FlowTarget(flow.id)), NOW)


async def test_called_number_is_what_its_own_stores_read(database: PostgresDatabase) -> None:
    one, other = await buyer(database), await buyer(database)
    await stock(database, LED, BARE, FREE)
    await lead_to_a_flow(database, one, await bought(database, one, LED))
    await bought(database, other, BARE)

    async with database.reading() as tx:
        called = {each.number.number: each for each in await tx.called.find([LED, BARE, FREE])}
        numbers = {number.number: number for number in await tx.numbers.find_live([LED, BARE])}
        target = numbers[LED].targets.voice
        assert isinstance(target, FlowTarget)
        (flow,) = await tx.flows.find_many([FlowId(target.flow_id)])
        assert called == {
            LED: CalledNumber(numbers[LED], await tx.accounts.get(one), flow),
            BARE: CalledNumber(numbers[BARE], await tx.accounts.get(other), None),
        }


async def test_number_whose_flow_is_gone_is_found_without_it(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await stock(database, LED)
    await lead_to_a_flow(database, account_id, await bought(database, account_id, LED))

    async with database.transaction() as tx:
        await tx.connection.execute("update flows set deleted_at = $1", NOW)
        (called,) = await tx.called.find([LED])

    assert (called.number.number, called.flow) == (LED, None)


async def test_released_number_is_nobodys(database: PostgresDatabase) -> None:
    account_id = await buyer(database)
    await stock(database, LED)
    number = await bought(database, account_id, LED)
    await release_number(database, account_id, number.id, NOW)

    async with database.reading() as tx:
        assert await tx.called.find([LED]) == []
