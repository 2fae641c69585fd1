"""What all calls and requests of one user agent share: its name on the wire, its transactions, its clock.

Calls know the station and the station knows calls only as dialogs to hand requests to, so that neither needs the
sockets to be understood.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import blake2b
from ipaddress import ip_address
from math import inf
from secrets import token_bytes
from typing import ParamSpec, Protocol, TypeVar

import structlog

from dialplane.domain.networks import is_allowed
from dialplane.sip.errors import SipParseError
from dialplane.sip.message import Message, Request, Response
from dialplane.sip.screening import Capabilities
from dialplane.sip.transaction import Timers, Transaction, TransactionUser
from dialplane.sip.transaction_layer import TransactionLayer, new_branch
from dialplane.sip.transaction_peer import Source, Wire
from dialplane.sip.uri import SipUri
from dialplane.voice.pulses import next_pulse
from dialplane.voice.useragent.transport import Transport

log = structlog.get_logger()
P = ParamSpec("P")
R = TypeVar("R")

SDP = "application/sdp"
HOPS = "X-Dialplane-Hops"
"""How often a call came back to us through numbers of our own."""
Fields = Sequence[tuple[str, str]]
MAX_OWN_HEADERS = 50


class DialogOwner(Protocol):
    """A call, as the dispatcher of requests sees it."""

    def on_ack(self, request: Request) -> None: ...

    def on_request(self, transaction: Transaction, request: Request) -> None:
        """A request with the dialog's Call-ID and our tag: judge and answer it."""
        ...

    def close(self) -> None:
        """End the call: the user agent stops."""
        ...


class Station:
    """Made by the user agent; `host` and `port` are the advertised ones, set when the sockets are bound."""

    def __init__(
        self,
        transport: Transport,
        counters: Counter[str],
        *,
        on_asking: Callable[[Source], None],
        timers: Timers,
        user_agent: str,
        capabilities: Capabilities,
    ) -> None:
        """`on_asking` is told where each request of ours goes."""
        self.transport = transport
        self._on_asking = on_asking
        self.counters = counters
        self.layer = TransactionLayer(transport.send, timers)
        self.user_agent = user_agent
        self.capabilities = capabilities
        self.host = ""
        self.port = 0
        self.tls_port = 0
        self.dialogs: dict[tuple[str, str], DialogOwner] = {}
        """By Call-ID and our tag."""
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._armed_for = inf
        self._tag_key = token_bytes(16)

    @property
    def declared(self) -> Fields:
        """What the answer to OPTIONS tells of us, inside a dialog and outside (11.2)."""
        return [*self.capabilities.fields, ("Accept", SDP)]

    def warning(self, code: int, text: str) -> tuple[str, str]:
        """The field that says why something was refused (20.43); `text` is ours, without quotes."""
        return "Warning", f'{code} {self.host}:{self.port} "{text}"'

    def now(self) -> float:
        """Seconds on the event loop's clock, which all transactions use."""
        return self._loop.time()

    def via(self, peer: Source) -> str:
        """The Via of a new request of ours to `peer`; `rport` gets the answer through a NAT (RFC 3581)."""
        port = self.tls_port if peer.transport == "tls" else self.port
        return f"SIP/2.0/{peer.transport.upper()} {self.host}:{port};branch={new_branch()};rport"

    def contact(self, peer: Source, *, sips: bool = False) -> str:
        """Where `peer` reaches us; `sips` where it called, or is called by, a SIPS URI (RFC 5630 section 5.1.1)."""
        if peer.transport == "udp":
            return f"<sip:{self.host}:{self.port}>"
        if peer.transport != "tls":
            return f"<sip:{self.host}:{self.port};transport={peer.transport}>"
        return f"<sips:{self.host}:{self.tls_port}>" if sips else f"<sip:{self.host}:{self.tls_port};transport=tls>"

    def send_request(self, request: Request, peer: Source, user: TransactionUser | None) -> Transaction:
        """Put our Via on `request`, send it, and tell `user` of the answers."""
        self._on_asking(peer)
        request.headers.add_first("Via", self.via(peer))
        transaction = self.layer.open_client(request, peer, user, self.now())
        self.arm()
        return transaction

    def response(
        self,
        request: Request,
        status: int,
        reason: str | None = None,
        *,
        to_tag: str | None = None,
        fields: Fields = (),
        body: bytes = b"",
        content_type: str = SDP,
    ) -> Response:
        """An answer to `request`, with a To tag unless it is 100 Trying; `content_type` is that of a `body`."""
        response = request.response(status, reason, (to_tag or self.tag(request)) if status > 100 else None)
        for name, value in fields:
            response.headers.add(name, value)
        if body:
            response.body = body
            if "Content-Type" not in response.headers:
                response.headers.add("Content-Type", content_type)
        return response

    def tagged(self, response: Response, request: Request, to_tag: str | None = None) -> Response:
        """`response` to `request`, with a To tag if it has none yet."""
        if response.to.tag is None:
            response.headers.set("To", str(response.to.with_tag(to_tag or self.tag(request))))
        return response

    def tag(self, request: Request) -> str:
        """A To tag that is the same for every copy of `request`, so that answers need no memory (8.2.7), and that
        nobody else can compute (19.3)."""
        via = request.headers.get("Via") or ""
        text = f"{via}\n{request.headers.get('Call-ID')}\n{request.headers.get('CSeq')}"
        return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8, key=self._tag_key).hexdigest()

    def respond(self, transaction: Transaction, response: Response) -> None:
        self.layer.respond(transaction, response, self.now())
        self.arm()

    def next_hop(self, uri: str, near: Source) -> Source:
        """Where a request for `uri` goes inside a dialog whose peer was last seen at `near`.

        An open connection is kept. A name, or an address that only the peer itself can reach (behind its NAT) or that
        it must not make us reach (CVE-16), means `near`.
        """
        if near.transport == "ws" or (near.transport != "udp" and self.transport.is_connected(near)):
            return near  # a browser has no other address (RFC 7118 section 5)
        return _hop(uri, near)

    def arm(self) -> None:
        """Set the one timer to the pulse after the next deadline of the transactions."""
        deadline = self.layer.next_deadline()
        if deadline >= self._armed_for:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._armed_for = deadline
        self._timer = self._loop.call_at(next_pulse(deadline), self._expire)

    def later(self, delay_s: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        return self._loop.call_later(delay_s, callback)

    def tell(self, callback: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Call the owner's code; what goes wrong there must not hurt other calls."""
        try:
            callback(*args, **kwargs)
        except Exception:
            self.counters["watcher_failed"] += 1
            log.exception("sip_watcher_failed")

    def ask(self, callback: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | None:
        """The same for code that answers; None if it fails."""
        answers: list[R] = []
        self.tell(lambda: answers.append(callback(*args, **kwargs)))
        return answers[0] if answers else None

    def tell_soon(self, callback: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """The same after the running code returned."""
        self._loop.call_soon(lambda: self.tell(callback, *args, **kwargs))

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self._timer = None
        self._armed_for = inf
        self.layer.expire(self.now())
        self.arm()


def sdp_of(message: Message) -> bytes:
    """The body if it is SDP, else nothing."""
    return message.body if message.content_type in (SDP, None) else b""


def own_headers(message: Message) -> Fields:
    """The `X-` headers, which RFC 3261 leaves to whoever uses them; at most `MAX_OWN_HEADERS`."""
    found = [(name, value) for name, value in message.headers if name[:2] in ("X-", "x-")]
    return tuple(found[:MAX_OWN_HEADERS])


@lru_cache(maxsize=4096)
def _hop(uri: str, near: Source) -> Source:
    try:
        target = SipUri.parse(uri)
    except SipParseError:
        return near
    host = target.host.strip("[]")
    wire = wire_of(target)
    if near.transport == "tls" and wire != "tls":
        return near  # what began encrypted goes on so, whatever a Contact forgets to say
    peer = Source(host, target.port or default_port(wire), wire)
    return peer if host == near.host or _may_reach(host, near.host) else near


def wire_of(uri: SipUri) -> Wire:
    """What a URI asks for (RFC 3263 section 4.1; `transport=tls` as RFC 5630 section 3.1.4 found it in use)."""
    if uri.scheme == "sips" or uri.transport == "tls":
        return "tls"
    return "tcp" if uri.transport == "tcp" else "udp"


def default_port(wire: Wire) -> int:
    return 5061 if wire == "tls" else 5060


def is_sips(uri: str) -> bool:
    return uri[:5].lower() == "sips:"


def _may_reach(host: str, seen: str) -> bool:
    try:
        address, neighbour = ip_address(host), ip_address(seen)
    except ValueError:
        return False
    if address.is_loopback:
        return neighbour.is_loopback
    if address.is_multicast or address.is_link_local or address.is_unspecified or address.is_reserved:
        return False
    return is_allowed(address, ()) or neighbour.is_private
