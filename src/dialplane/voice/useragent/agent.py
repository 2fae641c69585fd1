"""The SIP user agent on the wire: its sockets, and every call and request that goes through them.

Here messages, transactions, calls and sockets are joined: what came, whose is it, who is told. The rules of the RFCs
stand in `sip/`, the life of a call in the modules beside this one.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from ipaddress import ip_address
from secrets import token_hex
from typing import Literal

from dialplane.domain.calling.dialogs import KeptDialog
from dialplane.sip.dialog import Dialog
from dialplane.sip.headers import Headers
from dialplane.sip.message import Request, Response
from dialplane.sip.screening import Capabilities
from dialplane.sip.transaction import Timers
from dialplane.sip.transaction_peer import Source, Wire
from dialplane.sip.uri import SipUri
from dialplane.sip.values import NameAddress
from dialplane.voice.useragent.calls import SipCall
from dialplane.voice.useragent.challenge import Credentials, authorized
from dialplane.voice.useragent.dispatch import Dispatcher
from dialplane.voice.useragent.edges import Edges, WayOut
from dialplane.voice.useragent.events import CallEnd, CallWatcher, EndKind, Handler, Tap
from dialplane.voice.useragent.incoming import IncomingCall
from dialplane.voice.useragent.outgoing import CHALLENGES, OutgoingCall
from dialplane.voice.useragent.reason import reason_field
from dialplane.voice.useragent.requests import IncomingRequest, PendingAnswer
from dialplane.voice.useragent.session import session_fields
from dialplane.voice.useragent.station import SDP, Fields, Station, default_port, is_sips, wire_of
from dialplane.voice.useragent.transport import TlsEnds, Transport

__all__ = [
    "CallEnd",
    "CallWatcher",
    "Credentials",
    "EndKind",
    "Handler",
    "IncomingCall",
    "IncomingRequest",
    "OutgoingCall",
    "SipCall",
    "Source",
    "UserAgent",
]

IDLE_S = 30.0
"""How long a TCP connection may exist, or leave a message unfinished, without bringing a whole one (CVE-6)."""
CONNECTIONS_PER_ADDRESS = 50
SWEEP_S = 1.0
CSEQ_GAP = 100_000
"""More requests than a call has."""
_REPLACED = frozenset({"Max-Forwards", "User-Agent", "Call-ID", "CSeq"})
"""Fields of ours that the caller of `call` and `request` may give instead."""


class UserAgent:
    """One SIP address of ours. Counters by reason, for metrics, are in `counters`."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        handler: Handler,
        advertised_host: str | None = None,
        user_agent: str = "Dialplane",
        timers: Timers | None = None,
        capabilities: Capabilities | None = None,
        counters: Counter[str] | None = None,
        tcp_idle_s: float = IDLE_S,
        tap: Tap | None = None,
        tls: TlsEnds | None = None,
        edges: Edges | None = None,
    ) -> None:
        """`advertised_host` is what peers are told to send to, where it is not `host` (NAT, 0.0.0.0). `tls` is also
        spoken where it is given. `edges` stand before us: what goes to `destination` and not to the loopback goes
        through one of them."""
        self.edges = edges or Edges()
        self._tls = tls
        self._tap = tap
        self.host = host
        self.port = port
        self.tls_port = 0
        """Where TLS is spoken, 0 where it is not."""
        self.counters: Counter[str] = Counter() if counters is None else counters
        self._advertised_host = advertised_host
        self._user_agent = user_agent
        self._timers = timers or Timers()
        self._capabilities = capabilities or Capabilities()
        self._tcp_idle_s = tcp_idle_s
        self._on_asking = handler.on_asking
        self._dispatcher = Dispatcher(handler, self.counters, tap, self.edges)
        self._started: Station | None = None
        self._sweep: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def _station(self) -> Station:
        if self._started is None:
            raise RuntimeError("the user agent is not started")
        return self._started

    async def start(self) -> None:
        """Bind UDP and TCP on the same port; port 0 takes one that is free for both, then in `port`.

        Raises OSError where the address is not ours or the port is taken.
        """
        dispatcher = self._dispatcher
        transport = Transport(
            dispatcher,
            self.counters,
            idle_s=self._tcp_idle_s,
            per_address=CONNECTIONS_PER_ADDRESS,
            tap=self._tap,
            tls=self._tls,
        )
        station = dispatcher.station = Station(
            transport,
            self.counters,
            on_asking=self._on_asking,
            timers=self._timers,
            user_agent=self._user_agent,
            capabilities=self._capabilities,
        )
        _, self.port = await transport.start(self.host, self.port)
        advertised = self._advertised_host or self.host
        station.host = f"[{advertised}]" if ":" in advertised else advertised
        station.port = self.port
        station.tls_port = self.tls_port = transport.tls_port
        self._started = station
        self._sweep_connections()

    async def close(self) -> None:
        """End every call without waiting for the peers, and close the sockets. Safe to call twice."""
        station, self._started = self._started, None
        if station is None:
            return
        for call in list(station.dialogs.values()):
            call.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._sweep is not None:
            self._sweep.cancel()
        station.close()
        await station.transport.close()

    def drain(self) -> None:
        """From now on new calls get 503 with Retry-After, and OPTIONS 503; calls that live go on (AV-1)."""
        self._dispatcher.is_draining = True

    def take_calls_again(self) -> None:
        self._dispatcher.is_draining = False

    def take_leave_of(self, call_ids: Iterable[str]) -> None:
        """Calls of an earlier life, which are over: a peer that hangs one up is told that all is well (AV-2)."""
        self._dispatcher.bygone = frozenset(call_ids)

    def say_goodbye(self, kept: KeptDialog, why: str) -> None:
        """Hang up for another node that carried the call; nobody waits for the answer. A peer that cannot be reached
        from here is left to its own timers. Raises SipParseError."""
        station = self._station
        dialog = Dialog(
            call_id=kept.call_id,
            local=kept.local,
            local_tag="",
            remote=kept.remote,
            remote_tag="",
            target=kept.target,
            routes=kept.routes,
            # Beyond whatever was sent since it was kept: a gap is no error (RFC 3261 section 12.2.2).
            local_cseq=kept.cseq + CSEQ_GAP,
            remote_cseq=-1,
        )
        fields = [("Reason", reason_field(503, why)), ("User-Agent", self._user_agent)]
        near = Source(kept.host, kept.port, kept.transport)
        station.send_request(dialog.request("BYE", fields), station.next_hop(dialog.next_hop, near), None)

    def add_websocket(self, host: str, port: int, send: Callable[[bytes], None]) -> Source | None:
        """A browser has opened a websocket from this address. None where the address has enough of them."""
        return self._station.transport.add_websocket(host, port, send)

    def on_websocket_message(self, data: bytes, peer: Source) -> None:
        self._dispatcher.on_websocket_message(data, peer)

    def remove_websocket(self, peer: Source) -> None:
        """It is closed; safe after `close`."""
        if self._started is not None:
            self._started.transport.remove_websocket(peer)

    def is_connected(self, peer: Source) -> bool:
        """Whether requests to `peer` have a way: always, but over a connection that only the peer can open."""
        return peer.transport != "ws" or self._station.transport.is_connected(peer)

    @property
    def is_started(self) -> bool:
        return self._started is not None

    @property
    def shown_host(self) -> str:
        """Ours, as URIs have it."""
        return self._station.host

    def contact_of(self, user: str, peer: Source) -> str:
        """Where `peer` reaches `user` at our address."""
        return self._station.contact(peer).replace("<sip:", f"<sip:{user}@", 1)

    @property
    def wires(self) -> tuple[Wire, ...]:
        """By which peers can be asked first: an edge speaks TLS for us."""
        return ("udp", "tcp", "tls") if self._tls is not None or self.edges.hosts else ("udp", "tcp")

    def expect_name(self, peer: Source, name: str) -> None:
        """See `Transport.expect_name`."""
        self._station.transport.expect_name(peer, name)

    @property
    def live_calls(self) -> int:
        """Calls that still expect requests of their peers."""
        return len(self._started.dialogs) if self._started is not None else 0

    @property
    def live_transactions(self) -> int:
        """Requests in either direction whose copies or answers may still come."""
        return len(self._started.layer) if self._started is not None else 0

    @property
    def connections(self) -> int:
        """Open connections of TCP and TLS, and websockets."""
        return len(self._started.transport) if self._started is not None else 0

    def call(
        self,
        *,
        target: str,
        caller: NameAddress | str,
        watcher: CallWatcher,
        sdp: bytes,
        callee: NameAddress | str | None = None,
        destination: Source | None = None,
        headers: Fields = (),
        credentials: Credentials | None = None,
        call_id: str | None = None,
        session_s: int = 0,
        reliable: Literal["", "Supported", "Require"] = "",
        path: str = "",
        is_near: bool = False,
    ) -> OutgoingCall:
        """Send an INVITE to the URI `target`; what follows is told to `watcher`.

        `callee` is the To, `target` by default. `destination` is where it goes, by default the host of `target`, which
        is looked up first if it is a name. Challenges of the realm of `credentials` are answered at most twice
        (SIP-18, CVE-11). `session_s` asks for a session timer (RFC 4028), `reliable` names the field that says how
        much reliable provisional answers are wanted (RFC 3262). `sdp` empty makes a call without an offer. `path` is
        how a phone registered (`Edges.path_of`); `is_near`: no edge is between us. Raises SipParseError
        where `target` is no URI.
        """
        station = self._station
        request = self._request("INVITE", target, caller, callee, headers, call_id)
        peer = destination or _literal(target)
        way = None if is_near else self._way(request, destination, path)
        hop = way.hop if way else peer or Source("", 0, wire_of(SipUri.parse(target)))
        request.headers.add("Contact", station.contact(hop, sips=is_sips(target)))
        request.headers.add("Allow", station.capabilities.allow)
        if sdp:
            request.headers.add("Content-Type", SDP)
            request.body = sdp
        for name, value in session_fields(session_s) if session_s else ():
            request.headers.add(name, value)
        if reliable:
            request.headers.add(reliable, "100rel")
        call = OutgoingCall(station, request, watcher, credentials)
        call.session_s = session_s
        if peer is not None:
            call.start(peer, hop)
        else:
            self._spawn(self._look_up_and_start(call, target))
        return call

    async def request(
        self,
        method: str,
        *,
        target: str,
        caller: NameAddress | str,
        callee: NameAddress | str | None = None,
        destination: Source | None = None,
        headers: Fields = (),
        body: bytes = b"",
        content_type: str = "",
        credentials: Credentials | None = None,
        timeout_s: float = 32,
        path: str = "",
    ) -> Response:
        """Send a request outside any dialog and wait for its final answer.

        Nobody answers: 408; nobody is reachable: 503 (RFC 3261 8.1.3.1). Challenges are answered, and `path` is taken,
        as in `call`. Raises SipParseError where `target` is no URI.
        """
        request = self._request(method, target, caller, callee, headers, None)
        way = self._way(request, destination, path)
        if body:
            request.headers.add("Content-Type", content_type)
            request.body = body
        try:
            async with asyncio.timeout(timeout_s):
                peer = destination or await _look_up(target)
                return await self._ask(request, peer, way.hop if way else peer, credentials)
        except TimeoutError:
            return request.response(408)
        except OSError:
            return request.response(503)

    def _request(
        self,
        method: str,
        target: str,
        caller: NameAddress | str,
        callee: NameAddress | str | None,
        headers: Fields,
        call_id: str | None,
    ) -> Request:
        """A request that begins something (8.1.1), without Via. `headers` replace ours of the same name."""
        sender = NameAddress.parse(caller) if isinstance(caller, str) else caller
        fields = Headers(
            [
                ("Max-Forwards", "70"),
                ("From", str(sender.with_tag(token_hex(8)))),
                ("To", str(NameAddress("", target, {}) if callee is None else callee)),
                ("Call-ID", call_id or f"{token_hex(16)}@{self._station.host}"),
                ("CSeq", f"1 {method}"),
                ("User-Agent", self._user_agent),
            ]
        )
        for name, value in headers:
            if name in _REPLACED:
                fields.set(name, value)
            else:
                fields.add(name, value)
        return Request(method, target, fields)

    def _way(self, request: Request, destination: Source | None, path: str) -> WayOut | None:
        """How `request` reaches its destination, and the Routes for that; None where the destination is not known."""
        if destination is None:
            return None
        way = self.edges.way_to(destination, path)
        for route in way.routes:
            request.headers.add("Route", route)
        return way

    async def _ask(self, request: Request, peer: Source, hop: Source, credentials: Credentials | None) -> Response:
        for _ in range(CHALLENGES):
            response = await self._ask_once(request, hop)
            if response.status not in (401, 407) or credentials is None:
                return response
            again = authorized(request, response, credentials, peer)
            if again is None:
                return response
            request = again
        return await self._ask_once(request, hop)

    async def _ask_once(self, request: Request, hop: Source) -> Response:
        pending = PendingAnswer()
        self._station.send_request(request, hop, pending)
        outcome = await pending.future
        return request.response(outcome) if isinstance(outcome, int) else outcome

    async def _look_up_and_start(self, call: OutgoingCall, target: str) -> None:
        try:
            call.start(await _look_up(target))
        except OSError:
            call.fail(503, "host not found")

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _sweep_connections(self) -> None:
        station = self._station
        station.transport.sweep(station.now())
        self._sweep = station.later(SWEEP_S, self._sweep_connections)


def _literal(target: str) -> Source | None:
    """Where `target` is, if its host is an address. Raises SipParseError for what is no SIP URI."""
    uri = SipUri.parse(target)
    host = uri.host.strip("[]")
    try:
        ip_address(host)
    except ValueError:
        return None
    wire = wire_of(uri)
    return Source(host, uri.port or default_port(wire), wire)


async def _look_up(target: str) -> Source:
    """Where `target` is; a name by its address records. Raises OSError."""
    known = _literal(target)
    if known is not None:
        return known
    uri = SipUri.parse(target)
    if not uri.host:
        raise OSError("a tel URI names no host")  # an empty name would be looked up as ourselves
    loop = asyncio.get_running_loop()
    wire = wire_of(uri)
    found = await loop.getaddrinfo(uri.host, uri.port or default_port(wire), type=socket.SOCK_DGRAM)
    address = found[0][4]
    return Source(str(address[0]), int(address[1]), wire)
