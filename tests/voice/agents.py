"""Shared parts of the user agent's tests: a handler and a watcher that keep what they were told, and raw sockets.

Nothing here is a mock: both ends are real user agents or real sockets on the loopback.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from secrets import token_hex

from dialplane.sip.message import Request, Response
from dialplane.sip.parser import parse_message
from dialplane.sip.transaction import Timers
from dialplane.voice.useragent.agent import CallEnd, IncomingCall, IncomingRequest, SipCall, Source, UserAgent
from dialplane.voice.useragent.edges import Edges
from dialplane.voice.useragent.events import Tap
from tests.effort import PATIENCE_S

SDP = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 40000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"
)
QUICK = Timers(t1=0.05, t2=0.4, t4=0.5)
"""RFC 3261's timers at a tenth: 64*T1 is 3.2 s, more than a busy machine stands still."""


@dataclass
class Watcher:
    """Keeps what happened, in order; `wait` waits until something of that name did."""

    events: list[tuple[str, object]] = field(default_factory=list)
    offer_answer: bytes | int = SDP
    on_answer: Callable[[SipCall], None] | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def on_provisional(self, call: SipCall, response: Response) -> None:
        self._note("provisional", response.status)

    def on_answered(self, call: SipCall, sdp: bytes) -> None:
        self._note("answered", sdp)
        if self.on_answer is not None:
            self.on_answer(call)

    def on_renegotiated(self, call: SipCall, sdp: bytes) -> None:
        self._note("renegotiated", sdp)

    def on_offer(self, call: SipCall, sdp: bytes) -> bytes | int:
        self._note("offer", sdp)
        return self.offer_answer

    def on_info(self, call: SipCall, request: Request) -> None:
        self._note("info", request.body)

    def on_ended(self, call: SipCall, end: CallEnd) -> None:
        self._note("ended", end)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.events]

    async def wait(self, name: str, *, times: int = 1) -> object:
        """The value of the event `name` when it has happened `times` times."""
        async with asyncio.timeout(PATIENCE_S):
            while self.names.count(name) < times:
                self._changed.clear()
                await self._changed.wait()
        return [value for key, value in self.events if key == name][times - 1]

    async def wait_end(self) -> CallEnd:
        end = await self.wait("ended")
        assert isinstance(end, CallEnd)
        return end

    def _note(self, name: str, value: object) -> None:
        self.events.append((name, value))
        self._changed.set()


class Answering:
    """A handler that does `on_call` with each call and answers each request with 200."""

    def __init__(self, on_call: Callable[[IncomingCall], None] | None = None) -> None:
        self.calls: asyncio.Queue[IncomingCall] = asyncio.Queue()
        self.taken: list[IncomingCall] = []
        self.requests: list[IncomingRequest] = []
        self.watchers: list[Watcher] = []
        self.refused: set[str] = set()
        self.asked: list[Source] = []
        self._on_call = on_call

    def may_send(self, source: Source) -> bool:
        return source.host not in self.refused

    def on_asking(self, peer: Source) -> None:
        self.asked.append(peer)

    def on_invite(self, call: IncomingCall) -> None:
        watcher = Watcher()
        self.watchers.append(watcher)
        call.watcher = watcher
        if self._on_call is not None:
            self._on_call(call)
        self.taken.append(call)
        self.calls.put_nowait(call)

    def on_request(self, request: IncomingRequest) -> None:
        self.requests.append(request)
        request.respond(200)


@asynccontextmanager
async def running(
    handler: Answering | None = None, *, timers: Timers = QUICK, edges: Edges | None = None, tap: Tap | None = None
) -> AsyncIterator[UserAgent]:
    agent = UserAgent(host="127.0.0.1", port=0, handler=handler or Answering(), timers=timers, edges=edges, tap=tap)
    await agent.start()
    try:
        yield agent
    finally:
        await agent.close()
        assert not {name for name in agent.counters if name.endswith("_failed")} - {"tcp_connect_failed"}


def place(agent: UserAgent, other: UserAgent, watcher: Watcher, *, transport: str = "udp", sdp: bytes = SDP) -> SipCall:
    """A call from `agent` to `other`."""
    target = f"sip:bob@127.0.0.1:{other.port};transport={transport}"
    return agent.call(target=target, caller="<sip:alice@example.com>", sdp=sdp, watcher=watcher)


class RawPeer:
    """A UDP socket that sends what no decent user agent sends, and reads what comes back."""

    def __init__(self, agent: UserAgent, host: str = "127.0.0.1") -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind((host, 0))
        self.host, self.port = self.socket.getsockname()
        self.agent = agent
        self.tag = token_hex(4)
        self.call_id = f"{token_hex(8)}@raw"

    def __enter__(self) -> "RawPeer":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendto(data, ("127.0.0.1", self.agent.port))

    def request(
        self,
        method: str,
        *,
        cseq: int = 1,
        branch: str | None = None,
        to_tag: str | None = None,
        body: bytes = b"",
        extra: str = "",
        cseq_method: str | None = None,
    ) -> bytes:
        """A request of this peer; `extra` is header lines with their line ends."""
        to = f";tag={to_tag}" if to_tag else ""
        content = "Content-Type: application/sdp\r\n" if body else ""
        return (
            f"{method} sip:bob@127.0.0.1:{self.agent.port} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self.host}:{self.port};branch={branch or 'z9hG4bK' + token_hex(8)}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:raw@example.com>;tag={self.tag}\r\nTo: <sip:bob@example.com>{to}\r\n"
            f"Call-ID: {self.call_id}\r\nCSeq: {cseq} {cseq_method or method}\r\n"
            f"Contact: <sip:raw@{self.host}:{self.port}>\r\n{extra}{content}Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body

    async def receive(self, timeout_s: float = PATIENCE_S) -> Request | Response:
        async with asyncio.timeout(timeout_s):
            data, _ = await asyncio.get_running_loop().sock_recvfrom(self.socket, 65_536)
            return parse_message(data)

    async def receive_status(self) -> int:
        """The status of the next response, whose fields may be as malformed as the request's were."""
        async with asyncio.timeout(PATIENCE_S):
            data = await asyncio.get_running_loop().sock_recv(self.socket, 65_536)
            return int(data.split(b" ", 2)[1])

    async def receive_response(self, status: int | None = None) -> Response:
        """The next response, or the next one with `status`; requests on the way are left out."""
        while True:
            message = await self.receive()
            if isinstance(message, Response) and status in (None, message.status):
                return message

    async def receive_request(self, method: str) -> Request:
        while True:
            message = await self.receive()
            if isinstance(message, Request) and message.method == method:
                return message

    async def is_served(self) -> bool:
        """Whether an OPTIONS is answered: everything sent before has been dealt with then."""
        probe = RawPeer(self.agent)
        with probe:
            probe.send(probe.request("OPTIONS"))
            return (await probe.receive_response()).status == 200

    def pending(self) -> list[Request | Response]:
        """What has arrived and was not read."""
        messages: list[Request | Response] = []
        while True:
            try:
                data, _ = self.socket.recvfrom(65_536)
            except BlockingIOError:
                return messages
            messages.append(parse_message(data))

    def answer(self, request: Request, status: int, *, extra: str = "", tag: str = "rawtag") -> bytes:
        """A response of this peer to `request`."""
        response = request.response(status, to_tag=tag)
        response.headers.add("Contact", f"<sip:raw@{self.host}:{self.port}>")
        for line in extra.split("\r\n"):
            if line:
                name, _, value = line.partition(": ")
                response.headers.add(name, value)
        return bytes(response)
