"""What came from the sockets: whose is it, and who is told (RFC 3261 sections 8.2, 9.2, 12.2.2, 16.3, 17, 18)."""

import asyncio
from collections import Counter
from collections.abc import Callable
from math import inf

import structlog

from dialplane.sip.errors import SipParseError
from dialplane.sip.framing import PING, PONG, Frame, KeepAlive, Malformed
from dialplane.sip.grammar import split_values
from dialplane.sip.message import Request, Response
from dialplane.sip.parser import parse_message
from dialplane.sip.screening import screen
from dialplane.sip.transaction import Input, State, Transaction
from dialplane.sip.transaction_layer import Key, server_key
from dialplane.sip.transaction_peer import Source
from dialplane.sip.values import Via
from dialplane.voice.useragent.edges import GIVEN_UP_S, Edges
from dialplane.voice.useragent.events import Handler, Tap
from dialplane.voice.useragent.incoming import IncomingCall
from dialplane.voice.useragent.requests import IncomingRequest
from dialplane.voice.useragent.same_delay import SameDelay
from dialplane.voice.useragent.session import SHORTEST_S, SessionTooBrief
from dialplane.voice.useragent.station import HOPS, Fields, Station, is_sips

log = structlog.get_logger()

RETRY_AFTER_S = 10
"""What callers are told while we drain: other nodes take calls at once."""
TRYING_AFTER_S = 0.13
"""100 Trying is for answers that take more than 200 ms (RFC 3261 17.2.1); most calls have theirs before. To this come
the two pulses that a dense INVITE lies in the socket, and the one to the look."""
SMALLEST_MESSAGE = 16
"""Octets: `ACK a: SIP/2.0` and a line end; less is a keep-alive or noise."""
_DECLARED = frozenset({"Accept", "Accept-Encoding", "Allow", "Unsupported"})
"""Fields in which a refusal by `screening` says what would have been right."""
_STREAMS = frozenset({"tcp", "tls"})
_DIALOG_METHODS = frozenset({"BYE", "UPDATE", "INFO", "NOTIFY", "PRACK"})
"""Requests that make no sense outside a dialog (SIP-14)."""


class Dispatcher:
    """The receiver of the transport. Nothing that a peer sends leaves it as an exception (SIP-8)."""

    station: Station
    """Set before the sockets are bound."""

    def __init__(self, handler: Handler, counters: Counter[str], tap: Tap | None, edges: Edges) -> None:
        self._edges = edges
        self._trying = SameDelay(asyncio.get_running_loop(), TRYING_AFTER_S, self._say_trying)
        self.is_draining = False
        self.bygone: frozenset[str] = frozenset()
        """Call-IDs of calls that an earlier process had, and that are over."""
        self._tap = tap
        self._handler = handler
        self._counters = counters

    def may_read(self, source: Source) -> bool:
        """Whether to read what came; an edge brings everybody's, and is asked about the sender of each message."""
        return source.host in self._edges.hosts or self._may_send(source)

    def _may_send(self, sender: Source) -> bool:
        if self._handler.may_send(sender):
            return True
        self._counters["source_refused"] += 1
        return False

    def on_datagram(self, data: bytes, source: Source) -> None:
        if not self.may_read(source):
            return
        # STUN begins with 0 or 1, and no SIP message with a control character but line ends (SIP-4).
        if len(data) < SMALLEST_MESSAGE or (data[0] < 0x20 and data[0] not in b"\r\n"):
            self._counters["not_sip" if data.strip(b"\r\n\x00") else "keep_alive"] += 1
            return
        self._on_whole_message(data, source)

    def on_websocket_message(self, data: bytes, source: Source) -> None:
        """One message of a websocket: a whole SIP message, or a keep-alive (RFC 7118 section 5)."""
        if not self.may_read(source):
            return
        if not data.strip(b"\r\n"):
            self._counters["keep_alive"] += 1
            if data == PING:
                self.station.transport.send(PONG, source)
            return
        self._on_whole_message(data, source)

    def _on_whole_message(self, data: bytes, source: Source) -> None:
        if self._tap is not None:
            self._tap.received(data, source)
        try:
            frame: Frame = parse_message(data)
        except SipParseError as error:
            frame = Malformed(error)
        except Exception:  # a fault of the parser must cost this datagram only
            self._counters["parser_failed"] += 1
            log.exception("sip_parser_failed", source=source.host)
            return
        self.on_frame(frame, source)

    def on_frame(self, frame: Frame, source: Source) -> None:
        """One message, however it came."""
        if source.transport in _STREAMS and self._tap is not None and isinstance(frame, Request | Response):
            self._tap.received(bytes(frame), source)  # the stream was cut already: the same octets, written anew
        try:
            match frame:
                case Request():
                    self._on_request(frame, source)
                case Response():
                    if not self.station.layer.receive_response(frame, self.station.now()):
                        self._counters["stray_response"] += 1
                case Malformed():
                    self._on_malformed(frame.error, source, frame)
                case KeepAlive():
                    self._counters["keep_alive"] += 1
            self.station.arm()
        except SipParseError as error:
            # A field that the parser left to whoever needs it.
            self._on_malformed(error, source, frame)
        except Exception:  # the next message is served whatever this one did (SIP-8)
            self._counters["dispatch_failed"] += 1
            log.exception("sip_dispatch_failed", source=source.host)

    def on_unreachable(self, peer: Source) -> None:
        self.station.layer.fail_peer(peer, self.station.now())

    def _on_malformed(self, error: SipParseError, source: Source, frame: Frame) -> None:
        self._counters[f"malformed: {error.problem}"] += 1
        request = error.partial if isinstance(frame, Malformed) else frame
        if isinstance(request, Request) and request.method != "ACK":
            self._refuse(request, _answer_to(request.top_via, source), error.status, error.reason)

    def _on_request(self, request: Request, hop: Source) -> None:
        source = hop
        if hop.host in self._edges.hosts:
            source = self._edges.find_sender(request, hop)
            if source is not hop and not self._may_send(source):
                return
        _mark_received(request, hop)
        if request.method == "ACK":
            self._on_ack(request)
            return
        key = server_key(request)
        station = self.station
        answer_to = _answer_to(request.top_via, hop)
        known = station.layer.find_server(key)
        refusal = screen(request, station.capabilities)
        if refusal is not None:  # with the branch of an earlier request too: a true copy of that one would be right
            fields = [field for field in refusal.headers if field[0] in _DECLARED]
            self._refuse(request, answer_to, refusal.status, refusal.reason, fields)
        elif known is not None:
            self._on_copy(request, known)
        elif request.method == "CANCEL":
            self._on_cancel(request, key, answer_to)
        elif request.to.tag is not None and request.method != "REGISTER":
            self._on_dialog_request(request, key, answer_to)
        else:
            self._on_new_request(request, key, source, hop, answer_to)

    def _on_copy(self, request: Request, known: Transaction) -> None:
        self._counters["retransmission"] += 1
        if request.method == "INVITE" and not known.octets:
            self._say_trying(request, known)
        else:
            self.station.layer.step(known, Input.RECEIVE_REQUEST, self.station.now())

    def _say_trying(self, request: Request, transaction: Transaction) -> None:
        """The caller hears that its INVITE is here, unless it heard more than that."""
        if transaction.octets or transaction.state is not State.PROCEEDING:
            return
        user = transaction.user
        if not isinstance(user, IncomingCall):
            self.station.respond(transaction, self.station.response(request, 100))
        elif user.may_be_heard():
            self.station.respond(transaction, self.station.response(request, 100))
            user.keep_waiting()

    def _on_ack(self, request: Request) -> None:
        """An ACK is never answered (13.2.2.4, 17.2.1); a stray one is dropped (SIP-14)."""
        station = self.station
        known = station.layer.find_server(server_key(request, "INVITE"))
        if known is not None and known.state in (State.COMPLETED, State.CONFIRMED):
            station.layer.step(known, Input.RECEIVE_ACK, station.now())
            return
        call = station.dialogs.get((request.call_id, request.to.tag or ""))
        if call is None:
            self._counters["stray_ack"] += 1
        else:
            call.on_ack(request)

    def _on_cancel(self, request: Request, key: Key, answer_to: Source) -> None:
        station = self.station
        cancelled = station.layer.find_server(server_key(request, "INVITE"))
        transaction = station.layer.open_server(request, key, answer_to, station.now())
        user = cancelled.user if cancelled else None
        call = user if isinstance(user, IncomingCall) else None
        tag = call.tags[0] if call else None  # as in what the INVITE is answered with
        station.respond(transaction, station.response(request, 200 if cancelled else 481, to_tag=tag))
        if call is not None:
            call.on_cancel(request)

    def _on_dialog_request(self, request: Request, key: Key, answer_to: Source) -> None:
        call = self.station.dialogs.get((request.call_id, request.to.tag or ""))
        if call is None and request.method == "BYE" and request.call_id in self.bygone:
            self._reply(request, answer_to, 200, None, ())
            return
        if call is None:
            self._refuse(request, answer_to, 481)
            return
        call.on_request(self.station.layer.open_server(request, key, answer_to, self.station.now()), request)

    def _on_new_request(self, request: Request, key: Key, source: Source, hop: Source, answer_to: Source) -> None:
        station = self.station
        if request.method in _DIALOG_METHODS:
            self._refuse(request, answer_to, 481)
        elif station.layer.is_merged(request, key) or _has_looped(station, request):
            self._refuse(request, answer_to, 482)
        elif source.transport in ("udp", "tcp") and is_sips(request.uri):
            # RFC 5630 section 5.3: what asks for protection on every hop did not have it on this one.
            self._refuse(request, answer_to, 480, None, [station.warning(380, "SIPS Not Allowed")])
        elif self.is_draining and request.method in ("INVITE", "OPTIONS"):
            self._refuse(request, answer_to, 503, None, [("Retry-After", str(RETRY_AFTER_S))])
        elif request.method == "OPTIONS":
            self._reply(request, answer_to, 200, None, station.declared)
        else:
            transaction = station.layer.open_server(request, key, answer_to, station.now())
            if request.method == "INVITE":
                self._on_invite(request, source, hop, transaction)
            else:
                incoming = IncomingRequest(station, request, source, transaction, hop)
                self._hand_over(lambda: self._handler.on_request(incoming), incoming.respond)

    def _on_invite(self, request: Request, source: Source, hop: Source, transaction: Transaction) -> None:
        station = self.station
        must_hear_by = inf
        if hop.transport == "udp" and hop.host in self._edges.hosts:
            must_hear_by = station.now() - station.transport.waited_s() + GIVEN_UP_S
            if must_hear_by < station.now():
                self._counters["given_up_by_edge"] += 1
                station.respond(transaction, station.response(request, 503))
                return
        try:
            call = IncomingCall(station, request, source, transaction, hop, must_hear_by)
        except SipParseError as error:
            fields = [("Min-SE", str(SHORTEST_S))] if isinstance(error, SessionTooBrief) else []
            station.respond(transaction, station.response(request, error.status, error.reason, fields=fields))
            return
        self._trying.put(request, transaction)
        self._hand_over(lambda: self._handler.on_invite(call), call.reject)

    def _hand_over(self, hand_over: Callable[[], None], refuse: Callable[[int], None]) -> None:
        try:
            hand_over()
        except Exception:  # the owner's fault costs the owner's call, no other one
            self._counters["handler_failed"] += 1
            log.exception("sip_handler_failed")
            refuse(500)

    def _refuse(
        self, request: Request, answer_to: Source, status: int, reason: str | None = None, fields: Fields = ()
    ) -> None:
        self._counters[f"refused {status}"] += 1
        self._reply(request, answer_to, status, reason, fields)

    def _reply(self, request: Request, answer_to: Source, status: int, reason: str | None, fields: Fields) -> None:
        """Answer without keeping anything (8.2.7): a copy of the request gets the same answer again."""
        response = self.station.response(request, status, reason, fields=fields)
        self.station.transport.send(bytes(response), answer_to)


def _mark_received(request: Request, source: Source) -> None:
    """Write into the top Via where the request came from (18.2.1, RFC 3581)."""
    via = request.top_via
    if via.host == source.host and "rport" not in via.parameters:
        return  # as most are; `seen_from` would say the same
    seen = via.seen_from(source.host, source.port)
    if seen == via:
        return
    headers = request.headers
    first = split_values(headers.get("Via") or "")
    parsed = headers.parsed
    headers.replace_first("Via", ", ".join([str(seen), *first[1:]]))
    # The values read from all other fields are still true; reading them again would cost a tenth of the call.
    parsed["top Via"] = seen
    parsed.pop("all Via", None)
    headers.parsed = parsed


def _answer_to(via: Via, source: Source) -> Source:
    """Where answers go (18.2.2): the connection, else the source's address, at the port that its Via says.

    Never to a host that the Via names: an answer goes to who asked.
    """
    port = via.port or 5060
    if source.port == port or source.transport != "udp" or via.wants_rport:
        return source
    return source._replace(port=port)


def _has_looped(station: Station, request: Request) -> bool:
    """Whether a request of ours came back. A call to a number of our own is sent to come back: it carries its count,
    and the runtime ends it when that grows too high (FRD-7)."""
    return station.layer.is_ours(request) and request.headers.get(HOPS) is None
