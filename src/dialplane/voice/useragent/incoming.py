"""The beginning of an incoming call: ringing, answer, refusal, CANCEL (RFC 3261 sections 9.2 and 13.3)."""

import asyncio
from math import inf
from secrets import token_hex

from dialplane.sip.dialog import Dialog
from dialplane.sip.headers import Headers
from dialplane.sip.message import Request, Response
from dialplane.sip.transaction import Transaction
from dialplane.sip.transaction_peer import Source
from dialplane.voice.useragent.calls import INCOMPATIBLE_FORMAT, SipCall, Unacknowledged
from dialplane.voice.useragent.events import CallEnd, EndKind
from dialplane.voice.useragent.reason import reason_of
from dialplane.voice.useragent.reliable import ReliableAnswers, requires_reliable
from dialplane.voice.useragent.session import SessionTerms, SessionTimer, min_se_of, terms_of
from dialplane.voice.useragent.station import SDP, Fields, Station, sdp_of

GIVEN_UP = "the edge gave the call to another node"
EXPIRED = "the invitation expired"
AGAIN_S = 60.0
"""How often a caller who waits hears so: a proxy may give up a call of which it has heard nothing for three minutes,
and an answer may get lost (13.3.1.1)."""
LONGEST_WAIT_S = 3_600
"""No call waits longer for its answer, whatever its Expires says."""


class IncomingCall(SipCall):
    """A call to us. Raises SipParseError where a field of the INVITE that calls need cannot be accepted."""

    def __init__(
        self,
        station: Station,
        request: Request,
        source: Source,
        transaction: Transaction,
        hop: Source,
        must_hear_by: float = inf,
    ) -> None:
        """`must_hear_by`: on the loop's clock, when `hop` gives the call to somebody else if it has heard nothing."""
        super().__init__(station, request, source, hop)
        self._must_hear_by = must_hear_by
        self._transaction = transaction
        self._tag = token_hex(8)
        self._dialog = Dialog.of_incoming(request, self._tag)
        self._terms = terms_of(request)
        self._always: Fields = ()
        self._progress = 183, b""
        """Status and SDP of what the caller is told while it waits."""
        self._again: asyncio.TimerHandle | None = None
        self._expiry: asyncio.TimerHandle | None = None
        # Ringing and answer begin alike; building that once is a tenth of the call's cost less.
        self._fields = list(request.response(200, to_tag=self._tag).headers)
        self._fields += [("Record-Route", value) for value in request.headers.get_all("Record-Route")]
        self._fields.append(("Contact", station.contact(hop, sips=self._is_sips)))
        self._reliable: ReliableAnswers | None = None
        if requires_reliable(request):
            self.be_reliable()
        station.dialogs[self.id, self._tag] = self
        transaction.user = self
        expires_s = request.expires if "Expires" in request.headers.first else None
        if expires_s is not None and expires_s < LONGEST_WAIT_S:
            self._expiry = station.later(expires_s, self._on_expired)

    def may_be_heard(self) -> bool:
        """Whether an answer, or 100 Trying, still comes in time. If not, the call is over: it is somebody else's."""
        if self._transaction.octets or self._station.now() < self._must_hear_by:
            return True
        if not self.is_ended:
            self._station.counters["given_up_by_edge"] += 1
            self._refuse(503, None, ())
            self._end_by_us(CallEnd(EndKind.CANCEL, by_remote=True, status=503, text=GIVEN_UP))
        return False

    def be_reliable(self) -> None:
        """Let provisional answers be acknowledged by PRACK from now on; the caller must be able to (RFC 3262)."""
        if self._reliable is None:
            self._reliable = ReliableAnswers(
                self._station, self._transaction, self.request.cseq.number, lambda: self.reject(504)
            )

    def want_session(self, interval_s: int) -> None:
        """Ask for a session timer in the answer where the caller has not (RFC 4028 section 9)."""
        if self._terms is None and interval_s:
            supported = self.request.headers.option_tags("Supported")
            shortest_s = min_se_of(self.request)
            self._terms = SessionTerms(max(interval_s, shortest_s), is_ours="timer" not in supported)

    def tell_always(self, name: str, value: str) -> None:
        """Let every answer that follows bear this header field."""
        self._fields.append((name, value))
        self._always = (*self._always, (name, value))

    def provisional(self, status: int, sdp: bytes | None = None) -> None:
        """Send 180 or 183, with early media where `sdp` is given."""
        if self.is_answered or self.is_ended or not self.may_be_heard():
            return
        self._progress = status, sdp or b""
        if self._reliable is not None:
            self._reliable.send(self._response(status, (), sdp or b""))
        else:
            self._answer_invite(status, (), sdp or b"")
        self.keep_waiting()

    def keep_waiting(self) -> None:
        """The answer takes its time: let the caller hear so each minute, as it did now."""
        if self._again is None:
            self._again = self._station.later(AGAIN_S, self._say_again)

    def answer(self, sdp: bytes, headers: Fields = ()) -> None:
        """Answer with 200, resent until the ACK comes (SIP-12)."""
        if self.is_answered or self.is_ended or not self.may_be_heard():
            return
        if self._reliable is not None:
            if not self._reliable.is_quiet:  # RFC 3262 section 3: an answer in SDP must have arrived before the 2xx
                self._reliable.on_quiet = lambda: self.answer(sdp, headers)
                return
            self._reliable.stop()
        self.is_answered = True
        self._end_waiting()
        cseq = self.request.cseq.number
        is_offer = not sdp_of(self.request)
        self._unacknowledged = Unacknowledged(self._transaction, cseq, is_first=True, is_offer=is_offer)
        fields = [*headers, *self._station.capabilities.fields]
        if self._terms is not None:
            self._session = SessionTimer(self._station, self._terms, self._on_session_due)
            fields += self._terms.fields()
        self._answer_invite(200, fields, sdp)

    def reject(self, status: int, reason: str | None = None, headers: Fields = ()) -> None:
        """Refuse the call with a final answer of 300 or more."""
        if self.is_answered or self.is_ended:
            return
        self._refuse(status, reason, headers)
        self._end_by_us(CallEnd(EndKind.REJECTED, by_remote=False, status=status, text=reason or ""))

    def reject_offer(self, problem: str) -> None:
        """Refuse the call for its SDP, and say what is wrong with that (13.3.1.3)."""
        self.reject(488, headers=[self._station.warning(INCOMPATIBLE_FORMAT, problem)])

    def refuse_with(self, response: Response) -> None:
        """The same with a response made from the INVITE elsewhere: a challenge."""
        if not (self.is_answered or self.is_ended):
            self._station.respond(self._transaction, self._station.tagged(response, self.request, self._tag))
            self._forget()
            self._end_by_us(CallEnd(EndKind.REJECTED, by_remote=False, status=response.status))

    def on_cancel(self, request: Request) -> None:
        """The caller gave up. After a final answer it is too late, and nothing happens (9.2)."""
        if self.is_answered or self.is_ended:
            return
        self._refuse(487, None, ())
        cause, text = reason_of(request)
        self._end(CallEnd(EndKind.CANCEL, by_remote=True, status=487, cause=cause, text=text))

    def _on_expired(self) -> None:
        """The caller wants no answer that is later than this (13.3.1)."""
        if not (self.is_answered or self.is_ended):
            self._refuse(487, None, ())
            self._end(CallEnd(EndKind.CANCEL, by_remote=True, status=487, text=EXPIRED))

    def _say_again(self) -> None:
        self._again = None
        status, sdp = self._progress
        if self._reliable is None:
            self.provisional(status, sdp)
        else:
            self.provisional(status)  # the SDP has arrived

    def _end_waiting(self) -> None:
        for timer in (self._again, self._expiry):
            if timer is not None:
                timer.cancel()
        self._again = self._expiry = None

    def _mark_ended(self) -> None:
        self._end_waiting()
        super()._mark_ended()

    def _on_bye(self, transaction: Transaction, request: Request) -> None:
        if not (self.is_answered or self.is_ended):
            self._refuse(487, None, ())  # 15.1.2
        super()._on_bye(transaction, request)

    def _give_up(self, status: int, reason: str | None, headers: Fields) -> None:
        self.reject(status or 480, reason, headers)

    def _follow(self, transaction: Transaction, request: Request) -> None:
        if request.method != "PRACK":
            super()._follow(transaction, request)
            return
        if self._reliable is None or not self._reliable.acknowledge(request):
            self._respond(transaction, request, 481)
            return
        offer = sdp_of(request)
        answer = self._ask(offer) if offer else b""
        if isinstance(answer, int):
            self._respond(transaction, request, answer)
        else:
            self._respond(transaction, request, 200, (), answer)

    def _refuse(self, status: int, reason: str | None, headers: Fields) -> None:
        if self._reliable is not None:
            self._reliable.stop()
        fields = [*headers, *self._always]
        response = self._station.response(self.request, status, reason, to_tag=self._tag, fields=fields)
        self._station.respond(self._transaction, response)
        self._forget()

    def _answer_invite(self, status: int, headers: Fields, sdp: bytes) -> None:
        self._station.respond(self._transaction, self._response(status, headers, sdp))

    def _response(self, status: int, headers: Fields, sdp: bytes) -> Response:
        fields = [*self._fields, *Headers(headers)]
        if sdp:
            fields.append(("Content-Type", SDP))
        return Response(status, None, Headers.of_canonical(fields), sdp)
