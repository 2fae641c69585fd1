"""The guarded client goes nowhere private, however the address is spelled, and takes no more than it asked for."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from aiohttp import web

from dialplane.adapters.http.guarded import GuardedClient
from dialplane.domain.errors import Invalid, Unavailable
from dialplane.domain.networks import is_allowed, parse_networks
from dialplane.domain.programs.commands import Failed, Fetched
from tests.fakes.receiver import Received, Receiver

LOOPBACK = parse_networks(["127.0.0.0/8", "::1/128"])

HOSTS = [
    "127.0.0.1", "127.0.0.2", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.1",
    "0x7f.0.0.1", "0177.0.0.1", "017700000001", "0177.1", "0.0.0.0", "0", "00000", "0x0", "localhost", "LOCALHOST",
    "localhost.", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:7f00:1::1]",
    "[fe80::1]", "[fec0::1]", "[fc00::1]", "[fd12:3456::1]", "[ff02::1]", "[100::1]", "[2001::1]", "[2001:db8::1]",
    "[3fff::1]", "[5f00::1]", "10.0.0.1", "100.64.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255",
    "192.0.0.1", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "[::ffff:10.0.0.1]",
    "[64:ff9b::a00:1]", "[2002:a00:1::]", "3232235521", "0xc0a80001",
]  # fmt: skip


class _Counter:
    """A listener on every loopback address that counts connections."""

    def __init__(self) -> None:
        self.connections = 0
        self.port = 0

    def _accept(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.close()

    @classmethod
    @asynccontextmanager
    async def listening(cls) -> "AsyncIterator[_Counter]":
        counter = cls()
        server = await asyncio.start_server(counter._accept, ["0.0.0.0", "::"], 0)
        ports = {socket.getsockname()[1] for socket in server.sockets}
        counter.port = ports.pop()
        async with server:
            yield counter


@pytest.mark.parametrize("host", HOSTS)
async def test_url_that_leads_inside_is_refused_without_a_connection(host: str) -> None:
    """SSRF-1: non-public ranges and their spellings."""
    async with _Counter.listening() as counter, GuardedClient() as client:
        result = await client.fetch(f"http://{host}:{counter.port}/", "GET", timeout_s=5)

    assert isinstance(result, Failed)
    assert counter.connections == 0


def test_the_table_has_sixty_hosts() -> None:
    assert len(set(HOSTS)) >= 60


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com:22/", "http://example.com:25/", "http://example.com:1023/", "http://example.com:0/",
        "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "http://user@example.com/",
        "http://user:password@example.com/", "http:///path", "//example.com/", "", "http://example.com:99999/",
        "http://" + "a" * 2050, "http://[::1", "javascript:alert(1)", "unix:///var/run/docker.sock",
    ],
)  # fmt: skip
async def test_url_of_a_wrong_form_is_refused_before_any_look_up(url: str) -> None:
    async def resolve(host: str) -> Sequence[str]:
        pytest.fail(f"{host} was looked up")

    async with GuardedClient(resolve=resolve) as client:
        assert isinstance(await client.fetch(url, "GET"), Failed)


async def test_name_with_one_private_address_among_public_ones_is_refused() -> None:
    async def resolve(host: str) -> Sequence[str]:
        return ["93.184.215.14", "127.0.0.1"]

    async with _Counter.listening() as counter, GuardedClient(resolve=resolve) as client:
        result = await client.fetch(f"http://mixed.example:{counter.port}/", "GET")

    assert result == Failed("mixed.example leads to an address that is not public")
    assert counter.connections == 0


async def test_name_that_changes_after_the_first_look_up_is_asked_once_and_connected_where_it_was_checked() -> None:
    """SSRF-1: DNS rebinding."""
    asked: list[str] = []

    async def resolve(host: str) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    async with Receiver.listening() as receiver:
        only_first = parse_networks(["127.0.0.1/32"])
        async with GuardedClient(allow=only_first, resolve=resolve) as client:
            first = await client.fetch(f"http://changing.example:{receiver.port}/", "GET")
            receiver.headers = {"Connection": "close"}
            await client.fetch(f"http://changing.example:{receiver.port}/", "GET")
            third = await client.fetch(f"http://changing.example:{receiver.port}/", "GET")

    assert isinstance(first, Fetched)
    assert receiver.requests[0].headers["Host"] == f"changing.example:{receiver.port}"
    assert third == Failed("changing.example leads to an address that is not public")
    assert asked == ["changing.example"] * 2


async def test_redirect_is_not_followed() -> None:
    async with (
        _Counter.listening() as inside,
        Receiver.listening() as receiver,
        GuardedClient(allow=LOOPBACK) as client,
    ):
        receiver.status = 302
        receiver.headers = {"Location": f"http://127.0.0.1:{inside.port}/"}
        fetched = await client.fetch(receiver.url(), "GET")
        reply = await client.deliver(receiver.url(), "POST", b"{}", {})
        with pytest.raises(Unavailable, match="answered 302"):
            await client.get(receiver.url(), limit=10, timeout_s=5)

    assert isinstance(fetched, Fetched)
    assert fetched.status == 302
    assert reply.status == 302
    assert not reply.is_success
    assert inside.connections == 0


async def test_proxy_variables_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    async with _Counter.listening() as proxy, Receiver.listening() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        async with GuardedClient(allow=LOOPBACK) as client:
            assert isinstance(await client.fetch(receiver.url(), "GET"), Fetched)

    assert proxy.connections == 0


async def test_body_over_the_limit_is_given_up() -> None:
    async with Receiver.listening() as receiver, GuardedClient(allow=LOOPBACK) as client:
        receiver.body = b"x" * 65536
        exact = await client.fetch(receiver.url(), "GET")
        receiver.body = b"x" * 65537
        over = await client.fetch(receiver.url(), "GET")
        with pytest.raises(Invalid, match="larger than 100 bytes"):
            await client.get(receiver.url(), limit=100, timeout_s=5)

    assert isinstance(exact, Fetched)
    assert len(exact.body) == 65536
    assert over == Failed("the answer is larger than 65536 bytes")


async def test_decompressed_size_counts() -> None:
    """WH-5: a small bomb of gzip."""
    async with Receiver.listening() as receiver, GuardedClient(allow=LOOPBACK) as client:
        receiver.headers = {"Content-Encoding": "gzip"}
        receiver.body = gzip.compress(b"small")
        small = await client.fetch(receiver.url(), "GET")
        receiver.body = gzip.compress(b"\0" * 50_000_000)
        bomb = await client.fetch(receiver.url(), "GET")
        receiver.body = b"no gzip at all"
        broken = await client.fetch(receiver.url(), "GET")

    assert isinstance(small, Fetched)
    assert small.body == "small"
    assert bomb == Failed("the answer is larger than 65536 bytes")
    assert isinstance(broken, Failed)


async def test_server_that_never_ends_is_given_up_in_time() -> None:
    async def drip(_: Received) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async with Receiver.listening() as receiver, GuardedClient(allow=LOOPBACK) as client:
        receiver.answer = drip
        fetched = await client.fetch(receiver.url(), "GET", timeout_s=0.2)
        reply = await client.deliver(receiver.url(), "POST", b"{}", {}, timeout_s=0.2)

    assert fetched == Failed("no answer in time")
    assert (reply.status, reply.error) == (None, "no answer in time")


async def test_fetch_posts_the_body_with_its_type() -> None:
    async with Receiver.listening() as receiver, GuardedClient(allow=LOOPBACK) as client:
        receiver.body = b'[{"type": "stop"}]'
        receiver.headers = {"Content-Type": "application/json"}
        fetched = await client.fetch(receiver.url("/flow?x=1"), "POST", '{"a":1}')

    assert fetched == Fetched(200, '[{"type": "stop"}]', "application/json", receiver.url("/flow?x=1"))
    received = receiver.requests[0]
    assert (received.method, received.path, received.body) == ("POST", "/flow?x=1", b'{"a":1}')
    assert received.headers["Content-Type"] == "application/json"


async def test_dead_port_is_told_in_words() -> None:
    async with Receiver.listening() as receiver:
        url = receiver.url()
    async with GuardedClient(allow=LOOPBACK) as client:
        assert await client.fetch(url, "GET") == Failed("the connection was refused or failed")
        with pytest.raises(Unavailable):
            await client.get(url, limit=10, timeout_s=5)


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1", "::ffff:8.8.8.8"]
)
def test_public_addresses_and_their_wrappings_are_allowed(text: str) -> None:
    address: IPv4Address | IPv6Address = ip_address(text)
    assert is_allowed(address, [])


def test_allowed_network_counts_inside_a_mapped_address() -> None:
    assert is_allowed(ip_address("::ffff:127.0.0.1"), LOOPBACK)
