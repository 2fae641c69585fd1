"""The real application on a real socket, with accounts to act for."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import uvicorn
from prometheus_client import CollectorRegistry

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.adapters.secrets.passwords import Argon2Hasher
from dialplane.adapters.secrets.tokens import JwtSigner
from dialplane.domain.accounts import Account, AccountStatus, Agent, IdentityStatus, Organization, Permission, Plan
from dialplane.domain.errors import Unavailable
from dialplane.domain.flows.run import Run
from dialplane.domain.ids import AccountId, AgentId, OrganizationId, new_id, utc_now
from dialplane.faces.app import create_app
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.rate_limits import Rate, RateLimits
from dialplane.services.access_keys import create_key
from dialplane.services.api_runs import RunWish
from dialplane.services.carriers import Carrier

PASSWORD = "correct horse battery staple"
NO_LIMITS = RateLimits(Rate(1e6, 10**6), Rate(1e6, 10**6), Rate(1e6, 10**6))


class NoCarriers:
    """An installation without a carrier."""

    def carrier(self, name: str) -> Carrier:
        raise KeyError(name)


class NoRuns:
    """An installation in which nobody drives runs."""

    async def start(self, account_id: AccountId, wish: RunWish) -> Run:
        raise Unavailable("no runs here")


@dataclass(frozen=True)
class Tenant:
    """An account with its credentials."""

    id: AccountId
    agent_id: AgentId
    key: str
    username: str


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Any
    raw: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.raw)

    @property
    def reason(self) -> object:
        return self.json["error"]["reason"]


@dataclass(frozen=True)
class Client:
    """Speaks to the application with one tenant's access key, or without any."""

    base: str
    session: aiohttp.ClientSession
    key: str = ""

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """`headers` are written with underscores. A body of bytes is sent as it is."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.key:
            sent.setdefault("Authorization", f"Bearer {self.key}")
        data = body if isinstance(body, bytes) else None if body is None else msgspec.json.encode(body)
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        async with self.session.request(
            method, self.base + path, data=data, headers=sent, allow_redirects=False
        ) as response:
            return Answer(response.status, response.headers, await response.read())


async def make_tenant(database: PostgresDatabase, *, plan: Plan = Plan.FREE, name: str = "acme") -> Tenant:
    """An organization with one verified account, one agent and one access key."""
    now = utc_now()
    organization = Organization(OrganizationId(new_id(now)), name, now)
    account = Account(
        id=AccountId(new_id(now)),
        organization_id=organization.id,
        status=AccountStatus.ACTIVE,
        identity_status=IdentityStatus.VERIFIED,
        plan=plan,
        auth_token="a" * 32,
        project_token="p" * 32,
        created_at=now,
        name=name,
        destination_whitelist=("us",),
    )
    agent = Agent(
        id=AgentId(new_id(now)),
        account_id=account.id,
        username=f"{account.id.hex}@example.org",
        password_hash=await Argon2Hasher().hash(PASSWORD),
        permission=Permission.CUSTOMER_ADMIN,
        created_at=now,
    )
    async with database.transaction() as tx:
        await tx.accounts.insert_organization(organization)
        await tx.accounts.insert(account)
        await tx.agents.insert(agent)
    issued = await create_key(database, account.id, name="test", now=now)
    return Tenant(account.id, agent.id, issued.token, agent.username)


def dependencies(database: PostgresDatabase, folder: Path, *, rate_limits: RateLimits = NO_LIMITS) -> Dependencies:
    return Dependencies(
        database=database,
        signer=JwtSigner("secret of the tests, long enough"),
        hasher=Argon2Hasher(),
        carriers=NoCarriers(),
        runs=NoRuns(),
        recordings_folder=folder,
        rate_limits=rate_limits,
        registry=CollectorRegistry(),
    )


@asynccontextmanager
async def serving(ports: Dependencies) -> AsyncIterator[str]:
    """The application on a socket of the loopback; gives its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(ports), log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()


@pytest.fixture
async def tenant(database: PostgresDatabase) -> Tenant:
    return await make_tenant(database)


@pytest.fixture
async def other_tenant(database: PostgresDatabase) -> Tenant:
    return await make_tenant(database, name="other")


@pytest.fixture
async def anonymous(database: PostgresDatabase, tmp_path: Path) -> AsyncIterator[Client]:
    """A client without credentials."""
    async with serving(dependencies(database, tmp_path)) as base, aiohttp.ClientSession() as session:
        yield Client(base, session)


@pytest.fixture
def client(anonymous: Client, tenant: Tenant) -> Client:
    """A client of `tenant`."""
    return Client(anonymous.base, anonymous.session, tenant.key)
