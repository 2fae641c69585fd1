"""`/sip` at the door: which handshakes are let through to a voice node."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.faces.dependencies import Dependencies
from tests.faces.conftest import application, dependencies, serving


@pytest.fixture
def ports(database: PostgresDatabase, tmp_path: Path) -> Dependencies:
    return dependencies(database, tmp_path)


@asynccontextmanager
async def door(ports: Dependencies, *origins: str) -> AsyncIterator[tuple[str, aiohttp.ClientSession]]:
    """An API without a voice node behind it, so that a good handshake gets 503."""
    ports = replace(ports, sip_origins=frozenset(origins))
    async with serving(ports, application(ports)) as base, aiohttp.ClientSession() as session:
        yield base, session


async def status_of(session: aiohttp.ClientSession, base: str, *, protocol: str = "sip", origin: str = "") -> int:
    headers = {"Origin": origin} if origin else {}
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await session.ws_connect(f"{base}/sip", protocols=(protocol,) if protocol else (), headers=headers)
    return refused.value.status


async def test_without_a_voice_node_the_door_is_closed_for_now(ports: Dependencies) -> None:
    async with door(ports) as (base, session):
        assert await status_of(session, base, origin="https://anywhere.example") == 503


@pytest.mark.parametrize("protocol", ["", "sip2", "xmpp"])
async def test_whoever_does_not_ask_for_sip_is_refused(ports: Dependencies, protocol: str) -> None:
    """RFC 7118 section 4.1."""
    async with door(ports) as (base, session):
        assert await status_of(session, base, protocol=protocol) == 400


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://phone.example.com", 503),
        ("HTTPS://Phone.example.com", 503),
        ("https://evil.example.com", 403),
        ("https://phone.example.com.evil.example", 403),
        ("null", 403),
        ("", 503),
    ],
)
async def test_where_origins_are_named_no_other_page_connects(ports: Dependencies, origin: str, status: int) -> None:
    async with door(ports, "https://phone.example.com") as (base, session):
        assert await status_of(session, base, origin=origin) == status


async def test_the_servers_own_pages_always_connect(ports: Dependencies) -> None:
    async with door(ports, "https://phone.example.com") as (base, session):
        assert await status_of(session, base, origin=base) == 503
