"""The guarded client asks for documents: parameters, signature, redirects, audio, broken lines (reference 5.2)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from urllib.parse import parse_qsl, urlsplit

import pytest
from aiohttp import web
from twilio.request_validator import RequestValidator

from dialplane.adapters.http.guarded import GuardedClient
from dialplane.domain.programs.commands import Failed, Fetched
from tests.fakes.receiver import Received, Receiver

FORM = (("CallSid", "CA1"), ("From", "+12125550111"), ("Body", "a & b é"))
TOKEN = "a token"


@pytest.fixture
async def client() -> AsyncIterator[GuardedClient]:
    async with GuardedClient(allow=(ip_network("127.0.0.0/8"),)) as opened:
        yield opened


@asynccontextmanager
async def server(**answers: web.Response) -> AsyncIterator[Receiver]:
    async with Receiver.listening() as receiver:

        async def answer(received: Received) -> web.StreamResponse:
            name = urlsplit(received.path).path.strip("/")
            found = answers[name]
            return web.Response(status=found.status, headers=found.headers, body=found.body)

        receiver.answer = answer
        yield receiver


async def test_post_carries_the_form_signed_for_its_address(client: GuardedClient) -> None:
    page = web.Response(text="<Response/>", content_type="text/xml", headers={"X-Tenant": "7"})
    async with server(start=page) as receiver:
        url = receiver.url("/start?keep=%20this")
        answer = await client.fetch(url, form=FORM, token=TOKEN)

    (asked,) = receiver.requests
    assert isinstance(answer, Fetched)
    assert (answer.status, answer.body, answer.url) == (200, "<Response/>", url)
    assert ("X-Tenant", "7") in answer.headers
    assert asked.path == "/start?keep=%20this"
    assert tuple(parse_qsl(asked.body.decode())) == FORM
    assert asked.headers["Content-Type"].startswith("application/x-www-form-urlencoded")
    assert RequestValidator(TOKEN).validate(url, dict(FORM), asked.headers["X-Twilio-Signature"])


async def test_get_carries_them_in_the_query_beside_what_is_there(client: GuardedClient) -> None:
    async with server(start=web.Response(text="")) as receiver:
        await client.fetch(receiver.url("/start?a=1"), "GET", form=FORM, token=TOKEN)

    (asked,) = receiver.requests
    assert tuple(parse_qsl(urlsplit(asked.path).query)) == (("a", "1"), *FORM)
    assert asked.body == b""
    url = f"http://127.0.0.1:{receiver.port}{asked.path}"
    assert RequestValidator(TOKEN).validate(url, {}, asked.headers["X-Twilio-Signature"])


@pytest.mark.parametrize("status", [301, 302, 303, 307])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_redirect_is_followed_with_method_and_parameters(client: GuardedClient, status: int, method: str) -> None:
    moved = web.Response(status=status, headers={"Location": "/end?b=2"})
    async with server(start=moved, end=web.Response(text="done")) as receiver:
        answer = await client.fetch(receiver.url("/start"), method, form=FORM, redirects=5)

    _, second = receiver.requests
    assert isinstance(answer, Fetched)
    assert (answer.body, answer.url) == ("done", receiver.url("/end?b=2"))
    assert second.method == method
    assert dict(FORM).items() <= dict(parse_qsl(urlsplit(second.path).query) + parse_qsl(second.body.decode())).items()


async def test_redirects_have_an_end(client: GuardedClient) -> None:
    async with server(start=web.Response(status=302, headers={"Location": "/start"})) as receiver:
        assert await client.fetch(receiver.url("/start"), redirects=5) == Failed("there were more than 5 redirects")

    assert len(receiver.requests) == 6


async def test_redirect_into_a_private_network_is_refused(client: GuardedClient) -> None:
    """SSRF-1: each hop is guarded like the first."""
    async with server(start=web.Response(status=302, headers={"Location": "http://10.0.0.1/"})) as receiver:
        answer = await client.fetch(receiver.url("/start"), redirects=5)

    assert answer == Failed("the address is not public")


async def test_audio_is_told_and_not_read(client: GuardedClient) -> None:
    sound = web.Response(body=b"\0" * 200_000, content_type="audio/wav")
    async with server(start=sound) as receiver:
        answer = await client.fetch(receiver.url("/start"))

    assert isinstance(answer, Fetched)
    assert (answer.content_type, answer.body) == ("audio/wav", "")


async def test_broken_connection_is_made_anew_once(client: GuardedClient) -> None:
    taken = 0

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        taken += 1
        await reader.readuntil(b"\r\n\r\n")
        if taken == 2:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
            await writer.drain()
        writer.close()

    listening = await asyncio.start_server(take, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        answer = await client.fetch(f"http://127.0.0.1:{port}/", form=FORM, attempts=2)

    assert isinstance(answer, Fetched)
    assert answer.body == "hi"
