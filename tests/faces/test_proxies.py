"""API-10: who the client is behind a reverse proxy, and that nobody else may say so."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import IPv4Network
from pathlib import Path

import aiohttp
import uvicorn

from dialplane.bootstrap.api import server_config
from dialplane.faces.app import create_app
from dialplane.faces.rate_limits import Rate, RateLimits
from dialplane.services.transaction import Database
from tests.faces.conftest import Tenant, dependencies

HERE = IPv4Network("127.0.0.0/8")
THREE_EACH = RateLimits(api_by_address=Rate(0.001, 3))


@asynccontextmanager
async def serving(database: Database, folder: Path, proxies: Sequence[IPv4Network]) -> AsyncIterator[str]:
    server = uvicorn.Server(server_config(create_app(dependencies(database, folder, rate_limits=THREE_EACH)), proxies))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        task = asyncio.create_task(server.serve(sockets=[listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await task


async def statuses(base: str, tenant: Tenant, clients: Sequence[str]) -> list[int]:
    """The answers to one request of each, as a proxy hands them on."""
    found: list[int] = []
    async with aiohttp.ClientSession() as session:
        for client in clients:
            asked = session.get(
                f"{base}/v1.0/customer", params={"accesskey": tenant.key}, headers={"X-Forwarded-For": client}
            )
            async with asked as answer:
                found.append(answer.status)
    return found


async def test_header_of_anybody_makes_no_other_client(database: Database, tenant: Tenant, tmp_path: Path) -> None:
    """A flood must not get a new limit with each address that it makes up."""
    async with serving(database, tmp_path, ()) as base:
        assert await statuses(base, tenant, [f"192.0.2.{n}" for n in range(4)]) == [200, 200, 200, 429]


async def test_clients_of_a_configured_proxy_have_a_limit_each(
    database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    async with serving(database, tmp_path, [HERE]) as base:
        assert await statuses(base, tenant, [f"192.0.2.{n}" for n in range(4)]) == [200] * 4
        assert await statuses(base, tenant, ["198.51.100.1"] * 4) == [200, 200, 200, 429]


async def test_client_cannot_hide_behind_addresses_of_its_own(
    database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    """The proxy adds whom it saw at the end; what stands before is the client's own word."""
    async with serving(database, tmp_path, [HERE]) as base:
        forged = [f"192.0.2.{n}, 198.51.100.1" for n in range(4)]
        assert await statuses(base, tenant, forged) == [200, 200, 200, 429]


async def test_metrics_are_not_for_whom_a_proxy_brings(database: Database, tmp_path: Path) -> None:
    """SUP-7: to a proxy on this host everybody would come from the loopback."""
    for proxies in ([], [IPv4Network("127.0.0.1/32")]):
        async with serving(database, tmp_path, proxies) as base, aiohttp.ClientSession() as session:
            async with session.get(f"{base}/metrics") as near:
                assert near.status == 200
            async with session.get(f"{base}/metrics", headers={"X-Forwarded-For": "127.0.0.1"}) as brought:
                assert brought.status in (401, 403)
