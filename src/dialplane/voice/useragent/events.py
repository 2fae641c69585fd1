"""What the user agent tells its owner, and what it needs from it: the calls' watcher, the handler of new requests."""

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from dialplane.domain.values import dataclass
from dialplane.sip.message import Request, Response
from dialplane.sip.transaction_peer import Source

if TYPE_CHECKING:
    from dialplane.voice.useragent.calls import SipCall
    from dialplane.voice.useragent.incoming import IncomingCall
    from dialplane.voice.useragent.refer import IncomingRefer
    from dialplane.voice.useragent.requests import IncomingRequest


class Tap(Protocol):
    """Who is shown every message as it crosses the wire. Called on the way of each call: it must not wait or raise."""

    def received(self, data: bytes, peer: Source) -> None: ...

    def sent(self, data: bytes, peer: Source) -> None: ...


class EndKind(StrEnum):
    """How a call ended."""

    BYE = "bye"
    """It was answered, and one side hung up."""
    CANCEL = "cancel"
    """The caller gave up before the answer."""
    REJECTED = "rejected"
    """A final answer of 300 or more."""
    FAILED = "failed"
    """It could not be carried on: unreachable, a refused challenge, a broken dialog, our shutdown."""
    TIMEOUT = "timeout"
    """No answer of any kind to our INVITE within 32 s."""
    NO_ACK = "no_ack"
    """Our 200 was never acknowledged (SIP-12)."""


@dataclass(frozen=True, slots=True)
class CallEnd:
    """The end of a call. `kind` compares equal to its plain word."""

    kind: EndKind
    by_remote: bool
    status: int = 0
    """SIP status of the final answer, 0 where there was none (an answered call that ended)."""
    cause: int = 0
    """Q.850 cause of the peer's Reason field (RFC 3326), 0 without one."""
    text: str = ""
    """The peer's words: the Reason field's text, else the reason phrase. Foreign text, not escaped."""


class CallWatcher(Protocol):
    """Told what happens to a call, on the event loop; must not block.

    No method is called from inside a call's own method: what `hangup` causes is told after it returned. An exception
    in a method is logged and costs nothing else.
    """

    def on_provisional(self, call: "SipCall", response: Response) -> None:
        """Outgoing: an answer of 101 to 199. `response.body` may hold SDP (early media)."""
        ...

    def on_answered(self, call: "SipCall", sdp: bytes) -> None:
        """Once at most. Outgoing: the 2xx came and is acknowledged. Incoming: the ACK came; `sdp` is its body."""
        ...

    def on_renegotiated(self, call: "SipCall", sdp: bytes) -> None:
        """The answer to `reinvite`, or the peer's to the offer that we made in answer to a re-INVITE without one."""
        ...

    def on_offer(self, call: "SipCall", sdp: bytes) -> bytes | int:
        """A re-INVITE or UPDATE: our SDP, or a status to refuse with. `sdp` empty: give our own offer."""
        ...

    def on_info(self, call: "SipCall", request: Request) -> None:
        """An INFO, answered with 200 already."""
        ...

    def on_ended(self, call: "SipCall", end: CallEnd) -> None:
        """Exactly once for every call that has a watcher, whichever way it ends; nothing comes after it."""
        ...


class Referrer(Protocol):
    """Who takes a call's REFER and NOTIFY; a call without one declines them."""

    def on_refer(self, call: "SipCall", refer: "IncomingRefer") -> None:
        """The peer asks to be replaced by somebody else. Accept or refuse it now or within 32 s."""
        ...

    def on_refer_progress(self, call: "SipCall", *, answer: int = 0, notified: int = 0) -> None:
        """Our REFER got its final `answer`, or the peer's NOTIFY reports a status."""
        ...


class Handler(Protocol):
    """The owner of a user agent. Called on the event loop, must not block; an exception is answered with 500."""

    def may_send(self, source: Source) -> bool:
        """False: drop whatever `source` sent, unread (DOS-2). Asked once per datagram or chunk of a stream."""
        ...

    def on_asking(self, peer: Source) -> None:
        """A request of ours goes to `peer`: its answers are to be expected."""
        ...

    def on_invite(self, call: "IncomingCall") -> None:
        """A new call, screened, 100 Trying sent. Set `call.watcher`, and answer or reject it now or later."""
        ...

    def on_request(self, request: "IncomingRequest") -> None:
        """A request outside any dialog other than INVITE, OPTIONS, CANCEL and ACK. Answer it now or later."""
        ...
