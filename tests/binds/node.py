"""The SMPP process as a test runs it: the real thing beside a real worker, on a test's database."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass

from dialplane.adapters.carriers.messages import RoutedMessages
from dialplane.adapters.carriers.sandbox_messages import SandboxMessageCarrier
from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.adapters.postgres.link import SMPP_CHANNEL, SMPP_LOCK, PostgresLink
from dialplane.adapters.secrets.passwords import Argon2Hasher
from dialplane.binds.deps import BindsDeps, TlsServer
from dialplane.binds.main import serve
from dialplane.domain.ids import AccountId, SmppAccountId, utc_now
from dialplane.services.messaging.smpp_accounts import SmppAccountChange, create_smpp_account
from tests.fakes.accounts import add_account
from tests.fakes.numbers import add_credit, add_number
from tests.worker.working import working

OWN, PEER = "+12025550100", "+12025550199"


@dataclass
class Node:
    """Where systems bind, and one that may."""

    database: PostgresDatabase
    dsn: str
    port: int
    account_id: AccountId
    smpp_account_id: SmppAccountId
    system_id: str
    password: str


@contextlib.asynccontextmanager
async def smpp_process(
    database: PostgresDatabase, dsn: str, port: int = 0, **tls: TlsServer | ssl.SSLContext
) -> AsyncIterator[int]:
    """The process's work in this loop, until the block ends; its port."""
    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def resolve(host: str) -> list[str]:
        return [host]

    deps = BindsDeps(
        database,
        PostgresLink(dsn, lock=SMPP_LOCK, channel=SMPP_CHANNEL),
        Argon2Hasher(),
        resolve,
        "127.0.0.1",
        port,
        ready.set_result,
        **tls,  # type: ignore[arg-type]
    )
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(serve(deps, stop))
        try:
            yield await ready
        finally:
            stop.set()


@contextlib.asynccontextmanager
async def node(database: PostgresDatabase, dsn: str, *, rate: int | None = None) -> AsyncIterator[Node]:
    """With a worker, an account with a number and credit, and a system of it."""
    async with peopled(database, dsn, rate=rate) as made, smpp_process(database, dsn) as port:
        made.port = port
        yield made


@contextlib.asynccontextmanager
async def peopled(database: PostgresDatabase, dsn: str, *, rate: int | None = None) -> AsyncIterator[Node]:
    """The same without the SMPP process."""
    account_id = await add_account(database)
    now = utc_now()
    number = await add_number(database, account_id, OWN, now)
    async with database.transaction() as tx:
        await tx.connection.execute("update numbers set carrier = 'owned' where id = $1", number.id)
    await add_credit(database, account_id, 100_000_000, now)
    issued = await create_smpp_account(
        database, Argon2Hasher(), account_id, "kannel", SmppAccountChange(rate=rate), now
    )
    async with (
        working(database, dsn, carrier=RoutedMessages(database, _NoCarriers(), SandboxMessageCarrier(database))),
    ):
        yield Node(database, dsn, 0, account_id, issued.account.id, issued.account.system_id, issued.password)


class _NoCarriers:
    async def find_messages(self, name: str) -> None:
        """No account at a carrier of the web is set up."""
        del name
