"""The platform that `messages.py` loads: its accounts and numbers, its worker, and messages on their way in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.accounts import add_account
from tests.fakes.numbers import add_credit
from tests.worker.working import working

from dialplane.adapters.postgres.database import PostgresDatabase, connect
from dialplane.adapters.postgres.embedded import EmbeddedPostgres
from dialplane.adapters.postgres.migrate import migrate
from dialplane.adapters.secrets.sealing import Seal
from dialplane.bootstrap.process import settle_memory
from dialplane.domain.ids import AccountId, NumberId, OrganizationId, new_id, utc_now
from dialplane.domain.messaging.arrivals import InboundMessage
from dialplane.domain.messaging.messages import Message
from dialplane.domain.numbering.numbers import Number, NumberKind, NumberStatus
from dialplane.domain.numbering.targets import HookTarget, Targets
from dialplane.services.messaging.inbound_messages import receive_message

SEAL = Seal(bytes(32))
ACCOUNTS = 20
"""A platform has customers; one alone is bounded by ten webhooks in flight."""
AT_ONCE = 200
CREDIT = 10**12


@dataclass(frozen=True, slots=True)
class Platform:
    server: EmbeddedPostgres
    database: PostgresDatabase
    accounts: list[AccountId]
    numbers: list[str]

    async def count(self, sql: str) -> int:
        found: int = await self.database.pool.fetchval(sql)
        return found


@asynccontextmanager
async def a_platform(folder: Path, hook: str = "") -> AsyncIterator[Platform]:
    server = EmbeddedPostgres(folder / "pg")
    await server.start()
    try:
        await migrate(server.dsn())
        database = await connect(server.dsn(), SEAL, max_size=16)
        accounts, numbers = [], []
        for n in range(ACCOUNTS):
            accounts.append(await add_account(database))
            await add_credit(database, accounts[-1], CREDIT, utc_now())
            numbers.append(f"+120255501{n:02d}")
            await _add_number(database, accounts[-1], numbers[-1], HookTarget(f"{hook}/{n}") if hook else None)
        settle_memory()  # as the API does when it serves
        yield Platform(server, database, accounts, numbers)
        await database.close()
    finally:
        await server.stop()


async def _add_number(
    database: PostgresDatabase, account_id: AccountId, number: str, target: HookTarget | None
) -> None:
    now = utc_now()
    async with database.transaction() as tx:
        account = await tx.accounts.get(account_id)
        organization_id = OrganizationId(account.organization_id)
        held = Number(
            NumberId(new_id(now)), account_id, organization_id, number, NumberKind.LOCAL, NumberStatus.ACTIVE, now,
            Targets(message=target),
        )  # fmt: skip
        await tx.numbers.add(held)


async def work(dsn: str) -> None:
    """The whole worker."""
    async with working(await connect(dsn, SEAL, max_size=16), dsn):
        await asyncio.Event().wait()


async def bring(platform: Platform, first: int, count: int) -> None:
    """Messages one after the other from as many carriers' requests as there may be at once."""
    queue = iter(range(first, first + count))

    async def one_after_the_other() -> None:
        for n in queue:
            await bring_one(platform, n)

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))


async def bring_one(platform: Platform, n: int) -> None:
    inbound = InboundMessage(f"+1303{n:07d}", platform.numbers[n % ACCOUNTS], f"message {n}", carrier_id=str(n))
    taken = await receive_message(platform.database, inbound, utc_now())
    assert isinstance(taken, Message), taken
