"""SIP over websockets, as the API hands them to a node: RFC 7118 on a real node, without the HTTP in front."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex
from typing import Protocol

import pytest

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.domain.errors import LimitExceeded
from dialplane.domain.ids import utc_now
from dialplane.services.calling.sip_sockets import SocketPeer, open_sip_socket
from dialplane.sip.digest import answer_challenge
from dialplane.sip.headers import Headers
from dialplane.sip.message import Request, Response
from dialplane.sip.parser import parse_message
from dialplane.voice.streaming.gate_client import NodeGates
from dialplane.voice.useragent.agent import CONNECTIONS_PER_ADDRESS
from tests.media.conftest import MediaProcess
from tests.voice.platform import SIGNER, VoiceNode, voice_node

CONTACT = "sip:abc@df7jal23ls0d.invalid;transport=ws"
"""As RFC 7118 section 8.1 has it."""


class Socket(Protocol):
    """One message of it is one of SIP."""

    async def send(self, message: bytes) -> None: ...

    async def receive(self) -> bytes | None: ...


class Client:
    """A browser's SIP stack, as far as these tests need one."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.tag = token_hex(4)
        self._cseq = 0

    def request(self, method: str, uri: str, *fields: tuple[str, str]) -> Request:
        self._cseq += 1
        headers = [
            ("Via", f"SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bK{token_hex(8)}"),
            ("Max-Forwards", "70"),
            ("From", f"<sip:3001@127.0.0.1>;tag={self.tag}"),
            ("To", "<sip:3001@127.0.0.1>" if method == "REGISTER" else f"<{uri}>"),
            ("Call-ID", token_hex(8)),
            ("CSeq", f"{self._cseq} {method}"),
            *fields,
        ]
        return Request(method, uri, Headers(headers))

    async def ask(self, request: Request) -> Response:
        """The final answer."""
        await self.socket.send(bytes(request))
        while True:
            message = await self.receive()
            if isinstance(message, Response) and message.status >= 200:
                return message

    async def receive(self) -> Request | Response:
        async with asyncio.timeout(30):
            octets = await self.socket.receive()
        assert octets is not None
        return parse_message(octets)

    async def register(self, password: str) -> Response:
        request = self.request("REGISTER", "sip:127.0.0.1", ("Contact", f"<{CONTACT}>;expires=600"))
        challenge = await self.ask(request)
        answer = answer_challenge(
            challenge, "REGISTER", request.uri, "3001", password, realm="dialplane", cnonce=token_hex(4)
        )
        assert answer is not None, challenge
        again = self.request("REGISTER", "sip:127.0.0.1", ("Contact", f"<{CONTACT}>;expires=600"), answer)
        return await self.ask(again)


@asynccontextmanager
async def websocket(node: VoiceNode, host: str = "127.0.0.1", port: int = 40_000) -> AsyncIterator[Client]:
    socket = await open_sip_socket(node.database, NodeGates(), SIGNER, SocketPeer(host, port), utc_now())
    try:
        yield Client(socket)
    finally:
        await socket.close()


async def test_registration_is_kept_with_its_connection_and_ends_with_it(node: VoiceNode) -> None:
    """RFC 7118 5, RFC 5626 6."""
    extension = await node.extension("3001", "secret")
    async with websocket(node, port=40_123) as client:
        answer = await client.register("secret")
        (binding,) = await node.bindings(extension)

        assert answer.status == 200
        assert (binding.contact, binding.transport) == (CONTACT, "ws")
        assert (binding.source_host, binding.source_port) == ("127.0.0.1", 40_123)

    async with asyncio.timeout(30):
        while await node.bindings(extension):
            await asyncio.sleep(0.02)


async def test_a_call_to_the_registered_user_comes_over_its_connection_with_a_webrtc_offer(node: VoiceNode) -> None:
    extension = await node.extension("3001", "secret")
    connect = {"type": "connect", "option": {"destinations": [{"type": "extension", "target": str(extension)}]}}
    await node.number("+12025550100", {"type": "answer"}, connect)
    async with websocket(node) as client, node.phone() as phone:
        await client.register("secret")

        await node.ring(phone, "+12025550100")
        invite = await client.receive()

        assert isinstance(invite, Request)
        assert (invite.method, invite.uri) == ("INVITE", CONTACT)
        assert invite.top_via.transport == "WS"
        body = invite.body.decode()
        assert "UDP/TLS/RTP/SAVPF" in body
        assert "a=setup:actpass" in body
        assert "a=ice-lite" in body


async def test_keep_alives_are_answered_and_are_no_messages(node: VoiceNode) -> None:
    """RFC 5626 4.4.1."""
    async with websocket(node) as client:
        await client.socket.send(b"\r\n\r\n")

        assert await client.socket.receive() == b"\r\n"


async def test_a_browser_is_no_carrier_even_on_the_loopback(node: VoiceNode) -> None:
    """The loopback is the public network of the sandbox; a page that anybody has written must not be."""
    await node.number("+12025550100", {"type": "answer"})
    async with websocket(node) as client:
        invite = client.request("INVITE", "sip:+12025550100@127.0.0.1", ("Contact", f"<{CONTACT}>"))

        assert (await client.ask(invite)).status == 407


async def test_nonsense_is_refused_and_the_connection_goes_on(node: VoiceNode) -> None:
    """SIP-8: one message of a websocket is one SIP message, whatever it holds."""
    async with websocket(node) as client:
        await client.socket.send(b"\0" * 100)
        await client.socket.send(b"INVITE sip:x SIP/2.0\r\n\r\n")
        await client.socket.send(b"x" * 65_000)

        assert (await client.ask(client.request("OPTIONS", "sip:127.0.0.1"))).status == 200


async def test_an_address_has_only_so_many_connections(node: VoiceNode) -> None:
    """CVE-6."""
    opened = []
    for port in range(CONNECTIONS_PER_ADDRESS):
        peer = SocketPeer("192.0.2.9", 1_000 + port)
        opened.append(await open_sip_socket(node.database, NodeGates(), SIGNER, peer, utc_now()))

    with pytest.raises(LimitExceeded):
        await open_sip_socket(node.database, NodeGates(), SIGNER, SocketPeer("192.0.2.9", 1), utc_now())

    async with websocket(node, host="192.0.2.10") as client:
        assert (await client.ask(client.request("OPTIONS", "sip:127.0.0.1"))).status == 200
    for socket in opened:
        await socket.close()


async def test_browsers_behind_one_proxy_are_told_apart(node: VoiceNode) -> None:
    """A proxy names the address of its client and no port."""
    async with websocket(node, host="192.0.2.9", port=0) as first, websocket(node, host="192.0.2.9", port=0) as second:
        answers = await asyncio.gather(
            first.ask(first.request("OPTIONS", "sip:127.0.0.1")), second.ask(second.request("OPTIONS", "sip:127.0.0.1"))
        )

        tags = [answer.from_.tag for answer in answers]
        assert tags == [first.tag, second.tag]


async def test_a_node_that_stops_lets_its_browsers_go(
    dsn: str, database: PostgresDatabase, media_process: MediaProcess, tmp_path: Path
) -> None:
    """They connect again, to another node; a stop does not wait for them."""
    async with voice_node(dsn, database, media_process, tmp_path) as node:
        socket = await open_sip_socket(node.database, NodeGates(), SIGNER, SocketPeer("127.0.0.1", 1), utc_now())
        client = Client(socket)
        assert (await client.ask(client.request("OPTIONS", "sip:127.0.0.1"))).status == 200

    assert await socket.receive() is None
    await socket.close()
