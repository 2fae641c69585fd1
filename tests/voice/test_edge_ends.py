"""What `dialplane edge config` writes for TLS and websockets, with phones that use it: Kamailio before a real node."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from secrets import token_hex

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from dialplane.adapters.postgres.database import PostgresDatabase
from dialplane.audio.g711 import decode_ulaw
from dialplane.bootstrap.tls import find_or_make
from dialplane.domain.calling.media import IceCredentials
from dialplane.domain.numbering.targets import ForwardTarget
from dialplane.rtp.events import DIGITS, TelephoneEvent, event_payloads
from dialplane.sdp.session import Session
from dialplane.sdp.webrtc import SecureEnd, Setup, make_secure_answer, read_end
from dialplane.sip.dialog import Dialog
from dialplane.sip.digest import answer_challenge
from dialplane.sip.message import Request
from dialplane.voice.useragent.agent import Source
from tests.effort import PATIENCE_S
from tests.fakes.browser import Browser
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
OFFER = (Path(__file__).parents[1] / "captures" / "webrtc" / "chromium_offer.sdp").read_bytes()
EVENTS = 126
"""Digits, as Chromium numbers them."""
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
                await until(partial(_serves, opened, certificate))
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


async def _serves(port: int, certificate: Path) -> bool:
    """Not only listens: each process of the edge reads the world's authorities first."""
    try:
        _, writer = await asyncio.open_connection(EDGE, port, ssl=ssl.create_default_context(cafile=certificate))
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


class Line:
    """A browser's call through the edge: the dialog over the websocket, the audio beside it."""

    def __init__(self, client: Client, browser: Browser, dialog: Dialog, theirs: Session, events: int) -> None:
        """`theirs` is what the node says of its audio, `events` the payload type of digits."""
        self.events = events
        self.client = client
        self.browser = browser
        self.dialog = dialog
        self.end = read_end(theirs, theirs.media[0])
        self.port = theirs.media[0].port

    async def talk(self) -> None:
        """Until keys are agreed: what comes then is the call's."""
        leg = IceCredentials(self.end.fragment, self.end.password)
        await self.browser.connect(self.port, expected=self.end.fingerprint, leg=leg)

    async def send(self, request: Request) -> None:
        request.headers.add_first("Via", f"SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bK{token_hex(8)}")
        await self.client.socket.send(bytes(request))

    async def hear_digits(self, count: int) -> tuple[str, int]:
        """So many digits, and how loud it was before the last of them."""
        heard, loudest_of_all = "", 0
        while len(heard) < count:
            packet = await self.browser.hear()
            if packet.payload_type != self.events:
                loudest_of_all = max(loudest_of_all, int(abs(decode_ulaw(packet.payload)).max()))
            elif packet.marker:
                heard += DIGITS[TelephoneEvent.parse(packet.payload).code]
        return heard, loudest_of_all

    def press(self, digit: str) -> None:
        for number, payload in enumerate(event_payloads(digit, duration_ms=100)):
            self.browser.say(self.port, payload, step=0 if number else 160, payload_type=self.events)

    async def hear_of(self, method: str) -> Request:
        """The next request of this kind, which is accepted."""
        while True:
            message = await self.client.receive()
            if isinstance(message, Request) and message.method == method:
                if method != "ACK":
                    await self.client.socket.send(bytes(message.response(200)))
                return message


def offered(browser: Browser) -> bytes:
    """What Chromium says, with our browser's certificate."""
    return re.sub(rb"(?<=a=fingerprint:).*", browser.certificate.fingerprint.encode(), OFFER)


async def call_out(client: Client, browser: Browser) -> Line:
    """The browser calls the number that answers."""
    fields = (("Contact", f"<{CONTACT}>"), ("Content-Type", "application/sdp"))
    uri = f"sip:{ANSWERING}@{EDGE}"
    first = client.request("INVITE", uri, *fields)
    first.body = offered(browser)
    challenge = await client.ask(first)
    answer = answer_challenge(challenge, "INVITE", uri, "3001", "secret", realm="dialplane", cnonce=token_hex(4))
    assert answer is not None
    invite = client.request("INVITE", uri, *fields, answer)
    invite.body = first.body
    answered = await client.ask(invite)
    assert answered.status == 200
    line = Line(client, browser, Dialog.of_outgoing(invite, answered), Session.parse(answered.body), EVENTS)
    await line.send(line.dialog.ack(invite.cseq.number, []))
    return line


async def take(client: Client, browser: Browser) -> Line:
    """The browser answers the call that rings it."""
    invite = await client.receive()
    assert isinstance(invite, Request)
    offer = Session.parse(invite.body)
    end = SecureEnd("qTJL", "MUQBY4R9zq0pKlTv0lEgGhk9", browser.certificate.fingerprint, Setup.ACTIVE)
    answer, agreed = make_secure_answer(offer, "127.0.0.1", 9, end, session_id=1, version=1)
    assert agreed.audio.telephone_event is not None
    response = invite.response(200, to_tag="browser")
    for route in invite.headers.get_all("Record-Route"):
        response.headers.add("Record-Route", route)
    response.headers.add("Contact", f"<{CONTACT}>")
    response.headers.add("Content-Type", "application/sdp")
    response.body = bytes(answer).replace(b"a=ice-lite\r\n", b"")
    await client.socket.send(bytes(response))
    return Line(client, browser, Dialog.of_incoming(invite, "browser"), offer, agreed.audio.telephone_event)


async def test_browser_speaks_and_hears_through_a_websocket_of_the_edge_whoever_called(behind: Behind) -> None:
    """Answered calls both ways, by RFC 7118 and 5764: the edge carries the signalling, the audio is the node's own."""
    node = behind.node
    await node.extension("3001", "secret")
    await node.number(ANSWERING, *GREETING)
    await node.forward(await node.bare_number(RINGING), ForwardTarget(users=("3001",)))
    believed = ssl.create_default_context(cafile=behind.certificate)

    at_edge = connect(behind.websocket, ssl=believed, subprotocols=[Subprotocol("sip")], close_timeout=0.2)
    async with at_edge as connection, node.phone() as phone:
        client = Client(_Open(connection))
        await client.register("secret")
        with Browser() as browser:
            out = await call_out(client, browser)
            await out.talk()
            digits, loudness = await out.hear_digits(2)
            ended = await out.hear_of("BYE")
        with Browser() as browser:
            call = await node.ring(phone, RINGING)
            line = await take(client, browser)
            assert await call.wait_answered()
            await line.hear_of("ACK")
            await line.talk()
            line.press("7")
            pressed = await call.wait_digits(1)
            await line.send(line.dialog.request("BYE", []))
            await call.ended.wait()

    assert (digits, loudness > 1_000) == ("42", True)
    assert ended.call_id == out.dialog.call_id
    assert pressed == "7"
