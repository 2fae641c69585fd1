"""What `dialplane edge config` writes for TLS and websockets, with phones that use it: Kamailio before a real node."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.bootstrap.tls import find_or_make
from dialplane.domain.numbering.targets import ForwardTarget
from dialplane.sip.message import Request
from dialplane.voice.useragent.agent import Source
from tests.effort import PATIENCE_S
from tests.media.conftest import MediaProcess
from tests.nodes.edge import kamailio
from tests.ports import free_port
from tests.users.acting import until
from tests.users.softphones import baresip, loudest
from tests.voice.platform import VoiceNode, voice_node
from tests.voice.test_sip_sockets import CONTACT, Client

pytestmark = [pytest.mark.peer("kamailio"), pytest.mark.peer("baresip")]

EDGE, NODE = "127.0.0.6", "127.0.0.7"
"""Of their own: an edge knows its nodes by their addresses, and the phones are at another."""
ANSWERING, RINGING = "+12025550143", "+12025550144"
GREETING = ({"type": "answer"}, {"type": "talk", "option": {"text": "Hello over there.", "language": "en-US"}},
            {"type": "digits_send", "option": {"digits": "42", "duration": 200, "interval": 100}},
            {"type": "hangup"})  # fmt: skip


@dataclass(frozen=True)
class Behind:
    """A node behind an edge, and where the edge takes phones."""

    node: VoiceNode
    tls: Source
    websocket: str
    certificate: Path


@pytest.fixture
async def behind(
    dsn: str, database: PostgresDatabase, media_process: MediaProcess, tmp_path: Path
) -> AsyncIterator[Behind]:
    port, tls_port, websocket_port = free_port(), free_port(), free_port()
    certificate, key = find_or_make(tmp_path / "tls", EDGE)
    edges = (Source(EDGE, port, "udp"),)
    ends = ("--tls", str(certificate), str(key), "--tls-port", str(tls_port), "--websocket", str(websocket_port))
    async with voice_node(dsn, database, media_process, tmp_path, host=NODE, edges=edges) as node:
        async with database.transaction() as tx:  # phones know the edge alone
            await tx.connection.execute(
                "insert into sip_domains (domain, organization_id, created_at)"
                " select $1, organization_id, now() from sip_domains where domain = '127.0.0.1'",
                EDGE,
            )
        place = f"{node.server.host}:{node.server.port}"
        async with kamailio(tmp_path / "edge", f"{EDGE}:{port}", [place], *ends):
            for opened in (tls_port, websocket_port):
                await until(partial(_listens, opened))
            yield Behind(node, Source(EDGE, tls_port, "tls"), f"wss://{EDGE}:{websocket_port}", certificate)


async def test_phone_registers_calls_and_is_rung_over_tls_through_the_edge(behind: Behind, tmp_path: Path) -> None:
    """The node behind it hears plain UDP, and knows the phone by the address that the edge saw."""
    node = behind.node
    extension = await node.extension("1001", "correct horse")
    await node.number(ANSWERING, *GREETING)
    await node.forward(await node.bare_number(RINGING), ForwardTarget(users=("1001",)))

    async with baresip(tmp_path / "baresip") as peer, node.phone() as phone:
        await peer.register(behind.tls, "1001", "correct horse")
        (binding,) = await node.bindings(extension)
        peer.order("dial", f"sip:{ANSWERING}@{behind.tls.host}:{behind.tls.port};transport=tls")
        await peer.wait_for("CALL_ESTABLISHED")
        digits = [(await peer.wait_for("CALL_DTMF_START"))["param"] for _ in range(2)]
        await peer.wait_for("CALL_CLOSED")

        call = await node.ring(phone, RINGING)
        await peer.wait_for("CALL_INCOMING")
        peer.order("accept")
        await peer.wait_for("CALL_ESTABLISHED")
        assert await call.wait_answered()
        call.hang_up()
        await peer.wait_for("CALL_CLOSED")

    assert digits == ["4", "2"]
    heard = max((tmp_path / "baresip").glob("*dec.wav"), key=lambda path: path.stat().st_size)  # of the first call
    assert loudest(heard) > 1000
    assert binding.transport == "tls"
    assert EDGE in binding.path


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(EDGE, port)
    except OSError:
        return False
    writer.close()
    return True


class _Open:
    """Fulfils `tests.voice.test_sip_sockets.Socket` over the wire."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, message: bytes) -> None:
        await self._connection.send(message.decode())

    async def receive(self) -> bytes | None:
        received = await self._connection.recv()
        return received if isinstance(received, bytes) else received.encode()


async def test_browsers_phone_registers_is_rung_and_calls_over_a_websocket_of_the_edge(behind: Behind) -> None:
    """RFC 7118 over TLS; the phone cannot be reached but by its connection (RFC 3327, RFC 5626)."""
    node = behind.node
    extension = await node.extension("3001", "secret")
    await node.number(ANSWERING, {"type": "answer"})
    await node.forward(await node.bare_number(RINGING), ForwardTarget(users=("3001",)))
    believed = ssl.create_default_context(cafile=behind.certificate)

    at_edge = connect(
        behind.websocket, ssl=believed, subprotocols=[Subprotocol("sip")], open_timeout=PATIENCE_S, close_timeout=0.2
    )
    async with at_edge as connection, node.phone() as phone:
        client = Client(_Open(connection))
        registered = await client.register("secret")
        (binding,) = await node.bindings(extension)
        call = await node.ring(phone, RINGING)
        invite = await client.receive()
        assert isinstance(invite, Request)
        await client.socket.send(bytes(invite.response(180, to_tag="browser")))
        call.hang_up()
        cancel = await client.receive()
        refused = await client.ask(client.request("INVITE", f"sip:{ANSWERING}@{EDGE}", ("Contact", f"<{CONTACT}>")))

    assert registered.status == 200
    assert (binding.contact, binding.transport) == (CONTACT, "ws")
    assert (invite.method, invite.uri) == ("INVITE", CONTACT)
    assert b"UDP/TLS/RTP/SAVPF" in invite.body
    assert isinstance(cancel, Request)
    assert (cancel.method, cancel.call_id) == ("CANCEL", invite.call_id)
    assert refused.status == 407
