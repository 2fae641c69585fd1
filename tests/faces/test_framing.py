"""HTTP framing on a raw socket, against the server as bootstrap sets it up (API-11)."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import uvicorn

from dialplane.bootstrap.api import server_config
from dialplane.services.transaction import Database
from tests.faces.conftest import application, dependencies, make_tenant

SHORT_S = 0.2
WAIT_S = 5
BODY = b"4\r\n{}  \r\n0\r\n\r\n"


@asynccontextmanager
async def serving(database: Database, folder: Path, patience_s: float) -> AsyncIterator[int]:
    """The port of a server that waits `patience_s` for its clients instead of ten seconds."""
    config = server_config(application(dependencies(database, folder)))
    assert config.timeout_keep_alive == 10
    config.timeout_keep_alive = patience_s  # type: ignore[assignment]  # uvicorn hands it to call_later, which takes both
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        task = asyncio.create_task(server.serve(sockets=[listener]))
        yield listener.getsockname()[1]
        server.should_exit = True
        await task


@pytest.fixture
async def port(database: Database, tmp_path: Path) -> AsyncIterator[int]:
    async with serving(database, tmp_path, SHORT_S) as port:
        yield port


async def ask(port: int, *parts: bytes) -> bytes:
    """Everything that the server says until it closes the connection; `parts` are sent a tenth of a second apart."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def speak() -> None:
        for part in parts:
            writer.write(part)
            await asyncio.sleep(SHORT_S / 2)

    async with asyncio.timeout(WAIT_S):
        speaking = asyncio.create_task(speak())
        said = await reader.read()
        speaking.cancel()
    writer.close()
    return said


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 13\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 13\r\n",
        b"Content-Length: 13\r\nContent-Length: 12\r\n",
        b"Content-Length: 13, 12\r\n",
        b"Content-Length: +13\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding : chunked\r\n",
    ],
)
async def test_request_of_two_lengths_is_refused_and_the_connection_closed(port: int, head: bytes) -> None:
    """API-11: what two readers of it could divide differently is nobody's request."""
    said = await ask(port, b"POST /auth/login HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n" + BODY)

    assert said.startswith(b"HTTP/1.1 400 ")
    assert said.count(b"HTTP/1.1") == 1


async def test_request_that_comes_in_pieces_is_answered(port: int) -> None:
    said = await ask(port, b"GET /pi", b"ng HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")

    assert said.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [b"GET /ping HTTP/1.1\r\n"],
        [b"GET /ping HTTP/1.1\r\nX-Slow: ", *[b"a"] * 40],
        [b"POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"],
    ],
    ids=["silent", "half a head", "a byte now and then", "half a body"],
)
async def test_client_that_does_not_finish_its_request_is_cut_off(port: int, parts: list[bytes]) -> None:
    """API-11."""
    said = await ask(port, *parts)

    assert not said.startswith(b"HTTP/1.1 200 ")


async def test_idle_connection_is_closed_after_its_answer(port: int) -> None:
    """API-11."""
    said = await ask(port, b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n")

    assert said.startswith(b"HTTP/1.1 200 ")


async def test_many_slow_clients_keep_nobody_waiting(database: Database, tmp_path: Path) -> None:
    """API-11: 200 connections that never finish their request."""
    async with serving(database, tmp_path, 2.0) as port:
        slow = [asyncio.create_task(ask(port, b"GET /ping HTTP/1.1\r\n")) for _ in range(200)]

        said = await ask(port, b"GET /ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        left_waiting = sum(not each.done() for each in slow)

        assert said.startswith(b"HTTP/1.1 200 ")
        assert left_waiting == 200
        assert await asyncio.gather(*slow) == [b""] * 200


async def test_websocket_that_is_quiet_is_no_head_that_does_not_come(port: int, database: Database) -> None:
    tenant = await make_tenant(database)
    address = f"http://127.0.0.1:{port}/v1.0/ws?accesskey={tenant.key}"
    async with aiohttp.ClientSession() as session, session.ws_connect(address) as opened:
        await asyncio.sleep(2 * SHORT_S)

        await opened.send_str("nonsense")
        async with asyncio.timeout(WAIT_S):
            assert (await opened.receive()).type is aiohttp.WSMsgType.CLOSE
        assert opened.close_code == 1008


async def test_upgrade_in_a_request_that_is_none_is_answered(port: int) -> None:
    """Neither a path without a websocket nor an upgrade to something else brings the server down."""
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

    missing = await ask(port, b"GET /nowhere HTTP/1.1\r\nHost: x\r\n" + upgrade + key + b"\r\n")
    keyless = await ask(port, b"GET /v1.0/ws HTTP/1.1\r\nHost: x\r\n" + upgrade + b"\r\n")

    assert missing.startswith(b"HTTP/1.1 403")
    assert keyless.startswith(b"HTTP/1.1 400")
