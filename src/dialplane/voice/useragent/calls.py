"""What calls of both directions share, from the answer to the end (RFC 3261 sections 12 to 15, RFC 3264, RFC 3311).

How a call begins is told apart in `useragent_incoming` and `useragent_outgoing`. A call ends exactly once for its
watcher, whichever messages still cross on the wire.
"""

from abc import ABC, abstractmethod
from secrets import randbelow

from dialplane.domain.calling.dialogs import KeptDialog
from dialplane.domain.values import dataclass
from dialplane.sip.dialog import Dialog
from dialplane.sip.errors import SipParseError
from dialplane.sip.message import Message, Request, Response
from dialplane.sip.refer import read_notify, read_refer
from dialplane.sip.transaction import Input, Transaction, TransactionUser
from dialplane.sip.transaction_peer import Source
from dialplane.voice.useragent.challenge import ChallengedInDialog, Credentials
from dialplane.voice.useragent.events import CallEnd, CallWatcher, EndKind, Referrer
from dialplane.voice.useragent.reason import reason_field, reason_of
from dialplane.voice.useragent.refer import IncomingRefer
from dialplane.voice.useragent.session import (
    SHORTEST_S,
    SessionTerms,
    SessionTimer,
    SessionTooBrief,
    agreed_terms,
    min_se_of,
    terms_of,
)
from dialplane.voice.useragent.station import SDP, Fields, Station, is_sips, sdp_of

GLARE_TRIES = 3
INCOMPATIBLE_FORMAT = 305
"""Warn-code of RFC 3261 section 20.43."""


@dataclass(frozen=True, slots=True)
class Unacknowledged:
    """A 2xx of ours to the peer's INVITE or re-INVITE that waits for its ACK."""

    transaction: Transaction
    cseq: int
    is_first: bool
    """It answered the call; else it answered a re-INVITE."""
    is_offer: bool
    """The 2xx held our offer, so the ACK holds the peer's answer."""


class SipCall(ABC):
    """One call of either direction. Every method may be called in any state and any number of times; what makes no
    sense any more does nothing."""

    def __init__(self, station: Station, request: Request, source: Source, hop: Source) -> None:
        self.id = request.call_id
        self.request = request
        """The INVITE that began it (the last one sent, where a challenge was answered)."""
        self.source = source
        """Where the peer is: the sender of an incoming INVITE, the destination of an outgoing one."""
        self.hop = hop
        """Where messages go on their way to the peer: to itself, or to the edge before it."""
        self.watcher: CallWatcher | None = None
        self.referrer: Referrer | None = None
        self.is_answered = False
        """A 2xx left or came."""
        self.is_ended = False
        self._is_sips = is_sips(request.uri)
        self.answer_headers: Fields = ()
        """The `X-` headers of the peer's final answer to our INVITE."""
        self._station = station
        self._dialog: Dialog | None = None
        self._unacknowledged: Unacknowledged | None = None
        self._refer: Transaction | None = None
        """Our REFER that waits for its final answer."""
        self._reinvite: Transaction | None = None
        """Our re-INVITE that waits for its final answer."""
        self._wanted_offer: bytes | None = None
        """SDP for our next re-INVITE, once no other offer is on its way."""
        self._glares = 0
        self._session: SessionTimer | None = None
        self._refresh: Transaction | None = None
        """Our UPDATE that refreshes the session and waits for its final answer."""
        self._allowed: Message = request
        """The peer's message that says which methods it takes: its INVITE, or its answer to ours."""
        self._has_no_update = False
        """The peer has refused an UPDATE."""
        self._credentials: Credentials | None = None
        self._bye_fields: Fields | None = None
        """Set: hung up, but the BYE must wait for the ACK (15)."""

    def hangup(self, *, status: int = 0, reason: str | None = None, headers: Fields = ()) -> None:
        """End the call: BYE, CANCEL, or for an incoming one that is not answered a final answer (480 by default).

        `headers` go into that message. The watcher's `on_ended` follows at once, not when the peer agreed.
        """
        if self.is_ended:
            return
        if self.is_answered:
            self._send_bye(headers)
            self._end_by_us(CallEnd(EndKind.BYE, by_remote=False))
        else:
            self._give_up(status, reason, headers)

    def reinvite(self, sdp: bytes) -> None:
        """Offer `sdp` anew. While another offer is on its way it waits; a later one replaces it.

        The answer comes to `on_renegotiated`; a refusal changes nothing.
        """
        if self.is_answered and not self.is_ended:
            self._wanted_offer = sdp
            self._glares = 0
            self._send_wanted_offer()

    def send_info(self, body: bytes, content_type: str) -> None:
        """Send an INFO inside the call; its answer is not waited for."""
        if self.is_answered and not self.is_ended:
            self._send("INFO", [("Content-Type", content_type)], body)

    @property
    def tags(self) -> tuple[str, str]:
        """Of the dialog: ours and the peer's; empty before there is one."""
        dialog = self._dialog
        return ("", "") if dialog is None else (dialog.local_tag, dialog.remote_tag)

    def kept_dialog(self) -> KeptDialog | None:
        """What another user agent needs to hang up for us; None where only this one reaches the peer."""
        dialog, hop = self._dialog, self.hop
        if dialog is None or hop.transport == "ws":
            return None
        return KeptDialog(
            dialog.call_id,
            dialog.local,
            dialog.remote,
            dialog.target,
            dialog.routes,
            dialog.local_cseq,
            hop.host,
            hop.port,
            hop.transport,
        )

    def refer(self, target: str) -> None:
        """Ask the peer to call `target` (a URI) instead of us; what follows is told to `referrer`."""
        if self.is_answered and not self.is_ended:
            fields = [("Refer-To", f"<{target}>"), ("Contact", self._station.contact(self.hop, sips=self._is_sips))]
            self._refer = self._send("REFER", fields)

    def answer_refer(self, transaction: Transaction, request: Request, status: int, fields: Fields) -> None:
        """For `IncomingRefer`."""
        contact = ("Contact", self._station.contact(self.hop, sips=self._is_sips))
        self._respond(transaction, request, status, [*fields, contact])

    def notify(self, fields: list[tuple[str, str]], body: bytes) -> None:
        """Send a NOTIFY inside the call; its answer is not waited for."""
        if self.is_answered and not self.is_ended:
            self._send("NOTIFY", [*fields, ("Contact", self._station.contact(self.hop, sips=self._is_sips))], body)

    def on_ack(self, request: Request) -> None:
        """An ACK with the tags of this call."""
        waiting = self._unacknowledged
        if waiting is None or waiting.cseq != request.cseq.number:
            return  # repeated, because the 2xx was
        station = self._station
        self._unacknowledged = None
        station.layer.step(waiting.transaction, Input.RECEIVE_ACK, station.now())
        waiting.transaction.user = None
        if self._bye_fields is not None:
            self._send_bye(self._bye_fields)
        if self.is_ended or self.watcher is None:
            return
        if waiting.is_first:
            station.tell(self.watcher.on_answered, self, sdp_of(request))
        elif waiting.is_offer:
            station.tell(self.watcher.on_renegotiated, self, sdp_of(request))
        self._send_wanted_offer()

    def on_request(self, transaction: Transaction, request: Request) -> None:
        """A request with our tag: judge it by the dialog, answer it, follow it."""
        refusal = self._refusal(request)
        if refusal is not None:
            self._respond(transaction, request, refusal)
        else:
            self._follow(transaction, request)

    def _refusal(self, request: Request) -> int | None:
        dialog = self._dialog
        if dialog is None or (request.from_.tag or "") != dialog.remote_tag:
            return 481
        if self.is_ended and request.method != "BYE":
            return 481  # hung up on our side; only the peer's BYE still means something
        return dialog.refusal(request)

    def _follow(self, transaction: Transaction, request: Request) -> None:
        if request.method in ("INVITE", "UPDATE") and not self._are_terms_right(transaction, request):
            return
        match request.method:
            case "BYE":
                self._on_bye(transaction, request)
            case "INVITE":
                self._on_reinvite(transaction, request)
            case "UPDATE":
                self._on_update(transaction, request)
            case "OPTIONS":
                self._respond(transaction, request, 200, self._station.declared)
            case "INFO":
                self._respond(transaction, request, 200)
                if self.watcher is not None:
                    self._station.tell(self.watcher.on_info, self, request)
            case "REFER":
                self._on_refer(transaction, request)
            case "NOTIFY" if self.referrer is not None:
                self._respond(transaction, request, 200)
                status = read_notify(request)
                if status is not None:
                    self._station.tell(self.referrer.on_refer_progress, self, notified=status)
            case "NOTIFY" | "PRACK":  # of no subscription, for no answer of ours (RFC 6665 4.1.3, RFC 3262 3)
                self._respond(transaction, request, 481)
            case _:
                allow = self._station.capabilities.allow_but(request.method)
                self._respond(transaction, request, 405, [("Allow", allow)])

    def on_response(self, transaction: Transaction, response: Response) -> None:
        """An answer to a request of ours inside the dialog."""
        if transaction is self._refer and response.is_final:
            self._refer = None
            if self.referrer is not None:
                self._station.tell(self.referrer.on_refer_progress, self, answer=response.status)
        elif transaction is self._reinvite and response.status >= 200:
            self._reinvite = None
            self._on_reinvite_answer(response)
        elif transaction is self._refresh and response.is_final:
            self._refresh = None
            self._on_refreshed(response)
        elif response.status in (408, 481):
            self._on_dialog_lost(response.status)

    def on_no_answer(self, transaction: Transaction, status: int) -> None:
        """Nobody answered a request of ours in time, or acknowledged our 2xx."""
        waiting = self._unacknowledged
        if waiting is not None and transaction is waiting.transaction:
            self._unacknowledged = None
            self._send_bye(self._bye_fields or ())
            self._end(CallEnd(EndKind.NO_ACK, by_remote=True))
        else:
            self._reinvite = None
            self._on_dialog_lost(status)

    def close(self) -> None:
        """The user agent stops: say goodbye without waiting for anything."""
        if self.is_ended:
            return
        if self.is_answered:
            self._unacknowledged = None
            self._send_bye(())
        else:
            self._give_up(503, None, ())
        self._end(CallEnd(EndKind.FAILED, by_remote=False, text="shut down"))

    @abstractmethod
    def _give_up(self, status: int, reason: str | None, headers: Fields) -> None:
        """End a call that is not answered."""

    def _on_refer(self, transaction: Transaction, request: Request) -> None:
        if self.referrer is None or not self.is_answered:
            reason = ("Reason", reason_field(404, "this call cannot be transferred"))
            return self._respond(transaction, request, 404, [reason])
        try:
            target = read_refer(request)
        except SipParseError as error:
            reason = ("Reason", reason_field(404, f"Refer-To: {error.problem}"))
            return self._respond(transaction, request, 404, [reason])
        refer = IncomingRefer(self, transaction, request, target)
        return self._station.tell(self.referrer.on_refer, self, refer)

    def _on_bye(self, transaction: Transaction, request: Request) -> None:
        self._respond(transaction, request, 200)
        if self._unacknowledged is not None:
            # The peer has seen the 2xx, or gave up before it: either way nobody will acknowledge it.
            waiting, self._unacknowledged = self._unacknowledged, None
            self._station.layer.step(waiting.transaction, Input.RECEIVE_ACK, self._station.now())
        self._forget()
        cause, text = reason_of(request)
        self._end(CallEnd(EndKind.BYE, by_remote=True, cause=cause, text=text))

    def _on_reinvite(self, transaction: Transaction, request: Request) -> None:
        if self._reinvite is not None or self._unacknowledged is not None:
            return self._respond(transaction, request, 491)  # 14.2
        if not self.is_answered:
            return self._respond(transaction, request, 500, [("Retry-After", str(randbelow(10)))])
        offer = sdp_of(request)
        answer = self._ask(offer)
        if isinstance(answer, int):
            return self._respond(transaction, request, answer, self._why(answer))
        self._unacknowledged = Unacknowledged(transaction, request.cseq.number, is_first=False, is_offer=not offer)
        transaction.user = self
        return self._accept_offer(transaction, request, answer)

    def _on_update(self, transaction: Transaction, request: Request) -> None:
        """RFC 3311. Without a body it only refreshes the target."""
        offer = sdp_of(request)
        if offer and (self._reinvite is not None or self._unacknowledged is not None):
            return self._respond(transaction, request, 491)
        if offer and not self.is_answered:
            return self._respond(transaction, request, 500, [("Retry-After", str(randbelow(10)))])
        answer = self._ask(offer) if offer else b""
        if isinstance(answer, int):
            return self._respond(transaction, request, answer, self._why(answer))
        return self._accept_offer(transaction, request, answer)

    def _ask(self, offer: bytes) -> bytes | int:
        """The watcher's answer to an offer; 488 without a watcher, 500 if it fails."""
        if self.watcher is None:
            return 488
        answer = self._station.ask(self.watcher.on_offer, self, offer)
        return 500 if answer is None else answer

    def _why(self, status: int) -> Fields:
        """What goes with the refusal of an offer (14.2)."""
        return [self._station.warning(INCOMPATIBLE_FORMAT, "Incompatible media format")] if status == 488 else ()

    def _accept_offer(self, transaction: Transaction, request: Request, answer: bytes) -> None:
        if self._dialog is not None:
            self._dialog.refresh(request)
        fields = [
            ("Contact", self._station.contact(self.hop, sips=self._is_sips)),
            ("Allow", self._station.capabilities.allow),
        ]
        if self.is_answered and "Session-Expires" in request.headers:
            self._begin_session(terms_of(request))
        elif self._session is not None:
            self._session.restart()
        if self._session is not None:
            fields += self._session.terms.fields()
        self._respond(transaction, request, 200, fields, answer)

    def _send_wanted_offer(self) -> None:
        if self._wanted_offer is None or self._reinvite is not None or self._unacknowledged is not None:
            return
        if self.is_ended:
            return
        fields = [("Contact", self._station.contact(self.hop, sips=self._is_sips)), ("Content-Type", SDP)]
        if self._session is not None and self._session.terms.is_ours:
            fields += self._session.terms.request_fields()
        self._reinvite = self._send("INVITE", fields, self._wanted_offer)

    def _on_reinvite_answer(self, response: Response) -> None:
        dialog, station = self._dialog, self._station
        if dialog is None:
            return
        if response.is_success:
            self._wanted_offer = None
            dialog.refresh(response)
            self._send_ack(dialog, response.cseq.number)
            if self.watcher is not None and not self.is_ended:
                station.tell(self.watcher.on_renegotiated, self, sdp_of(response))
        elif response.status == 491 and self._glares < GLARE_TRIES:
            self._glares += 1
            station.later(self._glare_delay_s(), self._send_wanted_offer)
        elif response.status in (408, 481):
            self._on_dialog_lost(response.status)
        else:
            self._wanted_offer = None

    def _on_session_due(self) -> None:
        """Refresh the session, or give up a peer that has not (RFC 4028 10)."""
        session = self._session
        if session is None:
            return
        if session.terms.is_ours:
            self._refresh_session(session)
        else:
            self._send_bye([("Reason", 'SIP;cause=408;text="session expired"')])
            self._end(CallEnd(EndKind.FAILED, by_remote=True, status=408, text="session expired"))

    def _refresh_session(self, session: SessionTimer) -> None:
        """By UPDATE, or by re-INVITE where the peer has no UPDATE (section 7.4)."""
        allowed = self._allowed.headers.split_values("Allow")
        if not self._has_no_update and (not allowed or "UPDATE" in allowed):
            contact = self._station.contact(self.hop, sips=self._is_sips)
            self._refresh = self._send("UPDATE", [("Contact", contact), *session.terms.request_fields()])
            return
        offer = self._ask(b"")
        if not isinstance(offer, int):
            self.reinvite(offer)

    def _on_refreshed(self, response: Response) -> None:
        session = self._session
        if session is None:
            return
        if response.is_success:
            self._begin_session(agreed_terms(response) or session.terms)
        elif response.status == 422 and min_se_of(response) > session.terms.interval_s:
            self._begin_session(SessionTerms(min_se_of(response), is_ours=True))
            self._on_session_due()
        elif response.status in (405, 501):
            self._has_no_update = True
            self._refresh_session(session)
        elif response.status in (408, 481):
            self._on_dialog_lost(response.status)

    def _are_terms_right(self, transaction: Transaction, request: Request) -> bool:
        """Whether a refresh of the peer asks for an interval that may be (section 9); else it was refused. What it asks
        for holds once it is answered with 200: a refresh that fails changes nothing."""
        try:
            terms_of(request)
        except SipParseError as error:
            fields = [("Min-SE", str(SHORTEST_S))] if isinstance(error, SessionTooBrief) else []
            self._respond(transaction, request, error.status, fields)
            return False
        return True

    def _begin_session(self, terms: SessionTerms | None) -> None:
        """Keep to these terms from now on; None: there is no timer."""
        if self._session is not None:
            self._session.stop()
        self._session = None if terms is None else SessionTimer(self._station, terms, self._on_session_due)

    def _glare_delay_s(self) -> float:
        """How long to wait after 491 (14.1). The owner of the Call-ID waits longer, so that the two part."""
        return randbelow(201) / 100

    def _on_dialog_lost(self, status: int) -> None:
        """The peer does not know the dialog any more, or is gone (12.2.1.2)."""
        if not self.is_ended:
            self._send_bye(())
            self._end(CallEnd(EndKind.FAILED, by_remote=True, status=status))

    def _send(self, method: str, fields: list[tuple[str, str]], body: bytes = b"") -> Transaction | None:
        dialog, station = self._dialog, self._station
        if dialog is None:
            return None
        request = dialog.request(method, [*fields, ("User-Agent", station.user_agent)], body)
        peer = station.next_hop(dialog.next_hop, self.hop)
        user: TransactionUser | None = None if method == "BYE" else self
        if self._credentials is not None and self._credentials.realm is not None:
            user = ChallengedInDialog(station, dialog, request, peer, credentials=self._credentials, user=user)
        return station.send_request(request, peer, user)

    def _send_ack(self, dialog: Dialog, cseq: int) -> tuple[bytes, Source]:
        """Acknowledge a 2xx. An ACK is no transaction: it is sent again when the 2xx is."""
        station = self._station
        peer = station.next_hop(dialog.next_hop, self.hop)
        octets = bytes(dialog.ack(cseq, [("Via", station.via(peer))]))
        station.transport.send(octets, peer)
        return octets, peer

    def _send_bye(self, fields: Fields) -> None:
        if self._unacknowledged is not None:
            self._bye_fields = fields
            return
        self._bye_fields = None
        self._send("BYE", list(fields))
        self._forget()

    def _respond(
        self,
        transaction: Transaction,
        request: Request,
        status: int,
        fields: Fields = (),
        body: bytes = b"",
    ) -> None:
        to_tag = self._dialog.local_tag if self._dialog is not None else None
        response = self._station.response(request, status, to_tag=to_tag, fields=fields, body=body)
        self._station.respond(transaction, response)

    def _forget(self) -> None:
        """No request inside the dialog is expected any more."""
        if self._dialog is not None:
            self._station.dialogs.pop((self.id, self._dialog.local_tag), None)

    def _end(self, end: CallEnd) -> None:
        if self.is_ended:
            return
        self._mark_ended()
        watcher = self._dismiss_watcher()
        if watcher is not None:
            self._station.tell(watcher.on_ended, self, end)

    def _end_by_us(self, end: CallEnd) -> None:
        """The same, told after the method that causes it returned."""
        self._mark_ended()
        watcher = self._dismiss_watcher()
        if watcher is not None:
            self._station.tell_soon(watcher.on_ended, self, end)

    def _dismiss_watcher(self) -> CallWatcher | None:
        """Let go of the watcher, which holds the call: nothing comes after its end, and what is over needs no garbage
        collector."""
        watcher, self.watcher = self.watcher, None
        self.referrer = None
        return watcher

    def _mark_ended(self) -> None:
        self.is_ended = True
        if self._session is not None:
            self._session.stop()
