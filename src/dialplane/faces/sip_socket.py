"""`/sip`: SIP over a websocket (RFC 7118), for phones in browsers.

Whoever connects proves who he is by SIP itself (digest), so nothing here asks for a key, and a page of any origin may
connect unless the operator names those that may: a browser adds nothing of its user's to this connection.
"""

import asyncio
import time
from urllib.parse import urlsplit

from litestar import Router, WebSocket, websocket
from litestar.datastructures import State
from litestar.exceptions import WebSocketDisconnect

from dialplane.domain.errors import Invalid, LimitExceeded, NotPermitted, Refusal
from dialplane.faces.api_limits import address_of
from dialplane.faces.dependencies import Dependencies
from dialplane.faces.rate_limits import Rate, RateLimiter
from dialplane.faces.voipbin.denial import deny
from dialplane.services.calling.media_streams import AudioConnection
from dialplane.services.calling.sip_sockets import SocketPeer, open_sip_socket
from dialplane.streams.blocks import LARGEST

SUBPROTOCOL = "sip"
HANDSHAKES = Rate(10, 50)
"""Of one address: many phones may be behind it, and each connects once and again after a break."""
_TOO_LARGE = 1009

Socket = WebSocket[object, object, State]


class SipDoor:
    """Lets browsers in, and carries their messages to a voice node and back, one by one and unread."""

    def __init__(self, ports: Dependencies) -> None:
        self._ports = ports
        self._limiter = RateLimiter("sip", HANDSHAKES)

    async def take(self, socket: Socket) -> None:
        try:
            self._check(socket)
            host, port = socket.scope.get("client") or ("", 0)
            peer = SocketPeer(host, port)
            ports = self._ports
            node = await open_sip_socket(ports.database, ports.gates, ports.signer, peer, ports.clock())
        except Refusal as refusal:
            await deny(socket.scope, socket.send, refusal)
            return
        waits: list[asyncio.Task[None]] = []
        try:
            await socket.accept(subprotocols=SUBPROTOCOL)
            waits = [asyncio.create_task(each) for each in (_take(socket, node), _give(socket, node))]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await node.close()
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        if socket.connection_state != "disconnect":
            await socket.close()

    def _check(self, socket: Socket) -> None:
        """Raises the Refusal of a handshake that is none of ours."""
        if self._limiter.take(address_of(socket.scope), time.monotonic()) < 0:
            raise LimitExceeded("Too many connections; try again later", reason="RATE_LIMIT_EXCEEDED")
        offered = {word.strip() for word in socket.headers.get("sec-websocket-protocol", "").split(",")}
        if SUBPROTOCOL not in offered:
            raise Invalid("The websocket must ask for the subprotocol sip", field="Sec-WebSocket-Protocol")
        origin = socket.headers.get("origin")
        allowed = self._ports.sip_origins
        if origin and allowed and origin.lower() not in allowed and not _is_own(origin, socket):
            raise NotPermitted("Pages of this origin may not connect", reason="PERMISSION_DENIED", field="Origin")


def _is_own(origin: str, socket: Socket) -> bool:
    """Whether the page came from where it connects to."""
    return urlsplit(origin).netloc.lower() == socket.headers.get("host", "").lower()


async def _take(socket: Socket, node: AudioConnection) -> None:
    """From the browser to the node, until either is gone."""
    try:
        while True:
            event = await socket.receive()
            if event["type"] != "websocket.receive":
                return
            message = event.get("bytes") or (event.get("text") or "").encode()
            if len(message) > LARGEST:
                await socket.close(_TOO_LARGE)
                return
            await node.send(message)
    except (WebSocketDisconnect, OSError):
        return


async def _give(socket: Socket, node: AudioConnection) -> None:
    """From the node to the browser. As text where it is, since every client reads that (RFC 7118 section 5)."""
    try:
        while (message := await node.receive()) is not None:
            try:
                await socket.send_data(message.decode(), "text")
            except UnicodeDecodeError:
                await socket.send_data(message, "binary")
    except OSError:
        return


def router(ports: Dependencies) -> Router:
    """The door, on its path."""
    door = SipDoor(ports)

    @websocket("/")
    async def take_sip(socket: Socket) -> None:
        await door.take(socket)

    return Router("/sip", route_handlers=[take_sip])
