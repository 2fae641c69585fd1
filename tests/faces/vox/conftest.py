"""Projects, and a client that sends forms as curl does."""

import asyncio
import re
import shutil
from dataclasses import dataclass

import msgspec
import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.ids import AccountId, utc_now
from dialplane.domain.money import Micros, usd
from dialplane.domain.numbering.numbers import NumberKind
from dialplane.domain.supply.inventory import NewItem
from dialplane.services.supply.inventory import import_items
from tests.faces.conftest import Answer, Client, Tenant

FORM = "application/x-www-form-urlencoded"

TOLL_FREE, DID, WITH_DOCUMENTS = "+18005550123", "+12025550101", "+12025550199"
"""What `offered` has on offer."""

_HOSTS = re.compile(r"https://(api|proxy)\.vox-cpaas\.com")

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")


@dataclass(frozen=True)
class Project:
    """An account in VoxCPaaS's words."""

    account_id: AccountId
    token: str

    @property
    def id(self) -> str:
        return str(self.account_id)

    @property
    def keys(self) -> str:
        return f"projectid={self.id}&authtoken={self.token}"


@dataclass(frozen=True)
class Vox:
    """Sends what is given, byte for byte, to the application."""

    client: Client

    async def post(self, path: str, body: str, content_type: str = FORM, **headers: str) -> Answer:
        return await self.client.ask("POST", path, body.encode(), Content_Type=content_type, **headers)

    async def post_json(self, path: str, body: object) -> Answer:
        return await self.post(path, msgspec.json.encode(body).decode(), "application/json; charser=UTF-8")

    async def get(self, path: str) -> Answer:
        return await self.client.ask("GET", path)

    async def curl(self, *arguments: str) -> Answer:
        """The document's line, run by the real curl against our address instead of its hosts."""
        to_us = [_HOSTS.sub(self.client.base, part) for part in arguments]
        process = await asyncio.create_subprocess_exec(
            "curl", "-s", "-w", "\n%{http_code}", *to_us, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
        body, _, status = output.rpartition(b"\n")
        return Answer(int(status), {}, body)


async def project_of(database: PostgresDatabase, tenant: Tenant) -> Project:
    async with database.reading() as tx:
        account = await tx.accounts.get(tenant.id)
    return Project(tenant.id, account.project_token)


@pytest.fixture
async def project(database: PostgresDatabase, tenant: Tenant) -> Project:
    return await project_of(database, tenant)


@pytest.fixture
async def other_project(database: PostgresDatabase, other_tenant: Tenant) -> Project:
    return await project_of(database, other_tenant)


@pytest.fixture
def vox(anonymous: Client) -> Vox:
    return Vox(anonymous)


@pytest.fixture
async def offered(database: PostgresDatabase) -> None:
    """One number of each sort."""
    cost = Micros(550_000)
    items = [
        NewItem(TOLL_FREE, NumberKind.TOLL_FREE, "US", setup_micros=cost, monthly_micros=cost),
        NewItem(
            DID, NumberKind.LOCAL, "US", region="DC", locality="Washington", capabilities=("voice",),
            setup_micros=usd(1), monthly_micros=Micros(1_234_567),
        ),
        NewItem(WITH_DOCUMENTS, NumberKind.LOCAL, "US", documents_required=("proof_of_address",)),
    ]  # fmt: skip
    await import_items(database, items, utc_now())
