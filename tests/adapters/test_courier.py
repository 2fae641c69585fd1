"""The client that webhooks go by, against servers that say exactly what a test wants, to the octet."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvloop

from dialplane.adapters.http.courier import Answer, Courier, NotDeliveredError, Receiver, write_request
from dialplane.bootstrap.tls import find_or_make
from tests.effort import PATIENCE_S

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"
REQUEST = write_request("POST", "h:80", "/a?b=1", {"X-A": "1"}, b"{}")


@dataclass
class Server:
    """Answers each request with `says`, and closes the connection where `closes`."""

    says: bytes = OK
    closes: bool = False
    port: int = 0
    connections: int = 0
    heard: list[bytes] = field(default_factory=list)
    ended: list[asyncio.Future[None]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.ended.append(asyncio.get_running_loop().create_future())
        ended = self.ended[-1]
        with contextlib.suppress(ConnectionError):
            while head := await _read(reader):
                self.heard.append(head)
                writer.write(self.says)
                if self.closes:
                    break
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        ended.set_result(None)


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        return head + await reader.readexactly(2)
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


@asynccontextmanager
async def serving(
    says: bytes = OK, *, closes: bool = False, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[Server, Courier]]:
    server = Server(says, closes)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]

    async def here(host: str) -> list[str]:
        return ["127.0.0.1"]

    courier = Courier(here)
    try:
        yield server, courier
    finally:
        courier.close()
        listening.close()
        await asyncio.gather(*server.ended)
        await listening.wait_closed()


async def send(server: Server, courier: Courier, *, limit: int = 100) -> Answer:
    receiver = Receiver("h", server.port, is_tls=False)
    return await courier.send(receiver, REQUEST, limit=limit, timeout_s=PATIENCE_S)


async def test_request_goes_out_to_the_octet_and_connection_is_used_again() -> None:
    async with serving() as (server, courier):
        answers = [await send(server, courier) for _ in range(3)]

    assert answers == [Answer(200, "", b"OK")] * 3
    assert server.heard[0] == b"POST /a?b=1 HTTP/1.1\r\nHost: h:80\r\nX-A: 1\r\nContent-Length: 2\r\n\r\n{}"
    assert server.connections == 1


def test_it_runs_on_the_loop_that_the_worker_has() -> None:
    async def once() -> Answer:
        async with serving() as (server, courier):
            return await send(server, courier)

    assert uvloop.run(once()) == Answer(200, "", b"OK")


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """Of a server that calls itself hooks.example, with its key; nobody has signed it but itself."""
    return find_or_make(tmp_path / "tls", "hooks.example")


async def send_secretly(certificate: tuple[Path, Path], host: str) -> Answer:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    async with serving(tls=context) as (server, courier):
        receiver = Receiver(host, server.port, is_tls=True)
        return await courier.send(receiver, REQUEST, limit=100, timeout_s=PATIENCE_S)


async def test_receiver_over_tls_is_believed_by_its_authority_and_its_name(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))

    assert await send_secretly(certificate, "hooks.example") == Answer(200, "", b"OK")
    with pytest.raises(NotDeliveredError, match="TLS"):
        await send_secretly(certificate, "other.example")


async def test_receiver_whose_certificate_nobody_knows_gets_nothing(certificate: tuple[Path, Path]) -> None:
    with pytest.raises(NotDeliveredError, match="TLS"):
        await send_secretly(certificate, "hooks.example")


async def test_server_that_takes_a_connection_and_lets_it_go_is_no_answer() -> None:
    async with serving(b"", closes=True) as (server, courier):
        with pytest.raises(NotDeliveredError, match="closed the connection"):
            await send(server, courier)


@pytest.mark.parametrize(
    ("says", "status", "head"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", 200, b"abc"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.0 500 Oh\r\nConnection: close\r\n\r\nto the end", 500, b"to the end"),
        (b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", 410, b""),
    ],
)
async def test_answer_is_read_however_its_end_is_marked(says: bytes, status: int, head: bytes) -> None:
    async with serving(says, closes=True) as (server, courier):
        answer = await send(server, courier)

    assert (answer.status, answer.head) == (status, head)


async def test_pause_that_the_receiver_asks_for_is_given_back() -> None:
    async with serving(b"HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n") as (server, courier):
        assert (await send(server, courier)).retry_after == "120"


async def test_long_body_is_cut_off_with_its_connection() -> None:
    """WH-5."""
    says = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000
    async with serving(says) as (server, courier):
        answers = [await send(server, courier, limit=10) for _ in range(2)]

    assert answers == [Answer(200, "", b"x" * 10)] * 2
    assert server.connections == 2


@pytest.mark.parametrize(
    ("says", "words"),
    [
        (b"", "the server closed the connection"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "the server closed the connection"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "the exchange failed"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-A: %s\r\n" % (b"a" * 2000) * 40, "the answer is too long"),
    ],
)
async def test_what_is_no_whole_answer_is_told_in_words(says: bytes, words: str) -> None:
    async with serving(says, closes=True) as (server, courier):
        with pytest.raises(NotDeliveredError, match=words):
            await send(server, courier)


async def test_second_answer_to_one_request_is_not_taken_for_that_of_the_next() -> None:
    async with serving(OK + b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n") as (server, courier):
        answers = [await send(server, courier) for _ in range(2)]

    assert answers == [Answer(200, "", b"OK")] * 2


async def test_address_that_refuses_gives_way_to_the_next_one() -> None:
    async def two(host: str) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    async with serving() as (server, _):
        courier = Courier(two)
        answer = await send(server, courier)
        courier.close()

    assert answer.status == 200


def test_header_that_would_be_two_is_refused() -> None:
    with pytest.raises(ValueError, match="end of a line"):
        write_request("POST", "h", "/", {"X-A": "1\r\nX-B: 2"}, b"")
