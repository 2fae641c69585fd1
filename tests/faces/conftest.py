"""The real application on a real socket, with accounts to act for."""

import asyncio
import io
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import msgspec
import pytest
import uvicorn
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from argon2.profiles import CHEAPEST
from litestar import Litestar
from prometheus_client import CollectorRegistry

from dialplane.adapters.carriers.owned import OwnedCarrier
from dialplane.adapters.carriers.registry import CarrierRegistry
from dialplane.adapters.objects.folder import FolderObjects
from dialplane.adapters.objects.sounds import RecordedSounds
from dialplane.adapters.secrets.tokens import JwtSigner
from dialplane.adapters.speech.recognizer import SpeechRecognizer
from dialplane.domain.errors import LimitExceeded
from dialplane.domain.flows.run import ReferenceType, Run
from dialplane.domain.ids import AccountId, FlowId, utc_now
from dialplane.domain.money import Micros, usd
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.programs.commands import Failed, Fetched
from dialplane.domain.programs.summaries import AiSummary
from dialplane.domain.supply.inventory import OWNED, NewItem
from dialplane.domain.tenancy.accounts import Plan
from dialplane.faces.app import create_app
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.rate_limits import Rate, RateLimits
from dialplane.services.eventing.event_feed import EventFeed
from dialplane.services.messaging.media import MediaLinks
from dialplane.services.programs.api_runs import Facts, RunWish
from dialplane.services.recording.recording_links import RecordingLinks
from dialplane.services.supply.inventory import import_items
from dialplane.services.tenancy.provisioning import (
    AccountDraft,
    create_account,
    create_organization,
    install_operator_key,
)
from dialplane.services.transaction import Database
from dialplane.voice.streaming.gate_client import NodeGates
from tests.effort import PATIENCE_S

PLENTY = usd(100)
_ENDLESS = Rate(1e6, 10**6)
NO_LIMITS = RateLimits(
    _ENDLESS,
    _ENDLESS,
    _ENDLESS,
    boots_by_address=_ENDLESS,
    api_by_visitors=_ENDLESS,
    api_by_delegation=_ENDLESS,
    writes_by_visitor=_ENDLESS,
)


class CheapHasher:
    """Argon2 as the real hasher, with the least memory and time that it allows."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher.from_parameters(CHEAPEST)

    async def hash(self, password: str) -> str:
        return self._hasher.hash(password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        try:
            return password_hash is not None and self._hasher.verify(password_hash, password)
        except VerificationError:
            return False

    def is_outdated(self, password_hash: str) -> bool:
        return self._hasher.check_needs_rehash(password_hash)


class NoRuns:
    """An installation in which nobody drives runs."""

    async def start(self, account_id: AccountId, wish: RunWish) -> Run:
        raise LimitExceeded("No run is driven here")

    async def follow_summary(self, summary: AiSummary) -> None:
        """Nothing follows."""

    async def begin(
        self, account_id: AccountId, flow_id: FlowId, reference: ReferenceType, reference_id: UUID, facts: Facts
    ) -> Run | None:
        raise LimitExceeded("No run is driven here")


class NoWeb:
    """An installation without a network."""

    async def fetch(self, url: str, method: str = "POST", *_: object, **__: object) -> Fetched | Failed:
        return Failed("there is no network here")


class NoHints:
    """An installation in which nobody hears of events."""

    async def keep(self, on_hint: Callable[[str], None]) -> None:
        await asyncio.Event().wait()


@dataclass(frozen=True)
class Tenant:
    """An account with its credentials."""

    id: AccountId
    key: str
    username: str
    password: str


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
        data = None
        if body is not None:
            data = io.BytesIO(body if isinstance(body, bytes) else msgspec.json.encode(body))
            sent.setdefault("Content-Type", "application/json")
        async with self.session.request(
            method, self.base + path, data=data, headers=sent, allow_redirects=False
        ) as response:
            return Answer(response.status, response.headers, await response.read())


async def make_tenant(
    database: Database, *, plan: Plan = Plan.FREE, name: str = "acme", credit: Micros = PLENTY
) -> Tenant:
    """An organization with one verified account, one agent and one access key."""
    now = utc_now()
    organization = await create_organization(database, name, (), now=now)
    email = f"{organization.id.hex}@example.org"
    draft = AccountDraft(name, email, organization.id, plan, credit, verified=True)
    made = await create_account(database, CheapHasher(), draft, now=now)
    given = made.credentials
    return Tenant(made.account.id, given.access_key, email, given.portal_password)


async def stock(database: Database, *numbers: str) -> None:
    """Put US numbers of the operator's own on offer, at a dollar and a dollar a month."""
    items = [
        NewItem(number, NumberKind.LOCAL, "US", region="CA", setup_micros=usd(1), monthly_micros=usd(1))
        for number in numbers
    ]
    await import_items(database, items, utc_now())


def dependencies(database: Database, folder: Path, *, rate_limits: RateLimits = NO_LIMITS) -> Dependencies:
    return Dependencies(
        database=database,
        signer=JwtSigner("secret of the tests, long enough"),
        hasher=CheapHasher(),
        carriers=(registry := CarrierRegistry({OWNED: OwnedCarrier()})),
        inboxes=registry,
        port_carriers=registry,
        trunk_carriers=registry,
        runs=NoRuns(),
        objects=FolderObjects(folder / "documents"),
        events=EventFeed(database, NoHints()),
        gates=NodeGates(),
        sounds=RecordedSounds(folder / "recordings"),
        links=RecordingLinks(b"secret of the tests"),
        media=FolderObjects(folder / "media"),
        media_links=MediaLinks(b"secret of the tests"),
        check_recognition=SpeechRecognizer().check,
        web=NoWeb(),
        rate_limits=rate_limits,
        registry=CollectorRegistry(),
    )


def application(ports: Dependencies) -> Litestar:
    """This worker's one application, which looks at `ports` from now on: to put one together takes half a second.

    Of its first ports it keeps the rate limits."""
    if not _APPLICATIONS:
        _APPLICATIONS.append((ports, create_app(ports)))
    standing, app = _APPLICATIONS[0]
    for name in Dependencies.__slots__:
        object.__setattr__(standing, name, getattr(ports, name))
    return app


_APPLICATIONS: list[tuple[Dependencies, Litestar]] = []


@asynccontextmanager
async def serving(ports: Dependencies, app: Litestar | None = None) -> AsyncIterator[str]:
    """The application, a new one where none is given, on a socket of the loopback; gives its address.

    As uvicorn serves, step by step: left to itself it looks ten times a second whether it is to end.
    """
    config = uvicorn.Config(app or create_app(ports), log_config=None, access_log=False, lifespan="off")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        await server.startup(sockets=[listener])
        await server.on_tick(0)  # the header Date
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            for each in server.servers:
                each.close()
            for connection in list(server.server_state.connections):
                connection.shutdown()
            async with asyncio.timeout(PATIENCE_S):
                while server.server_state.connections or server.server_state.tasks:
                    await asyncio.sleep(0.001)


@pytest.fixture
async def tenant(database: Database) -> Tenant:
    return await make_tenant(database)


@pytest.fixture
async def other_tenant(database: Database) -> Tenant:
    return await make_tenant(database, name="other")


@pytest.fixture
async def anonymous(database: Database, tmp_path: Path) -> AsyncIterator[Client]:
    """A client without credentials."""
    ports = dependencies(database, tmp_path)
    async with serving(ports, application(ports)) as base, aiohttp.ClientSession() as session:
        yield Client(base, session)


@pytest.fixture
def client(anonymous: Client, tenant: Tenant) -> Client:
    """A client of `tenant`."""
    return Client(anonymous.base, anonymous.session, tenant.key)


OPERATOR_KEY = "op_key_of_the_tests"


@pytest.fixture
async def operator(anonymous: Client, database: Database) -> Client:
    """The operator, below `/operator/v1`."""
    await install_operator_key(database, OPERATOR_KEY)
    return Client(anonymous.base + "/operator/v1", anonymous.session, OPERATOR_KEY)
