"""The beginning of an outgoing call: INVITE, challenge, forks, CANCEL in every race (RFC 3261 9.1 and 13.2)."""

from dataclasses import replace
from secrets import randbelow

from dialplane.sip.dialog import Dialog
from dialplane.sip.errors import SipParseError
from dialplane.sip.headers import Headers
from dialplane.sip.message import Request, Response
from dialplane.sip.transaction import Input, Transaction
from dialplane.sip.transaction_peer import Source
from dialplane.voice.useragent.calls import SipCall
from dialplane.voice.useragent.challenge import Credentials, authorized, pinned
from dialplane.voice.useragent.events import CallEnd, CallWatcher, EndKind
from dialplane.voice.useragent.reason import reason_of
from dialplane.voice.useragent.reliable import number_of
from dialplane.voice.useragent.session import agreed_terms, min_se_of, session_fields
from dialplane.voice.useragent.station import Fields, Station, own_headers, sdp_of

CHALLENGES = 2
"""How many challenges one INVITE answers (SIP-18)."""
NOWHERE = Source("", 0, "udp")
_EARLY_METHODS = frozenset({"UPDATE", "INFO", "OPTIONS"})
"""What a peer may ask before it has answered; it may not hang up then (15)."""
FORKS = 16
"""2xx answers of different forks that are acknowledged and hung up; more are somebody's joke."""


class OutgoingCall(SipCall):
    """A call from us. The INVITE leaves by `start`."""

    def __init__(
        self,
        station: Station,
        request: Request,
        watcher: CallWatcher,
        credentials: Credentials | None,
    ) -> None:
        super().__init__(station, request, NOWHERE, NOWHERE)
        self.watcher = watcher
        self._credentials = credentials
        self._challenges = 0
        self._invite: Transaction | None = None
        self._is_proceeding = False
        """A provisional answer came, so a CANCEL may go (9.1)."""
        self._acks: dict[str, tuple[bytes, Source]] = {}
        """By the tag of each fork that answered."""
        self._early: dict[str, tuple[Dialog, int]] = {}
        """By the peer's tag: early dialogs with reliable answers, and the number of the last one."""
        self._asked: dict[str, int] = {}
        """By the tag of each fork that rings: the CSeq of what it asked last."""
        self._cancel_fields: Fields | None = None
        self._tag = request.from_.tag or ""
        self.session_s = 0
        """The session interval that the INVITE asks for; 0: none."""
        self.retry_after_s = 0
        """How long the peer wants to be left alone, where it said so with a 503."""

    @property
    def is_heard(self) -> bool:
        """The peer has answered anything at all."""
        return self._is_proceeding or self.is_ended or self.is_answered

    def abandon(self) -> None:
        """Give up an INVITE that nobody has answered; the watcher is not told. What still comes is dealt with."""
        self._dismiss_watcher()
        self._give_up(487, None, ())

    def start(self, destination: Source, hop: Source | None = None) -> None:
        """Send the INVITE, unless the call was given up before its address was found. Call it once.

        It goes to `hop` first, where that is not the destination."""
        if self.is_ended:
            return
        self.source = destination
        self.hop = hop or destination
        if self.hop != destination and self._credentials is not None:
            # The edge was told where the request must go: its challenge is the one of the host that we trust (CVE-11).
            self._credentials = replace(self._credentials, host=self.hop.host)
        self._station.dialogs[self.id, self._tag] = self
        self._invite = self._station.send_request(self.request, self.hop, self)

    def fail(self, status: int, text: str) -> None:
        """There is nowhere to send it to."""
        self._end(CallEnd(EndKind.FAILED, by_remote=True, status=status, text=text))

    def on_response(self, transaction: Transaction, response: Response) -> None:
        if transaction is not self._invite:
            super().on_response(transaction, response)
        elif response.is_provisional:
            self._on_provisional(response)
        elif response.is_success:
            self._on_success(response)
        else:
            self._on_failure(response)

    def on_no_answer(self, transaction: Transaction, status: int) -> None:
        if transaction is not self._invite:
            super().on_no_answer(transaction, status)
            return
        self._forget_invite()
        self._end(CallEnd(EndKind.TIMEOUT if status == 408 else EndKind.FAILED, by_remote=True, status=status))

    def _give_up(self, status: int, reason: str | None, headers: Fields) -> None:
        """CANCEL, as soon as that is allowed. What the peer still answers is dealt with without the watcher."""
        self._cancel_fields = headers
        if self._is_proceeding:
            self._send_cancel(headers)
        self._end_by_us(CallEnd(EndKind.CANCEL, by_remote=False, status=487))

    def _on_provisional(self, response: Response) -> None:
        if not self._is_proceeding:
            self._is_proceeding = True
            if self._cancel_fields is not None:
                self._send_cancel(self._cancel_fields)
        tag = response.to.tag if "To" in response.headers else None
        if tag and len(self._asked) < FORKS:
            self._asked.setdefault(tag, -1)
        self._acknowledge_provisional(response)
        if response.status > 100 and not self.is_ended and self.watcher is not None:
            self._station.tell(self.watcher.on_provisional, self, response)

    def _refusal(self, request: Request) -> int | None:
        """Before the answer the dialogs are those that the provisional answers began (12.1.2)."""
        tag = request.from_.tag or ""
        if self._dialog is not None or self.is_ended or tag not in self._asked or request.method not in _EARLY_METHODS:
            return super()._refusal(request)
        if request.cseq.number <= self._asked[tag]:
            return 500
        self._asked[tag] = request.cseq.number
        return None

    def _on_update(self, transaction: Transaction, request: Request) -> None:
        if self.is_answered or not sdp_of(request):
            super()._on_update(transaction, request)
        else:
            self._respond(transaction, request, 491)  # our own offer waits for its answer (RFC 3311 5.2)

    def _acknowledge_provisional(self, response: Response) -> None:
        """Send PRACK for a reliable answer that is the next of its dialog (RFC 3262 section 4)."""
        try:
            number = number_of(response)
            if number is None:
                return
            tag = response.to.tag or ""
            known = self._early.get(tag)
            if known is None and len(self._early) < FORKS:
                known = Dialog.of_outgoing(self.request, response), number - 1
            if known is None or number != known[1] + 1:
                return  # seen before, or one before it is missing and will be sent again
        except SipParseError:
            self._station.counters["bad_reliable"] += 1
            return
        dialog = known[0]
        self._early[tag] = dialog, number
        fields = [("RAck", f"{number} {response.cseq.number} INVITE"), ("User-Agent", self._station.user_agent)]
        prack = dialog.request("PRACK", fields)
        self._station.send_request(prack, self._station.next_hop(dialog.next_hop, self.hop), None)

    def _on_success(self, response: Response) -> None:
        tag = response.to.tag or ""
        repeated = self._acks.get(tag)
        if repeated is not None:
            self._station.transport.send(*repeated)
        elif len(self._acks) < FORKS:
            self._acknowledge(tag, response)

    def _acknowledge(self, tag: str, response: Response) -> None:
        try:
            dialog = Dialog.of_outgoing(self.request, response)
        except SipParseError:
            # Without a readable Contact the peer cannot be told anything; it ends by itself for want of an ACK.
            self._station.counters["bad_2xx"] += 1
            self._forget_invite()
            self._end(CallEnd(EndKind.FAILED, by_remote=True, status=response.status, text="bad Contact"))
            return
        if tag in self._early:  # what was sent in the early dialog counts
            dialog.local_cseq = self._early[tag][0].local_cseq
        dialog.remote_cseq = self._asked.get(tag, -1)
        self._acks[tag] = self._send_ack(dialog, response.cseq.number)
        if self.is_ended or self.is_answered:
            # We gave up in the same moment (SIP-13), or another fork was first (13.2.2.4).
            self._hang_up_fork(dialog)
            return
        self._dialog = dialog
        self.is_answered = True
        self._begin_session(agreed_terms(response) if self.session_s else None)
        self._allowed = response
        self.answer_headers = own_headers(response)
        if self.watcher is not None:
            self._station.tell(self.watcher.on_answered, self, sdp_of(response))

    def _hang_up_fork(self, dialog: Dialog) -> None:
        station = self._station
        bye = dialog.request("BYE", [("User-Agent", station.user_agent)])
        station.send_request(bye, station.next_hop(dialog.next_hop, self.hop), None)
        if self._dialog is None:
            self._forget_invite()

    def _on_failure(self, response: Response) -> None:
        if not self.is_ended:
            if response.status in (401, 407) and self._answer_challenge(response):
                return
            if response.status == 422 and self._ask_for_longer_session(response):
                return
        self._forget_invite()
        self.answer_headers = own_headers(response)
        if response.status == 503:
            self.retry_after_s = _seconds(response.headers.get("Retry-After") or "")
        cause, text = reason_of(response)
        self._end(
            CallEnd(EndKind.REJECTED, by_remote=True, status=response.status, cause=cause, text=text or response.reason)
        )

    def _answer_challenge(self, response: Response) -> bool:
        if self._challenges >= CHALLENGES or self._credentials is None:
            return False
        request = authorized(self.request, response, self._credentials, self.hop)
        if request is None:
            return False
        self._challenges += 1
        self._credentials = pinned(self._credentials, request)
        self._is_proceeding = False
        self.request = request
        self._invite = self._station.send_request(request, self.hop, self)
        return True

    def _ask_for_longer_session(self, response: Response) -> bool:
        """Once more with the shortest interval that the peer takes (RFC 4028 section 7.3)."""
        wanted_s = min_se_of(response)
        if self.session_s == 0 or wanted_s <= self.session_s:
            return False
        self.session_s = wanted_s
        headers = self.request.headers.copy()
        headers.remove("Via")
        for name, value in session_fields(wanted_s, shortest_s=wanted_s)[1:]:
            headers.set(name, value)
        headers.set("CSeq", f"{self.request.cseq.number + 1} INVITE")
        self._is_proceeding = False
        self.request = Request("INVITE", self.request.uri, headers, self.request.body)
        self._invite = self._station.send_request(self.request, self.hop, self)
        return True

    def _send_cancel(self, headers: Fields) -> None:
        """A CANCEL has the branch of its INVITE, so the station does not choose one (9.1)."""
        station, invite = self._station, self._invite
        if invite is None:
            return
        fields = [("Via", self.request.headers.get("Via") or ""), ("Max-Forwards", "70")]
        fields += [("Route", route) for route in self.request.headers.get_all("Route")]
        for name in ("From", "To", "Call-ID"):
            fields.append((name, self.request.headers.get(name) or ""))
        fields += [("CSeq", f"{self.request.cseq.number} CANCEL"), *headers]
        cancel = Request("CANCEL", self.request.uri, Headers(fields))
        station.layer.open_client(cancel, self.hop, None, station.now())
        station.layer.step(invite, Input.CANCELLED, station.now())
        station.arm()

    def _forget_invite(self) -> None:
        self._station.dialogs.pop((self.id, self._tag), None)

    def _glare_delay_s(self) -> float:
        return 2.1 + randbelow(191) / 100


def _seconds(retry_after: str) -> int:
    """Of a Retry-After field (20.33), which may go on with a comment."""
    digits = retry_after.strip(" \t").partition(";")[0].partition("(")[0].strip(" \t")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0
